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

// PublisherConfig holds the parameters of New.
type PublisherConfig struct {
	Desk *desk.Local // sees all centers
	// its connection reconnects without end; made with Patient; the caller closes it after Run
	JetStream jetstream.JetStream
	Memory    string        // the path of a small file in which the publisher remembers the stream
	Epoch     func() string // the epoch of the access log; see access.Access.Epoch
	Users     func() []User // the users that must have a durable consumer; nil for none
	Now       func() time.Time
	Log       *zap.Logger

	Shared  bool                            // other processes write to the ledger too, so this one may be behind
	Restart func(ctx context.Context) error // starts the embedded server again; nil for a server elsewhere
	// the directory of the embedded server, which may be deleted while nothing runs; "" for a server elsewhere
	Streams  string
	Replicas int // the replicas of the stream if the publisher makes it; 0 for 1

	// These are for tests. Purgeable lets the stream be purged and deleted. Patience is how long a publisher waits
	// for another one that began a generation. CheckEvery is how often it checks the stream as a whole.
	Purgeable  bool
	Patience   time.Duration // 0 for 10 s
	CheckEvery time.Duration // 0 for 10 s
}

// Patient returns the option for the JetStream of a PublisherConfig: a message that is not acknowledged within
// publishWait fails.
func Patient() jetstream.JetStreamOpt { return jetstream.WithPublishAsyncTimeout(publishWait) }

// These are the times of a publisher.
const (
	publishWait = 5 * time.Second        // a server with a full disk does not answer at all
	askWait     = 5 * time.Second        // for any other answer of the server
	headEvery   = 100 * time.Millisecond // at most one head in this time
	checkEvery  = 10 * time.Second
	patience    = 10 * time.Second
	dayEvery    = time.Second // a new date is noticed within this time
	// under load it pauses this many times as long as it took to look at the ledger, so that looking takes a ninth
	// of a processor
	restShare = 8
	restPer   = 1000 // at this many records a second it pauses as long as it looked
	restMost  = 20 * time.Millisecond
	// above this many records a second it pauses longer in proportion, so that writers come first
	restBusy   = 10_000
	quietAfter = 300 * time.Millisecond // after a head, before the memory is closed
	endWait    = 2 * time.Second        // for messages that are under way at the end
	retryFirst = 100 * time.Millisecond
	retryMost  = 5 * time.Second
)

// Publisher publishes the alerts of a ledger to one stream.
type Publisher struct {
	cfg       PublisherConfig
	restating chan chan error // requests for a new generation
	admitting chan chan error // requests to make the consumers match the users

	// These belong to the goroutine of Run, and outlive its sessions.
	id      uuid.UUID // the Publisher of the heads that it writes
	memory  memory
	known   bool   // there was a memory
	doubt   bool   // the stream may have lost messages
	doubted uint64 // the generation known when doubt arose; a later one that ended settles it
	force   bool   // a person has confirmed that this ledger is right
	reached uint64 // the greatest sequence that the last session read
	latest  uint64 // the latest generation that any session read
	halted  bool   // the server in this process was stopped to be restarted, and is not running

	isUnread bool // the last attempt to read the stream to its end failed

	mu          sync.Mutex // guards the fields below
	status      FeedStatus
	behindSince time.Time // when the head fell behind the ledger; zero if it is not behind
	quietSince  time.Time // when it stopped publishing; zero while it publishes
	mutedSince  time.Time // when the server stopped answering; zero if it answers
}

// New returns a publisher, which publishes once Run is called.
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
	return &Publisher{cfg: cfg, id: uuid.New(), quietSince: time.Now(), restating: make(chan chan error),
		admitting: make(chan chan error),
		status:    FeedStatus{State: StateConnecting, Consumers: []Consumer{}}}
}

// Run publishes until ctx ends, and then finishes the messages under way. It retries after every failure; Status
// shows the failure meanwhile.
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

// pause waits, at most until the connection changes, and answers requests meanwhile.
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

// notNow returns the answer to requests while the stream cannot be reached.
func (p *Publisher) notNow() error {
	why := p.Status().Reason
	return text.Errorf(text.Unavailable, "预警发布现在没有连上：%[1]s；连上以后即执行",
		"the feed of alerts is not connected now: %[2]s; it is done as soon as it is", why.Zh, why.En)
}

// errAgain ends a session so that the next one begins at once and reads the stream again.
var errAgain = errors.New("alertfeed: the stream is to be read again")

func (p *Publisher) trouble(err error) {
	why := text.Of(err)
	state, said := StateConnecting, text.Say("连不上 NATS：%[1]s", "NATS cannot be reached: %[2]s", why.Zh, why.En)
	// the server answers, but it or this machine has a wrong setup
	if code := text.CodeOf(err); code == text.Conflict || code == text.Invalid {
		state, said = StateStopped, why
	}
	if errors.Is(err, errUnread) {
		said = p.unreadWords()
	}
	level := zap.WarnLevel
	if p.Status().Reason == said { // the same reason repeats while a server is away
		level = zap.DebugLevel
	}
	p.cfg.Log.Log(level, "the feed of alerts is interrupted", zap.Error(err))
	if !errors.Is(err, errAgain) {
		p.say(state, said)
	}
}

// say sets the state in Status, with the reason.
func (p *Publisher) say(state string, why text.Text) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.status.State != state || p.status.Reason != why {
		level := zap.InfoLevel
		// only the positions differ, and they change with each record
		if p.status.State == state && state == StateBehind {
			level = zap.DebugLevel
		}
		p.cfg.Log.Log(level, "the feed of alerts", zap.String("state", state), zap.String("why", why.En))
	}
	p.status.State, p.status.Reason = state, why
	note(&p.quietSince, state != StatePublishing)
}

// note sets since to the present time if is is true and since is zero; it sets it to zero if is is false.
func note(since *time.Time, is bool) {
	switch {
	case !is:
		*since = time.Time{}
	case since.IsZero():
		*since = time.Now()
	}
}

// mute notes whether the server leaves publishes unanswered.
func (p *Publisher) mute(is bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	note(&p.mutedSince, is)
}

// Status returns the state of the feed. It sends no request and never waits.
func (p *Publisher) Status() FeedStatus {
	position := p.cfg.Desk.Position()
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.status
	since := p.quietSince
	if !p.mutedSince.IsZero() && (s.State == StatePublishing || s.State == StateRestating) {
		s.State, s.Reason = StateConnecting,
			text.Say("NATS 服务器不应答发布：磁盘可能已满，请检查",
				"the NATS server does not answer publishes: its disk may be full; look at it")
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

// Restate begins a new generation, even if the publisher had stopped, and returns when every alert is published
// again. It is for a person who knows that this ledger is right and the stream is not.
func (p *Publisher) Restate(ctx context.Context) error { return ask(ctx, p.restating) }

// Reconcile makes the durable consumers match the users, and returns when they do.
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
	return text.Errorf(text.Unavailable, "预警发布没有及时应答：%v", "the feed of alerts did not answer in time: %v",
		context.Cause(ctx))
}
