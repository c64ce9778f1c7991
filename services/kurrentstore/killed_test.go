package kurrentstore

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/kurrentstore/kurrenttest"
	"github.com/taizhang/taizhang/services/logstore"
)

// serve prints how to reach the server, and serves until the process is killed.
func serve(dir, listen string) error {
	kept, err := logstore.Open(dir, logstore.Options{})
	if err != nil {
		return err
	}
	srv, err := kurrenttest.New(kurrenttest.ClusterConfig{Listen: listen, Store: kept})
	if err != nil {
		return err
	}
	fmt.Println(srv.ConnectionString())
	select {}
}

// process runs a server in a separate process, and returns when it can be reached.
func process(t *testing.T, dir, listen string) (connection string, kill func()) {
	t.Helper()
	c := exec.CommandContext(t.Context(), os.Args[0])
	c.Env = append(os.Environ(), serveVariable+"="+dir, listenVariable+"="+listen)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	connection = strings.TrimSpace(line)
	if err != nil || !strings.HasPrefix(connection, "esdb://") {
		t.Fatalf("the server says %q, %v", line, err)
	}
	return connection, func() { c.Process.Kill(); c.Wait() }
}

// The server is killed during writes and reads, and restarts with its durable events.
func TestNothingAcknowledgedIsLostOrTwiceWhenTheServerIsKilled(t *testing.T) {
	const centers, each, kills = 3, 60, 4
	dir := t.TempDir()
	connection, kill := process(t, dir, "127.0.0.1:0")
	address := strings.TrimSuffix(strings.TrimPrefix(connection, "esdb://"), "?tls=false")
	s := openOn(t, connection, quick())
	var acknowledged atomic.Int64
	var work sync.WaitGroup
	for i := range centers {
		stream := events.StreamID(fmt.Sprintf("center-ZJ-%02d", i))
		work.Go(func() {
			for n := range uint64(each) {
				if _, err := s.Append(soon(t), stream, 2*n, proposals(fmt.Sprint(stream, n), 2)); err != nil {
					t.Errorf("%s at %d: %v", stream, 2*n, err)
					return
				}
				acknowledged.Add(1)
			}
		})
	}
	work.Go(func() {
		seen, n := map[events.StreamID]uint64{}, 0
		for e, err := range s.Subscribe(soon(t), 0) {
			if err != nil || e.Revision != seen[e.Stream]+1 {
				t.Errorf("%s revision %d after %d, %v", e.Stream, e.Revision, seen[e.Stream], err)
				return
			}
			seen[e.Stream]++
			if n++; n == centers*each*2 {
				return
			}
		}
	})
	for i := range int64(kills) {
		until(t, "more is acknowledged", func() bool {
			return acknowledged.Load() >= (i+1)*centers*each/(kills+1) ||
				t.Failed()
		})
		kill()
		_, kill = process(t, dir, address)
	}
	work.Wait()
	fresh := openOn(t, connection, quick())
	for i := range centers {
		stream := events.StreamID(fmt.Sprintf("center-ZJ-%02d", i))
		var want []events.Proposed
		for n := range each {
			want = append(want, proposals(fmt.Sprint(stream, n), 2)...)
		}
		wantBodies(t, fresh.ReadStream(soon(t), stream, 0), want)
	}
	if got, err := bodies(fresh.ReadAll(soon(t), 0)); err != nil || len(got) != centers*each*2 {
		t.Errorf("everything is %d events, %v", len(got), err)
	}
	kill()
}
