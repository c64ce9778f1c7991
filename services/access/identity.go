package access

import (
	"context"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/taizhang/taizhang/events/text"
)

// These limits hold for identities.
const (
	identitiesMax  = 10 // linked to one account
	issuerCharMax  = 200
	subjectCharMax = 255 // OpenID Connect Core, section 2
)

// check returns an error for an identity that is not allowed. It changes nothing in it: identities are compared
// byte for byte.
func (id *Identity) check() error {
	if !validIssuer(id.Issuer) {
		return text.Errorf(text.Invalid, "%q 应为签发方的 https 地址，不含 ? 和 #，不超过 %d 个字符",
			"%q must be the https URL of the issuer, without ? and #, at most %d characters",
			clean(id.Issuer), issuerCharMax).Of("issuer")
	}
	if !isLine(id.Subject, subjectCharMax) || strings.TrimSpace(id.Subject) != id.Subject {
		return text.Errorf(text.Invalid, "%q 应为签发方给出的用户标识，1 至 %d 个可见字符，首尾无空格",
			"%q must be the subject that the issuer gives, 1 to %d visible characters without blanks around",
			clean(id.Subject), subjectCharMax).Of("subject")
	}
	return nil
}

// validIssuer reports whether a text can be the issuer of a token: an https URL, or an http URL of this machine.
func validIssuer(issuer string) bool {
	u, err := url.Parse(issuer)
	if err != nil || !isLine(issuer, issuerCharMax) || u.Host == "" || u.User != nil ||
		strings.ContainsAny(issuer, "?# ") {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}

// Link implements AccountDesk. Linking an identity again to the same account changes nothing.
func (c *counter) Link(ctx context.Context, name string, id Identity) (*Account, error) {
	if err := c.mayAct(LinkAccounts, name); err != nil {
		return nil, err
	}
	if err := c.mayReplaceProof(LinkAccounts, name); err != nil {
		return nil, err
	}
	if err := id.check(); err != nil {
		return nil, err
	}
	err := c.do(ctx, func(s *state) ([]fact, error) {
		held, of := s.accounts[name], s.byIdentity[id]
		switch {
		case held == nil:
			return nil, noAccount(name)
		case !c.p.Owner && !held.hasOtherProof():
			return nil, errOwnerOnly
		case of == held:
			return nil, nil
		case of != nil:
			return nil, text.Errorf(text.Conflict, "该身份已关联账号 %s；须先解除",
				"the identity is linked to the account %s; unlink it first", of.name)
		case len(held.identities) >= identitiesMax:
			return nil, text.Errorf(text.Conflict, "账号 %s 已关联 %d 个身份；先解除不用的",
				"the account %s has %d identities; unlink some that are not used", name, identitiesMax)
		}
		return []fact{{accountLinked, linkedAccount{name, id, c.who()}}}, nil
	})
	if err != nil {
		return nil, err
	}
	return c.account(name, nil)
}

// Unlink implements AccountDesk.
func (c *counter) Unlink(ctx context.Context, name string, id Identity) (*Account, error) {
	if err := c.mayAct(LinkAccounts, name); err != nil {
		return nil, err
	}
	err := c.do(ctx, func(s *state) ([]fact, error) {
		switch held := s.accounts[name]; {
		case held == nil:
			return nil, noAccount(name)
		case s.byIdentity[id] != held:
			return nil, text.Errorf(text.NotFound, "账号 %s 未关联该身份",
				"the account %s is not linked to this identity", name)
		}
		return []fact{{accountUnlinked, linkedAccount{name, id, c.who()}}}, nil
	})
	if err != nil {
		return nil, err
	}
	return c.account(name, nil)
}

// These are the reasons in the access log why a single sign-on failed.
const (
	whyNotLinked    = "not linked"
	whyNotConfirmed = "not confirmed by the issuer"
)

// NoteNotConfirmed writes to the access log that the issuer of single sign-on did not confirm an identity.
func (a *Access) NoteNotConfirmed(source string) {
	a.noteAsked(LogLogin, &Principal{Source: clean(source)}, verbSignIn, whyNotConfirmed, "", outcomeRefused)
}

// SignInAs begins a session of the account to which an identity is linked. The caller has verified the identity.
// For an identity that is not linked, the error is the same text.Unauthenticated as for any failed sign-in; the
// access log has the identity, so that an administrator can link it. The beginning of the session is durable on
// return.
func (a *Access) SignInAs(ctx context.Context, id Identity, device, source string) (*SignedIn, error) {
	p := Principal{Source: clean(source)}
	var e *entry
	why := ""
	err := a.actThen(ctx, accountsStream, func(s *state) ([]fact, error) {
		held := s.byIdentity[id]
		switch {
		case held == nil:
			why = whyNotLinked + ": " + id.Subject + " " + id.Issuer
			return nil, nil
		case held.isDisabled:
			p.Account, why = held.name, whyDisabled
			return nil, nil
		}
		needs := a.needsOf(held, bySSO, false)
		e = a.enters(held, bySSO, shownCode{}, needs, held.knows(device, a.Now()), s.knows(device, a.Now()), p.Source)
		return append(a.crowded(held, needs, p.Source), e.fact), nil
	}, func(s *state) { s.admit(e.session) })
	switch {
	case err != nil:
		return nil, err
	case why != "":
		a.noteAsked(LogLogin, &p, verbSignIn, why, "", outcomeRefused)
		return nil, errNotRight
	}
	return e.signedIn(), nil
}

// AuthenticateIdentity returns the principal of an identity that a bearer token proves until an instant. The
// caller has verified the token. Such a principal shows no code: he may do no act of Mays, and nothing at all if
// the account has a second factor or must have one.
func (a *Access) AuthenticateIdentity(id Identity, until time.Time, source, asked string) (Principal, error) {
	p, why := Principal{Source: clean(source)}, ""
	a.mu.RLock()
	switch held := a.state.byIdentity[id]; {
	case held == nil:
		why = whyNotLinked
	case held.isDisabled:
		p.Account, why = held.name, whyDisabled
	case !a.Now().Before(until):
		p.Account, why = held.name, TokenExpired
	default:
		p = held.principal(p.Source)
		p.Identity, p.Until, p.Needs = id, until, a.needsOf(held, bySSO, false)
	}
	a.mu.RUnlock()
	if why == "" {
		return p, nil
	}
	a.noteAsked(LogDenied, &p, verbToken, asked, "", why)
	return Principal{}, errUnauthenticated
}
