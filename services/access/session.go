package access

import (
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// session is a session that is alive in this process. All but used changes under the lock of the state and by acts alone.
type session struct {
	id       uuid.UUID
	idText   string
	hash     secretHash // of its secret
	account  *account
	how      string
	needs    []string
	begun    time.Time
	factorAt time.Time  // when a code was last shown; zero for never
	device   secretHash // of the browser, if it is known; else zero
	misses   int        // wrong codes and passwords
	used     atomic.Int64
}

// endSession ends a session. One that is over already stays so.
func (s *state) endSession(x *session) {
	delete(s.sessions, x.id)
	delete(s.bySecret, x.hash)
	held := x.account
	for i, other := range held.sessions {
		if other == x {
			held.sessions = append(held.sessions[:i:i], held.sessions[i+1:]...)
			break
		}
	}
}

// endSessions ends the sessions of an account that began in a way, or all for "".
func (s *state) endSessions(held *account, how string) {
	for _, x := range append([]*session(nil), held.sessions...) {
		if how == "" || x.how == how {
			s.endSession(x)
		}
	}
}
