package console

import (
	"github.com/taizhang/taizhang/events"
)

// capitals returns an amount of money in the capital figures of Chinese bills, such as 贰佰万元整, by the rules for
// filling in bills (正确填写票据和结算凭证的基本规定). A zero between two digits is written once. 整 follows an amount
// without 分.
func capitals(v events.Fen) string {
	if v == 0 {
		return "零元整"
	}
	sign, u := "", uint64(v)
	if v < 0 {
		sign, u = "负", -u
	}
	yuan, jiao, fen := u/100, u/10%10, u%10
	out := sign
	if yuan > 0 {
		out += wholeCapitals(yuan) + "元"
	}
	switch {
	case jiao > 0:
		out += capitalDigits[jiao] + "角"
	case yuan > 0 && fen > 0:
		out += "零"
	}
	if fen > 0 {
		return out + capitalDigits[fen] + "分"
	}
	return out + "整"
}

var capitalDigits = []string{"零", "壹", "贰", "叁", "肆", "伍", "陆", "柒", "捌", "玖"}

// capitalUnits are the units of capital figures, the largest first.
var capitalUnits = []struct {
	size uint64
	name string
}{{1_0000_0000, "亿"}, {1_0000, "万"}, {1000, "仟"}, {100, "佰"}, {10, "拾"}}

// wholeCapitals returns a whole number in capital figures.
func wholeCapitals(n uint64) string {
	for _, unit := range capitalUnits {
		if n < unit.size {
			continue
		}
		out, rest := wholeCapitals(n/unit.size)+unit.name, n%unit.size
		switch {
		case rest == 0:
			return out
		case rest < unit.size/10:
			out += capitalDigits[0]
		}
		return out + wholeCapitals(rest)
	}
	return capitalDigits[n]
}
