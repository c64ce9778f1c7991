package aggregates

import (
	"math/big"
	"math/bits"
	"strconv"
)

// lessThan reports whether a·b < c·d, exactly: the products are computed in 128 bits. a may be negative, b must be
// above zero, and c and d must be zero or above.
func lessThan(a, b, c, d int64) bool {
	if a < 0 {
		return true
	}
	hi1, lo1 := bits.Mul64(uint64(a), uint64(b))
	hi2, lo2 := bits.Mul64(uint64(c), uint64(d))
	return hi1 < hi2 || hi1 == hi2 && lo1 < lo2
}

// RatePercent returns executed / available as a percentage with two decimals, rounded half away from zero, such as
// "24.99". It returns "" if available is zero or below (section 8).
func (m Money) RatePercent() string {
	if m.AvailableFen() <= 0 {
		return ""
	}
	executed, available := int64(m.ExecutedFen()), uint64(m.AvailableFen())
	hi, lo := bits.Mul64(uint64(max(executed, -executed)), 100_00)
	lo, carry := bits.Add64(lo, available/2, 0)
	hi += carry
	if hi >= available { // the percentage does not fit into 64 bits
		rate := big.NewRat(executed, int64(available))
		return rate.Mul(rate, big.NewRat(100, 1)).FloatString(2)
	}
	hundredths, _ := bits.Div64(hi, lo, available)
	text := strconv.FormatUint(hundredths/100, 10) + "." + strconv.Itoa(int(100 + hundredths%100))[1:]
	if executed < 0 && hundredths > 0 {
		return "-" + text
	}
	return text
}
