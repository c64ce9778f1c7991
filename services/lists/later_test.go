package lists_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// odd is the history of a center with cases that mislead: money granted ahead, a wrong year, a voided mistake, a
// voucher paid from two grants, a reversal in the next year, and more spending than receipts.
var odd = []string{
	registeredTail,
	`"kind":"subsidy.granted","on":"2025-02-01","by":{"role":"finance","actor":"f"},"mode":"record","doc":"浙财科教〔2025〕1号","data":{"grant":"G1","category":"other","source":"province-other","fiscalYear":2025,"amountFen":100000}`,
	`"kind":"subsidy.granted","on":"2025-02-01","by":{"role":"finance","actor":"f"},"mode":"record","doc":"浙财科教〔2025〕2号","data":{"grant":"G2","category":"other","source":"central-guidance","fiscalYear":2025,"amountFen":50000}`,
	`"kind":"subsidy.received","on":"2025-03-01","by":{"role":"finance","actor":"f"},"data":{"grant":"G1","amountFen":100000}`,
	`"kind":"subsidy.received","on":"2025-03-01","by":{"role":"finance","actor":"f"},"data":{"grant":"G2","amountFen":50000}`,
	`"kind":"funds.spent","on":"2025-06-01","by":{"role":"center","actor":"c"},"data":{"voucher":"V1","payee":"乙","use":"fine","lines":[{"grant":"G1","amountFen":30000},{"grant":"G2","amountFen":10000}],"summary":"罚款"}`,
	`"kind":"subsidy.granted","on":"2025-12-20","by":{"role":"finance","actor":"f"},"mode":"record","doc":"浙财科教〔2025〕9号","data":{"grant":"G3","category":"other","source":"province-other","fiscalYear":2026,"amountFen":70000}`,
	`"kind":"spending.reversed","on":"2026-01-10","by":{"role":"center","actor":"c"},"data":{"voucher":"V1","reversalVoucher":"R1","reason":"误付"}`,
	`"kind":"funds.spent","on":"2026-02-01","by":{"role":"center","actor":"c"},"mode":"record","doc":"浙财科教〔2026〕1号","data":{"voucher":"V2","payee":"丙","use":"pilot","lines":[{"grant":"G2","amountFen":60000}],"summary":"超支"}`,
	`"kind":"funds.spent","on":"2062-03-01","by":{"role":"center","actor":"c"},"data":{"voucher":"V3","payee":"丁","use":"pilot","lines":[{"grant":"G1","amountFen":100}],"summary":"年份误写"}`,
	`"kind":"funds.spent","on":"2062-03-02","by":{"role":"center","actor":"c"},"data":{"voucher":"V4","payee":"丁","use":"pilot","lines":[{"grant":"G1","amountFen":200}],"summary":"年份误写"}`,
	`"kind":"entry.voided","on":"2062-03-02","by":{"role":"center","actor":"c"},"data":{"event":"` + historyID("10") +
		`","reason":"年份误写"}`,
}

func oddDesk(t *testing.T) *lists.Books {
	t.Helper()
	var lines []string
	for i, tail := range odd {
		lines = append(lines, fmt.Sprintf(`{"id":"%s","center":"ZJ-0001",%s}`, historyID(fmt.Sprint(i)), tail))
	}
	return historyDesk(t, historyFile(t, lines...))
}

// asks asks a list with parameters such as "year=2026", in a form (0 for the latest).
func asks(t *testing.T, d *lists.Books, form int, list, on string, params ...string) *table.Table {
	t.Helper()
	q := lists.Question{List: list, On: events.MustDate(on), Params: map[string]string{}}
	for _, p := range params {
		name, value, _ := strings.Cut(p, "=")
		q.Params[name] = value
	}
	asking := *d
	asking.InForm = form
	answer, err := asking.Ask(context.Background(), q)
	if err != nil {
		t.Fatalf("%s %v: %v", list, params, err)
	}
	return answer
}

// notes returns all lines under a table, in both languages.
func notes(a *table.Table) string {
	var b strings.Builder
	for _, n := range append(a.Notes, a.Missing...) {
		b.WriteString(n.Zh + "\n" + n.En + "\n")
	}
	return b.String()
}

func TestAListSaysHowManyRecordsAreDatedAfterItsDate(t *testing.T) {
	d := oddDesk(t)
	const zh, en = "另有 1 条记录的日期晚于 2026-11-01，未计入。",
		"Records dated after 2026-11-01, which are not counted here: 1."
	for list, params := range map[string][]string{"execution": nil, "ageing": nil, "spending": {"center=ZJ-0001"},
		"centers": nil, "alerts": nil, "delayed": nil, "deferrals": nil,
		"due": nil, "duplicates": nil, "trace": {"center=ZJ-0001", "year=2026", "scope=fiscal", "figure=spentAll"}} {
		a := asks(t, d, 0, list, "2026-11-01", params...)
		if got := a.Missing; len(got) == 0 || got[len(got)-1].Zh != zh || got[len(got)-1].En != en {
			t.Errorf("%s: %v", list, got)
		}
		if a := asks(t, d, 0, list, "2062-12-31", params...); strings.Contains(notes(a), "日期晚于 2062") {
			t.Errorf("%s of a later date: %s", list, notes(a))
		}
	}
	for params, want := range map[string]string{"text=年份误写": "另有 2 条符合的记录日期晚于 2026-11-01，未列出。",
		"text=年份误写;voided=true": "另有 3 条符合的记录日期晚于", "text=超支": ""} {
		a := asks(t, d, 0, "find", "2026-11-01", strings.Split(params, ";")...)
		if got := notes(a); want == "" && strings.Contains(got, "晚于") || !strings.Contains(got, want) {
			t.Errorf("find %s: %s", params, got)
		}
	}
}

