package spreadsheet

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/spreadsheet/xlsxtest"
)

const tablePart = "xl/worksheets/sheet1.xml"

// made returns a workbook of two rows of texts.
func made(t testing.TB) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	var out bytes.Buffer
	if err := errors.Join(f.SetSheetRow("Sheet1", "A1", &[]any{"凭证号", "日期"}),
		f.SetSheetRow("Sheet1", "A2", &[]any{"V-1", "2026-09-01"}), f.Write(&out)); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// withRow returns that workbook with XML added after its rows.
func withRow(t testing.TB, row string) []byte {
	t.Helper()
	return xlsxtest.Rewrite(t, made(t), func(name, text string) string {
		if name == tablePart {
			return strings.Replace(text, "</sheetData>", row+"</sheetData>", 1)
		}
		return text
	})
}

// readAll reads all rows of all sheets, a line each: number, then the cells.
func readAll(b []byte, bytesMax int64) (w *Workbook, lines []string, err error) {
	if w, err = NewWorkbook(bytes.NewReader(b), int64(len(b)), bytesMax); err != nil {
		return nil, nil, err
	}
	for _, s := range w.Sheets {
		for r, err := range w.Rows(s) {
			if err != nil {
				return w, lines, err
			}
			line := fmt.Sprint(r.Number, r.Hidden)
			for _, c := range r.Cells {
				line += fmt.Sprintf(" %d%q%s", c.Sort, c.Text, c.Formula)
			}
			lines = append(lines, line)
		}
	}
	return w, lines, nil
}

// enough is above the unpacked size of every workbook of the tests.
const enough = 64 << 20

// refusal returns the reason why a file is refused. It fails the test for any other error.
func refusal(t testing.TB, b []byte) string {
	t.Helper()
	_, _, err := readAll(b, enough)
	var e *text.Error
	if !errors.As(err, &e) || e.Text().Zh == "" {
		t.Fatalf("got %v, want a refusal", err)
	}
	return e.Text().En
}

func expect(t testing.TB, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestHostileAndDamagedFilesEndWithAReason(t *testing.T) {
	good := made(t)
	replaced := func(in, old, new string) []byte {
		changed := false
		b := xlsxtest.Rewrite(t, good, func(name, text string) string {
			if name == in {
				changed = strings.Contains(text, old)
				return strings.Replace(text, old, new, 1)
			}
			return text
		})
		if !changed {
			t.Fatalf("%s does not hold %q", in, old)
		}
		return b
	}
	without := func(part string) []byte {
		return xlsxtest.Rewrite(t, good, func(name, text string) string {
			if name == part {
				return ""
			}
			return text
		})
	}
	row := func(text string) []byte { return replaced(tablePart, "</sheetData>", text+"</sheetData>") }
	var twice bytes.Buffer
	w := zip.NewWriter(&twice)
	for range 2 {
		if _, err := w.Create(workbookPart); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"cut off":    {good[:len(good)/2], "damaged or not whole"},
		"no archive": {[]byte("凭证号"), "no XLSX workbook"},
		"a text that is not there": {row(`<row r="9"><c r="D9" t="s"><v>99999</v></c></row>`),
			"row 9: its cell in column D refers to the text \"99999\""},
		"cells beyond the last": {row(`<row r="9">` + strings.Repeat("<c/>", ColumnsMax+1) + `</row>`),
			"row 9 has more than 16384 columns"},
		"no workbook":  {without(workbookPart), "a ZIP archive and no XLSX workbook"},
		"a part twice": {twice.Bytes(), "twice"},
		"no sheet":     {without(tablePart), `the sheet "Sheet1" is not within the file`},
		"a sheet outside": {
			replaced("xl/_rels/workbook.xml.rels", `Target="worksheets/sheet1.xml"`,
				`Target="http://example.org/sheet1.xml" TargetMode="External"`), "is not within the file"},
		"XML that breaks off": {replaced(tablePart, "</sheetData></worksheet>", ""), "damaged or not whole"},
		"an entity declared": {
			replaced(tablePart, "<worksheet", `<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet`), "DOCTYPE"},
		"an entity": {row(`<row r="9"><c r="A9" t="str"><v>&a;</v></c></row>`),
			"damaged or not whole"},
		"a row beyond": {row(`<row r="1048577"><c r="A1048577"><v>1</v></c></row>`),
			"a row is beyond 1048576"},
		"a row before":          {row(`<row r="1"><c r="A1"><v>1</v></c></row>`), "is no row number"},
		"a column beyond":       {row(`<row r="9"><c r="XFE9"><v>1</v></c></row>`), "is no place of a cell"},
		"a cell of another row": {row(`<row r="9"><c r="A1"><v>1</v></c></row>`), "is no place of a cell"},
		"another element ends":  {row(`<row r="9"><c r="A9"><v>1</w></c></row>`), "an XML element w ends that is not"},
		"of another prefix":     {row(`<row r="9"><c r="A9"><v>1</x:v></c></row>`), "an XML element v ends that is not"},
		"ends twice": {replaced(tablePart, "</worksheet>", "</worksheet></worksheet>"),
			"an XML element worksheet ends that is not"},
		"nested too deep": {row(strings.Repeat("<a>", 100)), "nests deeper"},
		"one tag too long": {row(`<row r="9" a="` + strings.Repeat("a", 2*tagBytesMax) + `"/>`),
			"a tag or a text of more than"},
		"merged everywhere": {
			replaced(tablePart, "</sheetData>", `</sheetData><mergeCells>`+strings.Repeat(`<mergeCell ref="A1:B2"/>`,
				mergesMax+1)+`</mergeCells>`), "more than the limit of 10000"},
		"merged to nowhere": {
			replaced(tablePart, "</sheetData>", `</sheetData><mergeCells><mergeCell ref="A1:"/></mergeCells>`),
			"cannot be read"},
		"another encoding": {replaced(tablePart, `encoding="UTF-8"`, `encoding="EBCDIC"`),
			"its XML is in the encoding EBCDIC"},
		"more sheets than the limit": {
			replaced(workbookPart, "</sheets>", strings.Repeat(`<sheet name="x" sheetId="1" r:id="rId1"/>`, sheetsMax)+
				"</sheets>"), "more than the limit of 100 sheets"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := refusal(t, c.file); !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestAnArchiveExpandsToSoMuchAndNoMore(t *testing.T) {
	good := made(t)
	w, _, err := readAll(good, enough)
	if err != nil {
		t.Fatal(err)
	}
	needed := enough - w.left
	if _, lines, err := readAll(good, needed); err != nil || len(lines) != 2 {
		t.Errorf("got %v with just enough", err)
	}
	want := fmt.Sprintf("expands to more than the limit of %d bytes", needed-1)
	if _, _, err = readAll(good, needed-1); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v", err)
	}
	s, err := w.scan(tablePart)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	w.left = 100 // of a part that is longer than it says
	for err == nil {
		_, err = s.next()
	}
	if !strings.Contains(err.Error(), "expands to more than the limit") {
		t.Errorf("got %v", err)
	}
}
