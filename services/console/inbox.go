package console

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/answers"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// inboxRoles are the roles that write records, so that something can wait for them.
var inboxRoles = []access.Role{access.STOffice, access.Finance, access.IndustryDept, access.LocalGov, access.Center,
	access.Auditor}

// inboxView is the page of what waits for an office.
type inboxView struct {
	*listView
	Tabs       []inboxTab
	Tick       *tickForm // nil if nothing on the page can be chosen
	RecordHref string    // the page of all kinds of records that the user may write
}

// inboxTab is one of the states of matters. Its count is "" if counting them takes long.
type inboxTab struct {
	choice
	Count string
}

// tickForm leads to the form of a record about the chosen centers. That form judges and writes one record for each of
// them, under one document number.
type tickForm struct {
	Action string
	Hidden []hidden
}

// tickedParam is the parameter that says that the centers of the form of a record were ticked on a list.
const tickedParam = "ticked"

// The tabs of the inbox, as the parameter tab has them.
const (
	todoTab     = "todo"
	soonTab     = "soon"
	deferredTab = "deferred"
	doneTab     = "done"
	mineTab     = "mine"
)

// inboxTabs holds the tabs of the inbox: the title, the text of an empty tab and the heading of the dates.
var inboxTabs = []struct {
	name              string
	title, empty, day text.Text
}{
	{todoTab, text.Say("待办", "To do"),
		text.Say("没有待办：责任单位为本单位的未解除预警、逾期资金和待决定的延后会列在这里。",
			"Nothing to do: open alerts, overdue money and deferrals to decide of your office would be here."),
		text.Say("发生或期限", "Raised or due")},
	{soonTab, text.Say("30 天内到期", "Due within 30 days"),
		text.Say("30 天内没有到期事项：不采取措施将产生的预警会列在这里。",
			"Nothing is due within 30 days: alerts that will open if nothing is done would be here."),
		text.Say("将产生", "Opens on")},
	{deferredTab, text.Say("已延后", "Deferred"),
		text.Say("没有已延后的经费：决定延后、尚未解除的年度会列在这里。",
			"No allocation is deferred: deferrals that are not released would be here."),
		text.Say("延后决定", "Deferred on")},
	{doneTab, text.Say("已办", "Done"),
		text.Say("近 90 天没有办结事项：已解除的预警会列在这里。",
			"Nothing was done in the last 90 days: alerts that were cleared would be here."),
		text.Say("解除", "Cleared on")},
	{mineTab, text.Say("我录入的", "Entered by me"),
		text.Say("没有由本账号录入的记录。", "This account has entered no record."), text.Text{}},
}

// doneDays is the number of days for which a matter is shown as done.
const doneDays = 90

// inbox shows what waits for the office of the user.
func (v *visit) inbox() error {
	asked := v.param("tab")
	if asked == "" {
		asked = todoTab
	}
	page := &inboxView{listView: &listView{view: v.view(), Title: v.say("待办", "Inbox")}}
	page.At = v.printedAt()
	page.RecordHref = v.link("/record")
	isKnown := false
	for i := range inboxTabs {
		tab := &inboxTabs[i]
		isHere := tab.name == asked
		count := ""
		if tab.name == mineTab {
			if isHere {
				page.Empty = v.in(tab.empty)
				if err := v.entered(page); err != nil {
					return err
				}
			}
		} else {
			p, err := v.inboxPart(tab.name)
			if err != nil {
				return err
			}
			count = strconv.Itoa(p.count)
			if isHere {
				if err := v.showPart(page, &p, i); err != nil {
					return err
				}
			}
		}
		isKnown = isKnown || isHere
		param := tab.name
		if i == 0 {
			param = ""
		}
		page.Tabs = append(page.Tabs,
			inboxTab{choice{tab.title, v.here("tab", param, "page", "", "notice", ""), isHere}, count})
	}
	if !isKnown {
		return v.nothing()
	}
	v.show(http.StatusOK, "inbox", page)
	return nil
}

// showPart puts the asked page of a part on the page of the inbox.
func (v *visit) showPart(page *inboxView, p *part, tab int) error {
	page.Empty, page.Rows = v.in(inboxTabs[tab].empty), p.count
	from, to, err := v.paged(page.listView)
	if err != nil || p.count == 0 {
		return err
	}
	page.Table = v.matterTable(inboxTabs[tab].title, inboxTabs[tab].day, p.between(from, to))
	if inboxTabs[tab].name == todoTab && v.mayTick() {
		page.Tick = &tickForm{"/record/" + string(events.KindAllocationDeferred),
			[]hidden{{"fiscalYear", strconv.Itoa(v.deferralYear())}, {tickedParam, "1"}, {"lang", v.kept}}}
	}
	return nil
}

// mayTick reports whether the user may record deferrals on the page.
func (v *visit) mayTick() bool {
	return !v.isPast() && deferral.isBy(v.who.Role) && v.p.screenAt(recordPage, v.who.Role) != nil
}

// deferralYear returns the fiscal year that the list of deferrals is about by default.
func (v *visit) deferralYear() int { return (v.on + 1).Year() } // on 31 December the year is over

