//go:build e2e

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/taizhang/taizhang/services/alertfeed"
	"github.com/taizhang/taizhang/services/api"
	"github.com/taizhang/taizhang/services/listen/listentest"
)

func TestAfterEachKillTheFeedIsRightAndNothingIsActedOnTwice(t *testing.T) {
	const kills, records = 6, 150
	dir := t.TempDir()
	l := newLoad(t, dir)
	l.onLine = true
	p := newProgram(t, "gov")
	a, _ := servedApp(dir)
	x, err := a.openServed(t.Context(), &serveOptions{}, api.NewMetrics("test"))
	if err != nil {
		t.Fatal(err)
	}
	p.add(x)
	if err := x.close(); err != nil {
		t.Fatal(err)
	}
	address := listentest.FreeAddress(t)
	writing, stop := context.WithCancel(t.Context())
	var writers sync.WaitGroup
	defer writers.Wait()
	defer stop()
	var s *process
	catchUp := func() { p.catchUpWith(s) }
	for i := range kills {
		s = startServe(t, dir, "--nats-listen", address)
		l.url.Store(&s.url)
		l.most.Store(int64(l.ackedCount()) + records) // a program that reads one by one must be able to catch up
		if i == 0 {
			p.connect("nats://" + address)
			for w := range 4 {
				writers.Go(func() { l.write(writing, w, true) })
			}
		}
		catchUp()
		before := l.ackedCount()
		l.most.Store(int64(before) + 3*records) // the server is killed before the writers have so many
		eventually(t, "records are acknowledged", func() bool { return l.ackedCount() >= before+records })
		if code := s.end(syscall.SIGKILL); code != -1 {
			t.Fatalf("exit %d: %s", code, s.log)
		}
	}
	s = startServe(t, dir, "--nats-listen", address)
	l.url.Store(&s.url)
	stop()
	writers.Wait()
	catchUp()
	p.mustKnow(dir)
	slices.Sort(p.acts)
	if twice := len(p.acts) - len(slices.Compact(slices.Clone(p.acts))); twice != 0 || len(p.acts) < kills*records {
		t.Errorf("of %d acts %d are there twice", len(p.acts), twice)
	}
	if i := slices.IndexFunc(p.acts, func(act string) bool { return strings.HasPrefix(act, "withdrawn") }); i >= 0 {
		t.Errorf("%s was false", p.acts[i])
	}
	t.Logf("%d acts of %d messages", len(p.acts), len(p.messages))
	begun := time.Now()
	if code := s.end(syscall.SIGTERM); code != 0 {
		t.Errorf("exit %d: %s", code, s.log)
	}
	t.Logf("stopped within %v", time.Since(begun))
	l.check(dir)
}

// catchUpWith reads until the alerts are right as of the present position of a separate server.
func (p *program) catchUpWith(s *process) {
	p.t.Helper()
	var health api.Health
	if status, body := s.owner("/readyz"); json.Unmarshal([]byte(body), &health) != nil {
		p.t.Fatalf("got %d %s", status, body)
	}
	p.read(func(h alertfeed.Head) bool { return h.At.Position >= health.Position })
}

// separate is the program nats-server in a separate process, with the configuration that taizhang prints.
type separate struct {
	*exec.Cmd
	t       *testing.T
	program string
	dir     string // of its configuration
}

