package lists_test

import (
	"strings"
	"testing"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

func TestEveryListWithMoneyHasAUnitThatItNames(t *testing.T) {
	d := historyDesk(t, provincePath(t))
	on := events.MustDate("2026-08-31")
	for _, q := range questions(on, d.Register.Position()-300) {
		if q.Params["unit"] != "" {
			continue
		}
		columns, err := q.Columns()
		if err != nil {
			t.Fatal(err)
		}
		hasMoney := false
		for _, c := range columns {
			hasMoney = hasMoney || c.Type == table.Money
		}
		if !hasMoney {
			continue
		}
		q.Params["unit"] = "wan"
		wan, err := q.Columns()
		if err != nil {
			t.Errorf("%s %v: %v", q.List, q.Params, err)
			continue
		}
		for i, c := range wan {
			if isMoney := c.Type == table.Money; isMoney != (c.Unit == table.TenThousands) ||
				c.Name != columns[i].Name || columns[i].Unit != "" {
				t.Errorf("%s %v: %+v, in yuan %+v", q.List, q.Params, c, columns[i])
			}
		}
		if len(q.Params) > 2 && q.List != "changes" { // the titles below do not depend on the other parameters
			continue
		}
		answer, err := d.Ask(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(answer.Title.Zh, "：万元") || !strings.Contains(answer.Title.En, "in 10,000 yuan") {
			t.Errorf("%s %v: the title does not name the unit: %v", q.List, q.Params, answer.Title)
		}
	}
}

func TestATotalInTenThousandsIsRoundedFromTheExactSum(t *testing.T) {
	d := historyDesk(t, provincePath(t))
	q := lists.Question{List: "execution", On: events.MustDate("2026-08-31"),
		Params: map[string]string{"year": "2026", "scope": "fiscal"}}
	exact, err := d.Ask(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	q.Params["unit"] = "wan"
	wan, err := d.Ask(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	differs := false
	for i, c := range wan.Columns {
		if c.Type != table.Money {
			continue
		}
		var sum, rounded events.Fen
		for _, row := range exact.Rows {
			fen := row[i].Data.(events.Fen)
			sum, rounded = sum+fen, rounded+(fen+5000)/10000*10000
		}
		if got, want := c.Shown(wan.Totals[0][i], "zh"), table.TenThousands.Format(sum); got != want ||
			wan.Totals[0][i].Data != exact.Totals[0][i].Data {
			t.Errorf("%s: got %s, want %s", c.Name, got, want)
		}
		differs = differs || table.TenThousands.Format(sum) != table.TenThousands.Format(rounded)
	}
	if !differs {
		t.Error("no sum differs from that of the rounded amounts, which shows nothing")
	}
	if last := wan.Notes[len(wan.Notes)-1]; !strings.Contains(last.Zh, "尾差") {
		t.Errorf("no note about rounding: %v", wan.Notes)
	}
}
