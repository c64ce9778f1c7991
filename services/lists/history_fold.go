package lists

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
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

// fold appends a text in the form in which texts are compared: in small letters, with full-width characters as
// half-width ones, with the brackets 〔〕［］（） and [] as (), and without invisible characters. So a clerk finds a
// text that another clerk wrote with other brackets.
func fold(to, b []byte) []byte {
	at := len(to)
	to = append(to, b...) // a folded text is never longer than the text
	for i := 0; i < len(b); i++ {
		c := b[i]
		if c < utf8.RuneSelf {
			to[at] = folds[c]
			at++
			continue
		}
		if (c == 0xEF || c == 0xE3) && i+2 < len(b) {
			if narrow := narrow(c, b[i+1], b[i+2]); narrow != 0 {
				to[at] = folds[narrow]
				at++
				i += 2
				continue
			}
		}
		if n := unseen(b[i:]); n > 0 {
			i += n - 1
			continue
		}
		to[at] = c
		at++
	}
	return to[:at]
}

// unseenLeads holds the first bytes of invisible characters, so that few other characters are decoded.
var unseenLeads = func() (t [256]bool) {
	add := func(from, to, stride rune) {
		for r := from; r <= to; r += stride {
			t[utf8.AppendRune(nil, r)[0]] = true
		}
	}
	for _, table := range []*unicode.RangeTable{unicode.Cf, unicode.Variation_Selector} {
		for _, part := range table.R16 {
			add(rune(part.Lo), rune(part.Hi), rune(part.Stride))
		}
		for _, part := range table.R32 {
			add(rune(part.Lo), rune(part.Hi), rune(part.Stride))
		}
	}
	return t
}()

// unseen returns the length in bytes of the invisible character at the beginning of a text, or 0.
func unseen(b []byte) int {
	if !unseenLeads[b[0]] {
		return 0
	}
	r, n := utf8.DecodeRune(b)
	if !text.IsUnseen(r) {
		return 0
	}
	return n
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

func foldText(s string) []byte { return fold(nil, []byte(s)) }

// likeness is a text to search for, in its folded form.
type likeness []byte

// in reports whether a text contains the likeness.
func (l likeness) in(b []byte) bool {
	var space [512]byte
	return bytes.Contains(fold(space[:0], b), l)
}

// among reports whether a text value in this part of a body contains the likeness.
func (l likeness) among(part []byte) bool {
	found := false
	events.Texts(part, func(value []byte) bool {
		found = l.in(value)
		return !found
	})
	return found
}
