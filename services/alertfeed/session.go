package alertfeed

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
)

// session is a publisher with one reading of the stream: from a connection to the next, or until something does not fit.
type session struct {
	*Publisher
	stream  jetstream.Stream
	picture *picture
	tail    <-chan stored
	read    uint64             // the sequence of the last message of the tail
	watch   *projections.Watch // nil before the first round
	said    standing           // what the stream says of centers, with doubtful ones; not of those that did not change since the stream was read
	saidOf  uint64             // the generation of said
	source  string             // of the messages

	doubtful   map[events.CenterID]bool // centers to compare again although the ledger has not moved
	due        *At                      // what the next head says; nil for none
	headed     time.Time                // when the last head was written
	ended      uint64                   // its sequence
	isComplete bool                     // no alert was published after it
	looked     time.Duration            // how long the last round looked at the ledger
	stepped    time.Time                // when the last round ended
	position   uint64                   // of the ledger then
	checked    time.Time
	seen       uint64    // the sequence of the head whose record was compared with the ledger
	begun      uint64    // the sequence of another publisher's head that begins a generation
	since      time.Time // when it was seen first
	unanswered int       // publishes in a row that were not answered at all
	clock      time.Duration
	reconnects uint64 // of the connection, when the session began
}

// stored is a message of the stream.
type stored struct {
	subject  string
	sequence uint64
	body     []byte
	pending  uint64 // how many messages follow it
}

// session publishes until ctx ends, or until the stream has to be read again. What is under way when ctx ends is done.
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

// open opens the stream and reads its present: the last message of every subject.
func (s *session) open(ctx context.Context, running *sync.WaitGroup) error {
	asking, cancel := context.WithTimeout(ctx, askWait)
	defer cancel()
	conn := s.cfg.JetStream.Conn()
	if err := checkServer(conn.ConnectedServerVersion()); err != nil {
		return err
	}
	want := streamConfig(cmp.Or(s.cfg.Replicas, 1))
	want.DenyDelete, want.DenyPurge = !s.cfg.Purgeable, !s.cfg.Purgeable
	stream, made, err := openStream(asking, s.cfg.JetStream, want)
	if err != nil {
		return err
	}
	s.stream = stream
	if err := s.admit(asking, !s.cfg.Shared); err != nil {
		s.cfg.Log.Error("a consumer of the alerts could not be made", zap.Error(err)) // nobody else is to wait for it; check tries again
	}
	if s.memory, s.known, err = recall(s.cfg.Memory); err != nil {
		return err
	}
	s.setServer(conn.ConnectedUrlRedacted())
	info := stream.CachedInfo()
	s.clock = s.cfg.Now().Sub(info.TimeStamp)
	if err := s.readPresent(ctx, running); err != nil {
		return err
	}
	s.checked = time.Now()
	switch {
	case made && !s.known:
		s.cfg.Log.Info("the stream of alerts is made")
		s.doubt, s.doubted = true, s.generation()
	case made:
		s.distrust("the stream was not there")
	case info.State.LastSeq < s.reached, s.known && info.State.LastSeq < s.memory.Last:
		s.distrust("the stream ends before what it had reached")
	case s.known && s.picture.subjects() < s.memory.Subjects:
		s.distrust("the stream has fewer subjects than it had")
	case s.memory.Open:
		s.distrust("the last messages were not followed by a head")
	}
	s.reached = info.State.LastSeq // it is doubted once
	return nil
}

// distrust notes that the stream may have lost what consumers have seen, so that a new generation is needed.
func (s *session) distrust(why string) {
	s.cfg.Log.Warn("the stream of alerts may have lost messages", zap.String("why", why))
	s.doubt, s.doubted = true, s.generation()
}

// readPresent reads the last message of every subject, and goes on reading what comes after. The reader ends with ctx.
func (s *session) readPresent(ctx context.Context, running *sync.WaitGroup) error {
	s.say(StateConnecting, text.Say("正在读取 NATS 流", "reading the stream"))
	consumer, err := s.cfg.JetStream.OrderedConsumer(ctx, StreamName, jetstream.OrderedConsumerConfig{
		DeliverPolicy: jetstream.DeliverLastPerSubjectPolicy, FilterSubjects: []string{AllSubjects}, MaxResetAttempts: 3})
	if err != nil {
		return err
	}
	messages, err := consumer.Messages()
	if err != nil {
		return err
	}
	tail := make(chan stored, 1024)
	s.tail = tail
	running.Go(func() {
		defer messages.Stop()
		defer close(tail)
		for {
			m, err := messages.Next(jetstream.NextContext(ctx))
			if err != nil {
				if ctx.Err() == nil {
					s.cfg.Log.Warn("the stream of alerts cannot be followed", zap.Error(err))
				}
				return
			}
			about, err := m.Metadata()
			if err != nil {
				return
			}
			select {
			case tail <- stored{m.Subject(), about.Sequence.Stream, m.Data(), about.NumPending}:
			case <-ctx.Done():
				return
			}
		}
	})
	if consumer.CachedInfo().NumPending == 0 {
		return nil
	}
	for {
		quiet := time.NewTimer(askWait)
		select {
		case m, ok := <-tail:
			quiet.Stop()
			if !ok {
				return errAgain
			}
			s.picture.take(m.subject, m.sequence, m.body)
			s.read = m.sequence
			if m.pending == 0 {
				return nil
			}
		case <-quiet.C:
			return text.Errorf(text.Unavailable, "读取 NATS 流没有应答", "reading the stream was not answered")
		case <-ctx.Done():
			quiet.Stop()
			return ctx.Err()
		}
	}
}

