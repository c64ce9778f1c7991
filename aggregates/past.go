package aggregates

import (
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// Replay is a center as it stood when fewer of its events were recorded. It is a copy: the center may go on meanwhile.
type Replay struct {
	of     *Center // what is recorded, with nothing of it filed
	shadow *Center // of, with the index of what was recorded by then
	rev    uint32
	kept   *kept // what the last evaluation kept; nil when nothing of it holds
	events int   // that count, up to the date of that evaluation
}

// Replay returns the center as it stood at a revision, which is at most its own.
func (c *Center) Replay(revision uint64) *Replay {
	of := c.unfiled()
	r := &Replay{of: of, shadow: of.shadow(nil), rev: uint32(revision)}
	r.refold()
	return r
}

// shadow returns the same history under another index.
func (c *Center) shadow(ix *index) *Center {
	return &Center{id: c.id, log: c.log, others: c.others, ids: c.ids, ix: ix}
}

// Revision is the number of events that count.
func (r *Replay) Revision() uint64 { return uint64(r.rev) }

// Moves reports whether the event of a revision can move an answer as of a date, once it counts: a voiding can, whatever
// its own date, when what it voids had happened by then (section 1).
func (c *Center) Moves(revision uint64, on events.Date) bool {
	e := c.entry(uint32(revision))
	if p := c.voiding(e); p != nil {
		e = c.entry(c.revisionOf(p.Event))
	}
	return e.on <= on
}

// voiding returns what an entry says if it is an entry.voided, or nil.
func (c *Center) voiding(e *entry) *events.EntryVoided {
	if e.voucher != 0 {
		return nil
	}
	p, _ := c.others[e.other].data.(*events.EntryVoided)
	return p
}

// Next lets one more event count; there must be one.
func (r *Replay) Next() {
	r.rev++
	e := r.of.entry(r.rev)
	if r.of.voiding(e) != nil {
		r.refold()
		return
	}
	r.file(r.rev)
	at := place{e.on, r.rev}
	switch {
	case r.kept == nil:
	case r.voided(e) || e.on > r.kept.on:
	case e.voucher != 0:
		r.events++
		r.kept.spend(at, e.voucher, r.shadow.ix)
	default:
		r.events++
		r.kept.happen(at)
	}
}

// Evaluate answers what the center answered then. It costs little after Next for the same policies and date. The caller
// must not change the alerts: the next evaluation may return the same list.
func (r *Replay) Evaluate(t policy.Timeline, on events.Date) *Evaluation {
	if !r.kept.isOf(t, on) {
		r.kept = &kept{again: true, timeline: t, on: on}
		r.events = r.eventsUpTo(on)
	}
	e := r.shadow.evaluate(r.kept)
	if e.Status != "" {
		e.Events = r.events
	}
	return e
}

// eventsUpTo returns how many events on or before a date count.
func (r *Replay) eventsUpTo(on events.Date) (n int) {
	for rev := uint32(1); rev <= r.rev; rev++ {
		if e := r.of.entry(rev); e.on <= on && !r.voided(e) {
			n++
		}
	}
	return n
}

// voided reports whether an entry was voided by then.
func (r *Replay) voided(e *entry) bool { return e.voided != 0 && e.voided <= r.rev }

// refold files all that counts in a new index. It finds the names of vouchers anew too: one that was voided later may
// have left its name to another.
func (r *Replay) refold() {
	declared := *r.of.ix.declared
	declared.numbers = table{}
	r.shadow.ix, r.kept = newIndex(&declared, r.of.ix), nil
	for rev := uint32(1); rev <= r.rev; rev++ {
		r.file(rev)
	}
}

func (r *Replay) file(rev uint32) {
	e, ix := r.of.entry(rev), r.shadow.ix
	at := place{e.on, rev}
	if e.voucher != 0 {
		name := ix.declared.nameOf(ix.voucher(e.voucher))
		ix.declared.numbers.put(hashOf(name), e.voucher, ix.isNamed(name))
	}
	switch {
	case r.voided(e):
	case e.voucher != 0:
		ix.addVoucher(at, e.voucher)
	default:
		ix.add(at, r.of.others[e.other].data)
	}
}

// knownOn returns the center with only what had happened by a date, to be asked about days until a later one. It is the
// center itself when nothing happened in between.
func (c *Center) knownOn(on, until events.Date) *Center {
	later := false
	for i := 0; i < c.log.len() && !later; i++ {
		e := c.log.at(i)
		later = e.on > on && e.on <= until && e.voided == 0
	}
	if !later {
		return c
	}
	ix := newIndex(c.ix.declared, c.ix)
	for i := range c.log.len() {
		switch e := c.log.at(i); {
		case e.voided != 0 || e.on > on:
		case e.voucher != 0:
			ix.addVoucher(place{e.on, uint32(i + 1)}, e.voucher)
		default:
			ix.add(place{e.on, uint32(i + 1)}, c.others[e.other].data)
		}
	}
	return c.shadow(ix)
}
