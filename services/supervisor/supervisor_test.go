package supervisor_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/taizhang/taizhang/services/supervisor"
)

// manager is the socket of a service manager.
type manager struct {
	*net.UnixConn
	t *testing.T
}

func listen(t *testing.T, name string) manager {
	t.Helper()
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return manager{c, t}
}

// gets returns the next datagram, or "" if none comes in time.
func (m manager) gets(within time.Duration) string {
	m.t.Helper()
	if err := m.SetReadDeadline(time.Now().Add(within)); err != nil {
		m.t.Fatal(err)
	}
	buffer := make([]byte, 1<<10)
	n, err := m.Read(buffer)
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		m.t.Fatal(err)
	}
	return string(buffer[:n])
}

func environment(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func TestTheServiceManagerIsToldOverAFileOrAnAbstractSocket(t *testing.T) {
	for _, name := range []string{filepath.Join(t.TempDir(), "notify"), "@taizhang-test-" + strconv.Itoa(os.Getpid())} {
		m := listen(t, name)
		s := supervisor.Find(environment("NOTIFY_SOCKET", name), zap.NewNop())
		s.Status("opening")
		s.Ready("serving on a\nand b")
		s.Watch(t.Context(), nil) // there is no watchdog
		s.Stopping()
		for _, want := range []string{"STATUS=opening", "READY=1\nSTATUS=serving on a and b", "STOPPING=1\nWATCHDOG=1"} {
			if got := m.gets(time.Minute); got != want {
				t.Errorf("%s: expected %q, got %q", name, want, got)
			}
		}
	}
}

func TestTheWatchdogIsFedOnlyWhileTheServerIsAlive(t *testing.T) {
	name := filepath.Join(t.TempDir(), "notify")
	m := listen(t, name)
	s := supervisor.Find(environment("NOTIFY_SOCKET", name, "WATCHDOG_USEC", "20000",
		"WATCHDOG_PID", strconv.Itoa(os.Getpid())), zap.NewNop())
	var state atomic.Int32 // 0 alive, 1 not alive, 2 does not answer
	ctx, cancel := context.WithCancel(t.Context())
	ended, asked := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		s.Watch(ctx, func(ctx context.Context) error {
			now := state.Load()
			if now == 0 {
				return nil
			}
			select {
			case asked <- struct{}{}:
			case <-ctx.Done():
			}
			if now == 1 {
				return errors.New("wedged")
			}
			<-ctx.Done()
			return ctx.Err()
		})
	}()
	for _, wrong := range []int32{1, 2} {
		for range 3 {
			if got := m.gets(time.Minute); got != "WATCHDOG=1" {
				t.Fatalf("got %q", got)
			}
		}
		state.Store(wrong)
		<-asked
		for m.gets(time.Millisecond) != "" { // sent before
		}
		<-asked
		<-asked
		if got := m.gets(time.Millisecond); got != "" {
			t.Errorf("not alive: got %q", got)
		}
		state.Store(0)
	}
	cancel()
	<-ended
}

func TestWhatTheEnvironmentNamesAndCannotBeUsedIsLogged(t *testing.T) {
	name := filepath.Join(t.TempDir(), "notify")
	listen(t, name)
	for what, x := range map[string]struct {
		env  []string
		logs int
	}{
		"nothing":               {nil, 0},
		"a socket of nobody":    {[]string{"NOTIFY_SOCKET", name + "2"}, 1},
		"another kind":          {[]string{"NOTIFY_SOCKET", "vsock:2:1234"}, 1},
		"another process":       {[]string{"NOTIFY_SOCKET", name, "WATCHDOG_PID", "1", "WATCHDOG_USEC", "no"}, 0},
		"no number":             {[]string{"NOTIFY_SOCKET", name, "WATCHDOG_USEC", "30s"}, 1},
		"a time that is past":   {[]string{"NOTIFY_SOCKET", name, "WATCHDOG_USEC", "-5"}, 1},
		"more than a time has":  {[]string{"NOTIFY_SOCKET", name, "WATCHDOG_USEC", "9223372036854775807"}, 1},
		"a watchdog and no one": {[]string{"WATCHDOG_USEC", "1000"}, 0},
	} {
		core, logged := observer.New(zapcore.WarnLevel)
		s := supervisor.Find(environment(x.env...), zap.New(core))
		s.Watch(t.Context(), nil) // returns at once
		s.Ready("serving")
		if logged.Len() != x.logs {
			t.Errorf("%s: expected %d warnings, got %v", what, x.logs, logged.All())
		}
	}
}
