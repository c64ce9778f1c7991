//go:build e2e

package console_test

import (
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/taizhang/taizhang/services/access"
)

// These are the passwords that are typed.
const (
	typedGiven  = "given by number 1"
	typedChosen = "correct horse 2 battery"
)

// TestInARealBrowser signs in with Chromium, in which no page may run JavaScript.
func TestInARealBrowser(t *testing.T) {
	launch := startBrowsers(t)
	for _, lang := range []string{"zh", "en"} {
		t.Run("by keyboard alone, "+lang, func(t *testing.T) {
			x := serve(t)
			byKeyboard(t, x, launch(t, lang), lang)
		})
	}
	t.Run("over TLS", func(t *testing.T) {
		x := open(t, &clock{at: start}, nil)
		x.StartTLS()
		overTLS(t, x, launch(t, "zh"))
	})
	t.Run("another site", func(t *testing.T) {
		x := serve(t)
		anotherSite(t, x, launch(t, "zh"))
	})
}

// byKeyboard goes from a ledger without accounts to a second factor and out, with the keyboard alone. It checks
// each page at the width of a desktop and of a phone.
func byKeyboard(t *testing.T, x *office, d *driver, lang string) {
	see := func(heading said) {
		t.Helper()
		d.waitFor("h1", heading.in(lang))
		for _, pixels := range []int{390, 1280} {
			d.width(pixels)
			if d.overflows() {
				t.Errorf("%s is wider than %d pixels", heading.in(lang), pixels)
			}
			d.picture(fmt.Sprintf("%s-%s-%d", lang, strings.ReplaceAll(heading.en, " ", "-"), pixels))
		}
	}
	d.open(x.URL)
	see(headFirst)
	x.add("sun", access.Binding{Role: access.SecAdmin}, typedGiven)
	d.tabTo(said{"已建立，去登录", "It is done: sign in"}.in(lang))
	d.press(enter)
	see(headLogin)
	d.press("sun" + tab + "not the password" + enter)
	d.waitFor("[role=alert]", said{"账号或密码不正确。", "The name or the password is not right."}.in(lang))
	see(headLogin)
	d.press(typedGiven + enter) // the name is there, and the password has the focus
	see(headPassword)
	d.press(typedGiven + tab + "short" + tab + "short" + enter)
	d.waitFor("[role=alert] ~ #new:focus", "")
	see(headPassword)
	d.tabTo("current")
	d.press(typedGiven + tab + typedChosen + tab + typedChosen + enter)
	see(headFactor)
	d.tabTo(pressBegin.in(lang))
	d.press(space)
	d.waitFor("label", labelCode.in(lang))
	see(headFactor)
	key := strings.ReplaceAll(d.text(".key"), " ", "")
	d.press(x.code(key, 0) + enter)
	see(headRecovery)
	d.tabTo(followSaved.in(lang))
	d.press(enter)
	see(headMe)
	cookies := d.cookies()
	if c := cookies["tz"]; !c.HTTPOnly || c.Secure || c.SameSite != "Lax" || c.Path != "/" || c.Expiry != 0 ||
		strings.HasPrefix(c.Domain, ".") {
		t.Errorf("the cookie of the session is %+v of %v", c, cookies)
	}
	if c := cookies["tz-device"]; !c.HTTPOnly || c.SameSite != "Lax" || c.Expiry == 0 {
		t.Errorf("the cookie of the browser is %+v of %v", c, cookies)
	}
	d.tabTo(pressSignOut.in(lang))
	d.press(enter)
	see(headLogin)
	if c := d.cookies(); c["tz"].Value != "" {
		t.Errorf("after signing out the browser has %v", c)
	}
	d.press("sun" + tab + typedChosen + enter)
	see(headCode)
	d.press(x.code(key, 1) + enter)
	d.waitFor("h1", said{"权限", "Rights"}.in(lang)) // her first page
}

// signIn signs in by the fields.
func (d *driver) signIn(x *office, name, password string) {
	d.Helper()
	d.open(x.URL + "/login")
	d.waitFor("h1", "登录")
	d.press(name + tab + password + enter)
}

