package signin

import (
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
)

// UnlinkedError reports that the issuer confirmed an identity to which no usable account is linked. Its words are
// those of every failed sign-in. The identity may be shown to its holder alone.
type UnlinkedError struct {
	Identity access.Identity
	Cause    error // the error of package access
}

// Text returns the message for a user.
func (e *UnlinkedError) Text() text.Text { return text.Of(e.Cause) }

// Error implements error, in English.
func (e *UnlinkedError) Error() string { return e.Text().En }

// Unwrap returns the cause.
func (e *UnlinkedError) Unwrap() error { return e.Cause }
