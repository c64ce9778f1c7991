package reports

import (
	"cmp"
	"errors"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/spreadsheet"
)

// file is a report that is being read.
type file interface {
	// rows yields the rows of a sheet from the first row, with their cells from the first column. A missing row is
	// yielded as an empty one. The cells are valid until the next row. An error is yielded once, at the end.
	rows(sheet string) iter.Seq2[spreadsheet.Row, error]
	// names lists the sheets. A CSV file has one sheet, whose name is empty.
	names() []string
	// is reports whether a cell has a value.
	is(c spreadsheet.Cell, v Value) bool
	// glanceAt returns what takes the looks of the cells of a sheet while they are compared; nil for CSV, which has
	// no looks.
	glanceAt(sheet string) *glance
}

// openFile opens a report in the format of its extension.
func openFile(name string, content io.ReaderAt, size int64) (file, error) {
	form, err := FormOf(name, false)
	if err != nil {
		return nil, bad("%s：报表文件名应以 .xlsx、.csv 或 .html 结尾",
			"%s: the name of a report ends in .xlsx, .csv or .html", name)
	}
	if form == XLSX {
		return openXLSX(content, size)
	}
	return openCSV(name, content, size)
}

// factsMax is the number of rows in which the provenance is searched.
const factsMax = 100

// provenance holds the origin that a report states beside its request: its position, the id and the time of the
// record there (or zero), and how the list was asked. A report without a form of the lists is in form 1, from before
// forms had numbers.
type provenance struct {
	position   uint64
	record     string
	recordedAt time.Time
	asked      asked
	formless   bool
}

// request reads the provenance of a report.
func request(f file) (r Request, from provenance, err error) {
	facts, err := factsOf(f)
	if err != nil {
		return r, from, err
	}
	for _, name := range []string{questionFact, positionFact, langFact, formFact} {
		if facts[name] == "" {
			return r, from, notOurs("其中的出处不全，缺少问题、台账位置、语言或格式",
				"it has no provenance "+strconv.Quote(name))
		}
	}
	if from.position, err = strconv.ParseUint(facts[positionFact], 10, 64); err != nil {
		return r, from, notOurs("出处中的台账位置不是数字", "the position in its provenance is not a number")
	}
	if err := json.Unmarshal([]byte(facts[questionFact]), &r.Question, json.RejectUnknownMembers(true)); err != nil ||
		r.Question.On == 0 {
		return r, from, notOurs("出处中的查询读不出来", "the question in its provenance cannot be read")
	}
	if lists.Find(r.Question.List) == nil {
		return r, from, bad("本程序没有列表 %q：报表由别的版本写出，或出处被改过",
			"this program has no list %q: the report was written by another version, or its provenance was changed",
			r.Question.List)
	}
	r.Lang, r.Form, r.Version = facts[langFact], FileFormat(facts[formFact]), facts[versionFact]
	if r.Lang != "zh" && r.Lang != "en" {
		return r, from, notOurs("出处中的语言既不是 zh 也不是 en",
			"the language in its provenance is neither zh nor en")
	}
	if _, isCSV := f.(*csvFile); isCSV && r.Form != CSV && r.Form != ForExcel || !isCSV && r.Form != XLSX {
		return r, from, notOurs("出处中的形式与文件不符", "the form in its provenance is not that of the file")
	}
	from.record = facts[recordFact]
	if from.recordedAt, err = time.Parse(time.RFC3339Nano, facts[recordedFact]); err != nil {
		from.recordedAt = time.Time{} // compared with that of the ledger, if the ledger has the record
	}
	if from.asked, err = askedIn(facts); err != nil {
		return r, from, err
	}
	from.formless = facts[listFormFact] == ""
	return r, from, nil
}

// askedIn returns how the list of a report was asked, from its facts.
func askedIn(facts map[string]string) (a asked, err error) {
	if a.form, err = strconv.Atoi(cmp.Or(facts[listFormFact], "1")); err != nil || a.form < 1 {
		return a, notOurs("出处中的列表版式不是数字", "the form of the lists in its provenance is not a number")
	}
	if a.form > lists.Form {
		return a, bad("报表按列表版式 %d 写出，本程序只认识到版式 %d：请用写出它的程序版本核对（文件中：%s）",
			"the report is in form %d of the lists and this program knows the forms up to %d: check it with the "+
				"version of the program that wrote it (in the file: %s)",
			a.form, lists.Form, cmp.Or(facts[versionFact], "–"))
	}
	a.prefix = facts[prefixFact]
	if ids, ok := facts[centersFact]; ok {
		a.scope = scopeOf(ids)
	}
	return a, nil
}

func notOurs(zh, en string) error {
	return bad("这不是能核对的报表：%[1]s", "this is not a report that can be reproduced: %[2]s", zh, en)
}

