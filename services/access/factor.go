package access

import (
	"context"
)

// ShowCode shows a code of the second factor, or a recovery code, in a session. It counts for ten minutes for the acts that want
// one. The session has a new secret then.
func (a *Access) ShowCode(ctx context.Context, p Principal, code, device string) (*SignedIn, error) {
	return nil, errUnbuilt
}

// BeginFactor makes a second factor for a principal. It is kept in memory for ten minutes, until ConfirmFactor.
func (a *Access) BeginFactor(ctx context.Context, p Principal) (*NewFactor, error) {
	return nil, errUnbuilt
}

// ConfirmFactor enrols the factor that BeginFactor made, for who shows a code of it. All his sessions end, and the one answered
// begins.
func (a *Access) ConfirmFactor(ctx context.Context, p Principal, code string) (*Enrolled, error) {
	return nil, errUnbuilt
}

// ResetFactor implements Office. An account without a second factor stays as it is.
func (c *counter) ResetFactor(ctx context.Context, name string) (*Account, error) {
	if err := c.mayAct(ResetFactors, name); err != nil {
		return nil, err
	}
	err := c.do(ctx, func(s *state) ([]fact, error) {
		switch held := s.accounts[name]; {
		case held == nil:
			return nil, noAccount(name)
		case held.factor == nil:
			return nil, nil
		}
		return []fact{{factorReset, onAccount{name, c.who()}}}, nil
	})
	if err != nil {
		return nil, err
	}
	return c.account(name, nil)
}
