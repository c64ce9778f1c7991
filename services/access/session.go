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

// session is a session that is alive in this process. All but used changes under the lock of the state, and by acts alone.
type session struct {
	id       uuid.UUID
	idText   string
	hash     secretHash // of its secret
	account  *account
	how      string
	needs    []string // never changed in place
	begun    time.Time
	factorAt time.Time                     // when a code was last shown; zero for never
	device   secretHash                    // of the browser, if it is known; else zero
	brought  secretHash                    // of the browser, if it was known to any account when the session began; else zero
	misses   int                           // wrong codes and passwords
	pending  atomic.Pointer[pendingFactor] // nil for none
	idle     time.Duration
	used     atomic.Int64 // nanoseconds since 1970
}

// entry is a session that may begin.
type entry struct {
	*session
	secret string
	device string // what the browser is to keep; "" to leave what it has
	fact   fact   // by which the session begins
}

// enters returns a session of an account, which is good once its fact is applied and it is admitted. known is the browser, if it is
// known to the account, brought if it is to any account. A browser that is not known becomes so, once nothing else is needed.
func (a *Access) enters(held *account, how string, shown shownCode, needs []string, known, brought secretHash, source string) *entry {
	now := a.Now().Truncate(time.Microsecond) // as exactly as the log has instants
	x := &session{id: uuid.New(), account: held, how: how, needs: needs, begun: now, device: known, brought: brought, idle: a.SessionIdle}
	x.idText = x.id.String()
	x.used.Store(now.UnixNano())
	if shown.Factor != "" {
		x.factorAt = now
	}
	e := &entry{session: x}
	e.secret, x.hash = newSecret()
	body := begunSession{Account: held.name, Session: x.id, How: how, shownCode: shown, whoActs: whoActs{held.name, source}}
	if len(needs) == 0 && known == (secretHash{}) {
		e.device, x.device = keeps(brought)
		body.Device = written(x.device)
	}
	e.fact = fact{sessionBegun, body}
	return e
}

// keeps returns what a browser is to keep so that it is known again: what it has already, which is "", or something new. So one
// browser is known to everybody who signs in there.
func keeps(brought secretHash) (secret string, hash secretHash) {
	if brought != (secretHash{}) {
		return "", brought
	}
	return newSecret()
}

// crowded returns the fact that ends the session used longest ago, if an account has as many as it may; else none. Sessions that still
// need something are counted apart from those that do not: whoever knows only the password ends no session of the account's owner.
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

// needsOf returns what a session of an account needs.
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

// admit lets a session begin. Those of its account that have expired are swept.
func (s *state) admit(x *session) {
	for _, other := range slices.Clone(x.account.sessions) {
		if !other.isAlive(x.begun) {
			s.endSession(other)
		}
	}
	x.account.sessions = append(x.account.sessions, x)
	s.sessions[x.id], s.bySecret[x.hash] = x, x
}

// grow gives a session its new secret, since its power has grown: the old one is good for nothing any more.
func (s *state) grow(x *session, to secretHash) {
	delete(s.bySecret, x.hash)
	x.hash = to
	s.bySecret[to] = x
}

// endSession ends a session. One that is over already stays so.
func (s *state) endSession(x *session) {
	delete(s.sessions, x.id)
	delete(s.bySecret, x.hash)
	x.account.sessions = slices.DeleteFunc(x.account.sessions, func(other *session) bool { return other == x })
}

// endSessions ends the sessions of an account that began in a way, or all for "".
func (s *state) endSessions(held *account, how string) {
	for _, x := range slices.Clone(held.sessions) {
		if how == "" || x.how == how {
			s.endSession(x)
		}
	}
}

// isAlive reports whether a session that was not ended is good yet.
func (x *session) isAlive(now time.Time) bool {
	return now.Before(x.endsAt()) && now.Sub(time.Unix(0, x.used.Load())) < x.idle
}

// endsAt returns when the session ends at the latest.
func (x *session) endsAt() time.Time {
	if len(x.needs) > 0 {
		return x.begun.Add(needsMax)
	}
	return x.begun.Add(sessionMax)
}

// isFresh reports whether a code was shown lately enough for the acts that want one.
func (x *session) isFresh(now time.Time) bool {
	return !x.factorAt.IsZero() && !now.After(x.factorAt.Add(freshMax))
}

// shown returns the session as it is answered.
func (x *session) shown() Session {
	return Session{Account: x.account.name, Needs: slices.Clone(x.needs), BegunAt: events.FormatInstant(x.begun), EndsAt: events.FormatInstant(x.endsAt()),
		IdleMinutes: int(x.idle / time.Minute), FactorAt: stamp{at: x.factorAt}.instant()}
}

// signedIn returns the answer to who begins the session.
func (e *entry) signedIn() *SignedIn { return &SignedIn{e.secret, e.device, e.shown()} }

// errNoSession is the answer to every secret of a session that is not good.
var errNoSession = text.Errorf(text.Unauthenticated, "登录已结束，请重新登录", "the session has ended; sign in again")

// verbSession is the verb of a secret that was not good.
const verbSession = "session"

// useEvery is how exactly it is known when a session was last used: a write for each request would slow down all the others.
const useEvery = time.Second

// AuthenticateSession returns whom the secret of a session stands for, and counts as use of it. source is where it came from, asked
// what was asked with it. Any secret that is not good is text.Unauthenticated with the same words; the log alone tells why.
func (a *Access) AuthenticateSession(secret, source, asked string) (Principal, error) {
	return a.authenticateSession(secret, source, asked, true)
}

// WatchSession is AuthenticateSession for a request that a page sends by itself, without anybody at the keyboard. It is no use of the
// session: an open page would otherwise keep it.
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

// principalOf returns whom a session stands for. The lock of the state is held.
func (a *Access) principalOf(x *session, now time.Time, source string) Principal {
	p := x.account.principal(source)
	p.SessionID, p.Needs = x.idText, slices.Clone(x.needs)
	if len(x.needs) == 0 && (a.Demo || x.isFresh(now)) {
		p.May = x.account.mays(Mays())
	}
	return p
}

// asNow returns a principal with the acts that his session is good for now: a request may last longer than his code counts.
func (a *Access) asNow(p Principal) Principal {
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

// sessionOf returns the session of a principal, or nil if it is over. It is for acts, and for who holds the lock of the state.
func (s *state) sessionOf(p *Principal, now time.Time) *session {
	id, err := uuid.Parse(p.SessionID)
	x := s.sessions[id]
	if err != nil || x == nil || x.account.name != p.Account || !x.isAlive(now) {
		return nil
	}
	return x
}

// SignOut ends the session of a principal. It is durable on return. One that is over already stays so.
func (a *Access) SignOut(ctx context.Context, p Principal) error {
	return a.act(ctx, accountsStream, func(s *state) ([]fact, error) {
		x := s.sessionOf(&p, a.Now())
		if x == nil {
			return nil, nil
		}
		return []fact{{sessionEnded, endedSession{x.account.name, x.id, whoActs{p.Account, p.Source}}}}, nil
	})
}
