package reports_test

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/reports"
)

// anyOf returns a value for a required parameter.
func anyOf(t *testing.T, d *lists.Books, p lists.Param) string {
	t.Helper()
	switch p.Sort {
	case lists.CenterID:
		return string(d.Register.IDs()[0])
	case lists.Year:
		return "2025"
	case lists.Count:
		return "5"
	case lists.Days:
		return "30d"
	case lists.Point:
		return "100"
	case lists.Day:
		return "2025-01-01"
	case lists.Choice:
		return p.Values[0].Code
	}
	t.Fatalf("no value for the parameter %s", p.Name)
	return ""
}

// questionOf returns a question for a list with the required parameters only.
func questionOf(t *testing.T, d *lists.Books, l *lists.List, on string) lists.Question {
	q := lists.Question{List: l.Name, On: events.MustDate(on), Params: map[string]string{}}
	for range len(l.Params) + 1 {
		_, _, err := q.Read()
		if err == nil {
			return q
		}
		var bad *text.Error
		if !asParam(err, &bad) {
			t.Fatal(err)
		}
		i := slices.IndexFunc(l.Params, func(p lists.Param) bool { return p.Name == bad.Param })
		q.Params[bad.Param] = anyOf(t, d, l.Params[i])
	}
	return q
}

func TestEveryListIsReproducedFromItsReport(t *testing.T) {
	for _, h := range []struct {
		name, on string
		forms    []reports.FileFormat
	}{{"edges", "2025-06-30", forms}, {"zhejiang-2026", "2026-08-31", []reports.FileFormat{reports.XLSX}}} {
		d := newDesk(t, historyOf(t, h.name))
		written := map[string]string{}
		for _, l := range lists.Lists {
			q := askable(t, d, questionOf(t, d, l, h.on))
			for i, form := range h.forms {
				name := fmt.Sprintf("%s as %s of %s", l.Name, form, h.name)
				path := write(t, d, reports.Request{Question: q, Lang: []string{"zh", "en"}[i%2], Form: form,
					Version: "v1"})
				if o := reproduce(t, d, path); o.Differs != nil {
					t.Errorf("%s: %+v", name, *o.Differs)
				}
				if form == reports.XLSX && h.name == "edges" {
					written[name] = path
				}
			}
		}
		grow(t, d)
		for name, path := range written {
			if o := reproduce(t, d, path); o.Differs != nil {
				t.Errorf("%s, with later records: %+v", name, *o.Differs)
			}
		}
	}
}

// TestAListOfSomeCentersIsReproducedFromItsReport restricts each list by each of its conditions on centers. Such a
// report is of all centers that the account sees: the condition is a part of the question, not of the scope.
func TestAListOfSomeCentersIsReproducedFromItsReport(t *testing.T) {
	d := newDesk(t, historyOf(t, "edges"))
	conditions := map[string]string{"region": "33", "name": "中心", "status": "active"}
	restricted := 0
	var written []string
	for _, l := range lists.Lists {
		for _, p := range l.Params {
			value := conditions[p.Name]
			if value == "" {
				continue
			}
			q := askable(t, d, questionOf(t, d, l, "2025-06-30"))
			if q.Params[p.Name] = value; q.Center() != "" {
				continue
			}
			restricted++
			path := write(t, d, reports.Request{Question: q, Lang: "zh", Form: reports.XLSX, Version: "v1"})
			written = append(written, path)
			if o := reproduce(t, d, path); o.Differs != nil || o.Within != nil {
				t.Errorf("%s with %s %s: %+v, within %v", l.Name, p.Name, value, o.Differs, o.Within)
			}
		}
	}
	if restricted < 10 {
		t.Errorf("only %d lists were restricted", restricted)
	}
	grow(t, d)
	for _, path := range written {
		if o := reproduce(t, d, path); o.Differs != nil {
			t.Errorf("%s, with later records: %+v", path, o.Differs)
		}
	}
}

