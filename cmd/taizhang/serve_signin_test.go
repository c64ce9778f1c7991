package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/demo"
)

func TestSettingsOfSigningInThatCannotBeMeantAreNamed(t *testing.T) {
	sso := "--public-url https://ledger.example.cn --oidc-issuer https://id.example.cn --oidc-client taizhang"
	for args, says := range map[string][2]string{
		"--session-idle 4": {
			"--session-idle: must be 5 to 60 minutes", "--session-idle：应为 5 至 60 分钟"},
		"--session-idle 61": {
			"--session-idle: must be 5 to 60 minutes", "--session-idle：应为 5 至 60 分钟"},
		"--session-idle soon": {
			`--session-idle: the value "soon" is not valid`, `--session-idle 的值 "soon" 不对`},
		"--password-days -1": {
			"--password-days: must be 0 to 3650 days", "--password-days：应为 0 至 3650 天"},
		"--proxy 10.0.0.0/8 --proxy ten": {
			"--proxy: expected an address or a network", "--proxy：应为地址或网段"},
		"--proxy 0.0.0.0/0": {
			"--proxy: expected an address or a network", "--proxy：应为地址或网段"},
		"--proxy ::ffff:10.0.0.1": {
			"--proxy: expected an address or a network", "--proxy：应为地址或网段"},
		"--public-url ledger.example.cn": {
			"--public-url: expected https://HOST", "--public-url：应写作 https://主机名"},
		"--public-url http://ledger.example.cn": {
			"--public-url: is not this machine, so it must be https://", "--public-url：不在本机，须用 https://"},
		"--public-url https://ledger.example.cn/ledger": {
			"--public-url: must have a host and perhaps a port, and no path",
			"--public-url：应只有主机名和端口，不带路径"},
		"--public-url https://u:hunter2@a.example.cn": {
			"--public-url: must have no user, no ? and no #", "--public-url：不能带账号、? 或 #"},
		"--oidc-client taizhang": {
			"go with --oidc-issuer", "须与 --oidc-issuer 一起给出"},
		"--oidc-issuer https://id.example.cn": {
			"--oidc-issuer needs --oidc-client", "--oidc-issuer 须有 --oidc-client"},
		"--oidc-issuer https://id.example.cn --oidc-client x": {
			"--oidc-issuer needs --public-url", "--oidc-issuer 须有 --public-url"},
		"--public-url https://a.example.cn --oidc-client x --oidc-issuer http://id.example.cn": {
			"--oidc-issuer: is not this machine, so it must be https://", "--oidc-issuer：不在本机，须用 https://"},
		"--public-url https://a.example.cn --oidc-client x --oidc-issuer https://u:hunter2@a.b/c": {
			"--oidc-issuer: must have no user", "--oidc-issuer：不能带账号"},
		sso + " --oidc-audience taizhang": {
			"--oidc-audience: must not be the client", "--oidc-audience：不能与客户端名称相同"},
	} {
		for i, lang := range []string{"en", "zh"} {
			_, errOut, code := taizhang(t,
				append([]string{"serve", "--check-config", "--lang", lang}, strings.Fields(args)...)...)
			if code != 2 || !strings.Contains(errOut, says[i]) || strings.Contains(errOut, "hunter2") {
				t.Errorf("%s: exit %d: %s", args, code, errOut)
			}
		}
	}
}

