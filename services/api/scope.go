package api

import (
	"crypto/sha256"
	"fmt"
	"sync"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/access"
)

// scope names the office for which the principal asks, and what it sees now. Two principals with the same scope see the same. So
// what is kept for one is never handed to another who sees less, nor to the same one after a center has moved to another office.
func (q *request) scope() (office, now string) {
	switch sees := q.s.Access.Sees(q.who); {
	case sees == nil:
		return "all", ""
	case q.who.Role == access.Center:
		return "center " + q.who.Center, ""
	default:
		office = fmt.Sprintf("%s %q %q", q.who.Role, q.who.Region, q.who.Departments)
		return office, q.s.scopes.of(q, office, sees)
	}
}

// scopes remembers what the offices see whose centers may move, so that it is found out once for each position of the ledger.
type scopes struct {
	mu   sync.Mutex
	seen map[string]seen
}

// seen is what an office sees at a position on a day.
type seen struct {
	position uint64
	on       events.Date
	scope    string
}

// scopesMax is how many offices are remembered.
const scopesMax = 1000

// of returns a hash of the centers that an office sees now.
func (c *scopes) of(q *request, office string, sees func(events.CenterID) bool) string {
	position, on := q.position(), events.DateAt(q.s.Now())
	c.mu.Lock()
	known := c.seen[office]
	c.mu.Unlock()
	if known.scope != "" && known.position == position && known.on == on {
		return known.scope
	}
	h := sha256.New()
	for _, id := range q.s.Desk.Ledger.Register().Within(sees).IDs() {
		_, _ = fmt.Fprintln(h, id) // a hash takes all
	}
	now := seen{position, on, fmt.Sprintf("centers %x", h.Sum(nil))}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen == nil || len(c.seen) >= scopesMax {
		c.seen = map[string]seen{}
	}
	c.seen[office] = now
	return now.scope
}
