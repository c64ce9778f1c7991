package console

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// comparison holds the figures of now and what they are made of: the figures reported, and what moved them since. All
// are of one position of the ledger.
type comparison struct {
	*changesAsked
	on        events.Date
	position  uint64
	who       text.Text
	all       []split // by figure, in the order of lists.Figures
	groups    []group // cities or centers, the ones that moved most first
	still     group   // the sum of the groups that nothing moved
	stillOnes int     // their number
	causes    []cause // of the corrections, then of what happened
	corrected []movedBy
	happened  []movedBy
	kinds     []cause // what happened, by the kind of record
	tooMany   *text.Error
}

// split is an amount in its parts, whose sum is the amount of now.
type split struct{ reported, corrected, happened events.Fen }

func (s split) now() events.Fen { return s.reported + s.corrected + s.happened }

func (s split) isStill() bool { return s.corrected == 0 && s.happened == 0 }

func (s split) plus(o split) split {
	return split{s.reported + o.reported, s.corrected + o.corrected, s.happened + o.happened}
}

// group is a city or center, with the figure and the rates.
type group struct {
	id   string
	name text.Text
	split
	executed, available split
}

// cause is a reason, or a kind of record, with what it moved.
type cause struct {
	code      string
	word      text.Text
	corrected bool
	count     int
	fen       events.Fen
}

// movedBy is a record that moved the figure.
type movedBy struct {
	center, id, doc string
	kind, what, why text.Text
	kindCode        string
	voids           string // the id of the record that it voids
	on, recordedOn  string
	position        string
	fen             events.Fen
	whyCode         string
}

// sheetRows are the rows of a table with the places of its columns.
type sheetRows struct {
	*table.Table
	at map[string]int
}

func rowsOf(t *table.Table) sheetRows {
	r := sheetRows{t, map[string]int{}}
	for i := range t.Columns {
		r.at[t.Columns[i].Name] = i
	}
	return r
}

func (r sheetRows) cell(row []table.Cell, column string) table.Cell {
	if i, ok := r.at[column]; ok {
		return row[i]
	}
	return table.Cell{}
}

// said returns the data of a cell.
func (r sheetRows) said(row []table.Cell, column string) string { return r.cell(row, column).CSV() }

// words returns what people read in a cell.
func (r sheetRows) words(row []table.Cell, column string) text.Text {
	c := r.cell(row, column)
	if c.Shown != (text.Text{}) {
		return c.Shown
	}
	return text.Same(c.CSV())
}

func (r sheetRows) fen(row []table.Cell, column string) events.Fen {
	fen, _ := r.cell(row, column).Data.(events.Fen)
	return fen
}

// answersAt are the answers that a comparison is made of.
type answersAt struct{ parts, money, centers, records sheetRows }

// askComparison asks all questions of a comparison. While the ledger grows, it asks again as of the position of the
// first answer, so that all have one position.
func (v *visit) askComparison(ctx context.Context, d desk.Keeper, a *changesAsked) (got answersAt, tooMany *text.Error,
	err error) {
	centers := map[string]string{"year": a.year, "scope": a.scope}
	for name, value := range map[string]string{"center": a.center, "region": a.region} {
		if value != "" {
			centers[name] = value
		}
	}
	money := maps.Clone(centers)
	money["by"] = "city"
	if a.center != "" {
		money["by"] = "center"
	}
	when := v.when
	for range 2 {
		list := func(into *sheetRows, name string, params map[string]string) {
			if err != nil {
				return
			}
			var t *table.Table
			if t, err = d.List(ctx, when, lists.Question{List: name, On: v.on, Params: params}); err == nil {
				*into = rowsOf(t)
			}
		}
		list(&got.parts, "changes", a.params("by", "center"))
		list(&got.money, "execution", money)
		list(&got.centers, "execution", centers)
		if err != nil {
			return got, nil, err
		}
		list(&got.records, "changes", a.params("show", "records", "figure", a.figure.Name))
		if about, ok := err.(*text.Error); ok && about.Param == "show" {
			tooMany, err, got.records = about, nil, sheetRows{&table.Table{Position: got.parts.Position}, nil}
		}
		if err != nil {
			return got, nil, err
		}
		p := got.parts.Position
		if p == got.money.Position && p == got.records.Position && p == got.centers.Position {
			return got, tooMany, nil
		}
		when.KnownAt = strconv.FormatUint(p, 10)
	}
	return got, nil, text.Errorf(text.Unavailable, "台账正在变动，请稍后重试",
		"the ledger is changing; try again later")
}

