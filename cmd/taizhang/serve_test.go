package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/storetest"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/listen"
)

// serveWait is the maximum time for a server to start, to answer or to end.
const serveWait = time.Minute

// process is a taizhang serve in a separate process.
type process struct {
	*exec.Cmd
	t    testing.TB
	dir  string
	said string     // its first line
	more transcript // what it says after that
	url  string
	log  *bytes.Buffer // of its standard error; whole after the process ended
	rest chan struct{} // closed when its standard output ended
}

// startServe starts a server on a directory and returns when the server is ready.
func startServe(t testing.TB, dir string, args ...string) *process {
	t.Helper()
	p := &process{t: t, dir: dir, log: &bytes.Buffer{}, rest: make(chan struct{})}
	p.Cmd = exec.Command("taizhang",
		append([]string{"serve", "--data", dir, "--lang", "en", "--listen", "127.0.0.1:0"}, args...)...)
	p.Stderr, p.Env = p.log, append(os.Environ(), "GOGC=", "TAIZHANG_NATS_LISTEN=off") // unless a flag says where
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Process.Kill(); _, _ = p.Process.Wait() }) // it ended, if the test went well
	late := time.AfterFunc(serveWait, func() { _ = p.Process.Kill() })
	defer late.Stop()
	lines := bufio.NewReader(out)
	if p.said, err = lines.ReadString('\n'); err != nil {
		_ = p.Wait()
		t.Fatalf("the server said nothing: %v\n%s", err, p.log)
	}
	p.url = regexp.MustCompile(`https?://[^ ,]+`).FindString(p.said)
	go func() { defer close(p.rest); _, _ = io.Copy(&p.more, lines) }() // until the process ends
	return p
}

// end sends a signal and returns the exit code, -1 for a process that the signal killed.
func (p *process) end(signal os.Signal) int {
	p.t.Helper()
	if err := p.Process.Signal(signal); err != nil {
		p.t.Fatal(err)
	}
	late := time.AfterFunc(serveWait, func() { _ = p.Process.Kill() })
	defer late.Stop()
	<-p.rest
	_ = p.Wait() // the code says it
	return p.ProcessState.ExitCode()
}

// socketClient returns a client of the socket in a directory, which has the rights of the owner.
func socketClient(dir string) *http.Client {
	return &http.Client{Timeout: serveWait,
		Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return listen.DialSocket(ctx, dir)
		}}}
}

// owner sends a request over the socket and returns the status and the body.
func (p *process) owner(path string) (int, string) {
	p.t.Helper()
	c := socketClient(p.dir)
	defer c.CloseIdleConnections()
	return get(p.t, c, "http://localhost"+path)
}

