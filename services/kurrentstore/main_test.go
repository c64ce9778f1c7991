package kurrentstore

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime/debug"
	"sync"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"github.com/taizhang/taizhang/services/kurrentstore/kurrenttest"
)

// deaths are uses of the bare client that end the process. Each runs in a separate process.
var deaths = map[string]func(client *esdb.Client, srv *kurrenttest.Cluster){
	"close under calls": func(client *esdb.Client, srv *kurrenttest.Cluster) {
		srv.Break(kurrenttest.Every(kurrenttest.Features, 1, kurrenttest.Fault{Strike: kurrenttest.Reject}))
		for range 16 {
			go client.AppendToStream(context.Background(), "center-ZJ-A",
				esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}}, data("a", 1)...)
		}
		for srv.Calls(kurrenttest.Features) < 20 { // it looks for a node, and the calls wait for it
			time.Sleep(time.Millisecond)
		}
		client.Close()
		select {}
	},
	"contexts that end while it sends": func(client *esdb.Client, srv *kurrenttest.Cluster) {
		// ends a process that looks for races
		srv.Break(unread)
		var calls sync.WaitGroup
		for range 16 {
			calls.Go(func() {
				for i := range 25 {
					ctx, cancel := context.WithCancel(context.Background())
					arrived := srv.Calls(kurrenttest.Append)
					go func() { // cancels soon after the server has an append: the client sends, or waits to send more
						for srv.Calls(kurrenttest.Append) == arrived && ctx.Err() == nil {
							time.Sleep(time.Millisecond)
						}
						time.Sleep(time.Duration(i%10) * time.Millisecond)
						cancel()
					}()
					client.AppendToStream(ctx, "other-1", noStream(), clientData(wide())...)
					cancel()
				}
			})
		}
		calls.Wait()
	},
	"unreadable date": func(client *esdb.Client, srv *kurrenttest.Cluster) {
		client.AppendToStream(context.Background(), "center-ZJ-A",
			esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}}, data("a", 1)...)
		srv.Break(kurrenttest.Every(kurrenttest.Read, 1, kurrenttest.Fault{Strike: kurrenttest.BadCreated}))
		r, err := client.ReadStream(context.Background(), "center-ZJ-A", esdb.ReadStreamOptions{From: esdb.Start{}}, 1)
		if err == nil {
			r.Recv()
		}
		fmt.Println("survived")
	},
}

const (
	deathVariable  = "KURRENTSTORE_TEST_DEATH"
	serveVariable  = "KURRENTSTORE_TEST_SERVE" // a directory: be a server that keeps the ledger there
	listenVariable = "KURRENTSTORE_TEST_LISTEN"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(serveVariable); dir != "" {
		fmt.Println(serve(dir, os.Getenv(listenVariable)))
		return
	}
	die, ok := deaths[os.Getenv(deathVariable)]
	if !ok {
		debug.SetGCPercent(400) // long batches are sent, and not kept
		flag.Parse()
		if err := flag.Set("test.parallel", "9"); err != nil { // most tests wait for calls that are never answered
			panic(err)
		}
		os.Exit(m.Run())
	}
	srv, err := kurrenttest.New(kurrenttest.ClusterConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	config, err := esdb.ParseConnectionString(srv.ConnectionString() +
		"&discoveryInterval=1&maxDiscoverAttempts=100000")
	if err != nil {
		fmt.Println(err)
		return
	}
	config.Logger = esdb.NoopLogging()
	client, err := esdb.NewClient(config)
	if err != nil {
		fmt.Println(err)
		return
	}
	die(client, srv)
}

// dies runs one of the deaths. It returns the output of the process, and whether the process failed.
func dies(t *testing.T, name string) (string, bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, os.Args[0])
	c.Env = append(os.Environ(), deathVariable+"="+name, "GORACE=halt_on_error=1")
	out, err := c.CombinedOutput()
	return string(out), err != nil && ctx.Err() == nil
}
