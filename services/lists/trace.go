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
	"github.com/taizhang/taizhang/services/table"
)

var traceList = &List{
	Name:     "trace",
	Short:    text.Say("一个中心的一个数字由哪些记录构成", "the records that one figure of a center is made of"),
	Argument: "center",
	Params: []Param{
		{Name: "center", Words: text.Say("中心编号 `ID`", "`ID` of a center"), Sort: CenterID},
		{Name: "year", Words: text.Say("财政年度 `YEAR`（必填）", "fiscal `YEAR` (must be given)"), Sort: Year,
			Must: true},
		choice("scope", Scopes, text.Say("口径 `SCOPE`", "`SCOPE`"), text.Say("（必填）", " (must be given)")).must(),
		choice("figure", figureVocabulary(), text.Say("数字 `FIGURE`（必填）", "`FIGURE` (must be given)"),
			text.Say("；上年结转展开为以前各年度的到账和支出",
				"; carriedIn opens into what was received and spent in the years before")).but(derivedFigures).must(),
		sortParam(nil, text.Text{}), unitParam,
	},
	later:   true,
	columns: func(*asked) []table.Column { return traceColumns },
	answer:  trace,
}

// derivedFigures holds the columns of the execution report that are no sum of records, each with what it is made of.
var derivedFigures = map[string]text.Text{
	"rate":        rateIsDerived,
	"ratePercent": rateIsDerived,
	"执行率":         rateIsDerived,
	"low":         lowIsDerived,
	"偏低":          lowIsDerived,
}

var lowIsDerived = text.Say("是否偏低由 12 月 31 日的执行率判定，不是记录之和；请分别查执行数和可用",
	"low follows from the rate on 31 December and is no sum of records; ask for executed and for available")

var rateIsDerived = text.Say("执行率等于执行数除以可用，不是记录之和；请分别查执行数和可用",
	"the rate is executed divided by available and no sum of records; ask for executed and for available")

var traceColumns = []table.Column{
	{Name: "part", Title: text.Say("组成", "part")},
	{Name: "fiscalYear", Title: text.Say("年度", "year"), Type: table.Year},
	{Name: "on", Title: text.Say("日期", "date"), Type: table.Day},
	{Name: "kind", Title: text.Say("记录", "record")},
	{Name: "subject", Title: text.Say("凭证或经费", "of")},
	{Name: "amountFen", Title: text.Say("金额", "amount"), Type: table.Money},
	{Name: "payee", Title: text.Say("收款单位", "payee")},
	{Name: "summary", Title: text.Say("摘要", "summary")},
	{Name: "doc", Title: text.Say("文号", "document"), Minor: minorDetail},
	{Name: "recordedOn", Title: text.Say("记入", "recorded"), Type: table.Day},
	{Name: "position", Title: text.Say("位置", "position"), Type: table.Count, Minor: minorPosition},
	{Name: "id", Title: text.Say("记录编号", "record id"), Minor: minorID},
}

// portion is the amount that one record contributes to one part of a figure.
type portion struct {
	part      int // the index of the part in Figures
	year      int // the fiscal year in which the money was granted, received or spent
	amountFen events.Fen
	record    *events.Recorded
}

// partsFen returns the counted parts of a figure, such as carriedIn and received of available, by their index in
// Figures. A part that is subtracted is negative. Their sum is the figure.
func (f *MoneyFigure) partsFen(m aggregates.Money) map[int]events.Fen {
	parts := map[int]events.Fen{}
	for i, alone := range countedFigures(m) {
		if v := f.Of(alone); v != 0 {
			parts[i] = v
		}
	}
	return parts
}

// countedFigures splits money by the counted figures, which do not follow from others, by their index in Figures.
func countedFigures(m aggregates.Money) map[int]aggregates.Money {
	return map[int]aggregates.Money{
		figureAt("granted"):    {GrantedFen: m.GrantedFen},
		figureAt("carriedIn"):  {CarriedInFen: m.CarriedInFen},
		figureAt("received"):   {ReceivedFen: m.ReceivedFen},
		figureAt("spentAll"):   {SpentAllFen: m.SpentAllFen},
		figureAt("ineligible"): {IneligibleFen: m.IneligibleFen},
	}
}