func get(t testing.TB, c *http.Client, url string, head ...string) (int, string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(head); i += 2 {
		if r.Header.Set(head[i], head[i+1]); head[i] == "Host" {
			r.Host = head[i+1]
		}
	}
	answer, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

func TestAServerAnswersOnItsSocketAndRefusesASecondOne(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("long", 40), "data") // longer than an address of a socket may be
	p := startServe(t, dir)
	if !strings.Contains(p.said, "serving the ledger "+dir+" at position 0 on http://127.0.0.1:") ||
		strings.Contains(p.said, ":0 ") {
		t.Errorf("got %q", p.said)
	}
	if status, body := p.owner("/readyz"); status != http.StatusOK || !strings.Contains(body, `"ready":true`) {
		t.Errorf("got %d %s", status, body)
	}
	if status, body := p.owner("/v1/centers/ZJ-0001"); status != http.StatusNotFound ||
		!strings.Contains(body, `"/problems/not-found"`) {
		t.Errorf("got %d %s", status, body)
	}
	for _, path := range []string{"/debug/pprof/cmdline", "/metrics"} {
		if status, _ := p.owner(path); status != http.StatusOK {
			t.Errorf("%s: got %d", path, status)
		}
		if status, _ := get(t, http.DefaultClient, p.url+path); status != http.StatusNotFound {
			t.Errorf("over the network %s: got %d", path, status)
		}
	}
	if _, metrics := p.owner("/metrics"); !strings.Contains(metrics, "\ngo_gc_gogc_percent 200\n") {
		t.Error("the heap does not grow as that of a server")
	}
	if status, _ := get(t, http.DefaultClient, p.url+"/v1/centers/ZJ-0001"); status != http.StatusUnauthorized {
		t.Errorf("without a token: got %d", status)
	}
	if status, body := get(t, http.DefaultClient, p.url+"/v1/centers/ZJ-0001", "Host",
		"evil.example"); status != http.StatusForbidden || !strings.Contains(body, `"/problems/forbidden"`) {
		t.Errorf("under another name: got %d %s", status, body)
	}
	for lang, says := range map[string]string{
		"en": "process " + strconv.Itoa(p.Process.Pid) + " serves the ledger",
		"zh": "已由进程 " + strconv.Itoa(p.Process.Pid) + " 提供服务",
	} {
		if _, errOut, code := taizhang(t, "serve", "--data", dir, "--listen", "127.0.0.1:0", "--nats-listen", "off",
			"--lang", lang); code != 1 || !strings.Contains(errOut, says) {
			t.Errorf("a second server: exit %d: %s", code, errOut)
		}
	}
	if code := p.end(syscall.SIGTERM); code != 0 {
		t.Errorf("exit %d: %s", code, p.log)
	}
	if _, err := os.Lstat(filepath.Join(dir, listen.SocketName)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is left: %v", err)
	}
	for _, line := range strings.Split(strings.TrimSpace(p.log.String()), "\n") {
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err != nil || strings.Contains(line, "ZJ-0001") {
			t.Errorf("expected a line of JSON without what was asked for, got %s", line)
		}
	}
	if n := strings.Count(p.log.String(), `"msg":"request"`); n < 3 { // 404, 401, 403
		t.Errorf("%d requests in the log:\n%s", n, p.log)
	}
}

func TestTheSocketOfAServerThatWasKilledIsTakenOver(t *testing.T) {
	dir := t.TempDir()
	first := startServe(t, dir)
	if code := first.end(syscall.SIGKILL); code != -1 {
		t.Fatalf("exit %d", code)
	}
	if _, err := listen.DialSocket(t.Context(), dir); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Fatalf("expected the socket of a dead process, got %v", err)
	}
	second := startServe(t, dir)
	if status, _ := second.owner("/livez"); status != http.StatusOK {
		t.Errorf("got %d", status)
	}
	if code := second.end(os.Interrupt); code != 0 {
		t.Errorf("exit %d: %s", code, second.log)
	}
}

// inProcess runs a server within the test until cancel is called, and returns its address and the channel of its end.
func inProcess(t *testing.T, a *app, o *serveOptions) (url string, cancel func(), ended chan error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	started := make(chan string, 1)
	ended = make(chan error, 1)
	go func() {
		ended <- a.serve(ctx, o, func(_ *opened, address string) error { started <- address; return nil })
	}()
	select {
	case url = <-started:
	case err := <-ended:
		t.Fatal(err)
	case <-time.After(serveWait):
		t.Fatal("the server did not start")
	}
	return url, cancel, ended
}

func servedApp(dir string) (*app, *serveOptions) {
	a := newApp(nil, io.Discard, io.Discard, func(string) string { return "" })
	a.dir = dir
	return a, &serveOptions{listen: "127.0.0.1:0"}
}

func TestAServerThatIsStartedAndStoppedManyTimesLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	files := func() int {
		list, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	var routines, open int
	for i := range 12 {
		a, o := servedApp(dir)
		o.natsListen = "127.0.0.1:0"
		url, cancel, ended := inProcess(t, a, o)
		c := &http.Client{Transport: &http.Transport{}}
		if status, _ := get(t, c, url+"/v1/centers/ZJ-0001"); status != http.StatusUnauthorized {
			t.Errorf("got %d", status)
		}
		c.CloseIdleConnections()
		if i%2 == 0 { // else the feed is stopped while it starts
			owner := socketClient(dir)
			eventually(t, "the feed publishes", func() bool {
				_, body := get(t, owner, "http://localhost/v1/feed")
				return strings.Contains(body, `"state":"publishing"`)
			})
			owner.CloseIdleConnections()
		}
		cancel()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		if i == 1 { // what is made once is made
			routines, open = runtime.NumGoroutine(), files()
		}
	}
	for deadline := time.Now().Add(serveWait); runtime.NumGoroutine() > routines || files() > open; runtime.Gosched() {
		if time.Now().After(deadline) {
			all := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, were %d; %d files, were %d\n%s", runtime.NumGoroutine(), routines, files(), open,
				all[:runtime.Stack(all, true)])
		}
	}
}

