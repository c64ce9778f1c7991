package kurrentstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"go.uber.org/zap"

	"github.com/taizhang/taizhang/events"
)

// Append implements events.Store. While the server gives no usable answer, it retries for Options.Patience. It always
// sends the same ids at the same revision, which the server stores only once. If the outcome is in doubt, it reads the
// stream. It returns an *events.UnknownError only if the outcome is still unknown after that time, an
// *UnreachableError if nothing was ever sent, and an error with text.Refused for a batch over Options.AppendBytesMax.
func (s *Store) Append(ctx context.Context, stream events.StreamID, expected uint64,
	batch []events.Proposed) ([]events.Place, error) {
	if err := events.CheckBatch(stream, batch); err != nil {
		return nil, fmt.Errorf("kurrentstore: append to %s: %w", stream, err)
	}
	if size := bytesOf(batch); size > s.AppendBytesMax() {
		return nil, tooLarge(size, s.AppendBytesMax())
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	inner, end, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	a := &appending{s: s, stream: stream, expected: expected, batch: batch}
	places, err := a.run(inner)
	return places, a.finish(ctx, err)
}

// AppendBytesMax returns the maximum number of bytes of the bodies of one batch and twice its kinds together:
// Options.AppendBytesMax.
func (s *Store) AppendBytesMax() int { return s.appendBytesMax }

// bytesOf returns the size of the batch as the server counts it. The server stores kinds in UTF-16.
func bytesOf(batch []events.Proposed) (n int) {
	for i := range batch {
		n += len(batch[i].Body.String()) + 2*len(batch[i].Kind)
	}
	return n
}

// appending is one append, from its first attempt until its outcome is known.
type appending struct {
	s        *Store
	stream   events.StreamID
	expected uint64
	batch    []events.Proposed
	doubt    bool // the batch was sent, and the server may store it now or later
	accepted bool // the server acknowledged it, now or before
	refused  bool // the server answered that the stream is at another revision
}

// finish turns an error into the error for the caller. An unknown outcome takes precedence over everything else.
func (a *appending) finish(ctx context.Context, err error) error {
	var conflict *events.ConflictError
	var tampering *TamperedError
	switch {
	case err == nil, errors.As(err, &conflict), errors.As(err, &tampering) && a.refused:
		return err
	case a.doubt || a.accepted:
		a.s.log.Warn("outcome of an append unknown", zap.String("stream", string(a.stream)), zap.Error(err))
		return &events.UnknownError{Cause: err}
	case ctx.Err() == nil && a.s.life.Err() != nil:
		return events.ErrClosed
	}
	return err
}

func (a *appending) run(ctx context.Context) ([]events.Place, error) {
	if err := a.s.checkOnce(ctx, a.stream); err != nil {
		return nil, err
	}
	for wait := a.s.patiently(); ; {
		err := a.send(ctx)
		if err != nil && fateOf(err) == impossible {
			return nil, explain(err)
		}
		if err == nil || a.doubt {
			places, seen := a.look(ctx)
			if places != nil {
				return places, nil
			}
			var conflict *events.ConflictError
			if errors.As(seen, &conflict) || fateOf(seen) == impossible {
				return nil, seen
			}
			if err == nil || !errors.Is(seen, ErrBehind) {
				err = seen // the reason for the missing answer is more useful than a missing batch
			}
		}
		if err := wait.wait(ctx, err); err != nil {
			return nil, err
		}
	}
}

// send asks the server to append, unless it has answered already. It returns an error if there is no answer.
func (a *appending) send(ctx context.Context) error {
	if a.expected >= never {
		a.refused = true // the protocol has no such revision
	}
	if a.accepted || a.refused {
		return nil
	}
	var revision esdb.ExpectedRevision = esdb.NoStream{} // never nil, because the client reads nil as any revision
	if a.expected > 0 {
		revision = esdb.Revision(a.expected - 1)
	}
	list := make([]esdb.EventData, len(a.batch))
	for i := range a.batch {
		list[i] = written(&a.batch[i])
	}
	limit := a.s.limits.answer
	var claimed atomic.Bool // set first by the goroutine that sends, or by the caller that stops waiting
	_, err := call(ctx, a.s, func(ctx context.Context, l *link) (*esdb.WriteResult, error) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if claimed.Swap(true) {
			return nil, errGivenUp // the caller has this error already
		}
		// A send that has begun is not cancelled, because the client has a data race if a context ends while it sends.
		// The caller only stops waiting. A late answer does no harm.
		return l.client.AppendToStream(context.WithoutCancel(ctx), a.s.name(a.stream),
			esdb.AppendToStreamOptions{ExpectedRevision: revision, Deadline: &limit}, list...)
	})
	return a.heard(err, claimed.Swap(true))
}

