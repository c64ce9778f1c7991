package ledger

import (
	"context"
	"slices"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
)

// checks is the first part of an import. It applies the good records to copies of the policies and of the centers in
// the files, and spools them with the members that the ledger adds.
type checks struct {
	l        *Ledger
	spool    *spool
	first    *events.Record // the adoption that will precede all; nil if the ledger has begun
	policies *aggregates.Policies
	trials   map[events.StreamID]*trial
	fresh    int // events in the spool
	cfg      *ImportConfig
	names    map[events.CenterID]map[events.Name]events.Recorded // the names that the ledger has; see named
}

// trial is a copy of one aggregate to which the records of an import are applied before they are written, with the
// offsets of its events in the spool.
type trial struct {
	copied  projections.Aggregate
	known   uint64
	laid    []int64 // the offsets in the spool of the events from revision known + 1 on
	written uint64  // the number of these events that are in the store
	moved   bool    // somebody else wrote to the stream, so the remaining events are judged again

	// In a dry run: the copy without the records of the import, and the date of the latest good record.
	before *aggregates.Center
	lastOn events.Date
}

func newChecks(l *Ledger, s *spool, cfg *ImportConfig) (*checks, error) {
	policies := l.register.ClonePolicies()
	first := l.first()
	if first != nil {
		if err := runAhead(policies, first); err != nil {
			return nil, err
		}
	}
	return &checks{l: l, spool: s, first: first, policies: policies, cfg: cfg,
		names:  map[events.CenterID]map[events.Name]events.Recorded{},
		trials: map[events.StreamID]*trial{events.PolicyStream: {copied: policies, known: policies.Revision()}}}, nil
}

// added is the answer to a good record.
type added struct {
	repeated bool // the ledger or an earlier line has it already
	warnings []text.Text
}

// add judges the record of a line and applies it to the trial. A refused record returns an *aggregates.Refusal. If
// the record is new and voided is not nil, it is refused with voided.
func (c *checks) add(ctx context.Context, from *line, rec *events.Record, voided *aggregates.Refusal) (added, error) {
	s := rec.Stream()
	if err := c.l.takes(s); err != nil {
		return added{}, err
	}
	if is, err := isFirst(c.first, rec); is {
		return added{repeated: true}, err
	}
	if at, there := c.before(rec); there {
		return added{repeated: true}, c.sameAs(at, rec, from.given != nil)
	}
	if result, there, err := c.l.recorded(ctx, s, c.has(rec), rec, from.given != nil); there || err != nil {
		return added{there, result.Warnings}, err
	}
	if voided != nil {
		return added{}, voided
	}
	v := c.trial(rec).copied.Judge(rec, c.policies.Timeline())
	_, body, err := draft(rec, &v, c.cfg.Account)
	if err != nil {
		return added{}, err
	}
	at, err := c.spool.add(from, s, &events.Proposed{ID: rec.ID, Kind: rec.Kind, Body: body})
	if err != nil {
		return added{}, err
	}
	c.fresh++
	return added{warnings: v.Warnings}, c.runAhead(rec, at)
}

// before finds a record with the same id earlier in the files.
func (c *checks) before(rec *events.Record) (at int64, there bool) {
	t := c.trials[rec.Stream()]
	if t == nil {
		return 0, false
	}
	rev := t.copied.Has(rec.ID)
	if rev <= t.known {
		return 0, false
	}
	return t.laid[rev-t.known-1], true
}

// has returns the revision of a record that is in the ledger already, or 0. If there is a trial, it asks the trial: a
// record that somebody else wrote after the trial was copied is judged like the records after it, and is found when
// it is written. It makes no trial, because a center whose records are all in the ledger needs none.
func (c *checks) has(rec *events.Record) uint64 {
	if t := c.trials[rec.Stream()]; t != nil {
		return t.copied.Has(rec.ID)
	}
	return c.l.register.Has(rec.Stream(), rec.ID)
}

// sameAs returns an error if the id of a record was used earlier in the files with other content.
func (c *checks) sameAs(at int64, rec *events.Record, sheet bool) error {
	e, err := c.spool.at(at)
	if err != nil {
		return err
	}
	first, err := events.DecodeEvent(e.Stored)
	if err != nil {
		return err
	}
	if !sameContent(&first.Record, rec, sheet) {
		return otherContent(&first.Record, rec, sheet, c.cfg.originOf(e.file, e.line).text())
	}
	return nil
}

// text returns the place where a record was read, for a message.
func (p Origin) text() text.Text {
	switch {
	case p.Sheet == 0:
		return text.Say("%s 第 %d 行", "%s, line %d", p.File, p.Line)
	case p.Worksheet == "":
		return text.Say("%s 第 %d 行", "%s, row %d", p.File, p.Line)
	}
	return text.Say("%s 工作表“%s”第 %d 行", "%s, worksheet “%s”, row %d", p.File, p.Worksheet, p.Line)
}

func (c *checks) runAhead(rec *events.Record, at int64) error {
	t := c.trial(rec)
	t.laid, t.lastOn = append(t.laid, at), max(t.lastOn, rec.On)
	return runAhead(t.copied, rec)
}

// trial returns the trial for the aggregate of a record.
func (c *checks) trial(rec *events.Record) *trial {
	t := c.trials[rec.Stream()]
	if t == nil {
		center := c.l.register.Clone(rec.Center)
		t = &trial{copied: center, known: center.Revision()}
		if c.cfg.DryRun {
			t.before = center.Clone()
		}
		c.trials[rec.Stream()] = t
	}
	return t
}

// sameTimeline reports whether two timelines have the same policies.
func sameTimeline(a, b policy.Timeline) bool {
	return slices.EqualFunc(a.Adopted(), b.Adopted(), func(p, q *policy.Policy) bool {
		return p.Digest() == q.Digest()
	})
}
