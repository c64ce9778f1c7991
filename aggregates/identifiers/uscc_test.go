package identifiers_test

import (
	"strings"
	"testing"

	"github.com/taizhang/taizhang/aggregates/identifiers"
)

const alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// goodCodes are the synthetic examples; the check value of the last is 0.
var goodCodes = []string{"91330106MAC1K2L32C", "52330200MJ8765437Q", "91330782MA8EX4MPX0"}

func TestACreditCodeIsFoldedAndItsFormNamed(t *testing.T) {
	cases := []struct {
		name, in, normal string
		form             identifiers.USCCForm
	}{
		{"a company", "91330106MAC1K2L32C", "91330106MAC1K2L32C", identifiers.Valid},
		{"a private institution", "52330200MJ8765437Q", "52330200MJ8765437Q", identifiers.Valid},
		{"a check value of zero", "91330782MA8EX4MPX0", "91330782MA8EX4MPX0", identifiers.Valid},
		{"lower case", "91330106mac1k2l32c", "91330106MAC1K2L32C", identifiers.Valid},
		{"full width", "９１３３０１０６ＭＡＣ１Ｋ２Ｌ３２Ｃ", "91330106MAC1K2L32C", identifiers.Valid},
		{"full width and lower case", "９１３３０１０６ｍａｃ１ｋ２ｌ３２ｃ", "91330106MAC1K2L32C", identifiers.Valid},
		{"another check character", "91330106MAC1K2L32D", "91330106MAC1K2L32D", identifiers.WrongCheck},
		{"two characters exchanged", "91330106MAC1K2L23C", "91330106MAC1K2L23C", identifiers.WrongCheck},
		{"nothing", "", "", identifiers.WrongForm},
		{"one character short", "91330106MAC1K2L32", "91330106MAC1K2L32", identifiers.WrongForm},
		{"one character long", "91330106MAC1K2L32CC", "91330106MAC1K2L32CC", identifiers.WrongForm},
		{"a letter outside the alphabet", "91330106MAC1K2L3OC", "91330106MAC1K2L3OC", identifiers.WrongForm},
		{"a letter among the digits 3 to 8", "9133010AMAC1K2L32C", "9133010AMAC1K2L32C", identifiers.WrongForm},
		{"a blank in front", " 91330106MAC1K2L32C", " 91330106MAC1K2L32C", identifiers.WrongForm},
		{"a sign for a letter", "91330106-AC1K2L32C", "91330106-AC1K2L32C", identifiers.WrongForm},
		{"eighteen bytes that are six characters", "一二三四五六", "一二三四五六", identifiers.WrongForm},
	}
	for _, c := range cases {
		if normal, form := identifiers.ParseUSCC(c.in); normal != c.normal || form != c.form {
			t.Errorf("%s: %q of form %d, want %q of form %d", c.name, normal, form, c.normal, c.form)
		}
	}
}

func TestTheLettersThatLookLikeDigitsAreNotInTheAlphabet(t *testing.T) {
	for _, letter := range "IOSVZ" {
		if _, form := identifiers.ParseUSCC("91330106M" + string(letter) + "C1K2L32C"); form != identifiers.WrongForm {
			t.Errorf("%c is accepted", letter)
		}
	}
}

func TestEveryWrongCharacterIsNoticed(t *testing.T) {
	for _, good := range goodCodes {
		for i := range good {
			for _, c := range alphabet {
				wrong := good[:i] + string(c) + good[i+1:]
				if _, form := identifiers.ParseUSCC(wrong); form == identifiers.Valid && wrong != good {
					t.Errorf("%s passes for %s", wrong, good)
				}
			}
		}
	}
}

func FuzzUSCC(f *testing.F) {
	for _, code := range goodCodes {
		f.Add(code)
		f.Add(strings.ToLower(code))
	}
	f.Add("９１３３０１０６ＭＡＣ１Ｋ２Ｌ３２Ｃ")
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		normal, form := identifiers.ParseUSCC(s)
		if again, same := identifiers.ParseUSCC(normal); again != normal || same != form {
			t.Fatalf("%q becomes %q of form %d, and that %q of form %d", s, normal, form, again, same)
		}
		if form != identifiers.WrongForm && (len(normal) != 18 || strings.Trim(normal, alphabet) != "" ||
			strings.Trim(normal[2:8], "0123456789") != "") {
			t.Fatalf("%q is taken for a code", normal)
		}
	})
}
