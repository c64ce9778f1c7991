//go:build e2e

package kurrenttest_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"github.com/taizhang/taizhang/services/kurrentstore/kurrenttest"
)

func TestTheServerRunsAsAProcess(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "server")
	command(t, ".", "go", "build", "-o", binary, "./server")
	cmd := exec.Command(binary, "--listen", "127.0.0.1:0", "--nodes", "3", "--tls")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	client := dial(t, strings.TrimSpace(line))
	must(t)(client.AppendToStream(soon(t), "s", atStart(), batch("a", 3)...))
	wantNotes(t, client, "s", "a/0 a/1 a/2")
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("told to stop: %v", err)
	}
}

// TestAnIdleClientMayPingEveryTenSeconds waits as long as it takes until a server that does not want pings sends clients
// away: the third ping, after thirty seconds.
func TestAnIdleClientMayPingEveryTenSeconds(t *testing.T) {
	t.Parallel()
	client := dial(t, kurrenttest.Start(t, kurrenttest.Config{}).ConnectionString()+"&keepAliveInterval=10000&keepAliveTimeout=5000")
	sub, err := client.SubscribeToStream(t.Context(), "s", esdb.SubscribeToStreamOptions{From: esdb.Start{}})
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	dropped := make(chan error, 1)
	go func() {
		for {
			if e := sub.Recv(); e.SubscriptionDropped != nil {
				dropped <- e.SubscriptionDropped.Error
				return
			}
		}
	}()
	select {
	case err := <-dropped:
		t.Error(err)
	case <-time.After(35 * time.Second):
	}
}
