package alertfeed

import (
	"context"
	"fmt"

	"go.uber.org/zap"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/projections"
)

// restate begins a new generation and states every alert again. Between the head that begins it and the one that ends it, every
// alert that stands is written, and every other one withdrawn.
func (s *session) restate(ctx context.Context) (err error) {
	isDone := false
	defer func() {
		if !isDone {
			s.watch = nil // what it saw was not all published
		}
	}()
	found, seen := drafts{}, map[events.CenterID]bool{}
	generation := s.nextGeneration()
	on := s.today()
	s.watch = s.cfg.Desk.Ledger.Register().Watch()
	position, err := s.watch.Look(ctx, on, func(c *projections.Seen) {
		seen[c.Center], found[c.Center] = true, s.compare(c, generation)
	})
	if err != nil {
		return err
	}
	s.compareUnknown(found, seen, true)
	if s.force {
		s.memory.Epoch = max(s.cfg.Epoch(), s.picture.peak.Epoch, s.memory.Epoch)
		if s.picture.head != nil {
			s.memory.Epoch = max(s.memory.Epoch, s.picture.head.At.Epoch)
		}
	}
	at := s.own(position, on)
	at.Generation = generation
	s.cfg.Log.Info("stating every alert again", zap.Uint64("generation", generation), zap.Uint64("position", position))
	s.due = nil
	s.memory.Open = true
	if err := s.remember(); err != nil {
		return err
	}
	if err := s.sendHead(ctx, at, Begin); err != nil {
		return err
	}
	if !s.isOurs(at) {
		return nil // another publisher was first; judge decides anew
	}
	if err := s.remember(); err != nil { // the generation is ours to end
		return err
	}
	messages := s.messages(found, at)
	for _, m := range messages {
		m.Alert.Restated = true
	}
	if err := s.publishAll(ctx, messages, at); err != nil {
		return err
	}
	if !s.isOurs(at) {
		return nil
	}
	if err := s.sendHead(ctx, at, End); err != nil {
		return err
	}
	if !s.isOurs(at) || s.picture.head.Phase != End {
		return nil
	}
	s.doubt, s.force, s.memory.Open = false, false, false
	isDone = true
	s.mu.Lock()
	s.status.Published.Generations++
	s.mu.Unlock()
	return s.remember()
}

// isOurs reports whether the head is still that of our generation.
func (s *session) isOurs(at At) bool { return s.picture.head != nil && s.picture.head.At == at }

// nextGeneration returns a generation that no consumer has seen. The first one is the seconds since 1970, so that it is greater
// than those of a stream of which nothing is known any more.
func (s *session) nextGeneration() uint64 {
	last := max(s.memory.Generation, s.picture.peak.Generation)
	if s.picture.head != nil {
		last = max(last, s.picture.head.At.Generation)
	}
	if last == 0 {
		return uint64(s.cfg.Now().Unix())
	}
	return last + 1
}

// attemptsMax is how often a message is tried while its outcome is not known.
const attemptsMax = 5

// publishAll publishes until each subject is of a generation at least as late. What another publisher says about it meanwhile
// counts.
func (s *session) publishAll(ctx context.Context, messages []*Message, at At) error {
	for range attemptsMax {
		if err := s.publish(ctx, messages); err != nil {
			return err
		}
		var left []*Message
		for _, m := range messages {
			if at.Later(s.picture.words[m.Subject].at) {
				left = append(left, m)
			}
		}
		if messages = left; len(left) == 0 {
			return nil
		}
	}
	return fmt.Errorf("%w: a generation could not be stated", errAgain)
}
