package ledger

import (
	"context"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// checks is the state of the first pass: copies of the centers that the files touch, run ahead over the good records.
type checks struct {
	l        *Ledger
	files    []string
	timeline policy.Timeline
	trials   map[events.CenterID]*trial
	adopted  map[uuid.UUID]spot
	fresh    int // good records that are not in the ledger
}

// trial is the copy of one center and where in the files the records run ahead of the ledger lie.
type trial struct {
	center *aggregates.Center
	known  uint64
	spots  []spot // of revision known + 1, and so on
}

func newChecks(l *Ledger, files []string) *checks {
	return &checks{l: l, files: files, timeline: l.register.Timeline(), trials: map[events.CenterID]*trial{}, adopted: map[uuid.UUID]spot{}}
}

// add judges one record and runs ahead with it; the answer "no" is an *aggregates.Refusal. Repeated says that the
// ledger or the files hold it already.
func (c *checks) add(ctx context.Context, ln *line, account Account) (repeated bool, err error) {
	rec := ln.rec
	s := rec.Stream()
	if err := c.l.takes(s); err != nil {
		return false, err
	}
	if _, there, err := c.l.recorded(ctx, s, rec); there || err != nil {
		return there, err
	}
	if at, there := c.before(rec); there {
		first, err := lineAt(c.files[at.file], at)
		if err == nil && !sameContent(first, rec) {
			err = otherContent()
		}
		return err == nil, err
	}
	v := c.judge(rec)
	if _, _, err := draft(rec, &v, account); err != nil {
		return false, err
	}
	c.fresh++
	return false, c.runAhead(ln)
}

// before finds a record with the same id earlier in the files.
func (c *checks) before(rec *events.Record) (spot, bool) {
	if rec.Kind == events.KindPolicyAdopted {
		at, there := c.adopted[rec.ID]
		return at, there
	}
	t := c.trial(rec.Center)
	rev := t.center.Has(rec.ID)
	if rev <= t.known {
		return spot{}, false
	}
	return t.spots[rev-t.known-1], true
}

func (c *checks) judge(rec *events.Record) aggregates.Verdict {
	if rec.Kind == events.KindPolicyAdopted {
		return judgeAdoption(rec, c.timeline)
	}
	return c.trial(rec.Center).center.Judge(rec, c.timeline)
}

func (c *checks) runAhead(ln *line) error {
	if data, ok := ln.rec.Data.(*events.PolicyAdopted); ok {
		p, problems := policy.Parse([]byte(data.Text))
		if len(problems) > 0 {
			return problems
		}
		c.timeline = c.timeline.With(p)
		c.adopted[ln.rec.ID] = ln.spot
		return nil
	}
	t := c.trial(ln.rec.Center)
	t.spots = append(t.spots, ln.spot)
	return runAhead(t.center, ln.rec)
}

func (c *checks) trial(id events.CenterID) *trial {
	t := c.trials[id]
	if t == nil {
		t = &trial{center: c.l.register.Clone(id)}
		t.known = t.center.Revision()
		c.trials[id] = t
	}
	return t
}
