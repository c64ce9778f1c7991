package listen

import (
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// longDir returns a directory whose path is longer than an address of a Unix socket can be.
func longDir(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), strings.Repeat("long", 40))
	if err := os.Mkdir(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	return dir
}

func mustOpenSocket(t *testing.T, dir string) *Socket {
	t.Helper()
	s, err := OpenSocket(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestASocketWorksInADirectoryWithALongPathAndTellsEachEndWhoTheOtherIs(t *testing.T) {
	dir := longDir(t)
	s := mustOpenSocket(t, dir)
	client, err := DialSocket(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	served, err := s.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer served.Close()
	for _, end := range []net.Conn{client, served} {
		peer, err := PeerOf(end)
		if err != nil || peer.Process != os.Getpid() || peer.UID != uint32(os.Getuid()) {
			t.Errorf("got %+v, %v", peer, err)
		}
	}
}

func TestTheSocketIsItsOwnersAloneWhateverTheUmaskIs(t *testing.T) {
	before := unix.Umask(0)
	defer unix.Umask(before)
	dir := longDir(t)
	mustOpenSocket(t, dir)
	info, err := os.Lstat(filepath.Join(dir, SocketName))
	if err != nil || info.Mode().Perm() != 0o600 || info.Mode().Type() != os.ModeSocket {
		t.Errorf("got %v, %v", info.Mode(), err)
	}
}

func TestASocketLeftByADeadProcessIsReplacedAndAClosedOneIsGone(t *testing.T) {
	dir := longDir(t)
	dead := mustOpenSocket(t, dir)
	if err := dead.UnixListener.Close(); err != nil { // as a process that dies: the file stays
		t.Fatal(err)
	}
	if _, err := DialSocket(t.Context(), dir); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a dead socket: got %v", err)
	}
	s := mustOpenSocket(t, dir)
	client, err := DialSocket(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	_ = client.Close()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := DialSocket(t.Context(), dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a closed socket: got %v", err)
	}
}

func TestAFileThatIsNoSocketStays(t *testing.T) {
	dir := longDir(t)
	name := filepath.Join(dir, SocketName)
	if err := os.WriteFile(name, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenSocket(dir); !errors.Is(err, os.ErrExist) {
		t.Errorf("got %v", err)
	}
	if content, err := os.ReadFile(name); string(content) != "mine" {
		t.Errorf("got %q, %v", content, err)
	}
}

// watched is a listener that records the number of open connections at each accept.
type watched struct {
	net.Listener
	open    atomic.Int32
	openMax atomic.Int32
}

func (w *watched) Accept() (net.Conn, error) {
	w.openMax.Store(max(w.openMax.Load(), w.open.Load()))
	c, err := w.Listener.Accept()
	if err != nil {
		return nil, err
	}
	w.open.Add(1)
	return &counted{Conn: c, leave: sync.OnceFunc(func() { w.open.Add(-1) })}, nil
}

func TestALimitedListenerHasOnlySoManyConnectionsOpen(t *testing.T) {
	dir := longDir(t)
	inner := &watched{Listener: mustOpenSocket(t, dir)}
	l := Limit(inner, 2)
	ended := make(chan error, 1)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				ended <- err
				return
			}
			if _, err := PeerOf(c); err != nil {
				t.Error(err)
			}
			go func() {
				_, _ = io.Copy(c, c) // until the client closes its end
				_ = c.Close()
				_ = c.Close() // twice, as a server does: it counts once
			}()
		}
	}()
	var clients sync.WaitGroup
	for range 20 {
		clients.Go(func() {
			c, err := DialSocket(t.Context(), dir)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			if _, err := c.Write([]byte("x")); err != nil {
				t.Error(err)
			}
			if _, err := c.Read(make([]byte, 1)); err != nil {
				t.Error(err)
			}
		})
	}
	clients.Wait()
	if n := inner.openMax.Load(); n != 1 {
		t.Errorf("one more was asked for while %d were open", n)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

// The test opens more connections from one address than it may have, and one from another address.
func TestOneAddressDoesNotTakeAllConnections(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := Limit(inner, 4)
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer c.Close()
				_, _ = c.Write([]byte("x"))
				_, _ = io.Copy(io.Discard, c) // until the client closes its end
			})
		}
	})
	defer serving.Wait()
	defer l.Close()
	from := func(address string) (c net.Conn, served bool) {
		t.Helper()
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
		c, err := dialer.DialContext(t.Context(), "tcp", inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		_, err = c.Read(make([]byte, 1))
		return c, err == nil
	}
	var open []net.Conn
	for i, want := range []bool{true, true, false, false, false} {
		c, served := from("127.0.0.2")
		defer c.Close()
		if served != want {
			t.Errorf("connection %d: served is %v", i, served)
		}
		open = append(open, c)
	}
	other, served := from("127.0.0.3")
	defer other.Close()
	if !served {
		t.Error("another address is kept out")
	}
	_ = open[0].Close()
	for served, deadline := false, time.Now().Add(time.Minute); !served; { // once the server has closed its end
		c, again := from("127.0.0.2")
		defer c.Close()
		if served = again; time.Now().After(deadline) {
			t.Fatal("the place is not given back")
		}
	}
}
