package feedsim

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/memstore"
	"github.com/taizhang/taizhang/services/alertfeed"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/ledger"
)

// durable is the name of the consumer.
const durable = "reader"

// gate is a store that delays the events after a position.
type gate struct {
	*memstore.Store

	mu      sync.Mutex
	upTo    uint64 // 0: everything
	changed chan struct{}
}

func newGate(store *memstore.Store) *gate { return &gate{Store: store, changed: make(chan struct{})} }

func (g *gate) set(upTo uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.upTo = upTo
	close(g.changed)
	g.changed = make(chan struct{})
}

func (g *gate) shut(position uint64) (bool, <-chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.upTo > 0 && position > g.upTo, g.changed
}

// ReadAll implements events.Store.
func (g *gate) ReadAll(ctx context.Context, after uint64) iter.Seq2[events.Stored, error] {
	return func(yield func(events.Stored, error) bool) {
		for s, err := range g.Store.ReadAll(ctx, after) {
			if shut, _ := g.shut(s.Position); shut || !yield(s, err) {
				return
			}
		}
	}
}

// Subscribe implements events.Store.
func (g *gate) Subscribe(ctx context.Context, after uint64) iter.Seq2[events.Stored, error] {
	return func(yield func(events.Stored, error) bool) {
		for s, err := range g.Store.Subscribe(ctx, after) {
			for err == nil {
				shut, changed := g.shut(s.Position)
				if !shut {
					break
				}
				select {
				case <-changed:
				case <-ctx.Done():
					yield(events.Stored{}, ctx.Err())
					return
				}
			}
			if !yield(s, err) {
				return
			}
		}
	}
}

// process is a publisher of a world, which may die and begin again.
type process struct {
	world  *world
	number int
	rng    *rand.Rand
	nc     *nats.Conn
	memory string
	offset atomic.Int32 // of its clock, in days

	store *memstore.Store // of the ledger that it publishes
	epoch string
	gate  *gate

	mu        sync.Mutex
	publisher *alertfeed.Publisher // of the last life
	wire      *wire
	end       context.CancelFunc // of the life; nil if there is none
	over      chan struct{}      // closed when Run has returned
	frozen    []byte             // what it remembered when it died
	isFrozen  bool
	spared    bool // no message has a fate
}

func (p *process) now() time.Time {
	return noon(p.world.today() + events.Date(p.offset.Load())).Add(time.Since(p.world.began))
}

// fate draws the fate of the next message.
func (p *process) fate() (fate, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	drawn, failure := p.rng.Float64(), errLost
	if p.rng.IntN(2) == 0 {
		failure = jetstream.ErrAsyncPublishTimeout
	}
	if p.spared {
		return "", nil
	}
	for _, f := range p.world.mix.fates {
		if drawn -= f.share; drawn < 0 {
			if p.world.verbose {
				p.world.note("publisher %d: a message %s", p.number, f.fate)
			}
			return f.fate, failure
		}
	}
	return "", nil
}

// died keeps the present memory of the publisher.
func (p *process) died() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.frozen, _ = os.ReadFile(p.memory)
	p.isFrozen = true
}

// live begins a life of the process over its ledger.
func (p *process) live() error {
	p.gate = newGate(p.store)
	return p.liveBehind(p.gate)
}

func (p *process) liveBehind(store *gate) error {
	ctx, end := context.WithCancel(context.Background())
	l, err := ledger.Open(ctx, store, ledger.Config{})
	if err != nil {
		end()
		return err
	}
	js, err := jetstream.New(p.nc, jetstream.WithPublishAsyncTimeout(2*time.Second))
	if err != nil {
		end()
		return err
	}
	wired, epoch := &wire{JetStream: js, process: p, end: end, killed: make(chan struct{})}, p.epoch
	cfg := alertfeed.PublisherConfig{
		Desk:      &desk.Local{LocalConfig: desk.LocalConfig{Ledger: l, Now: p.now, Version: "v1"}},
		JetStream: wired,
		Memory:    p.memory, Epoch: func() string { return epoch },
		Users:  func() []alertfeed.User { return []alertfeed.User{{Name: durable}} },
		Now:    p.now,
		Log:    p.world.logger(p.number),
		Shared: p.world.publishers > 1,

		Purgeable: true, Patience: 200 * time.Millisecond, CheckEvery: 50 * time.Millisecond,
	}
	if p.world.mix.ownServer {
		cfg.Restart = p.world.serverRestart
	}
	over := make(chan struct{})
	publisher := alertfeed.New(cfg)
	p.mu.Lock()
	p.publisher, p.wire, p.end, p.over = publisher, wired, end, over
	p.mu.Unlock()
	p.world.running.Go(func() {
		defer close(over)
		publisher.Run(ctx)
		l.Close()
		end()
	})
	return nil
}

// lives reports whether the process is running.
func (p *process) lives() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over == nil {
		return false
	}
	select {
	case <-p.over:
		return false
	default:
		return true
	}
}

// kill ends the life, if there is one, and waits for its end.
func (p *process) kill(atOnce bool) error {
	p.mu.Lock()
	end, over, wire := p.end, p.over, p.wire
	p.mu.Unlock()
	if over == nil {
		return nil
	}
	if atOnce && p.lives() {
		wire.die()
	}
	end()
	select {
	case <-over:
	case <-time.After(time.Minute):
		return fmt.Errorf("publisher %d does not end", p.number)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.isFrozen {
		p.isFrozen = false
		if p.frozen == nil {
			return p.forget()
		}
		return os.WriteFile(p.memory, p.frozen, 0o600)
	}
	return nil
}

// forget removes the memory of the publisher.
func (p *process) forget() error {
	if err := os.Remove(p.memory); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (p *process) status() string {
	p.mu.Lock()
	publisher := p.publisher
	p.mu.Unlock()
	if publisher == nil {
		return "never lived"
	}
	s := publisher.Status()
	return fmt.Sprintf("lives %t, %s %q at %v, ledger at %d, published %+v", p.lives(), s.State, s.Reason.En, s.At,
		s.Position, s.Published)
}

func (w *world) newProcess(number int) *process {
	p := &process{world: w, number: number, rng: rand.New(rand.NewPCG(w.seed, uint64(100+number))), store: w.store,
		epoch:  w.epoch,
		memory: filepath.Join(w.dir, fmt.Sprintf("memory-%d", number))}
	p.nc = w.host.connect(w.t, w.account)
	return p
}
