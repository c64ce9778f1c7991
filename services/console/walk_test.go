package console_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/oidc"
	"github.com/taizhang/taizhang/services/oidc/oidctest"
)

// The passwords of the tests.
const (
	given  = "given by 管理员 1"
	chosen = "correct horse 电池"
)

// said holds words of the pages in both languages.
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

// languages runs a test in both languages. The header of the browser decides; the default is Chinese.
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
	b.press(pressChange.in(lang), labelCurrent.in(lang), current, labelNew.in(lang), password,
		labelAgain.in(lang), again)
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

// TestTheFirstAdministratorComesIn goes from a ledger without accounts to a first administrator with her own
// password and a second factor, through everything that can go wrong.
func TestTheFirstAdministratorComesIn(t *testing.T) {
	languages(t, func(t *testing.T, accepts, lang string) {
		x := serve(t)
		b := newBrowser(t, accepts, x.Client())
		b.get(x.URL + "/")
		b.expect("/login", http.StatusOK, headFirst.in(lang))
		b.shows("taizhang account add NAME --role secadmin", "taizhang account password NAME")
		if len(b.passed) != 1 || !strings.HasSuffix(b.passed[0], "/login?next=%2Fme") {
			t.Errorf("/ led through %v", b.passed)
		}
		x.add("sun", access.Binding{Role: access.SecAdmin}, given)

		b.get(x.URL + "/me/password?next=%2Fme%3Fa%3D1")
		b.expect("/login", http.StatusOK, headLogin.in(lang))
		for _, wrong := range []struct{ name, password string }{{"sun", "wrong"}, {"nobody", given}} {
			b.signIn(lang, wrong.name, wrong.password)
			b.expect("/login", http.StatusUnprocessableEntity, headLogin.in(lang))
			b.alerts(said{"账号或密码不正确。", "The name or the password is not right."}.in(lang))
			if got := b.page.value(labelAccount.in(lang)); got != wrong.name {
				t.Errorf("the name %q became %q", wrong.name, got)
			}
		}
		b.signIn(lang, "sun", given)
		b.expect("/me", http.StatusOK, headPassword.in(lang))
		b.changeWrongly(lang)
		b.change(lang, given, chosen, chosen)
		b.expect("/me", http.StatusOK, headFactor.in(lang))
		b.press(pressBegin.in(lang))
		b.expect("/me/factor", http.StatusOK, headFactor.in(lang))
		codes := x.enrol(b, lang)
		if page := b.follow(followSaved.in(lang)); page.Request.URL.RequestURI() != "/me?a=1" {
			t.Errorf("next became %s", page.Request.URL)
		}
		b.expect("/me", http.StatusOK, headMe.in(lang))
		b.shows("sun", said{"安全管理员", "security administrator"}.in(lang),
			said{"采用办法参数", "adopt a policy"}.in(lang), "2026-11-02 17:3",
			said{"30 分钟无操作", "after 30 minutes"}.in(lang))

		b.press(pressSignOut.in(lang))
		b.expect("/login", http.StatusOK, headLogin.in(lang))
		b.shows(said{"已退出登录。", "You are signed out."}.in(lang))
		x.comeAgain(b, lang, codes)
	})
}

