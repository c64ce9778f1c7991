package table

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// hostile are texts that a careless reader or writer misinterprets.
var hostile = []string{"", "杭州", `"`, `\`, "\u0000", "\u2028", "\x1b[31m", "a,b", "],[", "{}", "null", "0", "=cmd()",
	"\r\n", "\ufeff", "</script>", "𝔘", "\u202e甲", strings.Repeat("长", 100)}

func drawn(r *rand.Rand) string { return hostile[r.IntN(len(hostile))] }

// drawCell returns a cell of a type, made by a constructor or with random data and text.
func drawCell(r *rand.Rand, t Type) Cell {
	made := []Cell{{}}
	number := []int64{0, 1, -1, 1 << 53, math.MaxInt64, math.MinInt64, r.Int64()}[r.IntN(7)]
	switch t {
	case String, Time:
		made = append(made, Text(drawn(r)), Optional(drawn(r)), Named(drawn(r), text.Text{Zh: drawn(r), En: drawn(r)}))
	case Count, Year:
		made = append(made, Cell{number, Plain(fmt.Sprint(number))}, Number(r.IntN(3000)))
	case Money:
		made = append(made, Fen(events.Fen(number)))
	case Percent:
		made = append(made, Rate([]string{"0.00", "100.00", "59.02", "-3.10", "123456789012345678901.20"}[r.IntN(5)]))
	case Day:
		made = append(made, Date(someDay+events.Date(r.IntN(20000))), Date(0))
	case Bool:
		made = append(made, Yes(true), Yes(false))
	case JSON:
		quoted, _ := json.Marshal(drawn(r))
		made = append(made, Cell{Data: jsontext.Value(`{"a":[1.50,null,{}]}`)}, Cell{Data: jsontext.Value(quoted)},
			Cell{Data: jsontext.Value(`["x","y"]`), Shown: Plain("x")})
	}
	c := made[r.IntN(len(made))]
	switch r.IntN(4) {
	case 0:
		c.Shown = text.Text{Zh: drawn(r), En: drawn(r)}
	case 1:
		c.Shown = Plain(drawn(r))
	}
	return c
}

func drawTable(r *rand.Rand) *Table {
	say := func() text.Text { return text.Text{Zh: drawn(r), En: drawn(r)} }
	t := &Table{Title: say(), Empty: say(), RowsMax: r.IntN(3), Position: r.Uint64(),
		Policy: events.PolicyRef{ID: drawn(r), Version: drawn(r), Digest: drawn(r)}}
	for range 1 + r.IntN(10) {
		t.Columns = append(t.Columns, Column{Name: drawn(r), Title: say(), Type: Type(r.IntN(len(typeNames))),
			CharMax: r.IntN(3), Unit: []Unit{"", Yuan, TenThousands}[r.IntN(3)]})
	}
	rows := func() (list [][]Cell) {
		for range r.IntN(4) {
			var row []Cell
			for _, c := range t.Columns {
				row = append(row, drawCell(r, c.Type))
			}
			list = append(list, row)
		}
		return list
	}
	t.Rows, t.Totals = rows(), rows()
	for range r.IntN(3) {
		t.Notes, t.Missing = append(t.Notes, say()), append(t.Missing, say())
	}
	return t
}

func written(t *testing.T, table *Table) string {
	t.Helper()
	var b bytes.Buffer
	if err := table.WriteWhole(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestAWholeTableIsReadAsItWasWritten(t *testing.T) {
	for seed := range uint64(300) {
		want := drawTable(rand.New(rand.NewPCG(seed, 1)))
		wire := written(t, want)
		got, err := ReadWhole(strings.NewReader(wire))
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, wire)
		}
		if len(want.Notes) == 0 { // an empty list stands for none
			got.Notes, got.Missing = nil, nil
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d: expected\n%#v\ngot\n%#v", seed, want, got)
		}
		if again := written(t, got); again != wire {
			t.Fatalf("seed %d: written again it differs", seed)
		}
		if !json.Valid([]byte(wire)) {
			t.Fatalf("seed %d: not JSON", seed)
		}
		for _, write := range []func(*Table, *bytes.Buffer) error{
			func(t *Table, b *bytes.Buffer) error { return t.WriteText(b, "zh") },
			func(t *Table, b *bytes.Buffer) error { return t.WriteText(b, "en") },
			func(t *Table, b *bytes.Buffer) error { return t.WriteCSV(b) },
			func(t *Table, b *bytes.Buffer) error { return t.WriteJSON(b) },
		} {
			var a, b bytes.Buffer
			if err := write(want, &a); err != nil {
				t.Fatal(err)
			}
			if err := write(got, &b); err != nil {
				t.Fatal(err)
			}
			if a.String() != b.String() {
				t.Fatalf("seed %d: expected\n%s\ngot\n%s", seed, a.String(), b.String())
			}
		}
	}
}

// someDay is a date in 1955.
const someDay = events.Date(714000)

// plainTable is a table with ordinary cells, to measure their size.
var plainTable = &Table{
	Columns: []Column{{Name: "center"}, {Name: "fen", Type: Money}, {Name: "on", Type: Day}, {Name: "low", Type: Bool},
		{Name: "status"}},
	Rows: [][]Cell{{Text("ZJ-01"), Fen(125), Date(someDay), Yes(true), Named("open", text.Say("开", "open"))}}}

func TestAnOrdinaryCellIsItsDataAlone(t *testing.T) {
	on := someDay.String()
	if wire, want := written(t, plainTable),
		`["ZJ-01",125,"`+on+`",true,["open","开","open"]]`; !strings.Contains(wire, want) {
		t.Errorf("expected %s in\n%s", want, wire)
	}
}

func TestAWholeTableIsReadStrictly(t *testing.T) {
	good := written(t, plainTable)
	replace := func(from, to string) string {
		t.Helper()
		bad := strings.Replace(good, from, to, 1)
		if bad == good {
			t.Fatalf("%s is not in %s", from, good)
		}
		return bad
	}
	for name, bad := range map[string]string{
		"a member twice":                  replace(`"rowsMax":0`, `"rowsMax":0,"rowsMax":0`),
		"a member missing":                replace(",\n\"rowsMax\":0", ""),
		"a cell too few":                  replace(`,true,`, `,`),
		"a cell too many":                 replace(`true,`, `true,true,`),
		"a text for money":                replace(`125`, `"125"`),
		"money with a fraction":           replace(`125`, `125.5`),
		"money beyond int64":              replace(`125`, `9223372036854775808`),
		"a day that is none":              replace(someDay.String(), "2026-02-30"),
		"a number for a boolean":          replace(`true`, `1`),
		"three texts":                     replace(`"open"]`, `"open","x"]`),
		"no text":                         replace(`["open","开","open"]`, `["open"]`),
		"an unknown type":                 replace(`"money"`, `"cash"`),
		"something after it":              good + "{}",
		"rows that are before the titles": `{"rows":[]}`,
		"a unit that nobody knows":        replace(`"type":"money"`, `"type":"money","unit":"mu"`),
		"nothing":                         "",
	} {
		if _, err := ReadWhole(strings.NewReader(bad)); err == nil {
			t.Errorf("%s: expected an error", name)
		}
	}
	later := strings.Replace(replace(`{"title"`, `{"more":[{}],"title"`), `"type"`, `"shade":"grey","type"`, 1)
	if got, err := ReadWhole(strings.NewReader(later)); err != nil || written(t, got) != good {
		t.Errorf("with members of a later version: %v", err)
	}
	for i := range len(good) - 2 { // the last byte is a line feed
		if _, err := ReadWhole(strings.NewReader(good[:i])); err == nil {
			t.Errorf("cut off after %d bytes of %d: expected an error", i, len(good))
		}
	}
}

func TestAWholeTableIsNotWrittenWithDataOfAnotherType(t *testing.T) {
	for _, c := range []Cell{Text("x"), {Data: 5}, {Data: "a\xff"}} {
		column := Column{Name: "a", Type: Money}
		if c.Data == "a\xff" {
			column.Type = String
		}
		if err := (&Table{Columns: []Column{column}, Rows: [][]Cell{{c}}}).WriteWhole(new(bytes.Buffer)); err == nil {
			t.Errorf("%v: expected an error", c)
		}
	}
}

func FuzzReadWhole(f *testing.F) {
	var b bytes.Buffer
	if err := plainTable.WriteWhole(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, wire []byte) {
		got, err := ReadWhole(bytes.NewReader(wire))
		if err != nil {
			return
		}
		if again, err := ReadWhole(strings.NewReader(written(t, got))); err != nil || !reflect.DeepEqual(again, got) {
			t.Errorf("%v: read again it is %#v, not %#v", err, again, got)
		}
	})
}
