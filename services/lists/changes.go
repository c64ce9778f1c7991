package lists

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/difference"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/table"
)

var changesList = &List{
	Name: "changes",
	Short: text.Say("两个已知时点之间变动的数字和预警，以及使其变动的记录",
		"figures and alerts that moved since an earlier point, and the records that moved them"),
	Params: []Param{
		{Name: "since", Words: text.Say("较早的已知时点 `POINT`：台账位置、日期（指当日终了）或 RFC 3339 时间（必填）",
			"the earlier `POINT`: a position of the ledger, a date (the end of that day) or a time of RFC 3339 "+
				"(must be given)"), Sort: Point, Must: true},
		choice("show", shows, text.Say("列出 `WHAT`", "`WHAT` to list"),
			text.Say("；依次为变动的数字、每条记录使哪个数字变动多少、变动的预警、报出数的记录（仅在与报出数比较时）",
				"; records are what each moved of which figure, reported are the records of the figures reported, "+
					"when "+
					"comparing with them")).withDefault("figures"),
		{Name: "center", Words: text.Say("中心编号 `ID`", "`ID` of a center"), Sort: CenterID},
		{Name: "year", Words: text.Say("财政年度 `YEAR`", "fiscal `YEAR`"), Sort: Year},
		choice("scope", Scopes, text.Say("口径 `SCOPE`", "`SCOPE`"), text.Text{}),
		choice("figure", figureVocabulary(), text.Say("数字 `FIGURE`", "`FIGURE`"),
			text.Say("；选定口径时有合计", "; with a scope there is a total")).but(derivedFigures),
		{Name: fromAsOf, Words: text.Say("报出时的截至日期 `DATE`：与报出数比较，分为报出数、更正、期间发生和现在数",
			"the as-of `DATE` of what was reported: compare with it, and split figures into reported, corrected "+
				"since, happened since and now"), Sort: Day},
		choice("by", groupings.Of("center", byCity, byTotal),
			text.Say("与报出数比较时按 `BY` 列示", "when comparing with what was reported, list `BY`"),
			text.Say("（默认中心）", " (default center)")),
		regionParam, sortParam(nil, text.Text{}), unitParam,
	},
	history: true,
	columns: changesColumns,
	answer:  changes,
}

// changed holds the figures and alerts of one center that moved, and its later records.
type changed struct {
	id    events.CenterID
	later []laterRecord
	projections.Changes
}

// shows holds what changes lists.
var shows = text.Vocabulary[string]{
	{Code: "figures", Word: text.Say("数字", "figures")},
	{Code: showRecords, Word: text.Say("记录", "records")},
	{Code: "alerts", Word: text.Say("预警", "alerts")},
	{Code: showReported, Word: text.Say("报出数", "reported")},
}

func changesColumns(q *asked) []table.Column {
	if q.given(fromAsOf) {
		return partsColumns(q)
	}
	if q.text("show") == "alerts" {
		return append(alertColumns(), movedColumns()...)
	}
	return append(figureColumns(), movedColumns()...)
}

// alertColumns returns the columns of alerts that changed.
func alertColumns() []table.Column {
	return []table.Column{
		{Name: "center", Title: text.Say("中心", "center")},
		{Name: "code", Title: text.Say("代码", "code")},
		{Name: "key", Title: text.Say("对象", "key")},
		{Name: "severity", Title: text.Say("级别", "severity")},
		{Name: "change", Title: text.Say("变动", "change")},
		{Name: "raisedOnBefore", Title: text.Say("原发生", "raised before"), Type: table.Day},
		{Name: "clearedOnBefore", Title: text.Say("原解除", "cleared before"), Type: table.Day},
		{Name: "raisedOn", Title: text.Say("现发生", "raised"), Type: table.Day},
		{Name: "clearedOn", Title: text.Say("现解除", "cleared"), Type: table.Day},
	}
}

// figureColumns returns the columns of figures that changed.
func figureColumns() []table.Column {
	return []table.Column{
		{Name: "center", Title: text.Say("中心", "center")},
		{Name: "fiscalYear", Title: text.Say("年度", "year"), Type: table.Year},
		{Name: "scope", Title: text.Say("口径", "scope")},
		{Name: "figure", Title: text.Say("数字", "figure")},
		{Name: "beforeFen", Title: text.Say("原为", "before"), Type: table.Money},
		{Name: "afterFen", Title: text.Say("现为", "after"), Type: table.Money},
		{Name: "differenceFen", Title: text.Say("差额", "difference"), Type: table.Money},
		{Name: "ratePercentBefore", Title: text.Text{Zh: "原执行率%", En: "rate % before"}, Type: table.Percent},
		{Name: "ratePercentAfter", Title: text.Text{Zh: "现执行率%", En: "rate % after"}, Type: table.Percent},
		{Name: "lowBefore", Type: table.Bool},
		{Name: "lowAfter", Type: table.Bool},
	}
}

