package aggregates_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
)

func TestEveryAlertHasAnOffice(t *testing.T) {
	for _, row := range aggregates.AlertCatalog {
		if aggregates.Office(row.Code) == "" {
			t.Errorf("%s has none", row.Code)
		}
	}
	if got := aggregates.Office("AL-NIL-01"); got != "" {
		t.Errorf("an unknown code has %s", got)
	}
}

// happenedBy returns a center with only the records that had happened by a date and are never voided. It returns nil
// if one of them names a project or task book of a later date, because such a record is refused.
func happenedBy(t *testing.T, log []*events.Recorded, on events.Date) *aggregates.Center {
	t.Helper()
	c := aggregates.NewCenter(log[0].Center)
	for _, r := range standingBy(log, on) {
		if v := c.Judge(&r.Record, draft); len(v.Nonsense) > 0 {
			return nil
		}
		if err := c.Apply(r); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// standingBy lists the records of a log that happened by a date and are never voided, as a new log.
func standingBy(log []*events.Recorded, on events.Date) (kept []*events.Recorded) {
	gone := map[string]bool{}
	for _, r := range log {
		if v, ok := r.Data.(*events.EntryVoided); ok {
			gone[v.Event], gone[r.ID.String()] = true, true
		}
	}
	for _, r := range log {
		if r.On <= on && !gone[r.ID.String()] {
			one := *r
			one.Revision = uint64(len(kept) + 1)
			kept = append(kept, &one)
		}
	}
	return kept
}

// The test compares Foreseen with the alerts of each following day, in a center that has only the records up to the
// date.
func TestForeseenIsWhatEachDayToComeWouldShow(t *testing.T) {
	const days = 35
	identity := func(a aggregates.Alert) string { return fmt.Sprint(a.Code, " ", a.Key, " ", a.RaisedOn) }
	seen := 0
	for _, file := range []string{"ahead/history.jsonl", "edges/history.jsonl", "zhejiang-2026/history.jsonl.gz"} {
		for id, log := range logs(t, file) {
			c := told(t, log, len(log))
			for _, day := range []string{"2025-12-05", "2026-09-20"} {
				on := date(day)
				then := happenedBy(t, log, on)
				if then == nil {
					continue
				}
				var known, want, got []string
				for _, a := range then.Evaluate(draft, on).Alerts {
					known = append(known, identity(a))
				}
				for d := on + 1; d <= on+days; d++ {
					for _, a := range then.Evaluate(draft, d).Alerts {
						if !slices.Contains(known, identity(a)) {
							known, want = append(known, identity(a)), append(want, identity(a))
						}
					}
				}
				for _, a := range c.Foreseen(draft, on, on+days) {
					got = append(got, identity(a))
				}
				slices.Sort(want)
				slices.Sort(got)
				if !slices.Equal(got, want) {
					t.Errorf("%s as of %s: got %q, want %q", id, day, got, want)
				}
				seen += len(got)
			}
		}
	}
	if seen == 0 {
		t.Error("nothing was foreseen")
	}
}

func TestWhatHappensLaterIsNotForeseen(t *testing.T) {
	h := active().and(on("2025-01-10", other("G1", 2025, 100*wan)))
	day := date("2025-03-01")
	for _, c := range []struct {
		name  string
		later fact
	}{
		{"a receipt on the next day does not count yet", on("2025-03-02", receive("G1", 100*wan))},
		{"a receipt after the days asked about does not count", on("2025-05-02", receive("G1", 100*wan))},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := given(t, draft, h.and(c.later)).center.Foreseen(draft, day, day+30)
			if !slices.ContainsFunc(got, func(a aggregates.Alert) bool {
				return a.Code == "AL-FND-01" && a.RaisedOn == date("2025-03-12")
			}) {
				t.Errorf("got %+v", got)
			}
		})
	}
	got := given(t, draft, h.and(on("2025-03-01", receive("G1", 100*wan)))).center.Foreseen(draft, day, day+30)
	if slices.ContainsFunc(got, func(a aggregates.Alert) bool { return a.Code == "AL-FND-01" }) {
		t.Error("a receipt on the day itself does not count")
	}
}

// The test pays a fen of each grant on the first day on which that can raise AL-EXE-05.
func TestTheNextReceiptOpensWhatIsToOpenWithIt(t *testing.T) {
	const days = 60
	opened := 0
	for _, file := range []string{"ahead/history.jsonl", "edges/history.jsonl"} {
		for id, log := range logs(t, file) {
			c := told(t, log, len(log))
			for _, day := range []string{"2024-12-05", "2025-12-31", "2026-01-20"} {
				on := date(day)
				then := happenedBy(t, log, on)
				if then == nil {
					continue
				}
				var got, want []string
				for _, a := range c.OpensWithReceipt(draft, on, on+days) {
					got = append(got, fmt.Sprint(a.Key, " ", a.RaisedOn, " ", a.Severity))
				}
				words, revoked := map[int]bool{}, false
				for _, r := range standingBy(log, on) {
					switch p := r.Data.(type) {
					case *events.AllocationDeferred:
						words[p.FiscalYear] = true
					case *events.DeferralReleased:
						words[p.FiscalYear] = true
					case *events.QualificationRevoked:
						revoked = true
					}
				}
				for _, r := range standingBy(log, on) {
					g, ok := r.Data.(*events.SubsidyGranted)
					if !ok || words[g.FiscalYear] || revoked {
						continue
					}
					first := max(on, events.YearEnd(g.FiscalYear-1)) + 1
					if a := paidAFen(t, then, g.Grant, first); a != nil && first <= on+days {
						want = append(want, fmt.Sprint(a.Key, " ", a.RaisedOn, " ", a.Severity))
					}
				}
				slices.Sort(got)
				slices.Sort(want)
				if !slices.Equal(got, want) {
					t.Errorf("%s as of %s: got %q, want %q", id, day, got, want)
				}
				opened += len(got)
			}
		}
	}
	if opened == 0 {
		t.Error("nothing opens")
	}
}

