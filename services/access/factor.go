package access

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/taizhang/taizhang/events/text"
)

// issuerShown is the name that an authenticator app shows beside the name of the account.
const issuerShown = "Taizhang"

// enrolMax is how long a new second factor may wait for its confirmation.
const enrolMax = 10 * time.Minute

// These are the verbs of acts on second factors in the access log.
const (
	verbShowCode = "show-code"
	verbEnrol    = "enrol-factor"
)

var (
	errWrongCode = text.Errorf(text.Invalid, "验证码不正确或已用过；请等应用显示下一个验证码，并核对手机的时间",
		"the code is not right or was used; wait for the next code of the app, and check the clock of the phone").Of(
		"code")
	errNotBegun = text.Errorf(text.Conflict,
		"没有正在办理的启用：可能已经完成，或已超过十分钟；请先看动态验证码的状态，需要时重新开始",
		"nothing is being enrolled: it was finished, or was begun more than ten minutes ago; look whether the "+
			"second factor is set up, and begin again if need be")
	errSignInAgain = text.Errorf(text.Conflict, "启用动态验证码须在登录后十分钟内办理：请退出后重新登录",
		"a second factor is enrolled within ten minutes of signing in: sign out, and sign in again")
	errSessionOnly = text.Errorf(text.Forbidden, "动态验证码只用于登录后的会话，令牌不需要",
		"codes of a second factor are for who signed in; a token needs none")
)

// pendingFactor is a second factor that is not confirmed yet.
type pendingFactor struct {
	NewFactor
	until time.Time
}

// ShowCode checks a code of the second factor, or a recovery code, in a session. A right code counts for ten
// minutes for the acts that need one, and the session gets a new secret. The use of the code is durable on return.
// device is the secret that the browser was given before. A wrong or used code is text.Invalid; the fifth one ends
// the session.
func (a *Access) ShowCode(ctx context.Context, p Principal, code, device string) (*SignedIn, error) {
	if p.SessionID == "" {
		return nil, errSessionOnly
	}
	a.mu.RLock()
	x := a.state.sessionOf(&p, a.Now())
	var known secretHash
	if x != nil {
		known = x.knows(device, a.Now())
	}
	a.mu.RUnlock()
	if x == nil {
		return nil, errNoSession
	}
	try := a.attemptsIn(p.Account, known)
	if err := try.begin(); err != nil {
		return nil, a.refuse(p.Account, p.Source, err)
	}
	secret, hash := newSecret()
	in, isWrong := &SignedIn{Secret: secret}, false
	body := shownFactor{Account: p.Account, Session: x.id, whoActs: whoActs{p.Account, p.Source}}
	var needs []string
	err := a.actThen(ctx, accountsStream, func(s *state) (facts []fact, err error) {
		if s.sessionOf(&p, a.Now()) != x {
			return nil, errNoSession
		}
		if x.account.factor == nil {
			return nil, &MoreProofError{[]string{NeedFactor}}
		}
		shown, ok := x.account.factor.check(code, a.Now())
		if isWrong = !ok; isWrong {
			return a.misses(x, p.Source), nil
		}
		body.shownCode, needs = shown, without(x.needs, NeedCode)
		if known = x.knows(device, a.Now()); known == (secretHash{}) && len(needs) == 0 {
			in.Device, known = keeps(s.knows(device, a.Now()))
			body.Device = written(known)
		}
		if len(x.needs) > 0 && len(needs) == 0 {
			facts = a.crowded(x.account, needs, p.Source)
		}
		return append(facts, fact{factorShown, body}), nil
	}, func(s *state) {
		if isWrong {
			return
		}
		s.grow(x, hash)
		x.needs, x.factorAt, x.device = needs, a.Now().Truncate(time.Microsecond), known
		in.Session = x.shown()
	})
	if isWrong {
		return nil, a.wrongCode(&p, verbShowCode, err)
	}
	try.giveBack()
	if err != nil {
		return nil, err
	}
	return in, nil
}

// knows returns the hash of a browser's secret if the account knows the browser, else zero.
func (x *session) knows(device string, now time.Time) secretHash {
	if x.device != (secretHash{}) {
		return x.device
	}
	return x.account.knows(device, now)
}

// misses counts a wrong code or password in a session. For the last one allowed it returns the fact that ends the
// session. It is called within an act.
func (a *Access) misses(x *session, source string) []fact {
	a.mu.Lock()
	defer a.mu.Unlock()
	if x.misses++; x.misses < missesMax {
		return nil
	}
	return []fact{{sessionEnded, endedSession{x.account.name, x.id, whoActs{x.account.name, source}}}}
}

// wrongCode writes a wrong code to the access log and returns the error for the user. err is the error of the act.
func (a *Access) wrongCode(p *Principal, verb string, err error) error {
	a.noteAsked(LogLogin, p, verb, whyCode, "", outcomeRefused)
	switch {
	case err != nil:
		return err
	case !a.stands(p):
		return errNoSession
	}
	return errWrongCode
}

