package alertfeed

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/natsserver"
)

// FeedConfig holds the parameters of Open.
type FeedConfig struct {
	Desk   *desk.Local    // sees all centers
	Access *access.Access // the messages carry its epoch, and its users may read them
	// the directory of the ledger; it has the streams of the server in this process and the memory of the
	// publisher
	Dir    string
	Shared bool // others write to the ledger too
	Now    func() time.Time
	Log    *zap.Logger

	Listen string      // HOST:PORT of the server in this process, port 0 is any free one; "" for a server elsewhere
	TLS    *tls.Config // of the server in this process; nil for none

	URL   string // of a server elsewhere, or several of one cluster with commas between
	NKey  string // the path of the seed that the publisher connects with; "" for none
	Creds string // the path of the credentials that the publisher connects with; "" for none
}

// These are names in the directory of the ledger. The memory is kept apart from the streams, so that it shows when
// an old copy of the streams was put back.
const (
	serverName = "nats"
	memoryDir  = "feed"
	memoryName = "published.json"
)

// These are the times of a feed.
const (
	feedRetry   = 2 * time.Second  // until the server in this process is tried again
	feedClosing = 3 * time.Second  // for all of Close
	admitWait   = 15 * time.Second // for a server to start and to know all of its users
	dialWait    = 2 * time.Second  // for a connection to a server elsewhere
	redialWait  = time.Second      // between two attempts to connect
)

// Feed publishes the alerts of a ledger while it is open. It has a Publisher, and a server in this process if
// there is one.
type Feed struct {
	cfg    FeedConfig
	key    *ownKey // the key of the publisher at a server elsewhere; nil for a server in this process
	stop   context.CancelFunc
	ended  chan struct{} // closed when no goroutine runs any more
	failed error         // the error at the end; valid once ended is closed
	begun  chan struct{} // closed when the publisher exists
	opened time.Time
	broken atomic.Pointer[broken] // why the server does not run or is not connected; nil if it is
	denied atomic.Pointer[string] // the last right that the server elsewhere denied the publisher; nil for none

	admitting chan struct{} // holds one element: users are changed one at a time

	// These are valid once begun is closed.
	server    *natsserver.Server // nil for one elsewhere
	publisher *Publisher
}

// Open starts the server in this process, or connects to the one elsewhere, and publishes until Close. It waits
// for neither, so that the ledger never waits. An address in use, and a key that cannot be read, are errors.
func Open(ctx context.Context, cfg FeedConfig) (*Feed, error) {
	f := &Feed{cfg: cfg, opened: time.Now(), ended: make(chan struct{}), begun: make(chan struct{}),
		admitting: make(chan struct{}, 1)}
	var err error
	if cfg.Listen != "" {
		f.cfg.Listen, err = FreeAddress(ctx, cfg.Listen)
	} else {
		f.key, err = readOwnKey(cfg.NKey, cfg.Creds)
	}
	if err != nil {
		return nil, err
	}
	running, stop := context.WithCancel(context.Background())
	f.stop = stop
	go func() {
		defer close(f.ended)
		f.failed = f.run(running)
	}()
	return f, nil
}

// FreeAddress returns the address with a port number, or an error if another program listens there.
func FreeAddress(ctx context.Context, address string) (string, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return "", text.Errorf(text.Conflict, "预警推送的地址 %s 已被占用；请另选一个，或关闭推送（地址写 off）",
			"the address %s of the alert feed is in use; choose another one, or off for no feed",
			address).Of("nats-listen")
	case err != nil:
		return "", text.Errorf(text.Invalid, "预警推送不能使用地址 %s：%v", "the alert feed cannot listen on %s: %v",
			address, err).Of("nats-listen")
	}
	host, port, err := net.SplitHostPort(l.Addr().String())
	if given, _, _ := net.SplitHostPort(address); given != "" {
		host = given // for 0.0.0.0 the listener reports [::]
	}
	return net.JoinHostPort(host, port), errors.Join(err, l.Close())
}

// Close stops publishing and ends the server. What is not published yet is published after the next Open.
func (f *Feed) Close() error {
	f.stop()
	late := time.NewTimer(feedClosing)
	defer late.Stop()
	select {
	case <-f.ended:
		return f.failed
	case <-late.C:
		return text.Errorf(text.Unavailable, "预警推送未能在 %v 内停止", "the alert feed did not end within %v",
			feedClosing)
	}
}

// URL returns the address that consumers connect to.
func (f *Feed) URL() string {
	switch {
	case f.cfg.Listen == "":
		return f.cfg.URL
	case f.cfg.TLS != nil:
		return "tls://" + f.cfg.Listen
	}
	return "nats://" + f.cfg.Listen
}

// run runs the feed until ctx ends. It returns the error at the end, if there is one.
func (f *Feed) run(ctx context.Context) error {
	for {
		err := f.publish(ctx)
		switch {
		case ctx.Err() != nil && errors.Is(err, context.Canceled):
			return nil // the ledger never began
		case ctx.Err() != nil:
			return err
		}
		f.cfg.Log.Error("the alert feed did not start and is tried again", zap.String("server", f.URL()),
			zap.Error(err))
		f.broken.Store(f.brokenBy(err))
		again := time.NewTimer(feedRetry)
		select {
		case <-ctx.Done():
		case <-again.C:
		}
		again.Stop()
	}
}

