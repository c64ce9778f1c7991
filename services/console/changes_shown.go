package console

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// shownRecords is the number of records of one kind that the page lists; more are in the plain list.
const shownRecords = 200

// explained holds the part of the page that is kept.
type explained struct {
	Headline                                string
	Reported, Corrected, Happened, Now      string
	RateReported, RateCorrected, RateNow    string
	ReportedHref, NowHref                   string
	Chart                                   template.HTML
	Bridge, Figures, Groups                 template.HTML
	CorrectedTable, HappenedTable, AllKinds template.HTML
	MoreCorrected, MoreHappened             int
	TooMany                                 string
	Still                                   bool // nothing moved
	Zh, En                                  []string
	Position                                uint64
	From, On                                events.Date
}

// The titles of columns of the page.
var (
	reportedWord  = text.Say("报出数", "reported")
	correctedWord = text.Say("更正", "corrected")
	happenedWord  = text.Say("期间发生", "happened")
	nowWord       = text.Say("现在数", "now")
)

// shown returns the part of the page that is kept.
func (x *comparison) shown(v *visit) *explained {
	s := x.of(x.figure.Name)
	page := &explained{Reported: v.amount(s.reported), Corrected: signed(v, s.corrected),
		Happened: signed(v, s.happened), Now: v.amount(s.now()), Still: s.isStill(), Position: x.position,
		From: x.from, On: x.on, Zh: x.paragraph("zh"), En: x.paragraph("en")}
	page.RateReported, page.RateCorrected, page.RateNow = ratesOf(x.of("executed"), x.of("available"))
	page.Headline = x.headline(v)
	figure := []string{"year", x.year, "scope", x.scope, "figure", x.figure.Name}
	if x.center != "" {
		figure = append(figure, "center", x.center)
		page.ReportedHref = v.link("/trace", append(figure, "asOf", x.from.String(), "knownAt", x.since)...)
		page.NowHref = v.link("/trace", figure...)
	}
	page.Chart = x.chart(v)
	page.Bridge = x.bridgeTable(v)
	page.Figures = x.figuresTable(v)
	page.Groups = x.groupsTable(v)
	page.CorrectedTable, page.MoreCorrected = x.recordsTable(v, x.corrected,
		text.Say("更正的记录", "Records that correct"))
	page.HappenedTable, page.MoreHappened = x.recordsTable(v, x.happened,
		text.Say("期间发生的记录", "Records of what happened"))
	page.AllKinds = x.kindsTable(v)
	if x.tooMany != nil {
		page.TooMany = v.in(x.tooMany.What)
	}
	return page
}

// signed returns an amount of the page with its sign, also that of an increase.
func signed(v *visit, fen events.Fen) string {
	if fen > 0 {
		return "+" + v.amount(fen)
	}
	return v.amount(fen)
}

// headline says in one sentence what moved.
func (x *comparison) headline(v *visit) string {
	s := x.of(x.figure.Name)
	if s.isStill() {
		return v.say("%s %s 年度%s的%s与报出数一致。", "For %s, %s, %s: %s is what was reported.", v.in(x.who), x.year,
			v.in(scopeWord(x.scope)), v.in(x.figure.Word))
	}
	return v.say("%[1]s %[2]s 年度%[3]s的%[4]s较报出数%[5]s %[6]s %[7]s：更正 %[8]s，期间发生 %[9]s。",
		"For %[1]s, %[2]s, %[3]s: %[4]s %[5]s by %[6]s %[7]s since it was reported: corrected %[8]s, happened %[9]s.",
		v.in(x.who), x.year, v.in(scopeWord(x.scope)), v.in(x.figure.Word), v.in(moreOrLess(s.now()-s.reported)),
		v.amount(size(s.now()-s.reported)), v.in(v.unit.Word()), signed(v, s.corrected), signed(v, s.happened))
}

func moreOrLess(fen events.Fen) text.Text {
	if fen < 0 {
		return text.Say("减少", "fell")
	}
	return text.Say("增加", "rose")
}

func scopeWord(code string) text.Text { return lists.ScopeWord(aggregates.Scope(code)) }

