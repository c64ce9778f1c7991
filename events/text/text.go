// Package text holds the messages for users: a Text in the two languages of the ledger, and the one Error that users
// read, with a Code for programs. The code that shows a Text chooses the language.
package text

import (
	"fmt"
	"strings"
	"unicode"
)

// Text is one message in the two languages of the ledger.
type Text struct {
	Zh string `json:"zh"`
	En string `json:"en"`
}

// Say returns a Text with the same arguments put into both formats.
func Say(zh, en string, args ...any) Text {
	if len(args) == 0 {
		return Text{Zh: zh, En: en}
	}
	return Text{Zh: fmt.Sprintf(zh, args...), En: fmt.Sprintf(en, args...)}
}

// Same returns a Text that reads the same in both languages, such as an id.
func Same(s string) Text { return Text{Zh: s, En: s} }

// In returns the half for lang: Chinese for "zh", English otherwise.
func (t Text) In(lang string) string {
	if lang == "zh" {
		return t.Zh
	}
	return t.En
}

// Clip returns a text of at most charMax characters. The last of them is an ellipsis if the text was longer.
func Clip(s string, charMax int) string {
	n, last := 0, 0
	for i := range s {
		n++
		if n == charMax {
			last = i
		}
		if n > charMax {
			return s[:last] + "…"
		}
	}
	return s
}

// Printable returns a text for a terminal: each control character, which a terminal would obey, and each character
// that turns the direction of what follows it, becomes U+FFFD.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// FoldName returns a name in the form in which names are compared: full-width characters of ASCII are narrow, and there are
// no blanks.
func FoldName(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return -1
		case '！' <= r && r <= '～':
			return r - '！' + '!'
		}
		return r
	}, s)
}