func changes(ctx context.Context, d *Books, q *asked, t *table.Table) error {
	if err := q.checkParts(); err != nil {
		return err
	}
	if q.given(fromAsOf) {
		return changesInParts(ctx, d, q, t)
	}
	byAlert := q.text("show") == "alerts"
	for _, p := range []string{"year", "scope", "figure"} {
		if byAlert && q.given(p) {
			return text.Errorf(text.Invalid, "不用于预警变动（%[1]s 预警）", "is not for %[1]s alerts",
				q.written("show")).Of(p)
		}
	}
	var counts map[events.CenterID]uint64
	d.exactly(q, func() { counts = d.Register.Counts() })
	s, err := d.spanSince(ctx, q, counts)
	if err != nil {
		return err
	}
	rows := func(c *changed) *movedRows { return c.figures(q, len(t.Columns)) }
	if byAlert {
		rows = func(c *changed) *movedRows { return c.alerts(q, len(t.Columns)) }
	}
	parts, err := d.changed(ctx, s, q.On, rows)
	if err != nil {
		return err
	}
	if byAlert {
		t.Title = changesTitle(s, q, text.Say("预警变动", "Alerts that moved"), text.Text{})
		t.Empty = text.Say("没有预警变动。", "No alert moved.")
		return d.fill(ctx, t, parts)
	}
	alerts := 0
	for _, p := range parts {
		alerts += p.alerts
	}
	t.Title = changesTitle(s, q, text.Say("数字变动", "Figures that moved"),
		text.Say("（金额单位：%s；另有 %d 条预警变动，见 %s %s）",
			" (amounts in %s; alerts that moved: %d, see %s %s)", q.unit().Word(), alerts, q.written("show"),
			q.say(shows.Word("alerts"), text.Same("alerts"))))
	t.Empty = text.Say("没有数字变动。", "No figure moved.")
	if err := d.fill(ctx, t, parts); err != nil {
		return err
	}
	if q.given("figure") && q.given("scope") && len(t.Rows) > 0 {
		var totalFen events.Fen
		for _, p := range parts {
			totalFen += p.movedFen
		}
		t.Total(map[string]events.Fen{"differenceFen": totalFen})
	}
	return nil
}

// movedRows holds the rows of one center, still without the cells of movedColumns, and the records that moved each
// row.
type movedRows struct {
	columns  int
	rows     [][]table.Cell
	by       []moved
	movedFen events.Fen // the sum of the differences of all rows
	alerts   int        // the number of alerts of the center that moved
	err      error
}

func (r *movedRows) add(by moved, row ...table.Cell) {
	r.rows, r.by = append(r.rows, append(make([]table.Cell, 0, r.columns), row...)), append(r.by, by)
}

// fill appends the cells of movedColumns to the rows of all centers and appends the rows to the table.
func (d *Books) fill(ctx context.Context, t *table.Table, parts []*movedRows) error {
	var wanted []uint64
	for _, p := range parts {
		for _, m := range p.by {
			if len(m) == 1 {
				wanted = append(wanted, m[0].Position)
			}
		}
	}
	slices.Sort(wanted)
	records, err := d.records(ctx, slices.Compact(wanted))
	if err != nil {
		return err
	}
	done, err := parallel(ctx, parts, func(p *movedRows) *movedRows {
		for i := 0; i < len(p.rows) && p.err == nil; i++ {
			p.rows[i], p.err = d.appendMoved(ctx, p.rows[i], p.by[i], records)
		}
		return p
	})
	for _, p := range done {
		if err = cmp.Or(err, p.err); err == nil {
			t.Rows = append(t.Rows, p.rows...)
		}
	}
	return err
}

// changed computes the changes of every center that has a later record, and makes rows of them. It makes the rows of
// a center at once and drops the steps of the center, because the steps of all centers would need too much memory.
func (d *Books) changed(ctx context.Context, s span, on events.Date,
	rows func(*changed) *movedRows) ([]*movedRows, error) {
	before, of, err := d.later(ctx, s)
	if err != nil {
		return nil, err
	}
	ids := slices.Sorted(maps.Keys(of))
	return parallel(ctx, ids, func(id events.CenterID) *movedRows {
		c := d.changedOne(ctx, id, on, before, of[id], s.counts[id])
		part := rows(&c)
		part.alerts = len(c.Alerts)
		return part
	})
}

func (d *Books) changedOne(ctx context.Context, id events.CenterID, on events.Date, before policy.Timeline,
	records []laterRecord, known uint64) changed {
	later := make([]projections.Later, len(records))
	for i, r := range records {
		later[i] = r.Later
	}
	all, err := d.Register.Changes(ctx, id, on, before, later, known)
	if err != nil {
		return changed{} // ctx has ended; the caller returns its error
	}
	all.Alerts = paired(all.Alerts)
	return changed{id, records, all}
}

