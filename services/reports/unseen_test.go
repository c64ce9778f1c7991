package reports_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/xuri/excelize/v2"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/reports"
	"github.com/taizhang/taizhang/services/table"
)

// unseen is inserted in the middle of each text in the ledger of turned.
const unseen = "\u202e\u200b\u2066\u2069\u00ad\U000e0041"

// turned is a ledger whose name, payee, summary, document and note hold format characters.
func turned(t *testing.T) *lists.Books {
	d := newDesk(t, "")
	record(t, d,
		`"kind":"center.registered","on":"2025-01-10","by":{"role":"center","actor":"c-1"},"data":{"name":"甲`+unseen+
			`中心","uscc":"91330106MAC1K2L32C","leadUnit":"甲`+unseen+
			`院","type":"pilot-base","services":["pilot"],"leadingIndustries":["生物`+unseen+
			`医药"],"industryCode":"C2710","region":"330106","foundedOn":"2015-01-01","legalEntity":true,"newUnit":false,"usableAreaM2":9000,"equipmentFen":9000000000,"relaxationRequested":false,"pilotFunction":true,"pilotDevicesSeparate":true,"fields":["other"],"ethicsSensitive":false,"ethicsCommittee":false,"documents":[]}`)
	record(t, d,
		`"kind":"subsidy.granted","on":"2025-02-01","by":{"role":"finance","actor":"f-1"},"mode":"record","doc":"浙财`+
			unseen+`科教〔2025〕1号","note":"补`+unseen+
			`录","data":{"grant":"G1","category":"other","source":"province-other","fiscalYear":2025,"amountFen":100000000}`)
	record(t, d,
		`"kind":"subsidy.received","on":"2025-03-01","by":{"role":"finance","actor":"f-1"},"data":{"grant":"G1","amountFen":90000000}`)
	for i := range 2 { // which duplicates lists
		record(t, d,
			fmt.Sprintf(
				`"kind":"funds.spent","on":"2025-06-02","by":{"role":"center","actor":"c-1"},"data":{"voucher":"V%d","payee":"乙%s公司","use":"fine","lines":[{"grant":"G1","amountFen":4000000}],"summary":"中%s试"}`, i, unseen, unseen))
	}
	return d
}

// TestFormatCharactersComeOutNowhere checks every list in the forms for people. In JSON these characters are
// escaped.
func TestFormatCharactersComeOutNowhere(t *testing.T) {
	d := turned(t)
	var all strings.Builder // that was shown
	look := func(name, shown string) {
		all.WriteString(shown)
		if i := strings.IndexFunc(strings.TrimPrefix(shown, "\uFEFF"),
			func(r rune) bool { return unicode.Is(unicode.Cf, r) }); i >= 0 {
			t.Errorf("%s shows a format character: %.200q", name, shown[max(0, i-60):])
		}
	}
	questions := []lists.Question{request("", "find", "2025-12-31", "payee", "乙"+unseen+"公司").Question,
		request("", "duplicates", "2025-12-31", "center", "ZJ-0001").Question}
	for _, l := range lists.Lists {
		q := questionOf(t, d, l, "2025-12-31")
		if q.Params["since"] != "" {
			q.Params["since"] = "1"
		}
		questions = append(questions, askable(t, d, q))
	}
	for _, q := range questions {
		table, err := d.Ask(t.Context(), q)
		must(t, err)
		var b bytes.Buffer
		must(t, table.WriteCSV(&b))
		look(q.List+" as CSV", b.String())
		b.Reset()
		must(t, table.WriteJSON(&b))
		look(q.List+" as JSON", b.String())
		if q.List == "find" && !strings.Contains(b.String(),
			`"payee":"乙\u202e\u200b\u2066\u2069\u00ad\udb40\udc41公司"`) {
			t.Errorf("JSON does not hold the payee as it is recorded: %s", b.String())
		}
		for _, lang := range []string{"zh", "en"} {
			b.Reset()
			must(t, table.WriteText(&b, lang))
			look(q.List+" as a table", b.String())
			for _, form := range forms {
				path := write(t, d, reports.Request{Question: q, Lang: lang, Form: form, Version: "v1"})
				name := fmt.Sprintf("%s as %s in %s", q.List, form, lang)
				if form == reports.XLSX {
					look(name, everyCell(t, path))
				} else {
					content, err := os.ReadFile(path)
					must(t, err)
					look(name, string(content))
				}
				if o := reproduce(t, d, path); o.Differs != nil {
					t.Errorf("%s is not reproduced: %+v", name, *o.Differs)
				}
			}
		}
	}
	for _, center := range []events.CenterID{"", "ZJ-0001"} {
		page := pageOf(t, d, reports.Yearly{Year: 2025, Center: center, On: events.MustDate("2025-12-31"), Lang: "zh",
			Unit: table.Yuan, Version: "v1"})
		look("the yearly report", page)
		if o, err := reproducePage(t, d, page); err != nil || o.Differs != nil {
			t.Errorf("the yearly report is not reproduced: %v, %+v", err, o)
		}
	}
	for _, seen := range []string{"甲中心", "甲院", "乙公司", "中试", "浙财科教〔2025〕1号"} {
		if !strings.Contains(all.String(), seen) {
			t.Errorf("no list shows %s", seen)
		}
	}
}

