package kurrenttest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	api "github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/peer"
)

// Node is one server of the cluster. Its port never changes.
type Node struct {
	server  *Cluster
	number  int
	address string

	lag atomic.Uint64 // the last position that reads see, 0 for all

	mu      sync.Mutex
	serving *grpc.Server // nil while stopped
	wires   *wires
}

func newNode(s *Cluster, number int) (*Node, error) {
	n := &Node{server: s, number: number, address: s.config.Listen}
	if number > 0 {
		host, _, err := net.SplitHostPort(s.config.Listen)
		if err != nil {
			return nil, fmt.Errorf("kurrenttest: listen: %w", err)
		}
		n.address = net.JoinHostPort(host, "0")
	}
	return n, n.Restart()
}

// Address returns the host and port of the node.
func (n *Node) Address() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.address
}

// Stop kills the node: its connections break and its port refuses new ones. Stored events stay.
func (n *Node) Stop() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.serving == nil {
		return
	}
	n.wires.resume()
	n.wires.Listener.Close() // the server closes the listener only if it has begun to serve
	n.serving.Stop()
	n.serving = nil
}

// Restart brings a stopped node back on the same port.
func (n *Node) Restart() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.serving != nil {
		return errors.New("kurrenttest: restart: the node is running")
	}
	l, err := net.Listen("tcp", n.address)
	if err != nil {
		return fmt.Errorf("kurrenttest: listen: %w", err)
	}
	n.address = l.Addr().String()
	if n.server.tls != nil {
		l = tls.NewListener(l, n.server.tls) // below the wires, which look into what they carry
	}
	n.wires = newWires(l)
	n.serving = grpc.NewServer(
		// A client may ping every ten seconds. A server with default settings answers that with GOAWAY
		// too_many_pings.
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{
			MinTime: 5 * time.Second, PermitWithoutStream: true}),
		grpc.MaxRecvMsgSize(17<<20),
		grpc.UnaryInterceptor(unary),
		grpc.StreamInterceptor(streaming),
	)
	api.RegisterStreamsServer(n.serving, &streams{node: n})
	serverfeatures.RegisterServerFeaturesServer(n.serving, &features{node: n})
	gossip.RegisterGossipServer(n.serving, &members{node: n})
	go n.serving.Serve(n.wires)
	return nil
}

// Pause holds back all bytes in both directions, while connections stay open, as when a machine hangs.
func (n *Node) Pause() { n.current().pause() }

// Resume ends Pause. The bytes that were held back arrive.
func (n *Node) Resume() { n.current().resume() }

// Cut breaks every connection to the node. The node goes on listening.
func (n *Node) Cut() { n.current().cutAll() }

// Lag makes the node serve only the events stored until now, like a follower that has lost the leader. Appends
// through it still reach the leader.
func (n *Node) Lag() {
	all, _ := n.server.journal.snapshot(0)
	n.lag.Store(all[len(all)-1].position)
}

// CatchUp ends Lag.
func (n *Node) CatchUp() {
	n.lag.Store(0)
	n.server.journal.mu.Lock()
	defer n.server.journal.mu.Unlock()
	n.server.journal.announce()
}

func (n *Node) upTo() uint64 { return n.lag.Load() }

// Connections returns the number of open connections to the node.
func (n *Node) Connections() int { return n.current().count() }

func (n *Node) current() *wires {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.wires
}

func (n *Node) alive() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.serving != nil
}

// wire returns the connection of a call, or a closed one if the connection is gone.
func (n *Node) wire(ctx context.Context) *wire {
	if p, ok := peer.FromContext(ctx); ok {
		if w := n.current().find(p.Addr.String()); w != nil {
			return w
		}
	}
	return &wire{all: n.current()}
}

// cut breaks the connection of a call.
func (n *Node) cut(ctx context.Context) {
	if p, ok := peer.FromContext(ctx); ok {
		n.current().cut(p.Addr.String())
	}
}
