package reports

import (
	"bufio"
	"context"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

const byteOrderMark = "\uFEFF"

// WriteCSV writes the report as CSV, one row a line. It quotes a field only if the field needs it.
func (r *Report) WriteCSV(to io.Writer) error {
	if err := r.Check(); err != nil {
		return err
	}
	w := bufio.NewWriter(to)
	if r.Form == ForExcel {
		_, _ = w.WriteString(byteOrderMark) // an error of w is returned by Flush
	}
	var text []byte
	for _, s := range r.Sheets() {
		for l := range s.Lines {
			text = appendCSV(text[:0], l.Cells, r.Form)
			_, _ = w.Write(text)
		}
	}
	return w.Flush()
}

func appendCSV(to []byte, cells []Value, as FileFormat) []byte {
	for i, c := range cells {
		if i > 0 {
			to = append(to, ',')
		}
		field := c.Text
		if as == ForExcel && c.Sort == Words {
			field = defused(visible(field))
		}
		to = append(to, quoted(field, len(cells) == 1)...)
	}
	if as == ForExcel {
		to = append(to, '\r')
	}
	return append(to, '\n')
}

// Pieces is a report as plain CSV in three parts: above the rows, the rows, and below the rows.
type Pieces struct {
	Above, Under []byte
	*lists.Answer
}

// MakePieces makes a report in plain CSV, like Make. If before is the answer behind an earlier report, rows are
// made from its rows; see lists.Books.AnswerSeeing. The pieces in sequence equal the output of WriteCSV.
func MakePieces(ctx context.Context, d *lists.Books, r Request, before *lists.Answer) (*Pieces, error) {
	r.Form = CSV
	if err := r.checkDate(); err != nil {
		return nil, err
	}
	a, seen, err := d.AnswerSeeing(ctx, r.Question, rowsIn(r.Lang), before)
	if err != nil {
		return nil, err
	}
	report, err := report(ctx, d, r, a.Table, a.Rows.Len(), seen)
	if err != nil {
		return nil, err
	}
	p := &Pieces{Answer: a}
	for l := range report.above {
		p.Above = appendCSV(p.Above, l.Cells, CSV)
	}
	_ = report.foot(func(l Line) bool {
		p.Under = appendCSV(p.Under, l.Cells, CSV)
		return true
	})
	return p, nil
}

// above yields the lines above the rows of a CSV file.
func (r *Report) above(yield func(Line) bool) { _ = r.provenanceRows(yield) && yield(r.headings()) }

// rowsIn returns the encoding of rows in plain CSV.
func rowsIn(lang string) lists.Encoding {
	return lists.Encoding{Name: "report " + lang,
		Append: func(to []byte, columns []table.Column, row []table.Cell) ([]byte, error) {
			return appendCSV(to, cellsOf(columns, row, lang), CSV), nil
		}}
}

// quoted returns a field, in quotes if it needs them. An empty field alone on its line needs quotes, because
// otherwise the line would not be a row.
func quoted(field string, alone bool) string {
	if field == "" && !alone {
		return ""
	}
	if !alone && !strings.ContainsAny(field, "\",\r\n") && strings.TrimSpace(field) == field {
		return field
	}
	return `"` + strings.ReplaceAll(field, `"`, `""`) + `"`
}

// defused returns a text with an apostrophe before it if a spreadsheet program would read the text as something else.
// A text that begins with an apostrophe gets another one, so that armed can remove it again.
func defused(s string) string {
	if strings.HasPrefix(s, "'") || startsFormula(s) || looksLikeData(s) {
		return "'" + s
	}
	return s
}

// armed is the inverse of defused.
func armed(s string) string { return strings.TrimPrefix(s, "'") }

// startsFormula reports whether a text may be read as a formula. A formula begins with = + - or @, also of full width
// and after white space, or with a tab, a carriage return or a line feed.
func startsFormula(s string) bool {
	first, _ := utf8.DecodeRuneInString(s)
	if first == '\t' || first == '\r' || first == '\n' {
		return true
	}
	first, _ = utf8.DecodeRuneInString(strings.TrimSpace(s))
	return strings.ContainsRune("=+-@＝＋－＠", first)
}

// dataWords removes the words that can stand in numbers, dates and times. A longer word stands before a shorter word
// that it begins with.
var dataWords = strings.NewReplacer("january", "", "february", "", "march", "", "april", "", "june", "", "july", "",
	"august", "",
	"september", "", "october", "", "november", "", "december", "", "jan", "", "feb", "", "mar", "", "apr", "", "may",
	"", "jun", "", "jul", "",
	"aug", "", "sep", "", "oct", "", "nov", "", "dec", "", "am", "", "pm", "", "e", "", "t", "", "z", "",
	"年", "", "月", "", "日", "", "时", "", "分", "", "秒", "", "上午", "", "下午", "")

// dataNames holds the words that a spreadsheet program reads as data although they have no digit.
var dataNames = []string{"true", "false", "#n/a", "#ref!", "#div/0!", "#value!", "#name?", "#num!", "#null!"}

// looksLikeData reports whether a spreadsheet program may turn a text into a number, a date, a boolean or an error:
// 00123 would lose its zeros, 3E5 would become 300000, and MAR-01 a day in March.
func looksLikeData(s string) bool {
	s = strings.ToLower(strings.TrimSpace(s))
	if slices.Contains(dataNames, s) {
		return true
	}
	return strings.ContainsFunc(s, unicode.IsDigit) && !strings.ContainsFunc(dataWords.Replace(s), unicode.IsLetter)
}
