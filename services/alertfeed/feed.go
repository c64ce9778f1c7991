package alertfeed

import (
	"context"
	"crypto/tls"
	"time"

	"go.uber.org/zap"

	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/desk"
)

// FeedConfig holds the parameters of Open.
type FeedConfig struct {
	Desk   *desk.Local    // sees all centers
	Access *access.Access // whose epoch the messages carry, and whose users may read them
	Dir    string         // of the server in this process and of what the publisher remembers; made if it is not there
	Shared bool           // others write to the ledger too
	Now    func() time.Time
	Log    *zap.Logger

	Listen string      // HOST:PORT of the server in this process; "" for a server elsewhere
	TLS    *tls.Config // of the server in this process; nil for none

	URL   string // of a server elsewhere
	NKey  string // the path of the seed with which the publisher connects there; "" for none
	Creds string // the path of its credentials; "" for none
}

// Feed publishes the alerts of a ledger while it is open: a Publisher, and the server in this process if there is one.
type Feed struct{ cfg FeedConfig }

// Open starts the server in this process, or begins to connect to the one elsewhere, and publishes until Close. It does not wait
// for what it publishes.
func Open(ctx context.Context, cfg FeedConfig) (*Feed, error) { return &Feed{cfg: cfg}, nil }

// Close stops publishing and ends the server.
func (f *Feed) Close() error { return nil }

// Addr returns where consumers connect: HOST:PORT of the server in this process, or the URL of the one elsewhere.
func (f *Feed) Addr() string { return "" }

// Status returns how the feed does. It asks nobody and never waits.
func (f *Feed) Status() Status { return Status{} }

// Restate states every alert again; see Publisher.Restate.
func (f *Feed) Restate(ctx context.Context) error { return nil }

// Admit makes the users of the server those of the accounts, with their durable consumers, and returns when each of them can ask.
// With a server elsewhere it returns the configuration that its operator has to put there.
func (f *Feed) Admit(ctx context.Context) (configuration string, err error) { return "", nil }
