package table

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// narrow is a table that no narrow terminal has room for.
func narrow() *Table {
	t := &Table{Columns: []Column{
		{Name: "center", Title: text.Say("中心", "center")},
		{Name: "name", Title: text.Say("名称", "name"), Minor: 1},
		{Name: "before", Title: text.Say("上年", "before"), Type: Money},
		{Name: "now", Title: text.Say("本年", "now"), Type: Money},
		{Name: "note", Title: text.Say("说明", "note")},
		{Name: "id", Title: text.Say("编号", "id"), Minor: 2},
	}, Rows: [][]Cell{
		{Text("ZJ-0001"), Text("浙江省海洋工程装备产业技术转移转化中心"), Fen(0), Fen(123456789),
			Text("a text in words that is long enough to be cut"), Text("0193a6b2-0000-7000-8000-00000000abcd")},
		{Text("ZJ-0002"), Text("甲"), Fen(0), Fen(5), Text(""), Text("0193a6b2-0000-7000-8000-00000000abce")},
	}}
	t.Total(map[string]events.Fen{"before": 0, "now": 123456794})
	return t
}

func fitted(t *testing.T, from *Table, columns int) string {
	t.Helper()
	var b strings.Builder
	if err := from.WriteFitted(&b, "en", Screen{columns, "all"}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestATableFitsTheTerminalByTheRules(t *testing.T) {
	whole := fitted(t, narrow(), 0)
	for _, c := range []struct {
		columns   int
		hides     string
		shortened string
	}{
		{165, "", ""}, {145, "", "name, note"}, {105, "", "name, note"},
		{100, "before", "name, note"}, // it holds nothing
		{80, "before, id", "name"}, {57, "before, id", "name, note"},
		{45, "name, before, id", "note"}, {21, "name, before, note, id", ""}, {10, "name, before, now, note, id", ""},
		{3, "name, before, now, note, id", ""},
	} {
		got := fitted(t, narrow(), c.columns)
		if c.hides+c.shortened == "" {
			if got != whole {
				t.Errorf("%d columns: got\n%s\nwant\n%s", c.columns, got, whole)
			}
			continue
		}
		lines := strings.Split(strings.TrimSuffix(got, "\n"), "\n")
		said := lines[len(lines)-1]
		for _, l := range lines[:len(lines)-1] {
			if width.StringWidth(l) > c.columns && c.columns > 7 {
				t.Errorf("%d columns: %q is wider", c.columns, l)
			}
		}
		for sign, titles := range map[string]string{
			"columns not shown: ": c.hides, "texts shortened in: ": c.shortened} {
			if strings.Contains(said, sign) != (titles != "") || !strings.Contains(said, sign+titles) && titles != "" {
				t.Errorf("%d columns: expected %q after %q, got %s", c.columns, titles, sign, said)
			}
		}
		if !strings.HasSuffix(said, "To see all, add all.)") {
			t.Errorf("%d columns: %s", c.columns, said)
		}
	}
}

func TestATableLosesNothingButWhatItNames(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		from, columns := narrow(), 8+r.IntN(160)
		r.Shuffle(len(from.Columns)-1, func(i, j int) {
			i, j = i+1, j+1
			from.Columns[i], from.Columns[j] = from.Columns[j], from.Columns[i]
			for _, row := range slices.Concat(from.Rows, from.Totals) {
				row[i], row[j] = row[j], row[i]
			}
		})
		got := fitted(t, from, columns)
		table, said, _ := strings.Cut(got, "(The terminal")
		for i, c := range from.Columns {
			hidden := strings.Contains(said, " "+c.Title.En+",") && !strings.Contains(table, c.Title.En) ||
				strings.Contains(said, " "+c.Title.En+";") || strings.Contains(said, " "+c.Title.En+".")
			for _, row := range from.Rows {
				shown := row[i].Shown.En
				if strings.Contains(table, shown) || hidden {
					continue
				}
				if c.Type != String || c.Name == "id" || c.Name == "center" || !strings.Contains(said, "shortened") ||
					!strings.Contains(table, "…") {
					t.Fatalf("%d columns: %q of %s is neither shown nor said to be hidden:\n%s", columns, shown,
						c.Name, got)
				}
			}
		}
	}
}