// heard records the answer to an append.
func (a *appending) heard(err error, sent bool) error {
	var panicked *strange
	switch {
	case err == nil:
		a.accepted = true
		return nil
	case fateOf(err) == outdated:
		a.refused = true
		return nil
	case fateOf(err) == gone:
		return tombstoned(a.stream)
	case fateOf(err) == elsewhere, fateOf(err) == impossible && !errors.As(err, &panicked):
		return err // this attempt stored nothing
	}
	a.doubt = a.doubt || sent
	return err
}

// look reads the events at the place of the batch. It returns their places if they are the batch, a conflict if they
// are other events, and another error if the outcome is not known yet.
func (a *appending) look(ctx context.Context) ([]events.Place, error) {
	var there []*esdb.RecordedEvent
	var err error
	if a.expected < never {
		there, err = a.s.readFrom(ctx, a.stream, a.expected, uint64(len(a.batch)))
	}
	if err != nil {
		return nil, err
	}
	for i, e := range there {
		if want := a.expected + uint64(i); e.EventNumber != want {
			return nil, a.s.doubted(ctx, a.stream, want+1, e.EventNumber+1)
		}
	}
	same := 0
	for same < min(len(there), len(a.batch)) && sameEvent(there[same], &a.batch[same]) {
		same++
	}
	if same == len(a.batch) {
		return a.places(there)
	}
	if same == len(there) && !a.refused { // the stream has all of the batch, or none of it
		return nil, ErrBehind
	}
	if i := slices.IndexFunc(there, func(e *esdb.RecordedEvent) bool { return !genuine(e) }); i >= 0 {
		return nil, tampered(a.stream, "第 %d 条不是台账写入的", "event %d was not written by the ledger",
			there[i].EventNumber+1)
	}
	return nil, a.conflict(ctx)
}

func (a *appending) places(there []*esdb.RecordedEvent) ([]events.Place, error) {
	places := make([]events.Place, len(there))
	for i, e := range there {
		places[i] = placeOf(e)
		if err := checkPlace(places[i]); err != nil {
			return nil, err
		}
	}
	a.s.saw(a.stream, places[len(places)-1])
	return places, nil
}

// conflict returns a conflict with the current revision of the stream; the server's answer has the revision only as
// text. A node that is behind may contradict the server's refusal, or show less than was already seen; that is an
// error too.
func (a *appending) conflict(ctx context.Context) error {
	last, err := call(ctx, a.s, func(ctx context.Context, l *link) ([]*esdb.RecordedEvent, error) {
		return readSome(ctx, l, a.s.name(a.stream),
			esdb.ReadStreamOptions{Direction: esdb.Backwards, From: esdb.End{}}, 1)
	})
	if err != nil && fateOf(err) != missing {
		return err
	}
	actual := uint64(0)
	if len(last) > 0 {
		actual = last[0].EventNumber + 1
	}
	if actual == a.expected || actual < a.s.headSeen(a.stream) {
		return ErrBehind
	}
	return &events.ConflictError{Stream: a.stream, Expected: a.expected, Actual: actual}
}

// readFrom reads at most count events of the stream after a revision. It returns none if the stream does not exist.
func (s *Store) readFrom(ctx context.Context, stream events.StreamID, after,
	count uint64) ([]*esdb.RecordedEvent, error) {
	list, err := call(ctx, s, func(ctx context.Context, l *link) ([]*esdb.RecordedEvent, error) {
		return readSome(ctx, l, s.name(stream),
			esdb.ReadStreamOptions{Direction: esdb.Forwards, From: esdb.Revision(after)}, count)
	})
	switch {
	case err == nil:
		return list, nil
	case fateOf(err) == missing:
		return nil, nil
	case fateOf(err) == gone:
		return nil, tombstoned(stream)
	}
	return nil, err
}
