//go:build e2e

package kurrenttest_test

import (
	"bufio"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	api "github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"

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

func TestTheServersProcessKeepsALedgerInADirectory(t *testing.T) {
	binary, dir := filepath.Join(t.TempDir(), "server"), t.TempDir()
	command(t, ".", "go", "build", "-o", binary, "./server")
	for i, want := range []string{"a/0 a/1 a/2", "a/0 a/1 a/2 b/0"} {
		cmd := exec.Command(binary, "--listen", "127.0.0.1:0", "--data", dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(out).ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		client := dial(t, strings.TrimSpace(line))
		if i == 0 {
			must(t)(client.AppendToStream(soon(t), "center-ZJ-0001", atStart(), batch("a", 3)...))
		} else {
			must(t)(client.AppendToStream(soon(t), "center-ZJ-0001", at(2), batch("b", 1)...))
		}
		wantNotes(t, client, "center-ZJ-0001", want)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		cmd.Wait()
	}
}

// stock is a service on a server with the defaults of grpc-go. Its only call is a subscription that waits.
type stock struct{ api.UnimplementedStreamsServer }

// Read implements streams.StreamsServer.
func (stock) Read(_ *api.ReadReq, call api.Streams_ReadServer) error {
	if err := call.Send(&api.ReadResp{
		Content: &api.ReadResp_Confirmation{
			Confirmation: &api.ReadResp_SubscriptionConfirmation{SubscriptionId: "s"}}}); err != nil {
		return err
	}
	<-call.Context().Done()
	return nil
}

// The test shows the problem with default settings that kurrenttest must avoid.
func TestAServerThatIsLeftAsItIsSendsAnIdleClientAway(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	api.RegisterStreamsServer(server, stock{})
	go server.Serve(l)
	t.Cleanup(server.Stop)
	client := dial(t, "esdb://"+l.Addr().String()+"?tls=false&keepAliveInterval=10000&keepAliveTimeout=5000")
	sub, err := client.SubscribeToStream(t.Context(), "s", esdb.SubscribeToStreamOptions{From: esdb.Start{}})
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	for {
		if e := sub.Recv(); e.SubscriptionDropped != nil {
			if !strings.Contains(e.SubscriptionDropped.Error.Error(), "too_many_pings") {
				t.Errorf("dropped for another reason: %v", e.SubscriptionDropped.Error)
			}
			return
		}
	}
}

// The test waits until a server that does not allow pings would disconnect the client: until the third ping, after
// thirty seconds.
func TestAnIdleClientMayPingEveryTenSeconds(t *testing.T) {
	t.Parallel()
	client := dial(t, kurrenttest.Start(t, kurrenttest.ClusterConfig{}).ConnectionString()+
		"&keepAliveInterval=10000&keepAliveTimeout=5000")
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
