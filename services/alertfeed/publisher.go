package alertfeed

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
)

// PublisherConfig says what a Publisher publishes, and where.
type PublisherConfig struct {
	Desk      *desk.Local         // sees all centers
	JetStream jetstream.JetStream // of a connection that reconnects without end, made with Patient; the caller closes it after Run
	Memory    string              // the path of a small file in which the publisher remembers the stream
	Epoch     func() string       // of the access log; see access.Access.Epoch
	Users     func() []User       // whose durable consumers there must be; nil for none
	Now       func() time.Time
	Log       *zap.Logger

	Shared   bool                            // others write to the ledger too, so that this process may be behind them
	Restart  func(ctx context.Context) error // starts the embedded server again; nil for a server elsewhere
	Streams  string                          // the directory of the embedded server, which may be deleted while nothing runs; "" for a server elsewhere
	Replicas int                             // of the stream, if the publisher makes it; 0 for 1

	// For tests: the stream may be purged and deleted; how long a publisher waits for another one that began a generation; and how
	// often it compares the stream with what it knows.
	Purgeable  bool
	Patience   time.Duration // 0 for 10 s
	CheckEvery time.Duration // 0 for 10 s
}

// Patient is how a JetStream of a PublisherConfig is made: what is not acknowledged within publishWait is not waited for.
func Patient() jetstream.JetStreamOpt { return jetstream.WithPublishAsyncTimeout(publishWait) }

// The times of a publisher.
const (
	publishWait = 5 * time.Second        // a server whose disk is full does not answer at all
	askWait     = 5 * time.Second        // for any other answer of the server
	headEvery   = 100 * time.Millisecond // at most one head in this time
	checkEvery  = 10 * time.Second
	patience    = 10 * time.Second
	dayEvery    = time.Second // how soon the turn of the date is seen
	restShare   = 8           // under load it rests this many times as long as it looked at the ledger, so that looking takes a ninth of a processor
	restPer     = 1000        // records a second for which it rests as long as it looked
	restMost    = 20 * time.Millisecond
	restBusy    = 10_000                 // records a second, above which it rests as much longer as there are more: the writers come first
	quietAfter  = 300 * time.Millisecond // after a head, until it is remembered that nothing is under way
	endWait     = 2 * time.Second        // for what is under way when it is to end
	retryFirst  = 100 * time.Millisecond
	retryMost   = 5 * time.Second
)

// Publisher publishes the alerts of a ledger to one stream.
type Publisher struct {
	cfg       PublisherConfig
	restating chan chan error // asks for a new generation
	admitting chan chan error // asks for the consumers of the users

	// Of the goroutine of Run, over all sessions.
	id      uuid.UUID // of the heads that it writes
	memory  memory
	known   bool   // there is a memory
	doubt   bool   // the stream may have lost something that was published
	doubted uint64 // the generation that was known when doubt arose; a later one that ended dispels it
	force   bool   // a person said that this ledger is right
	reached uint64 // the greatest sequence of the stream that the last session saw
	latest  uint64 // the latest generation that any session saw
	halted  bool   // the server in this process was stopped to be started again, and was not

	isUnread bool // the stream could not be read to its end when that was tried last

	mu          sync.Mutex // guards the fields below
	status      FeedStatus
	behindSince time.Time // since when the head is behind the ledger; zero if it is not
	quietSince  time.Time // since when it does not publish; zero while it does
	mutedSince  time.Time // since when the server answers no publish; zero if it does
}

// New returns a publisher. Run makes it publish.
func New(cfg PublisherConfig) *Publisher {
	if cfg.Log == nil {
		cfg.Log = zap.NewNop()
	}
	if cfg.Patience == 0 {
		cfg.Patience = patience
	}
	if cfg.CheckEvery == 0 {
		cfg.CheckEvery = checkEvery
	}
	return &Publisher{cfg: cfg, id: uuid.New(), quietSince: time.Now(), restating: make(chan chan error), admitting: make(chan chan error),
		status: FeedStatus{State: StateConnecting, Consumers: []Consumer{}}}
}

// Run publishes until ctx ends, and a little longer what is under way then. Whatever fails is tried again, and shown by Status meanwhile.
func (p *Publisher) Run(ctx context.Context) {
	changed := p.cfg.JetStream.Conn().StatusChanged(nats.CONNECTED, nats.RECONNECTING)
	defer p.cfg.JetStream.Conn().RemoveStatusListener(changed)
	wait := retryFirst
	for ctx.Err() == nil {
		began := time.Now()
		err := p.session(ctx, changed)
		if ctx.Err() != nil {
			return
		}
		p.trouble(err)
		if errors.Is(err, errAgain) || time.Since(began) > retryMost {
			wait = retryFirst
		}
		p.pause(ctx, wait, changed)
		wait = min(2*wait, retryMost)
	}
}

