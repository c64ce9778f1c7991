// Command server runs kurrenttest as a separate process, so that clients in other languages can be tested with it.
//
// It is for tests: without --data all events are lost at its end, and without --tls everybody who can connect has all
// rights.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/taizhang/taizhang/services/kurrentstore/kurrenttest"
	"github.com/taizhang/taizhang/services/logstore"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:2113", "address of the first node")
	nodes := flag.Int("nodes", 1, "how many nodes; the others take any free port")
	secure := flag.Bool("tls", false, "ask for TLS and for the account admin with password changeit")
	data := flag.String("data", "",
		"directory that keeps a ledger's events (of streams that a ledger can have), also over a kill; all else is "+
			"in memory alone")
	flag.Parse()
	if err := run(kurrenttest.ClusterConfig{Listen: *listen, Nodes: *nodes, TLS: *secure}, *data); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run prints how to reach the server, and serves until it gets a signal.
func run(c kurrenttest.ClusterConfig, data string) error {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	if data != "" {
		kept, err := logstore.Open(data, logstore.Options{})
		if err != nil {
			return err
		}
		defer kept.Close()
		c.Store = kept
	}
	s, err := kurrenttest.New(c)
	if err != nil {
		return err
	}
	defer s.Close()
	fmt.Println(s.ConnectionString())
	<-stop
	return nil
}