// askable adds the parameters that depend on the content of the ledger.
func askable(t *testing.T, d *lists.Books, q lists.Question) lists.Question {
	t.Helper()
	for _, p := range lists.Find(q.List).Params {
		_, err := d.Ask(t.Context(), q)
		var bad *text.Error
		if !asParam(err, &bad) {
			return q
		}
		if bad.Param == p.Name {
			q.Params[p.Name] = anyOf(t, d, p)
		}
	}
	return q
}

// grow adds a center whose records are dated before every report.
func grow(t *testing.T, d *lists.Books) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "more.jsonl")
	more := `{"id":"77777777-0000-4000-8000-000000000001","center":"ZJ-9999","kind":"center.registered","on":"2024-02-10","by":{"role":"center","actor":"c-1"},"data":{"name":"后来的中心","uscc":"91330106MAC1K2L32C","leadUnit":"甲","type":"pilot-base","services":["pilot"],"leadingIndustries":["生物医药"],"industryCode":"C2710","region":"330106","foundedOn":"2015-01-01","legalEntity":true,"newUnit":false,"usableAreaM2":9000,"equipmentFen":9000000000,"relaxationRequested":false,"pilotFunction":true,"pilotDevicesSeparate":true,"fields":["other"],"ethicsSensitive":false,"ethicsCommittee":false,"documents":[]}}` + "\n"
	if err := os.WriteFile(path, []byte(more), 0o644); err != nil {
		t.Fatal(err)
	}
	before := d.Register.Position()
	importFile(t, d, path)
	if d.Register.Position() == before {
		t.Fatal("nothing was added")
	}
}