// pause waits, but no longer than until the connection changes, and answers what is asked meanwhile.
func (p *Publisher) pause(ctx context.Context, wait time.Duration, changed <-chan nats.Status) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			return
		case <-changed:
			return
		case answer := <-p.restating:
			p.force = true
			answer <- p.notNow()
		case answer := <-p.admitting:
			answer <- p.notNow()
		}
	}
}

// notNow is the answer while the stream cannot be reached.
func (p *Publisher) notNow() error {
	why := p.Status().Reason
	return text.Errorf(text.Unavailable, "预警发布现在没有连上：%[1]s；连上以后即执行", "the feed of alerts is not connected now: %[2]s; it is done as soon as it is", why.Zh, why.En)
}

// errAgain ends a session that is begun again at once: the stream is read anew.
var errAgain = errors.New("alertfeed: the stream is to be read again")

func (p *Publisher) trouble(err error) {
	why := text.Of(err)
	state, said := StateConnecting, text.Say("连不上 NATS：%[1]s", "NATS cannot be reached: %[2]s", why.Zh, why.En)
	if code := text.CodeOf(err); code == text.Conflict || code == text.Invalid { // the server is there, and it or this machine is not as it must be
		state, said = StateStopped, why
	}
	if errors.Is(err, errUnread) {
		said = p.unreadWords()
	}
	level := zap.WarnLevel
	if p.Status().Reason == said { // as at every trial while a server is away
		level = zap.DebugLevel
	}
	p.cfg.Log.Log(level, "the feed of alerts is interrupted", zap.Error(err))
	if !errors.Is(err, errAgain) {
		p.say(state, said)
	}
}

// say shows a state, and why.
func (p *Publisher) say(state string, why text.Text) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.status.State != state || p.status.Reason != why {
		level := zap.InfoLevel
		if p.status.State == state && state == StateBehind { // with other positions: as often as the ledger moves
			level = zap.DebugLevel
		}
		p.cfg.Log.Log(level, "the feed of alerts", zap.String("state", state), zap.String("why", why.En))
	}
	p.status.State, p.status.Reason = state, why
	note(&p.quietSince, state != StatePublishing)
}

// note keeps since when something is so; zero if it is not.
func note(since *time.Time, is bool) {
	switch {
	case !is:
		*since = time.Time{}
	case since.IsZero():
		*since = time.Now()
	}
}

// mute notes whether the server answers no publish.
func (p *Publisher) mute(is bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	note(&p.mutedSince, is)
}

// Status returns how the feed does. It asks nobody and never waits.
func (p *Publisher) Status() FeedStatus {
	position := p.cfg.Desk.Position()
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.status
	since := p.quietSince
	if !p.mutedSince.IsZero() && (s.State == StatePublishing || s.State == StateRestating) {
		s.State, s.Reason = StateConnecting, text.Say("NATS 服务器不应答发布：磁盘可能已满，请检查", "the NATS server does not answer publishes: its disk may be full; look at it")
		if since.IsZero() || p.mutedSince.Before(since) {
			since = p.mutedSince
		}
	}
	if !since.IsZero() {
		s.Silent = time.Since(since).Seconds()
	}
	s.Position = position
	if s.At.Position < position {
		s.Behind = position - s.At.Position
	}
	s.Seconds = s.Silent
	if s.Behind > 0 && !p.behindSince.IsZero() {
		s.Seconds = max(s.Seconds, time.Since(p.behindSince).Seconds())
	}
	return s
}

// Restate begins a new generation, also if the publisher had stopped, and returns when every alert is stated again. It is for a
// person who knows that this ledger is right and that the stream is not.
func (p *Publisher) Restate(ctx context.Context) error { return ask(ctx, p.restating) }

// Reconcile makes the durable consumers those of the users, and returns when they are.
func (p *Publisher) Reconcile(ctx context.Context) error { return ask(ctx, p.admitting) }

func ask(ctx context.Context, asked chan chan error) error {
	answer := make(chan error, 1)
	select {
	case asked <- answer:
	case <-ctx.Done():
		return notAnswered(ctx)
	}
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return notAnswered(ctx)
	}
}

func notAnswered(ctx context.Context) error {
	return text.Errorf(text.Unavailable, "预警发布没有及时应答：%v", "the feed of alerts did not answer in time: %v", context.Cause(ctx))
}
