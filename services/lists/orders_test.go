package lists_test

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// withColumns returns questions for every list, one for each set of columns that its answers may have.
func withColumns(t *testing.T, on events.Date, since uint64) (all []lists.Question) {
	seen := map[string]bool{}
	for _, q := range append(questions(on, since),
		lists.Question{List: "changes", On: on, Params: map[string]string{
			"since": fmt.Sprint(since), "from-as-of": "2025-06-30", "show": "records"}}) {
		columns, err := q.Columns()
		if err != nil {
			t.Fatalf("%s %v: %v", q.List, q.Params, err)
		}
		if q.Params["center"] != "" {
			q.Params["center"] = "FZ-0020"
		}
		if q.List == "sample" {
			q.Params["year"] = "2024"
		}
		isLong := q.Params["show"] == "reported" // its columns are those of the records that it is compared with
		if key := fmt.Sprint(q.List, columns); !seen[key] && q.Params["unit"] == "" && !isLong {
			seen[key] = true
			all = append(all, q)
		}
	}
	return all
}

// fewOfEdges matches the lines of five centers.
var fewOfEdges = regexp.MustCompile(`"center":"FZ-002[0-4]"`)

// someOfEdges returns the path of the history of a few centers of edgesPath.
func someOfEdges(t *testing.T) string {
	t.Helper()
	whole, err := os.ReadFile(edgesPath)
	if err != nil {
		t.Fatal(err)
	}
	var some []string
	for line := range strings.Lines(string(whole)) {
		if !strings.Contains(line, `"center":"FZ-`) || fewOfEdges.MatchString(line) {
			some = append(some, strings.TrimSpace(line))
		}
	}
	return historyFile(t, some...)
}

// ordered returns a question with an order.
func ordered(q lists.Question, order string) lists.Question {
	q.Params = maps.Clone(q.Params)
	q.Params["sort"] = order
	return q
}

// inCells sorts rows by the cells of a column as a program reads them: empty ones last in both directions, and rows
// with equal cells in the order in which they were.
func inCells(c table.Column, at int, desc bool, rows [][]table.Cell) [][]table.Cell {
	compare := func(a, b string) int {
		if c.Name == "severity" {
			levels := []string{"red", "yellow", "blue"}
			return cmp.Compare(slices.Index(levels, a), slices.Index(levels, b))
		}
		x, errX := strconv.ParseFloat(a, 64)
		y, errY := strconv.ParseFloat(b, 64)
		if c.Type.Right() && errX == nil && errY == nil {
			return cmp.Compare(x, y)
		}
		return cmp.Compare(a, b)
	}
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(x, y []table.Cell) int {
		a, b := x[at].CSV(), y[at].CSV()
		switch {
		case c.Type == table.Bool, a != "" && b != "":
			if desc {
				a, b = b, a
			}
			return compare(a, b)
		case a == b:
			return 0
		case a == "":
			return 1
		}
		return -1
	})
	return rows
}

