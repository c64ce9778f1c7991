package reports_test

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/reports"
	"github.com/taizhang/taizhang/services/table"
)

func pageOf(t *testing.T, d *lists.Books, y reports.Yearly) string {
	t.Helper()
	var b bytes.Buffer
	must(t, y.WriteHTML(t.Context(), d, &b))
	return b.String()
}

func reproducePage(t *testing.T, d *lists.Books, page string) (*reports.Reproduction, error) {
	t.Helper()
	return reports.Reproduce(t.Context(), d, "page.HTM", strings.NewReader(page), int64(len(page)))
}

func TestAYearlyReportIsReproducedByteForByte(t *testing.T) {
	d := small(t, "乙<&>\"", "丙")
	y := reports.Yearly{Year: 2025, Center: "ZJ-0001", On: events.MustDate("2025-10-31"), Lang: "zh", Unit: table.Yuan,
		Version: `v1 "<&>`}
	province, wan := y, y
	province.Center, wan.Unit, wan.Lang = "", table.TenThousands, "en"
	pages := []string{pageOf(t, d, y), pageOf(t, d, province), pageOf(t, d, wan)}
	scoped := *d
	scoped.Register = d.Register.Within(func(events.CenterID) bool { return false })
	none := pageOf(t, &scoped, province)
	grow(t, d)
	for _, page := range append(pages, none) {
		if o, err := reproducePage(t, d, page); err != nil || o.Differs != nil || o.Position == 0 {
			t.Errorf("%+v, %v", o, err)
		}
	}
	if _, err := reproducePage(t, &scoped, pages[1]); !isA(err, text.Forbidden) {
		t.Errorf("the page of the province is shown to an account that sees no center: %v", err)
	}
	for name, c := range map[string]struct {
		was, is, why string
		line         string // that the ledger gives
	}{
		"a figure":      {"80,000.03", "80,000.04", "a line is not what the ledger gives", "80,000.03"},
		"a style":       {"color: #000", "color: #fff", "a line is not what the ledger gives", "#000"},
		"a line more":   {"<body>\n", "<body>\n<p>9</p>\n", "the file has a line more", "<h1>"},
		"a line less":   {"<body>\n", "", "the file lacks this line", "<body>"},
		"the end":       {"</html>\n", "</html>", "the file lacks this line", ""},
		"ends of lines": {"\n", "\r\n", "the ends of lines are not those that were written", "<!DOCTYPE html>"},
		"a byte order mark": {"<!DOCTYPE", "\uFEFF<!DOCTYPE", "a line is not what the ledger gives",
			"<!DOCTYPE html>"},
		"the id of a record": {`record&#34;:&#34;`, `record&#34;:&#34;0`, "the provenance is not that of the ledger",
			"taizhang-report"},
		"a later position":   {`position&#34;:6`, `position&#34;:99`, "the ledger ends at position", ""},
		"the printed origin": {"台账位置 6", "台账位置 7", "the provenance is not that of the ledger", "台账位置 6"},
	} {
		edited := strings.ReplaceAll(pages[0], c.was, c.is)
		o, err := reproducePage(t, d, edited)
		if err != nil || edited == pages[0] || o.Differs == nil || !strings.Contains(o.Differs.Why.En, c.why) ||
			!strings.Contains(o.Differs.InLedger, c.line) {
			t.Errorf("%s: %+v, %v", name, o, err)
		}
	}
	for name, page := range map[string]string{
		"no provenance": strings.Replace(pages[0], `name="taizhang-report"`, `name="x"`, 1),
		"nonsense":      strings.Replace(pages[0], `{&#34;`, `{`, 1),
		"another form":  strings.Replace(pages[0], `form&#34;:2`, `form&#34;:7`, 1),
		"the year 9999": strings.Replace(pages[0], `asOf&#34;:&#34;2025`, `asOf&#34;:&#34;9999`, 1),
	} {
		if _, err := reproducePage(t, d, page); !isA(err, text.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func isA(err error, code text.ErrorCode) bool {
	var e *text.Error
	return errors.As(err, &e) && e.Code == code
}

// The page is a filed yearly report of form 1.
func TestAFiledYearlyReportIsStillReproduced(t *testing.T) {
	d := fourCenters(t)
	for _, name := range []string{"center", "province"} {
		page, err := os.ReadFile("testdata/yearly-1/" + name + ".html")
		must(t, err)
		if o, err := reproducePage(t, d, string(page)); err != nil || o.Differs != nil {
			t.Errorf("%s: %+v, %v", name, o, err)
		}
	}
}

// The yearly report and the list of deferrals must agree on the allocation of the next year.
func TestTheYearlyReportSaysWhatIsToBeDeferred(t *testing.T) {
	d := newDesk(t, historyOf(t, "zhejiang-2026"))
	words := map[string]string{"expected": "预计偏低（年度未结束）", "deferred": "已决定延后安排",
		"released": "已解除延后", "to-be-decided": "执行率偏低，尚未决定延后", "overdue": "执行率偏低，逾期未决定延后"}
	for _, c := range []struct {
		on      string
		year    int
		none    string
		balance string
	}{{"2026-10-31", 2026, "年度未结束，迄今未偏低", "截至 10 月 31 日结余"},
		{"2026-03-31", 2025, "不需延后", "年末结余"}} {
		on := events.MustDate(c.on)
		rows := yearly(t, d, reports.Yearly{
			Year: c.year, On: on, Lang: "zh", Unit: table.Yuan}).sections["三、各中心情况"]
		found := map[string]int{}
		for center := range d.Register.Centers(on) {
			want := c.none
			if center.Status == "revoked" {
				want = "已取消资格，不再安排"
			}
			for _, x := range d.Register.Deferrals(center.ID, on, c.year+1) {
				if w := words[string(x.State)]; center.Status != "revoked" || w[:3] == "已" {
					want = w
				}
			}
			found[want]++
			for _, row := range rows {
				if row[0] == string(center.ID) && row[11] != want {
					t.Errorf("%s, %s: %s, want %s", c.on, center.ID, row[11], want)
				}
			}
		}
		if len(found) < 3 || found[c.none] == 0 {
			t.Errorf("%s: only %v", c.on, found)
		}
		page := yearly(t, d, reports.Yearly{Year: c.year, Center: "ZJ-0001", On: on, Lang: "zh", Unit: table.Yuan})
		if !has(page.sections["三、经费下达与配套"][:1], c.balance) {
			t.Errorf("%s: the balance is headed %v", c.on, page.sections["三、经费下达与配套"][0])
		}
	}
}