// figureAt returns the index of a figure in Figures.
func figureAt(name string) int {
	return slices.IndexFunc(Figures, func(f MoneyFigure) bool { return f.Name == name })
}

// trace lists the amounts that each record contributes to a figure.
func trace(ctx context.Context, d *Books, q *asked, t *table.Table) error {
	center, year, scope, f := q.center("center"), q.number("year"), aggregates.Scope(q.text("scope")),
		&Figures[figureAt(q.text("figure"))]
	var movements []aggregates.Movement
	d.exactly(q, func() { movements = d.Register.MovementsAhead(center, q.On, year, scope) })
	records, err := d.recordsOf(ctx, q, center, movements)
	if err != nil {
		return err
	}
	var list []portion
	for i := range movements {
		rec := records[movements[i].From.ID]
		for part, fen := range f.partsFen(movements[i].Money) {
			p := portion{part, year, fen, rec}
			if Figures[part].Name == "carriedIn" {
				p.year = rec.On.Year()
			}
			list = append(list, p)
		}
	}
	slices.SortFunc(list, func(a, b portion) int {
		return cmp.Or(cmp.Compare(a.part, b.part), cmp.Compare(a.year, b.year), cmp.Compare(a.record.On, b.record.On),
			cmp.Compare(a.record.Position, b.record.Position))
	})
	for _, p := range list {
		row, err := d.portionRow(ctx, p)
		if err != nil {
			return err
		}
		t.Rows = append(t.Rows, row)
	}
	word := ScopeWord(scope)
	t.Title = text.Say("中心 %[1]s %[2]d 年度“%[3]s”（口径：%[4]s）的构成，截至 %[5]s（金额单位：%[6]s）",
		"What “%[3]s” of %[1]s for %[2]d is made of (scope: %[4]s), as of %[5]s (amounts in %[6]s)",
		center, year, q.figureWord(f), word, q.On, q.unit().Word())
	t.Empty = text.Say("没有构成这个数字的记录：它是 0.00 元。", "No record makes this figure: it is 0.00 yuan.")
	if year > q.On.Year() {
		t.Empty = text.Say("截至 %s，%d 年度尚未开始，还没有这个数字。",
			"As of %s the year %d has not begun, and has no such figure yet.", q.On, year)
	}
	t.Notes = append(q.partsNotes(f, list), partlyOutside(list)...)
	q.traceTotals(t, list)
	return nil
}

// recordsOf reads the records from which movements of a center come, by their ids.
func (d *Books) recordsOf(ctx context.Context, q *asked, center events.CenterID,
	movements []aggregates.Movement) (map[uuid.UUID]*events.Recorded, error) {
	found := make(map[uuid.UUID]*events.Recorded, len(movements))
	for i := range movements {
		found[movements[i].From.ID] = nil
	}
	left := len(found)
	for s, err := range d.Ledger.ReadStream(ctx, center.Stream(), 0) {
		if err != nil {
			return nil, err
		}
		if left == 0 || s.Position > q.position {
			break
		}
		if known, wanted := found[s.ID]; !wanted || known != nil { // a second event with the same id is a break
			continue
		}
		rec, err := events.DecodeEvent(s)
		if err != nil {
			return nil, err
		}
		found[s.ID] = &rec
		left--
	}
	if left > 0 {
		return nil, fmt.Errorf("lists: %d records of %s that count are not in its stream", left, center)
	}
	return found, nil
}

