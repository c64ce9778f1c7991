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
	Param string // the name of the parameter that is at fault, as the service calls it; "" for none
	What  Text
	Cause error // nil for none
}

// Errorf returns an Error with the same arguments put into both formats.
func Errorf(code Code, zh, en string, args ...any) *Error {
	return &Error{Code: code, What: Say(zh, en, args...)}
}

// Of returns the error as one about a parameter.
func (e *Error) Of(param string) *Error {
	about := *e
	about.Param = param
	return &about
}

// Text returns what the error says to a user. A front that writes parameters in its own way reads Param and What instead.
func (e *Error) Text() Text {
	if e.Param == "" {
		return e.What
	}
	return Text{Zh: e.Param + "：" + e.What.Zh, En: e.Param + ": " + e.What.En}
}

// Error implements error, in English.
func (e *Error) Error() string { return e.Text().En }

// ErrorCode returns the code. An error of another type says by this method which code it has.
func (e *Error) ErrorCode() Code { return e.Code }

// Unwrap returns the cause, or nil.
func (e *Error) Unwrap() error { return e.Cause }

// CodeOf returns the code of an error: Internal if nothing in its chain has one.
func CodeOf(err error) Code {
	var coded interface{ ErrorCode() Code }
	if errors.As(err, &coded) {
		return coded.ErrorCode()
	}
	return Internal
}

// Of returns what an error says to a user in the two languages, if it says that, and otherwise its words as they are.
func Of(err error) Text {
	var s interface{ Text() Text }
	if errors.As(err, &s) {
		return s.Text()
	}
	return Text{Zh: err.Error(), En: err.Error()}
}
