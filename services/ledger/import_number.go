package ledger

import (
	"context"
	"fmt"
	"math"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// number sets the id under which the record of a sheet is judged: the first of its ids that no record has, or whose
// record is not voided. If the record equals a voided record and Again is not set, it returns the refusal.
func (c *checks) number(ctx context.Context, ln *line) (voided *aggregates.Refusal, err error) {
	if ln.given == nil || ln.given.NextID == nil {
		return nil, nil
	}
	for n := 1; ; n++ {
		by, is := c.voided(ln.rec)
		if !is {
			return voided, nil
		}
		if !c.cfg.Again {
			if voided, err = c.equalToVoided(ctx, ln, by, voided); err != nil {
				return nil, err
			}
		}
		id := ln.given.NextID(n)
		ln.rec = withID(ln.rec, id)
		if ln.recording != nil {
			ln.recording = withID(ln.recording, id)
		}
	}
}

func withID(rec *events.Record, id uuid.UUID) *events.Record {
	other := *rec
	other.ID = id
	return &other
}

// voided returns the id of the record that voids the record with the id of rec, in the ledger or earlier in the
// import. is is false if there is none.
func (c *checks) voided(rec *events.Record) (by uuid.UUID, is bool) {
	if t := c.trials[rec.Stream()]; t != nil {
		center, ok := t.copied.(*aggregates.Center)
		if !ok {
			return uuid.Nil, false
		}
		return center.Voided(rec.ID)
	}
	return c.l.register.Voided(rec.Center, rec.ID, math.MaxUint64)
}

// equalToVoided returns the refusal of a record that equals the voided record with its id. If it does not equal that,
// it returns before.
func (c *checks) equalToVoided(ctx context.Context, ln *line, by uuid.UUID,
	before *aggregates.Refusal) (*aggregates.Refusal, error) {
	first, err := c.record(ctx, ln.rec.Stream(), ln.rec.ID)
	if err != nil {
		return nil, err
	}
	if !sameContent(first, ln.rec, true) && (ln.recording == nil || !sameContent(first, ln.recording, true)) {
		return before, nil
	}
	voiding, err := c.record(ctx, ln.rec.Stream(), by)
	if err != nil {
		return nil, err
	}
	reason := ""
	if p, ok := voiding.Data.(*events.EntryVoided); ok {
		reason = p.Reason
	}
	return &aggregates.Refusal{Breaches: []aggregates.Breach{{Field: "id", Reason: text.Say(
		"与已作废的记录相同：%v 作废，作废记录 %s，原因：%s；如应重新入账，是作废有误，%s",
		"it is equal to a voided record: voided on %v, record %s, reason: %s; if it is to count again, the voiding "+
			"was wrong: %s",
		voiding.On, by, reason, c.cfg.TakeAgain)}}}, nil
}

// record returns a record of a stream, from the ledger or from earlier in the import.
func (c *checks) record(ctx context.Context, s events.StreamID, id uuid.UUID) (*events.Record, error) {
	rev := c.l.register.Has(s, id)
	if t := c.trials[s]; t != nil {
		if rev = t.copied.Has(id); rev > t.known {
			e, err := c.spool.at(t.laid[rev-t.known-1])
			if err != nil {
				return nil, err
			}
			rec, err := events.DecodeEvent(e.Stored)
			return &rec.Record, err
		}
	}
	for stored, err := range c.l.store.ReadStream(ctx, s, rev-1) {
		if err != nil {
			return nil, fmt.Errorf("ledger: read back %s in %s: %w", id, s, err)
		}
		rec, err := events.DecodeEvent(stored)
		return &rec.Record, err
	}
	return nil, fmt.Errorf("ledger: read back %s in %s: not in the store", id, s)
}
