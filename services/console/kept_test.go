package console_test

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/taizhang/taizhang/services/access"
)

// leave sends the form of a voucher half an hour after the last use of its session. It returns what was sent.
func leave(x *office, b *browser) (sent url.Values) {
	b.Helper()
	b.get(x.URL + "/record/funds.spent?lang=zh")
	sent = formValues(b)
	maps.Copy(sent, voucherValues)
	sent.Set("do", "write")
	address := b.page.Request.URL.String()
	x.clock.move(31 * time.Minute)
	sendValues(b, address, sent)
	b.expect("/login", http.StatusOK, "登录")
	b.shows("刚才填写的内容没有写入")
	return sent
}

func TestAFormOutlivesItsSession(t *testing.T) {
	x, center, _ := formOffice(t)
	if _, err := x.owner.SetPassword(t.Context(), "zhongxin", access.NewPassword{Password: given}); err != nil {
		t.Fatal(err)
	}
	x.enter(center, "zhongxin") // the new password ended the session
	before := x.desk.Position()
	sent := leave(x, center)
	center.signIn("zh", "zhongxin", given)
	center.change("zh", given, chosen, chosen)
	center.expect("/record/funds.spent", http.StatusOK, "经费支出")
	center.shows("这是登录失效前填写的内容，没有写入")
	again := formValues(center)
	for name := range sent {
		if want := sent.Get(name); name != "do" && name != "use" && again.Get(name) != want {
			t.Errorf("%s became %q from %q", name, again.Get(name), want)
		}
	}
	if x.desk.Position() != before {
		t.Error("it was written without a press of the button")
	}
	if sendForm(center, "write", nil); len(center.passed) != 1 || x.desk.Position() != before+1 {
		t.Errorf("it cannot be sent again: %s", says(center.page.doc))
	}
	sendValues(center, x.URL+"/record/funds.spent", sent) // the browser sends the first form once more
	if len(center.passed) != 1 || !strings.Contains(center.passed[0], "notice=repeated") ||
		x.desk.Position() != before+1 {
		t.Errorf("it was written twice: %v", center.passed)
	}
}

func TestAKeptFormIsForItsAccountAlone(t *testing.T) {
	x, center, _ := formOffice(t)
	x.add("other", access.Binding{Role: access.Center, Center: "ZJ-0001"}, "")
	leave(x, center)
	back := center.page.Request.URL.Query().Get("next")
	if !strings.HasPrefix(back, "/record/funds.spent?kept=") {
		t.Fatalf("signing in leads to %s", back)
	}
	x.enter(center, "other")
	center.get(x.URL + back)
	center.shows("没有保留")
	if v := formValues(center); v.Get("payee") != "" {
		t.Errorf("another account sees %v", v)
	}
	x.enter(center, "zhongxin")
	center.get(x.URL + back)
	center.shows("没有保留")

	leave(x, center)
	back = center.page.Request.URL.Query().Get("next")
	x.clock.move(61 * time.Minute)
	x.enter(center, "zhongxin")
	center.get(x.URL + back)
	center.shows("没有保留")
}

func TestAFormOfAnotherAccountWritesNothing(t *testing.T) {
	x, center, _ := formOffice(t)
	x.add("other", access.Binding{Role: access.Center, Center: "ZJ-0001"}, "")
	center.get(x.URL + "/record/funds.spent")
	before := x.desk.Position()
	x.enter(center, "other") // in another tab
	if sendForm(center, "write", voucherValues); center.page.StatusCode != http.StatusConflict ||
		x.desk.Position() != before {
		t.Errorf("it is answered with %d: %s", center.page.StatusCode, says(center.page.doc))
	}
	center.shows("另一账号")
}

// TestKeptFormsAreFew sends forms without a session from one address: the latest stay.
func TestKeptFormsAreFew(t *testing.T) {
	x, center, _ := formOffice(t)
	stranger := newBrowser(t, "zh", x.Client())
	var backs []string
	for i := range 33 {
		form := url.Values{"holder": {"zhongxin"}, "payee": {strings.Repeat("甲", i+1)}, "seen": {"1"},
			"record": {"00000000-0000-4000-8000-0000000000" + string(rune('a'+i%6)) + string(rune('a'+i/6))}}
		sendValues(stranger, x.URL+"/record/funds.spent", form)
		backs = append(backs, stranger.page.Request.URL.Query().Get("next"))
	}
	for _, i := range []int{0, 1, 32} {
		center.get(x.URL + backs[i])
		if got := formValues(center).Get("payee"); (got != "") != (i > 0) {
			t.Errorf("form %d has %q", i, got)
		}
	}
	sendValues(stranger, x.URL+"/record/funds.spent", url.Values{"holder": {"zhongxin"}, "note": {
		strings.Repeat("x", 1<<20)}})
	if stranger.expect("/login", http.StatusOK, "登录"); strings.Contains(stranger.page.Request.URL.RawQuery, "kept") {
		t.Error("a form of a megabyte is kept")
	}
	stranger.shows("刚才提交的内容没有保存")
}

// outlive sends a form half an hour after the last use of the session of an account, which signs in again.
func (b *browser) outlive(x *office, account, address string, form url.Values) {
	b.Helper()
	form.Set("holder", account)
	x.clock.move(31 * time.Minute)
	sendValues(b, address, form)
	b.expect("/login", http.StatusOK, "登录")
	x.enter(b, account)
	b.get(x.URL + b.page.Request.URL.Query().Get("next"))
	b.shows("这是登录失效前填写的内容")
}
