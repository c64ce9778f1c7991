package identifiers_test

import (
	"strings"
	"testing"

	"github.com/taizhang/taizhang/aggregates/identifiers"
)

func TestADocumentNumberHasIssuerYearAndNumber(t *testing.T) {
	cases := []struct {
		name, in, normal string
		ok               bool
	}{
		{"the usual form", "浙财科教〔2025〕12号", "浙财科教〔2025〕12号", true},
		{"square brackets", "浙财科教[2025]12号", "浙财科教〔2025〕12号", true},
		{"round brackets", "浙财科教(2025)12号", "浙财科教〔2025〕12号", true},
		{"full-width round brackets", "浙财科教（2025）12号", "浙财科教〔2025〕12号", true},
		{"brackets of two kinds", "浙财科教（2025]12号", "浙财科教〔2025〕12号", true},
		{"the last century", "浙政〔1999〕1号", "浙政〔1999〕1号", true},
		{"the longest issuer", strings.Repeat("浙", 20) + "〔2025〕1号",
			strings.Repeat("浙", 20) + "〔2025〕1号", true},
		{"an issuer too long", strings.Repeat("浙", 21) + "〔2025〕1号",
			strings.Repeat("浙", 21) + "〔2025〕1号", false},
		{"an issuer of one character", "浙〔2025〕1号", "浙〔2025〕1号", false},
		{"an issuer in Latin letters", "ZJ〔2025〕1号", "ZJ〔2025〕1号", false},
		{"a number that begins with zero", "浙财科教〔2025〕012号", "浙财科教〔2025〕012号", false},
		{"number zero", "浙财科教〔2025〕0号", "浙财科教〔2025〕0号", false},
		{"a year of another century", "浙财科教〔2125〕12号", "浙财科教〔2125〕12号", false},
		{"a year of two digits", "浙财科教〔25〕12号", "浙财科教〔25〕12号", false},
		{"full-width digits", "浙财科教〔２０２５〕12号", "浙财科教〔２０２５〕12号", false},
		{"no brackets", "浙财科教2025年12号", "浙财科教2025年12号", false},
		{"no 号", "浙财科教〔2025〕12", "浙财科教〔2025〕12", false},
		{"第 before the number", "浙财科教〔2025〕第12号", "浙财科教〔2025〕第12号", false},
		{"a blank at the end", "浙财科教〔2025〕12号 ", "浙财科教〔2025〕12号 ", false},
		{"a line break at the end", "浙财科教〔2025〕12号\n", "浙财科教〔2025〕12号\n", false},
		{"nothing", "", "", false},
	}
	for _, c := range cases {
		if normal, ok := identifiers.ParseDocumentNumber(c.in); normal != c.normal || ok != c.ok {
			t.Errorf("%s: %q, %v, want %q, %v", c.name, normal, ok, c.normal, c.ok)
		}
	}
}

func FuzzDocumentNumber(f *testing.F) {
	for _, s := range []string{"浙财科教〔2025〕12号", "浙财科教[2025]12号", "浙财科教（2025）12号",
		"浙〔2025〕0号", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		normal, ok := identifiers.ParseDocumentNumber(s)
		if again, same := identifiers.ParseDocumentNumber(normal); again != normal || same != ok {
			t.Fatalf("%q becomes %q (%v), and that %q (%v)", s, normal, ok, again, same)
		}
		if ok && (strings.ContainsAny(normal, "[]()（）") || !strings.HasSuffix(normal, "号")) {
			t.Fatalf("%q is taken for a document number", normal)
		}
	})
}
