package alertfeed

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"
)

// open opens the stream and reads the last message of every subject.
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
	s.reached = info.State.LastSeq // distrusted once only
	return nil
}

// check compares the stream as a whole with the memory.
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
	if s.known && s.memory.Last < s.picture.last { // also while messages come without a break
		if err := s.remember(); err != nil {
			return err
		}
	}
	if s.cfg.Users != nil && !s.isForeign() {
		if err := reconcile(ctx, s.cfg.JetStream, s.cfg.Users(), !s.cfg.Shared); err != nil {
			s.cfg.Log.Error("a consumer of the alerts could not be made", zap.Error(err))
		}
	}
	return s.seeConsumers(ctx)
}

// distrust notes that the stream may have lost messages that consumers have seen, so that a new generation is
// needed.
func (s *session) distrust(why string) {
	s.cfg.Log.Warn("the stream of alerts may have lost messages", zap.String("why", why))
	s.doubt, s.doubted = true, s.generation()
}

// lost ends the session because the stream has lost messages.
func (s *session) lost(why string) error {
	s.distrust(why)
	s.memory.Open = true // kept even if this process ends now
	return errors.Join(fmt.Errorf("%w: %s", errAgain, why), s.memory.remember(s.cfg.Memory))
}