// moved holds the records that moved one row, in order.
type moved []*laterRecord

func (m moved) last() *laterRecord { return m[len(m)-1] }

// why returns the union of the reasons of the records. It drops the reason "new" when there is any other reason.
func (m moved) why() (why reason) {
	for _, r := range m {
		why |= r.why
	}
	if why != fresh {
		why &^= fresh
	}
	return why
}

// movedColumns returns the columns that name the records that moved a row.
func movedColumns() []table.Column {
	return []table.Column{
		{Name: "records", Title: text.Say("记录数", "records"), Type: table.Count},
		{Name: "position", Title: text.Say("位置", "position"), Type: table.Count, Minor: minorPosition},
		{Name: "lastPosition", Type: table.Count},
		{Name: "recordedOn", Title: text.Say("记入", "recorded"), Type: table.Day},
		{Name: "on", Title: text.Say("发生", "on"), Type: table.Day},
		{Name: "kind", Title: text.Say("记录", "record")},
		{Name: "subject", Title: text.Say("对象", "of")},
		{Name: "why", Title: text.Say("原因", "why")},
		{Name: "doc", Title: text.Say("文号", "document"), Minor: minorDetail},
		{Name: "id"},
	}
}

// appendMoved appends the cells of movedColumns. The cells that describe a single record stay empty if several records
// moved the row.
func (d *Books) appendMoved(ctx context.Context, row []table.Cell, m moved,
	records map[uint64]*events.Recorded) ([]table.Cell, error) {
	why := m.why()
	row = append(row, table.Number(len(m)), table.Number(m[0].Position), table.Number(m.last().Position))
	if len(m) > 1 {
		return append(row, table.Cell{}, table.Cell{}, table.Cell{}, table.Cell{}, why.cell(), table.Cell{},
			table.Cell{}), nil
	}
	id := table.Text(m[0].ID.String())
	rec := records[m[0].Position]
	if rec == nil { // the record cannot be read
		return append(row, table.Cell{}, table.Cell{}, table.Cell{}, table.Cell{}, why.cell(), table.Cell{}, id), nil
	}
	subject, err := d.subject(ctx, rec)
	return append(row, table.Date(events.DateAt(rec.RecordedAt)), table.Date(rec.On),
		table.Named(rec.Kind, rec.Kind.Title()), subject, why.cell(), table.Optional(rec.Doc), id), err
}

// record returns the later record of a step.
func (c *changed) record(s projections.Step) *laterRecord { return &c.later[s.Later] }

// figures lists the figures that differ: one row per figure, or one row per record that moved a figure. With one row
// per record, the first row of a figure begins with the amount at the older point and the last row ends with the
// current amount.
func (c *changed) figures(q *asked, columns int) *movedRows {
	t := &movedRows{columns: columns}
	year, scope, wanted, each := q.number("year"), q.text("scope"), q.text("figure"), q.text("show") == "records"
	for _, line := range c.Money {
		if year != 0 && year != line.After.Year || scope != "" && scope != string(line.After.Scope) {
			continue
		}
		m := newMovedLine(line)
		for k := range Figures {
			if f := &Figures[k]; (wanted == "" || wanted == f.Name) && f.differs(line) {
				t.movedFen += f.Of(line.After.Money) - f.Of(line.Before.Money)
				c.figureRows(t, f, m, each)
			}
		}
	}
	return t
}

// differs reports whether the figure of a line differs between the two points. A year that became low, or that is no
// longer low, counts as a difference of the figure "executed".
func (f *MoneyFigure) differs(m difference.MovedLine) bool {
	return f.Of(m.Before.Money) != f.Of(m.After.Money) || f.Name == "executed" && m.Before.Low != m.After.Low
}

// movedLine is a line of the execution report before and after, with both rates.
type movedLine struct {
	difference.MovedLine
	rateBefore, rateAfter table.Cell
}

func newMovedLine(m difference.MovedLine) movedLine {
	return movedLine{m, table.Rate(m.Before.RatePercent()), table.Rate(m.After.RatePercent())}
}

// row returns the cells of figureColumns for a figure of the line.
func (m *movedLine) row(id events.CenterID, f *MoneyFigure) []table.Cell {
	b, a := f.Of(m.Before.Money), f.Of(m.After.Money)
	return []table.Cell{table.Text(id), table.Number(m.After.Year),
		table.Named(m.After.Scope, ScopeWord(m.After.Scope)), table.Named(f.Name, f.Word), table.Fen(b), table.Fen(a),
		table.Fen(a - b), m.rateBefore, m.rateAfter, table.Yes(m.Before.Low), table.Yes(m.After.Low)}
}

