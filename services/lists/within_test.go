package lists_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/lists"
)

// The test asks every list that is restricted to some centers. Its answer must be that of a register without the other
// centers, found by what each center is.
func TestAListOfSomeCentersIsThatOfALedgerWithoutTheOthers(t *testing.T) {
	d := historyDesk(t, someOfEdges(t))
	on := events.MustDate("2026-08-31")
	region := d.Register.Facts("FZ-0020", on).Region[:4]
	part := []rune(d.Register.Facts("FZ-0021", on).Name)
	wants := map[string]func(events.CenterID) bool{
		"region=" + region: func(id events.CenterID) bool {
			return strings.HasPrefix(d.Register.Facts(id, on).Region, region)
		},
		"name=" + string(part[len(part)-4:]): func(id events.CenterID) bool {
			return strings.HasSuffix(d.Register.Facts(id, on).Name, string(part[len(part)-4:]))
		},
		"status=active": func(id events.CenterID) bool {
			c, ok := d.Register.Center(id, on)
			return ok && c.Status == "active"
		},
	}
	asked := map[string]int{}
	for _, q := range withColumns(t, on, 1) {
		for filter, sees := range wants {
			name, value, _ := strings.Cut(filter, "=")
			if !hasParam(q.List, name) {
				continue
			}
			without := *d
			without.Register = d.Register.Within(sees)
			want, err := without.Ask(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			q := q
			q.Params = maps.Clone(q.Params)
			q.Params[name] = value
			got, err := d.Ask(t.Context(), q)
			if err != nil {
				t.Fatalf("%s %v: %v", q.List, q.Params, err)
			}
			if is, expected := written(t, got.Columns, got.Rows), written(t, want.Columns, want.Rows); q.List != "find" &&
				is != expected || fmt.Sprint(got.Totals) != fmt.Sprint(want.Totals) {
				t.Errorf("%s %v: expected\n%s\ngot\n%s", q.List, q.Params, expected, is)
			}
			if notes := fmt.Sprint(got.Notes); !strings.Contains(notes, "Only centers ") {
				t.Errorf("%s %v: the notes are %s", q.List, q.Params, notes)
			}
			encoded, _, err := d.AnswerSeeing(t.Context(), q, inJSON, nil)
			if err != nil {
				t.Fatal(err)
			}
			sameAsTable(t, inJSON, encoded, got)
			if len(got.Rows) > 0 {
				asked[name]++
			}
		}
	}
	if asked["region"] < 9 || asked["name"] < 3 || asked["status"] < 1 {
		t.Errorf("answers with rows: %v", asked)
	}
}

func hasParam(list, name string) bool {
	for _, p := range lists.Find(list).Params {
		if p.Name == name {
			return true
		}
	}
	return false
}

func TestARowIsListedForTheOfficeTheStateAndTheRateThatAreAskedFor(t *testing.T) {
	d := historyDesk(t, someOfEdges(t))
	for _, c := range []struct{ list, params, name, column, value string }{
		{"alerts", "all=true", "office", "", ""}, {"delayed", "", "office", "office", ""},
		{"deferrals", "all=true", "state", "state", ""}, {"execution", "", "low", "low", "yes"},
	} {
		all, _ := answered(t, d, c.list, c.params)
		count := 0
		values := []string{"true"}
		for _, p := range lists.Find(c.list).Params {
			if p.Name == c.name && len(p.Values) > 0 {
				values = p.Values.Codes()
			}
		}
		for _, v := range values {
			rows, _ := answered(t, d, c.list, c.params+";"+c.name+"="+v)
			count += len(rows)
			for _, row := range rows {
				if want := map[bool]string{true: "yes", false: v}[v == "true"]; c.column != "" && row[c.column] != want {
					t.Errorf("%s with %s=%s has the row %v", c.list, c.name, v, row)
				}
			}
		}
		want := len(all)
		if c.name == "low" {
			want = 0
			for _, row := range all {
				if row["low"] == "yes" {
					want++
				}
			}
		}
		if count != want || want == 0 {
			t.Errorf("%s: %d rows for all values of %s, expected %d", c.list, count, c.name, want)
		}
	}
}

func TestARegionIsReadByItsNameAndItsCode(t *testing.T) {
	for typed, want := range map[string]string{"杭州市": "3301", "330100": "3301", "3301": "3301", "浙江省": "33", "33": "33",
		"西湖区": "330106", "杭州市西湖区": "330106", "330106": "330106", "３３０１": "3301",
		"杭洲市": "", "330": "", "3399": "", "99": "", "330199": ""} {
		q, _, err := lists.Question{List: "execution", Params: map[string]string{"region": typed}}.Read()
		if (err == nil) != (want != "") || err == nil && q.Params["region"] != want {
			t.Errorf("%s: expected %q, got %q, %v", typed, want, q.Params["region"], err)
		}
	}
	d := historyDesk(t, someOfEdges(t))
	_, err := d.Ask(t.Context(), lists.Question{List: "alerts", On: historyEnd,
		Params: map[string]string{"center": "FZ-0020", "region": "11"}})
	if err == nil || text.Of(err).En != "FZ-0020 is none of them: Only centers in the region 11 北京市." {
		t.Errorf("a center outside of the region: %v", err)
	}
	if projections.RegionName("110000") != "北京市" {
		t.Error("the region has another name")
	}
}
