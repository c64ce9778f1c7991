package text

import "errors"

// Code is the kind of an Error, for programs: the exit code, the HTTP status and what a caller may do next follow from it.
type Code string

// The codes.
const (
	Invalid     Code = "invalid"     // the input cannot be right; correct it
	Refused     Code = "refused"     // a rule refuses it
	NotFound    Code = "not-found"   // what is named is not there
	Conflict    Code = "conflict"    // something else is there, or somebody else came first
	Forbidden   Code = "forbidden"   // the right is missing
	Stopped     Code = "stopped"     // nothing more is written until the ledger is opened again
	Unavailable Code = "unavailable" // it cannot be reached or read now; try again later
	Internal    Code = "internal"    // a defect of the program or damage of its files
)

// Error is an error that says in both languages what was wrong, where, and what to do.
type Error struct {
	Code  Code
	What  Text
	Cause error // nil for none
}

// Errorf returns an Error with the same arguments put into both formats.
func Errorf(code Code, zh, en string, args ...any) *Error {
	return &Error{Code: code, What: Say(zh, en, args...)}
}

// Text returns what the error says to a user.
func (e *Error) Text() Text { return e.What }

// Error implements error, in English.
func (e *Error) Error() string { return e.What.En }

// Unwrap returns the cause, or nil.
func (e *Error) Unwrap() error { return e.Cause }

// Of returns what an error says to a user in the two languages, if it says that, and otherwise its words as they are.
func Of(err error) Text {
	var s interface{ Text() Text }
	if errors.As(err, &s) {
		return s.Text()
	}
	return Text{Zh: err.Error(), En: err.Error()}
}
