package projections

import (
	"slices"

	"github.com/taizhang/taizhang/events"
)

// touch moves the center of a stream to the front of the list of changes. For a stream that belongs to no center, it
// counts the change.
func (r *resident) touch(s *stream) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := s.center
	if c == nil {
		r.commonChanges++
		return
	}
	r.changes++
	c.changed = r.changes
	if c == r.newest {
		return
	}
	if c.older != nil {
		c.older.newer = c.newer
	}
	if c.newer != nil {
		c.newer.older = c.older
	}
	c.older, c.newer = r.newest, nil
	if r.newest != nil {
		r.newest.newer = c
	}
	r.newest = c
}

// changedSince lists the centers that changed after the change numbered since, the last one first. It also returns the
// number of changes so far and the number of adopted policies. If policies were adopted meanwhile, it lists all
// centers.
func (r *resident) changedSince(since uint64, policies int) (ids []events.CenterID, changes uint64, adopted int) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if adopted = len(r.timeline().Adopted()); adopted != policies {
		return slices.Clone(r.ids), r.changes, adopted
	}
	for c := r.newest; c != nil && c.changed > since; c = c.older {
		ids = append(ids, c.state.ID())
	}
	return ids, r.changes, adopted
}

// identity identifies a register by its address. It is allocated apart from the register, so that a Moment does not
// keep the register in memory.
type identity struct{ _ byte }

// Moment is a point in the changes of one register.
type Moment struct {
	of            *identity
	changes       uint64
	commonChanges uint64
	policies      int
}

// IsOf reports whether the moment belongs to the register.
func (m Moment) IsOf(r *Register) bool { return m.of == r.identity }

// ChangedSince lists, in order, the centers whose answers may have changed since a moment of the register, including
// centers outside of the scope. It lists "" first if an event was applied to a stream that belongs to no center. For a
// moment of another register, such as the zero Moment, it lists all. It also returns the present moment.
func (r *Register) ChangedSince(m Moment) (ids []events.CenterID, now Moment) {
	if m.of != r.identity {
		m = Moment{policies: -1}
	}
	now = Moment{of: r.identity}
	r.mu.RLock()
	now.commonChanges = r.commonChanges
	r.mu.RUnlock()
	// an event that is applied in between is listed again next time
	ids, now.changes, now.policies = r.changedSince(m.changes, m.policies)
	slices.Sort(ids)
	if m.policies < 0 || m.commonChanges != now.commonChanges {
		ids = slices.Insert(ids, 0, "")
	}
	return ids, now
}