// written returns rows as a program reads them.
func written(t *testing.T, columns []table.Column, rows [][]table.Cell) string {
	t.Helper()
	var b bytes.Buffer
	if err := (&table.Table{Columns: columns, Rows: rows}).WriteCSV(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestEveryListIsSortedByEachColumnInBothDirections(t *testing.T) {
	d := historyDesk(t, someOfEdges(t))
	moved := map[string]int{}
	for _, q := range withColumns(t, events.MustDate("2026-08-31"), d.Register.Position()-10) {
		if q.Params["from-as-of"] != "" && q.Params["by"] != "total" {
			continue // they take long, and are sorted as the others are
		}
		plain, err := d.Ask(t.Context(), q)
		if err != nil {
			t.Fatalf("%s %v: %v", q.List, q.Params, err)
		}
		unsorted := written(t, plain.Columns, plain.Rows)
		for at, c := range plain.Columns {
			if c.Name == "" || c.Title == (text.Text{}) {
				continue
			}
			for _, order := range []string{c.Name, c.Name + "-desc"} {
				asked := ordered(q, order)
				if p := lists.Find(q.List).Params; slices.ContainsFunc(p, func(p lists.Param) bool {
					return p.Name == "sort" && p.Values.Has(order)
				}) {
					continue // an order of the list itself
				}
				got, err := d.Ask(t.Context(), asked)
				if err != nil {
					t.Fatalf("%s %v: %v", q.List, asked.Params, err)
				}
				want := written(t, plain.Columns, inCells(c, at, order != c.Name, plain.Rows))
				if is := written(t, got.Columns, got.Rows); is != want {
					t.Errorf("%s %v: expected\n%s\ngot\n%s", q.List, asked.Params, want, is)
				}
				if fmt.Sprint(got.Title, got.Totals, got.Notes, got.Missing) !=
					fmt.Sprint(plain.Title, plain.Totals, plain.Notes, plain.Missing) {
					t.Errorf("%s %v: another title, other totals or other notes", q.List, asked.Params)
				}
				if want != unsorted {
					moved[q.List]++
				}
				if order == c.Name {
					continue // one direction shows that pages are parts of the answer
				}
				encoded, _, err := d.AnswerSeeing(t.Context(), asked, inJSON, nil)
				if err != nil {
					t.Fatalf("%s %v: %v", q.List, asked.Params, err)
				}
				sameAsTable(t, inJSON, encoded, got)
			}
		}
	}
	for _, l := range lists.Lists {
		if moved[l.Name] == 0 && l.Name != "duplicates" {
			t.Errorf("%s: no order is another than its own, which shows nothing", l.Name)
		}
	}
}

func TestEveryWordOfAnOrderIsReadAsItsCode(t *testing.T) {
	for _, q := range withColumns(t, historyEnd, 1) {
		orders, err := q.Orders()
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range orders {
			for _, typed := range []string{o.Code, o.Word.Zh, o.Word.En, wide(o.Code), wide(o.Word.Zh)} {
				read, _, err := ordered(q, typed).Read()
				if err != nil || read.Params["sort"] != o.Code {
					t.Errorf("%s %v: %q stands for %s and is read as %q, %v", q.List, q.Params, typed, o.Code,
						read.Params["sort"], err)
				}
			}
		}
	}
	for typed, want := range map[string]string{"执行率": "rate", "执行率降序": "ratePercent-desc", "ratePercent": "ratePercent",
		"执行率升序": "ratePercent", "结余": "balance", "下达降序": "grantedFen-desc", "名称": "name", "code": "code",
		"GRANTEDFEN-DESC": "grantedFen-desc", "grantedFen-asc": "grantedFen"} {
		q, _, err := lists.Question{List: "execution", Params: map[string]string{"sort": typed}}.Read()
		if err != nil || q.Params["sort"] != want {
			t.Errorf("%s: expected %s, got %q, %v", typed, want, q.Params["sort"], err)
		}
	}
}

func TestAColumnThatIsNotThereIsNoOrder(t *testing.T) {
	for _, c := range []struct{ by, typed, zh, en string }{
		{"center", "city", "没有“city”这种排序，应为：编号、执行率低的在前、结余大的在前、中心、年度、",
			`there is no order "city"; it must be one of: code, rate, balance, center, fiscalYear, `},
		{"total", "center-desc", "结余大的在前、年度、", "code, rate, balance, fiscalYear, "},
	} {
		_, _, err := lists.Question{List: "execution", Params: map[string]string{"by": c.by, "sort": c.typed}}.Read()
		var bad *text.Error
		if !errors.As(err, &bad) || bad.Param != "sort" || !strings.Contains(bad.What.Zh, c.zh) ||
			!strings.Contains(bad.What.En, c.en) {
			t.Errorf("%s: got %+v", c.typed, err)
		}
	}
}