func TestAnOpenStreamIsToldThatTheServerStops(t *testing.T) {
	a, o := servedApp(t.TempDir())
	_, cancel, ended := inProcess(t, a, o)
	c := socketClient(a.dir)
	defer c.CloseIdleConnections()
	answer, err := c.Get("http://localhost/v1/stream")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	begun := time.Now()
	cancel()
	said, err := io.ReadAll(answer.Body)
	if err != nil || !strings.Contains(string(said), "event: bye") {
		t.Errorf("got %q, %v", said, err)
	}
	if err := <-ended; err != nil || time.Since(begun) > stopWait {
		t.Errorf("ended after %v: %v", time.Since(begun), err)
	}
}

// smallDrafts returns the records of a small ledger.
func smallDrafts(t *testing.T) (drafts []desk.Draft) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", "small.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(content)) {
		var d desk.Draft
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			t.Fatal(err)
		}
		drafts = append(drafts, d)
	}
	return drafts
}

func TestAfterAWriteOfUnknownOutcomeTheServerReadsOnAndThenEnds(t *testing.T) {
	t.Parallel()
	a, o := servedApp(t.TempDir())
	var broken atomic.Bool
	a.faults.store = func(inner events.Store) events.Store {
		return &storetest.Faulty{Store: inner, Plan: func(int64) storetest.Fault {
			if broken.Load() {
				return storetest.FailedButStored
			}
			return storetest.Works
		}}
	}
	a.faults.stoppedWait = 5 * time.Second
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	started, ended := make(chan *opened, 1), make(chan error, 1)
	go func() {
		ended <- a.serve(ctx, o, func(x *opened, _ string) error { started <- x; return nil })
	}()
	x := <-started
	drafts := smallDrafts(t)
	if _, err := x.desk.Record(t.Context(), drafts[0]); err != nil {
		t.Fatal(err)
	}
	broken.Store(true)
	if _, err := x.desk.Record(t.Context(), drafts[1]); text.CodeOf(err) != text.Stopped {
		t.Fatalf("got %v", err)
	}
	c := socketClient(a.dir)
	defer c.CloseIdleConnections()
	if status, body := get(t, c, "http://localhost/readyz"); status != http.StatusServiceUnavailable ||
		!strings.Contains(body, `"check":"stopped"`) {
		t.Errorf("got %d %s", status, body)
	}
	if status, body := get(t, c, "http://localhost/v1/centers/"+drafts[0].Center); status != http.StatusOK {
		t.Errorf("got %d %s", status, body)
	}
	if status, body := get(t, c, "http://localhost/metrics"); !strings.Contains(body, "\ntaizhang_stopped 1\n") ||
		!strings.Contains(body, `taizhang_appends_total{outcome="unknown"} 1`) {
		t.Errorf("got %d %s", status, body)
	}
	err := <-ended
	if code := a.exitCode(t.Context(), err); code != 3 {
		t.Errorf("exit %d: %v", code, err)
	}
}

func TestWhereAServerMayListen(t *testing.T) {
	dir := t.TempDir()
	for name, x := range map[string]struct {
		args string
		code int
		says string
	}{
		"another address without TLS":           {"--listen 0.0.0.0:0", 2, "tokens would travel in the clear"},
		"another address without administrator": {"--listen 0.0.0.0:0 --insecure", 1, "no administrator could act"},
		"no port":                               {"--listen localhost", 2, "--listen: expected HOST:PORT"},
		"a certificate alone":                   {"--tls-cert x.pem", 2, "must be given together"},
		"no such certificate": {"--listen 127.0.0.1:0 --tls-cert x.pem --tls-key y.pem", 1,
			"there is no file x.pem"},
		"a host with a port": {"--host a.example:443", 2, "--host: expected the name of a host"},
		"a date":             {"--as-of 2025-01-01", 2, "serve takes no --as-of"},
		"no such file":       {"--config none.conf", 1, "there is no file none.conf"},
	} {
		args := append([]string{"serve", "--data", dir, "--nats-listen", "off"}, strings.Fields(x.args)...)
		if _, errOut, code := taizhang(t, args...); code != x.code || !strings.Contains(errOut, x.says) {
			t.Errorf("%s: exit %d: %s", name, code, errOut)
		}
	}
	if _, errOut, code := taizhang(t, "serve", "--demo", "--data", dir); code != 2 ||
		!strings.Contains(errOut, "takes no --data") {
		t.Errorf("exit %d: %s", code, errOut)
	}
}

