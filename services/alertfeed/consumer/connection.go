package consumer

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/alertfeed"
	"github.com/taizhang/taizhang/services/listen"
	"github.com/taizhang/taizhang/services/natsserver"
)

// FeedConnection holds the address of the feed and the identity of its reader.
type FeedConnection struct {
	URL     string // of the NATS server
	NKey    string // the path of the seed of the user; nobody else may read it
	Durable string // the name of the user, of its account and of its durable consumer
	CA      string // the path of certificates (PEM) to trust instead of those of the system; "" for the system's

	Patience time.Duration // how long to wait at the start for a missing server or durable consumer; 0 for 10 s

	Note func(text.Text) // is called with messages for people about the connection
}

// These are the names of parameters in errors.
const (
	paramURL     = "nats"
	paramNKey    = "nkey"
	paramDurable = "durable"
	paramCA      = "tls-ca"
	paramState   = "state"
)

// These are the times of a connection.
const (
	patience      = 10 * time.Second
	silentMost    = time.Second            // at the start, until a message says what is waited for
	connectWait   = 2 * time.Second        // for one attempt to connect
	askWait       = 3 * time.Second        // for one answer
	retryEvery    = 200 * time.Millisecond // between attempts at the start
	reconnectWait = 200 * time.Millisecond
)

// apiPrefix begins the subjects of requests of users. In the subjects of answers, inboxPrefix comes before the
// name of the user.
const (
	apiPrefix   = "tz"
	inboxPrefix = "_INBOX_"
)

// link is a connection that reconnects without end, unless the server rejects the key.
type link struct {
	FeedConnection
	nc      *nats.Conn
	js      jetstream.JetStream
	changed chan struct{} // receives an element when the connection is lost or made again
	ended   chan struct{} // closed when the connection will not reconnect
	denied  chan error    // receives an error when the server denies a subject
	asking  atomic.Pointer[context.CancelFunc]
}

// lostError is an error that may go away when the server is asked again.
type lostError struct{ err error }

func (e *lostError) Error() string { return e.err.Error() }
func (e *lostError) Unwrap() error { return e.err }

func lost(err error) error {
	if errors.Is(err, context.Canceled) { // given up by ask
		err = errChanged
	}
	return &lostError{err}
}

// why returns the message for an error, without lostError.
func why(err error) text.Text {
	switch {
	case errors.Is(err, errChanged):
		return text.Say("连接中断", "the connection was lost")
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, nats.ErrTimeout),
		errors.Is(err, nats.ErrNoResponders), errors.Is(err, jetstream.ErrNoHeartbeat):
		return text.Say("服务器没有应答", "the server does not answer")
	case errors.Is(err, jetstream.ErrConsumerNotFound):
		return text.Say("服务器上没有该消费者", "the server has no such consumer")
	}
	return text.Of(err)
}

// dial connects. It waits up to Patience for a server that does not answer.
func (c FeedConnection) dial(ctx context.Context) (*link, error) {
	c.Patience = cmp.Or(c.Patience, patience)
	options, err := c.options()
	if err != nil {
		return nil, err
	}
	l := &link{FeedConnection: c, changed: make(chan struct{}, 1), ended: make(chan struct{}),
		denied: make(chan error, 1)}
	options = append(options,
		nats.DisconnectErrHandler(func(*nats.Conn, error) { l.touch() }),
		nats.ReconnectHandler(func(*nats.Conn) { l.touch() }),
		nats.ClosedHandler(func(*nats.Conn) { close(l.ended) }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { l.heard(err) }))
	began, noted := time.Now(), false
	for {
		l.nc, err = nats.Connect(c.URL, options...)
		if err == nil {
			break
		}
		if final := c.refused(err); final != nil {
			return nil, final
		}
		waited := time.Since(began)
		if waited > c.Patience {
			return nil, text.Errorf(text.Unavailable,
				"%s 处没有 NATS 服务器应答（%v）；请先启动 taizhang serve，或更正地址",
				"no NATS server answers at %s (%v); start taizhang serve first, or name another address", c.URL,
				err).Of(paramURL)
		}
		if waited > silentMost && !noted {
			noted = true
			c.Note(text.Say("等待 NATS 服务器 %s 应答", "waiting for the NATS server at %s", c.URL))
		}
		if err := sleep(ctx, retryEvery); err != nil {
			return nil, err
		}
	}
	if l.js, err = jetstream.NewWithAPIPrefix(l.nc, apiPrefix); err != nil {
		l.close()
		return nil, fmt.Errorf("consumer: %w", err)
	}
	return l, nil
}