func TestMoneyGrantedAheadIsShownBeforeItsYearBegins(t *testing.T) {
	d := oddDesk(t)
	const lines = "2026 province 70000 70000 0 70000; 2026 central 0 40000 0 40000; 2026 fiscal 70000 110000 0 110000"
	for _, c := range []struct {
		on, year, by string
		form         int
		want, says   string
	}{
		{"2025-12-31", "2026", "total", 0, lines,
			"On 2025-12-31 the year 2026 has not begun: granted is what is granted ahead"},
		{"2025-12-31", "2026", "center", 0, lines, "2026 年度在 2025-12-31 尚未开始：下达为提前下达的经费"},
		{"2025-12-31", "2026", "total", 1, "", ""},
		{"2025-12-19", "2026", "total", 0, "", ""},
		{"2025-12-31", "2027", "total", 0, "", ""},
		{"2025-12-31", "", "total", 0,
			"2025 province 100000 0 100000 70000; 2025 central 50000 0 50000 40000; 2025 fiscal 150000 0 150000 " +
				"110000",
			"The year 2026 has not begun; granted ahead for it: province 700.00 yuan, fiscal 700.00 yuan; see year " +
				"2026."},
	} {
		a := asks(t, d, c.form, "execution", c.on, "year="+c.year, "by="+c.by)
		var got []string
		for _, row := range a.Rows {
			var fields []string
			for i, column := range a.Columns {
				switch column.Name {
				case "fiscalYear", "scope", "grantedFen", "carriedInFen", "receivedFen", "balanceFen":
					fields = append(fields, row[i].CSV())
				}
			}
			got = append(got, strings.Join(fields, " "))
		}
		if strings.Join(got, "; ") != c.want || !strings.Contains(notes(a), c.says) {
			t.Errorf("%+v: got %q, %s", c, got, notes(a))
		}
		if len(got) == 0 && c.form == 0 && a.Empty.Zh != c.year+" 年度尚未开始，也没有提前下达的经费。" {
			t.Errorf("%+v: %v", c, a.Empty)
		}
	}
	if a := asks(t, d, 0, "trace", "2025-12-31", "center=ZJ-0001", "year=2026", "scope=province",
		"figure=granted"); len(a.Rows) != 1 {
		t.Errorf("trace: %v", a.Rows)
	}
}

func TestFiguresThatLookWrongAreExplained(t *testing.T) {
	d := oddDesk(t)
	for _, c := range []struct {
		list, params string
		says         []string
	}{
		{"execution", "year=2026;scope=central",
			[]string{"A rate above 100 %", "执行率超过 100%：", "A negative ineligible", "“禁止用途支出”为负",
				"A negative balance"}},
		{"execution", "year=2026;scope=province", []string{"A negative spent", "“支出”为负"}},
		{"spending", "center=ZJ-0001;by=grant",
			[]string{"各行已冲销凭证数之和为 2，已冲销凭证共 1 张",
				"The rows count 2 reversed vouchers and there are 1"}},
		{"centers", "", []string{
			"不含已作废的 1 条和日期晚于截至日的 2 条；另有不属于中心的记录（办法参数和台账自身）1 条。台账共 13 条",
			"1 that are voided and 2 dated after the date"}},
	} {
		var params []string
		if c.params != "" {
			params = strings.Split(c.params, ";")
		}
		got, before := notes(asks(t, d, 0, c.list, "2026-11-01", params...)),
			notes(asks(t, d, 1, c.list, "2026-11-01", params...))
		for _, says := range c.says {
			if !strings.Contains(got, says) || strings.Contains(before, says) {
				t.Errorf("%s %s: expected %q, got %s; in form 1 %s", c.list, c.params, says, got, before)
			}
		}
	}
	if got := notes(asks(t, d, 0, "execution", "2025-12-31", "year=2025")); strings.Contains(got, "negative") ||
		strings.Contains(got, "100 %") {
		t.Errorf("of an ordinary year: %s", got)
	}
	// before its reversal the voucher counts as the others, and in form 2 after it too
	for _, c := range []struct {
		form     int
		on, says string
	}{
		{0, "2025-12-31", "The rows count 2 vouchers and there are 1"},
		{2, "2026-11-01", "The rows count 3 vouchers and there are 2"},
	} {
		got := notes(asks(t, d, c.form, "spending", c.on, "center=ZJ-0001", "by=grant"))
		if !strings.Contains(got, c.says) {
			t.Errorf("expected %q, got %s", c.says, got)
		}
	}
}

func TestFindShowsTheAmountOfAReversal(t *testing.T) {
	d := oddDesk(t)
	for form, want := range map[int]any{0: events.Fen(-40000), 1: nil} {
		if a := asks(t, d, form, "find", "2026-11-01", "kind=spending.reversed"); len(a.Rows) != 1 ||
			a.Rows[0][3].Data != want {
			t.Errorf("in form %d: %v", form, a.Rows)
		}
	}
}
