package feedsim

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/taizhang/taizhang/services/listen/listentest"
)

// host is a NATS server that can be stopped and killed, in this process or in one of its own.
type host struct {
	t        testing.TB
	dir      string
	accounts int

	mu    sync.Mutex
	on    *server.Server // in this process; nil while it is stopped
	conns []net.Conn     // to it
	child *exec.Cmd      // in its own; nil while it is stopped
	alive io.Closer      // the child ends when it is closed
	url   string         // of the child; the same after each start
}

func configuration(dir, port string, accounts int) string {
	var b strings.Builder
	fmt.Fprintf(&b,
		"listen: \"127.0.0.1:%s\"\njetstream { store_dir: %q, max_mem: 64MB, max_file: 1GB }\naccounts {\n", port, dir)
	for i := range accounts {
		fmt.Fprintf(&b, "W%d { jetstream: enabled, users: [ { user: W%d, password: w } ] }\n", i, i)
	}
	return b.String() + "}\n"
}

func startServer(dir, port string, accounts int) (*server.Server, error) {
	opts := &server.Options{}
	if err := opts.ProcessConfigString(configuration(dir, port, accounts)); err != nil {
		return nil, err
	}
	opts.NoSigs, opts.NoLog, opts.DontListen = true, true, port == "-1"
	opts.MaxClosedClients = 1 // a server that was stopped stays in memory
	s, err := server.NewServer(opts)
	if err != nil {
		return nil, err
	}
	s.Start()
	if !s.ReadyForConnections(30 * time.Second) {
		s.Shutdown()
		return nil, errors.New("the server does not start")
	}
	return s, nil
}

// newHost starts a server, which ends with the test.
func newHost(t testing.TB, dir string, accounts int, ofItsOwn bool) *host {
	t.Helper()
	h := &host{t: t, dir: dir, accounts: accounts}
	if ofItsOwn {
		h.url = "nats://" + listentest.FreeAddress(t)
	}
	h.start()
	t.Cleanup(h.stop)
	return h
}

func (h *host) start() {
	h.mu.Lock()
	defer h.mu.Unlock()
	err := func() (err error) {
		if h.url == "" {
			h.on, err = startServer(h.dir, "-1", h.accounts)
			return err
		}
		return h.spawn()
	}()
	if err != nil {
		h.t.Errorf("start the server: %v", err)
	}
}

// The variables of the environment of a child.
const (
	childDir  = "FEEDSIM_DIR"
	childPort = "FEEDSIM_PORT"
)

func (h *host) spawn() error {
	_, port, err := net.SplitHostPort(strings.TrimPrefix(h.url, "nats://"))
	if err != nil {
		return err
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+h.dir, childPort+"="+port)
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	h.child, h.alive = cmd, in
	line, err := bufio.NewReader(out).ReadString('\n')
	h.url = strings.TrimSpace(line)
	return err
}

// TestMain runs a server instead of the tests in a child, until its standard input ends.
func TestMain(m *testing.M) {
	dir := os.Getenv(childDir)
	if dir == "" {
		debug.SetGCPercent(400) // worlds allocate much and keep little
		debug.SetMemoryLimit(1 << 30)
		os.Exit(m.Run())
	}
	s, err := startServer(dir, os.Getenv(childPort), 1)
	if err != nil {
		panic(err)
	}
	fmt.Println(s.ClientURL())
	_, _ = io.Copy(io.Discard, os.Stdin)
	s.Shutdown()
}

// stop ends the server and returns when everything is written to disk.
func (h *host) stop() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if on := h.on; on != nil {
		h.on = nil
		h.disconnect(on)
		on.Shutdown()
		on.WaitForShutdown()
	}
	if h.child != nil {
		h.alive.Close()
		_ = h.child.Wait()
		h.child = nil
	}
}

// disconnect ends all connections, and returns when no request is under way. A server (2.15.2) that is shut down
// soon after its start may otherwise handle a request without its JetStream, and then ends the process.
func (h *host) disconnect(on *server.Server) {
	for _, c := range h.conns {
		_ = c.Close()
	}
	h.conns = nil
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for ; ctx.Err() == nil; pause(ctx, time.Millisecond) {
		if info, err := on.Jsz(nil); on.NumClients() == 0 && err == nil && info.API.Inflight == 0 {
			return
		}
	}
	h.t.Error("the server has requests or connections still")
}

// kill ends the server at once.
func (h *host) kill() {
	h.mu.Lock()
	defer h.mu.Unlock()
	_ = h.child.Process.Kill()
	h.alive.Close()
	_ = h.child.Wait()
	h.child = nil
}

// InProcessConn implements nats.InProcessConnProvider.
func (h *host) InProcessConn() (net.Conn, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.on == nil {
		return nil, errors.New("the server is stopped")
	}
	c, err := h.on.InProcessConn()
	h.conns = append(h.conns, c)
	return c, err
}

// connect returns a connection in an account of the server, which reconnects without end.
func (h *host) connect(t testing.TB, account int, opts ...nats.Option) *nats.Conn {
	t.Helper()
	user := fmt.Sprintf("W%d", account)
	opts = append(opts, nats.UserInfo(user, "w"), nats.MaxReconnects(-1), nats.ReconnectWait(10*time.Millisecond),
		nats.ReconnectJitter(0, 0), nats.RetryOnFailedConnect(true),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
	url := h.url
	if url == "" {
		opts = append(opts, nats.InProcessServer(h))
	}
	nc, err := nats.Connect(url, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// copyDir copies a directory to a new one. A stopped server may still be removing the files of a deleted stream.
func copyDir(from, to string) (err error) {
	for range 100 {
		if err := os.RemoveAll(to); err != nil {
			return err
		}
		if err = os.CopyFS(to, os.DirFS(from)); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return err
}

// putBack makes the directory of a stopped server a copy of an earlier one.
func (h *host) putBack(copied string) error {
	if err := os.RemoveAll(filepath.Join(h.dir)); err != nil {
		return err
	}
	return copyDir(copied, h.dir)
}
