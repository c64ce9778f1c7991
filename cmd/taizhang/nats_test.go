package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nkeys"

	"github.com/taizhang/taizhang/services/access"
)

// seedIn returns the public key of the seed in a file, which must be for its owner alone.
func seedIn(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%s has the mode %v, %v", file, info.Mode(), err)
	}
	pair, err := nkeys.ParseDecoratedNKey(content)
	if err != nil {
		t.Fatal(err)
	}
	key, err := pair.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// TestUsersOfNATSAreHandledAtAServer adds, lists and revokes users beside a server as its owner, and over HTTP with tokens.
func TestUsersOfNATSAreHandledAtAServer(t *testing.T) {
	dir, keys := t.TempDir(), t.TempDir()
	a, o := servedApp(dir)
	url, stop, ended := inProcess(t, a, o)
	token := func(name, role string, may ...string) map[string]string {
		mustRun(t, "--data", dir, "account", "add", name, "--role", role)
		args := []string{"--data", dir, "token", "add", name, "--name", "test"}
		for _, act := range may {
			args = append(args, "--may", act)
		}
		file := filepath.Join(keys, name+strings.Join(may, "")+".token")
		if err := os.WriteFile(file, []byte(mustRun(t, args...)), 0o600); err != nil {
			t.Fatal(err)
		}
		return map[string]string{"TAIZHANG_SERVER": url, "TAIZHANG_TOKEN_FILE": file, "LANG": "en"}
	}
	sec, plain, finance := token("sec", "secadmin", "accounts"), token("sec-2", "secadmin"), token("cai", "finance")
	users := func() (list access.NATSUsers) {
		t.Helper()
		if err := json.Unmarshal([]byte(mustRun(t, "--data", dir, "nats", "user", "list", "--output", "json")), &list); err != nil {
			t.Fatal(err)
		}
		return list
	}
	file := func(name string) string { return filepath.Join(keys, name) }
	if out, errOut, code := taizhang(t, "--data", dir, "nats", "user", "add", "one", "--nkey", file("one.nk")); code != 0 {
		t.Errorf("exit %d: %s%s", code, out, errOut)
	}
	out, errOut, code := withEnv(t, sec, "nats", "user", "add", "two", "--severity", "red", "--nkey", file("two.nk"))
	if code != 0 || !strings.Contains(out, "taizhang alerts watch --nkey "+file("two.nk")+" --durable two\n") {
		t.Errorf("exit %d: %s%s", code, out, errOut)
	}
	list := users()
	if len(list) != 2 || list[0].Key != seedIn(t, file("one.nk")) || list[1].Key != seedIn(t, file("two.nk")) || list[0].AddedBy[:6] != "local:" || list[1].AddedBy != "sec" {
		t.Errorf("%+v", list)
	}
	for _, c := range []struct {
		env  map[string]string
		args string
		says string
	}{
		{plain, "nats user add three --nkey " + file("three.nk"), "this token is not made for accounts"},
		{finance, "nats user add three --nkey " + file("three.nk"), "no right to this (nats-users)"},
		{sec, "nats user add sys --nkey " + file("three.nk"), "NAME: \"sys\" must be"},
		{sec, "nats user add three --family X --nkey " + file("three.nk"), "--family: \"X\" must be"},
		{map[string]string{"TAIZHANG_SERVER": "http://127.0.0.1:1", "LANG": "en"}, "nats user add three --nkey " + file("three.nk"), "127.0.0.1:1"},
		{plain, "nats user revoke one", "this token is not made for accounts"},
		{finance, "nats user list", "no right to this (nats-users)"},
		{finance, "feed restate", "no right to this (feed-restate)"},
	} {
		if out, errOut, code := withEnv(t, c.env, strings.Fields(c.args)...); code == 0 || !strings.Contains(errOut, c.says) {
			t.Errorf("%s: exit %d: %s%s", c.args, code, out, errOut)
		}
	}
	if _, err := os.Lstat(file("three.nk")); !os.IsNotExist(err) {
		t.Errorf("a seed is left behind: %v", err)
	}
	if out, errOut, code := withEnv(t, sec, "nats", "user", "revoke", "one"); code != 0 || !strings.Contains(out, "the NATS user one is revoked") {
		t.Errorf("exit %d: %s%s", code, out, errOut)
	}
	if list := users(); len(list) != 1 || list[0].Name != "two" {
		t.Errorf("%+v", list)
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

// TestAServerWithoutAFeedSaysHowToHaveOne asks it for the status of the feed in every form.
func TestAServerWithoutAFeedSaysHowToHaveOne(t *testing.T) {
	dir := t.TempDir()
	a, o := servedApp(dir)
	_, stop, ended := inProcess(t, a, o)
	for args, says := range map[string]string{
		"feed status --lang en":     "the alert feed: off\n  why: the alert feed is off; start serve with the setting nats-listen",
		"feed status --lang zh":     "预警推送：未启用\n  原因：",
		"feed status --output csv":  "state,reason,server,position,behind,seconds,subjects,red,yellow,blue,messages\noff,",
		"feed status --output json": `"state": "off"`,
	} {
		if out := mustRun(t, append([]string{"--data", dir}, strings.Fields(args)...)...); !strings.Contains(out, says) {
			t.Errorf("%s: %s", args, out)
		}
	}
	if out, errOut, code := taizhang(t, "--data", dir, "--lang", "en", "feed", "restate"); code != 1 || !strings.Contains(errOut, "start serve with the setting nats-listen") {
		t.Errorf("exit %d: %s%s", code, out, errOut)
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}
