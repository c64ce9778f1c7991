package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/nats-io/nkeys"

	"github.com/taizhang/taizhang/services/access"
)

// TestIdentitiesFactorsAndProgramsAreAdministered links an identity to an account and unlinks it, resets the second
// factor of an account, and lets a program read the alerts. A form that adds something and is sent twice does its act
// once; an administrator without the right is refused.
func TestIdentitiesFactorsAndProgramsAreAdministered(t *testing.T) {
	t.Parallel()
	x := serve(t)
	x.access.Demo = true // administrators need no second factor
	browsers := map[string]*browser{}
	for name, role := range map[string]access.Role{"sun": access.SysAdmin, "qian": access.SecAdmin,
		"li": access.Finance} {
		x.add(name, access.Binding{Role: role}, "")
		b := newBrowser(t, "zh", x.Client())
		b.isExotic = true
		x.enter(b, name)
		b.get(x.URL + "/me")
		browsers[name] = b
	}
	sun, qian, li := browsers["sun"], browsers["qian"], browsers["li"]
	identity := access.Identity{Issuer: issuer, Subject: "li.si"}
	signsIn := func() bool {
		_, err := x.access.SignInAs(t.Context(), identity, "", "127.0.0.1")
		return err == nil
	}
	for _, act := range []string{"link", "unlink"} {
		form := url.Values{"act": {act}, "issuer": {identity.Issuer}, "subject": {identity.Subject}}
		if qian.again("/admin/accounts/li", form) != http.StatusUnprocessableEntity || signsIn() != (act == "unlink") {
			t.Errorf("the administrator of rights may %s an identity", act)
		}
		for range map[string]int{"link": 2, "unlink": 1}[act] {
			sun.again("/admin/accounts/li", form)
			sun.expect("/admin/accounts/li", http.StatusOK, "账号")
			if strings.Contains(says(sun.page.doc), identity.Subject) != (act == "link") || signsIn() != (act == "link") {
				t.Errorf("after %s the page says: %s", act, says(sun.page.doc))
			}
		}
	}

	x.enter(li, "li") // unlinking ended the sessions of the account
	li.get(x.URL + "/me")
	li.press("启用动态验证码")
	x.enrol(li, "zh")
	qian.get(x.URL + "/admin/accounts/li")
	if !strings.Contains(qian.page.body, `value="reset-factor"`) {
		t.Errorf("no factor can be reset: %s", says(qian.page.doc))
	}
	reset := url.Values{"act": {"reset-factor"}}
	if sun.again("/admin/accounts/li", reset) != http.StatusUnprocessableEntity {
		t.Errorf("the administrator of accounts resets a factor: %d", sun.page.StatusCode)
	}
	qian.again("/admin/accounts/li", reset)
	qian.expect("/admin/accounts/li", http.StatusOK, "账号")
	if strings.Contains(qian.page.body, `value="reset-factor"`) {
		t.Errorf("the factor is still there: %s", says(qian.page.doc))
	}

	pair, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	public, err := pair.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	program := url.Values{"name": {"duban"}, "key": {public}, "severity-red": {"1"}, "families": {"exe、use"}}
	for range 2 {
		qian.again("/admin/rights", program)
		qian.expect("/admin/rights", http.StatusOK, "权限")
		qian.shows("duban", "EXE", "USE")
	}
	program.Set("key", "no key")
	if qian.again("/admin/rights", program) != http.StatusUnprocessableEntity {
		t.Errorf("a wrong key is answered with %d", qian.page.StatusCode)
	}
	qian.again("/admin/rights", url.Values{"revokeProgram": {"duban"}})
	qian.expect("/admin/rights", http.StatusOK, "权限")
	if strings.Contains(qian.page.body, `value="duban"`) {
		t.Error("the program may still read the alerts")
	}
}