// linkedTable returns a table. A cell leads to the address in a column without a title whose name is that of its own
// column with Href at the end.
func (v *visit) linkedTable(t *table.Table) template.HTML {
	for i := range t.Columns {
		if t.Columns[i].Type == table.Money {
			t.Columns[i].Unit = v.unit
		}
	}
	w := v.newRowWriter(lists.Question{}, t.Columns)
	for i := range t.Columns {
		at := columnAt(t.Columns, t.Columns[i].Name+"Href")
		w.links[i] = nil
		if at >= 0 {
			w.links[i] = func(row []table.Cell) string { return row[at].CSV() }
		}
	}
	w.rates = nil
	var rows []byte
	for _, row := range t.Rows {
		rows = w.appendRow(rows, row, false)
	}
	return v.tableOf(w, t, rows, nil)
}

func said(t text.Text) table.Cell { return table.Cell{Data: t.En, Shown: t} }

// bridgeTable is what the chart shows, in numbers: each part by its causes.
func (x *comparison) bridgeTable(v *visit) template.HTML {
	s := x.of(x.figure.Name)
	t := &table.Table{Title: text.Say("报出数＋更正＋期间发生＝现在数（%s）",
		"reported + corrected + happened = now (%s)", v.unit.Word()), Columns: []table.Column{
		{Name: "part", Title: text.Say("部分", "part")}, {Name: "cause", Title: text.Say("原因", "cause")},
		{Name: "count", Title: text.Say("记录数", "records"), Type: table.Count},
		{Name: "amountFen", Title: text.Say("金额", "amount"), Type: table.Money}, {Name: "causeHref"}}}
	add := func(part text.Text, cause table.Cell, count int, fen events.Fen, href string) {
		n := table.Cell{}
		if count > 0 {
			n = table.Number(count)
		}
		t.Rows = append(t.Rows, []table.Cell{said(part), cause, n, table.Fen(fen), table.Optional(href)})
	}
	add(reportedWord, said(text.Say("截至 %s，%s", "as of %s, %s", x.from, x.sinceWords())), 0, s.reported,
		x.address(v, "show", "reported"))
	left := s
	for _, c := range x.causes {
		part, href := happenedWord, "#happened"
		if c.corrected {
			part, href = correctedWord, "#corrected"
			left.corrected -= c.fen
		} else {
			left.happened -= c.fen
		}
		add(part, said(c.word), c.count, c.fen, href)
	}
	// without the records there are no causes
	if left.corrected != 0 {
		add(correctedWord, table.Cell{}, 0, left.corrected, "")
	}
	if left.happened != 0 {
		add(happenedWord, table.Cell{}, 0, left.happened, "")
	}
	t.Totals = [][]table.Cell{{said(nowWord), said(text.Say("截至 %s，台账位置 %d",
		"as of %s, position %d of the ledger", x.on, x.position)), {}, table.Fen(s.now()), {}}}
	return v.linkedTable(t)
}

// figuresTable has all figures of the year and scope in their parts.
func (x *comparison) figuresTable(v *visit) template.HTML {
	t := &table.Table{Title: text.Say("%s 年度%s的各项数字（%s）", "All figures of %s, %s (%s)", x.year,
		scopeWord(x.scope), v.unit.Word()), Columns: []table.Column{{Name: "figure", Title: text.Say("数字", "figure")},
		{Name: "reportedFen", Title: reportedWord, Type: table.Money},
		{Name: "correctedFen", Title: correctedWord, Type: table.Money},
		{Name: "happenedFen", Title: happenedWord, Type: table.Money},
		{Name: "nowFen", Title: nowWord, Type: table.Money}, {Name: "figureHref"}}}
	for i := range lists.Figures {
		f, s := &lists.Figures[i], x.all[i]
		t.Rows = append(t.Rows, []table.Cell{table.Named(f.Name, f.Word), table.Fen(s.reported),
			table.Fen(s.corrected), table.Fen(s.happened), table.Fen(s.now()), table.Text(v.here("figure", f.Name))})
	}
	return v.linkedTable(t)
}

