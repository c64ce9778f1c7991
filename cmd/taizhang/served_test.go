package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/taizhang/taizhang/services/api"
	"github.com/taizhang/taizhang/services/listen"
)

func TestAServerThatCannotBeMeantIsRefusedBeforeItIsAsked(t *testing.T) {
	dir := t.TempDir()
	mustRun(t, "--data", dir, "import", filepath.Join("testdata", "small.jsonl"))
	open := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(open, []byte("tz_x"), 0o644); err != nil {
		t.Fatal(err)
	}
	at := map[string]string{"TAIZHANG_SERVER": "https://127.0.0.1:1"}
	for _, c := range []struct {
		env  map[string]string
		args string
		code int
		says string
	}{
		{nil, "--server https://x --data " + dir + " centers", 2, "takes no --data or --store"},
		{nil, "--server https://x --store esdb://x centers", 2, "takes no --data or --store"},
		{at, "--data " + dir + " centers", 2, "TAIZHANG_SERVER"},
		{at, "record interview.held --data " + dir + " --lang zh", 2, "TAIZHANG_SERVER"},
		{map[string]string{"TAIZHANG_SERVER": "https://x", "TAIZHANG_STORE": "esdb://x"}, "centers", 2,
			"takes no --data or --store"},
		{nil, "--token-file x --data " + dir + " centers", 2, "go with --server"},
		{nil, "--server http://ledger.example.cn centers", 2, "--server: ledger.example.cn is not this machine"},
		{nil, "--server http://ledger.example.cn import testdata/small.jsonl --lang zh", 2,
			"--server：ledger.example.cn 不在本机"},
		{nil, "--server https://x --token-file " + open + " centers", 1, "others may read it (mode 0644)"},
		{map[string]string{"TAIZHANG_SERVER": "https://x", "TAIZHANG_TOKEN_FILE": open}, "centers", 1,
			"others may read it (mode 0644)"},
		{nil, "--server https://x --token-file nowhere centers", 1, "there is no file nowhere"},
		{nil, "--server https://x --tls-ca testdata/small.jsonl centers", 2, "--tls-ca: "},
		{nil, "--server https://x --data " + dir + " check", 2, "check works on files"},
		{nil, "--server https://x backup copy", 2, "backup works on files"},
		{nil, "--server https://x backup verify copy", 2, "name the server to compare with by --against URL"},
		{nil, "--data " + dir + " backup verify copy", 2, "backup verify works on a backup and takes no --data"},
		{nil, "backup verify copy --against=", 2, "--against must not be empty"},
		{nil, "backup verify copy --token-file x", 2, "go with --against URL"},
		{nil, "backup verify copy --against http://ledger.example.cn", 1, "there is no"},
		{nil, "--server https://x serve", 2, "serve works on files"},
		{nil, "--server https://x policy diff builtin builtin", 2, "diff works on files"},
		{at, "--data " + dir + " check", 0, ""},
		{at, "--data " + dir + " policy diff builtin zj-2024-draft@2", 0, ""},
	} {
		_, errOut, code := taizhangIn(t, c.env, strings.Fields(c.args)...)
		if code != c.code || !strings.Contains(errOut, c.says) || c.says == "" && errOut != "" {
			t.Errorf("%s: exit %d, expected %d with %q: %s", c.args, code, c.code, c.says, errOut)
		}
	}
}

func TestASocketOfNobodyLeavesTheVerbsOnFiles(t *testing.T) {
	dir := t.TempDir()
	socket, err := listen.OpenSocket(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := socket.UnixListener.Close(); err != nil { // the file stays, as after a kill
		t.Fatal(err)
	}
	if _, err := listen.DialSocket(t.Context(), dir); err == nil {
		t.Fatal("somebody listens")
	}
	mustRun(t, "--data", dir, "import", filepath.Join("testdata", "small.jsonl"))
	if out := mustRun(t, "--data", dir, "--lang", "en", "centers"); !strings.Contains(out, "ZJ-0001") {
		t.Errorf("got %s", out)
	}
}

func TestAServerOfAnotherBuildIsRefused(t *testing.T) {
	dir := t.TempDir()
	mustRun(t, "--data", dir, "import", filepath.Join("testdata", "small.jsonl"))
	socket, err := listen.OpenSocket(dir)
	if err != nil {
		t.Fatal(err)
	}
	var wrote atomic.Bool
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		wrote.Store(wrote.Load() || r.Method != http.MethodGet)
		w.Header().Set(api.BuildHeader, "v0.0.1")
		_, _ = io.WriteString(w, `{}`) // a client that is gone
	})}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(socket) }()
	for _, args := range [][]string{{"centers"}, {"import", filepath.Join("testdata", "small.jsonl")},
		{"account", "list"}} {
		_, errOut, code := taizhang(t, append([]string{"--data", dir, "--lang", "en"}, args...)...)
		if code != 1 || !strings.Contains(errOut, "is served by the version v0.0.1 of the program, and this is "+
			programBuild()) {
			t.Errorf("%s: exit %d: %s", args, code, errOut)
		}
	}
	if wrote.Load() {
		t.Error("something was sent to it")
	}
	_ = s.Close() // removes the socket
	<-ended
	mustRun(t, "--data", dir, "centers")
}

