package sheets

import (
	"regexp"
	"strings"
	"sync"

	"github.com/taizhang/taizhang/events/text"
)

// These match parts of a formula. Quotes within a quoted text or sheet name are doubled. [0] is the workbook of
// the formula.
var (
	quotedText    = regexp.MustCompile(`"(?:[^"]|"")*"`)
	quotedSheet   = regexp.MustCompile(`'(?:[^']|'')*'!`)
	ownBook       = regexp.MustCompile(`\[0\]`)
	bookAndSheet  = regexp.MustCompile(`\[[^\[\]]+\][^\[\](),;+*/^&=<>{}"' -]*!`)
	tableColumn   = regexp.MustCompile(`\[[^\[\]]*\]`)
	indirect      = calls(`INDIRECT`)
	asksElsewhere = calls(
		`RTD|DDE|WEBSERVICE|IMPORTRANGE|IMPORTDATA|IMPORTHTML|IMPORTXML|IMPORTFEED|GOOGLEFINANCE|STOCKHISTORY|CUBE[A-Z]+|CALL|REGISTER\.ID|SQL\.REQUEST`)
	answersAnother = calls(`NOW|TODAY|RAND|RANDBETWEEN|RANDARRAY`)
)

// calls returns an expression that matches a call of one of some functions, also with the prefixes that files put
// before functions newer than the format. It is compiled when it is first asked for: its classes of letters are long,
// and most runs of the program read no formula.
func calls(names string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)(?:^|[^\p{L}\p{N}_.\\])(?:_xl[a-z]+\.|com\.[a-z]+\.|org\.[a-z]+\.)*` +
			`(?:` + names + `)\s*\(`)
	})
}

// word matches a name in a formula, or a text that looks like a name.
var word = regexp.MustCompile(`[\p{L}_\\][\p{L}\p{N}_.\\]*`)

// withNames returns a formula followed by the definitions of the names in it, so that astray checks them too.
func withNames(formula string, names map[string]string) string {
	if len(formula) <= 1 || len(names) == 0 {
		return formula
	}
	seen := map[string]bool{}
	for next := formula; next != ""; {
		bare := quotedSheet.ReplaceAllString(quotedText.ReplaceAllString(next, ""), "")
		next = ""
		for _, w := range word.FindAllString(bare, -1) {
			w = strings.ToLower(w)
			if definition := names[w]; definition != "" && !seen[w] {
				seen[w] = true
				next += "+(" + definition + ")"
			}
		}
		formula += next
	}
	return formula
}

// astray returns the reason why the result of a formula cannot be known from the workbook, or a zero Text. Such a
// formula refers to another workbook or program, or gives a new result each time. Columns of tables, other sheets
// of the workbook and quoted texts are allowed.
func astray(formula string) text.Text {
	if len(formula) <= 1 {
		return text.Text{}
	}
	bare := quotedText.ReplaceAllString(formula, `""`)
	bare = ownBook.ReplaceAllString(bare, "")
	outside := text.Say("公式引用别的工作簿或程序：请粘贴为数值",
		"its formula asks another workbook or program: paste the value")
	for _, sheet := range quotedSheet.FindAllString(bare, -1) {
		if strings.ContainsAny(sheet, "[|") {
			return outside
		}
	}
	bare = quotedSheet.ReplaceAllString(bare, "")
	if bookAndSheet.MatchString(bare) {
		return outside
	}
	for next := ""; next != bare; {
		next, bare = bare, tableColumn.ReplaceAllString(bare, "")
	}
	switch {
	case strings.Contains(bare, "|"), asksElsewhere().MatchString(bare), indirect().MatchString(bare) &&
		strings.Contains(formula, "["):
		return outside
	case answersAnother().MatchString(bare):
		return text.Say("公式的结果每次打开都不同（如 TODAY、RAND）：请粘贴为数值",
			"its formula gives another answer each time, as TODAY and RAND do: paste the value")
	}
	return text.Text{}
}
