// Package text holds the messages for users: a Text in the two languages of the ledger, and the one Error that users
// read, with an ErrorCode for programs. The code that shows a Text chooses the language.
package text

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Text is one message in the two languages of the ledger.
type Text struct {
	Zh string `json:"zh"`
	En string `json:"en"`
}

// Say returns a Text with the same arguments put into both formats. Of an argument that is itself a Text, each format
// gets its own half.
func Say(zh, en string, args ...any) Text {
	if len(args) == 0 {
		return Text{Zh: zh, En: en}
	}
	enArgs := args
	if slices.ContainsFunc(args, isText) {
		args, enArgs = slices.Clone(args), slices.Clone(args)
		for i, arg := range args {
			if t, ok := arg.(Text); ok {
				args[i], enArgs[i] = t.Zh, t.En
			}
		}
	}
	return Text{Zh: fmt.Sprintf(zh, args...), En: fmt.Sprintf(en, enArgs...)}
}

func isText(arg any) bool { _, ok := arg.(Text); return ok }

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

// Printable returns a text for a terminal: each control character, which a terminal would obey, becomes U+FFFD, and
// format characters are left out (see Seen).
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r):
			return unicode.ReplacementChar
		case isFormat(r):
			return -1
		}
		return r
	}, s)
}

// Seen returns a text without its format characters. Nobody sees them, and some reverse the direction of the text
// after them, so that a screen shows another text than the file contains.
func Seen(s string) string {
	return strings.Map(func(r rune) rune {
		if isFormat(r) {
			return -1
		}
		return r
	}, s)
}

// SeenJSON returns JSON in which the format characters of texts are escapes, such as \u202e. The JSON
// means the same, and a screen shows its texts in their true direction.
func SeenJSON(raw []byte) []byte {
	if !bytes.ContainsFunc(raw, isFormat) {
		return raw
	}
	var out []byte
	for _, r := range string(raw) {
		if !isFormat(r) {
			out = utf8.AppendRune(out, r)
			continue
		}
		for _, unit := range utf16.AppendRune(nil, r) {
			out = fmt.Appendf(out, `\u%04x`, unit)
		}
	}
	return out
}

func isFormat(r rune) bool { return unicode.Is(unicode.Cf, r) }

// FoldName returns a name in the form in which names are compared: full-width ASCII characters
// become half-width ones, and blanks are left out.
func FoldName(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return narrow(r)
	}, s)
}

// FoldCode returns a code, such as the number of a voucher, in the form in which codes are kept. Letters, digits and
// hyphens become those of ASCII: “Ｖ－１” and “V–1” become V-1, so that they name one voucher. Invisible characters
// and blanks at both ends are left out. Other full-width characters, such as parentheses, may belong to the code and
// stay.
func FoldCode(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch narrow := narrow(r); {
		case IsUnseen(r):
			return -1
		case strings.ContainsRune(hyphens, r):
			return '-'
		case '0' <= narrow && narrow <= '9', 'A' <= narrow && narrow <= 'Z', 'a' <= narrow && narrow <= 'z':
			return narrow
		}
		return r
	}, s))
}

// hyphens holds the characters that programs and input methods put in place of a hyphen.
const hyphens = "‐‑‒–—―−﹘﹣－"

// IsUnseen reports whether a character is invisible: a format character, such as a zero-width space or a character
// that reverses the direction of a text, or a variation selector.
func IsUnseen(r rune) bool {
	return isFormat(r) || unicode.Is(unicode.Variation_Selector, r)
}

// narrow returns the ASCII character for a full-width character, and any other character unchanged.
func narrow(r rune) rune {
	if '！' <= r && r <= '～' {
		return r - '！' + '!'
	}
	return r
}