func (c FeedConnection) options() ([]nats.Option, error) {
	servers, err := alertfeed.ParseServers(c.URL)
	if err != nil {
		return nil, err
	}
	for _, u := range servers { // the errors below name the address
		if u.User != nil {
			return nil, text.Errorf(text.Invalid, "地址中不能有用户名和口令；用户以密钥登录",
				"must have no user and no password in it; the key is what a user shows").Of(paramURL)
		}
	}
	if err := listen.Private(c.NKey); err != nil { // checked before the name, which may come from the name of the file
		return nil, err
	}
	if err := natsserver.CheckName(c.Durable); err != nil {
		return nil, (&text.Error{Code: text.Invalid, What: text.Of(err), Cause: err}).Of(paramDurable)
	}
	key, err := nats.NkeyOptionFromSeed(c.NKey)
	if err != nil {
		return nil, text.Errorf(text.Invalid, "%s 中没有 NATS 用户密钥的种子（以 SU 开头）",
			"%s holds no seed of a user's nkey, which begins with SU", c.NKey).Of(paramNKey)
	}
	options := []nats.Option{key, nats.Name("taizhang"), nats.CustomInboxPrefix(inboxPrefix + c.Durable),
		nats.Timeout(connectWait),
		nats.SkipHostLookup(), // the dialer resolves the name, within the timeout
		nats.MaxReconnects(-1), nats.ReconnectWait(reconnectWait)}
	if c.CA != "" {
		content, err := os.ReadFile(c.CA)
		if err != nil {
			return nil, err
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(content) {
			return nil, text.Errorf(text.Invalid, "%s 中没有 PEM 格式的证书", "%s holds no certificate in PEM",
				c.CA).Of(paramCA)
		}
		options = append(options, nats.Secure(&tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}))
	}
	return options, nil
}

// refused returns the error for the user if another attempt to connect would fail in the same way, else nil.
func (c FeedConnection) refused(err error) error {
	var untrusted *tls.CertificateVerificationError
	switch {
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired),
		errors.Is(err, nats.ErrAuthRevoked), errors.Is(err, nats.ErrAccountAuthExpired),
		errors.Is(err, nats.ErrNkeysNotSupported):
		return text.Errorf(text.Forbidden, "NATS 服务器 %s 不接受 %s 中的密钥：用户 %s 未登记或已注销，请与管理员联系",
			"the NATS server %s does not accept the key in %s: the user %s was not added, or was revoked; ask an "+
				"administrator", c.URL, c.NKey, c.Durable)
	case errors.Is(err, nats.ErrMaxAccountConnectionsExceeded):
		return text.Errorf(text.Conflict,
			"用户 %s 在 NATS 服务器 %s 上的连接已达上限（%d 个）；请停掉其中的程序，或为每个程序各加一个用户",
			"the user %s has the %[3]d connections to the NATS server %[2]s that a user may have; end some of its "+
				"programs, or add a user for each of them", c.Durable, c.URL, natsserver.ConnectionsMax)
	case errors.As(err, &untrusted):
		return text.Errorf(text.Forbidden, "NATS 服务器 %s 的证书不受信任（%v）；请指定签发它的证书",
			"the certificate of the NATS server %s is not trusted (%v); name the certificate that issued it", c.URL,
			err).Of(paramCA)
	case errors.Is(err, nats.ErrSecureConnRequired):
		return text.Errorf(text.Invalid, "NATS 服务器 %s 要求 TLS；请写 tls://",
			"the NATS server %s demands TLS; write tls://", c.URL).Of(paramURL)
	}
	return nil
}

func (l *link) close() {
	if l.nc != nil {
		l.nc.Close()
	}
}

func (l *link) touch() {
	if cancel := l.asking.Load(); cancel != nil {
		(*cancel)() // the answer would not come
	}
	select {
	case l.changed <- struct{}{}:
	default:
	}
}