// paidAFen returns the alert AL-EXE-05 that a receipt of one fen of a grant raises on a date. It returns nil if the
// receipt raises none or the grant is paid in full.
func paidAFen(t *testing.T, c *aggregates.Center, grant string, on events.Date) *aggregates.Alert {
	t.Helper()
	rec := events.Record{ID: idOf("a fen received"), Kind: events.KindSubsidyReceived, Center: c.ID(), On: on,
		By: events.By{Role: events.CenterRole, Actor: "x"}, Data: receive(grant, 1)}
	if v := c.Judge(&rec, draft); len(v.Nonsense) > 0 {
		return nil
	}
	c = c.Clone()
	if err := c.Apply(&events.Recorded{Record: rec, Revision: c.Revision() + 1}); err != nil {
		t.Fatal(err)
	}
	for _, a := range c.Evaluate(draft, on).Alerts {
		if a.Code == "AL-EXE-05" && a.Key == grant && a.RaisedOn == on {
			return &a
		}
	}
	return nil
}

// lowWith reports whether the year is low on its last day if an additional amount is spent on a main use on a date.
func lowWith(t reporter, c *aggregates.Center, grant string, on events.Date, amount events.Fen) bool {
	t.Helper()
	c = c.Clone()
	if amount > 0 {
		rec := events.Record{ID: idOf("what is still to be spent"), Kind: events.KindFundsSpent,
			Center: c.ID(), On: on,
			By:   events.By{Role: events.CenterRole, Actor: "x"},
			Data: spend("still to be spent", "pilot", grant, amount)}
		if err := c.Apply(&events.Recorded{Record: rec, Revision: c.Revision() + 1}); err != nil {
			t.Fatal(err)
		}
	}
	for _, e := range c.Evaluate(draft, events.YearEnd(on.Year())).Executions {
		if e.Year == on.Year() && e.Scope == aggregates.ProvinceScope {
			return e.Low
		}
	}
	return false
}

// smallest checks that a shortfall is the smallest amount that keeps the year from being low.
func smallest(t reporter, c *aggregates.Center, s aggregates.Shortfall, low bool, grant string, on events.Date) {
	t.Helper()
	switch {
	case !low && lowWith(t, c, grant, on, 0):
		t.Fatalf("%s as of %v: low, and nothing is to be spent", c.ID(), on)
	case !low:
	case s.ToSpendFen <= 0:
		t.Fatalf("%s as of %v: %d fen to spend", c.ID(), on, s.ToSpendFen)
	case lowWith(t, c, grant, on, s.ToSpendFen):
		t.Fatalf("%s as of %v: low with all of %d fen", c.ID(), on, s.ToSpendFen)
	case !lowWith(t, c, grant, on, s.ToSpendFen-1):
		t.Fatalf("%s as of %v: not low with a fen less than %d", c.ID(), on, s.ToSpendFen)
	}
}

func TestAFenLessThanTheShortfallLeavesTheYearLow(t *testing.T) {
	short := 0
	for id, log := range logs(t, "zhejiang-2026/history.jsonl.gz") {
		c := told(t, log, len(log))
		grants := map[string]events.Date{}
		for _, r := range log {
			if g, ok := r.Data.(*events.SubsidyGranted); ok && g.Source != events.CentralGuidance {
				grants[g.Grant] = r.On
			}
		}
		for _, day := range []string{"2024-11-30", "2025-06-30", "2025-12-31", "2026-10-31"} {
			on, grant := date(day), ""
			then := happenedBy(t, log, on)
			if then == nil {
				continue
			}
			for g, since := range grants {
				if _, there := then.Balances()[g]; there && since <= on {
					grant = g
				}
			}
			s, low := c.Shortfall(draft, on)
			if low && grant == "" {
				t.Fatalf("%s as of %s: short of %d fen without a grant", id, day, s.ToSpendFen)
			}
			if smallest(t, then, s, low, grant, on); low {
				short++
			}
		}
	}
	if short < 20 {
		t.Errorf("%d years fall short", short)
	}
}

func TestTheShortfallIsExactForAnyAmounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := []events.Fen{3, 1000, 7_777_777, 1e13}[rapid.IntRange(0, 3).Draw(t, "size")]
		amount := func(name string) events.Fen { return events.Fen(rapid.Int64Range(1, int64(most)).Draw(t, name)) }
		uses := rapid.SampledFrom([]events.Use{"pilot", "operation", "fine"})
		h := active().and(on("2025-01-10", other("G1", 2025, 1e13)), on("2025-01-10", other("G2", 2025, 1e13)),
			on("2025-03-01", receive("G1", amount("early"))))
		if rapid.Bool().Draw(t, "some came late") {
			h = h.and(on("2025-10-20", receive("G2", amount("late"))))
		}
		for i := range rapid.IntRange(0, 3).Draw(t, "vouchers") {
			h = h.and(on("2025-05-01", spend(fmt.Sprint("V", i), uses.Draw(t, "use"), "G1", amount("spent"))))
		}
		c, day := given(t, draft, h).center, date("2025-11-20")
		s, low := c.Shortfall(draft, day)
		smallest(t, c, s, low, "G1", day)
	})
}