// BeginFactor makes a second factor for a principal in a session. The factor is kept in memory for ten minutes,
// until ConfirmFactor is called; calling BeginFactor again returns the same one. An account that has a factor
// needs a code of the last ten minutes.
func (a *Access) BeginFactor(_ context.Context, p Principal) (*NewFactor, error) {
	if p.SessionID == "" {
		return nil, errSessionOnly
	}
	a.mu.RLock()
	defer a.mu.RUnlock()
	x := a.state.sessionOf(&p, a.Now())
	if x == nil {
		return nil, errNoSession
	}
	if needs := a.needsToEnrol(x); len(needs) > 0 {
		a.noteAsked(LogDenied, &p, verbEnrol, "", "", outcomeMoreProof)
		return nil, &MoreProofError{needs}
	}
	if x.account.factor == nil && a.Now().Sub(x.begun) > freshMax {
		// otherwise somebody at a screen left signed in could enrol his own factor
		a.noteAsked(LogDenied, &p, verbEnrol, "", "", outcomeMoreProof)
		return nil, errSignInAgain
	}
	if made := x.enrolling(a.Now()); made != nil {
		return made, nil
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: issuerShown, AccountName: p.Account})
	if err != nil {
		return nil, fmt.Errorf("access: make a second factor: %w", err)
	}
	made := NewFactor{Account: p.Account, Secret: key.Secret(), URL: key.URL()}
	x.pending.Store(&pendingFactor{made, a.Now().Add(enrolMax)})
	return &made, nil
}

// PendingFactor returns the second factor that waits to be confirmed in the session of a principal, so that a page
// can show it again after a wrong code. Without one it returns text.Conflict.
func (a *Access) PendingFactor(p Principal) (*NewFactor, error) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	x := a.state.sessionOf(&p, a.Now())
	if x == nil {
		return nil, errNoSession
	}
	if made := x.enrolling(a.Now()); made != nil {
		return made, nil
	}
	return nil, errNotBegun
}

// enrolling returns the second factor that waits to be confirmed in a session, or nil.
func (x *session) enrolling(now time.Time) *NewFactor {
	pending := x.pending.Load()
	if pending == nil || !now.Before(pending.until) {
		return nil
	}
	made := pending.NewFactor
	return &made
}

// needsToEnrol returns what a session must prove before it may enrol a second factor.
func (a *Access) needsToEnrol(x *session) []string {
	switch {
	case len(x.needs) > 0 && x.needs[0] != NeedFactor:
		return slices.Clone(x.needs)
	case x.account.factor != nil && !a.Demo && !x.isFresh(a.Now()):
		return []string{NeedCode}
	}
	return nil
}

// ConfirmFactor enrols the factor that BeginFactor made, if the code is right. The code counts like any other. All
// sessions of the account end, and a new one is returned. It is durable on return. A wrong code is text.Invalid; a
// factor that waited too long is text.Conflict.
func (a *Access) ConfirmFactor(ctx context.Context, p Principal, code string) (*Enrolled, error) {
	if p.SessionID == "" {
		return nil, errSessionOnly
	}
	codes, hashes := newRecoveryCodes()
	var e *entry
	isWrong := false
	err := a.actThen(ctx, accountsStream, func(s *state) ([]fact, error) {
		x := s.sessionOf(&p, a.Now())
		if x == nil {
			return nil, errNoSession
		}
		pending := x.enrolling(a.Now())
		if pending == nil {
			return nil, errNotBegun
		}
		shown, ok := (&factor{secret: pending.Secret}).check(code, a.Now())
		if isWrong = !ok; isWrong {
			return a.misses(x, p.Source), nil
		}
		e = a.enters(x.account, x.how, shown, []string{}, x.device, x.brought, p.Source)
		enrolled := enrolledFactor{Account: p.Account, Secret: pending.Secret, Recovery: hashes, Step: shown.Step,
			whoActs: whoActs{p.Account, p.Source}}
		return []fact{{factorEnrolled, enrolled}, e.fact}, nil
	}, func(s *state) {
		if !isWrong {
			s.admit(e.session)
		}
	})
	if isWrong {
		return nil, a.wrongCode(&p, verbEnrol, err)
	}
	if err != nil {
		return nil, err
	}
	return &Enrolled{*e.signedIn(), codes}, nil
}

// ResetFactor implements AccountDesk. An account without a second factor stays as it is.
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
		case !c.p.Owner && held.Role.IsAdministrator() && held.opensToAnother():
			return nil, errOwnerResets
		}
		return []fact{{factorReset, onAccount{name, c.who()}}}, nil
	})
	if err == errOwnerResets {
		return nil, c.noteDenial(ResetFactors, name, err)
	}
	if err != nil {
		return nil, err
	}
	return c.account(name, nil)
}
