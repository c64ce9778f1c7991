package console_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/services/access"
)

// The passwords of the tests.
const (
	given  = "given by 管理员 1"
	chosen = "correct horse 电池"
)

// said are the words of the pages that the tests go by, in both languages.
type said struct{ zh, en string }

func (s said) in(lang string) string {
	if lang == "zh" {
		return s.zh
	}
	return s.en
}

var (
	headFirst    = said{"尚未建立账号", "There is no account yet"}
	headLogin    = said{"登录", "Sign in"}
	headCode     = said{"输入验证码", "Enter your code"}
	headPassword = said{"更换密码", "Change your password"}
	headFactor   = said{"启用动态验证码", "Set up a second factor"}
	headRecovery = said{"恢复码", "Recovery codes"}
	headMe       = said{"我的账号", "My account"}

	labelAccount  = said{"账号", "Account"}
	labelPassword = said{"密码", "Password"}
	labelCode     = said{"验证码", "Code"}
	labelRecovery = said{"恢复码", "Recovery code"}
	labelCurrent  = said{"当前密码", "Current password"}
	labelNew      = said{"新密码", "New password"}
	labelAgain    = said{"再次输入新密码", "New password again"}

	pressSignIn   = said{"登录", "Sign in"}
	pressSignOut  = said{"退出登录", "Sign out"}
	pressChange   = said{"更换密码", "Change the password"}
	pressContinue = said{"继续", "Continue"}
	pressBegin    = said{"开始", "Begin"}
	pressSetUp    = said{"启用", "Set up"}
	pressAgain    = said{"重新启用动态验证码", "Set it up again"}
	pressRecovery = said{"使用恢复码", "Use the recovery code"}
	pressShow     = said{"确认验证码", "Show the code"}
	followSaved   = said{"已打印或抄写，继续", "I have printed or copied them: go on"}
)

// languages runs a test in both languages: what the browser accepts decides, or else it is Chinese.
func languages(t *testing.T, run func(t *testing.T, accepts, lang string)) {
	for accepts, lang := range map[string]string{"fr, ja;q=0.5": "zh", "en-US, zh;q=0.5": "en"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			run(t, accepts, lang)
		})
	}
}

// signIn fills in the page to sign in.
func (b *browser) signIn(lang, name, password string) {
	b.Helper()
	b.press(pressSignIn.in(lang), labelAccount.in(lang), name, labelPassword.in(lang), password)
}

func (b *browser) change(lang, current, password, again string) {
	b.Helper()
	b.press(pressChange.in(lang), labelCurrent.in(lang), current, labelNew.in(lang), password, labelAgain.in(lang), again)
}

// key returns the key that the page of a new factor shows, without its blanks.
func (b *browser) key() string {
	b.Helper()
	for code := range b.page.all("code") {
		if attr(code, "class") == "key" {
			return strings.ReplaceAll(says(code), " ", "")
		}
	}
	b.Fatalf("no key on %s", b.page.body)
	return ""
}

// changeWrongly sends passwords that are refused, each with a reason at the field that is to blame.
func (b *browser) changeWrongly(lang string) {
	b.Helper()
	for _, wrong := range []struct {
		field, current, password, again string
		why                             said
	}{
		{"again", given, chosen, chosen + "1", said{"两次输入的新密码不一致。", "The two new passwords are not the same."}},
		{"new", given, "short", "short", said{}},
		{"new", given, given, given, said{}},
		{"current", "wrong", chosen, chosen, said{}},
	} {
		b.change(lang, wrong.current, wrong.password, wrong.again)
		b.expect("/me/password", http.StatusUnprocessableEntity, headPassword.in(lang))
		if wrong.why != (said{}) {
			b.alerts(wrong.why.in(lang))
		}
		b.blames(wrong.field)
	}
}

// blames expects one field to be marked as wrong, with a reason that describes it, and to have the focus.
func (b *browser) blames(id string) {
	b.Helper()
	for input := range b.page.all("input") {
		if hasAttr(input, "aria-invalid") != (attr(input, "id") == id) || hasAttr(input, "autofocus") != (attr(input, "id") == id) ||
			strings.Contains(attr(input, "aria-describedby"), "-wrong") != (attr(input, "id") == id) {
			b.Errorf("expected %s to blame, got %v", id, input.Attr)
		}
	}
}

// TestALanguageIsKeptThroughTheForms chooses the other language once, and then signs in.
func TestALanguageIsKeptThroughTheForms(t *testing.T) {
	t.Parallel()
	x := serve(t)
	x.add("li", access.Binding{Role: access.LocalGov, Region: "3301"}, given)
	b := newBrowser(t, "zh-CN", x.Client())
	b.get(x.URL + "/me")
	b.expect("/login", http.StatusOK, "登录")
	b.follow("English")
	b.expect("/login", http.StatusOK, "Sign in")
	b.signIn("en", "li", given)
	b.expect("/me", http.StatusOK, "Change your password")
	b.change("en", given, chosen, chosen)
	b.expect("/me", http.StatusOK, "My account")
	b.shows("local government", "whose code begins with 3301", "Your password is changed.")
	b.follow("中文")
	b.expect("/me", http.StatusOK, "我的账号")
	b.press("退出登录")
	b.expect("/login", http.StatusOK, "登录")
}
