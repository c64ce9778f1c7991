package projections

import (
	"slices"

	"github.com/taizhang/taizhang/events"
)

// touch makes the center of a stream the one that changed last.
func (r *resident) touch(name events.StreamID) {
	id, ok := name.Center()
	if !ok {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.centers[id]
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

// changedSince lists the centers that changed after so many changes of the register, the last one first, and returns
// the changes so far and the number of adopted policies. If this number is not the given one, it lists all centers.
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
