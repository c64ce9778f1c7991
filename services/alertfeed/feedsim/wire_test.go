package feedsim

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// fate is the fate of a message that a publisher sends.
type fate string

// These are the fates. Without one, a message is sent and its acknowledgement arrives.
const (
	unanswered fate = "unanswered" // it is stored, and the acknowledgement is lost
	unsent     fate = "unsent"     // it is lost, and the publisher learns of it
	late       fate = "late"       // the publisher gives it up before it is sent
	held       fate = "held"       // the publisher stops for a while between its decision and the sending
	diesBefore fate = "dies before"
	diesAfter  fate = "dies after" // it is sent, and the publisher learns nothing more
)

// heldMax is how long a message is held or late if no other is stored meanwhile.
const heldMax = 150 * time.Millisecond

var (
	errLost = errors.New("feedsim: the connection is lost")
	errDead = errors.New("feedsim: the publisher is dead")
)

// wire is the JetStream of one life of a publisher. It decides the fate of every message, and records what was
// stored.
type wire struct {
	jetstream.JetStream
	process *process
	end     context.CancelFunc // of the life
	killed  chan struct{}      // closed when the life ends at once
	once    sync.Once
}

// future implements jetstream.PubAckFuture.
type future struct {
	msg *nats.Msg
	ok  chan *jetstream.PubAck
	err chan error
}

func (f *future) Ok() <-chan *jetstream.PubAck { return f.ok }
func (f *future) Err() <-chan error            { return f.err }
func (f *future) Msg() *nats.Msg               { return f.msg }

func newFuture(msg *nats.Msg) *future {
	return &future{msg, make(chan *jetstream.PubAck, 1), make(chan error, 1)}
}

// PublishMsg implements jetstream.Publisher.
func (w *wire) PublishMsg(ctx context.Context, msg *nats.Msg,
	opts ...jetstream.PublishOpt) (*jetstream.PubAck, error) {
	f, err := w.PublishMsgAsync(msg, opts...)
	if err != nil {
		return nil, err
	}
	select {
	case ack := <-f.Ok():
		return ack, nil
	case err := <-f.Err():
		return nil, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Publish implements jetstream.Publisher.
func (w *wire) Publish(ctx context.Context, subject string, body []byte,
	opts ...jetstream.PublishOpt) (*jetstream.PubAck, error) {
	return w.PublishMsg(ctx, &nats.Msg{Subject: subject, Data: body}, opts...)
}

// PublishAsync implements jetstream.Publisher.
func (w *wire) PublishAsync(subject string, body []byte,
	opts ...jetstream.PublishOpt) (jetstream.PubAckFuture, error) {
	return w.PublishMsgAsync(&nats.Msg{Subject: subject, Data: body}, opts...)
}

// PublishMsgAsync implements jetstream.Publisher.
func (w *wire) PublishMsgAsync(msg *nats.Msg, opts ...jetstream.PublishOpt) (jetstream.PubAckFuture, error) {
	p := w.process
	if w.dead() {
		return nil, errDead
	}
	f := newFuture(msg)
	if p.world.full.Load() {
		p.world.running.Go(func() { // the server says nothing any more
			w.whenOthersSpoke()
			f.err <- jetstream.ErrAsyncPublishTimeout
		})
		return f, nil
	}
	drawn, failure := p.fate()
	switch drawn {
	case unanswered:
		w.send(msg, opts, func(*jetstream.PubAck, error) { f.err <- failure })
	case unsent:
		f.err <- failure
	case late:
		f.err <- failure
		copied := &nats.Msg{Subject: msg.Subject, Data: msg.Data, Header: maps.Clone(msg.Header)}
		p.world.running.Go(func() {
			w.whenOthersSpoke()
			w.send(copied, opts, func(*jetstream.PubAck, error) {})
		})
	case held:
		w.whenOthersSpoke()
		w.send(msg, opts, f.settle)
	case diesBefore:
		w.die()
		return nil, errDead
	case diesAfter:
		w.send(msg, opts, func(*jetstream.PubAck, error) {})
		w.die()
		return nil, errDead
	default:
		w.send(msg, opts, f.settle)
	}
	return f, nil
}

func (f *future) settle(ack *jetstream.PubAck, err error) {
	if err != nil {
		f.err <- err
	} else {
		f.ok <- ack
	}
}

// whenOthersSpoke waits until two more messages were stored, or for a short time.
func (w *wire) whenOthersSpoke() {
	enough := time.NewTimer(heldMax)
	defer enough.Stop()
	for from, changed := w.process.world.chronicle.grown(); ; {
		select {
		case <-changed:
		case <-enough.C:
			return
		case <-w.killed:
			return
		}
		var now int
		if now, changed = w.process.world.chronicle.grown(); now >= from+2 {
			return
		}
	}
}

// send sends a message, and calls answer when its outcome is known.
func (w *wire) send(msg *nats.Msg, opts []jetstream.PublishOpt, answer func(*jetstream.PubAck, error)) {
	world, by := w.process.world, w.process.number
	world.calm.RLock()
	in, kind, body := world.chronicle.now(), msg.Header.Get("content-type"), msg.Data
	real, err := w.JetStream.PublishMsgAsync(msg, opts...)
	if err != nil {
		world.calm.RUnlock()
		answer(nil, err)
		return
	}
	world.running.Go(func() {
		ack, err := (*jetstream.PubAck)(nil), error(nil)
		select {
		case ack = <-real.Ok():
			if ack.Duplicate {
				world.fails("publisher %d: %s was taken for a duplicate", by, msg.Subject)
			} else {
				world.chronicle.add(in, ack.Sequence, msg.Subject, kind, body, by)
			}
		case err = <-real.Err():
		}
		world.calm.RUnlock()
		answer(ack, err)
	})
}

func (w *wire) dead() bool {
	select {
	case <-w.killed:
		return true
	default:
		return false
	}
}

// die ends the life at once: nothing more is sent, and the memory no longer changes.
func (w *wire) die() {
	w.once.Do(func() {
		close(w.killed)
		w.process.died()
		w.end()
	})
}
