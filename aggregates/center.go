package aggregates

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
)

// Center is the history of one center. Methods that only read may be called by several goroutines at once; Apply may
// not.
type Center struct {
	id  events.CenterID
	log []entry           // by revision, from 1
	ids map[uuid.UUID]int // revision of each event
	ix  *index
}

// entry is one event as the aggregate keeps it: without evidence, notes and summaries, which decide nothing.
type entry struct {
	id     uuid.UUID
	kind   events.Kind
	on     events.Date
	voided uint32 // the revision of the entry.voided that names it, or 0
	data   events.Payload
}

// NewCenter returns a center of which nothing is recorded.
func NewCenter(id events.CenterID) *Center {
	return &Center{id: id, ids: map[uuid.UUID]int{}, ix: newIndex(nil)}
}

// ID returns the center's id.
func (c *Center) ID() events.CenterID { return c.id }

// Revision is the number of events applied.
func (c *Center) Revision() uint64 { return uint64(len(c.log)) }

// Has returns the revision at which an event was recorded, or 0.
func (c *Center) Has(id uuid.UUID) uint64 { return uint64(c.ids[id]) }

// Registered says whether the center is registered, on whatever date.
func (c *Center) Registered() bool { return c.ix.registered.what != nil }

// Voided returns the id of the entry.voided that leaves an event out, if one does.
func (c *Center) Voided(id uuid.UUID) (by uuid.UUID, ok bool) {
	rev := c.ids[id]
	if rev == 0 || c.log[rev-1].voided == 0 {
		return uuid.Nil, false
	}
	return c.log[c.log[rev-1].voided-1].id, true
}

// Balances returns what is left of every grant and match: receipts less recoveries and spending, over everything
// recorded and not voided.
func (c *Center) Balances() map[string]events.Fen {
	m := make(map[string]events.Fen, len(c.ix.funds))
	for id, f := range c.ix.funds {
		m[id] = f.balanceFen()
	}
	return m
}

// Apply adds an accepted record. A record that is nonsense, or not the next of its stream, is a break in the ledger's
// own integrity (AL-LED-01): Apply returns an error and changes nothing.
func (c *Center) Apply(r *events.Recorded) error {
	if r.Revision != c.Revision()+1 {
		return fmt.Errorf("aggregates: apply position %d: revision %d follows %d in %s", r.Position, r.Revision, c.Revision(), c.id)
	}
	if found := c.nonsense(&r.Record); len(found) > 0 {
		return fmt.Errorf("aggregates: apply position %d: %w", r.Position, &Refusal{found})
	}
	c.log = append(c.log, entry{id: r.ID, kind: r.Kind, on: r.On, data: compact(r.Data)})
	rev := len(c.log)
	c.ids[r.ID] = rev
	if p, ok := r.Data.(*events.EntryVoided); ok {
		c.log[c.revisionOf(p.Event)-1].voided = uint32(rev)
		c.ix, _ = c.without(0)
		return nil
	}
	c.ix.add(place{r.On, uint32(rev)}, c.log[rev-1].data)
	return nil
}

// Clone returns an independent copy, to try records on.
func (c *Center) Clone() *Center {
	copied := &Center{id: c.id, ix: c.ix, log: append([]entry(nil), c.log...), ids: make(map[uuid.UUID]int, len(c.ids))}
	for id, rev := range c.ids {
		copied.ids[id] = rev
	}
	copied.ix, _ = copied.without(0)
	return copied
}

// without folds the log leaving out what is voided and the entry of one more revision (0 for none). It reports the
// first later entry that would be nonsense then.
func (c *Center) without(rev int) (*index, []Breach) {
	ix := newIndex(c.ix)
	for i := range c.log {
		e := &c.log[i]
		if e.voided != 0 || i+1 == rev {
			continue
		}
		if rev != 0 && i+1 > rev {
			if found := ix.nonsense(e.on, e.data); len(found) > 0 {
				return nil, []Breach{{Field: "data.event", Reason: events.Text{
					Zh: fmt.Sprintf("作废后，其后的记录 %s 将不成立：%s", e.id, found[0].Reason.Zh),
					En: fmt.Sprintf("without it the later record %s would not hold: %s", e.id, found[0].Reason.En),
				}}}
			}
		}
		ix.add(place{e.on, uint32(i + 1)}, e.data)
	}
	return ix, nil
}

// revisionOf returns the revision of an event by the text of its id, or 0.
func (c *Center) revisionOf(id string) int {
	u, err := uuid.Parse(id)
	if err != nil {
		return 0
	}
	return c.ids[u]
}

// compact drops what no answer needs.
func compact(data events.Payload) events.Payload {
	if p, ok := data.(*events.FundsSpent); ok && p.Summary != "" {
		q := *p
		q.Summary = ""
		return &q
	}
	return data
}