// overTLS checks that the browser gets cookies for this host alone.
func overTLS(t *testing.T, x *office, d *driver) {
	x.add("li", access.Binding{Role: access.Finance}, typedGiven)
	d.signIn(x, "li", typedGiven)
	d.waitFor("h1", "更换密码")
	d.press(typedGiven + tab + typedChosen + tab + typedChosen + enter)
	d.waitFor("h1", "我的账号")
	cookies := d.cookies()
	for _, name := range []string{"__Host-tz", "__Host-tz-device"} {
		if c := cookies[name]; !c.HTTPOnly || !c.Secure || c.SameSite != "Lax" || c.Path != "/" ||
			strings.HasPrefix(c.Domain, ".") {
			t.Errorf("the cookie %s is %+v of %v", name, c, cookies)
		}
	}
	if len(cookies) != 2 {
		t.Errorf("expected two cookies, got %v", cookies)
	}
}

// strange is a page of another site. Its forms go to the server, and its frame shows a page of the server.
var strange = template.Must(template.New("strange").Parse(`<!doctype html><title>strange</title><script>document.title = "script"</script>
{{$base := .}}<form method="post" action="{{.}}/logout"><button id="logout">x</button></form>
<form method="post" action="{{.}}/login"><input name="account" value="evil"><input name="password" value="evil by number 1"><button id="login">x</button></form>
<form method="post" action="{{.}}/me/password"><input name="current" value="correct horse 2 battery"><input name="new" value="evil horse 2 battery"><input name="again" value="evil horse 2 battery"><button id="password">x</button></form>
<form method="post" action="{{.}}/me/factor"><button id="factor">x</button></form>
<form method="post" enctype="text/plain" action="{{.}}/v1/session"><input name='{"account":"evil","password":"evil by number 1","code":"' value='"}'><button id="session">x</button></form>
<form method="post" enctype="text/plain" action="{{.}}/v1/me/password"><input name='{"current":"correct horse 2 battery","new":"' value='"}'><button id="mine">x</button></form>
<iframe src="{{.}}/login"></iframe><iframe src="{{.}}/me" id="frame"></iframe>
`))

// anotherSite opens pages of two other origins in the browser of a user who is signed in: one on the same host, to
// whose requests the browser adds the cookies, and one on another host.
func anotherSite(t *testing.T, x *office, d *driver) {
	x.add("li", access.Binding{Role: access.Finance}, typedGiven)
	x.add("evil", access.Binding{Role: access.Finance}, "evil by number 1")
	d.signIn(x, "li", typedGiven)
	d.waitFor("h1", "更换密码")
	d.press(typedGiven + tab + typedChosen + tab + typedChosen + enter)
	d.waitFor("h1", "我的账号")
	before := d.cookies()
	var brought sync.Map // the cookies that the browser brings to each origin of a stranger
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		brought.Store("http://"+r.Host, r.Header.Get("Cookie"))
		_ = strange.Execute(w, x.URL)
	}))
	defer other.Close()
	there, err := url.Parse(other.URL)
	if err != nil {
		t.Fatal(err)
	}
	for _, origin := range []string{other.URL, "http://localhost:" + there.Port()} {
		d.open(origin)
		if cookies, _ := brought.Load(origin); strings.Contains(cookies.(string),
			before["tz"].Value) != (origin == other.URL) {
			t.Errorf("the browser brings %q to %s", cookies, origin)
		}
		d.enter("#frame")
		if ids := d.find("main, form"); len(ids) > 0 {
			t.Errorf("a frame of %s shows a page of ours: %s", origin, d.source())
		}
		for _, button := range []string{"logout", "login", "password", "factor", "session", "mine"} {
			d.open(origin)
			var title string
			if d.must(http.MethodGet, "/title", nil, &title); title != "strange" {
				t.Fatalf("the page is %q: JavaScript runs in this browser", title)
			}
			d.click("#" + button)
			d.wait(fmt.Sprintf("an answer to the form %s of %s", button, origin),
				func() bool { return strings.HasPrefix(d.address(), x.URL) })
			if said := d.source(); !strings.Contains(said, "拒绝由其他网站发起的请求") &&
				!strings.Contains(said, "another site") {
				t.Errorf("the form %s of %s is answered with %s", button, origin, said)
			}
		}
		d.open(x.URL + "/me")
		d.waitFor("h1", "我的账号")
		if now := d.cookies(); now["tz"] != before["tz"] || len(now) != len(before) {
			t.Errorf("%s changed the cookies %v to %v", origin, before, now)
		}
	}
	d.tabTo("退出登录")
	d.press(enter)
	d.waitFor(".notice", "已退出登录。")
	d.signIn(x, "li", typedChosen)
	d.waitFor("h1", "概览")
}