// groupsTable has the figure and the rates by city or center.
func (x *comparison) groupsTable(v *visit) template.HTML {
	lead, title := "city", text.Say("设区市", "city")
	if x.by == "center" {
		lead, title = "center", text.Say("中心", "center")
	}
	t := &table.Table{Title: text.Say("按%s（%s）", "By %s (%s)", title, v.unit.Word()), Columns: []table.Column{
		{Name: lead, Title: title}, {Name: "name", Title: text.Say("名称", "name")},
		{Name: "reportedFen", Title: reportedWord, Type: table.Money},
		{Name: "correctedFen", Title: correctedWord, Type: table.Money},
		{Name: "happenedFen", Title: happenedWord, Type: table.Money},
		{Name: "nowFen", Title: nowWord, Type: table.Money},
		{Name: "rateReported", Title: text.Text{Zh: "报出执行率%", En: "rate % reported"}, Type: table.Percent},
		{Name: "rateCorrected", Title: text.Text{Zh: "更正后执行率%", En: "rate % corrected"}, Type: table.Percent},
		{Name: "rateNow", Title: text.Text{Zh: "现执行率%", En: "rate % now"}, Type: table.Percent},
		{Name: lead + "Href"}, {Name: "nameHref"}}}
	cells := func(s split, executed, available split) []table.Cell {
		a, b, c := ratesOf(executed, available)
		return []table.Cell{table.Fen(s.reported), table.Fen(s.corrected), table.Fen(s.happened), table.Fen(s.now()),
			table.Rate(a), table.Rate(b), table.Rate(c)}
	}
	for _, g := range x.groups {
		href := v.here("region", g.id, "by", "center")
		if x.by == "center" {
			href = v.here("center", g.id, "region", "", "by", "center")
		}
		name := table.Cell{Shown: g.name}
		if g.name.Zh != "" {
			name = said(g.name)
		}
		row := append([]table.Cell{table.Text(g.id), name}, cells(g.split, g.executed, g.available)...)
		t.Rows = append(t.Rows, append(row, table.Text(href), table.Text(href)))
	}
	if x.stillOnes > 0 {
		row := append([]table.Cell{said(text.Say("其余", "others")), said(text.Say("%d 个没有变动",
			"%d without a change", x.stillOnes))}, cells(x.still.split, split{}, split{})...)
		t.Rows = append(t.Rows, append(row, table.Cell{}, table.Cell{}))
	}
	total := append([]table.Cell{said(text.Say("合计", "total")), {}}, cells(x.of(x.figure.Name), x.of("executed"),
		x.of("available"))...)
	t.Totals = [][]table.Cell{append(total, table.Cell{}, table.Cell{})}
	return v.linkedTable(t)
}

// recordsTable lists records, each leading to its page, and returns how many it leaves out.
func (x *comparison) recordsTable(v *visit, records []movedBy, title text.Text) (template.HTML, int) {
	if len(records) == 0 {
		return "", 0
	}
	t := &table.Table{Title: text.Say("%s（%s）", "%s (%s)", title, v.unit.Word()), Columns: []table.Column{
		{Name: "position", Title: text.Say("位置", "position"), Type: table.Count},
		{Name: "recordedOn", Title: text.Say("记入", "recorded"), Type: table.Day},
		{Name: "on", Title: text.Say("发生", "on"), Type: table.Day},
		{Name: "center", Title: text.Say("中心", "center")},
		{Name: "kind", Title: text.Say("记录", "record")},
		{Name: "subject", Title: text.Say("凭证或对象", "voucher or other")},
		{Name: "why", Title: text.Say("原因", "cause")},
		{Name: "doc", Title: text.Say("文号", "document")},
		{Name: "amountFen", Title: text.Say("金额", "amount"), Type: table.Money},
		{Name: "positionHref"}, {Name: "centerHref"}, {Name: "kindHref"}, {Name: "subjectHref"}, {Name: "docHref"},
		{Name: "amountFenHref"}}}
	var sum events.Fen
	for i := range records {
		m := &records[i]
		sum += m.fen
		if i >= shownRecords {
			continue
		}
		href := v.recordPath(m.center, m.id)
		about := href
		if m.voids != "" {
			about = v.recordPath(m.center, m.voids)
		}
		doc := ""
		if m.doc != "" {
			doc = v.link("/find", "doc", m.doc)
		}
		position := table.Cell{}
		if n, err := strconv.ParseUint(m.position, 10, 64); err == nil {
			position = table.Number(n)
		}
		t.Rows = append(t.Rows, []table.Cell{position, dayCell(m.recordedOn), dayCell(m.on), table.Text(m.center),
			said(m.kind), said(m.what), said(m.why), table.Optional(m.doc), table.Fen(m.fen), table.Text(href),
			table.Text(v.link("/centers/" + m.center)), table.Text(href), table.Text(about), table.Optional(doc),
			table.Text(href)})
	}
	total := make([]table.Cell, len(t.Columns))
	total[3], total[8] = said(text.Say("合计 %d 笔", "total of %d", len(records))), table.Fen(sum)
	t.Totals = [][]table.Cell{total}
	return v.linkedTable(t), max(len(records)-shownRecords, 0)
}