// changeWrongly sends passwords that are refused, and checks the reason at the field.
func (b *browser) changeWrongly(lang string) {
	b.Helper()
	for _, wrong := range []struct {
		field, current, password, again string
		why                             said
	}{
		{"again", given, chosen, chosen + "1",
			said{"两次输入的新密码不一致。", "The two new passwords are not the same."}},
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

// blames checks that one field is marked as wrong, has the reason as its description, and has the focus.
func (b *browser) blames(id string) {
	b.Helper()
	for input := range b.page.all("input") {
		if hasAttr(input, "aria-invalid") != (attr(input, "id") == id) ||
			hasAttr(input, "autofocus") != (attr(input, "id") == id) ||
			strings.Contains(attr(input, "aria-describedby"), "-wrong") != (attr(input, "id") == id) {
			b.Errorf("expected %s to blame, got %v", id, input.Attr)
		}
	}
}

// enrol confirms the factor of the page, after a wrong code, and returns its recovery codes.
func (x *office) enrol(b *browser, lang string) (codes []string) {
	b.Helper()
	key := b.key()
	b.press(pressSetUp.in(lang), labelCode.in(lang), "000000")
	b.expect("/me/factor/confirm", http.StatusUnprocessableEntity, headFactor.in(lang))
	b.blames("code")
	if b.key() != key {
		b.Errorf("after a wrong code the key is %s, not %s, which the app has", b.key(), key)
	}
	b.press(pressSetUp.in(lang), labelCode.in(lang), x.code(key, 0))
	b.expect("/me/factor/confirm", http.StatusOK, headRecovery.in(lang))
	for link := range b.page.all("a") {
		if hasAttr(link, "hreflang") {
			b.Error("another language would lose the recovery codes")
		}
	}
	for code := range b.page.all("code") {
		codes = append(codes, says(code))
	}
	if len(codes) != 10 {
		b.Errorf("expected ten recovery codes, got %v", codes)
	}
	x.clock.move(time.Minute)
	return append(codes, key)
}

// comeAgain signs in again: with wrong codes, then with a recovery code and with a code of the app. codes are the
// recovery codes and the key.
func (x *office) comeAgain(b *browser, lang string, codes []string) {
	b.Helper()
	key := codes[len(codes)-1]
	b.signIn(lang, "sun", chosen)
	b.expect("/me", http.StatusOK, headCode.in(lang))
	b.press(pressContinue.in(lang), labelCode.in(lang), "000000")
	b.expect("/me/code", http.StatusUnprocessableEntity, headCode.in(lang))
	b.blames("code")
	b.press(pressRecovery.in(lang), labelRecovery.in(lang), "AAAA-AAAA-AAAA-AAAA")
	b.expect("/me/code", http.StatusUnprocessableEntity, headCode.in(lang))
	b.blames("recovery")
	if !strings.Contains(b.page.body, "<details open>") {
		b.Error("the field that is wrong is folded away")
	}
	b.press(pressRecovery.in(lang), labelRecovery.in(lang), strings.ToLower(codes[3]))
	b.expect("/me", http.StatusOK, headMe.in(lang))
	b.shows(said{"剩余恢复码9", "Recovery codes left9"}.in(lang),
		said{"已使用一个恢复码", "One recovery code is used up"}.in(lang))

	b.press(pressShow.in(lang), labelCode.in(lang), x.code(key, 0))
	b.expect("/me", http.StatusOK, headMe.in(lang))
	b.shows(said{"验证码正确", "The code is right"}.in(lang))
	b.press(pressShow.in(lang), labelCode.in(lang), x.code(key, 0))
	b.expect("/me/code", http.StatusUnprocessableEntity, headMe.in(lang)) // a code counts once

	x.clock.move(11 * time.Minute)
	b.press(pressAgain.in(lang))
	b.expect("/me/factor", http.StatusUnprocessableEntity, headMe.in(lang)) // a code of the last ten minutes is needed
	b.press(pressShow.in(lang), labelCode.in(lang), x.code(key, 0))
	b.press(pressAgain.in(lang))
	b.expect("/me/factor", http.StatusOK, headFactor.in(lang))
	if b.key() == key {
		b.Error("a new factor has the old key")
	}
	x.enrol(b, lang)
	b.follow(followSaved.in(lang))
	b.expect("/me", http.StatusOK, headMe.in(lang))

	x.clock.move(31 * time.Minute)
	b.press(pressAgain.in(lang))
	b.expect("/login", http.StatusOK, headLogin.in(lang))
	b.shows(said{"登录已失效", "Your session has ended"}.in(lang))
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
	x.enter(b, "li")
	b.follow("Taizhang")
	b.expect("/inbox", http.StatusOK, "Inbox")
	b.follow("li")
	b.expect("/me", http.StatusOK, "My account")
	b.shows("local government", "whose code begins with 3301", issuer)
	b.follow("中文")
	b.expect("/me", http.StatusOK, "我的账号")
	b.press("退出登录")
	b.expect("/login", http.StatusOK, "登录")
}

// TestSingleSignOnLeadsIn signs in with a real issuer: first with an unknown identity, then with one linked to an
// account.
func TestSingleSignOnLeadsIn(t *testing.T) {
	t.Parallel()
	var there *oidctest.Issuer
	x := open(t, &clock{at: time.Now()}, func(redirect string) *oidc.Provider {
		there = oidctest.Start(t, redirect)
		p, err := oidc.New(oidc.ProviderConfig{Issuer: there.URL, ClientID: oidctest.Client,
			ClientSecret: oidctest.Secret, RedirectURL: redirect, Now: time.Now, Log: zap.NewNop()})
		if err != nil {
			t.Fatal(err)
		}
		return p
	})
	x.Start()
	x.add("li", access.Binding{Role: access.Finance}, "")
	b := newBrowser(t, "zh", x.Client())
	b.get(x.URL + "/login?next=%2Fme%3Fa%3D1")
	b.follow("English")
	back := there.SignIn(t, b.hop(b.link("Use single sign-on"))).String()
	b.get(back)
	b.expect("/login/sso/callback", http.StatusForbidden, "This identity is not linked to an account")
	b.shows(there.URL, oidctest.Subject, "taizhang account link NAME --issuer "+there.URL+" --subject "+
		oidctest.Subject)

	if _, err := x.owner.Link(t.Context(), "li",
		access.Identity{Issuer: there.URL, Subject: oidctest.Subject}); err != nil {
		t.Fatal(err)
	}
	b.get(x.URL + "/login?lang=en&next=%2Fme%3Fa%3D1")
	back = there.SignIn(t, b.hop(b.link("Use single sign-on"))).String()
	b.get(back)
	if b.page.Request.URL.RequestURI() != "/me?a=1" {
		t.Errorf("it led to %s", b.page.Request.URL)
	}
	b.expect("/me", http.StatusOK, "我的账号") // an address of its own says nothing of the language
	b.press("退出登录")
	b.get(back)
	b.expect("/login/sso/callback", http.StatusUnprocessableEntity, "登录")
	b.alerts("这次统一身份登录已失效，请重新登录。")
}

// TestFiveWrongCodesLeadToSigningIn types wrong codes where a session needs a right one.
func TestFiveWrongCodesLeadToSigningIn(t *testing.T) {
	t.Parallel()
	x := serve(t)
	x.add("li", access.Binding{Role: access.Finance}, "")
	b := newBrowser(t, "en", x.Client())
	x.enter(b, "li")
	b.get(x.URL + "/me")
	b.expect("/me", http.StatusOK, "My account")
	b.shows("not set up")
	b.press("Set up a second factor")
	x.enrol(b, "en")
	for range 4 {
		b.get(x.URL + "/me")
		b.press("Show the code", "Code", "000000")
		b.expect("/me/code", http.StatusUnprocessableEntity, "My account")
		b.blames("code")
	}
	b.press("Show the code", "Code", "000000")
	b.expect("/login", http.StatusOK, "Sign in")
	b.shows("Too many codes were wrong. Sign in again.")
	b.get(x.URL + "/me")
	b.expect("/login", http.StatusOK, "Sign in")
	b.shows("Your session has ended. Sign in again.")
}
