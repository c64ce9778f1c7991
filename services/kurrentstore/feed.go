package kurrentstore

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"go.uber.org/zap"

	"github.com/taizhang/taizhang/events"
)

// errDropped is the error that the server ended a subscription.
var errDropped = errors.New("the server ended the subscription")

// item is one message of a read.
type item struct {
	event *esdb.RecordedEvent // nil for a message without an event, which only shows that the server is alive
	end   bool                // there are no more events at present
}

// source is a function that opens a read. recv returns message after message, and io.EOF after the last one. stop ends
// the read.
type source func(ctx context.Context, l *link) (recv func() (item, error), stop func(), err error)

// feed is a running read. A goroutine receives the messages, because Recv has no context and may block for ever. So
// the reader can stop waiting at any time.
type feed struct {
	items chan item
	err   error // the reason why it ended; read after items is closed
	timer *time.Timer
}

func (s *Store) feed(ctx context.Context, l *link, open source) *feed {
	f := &feed{items: make(chan item, s.limits.buffer), timer: time.NewTimer(time.Hour)}
	go func() {
		defer func() { <-s.readSlots; l.leave() }()
		defer close(f.items)
		f.err = guarded(func() error {
			if err := l.usable(); err != nil {
				return err
			}
			recv, stop, err := open(ctx, l)
			if err != nil {
				return err
			}
			defer stop()
			for {
				it, err := recv()
				if err != nil {
					return err
				}
				select {
				case f.items <- it:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
		})
	}()
	return f
}

// next returns the next message, or the error with which the feed ended.
func (f *feed) next(ctx context.Context, silence time.Duration) (item, error) {
	select {
	case it, ok := <-f.items:
		return f.received(it, ok)
	default:
	}
	f.timer.Reset(silence)
	select {
	case it, ok := <-f.items:
		return f.received(it, ok)
	case <-ctx.Done():
		return item{}, ctx.Err()
	case <-f.timer.C:
		return item{}, errSilent
	}
}

func (f *feed) received(it item, ok bool) (item, error) {
	if ok {
		return it, nil
	}
	if errors.Is(f.err, io.EOF) {
		return item{end: true}, nil
	}
	return item{}, f.err
}

// scan is a read that resumes by itself after its connection breaks.
type scan struct {
	from func() source // begins after the last event processed
	// processes an item; must ignore events that it has processed already
	take    func(context.Context, item) (done bool, err error)
	forever bool // a subscription
}

// run reads until take is done, ctx ends, or a retry is useless.
func (s *Store) run(ctx context.Context, q *scan) error {
	a := s.patiently()
	for {
		moved, done, err := s.stretch(ctx, q)
		switch {
		case done || ctx.Err() != nil:
			return err
		case q.forever && errors.Is(err, errSilent):
			a = s.patiently() // silence is no failure; a new subscription shows whether the server still answers
			continue
		case fateOf(err) == impossible:
			return explain(err)
		case moved:
			a = s.patiently()
		}
		if q.forever {
			a.until = time.Time{}
		}
		if a.pause == 0 {
			s.log.Info("read broken off", zap.Error(err))
		}
		if err := a.wait(ctx, err); err != nil {
			return err
		}
	}
}

// stretch reads until an error or until take is done. moved reports whether any event was processed.
func (s *Store) stretch(ctx context.Context, q *scan) (moved, done bool, err error) {
	warmUp := ctx
	if !q.forever {
		var cancel context.CancelFunc
		warmUp, cancel = context.WithTimeout(ctx, s.limits.call)
		defer cancel()
	}
	l, err := s.use(warmUp)
	if err != nil {
		return false, errors.Is(err, events.ErrClosed), err
	}
	select {
	case s.readSlots <- struct{}{}:
	case <-warmUp.Done():
		l.leave()
		return false, false, warmUp.Err()
	}
	ctx, cancel := both(ctx, l.reads)
	defer cancel()
	silence := s.limits.silence
	if q.forever {
		silence = s.limits.idle
	}
	f := s.feed(ctx, l, q.from())
	defer f.timer.Stop()
	for {
		it, err := f.next(ctx, silence)
		if err == nil {
			done, err = q.take(ctx, it)
		}
		if err != nil && fateOf(err) == away {
			s.giveUp(l)
		}
		if done || err != nil {
			return moved, done, err
		}
		moved = moved || it.event != nil
	}
}

// readOf adapts a bounded read of the client.
func readOf(r *esdb.ReadStream) (func() (item, error), func()) {
	recv := func() (item, error) {
		e, err := r.Recv()
		if err != nil {
			return item{}, err
		}
		return item{event: e.OriginalEvent()}, nil
	}
	return recv, r.Close
}

// subscriptionOf adapts a subscription of the client. After the server drops it, recv always returns errDropped at
// once.
func subscriptionOf(sub *esdb.Subscription) (func() (item, error), func()) {
	recv := func() (item, error) {
		for {
			m := sub.Recv()
			switch {
			case m.EventAppeared != nil:
				return item{event: m.EventAppeared.OriginalEvent()}, nil
			case m.CheckPointReached != nil:
				// Some servers (before 21.10.10, 22.10.4, 23.10, and again before 24.10.5) send checkpoints beyond
				// events that they have not sent yet, so the position of a checkpoint is not used.
				return item{}, nil
			case m.CaughtUp != nil:
				return item{end: true}, nil
			case m.SubscriptionDropped != nil:
				if errors.Is(m.SubscriptionDropped.Error, io.EOF) {
					return item{}, errDropped // the server ended a subscription, which has no end
				}
				return item{}, m.SubscriptionDropped.Error
			}
		}
	}
	return recv, func() { sub.Close() }
}