func newSeparate(t *testing.T, address string) *separate {
	t.Helper()
	s := &separate{t: t, dir: t.TempDir(), program: filepath.Join(t.TempDir(), "nats-server")}
	if out, err := exec.Command("go", "build", "-o", s.program,
		"github.com/nats-io/nats-server/v2").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	own := fmt.Sprintf("listen: %q\njetstream { store_dir: %q, sync_interval: \"1s\", max_file_store: 1GiB }\n"+
		"include \"taizhang.conf\"\n", address, t.TempDir())
	if err := os.WriteFile(filepath.Join(s.dir, "server.conf"), []byte(own), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

// include puts the printed configuration into the server's configuration.
func (s *separate) include(printed string) {
	s.t.Helper()
	_, rights, found := strings.Cut(printed, "\n# Accounts and rights")
	if !found {
		s.t.Fatalf("got %s", printed)
	}
	if err := os.WriteFile(filepath.Join(s.dir, "taizhang.conf"), []byte("# Accounts and rights"+rights),
		0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *separate) start() {
	s.t.Helper()
	s.Cmd = exec.Command(s.program, "-c", filepath.Join(s.dir, "server.conf"))
	if err := s.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = s.Process.Kill(); _, _ = s.Process.Wait() })
}

func (s *separate) kill() {
	s.t.Helper()
	if err := s.Process.Kill(); err != nil {
		s.t.Fatal(err)
	}
	_ = s.Wait() // it was killed
}

func TestASeparateServerIsSetUpWithWhatIsPrintedAndMayBeKilledUnderLoad(t *testing.T) {
	const kills, records = 3, 100
	dir, keys := t.TempDir(), t.TempDir()
	l := newLoad(t, dir)
	l.onLine = true
	e, p := newExternal(t), newProgram(t, "gov")
	a, _ := servedApp(dir)
	x, err := a.openServed(t.Context(), &serveOptions{}, api.NewMetrics("test"))
	if err != nil {
		t.Fatal(err)
	}
	p.add(x)
	if err := x.close(); err != nil {
		t.Fatal(err)
	}
	s := startServe(t, dir, "--nats", e.url(), "--nats-nkey", e.seed)
	l.url.Store(&s.url)
	add := func(name string) (printed string) {
		printed, _, code := taizhang(t, "--data", dir, "nats", "user", "add", name, "--nkey",
			filepath.Join(keys, name+".nk"))
		if code != 0 {
			t.Fatalf("exit %d: %s", code, printed)
		}
		return printed
	}
	n := newSeparate(t, e.address)
	n.include(add("first"))
	writing, stop := context.WithCancel(t.Context())
	var writers sync.WaitGroup
	defer writers.Wait()
	defer stop()
	l.most.Store(records)
	for w := range 4 {
		writers.Go(func() { l.write(writing, w, true) })
	}
	n.start()
	p.connect(e.url())
	for range kills {
		before := l.ackedCount()
		l.most.Store(int64(before) + 3*records) // the server is killed before the writers have so many
		eventually(t, "records are acknowledged", func() bool { return l.ackedCount() >= before+records })
		n.kill()
		eventually(t, "records are acknowledged without the feed",
			func() bool { return l.ackedCount() >= before+2*records })
		n.start()
		p.catchUpWith(s)
	}
	before := l.ackedCount()
	l.most.Store(int64(before) + records) // so that there is more to read
	eventually(t, "records are acknowledged", func() bool { return l.ackedCount() > before })
	stop()
	writers.Wait()
	p.catchUpWith(s)
	p.mustKnow(dir)
	slices.Sort(p.acts)
	if twice := len(p.acts) - len(slices.Compact(slices.Clone(p.acts))); twice != 0 {
		t.Errorf("of %d acts %d are there twice", len(p.acts), twice)
	}
	n.include(add("second"))
	key, err := nats.NkeyOptionFromSeed(filepath.Join(keys, "second.nk"))
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the second user has its consumer", func() bool {
		if err := n.Process.Signal(syscall.SIGHUP); err != nil { // one reload is not enough for a new account
			t.Fatal(err)
		}
		conn, err := nats.Connect(e.url(), key, nats.CustomInboxPrefix("_INBOX_second"))
		if err != nil {
			return false
		}
		defer conn.Close()
		js, err := jetstream.NewWithAPIPrefix(conn, "tz")
		if err != nil {
			t.Fatal(err)
		}
		_, err = js.Consumer(t.Context(), alertfeed.StreamName, "second")
		return err == nil
	})
	if code := s.end(os.Interrupt); code != 0 {
		t.Errorf("exit %d: %s", code, s.log)
	}
	l.check(dir)
}
