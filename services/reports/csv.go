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

// writeCSV writes one row a line. It puts a field into quotes only if the field needs them.
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

// quoted returns a field in quotes if it needs them. An empty field alone on its line needs them, or the line would
// not be a row.
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
var dataWords = strings.NewReplacer("january", "", "february", "", "march", "", "april", "", "june", "", "july", "", "august", "",
	"september", "", "october", "", "november", "", "december", "", "jan", "", "feb", "", "mar", "", "apr", "", "may", "", "jun", "", "jul", "",
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