// compare computes the comparison.
func (v *visit) compare(ctx context.Context, d desk.Keeper, a *changesAsked) (*comparison, error) {
	got, tooMany, err := v.askComparison(ctx, d, a)
	if err != nil {
		return nil, err
	}
	x := &comparison{changesAsked: a, on: v.on, position: got.parts.Position, tooMany: tooMany, who: a.about(),
		all: make([]split, len(lists.Figures))}
	groups := map[string]*group{}
	at := func(id string) *group {
		if groups[id] == nil {
			groups[id] = &group{id: id, name: text.Same(id)}
		}
		return groups[id]
	}
	x.addMoney(&got, at)
	x.addParts(&got, at)
	x.addRecords(got.records)
	if g := groups[a.center]; a.center != "" && g != nil && g.name.Zh != a.center {
		x.who = text.Say("%s（%s）", "%s (%s)", g.name.Zh, a.center)
	}
	for _, g := range groups {
		switch {
		case g.isStill() && g.reported == 0 && g.executed.now() == 0 && g.available.now() == 0:
		case g.isStill() && g.executed.isStill() && g.available.isStill():
			x.stillOnes++
			x.still.split = x.still.plus(g.split)
		default:
			x.groups = append(x.groups, *g)
		}
	}
	slices.SortFunc(x.groups, func(a, b group) int {
		return cmp.Or(cmp.Compare(size(b.corrected), size(a.corrected)),
			cmp.Compare(size(b.happened), size(a.happened)), cmp.Compare(a.id, b.id))
	})
	return x, nil
}

func size(fen events.Fen) events.Fen { return max(fen, -fen) }

// about returns the name of what is compared.
func (a *changesAsked) about() text.Text {
	switch {
	case a.center != "":
		return text.Same(a.center)
	case a.region != "":
		return table.Plain(projections.RegionName((a.region + "0000")[:6]))
	}
	return text.Say("全部中心", "all centers")
}

// addMoney adds the money of now, all of it as reported: of the whole, and of each group.
func (x *comparison) addMoney(got *answersAt, at func(id string) *group) {
	for _, row := range got.money.Rows {
		code, name := got.money.said(row, "city"), got.money.words(row, "name")
		m := moneyOf(got.money, row)
		for i := range lists.Figures {
			x.all[i].reported += lists.Figures[i].Of(m)
		}
		if x.by == "city" {
			g := at(code)
			g.add(m, x.figure)
			if name.Zh != "" {
				g.name = name
			}
		}
	}
	if x.by == "city" {
		return
	}
	for _, row := range got.centers.Rows {
		if id := got.centers.said(row, "center"); x.center == "" || x.center == id {
			g := at(id)
			g.add(moneyOf(got.centers, row), x.figure)
			if name := got.centers.words(row, "name"); name.Zh != "" {
				g.name = name
			}
		}
	}
}

// add adds the money of now to a group, as if all of it had been reported.
func (g *group) add(m aggregates.Money, f *lists.MoneyFigure) {
	g.reported += f.Of(m)
	g.executed.reported += m.ExecutedFen()
	g.available.reported += m.AvailableFen()
}

