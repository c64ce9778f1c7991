package lists

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/table"
)

const dueWithin = "30d"

// dueOffices are the offices that can get an alert by the passing of time alone, in the order of article 4.
var dueOffices = []events.Role{events.STOffice, events.Finance, events.LocalGov, events.CenterRole}

var dueList = &List{
	Name: "due",
	Short: text.Say("即将产生的预警，或年底前尚须支出的金额",
		"alerts about to open, or money still to be spent this year"),
	Params: []Param{
		{Name: "within", Words: text.Say("今后 `DAYS` 天之内，如 30d", "within so many `DAYS`, such as 30d"),
			Sort: Days, Default: dueWithin},
		officeParam(dueOffices...),
		{Name: "center", Words: text.Say("中心编号 `ID`", "`ID` of a center"), Sort: CenterID},
		{Name: "spend", Words: text.Say("各中心到 12 月 31 日还须支出多少，年度执行率才不偏低",
			"what each center must still spend by 31 December so that the year is not low"), Sort: Flag},
		regionParam, sortParam(nil, text.Text{}), unitParam,
	},
	history: true,
	later:   true,
	columns: dueColumns,
	answer:  due,
}

func dueColumns(q *asked) []table.Column {
	if q.given("spend") {
		return dueSpendingColumns(q)
	}
	return dueAlertColumns()
}

func due(ctx context.Context, d *Books, q *asked, t *table.Table) error {
	if !q.given("spend") {
		return dueAlerts(ctx, d, q, t)
	}
	for _, p := range []string{"within", "office"} {
		if v := q.Params[p]; v != "" && v != dueWithin {
			return text.Errorf(text.Invalid, "不能与 %s 同用", "cannot be given with %s", q.written("spend")).Of(p)
		}
	}
	return dueSpending(ctx, d, q, t)
}

func dueAlertColumns() []table.Column {
	return []table.Column{
		{Name: "office", Title: text.Say("责任单位", "office")},
		{Name: "raisedOn", Title: text.Say("将产生", "opens on"), Type: table.Day},
		{Name: "daysLeft", Title: text.Say("剩余天数", "days left"), Type: table.Count, Minor: minorSaid},
		{Name: "center", Title: text.Say("中心", "center")},
		{Name: "name", Title: text.Say("名称", "name"), Minor: minorDetail},
		{Name: "code", Title: text.Say("代码", "code"), Minor: minorDetail},
		{Name: "key", Title: text.Say("对象", "key"), Minor: minorSaid},
		{Name: "severity", Title: text.Say("级别", "severity"), Minor: minorSaid},
		{Title: text.Say("内容", "what")},
		{Name: "officeRegion"},
		{Name: "opensWith"},
	}
}

// dueAlerts lists the alerts that will open within the given days if nothing is done, grouped by the office that must
// act.
func dueAlerts(ctx context.Context, d *Books, q *asked, t *table.Table) error {
	days := events.Date(q.days("within"))
	t.Title = text.Say("截至 %s，如不采取措施，%d 天内（至 %s）将产生的预警",
		"Alerts that will open within %[2]d days of %[1]s, by %[3]s, if nothing is done", q.On, int(days), q.On+days)
	t.Empty = text.Say("期内不会产生预警。", "No alert will open within these days.")
	foreseen, err := workAhead(ctx, d, q.center("center"), func(id events.CenterID) []dueAlert {
		return d.foreseen(id, q.On, q.On+days, events.Role(q.text("office")))
	})
	if err != nil {
		return err
	}
	short, err := d.shortfallsAhead(ctx, q)
	if err != nil {
		return err
	}
	var found [][]dueAlert
	var low []shortfall
	d.exactly(q, func() { found, low = foreseen.take(), short.take() })
	list := slices.Concat(found...)
	place := func(a dueAlert) int { return slices.Index(dueOffices, aggregates.Office(a.Code)) }
	slices.SortStableFunc(list, func(a, b dueAlert) int {
		return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a.RaisedOn, b.RaisedOn))
	})
	count := make([]int, len(dueOffices))
	for _, a := range list {
		count[place(a)]++
		what, opensWith := AlertTitle(a.Code), ""
		if a.withReceipt {
			what = text.Text{Zh: what.Zh + "（自该日起一经到账即产生）",
				En: what.En + " (opens with a receipt from that day on)"}
			opensWith = string(events.KindSubsidyReceived)
		}
		t.Rows = append(t.Rows, []table.Cell{
			officeCell(a.office), table.Date(a.RaisedOn), table.Number(int(a.RaisedOn - q.On)), table.Text(a.Center),
			table.Text(a.name), table.Text(a.Code), q.keyCell(&a.Alert.Alert),
			table.Named(a.Severity, SeverityWord(a.Severity)), {Shown: what}, table.Optional(a.office.Region),
			table.Optional(opensWith)})
	}
	if len(list) > 0 {
		t.Notes = append(t.Notes, dueCounts(count))
	}
	if office := q.text("office"); office == "" || office == string(events.CenterRole) {
		t.Notes = append(t.Notes, spendingNote(q, lowest(low))...)
	}
	return nil
}

