package projections_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/projections"
)

func TestExplainingAllExplainsTheAlertsOfTheEvaluation(t *testing.T) {
	for _, file := range []string{"zhejiang-2026/history.jsonl.gz", "edges/history.jsonl", "ahead/history.jsonl"} {
		l, r := golden(t, file), projections.NewRegister()
		l.broken("", "of no center")
		l.broken("", "another")
		l.broken(l.list[1].Center, "of the first center")
		for _, rec := range l.list {
			apply(r, rec)
		}
		broken := 0
		for _, day := range []string{"2024-06-30", "2025-06-30", "2025-12-31", "2026-08-31", "2026-11-01",
			"2028-12-31"} {
			on, explained := events.MustDate(day), 0
			for _, id := range append(r.IDs(), "") {
				explained += allExplained(t, r, id, on)
			}
			broken += len(r.Explain("", on, aggregates.LedgerBroken, "", 0))
			if want := len(slices.Collect(r.Alerts(on, projections.AlertFilter{All: true}))); explained != want ||
				want == 0 {
				t.Errorf("%s as of %s: %d alerts are explained of %d", file, day, explained, want)
			}
		}
		if broken != 4 { // two on each of the two days after they were recorded
			t.Errorf("%s: %d breaks of no center are explained", file, broken)
		}
	}
}

func TestExplainingAllOfASimulatedCenterExplainsTheEvaluation(t *testing.T) {
	l := simulated(t, 6, 3000)
	rapid.Check(t, func(t *rapid.T) {
		r, known := projections.NewRegister(), rapid.IntRange(0, len(l.list)).Draw(t, "known")
		// so that a revision is missing
		left := rapid.SliceOfN(rapid.IntRange(0, len(l.list)), 0, 3).Draw(t, "left out")
		for i, rec := range l.list[:known] {
			if !slices.Contains(left, i) {
				apply(r, rec)
			}
		}
		on := events.MustDate("2024-05-01") + events.Date(rapid.IntRange(0, 1500).Draw(t, "day"))
		for _, id := range append(r.IDs(), "", "ZJ-9999") {
			allExplained(t, r, id, on)
		}
	})
}

type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// allExplained fails unless the explanations of a center match its alerts one by one. It returns their number.
func allExplained(t failer, r *projections.Register, id events.CenterID, on events.Date) int {
	t.Helper()
	var want, got []aggregates.Alert
	if id == "" {
		for a := range r.Alerts(on, projections.AlertFilter{All: true}) {
			if a.Center == "" {
				want = append(want, a.Alert)
			}
		}
	} else if e := r.Evaluation(id, on); e != nil {
		want = e.Alerts
	}
	for _, x := range r.Explain(id, on, "", "", 0) {
		if len(x.Because) == 0 || x.Cleared.Zh == "" || x.Cleared.En == "" ||
			(x.Policy == nil) != (x.Code == aggregates.LedgerBroken) {
			t.Fatalf("%s as of %v: %+v", id, on, x)
		}
		got = append(got, x.Alert)
	}
	if !slices.Equal(got, want) || !slices.IsSortedFunc(got, aggregates.CompareAlerts) {
		t.Fatalf("%s as of %v is explained by\n%+v\nwant\n%+v", id, on, got, want)
	}
	return len(got)
}

func TestExplainingSomeExplainsThoseOfAll(t *testing.T) {
	l, r := golden(t, "edges/history.jsonl"), projections.NewRegister()
	l.broken(l.list[1].Center, "of the first center")
	for _, rec := range l.list {
		apply(r, rec)
	}
	on := events.MustDate("2026-11-01")
	for _, id := range r.IDs() {
		all := r.Explain(id, on, "", "", 0)
		for _, x := range all {
			want := slices.DeleteFunc(slices.Clone(all), func(o aggregates.Explanation) bool {
				return o.Code != x.Code || x.Key != "" && o.Key != x.Key || o.RaisedOn != x.RaisedOn
			})
			if got := r.Explain(id, on, x.Code, x.Key, x.RaisedOn); fmt.Sprintf("%+v",
				got) != fmt.Sprintf("%+v", want) {
				t.Fatalf("%s %s %q %v is explained by\n%+v\nwant\n%+v", id, x.Code, x.Key, x.RaisedOn, got, want)
			}
		}
	}
}
