// Package natsserver runs a NATS server in this process, with the rights of the alert feed, and writes a
// configuration with the same rights for a separate server.
//
// The stream of alerts is in an account of its own, LEDGER. Every user is in an account of its own too, and may do
// four things with its own durable consumer and nothing else: get messages, acknowledge them, ask for its state, and
// reset it. In one account with the stream, permissions would not hold: the reply subject of a request is not
// checked.
package natsserver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
	"go.uber.org/zap"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/files/filelock"
)

// NATSConfig holds the parameters of Start.
type NATSConfig struct {
	Dir    string      // of the streams; created if needed, and locked
	Listen string      // HOST:PORT; port 0 means any free port
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
	cfg  NATSConfig
	host string
	port int // -1 for any, before the first start
	lock *filelock.Lock
	own  nkeys.KeyPair // of the publisher; made at each start and never stored
	key  string        // its public half

	change  sync.Mutex // held by Restart, SetUsers and Close, one at a time; guards the fields below
	users   []User
	door    *door  // of the running server
	unwatch func() // ends the watch of the running server, and returns when it has ended
	closed  bool

	on atomic.Pointer[server.Server] // nil while no server runs
}

// Start starts a server and returns when it answers. If the port is in use, errors.Is(err, syscall.EADDRINUSE). If
// another process uses the directory, the code of the error is text.Conflict.
func Start(ctx context.Context, cfg NATSConfig) (*Server, error) {
	host, port, err := splitListen(cfg.Listen)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(checkUsers(cfg.Users), ctx.Err()); err != nil {
		return nil, err
	}
	own, key, err := newKey()
	if err != nil {
		return nil, err
	}
	lock, err := lockDir(cfg.Dir)
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, host: host, port: port, lock: lock, own: own, key: key, users: slices.Clone(cfg.Users)}
	if err := s.run(); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return s, nil
}

// splitListen returns the host and the port as the server expects it: -1 for any.
func splitListen(listen string) (host string, port int, err error) {
	host, digits, err := net.SplitHostPort(listen)
	if err == nil {
		port, err = strconv.Atoi(digits)
	}
	if err != nil || host == "" || port < 0 || port > 65535 {
		return "", 0, text.Errorf(text.Invalid, "监听地址 %q 有误：应为“主机:端口”，例如 127.0.0.1:4222",
			"the address %q to listen on is wrong: expected HOST:PORT, such as 127.0.0.1:4222", text.Clip(listen, 100))
	}
	if port == 0 {
		port = server.RANDOM_PORT
	}
	return host, port, nil
}

func newKey() (pair nkeys.KeyPair, public string, err error) {
	if pair, err = nkeys.CreateUser(); err == nil {
		public, err = pair.PublicKey()
	}
	if err != nil {
		return nil, "", fmt.Errorf("natsserver: make a key: %w", err)
	}
	return pair, public, nil
}

// options returns the options of the server. It parses them from a text, because options built by hand lose the
// JetStream settings of an account.
func (s *Server) options() (*server.Options, error) {
	opts := &server.Options{}
	if err := opts.ProcessConfigString(own()); err != nil {
		return nil, fmt.Errorf("natsserver: read the configuration: %w", err)
	}
	opts.ServerName = "taizhang"
	// set here and not in the text, because a path may contain any character
	opts.Host, opts.Port, opts.StoreDir = s.host, s.port, s.cfg.Dir
	opts.NoSigs, opts.NoLog, opts.DisableJetStreamBanner = true, true, true
	if s.cfg.TLS != nil {
		opts.TLS, opts.TLSConfig, opts.TLSTimeout = true, s.cfg.TLS.Clone(), handshakeMax.Seconds()
		opts.TLSConfig.MinVersion = max(opts.TLSConfig.MinVersion, tls.VersionTLS12)
	}
	return opts, nil
}

// handshakeMax is the maximum time of the TLS handshake with a client.
const handshakeMax = 5 * time.Second

