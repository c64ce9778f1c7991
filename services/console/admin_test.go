package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/taizhang/taizhang/services/access"
)

// administrator adds an administrator with a second factor, who is signed in.
func (x *office) administrator(name string, role access.Role) (b *browser, key string) {
	x.Helper()
	x.add(name, access.Binding{Role: role}, "")
	b = newBrowser(x.TB, "zh", x.Client())
	x.enter(b, name)
	b.get(x.URL + "/me")
	b.press(pressBegin.zh)
	codes := x.enrol(b, "zh")
	b.follow(followSaved.zh)
	return b, codes[len(codes)-1]
}

// again sends a form of the page with values as the browser would, and returns the status.
func (b *browser) again(path string, values url.Values) int {
	b.Helper()
	b.send(http.MethodPost, b.page.resolve(b.TB, path), values.Encode(),
		[]string{"Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin"})
	return b.page.StatusCode
}

// TestAdministratorsHandleAccounts adds an account, gives it a role and a password, and disables it. A form whose
// code is too old asks for one and goes on with all that was typed; a form sent twice does its act once.
func TestAdministratorsHandleAccounts(t *testing.T) {
	t.Parallel()
	x := serve(t)
	sys, key := x.administrator("sun", access.SysAdmin)
	sec, _ := x.administrator("qian", access.SecAdmin)

	x.clock.move(11 * time.Minute)
	sys.get(x.URL + "/admin/accounts")
	sys.press("建立", "账号名", "li.si")
	sys.expect("/admin/accounts", http.StatusForbidden, headCode.zh)
	sys.press("继续", labelCode.zh, "000000")
	sys.expect("/admin/accounts", http.StatusUnprocessableEntity, headCode.zh)
	sys.press("继续", labelCode.zh, x.code(key, 0))
	sys.expect("/admin/accounts/li.si", http.StatusOK, "账号")
	sys.shows("已办理。", "（未绑定）")
	sys.again("/admin/accounts", url.Values{"account": {"li.si"}})
	if sys.page.Request.URL.Path != "/admin/accounts/li.si" {
		t.Errorf("sent again, the form leads to %s", sys.page.Request.URL)
	}
	sys.isExotic = true
	if sys.again("/admin/accounts", url.Values{"account": {"LI SI"}}) != http.StatusUnprocessableEntity {
		t.Errorf("a wrong name is answered with %d", sys.page.StatusCode)
	}
	sys.blames("account")

	x.clock.move(-11 * time.Minute) // the code of the other one is fresh
	sec.get(x.URL + "/admin/rights")
	sec.shows("待分配")
	sec.follow("li.si")
	bind := url.Values{"act": {"bind"}, "role": {"center"}, "center": {"<b>"}}
	if sec.again("/admin/accounts/li.si", bind) != http.StatusUnprocessableEntity {
		t.Errorf("a wrong center is answered with %d", sec.page.StatusCode)
	}
	if sec.page.value("中心编号只用于省转化中心的账号") != "" || !strings.Contains(sec.page.body, `value="&lt;b&gt;"`) {
		t.Errorf("what was typed is lost: %s", sec.page.body)
	}
	bind.Set("center", "zj-0001")
	for range 2 {
		sec.again("/admin/accounts/li.si", bind)
		sec.expect("/admin/accounts/li.si", http.StatusOK, "账号")
		sec.shows("已办理。", "ZJ-0001")
	}
	made := url.Values{"make": {"1"}, "count": {"0"}, "name": {"报送程序"}, "days": {"30"}}
	first := sec.secretOf("/admin/accounts/li.si", made)
	second := sec.secretOf("/admin/accounts/li.si", made) // a double click
	for secret, want := range map[string]bool{first: false, second: true} {
		if _, err := x.access.Authenticate(secret, "127.0.0.1", "me"); (err == nil) != want {
			t.Errorf("of the two tokens: %v", err)
		}
	}
	if sec.again("/admin/accounts/li.si", url.Values{"act": {"disable"}}) != http.StatusUnprocessableEntity {
		t.Errorf("the administrator of rights disables an account: %d", sec.page.StatusCode)
	}
	own := url.Values{"act": {"bind"}, "role": {"sysadmin"}}
	if sec.again("/admin/accounts/qian", own) != http.StatusUnprocessableEntity {
		t.Errorf("an administrator gives himself rights: %d", sec.page.StatusCode)
	}

	for range 2 {
		sys.again("/admin/accounts/li.si", url.Values{"act": {"disable"}})
		sys.expect("/admin/accounts/li.si", http.StatusOK, "账号")
		sys.shows("已停用")
	}
	if _, err := x.access.Authenticate(second, "127.0.0.1", "me"); err == nil {
		t.Error("a disabled account still has a token")
	}
	sys.press("重新启用账号")
	sys.shows("在用")
}

// secretOf sends a form whose answer shows a secret.
func (b *browser) secretOf(path string, values url.Values) (secret string) {
	b.Helper()
	b.again(path, values)
	for code := range b.page.all("code") {
		if attr(code, "class") == "key" {
			secret = says(code)
		}
	}
	if secret == "" || b.page.StatusCode != http.StatusOK {
		b.Fatalf("no secret is shown: %d %s", b.page.StatusCode, b.page.body)
	}
	return secret
}

