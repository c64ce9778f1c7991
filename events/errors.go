package events

import "github.com/taizhang/taizhang/events/text"

// UnknownError is an ErrUnknown with its cause: the reason why the outcome of an append is not known.
type UnknownError struct{ Cause error }

// ErrorCode returns the code of package text: nothing more is written until the store is opened again.
func (e *UnknownError) ErrorCode() text.ErrorCode { return text.Stopped }

// Text returns the message for a user: the cause, and that the record may be in the ledger nevertheless.
func (e *UnknownError) Text() text.Text {
	cause := text.Of(e.Cause)
	return text.Text{Zh: "是否已入账尚不确定；请重新打开，查看是否已在其中，或以同一记录编号再写一次。原因：" +
		cause.Zh,
		En: "whether this was recorded is unknown; open the ledger again and look whether it is there, or write it " +
			"again with the same id. The cause: " + cause.En}
}

// Error implements error.
func (e *UnknownError) Error() string { return ErrUnknown.Error() + ": " + e.Cause.Error() }

// Is reports whether target is ErrUnknown.
func (e *UnknownError) Is(target error) bool { return target == ErrUnknown }

// Unwrap returns the cause.
func (e *UnknownError) Unwrap() error { return e.Cause }
