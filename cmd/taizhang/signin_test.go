package main

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/oidc/oidctest"
)

// browser is a client that keeps cookies.
type browser struct {
	*http.Client
	t   testing.TB
	url string
}

func newBrowser(t testing.TB, url string) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{&http.Client{Jar: jar, Timeout: serveWait, Transport: &http.Transport{DisableKeepAlives: true}}, t,
		url}
}

// get returns the status and the body of an answer.
func (b *browser) get(path string) (int, string) {
	b.t.Helper()
	return get(b.t, b.Client, b.url+path)
}

// post sends members as a JSON object, and returns the status and the body of the answer.
func (b *browser) post(path string, members map[string]string) (int, string, error) {
	body, err := json.Marshal(members)
	if err != nil {
		return 0, "", err
	}
	answer, err := b.Post(b.url+path, "application/json", strings.NewReader(string(body)))
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(content), err
}

// mustPost does the same as post, and fails unless the status is the expected one.
func (b *browser) mustPost(status int, path string, members map[string]string) string {
	b.t.Helper()
	got, body, err := b.post(path, members)
	if err != nil || got != status {
		b.t.Fatalf("%s: got %d, expected %d: %s, %v", path, got, status, body, err)
	}
	return body
}

// signIn signs in, and returns the body of the answer.
func (b *browser) signIn(status int, account, password, code string) string {
	b.t.Helper()
	members := map[string]string{"account": account, "password": password}
	if code != "" {
		members["code"] = code
	}
	return b.mustPost(status, "/v1/session", members)
}

// passwordFile returns a file with a password that only its owner may read.
func passwordFile(t testing.TB, password string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte(password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// totp returns the code of a second factor at an instant (RFC 6238).
func totp(t testing.TB, secret string, at time.Time) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, at.Unix()/30)
	sum := mac.Sum(nil)
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[sum[19]&15:])&0x7fffffff%1000000)
}

func TestTheFirstAdministratorSignsInBesideTheServerThatNamesTheCommands(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := startServe(t, dir)
	eventually(t, "the commands that make the first administrators", func() bool {
		return strings.Contains(p.more.String(), "nobody can sign in yet") &&
			strings.Contains(p.more.String(), "account add NAME --role sysadmin --data "+dir+"\n") &&
			strings.Contains(p.more.String(), "account password NAME --data "+dir+"\n")
	})
	b := newBrowser(t, p.url)
	b.signIn(http.StatusUnauthorized, "admin", "admin", "")
	first, own := "vivid-copper-lantern", "quiet-orchard-ladder"
	mustRun(t, "--data", dir, "account", "add", "li", "--role", "sysadmin")
	b.signIn(http.StatusUnauthorized, "li", "", "")
	out := mustRun(t, "--data", dir, "--lang", "en", "account", "password", "li", "--password-file",
		passwordFile(t, first))
	if !strings.Contains(out, "li must change it when it first signs in") ||
		!strings.Contains(out, "also enrols a second factor") || strings.Contains(out, first) {
		t.Errorf("got %s", out)
	}
	if body := b.signIn(http.StatusOK, "li", first, ""); !strings.Contains(body, `"needs":["password","factor"]`) {
		t.Errorf("got %s", body)
	}
	if status, body := b.get("/v1/accounts"); status != http.StatusForbidden || !strings.Contains(body, "more-proof") {
		t.Errorf("before the password is changed: got %d %s", status, body)
	}
	b.mustPost(http.StatusOK, "/v1/me/password", map[string]string{"current": first, "new": own})
	var factor access.NewFactor
	if err := json.Unmarshal([]byte(b.mustPost(http.StatusOK, "/v1/me/factor", nil)), &factor); err != nil {
		t.Fatal(err)
	}
	b.mustPost(http.StatusOK, "/v1/me/factor/confirm", map[string]string{"code": totp(t, factor.Secret, time.Now())})
	if status, body := b.get("/v1/accounts"); status != http.StatusOK || !strings.Contains(body, `"li"`) {
		t.Errorf("got %d %s", status, body)
	}
	for _, page := range []string{"/", "/me"} {
		if status, body := b.get(page); status != http.StatusOK || !strings.Contains(body, "li") {
			t.Errorf("%s: got %d %s", page, status, body)
		}
	}
	if code := p.end(syscall.SIGTERM); code != 0 {
		t.Fatalf("exit %d: %s", code, p.log)
	}
	if strings.Contains(p.log.String(), first) || strings.Contains(p.log.String(), own) ||
		strings.Contains(p.log.String(), factor.Secret) {
		t.Errorf("the log has a secret: %s", p.log)
	}
	p = startServe(t, dir)
	b.url = p.url // another port; cookies do not know ports
	if status, _ := b.get("/v1/me"); status != http.StatusUnauthorized {
		t.Errorf("after a restart: got %d", status)
	}
	if p.end(syscall.SIGTERM); strings.Contains(p.more.String(), "nobody can sign in") {
		t.Errorf("got %s", p.more.String())
	}
}

func TestAdministratorsHandleAccountsAtAServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a := newApp(nil, io.Discard, io.Discard, func(string) string { return "" })
	a.dir = dir
	url, stop, ended := inProcess(t, a, &serveOptions{listen: "127.0.0.1:0"})
	at := map[string]map[string]string{}
	for _, x := range []struct{ name, role string }{{"li", "sysadmin"}, {"wang", "secadmin"}, {"zhao", "sysadmin"},
		{"cai", "finance"}} {
		mustRun(t, "--data", dir, "account", "add", x.name, "--role", x.role)
		if x.name == "cai" || x.name == "zhao" {
			continue
		}
		file := filepath.Join(t.TempDir(), "token")
		if err := os.WriteFile(file,
			[]byte(mustRun(t, "--data", dir, "token", "add", x.name, "--name", "test", "--may", "accounts")),
			0o600); err != nil {
			t.Fatal(err)
		}
		at[x.name] = map[string]string{"TAIZHANG_SERVER": url, "TAIZHANG_TOKEN_FILE": file}
	}
	good, short := passwordFile(t, "vivid-copper-lantern"), passwordFile(t, "vivid")
	id := "--issuer https://id.example.cn --subject 9f2c1e"
	for _, c := range []struct {
		by, args string
		code     int
		out, err string
	}{
		{"li", "account password cai --password-file " + good, 0, "cai must change it when it first signs in", ""},
		{"li", "account password cai --password-file " + good + " --lang zh", 0, "cai 首次登录时须更换密码", ""},
		{"li", "account password cai --password-file " + short, 2, "",
			"PASSWORD: the password must have 12 to 256 characters"},
		{"li", "account password cai --password-file " + short + " --lang zh", 2, "", "密码应为 12 至 256 个字符"},
		{"li", "account password li --password-file " + good, 1, "", "nobody does this to his own account"},
		{"li", "account password zhao --password-file " + good, 1, "", "the owner of the directory does this"},
		{"li", "account password nobody --password-file " + good, 1, "", "there is no account nobody"},
		{"li", "account reset-factor cai", 1, "", "the account has no right to this"},
		{"li", "account link cai " + id, 0, "linked identity: 9f2c1e at https://id.example.cn", ""},
		{"li", "account show cai --lang zh", 0,
			"密码：已设置；动态验证码：未启用；上次登录：从未\n  关联身份：9f2c1e（签发方 https://id.example.cn）",
			""},
		{"li", "account list --output csv", 0, ",yes,,https://id.example.cn 9f2c1e,", ""},
		{"li", "account unlink cai " + id, 0, "password: set; second factor: none; last sign-in: never\n", ""},
		{"li", "account unlink cai " + id, 1, "", "the account cai is not linked to this identity"},
		{"wang", "account password cai --password-file " + good, 1, "", "the account has no right to this"},
		{"wang", "account link cai " + id, 1, "", "the account has no right to this"},
		{"wang", "account reset-factor cai", 0, "The account cai has no second factor; nothing changed.", ""},
	} {
		args := strings.Fields(c.args)
		if !strings.Contains(c.args, "--lang") {
			args = append(args, "--lang", "en")
		}
		out, errOut, code := taizhangIn(t, at[c.by], args...)
		if code != c.code || !strings.Contains(out, c.out) || !strings.Contains(errOut, c.err) ||
			strings.Contains(out+errOut, "vivid") {
			t.Errorf("%s: %s: exit %d: %s%s", c.by, c.args, code, out, errOut)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

func TestServeSignsInByTheIssuerThatItIsTold(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const public = "http://localhost:1" // a proxy would be there
	issuer := oidctest.Start(t, public+"/login/sso/callback")
	p := startServe(t, dir, "--public-url", public, "--oidc-issuer", issuer.URL, "--oidc-client", oidctest.Client,
		"--oidc-secret-file", passwordFile(t, oidctest.Secret),
		"--oidc-audience", oidctest.Programs)
	mustRun(t, "--data", dir, "account", "add", "cai", "--role", "finance")
	b := newBrowser(t, p.url)
	b.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	sendsTo := func(path string) string {
		t.Helper()
		answer, err := b.Get(p.url + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		return answer.Header.Get("Location")
	}
	comesBack := func() string { t.Helper(); return issuer.SignIn(t, sendsTo("/login/sso")).RequestURI() }
	if to := sendsTo(comesBack()); to == "/" {
		t.Error("somebody who is not linked is signed in")
	}
	if status, _ := b.get("/v1/me"); status != http.StatusUnauthorized {
		t.Errorf("got %d", status)
	}
	mustRun(t, "--data", dir, "account", "link", "cai", "--issuer", issuer.URL, "--subject", oidctest.Subject)
	if to := sendsTo(comesBack()); to != "/" {
		t.Errorf("sent to %q", to)
	}
	if status, body := b.get("/v1/me"); status != http.StatusOK || !strings.Contains(body, `"account":"cai"`) {
		t.Errorf("got %d %s", status, body)
	}
	jwt, _ := issuer.JWT(t)
	if status, body := get(t, http.DefaultClient, p.url+"/v1/me", "Authorization",
		"Bearer "+jwt); status != http.StatusOK || !strings.Contains(body, `"account":"cai"`) {
		t.Errorf("got %d %s", status, body)
	}
	if code := p.end(syscall.SIGTERM); code != 0 {
		t.Errorf("exit %d: %s", code, p.log)
	}
	if strings.Contains(p.log.String(), oidctest.Secret+`"`) || strings.Contains(p.log.String(), jwt) {
		t.Errorf("the log has a secret: %s", p.log)
	}
}