// moves returns a channel that hands out an element when the ledger has moved since the last one was taken.
func (s *session) moves(ctx context.Context, running *sync.WaitGroup) <-chan struct{} {
	moved := make(chan struct{})
	running.Go(func() {
		for seen := s.cfg.Desk.Position(); ctx.Err() == nil; {
			if s.cfg.Desk.Ledger.Reaches(ctx, seen+1) != nil {
				return
			}
			seen = s.cfg.Desk.Position() // before it is handed out: a later record is handed out again
			select {
			case moved <- struct{}{}:
			case <-ctx.Done():
			}
		}
	})
	return moved
}

// run makes rounds until it is to end or the stream has to be read again.
func (s *session) run(ctx context.Context, ending <-chan struct{}, changed <-chan nats.Status, moved <-chan struct{}) error {
	day := time.NewTicker(dayEvery)
	defer day.Stop()
	wake := time.NewTimer(0) // for the next round, the next head and the next check
	defer wake.Stop()
	isDirty, rested := true, time.Now()
	on := s.today()
	var waiting []chan error // for a new generation
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
			isDirty = isDirty || s.Status().State != StatePublishing // a reason may be gone
		}
		wake.Reset(s.next(isDirty, rested))
		more := moved
		if isDirty {
			more = nil // the next round sees it anyway
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
				continue // it will come again, or publishing fails
			}
			return errAgain
		case w := <-s.restating:
			s.force, isDirty, rested = true, true, time.Now()
			waiting = append(waiting, w)
		case w := <-s.admitting:
			w <- s.admit(ctx, true)
		}
	}
}

// end writes the head that is due, so that a start after it has nothing to doubt.
func (s *session) end(ctx context.Context) error {
	s.headed = time.Time{}
	_, err := s.writeHead(ctx)
	return errors.Join(err, s.close(0))
}

// rest returns how long to rest after a round, so that a ledger to which much is written does not spend its time on looking.
func (s *session) rest() time.Duration {
	now, position := time.Now(), s.cfg.Desk.Position()
	perSecond := float64(position-s.position) / now.Sub(s.stepped).Seconds()
	s.stepped, s.position = now, position
	busy := max(1, perSecond/restBusy)
	return min(time.Duration(min(float64(s.looked)*min(perSecond/restPer, restShare*busy), float64(restMost)*busy)), headEvery)
}

// next is how long nothing has to be done.
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

// learn takes a message of the tail, and reports whether a center has to be compared again, because somebody else wrote it.
func (s *session) learn(m stored) bool {
	s.read = m.sequence
	if !s.picture.take(m.subject, m.sequence, m.body) {
		return false
	}
	if m.subject != HeadSubject { // a head is judged
		s.doubtful[centerOfToken(centerOf(m.subject))] = true
		s.due = nil // what it would say is to be seen
	}
	return true
}

// admit makes the consumers those of the users. Of a shared ledger another process may know more users, unless they were changed
// here just now: areAll says whether those that are known here are all.
func (s *session) admit(ctx context.Context, areAll bool) error {
	if s.cfg.Users == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, askWait)
	defer cancel()
	if err := reconcile(ctx, s.cfg.JetStream, s.cfg.Users(), areAll); err != nil {
		return err
	}
	if err := s.seeConsumers(ctx); err != nil { // they are made all the same, and check sees them again
		s.cfg.Log.Warn("how far the consumers are is not known", zap.Error(err))
	}
	return nil
}

// own returns what this publisher knows at a position and date.
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

// check compares the stream as a whole with what is known of it.
func (s *session) check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, askWait)
	defer cancel()
	s.checked = time.Now()
	info, err := s.stream.Info(ctx)
	if err != nil {
		return err
	}
	s.clock = s.cfg.Now().Sub(info.TimeStamp)
	if info.State.LastSeq < s.picture.last || int(info.State.NumSubjects) < s.picture.subjects() {
		return s.lost("the stream has less than it had")
	}
	if s.known && s.memory.Last < s.picture.last { // also while it is never quiet
		if err := s.remember(); err != nil {
			return err
		}
	}
	if s.cfg.Users != nil {
		if err := reconcile(ctx, s.cfg.JetStream, s.cfg.Users(), !s.cfg.Shared); err != nil {
			s.cfg.Log.Error("a consumer of the alerts could not be made", zap.Error(err))
		}
	}
	return s.seeConsumers(ctx)
}

// seeConsumers notes how far the durable consumers have come.
func (s *session) seeConsumers(ctx context.Context) error {
	consumers := []Consumer{}
	list := s.stream.ListConsumers(ctx)
	for c := range list.Info() {
		if c.Config.Durable != "" {
			consumers = append(consumers, Consumer{c.Name, c.NumPending, c.NumAckPending})
		}
	}
	if err := list.Err(); err != nil && !errors.Is(err, jetstream.ErrEndOfData) {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Consumers = consumers
	return nil
}

// lost ends the session because the stream does not have what it had.
func (s *session) lost(why string) error {
	s.distrust(why)
	s.memory.Open = true // also if this process ends now
	return errors.Join(fmt.Errorf("%w: %s", errAgain, why), s.memory.remember(s.cfg.Memory))
}

func (s *session) setServer(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Server = url
}

// moved notes that the ledger has moved on.
func (s *session) moved() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.behindSince.IsZero() {
		s.behindSince = time.Now()
	}
}

// show shows how far the feed has come.
func (s *session) show() {
	position := s.cfg.Desk.Position()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Subjects, s.status.Open = s.picture.subjects(), s.picture.counts()
	if s.picture.head != nil {
		s.status.At = s.picture.head.At
	}
	if s.status.At.Position >= position {
		s.behindSince = time.Time{}
	}
}
