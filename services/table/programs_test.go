package table

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// everyType returns a table with a column of each type, one only for people, a full row and an empty one.
func everyType() *Table {
	return &Table{
		Columns: []Column{{Name: "s"}, {Name: "n", Type: Count}, {Name: "year", Type: Year},
			{Name: "fen", Type: Money}, {Name: "rate", Type: Percent}, {Name: "day", Type: Day},
			{Name: "yes", Type: Bool}, {Name: "raw", Type: JSON}, {Title: text.Say("注", "note")}},
		Rows: [][]Cell{
			{Text("a,\"<\n"), Number(uint64(7)), Number(2025), Fen(-123), Rate("59.02"),
				Date(events.MustDate("2025-01-02")), Yes(true), {Data: jsontext.Value(`{"a":1}`)},
				{Shown: text.Say("仅供阅读", "for people")}},
			make([]Cell, 9),
		},
		Totals: [][]Cell{make([]Cell, 9)},
	}
}

func TestProgramsReadTheDataAndPeopleTheText(t *testing.T) {
	var csv, list strings.Builder
	if err := everyType().WriteCSV(&csv); err != nil {
		t.Fatal(err)
	}
	if want :=
		"s,n,year,fen,rate,day,yes,raw\n\"a,\"\"<\n\",7,2025,-123,59.02,2025-01-02,yes,\"{\"\"a\"\":1}\"\n,,,,,,,\n"; csv.String() != want {
		t.Errorf("expected\n%s\ngot\n%s", want, csv.String())
	}
	if err := everyType().WriteJSON(&list); err != nil {
		t.Fatal(err)
	}
	var rows []map[string]any
	if err := json.Unmarshal([]byte(list.String()), &rows); err != nil {
		t.Fatalf("%v in\n%s", err, list.String())
	}
	for name, want := range map[string]any{"s": "a,\"<\n", "n": 7.0, "year": 2025.0, "fen": -123.0, "rate": 59.02,
		"day": "2025-01-02", "yes": true} {
		if rows[0][name] != want {
			t.Errorf("%s: expected %v, got %v", name, want, rows[0][name])
		}
	}
	if len(rows) != 2 || len(rows[0]) != 8 || len(rows[1]) != 8 || rows[1]["n"] != nil {
		t.Errorf("got %v", rows)
	}
	list.Reset()
	if err := (&Table{}).WriteJSON(&list); err != nil || list.String() != "[\n]\n" {
		t.Errorf("without rows: %q, %v", list.String(), err)
	}
}

func TestACellIsOfTheTypeOfItsColumn(t *testing.T) {
	table := everyType()
	for i, column := range table.Columns {
		for j, other := range table.Columns[:8] {
			counts := column.Type == Count && other.Type == Year || column.Type == Year && other.Type == Count
			if got, want := column.Type.Holds(table.Rows[0][j]), column.Type == other.Type || counts; got != want {
				t.Errorf("a %d in a column of type %d: got %v", other.Type, column.Type, got)
			}
		}
		if !column.Type.Holds(table.Rows[1][i]) {
			t.Errorf("an empty cell in a column of type %d", column.Type)
		}
	}
}

// full is a writer without room.
type full struct{}

var errFull = errors.New("no room")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestAWriterThatFailsIsSaid(t *testing.T) {
	for name, write := range map[string]func() error{
		"text": func() error { return everyType().WriteText(full{}, "zh") }, "csv": func() error {
			return everyType().WriteCSV(full{})
		}, "json": func() error { return everyType().WriteJSON(full{}) },
	} {
		if err := write(); !errors.Is(err, errFull) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestALongTableIsCutForPeopleAlone(t *testing.T) {
	table := &Table{Columns: []Column{{Name: "n", Title: text.Say("数", "n"), Type: Count},
		{Name: "fen", Title: text.Say("金额", "amount"), Type: Money},
		{Name: "s", Title: text.Say("文", "text"), CharMax: 3}},
		RowsMax: 1, Missing: []text.Text{text.Say("还有", "left out")}}
	for n := range 3 {
		table.Rows = append(table.Rows, []Cell{Number(n), Fen(100), Text("ab\x1b\ndef")})
	}
	table.Total(map[string]events.Fen{"fen": 300})
	var b strings.Builder
	if err := table.WriteText(&b, "en"); err != nil {
		t.Fatal(err)
	}
	if want :=
		"    n  amount  text\n    0    1.00  ab…\ntotal    3.00\n... and 2 more\nleft out\n"; b.String() != want {
		t.Errorf("expected\n%s\ngot\n%s", want, b.String())
	}
	some := table.Select("s", "n")
	b.Reset()
	if err := some.WriteCSV(&b); err != nil ||
		b.String() != "s,n\n\"ab\x1b\ndef\",0\n\"ab\x1b\ndef\",1\n\"ab\x1b\ndef\",2\n" || len(some.Totals) != 0 ||
		len(table.Columns) != 3 {
		t.Errorf("got %q, %v", b.String(), err)
	}
}
