package demo

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/sheets"
)

// SheetName is the name under which the sheet is offered.
const SheetName = "凭证（待更正）.xlsx"

// Mistake is a cell of the sheet that must be mended: in a row, from 1 for the headings, under a heading.
type Mistake struct {
	Row     int
	Heading string
}

// The good rows of the sheet are the first ones. Each row after them has one mistake.
const goodRows = 4

// Mistakes holds the mistakes of the sheet, in the order of the rows.
var Mistakes = []Mistake{{goodRows + 2, "日期"}, {goodRows + 3, "经费下达编号"}, {goodRows + 4, "金额(元)"},
	{goodRows + 5, "金额(元)"}, {goodRows + 6, "用途"}}

// wrong holds the contents of the cells of Mistakes.
func (p *Province) wrong() []any {
	return []any{fmt.Sprintf("%d年2月30日", p.Today.Year()), "G-9999-01", -3200, "约伍千元", "业务招待"}
}

// payments are the contents of the rows.
var payments = []struct{ use, payee, summary string }{
	{"仪器设备购置", "杭州丙寅仪器有限公司", "恒温恒湿试验箱"}, {"中试", "宁波丁卯检测技术有限公司", "样品性能检测"},
	{"中试", "绍兴戊辰新材料有限公司", "中试用料"}, {"仪器设备购置", "杭州己巳科技有限公司", "数据采集模块"},
}

// WriteSheet writes a sheet of vouchers of Center as a clerk would fill it in (XLSX): good rows and one row for each
// of Mistakes. All rows together stay within the balance of their grant.
func (p *Province) WriteSheet(to io.Writer) error {
	grant := slices.MaxFunc(slices.Sorted(maps.Keys(p.balances)), func(a, b string) int {
		return cmp.Compare(p.balances[a], p.balances[b])
	})
	share := min(p.balances[grant]/100/20, 20_000) // in yuan
	rows := make([]map[string]any, goodRows+len(Mistakes))
	for i := range rows {
		pays := payments[i%len(payments)]
		rows[i] = map[string]any{"凭证号": fmt.Sprintf("%d-%d", p.Today.Year(), 80001+i),
			"日期": p.day(i).String(), "中心编号": string(p.Center), "经费下达编号": grant, "用途": pays.use,
			"金额(元)": float64(share) - float64(i)*float64(share/20) - .5, "收款单位": pays.payee,
			"摘要": pays.summary, "外拨": "否"}
	}
	for i, value := range p.wrong() {
		rows[Mistakes[i].Row-2][Mistakes[i].Heading] = value
	}
	vouchers := slices.IndexFunc(sheets.Kinds, func(k *sheets.SheetKind) bool { return k.Name == "vouchers" })
	return sheets.WriteFilled(to, sheets.Kinds[vouchers], policy.Builtin(), rows)
}

// day returns the date of a row of the sheet: from yesterday back.
func (p *Province) day(row int) events.Date { return p.Today - 1 - events.Date(row/3) }