// portionRow returns the row of a portion.
func (d *Books) portionRow(ctx context.Context, p portion) ([]table.Cell, error) {
	rec, part := p.record, &Figures[p.part]
	subject, err := d.subject(ctx, rec)
	if err != nil {
		return nil, err
	}
	payee, summary := "", ""
	switch is := rec.Data.(type) {
	case *events.FundsSpent:
		payee, summary = is.Payee, is.Summary
	case *events.SpendingReversed:
		summary = is.Reason
	case *events.SubsidyReversed:
		summary = is.Reason
	case *events.FundsRecovered:
		summary = is.Reason
	}
	return []table.Cell{table.Named(part.Name, part.Word), table.Number(p.year), table.Date(rec.On),
		table.Named(rec.Kind, rec.Kind.Title()), subject, table.Fen(p.amountFen),
		table.Optional(payee), table.Optional(summary), table.Optional(rec.Doc),
		table.Date(events.DateAt(rec.RecordedAt)), table.Number(rec.Position), table.Text(rec.ID.String())}, nil
}

// traceTotals adds a sum for each part and year, if there are several, and the figure itself.
func (q *asked) traceTotals(t *table.Table, list []portion) {
	var sums []portion
	var all events.Fen
	for _, p := range list {
		all += p.amountFen
		if n := len(sums); n > 0 && sums[n-1].part == p.part && sums[n-1].year == p.year {
			sums[n-1].amountFen += p.amountFen
		} else {
			sums = append(sums, p)
		}
	}
	total := func(word text.Text, year table.Cell, fen events.Fen) {
		row := make([]table.Cell, len(traceColumns))
		row[0], row[1], row[5] = table.Cell{Shown: word}, year, table.Fen(fen)
		t.Totals = append(t.Totals, row)
	}
	if len(sums) > 1 {
		for _, s := range sums {
			w := q.figureWord(&Figures[s.part])
			total(text.Text{Zh: w.Zh + "小计", En: w.En + ", all"}, table.Number(s.year), s.amountFen)
		}
	}
	if len(sums) > 0 {
		total(text.Say("合计", "total"), table.Cell{}, all)
	}
}

// partsNotes returns the notes on the parts from which a figure follows, and on the meaning of carried in.
func (q *asked) partsNotes(f *MoneyFigure, list []portion) (notes []text.Text) {
	one := f.partsFen(aggregates.Money{GrantedFen: 1, CarriedInFen: 1, ReceivedFen: 1, SpentAllFen: 1,
		IneligibleFen: 1})
	if len(one) > 1 {
		is, more := q.figureWord(f), text.Text{}
		sum := text.Text{Zh: is.Zh + "＝", En: is.En + " = "}
		for k, i := range slices.Sorted(maps.Keys(one)) {
			sign := text.Say("＋", " + ")
			switch {
			case one[i] < 0:
				sign, more = text.Say("－", " - "),
					text.Say("；减去的部分以负数列示", "; what is subtracted is listed as negative")
			case k == 0:
				sign = text.Text{}
			}
			part := q.figureWord(&Figures[i])
			sum = text.Text{Zh: sum.Zh + sign.Zh + part.Zh, En: sum.En + sign.En + part.En}
		}
		notes = append(notes, text.Text{Zh: sum.Zh + more.Zh + "。", En: sum.En + more.En + "."})
	}
	if slices.ContainsFunc(list, func(p portion) bool { return Figures[p.part].Name == "carriedIn" }) {
		notes = append(notes, text.Say("上年结转为以前各年度的到账减支出，逐年列出。",
			"Carried in is what was received less what was spent in the years before, listed year by year."))
	}
	return notes
}

// partlyOutside returns the note on the number of vouchers that are also paid from money of other scopes.
func partlyOutside(list []portion) []text.Text {
	count := 0
	for _, p := range list {
		if is, ok := p.record.Data.(*events.FundsSpent); ok && Figures[p.part].Name != "ineligible" {
			var whole events.Fen
			for _, l := range is.Lines {
				whole += l.AmountFen
			}
			if whole != max(p.amountFen, -p.amountFen) {
				count++
			}
		}
	}
	if count == 0 {
		return nil
	}
	return []text.Text{text.Say("有 %d 张凭证也使用其他口径的经费，这里只计本口径的部分。",
		"Vouchers that are also paid from money of other scopes: %d; only the part of this scope counts here.", count)}
}
