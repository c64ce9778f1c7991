package signin

import (
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
)

// UnlinkedError says that the provider of identities confirmed who somebody is, and that no account which he could use is linked to
// that. It has the words of every failed sign-in. Who he is may be shown to himself alone.
type UnlinkedError struct {
	Identity access.Identity
	Cause    error // of services/access
}

// Text returns the message for a user.
func (e *UnlinkedError) Text() text.Text { return text.Of(e.Cause) }

// Error implements error, in English.
func (e *UnlinkedError) Error() string { return e.Text().En }

// Unwrap returns the cause.
func (e *UnlinkedError) Unwrap() error { return e.Cause }
