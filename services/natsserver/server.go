// Package natsserver runs a NATS server in this process, with the rights of the
// alert feed, and writes a configuration with the same rights for a server
// elsewhere.
//
// The stream of alerts lives in an account of its own, LEDGER. Every user is in
// an account of its own too, and may do four things with its own durable
// consumer and nothing else: get messages, acknowledge them, ask how it stands,
// and set it back. In one account with the stream, permissions would not hold:
// the reply subject of a request is not checked.
package natsserver

import (
	"context"
	"crypto/tls"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
	"go.uber.org/zap"
)

// Config holds the parameters of Start.
type Config struct {
	Dir    string      // of the streams; made if it is not there, and locked
	Listen string      // HOST:PORT; port 0 is any free one
	TLS    *tls.Config // nil for none
	Users  []User
	Log    *zap.Logger
}

// User is a program that reads the feed.
type User struct {
	Name string // see CheckName
	Key  string // its public nkey
}

// Server is a NATS server in this process.
type Server struct {
	cfg Config
	own nkeys.KeyPair // of the publisher: made at each start and never stored
	on  *server.Server
}

// Start starts a server and returns when it answers.
func Start(ctx context.Context, cfg Config) (*Server, error) { panic("not yet") }

// Addr returns HOST:PORT where the server listens, the same also after Restart.
func (s *Server) Addr() string { panic("not yet") }

// Connect connects the publisher, in the process itself, with all rights in the account of the stream. The connection outlives
// Restart.
func (s *Server) Connect(opts ...nats.Option) (*nats.Conn, error) { panic("not yet") }

// SetUsers makes the users of the server these and returns when each of them can ask. Who is no user any more is disconnected at
// once; nobody else is.
func (s *Server) SetUsers(ctx context.Context, users []User) error { panic("not yet") }

// Restart stops the server and starts it again on the same address and directory: after a full disk it answers no publish until
// then.
func (s *Server) Restart(ctx context.Context) error { panic("not yet") }

// Close stops the server and returns when everything is written.
func (s *Server) Close() error { panic("not yet") }

// CheckName returns what is wrong with the name of a user, which is also that of its account and of its durable consumer.
func CheckName(name string) error { panic("not yet") }

// CheckKey returns what is wrong with the public nkey of a user.
func CheckKey(key string) error { panic("not yet") }

// Configuration returns a configuration of a server elsewhere with the same accounts and rights. publisher is the public nkey of
// the publisher.
func Configuration(publisher string, users []User) string { panic("not yet") }
