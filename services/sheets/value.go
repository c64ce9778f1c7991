package sheets

import (
	"math"
	"strconv"
	"strings"

	"github.com/taizhang/taizhang/events"
)

// read reads what a cell of the column holds. An empty cell is the zero value.
func (c *Column) read(x cell) (v value, why events.Text, ok bool) {
	if x.sort == wrong {
		return v, x.why(), false
	}
	if len(x.text) > cellBytesMax {
		return v, events.Say("有 %d 字节，超过 %d 字节的上限", "it has %d bytes, over the limit of %d", len(x.text), cellBytesMax), false
	}
	if x.empty() {
		return v, events.Say("不能为空", "must not be empty"), c.Optional
	}
	switch c.Form {
	case Amount:
		v.fen, why = readAmount(x)
	case Day:
		v.on, why = readDay(x)
	case Whole:
		v.n, why = readWhole(x)
	case YesNo:
		v.yes, why = x.text == yes, c.notAWord(x.text)
	case Choice:
		v.text, _ = c.code(x.text)
		why = c.notAWord(x.text)
	case List:
		v.list, why = c.readList(x.text)
	default:
		v.text, why = readText(x)
	}
	return v, why, why == events.Text{}
}

// notAWord says that a text is none of the words of the column; nothing if it is one.
func (c *Column) notAWord(text string) (why events.Text) {
	list := c.words()
	for _, w := range list {
		if w == text {
			return why
		}
	}
	return events.Say("“%s”应为：%s", "“%s” must be one of: %s", clip(text), strings.Join(list, "、"))
}

// readList reads words between separators. A column without words takes any.
func (c *Column) readList(text string) (codes []string, why events.Text) {
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("、，,;；/\n", r) }) {
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

// digitsMax is how many digits a number in a spreadsheet keeps.
const digitsMax = 15

// readText takes a number for its digits where that is all that it shows. What was a code before a spreadsheet made a
// date or a rounded number of it cannot be known any more.
func readText(x cell) (string, events.Text) {
	switch {
	case x.sort == dated:
		return "", events.Say("单元格存的是日期 %s：请设为文本格式后重填", "the cell holds the date %s: make it text and fill it in again", x.text)
	case x.sort == formatted:
		return "", events.Say("单元格存的是数值 %s，显示的却可能不同：请设为文本格式后重填", "the cell holds the number %s and may show it otherwise: make it text and fill it in again", x.text)
	case x.sort == numeric && (x.number < 0 || x.number != math.Trunc(x.number) || len(x.text) > digitsMax):
		return "", events.Say("单元格存的是数值 %s：请设为文本格式后重填", "the cell holds the number %s: make it text and fill it in again", x.text)
	}
	return x.text, events.Text{}
}

// readAmount reads yuan. Of a number it takes what the spreadsheet shows, at 15 digits: 1234.5599999999999 is how a
// spreadsheet may write down 1234.56.
func readAmount(x cell) (events.Fen, events.Text) {
	text := halfWidth(x.text)
	switch {
	case x.sort == dated:
		return 0, events.Say("应为金额，单元格存的是日期 %s", "must be an amount; the cell holds the date %s", x.text)
	case strings.HasPrefix(text, "-") || strings.HasPrefix(text, "(") && strings.HasSuffix(text, ")"):
		return 0, events.Say("金额 %s 为负：冲销、收回不在此表填写", "the amount %s is negative: reversals and recoveries are not for this sheet", clip(text))
	}
	fen, err := events.ParseYuan(text)
	if problems, ok := err.(events.Problems); ok {
		return 0, problems[0].Reason
	}
	return fen, events.Text{}
}

// readDay reads 2026-09-01, 2026/9/1 and 2026年9月1日, and cells that hold a date.
func readDay(x cell) (events.Date, events.Text) {
	if x.sort == dated {
		return since1900 + events.Date(x.number), events.Text{}
	}
	text := halfWidth(x.text)
	for _, between := range [][3]string{{"-", "-", ""}, {"/", "/", ""}, {"年", "月", "日"}} {
		y, rest, ok1 := strings.Cut(text, between[0])
		m, d, ok2 := strings.Cut(rest, between[1])
		d, ok3 := strings.CutSuffix(d, between[2])
		if !ok1 || !ok2 || !ok3 || len(y) != 4 || !oneOrTwo(m) || !oneOrTwo(d) {
			continue
		}
		if on, err := events.ParseDate(y + "-" + twoDigits(m) + "-" + twoDigits(d)); err == nil {
			return on, events.Text{}
		}
		return 0, events.Say("没有“%s”这一天", "there is no day “%s”", clip(x.text))
	}
	if x.sort == numeric || x.sort == formatted {
		return 0, events.Say("单元格存的是数值 %s，不是日期：请设为日期格式", "the cell holds the number %s and no date: make it a date", x.text)
	}
	return 0, events.Say("“%s”不是日期，如 2026-09-01、2026/9/1 或 2026年9月1日", "“%s” is no date, such as 2026-09-01, 2026/9/1 or 2026年9月1日", clip(x.text))
}

func oneOrTwo(s string) bool {
	return (len(s) == 1 || len(s) == 2) && strings.Trim(s, "0123456789") == ""
}

func twoDigits(s string) string { return "00"[len(s):] + s }

// wholeDigitsMax keeps integers within those that every program holds exactly.
const wholeDigitsMax = 15

func readWhole(x cell) (int64, events.Text) {
	text := halfWidth(x.text)
	if x.sort != dated && len(text) <= wholeDigitsMax && strings.Trim(text, "0123456789") == "" {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n, events.Text{}
		}
	}
	return 0, events.Say("“%s”不是非负整数", "“%s” is no whole number from 0", clip(x.text))
}

// halfWidth folds the digits and signs that Chinese input methods make wide.
func halfWidth(s string) string {
	return strings.Map(func(r rune) rune {
		if '！' <= r && r <= '～' {
			return r - '！' + '!'
		}
		return r
	}, s)
}
