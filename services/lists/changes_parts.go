package lists

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/table"
)

// The parameters and values with which changes splits a figure into the reported amount and its later changes.
const (
	fromAsOf     = "from-as-of"
	showRecords  = "records"
	showReported = "reported"
	byCity       = "city"
	byTotal      = "total"
)

// shareRowsMax is the maximum number of rows with the records of all figures. They are kept in memory.
const shareRowsMax = 200_000

// part is a part of the present amount of a figure.
type part int

// The parts, in the order in which they are added up.
const (
	reportedPart  part = iota // as of the earlier date, as known at the earlier point
	correctedPart             // as of the earlier date, by records entered since
	happenedPart              // by records dated since the earlier date, as known now
)

var partWords = []struct {
	code string
	word text.Text
}{
	{"reported", text.Say("报出数", "reported")},
	{"corrected", text.Say("更正", "corrected")},
	{"happened", text.Say("期间发生", "happened")},
}

// moneyLine identifies a line of the execution report of a center or group.
type moneyLine struct {
	year  int
	scope aggregates.Scope
}

func compareLines(a, b moneyLine) int {
	return cmp.Or(cmp.Compare(a.year, b.year),
		cmp.Compare(slices.Index(aggregates.Scopes, a.scope), slices.Index(aggregates.Scopes, b.scope)))
}

// parts holds the money of a line in its parts, whose sum is the present money.
type parts [happenedPart + 1]aggregates.Money

func (p parts) now() aggregates.Money {
	return p[reportedPart].Plus(p[correctedPart]).Plus(p[happenedPart])
}

// share is the amount that one record moves in one part of a line.
type share struct {
	moneyLine
	part
	id    uuid.UUID
	by    *laterRecord // nil until it is found by its id
	money aggregates.Money
}

// partsOfCenter holds the money of one center in its parts, and the shares of the records if they are asked for.
type partsOfCenter struct {
	id         events.CenterID
	name, city table.Cell
	lines      map[moneyLine]*parts
	shares     []share
}

func (c *partsOfCenter) line(l moneyLine) *parts {
	if c.lines[l] == nil {
		c.lines[l] = &parts{}
	}
	return c.lines[l]
}

func partsColumns(q *asked) (columns []table.Column) {
	center, name, city := table.Column{Name: "center", Title: text.Say("中心", "center")},
		table.Column{Name: "name", Title: text.Say("名称", "name")}, table.Column{Name: "city", Title: cityWord}
	line := []table.Column{{Name: "fiscalYear", Title: text.Say("年度", "year"), Type: table.Year},
		{Name: "scope", Title: text.Say("口径", "scope")}, {Name: "figure", Title: text.Say("数字", "figure")}}
	if q.byRecord() {
		columns = append([]table.Column{center, city}, line...)
		columns = append(columns, table.Column{Name: "part", Title: text.Say("部分", "part")},
			table.Column{Name: "amountFen", Title: text.Say("金额", "amount"), Type: table.Money})
		return append(columns, movedColumns()...)
	}
	switch q.text("by") {
	case "", "center":
		columns = []table.Column{center, name, city}
	case byCity:
		columns = []table.Column{city}
	}
	columns = append(columns, line...)
	for _, p := range partWords {
		columns = append(columns, table.Column{Name: p.code + "Fen", Title: p.word, Type: table.Money})
	}
	return append(columns, table.Column{Name: "nowFen", Title: text.Say("现在数", "now"), Type: table.Money})
}

// byRecord reports whether each row is about one record.
func (q *asked) byRecord() bool {
	return q.text("show") == showRecords || q.text("show") == showReported
}

