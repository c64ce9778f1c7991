package ledger

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// checks is the first part of an import: copies of the centers that the files touch run ahead over the good records,
// which are laid by with what the ledger adds to them.
type checks struct {
	l        *Ledger
	spool    *spool
	timeline policy.Timeline
	trials   map[events.CenterID]*trial
	adopted  map[uuid.UUID]int64 // where in the spool
	fresh    int                 // events in the spool
	files    []string
	names    map[events.CenterID]map[events.Name]events.Recorded // taken in the ledger; see named
}

// trial is the copy of one center and where in the spool the events are that run ahead of the ledger.
type trial struct {
	center  *aggregates.Center
	known   uint64
	laid    []int64 // the event of revision known + 1, and so on
	written uint64  // of those laid by
}

func newChecks(l *Ledger, s *spool, files []string) *checks {
	return &checks{l: l, spool: s, timeline: l.register.Timeline(), trials: map[events.CenterID]*trial{}, adopted: map[uuid.UUID]int64{},
		files: files, names: map[events.CenterID]map[events.Name]events.Recorded{}}
}

// add judges the record of a line and runs ahead with it; the answer "no" is an *aggregates.Refusal. Repeated says that the
// ledger or the files hold it already.
func (c *checks) add(ctx context.Context, from *line, rec *events.Record, account Account) (repeated bool, err error) {
	s := rec.Stream()
	if err := c.l.takes(s); err != nil {
		return false, err
	}
	if _, there, err := c.l.recorded(ctx, s, rec); there || err != nil {
		return there, err
	}
	if at, there := c.before(rec); there {
		return true, c.sameAs(at, rec)
	}
	v := c.judge(rec)
	_, body, err := draft(rec, &v, account)
	if err != nil {
		return false, err
	}
	at, err := c.spool.add(from, s, &events.Proposed{ID: rec.ID, Kind: rec.Kind, Body: body})
	if err != nil {
		return false, err
	}
	c.fresh++
	return false, c.runAhead(rec, at)
}

// before finds a record with the same id earlier in the files.
func (c *checks) before(rec *events.Record) (at int64, there bool) {
	if rec.Kind == events.KindPolicyAdopted {
		at, there = c.adopted[rec.ID]
		return at, there
	}
	t := c.trial(rec.Center)
	rev := t.center.Has(rec.ID)
	if rev <= t.known {
		return 0, false
	}
	return t.laid[rev-t.known-1], true
}

// sameAs refuses a record whose id was used earlier in the files with other content.
func (c *checks) sameAs(at int64, rec *events.Record) error {
	e, err := c.spool.at(at)
	if err != nil {
		return err
	}
	first, err := events.DecodeEvent(e.Stored)
	if err != nil {
		return err
	}
	if !sameContent(&first.Record, rec) {
		return otherContent(&first.Record, rec, text.Say("%s 第 %d 行", "%s, line %d", c.files[e.file], e.line))
	}
	return nil
}

func (c *checks) judge(rec *events.Record) aggregates.Verdict {
	if rec.Kind == events.KindPolicyAdopted {
		return judgeAdoption(rec, c.timeline)
	}
	return c.trial(rec.Center).center.Judge(rec, c.timeline)
}

func (c *checks) runAhead(rec *events.Record, at int64) error {
	if data, ok := rec.Data.(*events.PolicyAdopted); ok {
		p, problems := policy.Parse([]byte(data.Text))
		if len(problems) > 0 {
			return problems
		}
		c.timeline = c.timeline.With(p)
		c.adopted[rec.ID] = at
		return nil
	}
	t := c.trial(rec.Center)
	t.laid = append(t.laid, at)
	return runAhead(t.center, rec)
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

// sameTimeline says whether a ledger judges by the policies that a list was judged by.
func sameTimeline(a, b policy.Timeline) bool {
	return slices.EqualFunc(a.Adopted(), b.Adopted(), func(p, q *policy.Policy) bool { return p.Digest() == q.Digest() })
}
