package alertfeed

import (
	"context"
	"errors"
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
	pending  uint64 // the number of messages after it
}

// readPresent reads the last message of every subject, and then every new message until ctx ends.
func (s *session) readPresent(ctx context.Context, running *sync.WaitGroup) error {
	if !s.isUnread {
		s.say(StateConnecting, text.Say("正在读取 NATS 流", "reading the stream"))
	}
	consumer, err := s.cfg.JetStream.OrderedConsumer(ctx, StreamName, jetstream.OrderedConsumerConfig{
		DeliverPolicy: jetstream.DeliverLastPerSubjectPolicy, FilterSubjects: []string{AllSubjects},
		MaxResetAttempts: 3})
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
		s.isUnread = false
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
				s.isUnread = false
				return nil
			}
		case <-quiet.C:
			s.isUnread = true
			return errUnread
		case <-ctx.Done():
			quiet.Stop()
			return ctx.Err()
		}
	}
}

// errUnread is returned if the server delivers no more messages although there are more. It does so at a damaged
// message.
var errUnread = errors.New("alertfeed: reading the stream was not answered")

// unreadWords returns the message for errUnread, with what to do.
func (p *Publisher) unreadWords() text.Text {
	if p.cfg.Streams == "" {
		return text.Say("NATS 服务器读不出 NATS 流的全部内容，其文件可能已损坏：请其管理员检查；若已损坏，删除流 "+
			"%s，全部预警会重新发布",
			"the NATS server does not deliver all of the stream, and the files of it may be damaged: have its "+
				"operator look; if they are, delete the stream %s, and everything is stated again", StreamName)
	}
	return text.Say("读不出 NATS 流的全部内容，其文件可能已损坏：请停止服务，删除目录 %s，再启动；全部预警会重新发布",
		"the server does not deliver all of the stream, and the files of it may be damaged: end serve, delete the "+
			"directory %s, and start again; everything is stated again", p.cfg.Streams)
}

// learn takes a new message, and reports whether its center has to be compared again because another publisher
// wrote it.
func (s *session) learn(m stored) bool {
	s.read = m.sequence
	if !s.picture.take(m.subject, m.sequence, m.body) {
		return false
	}
	if m.subject != HeadSubject { // a head is judged
		s.doubtful[centerOfToken(centerOf(m.subject))] = true
		s.due = nil // it must be compared first
	}
	return true
}

// readUpTo reads the stream up to a sequence that exists. If the connection was lost meanwhile, the session ends:
// the stream may be another one.
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