// figureRows adds one row for a figure of a line with all records that moved it, or one row for each of these records.
func (c *changed) figureRows(t *movedRows, f *MoneyFigure, line movedLine, each bool) {
	var all moved
	add := func(by moved, m movedLine) {
		t.add(by, m.row(c.id, f)...)
	}
	for _, s := range c.Steps {
		i := slices.IndexFunc(s.Money, func(m difference.MovedLine) bool {
			return m.After.Year == line.After.Year && m.After.Scope == line.After.Scope && f.differs(m)
		})
		switch {
		case i < 0:
		case each:
			add(moved{c.record(s)}, newMovedLine(s.Money[i]))
		default:
			all = append(all, c.record(s))
		}
	}
	if !each {
		add(all, line)
	}
}

// alerts lists the alerts that differ, each with the last record that moved it.
func (c *changed) alerts(q *asked, columns int) *movedRows {
	t := &movedRows{columns: columns}
	for _, a := range c.Alerts {
		x := a.Either()
		t.add(moved{c.record(c.lastThatMoved(a))}, alertRow(c.id, a, q.keyCell(&x))...)
	}
	return t
}

// alertRow returns the cells of alertColumns for an alert that changed.
func alertRow(id events.CenterID, a difference.MovedAlert, key table.Cell) []table.Cell {
	x := a.Either()
	change := table.Cell{Data: "changed", Shown: text.Say("改变", "changed")}
	switch {
	case a.After == nil:
		change = table.Cell{Data: "disappeared", Shown: text.Say("消失", "disappeared")}
	case a.Before == nil:
		change = table.Cell{Data: "appeared", Shown: text.Say("新产生", "appeared")}
	}
	row := []table.Cell{table.Text(id), table.Text(x.Code), key, table.Named(x.Severity, SeverityWord(x.Severity)),
		change, {}, {}, {}, {}}
	if a.Before != nil {
		row[5], row[6] = table.Date(a.Before.RaisedOn), table.Date(a.Before.ClearedOn)
	}
	if a.After != nil {
		row[7], row[8] = table.Date(a.After.RaisedOn), table.Date(a.After.ClearedOn)
	}
	return row
}

// paired joins a withdrawn alert and a raised alert with the same code and key into one change: the alert only got
// another raising date.
func paired(moves []difference.MovedAlert) (list []difference.MovedAlert) {
	var raised []difference.MovedAlert
	for _, m := range moves {
		if m.Before == nil {
			raised = append(raised, m)
		}
	}
	for _, m := range moves {
		if m.Withdrawn() {
			i := slices.IndexFunc(raised, func(r difference.MovedAlert) bool {
				return r.After.Code == m.Before.Code && r.After.Key == m.Before.Key
			})
			if i >= 0 {
				m.After = raised[i].After
				raised = slices.Delete(raised, i, i+1)
			}
		}
		if m.Before != nil {
			list = append(list, m)
		}
	}
	list = append(list, raised...)
	slices.SortFunc(list, func(a, b difference.MovedAlert) int {
		return aggregates.CompareAlerts(a.Either(), b.Either())
	})
	return list
}

// lastThatMoved returns the last step that moved an alert, under its raising date before or its raising date after.
func (c *changed) lastThatMoved(a difference.MovedAlert) projections.Step {
	is := func(x aggregates.Alert) bool {
		id := difference.AlertIDOf(x)
		return a.Before != nil && id == difference.AlertIDOf(*a.Before) ||
			a.After != nil && id == difference.AlertIDOf(*a.After)
	}
	for _, s := range slices.Backward(c.Steps) {
		if slices.ContainsFunc(s.Alerts, func(m difference.MovedAlert) bool { return is(m.Either()) }) {
			return s
		}
	}
	return projections.Step{} // never reached: the alert differs, so some step moved it
}

// changesTitle returns a title that names the two points.
func changesTitle(s span, q *asked, what, more text.Text) text.Text {
	at := s.sinceWord()
	return text.Text{
		Zh: fmt.Sprintf("截至 %s，台账位置 %d（%s）之后至位置 %d 的记录带来的%s%s", q.On, s.After, at.Zh, s.UpTo,
			what.Zh, more.Zh),
		En: fmt.Sprintf("%s as of %s by what was recorded after position %d (%s) up to %d%s", what.En, q.On, s.After,
			at.En, s.UpTo, more.En),
	}
}

// sinceWord returns the instant of the older point, in the time of Shanghai.
func (s *span) sinceWord() text.Text {
	if s.sinceAt.Equal(ledger.Empty.At) {
		return text.Say("空台账", "the empty ledger")
	}
	return text.Same(s.sinceAt.In(events.Shanghai).Format(time.RFC3339))
}
