package aggregates

import (
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// Replay is a center at an earlier revision. It is a copy, so events may be applied to the center meanwhile.
type Replay struct {
	of     *Center // the center as it was when the replay was made
	shadow *Center // the same log, with the index of the events that count
	rev    uint32
	kept   *kept // the results that the last evaluation kept, or nil if they are no longer right
}

// Replay returns the center as it was at a revision, which is at most its current revision.
func (c *Center) Replay(revision uint64) *Replay {
	of := c.Clone()
	r := &Replay{of: of, shadow: of.shadow(nil), rev: uint32(revision)}
	r.refold()
	return r
}

// shadow returns a center with the same log and another index.
func (c *Center) shadow(ix *index) *Center {
	return &Center{id: c.id, log: c.log, others: c.others, ids: c.ids, ix: ix}
}

// Revision returns the number of events that count.
func (r *Replay) Revision() uint64 { return uint64(r.rev) }

// Moves reports whether the event of a revision can move an answer as of a date. A voiding can move an answer,
// even a later one, if the voided event is on or before the date (section 1).
func (c *Center) Moves(revision uint64, on events.Date) bool {
	e := c.entry(uint32(revision))
	if p := c.voiding(e); p != nil {
		e = c.entry(c.revisionOf(p.Event))
	}
	return e.on <= on
}

// voiding returns the payload of an entry that is an entry.voided, or nil for another entry.
func (c *Center) voiding(e *entry) *events.EntryVoided {
	if e.voucher != 0 {
		return nil
	}
	p, _ := c.others[e.other].data.(*events.EntryVoided)
	return p
}

// Next applies the next event of the history. The caller checks that the history has one.
func (r *Replay) Next() {
	r.rev++
	e := r.of.entry(r.rev)
	if r.of.voiding(e) != nil {
		r.refold()
		return
	}
	r.file(r.rev)
	if !r.voided(e) {
		r.kept.follow(place{e.on, r.rev}, e.voucher, r.of.others[e.other].data, r.shadow.ix)
	}
}

// Evaluate returns the evaluation of the center at this revision. It is fast after Next for the same policies and
// date. The caller must not change the alerts: the next evaluation may return the same list.
func (r *Replay) Evaluate(t policy.Timeline, on events.Date) *Evaluation {
	if !r.kept.isOf(t, on) {
		r.kept = &kept{again: true, every: replayKeepsEvery, timeline: t, on: on, events: r.eventsUpTo(on)}
	}
	e := r.shadow.evaluate(r.kept)
	if e.Status != "" {
		e.Events = r.kept.events
	}
	return e
}

// eventsUpTo returns the number of events on or before a date that count.
func (r *Replay) eventsUpTo(on events.Date) (n int) {
	for rev := uint32(1); rev <= r.rev; rev++ {
		if e := r.of.entry(rev); e.on <= on && !r.voided(e) {
			n++
		}
	}
	return n
}

// voided reports whether an entry was voided by this revision.
func (r *Replay) voided(e *entry) bool { return e.voided != 0 && e.voided <= r.rev }

// refold files all entries that count in a new index. It also rebuilds the names of vouchers, because another voucher
// may take the name of a voided one.
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
		ix.declared.numbers.put(ix.owner, hashOf(name), e.voucher, ix.isNamed(name))
	}
	switch {
	case r.voided(e):
	case e.voucher != 0:
		ix.addVoucher(at, e.voucher)
	default:
		ix.add(at, r.of.others[e.other].data)
	}
}

// knownOn returns the center with only the events on or before a date, for questions about days up to a later date. It
// returns the center itself if it has no events in between.
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
