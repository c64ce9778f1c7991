package reports_test

import (
	"encoding/csv"
	"errors"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/reports"
	"github.com/taizhang/taizhang/services/table"
	"github.com/taizhang/taizhang/services/workbook"
)

// tableOf is a report of one column of texts.
func tableOf(form reports.FileFormat, texts ...string) *reports.Report {
	t := &table.Table{Title: table.Plain("题"), Empty: table.Plain("无"), Columns: []table.Column{
		{Name: "text", Title: text.Say("文本", "text")},
		{Name: "amountFen", Title: text.Say("金额", "amount"), Type: table.Money}}}
	for _, s := range texts {
		t.Rows = append(t.Rows, []table.Cell{table.Text(s), table.Fen(123456789012345)})
	}
	return &reports.Report{Request: reports.Request{
		Question: lists.Question{List: "find", On: events.MustDate("2025-12-31")}, Lang: "zh", Form: form,
		Version: "v1"}, Table: t}
}

func saved(t interface {
	Fatal(args ...any)
}, dir string, r *reports.Report) string {
	f, err := os.CreateTemp(dir, "*")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(workbook.WriteReport(r, f), f.Close()); err != nil {
		t.Fatal(err)
	}
	name := f.Name() + "." + string(r.Form)[:3]
	if r.Form == reports.XLSX {
		name = f.Name() + ".xlsx"
	}
	if err := os.Rename(f.Name(), name); err != nil {
		t.Fatal(err)
	}
	return name
}

// tricky are texts that spreadsheet programs, XML or CSV may misread.
var tricky = []string{"=1+1", "+86 571", "-5", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1", "=cmd|' /C calc'!A0",
	"00123", "12345678901234567890", "3E5", "MAR-01",
	"2025-05-06", "1/2", "TRUE", "#N/A", "'x", "''x", `"`, `a"b,c`, "甲\n乙", "甲\r\n乙", "\r", " 前后 ", "_x0041_",
	"_x0041_x0042_", "_x005F_x0041_", "_x005F_", "_xD800_",
	"_x000D_", "\x00\x01\x1f\x7f", "\uFFFE\uFFFF", "<a>&amp;</a>", "]]>", "𠮷🀄", "#注", "--", "5月6日", "10%", "¥5",
	strings.Repeat("长", 32767)}

func TestAnyTextSurvivesAsText(t *testing.T) {
	dir := t.TempDir()
	for _, form := range forms {
		path := saved(t, dir, tableOf(form, tricky...))
		checkTexts(t, form, path, tricky)
	}
	rapid.Check(t, func(rt *rapid.T) {
		texts := rapid.SliceOfN(rapid.OneOf(rapid.String(),
			rapid.StringMatching(`(_x[0-9A-F]{4}_|_x|_|x0041_|[=+@'",\r\n\t -]|[0-9]){0,8}`)), 1, 5).Draw(rt, "texts")
		form := rapid.SampledFrom(forms).Draw(rt, "form")
		path := saved(rt, dir, tableOf(form, texts...))
		checkTexts(rt, form, path, texts)
		if err := os.Remove(path); err != nil {
			rt.Fatal(err)
		}
	})
}

// readBack returns the first column below the headings, as the program reads it.
func readBack(t interface{ Fatal(args ...any) }, path string, form reports.FileFormat) []string {
	rows, err := reports.ReadTexts(path, form)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func checkTexts(t interface {
	Fatal(args ...any)
	Errorf(format string, args ...any)
}, form reports.FileFormat, path string, want []string) {
	got := readBack(t, path, form)
	for i, s := range want {
		s = text.Seen(s) // as people see it
		if form != reports.CSV {
			s = printable(s)
		}
		if form != reports.XLSX {
			s = strings.ReplaceAll(s, "\r\n", "\n")
		}
		if i >= len(got) || got[i] != s {
			t.Errorf("%s: %.80q became %.80q", form, s, got[min(i, len(got)-1)])
		}
	}
	switch form {
	case reports.XLSX:
		noFormulas(t, path, len(want))
	case reports.ForExcel:
		nothingToCompute(t, path)
	}
}

// printable returns the visible form of a text with control characters.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && !strings.ContainsRune("\t\r\n", r) {
			return '␀' + r
		}
		if r == '\uFFFE' || r == '\uFFFF' {
			return '\uFFFD'
		}
		return r
	}, s)
}

