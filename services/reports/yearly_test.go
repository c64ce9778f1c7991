package reports_test

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/reports"
	"github.com/taizhang/taizhang/services/table"
)

// page holds the content of a yearly report: the rows of its tables by their headings, and all of its text.
type page struct {
	sections map[string][][]string
	titles   []string
	text     string
}

// parsed reads the report strictly: it is XML too.
func parsed(t *testing.T, content string) page {
	t.Helper()
	p := page{sections: map[string][][]string{}}
	d := xml.NewDecoder(strings.NewReader(content))
	var section string
	var row []string
	var text strings.Builder
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return p
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			text.Reset()
			for _, a := range e.Attr {
				if a.Name.Local == "src" || a.Name.Local == "href" || strings.HasPrefix(a.Name.Local, "on") {
					t.Errorf("%s asks for %s", e.Name.Local, a.Value)
				}
			}
			if slices.Contains([]string{"script", "img", "link", "iframe", "a"}, e.Name.Local) {
				t.Errorf("there is a %s", e.Name.Local)
			}
		case xml.CharData:
			text.Write(e)
			p.text += string(e)
		case xml.EndElement:
			switch e.Name.Local {
			case "h2":
				section = text.String()
				p.titles = append(p.titles, section)
			case "td", "th":
				row = append(row, text.String())
			case "tr":
				p.sections[section] = append(p.sections[section], row)
				row = nil
			}
		}
	}
}

func yearly(t *testing.T, d *lists.Books, y reports.Yearly) page {
	t.Helper()
	var b bytes.Buffer
	if err := y.WriteHTML(t.Context(), d, &b); err != nil {
		t.Fatal(err)
	}
	return parsed(t, b.String())
}

// amounts returns the printed figures of one line of execution.
func amounts(m aggregates.Money) []string {
	var list []string
	for _, v := range []events.Fen{m.GrantedFen, m.CarriedInFen, m.ReceivedFen, m.AvailableFen(), m.SpentAllFen,
		m.IneligibleFen, m.ExecutedFen(), m.BalanceFen()} {
		list = append(list, events.FormatYuan(v))
	}
	return append(list, m.RatePercent())
}

func has(rows [][]string, want ...string) bool {
	return slices.ContainsFunc(rows, func(row []string) bool {
		for i := 0; i+len(want) <= len(row); i++ {
			if slices.Equal(row[i:i+len(want)], want) {
				return true
			}
		}
		return false
	})
}

func TestTheYearlyReportOfACenterSaysWhatTheRegisterSays(t *testing.T) {
	for _, history := range []string{"edges", "zhejiang-2026"} {
		d := newDesk(t, historyOf(t, history))
		on := events.MustDate("2026-03-31")
		for c := range d.Register.Centers(on) {
			p := yearly(t, d, reports.Yearly{Year: 2025, Center: c.ID, On: on, Lang: "zh", Unit: table.Yuan})
			spent := events.Fen(0)
			for _, x := range d.Register.Evaluation(c.ID, on).Executions {
				if x.Year != 2025 {
					continue
				}
				want := append([]string{lists.ScopeWord(x.Scope).Zh}, amounts(x.Money)...)
				if !has(p.sections["二、经费执行情况"], want...) {
					t.Errorf("%s: %v is not in %v", c.ID, want, p.sections["二、经费执行情况"])
				}
				if x.Scope == aggregates.FiscalScope || x.Scope == aggregates.LocalScope {
					spent += x.SpentAllFen
				}
			}
			if uses := p.sections["五、支出用途"]; len(uses) > 0 && uses[len(uses)-1][4] != events.FormatYuan(spent) {
				t.Errorf("%s: the uses sum to %v, want %s", c.ID, uses[len(uses)-1], events.FormatYuan(spent))
			}
			for _, x := range d.Register.Evaluation(c.ID, on).Alerts {
				inYear := x.RaisedOn <= events.YearEnd(2025) &&
					(x.Open() || x.ClearedOn >= events.DateOf(2025, 1, 1)) || x.Key == "2025"
				cleared := x.ClearedOn.String()
				if x.Open() {
					cleared = "未解除"
				}
				if got := has(p.sections["七、预警"], lists.KeyWord(x.Code, x.Key).Zh,
					lists.SeverityWord(x.Severity).Zh, x.RaisedOn.String(), cleared); inYear && !got {
					t.Errorf("%s: %+v is missing", c.ID, x)
				}
			}
			for _, words := range []string{"省技术转移转化中心年度经费执行与合规情况表", "填报单位（公章）",
				"单位负责人", "填表人", "填报日期", "金额单位：元", "数据截至：2026-03-31",
				d.Register.Timeline().Reading(on).Digest()} {
				if !strings.Contains(p.text, words) {
					t.Errorf("%s: there is no %q", c.ID, words)
				}
			}
		}
	}
}

// The expected answers were computed by other programs.
func TestTheYearlyReportsHaveTheRightFigures(t *testing.T) {
	d := newDesk(t, historyOf(t, "zhejiang-2026"))
	f, err := os.Open("../../aggregates/testdata/zhejiang-2026/expected-2025-12-31/execution.csv")
	must(t, err)
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	must(t, err)
	scopes := map[string]string{"province": "省级", "central": "中央", "fiscal": "财政合计", "local": "地方配套"}
	pages, compared := map[string]page{}, 0
	for _, row := range rows[1:] {
		if row[1] != "2025" {
			continue
		}
		p, ok := pages[row[0]]
		if !ok {
			p = yearly(t, d, reports.Yearly{Year: 2025, Center: events.CenterID(row[0]),
				On: events.MustDate("2025-12-31"), Lang: "zh", Unit: table.Yuan})
			pages[row[0]] = p
		}
		want := []string{scopes[row[2]]}
		for _, fen := range row[3:11] {
			n, err := strconv.ParseInt(fen, 10, 64)
			must(t, err)
			want = append(want, events.FormatYuan(events.Fen(n)))
		}
		if want = append(want, row[11]); !has(p.sections["二、经费执行情况"], want...) {
			t.Errorf("%s: %v is not in %v", row[0], want, p.sections["二、经费执行情况"])
		}
		compared++
	}
	if compared < 50 {
		t.Errorf("only %d lines were compared", compared)
	}
}

