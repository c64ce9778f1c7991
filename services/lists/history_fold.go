package lists

import (
	"bytes"
	"unicode/utf8"

	"github.com/taizhang/taizhang/events"
)

// folds is how a byte of ASCII is compared: letters without case, brackets of any shape as round ones.
var folds = func() (t [utf8.RuneSelf]byte) {
	for i := range t {
		c := byte(i)
		switch {
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		case c == '[':
			c = '('
		case c == ']':
			c = ')'
		}
		t[i] = c
	}
	return t
}()

// fold appends a text as it is compared: without case, full-width characters as the narrow ones that they stand for, and
// the brackets 〔〕［］（） and [] as (), so that what one clerk wrote and another looks for meet.
func fold(to, text []byte) []byte {
	at := len(to)
	to = append(to, text...) // never longer when folded
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c < utf8.RuneSelf {
			to[at] = folds[c]
			at++
			continue
		}
		if (c == 0xEF || c == 0xE3) && i+2 < len(text) {
			if narrow := narrow(c, text[i+1], text[i+2]); narrow != 0 {
				to[at] = folds[narrow]
				at++
				i += 2
				continue
			}
		}
		to[at] = c
		at++
	}
	return to[:at]
}

// narrow returns the ASCII character that three bytes of UTF-8 stand for, or 0: U+FF01 to U+FF5E are ! to ~, U+3000 is the
// wide space, U+3014 and U+3015 the brackets of a document number.
func narrow(a, b, c byte) byte {
	switch {
	case a == 0xEF && b == 0xBC && c >= 0x81:
		return c - 0x81 + '!'
	case a == 0xEF && b == 0xBD && c <= 0x9E:
		return c - 0x80 + '`'
	case a == 0xE3 && b == 0x80 && c == 0x80:
		return ' '
	case a == 0xE3 && b == 0x80 && c == 0x94:
		return '('
	case a == 0xE3 && b == 0x80 && c == 0x95:
		return ')'
	}
	return 0
}

func foldText(text string) []byte { return fold(nil, []byte(text)) }

// likeness is a text that is looked for, folded.
type likeness []byte

// in says whether a text contains it.
func (l likeness) in(text []byte) bool {
	var space [512]byte
	return bytes.Contains(fold(space[:0], text), l)
}

// among says whether a value of this part of a body contains it.
func (l likeness) among(part []byte) bool {
	found := false
	events.Texts(part, func(text []byte) bool {
		found = l.in(text)
		return !found
	})
	return found
}
