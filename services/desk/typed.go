package desk

import (
	"github.com/taizhang/taizhang/events"
)

// Typed returns a draft with codes in place of the words that people typed around its data: for its kind, center, role
// and mode, and for its date in any of the forms of events.ReadDate. What cannot be read stays, and the checks of the
// draft refuse it. The drafts of programs, which must be exact, are not read so.
func (d Draft) Typed() Draft {
	d.Kind, d.Center = TypedKind(d.Kind), ParseCenter(d.Center)
	d.By.Role, d.Mode = TypedRole(d.By.Role), typedMode(d.Mode)
	if on, err := events.ReadDate(d.On); err == nil {
		d.On = on.String()
	}
	return d
}

// TypedKind returns the code of a kind that people typed, or the text itself.
func TypedKind(typed string) string {
	if kind, ok := events.Kinds.Read(typed); ok {
		return string(kind)
	}
	return typed
}

// MeantKind returns an error for a kind that people typed and that is like one or more kinds: it names them. It
// returns nil for a kind that there is, and for a text that is like none, which the checks of the draft refuse.
func MeantKind(typed string) error {
	if _, ok := events.Kinds.Read(typed); ok || len(events.Kinds.Nearest(typed)) == 0 {
		return nil
	}
	return events.Kinds.Reject(typed).Of("kind")
}

// TypedRole returns the code of a role that people typed, or the text itself.
func TypedRole(typed string) string {
	if role, ok := events.Roles.Read(typed); ok {
		return string(role)
	}
	return typed
}

// typedMode returns the code of a mode that people typed, or the text itself.
func typedMode(typed string) string {
	if mode, ok := events.Modes.Read(typed); ok {
		return string(mode)
	}
	return typed
}