// TestATemporaryPasswordIsShownOnce sets a password of an account that has none, and signs in with it.
func TestATemporaryPasswordIsShownOnce(t *testing.T) {
	t.Parallel()
	x := serve(t)
	sys, _ := x.administrator("sun", access.SysAdmin)
	x.add("li", access.Binding{Role: access.Finance}, given)
	sys.get(x.URL + "/admin/accounts/li")
	password := sys.secretOf("/admin/accounts/li", url.Values{"act": {"password"}})
	sys.follow("已记下，继续")
	if strings.Contains(sys.page.body, password) {
		t.Error("the password is shown twice")
	}
	b := newBrowser(t, "zh", x.Client())
	b.get(x.URL + "/login")
	b.signIn("zh", "li", password)
	b.expect("/me", http.StatusOK, headPassword.zh)
}

// TestTheAccessLogIsForItsReaders checks who reads what of the access log, and that wrong conditions are named.
func TestTheAccessLogIsForItsReaders(t *testing.T) {
	t.Parallel()
	x := serve(t)
	log, _ := x.administrator("zhou", access.LogAdmin)
	for name, role := range map[string]access.Role{"wu": access.Auditor, "zheng": access.Finance} {
		x.add(name, access.Binding{Role: role}, "")
	}
	log.get(x.URL + "/admin/access-log?kind=act")
	log.expect("/admin/access-log", http.StatusOK, "访问日志")
	log.shows("新增账号", "启用动态验证码")
	log.get(x.URL + "/admin/access-log?from=2026-13-40")
	log.expect("/admin/access-log", http.StatusBadRequest, "访问日志")
	if !strings.Contains(log.page.body, `aria-describedby="f-from-wrong"`) {
		t.Error("the wrong date is not named")
	}
	log.get(x.URL + "/admin/access-log?page=99")
	log.expect("/admin/access-log", http.StatusNotFound, "没有这个页面")

	b := newBrowser(t, "zh", x.Client())
	x.enter(b, "wu")
	b.get(x.URL + "/execution")
	b.get(x.URL + "/admin/access-log")
	b.expect("/admin/access-log", http.StatusOK, "访问日志")
	b.shows("查询列表")
	if strings.Contains(b.page.body, "新增账号") {
		t.Error("an auditor sees more than who read the ledger")
	}
	x.enter(b, "zheng")
	for _, path := range []string{"/admin/access-log", "/admin/accounts", "/admin/accounts/sun", "/admin/rights"} {
		b.get(x.URL + path)
		b.expect(path, http.StatusNotFound, "没有这个页面")
	}
}

// TestTheFirstPageIsChosen chooses a first page, and one that the role does not have.
func TestTheFirstPageIsChosen(t *testing.T) {
	t.Parallel()
	x := serve(t)
	x.add("li", access.Binding{Role: access.Finance}, "")
	b := newBrowser(t, "zh", x.Client())
	x.enter(b, "li")
	b.get(x.URL + "/me")
	if b.again("/me/home", url.Values{"path": {"/admin/accounts"}}) != http.StatusNotFound {
		t.Errorf("a page of others is chosen: %d", b.page.StatusCode)
	}
	b.again("/me/home", url.Values{"path": {"/alerts"}})
	b.expect("/me", http.StatusOK, headMe.zh)
	b.get(x.URL + "/")
	b.expect("/alerts", http.StatusOK, "预警")
}

// TestOwnTokens makes a token twice with one form, shows hostile names as text, and revokes.
func TestOwnTokens(t *testing.T) {
	t.Parallel()
	x := serve(t)
	x.add("li", access.Binding{Role: access.Finance}, "")
	b := newBrowser(t, "zh", x.Client())
	x.enter(b, "li")
	b.get(x.URL + "/me/tokens")
	b.shows("还没有令牌。")
	values := url.Values{"make": {"1"}, "count": {"0"}, "name": {`<script>alert(1)</script>`}}
	first, second := b.secretOf("/me/tokens", values), b.secretOf("/me/tokens", values)
	b.follow("已记下，继续")
	b.shows("<script>alert(1)</script>")
	if strings.Contains(b.page.body, "<script>") || strings.Contains(b.page.body, second) {
		t.Error(b.page.body)
	}
	if _, err := x.access.Authenticate(first, "127.0.0.1", "me"); err == nil {
		t.Error("a token that nobody has seen is valid")
	}
	who, err := x.access.Authenticate(second, "127.0.0.1", "me")
	if err != nil {
		t.Fatal(err)
	}
	values.Set("days", "1000")
	if b.again("/me/tokens", values) != http.StatusUnprocessableEntity {
		t.Errorf("1000 days are answered with %d", b.page.StatusCode)
	}
	for range 2 {
		b.again("/me/tokens", url.Values{"revoke": {who.TokenID}})
		b.expect("/me/tokens", http.StatusOK, "我的令牌")
	}
	if _, err := x.access.Authenticate(second, "127.0.0.1", "me"); err == nil {
		t.Error("a revoked token is valid")
	}
}
