package feedsim

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/taizhang/taizhang/services/alertfeed"
)

// consumer applies the reading rule to the messages that its durable consumer delivers. It saves its state and its
// acts in one step.
type consumer struct {
	world *world
	rng   *rand.Rand
	js    jetstream.JetStream
	away  atomic.Bool // it does not run
	again atomic.Bool // the connection was lost

	mu       sync.Mutex
	kept     map[string]alertfeed.Kept // as saved, as is
	begun    alertfeed.At              // as saved, as is
	acts     []alertfeed.Act
	reached  uint64       // the last sequence of the stream that it read
	head     alertfeed.At // of the last head that it read
	deaths   int
	resets   int
	gaps     int
	messages int
}

func (w *world) newConsumer() (*consumer, error) {
	c := &consumer{world: w, rng: rand.New(rand.NewPCG(w.seed, 99))}
	nc := w.host.connect(w.t, w.account, nats.ReconnectHandler(func(*nats.Conn) { c.again.Store(true) }),
		nats.DisconnectErrHandler(func(*nats.Conn, error) { c.again.Store(true) }))
	js, err := jetstream.New(nc)
	c.js = js
	return c, err
}

// The times of a consumer.
const (
	askWait    = 5 * time.Second       // for an answer of the server
	retryEvery = 20 * time.Millisecond // what is not there, or cannot be read
)

var errDies = errors.New("feedsim: the consumer dies")

// run begins life after life until ctx ends.
func (c *consumer) run(ctx context.Context) {
	for ctx.Err() == nil {
		if !c.away.Load() {
			if err := c.life(ctx); errors.Is(err, errDies) {
				c.mu.Lock()
				c.deaths++
				c.mu.Unlock()
				continue
			}
		}
		pause(ctx, retryEvery)
	}
}

// pause waits before the next look at something that cannot be waited for.
func pause(ctx context.Context, d time.Duration) {
	late := time.NewTimer(d)
	defer late.Stop()
	select {
	case <-late.C:
	case <-ctx.Done():
	}
}

// life continues from the saved state, until it dies or cannot read.
func (c *consumer) life(ctx context.Context) error {
	c.again.Store(false)
	asked, cancel := context.WithTimeout(ctx, askWait)
	defer cancel()
	// The server (2.15.2) answers about a stream or a consumer only after all other work, even for requests that
	// nobody waits for: resets that are repeated until they succeed would delay whoever has to make the stream.
	delivers, err := c.js.Consumer(asked, alertfeed.StreamName, durable)
	if err != nil {
		return err
	}
	// Messages delivered before and not acknowledged would come after newer ones, and a head is only about the
	// messages before it.
	from, err := c.js.ResetConsumer(asked, alertfeed.StreamName, durable)
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.resets++
	reading := alertfeed.NewReading(c.kept, c.begun)
	c.mu.Unlock()
	made, next := from.Created, from.Delivered.Consumer+1
	for empty := 0; ctx.Err() == nil && !c.away.Load(); {
		batch, err := delivers.Fetch(1+c.rng.IntN(20), jetstream.FetchMaxWait(100*time.Millisecond))
		if err != nil {
			return err
		}
		empty++
		for msg := range batch.Messages() {
			meta, err := msg.Metadata()
			if err != nil {
				return err
			}
			if meta.Sequence.Consumer != next || c.again.Load() { // something was delivered and did not arrive
				c.mu.Lock()
				c.gaps++
				c.mu.Unlock()
				return nil
			}
			next, empty = next+1, 0
			if err := c.take(reading, msg, meta); err != nil {
				return err
			}
		}
		if c.again.Load() {
			return nil
		}
		if batch.Error() != nil || empty > 1 { // what is delivered and did not arrive would come after a minute
			info, err := delivers.Info(ctx)
			if err != nil || !info.Created.Equal(made) || empty > 1 && info.NumAckPending > 0 {
				return err
			}
		}
	}
	return nil
}

// take reads one message: it acts and saves, then acknowledges. It may die before or after.
func (c *consumer) take(reading *alertfeed.Reading, msg jetstream.Msg, meta *jetstream.MsgMetadata) error {
	death := c.rng.Float64()
	if c.world.ending.Load() {
		death = 1
	}
	if death < 0.03 {
		return errDies
	}
	m, err := alertfeed.Decode(msg.Subject(), msg.Data())
	if err != nil {
		c.world.fails("consumer: %v", err)
		return err
	}
	acts := reading.Take(m)
	c.mu.Lock()
	c.acts = append(c.acts, acts...)
	c.kept, c.begun = reading.Kept(), reading.Head()
	c.messages++
	c.reached = meta.Sequence.Stream
	if m.Head != nil {
		c.head = m.Head.At
	}
	c.mu.Unlock()
	if death < 0.06 {
		return errDies
	}
	return msg.Ack()
}

// claims returns the acts of the consumer as claims, and where it acted twice.
func (c *consumer) claims() (list []claim, wrong []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := map[string]alertfeed.AlertState{}
	for i, a := range c.acts {
		who := fmt.Sprintf("act %d of the consumer", i)
		if last[a.Subject] == a.State {
			wrong = append(wrong, fmt.Sprintf("%s: %s is %v again, at %v", who, a.Subject, a.State, a.At))
		}
		last[a.Subject] = a.State
		if a.Alert == nil && c.world.chronicle.purgedAlone(a.Subject) {
			// it may not have seen what a head took for seen; a stream that is not of tests denies such purges
			continue
		}
		list = append(list, claim{who: who, at: a.At, subject: a.Subject, state: a.State})
	}
	return list, wrong
}

// present returns the alerts that exist according to the consumer.
func (c *consumer) present() truth {
	c.mu.Lock()
	defer c.mu.Unlock()
	found := truth{}
	for subject, k := range c.kept {
		if k.State.Kind != alertfeed.Withdrawn {
			found[subject] = k.State
		}
	}
	return found
}
