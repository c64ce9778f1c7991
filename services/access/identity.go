package access

import (
	"context"
	"time"
)

// SignInAs begins a session of the account to which an identity is linked. The caller has verified the identity. One that is not
// linked has the same text.Unauthenticated as everybody who does not get in.
func (a *Access) SignInAs(ctx context.Context, id Identity, device, source string) (*SignedIn, error) {
	return nil, errUnbuilt
}

// AuthenticateIdentity returns for whom an identity stands that a bearer token proves until an instant. The caller has verified the
// token.
func (a *Access) AuthenticateIdentity(id Identity, until time.Time, source, asked string) (Principal, error) {
	return Principal{}, errUnbuilt
}

// Link implements Office.
func (c *counter) Link(ctx context.Context, name string, id Identity) (*Account, error) {
	return nil, errUnbuilt
}

// Unlink implements Office.
func (c *counter) Unlink(ctx context.Context, name string, id Identity) (*Account, error) {
	return nil, errUnbuilt
}
