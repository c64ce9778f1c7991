package kurrentstore

import (
	"context"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"go.uber.org/zap"

	"github.com/taizhang/taizhang/events"
)

// Options holds the cluster to use and the limits for using it.
type Options struct {
	Connection *ConnectionString // see ParseConnection

	// Prefix stands before the name of every stream, so that several ledgers can share a cluster; "" for one ledger.
	Prefix string

	// Patience is the time for which an append or a read retries while the server gives no usable answer; 30 s unless
	// set. A subscription retries for ever.
	Patience time.Duration

	// AppendBytesMax is the maximum size of one append, the MaxAppendSize of the server; 1 MiB unless set, as in the
	// server. The longest record needs a little more than that (events.BodyBytesMax).
	AppendBytesMax int

	Log *zap.Logger // for notes on lost connections; nil for none
}

// limits holds the limits on waiting times and on buffers. Tests make them tighter.
type limits struct {
	call             time.Duration // to wait for one call
	answer           time.Duration // one append on the wire, even if nobody waits for it
	silence          time.Duration // a read without a message
	idle             time.Duration // a subscription without a message, after which it is opened anew
	drain            time.Duration // appends under way at Close
	linger           time.Duration // calls at Close that nobody waits for
	rebuild          time.Duration // between two clients
	retryMin         time.Duration // the first pause before trying again, doubled each time
	retryMax         time.Duration
	discoverAttempts int
	calls, reads     int // at the same time
	buffer           int // events of one read that were received and not yet processed
}

func standardLimits() limits {
	return limits{
		call: 10 * time.Second, answer: time.Minute, silence: 30 * time.Second, idle: 2 * time.Minute,
		drain: 5 * time.Second, linger: 2 * time.Second, rebuild: 250 * time.Millisecond,
		retryMin: 20 * time.Millisecond, retryMax: 2 * time.Second,
		// An hour while the server refuses connections. A client that stops searching is unusable, and one that never
		// stopped would go on after Close.
		discoverAttempts: 36_000,
		calls:            64, reads: 256, buffer: 256,
	}
}

// Store is an events.Store in an EventStoreDB or KurrentDB cluster.
type Store struct {
	connection     *ConnectionString
	prefix         string
	patience       time.Duration
	appendBytesMax int
	log            *zap.Logger
	limits         limits

	life, reads       context.Context // life ends when the store is closed, reads when closing begins
	endLife, endReads context.CancelFunc
	closed            atomic.Bool
	callSlots         chan struct{}
	readSlots         chan struct{}
	active            sync.WaitGroup         // appends; not added to once closed is set
	links             sync.WaitGroup         // links whose client is not closed yet; not added to once life ended
	trouble           atomic.Pointer[string] // the reason why the client finds no node; nil while it has one

	mu       sync.Mutex
	link     *link // nil until needed
	nextLink time.Time
	heads    map[events.StreamID]uint64 // the highest revision seen of each stream
	high     uint64                     // the highest position seen
	whole    map[events.StreamID]bool   // streams whose metadata was checked and hides nothing
	found    uint64                     // the number of times that metadata was found to hide events
	audited  uint64                     // the position up to which all metadata was checked
}

// Open returns the store. It does not wait for the cluster, which may be down: see Ping.
func Open(o Options) (*Store, error) { return open(o, standardLimits()) }

func open(o Options, l limits) (*Store, error) {
	switch {
	case o.Connection == nil:
		return nil, refuse("没有给出", "none is given")
	case o.Prefix != "" && (!events.ValidName(o.Prefix) || len(o.Prefix) > prefixBytesMax):
		return nil, refuse("流名前缀 %q 应为 1 至 %d 个字母、数字、点、连字符或下划线",
			"the prefix of streams %q must be 1 to %d letters, digits, dots, hyphens or underscores", o.Prefix,
			prefixBytesMax)
	}
	s := &Store{connection: o.Connection, prefix: o.Prefix, patience: o.Patience, appendBytesMax: o.AppendBytesMax,
		log: o.Log, limits: l,
		heads: map[events.StreamID]uint64{}, whole: map[events.StreamID]bool{}}
	if s.patience == 0 {
		s.patience = 30 * time.Second
	}
	s.limits.call = min(s.limits.call, s.patience)
	if s.appendBytesMax == 0 {
		s.appendBytesMax = 1 << 20
	}
	if s.log == nil {
		s.log = zap.NewNop()
	}
	if d := o.Connection.config.DefaultDeadline; d != nil {
		s.limits.call = *d
	}
	s.callSlots, s.readSlots = make(chan struct{}, l.calls), make(chan struct{}, l.reads)
	s.life, s.endLife = context.WithCancel(context.Background())
	s.reads, s.endReads = context.WithCancel(s.life)
	return s, nil
}

// prefixBytesMax is the maximum length of Options.Prefix, so that every server accepts the names of streams.
const prefixBytesMax = 50

// Ping returns an error if the cluster does not answer or the account may not read $all. That is the one right that
// accounts do not have by default. It tries for Options.Patience.
func (s *Store) Ping(ctx context.Context) error {
	ctx, end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	_, err = s.headOfAll(ctx)
	return err
}

// Close waits a few seconds for running appends, ends every read and subscription, and closes the connection. While
// the cluster is down, the client keeps looking for it and cannot be stopped; that ends after an hour.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed.Swap(true) {
		s.mu.Unlock()
		return events.ErrClosed
	}
	s.mu.Unlock()
	s.endReads()
	within(s.limits.drain, s.active.Wait)
	s.endLife()
	s.mu.Lock()
	l := s.link
	s.mu.Unlock()
	if l != nil {
		s.giveUp(l)
	}
	within(s.limits.linger, s.links.Wait)
	return nil
}

// within waits for f, but no longer than d.
func within(d time.Duration, f func()) {
	done := make(chan struct{})
	go func() { f(); close(done) }()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
}

// begin registers a call for which Close waits. Its context ends with that of the caller, and when Close stops
// waiting.
func (s *Store) begin(ctx context.Context) (context.Context, func(), error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed.Load() {
		return nil, nil, events.ErrClosed
	}
	s.active.Add(1)
	ctx, cancel := both(ctx, s.life)
	return ctx, func() { cancel(); s.active.Done() }, nil
}

// both returns a context that ends with either.
func both(ctx, other context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(other, cancel)
	return ctx, func() { stop(); cancel() }
}

// name returns the name of the stream on the server.
func (s *Store) name(stream events.StreamID) string { return s.prefix + string(stream) }

// ours returns the stream that has the name on the server, if it is one of the ledger's.
func (s *Store) ours(name string) (events.StreamID, bool) {
	name, ok := strings.CutPrefix(name, s.prefix)
	stream := events.StreamID(name)
	return stream, ok && events.ValidStream(stream)
}

// filter returns the filter for the streams of the ledger and their metadata.
func (s *Store) filter() *esdb.SubscriptionFilter {
	form := `^(\$\$)?` + regexp.QuoteMeta(s.prefix) + events.StreamForm + `$`
	return &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Regex: form}
}

// saw records the last place seen in a stream and in the store, so that a node that is behind is noticed.
func (s *Store) saw(stream events.StreamID, at events.Place) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heads[stream] = max(s.heads[stream], at.Revision)
	s.high = max(s.high, at.Position)
}

func (s *Store) headSeen(stream events.StreamID) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.heads[stream]
}

func (s *Store) highSeen() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.high
}