func noFormulas(t interface {
	Fatal(args ...any)
	Errorf(format string, args ...any)
}, path string, rows int) {
	f, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, sheet := range f.GetSheetList() {
		for row := 1; row <= rows+20; row++ {
			for column := 1; column <= 3; column++ {
				cell, err := excelize.CoordinatesToCellName(column, row)
				if err != nil {
					t.Fatal(err)
				}
				if formula, _ := f.GetCellFormula(sheet, cell); formula != "" {
					t.Errorf("%s %s holds a formula", sheet, cell)
				}
			}
		}
	}
}

var plainNumber = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$|^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)

// nothingToCompute checks a file for spreadsheet programs: no field begins a formula, and only numbers and dates
// are without an apostrophe.
func nothingToCompute(t interface {
	Fatal(args ...any)
	Errorf(format string, args ...any)
}, path string) {
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text, ok := strings.CutPrefix(string(content), "\uFEFF")
	if !ok || !strings.HasSuffix(text, "\r\n") {
		t.Errorf("no byte order mark, or another end of line")
	}
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord = -1
	for {
		fields, err := r.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, field := range fields {
			if field == "" || strings.HasPrefix(field, "'") || plainNumber.MatchString(field) {
				continue
			}
			if strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(field)[0]) ||
				strings.ContainsRune("=+-@", []rune(strings.TrimSpace(field) + "x")[0]) {
				t.Errorf("a field begins with %.20q", field)
			}
		}
	}
}

func TestWhatASpreadsheetCannotHoldIsRefused(t *testing.T) {
	for _, form := range forms {
		err := workbook.WriteReport(tableOf(form, strings.Repeat("长", 32768)), io.Discard)
		if (form == reports.CSV) != (err == nil) {
			t.Errorf("%s: a text too long gives %v", form, err)
		}
		many := tableOf(form)
		for range 1_048_576 {
			many.Table.Rows = append(many.Table.Rows, []table.Cell{{}, {}})
		}
		if form == reports.CSV {
			continue
		}
		err = workbook.WriteReport(many, io.Discard)
		if err == nil || !strings.Contains(err.Error(), "1048576 rows") {
			t.Errorf("%s: too many rows give %v", form, err)
		}
	}
}

// A number that a spreadsheet program would round is written as text.
func TestAmountsAreExact(t *testing.T) {
	r := tableOf(reports.XLSX)
	amounts := map[events.Fen]string{0: "0", 1: "0.01", -5: "-0.05", 10: "0.1", 1e13: "100000000000",
		999999999999999: "9999999999999.99", -999999999999999: "-9999999999999.99",
		1e15 + 1: "10000000000000.01", 9223372036854775807: "92233720368547758.07"}
	var order []events.Fen
	for fen := range amounts {
		order = append(order, fen)
		r.Table.Rows = append(r.Table.Rows, []table.Cell{table.Text("甲"), table.Fen(fen)})
	}
	f, err := excelize.OpenFile(saved(t, t.TempDir(), r))
	must(t, err)
	defer f.Close()
	rows, err := f.GetRows("报表", excelize.Options{RawCellValue: true})
	must(t, err)
	shown, err := f.GetRows("报表")
	must(t, err)
	for i, fen := range order {
		if got := rows[3+i][1]; got != amounts[fen] {
			t.Errorf("%d fen is written as %q, want %q", fen, got, amounts[fen])
		}
		if fen == 1e13 && shown[3+i][1] != "100,000,000,000.00" {
			t.Errorf("10^13 fen shows as %q", shown[3+i][1])
		}
	}
}

// A text that a spreadsheet program would convert gets an apostrophe; other texts do not.
func TestOnlyWhatWouldChangeIsDefused(t *testing.T) {
	for text, defused := range map[string]bool{"00123": true, "12345678901234567890": true, "3E5": true,
		"MAR-01": true, "March 2025": true, "2025-05-06": true, "5月6日": true,
		"1/2": true, "10:30 PM": true, "10%": true, "¥5": true, "(5)": true, "TRUE": true, "#N/A": true, "=1": true,
		"@x": true, "１２３": true, "'x": true,
		"ZJ-0001": false, "2025-V1": false, "2394a3b3-c2df-4001-8b5d-c2df00000000": false, "3D打印公司": false,
		"甲中心": false, "V1": false, "浙财科教〔2025〕1号": false, "#注": false} {
		content, err := os.ReadFile(saved(t, t.TempDir(), tableOf(reports.ForExcel, text)))
		must(t, err)
		if got := strings.Contains(string(content), "\r\n'"+text+","); got != defused {
			t.Errorf("%s: defused %v, want %v", text, got, defused)
		}
	}
}
