package reports

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"iter"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/transform"
)

// found is one cell of a file as it is.
type found struct {
	sort    foundSort
	text    string // a number in decimal
	formula string
}

type foundSort int

const (
	foundBlank foundSort = iota
	foundText
	foundNumber
	foundOther // a truth or an error
)

// file is a report that is being read.
type file interface {
	// rows yields the rows of a sheet from the first, with their cells from the first column on; a row that is not
	// there is empty. An error is yielded once and last.
	rows(sheet string) iter.Seq2[[]found, error]
	// names lists the sheets; those of a CSV file are one of no name.
	names() []string
	// is says whether a cell holds a value.
	is(f found, v value) bool
	close() error
}

// openFile opens a report by the end of its name.
func openFile(path string) (file, error) {
	form, err := FormOf(path, false)
	if err != nil {
		return nil, err
	}
	if form == XLSX {
		return openXLSX(path)
	}
	return openCSV(path)
}

// factsMax bounds the rows among which the provenance is looked for.
const factsMax = 100

// request reads what a report was made of, and at which position.
func request(f file) (r Request, position uint64, err error) {
	facts, err := factsOf(f)
	if err != nil {
		return r, 0, err
	}
	for _, name := range []string{questionFact, positionFact, langFact, formFact} {
		if facts[name].text == "" {
			return r, 0, notOurs("其中没有出处“"+name+"”", "it has no provenance "+strconv.Quote(name))
		}
	}
	if position, err = strconv.ParseUint(facts[positionFact].text, 10, 64); err != nil {
		return r, 0, notOurs("出处中的台账位置不是数字", "the position in its provenance is not a number")
	}
	if err := json.Unmarshal([]byte(facts[questionFact].text), &r.Question, json.RejectUnknownMembers(true)); err != nil || r.Question.On == 0 {
		return r, 0, notOurs("出处中的查询读不出来", "the question in its provenance cannot be read")
	}
	r.Lang, r.Form, r.Version = facts[langFact].text, Form(facts[formFact].text), facts[versionFact].text
	if r.Lang != "zh" && r.Lang != "en" {
		return r, 0, notOurs("出处中的语言既不是 zh 也不是 en", "the language in its provenance is neither zh nor en")
	}
	if _, isCSV := f.(*csvFile); isCSV && r.Form != CSV && r.Form != ForExcel || !isCSV && r.Form != XLSX {
		return r, 0, notOurs("出处中的形式与文件不符", "the form in its provenance is not that of the file")
	}
	return r, position, nil
}

func notOurs(zh, en string) error {
	return bad("这不是能核对的报表：%[1]s", "this is not a report that can be reproduced: %[2]s", zh, en)
}

// factsOf reads the provenance by the names of its facts.
func factsOf(f file) (map[string]found, error) {
	facts, n := map[string]found{}, 0
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
			name, ok := strings.CutPrefix(foundAt(row, 0).text, "#")
			if !ok {
				break
			}
			facts[name] = foundAt(row, 1)
		} else if len(row) == 3 {
			facts[row[2].text] = row[1]
		}
	}
	if isCSV && Form(facts[formFact].text) == ForExcel {
		c.forExcel = true
		for name, v := range facts {
			v.text = armed(v.text)
			facts[name] = v
		}
	}
	return facts, nil
}

// csvFile is a CSV report. forExcel says that texts were defused.
type csvFile struct {
	content  []byte
	forExcel bool
}

// csvBytesMax bounds a CSV file that is read.
const csvBytesMax = 1 << 30

// openCSV reads UTF-8, with or without a byte order mark, and GB18030, as which Chinese spreadsheet programs save.
func openCSV(path string) (*csvFile, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > csvBytesMax {
		return nil, bad("%s 超过 %d 字节的上限", "%s is over the limit of %d bytes", path, csvBytesMax)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if !utf8.Valid(content) {
		content, _, err = transform.Bytes(simplifiedchinese.GB18030.NewDecoder(), content)
		if err != nil {
			return nil, notOurs("既不是 UTF-8 也不是 GB18030", "it is neither UTF-8 nor GB18030")
		}
	}
	return &csvFile{content: bytes.TrimPrefix(content, []byte(byteOrderMark))}, nil
}

func (c *csvFile) close() error    { return nil }
func (c *csvFile) names() []string { return []string{""} }

func (c *csvFile) rows(string) iter.Seq2[[]found, error] {
	return func(yield func([]found, error) bool) {
		r := csv.NewReader(bufio.NewReader(bytes.NewReader(c.content)))
		r.FieldsPerRecord, r.ReuseRecord = -1, true
		for {
			record, err := r.Read()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(nil, notOurs("CSV 读不出来："+err.Error(), "the CSV cannot be read: "+err.Error()))
				return
			}
			row := make([]found, len(record))
			for i, field := range record {
				if field != "" {
					row[i] = found{sort: foundText, text: field}
				}
			}
			if !yield(trimmed(row), nil) {
				return
			}
		}
	}
}

// trimmed leaves out the blank cells at the end, with which spreadsheet programs fill up.
func trimmed(row []found) []found {
	for len(row) > 0 && row[len(row)-1].sort == foundBlank {
		row = row[:len(row)-1]
	}
	return row
}

// is compares as far as a spreadsheet program leaves a value when it saves CSV: 60 for 60.00, 2025/5/6 for 2025-05-06,
// one end of line for another.
func (c *csvFile) is(f found, v value) bool {
	switch v.sort {
	case date:
		return isoDate(f.text) == v.text
	case number, money, percent:
		return decimal(f.text) == decimal(v.text)
	}
	want, got := v.text, f.text
	if c.forExcel {
		want, got = visible(want), armed(got)
	}
	return oneEnd(got) == oneEnd(want)
}

func oneEnd(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }

// decimal leaves out the zeros after the point that say nothing.
func decimal(s string) string {
	if strings.Contains(s, ".") {
		s = strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// isoDate reads a date as spreadsheet programs write it in China, 2025/5/6 or 2025年5月6日, or returns the text itself.
func isoDate(s string) string {
	parts := strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune("/-年月日", r) })
	if len(parts) != 3 || len(parts[0]) != 4 || len(parts[1]) > 2 || len(parts[2]) > 2 {
		return s
	}
	pad := func(s string) string { return strings.Repeat("0", 2-len(s)) + s }
	return parts[0] + "-" + pad(parts[1]) + "-" + pad(parts[2])
}
