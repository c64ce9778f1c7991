package spreadsheet

import (
	"slices"
	"strings"
	"unicode"
)

// numeral is a decimal number from 0 on: its digits, without leading zeros, divided by ten to the power of scale.
type numeral struct {
	digits string
	scale  int
}

// numeralOf returns the numeral of digits with at most one point.
func numeralOf(s string) numeral {
	whole, decimals, _ := strings.Cut(s, ".")
	return numeral{strings.TrimLeft(whole+decimals, "0"), len(decimals)}
}

// times10 multiplies by a power of ten.
func (n numeral) times10(power int) numeral { return numeral{n.digits, n.scale - power} }

// magnitude returns the power of ten of the first digit, 0 for zero.
func (n numeral) magnitude() int {
	if n.digits == "" {
		return 0
	}
	return len(n.digits) - n.scale - 1
}

// round rounds to a number of decimals, half away from zero. That number becomes the scale.
func (n numeral) round(decimals int) numeral {
	drop := n.scale - decimals
	switch {
	case n.digits == "" || drop > len(n.digits):
		return numeral{"", decimals}
	case drop <= 0:
		return numeral{n.digits + strings.Repeat("0", -drop), decimals}
	}
	kept := []byte("0" + n.digits[:len(n.digits)-drop])
	if n.digits[len(n.digits)-drop] >= '5' {
		i := len(kept) - 1
		for ; kept[i] == '9'; i-- {
			kept[i] = '0'
		}
		kept[i]++
	}
	return numeral{strings.TrimLeft(string(kept), "0"), decimals}
}

// whole returns the digits before the point, "" for none, of a numeral whose scale is not negative.
func (n numeral) whole() string { return n.digits[:max(len(n.digits)-n.scale, 0)] }

// decimals returns the digits behind the point.
func (n numeral) decimals() string {
	return strings.Repeat("0", max(n.scale-len(n.digits), 0)) + n.digits[max(len(n.digits)-n.scale, 0):]
}

// ShowsNumber reports whether a text shown in a cell is the number that the cell holds, and with how many
// decimals. held is digits with at most one point and an optional minus, like the Text of a Number. From shown it
// removes blanks, thousands separators, signs of the yuan (¥ ￥ 元 圆 整 人民币 RMB CNY), and the brackets or minus of
// a negative number; digits may be Chinese or wide. The rest must equal held without its sign, rounded to the
// decimals shown. A lone minus is zero, as in accounting.
func ShowsNumber(shown, held string) (decimals int, ok bool) {
	exact, isNegative := strings.CutPrefix(held, "-")
	s := strings.Map(narrowDigit, shown)
	isMinus := false
	for before := "\x00"; before != s; {
		before, s = s, TrimYuan(s)
		for _, minus := range [][2]string{{"-", ""}, {"−", ""}, {"", "-"}, {"(", ")"}, {"（", "）"}} {
			if inner, found := strings.CutPrefix(s, minus[0]); found && len(s) > 0 {
				if inner, found = strings.CutSuffix(inner, minus[1]); found && inner != s {
					s, isMinus = inner, true
				}
			}
		}
	}
	if n := numeralOf(exact); s == "" && isMinus && n.digits == "" {
		return 0, true
	}
	if isMinus && !isNegative {
		return 0, false
	}
	whole, behind, pointed := strings.Cut(s, ".")
	whole, ok = ungrouped(whole)
	if pointed && behind == "" || whole+behind == "" || strings.Trim(whole+behind, "0123456789") != "" {
		ok = false
	}
	n := numeralOf(whole + "." + behind)
	return len(behind), ok && n == numeralOf(exact).round(len(behind))
}

// TrimYuan removes signs of the yuan and blanks around a number: ¥ ￥ 元 圆 整 人民币 RMB CNY.
func TrimYuan(s string) string {
	for before := "\x00"; before != s; {
		before, s = s, strings.TrimSpace(s)
		for _, sign := range []string{"CN¥", "¥", "￥", "元", "圆", "整", "人民币", "RMB", "rmb", "CNY"} {
			s = strings.TrimSuffix(strings.TrimPrefix(s, sign), sign)
		}
	}
	return s
}

// narrowDigit removes blanks, and replaces Chinese and wide digits and separators.
func narrowDigit(r rune) rune {
	switch {
	case unicode.IsSpace(r):
		return -1
	case '０' <= r && r <= '９':
		return r - '０' + '0'
	case r == '，':
		return ','
	case r == '．':
		return '.'
	}
	for _, digits := range chineseDigits {
		if i := slices.Index(digits, r); i >= 0 {
			return '0' + rune(i)
		}
	}
	return r
}

// ungrouped removes separators of groups of three digits, or of four as in Chinese.
func ungrouped(s string) (digits string, ok bool) {
	groups := strings.Split(s, ",")
	for _, g := range groups[1:] {
		if len(g) != len(groups[len(groups)-1]) || len(g) != 3 && len(g) != 4 || groups[0] == "" ||
			len(groups[0]) > len(g) {
			return "", false
		}
	}
	return strings.Join(groups, ""), true
}