func TestSettingsOfSigningInAreShownWithoutASecret(t *testing.T) {
	dir := t.TempDir()
	secret, config := filepath.Join(dir, "secret"), filepath.Join(dir, "taizhang.conf")
	write := func(file, content string, mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(file, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
	}
	write(config, "session-idle = 15\nproxy = 10.0.0.5\nproxy = fd00::/8\noidc-client = taizhang\n", 0o600)
	env := map[string]string{"TAIZHANG_PUBLIC_URL": "https://ledger.example.cn",
		"TAIZHANG_OIDC_ISSUER": "https://id.example.cn", "TAIZHANG_OIDC_SECRET_FILE": secret}
	check := func(args ...string) (string, string, int) {
		t.Helper()
		return taizhangIn(t, env, append([]string{"serve", "--check-config", "--config", config, "--lang", "en"},
			args...)...)
	}
	write(secret, "hunter2-of-the-client\n", 0o600)
	out, errOut, code := check("--password-days", "90")
	for _, line := range []string{"session-idle = 15  # " + config + ":1", "password-days = 90  # flag",
		"proxy = 10.0.0.5, fd00::/8  # " + config + ":3",
		"public-url = https://ledger.example.cn  # TAIZHANG_PUBLIC_URL", "oidc-client = taizhang  # " + config + ":4",
		"oidc-secret-file = " + secret + "  # TAIZHANG_OIDC_SECRET_FILE",
		"oidc-audience =   # default"} {
		if !strings.Contains(out, line+"\n") {
			t.Errorf("expected %q, exit %d, got\n%s%s", line, code, out, errOut)
		}
	}
	if strings.Contains(out+errOut, "hunter2") {
		t.Errorf("a secret is shown: %s%s", out, errOut)
	}
	env["TAIZHANG_PROXY"] = "10.0.0.5, 10.1.0.0/16"
	if out, errOut, _ := check(); !strings.Contains(out, "proxy = 10.0.0.5, 10.1.0.0/16  # TAIZHANG_PROXY\n") {
		t.Errorf("got %s%s", out, errOut)
	}
	delete(env, "TAIZHANG_PROXY")
	for says, spoil := range map[string]func(){
		"others may read it (mode 0640)": func() { write(secret, "hunter2-of-the-client\n", 0o640) },
		"has more than one line":         func() { write(secret, "hunter2\nof the client\n", 0o600) },
		"is empty":                       func() { write(secret, "\n", 0o600) },
		"there is no file " + secret:     func() { _ = os.Remove(secret) },
	} {
		spoil()
		if _, errOut, code := check(); code != 1 || !strings.Contains(errOut, says) ||
			strings.Contains(errOut, "hunter2") {
			t.Errorf("expected %q, exit %d: %s", says, code, errOut)
		}
		_ = os.Remove(secret)
	}
	write(secret, "hunter2-of-the-client\n", 0o600)
	if _, errOut, code := check("--oidc-ca", secret); code == 0 || !strings.Contains(errOut, "--oidc-ca: ") ||
		strings.Contains(errOut, "hunter2") {
		t.Errorf("exit %d: %s", code, errOut)
	}
	write(config, "oidc-secret = hunter2\n", 0o600)
	if _, errOut, code := check(); code == 0 || !strings.Contains(errOut, `there is no setting "oidc-secret"`) {
		t.Errorf("exit %d: %s", code, errOut)
	}
}

func TestWhoCouldActAndWhoCanSignIn(t *testing.T) {
	linked := []access.Identity{{Issuer: "https://id.example.cn", Subject: "9f2c1e"}}
	sec, sys := access.Binding{Role: access.SecAdmin}, access.Binding{Role: access.SysAdmin}
	for name, c := range map[string]struct {
		account                      access.Account
		acts, signsIn, signsInByOIDC bool // by OIDC, he acts too
	}{
		"one without anything": {access.Account{Binding: sec}, false, false, false},
		"one with a password":  {access.Account{Binding: sec, Password: true}, true, true, true},
		"one with a token":     {access.Account{Binding: sys, Tokens: 1}, true, false, false},
		"one who is linked":    {access.Account{Binding: sys, Identities: linked}, false, false, true},
		"one who is disabled": {
			access.Account{Binding: sys, Password: true, Tokens: 1, Identities: linked, Disabled: true}, false,
			false, false},
		"a log administrator": {
			access.Account{Binding: access.Binding{Role: access.LogAdmin}, Password: true}, false, true, true},
		"an office": {
			access.Account{Binding: access.Binding{Role: access.Finance}, Password: true}, false, true, true},
		"an account bound to nothing": {access.Account{Password: true}, false, true, true},
		"an office with a token, linked": {
			access.Account{Binding: access.Binding{Role: access.Finance}, Tokens: 1, Identities: linked}, false,
			false, true},
	} {
		o := &serveOptions{listen: "0.0.0.0:8080"}
		if err := o.mayBeReached(access.Accounts{c.account}); (err == nil) != c.acts {
			t.Errorf("%s: got %v", name, err)
		}
		if got := o.canSignIn(&c.account); got != c.signsIn {
			t.Errorf("%s: can sign in: %v", name, got)
		}
		o.oidcIssuer = linked[0].Issuer
		if got := o.canSignIn(&c.account); got != c.signsInByOIDC {
			t.Errorf("%s: can sign in with an issuer: %v", name, got)
		}
		o.listen = "127.0.0.1:8080"
		if err := o.mayBeReached(access.Accounts{c.account}); err != nil {
			t.Errorf("%s, on loopback: %v", name, err)
		}
	}
}

func TestAfterARestoreTheAccountsWithoutAPasswordAreNamed(t *testing.T) {
	restored := access.Accounts{
		{Account: "li", Binding: access.Binding{Role: access.SysAdmin}},
		{Account: "mo", Binding: access.Binding{Role: access.LogAdmin}},
		{Account: "fu", Binding: access.Binding{Role: access.Finance}},
		{Account: "wu", Binding: access.Binding{Role: access.SecAdmin}},
		{Account: "xu", Binding: access.Binding{Role: access.SecAdmin}, Disabled: true},
	}
	var out bytes.Buffer
	a := newApp(nil, &out, &out, func(string) string { return "" })
	a.dir, a.dirGiven, a.invoked = "led ger", true, "taizhang"
	o := &serveOptions{listen: "0.0.0.0:8080"}
	err := o.mayBeReached(restored)
	if err == nil || !strings.Contains(err.Error(),
		"the administrators li, wu have no password and no valid token, as after a restore") {
		t.Errorf("got %v", err)
	}
	if err := a.sayFirst(o, restored); err != nil ||
		!strings.Contains(out.String(), "the administrators li, wu have no password") ||
		!strings.HasSuffix(out.String(), "taizhang account password NAME --data 'led ger'\n") ||
		strings.Contains(out.String(), "account add") {
		t.Errorf("%v, got %s", err, &out)
	}
	out.Reset()
	if err := a.sayFirst(o, restored[1:3]); err != nil || !strings.Contains(out.String(), "account add NAME") {
		t.Errorf("%v, got %s", err, &out)
	}
}

func TestEachPasswordOfADemoIsItsOwnAndTheTableIsNarrow(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		p := demoPassword()
		if !regexp.MustCompile(`^[2-9a-z]{4}(-[2-9a-z]{4}){3}$`).MatchString(p) ||
			strings.ContainsAny(p, "ilo") || seen[p] {
			t.Fatalf("got %q", p)
		}
		seen[p] = true
	}
	var out bytes.Buffer
	a := newApp(nil, &out, &out, func(string) string { return "" })
	a.tellDemoAccounts("http://127.0.0.1:8080",
		[]demoAccount{{Account: demo.Account{Name: "secadmin", Binding: access.Binding{Role: access.IndustryDept},
			Scope: text.Say("政策、账号绑定", "policies, what accounts are bound to")}, password: demoPassword(),
			token: "tz_" + strings.Repeat("x", 49)}})
	for line := range strings.Lines(out.String()) {
		if len(line) > 90 {
			t.Errorf("%d columns: %s", len(line), line)
		}
	}
}