// checkParts returns an error if parameters do not fit together.
func (q *asked) checkParts() error {
	bad := func(param, zh, en string, args ...any) error {
		return text.Errorf(text.Invalid, zh, en, args...).Of(param)
	}
	switch show := q.text("show"); {
	case !q.given(fromAsOf) && q.given("by"):
		return bad("by", "只在与报出数比较时使用：请一并给出报出时的截至日期",
			"is only for a comparison with what was reported: give its as-of date too")
	case !q.given(fromAsOf) && show == showReported:
		return bad("show", "%s只在与报出数比较时使用：请一并给出报出时的截至日期",
			"%s is only for a comparison with what was reported: give its as-of date too", shows.Word(show))
	case !q.given(fromAsOf):
		return nil
	case show == "alerts":
		return bad("show", "预警不能分为报出数、更正和期间发生",
			"alerts are no sum of what was reported, corrected and happened")
	case q.byRecord() && q.given("by"):
		return bad("by", "不用于 %s %s", "is not for %s %s", q.written("show"), shows.Word(show))
	case q.day(fromAsOf) > q.On:
		return bad(fromAsOf, "%s 晚于所问的截至日期 %s", "%s is after the as-of date %s", q.day(fromAsOf), q.On)
	}
	return nil
}

// changesInParts splits figures into three parts: the amount as of an earlier date and as known at an earlier point,
// the corrections recorded since, and the movements dated since.
func changesInParts(ctx context.Context, d *Books, q *asked, t *table.Table) error {
	worked, err := workAhead(ctx, d, q.center("center"), func(id events.CenterID) *partsOfCenter {
		return d.partsNow(q, id)
	})
	if err != nil {
		return err
	}
	var counts map[events.CenterID]uint64
	var list []*partsOfCenter
	d.exactly(q, func() { counts, list = d.Register.Counts(), worked.take() })
	s, err := d.spanSince(ctx, q, counts)
	if err != nil {
		return err
	}
	t.Title = partsTitle(s, q)
	if q.text("show") == showReported {
		t.Empty = text.Say("没有记录构成报出数。", "No record makes what was reported.")
		err = d.reported(ctx, q, s, list)
	} else {
		t.Empty = text.Say("没有数字变动。", "No figure moved.")
		err = d.correct(ctx, q, s, list)
	}
	switch {
	case err != nil:
		return err
	case q.byRecord():
		return d.shareRows(ctx, q, s, t, list)
	}
	q.partsRows(t, list)
	t.Notes = partsNotes(q)
	return nil
}

// partsNow returns the money of a center as known now, in two parts: as of the earlier date, all of it counted as
// reported, and the movements dated since.
func (d *Books) partsNow(q *asked, id events.CenterID) *partsOfCenter {
	facts, from := d.Register.Facts(id, q.On), q.day(fromAsOf)
	code, city := projections.CityOf(facts.Region)
	c := &partsOfCenter{id: id, name: table.Text(facts.Name), city: table.Named(code, table.Plain(cmp.Or(city, code))),
		lines: map[moneyLine]*parts{}}
	for x := range d.Register.ExecutionsOf(id, from, q.lineFilter()) {
		c.line(moneyLine{x.Year, x.Scope})[reportedPart] = x.Money
	}
	for x := range d.Register.ExecutionsOf(id, q.On, q.lineFilter()) {
		c.line(moneyLine{x.Year, x.Scope})[happenedPart] = x.Money
	}
	for l, p := range c.lines {
		p[happenedPart] = p[happenedPart].Minus(p[reportedPart])
		if q.text("show") == showRecords {
			c.shares = append(c.shares, d.happened(id, l, from, q.On)...)
		}
	}
	return c
}

// lineFilter selects the lines that the question is about.
func (q *asked) lineFilter() projections.ExecutionFilter {
	return projections.ExecutionFilter{Year: q.number("year"), Scope: aggregates.Scope(q.text("scope"))}
}

// happened lists the amounts that each record moves in a line between two dates.
func (d *Books) happened(id events.CenterID, l moneyLine, from, to events.Date) (shares []share) {
	add := func(of aggregates.RecordRef, money aggregates.Money) {
		if money != (aggregates.Money{}) {
			shares = append(shares, share{moneyLine: l, part: happenedPart, id: of.ID, money: money})
		}
	}
	// both in the order of recording
	before, after := d.Register.Movements(id, from, l.year, l.scope), d.Register.Movements(id, to, l.year, l.scope)
	for len(before) > 0 || len(after) > 0 {
		switch {
		case len(before) == 0 || len(after) > 0 && after[0].From.Revision < before[0].From.Revision:
			add(after[0].From, after[0].Money)
			after = after[1:]
		case len(after) == 0 || before[0].From.Revision < after[0].From.Revision:
			// its source no longer belongs to the scope
			add(before[0].From, aggregates.Money{}.Minus(before[0].Money))
			before = before[1:]
		default:
			add(after[0].From, after[0].Money.Minus(before[0].Money))
			before, after = before[1:], after[1:]
		}
	}
	return shares
}

