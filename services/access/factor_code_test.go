package access

import (
	"encoding/base32"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/hotp"
)

// secretOf returns a secret for tests.
func secretOf(seed string) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString([]byte(seed))
}

// codeAt returns the code that a program shows at an instant.
func codeAt(t testing.TB, secret string, at time.Time) string {
	t.Helper()
	code, err := hotp.GenerateCode(secret, uint64(at.Unix()/stepSeconds))
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// use records a shown code as used.
func use(t testing.TB, f *factor, shown shownCode) {
	t.Helper()
	a := account{credentials: credentials{factor: f}}
	if err := a.count(&shown); err != nil {
		t.Fatal(err)
	}
}

func withRecovery(t testing.TB, seed string, hashes []string) *factor {
	t.Helper()
	f := &factor{secret: secretOf(seed)}
	for _, code := range hashes {
		hash, err := parseSHA256(code)
		if err != nil {
			t.Fatal(err)
		}
		f.recovery = append(f.recovery, hash)
	}
	return f
}

// TestCodesAreThoseOfRFC6238 checks the test vectors of appendix B for SHA-1, with the last six of their eight
// digits.
func TestCodesAreThoseOfRFC6238(t *testing.T) {
	for at, code := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471",
		1234567890: "005924", 2000000000: "279037", 20000000000: "353130"} {
		f := &factor{secret: secretOf("12345678901234567890")}
		if p, ok := f.check(code, time.Unix(at, 0)); !ok || p != (shownCode{Factor: codeShown, Step: at / 30}) {
			t.Errorf("%s at %d: %+v, %v", code, at, p, ok)
		}
	}
}

func TestAClockMayBeOneStepOff(t *testing.T) {
	secret := secretOf("甲")
	for off := -4; off <= 4; off++ {
		f := &factor{secret: secret}
		_, ok := f.check(codeAt(t, secret, start.Add(time.Duration(off)*30*time.Second)), start)
		if want := off >= -1 && off <= 1; ok != want {
			t.Errorf("%d steps off: expected %v, got %v", off, want, ok)
		}
	}
}

// TestACodeCountsOnce also checks that codes of earlier steps are no longer valid after a code was used.
func TestACodeCountsOnce(t *testing.T) {
	f := &factor{secret: secretOf("甲")}
	show := func(step time.Duration) bool {
		p, ok := f.check(codeAt(t, f.secret, start.Add(step*30*time.Second)), start)
		if ok {
			use(t, f, p)
		}
		return ok
	}
	for i, c := range []struct {
		step time.Duration
		want bool
	}{{-1, true}, {-1, false}, {0, true}, {0, false}, {-1, false}, {1, true}, {0, false}, {1, false}} {
		if got := show(c.step); got != c.want {
			t.Errorf("%d: the code of step %d: expected %v, got %v", i, c.step, c.want, got)
		}
	}
}

// TestTwoStepsWithOneCodeAreOne uses two neighboring steps with the same code: using it in one step uses it up for
// both.
func TestTwoStepsWithOneCodeAreOne(t *testing.T) {
	f, first := &factor{secret: secretOf("甲")}, time.Unix(60235588*30, 0)
	second := first.Add(30 * time.Second)
	code := codeAt(t, f.secret, first)
	if code != codeAt(t, f.secret, second) {
		t.Fatal("the two have not the same code")
	}
	p, ok := f.check(code, first)
	use(t, f, p)
	if _, again := f.check(code, second); !ok || again {
		t.Errorf("shown: %v, and again: %v", ok, again)
	}
}

func TestARecoveryCodeIsReadAsPeopleTypeIt(t *testing.T) {
	codes, hashes := newRecoveryCodes()
	if len(codes) != recoveryCodes || len(hashes) != recoveryCodes {
		t.Fatalf("%d codes, %d hashes", len(codes), len(hashes))
	}
	for i, code := range codes {
		if len(code) != recoveryChars+3 || strings.ContainsAny(code, "ILOU") || slices.Contains(codes[:i], code) {
			t.Errorf("code %d is %s", i, code)
		}
		f := withRecovery(t, "甲", hashes)
		for _, typed := range []string{code, strings.ToLower(code), strings.ReplaceAll(code, "-", ""),
			strings.ReplaceAll(code, "-", " "), " " + code + "\r\n",
			strings.ReplaceAll(code, "0", "O"), strings.ReplaceAll(code, "1", "l"), strings.ReplaceAll(code, "1", "I"),
			strings.ReplaceAll(code, "-", "　")} {
			if p, ok := f.check(typed, start); !ok || p != (shownCode{Factor: recoveryShown, Recovery: hashes[i]}) {
				t.Errorf("%q: %+v, %v", typed, p, ok)
			}
		}
		for _, typed := range []string{code[1:], code + "0", code[:18], "U" + code[1:], strings.Repeat(code, 100),
			hashes[i]} {
			if _, ok := f.check(typed, start); ok {
				t.Errorf("%q passes", typed)
			}
		}
	}
}

func TestACodeOfDigitsIsReadAsPeopleTypeIt(t *testing.T) {
	f := &factor{secret: secretOf("甲")}
	code := codeAt(t, f.secret, start)
	full := strings.Map(func(r rune) rune { return r - '0' + '０' }, code)
	for _, typed := range []string{
		code, code[:3] + " " + code[3:], " " + code + "\n", code[:3] + "-" + code[3:], full} {
		if _, ok := f.check(typed, start); !ok {
			t.Errorf("%q is refused", typed)
		}
	}
	for _, typed := range []string{"", "0", code[:5], code + "0", "+" + code, code[:5] + "\x00", code[:5] + "٣",
		strings.Repeat(" ", 100) + code} {
		if _, ok := f.check(typed, start); ok {
			t.Errorf("%q passes", typed)
		}
	}
	if _, ok := (*factor)(nil).check(code, start); ok {
		t.Error("a code of no factor passes")
	}
}

// TestWhatCountsIsWhatThePlainModelSays shows random codes while the clock advances, and compares the results with
// a table of all codes that were ever valid.
func TestWhatCountsIsWhatThePlainModelSays(t *testing.T) {
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 7))
		codes, hashes := newRecoveryCodes()
		f := withRecovery(t, fmt.Sprint(seed), hashes)
		newest, left, now := int64(0), map[string]bool{}, start
		for _, code := range codes {
			left[code] = true
		}
		for range 300 {
			now = now.Add(time.Duration(random.IntN(40)) * time.Second)
			at := now.Unix() / 30
			var typed string
			var want bool
			switch random.IntN(4) {
			case 0:
				typed = codes[random.IntN(len(codes))]
				want = left[typed]
				delete(left, typed)
			case 1:
				typed = "000000"
				want = false
				for s := max(newest, at-2) + 1; s <= at+1; s++ {
					if codeAt(t, f.secret, time.Unix(s*30, 0)) == typed {
						want, newest = true, s
					}
				}
			default:
				step := at + int64(random.IntN(7)) - 3
				typed = codeAt(t, f.secret, time.Unix(step*30, 0))
				if want = step >= at-1 && step <= at+1 && step > newest; want {
					newest = step
				}
			}
			p, ok := f.check(typed, now)
			if ok {
				use(t, f, p)
			}
			if ok != want || f.step != newest || len(f.recovery) != len(left) {
				t.Fatalf("seed %d, %s at %v: expected %v, got %v; the newest step is %d, expected %d; left are %v",
					seed, typed, now, want, ok, f.step, newest, slices.Collect(maps.Keys(left)))
			}
		}
	}
}
