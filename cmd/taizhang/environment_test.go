package main

import (
	"bytes"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/taizhang/taizhang/services/listen/listentest"
)

// taizhangIn runs the program within the test, in an environment.
func taizhangIn(t *testing.T, env map[string]string, args ...string) (out, errOut string, code int) {
	t.Helper()
	var o, e bytes.Buffer
	a := newApp(args, &o, &e, func(name string) string { return env[name] })
	a.reachesIn = reachesInTest
	root := a.root()
	root.SetArgs(args)
	code = a.exitCode(t.Context(), root.ExecuteContext(t.Context()))
	return o.String(), e.String(), code
}

func TestTheDirectoryIsThatOfAFlagOrOfTheEnvironment(t *testing.T) {
	dir, other := filepath.Join(t.TempDir(), "ledger"), filepath.Join(t.TempDir(), "other")
	mustRun(t, "--dir", dir, "import", filepath.Join("testdata", "small.jsonl"))
	for _, c := range []struct {
		env  map[string]string
		args string
		says string // "" for the centers of the ledger
	}{
		{nil, "--data " + dir, ""},
		{nil, "--dir " + dir, ""},
		{nil, "--dir " + other + " --data " + dir, ""}, // the last one, as with one flag
		{map[string]string{"TAIZHANG_DATA": dir}, "", ""},
		{map[string]string{"TAIZHANG_DATA": other}, "--dir " + dir, ""},
		{map[string]string{"TAIZHANG_DATA": other}, "", "there is no ledger at " + other},
		{map[string]string{"TAIZHANG_DATA": dir, "TAIZHANG_SERVER": "https://nowhere.invalid"}, "",
			"takes no --data or --store, nor TAIZHANG_DATA"},
		// the server is asked
		{map[string]string{"TAIZHANG_DATA": dir}, "--server http://127.0.0.1:1 --token-file " + other,
			"there is no file " + other},
	} {
		out, errOut, code := taizhangIn(t, c.env,
			append(strings.Fields(c.args), "centers", "--as-of", "2025-12-31", "--output", "csv")...)
		if good := code == 0 && strings.Contains(out, "ZJ-0001") && errOut == ""; good != (c.says == "") ||
			!strings.Contains(errOut, c.says) {
			t.Errorf("%v %s: exit %d: %s%s", c.env, c.args, code, out, errOut)
		}
	}
	settings := map[string]string{"TAIZHANG_DATA": other}
	if out, _, _ := taizhangIn(t, settings, "serve", "--check-config"); !strings.HasPrefix(out,
		"data = "+other+"  # TAIZHANG_DATA\n") {
		t.Errorf("got %s", out)
	}
	if out, _, _ := taizhangIn(t, settings, "serve", "--check-config", "--dir", dir); !strings.HasPrefix(out,
		"data = "+dir+"  # flag\n") {
		t.Errorf("got %s", out)
	}
}

func TestAServerThatDoesNotAnswerIsToldWhileItIsWaitedFor(t *testing.T) {
	reachesInTest = 10 * time.Millisecond
	t.Cleanup(func() { reachesInTest = time.Minute })
	silent, err := net.Listen("tcp", "127.0.0.1:0") // it takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	go func() {
		for {
			c, err := silent.Accept()
			if err != nil {
				return
			}
			time.AfterFunc(time.Second, func() { _ = c.Close() })
		}
	}()
	for _, c := range []struct{ address, lang, says string }{
		{silent.Addr().String(), "zh", "服务器还没有应答，继续等待……\n"},
		{listentest.FreeAddress(t), "en", "the server does not answer yet; waiting ...\n"},
	} {
		_, errOut, code := taizhang(t, "--server", "http://"+c.address, "centers", "--lang", c.lang)
		if code != 1 || !strings.HasPrefix(errOut, c.says) || strings.Count(errOut, c.says) != 1 {
			t.Errorf("exit %d: %s", code, errOut)
		}
	}
}