// correct moves the effect of records that were recorded after the earlier point from the reported money to the
// corrected money.
func (d *Books) correct(ctx context.Context, q *asked, s span, list []*partsOfCenter) error {
	before, of, err := d.later(ctx, s)
	if err != nil {
		return err
	}
	filter := q.lineFilter()
	_, err = parallel(ctx, list, func(c *partsOfCenter) struct{} {
		if len(of[c.id]) == 0 {
			return struct{}{}
		}
		moved := d.changedOne(ctx, c.id, q.day(fromAsOf), before, of[c.id], s.counts[c.id])
		for _, m := range moved.Money {
			if l := (moneyLine{m.After.Year, m.After.Scope}); filter.Takes(&m.After) {
				p := c.line(l)
				p[correctedPart] = m.After.Money.Minus(m.Before.Money)
				p[reportedPart] = m.Before.Money
			}
		}
		if q.text("show") != showRecords {
			return struct{}{}
		}
		for _, step := range moved.Steps {
			by := moved.record(step)
			for _, m := range step.Money {
				if filter.Takes(&m.After) {
					c.shares = append(c.shares, share{moneyLine{m.After.Year, m.After.Scope}, correctedPart, by.ID, by,
						m.After.Money.Minus(m.Before.Money)})
				}
			}
		}
		return struct{}{}
	})
	return err
}

// reported lists the amounts that each record moves in the reported figures.
func (d *Books) reported(ctx context.Context, q *asked, s span, list []*partsOfCenter) error {
	if s.After == 0 {
		return nil
	}
	known, err := d.knownAt(ctx, s.center, ledger.Point{Position: s.After})
	if err != nil {
		return err
	}
	_, err = parallel(ctx, list, func(c *partsOfCenter) struct{} {
		for x := range known.ExecutionsOf(c.id, q.day(fromAsOf), q.lineFilter()) {
			for _, m := range known.Movements(c.id, q.day(fromAsOf), x.Year, x.Scope) {
				c.shares = append(c.shares,
					share{moneyLine: moneyLine{x.Year, x.Scope}, part: reportedPart, id: m.From.ID, money: m.Money})
			}
		}
		return struct{}{}
	})
	return err
}

// knownAt returns the register as of a point, with one center, or with all centers for "".
func (d *Books) knownAt(ctx context.Context, center events.CenterID, p ledger.Point) (*projections.Register, error) {
	if center != "" {
		return d.Ledger.KnownAtOf(ctx, p, center)
	}
	return d.Ledger.KnownAt(ctx, p)
}

// takesFigure reports whether the question is about a figure.
func (q *asked) takesFigure(f *MoneyFigure) bool {
	return !q.given("figure") || q.text("figure") == f.Name
}

// partsRows adds a row for each group, line and figure, and the totals. It leaves out a figure of a year and scope
// that nothing moved in any center. For any other figure it lists every group with money, so that the sum of the rows
// is the reported amount.
func (q *asked) partsRows(t *table.Table, list []*partsOfCenter) {
	type group struct {
		lead  []table.Cell
		lines map[moneyLine]*parts
	}
	groups, whole := map[string]*group{}, map[moneyLine]*parts{}
	type place struct {
		moneyLine
		figure int
	}
	moved := map[place]bool{}
	for _, c := range list {
		key, lead := string(c.id), []table.Cell{table.Text(c.id), c.name, c.city}
		switch q.text("by") {
		case byCity:
			key, lead = c.city.CSV(), []table.Cell{c.city}
		case byTotal:
			key, lead = "", nil
		}
		g := groups[key]
		if g == nil {
			g = &group{lead, map[moneyLine]*parts{}}
			groups[key] = g
		}
		for l, p := range c.lines {
			for _, sum := range []map[moneyLine]*parts{g.lines, whole} {
				if sum[l] == nil {
					sum[l] = &parts{}
				}
				for i := range p {
					sum[l][i] = sum[l][i].Plus(p[i])
				}
			}
			for i := range Figures {
				if of := Figures[i].Of; of(p[correctedPart]) != 0 || of(p[happenedPart]) != 0 {
					moved[place{l, i}] = true
				}
			}
		}
	}
	rows := func(lead []table.Cell, lines map[moneyLine]*parts) (rows [][]table.Cell) {
		for _, l := range slices.SortedFunc(maps.Keys(lines), compareLines) {
			for i := range Figures {
				f, isThere := &Figures[i], false
				row := append(slices.Clip(lead), l.cells(f)...)
				for _, p := range lines[l] {
					row = append(row, table.Fen(f.Of(p)))
					isThere = isThere || f.Of(p) != 0
				}
				if isThere && q.takesFigure(f) && moved[place{l, i}] {
					rows = append(rows, append(row, table.Fen(f.Of(lines[l].now()))))
				}
			}
		}
		return rows
	}
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		t.Rows = append(t.Rows, rows(groups[key].lead, groups[key].lines)...)
	}
	if q.text("by") != byTotal && !q.given("center") {
		lead := make([]table.Cell, len(t.Columns)-len(partWords)-4)
		lead[0] = table.Cell{Shown: text.Say("合计", "total")}
		t.Totals = rows(lead, whole)
	}
}

