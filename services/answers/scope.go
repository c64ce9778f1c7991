package answers

import (
	"crypto/sha256"
	"fmt"
	"sync"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/access"
)

// scope returns the office that the principal asks for, and a hash of the centers that it sees now. Principals
// with equal results see the same centers. An answer kept for one is therefore never given to another who sees
// less, nor to the same one after a center has moved to another office.
func (k *Kept) scope(who *access.Principal) (office, now string) {
	switch sees := k.Access.Sees(*who); {
	case sees == nil:
		return "all", ""
	case who.Role == access.Center:
		return "center " + who.Center, ""
	default:
		office = fmt.Sprintf("%s %q %q", who.Role, who.Region, who.Departments)
		return office, k.scopes.of(k, office, sees)
	}
}

// scopes caches the centers that offices see, for offices whose centers may change. They are computed once for
// each position of the ledger.
type scopes struct {
	mu   sync.Mutex
	seen map[string]seen
}

// seen is the centers that an office sees at a position on a day.
type seen struct {
	position uint64
	on       events.Date
	scope    string
}

// scopesMax is the largest number of offices in the cache.
const scopesMax = 1000

// of returns a hash of the centers that an office sees now.
func (c *scopes) of(k *Kept, office string, sees func(events.CenterID) bool) string {
	position, on := k.Position(), events.DateAt(k.Now())
	c.mu.Lock()
	known := c.seen[office]
	c.mu.Unlock()
	if known.scope != "" && known.position == position && known.on == on {
		return known.scope
	}
	h := sha256.New()
	for _, id := range k.Desk.Ledger.Register().Within(sees).IDs() {
		_, _ = fmt.Fprintln(h, id) // writing to a hash never fails
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
