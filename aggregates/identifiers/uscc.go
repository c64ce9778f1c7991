package identifiers

import "strings"

// USCCForm is the result of checking the form of a unified social credit code.
type USCCForm int

// The forms of a code. A code with WrongForm is nonsense. A code with WrongCheck is only doubtful, because some early
// legal codes have a wrong check character.
const (
	Valid      USCCForm = iota
	WrongCheck          // the right characters, but the last is not the one computed from the others
	WrongForm           // not 18 characters of the alphabet with digits at 3 to 8
)

const (
	usccLength   = 18
	usccAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY" // values 0 to 30; no I, O, S, V, Z
)

// usccWeights are the powers of 3 modulo 31.
var usccWeights = [usccLength - 1]int{1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28}

// ParseUSCC returns a unified social credit code in half-width upper case, and its form.
func ParseUSCC(s string) (string, USCCForm) {
	if len(s) > 4*usccLength { // longer than 18 characters in any encoding
		return s, WrongForm
	}
	code := strings.Map(halfWidthUpper, s)
	if len(code) != usccLength {
		return code, WrongForm
	}
	sum := 0
	for i := range usccLength {
		value := strings.IndexByte(usccAlphabet, code[i])
		if value < 0 || i >= 2 && i < 8 && value > 9 {
			return code, WrongForm
		}
		if i < usccLength-1 {
			sum += value * usccWeights[i]
		}
	}
	// The outer modulus turns 31 into 0 if the sum is a multiple of 31.
	if usccAlphabet[(31-sum%31)%31] != code[usccLength-1] {
		return code, WrongCheck
	}
	return code, Valid
}

// halfWidthUpper folds full-width ASCII and then lower case.
func halfWidthUpper(r rune) rune {
	if r >= '！' && r <= '～' {
		r -= '！' - '!'
	}
	if r >= 'a' && r <= 'z' {
		r -= 'a' - 'A'
	}
	return r
}