func dayCell(s string) table.Cell {
	on, err := events.ParseDate(s)
	if err != nil {
		return table.Cell{}
	}
	return table.Date(on)
}

// kindsTable sums up what happened by the kind of record.
func (x *comparison) kindsTable(v *visit) template.HTML {
	if len(x.kinds) == 0 {
		return ""
	}
	t := &table.Table{Title: text.Say("期间发生，按记录种类（%s）", "What happened, by kind of record (%s)",
		v.unit.Word()),
		Columns: []table.Column{{Name: "kind", Title: text.Say("记录", "record")},
			{Name: "count", Title: text.Say("记录数", "records"), Type: table.Count},
			{Name: "amountFen", Title: text.Say("金额", "amount"), Type: table.Money}, {Name: "kindHref"}}}
	for _, k := range x.kinds {
		t.Rows = append(t.Rows, []table.Cell{said(k.word), table.Number(k.count), table.Fen(k.fen),
			table.Text(v.link("/find", "kind", k.code, "center", x.center, "from", (x.from + 1).String(), "to",
				x.on.String()))})
	}
	t.Totals = [][]table.Cell{{said(text.Say("合计", "total")), table.Number(len(x.happened)),
		table.Fen(x.of(x.figure.Name).happened), {}}}
	return v.linkedTable(t)
}

// sinceWords returns the point as known at which the figures were reported.
func (x *comparison) sinceWords() text.Text {
	if _, err := strconv.ParseUint(x.since, 10, 64); err == nil {
		return text.Say("台账位置 %s", "position %s of the ledger", x.since)
	}
	if on, err := events.ParseDate(x.since); err == nil {
		return text.Say("按 %s 已知", "as known on %s", on)
	}
	return text.Say("按 %s 已知", "as known at %s", x.since)
}

// paragraphRecords is the number of records that the paragraph names.
const paragraphRecords = 20

// paragraph returns the paragraphs that explain the difference in a letter, with amounts in yuan.
func (x *comparison) paragraph(lang string) (lines []string) {
	say := func(zh, en string, args ...any) string { return text.Say(zh, en, args...).In(lang) }
	yuan := events.FormatYuan
	day := func(on events.Date) string { return say("%[1]s", "%[2]s", on.Chinese(), on) }
	s := x.of(x.figure.Name)
	rate := func(percent string) string {
		if percent == "" || x.figure.Name != "executed" {
			return ""
		}
		return say("，执行率%s%%", ", a rate of %s%%", percent)
	}
	before, _, now := ratesOf(x.of("executed"), x.of("available"))
	diff := s.now() - s.reported
	lines = append(lines, say("%[1]s%[2]s年度%[3]s%[4]s，截至%[5]s报出为%[6]s元%[7]s（%[8]s）；"+
		"截至%[9]s为%[10]s元%[11]s（台账位置%[12]d），%[13]s。",
		"%[4]s of %[1]s in %[2]s (%[3]s) was reported as of %[5]s as %[6]s yuan%[7]s (%[8]s). As of %[9]s it is "+
			"%[10]s yuan%[11]s (position %[12]d of the ledger), %[13]s.",
		x.who.In(lang), x.year, scopeWord(x.scope).In(lang), x.figure.Word.In(lang), day(x.from), yuan(s.reported),
		rate(before), x.sinceInLetter().In(lang), day(x.on), yuan(s.now()), rate(now), x.position,
		differs(diff).In(lang)))
	if s.isStill() {
		return lines
	}
	if x.tooMany != nil {
		return append(lines, say("其中：更正%s，期间发生的记录%s。",
			"Corrections: %s. Records of what happened since: %s.", moved(s.corrected).In(lang),
			moved(s.happened).In(lang)))
	}
	if len(x.corrected) > 0 {
		lines = append(lines, say("一、更正%[1]s。下列%[2]d笔记录在报出以后记入台账，变动了截至%[3]s的数字：",
			"1. Corrections: %[1]s, by %[2]d records that came into the ledger after the report and changed the "+
				"figure as of %[3]s:", moved(s.corrected).In(lang), len(x.corrected), day(x.from)))
		for i := range x.corrected[:min(len(x.corrected), paragraphRecords)] {
			end := say("；", ";")
			if i == len(x.corrected)-1 {
				end = say("。", ".")
			}
			lines = append(lines, x.corrected[i].line(lang, i+1)+end)
		}
		if more := len(x.corrected) - paragraphRecords; more > 0 {
			lines = append(lines, say("其余%d笔见附表。", "The other %d are in the table.", more))
		}
	}
	if len(x.happened) > 0 {
		var parts []string
		for _, k := range x.kinds {
			parts = append(parts, say("%s%d笔，%s", "%s: %d, %s", k.word.In(lang), k.count, moved(k.fen).In(lang)))
		}
		nr := say("一", "1")
		if len(x.corrected) > 0 {
			nr = say("二", "2")
		}
		lines = append(lines, say("%[1]s、期间发生的记录%[2]s，为%[3]s以后至%[4]s发生的%[5]d笔记录所致，其中%[6]s。",
			"%[1]s. Happened: %[2]s, by %[5]d records of what happened after %[3]s until %[4]s: %[6]s.", nr,
			moved(s.happened).In(lang), day(x.from), day(x.on), len(x.happened), strings.Join(parts, say("；", "; "))))
	}
	return append(lines, say("以上报出数、更正、期间发生三项之和与现在数相符（%[1]s%[2]s%[3]s＝%[4]s元）。特此说明。",
		"What was reported, the corrections and what happened add up to the figure of now (%[1]s %[2]s %[3]s = "+
			"%[4]s yuan).", yuan(s.reported), addend(s.corrected, lang), addend(s.happened, lang), yuan(s.now())))
}

