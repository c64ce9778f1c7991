package kurrenttest

import (
	"crypto/tls"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/taizhang/taizhang/events"
)

// ClusterConfig holds the parameters of Start. Its zero value is one node without TLS, accounts or anything in it.
type ClusterConfig struct {
	Nodes  int    // 1 unless set; node 0 leads at first
	Listen string // address of node 0, "127.0.0.1:0" unless set; the others take any port of the same host
	// require TLS, with a self-signed certificate, and accounts; without it everybody has all rights
	TLS   bool
	Users []ClusterAccount // unless set, Admin is the only one
	// of the server, "24.10.0.0" unless set; below 23 subscriptions do not report when they have caught up
	Version        string
	MaxAppendBytes int              // the maximum size of one append, 1 MiB unless set
	Clock          func() time.Time // time.Now unless set
	// keeps the ledger's own streams too; nil for memory only; not closed by the server
	Store events.Store
}

// ClusterAccount is an account of the cluster. The group "$admins" may do everything.
type ClusterAccount struct {
	Login, Password string
	Groups          []string
}

// Admin is the account that every new server has.
var Admin = ClusterAccount{Login: "admin", Password: "changeit", Groups: []string{"$admins"}}

// Cluster is a cluster of nodes over one journal. It never loses an acknowledged event, whatever happens to the nodes.
type Cluster struct {
	config  ClusterConfig
	journal *journal
	nodes   []*Node
	tls     *tls.Config // nil: without TLS

	mu     sync.Mutex
	leader int
	plan   Plan
	calls  map[Method]int
	late   []func()
}

// Start runs a server until the test ends.
func Start(t testing.TB, c ClusterConfig) *Cluster {
	t.Helper()
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// New runs a server. The caller must Close it.
func New(c ClusterConfig) (*Cluster, error) {
	c.Nodes = max(c.Nodes, 1)
	if c.Listen == "" {
		c.Listen = "127.0.0.1:0"
	}
	if c.Users == nil {
		c.Users = []ClusterAccount{Admin}
	}
	if c.Version == "" {
		c.Version = "24.10.0.0"
	}
	if c.MaxAppendBytes == 0 {
		c.MaxAppendBytes = 1 << 20
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	j, err := newJournal(c.Clock, c.Store)
	if err != nil {
		return nil, fmt.Errorf("kurrenttest: read the store: %w", err)
	}
	s := &Cluster{config: c, journal: j, calls: map[Method]int{}}
	if c.TLS {
		if s.tls, err = selfSigned(); err != nil {
			return nil, err
		}
	}
	for i := range c.Nodes {
		n, err := newNode(s, i)
		if err != nil {
			s.Close()
			return nil, err
		}
		s.nodes = append(s.nodes, n)
	}
	return s, nil
}

// Close ends all calls and stops listening.
func (s *Cluster) Close() {
	for _, n := range s.nodes {
		n.Stop()
	}
}

// ConnectionString returns the connection string of the cluster. With TLS it has the first account.
func (s *Cluster) ConnectionString() string { return s.ConnectionStringFor(s.config.Users[0]) }

// ConnectionStringFor returns the connection string of the cluster. With TLS it has the given account.
func (s *Cluster) ConnectionStringFor(u ClusterAccount) string {
	addresses := make([]string, len(s.nodes))
	for i, n := range s.nodes {
		addresses[i] = n.Address()
	}
	if !s.config.TLS {
		return "esdb://" + strings.Join(addresses, ",") + "?tls=false"
	}
	return "esdb://" + url.UserPassword(u.Login, u.Password).String() + "@" + strings.Join(addresses, ",") +
		"?tlsVerifyCert=false"
}

// Node returns a node of the cluster, counted from 0.
func (s *Cluster) Node(i int) *Node { return s.nodes[i] }

// Elect makes another node the leader.
func (s *Cluster) Elect(i int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leader = i
}

func (s *Cluster) leading() *Node {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.nodes[s.leader]
}

func (s *Cluster) user(login, password string) *ClusterAccount {
	i := slices.IndexFunc(s.config.Users, func(u ClusterAccount) bool {
		return u.Login == login && u.Password == password
	})
	if i < 0 {
		return nil
	}
	return &s.config.Users[i]
}
