package console

import (
	"errors"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// auditView is the desk of an auditor.
type auditView struct {
	*view
	Center, A, B string
	Replay       *replay
	Findings     template.HTML
	Open         string // the address of the form that opens a finding
	Close        string // the address of the form that closes one
	Methods      []option
	Year         int
	Duplicates   []menuItem
	Export       string
	Reads        template.HTML
	ReadsFrom    string
	ReadsTo      string
	ReadsAccount string
	ReadsCenter  string
}

// replay holds two states of a center side by side, and the records between them.
type replay struct {
	Title                string
	A, B                 uint64 // the positions
	Facts, Money, Alerts template.HTML
	Between              template.HTML
	More                 bool // there are more records than are shown
	None                 bool // there are none
	IsSame               bool // nothing differs
	Story                string
}

// replayedMax is the number of records between two points that the page shows.
const replayedMax = 500

// readsMax is the number of entries of the access log that the page shows.
const readsMax = 50

// audit shows the desk of the auditor.
func (v *visit) audit() error {
	page := &auditView{view: v.view(), Center: v.query.Get("center"), A: v.query.Get("a"), B: v.query.Get("b"),
		Year: v.on.Year(), ReadsFrom: v.query.Get("from"), ReadsTo: v.query.Get("to"),
		ReadsAccount: v.query.Get("account"), ReadsCenter: v.query.Get("about"), Export: "/v1/export"}
	for _, p := range lists.Find("sample").Params {
		if p.Name == "by" {
			for _, term := range p.Values {
				page.Methods = append(page.Methods, option{term.Code, v.in(term.Word), term.Code == p.Default})
			}
		}
	}
	page.Duplicates = []menuItem{
		{Title: text.Say("同一中心之内", "within a center"), Href: v.link("/duplicates")},
		{Title: text.Say("不同中心之间", "across centers"), Href: v.link("/duplicates", "across", "true")}}
	status := http.StatusOK
	if page.Center != "" {
		var err error
		if page.Replay, err = v.replay(page.Center, page.A, page.B); err != nil {
			if status = v.wrongReplay(page, err); status == 0 {
				return err
			}
		}
	}
	if err := v.findings(page); err != nil {
		return err
	}
	if err := v.reads(page); err != nil {
		var about *text.Error
		if text.CodeOf(err) != text.Invalid || !errors.As(err, &about) {
			return err
		}
		page.Wrong, status = wrong{"reads", sentence(v.words(err), v.lang)}, http.StatusBadRequest
	}
	v.show(status, "audit", page)
	return nil
}

// wrongReplay puts what is wrong with a replay at its form. It returns 0 for any other error.
func (v *visit) wrongReplay(page *auditView, err error) int {
	switch text.CodeOf(err) {
	case text.Invalid:
		page.Wrong = wrong{"replay", sentence(v.words(err), v.lang)}
		return http.StatusBadRequest
	case text.NotFound:
		page.Wrong = wrong{"replay", sentence(v.words(err), v.lang)}
		return http.StatusNotFound
	}
	return 0
}

// findings lists the findings that are overdue, and all that were opened.
func (v *visit) findings(page *auditView) error {
	q := v.questionOf("find", "kind", string(events.KindAuditFindingOpened))
	kept, err := keep(v, "findings", q, func(a *asking) (rows string, err error) {
		open, err := a.openFindings()
		if err == nil && len(open.Rows) > 0 {
			rows = string(v.table(open.Table, q))
		}
		return rows, err
	})
	if err != nil {
		return err
	}
	page.Findings = template.HTML(kept)
	page.Open = v.link("/record/" + string(events.KindAuditFindingOpened))
	page.Close = v.link("/record/" + string(events.KindAuditFindingClosed))
	return nil
}

// findingsMax is the largest number of findings that are read.
const findingsMax = "5000"

// openFindings returns the records that opened a finding which none closed.
func (a *asking) openFindings() (opened listed, err error) {
	if opened, err = a.list("find", "kind", string(events.KindAuditFindingOpened), "limit", findingsMax); err != nil {
		return opened, err
	}
	closed, err := a.list("find", "kind", string(events.KindAuditFindingClosed), "limit", findingsMax)
	if err != nil {
		return opened, err
	}
	is := map[string]bool{}
	finding := func(t listed, row []table.Cell) string {
		var rec struct {
			Data struct {
				Finding string `json:"finding"`
			} `json:"data"`
		}
		if json.Unmarshal([]byte(t.code(row, "record")), &rec) != nil {
			return t.code(row, "id") // it stays open
		}
		return t.code(row, "center") + "\x00" + rec.Data.Finding
	}
	for _, row := range closed.Rows {
		is[finding(closed, row)] = true
	}
	opened.Rows = slices.DeleteFunc(opened.Rows, func(row []table.Cell) bool { return is[finding(opened, row)] })
	opened.Totals = nil
	opened.Title = text.Say("未办结的疑点，截至 %s", "Findings that are not closed as of %s", a.on)
	return opened, nil
}

// reads lists the newest readings of the ledger by anybody, without those who signed in.
func (v *visit) reads(page *auditView) error {
	t := &table.Table{Title: text.Say("最近的查阅", "Latest readings"), Columns: []table.Column{
		{Name: "at", Title: text.Say("时间", "time")}, {Name: "account", Title: text.Say("账号", "account")},
		{Name: "verb", Title: text.Say("查阅", "what")}, {Name: "object", Title: text.Say("对象", "of")},
		{Name: "center", Title: text.Say("中心", "center")}, {Name: "outcome", Title: text.Say("结果", "outcome")},
		{Name: "source", Title: text.Say("来自", "from")},
		{Name: "count", Title: text.Say("次数", "times"), Type: table.Count}}}
	err := v.p.Access.Desk(v.who).Log(v.Context(), access.LogQuestion{Kind: access.LogRead, Account: page.ReadsAccount,
		From: page.ReadsFrom, To: page.ReadsTo, Center: page.ReadsCenter, Limit: readsMax},
		func(e *access.LogEntry) error {
			at, err := shownInstant(e.At)
			if err != nil {
				return err
			}
			t.Rows = append(t.Rows, []table.Cell{table.Text(at), table.Text(e.Account), said(e.VerbWord()),
				said(e.ObjectWord()), table.Optional(string(e.Center)), said(e.OutcomeWord()), said(e.SourceWord()),
				table.Number(e.Count)})
			return nil
		})
	if err != nil {
		return err
	}
	slices.Reverse(t.Rows)
	if len(t.Rows) > 0 {
		page.Reads = v.table(t, lists.Question{})
	}
	return nil
}

// replay compares the states of a center as known at two points, as of the date of the page.
func (v *visit) replay(center, a, b string) (*replay, error) {
	of := func(param, point string) (*desk.Center, error) {
		if strings.TrimSpace(point) == "" && param == "a" {
			return nil, text.Errorf(text.Invalid, "请给出甲时点：台账位置、日期或时间",
				"give the point A: a position of the ledger, a date or a time").Of(param)
		}
		read, err := lists.ReadPoint(strings.TrimSpace(point))
		if err != nil {
			return nil, err
		}
		return v.desk.Center(v.Context(), desk.When{AsOf: v.when.AsOf, KnownAt: read}, center)
	}
	after, err := of("b", b)
	if err != nil {
		return nil, err
	}
	before, err := of("a", a)
	if text.CodeOf(err) == text.NotFound {
		err = text.Errorf(text.NotFound, "在甲时点，台账中还没有中心 %s，请取更晚的时点",
			"at the point A the ledger has no center %s yet; choose a later point", after.Center)
	}
	if err != nil {
		return nil, err
	}
	if before.Position > after.Position {
		return nil, text.Errorf(text.Invalid, "甲时点（位置 %d）晚于乙时点（位置 %d），请对调",
			"the point A (position %d) is after the point B (position %d); swap them", before.Position, after.Position)
	}
	r := &replay{A: before.Position, B: after.Position, Title: v.say("中心 %s 截至 %s，在台账位置 %d 与 %d 的状态",
		"Center %s as of %s, at the positions %d and %d", after.Center, v.on, before.Position, after.Position),
		Story: v.link("/centers/" + string(after.Center))}
	differ := 0
	r.Facts, differ = v.sideBySide(text.Say("登记事项", "Facts"), before.FactsTable(), after.FactsTable(), 1)
	money, n := v.sideBySide(text.Say("经费", "Money"), before.MoneyTable(), after.MoneyTable(), 2)
	alerts, m := v.sideBySide(text.Say("未解除预警", "Open alerts"), before.AlertsTable(), after.AlertsTable(), 2)
	r.Money, r.Alerts, r.IsSame = money, alerts, differ+n+m == 0
	return r, v.between(r, string(after.Center))
}

// between lists the records of a center between two positions.
func (v *visit) between(r *replay, center string) error {
	t := &table.Table{Title: text.Say("两个时点之间记入的记录", "Records entered between the two points"),
		Columns: []table.Column{
			{Name: "position", Title: text.Say("位置", "position"), Type: table.Count},
			{Name: "recordedAt", Title: text.Say("记入", "recorded")},
			{Name: "on", Title: text.Say("发生", "on"), Type: table.Day},
			{Name: "kind", Title: text.Say("记录", "record")}, {Name: "line", Title: text.Say("内容", "what it says")},
			{Name: "doc", Title: text.Say("文号", "document")}, {Name: "actor", Title: text.Say("经办人", "by")},
			{Name: "positionHref"}, {Name: "kindHref"}, {Name: "lineHref"}}}
	policies, err := v.desk.Policies(v.Context(), v.when)
	if err != nil {
		return err
	}
	words := policy.Timeline{}
	for _, p := range policies.Adopted {
		words = words.With(p.Policy)
	}
	done := errors.New("done")
	err = v.desk.Events(v.Context(), r.A, replayedMax+1, center, func(s *events.Stored) error {
		if s.Position > r.B {
			return done
		}
		if len(t.Rows) == replayedMax {
			r.More = true
			return done
		}
		row := []table.Cell{table.Number(s.Position),
			table.Text(s.RecordedAt.In(events.Shanghai).Format("2006-01-02 15:04")), {},
			table.Named(s.Kind, s.Kind.Title()), {}, {}, {}}
		if rec, err := events.DecodeEvent(*s); err == nil {
			row[2], row[5], row[6] = table.Date(rec.On), table.Optional(rec.Doc), table.Text(rec.By.Actor)
			row[4] = said(lists.RecordLine(&rec.Record, words))
		}
		href := table.Text(v.recordPath(center, s.ID.String()))
		t.Rows = append(t.Rows, append(row, href, href, href))
		return nil
	})
	if err != nil && !errors.Is(err, done) {
		return err
	}
	r.None = len(t.Rows) == 0
	if !r.None {
		r.Between = v.linkedTable(t)
	}
	return nil
}

// sideBySide shows two tables with the same columns as one: each row has its first cells, then what the other
// columns had at both points. Rows that differ are marked. It returns their number.
func (v *visit) sideBySide(title text.Text, before, after *table.Table, keys int) (template.HTML, int) {
	type pair struct{ before, after []table.Cell }
	pairs, order := map[string]*pair{}, []string(nil)
	add := func(t *table.Table, into func(*pair) *[]table.Cell) {
		for _, row := range t.Rows {
			key := strings.Join(table.Fields(row[:keys]), "\x00")
			if pairs[key] == nil {
				pairs[key] = &pair{}
				order = append(order, key)
			}
			*into(pairs[key]) = row
		}
	}
	add(before, func(p *pair) *[]table.Cell { return &p.before })
	add(after, func(p *pair) *[]table.Cell { return &p.after })
	to := append(appendText([]byte(`<div class="table" tabindex="0" role="region" aria-label="`), v.in(title)),
		`"><table class="both"><caption>`...)
	to = append(appendText(to, v.in(title)), "</caption>\n<thead><tr>"...)
	heading := func(s string) { to = append(appendText(append(to, `<th scope="col">`...), s), "</th>"...) }
	for i := range keys {
		heading(v.in(after.Columns[i].Title))
	}
	for i := keys; i < len(after.Columns); i++ {
		if c := &after.Columns[i]; c.Title != (text.Text{}) {
			heading(v.say("甲：%s", "A: %s", v.in(c.Title)))
			heading(v.say("乙：%s", "B: %s", v.in(c.Title)))
		}
	}
	heading(v.say("变动", "differs"))
	to = append(to, "</tr></thead>\n<tbody>\n"...)
	differ := 0
	for _, key := range order {
		p, isOther := pairs[key], false
		to = append(to, "<tr>"...)
		lead := p.after
		if lead == nil {
			lead = p.before
		}
		for i := range keys {
			to = append(appendText(append(to, "<td>"...), after.Columns[i].Shown(lead[i], v.lang)), "</td>"...)
		}
		for i := keys; i < len(after.Columns); i++ {
			c := &after.Columns[i]
			if c.Title == (text.Text{}) {
				continue
			}
			var was, is string
			if p.before != nil {
				was = c.Shown(p.before[i], v.lang)
			}
			if p.after != nil {
				is = c.Shown(p.after[i], v.lang)
			}
			class := ""
			if was != is {
				class, isOther = "other", true
			}
			if c.Type.Right() {
				class = strings.TrimSpace("n " + class)
			}
			for _, s := range []string{was, is} {
				to = append(append(append(to, `<td class="`...), class...), `">`...)
				to = append(appendText(to, s), "</td>"...)
			}
		}
		isOther = isOther || p.before == nil || p.after == nil
		to = append(to, "<td>"...)
		if isOther {
			differ++
			word := v.say("改变", "changed")
			switch {
			case p.before == nil:
				word = v.say("新增", "new")
			case p.after == nil:
				word = v.say("消失", "gone")
			}
			to = append(appendText(append(to, `<span class="chip">`...), word), "</span>"...)
		}
		to = append(to, "</td></tr>\n"...)
	}
	if len(order) == 0 {
		to = append(append(to, `<tr><td colspan="`...), strconv.Itoa(2*len(after.Columns))...)
		to = appendText(append(to, `">`...), v.say("两个时点都没有。", "None at either point."))
		to = append(to, "</td></tr>\n"...)
	}
	return template.HTML(append(to, "</tbody></table></div>\n"...)), differ
}