// run starts the server. The caller has locked s.change or has the only reference.
func (s *Server) run() error {
	opts, err := s.options()
	if err != nil {
		return err
	}
	if err := s.tryPort(); err != nil {
		return err
	}
	d := &door{answers: answersMax}
	opts.CustomClientAuthentication, opts.AlwaysEnableNonce = d, true
	on, err := server.NewServer(opts)
	if err != nil {
		return fmt.Errorf("natsserver: make the server: %w", err)
	}
	if err := d.open(on, s.key, s.users); err != nil {
		on.Shutdown()
		return err
	}
	log := &serverLog{log: s.cfg.Log.Named("nats")}
	on.SetLogger(log, false, false)
	on.Start() // returns when the streams are read and the listener is open, or logs why not
	addr, ok := on.Addr().(*net.TCPAddr)
	if !ok || !on.JetStreamEnabled() || log.said() != "" {
		on.Shutdown()
		on.WaitForShutdown()
		if err := s.tryPort(); err != nil { // another process took the port after the first check
			return err
		}
		return fmt.Errorf("natsserver: start the server: %s", log.said())
	}
	if s.port < 0 {
		s.port = addr.Port
	}
	s.door = d
	s.on.Store(on)
	s.unwatch = d.watch(on)
	return nil
}

// tryPort returns the reason why nobody can listen on the port. The server itself only logs it.
func (s *Server) tryPort() error {
	l, err := net.Listen("tcp", net.JoinHostPort(s.host, strconv.Itoa(max(s.port, 0))))
	if err != nil {
		return fmt.Errorf("natsserver: %w", err)
	}
	return l.Close()
}

// halt stops the server and returns when all data is written.
func (s *Server) halt() {
	if on := s.on.Swap(nil); on != nil {
		s.unwatch()
		on.Shutdown()
		on.WaitForShutdown()
	}
}

// Addr returns the HOST:PORT on which the server listens. It stays the same after Restart.
func (s *Server) Addr() string {
	return net.JoinHostPort(s.host, strconv.Itoa(s.port))
}

// errNotRunning is the error of a connection in this process while the server restarts, and after Close.
var errNotRunning = errors.New("natsserver: connect: the server is not running")

// inProcess connects to the running server within the process.
type inProcess struct{ *Server }

// InProcessConn implements nats.InProcessConnProvider.
func (p inProcess) InProcessConn() (net.Conn, error) {
	if on := p.on.Load(); on != nil {
		return on.InProcessConn()
	}
	return nil, errNotRunning
}

// reconnectWait is the time between two attempts to connect after a restart.
const reconnectWait = 20 * time.Millisecond

// Connect connects the publisher within the process, with all rights in the account of the stream. The connection
// survives Restart. The caller closes it.
func (s *Server) Connect(opts ...nats.Option) (*nats.Conn, error) {
	own := []nats.Option{nats.InProcessServer(inProcess{s}), nats.Nkey(s.key, s.own.Sign), nats.Name("taizhang"),
		nats.MaxReconnects(-1), nats.ReconnectWait(reconnectWait), nats.ReconnectJitter(reconnectWait, reconnectWait),
		nats.ErrorHandler(s.logError)}
	nc, err := nats.Connect("", append(own, opts...)...)
	if err != nil {
		return nil, fmt.Errorf("natsserver: connect: %w", err)
	}
	return nc, nil
}

func (s *Server) logError(_ *nats.Conn, _ *nats.Subscription, err error) {
	s.cfg.Log.Warn("nats connection of the publisher", zap.Error(err))
}

// SetUsers replaces the users of the server. When it returns, each of them can send requests, and removed users are
// disconnected and cannot come back. Other users notice nothing. If no server runs after an error of Restart, the
// next one has these users.
func (s *Server) SetUsers(ctx context.Context, users []User) error {
	if err := errors.Join(checkUsers(users), ctx.Err()); err != nil {
		return err
	}
	s.change.Lock()
	defer s.change.Unlock()
	if s.closed {
		return errNotRunning
	}
	s.users = slices.Clone(users)
	on := s.on.Load()
	if on == nil {
		return nil
	}
	return s.door.admit(on, s.key, users)
}

// Restart stops the server and starts it again on the same address and directory. After a full disk the server
// answers no publish until it is restarted. Users and the connections of Connect reconnect by themselves. After an
// error no server runs; call Restart again.
func (s *Server) Restart(ctx context.Context) error {
	s.change.Lock()
	defer s.change.Unlock()
	if s.closed {
		return errNotRunning
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	s.halt()
	return s.run()
}

// Close stops the server and returns when all data is written.
func (s *Server) Close() error {
	s.change.Lock()
	defer s.change.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	s.halt()
	return s.lock.Close()
}