// dueAlert is an alert that will open by the passing of time alone, or with the next receipt of money announced ahead.
type dueAlert struct {
	projections.Alert
	withReceipt bool
	office      projections.Office // the office that must act
	name        string             // of the center
}

// foreseen lists the alerts of a center that will open after the date on and not after until, of one office, or of all
// offices for "".
func (d *Books) foreseen(id events.CenterID, on, until events.Date, office events.Role) (list []dueAlert) {
	byTime, withReceipt := d.Register.Foreseen(id, on, until)
	for i, a := range slices.Concat(byTime, withReceipt) {
		if office == "" || office == aggregates.Office(a.Code) {
			list = append(list, dueAlert{projections.Alert{Center: id, Alert: a}, i >= len(byTime),
				d.Register.Office(id, a.Code, on), d.Register.Facts(id, on).Name})
		}
	}
	return list
}

// dueCounts returns a line with the number of alerts of each office.
func dueCounts(count []int) text.Text {
	all := 0
	var zh, en []string
	for i, n := range count {
		if all += n; n > 0 {
			word := dueOffices[i].Title()
			zh, en = append(zh, fmt.Sprintf("%s %d", word.Zh, n)), append(en, fmt.Sprintf("%s %d", word.En, n))
		}
	}
	return text.Text{Zh: fmt.Sprintf("共 %d 条：%s。", all, strings.Join(zh, "，")),
		En: fmt.Sprintf("Alerts: %d (%s).", all, strings.Join(en, ", "))}
}

func dueSpendingColumns(q *asked) []table.Column {
	return []table.Column{
		{Name: "center", Title: text.Say("中心", "center")},
		{Name: "name", Title: text.Say("名称", "name"), Minor: minorDetail},
		{Name: "fiscalYear", Title: text.Say("年度", "year"), Type: table.Year, Minor: minorDetail},
		{Name: "availableFen", Title: text.Say("可用", "available"), Type: table.Money},
		{Name: "executedFen", Title: q.say(executedWord, text.Say("已执行", "executed")), Type: table.Money},
		{Name: "ratePercent", Title: text.Text{Zh: "执行率%", En: "rate %"}, Type: table.Percent},
		{Name: "lowPercent", Title: text.Text{Zh: "偏低线%", En: "low below %"}, Type: table.Percent,
			Minor: minorDetail},
		{Name: "toSpendFen", Title: text.Say("尚须支出", "to spend"), Type: table.Money},
		{Name: "balanceFen", Title: text.Say("结余", "balance"), Type: table.Money},
		{Name: "beyond", Title: text.Say("结余不足", "beyond balance"), Type: table.Bool, Minor: minorSaid},
		{Name: "daysLeft", Title: text.Say("剩余天数", "days left"), Type: table.Count, Minor: minorDetail},
	}
}

