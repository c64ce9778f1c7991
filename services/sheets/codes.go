package sheets

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/spreadsheet"
)

// errorValue matches an error that a spreadsheet program shows or saves in place of a value, or ### for a column
// that is too narrow. Such a text is not a value in any column.
var errorValue = regexp.MustCompile(
	`^(#{2,}|#N/A|#(REF|VALUE|NULL|NUM|DIV/0|SPILL|CALC|FIELD|CONNECT|BLOCKED|UNKNOWN|BUSY|PYTHON|EXTERNAL|DATA|GETTING_DATA)!|#NAME\?|#GETTING_DATA|Err:\d{3})$`)

// mangled matches the forms in which a spreadsheet program saves a code that it took for a number or a date:
// 2.026E+17, 2026/9/12, 9月12日, 12-Sep or Sep-26. Codes that people write, such as 2026-09-12, 3E5 and 1/3, do not
// match.
var mangled = regexp.MustCompile(`^(\d(\.\d+)?[Ee][+-]\d{2,}|\d{4}/\d{1,2}/\d{1,2}|\d{1,2}月\d{1,2}日|\d{1,2}-` +
	month + `|` + month + `-\d{2})$`)

const month = `(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)`

// bare returns a typed or exported text without invisible characters and without the signs that make spreadsheet
// programs keep it as text: ="x" and 'x become x.
func bare(s string) string {
	s = trim(strings.Map(func(r rune) rune {
		if text.IsUnseen(r) {
			return -1
		}
		return r
	}, s))
	if inner, ok := strings.CutPrefix(s, `="`); ok && strings.HasSuffix(inner, `"`) {
		return trim(strings.ReplaceAll(strings.TrimSuffix(inner, `"`), `""`, `"`))
	}
	return trim(strings.TrimPrefix(s, "'"))
}

// readCode reads a code in the form in which codes are kept.
func (c *SheetColumn) readCode(x spreadsheet.Cell) (string, text.Text) {
	typed, why := readText(x)
	if why != (text.Text{}) {
		return "", why
	}
	code := text.FoldCode(typed)
	switch {
	case mangled.MatchString(code):
		return "", text.Say("“%s”不是原来的编号，是表格软件把编号改成了数值或日期：请把该列设为文本格式，重新填写",
			"“%s” is not the code that was typed: the spreadsheet program changed it into a number or a date. Make "+
				"the column text and type the code again", spreadsheet.Clip(code))
	case c.Field != "center":
		return code, text.Text{}
	}
	id := events.ParseCenter(code)
	if !events.ValidCenter(id) {
		return code, text.Say("“%s”不是中心编号，如 ZJ-0007", "“%s” is no id of a center, such as ZJ-0007",
			spreadsheet.Clip(code))
	}
	return string(id), text.Text{}
}

// wholeDigitsMax is the number of digits of an integer that every program stores exactly.
const wholeDigitsMax = 15

// inGroups matches an integer, also with commas between its groups of three digits.
var inGroups = regexp.MustCompile(`^(\d+|\d{1,3}(,\d{3})+)$`)

// trimYear removes 年 or 年度 behind a year.
func (c *SheetColumn) trimYear(s string) string {
	if !strings.HasSuffix(c.Heading, "年度") {
		return s
	}
	return strings.TrimSpace(strings.TrimSuffix(strings.TrimSuffix(strings.TrimSpace(s), "年度"), "年"))
}

// readWhole reads an integer from 0. A year may be followed by 年 or 年度.
func (c *SheetColumn) readWhole(x spreadsheet.Cell) (int64, text.Text) {
	typed := c.trimYear(halfWidth(x.Text))
	digits := strings.ReplaceAll(typed, ",", "")
	if x.Sort != spreadsheet.Date && len(digits) <= wholeDigitsMax && inGroups.MatchString(typed) {
		if n, err := strconv.ParseInt(digits, 10, 64); err == nil {
			return n, text.Text{}
		}
	}
	return 0, text.Say("“%s”不是非负整数", "“%s” is no whole number from 0", spreadsheet.Clip(x.Text))
}
