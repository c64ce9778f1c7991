package aggregates

import (
	"fmt"
	"hash/maphash"
	"slices"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// Center is the history of one center. Several goroutines may call its reading methods at once. Apply, EvaluateAgain,
// Clone and Replay must not run at the same time as any other method. A center and its copies share memory, but may
// be used at the same time by different goroutines.
type Center struct {
	id     events.CenterID
	log    pages[entry] // by revision, from 1
	others []other
	ids    table // the revision of each event id
	ix     *index
	kept   *kept // the results that the last EvaluateAgain kept, or nil
}

// entry is one event as the aggregate keeps it: without evidence, notes and summaries, which change no answer.
type entry struct {
	id      uuid.UUID
	on      events.Date
	voided  uint32 // the revision of the entry.voided that names it, or 0
	voucher uint32 // the number of a funds.spent, or 0
	other   uint32 // where in others the rest is
}

// other is the content of an entry that is not a voucher.
type other struct {
	kind events.Kind
	data events.Payload
}

// NewCenter returns a center without events.
func NewCenter(id events.CenterID) *Center {
	return &Center{id: id, ix: newIndex(&declarations{}, &index{})}
}

// ID returns the center's id.
func (c *Center) ID() events.CenterID { return c.id }

// Revision returns the number of events applied.
func (c *Center) Revision() uint64 { return uint64(c.log.len()) }

// Has returns the revision of an event, or 0 if the center does not have it.
func (c *Center) Has(id uuid.UUID) uint64 { return uint64(c.revision(id)) }

// Registered reports whether the center is registered, whatever the date of the registration.
func (c *Center) Registered() bool { return c.ix.registered.what != nil }

// Voided returns the id of the entry.voided record that voids an event. ok is false if there is none.
func (c *Center) Voided(id uuid.UUID) (by uuid.UUID, ok bool) {
	rev := c.revision(id)
	if rev == 0 || c.entry(rev).voided == 0 {
		return uuid.Nil, false
	}
	return c.entry(c.entry(rev).voided).id, true
}

// Balances returns the money left of every grant and match: receipts less recoveries and spending, over all records
// that are not voided.
func (c *Center) Balances() map[string]events.Fen {
	m := make(map[string]events.Fen, len(c.ix.fundOrder))
	for _, n := range c.ix.fundOrder {
		f := c.ix.fundAt(n.what)
		m[f.id] = f.balanceFen()
	}
	return m
}

// BalancesOn returns the money left of every grant and match as of a date: Balances over the records up to that date.
func (c *Center) BalancesOn(on events.Date) map[string]events.Fen {
	m := make(map[string]events.Fen, len(c.ix.fundOrder))
	for f := range c.ix.fundsUpTo(on) {
		m[f.id] = f.moves.sum(move{place: place{on: on + 1}}).sumFen
	}
	return m
}

// Apply adds an accepted record. A record that is nonsense, or that is not the next of its stream, breaks the
// integrity of the ledger (AL-LED-01): Apply returns an error and changes nothing.
func (c *Center) Apply(r *events.Recorded) error {
	if r.Revision != c.Revision()+1 {
		return fmt.Errorf("aggregates: apply position %d: %w", r.Position,
			text.Errorf(text.Internal, "%[3]s 的记录序号 %[1]d 接在 %[2]d 之后", "revision %d follows %d in %s",
				r.Revision, c.Revision(), c.id))
	}
	left, found := c.nonsense(&r.Record)
	if len(found) > 0 {
		return fmt.Errorf("aggregates: apply position %d: %w", r.Position, &Refusal{Breaches: found})
	}
	at, e := place{r.On, uint32(c.log.len() + 1)}, entry{id: r.ID, on: r.On}
	if p, ok := r.Data.(*events.EntryVoided); ok {
		out := c.log.own(c.ix.owner, int(c.revisionOf(p.Event)-1))
		out.voided = at.rev
		if left != nil {
			c.ix = left
		} else {
			c.ix.removeVoucher(out.voucher)
		}
		c.kept = nil
	}
	if p, ok := r.Data.(*events.FundsSpent); ok {
		e.voucher = c.ix.declare(p)
		c.ix.addVoucher(at, e.voucher)
	} else {
		e.other = uint32(len(c.others))
		c.others = append(c.others, other{r.Kind, r.Data})
		c.ix.add(at, r.Data)
	}
	c.kept.follow(at, e.voucher, r.Data, c.ix)
	c.log.add(c.ix.owner, e)
	c.ids.put(c.ix.owner, hashOfID(r.ID), at.rev, c.isID(r.ID))
	return nil
}

// Clone returns an independent copy, to try records on. It takes a microsecond or two, however long the history is:
// the two share all memory, and each copies a piece before it changes the piece for the first time.
func (c *Center) Clone() *Center {
	copied := &Center{id: c.id, log: c.log, others: slices.Clip(c.others), ids: c.ids, ix: c.ix.clone()}
	c.ix.owner = new(owner)
	return copied
}

// fold files the log in an empty index. It leaves out voided entries and the entry of the revision without (0 for
// none). It returns the breaches of the first later entry that would be nonsense then.
func (c *Center) fold(ix *index, without uint32) (*index, []Breach) {
	for i := range c.log.len() {
		e := c.log.at(i)
		at := place{e.on, uint32(i + 1)}
		if e.voided != 0 || at.rev == without {
			continue
		}
		if without != 0 && at.rev > without {
			if found := c.unfounded(ix, e); len(found) > 0 {
				return nil, []Breach{{Field: "data.event", Reason: text.Text{
					Zh: fmt.Sprintf("作废后，其后%s的%s（记录 %s）将不成立：%s", e.on.Chinese(), c.kind(e).Title().Zh,
						e.id, found[0].Reason.Zh),
					En: fmt.Sprintf("without it a later record, %s of %s (record %s), would not hold: %s",
						c.kind(e).Title().En, e.on, e.id, found[0].Reason.En),
				}}}
			}
		}
		if e.voucher != 0 {
			ix.addVoucher(at, e.voucher)
		} else {
			ix.add(at, c.others[e.other].data)
		}
	}
	return ix, nil
}

// unfounded returns the reasons why a recorded entry would be nonsense on top of another index.
func (c *Center) unfounded(ix *index, e *entry) []Breach {
	if e.voucher != 0 {
		return ix.unfoundedVoucher(ix.voucher(e.voucher))
	}
	return ix.nonsense(e.on, c.others[e.other].data)
}

// kind returns an entry's kind.
func (c *Center) kind(e *entry) events.Kind {
	if e.voucher != 0 {
		return events.KindFundsSpent
	}
	return c.others[e.other].kind
}

// entry returns the entry of a revision.
func (c *Center) entry(rev uint32) *entry { return c.log.at(int(rev - 1)) }

// revision returns the revision of an event, or 0.
func (c *Center) revision(id uuid.UUID) uint32 { return c.ids.find(hashOfID(id), c.isID(id)) }

// revisionOf returns the revision of an event by the text of its id, or 0.
func (c *Center) revisionOf(id string) uint32 {
	u, err := uuid.Parse(id)
	if err != nil {
		return 0
	}
	return c.revision(u)
}

func (c *Center) isID(id uuid.UUID) func(rev uint32) bool {
	return func(rev uint32) bool { return c.entry(rev).id == id }
}

func hashOfID(id uuid.UUID) uint64 { return maphash.Bytes(seed, id[:]) }
