package alertfeed

import (
	"context"
	"fmt"
	"slices"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/projections"
)

// restate begins a new generation and publishes every alert again: between the head that begins it and the head
// that ends it, each alert that the ledger has is written and every other one is withdrawn. If another publisher
// begins a generation meanwhile, that one continues.
func (s *session) restate(ctx context.Context) error {
	s.due, s.watch = nil, nil // the next round compares everything
	at, ok, err := s.begin(ctx)
	if err != nil || !ok {
		return err
	}
	s.doubtful = map[events.CenterID]bool{} // compare all
	found, seen := drafts{}, standing{}
	watch := s.cfg.Desk.Ledger.Register().Watch()
	at.Position, err = watch.Look(ctx, at.Date, func(c *projections.Seen) {
		seen[c.Center], found[c.Center] = c.Alerts, s.compare(c, at.Generation)
	})
	if err != nil {
		return err
	}
	s.compareUnknown(found, seen, true)
	if err := s.addVouchers(ctx, found); err != nil {
		return err
	}
	messages := s.messages(found, at)
	for _, m := range messages {
		m.Alert.Restated = true
	}
	if err := s.publishAll(ctx, messages, at); err != nil || !s.isOurs(at) {
		return err
	}
	s.watch = watch
	s.doubt, s.force, s.memory.Open = false, false, false
	s.mu.Lock()
	s.status.Published.Generations++
	s.mu.Unlock()
	return s.remember()
}

// begin writes the head that begins a new generation, and reads the stream up to it. After it, consumers ignore
// messages of earlier generations. ok is false if another publisher was first.
func (s *session) begin(ctx context.Context) (at At, ok bool, err error) {
	if s.force {
		s.memory.Epoch = max(s.memory.Epoch, s.picture.peak.Epoch)
		if s.picture.head != nil {
			s.memory.Epoch = max(s.memory.Epoch, s.picture.head.At.Epoch)
		}
	}
	at = s.own(s.cfg.Desk.Position(), s.today())
	if at.Generation, err = s.nextGeneration(ctx); err != nil {
		return at, false, err
	}
	s.cfg.Log.Info("stating every alert again", zap.Uint64("generation", at.Generation),
		zap.Uint64("position", at.Position))
	s.memory.Open = true
	if err := s.remember(); err != nil {
		return at, false, err
	}
	if err := s.sendHead(ctx, at, Begin); err != nil || !s.isOurs(at) {
		return at, false, err
	}
	if err := s.remember(); err != nil { // this publisher must end the generation
		return at, false, err
	}
	return at, true, s.readUpTo(ctx, s.picture.headSequence)
}

// isOurs reports whether this publisher wrote the last head, in a generation.
func (s *session) isOurs(at At) bool {
	h := s.picture.head
	return h != nil && h.Publisher == s.id && h.At.Generation == at.Generation
}

// nextGeneration returns a generation that no consumer has seen: the microseconds since 1970 by the clock of the
// server. A counter could repeat a number after the stream and the memory were put back from an old copy.
func (s *session) nextGeneration(ctx context.Context) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, askWait)
	defer cancel()
	info, err := s.stream.Info(ctx)
	if err != nil {
		return 0, err
	}
	return max(uint64(info.TimeStamp.UnixMicro()), s.generation()+1), nil
}

// attemptsMax is the number of attempts to send a message while its outcome is unknown.
const attemptsMax = 5

// publishAll publishes until each subject is of this generation or a later one, and then writes the head that ends
// it. It does so only if the stream has no unread message: consumers withdraw the alerts that they have not seen
// before that head. A message that another publisher writes meanwhile counts.
func (s *session) publishAll(ctx context.Context, messages []*Message, at At) error {
	isLeft := func(m *Message) bool { return at.Later(s.picture.words[m.Subject].at) }
	for range attemptsMax {
		messages = slices.DeleteFunc(messages, func(m *Message) bool { return !isLeft(m) })
		if err := s.publish(ctx, messages); err != nil {
			return err
		}
		if err := s.readUpTo(ctx, s.picture.last); err != nil || !s.isOurs(at) {
			return err
		}
		if slices.ContainsFunc(messages, isLeft) {
			continue
		}
		err := s.sendHead(ctx, at, End, jetstream.WithExpectLastSequence(s.picture.last))
		if err != nil || !s.isOurs(at) || s.picture.head.Phase == End {
			return err
		}
	}
	return fmt.Errorf("%w: a generation could not be stated", errAgain)
}
