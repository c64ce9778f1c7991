package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/alertfeed"
	"github.com/taizhang/taizhang/services/api"
	"github.com/taizhang/taizhang/services/natsserver"
	"github.com/taizhang/taizhang/services/natsserver/natstest"
)

// seedIn returns the public key of the seed in a file. Only the owner may be able to read the file.
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

// TestUsersOfNATSAreHandledAtAServer adds, lists and revokes users beside a server as its owner, and over HTTP with
// tokens.
func TestUsersOfNATSAreHandledAtAServer(t *testing.T) {
	t.Parallel()
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
		if err := json.Unmarshal([]byte(mustRun(t, "--data", dir, "nats", "user", "list", "--output", "json")),
			&list); err != nil {
			t.Fatal(err)
		}
		return list
	}
	file := func(name string) string { return filepath.Join(keys, name) }
	if out, errOut, code := taizhang(t, "--data", dir, "nats", "user", "add", "one", "--nkey",
		file("one.nk")); code != 0 {
		t.Errorf("exit %d: %s%s", code, out, errOut)
	}
	out, errOut, code := taizhangIn(t, sec, "nats", "user", "add", "two", "--severity", "red", "--nkey", file("two.nk"))
	if code != 0 || !strings.Contains(out, "taizhang alerts watch --nkey "+file("two.nk")+" --durable two\n") {
		t.Errorf("exit %d: %s%s", code, out, errOut)
	}
	list := users()
	if len(list) != 2 || list[0].Key != seedIn(t, file("one.nk")) || list[1].Key != seedIn(t, file("two.nk")) ||
		list[0].AddedBy[:6] != "local:" || list[1].AddedBy != "sec" {
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
		{sec, "nats user add three --nkey " + file("none/three.nk"), "--nkey: there is no directory " + file("none")},
		{sec, "nats user add three --family X --nkey " + file("three.nk"), "--family: \"X\" must be"},
		{sec, "nats user add three --center zj-9999 --nkey " + file("three.nk"),
			"--center: the ledger has no center ZJ-9999; "},
		{map[string]string{"TAIZHANG_SERVER": "http://127.0.0.1:1", "LANG": "en"},
			"nats user add three --nkey " + file("three.nk"), "127.0.0.1:1"},
		{plain, "nats user revoke one", "this token is not made for accounts"},
		{finance, "nats config --new-nkey " + file("three.nk"), "no right to this (nats-users)"},
		{finance, "nats user list", "no right to this (nats-users)"},
		{finance, "feed restate", "no right to this (feed-restate)"},
	} {
		if out, errOut, code := taizhangIn(t, c.env, strings.Fields(c.args)...); code == 0 ||
			!strings.Contains(errOut, c.says) {
			t.Errorf("%s: exit %d: %s%s", c.args, code, out, errOut)
		}
	}
	if _, err := os.Lstat(file("three.nk")); !os.IsNotExist(err) {
		t.Errorf("a seed is left behind: %v", err)
	}
	publisher := natstest.NewUser(t).Public
	want, err := alertfeed.Configuration(publisher, list)
	if err != nil {
		t.Fatal(err)
	}
	if out, errOut, code := taizhangIn(t, plain, "nats", "config", "--publisher", publisher); code != 0 || out != want {
		t.Errorf("exit %d: %s%s", code, out, errOut)
	}
	if out, errOut, code := taizhangIn(t, sec, "nats", "user", "revoke", "one"); code != 0 ||
		!strings.Contains(out, "the NATS user one is revoked") {
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

// TestAUserOfNATSWhoseFilterNamesWhatIsNotThereIsRefused adds users in the files of a ledger that nobody serves.
func TestAUserOfNATSWhoseFilterNamesWhatIsNotThereIsRefused(t *testing.T) {
	dir, seed := newProvince(t), filepath.Join(t.TempDir(), "screen.nk")
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"--center ZJ-0001 --center ZJ-9999 --lang en", 1,
			"--center: the ledger has no center ZJ-9999; check the id, or add the user once"},
		{"--center ZJ-9999 --lang zh", 1, "--center：台账中没有中心 ZJ-9999；请核对编号，尚未登记的，登记后再添加"},
		{"--severity purple --lang zh", 2, `--severity：“purple”应为：红、黄、蓝`},
		{"--severity purple --lang en", 2, `--severity: "purple" must be one of: red, yellow, blue`},
		{"--family ZZZ --lang zh", 2, `--family："ZZZ" 应为预警编号中的类别，` +
			strings.Join(aggregates.Families(), ", ") + " 之一"},
		{"--family ZZZ --lang en", 2, `--family: "ZZZ" must be a family of the codes of alerts, one of ` +
			strings.Join(aggregates.Families(), ", ")},
	} {
		out, errOut, code := taizhang(t,
			append([]string{"--data", dir, "nats", "user", "add", "screen", "--nkey", seed},
				strings.Fields(c.args)...)...)
		if code != c.code || !strings.Contains(errOut, c.says) {
			t.Errorf("%s: exit %d: %s%s", c.args, code, out, errOut)
		}
		if _, err := os.Lstat(seed); !os.IsNotExist(err) {
			t.Fatalf("%s: a seed is left behind: %v", c.args, err)
		}
	}
	out := mustRun(t, "--data", dir, "--lang", "en", "nats", "user", "add", "screen", "--nkey", seed, "--center",
		"zj-0001", "--severity", "RED", "--family", "exe")
	if !strings.HasPrefix(out, "screen: red; EXE; ZJ-0001\n") {
		t.Errorf("in the other case: %s", out)
	}
}