// dueSpending lists the centers whose year will be low (R20-6) if they spend nothing more, the largest sum first.
func dueSpending(ctx context.Context, d *Books, q *asked, t *table.Table) error {
	end := events.YearEnd(q.On.Year())
	t.Title = text.Say("截至 %s，到 %s 还须支出、%d 年度执行率才不偏低的金额（单位：%s）",
		"Money still to be spent by %[2]s, as of %[1]s, so that %[3]d is not low (in %[4]s)", q.On, end, q.On.Year(),
		q.unit().Word())
	t.Empty = text.Say("没有中心会因支出不足而执行率偏低。", "No center's year would be low.")
	short, err := d.shortfallsAhead(ctx, q)
	if err != nil {
		return err
	}
	var list []shortfall
	d.exactly(q, func() { list = short.take() })
	list = lowest(list)
	var sum aggregates.Money
	var toSpend events.Fen
	for _, s := range list {
		sum, toSpend = sum.Plus(s.Province), toSpend+s.ToSpendFen
		low := strconv.Itoa(s.LowPercent) + ".00"
		t.Rows = append(t.Rows, []table.Cell{table.Text(s.id), table.Text(s.name), table.Number(s.Year),
			table.Fen(s.Province.AvailableFen()),
			table.Fen(s.Province.ExecutedFen()), table.Rate(s.Province.RatePercent()), table.Rate(low),
			table.Fen(s.ToSpendFen), table.Fen(s.Province.BalanceFen()),
			table.Yes(s.ToSpendFen > s.Province.BalanceFen()), table.Number(int(end - q.On))})
	}
	if len(list) > 0 {
		t.Totals = [][]table.Cell{
			{{Shown: text.Say("合计", "total")}, {}, {}, table.Fen(sum.AvailableFen()), table.Fen(sum.ExecutedFen()),
				table.Rate(sum.RatePercent()), {}, table.Fen(toSpend), table.Fen(sum.BalanceFen()), {}, {}}}
	}
	return nil
}

// shortfall holds the amount that one center must still spend. Its low is true if the year of the center will be low.
type shortfall struct {
	id   events.CenterID
	name string
	aggregates.Shortfall
	low bool
}

func (d *Books) shortfallsAhead(ctx context.Context, q *asked) (*ahead[shortfall], error) {
	return workAhead(ctx, d, q.center("center"), func(id events.CenterID) shortfall {
		s, low := d.Register.Shortfall(id, q.On)
		return shortfall{id, d.Register.Facts(id, q.On).Name, s, low}
	})
}

// lowest keeps the centers whose year will be low if they spend nothing more, the largest sum first.
func lowest(list []shortfall) []shortfall {
	list = slices.DeleteFunc(list, func(s shortfall) bool { return !s.low })
	slices.SortStableFunc(list, func(a, b shortfall) int { return cmp.Compare(b.ToSpendFen, a.ToSpendFen) })
	return list
}

// spendingNote returns one line that sums up, under the alerts, the centers that --spend lists.
func spendingNote(q *asked, list []shortfall) []text.Text {
	if len(list) == 0 {
		return nil
	}
	var toSpend events.Fen
	for _, s := range list {
		toSpend += s.ToSpendFen
	}
	end := events.YearEnd(q.On.Year())
	return []text.Text{text.Say("有 %d 个中心须在 %s（含）前再支出共 %s 元，年度执行率才不偏低，见 %s。",
		"Centers: %[1]d must still spend %[3]s yuan in all by %[2]s so that the year is not low; see %[4]s.",
		len(list), end, events.FormatYuan(toSpend), q.written("spend"))}
}

// days returns the number of days in a parameter such as "30d".
func (q *asked) days(name string) int {
	n, _ := strconv.Atoi(strings.TrimSuffix(q.text(name), "d")) // checked
	return n
}

// parallel calls work for all items, on all processors, and returns the results in the order of the items.
func parallel[In, Out any](ctx context.Context, items []In, work func(In) Out) ([]Out, error) {
	out := make([]Out, len(items))
	workers := min(runtime.GOMAXPROCS(0), len(items))
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := w; i < len(items) && ctx.Err() == nil; i += workers {
				out[i] = work(items[i])
			}
		})
	}
	wg.Wait()
	return out, ctx.Err()
}
