package lists

import (
	"bytes"
	"unicode/utf8"

	"github.com/taizhang/taizhang/events"
)

// folds maps each ASCII byte to the byte that is compared: capital letters to small letters, square brackets to round
// ones.
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

// fold appends a text in the form in which texts are compared: in small letters, full-width characters as narrow ones,
// and the brackets 〔〕［］（） and [] as (). So a clerk finds a text that another clerk wrote with other brackets.
func fold(to, text []byte) []byte {
	at := len(to)
	to = append(to, text...) // a folded text is never longer than the text
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

// narrow returns the ASCII character that three bytes of UTF-8 stand for, or 0 if they stand for none. U+FF01 to
// U+FF5E are ! to ~, U+3000 is the wide space, U+3014 and U+3015 are the brackets of a document number.
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

// likeness is a text to search for, in its folded form.
type likeness []byte

// in reports whether a text contains the likeness.
func (l likeness) in(text []byte) bool {
	var space [512]byte
	return bytes.Contains(fold(space[:0], text), l)
}

// among reports whether a text value in this part of a body contains the likeness.
func (l likeness) among(part []byte) bool {
	found := false
	events.Texts(part, func(text []byte) bool {
		found = l.in(text)
		return !found
	})
	return found
}