// The test asks for the status of the feed in every form of output.
func TestAServerWithoutAFeedSaysHowToHaveOne(t *testing.T) {
	dir := t.TempDir()
	a, o := servedApp(dir)
	_, stop, ended := inProcess(t, a, o)
	for args, says := range map[string]string{
		"feed status --lang en": "the alert feed: off\n  why: the alert feed is off; start serve with the " +
			"setting nats-listen",
		"feed status --lang zh":     "预警推送：未启用\n  原因：",
		"feed status --output csv":  "state,reason,server,position,behind,seconds,subjects,red,yellow,blue,messages\noff,",
		"feed status --output json": `"state": "off"`,
	} {
		if out := mustRun(t, append([]string{"--data", dir}, strings.Fields(args)...)...); !strings.Contains(
			out, says) {
			t.Errorf("%s: %s", args, out)
		}
	}
	if out, errOut, code := taizhang(t, "--data", dir, "--lang", "en", "feed", "restate"); code != 1 ||
		!strings.Contains(errOut, "start serve with the setting nats-listen") {
		t.Errorf("exit %d: %s%s", code, out, errOut)
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

// TestAProgramIsAddedWatchedAndRevokedByVerbs asks a server that publishes, and connects with the file that user add
// writes.
func TestAProgramIsAddedWatchedAndRevokedByVerbs(t *testing.T) {
	dir, seed := newProvince(t), filepath.Join(t.TempDir(), "screen.nk")
	f := startFeed(t, dir, nil)
	f.settled()
	if out := mustRun(t, "--data", dir, "nats", "user", "add", "screen", "--severity", "red", "--nkey",
		seed); !strings.Contains(out, "taizhang alerts watch --nats "+f.url()+" --nkey "+seed+" --durable screen\n") {
		t.Errorf("got %s", out)
	}
	key, err := nats.NkeyOptionFromSeed(seed)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := nats.Connect(f.url(), key, nats.MaxReconnects(-1), nats.ReconnectWait(20*time.Millisecond),
		nats.Timeout(time.Minute), nats.IgnoreAuthErrorAbort())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	out := mustRun(t, "--data", dir, "--lang", "en", "feed", "status")
	for _, line := range []string{`the alert feed: publishing \(nats://127\.0\.0\.1:[0-9]+\)`,
		`  right as of position 8 and 20[0-9-]+; the ledger is at 8`,
		`  open alerts: [0-9]+ red, [0-9]+ yellow, [0-9]+ blue`,
		`  messages since the server was started: [1-9][0-9]*`,
		`  user screen: [1-9][0-9]* to get, 0 to acknowledge`} {
		if !regexp.MustCompile(`(?m)^` + line + `$`).MatchString(out) {
			t.Errorf("no line %s in\n%s", line, out)
		}
	}
	if out := mustRun(t, "--data", dir, "--lang", "zh", "feed", "restate"); !strings.HasPrefix(out,
		"预警推送：正常发布（nats://127.0.0.1:") {
		t.Errorf("restated: %s", out)
	}
	for _, lang := range []string{"zh", "en"} {
		if out := mustRun(t, "--data", dir, "--lang", lang, "access-log", "--kind",
			"act"); !regexp.MustCompile(
			`(?m)^[^ ]+ (管理 本机用户 [^ ]+ 重新发布全部预警 -：完成（本机服务）|act local:[^ ]+ all alerts published again -: ok \(socket\))$`).MatchString(out) {
			t.Errorf("the access log has\n%s", out)
		}
	}
	if s := f.settled(); s.At.Generation < 2 {
		t.Errorf("restated: %+v", s)
	}
	if all := rows(t, mustRun(t, "--data", dir, "feed", "status", "--output", "csv")); len(all) != 2 ||
		all[1][0] != alertfeed.StatePublishing || all[1][3] != "8" || all[1][4] != "0" {
		t.Errorf("%v", all)
	}
	var status api.FeedStatus
	if err := json.Unmarshal([]byte(mustRun(t, "--data", dir, "feed", "status", "--output", "json")),
		&status); err != nil || status.At.Generation < 2 || len(status.Consumers) != 1 || status.Server != f.url() ||
		!strings.HasPrefix(status.Server, "nats://127.0.0.1:") {
		t.Errorf("%+v, %v", status, err)
	}
	mustRun(t, "--data", dir, "nats", "user", "revoke", "screen")
	eventually(t, "the user who is revoked is disconnected", func() bool { return !conn.IsConnected() })
}

// TestWithAServerOfNATSElsewhereItsConfigurationIsPrinted adds and revokes a user whose server is not there yet.
func TestWithAServerOfNATSElsewhereItsConfigurationIsPrinted(t *testing.T) {
	e := newExternal(t)
	dir, seed := newProvince(t), filepath.Join(t.TempDir(), "screen.nk")
	startFeed(t, dir, e.elsewhere)
	out := mustRun(t, "--data", dir, "--lang", "en", "nats", "user", "add", "screen", "--nkey", seed)
	key := seedIn(t, seed)
	_, configuration, found := strings.Cut(out,
		"\nPut this into the configuration of the NATS server and reload it twice; it takes effect then:\n")
	if want := natsserver.Configuration(e.key, []natsserver.User{{Name: "screen", Key: key}}); !found ||
		configuration != want {
		t.Errorf("got %s", out)
	}
	if again := mustRun(t, "--data", dir, "nats", "config", "--publisher", e.key); again != configuration {
		t.Errorf("nats config prints %s", again)
	}
	var u access.NATSUser
	if err := json.Unmarshal([]byte(mustRun(t, "--data", dir, "nats", "user", "revoke", "screen", "--output", "json")),
		&u); err != nil || u.Configuration != natsserver.Configuration(e.key, nil) {
		t.Errorf("%+v, %v", u, err)
	}
	csv, errOut, code := taizhang(t, "--data", dir, "nats", "user", "revoke", "screen", "--output", "csv")
	if code != 0 || len(rows(t, csv)) != 2 || !strings.HasSuffix(errOut, natsserver.Configuration(e.key, nil)) {
		t.Errorf("exit %d: %s%s", code, csv, errOut)
	}
}
