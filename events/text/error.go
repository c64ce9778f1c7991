package text

import "errors"

// ErrorCode is the kind of an Error, for programs. The exit code, the HTTP status and the caller's next step depend
// on it.
type ErrorCode string

// The codes.
const (
	Invalid   ErrorCode = "invalid"   // the input cannot be right; correct it
	Refused   ErrorCode = "refused"   // a rule refuses it
	NotFound  ErrorCode = "not-found" // the named thing does not exist
	Conflict  ErrorCode = "conflict"  // another thing exists in that place, or another writer came first
	Forbidden ErrorCode = "forbidden" // the account lacks the right
	// the user must first give a further proof: a one-time code, a new password
	MoreProof       ErrorCode = "more-proof"
	Unauthenticated ErrorCode = "unauthenticated" // the caller is unknown: the token is missing or not valid
	Stopped         ErrorCode = "stopped"         // nothing more is written until the ledger is opened again
	Unavailable     ErrorCode = "unavailable"     // a server or file cannot be reached or read now; try again later
	Internal        ErrorCode = "internal"        // a defect of the program or damage of its files
)

// Error is an error with a message in both languages: what was wrong, where, and what to do.
type Error struct {
	Code  ErrorCode
	Param string // the service's name of the wrong parameter; "" for none
	Place string // the file that the error is about; "" for none
	What  Text
	Cause error // nil for none
}

// Errorf returns an Error whose message is Say(zh, en, args...).
func Errorf(code ErrorCode, zh, en string, args ...any) *Error {
	return &Error{Code: code, What: Say(zh, en, args...)}
}

// Of returns a copy of the error that names a parameter.
func (e *Error) Of(param string) *Error {
	about := *e
	about.Param = param
	return &about
}

// At returns a copy of the error about a file, which its message names first.
func (e *Error) At(place string) *Error {
	about := *e
	about.Place = place
	return &about
}

// Text returns the message for a user. A front that writes parameters in another way uses Param and What instead.
func (e *Error) Text() Text {
	what := e.What
	for _, where := range []string{e.Place, e.Param} {
		if where != "" {
			what = Text{Zh: where + "：" + what.Zh, En: where + ": " + what.En}
		}
	}
	return what
}

// Error implements error, in English.
func (e *Error) Error() string { return e.Text().En }

// ErrorCode returns the code. Errors of other types have this method too, so that CodeOf finds their code.
func (e *Error) ErrorCode() ErrorCode { return e.Code }

// Unwrap returns the cause, or nil.
func (e *Error) Unwrap() error { return e.Cause }

// CodeOf returns the code of an error: Internal if nothing in its chain has one.
func CodeOf(err error) ErrorCode {
	var coded interface{ ErrorCode() ErrorCode }
	if errors.As(err, &coded) {
		return coded.ErrorCode()
	}
	return Internal
}

// Of returns the message of an error for a user in both languages. An error without such a message gives its own
// words.
func Of(err error) Text {
	var s interface{ Text() Text }
	if errors.As(err, &s) {
		return s.Text()
	}
	return Text{Zh: err.Error(), En: err.Error()}
}