// edited opens a workbook, edits it and saves it beside.
func edited(t *testing.T, path string, edit func(f *excelize.File)) string {
	t.Helper()
	f, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	edit(f)
	path = filepath.Join(t.TempDir(), "edited.xlsx")
	if err := f.SaveAs(path); err != nil {
		t.Fatal(err)
	}
	return path
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Every cell of both sheets gets another value, one at a time.
func TestEveryEditedCellIsFound(t *testing.T) {
	d := small(t, "乙", "丙")
	for _, q := range []reports.Request{request(reports.XLSX, "spending", "2025-12-31", "center", "ZJ-0001"),
		request(reports.XLSX, "execution", "2025-12-31")} {
		path := write(t, d, q)
		f, err := excelize.OpenFile(path)
		must(t, err)
		for _, sheet := range f.GetSheetList() {
			rows, err := f.GetRows(sheet, excelize.Options{RawCellValue: true})
			must(t, err)
			merged, err := f.GetMergeCells(sheet)
			must(t, err)
			for i, row := range rows {
				for j, was := range append(row, "") {
					cell, err := excelize.CoordinatesToCellName(j+1, i+1)
					must(t, err)
					if j > 0 && slices.ContainsFunc(merged, func(m excelize.MergeCell) bool {
						return m.GetStartAxis() == fmt.Sprintf("A%d", i+1)
					}) {
						continue // part of the caption, whose cell is the first
					}
					if was == "v1" || sheet == "出处" && i > 0 && row[len(row)-1] == "listForm" && j == 1 {
						continue // the program's version and form say nothing of the ledger
					}
					kind, err := f.GetCellType(sheet, cell)
					must(t, err)
					changed := edited(t, path, func(f *excelize.File) {
						if kind == excelize.CellTypeUnset && was != "" {
							must(t, f.SetCellFloat(sheet, cell, number(t, was)+0.01, -1, 64))
						} else {
							must(t, f.SetCellStr(sheet, cell, was+"x"))
						}
					})
					o, err := reproduceFile(t, d, changed)
					if err != nil && sheet == "出处" {
						continue // what cannot be asked again is said to be so
					}
					if err != nil || o.Differs == nil {
						t.Fatalf("%s: %s %s with %q edited: %v", q.Question.List, sheet, cell, was, err)
					}
					if sheet == "报表" && (o.Differs.Cell != cell || o.Differs.Sheet != sheet) {
						t.Errorf("%s: %s was edited, found is %+v", q.Question.List, cell, *o.Differs)
					}
				}
			}
		}
		must(t, f.Close())
	}
}

func TestAnEditedCellIsShownWithTheRecordsBehindIt(t *testing.T) {
	d := small(t, "乙", "丙")
	path := edited(t, write(t, d, request(reports.XLSX, "execution", "2025-12-31")), func(f *excelize.File) {
		must(t, f.SetCellFloat("报表", "H4", 80000.02, 2, 64))
	})
	o := reproduce(t, d, path)
	got := o.Differs
	if got == nil || got.Cell != "H4" || got.Row != 4 || got.Column != "支出" || got.InFile != "80000.02" ||
		got.InLedger != "80000.03" || got.Center != "ZJ-0001" {
		t.Fatalf("got %+v", got)
	}
	if len(got.Records) != 2 || got.Newest || got.Records[0].Kind != "funds.spent" ||
		got.Records[1].Position != d.Register.Position() {
		t.Errorf("the records are %+v", got.Records)
	}
	if got.Behind != 2 {
		t.Errorf("%d records are behind the row", got.Behind)
	}
	more := small(t, "一", "二", "三", "四", "五", "六", "七")
	path = edited(t, write(t, more, request(reports.XLSX, "execution", "2025-12-31")), func(f *excelize.File) {
		must(t, f.SetCellFloat("报表", "H4", 80000.02, 2, 64))
	})
	if got := reproduce(t, more, path).Differs; got == nil || got.Behind != 7 || len(got.Records) != 5 ||
		got.Records[0].On != events.MustDate("2025-06-03") {
		t.Errorf("of seven records: %+v", got)
	}
	path = edited(t, write(t, d, request(reports.XLSX, "spending", "2025-12-31", "center", "ZJ-0001")),
		func(f *excelize.File) {
			must(t, f.SetCellFloat("报表", cellOf(t, f, "40000.01"), 40000.02, 2, 64))
		})
	if got := reproduce(t, d, path).Differs; got == nil || len(got.Records) == 0 || got.Newest ||
		got.Records[0].On != events.MustDate("2025-06-01") {
		t.Errorf("of a voucher: %+v", got)
	}
}

func TestAnEditedFigureIsShownWithTheRecordsThatItIsComputedFrom(t *testing.T) {
	d := small(t, "乙", "丙")
	finance := `"by":{"role":"finance","actor":"f-1"},`
	record(t, d, `"kind":"subsidy.granted","on":"2025-07-01",`+finance+
		`"mode":"record","doc":"浙财科教〔2025〕2号","data":{"grant":"C1","category":"construction","source":"central-guidance","fiscalYear":2026,"forYear":2024,"amountFen":700}`)
	record(t, d, `"kind":"subsidy.reversed","on":"2025-07-02",`+finance+
		`"data":{"grant":"C1","amountFen":100,"reason":"多下"}`)
	record(t, d, `"kind":"subsidy.received","on":"2026-01-03",`+finance+`"data":{"grant":"C1","amountFen":600}`)
	record(t, d, `"kind":"funds.recovered","on":"2026-01-04",`+finance+
		`"data":{"grant":"C1","amountFen":1,"reason":"收回"}`)
	record(t, d,
		`"kind":"matching.committed","on":"2026-01-05","by":{"role":"local-gov","actor":"l-1"},"data":{"match":"M1","fiscalYear":2026,"level":"city","amountFen":500}`)
	record(t, d,
		`"kind":"matching.received","on":"2026-01-06","by":{"role":"local-gov","actor":"l-1"},"data":{"match":"M1","amountFen":400}`)
	record(t, d,
		`"kind":"funds.spent","on":"2026-01-07","by":{"role":"center","actor":"c-1"},"data":{"voucher":"W1","payee":"丁","use":"other","lines":[{"grant":"00123","amountFen":5},{"grant":"M1","amountFen":6}],"summary":"x"}`)
	record(t, d, `"kind":"use.ruled","on":"2026-01-08",`+finance+`"data":{"voucher":"W1","use":"pilot"}`)
	record(t, d,
		`"kind":"funds.spent","on":"2026-01-09","by":{"role":"center","actor":"c-1"},"data":{"voucher":"W2","payee":"丁","use":"pilot","lines":[{"grant":"M1","amountFen":7}],"summary":"x"}`)
	record(t, d,
		`"kind":"spending.reversed","on":"2026-01-10","by":{"role":"center","actor":"c-1"},"data":{"voucher":"W2","reversalVoucher":"R2","reason":"误付"}`)
	path := write(t, d, request(reports.XLSX, "execution", "2026-01-31"))
	rows := map[string]string{"2025 省级": "4", "2026 省级": "6", "2026 中央": "7", "2026 地方配套": "9"}
	for cell, want := range map[string]string{
		"2025 省级 D": "2025-02-01", "2025 省级 F": "2025-03-01", "2025 省级 H": "2025-06-01 2025-06-02",
		"2025 省级 K": "2025-03-01 2025-06-01 2025-06-02",
		"2026 省级 E": "2025-03-01 2025-06-01 2025-06-02", "2026 省级 G": "2025-03-01 2025-06-01 2025-06-02",
		"2026 省级 H": "2026-01-07", "2026 省级 J": "2026-01-07 2026-01-08",
		"2026 省级 L": "2025-03-01 2025-06-01 2025-06-02 2026-01-07 2026-01-08",
		"2026 省级 M": "2025-03-01 2025-06-01 2025-06-02 2026-01-07 2026-01-08",
		"2026 中央 D": "2025-07-01 2025-07-02", "2026 中央 F": "2026-01-03 2026-01-04",
		"2026 中央 B":   "2026-01-03 2026-01-04",
		"2026 地方配套 D": "2026-01-05", "2026 地方配套 F": "2026-01-06",
		"2026 地方配套 H": "2026-01-07 2026-01-09 2026-01-10",
	} {
		i := strings.LastIndex(cell, " ")
		row, column := cell[:i], cell[i+1:]
		got := reproduce(t, d, edited(t, path,
			func(f *excelize.File) { must(t, f.SetCellFloat("报表", column+rows[row], 0.07, 2, 64)) })).Differs
		var days []string
		for _, r := range got.Records {
			days = append(days, r.On.String())
		}
		if got.Cell != column+rows[row] || strings.Join(days, " ") != want || got.Newest {
			t.Errorf("%s: got %s, want %s: %+v", cell, days, want, got)
		}
	}
}

func TestRowsAndSheetsAddedRemovedOrMovedAreFound(t *testing.T) {
	d := newDesk(t, historyOf(t, "edges"))
	path := write(t, d, request(reports.XLSX, "centers", "2025-06-30"))
	for name, c := range map[string]struct {
		edit func(f *excelize.File)
		why  string
	}{
		"a row removed":  {func(f *excelize.File) { must(t, f.RemoveRow("报表", 7)) }, "lacks this row"},
		"a row repeated": {func(f *excelize.File) { must(t, f.DuplicateRow("报表", 7)) }, "a row more"},
		"a row at the end": {func(f *excelize.File) {
			must(t, f.SetCellStr("报表", fmt.Sprintf("A%d", lastRow(t, f)+3), "再加一行"))
		}, "a row more"},
		"the last row removed": {func(f *excelize.File) { must(t, f.RemoveRow("报表", lastRow(t, f))) },
			"lacks this row"},
		"rows swapped": {
			func(f *excelize.File) { must(t, f.DuplicateRowTo("报表", 8, 5)); must(t, f.RemoveRow("报表", 9)) },
			"a row more"},
		"a column removed": {func(f *excelize.File) { must(t, f.RemoveCol("报表", "C")) }, "a cell is not"},
		"a sheet added": {func(f *excelize.File) { _, err := f.NewSheet("附"); must(t, err) },
			"no part of the report"},
		"the table renamed": {func(f *excelize.File) { must(t, f.SetSheetName("报表", "表")) }, "is missing"},
	} {
		if got := reproduce(t, d, edited(t, path, c.edit)).Differs; got == nil ||
			!strings.Contains(got.Why.En, c.why) {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

// A number stored as text, and a text stored as number, differ from the original although they look the same. A
// formula is no value.
func TestTheTypeOfACellIsPartOfIt(t *testing.T) {
	d := small(t, "乙")
	path := write(t, d, request(reports.XLSX, "spending", "2025-12-31", "center", "ZJ-0001"))
	for name, edit := range map[string]func(f *excelize.File){
		"an id as a number": func(f *excelize.File) {
			must(t, f.SetCellFloat("报表", cellOf(t, f, "00123"), 123, 0, 64))
		},
		"an amount as text": func(f *excelize.File) {
			must(t, f.SetCellStr("报表", cellOf(t, f, "40000.01"), "40000.01"))
		},
		"a date as text": func(f *excelize.File) {
			must(t, f.SetCellStr("报表", cellOf(t, f, "45809"), "2025-06-01"))
		},
		"an amount computed": func(f *excelize.File) {
			must(t, f.SetCellFormula("报表", cellOf(t, f, "40000.01"), "40000+0.01"))
		},
	} {
		got := reproduce(t, d, edited(t, path, edit)).Differs
		if got == nil || got.Cell == "" {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

// Changes that a spreadsheet program makes when it opens and saves a file do not count.
func TestAReportSavedByASpreadsheetProgramIsStillEqual(t *testing.T) {
	d := newDesk(t, historyOf(t, "edges"))
	for _, list := range []string{"execution", "alerts", "centers"} {
		path := edited(t, write(t, d, request(reports.XLSX, list, "2025-06-30")), func(f *excelize.File) {
			style, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Color: "FF0000"}, NumFmt: 4})
			must(t, err)
			rows, err := f.GetRows("报表", excelize.Options{RawCellValue: true})
			must(t, err)
			for i, row := range rows {
				for j, v := range row {
					cell, err := excelize.CoordinatesToCellName(j+1, i+1)
					must(t, err)
					if kind, _ := f.GetCellType("报表", cell); kind == excelize.CellTypeInlineString {
						must(t, f.SetCellStr("报表", cell, v)) // a shared text
					} else if v != "" {
						must(t, f.SetCellFloat("报表", cell, number(t, v), -1, 64))
					}
				}
			}
			last := map[string]string{"execution": "I20"}[list] // amounts
			must(t, f.SetCellStyle("报表", "A1", cmp.Or(last, "A20"), style))
			must(t, f.SetColWidth("报表", "A", "C", 3))
			must(t, f.SetRowHeight("报表", 9000, 20)) // an empty row that was touched
		})
		if o := reproduce(t, d, path); o.Differs != nil {
			t.Errorf("%s: %+v", list, *o.Differs)
		}
	}
}

func TestACSVReportSavedByASpreadsheetProgramIsStillEqual(t *testing.T) {
	d := small(t, "乙", "=1+1", "'引号")
	path := write(t, d, request(reports.ForExcel, "spending", "2025-12-31", "center", "ZJ-0001"))
	content, err := os.ReadFile(path)
	must(t, err)
	saved := strings.TrimPrefix(string(content), "\uFEFF")
	saved = strings.NewReplacer("2025-06-01", "2025/6/1", "2025-06-02", "2025年6月2日", "40000.01", "40000.010",
		"\r\n", ",,\r\n").Replace(saved)
	inGB18030, err := simplifiedchinese.GB18030.NewEncoder().String(saved)
	must(t, err)
	for name, text := range map[string]string{
		"in UTF-8": saved, "in GB18030": inGB18030, "with blank rows at the end": saved + ",,,\r\n,,\r\n"} {
		path := filepath.Join(t.TempDir(), "saved.csv")
		must(t, os.WriteFile(path, []byte(text), 0o644))
		if o := reproduce(t, d, path); o.Differs != nil {
			t.Errorf("%s: %+v", name, *o.Differs)
		}
	}
}

func TestEveryEditedFieldOfACSVReportIsFound(t *testing.T) {
	d := small(t, "乙", "丙")
	for _, form := range []reports.FileFormat{reports.CSV, reports.ForExcel} {
		content, err := os.ReadFile(write(t, d, request(form, "execution", "2025-12-31")))
		must(t, err)
		lines := strings.Split(strings.TrimRight(string(content), "\r\n"), "\n")
		try := func(what string, lines []string) {
			t.Helper()
			path := filepath.Join(t.TempDir(), "edited.csv")
			must(t, os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o644))
			if o, err := reproduceFile(t, d, path); err == nil && o.Differs == nil {
				t.Errorf("%s: %s is not found", form, what)
			}
		}
		for i, line := range lines {
			if !strings.Contains(line, "#version") && !strings.Contains(line, "#listForm") {
				try("a line left out: "+line, slices.Delete(slices.Clone(lines), i, i+1))
			}
			try("a line twice: "+line, slices.Insert(slices.Clone(lines), i, line))
			if strings.Contains(line, "#question") || strings.Contains(line, "#version") ||
				strings.Contains(line, "#listForm,") {
				continue // its commas are within quotes; or it says nothing of the ledger
			}
			fields := strings.Split(strings.TrimRight(line, "\r"), ",")
			for j := range fields {
				changed := slices.Clone(fields)
				changed[j] += "1"
				all := slices.Clone(lines)
				all[i] = strings.Join(changed, ",")
				try("field "+fields[j], all)
			}
		}
	}
}

func TestAnotherLedgerIsToldFromTheOneOfTheReport(t *testing.T) {
	one, other := small(t, "乙", "丙"), small(t, "乙", "丁")
	for _, form := range forms {
		path := write(t, one, request(form, "centers", "2025-12-31"))
		if got := reproduce(t, other, path).Differs; got == nil || !strings.Contains(got.Why.En, "another") {
			t.Errorf("%s: another ledger gives %+v", form, got)
		}
		if got := reproduce(t, small(t, "乙"), path).Differs; got == nil ||
			!strings.Contains(got.Why.En, "the ledger ends at position 5 and the report was written at 6") {
			t.Errorf("%s: a shorter ledger gives %+v", form, got)
		}
	}
}

func TestAReportOfAnEmptyLedgerIsReproduced(t *testing.T) {
	d := small(t)
	then := *d
	register, err := d.Ledger.KnownAt(t.Context(), pointBefore())
	must(t, err)
	then.Register = register
	for _, form := range forms {
		if o := reproduce(t, d, write(t, &then, request(form, "centers", "2025-12-31"))); o.Differs != nil ||
			o.Position != 0 {
			t.Errorf("%s: got %+v", form, o)
		}
	}
}

func TestAReportInTenThousandsIsReproduced(t *testing.T) {
	d := small(t, "乙")
	for _, form := range forms {
		path := write(t, d, request(form, "execution", "2025-12-31", "unit", "wan"))
		if o := reproduce(t, d, path); o.Differs != nil || o.Question.Params["unit"] != "wan" {
			t.Errorf("%s: %+v", form, o)
		}
		if form == reports.XLSX {
			f, err := excelize.OpenFile(path)
			must(t, err)
			cell := cellOf(t, f, "9999996")
			must(t, f.SetCellValue("报表", cell, 9999996.01))
			must(t, f.Save())
			if o := reproduce(t, d, path); o.Differs == nil || o.Differs.Cell != cell ||
				o.Differs.InLedger != "9999996.00" {
				t.Errorf("a changed amount: %+v", o.Differs)
			}
			continue
		}
		content, err := os.ReadFile(path)
		must(t, err)
		if !strings.Contains(string(content), "万元") || !strings.Contains(string(content), ",9999996.00,") {
			t.Errorf("%s: it is not in 万元: %s", form, content)
		}
	}
}
