//go:build e2e

package main

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/api"
)

// A kill during sign-ins must lose no acknowledged change of a password, and must let no code be used again.
func TestAKillLosesNoPasswordAndLetsNoCodeCountTwice(t *testing.T) {
	dir := t.TempDir()
	const first = "vivid-copper-lantern"
	names := []string{"cai", "dong", "shi"}
	p := startServe(t, dir)
	for _, name := range names {
		mustRun(t, "--data", dir, "account", "add", name, "--role", "finance")
		mustRun(t, "--data", dir, "account", "password", name, "--password-file", passwordFile(t, first))
	}
	b := newBrowser(t, p.url)
	b.signIn(http.StatusOK, "shi", first, "")
	own := "quiet-orchard-ladder"
	b.mustPost(http.StatusOK, "/v1/me/password", map[string]string{"current": first, "new": own})
	var factor access.NewFactor
	if err := json.Unmarshal([]byte(b.mustPost(http.StatusOK, "/v1/me/factor", nil)), &factor); err != nil {
		t.Fatal(err)
	}
	var enrolled api.FactorConfirmed
	code := totp(t, factor.Secret, time.Now())
	if err := json.Unmarshal(
		[]byte(b.mustPost(http.StatusOK, "/v1/me/factor/confirm", map[string]string{"code": code})),
		&enrolled); err != nil || len(enrolled.RecoveryCodes) < 3 {
		t.Fatalf("%d recovery codes: %v", len(enrolled.RecoveryCodes), err)
	}

	// Two people change their passwords over and over, the third signs in by a code and a recovery code, and then the
	// process is killed.
	var changing sync.WaitGroup
	// of each of the two: the last that was answered, and the last that was sent
	acknowledged, asked := make([]string, 2), make([]string, 2)
	several := make(chan struct{}, 2)
	for i, name := range names[:2] {
		changing.Go(func() {
			b := newBrowser(t, p.url)
			if status, body, err := b.post("/v1/session",
				map[string]string{"account": name, "password": first}); status != http.StatusOK || err != nil {
				t.Errorf("%s: got %d %s %v", name, status, body, err)
				several <- struct{}{}
				return
			}
			acknowledged[i] = first
			for n := range 1000 {
				asked[i] = fmt.Sprintf("password of %s, number %d", strings.ToUpper(name), n)
				status, body, err := b.post("/v1/me/password",
					map[string]string{"current": acknowledged[i], "new": asked[i]})
				if err != nil { // the process is gone
					return
				}
				if status != http.StatusOK {
					t.Errorf("%s: got %d %s", name, status, body)
					return
				}
				if acknowledged[i] = asked[i]; n == 2 {
					several <- struct{}{}
				}
			}
		})
	}
	late := totp(t, factor.Secret, time.Now().Add(30*time.Second)) // of the next step, which counts already
	b.signIn(http.StatusOK, "shi", own, late)
	b.signIn(http.StatusOK, "shi", own, enrolled.RecoveryCodes[0])
	<-several
	<-several
	if code := p.end(syscall.SIGKILL); code != -1 {
		t.Fatalf("exit %d", code)
	}
	changing.Wait()

	p = startServe(t, dir)
	for i, name := range names[:2] {
		b := newBrowser(t, p.url)
		status, body, err := b.post("/v1/session", map[string]string{"account": name, "password": acknowledged[i]})
		if err == nil && status != http.StatusOK { // the change under way may have come to the disk
			status, body, err = b.post("/v1/session", map[string]string{"account": name, "password": asked[i]})
		}
		if err != nil || status != http.StatusOK {
			t.Errorf("%s can sign in with neither %q nor %q: got %d %s %v", name, acknowledged[i], asked[i],
				status, body, err)
		}
	}
	b.url = p.url
	for _, used := range []string{code, late, enrolled.RecoveryCodes[0]} {
		b.signIn(http.StatusUnauthorized, "shi", own, used)
	}
	if body := b.signIn(http.StatusOK, "shi", own, enrolled.RecoveryCodes[1]); !strings.Contains(body, `"needs":[]`) {
		t.Errorf("got %s", body)
	}
	if code := p.end(syscall.SIGTERM); code != 0 {
		t.Errorf("exit %d: %s", code, p.log)
	}
}