func (l *link) heard(err error) {
	if !errors.Is(err, nats.ErrPermissionViolation) {
		return
	}
	select {
	case l.denied <- err:
	default:
	}
	l.touch()
}

// wrong returns an error that must end the program: the server rejects the key or denies a request. It returns nil
// if there is none.
func (l *link) wrong() error {
	select {
	case <-l.ended:
		if final := l.refused(l.nc.LastError()); final != nil {
			return final
		}
		return text.Errorf(text.Unavailable, "与 NATS 服务器 %s 的连接已断开：%v",
			"the connection to the NATS server %s has ended: %v", l.URL, l.nc.LastError())
	case err := <-l.denied:
		return text.Errorf(text.Forbidden, "用户 %s 无权读取：%v；请用密钥所属用户的名称",
			"the user %s may not read: %v; give the name of the user whose key it is", l.Durable, err).Of(paramDurable)
	default:
		return nil
	}
}

// ask returns a context for a request. It ends after askWait or when the connection changes.
func (l *link) ask(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithTimeout(ctx, askWait)
	l.asking.Store(&cancel)
	return ctx, func() {
		l.asking.Store(nil)
		cancel()
	}
}

// consumer fetches the durable consumer. It needs only the right to CONSUMER.INFO.
func (l *link) consumer(ctx context.Context) (jetstream.Consumer, error) {
	ctx, done := l.ask(ctx)
	defer done()
	c, err := l.js.Consumer(ctx, alertfeed.StreamName, l.Durable)
	if err != nil {
		return nil, lost(err)
	}
	return c, nil
}

// quiet fetches the durable consumer once no request waits for its messages. A request that was given up may wait
// until fetchWait is over, and receives messages until then. isFree is false if a request still waits afterwards.
func (l *link) quiet(ctx context.Context) (c jetstream.Consumer, isFree bool, err error) {
	for deadline := time.Now().Add(fetchWait + time.Second); ; {
		c, err := l.consumer(ctx)
		if err != nil {
			return nil, false, err
		}
		if c.CachedInfo().NumWaiting == 0 {
			return c, true, nil
		}
		if time.Now().After(deadline) {
			return c, false, nil
		}
		if err := sleep(ctx, retryEvery); err != nil {
			return nil, false, err
		}
	}
}

// reset sets the durable consumer back to a sequence of the stream and returns its new state.
func (l *link) reset(ctx context.Context, sequence uint64) (*jetstream.ConsumerInfo, error) {
	ctx, done := l.ask(ctx)
	defer done()
	r, err := l.js.ResetConsumerToSequence(ctx, alertfeed.StreamName, l.Durable, sequence)
	if err != nil {
		return nil, lost(err)
	}
	return r.ConsumerInfo, nil
}

// await waits at the start for the durable consumer, which the ledger makes when it runs.
func (l *link) await(ctx context.Context) (jetstream.Consumer, error) {
	began, noted := time.Now(), false
	for {
		c, err := l.consumer(ctx)
		if err == nil || ctx.Err() != nil {
			return c, err
		}
		if wrong := l.wrong(); wrong != nil {
			return nil, wrong
		}
		waited := time.Since(began)
		if waited > l.Patience {
			about := why(err)
			return nil, (&text.Error{Code: text.NotFound, What: text.Text{
				Zh: fmt.Sprintf("NATS 服务器 %s 上读不到用户 %s 的消费者（%s）；请确认用户名，确认台账服务在运行，"+
					"另处的服务器还须重新加载两次配置", l.URL, l.Durable, about.Zh),
				En: fmt.Sprintf("the consumer of the user %[2]s cannot be read at the NATS server %[1]s (%[3]s); "+
					"check the name, that the ledger is being served, and that a server elsewhere was reloaded twice",
					l.URL, l.Durable, about.En),
			}}).Of(paramDurable)
		}
		if waited > silentMost && !noted {
			noted = true
			l.Note(
				text.Say(
					"等待 NATS 服务器 %s 认识用户 %s：消费者由运行中的台账服务建立；另处的服务器须重新加载两次配置",
					"waiting for the NATS server at %s to know the user %s: the ledger makes its consumer while it "+
						"is served, and a server elsewhere is reloaded twice", l.URL, l.Durable))
		}
		if err := sleep(ctx, retryEvery); err != nil {
			return nil, err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
