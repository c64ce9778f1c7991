package access

import (
	"context"

	"github.com/taizhang/taizhang/events/text"
)

var errUnbuilt = text.Errorf(text.Internal, "尚未实现", "this is not built yet")

// SignIn begins a session of who shows the name and the password of an account. Everybody who does not get in has the same
// text.Unauthenticated; too many attempts are a ThrottledError, and text.Unavailable says that too many sign in at once.
func (a *Access) SignIn(ctx context.Context, c Credentials) (*SignedIn, error) {
	return nil, errUnbuilt
}

// AuthenticateSession returns whom the secret of a session stands for, and counts as use of it. source is where it came from, asked
// what was asked with it. Any secret that is not good is text.Unauthenticated with the same words.
func (a *Access) AuthenticateSession(secret, source, asked string) (Principal, error) {
	return Principal{}, errUnbuilt
}

// SignOut ends the session of a principal. It is durable on return.
func (a *Access) SignOut(ctx context.Context, p Principal) error { return errUnbuilt }

// ChangePassword changes the password of a principal, who shows the current one. All his sessions end, and the one answered begins.
func (a *Access) ChangePassword(ctx context.Context, p Principal, current, new string) (*SignedIn, error) {
	return nil, errUnbuilt
}

// SetPassword implements Office.
func (c *counter) SetPassword(ctx context.Context, name string, r NewPassword) (*Account, error) {
	return nil, errUnbuilt
}
