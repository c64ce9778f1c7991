package reports

import (
	"iter"
	"slices"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/lists"
)

// province fills in the report over all centers that the account sees.
func (f *form) province(d *lists.Books) {
	whole := d.Register.Scope() == nil
	f.Of = f.say("查询账号范围内各中心汇总", "the centers within the scope of the account that asked")
	if whole {
		f.Of = f.say("全省汇总", "the whole province")
	}
	var years []*aggregates.Annual
	centers := slices.Collect(d.Register.Centers(f.On))
	for _, c := range centers {
		years = append(years, d.Register.Annual(c.ID, f.On, f.Year))
	}
	f.totals(d, whole)
	f.regions(d)
	f.centers(d, centers, years)
	f.uses(f.say("四、支出用途", "4. Spending by use"), d.Register.Timeline(),
		usesOf(years, d.Register.Timeline().Reading(f.On)))
	f.alertsByCode(years)
}

func (f *form) executions(d *lists.Books, by projections.Grouping) iter.Seq[projections.ExecutionLine] {
	return d.Register.Executions(f.On, projections.ExecutionFilter{Year: f.Year, By: by})
}

func (f *form) totals(d *lists.Books, whole bool) {
	title := f.say("一、范围内经费执行情况", "1. Execution of money within the scope")
	if whole {
		title = f.say("一、全省经费执行情况", "1. Execution of money in the province")
	}
	s := f.moneySection(title, text.Say("口径", "scope"), text.Say("中心数", "centers"))
	for x := range f.executions(d, projections.ByTotal) {
		s.add(append([]formCell{f.word(lists.ScopeWord(x.Scope)), f.number(x.Centers)}, f.moneyCells(x.Money)...)...)
	}
	f.explainMoney(s)
}

func (f *form) regions(d *lists.Books) {
	s := f.moneySection(f.say("二、分区划经费执行情况", "2. Execution of money by region"), text.Say("区划", "region"),
		text.Say("名称", "name"), text.Say("口径", "scope"), text.Say("中心数", "centers"))
	for x := range f.executions(d, projections.ByRegion) {
		s.add(append([]formCell{plainCell(x.Group), plainCell(x.Name), f.word(lists.ScopeWord(x.Scope)),
			f.number(x.Centers)}, f.moneyCells(x.Money)...)...)
	}
	for x := range f.executions(d, projections.ByTotal) {
		f.total(s, 1, append([]formCell{f.word(lists.ScopeWord(x.Scope)), f.number(x.Centers)},
			f.moneyCells(x.Money)...)...)
	}
}

// centers adds a section with one row for each center: its fiscal money, its provincial rate, its grade, the deferral
// of the next year and its alerts.
func (f *form) centers(d *lists.Books, centers []projections.CenterLine, years []*aggregates.Annual) {
	s := f.section(f.say("三、各中心情况", "3. The centers"),
		f.say("该年度及以前没有已登记的中心。", "No center is registered in the year or before."),
		text.Say("中心", "center"), text.Say("名称", "name"), text.Say("状态", "status"),
		text.Say("财政下达", "fiscal granted"), text.Say("财政可用", "fiscal available"),
		text.Say("财政支出", "fiscal spent"),
		f.now(text.Say("其中禁止用途", "of it ineligible"), text.Say("其中不合规", "of it ineligible")),
		text.Say("财政结余", "fiscal balance"), text.Text{Zh: "省级执行率%", En: "provincial rate %"},
		text.Say("偏低", "low"), text.Say("等级", "grade"), text.Say("次年安排", "next year"),
		text.Say("未解除预警 红/黄/蓝", "open alerts red/yellow/blue"))
	policies := d.Register.Timeline()
	var sum aggregates.Money
	for i, c := range centers {
		a := years[i]
		if a == nil {
			continue
		}
		var fiscal, province aggregates.Execution
		for _, x := range a.Executions {
			switch x.Scope {
			case aggregates.FiscalScope:
				fiscal = x
			case aggregates.ProvinceScope:
				province = x
			}
		}
		sum = sum.Plus(fiscal.Money)
		open := f.say("%d/%d/%d", "%d/%d/%d", c.Open[aggregates.Red], c.Open[aggregates.Yellow],
			c.Open[aggregates.Blue])
		s.add(plainCell(string(c.ID)), plainCell(c.Name), f.word(lists.StatusWord(c.Status)), f.fen(fiscal.GrantedFen),
			f.fen(fiscal.AvailableFen()), f.fen(fiscal.SpentAllFen),
			f.fen(fiscal.IneligibleFen), f.fen(fiscal.BalanceFen()), f.rate(province.Money), f.yes(province.Low),
			plainCell(f.grade(policies, a)), plainCell(f.deferral(a)), formCell{open, "n"})
	}
	if len(s.Rows) > 0 {
		f.total(s, 2, f.fen(sum.GrantedFen), f.fen(sum.AvailableFen()), f.fen(sum.SpentAllFen),
			f.fen(sum.IneligibleFen),
			f.fen(sum.BalanceFen()), formCell{}, formCell{}, formCell{}, formCell{}, formCell{})
	}
}

// usesOf sums the spending of all centers by use.
func usesOf(years []*aggregates.Annual, p *policy.Policy) (list []aggregates.UseSum) {
	for _, a := range years {
		if a == nil {
			continue
		}
		for _, u := range a.Uses {
			i := slices.IndexFunc(list, func(x aggregates.UseSum) bool { return x.Use == u.Use && x.Class == u.Class })
			if i < 0 {
				list = append(list, u)
				continue
			}
			list[i].FiscalFen += u.FiscalFen
			list[i].LocalFen += u.LocalFen
		}
	}
	if p != nil {
		aggregates.SortUses(list, p)
	}
	return list
}

func (f *form) alertsByCode(years []*aggregates.Annual) {
	s := f.section(f.say("五、预警", "5. Alerts"), f.say("本年度没有预警。", "There is no alert in this year."),
		text.Say("代码", "code"), text.Say("内容", "what"), text.Say("条数", "alerts"),
		text.Say("涉及中心", "centers"), text.Say("已解除", "cleared"), text.Say("未解除", "open"))
	type count struct{ all, centers, open int }
	counts, sum := map[aggregates.Code]count{}, count{}
	for _, a := range years {
		if a == nil {
			continue
		}
		var last aggregates.Code // the alerts are in the order of their codes
		for _, x := range a.Alerts {
			n := counts[x.Code]
			n.all++
			if x.Code != last {
				n.centers++
			}
			if x.Open() {
				n.open++
				sum.open++
			}
			last = x.Code
			counts[x.Code] = n
			sum.all++
		}
	}
	for _, row := range aggregates.AlertCatalog {
		if n := counts[row.Code]; n.all > 0 {
			s.add(plainCell(string(row.Code)), f.word(f.now(row.Title, lists.FormerWord(row.Title))), f.number(n.all),
				f.number(n.centers), f.number(n.all-n.open), f.number(n.open))
		}
	}
	if sum.all > 0 {
		f.total(s, 1, f.number(sum.all), formCell{}, f.number(sum.all-sum.open), f.number(sum.open))
	}
	s.Notes = append(s.Notes,
		f.say("计入年内任一日未解除的预警，以及对象为本年度的预警。",
			"Counted are alerts open on any day of the year, and those about the year."))
}
