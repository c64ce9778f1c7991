package access

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// session is a session of this process. All fields but used are changed in acts, under the lock of the state.
type session struct {
	id       uuid.UUID
	idText   string
	hash     secretHash // the hash of its secret
	account  *account
	how      string
	needs    []string // never changed in place
	begun    time.Time
	factorAt time.Time // when a code was last shown; zero for never
	// the hash of the browser's secret if the account knows the browser, else zero
	device secretHash
	// the hash of the browser's secret if any account knew it when the session began, else zero
	brought secretHash
	misses  int                           // the number of wrong codes and passwords
	pending atomic.Pointer[pendingFactor] // nil for none
	idle    time.Duration
	used    atomic.Int64 // nanoseconds since 1970
}

// entry is a session that can begin once its fact is stored.
type entry struct {
	*session
	secret string
	device string // the new secret for the browser; "" to keep what it has
	fact   fact   // begins the session
}

// enters returns a session of an account. It is valid once its fact is applied and it is admitted. known is the
// hash of the browser's secret if the account knows the browser, brought if any account does. A new browser
// becomes known once the session needs nothing else.
func (a *Access) enters(held *account, how string, shown shownCode, needs []string, known, brought secretHash,
	source string) *entry {
	now := a.Now().Truncate(time.Microsecond) // the log has instants to the microsecond
	x := &session{id: uuid.New(), account: held, how: how, needs: needs, begun: now, device: known, brought: brought,
		idle: a.SessionIdle}
	x.idText = x.id.String()
	x.used.Store(now.UnixNano())
	if shown.Factor != "" {
		x.factorAt = now
	}
	e := &entry{session: x}
	e.secret, x.hash = newSecret()
	body := begunSession{Account: held.name, Session: x.id, How: how, shownCode: shown,
		whoActs: whoActs{held.name, source}}
	if len(needs) == 0 && known == (secretHash{}) {
		e.device, x.device = keeps(brought)
		body.Device = written(x.device)
	}
	e.fact = fact{sessionBegun, body}
	return e
}

// keeps returns the secret that a browser is to keep. A browser that has one keeps it, and secret is "": one
// secret then serves all accounts that sign in there.
func keeps(brought secretHash) (secret string, hash secretHash) {
	if brought != (secretHash{}) {
		return "", brought
	}
	return newSecret()
}

// crowded returns the fact that ends the session used longest ago if an account has as many as it may, else none.
// Sessions that still need something are counted apart: somebody who knows only the password cannot end the
// sessions of the holder.
func (a *Access) crowded(held *account, needs []string, source string) []fact {
	var oldest *session
	n := 0
	for _, x := range held.sessions {
		if (len(x.needs) > 0) != (len(needs) > 0) || !x.isAlive(a.Now()) {
			continue
		}
		if n++; oldest == nil || x.used.Load() < oldest.used.Load() {
			oldest = x
		}
	}
	if n < sessionsMax {
		return nil
	}
	return []fact{{sessionEnded, endedSession{held.name, oldest.id, whoActs{held.name, source}}}}
}

// needsOf returns the things that a new session of an account needs first.
func (a *Access) needsOf(held *account, how string, hasShown bool) []string {
	needs := []string{}
	if a.Demo {
		return needs
	}
	if held.factor != nil && !hasShown {
		needs = append(needs, NeedCode)
	}
	if how == byPassword && held.mustChange(a.Now(), a.PasswordDays) {
		needs = append(needs, NeedPassword)
	}
	if held.factor == nil && held.Role.IsAdministrator() {
		needs = append(needs, NeedFactor)
	}
	return needs
}

// admit adds a session. It removes the expired sessions of the account.
func (s *state) admit(x *session) {
	for _, other := range slices.Clone(x.account.sessions) {
		if !other.isAlive(x.begun) {
			s.endSession(other)
		}
	}
	x.account.sessions = append(x.account.sessions, x)
	s.sessions[x.id], s.bySecret[x.hash] = x, x
}

// grow gives a session a new secret because it has gained rights. The old secret is no longer valid.
func (s *state) grow(x *session, to secretHash) {
	delete(s.bySecret, x.hash)
	x.hash = to
	s.bySecret[to] = x
}

// endSession ends a session. Ending it again changes nothing.
func (s *state) endSession(x *session) {
	delete(s.sessions, x.id)
	delete(s.bySecret, x.hash)
	x.account.sessions = slices.DeleteFunc(x.account.sessions, func(other *session) bool { return other == x })
}

// endSessions ends the sessions of an account that began in one way, or all for "".
func (s *state) endSessions(held *account, how string) {
	for _, x := range slices.Clone(held.sessions) {
		if how == "" || x.how == how {
			s.endSession(x)
		}
	}
}

