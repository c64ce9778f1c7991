package console

import (
	"context"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/answers"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// overviewRoles see the whole province.
var overviewRoles = []access.Role{access.STOffice, access.Finance}

// overviewView is the page with the state of the province. Its figures are those of lists, kept by services/answers,
// so that the page evaluates nothing if the ledger has not changed.
type overviewView struct {
	*view
	At       string // the time, for print
	Year     int
	Cards    []card
	Severity []severityCount
	Rates    template.HTML // the bars of the cities; "" if there is no money
	Cities   []cityRate
	Urgent   template.HTML // the most urgent matters; "" for none
	Moved    []*movedSince
	Reported string // the date that the user chose; "" for none
	Due      template.HTML
	DueCount int
	DueBy    events.Date
	DueLink  string
	Yearly   []menuItem
}

// card is a figure that leads to the list that it comes from.
type card struct {
	Title, Figure string
	Notes         []string
	Href          string
}

// severityCount is the number of open alerts of a severity.
type severityCount struct {
	Shown template.HTML
	Count int
	Href  string
}

// moneyLine is a line of the list of execution.
type moneyLine struct {
	City         string         `json:"city"`
	Name         string         `json:"name"`
	AvailableFen events.Fen     `json:"availableFen"`
	ExecutedFen  events.Fen     `json:"executedFen"`
	RatePercent  jsontext.Value `json:"ratePercent"`
}

// rate returns the rate in hundredths of a percent.
func (m *moneyLine) rate() (hundredths int64, ok bool) {
	percent, err := strconv.ParseFloat(string(m.RatePercent), 64) // null for no rate
	if err != nil {
		return 0, false
	}
	return int64(percent*100 + 0.5), true
}

func (v *visit) overview() error {
	page := &overviewView{view: v.view(), At: v.printedAt(), Year: v.on.Year()}
	for _, fill := range []func(*overviewView) error{v.cardsOfMoney, v.cardsOfMatters, v.cities, v.dueThisQuarter,
		v.sinceReported} {
		if err := fill(page); err != nil {
			return err
		}
	}
	for year := page.Year; year > page.Year-2; year-- {
		page.Yearly = append(page.Yearly, menuItem{Title: text.Say("%d 年度报告", "Report of %d", year),
			Href: v.link("/yearly", "year", strconv.Itoa(year))})
	}
	v.show(http.StatusOK, "overview", page)
	return nil
}

// printedAt returns the time in the ledger's time zone, for print.
func (v *visit) printedAt() string {
	return v.p.Answers.Now().In(events.Shanghai).Format("2006-01-02 15:04")
}

// execution returns the question of the money in the fiscal scope of a year.
func (v *visit) execution(year int, by string) lists.Question {
	return lists.Question{List: "execution", On: v.on, Params: map[string]string{"by": by,
		"scope": string(aggregates.FiscalScope), "year": strconv.Itoa(year)}}
}

// inJSON is the form of rows for a page that computes with them.
var inJSON = answers.Rows(lists.Encoding{Name: "objects", Append: table.AppendJSON})

// moneyLines returns the lines of kept money.
func moneyLines(kept *answers.Snapshot) (list []moneyLine, err error) {
	for row := range kept.Rows(0, kept.Count) {
		var line moneyLine
		if err := json.Unmarshal(row, &line); err != nil {
			return nil, fmt.Errorf("console: read a line of money: %w", err)
		}
		list = append(list, line)
	}
	return list, nil
}

// cardsOfMoney fills in what is available and how much of it is executed.
func (v *visit) cardsOfMoney(page *overviewView) error {
	kept, err := v.answer(v.execution(page.Year, "total"), inJSON)
	if err != nil {
		return err
	}
	list, err := moneyLines(kept)
	if err != nil {
		return err
	}
	year, unit := strconv.Itoa(page.Year), v.in(v.unit.Word())
	available := card{Title: v.say("可用（%s）", "Available (%s)", unit), Figure: v.amount(0),
		Notes: []string{v.say("%d 年度，财政合计", "%d, fiscal", page.Year)},
		Href:  v.link("/execution", "scope", "fiscal", "year", year)}
	executed := card{Title: v.say("执行率", "Execution rate"), Figure: v.say("无", "none"),
		Notes: []string{v.say("没有可用经费", "no money is available")},
		Href:  v.link("/execution", "by", "city", "scope", "fiscal", "year", year)}
	if len(list) > 0 {
		line := &list[0]
		available.Figure = v.amount(line.AvailableFen)
		if rate, ok := line.rate(); ok {
			passed := passedHundredths(v.on, page.Year)
			executed.Figure = percent(rate) + "%"
			executed.Notes = []string{v.say("已执行 %s %s", "executed %s %s", v.amount(line.ExecutedFen), unit),
				v.say("序时进度 %s%%", "time progress %s%%", percent(passed)),
				v.say("相差 %s 个百分点", "difference %s points", points(rate-passed))}
		}
	}
	page.Cards = append(page.Cards, available, executed)
	return nil
}

// passedHundredths returns how much of a year has passed on a day, in hundredths of a percent.
func passedHundredths(on events.Date, year int) int64 {
	first, next := events.DateOf(year, 1, 1), events.DateOf(year+1, 1, 1)
	return int64(min(max(on-first+1, 0), next-first)) * 10_000 / int64(next-first)
}

// percent returns hundredths of a percent with two decimals.
func percent(hundredths int64) string { return fmt.Sprintf("%d.%02d", hundredths/100, hundredths%100) }

// points returns hundredths of a point with two decimals and their sign.
func points(hundredths int64) string {
	if hundredths < 0 {
		return "−" + percent(-hundredths)
	}
	return "+" + percent(hundredths)
}

// These limit the matters on the page.
const (
	urgentMax  = 12
	overdueMax = 6 // at least so many places are for red alerts, if there are so many
)

// cardsOfMatters fills in the cards of overdue money, deferrals to decide and open alerts. It also lists the most
// urgent matters: those that are overdue for the longest time, then the oldest red alerts.
func (v *visit) cardsOfMatters(page *overviewView) error {
	delayed, err := v.keptPart("overdue", v.listOf("delayed"), v.overdueMoney)
	if err != nil {
		return err
	}
	unit := v.in(v.unit.Word())
	late := card{Title: v.say("迟滞资金（逾期，%s）", "Delayed money (overdue, %s)", unit),
		Figure: v.amount(events.Fen(delayed.figures[0])), Href: v.link("/delayed"),
		Notes: []string{v.say("没有逾期", "none is overdue")}}
	if delayed.figures[2] > 0 {
		late.Notes = []string{v.say("%d 笔，最长逾期 %d 天", "%d amounts, the longest overdue for %d days",
			delayed.figures[2], delayed.figures[1])}
	}
	deferrals, err := v.keptPart("to decide", v.listOf("deferrals"), v.toDecide)
	if err != nil {
		return err
	}
	decide := card{Title: v.say("待决定延后", "Deferrals to decide"),
		Figure: strconv.FormatInt(deferrals.figures[0], 10), Href: v.link("/deferrals"),
		Notes: []string{v.say("没有待决定的延后", "there is nothing to decide")}}
	if deferrals.figures[0] > 0 {
		decide.Notes = []string{v.say("最早的期限 %s", "the first deadline is %s", events.Date(deferrals.figures[1]))}
		if n := deferrals.figures[2]; n > 0 {
			decide.Notes = append(decide.Notes, v.say("其中逾期 %d 个", "overdue: %d", n))
		}
	}
	page.Cards = append(page.Cards, late, decide)
	red, err := v.alertsBySeverity(page)
	if err != nil {
		return err
	}
	rows := urgent([]*part{&delayed, &deferrals}, red)
	if len(rows) > 0 {
		page.Urgent = v.matterTable(text.Say("最需要办理的事项", "The most urgent matters"),
			text.Say("发生或期限", "Raised or due"), rows)
	}
	return nil
}

// overdueMoney returns the sum of the money that is overdue, its longest time and its number, then the days of each of
// the first matters; and these matters.
func (v *visit) overdueMoney(ctx context.Context, r *answers.Request) (figures []int64, list []matter,
	position uint64, err error) {
	var sum events.Fen
	position, err = v.ask(ctx, r, "delayed", nil, func(row *reader) {
		if m := row.delay(); m.days > 0 {
			sum += m.fen
			list = append(list, m)
		}
	})
	slices.SortStableFunc(list, byUrgency)
	figures = []int64{int64(sum), 0, int64(len(list))}
	return v.withDays(figures, &list), list, position, err
}

// toDecide returns the number of deferrals to decide, the first deadline and the number that is overdue, then the days
// of each of the first matters that are overdue; and these matters.
func (v *visit) toDecide(ctx context.Context, r *answers.Request) (figures []int64, list []matter, position uint64,
	err error) {
	figures = make([]int64, 3)
	position, err = v.ask(ctx, r, "deferrals", nil, func(row *reader) {
		m := row.deferral()
		if m.code == "" {
			return
		}
		if figures[0]++; figures[1] == 0 || int64(m.day) < figures[1] {
			figures[1] = int64(m.day)
		}
		if m.days > 0 {
			figures[2]++
			list = append(list, m)
		}
	})
	slices.SortStableFunc(list, byUrgency)
	first := figures[1]
	figures = v.withDays(figures, &list)
	figures[1] = first
	return figures, list, position, err
}

// withDays cuts a sorted list to the matters that the page has room for, and appends their days to figures. The second
// figure becomes the longest time.
func (v *visit) withDays(figures []int64, list *[]matter) []int64 {
	*list = (*list)[:min(len(*list), urgentMax)]
	for i := range *list {
		figures = append(figures, int64((*list)[i].days))
	}
	if len(*list) > 0 {
		figures[1] = int64((*list)[0].days)
	}
	return figures
}

// urgent returns the rows of the most urgent matters: those of parts that are overdue, merged by their days, and then
// the red alerts.
func urgent(overdue []*part, red [][]byte) (rows []byte) {
	room, at := max(overdueMax, urgentMax-len(red)), make([]int, len(overdue))
	used := 0
	for ; used < room; used++ {
		next := -1
		for i, p := range overdue {
			if days := p.figures[3:]; at[i] < len(days) &&
				(next < 0 || days[at[i]] > overdue[next].figures[3+at[next]]) {
				next = i
			}
		}
		if next < 0 {
			break
		}
		rows = append(rows, overdue[next].between(at[next], at[next]+1)...)
		at[next]++
	}
	for _, row := range red[:min(len(red), urgentMax-used)] {
		rows = append(rows, row...)
	}
	return rows
}

// alertsBySeverity fills in the numbers of open alerts, and returns the rows of the oldest red ones.
func (v *visit) alertsBySeverity(page *overviewView) (red [][]byte, err error) {
	rows := &reader{v: v}
	for _, severity := range []aggregates.Severity{aggregates.Red, aggregates.Yellow, aggregates.Blue} {
		q := v.listOf("alerts")
		q.Params["severity"], q.Params["sort"] = string(severity), "oldest"
		kept, err := v.answer(q, answers.Rows(lists.Encoding{Name: "matters " + v.matterForm(),
			Append: rows.appendAlert}))
		if err != nil {
			return nil, err
		}
		word := v.in(lists.SeverityWord(severity))
		page.Severity = append(page.Severity, severityCount{
			template.HTML(appendSeverity(nil, string(severity), word)), kept.Count,
			v.link("/alerts", "severity", string(severity))})
		if severity == aggregates.Red {
			for row := range kept.Rows(0, min(kept.Count, urgentMax)) {
				red = append(red, row)
			}
		}
	}
	return red, nil
}

// cityRate is the execution of a city.
type cityRate struct {
	Name                string
	Available, Executed string
	Rate                string // "" for none
	Href                string
}

// cities fills in the rates of the cities.
func (v *visit) cities(page *overviewView) error {
	kept, err := v.answer(v.execution(page.Year, "city"), inJSON)
	if err != nil {
		return err
	}
	list, err := moneyLines(kept)
	if err != nil {
		return err
	}
	bars := rateBars{title: v.say("各设区市执行率与序时进度（截至 %s）",
		"Rates of the cities and time progress, as of %s", v.on), mark: passedHundredths(v.on, page.Year)}
	bars.markWord = v.say("序时进度 %s%%", "time progress %s%%", percent(bars.mark))
	for i := range list {
		line := &list[i]
		name := line.Name
		if name == "" {
			name = line.City
		}
		city := cityRate{Name: name, Available: v.amount(line.AvailableFen), Executed: v.amount(line.ExecutedFen),
			Href: v.link("/execution", "by", "region", "scope", "fiscal", "year", strconv.Itoa(page.Year))}
		if rate, ok := line.rate(); ok {
			city.Rate = percent(rate)
			bars.bars = append(bars.bars, rateBar{name, rate})
		}
		page.Cities = append(page.Cities, city)
	}
	if len(bars.bars) > 0 {
		page.Rates = bars.svg()
	}
	return nil
}

// dueThisQuarter fills in the alerts that will open until the end of the quarter.
func (v *visit) dueThisQuarter(page *overviewView) error {
	page.DueBy = quarterEnd(v.on)
	within := strconv.Itoa(max(int(page.DueBy-v.on), 1)) + "d"
	params := map[string]string{"within": within}
	due, err := v.keptPart("this quarter", lists.Question{List: "due", On: v.on, Params: params},
		func(ctx context.Context, r *answers.Request) (_ []int64, list []matter, position uint64, err error) {
			position, err = v.ask(ctx, r, "due", params, func(row *reader) { list = append(list, row.dueAlert()) })
			slices.SortStableFunc(list, byUrgency)
			figures := []int64{int64(len(list))}
			return figures, list[:min(len(list), urgentMax)], position, err
		})
	if err != nil {
		return err
	}
	page.DueCount, page.DueLink = int(due.figures[0]), v.link("/due", "within", within)
	if due.count > 0 {
		page.Due = v.matterTable(text.Say("本季度将到期的事项", "What falls due this quarter"),
			text.Say("将产生", "Opens on"), due.rows)
	}
	return nil
}

// quarterEnd returns the last day of the quarter of a date.
func quarterEnd(on events.Date) events.Date {
	year, month, _ := on.Civil()
	next := (month-1)/3*3 + 4
	return events.DateOf(year+next/13, (next-1)%12+1, 1) - 1
}

// movedSince is how far the money has moved since it was reported.
type movedSince struct {
	Title   string
	From    events.Date
	Waits   bool // it is being computed
	Wrong   string
	Records uint64 // written since
	Figures []movedFigure
	Year    int
	Href    string // the list of changes
}

// movedFigure is a figure as reported, its corrections, what happened since, and the figure now.
type movedFigure struct {
	Word                               string
	Reported, Corrected, Happened, Now string
}

// sinceReported fills in what moved since the end of the last month, and since the last filed report. Nothing in the
// ledger names the filed reports, so that is the end of the last quarter, or a date that the user chooses.
func (v *visit) sinceReported(page *overviewView) error {
	year, month, _ := v.on.Civil()
	monthEnd := events.DateOf(year, month, 1) - 1
	lastQuarter := quarterEnd(events.DateOf(year, (month-1)/3*3+1, 1) - 1)
	reported := lastQuarter
	if typed := v.param("reported"); typed != "" {
		on, err := desk.ParseDay("reported", typed)
		switch {
		case err != nil:
			page.Wrong = wrong{"reported", sentence(v.words(err), v.lang)}
		case on > v.on:
			page.Wrong = wrong{"reported", v.say("报出日期晚于 %s。", "The date is after %s.", v.on)}
		default:
			reported = on
		}
	}
	page.Reported = reported.String()
	first, err := v.movedFrom(v.say("上月末", "The end of last month"), monthEnd)
	if err != nil {
		return err
	}
	page.Moved = append(page.Moved, first)
	if reported == monthEnd {
		first.Title = v.say("上月末（上次报出）", "The end of last month (the last report)")
		return nil
	}
	second, err := v.movedFrom(v.say("上次报出", "The last report"), reported)
	page.Moved = append(page.Moved, second)
	return err
}

// movedFrom compares the money of a year as reported at the end of a day with that now: the difference as of that day
// is corrected, the rest happened since. The sums are those of the list of changes.
func (v *visit) movedFrom(title string, from events.Date) (*movedSince, error) {
	year := from.Year()
	m := &movedSince{Title: title, From: from, Year: year,
		Href: v.link("/changes", "by", "city", "fromAsOf", from.String(), "since", from.String(),
			"scope", "fiscal", "year", strconv.Itoa(year))}
	q := v.execution(year, "total")
	// it takes long at first, so the page is shown without it
	reported, err := v.soon(answers.Request{Who: &v.who, Desk: v.desk, Question: q, Form: inJSON,
		When: desk.When{AsOf: from.String(), KnownAt: from.String()}})
	switch {
	case err != nil && text.CodeOf(err) != text.Internal:
		m.Wrong = sentence(v.words(err), v.lang)
		return m, nil
	case err != nil:
		return nil, err
	case reported == nil:
		m.Waits = true
		return m, nil
	}
	corrected, err := v.soon(answers.Request{Who: &v.who, Desk: v.desk, Question: q, Form: inJSON,
		When: desk.When{AsOf: from.String(), KnownAt: v.when.KnownAt}})
	if err != nil || corrected == nil {
		m.Waits = true
		return m, err
	}
	now, err := v.answer(q, inJSON)
	if err != nil {
		return nil, err
	}
	m.Records = now.Position - min(reported.Position, now.Position)
	return m, v.fillMoved(m, reported, corrected, now)
}

func (v *visit) fillMoved(m *movedSince, kept ...*answers.Snapshot) error {
	var lines [3]moneyLine // zero for no money
	for i := range kept {
		list, err := moneyLines(kept[i])
		if err != nil {
			return err
		}
		if len(list) > 0 {
			lines[i] = list[0]
		}
	}
	add := func(word string, of func(*moneyLine) events.Fen) {
		a, b, c := of(&lines[0]), of(&lines[1]), of(&lines[2])
		m.Figures = append(m.Figures, movedFigure{word, v.amount(a), v.amount(b - a), v.amount(c - b), v.amount(c)})
	}
	add(v.say("可用", "available"), func(l *moneyLine) events.Fen { return l.AvailableFen })
	add(v.say("执行", "executed"), func(l *moneyLine) events.Fen { return l.ExecutedFen })
	return nil
}