func moneyOf(r sheetRows, row []table.Cell) aggregates.Money {
	return aggregates.Money{GrantedFen: r.fen(row, "grantedFen"), CarriedInFen: r.fen(row, "carriedInFen"),
		ReceivedFen: r.fen(row, "receivedFen"), SpentAllFen: r.fen(row, "spentAllFen"),
		IneligibleFen: r.fen(row, "ineligibleFen")}
}

// addParts moves the corrections and what happened since from the amounts of now into parts of their own.
func (x *comparison) addParts(got *answersAt, at func(id string) *group) {
	for _, row := range got.parts.Rows {
		moved := split{corrected: got.parts.fen(row, "correctedFen"), happened: got.parts.fen(row, "happenedFen")}
		moved.reported = -moved.corrected - moved.happened
		figure := got.parts.said(row, "figure")
		for i := range lists.Figures {
			if lists.Figures[i].Name == figure {
				x.all[i] = x.all[i].plus(moved)
			}
		}
		id := got.parts.said(row, "city")
		if x.by == "center" {
			id = got.parts.said(row, "center")
		}
		g := at(id)
		if figure == x.figure.Name {
			g.split = g.plus(moved)
		}
		switch figure {
		case "executed":
			g.executed = g.executed.plus(moved)
		case "available":
			g.available = g.available.plus(moved)
		}
	}
}

// addRecords adds the records that moved the figure, and the sums of their causes and kinds.
func (x *comparison) addRecords(r sheetRows) {
	causes, kinds := map[string]*cause{}, map[string]*cause{}
	sum := func(of map[string]*cause, code string, word text.Text, corrected bool, fen events.Fen) {
		key := code + strconv.FormatBool(corrected)
		if of[key] == nil {
			of[key] = &cause{code: code, word: word, corrected: corrected}
		}
		of[key].count++
		of[key].fen += fen
	}
	for _, row := range r.Rows {
		m := movedBy{center: r.said(row, "center"), id: r.said(row, "id"), doc: r.said(row, "doc"),
			kind: r.words(row, "kind"), kindCode: r.said(row, "kind"), what: r.words(row, "subject"),
			why: r.words(row, "why"), whyCode: r.said(row, "why"), on: r.said(row, "on"),
			recordedOn: r.said(row, "recordedOn"), position: r.said(row, "position"), fen: r.fen(row, "amountFen")}
		if m.kindCode == string(events.KindEntryVoided) {
			m.voids = r.said(row, "subject")
		}
		isCorrection := r.said(row, "part") == "corrected"
		sum(causes, m.whyCode, m.why, isCorrection, m.fen)
		if isCorrection {
			x.corrected = append(x.corrected, m)
		} else {
			x.happened = append(x.happened, m)
			sum(kinds, m.kindCode, m.kind, false, m.fen)
		}
	}
	x.causes, x.kinds = sortedCauses(causes), sortedCauses(kinds)
}

// sortedCauses returns causes with those of corrections first, the largest amount first.
func sortedCauses(of map[string]*cause) (list []cause) {
	for _, c := range of {
		list = append(list, *c)
	}
	slices.SortFunc(list, func(a, b cause) int {
		if a.corrected != b.corrected {
			if a.corrected {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(size(b.fen), size(a.fen)), cmp.Compare(a.code, b.code))
	})
	return list
}

// of returns the parts of a figure by its name.
func (x *comparison) of(name string) split {
	for i := range lists.Figures {
		if lists.Figures[i].Name == name {
			return x.all[i]
		}
	}
	return split{}
}

// ratesOf returns the execution rate as reported, with the corrections, and as of now, in percent; "" for none.
func ratesOf(executed, available split) (reported, corrected, now string) {
	rate := func(executed, available events.Fen) string {
		return aggregates.Money{ReceivedFen: available, SpentAllFen: executed}.RatePercent()
	}
	return rate(executed.reported, available.reported),
		rate(executed.reported+executed.corrected, available.reported+available.corrected),
		rate(executed.now(), available.now())
}
