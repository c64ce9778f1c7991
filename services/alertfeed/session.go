package alertfeed

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
)

// session is one reading of the stream by a publisher. It ends with the connection, or when the stream does not
// match what was read.
type session struct {
	*Publisher
	stream  jetstream.Stream
	picture *picture
	tail    <-chan stored
	read    uint64             // the sequence of the last message that was read
	watch   *projections.Watch // nil before the first round
	// the alerts of centers in the stream, with the doubtful ones; without centers unchanged since the stream was
	// read
	said   standing
	saidOf uint64 // the generation of the alerts in said
	source string // the source of the messages

	hasAdmitted bool // the consumers match the users
	isOther     bool // the head belongs to another history than the ledger

	doubtful   map[events.CenterID]bool // centers to compare again although the ledger has not changed
	due        *At                      // the At of the next head; nil for none
	headed     time.Time                // when the last head was written
	ended      uint64                   // the sequence of the last head
	isComplete bool                     // no alert was published after the last head
	looked     time.Duration            // how long the last round took to look at the ledger
	stepped    time.Time                // when the last round ended
	position   uint64                   // the position of the ledger at that time
	checked    time.Time
	seen       uint64    // the sequence of the head whose record was last compared with the ledger
	begun      uint64    // the sequence of another publisher's head that begins a generation
	since      time.Time // when that head was first read
	unanswered int       // the number of unanswered publishes in a row
	clock      time.Duration
	reconnects uint64 // the reconnects of the connection when the session began
}

// session publishes until ctx ends, or until the stream has to be read again. When ctx ends, it finishes the
// messages under way.
func (p *Publisher) session(ctx context.Context, changed <-chan nats.Status) error {
	if p.halted {
		if err := p.restart(ctx); err != nil {
			return err
		}
	}
	if !p.cfg.JetStream.Conn().IsConnected() {
		return text.Errorf(text.Unavailable, "没有连接", "there is no connection")
	}
	ending := ctx.Done()
	ctx, cancel := lasting(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	s := &session{Publisher: p, picture: newPicture(), source: NoLedger, doubtful: map[events.CenterID]bool{},
		reconnects: p.cfg.JetStream.Conn().Stats().Reconnects}
	defer func() { p.reached, p.latest = max(p.reached, s.picture.last), s.generation() }()
	if err := s.open(ctx, &running); err != nil {
		return err
	}
	return s.run(ctx, ending, changed, s.moves(ctx, &running))
}

// run makes rounds until ending is closed or the stream has to be read again.
func (s *session) run(ctx context.Context, ending <-chan struct{}, changed <-chan nats.Status,
	moved <-chan struct{}) error {
	day := time.NewTicker(dayEvery)
	defer day.Stop()
	wake := time.NewTimer(0) // starts the next round, head or check
	defer wake.Stop()
	isDirty, rested := true, time.Now()
	on := s.today()
	var waiting []chan error // requests for a new generation
	answer := func(err error) {
		for _, w := range waiting {
			w <- err
		}
		waiting = nil
	}
	defer func() { answer(s.notNow()) }()
	for {
		if isDirty && !time.Now().Before(rested) {
			s.looked = 0
			settled, err := s.step(ctx)
			if err != nil {
				return err
			}
			isDirty = !settled
			rested = time.Now().Add(s.rest())
			if !s.force {
				answer(nil)
			}
		}
		again, err := s.writeHead(ctx)
		if err != nil {
			return err
		}
		isDirty = isDirty || again
		if err := s.close(quietAfter); err != nil {
			return err
		}
		if time.Since(s.checked) >= s.cfg.CheckEvery {
			if err := s.check(ctx); err != nil {
				return err
			}
			isDirty = isDirty || s.Status().State != StatePublishing // the reason may be gone
		}
		wake.Reset(s.next(isDirty, rested))
		more := moved
		if isDirty {
			more = nil // the next round includes it
		}
		select {
		case <-ending:
			return s.end(ctx)
		case <-wake.C:
		case <-more:
			isDirty = true
			s.moved()
		case <-day.C:
			if now := s.today(); now != on {
				on, isDirty = now, true
			}
		case m, ok := <-s.tail:
			if !ok {
				return errAgain
			}
			isDirty = s.learn(m) || isDirty
		case status := <-changed:
			if status != nats.CONNECTED {
				continue // the message will come again, or publishing fails
			}
			return errAgain
		case w := <-s.restating:
			s.force, isDirty, rested = true, true, time.Now()
			waiting = append(waiting, w)
		case w := <-s.admitting:
			w <- s.admitNow(ctx)
		}
	}
}

// end writes the head that is due, so that the next start has nothing to distrust.
func (s *session) end(ctx context.Context) error {
	s.headed = time.Time{}
	_, err := s.writeHead(ctx)
	return errors.Join(err, s.close(0))
}

// lasting returns a context that ends endWait after ctx.
func lasting(ctx context.Context) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(endWait, cancel)
		context.AfterFunc(longer, func() { timer.Stop() })
	})
	return longer, func() {
		stop()
		cancel()
	}
}

// moves returns a channel that sends an element when the ledger has changed since the last one.
func (s *session) moves(ctx context.Context, running *sync.WaitGroup) <-chan struct{} {
	moved := make(chan struct{})
	running.Go(func() {
		for seen := s.cfg.Desk.Position(); ctx.Err() == nil; {
			if s.cfg.Desk.Ledger.Reaches(ctx, seen+1) != nil {
				return
			}
			seen = s.cfg.Desk.Position() // read before sending, so that a later record causes another element
			select {
			case moved <- struct{}{}:
			case <-ctx.Done():
			}
		}
	})
	return moved
}

// rest returns how long to pause after a round, so that a busy ledger is not slowed down by looking at it.
func (s *session) rest() time.Duration {
	now, position := time.Now(), s.cfg.Desk.Position()
	perSecond := float64(position-s.position) / now.Sub(s.stepped).Seconds()
	s.stepped, s.position = now, position
	busy := max(1, perSecond/restBusy)
	return min(time.Duration(min(float64(s.looked)*min(perSecond/restPer, restShare*busy), float64(restMost)*busy)),
		headEvery)
}

// next returns the time until there is something to do.
func (s *session) next(isDirty bool, rested time.Time) time.Duration {
	at := s.checked.Add(s.cfg.CheckEvery)
	if isDirty && rested.Before(at) {
		at = rested
	}
	if due := s.headed.Add(headEvery); s.due != nil && due.Before(at) {
		at = due
	}
	if quiet := s.headed.Add(quietAfter); s.isClosable() && quiet.Before(at) {
		at = quiet
	}
	return max(0, time.Until(at))
}

func (s *session) today() events.Date { return events.DateAt(s.cfg.Now()) }

// own returns the At of this publisher at a position and date.
func (s *session) own(position uint64, on events.Date) At {
	at := At{Epoch: max(s.cfg.Epoch(), s.memory.Epoch), Engine: aggregates.Engine, Position: position, Date: on}
	if s.picture.head != nil {
		at.Generation = s.picture.head.At.Generation
	}
	return at
}

// generation returns the latest generation that this publisher knows of.
func (s *session) generation() uint64 {
	last := max(s.latest, s.memory.Generation, s.picture.peak.Generation)
	if s.picture.head != nil {
		last = max(last, s.picture.head.At.Generation)
	}
	return last
}