// factsOf reads the facts of the provenance by their names.
func factsOf(f file) (map[string]string, error) {
	facts, n := map[string]string{}, 0
	c, isCSV := f.(*csvFile)
	name := ""
	if !isCSV {
		for _, s := range f.names() {
			if s == provenanceSheet.Zh || s == provenanceSheet.En {
				name = s
			}
		}
		if name == "" {
			return nil, notOurs("没有名为“出处”或“Provenance”的工作表", `it has no sheet "出处" or "Provenance"`)
		}
	}
	for row, err := range f.rows(name) {
		if err != nil {
			return nil, err
		}
		if n++; n > factsMax {
			break
		}
		if isCSV {
			name, ok := strings.CutPrefix(row.At(0).Text, "#")
			if !ok {
				break
			}
			facts[name] = row.At(1).Text
		} else if len(row.Cells) == 3 {
			facts[row.Cells[2].Text] = row.Cells[1].Text
		}
	}
	if isCSV && FileFormat(facts[formFact]) == ForExcel {
		c.forExcel = true
		for name, v := range facts {
			facts[name] = armed(v)
		}
	}
	return facts, nil
}

// csvFile is a CSV report that is being read. Its forExcel is true if the texts were defused.
type csvFile struct {
	raw      []byte // as stored
	content  []byte
	forExcel bool
}

// csvBytesMax is the maximum size of a CSV file that is read.
const csvBytesMax = 1 << 30

func openCSV(name string, from io.ReaderAt, size int64) (*csvFile, error) {
	if size > csvBytesMax {
		return nil, bad("%s 超过 %d 字节的上限", "%s is over the limit of %d bytes", name, csvBytesMax)
	}
	content, err := io.ReadAll(io.NewSectionReader(from, 0, size))
	if err != nil {
		return nil, err
	}
	decoded, err := spreadsheet.Decode(content)
	return &csvFile{raw: content, content: decoded}, refused(err)
}

// refused returns the error for a file that package spreadsheet cannot read.
func refused(err error) error {
	var e *text.Error
	if errors.As(err, &e) {
		return notOurs(e.What.Zh, e.What.En)
	}
	return err
}

func (c *csvFile) names() []string { return []string{""} }

func (c *csvFile) rows(string) iter.Seq2[spreadsheet.Row, error] {
	return func(yield func(spreadsheet.Row, error) bool) {
		for r, err := range spreadsheet.CSV(c.content, ',') {
			if !yield(r, refused(err)) {
				return
			}
		}
	}
}

// is reports whether a cell has a value. It accepts the changes that a spreadsheet program makes when it saves
// CSV: 60 for 60.00, 2025/5/6 for 2025-05-06, and other line ends.
func (c *csvFile) is(x spreadsheet.Cell, v Value) bool {
	switch v.Sort {
	case Date:
		iso, ok := spreadsheet.ISODay(x.Text)
		return ok && iso == v.Text
	case Number, Money, Percent:
		return decimal(x.Text) == decimal(v.Text)
	}
	want, held, got := v.Text, v.held, x.Text
	if c.forExcel {
		want, held, got = visible(want), visible(held), armed(got)
	}
	return oneEnd(got) == oneEnd(want) || held != "" && oneEnd(got) == oneEnd(held)
}

func oneEnd(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }

// decimal returns a number without trailing zeros after the point.
func decimal(s string) string {
	if strings.Contains(s, ".") {
		s = strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// xlsxFile is a workbook that is being read.
type xlsxFile struct {
	*spreadsheet.Workbook
	content io.ReaderAt
	size    int64
	glances map[string]*glance // by sheet
}

// These limits bound an unpacked workbook. A workbook full of rows is about twenty times as large as its file.
const (
	expandedBytesFree  = 64 << 20
	expandedBytesTimes = 100 // beyond expandedBytesFree, at most this many times the size of the file
	expandedBytesMax   = 4 << 30
)

func openXLSX(content io.ReaderAt, size int64) (*xlsxFile, error) {
	w, err := spreadsheet.NewWorkbook(content, size,
		min(expandedBytesMax, expandedBytesFree+expandedBytesTimes*min(size, expandedBytesMax)))
	if err != nil {
		return nil, refused(err)
	}
	return &xlsxFile{w, content, size, map[string]*glance{}}, nil
}

func (x *xlsxFile) names() (list []string) {
	for _, s := range x.Sheets {
		list = append(list, s.Name)
	}
	return list
}

func (x *xlsxFile) rows(name string) iter.Seq2[spreadsheet.Row, error] {
	return func(yield func(spreadsheet.Row, error) bool) {
		i := slices.IndexFunc(x.Sheets, func(s *spreadsheet.Worksheet) bool { return s.Name == name })
		if i < 0 {
			yield(spreadsheet.Row{}, notOurs("没有工作表“"+name+"”", "it has no sheet "+strconv.Quote(name)))
			return
		}
		yielded := 0
		for r, err := range x.Rows(x.Sheets[i]) {
			for yielded++; yielded < r.Number; yielded++ {
				if !yield(spreadsheet.Row{}, nil) {
					return
				}
			}
			if !yield(r, refused(err)) {
				return
			}
		}
	}
}

// is reports whether a cell has a value. It compares numbers as spreadsheet programs store them, so two numbers with
// different digits may be equal.
func (x *xlsxFile) is(c spreadsheet.Cell, v Value) bool {
	if c.Formula != "" {
		return false
	}
	as, num := v.InXLSX()
	if as.held != "" && c.Sort == spreadsheet.Text && c.Text == as.held {
		return true
	}
	switch as.Sort {
	case Blank:
		return c.Sort == spreadsheet.Blank
	case Words:
		return c.Sort == spreadsheet.Text && c.Text == as.Text
	}
	return c.IsNumber() && c.Number == num
}
