package lists_test

import (
	"fmt"
	"testing"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/lists"
)

// questions returns questions for every list, with each value of each of its choices and flags.
func questions(on events.Date, since uint64) (all []lists.Question) {
	needed := map[string]string{"center": "ZJ-0001", "since": fmt.Sprint(since), "year": "2025", "scope": "province",
		"figure": "balance"}
	for _, l := range lists.Lists {
		base := map[string]string{}
		for _, p := range l.Params {
			if p.Must || p.Name == l.Argument {
				base[p.Name] = needed[p.Name]
			}
		}
		ask := func(name, value string) {
			q := lists.Question{List: l.Name, On: on, Params: map[string]string{}}
			for k, v := range base {
				q.Params[k] = v
			}
			if name != "" {
				q.Params[name] = value
			}
			if l.Name == "changes" && (name == "by" || value == "reported") {
				// they are for a comparison with a report
				q.Params["from-as-of"] = "2025-12-31"
			}
			all = append(all, q)
		}
		ask("", "")
		for _, p := range l.Params {
			for _, v := range p.Values.Codes() {
				ask(p.Name, v)
			}
			if p.Sort == lists.Flag {
				ask(p.Name, "true")
			}
		}
	}
	return all
}

func TestATableHasTheColumnsAndTypesThatWereKnownBeforeItWasAsked(t *testing.T) {
	d := historyDesk(t, provincePath(t))
	rows := map[string]int{}
	for _, q := range questions(events.MustDate("2026-08-31"), d.Register.Position()-300) {
		columns, err := q.Columns()
		if err != nil {
			t.Fatalf("%s %v: %v", q.List, q.Params, err)
		}
		answer, err := d.Ask(t.Context(), q)
		if err != nil {
			t.Fatalf("%s %v: %v", q.List, q.Params, err)
		}
		if len(answer.Columns) != len(columns) {
			t.Fatalf("%s %v: %d columns, %d announced", q.List, q.Params, len(answer.Columns), len(columns))
		}
		for i, c := range columns {
			if answer.Columns[i] != c {
				t.Errorf("%s %v: column %d is %+v, announced %+v", q.List, q.Params, i, answer.Columns[i], c)
			}
		}
		for _, row := range append(answer.Rows, answer.Totals...) {
			for i, cell := range row {
				if c := answer.Columns[i]; !c.Type.Holds(cell) {
					t.Fatalf("%s %v: column %s holds %#v", q.List, q.Params, c.Name, cell.Data)
				}
			}
		}
		rows[q.List] += len(answer.Rows)
	}
	for _, l := range lists.Lists {
		if rows[l.Name] == 0 && l.Name != "duplicates" {
			t.Errorf("%s: no row was seen, which shows nothing", l.Name)
		}
	}
}