func TestTheYearlyReportOfTheProvinceAddsUpTheCenters(t *testing.T) {
	for _, history := range []string{"edges", "zhejiang-2026"} {
		d := newDesk(t, historyOf(t, history))
		on := events.MustDate("2026-03-31")
		p := yearly(t, d, reports.Yearly{Year: 2025, On: on, Lang: "en", Unit: table.Yuan})
		const whole, regions, centers = "1. Execution of money in the province", "2. Execution of money by region",
			"3. The centers"
		sums := map[aggregates.Scope]aggregates.Money{}
		for x := range d.Register.Executions(on, projections.ExecutionFilter{Year: 2025}) {
			sums[x.Scope] = sums[x.Scope].Plus(x.Money)
		}
		for scope, sum := range sums {
			if !has(p.sections[whole], amounts(sum)...) || !has(p.sections[regions], amounts(sum)...) {
				t.Errorf("%s: %s: %v is not there", history, scope, amounts(sum))
			}
		}
		for x := range d.Register.Executions(on, projections.ExecutionFilter{Year: 2025, By: projections.ByRegion}) {
			if !has(p.sections[regions], x.Group, x.Name, lists.ScopeWord(x.Scope).En) ||
				!has(p.sections[regions], amounts(x.Money)...) {
				t.Errorf("%s: %+v is not there", history, x)
			}
		}
		rows := p.sections[centers]
		if want := len(slices.Collect(d.Register.Centers(on))); len(rows) != want+2 {
			t.Errorf("%s: %d rows for %d centers", history, len(rows), want)
		}
		f := sums[aggregates.FiscalScope]
		if got := rows[len(rows)-1][3:8]; !slices.Equal(got,
			[]string{events.FormatYuan(f.GrantedFen), events.FormatYuan(f.AvailableFen()),
				events.FormatYuan(f.SpentAllFen), events.FormatYuan(f.IneligibleFen),
				events.FormatYuan(f.BalanceFen())}) {
			t.Errorf("%s: the total is %v, want %+v", history, got, f)
		}
	}
}

func TestAYearlyReportInTenThousandsSaysSo(t *testing.T) {
	d := small(t, "乙")
	p := yearly(t, d, reports.Yearly{Year: 2025, Center: "ZJ-0001", On: events.MustDate("2025-12-31"), Lang: "zh",
		Unit: table.TenThousands})
	if !strings.Contains(p.text, "金额单位：万元") || !strings.Contains(p.text, "四舍五入") {
		t.Error("the unit is not printed")
	}
	if rows := p.sections["二、经费执行情况"]; !has(rows, "省级", "10,000,000.00", "0.00", "10,000,000.00") ||
		!has(rows, "4.00") {
		t.Errorf("got %v", rows)
	}
}

func TestAYearlyReportCannotCarryMarkup(t *testing.T) {
	d := small(t)
	record(t, d,
		`"kind":"facts.changed","on":"2025-04-01","by":{"role":"center","actor":"c-1"},"data":{"name":"<script>alert(1)</script>&\u0001","leadUnit":"\" onload=\"x"}`)
	p := yearly(t, d, reports.Yearly{Year: 2025, Center: "ZJ-0001", On: events.MustDate("2025-06-30"), Lang: "zh",
		Unit: table.Yuan})
	if !strings.Contains(p.text, "<script>alert(1)</script>&␁") || !strings.Contains(p.text, "年度尚未结束") {
		t.Errorf("got %s", regexp.MustCompile(`\s+`).ReplaceAllString(p.text, " "))
	}
}

func TestTheYearlyReportOfTheProvinceListsTheCentersOfTheYear(t *testing.T) {
	d := small(t)
	for year, want := range map[int]int{2024: 0, 2025: 1} {
		p := yearly(t, d, reports.Yearly{Year: year, On: events.MustDate("2025-12-31"), Lang: "en", Unit: table.Yuan})
		if rows := p.sections["3. The centers"]; has(rows, "ZJ-0001") != (want == 1) ||
			len(rows) > 0 && len(rows) != want+2 {
			t.Errorf("%d: %d centers are wanted: %v", year, want, rows)
		}
		if strings.Contains(p.text, "No center is registered in the year or before.") != (want == 0) {
			t.Errorf("%d: it does not say whether there is a center", year)
		}
	}
}

func TestAYearlyReportOfNothingIsAnError(t *testing.T) {
	d := small(t)
	for name, c := range map[string]struct {
		y    reports.Yearly
		says string
	}{
		"a year to come": {reports.Yearly{Year: 2026, On: events.MustDate("2025-12-31")}, "has not begun"},
		"an unknown center": {reports.Yearly{Year: 2025, Center: "ZJ-0009", On: events.MustDate("2025-12-31")},
			"no center ZJ-0009"},
		"before a registration": {reports.Yearly{Year: 2025, Center: "ZJ-0001", On: events.MustDate("2025-01-09")},
			"not registered"},
		"a year before it": {reports.Yearly{Year: 2024, Center: "ZJ-0001", On: events.MustDate("2025-12-31")},
			"as of 2025-12-31 the center ZJ-0001 was not registered by the end of 2024"},
	} {
		if err := c.y.WriteHTML(t.Context(), d, io.Discard); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
