package sheets

import (
	"math"
	"strings"
	"unicode"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/spreadsheet"
)

// read reads the value of a cell of the column. An empty cell has the zero value. A cell that is struck through is not
// ok, and has its value, so that it is known which record it was to belong to.
func (c *SheetColumn) read(x spreadsheet.Cell) (v value, why text.Text, ok bool) {
	v, why, ok = c.readPlain(x)
	if ok && x.Struck && !isEmpty(x) {
		return v, text.Say("“%s”带删除线：要保留请去掉删除线，不要请删除",
			"“%s” is struck through: remove the line if it is to count, or delete it", spreadsheet.Clip(x.Text)), false
	}
	return v, why, ok
}

func (c *SheetColumn) readPlain(x spreadsheet.Cell) (v value, why text.Text, ok bool) {
	if why = unknowable(x); why != (text.Text{}) {
		return v, why, false
	}
	if len(x.Text) > cellBytesMax {
		return v, text.Say("有 %d 字节，超过 %d 字节的上限", "it has %d bytes, over the limit of %d", len(x.Text),
			cellBytesMax), false
	}
	if isEmpty(x) {
		return v, text.Say("不能为空", "must not be empty"), c.Optional
	}
	if why = c.hides(x); why != (text.Text{}) {
		return v, why, false
	}
	if x.Sort == spreadsheet.Text && c.Form != Text {
		if x.Text = bare(x.Text); x.Text == "" {
			return v, text.Say("不能为空", "must not be empty"), c.Optional
		}
	}
	if x.Sort == spreadsheet.Text && errorValue.MatchString(x.Text) {
		return v, text.Say("“%s”是表格软件的错误标记，不是内容：请在原表中改正后重新填写",
			"“%s” is an error mark of the spreadsheet program and no value: correct the original and fill it in again",
			spreadsheet.Clip(x.Text)), false
	}
	switch c.Form {
	case Amount:
		v.fen, why = readAmount(x)
	case Day:
		v.on, why = readDay(x)
	case Whole:
		v.n, why = c.readWhole(x)
	case YesNo:
		if v.yes = x.Text == yes; !v.yes && x.Text != no {
			why = c.notAWord(x.Text)
		}
	case Choice:
		if v.text, ok = c.code(x.Text); !ok {
			why = c.notAWord(x.Text)
		}
	case List:
		v.list, why = c.readList(x.Text)
	case Code, Entry:
		v.text, why = c.readCode(x)
	default:
		v.text, why = readText(x)
	}
	return v, why, why == text.Text{}
}

// hides returns the reason if the number format of a cell shows another text or number than it holds, or a zero
// Text. readDay checks dates.
func (c *SheetColumn) hides(x spreadsheet.Cell) text.Text {
	shown := x.Shown()
	isShown := blanksAside(shown) == blanksAside(x.Text)
	switch {
	case isShown || x.Sort == spreadsheet.Date:
		return text.Text{}
	case x.Sort == spreadsheet.Number && (c.Form == Amount || c.Form == Whole):
		if _, isShown = spreadsheet.ShowsNumber(c.trimYear(shown), x.Text); isShown {
			return text.Text{}
		}
	}
	do := text.Say("请设为文本格式后重填", "make it text and fill it in again")
	switch c.Form {
	case Day:
		do = text.Say("请设为日期格式，并核对", "make it a date and check it")
	case Amount, Whole:
		do = text.Say("请改用普通数值格式，并核对", "give it a plain number format and check it")
	}
	if blanksAside(shown) == "" {
		return text.Say("单元格存的是 %[1]s，却什么也不显示：%[2]s", "the cell holds %[1]s and shows nothing: %[3]s",
			spreadsheet.Clip(x.Text), do.Zh, do.En)
	}
	return text.Say("单元格存的是 %[1]s，显示的却是“%[2]s”：%[3]s", "the cell holds %[1]s and shows “%[2]s”: %[4]s",
		spreadsheet.Clip(x.Text), spreadsheet.Clip(strings.TrimSpace(shown)), do.Zh, do.En)
}

// blanksAside returns a text without white space.
func blanksAside(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}

// notAWord returns the reason against a text that is not a word of the column.
func (c *SheetColumn) notAWord(typed string) text.Text {
	return text.Say("“%s”应为：%s", "“%s” must be one of: %s", spreadsheet.Clip(typed), strings.Join(c.words(), "、"))
}

// readList reads words between separators. A column without words accepts any word.
func (c *SheetColumn) readList(typed string) (codes []string, why text.Text) {
	for _, part := range strings.FieldsFunc(typed,
		func(r rune) bool { return strings.ContainsRune("、，,;；/\n", r) }) {
		part = trim(part)
		if len(c.Words) == 0 {
			codes = append(codes, part)
			continue
		}
		code, ok := c.code(part)
		if !ok {
			return nil, c.notAWord(part)
		}
		codes = append(codes, code)
	}
	return codes, why
}

// digitsMax is the number of digits that a number in a spreadsheet keeps.
const digitsMax = 15

// readText reads a text. It reads a number as its digits if the spreadsheet shows only these digits. It refuses a date
// or a rounded number, for the code that was typed is lost.
func readText(x spreadsheet.Cell) (string, text.Text) {
	switch {
	case x.Sort == spreadsheet.Date:
		return "", text.Say("单元格存的是日期 %s：请设为文本格式后重填",
			"the cell holds the date %s: make it text and fill it in again", x.Text)
	case x.Sort == spreadsheet.Number && (x.Number < 0 || x.Number != math.Trunc(x.Number) || len(x.Text) > digitsMax):
		return "", text.Say("单元格存的是数值 %s：请设为文本格式后重填",
			"the cell holds the number %s: make it text and fill it in again", x.Text)
	}
	return x.Text, text.Text{}
}

// readAmount reads an amount in yuan, also with the sign of the yuan. It reads a number with 15 digits, as the
// spreadsheet shows it: a spreadsheet may store 1234.56 as 1234.5599999999999.
func readAmount(x spreadsheet.Cell) (events.Fen, text.Text) {
	typed := spreadsheet.TrimYuan(halfWidth(x.Text))
	switch {
	case x.Sort == spreadsheet.Date:
		return 0, text.Say("应为金额，单元格存的是日期 %s", "must be an amount; the cell holds the date %s", x.Text)
	case strings.HasPrefix(typed, "-") || strings.HasPrefix(typed, "(") && strings.HasSuffix(typed, ")"):
		return 0, text.Say("金额 %s 为负：应填正数，冲销、收回冲减各有其表",
			"the amount %s is negative: write it without a sign; reversals and recoveries have sheets of their own",
			spreadsheet.Clip(typed))
	}
	fen, err := events.ParseYuan(typed)
	if err != nil {
		_, err = events.ParseYuan(halfWidth(x.Text)) // names the whole text
	}
	if problems, ok := err.(events.Problems); ok {
		return 0, problems[0].Reason
	}
	return fen, text.Text{}
}

// halfWidth returns a text with narrow digits and signs instead of the wide ones of Chinese input methods.
func halfWidth(s string) string { return strings.Map(narrow, s) }

func narrow(r rune) rune {
	if '！' <= r && r <= '～' {
		return r - '！' + '!'
	}
	return r
}
