package alertfeed

import (
	"cmp"
	"context"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
)

// writeHead writes the head that is due. First it reads everything up to its own last message, because a message
// that was given up may have been stored later. again is true if it read something that another round has to
// compare.
func (s *session) writeHead(ctx context.Context) (again bool, err error) {
	if s.due == nil || time.Since(s.headed) < headEvery {
		return false, nil
	}
	if err := s.readUpTo(ctx, s.picture.last); err != nil {
		return false, err
	}
	if s.due == nil {
		return true, nil // the messages read must be compared first
	}
	at, last := *s.due, s.picture.head
	s.due = nil
	if last == nil || !at.Later(last.At) || last.Phase == Begin {
		return false, nil // another publisher includes more, or is restating all alerts
	}
	s.headed = time.Now()
	var nothingUnread []jetstream.PublishOpt // with several publishers, one of them always has unread messages
	if !s.cfg.Shared {
		nothingUnread = append(nothingUnread, jetstream.WithExpectLastSequence(s.picture.last))
	}
	if err := s.sendHead(ctx, at, End, nothingUnread...); err != nil || s.picture.head == nil {
		return false, err
	}
	if s.picture.head.At != at {
		s.due = &at // if another publisher came first, its head may include less
		return false, nil
	}
	s.isComplete, s.ended = true, s.picture.headSequence
	return false, nil
}

// sendHead publishes a head. Afterwards the picture has the last head in the stream, whoever wrote it.
func (s *session) sendHead(ctx context.Context, at At, phase Phase, opts ...jetstream.PublishOpt) error {
	record, err := s.recordAt(ctx, at.Position)
	if err != nil {
		return err
	}
	if record == "" && at.Position != 0 {
		return errNoRecord
	}
	m := &Message{Subject: HeadSubject, Head: &Head{at, record, phase, s.picture.counts(), s.id}}
	ack, err := s.send(m, s.picture.headSequence, opts...)
	sequence, err := s.acknowledged(ctx, sent{m, ack, err})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		s.cfg.Log.Debug("a head of the feed was not acknowledged", zap.Error(err))
		if err := cmp.Or(refused(err), s.answered(ctx, 1)); err != nil {
			return err
		}
		defer s.show()
		return s.readAgain(ctx, HeadSubject)
	}
	s.picture.setHead(sequence, m.Head, s.source)
	s.seen = sequence
	s.counted(m)
	s.show()
	return nil
}
