package events

import (
	"strconv"
	"strings"

	"github.com/taizhang/taizhang/events/text"
)

// ParseYuan reads an amount in yuan as people write it, such as 1234, 1234.5 or 1,234.50, and returns it in fen.
// Commas must stand before every three digits or nowhere. It refuses a sign, and an amount above AmountFenMax.
func ParseYuan(s string) (Fen, error) {
	whole, cents, point := strings.Cut(s, ".")
	if groups := strings.Split(whole, ","); len(groups) > 1 {
		for i, g := range groups {
			if len(g) != 3 && (i > 0 || len(g) == 0 || len(g) > 3) {
				return 0, notAnAmount(s)
			}
		}
		whole = strings.Join(groups, "")
	}
	if whole == "" || point && (cents == "" || len(cents) > 2) {
		return 0, notAnAmount(s)
	}
	digits := whole + cents + "00"[min(len(cents), 2):]
	var v Fen
	for _, c := range []byte(digits) {
		if c < '0' || c > '9' {
			return 0, notAnAmount(s)
		}
		if v = v*10 + Fen(c-'0'); v > AmountFenMax {
			return 0,
				Problems{
					{Reason: text.Say("金额“%s”超过 %s 元的上限", "amount %q is over the limit of %s yuan", s,
						FormatYuan(AmountFenMax))}}
		}
	}
	return v, nil
}

func notAnAmount(s string) error {
	return Problems{
		{Reason: text.Say("“%s”不是以元为单位的金额，如 1,234.50",
			"%q is not an amount in yuan, such as 1,234.50", s)}}
}

// FormatYuan returns an amount in yuan with two decimals and thousands separators, such as "1,234.50", without the
// unit. ParseYuan reads the result back if it has no sign.
func FormatYuan(v Fen) string {
	sign, u := "", uint64(v)
	if v < 0 {
		sign, u = "-", -u
	}
	digits := strconv.FormatUint(u/100, 10)
	out := make([]byte, 0, 32)
	out = append(out, sign...)
	for i := range len(digits) {
		if i > 0 && (len(digits)-i)%3 == 0 {
			out = append(out, ',')
		}
		out = append(out, digits[i])
	}
	return string(append(out, '.', byte('0'+u/10%10), byte('0'+u%10)))
}