// inboxPart returns the matters of a tab that are for the office of the user.
func (v *visit) inboxPart(tab string) (part, error) {
	role := v.who.Role
	switch tab {
	case todoTab:
		return v.keptPart(tab, v.listOf("alerts"), v.todo)
	case soonTab:
		params := map[string]string{"office": string(role.Ledger())}
		if !slices.Contains([]access.Role{access.STOffice, access.Finance, access.LocalGov, access.Center}, role) {
			return part{}, nil // no alert is for it by the passing of time alone
		}
		return v.keptPart(tab, lists.Question{List: "due", On: v.on, Params: params},
			func(ctx context.Context, r *answers.Request) (_ []int64, list []matter, position uint64, err error) {
				position, err = v.ask(ctx, r, "due", params, func(row *reader) { list = append(list, row.dueAlert()) })
				slices.SortStableFunc(list, byUrgency)
				return nil, list, position, err
			})
	case deferredTab:
		return v.keptPart(tab, v.listOf("deferrals"),
			func(ctx context.Context, r *answers.Request) (_ []int64, list []matter, position uint64, err error) {
				position, err = v.ask(ctx, r, "deferrals", nil, func(row *reader) {
					if row.code("state") == string(aggregates.DeferralDecided) {
						list = append(list, row.deferral())
					}
				})
				slices.SortStableFunc(list, byUrgency)
				return nil, list, position, err
			})
	}
	return v.done()
}

func (v *visit) listOf(name string) lists.Question {
	return lists.Question{List: name, On: v.on, Params: map[string]string{}}
}

// todo returns what the office of the user must do now: its open alerts, with the amounts of those about money, and
// the deferrals to decide. An alert about a deferral to decide is not named twice.
func (v *visit) todo(ctx context.Context, r *answers.Request) (_ []int64, list []matter, position uint64, err error) {
	position, err = v.ask(ctx, r, "alerts", nil, func(row *reader) {
		if code := aggregates.Code(row.code("code")); isOf(code, v.who.Role) {
			list = append(list, row.openAlert())
		}
	})
	if err != nil || len(list) == 0 && v.who.Role != access.Finance {
		return nil, nil, position, err
	}
	type name struct {
		center, key string
		code        aggregates.Code
	}
	at := make(map[name]int, len(list))
	for i := range list {
		at[name{list[i].center, list[i].key, list[i].code}] = i
	}
	if v.who.Role == access.Finance || v.who.Role == access.LocalGov {
		if _, err = v.ask(ctx, r, "delayed", nil, func(row *reader) {
			m := row.delay()
			if i, ok := at[name{m.center, m.key, m.code}]; ok && m.days > 0 {
				list[i] = m
			}
		}); err != nil {
			return nil, nil, 0, err
		}
	}
	if v.who.Role == access.Finance {
		if _, err = v.ask(ctx, r, "deferrals", nil, func(row *reader) {
			m := row.deferral()
			if m.code == "" {
				return
			}
			m.isTicked = v.mayTick()
			if i, ok := at[name{m.center, m.key, m.code}]; ok {
				list[i] = m
			} else {
				list = append(list, m)
			}
		}); err != nil {
			return nil, nil, 0, err
		}
	}
	slices.SortStableFunc(list, bySeverity)
	return nil, list, position, nil
}

// done returns the alerts of the office that were cleared in the last doneDays days, the newest first. The rows of all
// others are empty, so that the answer shares the rows of the centers that have not changed.
func (v *visit) done() (p part, err error) {
	q := v.listOf("alerts")
	q.Params["all"] = "true"
	rows := &reader{v: v}
	kept, err := v.answer(q, answers.Rows(lists.Encoding{Name: "done " + v.matterForm(),
		Append: rows.appendDone}))
	if err != nil {
		return p, err
	}
	var found [][]byte
	for row := range kept.Rows(0, kept.Count) {
		if len(row) > 0 {
			found = append(found, row)
		}
	}
	slices.SortStableFunc(found, func(a, b []byte) int { return slices.Compare(b[:dayBytes], a[:dayBytes]) })
	for _, row := range found {
		p.rows = append(p.rows, row[dayBytes:]...)
	}
	p.count = len(found)
	return p, nil
}

// dayBytes is the length of a date before a row.
const dayBytes = len("2006-01-02")

// entered shows the records that the account of the user entered.
func (v *visit) entered(page *inboxView) error {
	q := v.listOf("find")
	q.Params["actor"] = v.who.Account
	if v.unit != table.Yuan {
		q.Params["unit"] = string(v.unit)
	}
	columns, err := q.Columns()
	if err != nil {
		return err
	}
	w := v.newRowWriter(q, columns)
	kept, err := v.answer(q, answers.Rows(w.encoding(v)))
	if err != nil {
		return err
	}
	page.Rows = kept.Count
	from, to, err := v.paged(page.listView)
	if err != nil || kept.Count == 0 {
		return err
	}
	var rows []byte
	for row := range kept.Rows(from, to) {
		rows = append(rows, row...)
	}
	page.Table = v.tableOf(w, kept.Answer.Table, rows, nil)
	return nil
}
