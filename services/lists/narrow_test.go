package lists_test

import (
	"strings"
	"testing"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// TestANarrowTerminalKeepsTheAmountsAndWhoMustAct pins the columns that stand at 80 columns of a terminal.
func TestANarrowTerminalKeepsTheAmountsAndWhoMustAct(t *testing.T) {
	d := historyDesk(t, provincePath(t))
	for _, c := range []struct {
		list   string
		params map[string]string
		zh, en string
	}{
		{"ageing", nil, "中心,经费编号,2026 年到账,结转一年,结余",
			"center,grant or match,received in 2026,carried one year,balance"},
		{"ageing", map[string]string{"by": "center"}, "中心,名称,笔数,2026 年到账,结转一年,结余",
			"center,name,received in 2026,carried one year,balance"},
		{"ageing", map[string]string{"by": "region"}, "区划,名称,笔数,2026 年到账,结转一年,结余",
			"region,name,grants,received in 2026,carried one year,balance"},
		{"delayed", nil, "中心,类别,应到位,未到位,责任单位", "center,what,promised,outstanding,responsible office"},
		{"due", map[string]string{"within": "365d"}, "责任单位,将产生,剩余天数,中心,对象,内容",
			"office,opens on,days left,center,key,what"},
		{"due", map[string]string{"spend": "true"}, "中心,可用,执行数,执行率%,尚须支出,结余",
			"center,available,executed,rate %,to spend,balance"},
	} {
		answer, err := d.Ask(t.Context(),
			lists.Question{List: c.list, On: events.MustDate("2026-08-31"), Params: c.params})
		if err != nil {
			t.Fatal(err)
		}
		if len(answer.Rows) == 0 {
			t.Fatalf("%s %v: no row", c.list, c.params)
		}
		for lang, want := range map[string]string{"zh": c.zh, "en": c.en} {
			var b strings.Builder
			if err := answer.WriteFitted(&b, lang, table.Screen{Columns: 80, All: "--wide"}); err != nil {
				t.Fatal(err)
			}
			head := strings.Split(b.String(), "\n")[1]
			var titles []string
			for title := range strings.SplitSeq(head, "  ") {
				if title = strings.TrimSpace(title); title != "" {
					titles = append(titles, title)
				}
			}
			if got := strings.Join(titles, ","); got != want {
				t.Errorf("%s %v in %s: the columns are %q, expected %q", c.list, c.params, lang, got, want)
			}
		}
	}
}