// isAlive reports whether a session has not expired.
func (x *session) isAlive(now time.Time) bool {
	return now.Before(x.endsAt()) && now.Sub(time.Unix(0, x.used.Load())) < x.idle
}

// endsAt returns the latest end of the session.
func (x *session) endsAt() time.Time {
	if len(x.needs) > 0 {
		return x.begun.Add(needsMax)
	}
	return x.begun.Add(sessionMax)
}

// isFresh reports whether a code was shown recently enough for the acts that need one.
func (x *session) isFresh(now time.Time) bool {
	return !x.factorAt.IsZero() && !now.After(x.factorAt.Add(freshMax))
}

// shown returns the session in the form of answers.
func (x *session) shown() Session {
	return Session{Account: x.account.name, Needs: slices.Clone(x.needs), BegunAt: events.FormatInstant(x.begun),
		EndsAt:      events.FormatInstant(x.endsAt()),
		IdleMinutes: int(x.idle / time.Minute), FactorAt: stamp{at: x.factorAt}.instant()}
}

// signedIn returns the answer to the sign-in that began the session.
func (e *entry) signedIn() *SignedIn { return &SignedIn{e.secret, e.device, e.shown()} }

// errNoSession is returned for every secret of a session that is not good.
var errNoSession = text.Errorf(text.Unauthenticated, "登录已结束，请重新登录", "the session has ended; sign in again")

// verbSession is the verb of a log entry about a secret that was not good.
const verbSession = "session"

// useEvery is the precision of the last use of a session. Writing it at each request would slow down all others.
const useEvery = time.Second

// AuthenticateSession returns the principal of the secret of a session, and counts as a use of it. source is the
// address of the request, asked the operation. For a secret that is not good it returns text.Unauthenticated,
// always with the same words; the reason is in the access log alone.
func (a *Access) AuthenticateSession(secret, source, asked string) (Principal, error) {
	return a.authenticateSession(secret, source, asked, true)
}

// WatchSession authenticates a request that a page sends by itself, without anybody at the keyboard. It is like
// AuthenticateSession but does not count as a use: an open page would otherwise keep the session alive.
func (a *Access) WatchSession(secret, source, asked string) (Principal, error) {
	return a.authenticateSession(secret, source, asked, false)
}

func (a *Access) authenticateSession(secret, source, asked string, isUse bool) (Principal, error) {
	source = clean(source)
	hash, ok := hashSecret(secret)
	why, now := "malformed", a.Now()
	var p Principal
	if ok {
		a.mu.RLock()
		x := a.state.bySecret[hash]
		switch {
		case x == nil:
			why = "unknown"
		case !x.isAlive(now):
			p.Account, asked, why = x.account.name, x.idText+" "+asked, "expired"
		default:
			p, why = a.principalOf(x, now, source), ""
			if used := now.UnixNano(); isUse && used-x.used.Load() >= int64(useEvery) {
				x.used.Store(used)
			}
		}
		a.mu.RUnlock()
	}
	if why == "" {
		return p, nil
	}
	p.Source = source
	a.noteAsked(LogDenied, &p, verbSession, asked, "", why)
	return Principal{}, errNoSession
}

// principalOf returns the principal of a session. The caller holds the lock of the state.
func (a *Access) principalOf(x *session, now time.Time, source string) Principal {
	p := x.account.principal(source)
	p.SessionID, p.Needs = x.idText, slices.Clone(x.needs)
	if len(x.needs) == 0 && (a.Demo || x.isFresh(now)) {
		p.May = x.account.mays(Mays())
	}
	return p
}

// AsNow returns a principal with the acts that his session is good for now. During a long request a code may
// become too old.
func (a *Access) AsNow(p Principal) Principal {
	if p.SessionID == "" {
		return p
	}
	a.mu.RLock()
	defer a.mu.RUnlock()
	p.May = nil
	if now := a.Now(); a.state.sessionOf(&p, now) != nil {
		p.May = a.principalOf(a.state.sessionOf(&p, now), now, p.Source).May
	}
	return p
}

// sessionOf returns the session of a principal, or nil if it is over. The caller holds the lock of the state or is
// in an act.
func (s *state) sessionOf(p *Principal, now time.Time) *session {
	id, err := uuid.Parse(p.SessionID)
	x := s.sessions[id]
	if err != nil || x == nil || x.account.name != p.Account || !x.isAlive(now) {
		return nil
	}
	return x
}

// SignOut ends the session of a principal. It is durable on return. Ending it again changes nothing.
func (a *Access) SignOut(ctx context.Context, p Principal) error {
	return a.act(ctx, accountsStream, func(s *state) ([]fact, error) {
		x := s.sessionOf(&p, a.Now())
		if x == nil {
			return nil, nil
		}
		return []fact{{sessionEnded, endedSession{x.account.name, x.id, whoActs{p.Account, p.Source}}}}, nil
	})
}
