package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/taizhang/taizhang/events"
)

// notified is the socket of a service manager, and what came over it.
type notified struct {
	socket *net.UnixConn
	states chan string
}

func listenNotify(t *testing.T) (path string, n *notified) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	n = &notified{socket: socket, states: make(chan string, 1<<16)}
	t.Cleanup(func() { _ = socket.Close() })
	go func() {
		buffer := make([]byte, 4<<10)
		for {
			size, err := socket.Read(buffer)
			if err != nil {
				return
			}
			n.states <- string(buffer[:size])
		}
	}()
	return path, n
}

// next returns the next state that came.
func (n *notified) next(t *testing.T) string {
	t.Helper()
	select {
	case s := <-n.states:
		return s
	case <-time.After(serveWait):
		t.Fatal("the service manager was not notified")
		return ""
	}
}

// until skips the states before one.
func (n *notified) until(t *testing.T, state string) {
	t.Helper()
	for n.next(t) != state {
	}
}

func TestAServedLedgerTellsTheServiceManagerHowItIs(t *testing.T) {
	path, n := listenNotify(t)
	t.Setenv("NOTIFY_SOCKET", path)
	t.Setenv("WATCHDOG_USEC", "20000")
	dir := t.TempDir()
	p := startServe(t, dir)
	if got := n.next(t); got != "STATUS=reading the ledger "+dir {
		t.Errorf("got %q", got)
	}
	if got := n.next(t); got != "READY=1\nSTATUS="+strings.TrimSpace(p.said) {
		t.Errorf("got %q", got)
	}
	for range 3 {
		if got := n.next(t); got != "WATCHDOG=1" {
			t.Errorf("got %q", got)
		}
	}
	if code := p.end(syscall.SIGTERM); code != 0 {
		t.Errorf("exit %d: %s", code, p.log)
	}
	last := n.next(t)
	for last == "WATCHDOG=1" {
		last = n.next(t)
	}
	if last != "STOPPING=1\nWATCHDOG=1" || len(n.states) > 0 {
		t.Errorf("got %q, and %d more", last, len(n.states))
	}
}

// hanging is a store whose appends hang while hang is set, as on a disk that does not answer.
type hanging struct {
	events.Store
	hang  atomic.Bool
	until chan struct{}
}

func (h *hanging) Append(ctx context.Context, stream events.StreamID, expected uint64,
	batch []events.Proposed) ([]events.Place, error) {
	if h.hang.Load() {
		<-h.until
	}
	return h.Store.Append(ctx, stream, expected, batch)
}

func TestTheWatchdogOfALedgerWhoseWriterHangsIsNotFed(t *testing.T) {
	path, n := listenNotify(t)
	env := map[string]string{"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "20000", "WATCHDOG_PID": strconv.Itoa(os.Getpid())}
	a, o := servedApp(t.TempDir())
	a.getenv = func(name string) string { return env[name] }
	store := &hanging{until: make(chan struct{})}
	a.faults.store = func(inner events.Store) events.Store { store.Store = inner; return store }
	a.faults.wedgedAfter = time.Millisecond
	core, logged := observer.New(zapcore.ErrorLevel)
	a.log = zap.New(core)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	started, ended := make(chan *opened, 1), make(chan error, 1)
	go func() {
		ended <- a.serve(ctx, o, func(x *opened, _ string) error { started <- x; return nil })
	}()
	x := <-started
	n.until(t, "WATCHDOG=1")
	store.hang.Store(true)
	written := make(chan error, 1)
	go func() {
		_, err := x.desk.Record(t.Context(), smallDrafts(t)[0])
		written <- err
	}()
	looked := func(times int) {
		t.Helper()
		logged.TakeAll()
		eventually(t, "the watchdog finds that the server is not alive", func() bool { return logged.Len() >= times })
	}
	eventually(t, "the watchdog finds the write that hangs", func() bool { // after answers that only took too long
		return slices.ContainsFunc(logged.All(), func(e observer.LoggedEntry) bool {
			return strings.Contains(fmt.Sprint(e.ContextMap()["error"]), "503 Service Unavailable: append: ")
		})
	})
	send(t, path, "what came before")
	n.until(t, "what came before")
	looked(3)
	send(t, path, "nothing came")
	if got := n.next(t); got != "nothing came" {
		t.Errorf("the watchdog is fed: %q", got)
	}
	close(store.until)
	if err := <-written; err != nil {
		t.Error(err)
	}
	n.until(t, "WATCHDOG=1")
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// send sends a state as a process would.
func send(t *testing.T, path, state string) {
	t.Helper()
	c, err := net.Dial("unixgram", path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write([]byte(state)); err != nil {
		t.Fatal(err)
	}
}
