package reports

import (
	"bufio"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const byteOrderMark = "\uFEFF"

// writeCSV writes one row a line, with what needs it in quotes.
func (r *Report) writeCSV(to io.Writer) error {
	w := bufio.NewWriter(to)
	end := "\n"
	if r.Form == ForExcel {
		end = "\r\n"
		_, _ = w.WriteString(byteOrderMark) // the writer keeps its error for Flush
	}
	for _, s := range r.sheets() {
		for l := range s.lines {
			for i, c := range l.cells {
				if i > 0 {
					_ = w.WriteByte(',')
				}
				field := c.text
				if r.Form == ForExcel && c.sort == words {
					field = defused(visible(field))
				}
				_, _ = w.WriteString(quoted(field, len(l.cells) == 1))
			}
			_, _ = w.WriteString(end)
		}
	}
	return w.Flush()
}

// quoted puts a field into quotes if it needs them. One that is alone on its line needs them to be a row at all.
func quoted(field string, alone bool) string {
	if field == "" && !alone {
		return ""
	}
	if !alone && !strings.ContainsAny(field, "\",\r\n") && strings.TrimSpace(field) == field {
		return field
	}
	return `"` + strings.ReplaceAll(field, `"`, `""`) + `"`
}

// defused puts an apostrophe before a text that a spreadsheet program would take for something else, and before one that
// has an apostrophe, so that armed can take it off again.
func defused(s string) string {
	if strings.HasPrefix(s, "'") || startsFormula(s) || looksLikeData(s) {
		return "'" + s
	}
	return s
}

// armed is the inverse of defused.
func armed(s string) string { return strings.TrimPrefix(s, "'") }

// startsFormula says whether a text may begin a formula: = + - @, a tab or a carriage return, those of full width, white
// space before them left aside.
func startsFormula(s string) bool {
	first, _ := utf8.DecodeRuneInString(s)
	if first == '\t' || first == '\r' || first == '\n' {
		return true
	}
	first, _ = utf8.DecodeRuneInString(strings.TrimSpace(s))
	return strings.ContainsRune("=+-@＝＋－＠", first)
}

// dataWords are what numbers, dates and times may have of letters, the longer before what begins them.
var dataWords = strings.NewReplacer("january", "", "february", "", "march", "", "april", "", "june", "", "july", "", "august", "",
	"september", "", "october", "", "november", "", "december", "", "jan", "", "feb", "", "mar", "", "apr", "", "may", "", "jun", "", "jul", "",
	"aug", "", "sep", "", "oct", "", "nov", "", "dec", "", "am", "", "pm", "", "e", "", "t", "", "z", "",
	"年", "", "月", "", "日", "", "时", "", "分", "", "秒", "", "上午", "", "下午", "")

// dataNames are what is data without a digit.
var dataNames = []string{"true", "false", "#n/a", "#ref!", "#div/0!", "#value!", "#name?", "#num!", "#null!"}

// looksLikeData says whether a spreadsheet program may turn a text into a number, a date, a truth or an error: 00123
// would lose its zeros, 3E5 become 300000, MAR-01 a day in March.
func looksLikeData(s string) bool {
	s = strings.ToLower(strings.TrimSpace(s))
	if slices.Contains(dataNames, s) {
		return true
	}
	return strings.ContainsFunc(s, unicode.IsDigit) && !strings.ContainsFunc(dataWords.Replace(s), unicode.IsLetter)
}
