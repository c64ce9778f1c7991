package ledger

import (
	"maps"
	"slices"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/difference"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// moving holds the answers about one center before and after the records of an import.
type moving struct {
	on            events.Date
	before, after *aggregates.Evaluation
}

// foresee computes, before anything is written, the changes that the good records of a run will make in each center.
// before is the timeline that judged before them. Records that an earlier run wrote count too.
func (im *importer) foresee(before policy.Timeline) {
	if im.Moves == nil {
		return
	}
	after := im.checks.policies.Timeline()
	for s, t := range im.checks.trials {
		center, ok := t.copied.(*aggregates.Center)
		if !ok || len(t.laid) == 0 {
			continue
		}
		m := im.moving[s]
		if m == nil {
			m = &moving{on: max(im.AsOf, t.lastOn)}
			if im.DryRun {
				m.before = t.before.Evaluate(before, m.on)
			} else {
				m.before = im.now(center.ID(), m.on)
			}
			im.moving[s] = m
		}
		m.after = center.Evaluate(after, m.on)
	}
}

// settle compares again the centers in which some records were not written as they were judged.
func (im *importer) settle() {
	for s, t := range im.checks.trials {
		m := im.moving[s]
		if m == nil || !t.moved && t.written == uint64(len(t.laid)) {
			continue
		}
		id, _ := s.Center()
		m.after = im.now(id, m.on)
	}
}

// now returns the present answers of the ledger about a center.
func (im *importer) now(id events.CenterID, on events.Date) *aggregates.Evaluation {
	if e := im.l.register.Evaluation(id, on); e != nil {
		return e
	}
	return &aggregates.Evaluation{On: on} // the center has no event
}

// callMoves calls Moves for each center with changes.
func (im *importer) callMoves() {
	for _, s := range slices.Sorted(maps.Keys(im.moving)) {
		m := im.moving[s]
		id, _ := s.Center()
		im.Moves(CenterMoves{id, m.on, difference.Of(m.before, m.after)})
	}
}

// balances returns the balances of the center of a record after all records judged so far, as of a date, or as of the
// date of the record if that is later.
func (c *checks) balances(rec *events.Record, asOf events.Date) map[string]events.Fen {
	center, ok := c.trial(rec).copied.(*aggregates.Center)
	if !ok {
		return nil
	}
	return center.BalancesOn(max(asOf, rec.On))
}

// changed returns the balances that differ, in the order of the grants and matches.
func changed(before, after map[string]events.Fen) (list []Balance) {
	for _, grant := range slices.Sorted(maps.Keys(after)) {
		if before[grant] != after[grant] {
			list = append(list, Balance{grant, before[grant], after[grant]})
		}
	}
	return list
}