// addend returns an amount in yuan with the sign before it in a sum.
func addend(fen events.Fen, lang string) string {
	if fen < 0 {
		return text.Say("－%s", "− %s", events.FormatYuan(-fen)).In(lang)
	}
	return text.Say("＋%s", "+ %s", events.FormatYuan(fen)).In(lang)
}

// differs returns in words how much a figure differs from the reported one, in yuan.
func differs(fen events.Fen) text.Text {
	if fen == 0 {
		return text.Say("与报出数一致", "the same")
	}
	words := moved(fen)
	words.Zh = "较报出数" + words.Zh
	return words
}

// moved returns in words how much a part moved the figure, in yuan.
func moved(fen events.Fen) text.Text {
	switch {
	case fen > 0:
		return text.Say("增加%s元", "%s yuan more", events.FormatYuan(fen))
	case fen < 0:
		return text.Say("减少%s元", "%s yuan less", events.FormatYuan(-fen))
	}
	return text.Say("不增不减", "no change in sum")
}

// sinceInLetter is sinceWords as a letter has it: dates in full, and no blanks in Chinese.
func (x *comparison) sinceInLetter() text.Text {
	words := x.sinceWords()
	words.Zh = strings.ReplaceAll(fullDates(words.Zh), " ", "")
	return words
}

// line returns a record in words for the paragraph, without the mark at its end.
func (m *movedBy) line(lang string, nr int) string {
	say := func(zh, en string, args ...any) string { return text.Say(zh, en, args...).In(lang) }
	doc := ""
	if m.doc != "" {
		doc = say("，文号%s", ", document %s", m.doc)
	}
	on, recordedOn := m.on, m.recordedOn
	if lang == "zh" {
		on, recordedOn = fullDates(on), fullDates(recordedOn)
	}
	return say("（%[1]d）%[2]s%[3]s“%[4]s”，%[5]s发生，%[6]s记入，原因为%[7]s%[8]s，%[9]s",
		"(%[1]d) %[2]s %[3]s “%[4]s” of %[5]s, recorded on %[6]s, %[7]s%[8]s: %[9]s", nr, m.center, m.kind.In(lang),
		m.what.In(lang), on, recordedOn, m.why.In(lang), doc, moved(m.fen).In(lang))
}

