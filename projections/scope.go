package projections

import (
	"strings"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// Within returns the register restricted to the centers for which sees returns true: its answers are as if no other
// center existed. It shares all state with r, so it is cheap. A nil sees restricts nothing. Every restricted register
// shows the policies and the positions, because they belong to no center. sees may call a register, except Exactly.
func (r *Register) Within(sees func(events.CenterID) bool) *Register {
	within := &Register{resident: r.resident, sees: sees}
	switch {
	case sees == nil:
		return r
	case r.sees != nil:
		within.sees = func(id events.CenterID) bool { return r.sees(id) && sees(id) }
	}
	return within
}

// Settled returns the register restricted to the centers that it shows now, whatever changes later. A question about
// several centers needs it, because a center may move to another office between two calls.
func (r *Register) Settled() *Register {
	if r.sees == nil {
		return r
	}
	ids := r.IDs()
	seen := make(map[events.CenterID]bool, len(ids))
	for _, id := range ids {
		seen[id] = true
	}
	return &Register{resident: r.resident, sees: func(id events.CenterID) bool { return seen[id] }}
}

// Sees reports whether answers may show a center. It does not report whether the center exists.
func (r *Register) Sees(id events.CenterID) bool { return r.sees == nil || r.sees(id) }

// SeesStream reports whether answers may show a stream: Sees of its center. Of the streams that belong to no center, a
// restricted register shows only the policies, because a stream that this version of the program does not know may be
// about any center.
func (r *Register) SeesStream(name events.StreamID) bool {
	if id, ok := name.Center(); ok {
		return r.Sees(id)
	}
	return r.sees == nil || name == events.PolicyStream
}

// Scope returns the predicate that restricts the register, or nil.
func (r *Register) Scope() func(events.CenterID) bool { return r.sees }

// responsible holds the offices that are responsible for a center on a date, as of a number of its events.
type responsible struct {
	on                     events.Date
	changes                int
	localGov, industryDept string
}

// Responsible returns the region of the local government and the name of the department that are responsible for a
// center on a date; see aggregates.Center. ok is false if no event of the center was ever recorded. For the same date
// and an unchanged center, it returns the last answer without reading the history of the center.
func (r *Register) Responsible(id events.CenterID, on events.Date) (localGov, industryDept string, ok bool) {
	if !r.Sees(id) {
		return "", "", false
	}
	r.mu.RLock()
	c := r.centers[id]
	r.mu.RUnlock()
	if c == nil {
		return "", "", false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if last := &c.responsible; last.on != on || last.changes != c.changes {
		*last = responsible{on, c.changes, c.state.LocalGov(on), c.state.IndustryDept(on)}
	}
	return c.responsible.localGov, c.responsible.industryDept, true
}

// SeesOne returns a predicate for Within: the account of one center sees that center.
func SeesOne(id events.CenterID) func(events.CenterID) bool {
	return func(asked events.CenterID) bool { return asked == id }
}

// SeesRegion returns a predicate for Within: a local government sees the centers for which it is responsible today.
// Its region is the first 2, 4 or 6 digits of a GB/T 2260 code. The answer follows every event from the moment it is
// applied.
func (r *Register) SeesRegion(prefix string, today func() events.Date) func(events.CenterID) bool {
	return func(id events.CenterID) bool {
		localGov, _, ok := r.Responsible(id, today())
		return ok && localGov != "" && strings.HasPrefix(localGov, prefix)
	}
}

// SeesDepartment returns a predicate for Within: a department sees the centers for which it is responsible today.
// Names are compared as text.FoldName folds them. The answer follows every event from the moment it is applied.
func (r *Register) SeesDepartment(name string, today func() events.Date) func(events.CenterID) bool {
	name = text.FoldName(name)
	return func(id events.CenterID) bool {
		_, industryDept, ok := r.Responsible(id, today())
		return ok && industryDept != "" && text.FoldName(industryDept) == name
	}
}