func TestSettingsAreFromFlagsThenTheEnvironmentThenTheFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "taizhang.conf")
	var out, errOut bytes.Buffer
	check := func(env map[string]string, content string, args ...string) (string, string, int) {
		t.Helper()
		out.Reset()
		errOut.Reset()
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append([]string{"serve", "--check-config", "--config", file}, args...)
		a := newApp(args, &out, &errOut, func(name string) string { return env[name] })
		root := a.root()
		root.SetArgs(args)
		code := a.exitCode(t.Context(), root.ExecuteContext(t.Context()))
		return out.String(), errOut.String(), code
	}
	got, said, code := check(map[string]string{
		"TAIZHANG_LISTEN": "127.0.0.1:2", "TAIZHANG_ADMIN_LISTEN": "127.0.0.1:22",
		"TAIZHANG_STORE": "esdb://admin:hunter2@127.0.0.1:2113"},
		"# of the office\n\ndata = /var/lib/taizhang\nlisten = 127.0.0.1:1\nadmin-listen = 127.0.0.1:11\nhost = "+
			"a.example\nhost = b.example\n", "--listen", "127.0.0.1:3")
	for _, line := range []string{
		"listen = 127.0.0.1:3  # flag", "admin-listen = 127.0.0.1:22  # TAIZHANG_ADMIN_LISTEN",
		"data = /var/lib/taizhang  # " + file + ":3",
		"host = a.example, b.example  # " + file + ":7", "insecure = false  # default",
		"store = esdb://…@127.0.0.1:2113  # TAIZHANG_STORE",
		"nats-listen = off  # default"} {
		if !strings.Contains(got, line+"\n") {
			t.Errorf("expected %q, exit %d, got\n%s%s", line, code, got, said)
		}
	}
	if strings.Contains(got, "hunter2") {
		t.Errorf("a password is shown: %s", got)
	}
	for content, env := range map[string]map[string]string{"lang = zh\n": nil, "lang = en\n": {"TAIZHANG_LANG": "zh"}} {
		if got, _, _ := check(env, content); !strings.Contains(got, "lang = zh  # ") ||
			!strings.Contains(got, "insecure = false  # 默认\n") {
			t.Errorf("expected Chinese, got %s", got)
		}
	}
	if _, said, code := check(nil, "lang = fr\n"); code != 1 || !strings.Contains(said, `lang must be zh or en, not "fr"`) {
		t.Errorf("exit %d: %s", code, said)
	}
	for content, says := range map[string][2]string{
		"listen = 127.0.0.1:1\nlissten = x\n": {
			file + ":2: there is no setting \"lissten\"", file + ":2：没有名为 \"lissten\" 的设置"},
		"listen\n": {file + ":1: expected NAME = VALUE", file + ":1：应写作 名称 = 值"},
		"listen = a:1\nlisten = a:2\n": {file + ":2: listen is set already at " + file + ":1",
			file + ":2：listen 已在"},
		"insecure = maybe\n": {file + ":1: insecure: the value \"maybe\" is not valid",
			file + ":1：insecure 的值 \"maybe\" 不对"},
		"store = esdb://a:b@c\n": {
			file + ":1: a password does not belong", file + ":1：口令不能写在设置文件中"},
		"listen = 127.0.0.1:99999\n": {"--listen: expected HOST:PORT", "--listen：应写作 主机:端口"},
	} {
		for i, lang := range []string{"en", "zh"} {
			if _, said, code := check(nil, content, "--lang", lang); code == 0 || !strings.Contains(said, says[i]) {
				t.Errorf("%q: exit %d: %s", content, code, said)
			}
		}
	}
}
