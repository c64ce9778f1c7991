package alertfeed

import (
	"maps"
	"slices"
)

// Reading is the rule by which a program that reads the feed decides what to act on. Messages may come twice, and
// some messages of a subject may be missing. Messages that come for the first time come in the order of the
// stream. A Reading is for one goroutine.
//
// - For each subject it keeps the last At and state. It ignores a message that is not later.
//
// - It keeps a message with the same state, and does not act on it.
//
// - It ignores a message or head that precedes the last head. Such a message is of an earlier generation, whose
// alerts are published again if they are right, or of a ledger from which another one was restored.
//
// - The head that ends a generation withdraws every alert that the generation has not published.
type Reading struct {
	kept map[string]Kept
	head At // the At of the head that began the last generation
}

// Kept is the last At and state of one subject.
type Kept struct {
	At    At
	State AlertState
}

// Act is a change to act on: an alert was raised, cleared or withdrawn.
type Act struct {
	Subject string
	At      At
	State   AlertState
	Alert   *AlertData // as in the message; nil if the head withdraws it
}

// NewReading returns a Reading that continues with the subjects and the head that an earlier one had reached, or
// from nothing.
func NewReading(kept map[string]Kept, head At) *Reading {
	r := &Reading{maps.Clone(kept), head}
	if r.kept == nil {
		r.kept = map[string]Kept{}
	}
	return r
}

// Take reads the next message and returns what to act on. If a head withdraws several alerts, they are in the
// order of subjects.
func (r *Reading) Take(m *Message) []Act {
	if m.At().Precedes(r.head) {
		return nil
	}
	if m.Head != nil {
		return r.takeHead(m.Head)
	}
	before, known := r.kept[m.Subject]
	if known && !m.At().Later(before.At) {
		return nil
	}
	now := Kept{m.At(), m.State()}
	r.kept[m.Subject] = now
	if now.State == before.State || !known && now.State.Kind == Withdrawn {
		return nil
	}
	return []Act{{m.Subject, now.At, now.State, m.Alert}}
}

func (r *Reading) takeHead(h *Head) (acts []Act) {
	if r.head.Precedes(h.At) {
		r.head = h.At
	}
	if h.Phase != End {
		return nil
	}
	for _, subject := range slices.Sorted(maps.Keys(r.kept)) {
		before := r.kept[subject]
		if !before.At.Precedes(h.At) || before.State.Kind == Withdrawn {
			continue
		}
		now := Kept{h.At, AlertState{Kind: Withdrawn}}
		r.kept[subject] = now
		acts = append(acts, Act{Subject: subject, At: now.At, State: now.State})
	}
	return acts
}

// Last returns the last At and state of a subject. ok is false if the Reading has none.
func (r *Reading) Last(subject string) (k Kept, ok bool) {
	k, ok = r.kept[subject]
	return k, ok
}

// Kept returns the last At and state of every subject.
func (r *Reading) Kept() map[string]Kept { return maps.Clone(r.kept) }

// Head returns the At of the head that began the last generation, or the zero At. Messages that precede it are
// ignored.
func (r *Reading) Head() At { return r.head }