// publish publishes until ctx ends. It returns the error if it could not begin.
func (f *Feed) publish(ctx context.Context) (err error) {
	if err := os.MkdirAll(filepath.Join(f.cfg.Dir, memoryDir), 0o700); err != nil {
		return err
	}
	var server *natsserver.Server
	if f.cfg.Listen != "" {
		server, err = natsserver.Start(ctx, natsserver.NATSConfig{Dir: filepath.Join(f.cfg.Dir, serverName),
			Listen: f.cfg.Listen, TLS: f.cfg.TLS, Users: serverUsers(f.cfg.Access.NATSUsers()), Log: f.cfg.Log})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, server.Close()) }()
	}
	conn, err := f.connect(server)
	if err != nil {
		return err
	}
	defer conn.Close()
	js, err := jetstream.New(conn, Patient())
	if err != nil {
		return err
	}
	cfg := PublisherConfig{Desk: f.cfg.Desk, JetStream: js, Memory: filepath.Join(f.cfg.Dir, memoryDir, memoryName),
		Epoch: f.cfg.Access.Epoch, Users: f.users,
		Now: f.cfg.Now, Log: f.cfg.Log, Shared: f.cfg.Shared}
	if server != nil {
		cfg.Restart, cfg.Streams = server.Restart, filepath.Join(f.cfg.Dir, serverName)
	}
	f.server, f.publisher = server, New(cfg)
	close(f.begun)
	f.publisher.Run(ctx)
	return nil
}

// connect connects the publisher. For a server elsewhere that does not answer it returns too: the connection is
// retried until it is closed.
func (f *Feed) connect(server *natsserver.Server) (*nats.Conn, error) {
	opts := []nats.Option{
		nats.ReconnectBufSize(-1), // an old message must not be sent after a reconnect
		nats.ConnectHandler(func(*nats.Conn) { f.connected() }),
		nats.ReconnectHandler(func(*nats.Conn) { f.connected() }),
		nats.DisconnectErrHandler(f.disconnected),
		nats.ReconnectErrHandler(f.disconnected),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			f.cfg.Log.Warn("the connection of the alert feed", zap.Error(err))
			if errors.Is(err, nats.ErrPermissionViolation) {
				f.denied.Store(new(err.Error()))
			}
		}),
	}
	if server != nil {
		return server.Connect(opts...)
	}
	opts = append(opts, f.key.option(), nats.Name("taizhang"), nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1),
		nats.IgnoreAuthErrorAbort(),
		// they may be on other machines, without TLS
		nats.Timeout(dialWait), nats.ReconnectWait(redialWait), nats.IgnoreDiscoveredServers())
	f.broken.Store(f.brokenBy(nats.ErrNoServers))
	return nats.Connect(f.cfg.URL, opts...)
}

func (f *Feed) connected() {
	f.broken.Store(nil)
	f.denied.Store(nil)
	f.cfg.Log.Info("the alert feed is connected", zap.String("server", f.URL()))
}

// disconnected notes why there is no connection. The connection is retried often, so a reason is logged only when
// it is new.
func (f *Feed) disconnected(conn *nats.Conn, err error) {
	if conn.IsClosed() {
		return // the feed is closing
	}
	if err == nil {
		err = nats.ErrDisconnected
	}
	before := f.broken.Load()
	f.broken.Store(f.brokenBy(err))
	if before == nil || before.why.Error() != err.Error() {
		f.cfg.Log.Warn("the alert feed is not connected and tries again", zap.String("server", f.URL()),
			zap.Error(err))
	}
}

// broken is the reason why there is no server or no connection, and the time since when.
type broken struct {
	why   error
	since time.Time
}

// brokenBy returns a broken with a new reason and the time of the present one.
func (f *Feed) brokenBy(why error) *broken {
	if before := f.broken.Load(); before != nil {
		return &broken{why, before.since}
	}
	return &broken{why, time.Now()}
}

// Status returns the state of the feed. It sends no request and never waits.
func (f *Feed) Status() (s FeedStatus) {
	select {
	case <-f.begun:
		s = f.publisher.Status()
	default:
		s.State, s.Position, s.Silent = StateConnecting, f.cfg.Desk.Position(), time.Since(f.opened).Seconds()
		s.Behind = s.Position
	}
	s.Server = f.URL()
	denied := f.denied.Load()
	if b := f.broken.Load(); b != nil {
		s.State, s.Reason = StateConnecting, f.brokenWords(b.why)
		s.Silent = max(s.Silent, time.Since(b.since).Seconds())
	} else if denied != nil && f.key != nil && s.State == StateConnecting {
		s.Reason = f.deniedWords(*denied)
	}
	if s.State == StatePublishing {
		f.denied.CompareAndSwap(denied, nil) // the right may have been granted since
	}
	s.Seconds = max(s.Seconds, s.Silent)
	return s
}

