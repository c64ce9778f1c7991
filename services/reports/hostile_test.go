package reports_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/services/reports"
	"github.com/taizhang/taizhang/services/spreadsheet/xlsxtest"
)

// changed copies a workbook with one part changed; "" removes the part.
func changed(t *testing.T, path, part string, change func(content string) string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	must(t, err)
	content = xlsxtest.Rewrite(t, content, func(name, text string) string {
		if name == part {
			return change(text)
		}
		return text
	})
	path = filepath.Join(t.TempDir(), "changed.xlsx")
	must(t, os.WriteFile(path, content, 0o644))
	return path
}

func TestWhatIsNoReportIsRefused(t *testing.T) {
	d := small(t, "乙")
	good := write(t, d, request(reports.XLSX, "execution", "2025-12-31"))
	const table, book = "xl/worksheets/sheet1.xml", "xl/workbook.xml"
	replaced := func(old, new string) func(string) string {
		return func(s string) string {
			if !strings.Contains(s, old) {
				t.Fatalf("there is no %q", old)
			}
			return strings.Replace(s, old, new, 1)
		}
	}
	instead := func(text string) func(string) string { return func(string) string { return text } }
	text := func(name, content string) string {
		path := filepath.Join(t.TempDir(), name)
		must(t, os.WriteFile(path, []byte(content), 0o644))
		return path
	}
	for name, c := range map[string]struct{ path, says string }{
		"another kind of file": {text("r.pdf", "%PDF"), "ends in .xlsx, .csv or .html"},
		"no archive":           {text("r.xlsx", "not a zip"), "no XLSX workbook"},
		"an empty file":        {text("r.xlsx", ""), "no XLSX workbook"},
		"an empty CSV":         {text("r.csv", ""), "no provenance"},
		"another CSV":          {text("r.csv", "a,b\n1,2\n"), "no provenance"},
		"CSV that is torn":     {text("r.csv", "#title,\"x\n"), "the quotes in row 1 do not match"},
		"bytes of no text":     {text("r.csv", "\xff\xff\xff\x00"), "neither UTF-8 nor GB18030"},
		"a question of no sense": {
			text("r.csv", "#position,1\n#lang,zh\n#form,csv\n"+
				"#question,\"{\"\"list\"\":\"\"alerts\"\",\"\"asOf\"\":\"\"2025-01-01\"\",\"\"params\"\":{\"\"by\"\":\"\"x\"\"}}\"\n"), "the question in its provenance is none: by"},
		"a question of no list": {
			text("r.csv", "#position,1\n#lang,zh\n#form,csv\n"+
				"#question,\"{\"\"list\"\":\"\"x\"\",\"\"asOf\"\":\"\"2025-01-01\"\"}\"\n"),
			`this program has no list "x"`},
		"a question of no date": {text("r.csv", "#position,1\n#lang,zh\n#form,csv\n#question,{}\n"),
			"question in its provenance"},
		"a position of no number": {text("r.csv", "#position,one\n#lang,zh\n#form,csv\n#question,{}\n"),
			"not a number"},
		"another language": {
			text("r.csv", "#position,1\n#lang,fr\n#form,csv\n"+
				"#question,\"{\"\"list\"\":\"\"centers\"\",\"\"asOf\"\":\"\"2025-01-01\"\"}\"\n"),
			"neither zh nor en"},
		"another form": {
			text("r.csv", "#position,1\n#lang,zh\n#form,xlsx\n"+
				"#question,\"{\"\"list\"\":\"\"centers\"\",\"\"asOf\"\":\"\"2025-01-01\"\"}\"\n"), "form"},
		"a bomb": {
			changed(t, good, table, instead("<worksheet>"+strings.Repeat("<x>"+strings.Repeat(" ", 1<<19)+"</x>",
				160))), "expands to more than the limit"},
		"a bomb of one text": {changed(t, good, book, instead("<workbook>"+strings.Repeat(" ", 2<<20))),
			"a text of more than"},
		"no workbook":   {changed(t, good, book, instead("")), "no XLSX workbook"},
		"no provenance": {changed(t, good, book, replaced("出处", "其他")), "no sheet"},
		"a sheet that breaks off": {changed(t, good, table, func(s string) string { return s[:len(s)*3/4] }),
			"damaged or not whole"},
		"a sheet that is not there": {changed(t, good, table, instead("")), "not within the file"},
		"rows out of order":         {changed(t, good, table, replaced(`<row r="4"`, `<row r="2"`)), "no row number"},
		"cells out of order":        {changed(t, good, table, replaced(`r="B4"`, `r="A4"`)), "no place of a cell"},
		"a cell far away": {changed(t, good, table, replaced(`r="B4"`, `r="ZZZZZZ4"`)),
			"no place of a cell"},
		"a text that is not shared": {
			changed(t, good, table, replaced(`t="inlineStr"><is><t>省级</t></is>`, `t="s"><v>7</v>`)),
			"which the file does not hold"},
	} {
		o, err := reproduceFile(t, d, c.path)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, %+v", name, err, o)
		}
	}
	for _, name := range []string{"folder.xlsx", "folder.csv"} {
		folder := filepath.Join(t.TempDir(), name)
		must(t, os.Mkdir(folder, 0o755))
		if _, err := reproduceFile(t, d, folder); err == nil || !strings.Contains(err.Error(), "not a regular file") {
			t.Errorf("%s gives %v", name, err)
		}
	}
	if _, err := reproduceFile(t, d, filepath.Join(t.TempDir(), "none.xlsx")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file gives %v", err)
	}
}

func FuzzReproduce(f *testing.F) {
	d := small(f, "乙", "=1+1")
	for _, form := range forms {
		content, err := os.ReadFile(write(f, d, request(form, "execution", "2025-12-31")))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content, form == reports.XLSX)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, content []byte, xlsx bool) {
		name := "r.csv"
		if xlsx {
			name = "r.xlsx"
		}
		path := filepath.Join(dir, name)
		must(t, os.WriteFile(path, content, 0o644))
		if o, err := reproduceFile(t, d, path); err == nil && o.Position > d.Register.Position() && o.Differs == nil {
			t.Errorf("a position beyond the end is equal")
		}
	})
}
