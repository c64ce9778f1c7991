package events

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/taizhang/taizhang/events/text"
)

// Limits on one record. The message that refuses a record over a limit names the limit.
const (
	RecordBytesMax = 1 << 20            // one record, as a JSON line
	DepthMax       = 8                  // nesting of objects and arrays in a record
	ListMax        = 1000               // members of any list
	IDBytesMax     = 200                // an identifier: a grant, a voucher, an actor
	AmountFenMax   = 10_000_000_000_000 // one amount: 10^13 fen, 100 billion yuan
	YearMin        = 2000
	YearMax        = 2100
)

// checker collects the problems of a payload, field by field.
type checker struct {
	on       Date
	problems Problems
	list     string // the list whose member is being checked, with the index of the member
	index    int
}

func (c *checker) add(field string, reason text.Text) {
	if c.list != "" {
		field = at(c.list, c.index, field)
	}
	c.problems = append(c.problems, Problem{Field: "data." + field, Reason: reason})
}

// within sets the list and the index of the member that the following fields belong to, or "" for no list.
func (c *checker) within(list string, i int) { c.list, c.index = list, i }

// at returns the path of a member of a list, or of a field of the member.
func at(list string, i int, field string) string {
	return join(list+"["+strconv.Itoa(i)+"]", field)
}

// id accepts a non-empty identifier without control characters.
func (c *checker) id(field, v string) {
	if why, ok := badID(v); ok {
		c.add(field, why)
	}
}

func badID(v string) (text.Text, bool) {
	switch {
	case plainID(v):
		return text.Text{}, false
	case v == "":
		return text.Say("不能为空", "must not be empty"), true
	case len(v) > IDBytesMax:
		return text.Say("超过 %d 字节的上限", "is over the limit of %d bytes", IDBytesMax), true
	case strings.TrimSpace(v) != v:
		return text.Say("首尾不能有空白", "must not begin or end with white space"), true
	case strings.ContainsFunc(v, unicode.IsControl):
		return text.Say("不能含控制字符", "must not contain control characters"), true
	}
	return text.Text{}, false
}

// plainID reports whether an identifier, in UTF-8, has no byte that can begin a space or a control character. Such an
// identifier is right; any other needs the full check.
func plainID(v string) bool {
	if len(v) == 0 || len(v) > IDBytesMax {
		return false
	}
	for i := range len(v) {
		switch c := v[i]; {
		case c <= ' ', c == 0x7f, c == 0xc2, 0xe1 <= c && c <= 0xe3:
			// from 0xc2 on: the leading bytes of spaces and control characters outside of ASCII
			return false
		}
	}
	return true
}

func (c *checker) amount(field string, v Fen) {
	if v <= 0 || v > AmountFenMax {
		c.add(field, text.Say("金额 %s 元应大于 0 且不超过 %s 元",
			"amount of %s yuan must be above 0 and at most %s yuan", FormatYuan(v), FormatYuan(AmountFenMax)))
	}
}

func (c *checker) notNegative(field string, v int64) {
	if v < 0 {
		c.add(field, text.Say("不能为负数（%d）", "must not be negative (%d)", v))
	}
}

func (c *checker) amountOrZero(field string, v Fen) {
	if v < 0 {
		c.add(field, text.Say("金额 %s 元不能为负", "amount of %s yuan must not be negative", FormatYuan(v)))
	}
}

func (c *checker) year(field string, v int) {
	if v < YearMin || v > YearMax {
		c.add(field, notAYear(v))
	}
}

func notAYear(v int) text.Text {
	return text.Say("年份 %d 应在 %d 至 %d 之间", "year %d must be from %d to %d", v, YearMin, YearMax)
}

func (c *checker) oneOf(field, v string, allowed text.Vocabulary[string]) {
	if allowed.Has(v) {
		return
	}
	var words []string // in Chinese too a record holds the code
	for _, t := range allowed {
		words = append(words, t.Word.Zh+"（"+t.Code+"）")
	}
	c.add(field, text.Say("“%[1]s”应填：%[2]s", "%[1]q is not one of: %[3]s", v, strings.Join(words, "、"),
		strings.Join(allowed.Codes(), ", ")))
}

func (c *checker) eachOf(field string, vs []string, allowed text.Vocabulary[string]) {
	for i, v := range vs {
		if !allowed.Has(v) {
			c.oneOf(at(field, i, ""), v, allowed)
		}
	}
}

// digits accepts lo to hi ASCII digits.
func (c *checker) digits(field, v string, lo, hi int) {
	if len(v) < lo || len(v) > hi || strings.Trim(v, "0123456789") != "" {
		c.add(field, text.Say("%q 应为 %d 至 %d 位数字", "%q must be %d to %d digits", v, lo, hi))
	}
}

// industry accepts a class of GB/T 4754: a letter A to T, then up to four digits.
func (c *checker) industry(field, v string) {
	if v == "" || v[0] < 'A' || v[0] > 'T' || len(v) > 5 || strings.Trim(v[1:], "0123456789") != "" {
		c.add(field, text.Say("%q 不是 GB/T 4754 行业代码（一个字母 A–T 加至多四位数字）",
			"%q is not a GB/T 4754 code (a letter A–T and up to four digits)", v))
	}
}
