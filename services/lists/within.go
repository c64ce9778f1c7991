package lists

import (
	"strings"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
)

// The parameters that restrict a list to some centers, whatever its rows are. Rows, totals and notes are those of a
// ledger without the other centers.
var (
	regionParam = Param{Name: "region", Words: text.Say("只列区划 `REGION` 的中心：名称（如 杭州市）或代码的前 2、4、6 位",
		"only centers of a `REGION`: its name, or the first 2, 4 or 6 digits of its code"), Sort: Region}
	nameParam = Param{Name: "name", Words: text.Say("只列名称包含 `NAME` 的中心（不分大小写、全半角）",
		"only centers whose name contains `NAME` (without regard to case and width)")}
	statusParam = choice("status", Statuses[1:], text.Say("只列状态 `STATUS` 的中心",
		"only centers with the `STATUS`"), text.Text{})
)

// within returns a predicate for the centers to which the question is restricted as of its date, and the words for
// them. It returns nil if the question is not restricted.
func (q *asked) within(r *projections.Register) (wants func(events.CenterID) bool, words text.Text) {
	region, name, status := q.Params[regionParam.Name], q.Params[nameParam.Name], q.Params[statusParam.Name]
	like := likeness(foldText(name))
	var zh, en []string
	add := func(t text.Text) { zh, en = append(zh, t.Zh), append(en, t.En) }
	if region != "" {
		called := projections.RegionName((region + "0000")[:6])
		add(text.Say("区划为 %[1]s %[2]s", "in the region %[1]s %[2]s", region, called))
	}
	if name != "" {
		add(text.Say("名称包含“%s”", "with %q in the name", name))
	}
	if status != "" {
		word := StatusWord(aggregates.Status(status))
		add(text.Say("状态为%s", "with the status %s", word))
	}
	if zh == nil {
		return nil, words
	}
	words = text.Text{Zh: "仅含" + strings.Join(zh, "、") + "的中心。",
		En: "Only centers " + strings.Join(en, " and ") + "."}
	return func(id events.CenterID) bool {
		if status != "" {
			if c, ok := r.Center(id, q.On); !ok || string(c.Status) != status {
				return false
			}
		}
		facts := r.Facts(id, q.On)
		return facts.Name != "" && strings.HasPrefix(facts.Region, region) && like.in([]byte(facts.Name))
	}, words
}

// takesOffice reports whether the question wants what an office must act on.
func (q *asked) takesOffice(role events.Role) bool {
	return !q.given("office") || q.text("office") == string(role)
}

// officeParam returns the parameter for the office that must act.
func officeParam(offices ...events.Role) Param {
	return choice("office", events.Roles.Of(offices...),
		text.Say("责任单位 `ROLE`", "`ROLE` of the responsible office"), text.Text{})
}