func TestVerbsWorkBesideAServer(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("long", 40))
	a := newApp(nil, io.Discard, io.Discard, func(string) string { return "" })
	a.dir = dir
	_, stop, ended := inProcess(t, a, &serveOptions{listen: "127.0.0.1:0"})
	if out := mustRun(t, "--data", dir, "--lang", "en", "import",
		filepath.Join("testdata", "small.jsonl")); !strings.Contains(out, "7 written") {
		t.Errorf("got %s", out)
	}
	beside := map[string]string{}
	verbs := []string{"centers", "center ZJ-0001", "execution --output csv", "alerts --all --output json",
		"replay ZJ-0001 --output json", "policy show", "export", "check"}
	ask := func(verb string) string {
		args := append([]string{"--data", dir}, strings.Fields(verb)...)
		if verb != "export" {
			args = append(args, "--as-of", "2025-12-31")
		}
		return mustRun(t, args...)
	}
	for _, verb := range verbs {
		beside[verb] = ask(verb)
	}
	if _, errOut, code := taizhang(t, "--data", dir, "--lang", "en", "center", "ZJ-9999"); code != 1 ||
		errOut != "taizhang: the ledger has no center ZJ-9999\n" {
		t.Errorf("exit %d: %s", code, errOut)
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	for _, verb := range verbs {
		if onFiles := ask(verb); onFiles != beside[verb] {
			t.Errorf("%s: on files\n%s\nbeside a server\n%s", verb, onFiles, beside[verb])
		}
	}
}

func TestASocketThatIsNotForThisUserLeavesReadingOnFiles(t *testing.T) {
	dir := ownedByAStranger(t)
	data, file := filepath.Join(dir, "data"), filepath.Join(dir, "small.jsonl")
	asStranger(func() { mustRun(t, "--data", data, "import", file) })
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "unix", filepath.Join(data, listen.SocketName))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := syscall.Chmod(filepath.Join(data, listen.SocketName), 0); err != nil {
		t.Fatal(err)
	}
	asStranger(func() {
		mustRun(t, "--data", data, "centers")
		_, errOut, code := taizhang(t, "--data", data, "--lang", "en", "import", file)
		if code != 1 || !strings.Contains(errOut, "another user's process serves the ledger") {
			t.Errorf("exit %d: %s", code, errOut)
		}
	})
}

// stranger is the id of a user who is not root, because root may connect to every socket.
const stranger = 65534

// ownedByAStranger returns a directory with small.jsonl, to which asStranger may write.
func ownedByAStranger(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "stranger-") // where others may go
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	small, err := os.ReadFile(filepath.Join("testdata", "small.jsonl"))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "small.jsonl"), small, 0o644)
	}
	if err == nil && os.Geteuid() == 0 {
		err = os.Chown(dir, stranger, stranger)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// asStranger calls do as a user who is not root: as the user who runs the test or, if that is root, as another user.
func asStranger(do func()) {
	if os.Geteuid() != 0 {
		do()
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		if _, _, failed := unix.RawSyscall(unix.SYS_SETRESUID, stranger, stranger, stranger); failed != 0 {
			panic(failed)
		}
		do()
	}()
	<-done
}

func TestAtAServerTheAccountSaysWhoActs(t *testing.T) {
	dir := t.TempDir()
	a := newApp(nil, io.Discard, io.Discard, func(string) string { return "" })
	a.dir = dir
	url, stop, ended := inProcess(t, a, &serveOptions{listen: "127.0.0.1:0"})
	mustRun(t, "--data", dir, "import", filepath.Join("testdata", "small.jsonl"))
	mustRun(t, "--data", dir, "account", "add", "office-1", "--role", "st-office")
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(mustRun(t, "--data", dir, "token", "add", "office-1", "--name", "test")),
		0o600); err != nil {
		t.Fatal(err)
	}
	at := map[string]string{"TAIZHANG_SERVER": url, "TAIZHANG_TOKEN_FILE": token}
	record := []string{"record", "center.assigned", "--center", "ZJ-0001", "--on", "2025-07-01", "--data",
		`{"industryDept":"省经信厅","localGov":"330106"}`, "--lang", "en"}
	if out, errOut, code := taizhangIn(t, at, record...); code != 0 || errOut != "" ||
		!strings.Contains(out, "Recorded and durable") {
		t.Errorf("exit %d: %s%s", code, out, errOut)
	}
	out, errOut, code := taizhangIn(t, at, "replay", "ZJ-0001", "--output", "csv")
	if code != 0 || !strings.Contains(out, ",st-office,office-1,office-1,enforce,") {
		t.Errorf("exit %d: %s%s", code, out, errOut)
	}
	sheet := filepath.Join(t.TempDir(), "projects.csv")
	if err := os.WriteFile(sheet,
		[]byte("项目编号,日期,中心编号,项目名称,重大中试验证,符合支持条件\nP-1,2025-07-01,ZJ-0001,检测,是,是\n"),
		0o600); err != nil {
		t.Fatal(err)
	}
	if out, errOut, code := taizhangIn(t, at, "try", sheet, "--lang", "en"); code != 0 || errOut != "" ||
		!strings.Contains(out, "Can be recorded: 1;") {
		t.Errorf("exit %d: %s%s", code, out, errOut)
	}
	for args, says := range map[string]string{"--role finance --actor f-1": "must be the role S&T office",
		"--role st-office": "--actor is missing"} {
		if out, errOut, code := taizhangIn(t, at, append(record, strings.Fields(args)...)...); code == 0 ||
			!strings.Contains(errOut, says) {
			t.Errorf("%s: exit %d: %s%s", args, code, out, errOut)
		}
	}
	if _, errOut, code := taizhang(t, append([]string{"--data", dir}, record...)...); code != 2 ||
		!strings.Contains(errOut, "--role is missing") {
		t.Errorf("on this machine: exit %d: %s", code, errOut)
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}
