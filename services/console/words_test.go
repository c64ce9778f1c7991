package console

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"image/png"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/boombuler/barcode/qr"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/signin"
)

func TestEveryRightHasWords(t *testing.T) {
	for right := range access.Rights {
		n := 0
		for _, r := range rightWords {
			if r.right == right {
				n++
			}
		}
		if want := 1; n != want && !slices.Contains(unsaid, right) {
			t.Errorf("%s has words %d times", right, n)
		}
	}
}

// TestTheScopeIsSaidForEveryRole checks the words for the scope of every role that may ask the ledger.
func TestTheScopeIsSaidForEveryRole(t *testing.T) {
	none := scopeOf(&access.Binding{})
	for _, role := range access.Roles() {
		p := access.Principal{Role: role}
		if s := scopeOf(&access.Binding{Role: role}); (s.Words != none.Words) != (p.Can(access.ReadLedger) ||
			p.Can(access.ReadPolicies)) {
			t.Errorf("%s sees %s", role, s.Words.En)
		}
	}
}

func TestAWordOfAShellIsOneWord(t *testing.T) {
	for s, want := range map[string]string{"": "''", "https://id.example/a": "https://id.example/a", "a b": "'a b'",
		"$(x)": "'$(x)'", "a'b": `'a'\''b'`, "-n": "-n", "*": "'*'", "~": "'~'", "a\\": `'a\'`, "李": "'李'"} {
		if got := shellWord(s); got != want {
			t.Errorf("%q: expected %s, got %s", s, want, got)
		}
	}
}

func TestHowLongToWaitIsSaidInRoundNumbers(t *testing.T) {
	for wait, want := range map[time.Duration]string{
		0:                       "There were too many attempts. Try again in 1 seconds.",
		1500 * time.Millisecond: "There were too many attempts. Try again in 2 seconds.",
		90 * time.Second:        "There were too many attempts. Try again in 90 seconds.",
		91 * time.Second:        "There were too many attempts. Try again in 2 minutes.",
		15 * time.Minute:        "There were too many attempts. Try again in 15 minutes.",
	} {
		if got := waitWords(wait).En; got != want {
			t.Errorf("%v: %s", wait, got)
		}
	}
}

func TestASentenceEndsWithAFullStop(t *testing.T) {
	for _, c := range []struct{ lang, what, want string }{{"zh", "不对", "不对。"}, {"zh", "不对。", "不对。"},
		{"en", "it is wrong", "It is wrong."}, {"en", "Élan.", "Élan."}, {"en", "", ""}} {
		if got := sentence(c.what, c.lang); got != c.want {
			t.Errorf("%q: expected %q, got %q", c.what, c.want, got)
		}
	}
}

// TestThePictureIsTheCode reads the middle of each module of the picture, and its margin.
func TestThePictureIsTheCode(t *testing.T) {
	content := "otpauth://totp/%E5%8F%B0%E8%B4%A6:li?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=%E5%8F%B0%E8%B4%A6"
	encoded, side, err := qrPNG(content)
	if err != nil {
		t.Fatal(err)
	}
	file, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(file))
	if err != nil || picture.Bounds().Dx() != side || picture.Bounds().Dy() != side {
		t.Fatalf("%v, of %v pixels", err, picture.Bounds())
	}
	code, err := qr.Encode(content, qr.M, qr.Auto)
	if err != nil {
		t.Fatal(err)
	}
	modules := code.Bounds().Dx()
	for y := -qrQuietModules; y < modules+qrQuietModules; y++ {
		for x := -qrQuietModules; x < modules+qrQuietModules; x++ {
			middle := func(i int) int { return (i+qrQuietModules)*qrModulePixels + qrModulePixels/2 }
			got, _, _, _ := picture.At(middle(x), middle(y)).RGBA()
			want := uint32(0xffff)
			if x >= 0 && y >= 0 && x < modules && y < modules {
				want, _, _, _ = code.At(x, y).RGBA()
			}
			if got != want {
				t.Fatalf("module %d, %d is %x, not %x", x, y, got, want)
			}
		}
	}
}

// TestEveryNoticeHasWordsInBothLanguages also checks that an unknown notice has no words.
func TestEveryNoticeHasWordsInBothLanguages(t *testing.T) {
	for name, words := range notices {
		if words.Zh == "" || words.En == "" {
			t.Errorf("%s says %+v", name, words)
		}
	}
	if notices["<b>"] != (text.Text{}) {
		t.Error("a notice that is not there says something")
	}
}

// TestWhatTheUserHasAPartInIsSaidAtTheForm uses errors of every kind. Errors that the user cannot correct have a
// page of their own.
func TestWhatTheUserHasAPartInIsSaidAtTheForm(t *testing.T) {
	for _, c := range []struct {
		err     error
		status  int
		says    string
		waits   string
		isTheir bool
	}{
		{&access.ThrottledError{After: 61 * time.Second}, http.StatusTooManyRequests,
			"尝试次数过多，请在 61 秒后再试。", "61", true},
		{text.Errorf(text.Unavailable, "正在登录的人过多，请稍后再试", "busy"), http.StatusServiceUnavailable,
			"正在登录的人过多，请稍后再试。", "5", true},
		{text.Errorf(text.Invalid, "至少 12 个字符", "too short").Of("new"), http.StatusUnprocessableEntity,
			"至少 12 个字符。", "", true},
		{fmt.Errorf("access: %w", text.Errorf(text.Unauthenticated, "不正确", "not right")),
			http.StatusUnprocessableEntity, "不正确。", "", true},
		{&access.MoreProofError{Needs: []string{access.NeedCode}}, http.StatusUnprocessableEntity,
			"请先输入动态验证码；输入后十分钟内有效。", "", true},
		{errors.New("a disk is broken"), 0, "", "", false},
		{text.Errorf(text.Stopped, "停止", "stopped"), 0, "", "", false},
	} {
		w := httptest.NewRecorder()
		v := New(Config{Gate: signin.New(signin.GateConfig{})}).visit(w, httptest.NewRequest(http.MethodPost, "/login", nil))
		got, status, isTheir := v.refusal(c.err, "login")
		if status != c.status || got.Text != c.says || isTheir != c.isTheir ||
			w.Header().Get("Retry-After") != c.waits || isTheir && got.At != "login" {
			t.Errorf("%v: %d %+v %v, after %q", c.err, status, got, isTheir, w.Header().Get("Retry-After"))
		}
	}
}

// TestAnErrorOfTheProgramIsForItsLog checks the page for errors that the user cannot correct.
func TestAnErrorOfTheProgramIsForItsLog(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
		says   string
	}{
		{errors.New("/var/secret is broken"), http.StatusInternalServerError, "<p>请把以下编号告诉管理员：17。</p>"},
		{text.Errorf(text.Stopped, "停止写入", "stopped"), http.StatusServiceUnavailable, "<p>停止写入。</p>"},
		{text.Errorf(text.Conflict, "有冲突", "conflict"), http.StatusConflict, "<p>有冲突。</p>"},
	} {
		w := httptest.NewRecorder()
		w.Header().Set("X-Request-Id", "17")
		New(Config{Gate: signin.New(signin.GateConfig{})}).visit(w, httptest.NewRequest(http.MethodGet, "/me", nil)).fail(c.err)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.says) ||
			strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%v: %d %s", c.err, w.Code, w.Body)
		}
	}
}