// shareRows adds a row for each record, figure and part that the record moves. With a single figure, it also adds a
// total for each part.
func (d *Books) shareRows(ctx context.Context, q *asked, s span, t *table.Table, list []*partsOfCenter) error {
	var figures []*MoneyFigure
	for i := range Figures {
		if f := &Figures[i]; q.takesFigure(f) {
			figures = append(figures, f)
		}
	}
	count := 0
	for _, c := range list {
		for i := range c.shares {
			for _, f := range figures {
				if f.Of(c.shares[i].money) != 0 {
					count++
				}
			}
		}
	}
	if count > shareRowsMax {
		return text.Errorf(text.Invalid, "共 %d 行，多于 %d 行：请选定一个中心，或一个数字和口径",
			"there would be %d rows, more than %d: choose a center, or a figure and a scope", count,
			shareRowsMax).Of("show")
	}
	if err := d.findShares(ctx, q, s, list); err != nil {
		return err
	}
	done, sums := make([]*movedRows, len(list)), map[moneyLine]*parts{}
	for i, c := range list {
		slices.SortStableFunc(c.shares, func(a, b share) int {
			return cmp.Or(compareLines(a.moneyLine, b.moneyLine), cmp.Compare(a.part, b.part),
				cmp.Compare(a.by.Position, b.by.Position))
		})
		done[i] = &movedRows{columns: len(t.Columns)}
		for len(c.shares) > 0 {
			n := 1
			for n < len(c.shares) && c.shares[n].moneyLine == c.shares[0].moneyLine {
				n++
			}
			c.shareLine(done[i], c.shares[:n], figures, sums)
			c.shares = c.shares[n:]
		}
	}
	if len(figures) == 1 {
		f := figures[0]
		for _, l := range slices.SortedFunc(maps.Keys(sums), compareLines) {
			for p, sum := range sums[l] {
				if v := f.Of(sum); v != 0 {
					row := append(make([]table.Cell, 0, len(t.Columns)), table.Cell{Shown: text.Say("合计", "total")},
						table.Cell{})
					row = append(append(row, l.cells(f)...), part(p).cell(), table.Fen(v))
					t.Totals = append(t.Totals, row[:len(t.Columns)])
				}
			}
		}
	}
	return d.fill(ctx, t, done)
}

// shareLine adds the rows of one line, figure by figure.
func (c *partsOfCenter) shareLine(t *movedRows, shares []share, figures []*MoneyFigure, sums map[moneyLine]*parts) {
	for _, f := range figures {
		for i := range shares {
			if x := &shares[i]; f.Of(x.money) != 0 {
				row := append([]table.Cell{table.Text(c.id), c.city}, x.cells(f)...)
				t.add(moved{x.by}, append(row, x.part.cell(), table.Fen(f.Of(x.money)))...)
			}
		}
	}
	l := shares[0].moneyLine
	if sums[l] == nil {
		sums[l] = &parts{}
	}
	for i := range shares {
		sum := &sums[l][shares[i].part]
		*sum = sum.Plus(shares[i].money)
	}
}