// chart draws the bridge from the figure reported to the one of now.
func (x *comparison) chart(v *visit) template.HTML {
	s := x.of(x.figure.Name)
	bars := []bridgeBar{{word: v.in(reportedWord), fen: s.reported, isWhole: true}}
	rest := s
	for i, c := range x.causes {
		if i == bridgeCausesMax || !c.corrected {
			break
		}
		bars = append(bars, bridgeBar{word: v.say("更正：%s", "corrected: %s", v.in(c.word)), fen: c.fen})
		rest.corrected -= c.fen
	}
	if rest.corrected != 0 {
		bars = append(bars, bridgeBar{word: v.in(correctedWord), fen: rest.corrected})
	}
	if s.happened != 0 {
		bars = append(bars, bridgeBar{word: v.in(happenedWord), fen: s.happened})
	}
	bars = append(bars, bridgeBar{word: v.in(nowWord), fen: s.now(), isWhole: true})
	title := v.say("%s 年度%s的%s：从报出数到现在数（%s）", "%s, %s: %s, from what was reported to now (%s)", x.year,
		v.in(scopeWord(x.scope)), v.in(x.figure.Word), v.in(v.unit.Word()))
	return template.HTML(appendBridge(nil, title, bars, func(fen events.Fen, isWhole bool) string {
		if isWhole {
			return v.amount(fen)
		}
		return signed(v, fen)
	}, v.say("纵轴不从零开始", "the axis does not begin at zero")))
}

// bridgeCausesMax is the number of causes that have a bar of their own.
const bridgeCausesMax = 5

// bridgeBar is a bar of a bridge: a whole amount from the ground, or a move from where the last bar ended.
type bridgeBar struct {
	word    string
	fen     events.Fen
	isWhole bool
}

// The size of a bridge, in pixels.
const (
	bridgeStep   = 150
	bridgeBarW   = 84
	bridgeHeight = 180
	bridgeTop    = 30
	bridgeFoot   = 30
)

// appendBridge appends a waterfall chart as SVG. If the moves are small beside the whole, the axis does not begin at
// zero, and the chart says so.
func appendBridge(to []byte, title string, bars []bridgeBar, amount func(fen events.Fen, isWhole bool) string,
	cut string) []byte {
	low, high, at := events.Fen(0), events.Fen(0), events.Fen(0)
	first := true
	for _, b := range bars {
		if b.isWhole {
			at = b.fen
		} else {
			at += b.fen
		}
		if first {
			low, high, first = at, at, false
		}
		low, high = min(low, at), max(high, at)
	}
	ground := min(low, 0)
	isCut := low > 0 && high-low < high/4 && high > low
	if isCut {
		ground = low - (high - low)
	}
	high = max(high, ground+1)
	y := func(fen events.Fen) int {
		return bridgeTop + bridgeHeight - int(float64(fen-ground)/float64(high-ground)*bridgeHeight)
	}
	width := bridgeStep * len(bars)
	to = fmt.Appendf(to, `<svg class="bridge" role="img" width="%d" height="%d" viewBox="0 0 %d %d"><title>`, width,
		bridgeTop+bridgeHeight+bridgeFoot, width, bridgeTop+bridgeHeight+bridgeFoot)
	to = append(appendText(to, title), "</title>"...)
	to = fmt.Appendf(to, `<path class="axis" d="M0 %dH%d"/>`, bridgeTop+bridgeHeight, width)
	at = 0
	for i, b := range bars {
		from, end := at, at+b.fen
		class := "up"
		switch {
		case b.isWhole:
			from, end, class = max(ground, 0), b.fen, "fill"
			if isCut {
				from = ground
			}
		case b.fen < 0:
			class = "down"
		}
		at = end
		top, bottom := min(y(from), y(end)), max(y(from), y(end))
		left := i*bridgeStep + (bridgeStep-bridgeBarW)/2
		to = fmt.Appendf(to, `<rect class="%s" x="%d" y="%d" width="%d" height="%d"/>`, class, left, top, bridgeBarW,
			max(bottom-top, 2))
		if i+1 < len(bars) {
			to = fmt.Appendf(to, `<path class="thread" d="M%d %dh%d"/>`, left+bridgeBarW, y(end),
				bridgeStep-bridgeBarW)
		}
		middle := i*bridgeStep + bridgeStep/2
		to = fmt.Appendf(to, `<text x="%d" y="%d">`, middle, top-6)
		to = append(appendText(to, amount(b.fen, b.isWhole)), "</text>"...)
		to = fmt.Appendf(to, `<text x="%d" y="%d">`, middle, bridgeTop+bridgeHeight+18)
		to = append(appendText(to, b.word), "</text>"...)
	}
	if isCut {
		to = append(appendText(append(to, `<text class="cut" x="4" y="14">`...), cut), "</text>"...)
	}
	return append(to, "</svg>\n"...)
}
