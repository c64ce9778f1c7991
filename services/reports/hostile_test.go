package reports_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/services/reports"
)

// rezipped copies a workbook with one part made anew; nil leaves the part out.
func rezipped(t *testing.T, path, part string, change func(content []byte) io.Reader) string {
	t.Helper()
	from, err := zip.OpenReader(path)
	must(t, err)
	defer from.Close()
	path = filepath.Join(t.TempDir(), "changed.xlsx")
	f, err := os.Create(path)
	must(t, err)
	to := zip.NewWriter(f)
	for _, p := range from.File {
		in, err := p.Open()
		must(t, err)
		content, err := io.ReadAll(in)
		must(t, err)
		var r io.Reader = bytes.NewReader(content)
		if p.Name == part {
			if r = change(content); r == nil {
				continue
			}
		}
		out, err := to.Create(p.Name)
		must(t, err)
		_, err = io.Copy(out, r)
		must(t, err)
	}
	must(t, errors.Join(to.Close(), f.Close()))
	return path
}

type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func TestWhatIsNoReportIsRefused(t *testing.T) {
	d := small(t, "乙")
	good := write(t, d, request(reports.XLSX, "execution", "2025-12-31"))
	const table, book = "xl/worksheets/sheet1.xml", "xl/workbook.xml"
	replaced := func(old, new string) func([]byte) io.Reader {
		return func(b []byte) io.Reader {
			if !bytes.Contains(b, []byte(old)) {
				t.Fatalf("there is no %q", old)
			}
			return strings.NewReader(strings.Replace(string(b), old, new, 1))
		}
	}
	text := func(name, content string) string {
		path := filepath.Join(t.TempDir(), name)
		must(t, os.WriteFile(path, []byte(content), 0o644))
		return path
	}
	for name, c := range map[string]struct{ path, says string }{
		"another kind of file":      {text("r.pdf", "%PDF"), "ends in .xlsx or .csv"},
		"no archive":                {text("r.xlsx", "not a zip"), "no XLSX file"},
		"an empty file":             {text("r.xlsx", ""), "no XLSX file"},
		"an empty CSV":              {text("r.csv", ""), "no provenance"},
		"another CSV":               {text("r.csv", "a,b\n1,2\n"), "no provenance"},
		"CSV that is torn":          {text("r.csv", "#title,\"x\n"), "cannot be read"},
		"bytes of no text":          {text("r.csv", "\xff\xff\xff\x00"), "not a report"},
		"a question of no list":     {text("r.csv", "#position,1\n#lang,zh\n#form,csv\n#question,\"{\"\"list\"\":\"\"x\"\",\"\"asOf\"\":\"\"2025-01-01\"\"}\"\n"), `no list "x"`},
		"a question of no date":     {text("r.csv", "#position,1\n#lang,zh\n#form,csv\n#question,{}\n"), "question in its provenance"},
		"a position of no number":   {text("r.csv", "#position,one\n#lang,zh\n#form,csv\n#question,{}\n"), "not a number"},
		"another language":          {text("r.csv", "#position,1\n#lang,fr\n#form,csv\n#question,\"{\"\"list\"\":\"\"centers\"\",\"\"asOf\"\":\"\"2025-01-01\"\"}\"\n"), "neither zh nor en"},
		"another form":              {text("r.csv", "#position,1\n#lang,zh\n#form,xlsx\n#question,\"{\"\"list\"\":\"\"centers\"\",\"\"asOf\"\":\"\"2025-01-01\"\"}\"\n"), "form"},
		"a bomb":                    {rezipped(t, good, table, func([]byte) io.Reader { return io.LimitReader(spaces{}, 80<<20) }), "too large"},
		"a bomb of sheets":          {rezipped(t, good, book, func([]byte) io.Reader { return io.LimitReader(spaces{}, 2<<20) }), "too large"},
		"no workbook":               {rezipped(t, good, book, func([]byte) io.Reader { return nil }), "no XLSX file"},
		"no provenance":             {rezipped(t, good, book, replaced("出处", "其他")), "no sheet"},
		"a sheet that breaks off":   {rezipped(t, good, table, func(b []byte) io.Reader { return bytes.NewReader(b[:len(b)*3/4]) }), "cannot be read"},
		"a sheet that is not there": {rezipped(t, good, table, func([]byte) io.Reader { return nil }), "no part"},
		"rows out of order":         {rezipped(t, good, table, replaced(`<row r="4"`, `<row r="2"`)), "cannot be read"},
		"cells out of order":        {rezipped(t, good, table, replaced(`r="B4"`, `r="A4"`)), "cannot be read"},
		"a cell far away":           {rezipped(t, good, table, replaced(`r="B4"`, `r="ZZZZZZ4"`)), "cannot be read"},
		"a text that is not shared": {rezipped(t, good, table, replaced(`t="inlineStr"><is><t>省级</t></is>`, `t="s"><v>7</v>`)), "no shared text"},
	} {
		o, err := reports.Reproduce(t.Context(), d, c.path)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, %+v", name, err, o)
		}
	}
	if _, err := reports.Reproduce(t.Context(), d, filepath.Join(t.TempDir(), "none.xlsx")); !errors.Is(err, os.ErrNotExist) {
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
		if o, err := reports.Reproduce(t.Context(), d, path); err == nil && o.Position > d.Register.Position() && o.Differs == nil {
			t.Errorf("a position beyond the end is equal")
		}
	})
}
