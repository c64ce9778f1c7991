package difference_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/difference"
	"github.com/taizhang/taizhang/events"
)

func alert(code, key, raisedOn, clearedOn string) aggregates.Alert {
	a := aggregates.Alert{Code: aggregates.Code(code), Key: key, RaisedOn: events.MustDate(raisedOn)}
	if clearedOn != "" {
		a.ClearedOn = events.MustDate(clearedOn)
	}
	return a
}

func TestWhatBecomesOfAnAlert(t *testing.T) {
	open := alert("AL-INC-02", "L1", "2025-03-01", "")
	cleared := alert("AL-INC-02", "L1", "2025-03-01", "2025-05-01")
	earlier := alert("AL-INC-02", "L1", "2025-03-01", "2025-04-01")
	other := alert("AL-INC-02", "L1", "2025-02-01", "")
	none := aggregates.Alert{}
	for _, c := range []struct {
		name          string
		before, after aggregates.Alert
		want          string // raised, cleared, withdrawn
	}{
		{"new", none, open, "[1 0 0]"},
		{"new and over", none, cleared, "[0 1 0]"},
		{"cleared", open, cleared, "[0 1 0]"},
		{"cleared on another day", cleared, earlier, "[0 1 0]"},
		{"open again", cleared, open, "[1 0 0]"},
		{"never was", open, none, "[0 0 1]"},
		{"never was, though cleared", cleared, none, "[0 0 1]"},
		{"raised on another day", open, other, "[1 0 1]"},
		{"the same", open, open, "[0 0 0]"},
		{"the same, cleared", cleared, cleared, "[0 0 0]"},
	} {
		list := func(a aggregates.Alert) (l []aggregates.Alert) {
			if a != none {
				l = append(l, a)
			}
			return l
		}
		d := difference.Of(&aggregates.Evaluation{Alerts: list(c.before)},
			&aggregates.Evaluation{Alerts: list(c.after)})
		if got := fmt.Sprint([]int{len(d.Raised()), len(d.Cleared()), len(d.Withdrawn())}); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

// Applying the difference to the evaluation before must give the evaluation after.
func TestADifferenceLeadsFromOneEvaluationToTheOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before, after := drawn(t, "before"), drawn(t, "after")
		d := difference.Of(before, after)
		alerts, money := slices.Clone(before.Alerts), slices.Clone(before.Executions)
		for _, m := range d.Alerts {
			alerts = slices.DeleteFunc(alerts, func(a aggregates.Alert) bool {
				return difference.AlertIDOf(a) == difference.AlertIDOf(m.Either())
			})
			if m.After != nil {
				alerts = append(alerts, *m.After)
			}
		}
		slices.SortFunc(alerts, aggregates.CompareAlerts)
		for _, m := range d.Money {
			money = slices.DeleteFunc(money, func(x aggregates.Execution) bool {
				return x.Year == m.After.Year && x.Scope == m.After.Scope
			})
			if !m.After.IsZero() {
				money = append(money, m.After)
			}
		}
		slices.SortFunc(money, func(a, b aggregates.Execution) int { return a.Year - b.Year })
		if !slices.Equal(alerts, after.Alerts) || !slices.Equal(money, after.Executions) {
			t.Fatalf("from %+v by %+v\ngot  %+v %+v\nwant %+v", before, d, alerts, money, after)
		}
		if same := difference.Of(after, after); !same.IsZero() {
			t.Fatalf("an evaluation differs from itself by %+v", same)
		}
	})
}

func drawn(t *rapid.T, name string) *aggregates.Evaluation {
	e := &aggregates.Evaluation{}
	for _, key := range []string{"A", "B"} {
		for _, day := range []string{"2025-01-01", "2025-02-01"} {
			switch rapid.IntRange(0, 3).Draw(t, name+key+day) {
			case 0:
				e.Alerts = append(e.Alerts, alert("AL-USE-01", key, day, ""))
			case 1:
				e.Alerts = append(e.Alerts, alert("AL-USE-01", key, day, "2025-03-01"))
			case 2:
				e.Alerts = append(e.Alerts, alert("AL-USE-01", key, day, "2025-04-01"))
			}
		}
	}
	slices.SortFunc(e.Alerts, aggregates.CompareAlerts)
	for year := 2024; year < 2027; year++ {
		if amount := events.Fen(rapid.IntRange(0, 3).Draw(t, fmt.Sprint(name, year))); amount > 0 {
			e.Executions = append(e.Executions, aggregates.Execution{
				Year: year, Scope: aggregates.ProvinceScope, Money: aggregates.Money{GrantedFen: amount}})
		}
	}
	return e
}
