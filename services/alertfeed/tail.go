package alertfeed

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/taizhang/taizhang/events/text"
)

// stored is a message of the stream.
type stored struct {
	subject  string
	sequence uint64
	body     []byte
	pending  uint64 // how many messages follow it
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

// readUpTo learns what the stream has up to a sequence that is there. If the connection was lost meanwhile, the session is over: the
// stream may be another one.
func (s *session) readUpTo(ctx context.Context, sequence uint64) error {
	for s.read < sequence {
		quiet := time.NewTimer(askWait)
		select {
		case m, ok := <-s.tail:
			quiet.Stop()
			if !ok {
				return errAgain
			}
			s.learn(m)
		case <-quiet.C:
			return fmt.Errorf("%w: it is not delivered", errAgain)
		case <-ctx.Done():
			quiet.Stop()
			return ctx.Err()
		}
	}
	if s.cfg.JetStream.Conn().Stats().Reconnects != s.reconnects {
		return fmt.Errorf("%w: the connection was lost", errAgain)
	}
	return nil
}