// everyCell returns the texts of a workbook.
func everyCell(t *testing.T, path string) string {
	f, err := excelize.OpenFile(path)
	must(t, err)
	defer f.Close()
	var all strings.Builder
	for _, sheet := range f.GetSheetList() {
		all.WriteString(sheet + "\n")
		rows, err := f.GetRows(sheet)
		must(t, err)
		for _, row := range rows {
			all.WriteString(strings.Join(row, "\n") + "\n")
		}
	}
	return all.String()
}

// Earlier versions wrote the format characters of the ledger. Their reports still reproduce, and changed ones do
// not.
func TestAReportWithTheFormatCharactersOfTheLedgerReproduces(t *testing.T) {
	d := turned(t)
	for _, c := range []struct {
		put   string
		equal bool
	}{{unseen, true}, {"", true}, {"\u202e", false}} {
		for _, form := range forms {
			path := write(t, d, request(form, "find", "2025-12-31", "kind", "funds.spent"))
			put := strings.NewReplacer("乙公司", "乙"+c.put+"公司", "中试", "中"+c.put+"试")
			if form == reports.XLSX {
				path = changed(t, path, "xl/worksheets/sheet1.xml",
					func(part string) string { return put.Replace(part) })
			} else {
				content, err := os.ReadFile(path)
				must(t, err)
				path = filepath.Join(t.TempDir(), "r.csv")
				must(t, os.WriteFile(path, []byte(put.Replace(string(content))), 0o644))
			}
			if o := reproduce(t, d, path); (o.Differs == nil) != c.equal {
				t.Errorf("%s with %q: %+v", form, c.put, o.Differs)
			}
		}
		page := pageOf(t, d, reports.Yearly{Year: 2025, Center: "ZJ-0001", On: events.MustDate("2025-12-31"),
			Lang: "zh", Unit: table.Yuan, Version: "v1"})
		page = strings.NewReplacer("甲中心", "甲"+c.put+"中心", "甲院", "甲"+c.put+"院", "浙财科教〔2025〕1号",
			"浙财"+c.put+"科教〔2025〕1号", "生物医药", "生物"+c.put+"医药").Replace(page)
		if text.Seen(page) == page && c.put != "" {
			t.Fatal("the page does not name the center")
		}
		o, err := reproducePage(t, d, page)
		if err != nil || (o.Differs == nil) != c.equal {
			t.Errorf("the page with %q: %v, %+v", c.put, err, o)
		}
	}
}