func (f *Feed) brokenWords(err error) text.Text {
	why := text.Of(err)
	switch {
	case f.key == nil:
		return text.Say("本进程的 NATS 服务器没有运行：%[1]s", "the NATS server in this process does not run: %[2]s",
			why.Zh, why.En)
	case slices.ContainsFunc(unaccepted, func(e error) bool { return errors.Is(err, e) }):
		return text.Say("NATS 服务器 %[1]s 不接受 %[2]s 中的密钥（%[3]s）：请把 taizhang nats user add "+
			"输出的配置写入该服务器并重新加载两次，或以 nats-nkey、nats-creds 指定它所认的密钥",
			"the NATS server %[1]s does not accept the key in %[2]s (%[3]s): put the configuration that taizhang "+
				"nats user add prints there and reload it twice, or name the file of a key that it knows with "+
				"nats-nkey or nats-creds",
			f.cfg.URL, f.key.path(), err)
	}
	return text.Say("NATS 服务器 %[1]s 连接不上：%[2]s", "the NATS server %[1]s cannot be reached: %[3]s", f.cfg.URL,
		why.Zh, why.En)
}

// unaccepted are the errors of a server that rejects the publisher.
var unaccepted = []error{nats.ErrAuthorization, nats.ErrAuthExpired, nats.ErrAuthRevoked, nats.ErrAccountAuthExpired}

func (f *Feed) deniedWords(what string) text.Text {
	return text.Say("NATS 服务器 %[1]s 不许 %[2]s 中密钥的用户发布预警（%[3]s）：它可能是只读程序的密钥。请以 "+
		"nats-nkey 或 nats-creds 指定发布者的密钥，或在该服务器上给此用户账号 LEDGER 的权限",
		"the NATS server %[1]s does not let the user of the key in %[2]s publish (%[3]s): it is perhaps the key of "+
			"a program that reads. Name the file of the publisher's key with nats-nkey or nats-creds, or give this "+
			"user the rights of the account LEDGER there",
		f.cfg.URL, f.key.path(), text.Printable(what))
}

// ready waits until the publisher exists.
func (f *Feed) ready(ctx context.Context) error {
	select {
	case <-f.begun:
		return nil
	case <-f.ended:
	case <-ctx.Done():
	}
	return errNotReady
}

var errNotReady = text.Errorf(text.Unavailable, "预警推送尚未就绪", "the alert feed is not ready")

// Restate publishes every alert again; see Publisher.Restate.
func (f *Feed) Restate(ctx context.Context) error {
	if err := f.ready(ctx); err != nil {
		return err
	}
	return f.publisher.Restate(ctx)
}

// Admit makes the users of the server, and their durable consumers, match those of the accounts. It returns when
// each user can read. For a server elsewhere it returns the configuration that its operator has to add; the
// consumers are made once that server can be reached.
func (f *Feed) Admit(ctx context.Context) (configuration string, err error) {
	ctx, cancel := context.WithTimeout(ctx, admitWait)
	defer cancel()
	select {
	case f.admitting <- struct{}{}:
		defer func() { <-f.admitting }()
	case <-ctx.Done():
		return "", errNotReady
	}
	if f.key != nil {
		configuration = natsserver.Configuration(f.key.public, serverUsers(f.cfg.Access.NATSUsers()))
	}
	// Of a server elsewhere that cannot be reached, the publisher makes the consumers once it is connected.
	unreached := func() bool { return f.key != nil && f.broken.Load() != nil }
	if unreached() {
		return configuration, nil
	}
	if err := f.ready(ctx); err != nil {
		return configuration, err
	}
	if unreached() { // which showed only now, right after the start
		return configuration, nil
	}
	if f.server != nil {
		if err := f.server.SetUsers(ctx, serverUsers(f.cfg.Access.NATSUsers())); err != nil {
			return "", err
		}
	}
	return configuration, f.publisher.Reconcile(ctx)
}

// users returns the users that must have a durable consumer.
func (f *Feed) users() []User {
	list := f.cfg.Access.NATSUsers()
	users := make([]User, len(list))
	for i, u := range list {
		users[i] = User{u.Name, u.Key, Filter(u.Filter)}
	}
	return users
}

// serverUsers returns users in the form that the server needs.
func serverUsers(list access.NATSUsers) []natsserver.User {
	users := make([]natsserver.User, len(list))
	for i, u := range list {
		users[i] = natsserver.User{Name: u.Name, Key: u.Key}
	}
	return users
}

// Configuration returns the accounts and rights that a server elsewhere needs. publisher is the public nkey of the
// publisher, which must differ from that of each user.
func Configuration(publisher string, users access.NATSUsers) (string, error) {
	if err := natsserver.CheckKey(publisher); err != nil {
		return "", err
	}
	for _, u := range users {
		if u.Key == publisher {
			return "", text.Errorf(text.Conflict, "这是 NATS 用户 %s 的密钥，不能又用于发布；请为发布者另用一个",
				"this is the key of the NATS user %s and cannot also publish; give the publisher a key of its own",
				u.Name)
		}
	}
	return natsserver.Configuration(publisher, serverUsers(users)), nil
}
