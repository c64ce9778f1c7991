package lists

import (
	"maps"
	"slices"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/difference"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/table"
)

// Adopting holds the figures and alerts that adopting a policy would change, in the form of the list changes, and how
// many alerts of each code would change, which names no center.
type Adopting struct {
	Figures *table.Table
	Alerts  *table.Table
	Counts  *table.Table
	Centers int // the number of centers whose figures or alerts would change
	counts  map[string]*[3]int
}

// NewAdopting returns the tables of no change.
func NewAdopting() *Adopting {
	return &Adopting{
		Figures: &table.Table{
			Title: text.Say("将变动的数字（金额单位：元）", "Figures that would change, amounts in yuan"),
			Empty: text.Say("没有数字变动。", "No figure moved."), Columns: figureColumns()},
		Alerts: &table.Table{Title: text.Say("将变动的预警", "Alerts that would change"),
			Empty: text.Say("没有预警变动。", "No alert moved."), Columns: alertColumns()},
		Counts: &table.Table{Title: text.Say("将变动的预警，按种类", "Alerts that would change, by code"),
			Empty: text.Say("没有预警变动。", "No alert moved."), Columns: []table.Column{
				{Name: "alert", Title: text.Say("预警", "alert")},
				{Name: "opened", Title: text.Say("将产生", "would open"), Type: table.Count},
				{Name: "cleared", Title: text.Say("将解除", "would clear"), Type: table.Count},
				{Name: "withdrawn", Title: text.Say("将撤回", "would be withdrawn"), Type: table.Count}}},
		counts: map[string]*[3]int{}}
}

// alertTitles holds the titles of alerts by code.
var alertTitles = func() map[string]text.Text {
	titles := map[string]text.Text{}
	for i := range aggregates.AlertCatalog {
		titles[string(aggregates.AlertCatalog[i].Code)] = aggregates.AlertCatalog[i].Title
	}
	return titles
}()

// Add adds the difference of a center. Centers are added in order.
func (a *Adopting) Add(id events.CenterID, d *difference.Difference) {
	a.Centers++
	for _, line := range d.Money {
		m := newMovedLine(line)
		for k := range Figures {
			if f := &Figures[k]; f.differs(line) {
				a.Figures.Rows = append(a.Figures.Rows, m.row(id, f))
			}
		}
	}
	for _, m := range paired(d.Alerts) {
		x := m.Either()
		a.Alerts.Rows = append(a.Alerts.Rows, alertRow(id, m, table.Named(x.Key, KeyWord(x.Code, x.Key))))
	}
	for _, m := range d.Alerts {
		code := string(m.Either().Code)
		n := a.counts[code]
		if n == nil {
			n = &[3]int{}
			a.counts[code] = n
		}
		switch {
		case m.Raised():
			n[0]++
		case m.Cleared():
			n[1]++
		default:
			n[2]++
		}
	}
}

// End fills in the counts after the last center.
func (a *Adopting) End() {
	for _, code := range slices.Sorted(maps.Keys(a.counts)) {
		n := a.counts[code]
		a.Counts.Rows = append(a.Counts.Rows, []table.Cell{table.Named(code, alertTitles[code]), table.Number(n[0]),
			table.Number(n[1]), table.Number(n[2])})
	}
}