// cells returns the cells that name a line and a figure.
func (l moneyLine) cells(f *MoneyFigure) []table.Cell {
	return []table.Cell{table.Number(l.year), table.Named(l.scope, ScopeWord(l.scope)), table.Named(f.Name, f.Word)}
}

func (p part) cell() table.Cell { return table.Named(partWords[p].code, partWords[p].word) }

// findShares finds the records of the shares that are known by their ids.
func (d *Books) findShares(ctx context.Context, q *asked, s span, list []*partsOfCenter) error {
	type name struct {
		center events.CenterID
		id     uuid.UUID
	}
	type found struct {
		name
		laterRecord
		on events.Date
	}
	wanted, all := map[name]bool{}, map[name]*found{}
	for _, c := range list {
		for i := range c.shares {
			if c.shares[i].by == nil {
				wanted[name{c.id, c.shares[i].id}] = true
			}
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	err := ledger.Search(ctx, d.Ledger, d.span(s.center, s.UpTo),
		func(e *events.Stored) (found, bool) {
			x := found{name: name{centerOf(e), e.ID}}
			if !wanted[x.name] {
				return x, false
			}
			x.laterRecord = laterRecord{projections.Later{Position: e.Position, ID: e.ID}, reasonOf(e, 0)}
			if b, err := events.CutBody(e); err == nil {
				x.on = b.On
			}
			return x, true
		},
		func(x found) error {
			if all[x.name] == nil { // a second event with the same id is a break
				all[x.name] = &x
			}
			return nil
		})
	if err != nil {
		return err
	}
	from := q.day(fromAsOf)
	for _, c := range list {
		for i := range c.shares {
			x := &c.shares[i]
			if x.by != nil {
				continue
			}
			is := all[name{c.id, x.id}]
			if is == nil {
				return fmt.Errorf("lists: record %s of %s that counts is not in the ledger", x.id, c.id)
			}
			by := is.laterRecord
			switch {
			case x.part == reportedPart:
				by.why = 0
			case is.on <= from && x.year > from.Year():
				by.why = yearBegun
			case is.on <= from:
				by.why = adoption
			}
			x.by = &by
		}
	}
	return nil
}

// partsTitle returns a title that names the two dates and the two points.
func partsTitle(s span, q *asked) text.Text {
	at := s.sinceWord()
	return text.Say("截至 %s 的数字（台账位置 %d）与截至 %s 报出的数字（台账位置 %d，%s）之差（金额单位：%s）",
		"Why the figures as of %s (position %d) are not those reported as of %s (position %d, %s), in %s",
		q.On, s.UpTo, q.day(fromAsOf), s.After, at, q.unit().Word())
}

// partsNotes returns the notes that explain the parts.
func partsNotes(q *asked) []text.Text {
	from := q.day(fromAsOf)
	return []text.Text{
		text.Say("报出数＋更正＋期间发生＝现在数。更正：截至日期仍为 %[1]s，报出以后记入台账的记录（补记、作废、"+
			"用途认定等）所变动的；期间发生：%[1]s 以后至 %[2]s 发生的，含新年度的上年结转。",
			"reported + corrected + happened = now. Corrected: what records that came into the ledger after the "+
				"report (back-dated ones, voidings, rulings) move as of %[1]s. Happened: what happened after %[1]s, "+
				"until %[2]s, and what a new year carries in.", from, q.On),
		q.say(
			text.Say("更正和期间发生的记录见 %[1]s %[2]s，报出数的记录见 %[1]s %[3]s；设区市为截至 %[4]s 中心所在地。",
				"The records of corrected and happened: %[1]s %[2]s; those of reported: %[1]s %[3]s. The city is "+
					"that "+
					"of the center as of %[4]s.",
				q.written("show"), shows.Word(showRecords), shows.Word(showReported), q.On),
			text.Say("更正和期间发生的记录见 %[1]s %[2]s，报出数的记录见 %[1]s %[3]s；城市为截至 %[4]s 中心所在地。",
				"The records of corrected and happened: %[1]s %[2]s; those of reported: %[1]s %[3]s. The city is "+
					"that of the center as of %[4]s.",
				q.written("show"), showRecords, showReported, q.On)),
	}
}
