package console

import (
	"bytes"
	"cmp"
	"context"
	"html/template"
	"net/url"
	"slices"
	"strconv"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/answers"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// matter is something that waits for an office: an open alert, an alert about to open, money that is overdue, or a
// deferral to decide. Overview and inbox show matters of several lists in one form.
type matter struct {
	center, name string
	code         aggregates.Code // of the alert; "" for none
	key          string
	severity     aggregates.Severity
	what, about  text.Text
	day          events.Date // when it arose or is due; 0 for none
	days         int
	daysWord     text.Text // with the number of days
	fen          events.Fen
	office       text.Text
	path         string // the page that explains it, with its own parameters
	params       []string
	remedies     []remedy
	isTicked     bool // it can be chosen, for one record about several
}

// reader reads rows of an answer as matters.
type reader struct {
	v       *visit
	columns []table.Column
	row     []table.Cell
}

func (r *reader) cell(name string) table.Cell {
	if i := columnAt(r.columns, name); i >= 0 {
		return r.row[i]
	}
	return table.Cell{}
}

func (r *reader) code(name string) string { return r.cell(name).CSV() }

func (r *reader) number(name string) int {
	n, _ := strconv.Atoi(r.code(name)) // an empty cell is 0
	return n
}

func (r *reader) fen(name string) events.Fen {
	fen, _ := r.cell(name).Data.(events.Fen)
	return fen
}

func (r *reader) day(name string) events.Date {
	d, err := events.ParseDate(r.code(name))
	if err != nil {
		return 0 // an empty cell
	}
	return d
}

// openAlert reads a row of the list of alerts.
func (r *reader) openAlert() matter {
	m := matter{center: r.code("center"), name: r.code("name"), code: aggregates.Code(r.code("code")),
		key: r.code("key"), severity: aggregates.Severity(r.code("severity")), about: r.cell("key").Shown,
		day: r.day("raisedOn")}
	m.what = lists.AlertTitle(m.code)
	m.office = aggregates.Office(m.code).Title()
	m.days = int(r.v.on - m.day)
	m.daysWord = text.Say("已 %d 天", "for %d days", m.days)
	m.path = alertPath(m.center, m.code, m.key, m.day.String())
	if m.center != "" {
		m.remedies = remediesOf(m.code, m.key)
	}
	return m
}

// dueAlert reads a row of the list of what falls due.
func (r *reader) dueAlert() matter {
	m := matter{center: r.code("center"), name: r.code("name"), code: aggregates.Code(r.code("code")),
		key: r.code("key"), severity: aggregates.Severity(r.code("severity")), about: r.cell("key").Shown,
		day: r.day("raisedOn"), days: -r.number("daysLeft"), office: r.cell("office").Shown}
	m.what = lists.AlertTitle(m.code)
	m.daysWord = text.Say("还剩 %d 天", "%d days left", -m.days)
	m.path, m.params = "/due", []string{"center", m.center}
	m.remedies = remediesOf(m.code, m.key)
	return m
}

// delay reads a row of the list of delayed money.
func (r *reader) delay() matter {
	m := matter{center: r.code("center"), name: r.code("name"), key: r.code("key"), what: r.cell("what").Shown,
		code:  aggregates.DelayKind(r.code("what")).Alert(),
		about: table.Plain(r.code("key")), day: r.day("dueOn"), days: r.number("daysOverdue"),
		fen: r.fen("outstandingFen"), office: r.cell("office").Shown}
	m.severity = aggregates.LookupAlert(m.code).Severity
	m.daysWord = text.Say("逾期 %d 天", "%d days overdue", m.days)
	m.path = alertPath(m.center, m.code, m.key, (r.v.on - events.Date(m.days) + 1).String())
	m.remedies = remediesOf(m.code, m.key)
	return m
}

// deferral reads a row of the list of deferrals.
func (r *reader) deferral() matter {
	year := r.number("fiscalYear")
	state := aggregates.DeferralState(r.code("state"))
	m := matter{center: r.code("center"), name: r.code("name"), about: table.Plain(strconv.Itoa(year)),
		day: r.day("decideBy"), office: events.Finance.Title(), path: "/deferrals",
		params: []string{"year", strconv.Itoa(year)}}
	m.what = text.Say("延后安排%s（%d 年度执行率 %s%%）", "Deferral %[1]s (rate of %[2]d: %[3]s %%)",
		r.cell("state").Shown, year-1, r.code("ratePercent"))
	switch state {
	case aggregates.DeferralDecided:
		m.day = r.day("deferredOn")
		m.days = int(r.v.on - m.day)
		m.daysWord = text.Say("已延后 %d 天", "deferred for %d days", m.days)
		m.remedies = []remedy{{kind: events.KindDeferralReleased, member: "fiscalYear"}}
		m.key = strconv.Itoa(year)
	case aggregates.DeferralUndecided, aggregates.DeferralOverdue:
		m.code, m.key = "AL-EXE-04", strconv.Itoa(year-1)
		m.severity = aggregates.LookupAlert("AL-EXE-02").Severity // it is open, with AL-EXE-04 or without
		m.days = int(r.v.on - m.day)
		m.daysWord = text.Say("逾期 %d 天", "%d days overdue", m.days)
		if m.days <= 0 {
			m.daysWord = text.Say("还剩 %d 天", "%d days left", -m.days)
		}
		m.remedies = remediesOf(m.code, m.key)
	}
	return m
}

// ask answers a list by a desk and reads its rows.
func (v *visit) ask(ctx context.Context, r *answers.Request, list string, params map[string]string,
	each func(*reader)) (position uint64, err error) {
	t, err := r.Desk.List(ctx, r.When, lists.Question{List: list, On: v.on, Params: params})
	if err != nil {
		return 0, err
	}
	rows := &reader{v: v, columns: t.Columns}
	for _, rows.row = range t.Rows {
		each(rows)
	}
	return t.Position, nil
}

// part is a kept part of a page: some figures, and matters as rows of a table.
type part struct {
	figures []int64
	rows    []byte // each ends with a line feed
	count   int
}

// keptPart returns a part of a page. It is kept under its question, for the language, the role and the state of the
// page; make makes it from the answers of a desk.
func (v *visit) keptPart(name string, q lists.Question,
	make func(ctx context.Context, r *answers.Request) (figures []int64, list []matter, position uint64, err error),
) (p part, err error) {
	form := answers.Form{Name: "part " + name + " " + v.matterForm(),
		Make: func(ctx context.Context, r *answers.Request, _ *lists.Answer) (answers.Content, error) {
			figures, list, position, err := make(ctx, r)
			if err != nil {
				return answers.Content{}, err
			}
			var to []byte
			for _, n := range figures {
				to = append(strconv.AppendInt(to, n, 10), ' ')
			}
			to = append(to, '\n')
			for i := range list {
				to = v.appendMatter(to, &list[i])
			}
			return answers.Content{Position: position, Above: to, Count: len(list)}, nil
		}}
	kept, err := v.answer(q, form)
	if err != nil {
		return p, err
	}
	head, rows, _ := bytes.Cut(kept.Above, []byte("\n"))
	for n := range bytes.FieldsSeq(head) {
		value, _ := strconv.ParseInt(string(n), 10, 64) // written above
		p.figures = append(p.figures, value)
	}
	return part{p.figures, rows, kept.Count}, nil
}

// matterForm names what the row of a matter depends on beside the matter.
func (v *visit) matterForm() string {
	return v.lang + " " + string(v.who.Role) + " " + strconv.FormatBool(v.isPast()) + " " + v.state().Encode()
}

// between returns the rows of a part from one, counted from 0, up to but without another.
func (p *part) between(from, to int) []byte {
	cut := func(rows []byte, n int) int {
		end := 0
		for ; n > 0; n-- {
			next := bytes.IndexByte(rows[end:], '\n')
			if next < 0 {
				return len(rows)
			}
			end += next + 1
		}
		return end
	}
	rows := p.rows[cut(p.rows, from):]
	return rows[:cut(rows, to-from)]
}

// recordPage is the page with the form of a kind of record.
const recordPage = "/record/{kind}"

// appendMatter appends a matter as a row, in one line.
func (v *visit) appendMatter(to []byte, m *matter) []byte {
	to = append(to, `<tr><th scope="row">`...)
	if m.isTicked {
		to = appendText(append(to, `<input type="checkbox" form="ticks" autocomplete="off" name="center" id="tick-`...),
			m.center)
		to = appendText(append(to, `" value="`...), m.center)
		to = appendText(append(to, `"> <label class="unseen" for="tick-`...), m.center)
		to = append(appendText(append(to, `">`...), v.say("选择", "Choose")), " <bdi>"...)
		to = append(appendText(to, m.center), "</bdi></label>"...)
	}
	if m.center != "" {
		to = appendLink(to, v.link("/centers/"+url.PathEscape(m.center)), m.center)
		to = appendText(append(to, " <bdi>"...), m.name)
		to = append(to, "</bdi>"...)
	} else {
		to = appendText(to, v.say("办法", "the Measures"))
	}
	to = append(to, "</th><td>"...)
	to = appendLink(to, v.link(m.path, m.params...), v.in(m.what))
	to = appendText(append(to, "</td><td><bdi>"...), v.in(m.about))
	to = append(to, "</bdi></td><td>"...)
	if m.severity != "" {
		to = appendSeverity(to, string(m.severity), v.in(lists.SeverityWord(m.severity)))
	}
	to = append(to, `</td><td class="d">`...)
	if m.day != 0 {
		to = append(to, m.day.String()...)
	}
	to = appendText(append(to, `</td><td class="n">`...), v.in(m.daysWord))
	to = append(to, `</td><td class="n">`...)
	if m.fen != 0 {
		to = append(to, v.amount(m.fen)...)
	}
	to = appendText(append(to, "</td><td><bdi>"...), v.in(m.office))
	to = append(to, `</bdi></td><td class="acts">`...)
	return append(v.appendRemedies(to, m), "</td></tr>\n"...)
}

// appendRemedies appends links to the forms of the records that deal with a matter and that the user may write.
func (v *visit) appendRemedies(to []byte, m *matter) []byte {
	if v.isPast() || v.p.screenAt(recordPage, v.who.Role) == nil {
		return to
	}
	for i := range m.remedies {
		r := &m.remedies[i]
		if !r.isBy(v.who.Role) {
			continue
		}
		to = appendLink(to, v.link("/record/"+string(r.kind), r.params(m.center, m.code, m.key)...),
			v.in(events.Lookup(r.kind).Title))
		to = append(to, ' ')
	}
	return to
}

func appendLink(to []byte, href, words string) []byte {
	to = appendText(append(to, `<a href="`...), href)
	to = appendText(append(to, `"><bdi>`...), words)
	return append(to, "</bdi></a>"...)
}

// matterTable returns a table of matters whose rows are written already. day is the heading of their dates.
func (v *visit) matterTable(caption, day text.Text, rows []byte) template.HTML {
	heads := []struct {
		word     text.Text
		isNumber bool
	}{{text.Say("中心", "Center"), false}, {text.Say("事项", "Matter"), false}, {text.Say("对象", "About"), false},
		{text.Say("级别", "Severity"), false}, {day, false}, {text.Say("天数", "Days"), true},
		{text.Say("未到位金额（%s）", "Outstanding (%s)", v.unit.Word()), true},
		{text.Say("责任单位", "Responsible office"), false}, {text.Say("办理", "To do"), false}}
	to := make([]byte, 0, len(rows)+2048)
	to = append(appendText(append(to, `<div class="table" tabindex="0" role="region" aria-label="`...), v.in(caption)),
		`"><table class="matters"><caption>`...)
	to = append(appendText(to, v.in(caption)), "</caption>\n<thead><tr>"...)
	for _, h := range heads {
		to = append(to, `<th scope="col"`...)
		if h.isNumber {
			to = append(to, ` class="n"`...)
		}
		to = append(appendText(append(to, '>'), v.in(h.word)), "</th>"...)
	}
	to = append(append(append(to, "</tr></thead>\n<tbody>\n"...), rows...), "</tbody></table></div>\n"...)
	return template.HTML(to)
}

// byUrgency puts the matter that is overdue for the longest time first.
func byUrgency(a, b matter) int {
	return cmp.Or(cmp.Compare(b.days, a.days), cmp.Compare(a.center, b.center), cmp.Compare(a.key, b.key))
}

// bySeverity puts red matters first, then yellow and blue ones; of one severity that which is the most urgent.
func bySeverity(a, b matter) int {
	rank := func(m *matter) int {
		return slices.Index([]aggregates.Severity{aggregates.Red, aggregates.Yellow, aggregates.Blue}, m.severity)
	}
	return cmp.Or(cmp.Compare(rank(&a), rank(&b)), byUrgency(a, b))
}

// appendDone appends the row of an alert that is for the user and was cleared in the last days, after the date on
// which it was cleared. It appends nothing for another alert.
func (r *reader) appendDone(to []byte, columns []table.Column, row []table.Cell) ([]byte, error) {
	alert := &reader{v: r.v, columns: columns, row: row}
	cleared := alert.day("clearedOn")
	if cleared == 0 || r.v.on-cleared > doneDays || !isOf(aggregates.Code(alert.code("code")), r.v.who.Role) {
		return to, nil
	}
	m := alert.openAlert()
	m.daysWord = text.Say("历时 %d 天", "took %d days", int(cleared-m.day))
	m.day, m.remedies = cleared, nil
	return r.v.appendMatter(append(to, cleared.String()...), &m), nil
}

// appendAlert appends the row of an open alert.
func (r *reader) appendAlert(to []byte, columns []table.Column, row []table.Cell) ([]byte, error) {
	m := (&reader{v: r.v, columns: columns, row: row}).openAlert()
	return r.v.appendMatter(to, &m), nil
}
