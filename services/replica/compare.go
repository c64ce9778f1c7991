package replica

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

const (
	// headsMax is the number of streams that are looked up in the origin at the same time.
	headsMax = 16
	// lookEvery is the interval at which a missing event is looked up in the origin again.
	lookEvery = 100 * time.Millisecond
)

// resume returns the position in the origin of the last event of the copy. It first finds the last event of each
// stream of the copy in the origin.
func (s *Store) resume(ctx context.Context) (after uint64, err error) {
	if s.position == 0 {
		return 0, nil
	}
	late := time.Now().Add(s.late)
	if after, err = s.head(ctx, s.last, 0, late); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	slots := make(chan struct{}, headsMax)
	var wg sync.WaitGroup
	for stream := range s.revisions {
		if stream == s.last {
			continue // it was looked up first
		}
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break // return the events found so far
		}
		wg.Go(func() {
			defer func() { <-slots }()
			if _, err := s.head(ctx, stream, after, late); err != nil {
				cancel(err) // the first error is kept
			}
		})
	}
	wg.Wait()
	return after, context.Cause(ctx)
}

// head finds the last event of a stream of the copy in the origin and returns its position there. A node of a cluster
// may be late, so head looks for a missing event again until the time late. The next event of the stream must lie
// after the position after, from which copying continues.
func (s *Store) head(ctx context.Context, stream events.StreamID, after uint64, late time.Time) (position uint64,
	err error) {
	var mine events.Stored
	for e, err := range s.local.ReadStream(ctx, stream, s.revisions[stream]-1) {
		if err != nil {
			return 0, err
		}
		mine = e
		mine.Body = bytes.Clone(e.Body)
	}
	for {
		position, err = s.find(ctx, &mine, after)
		if position > 0 || err != nil {
			return position, err
		}
		if time.Now().After(late) {
			return 0, &BrokenError{stream,
				text.Say("记录中只有不到 %d 条，少于本地副本",
					"the record has fewer than %d events, less than the local copy", mine.Revision)}
		}
		select {
		case <-time.After(lookEvery):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// find returns the position in the origin of an event of the copy, or 0 if the stream ends before it.
func (s *Store) find(ctx context.Context, mine *events.Stored, after uint64) (position uint64, err error) {
	stream, revision := mine.Stream, mine.Revision
	for e, err := range s.record.ReadStream(ctx, stream, revision-1) {
		switch {
		case err != nil:
			return 0, broken(err)
		case position > 0 && e.Position <= after:
			return 0, &BrokenError{stream,
				text.Say("本地副本缺第 %d 条，却有其后的记录",
					"the local copy lacks event %d and has what was recorded after it", e.Revision)}
		case position > 0:
			return position, nil
		case !same(&e, mine):
			return 0, &BrokenError{stream,
				text.Say("第 %d 条与本地副本不同", "event %d is not that of the local copy", revision)}
		}
		position = e.Position
	}
	return position, nil
}

func same(a, b *events.Stored) bool {
	return a.Stream == b.Stream && a.Revision == b.Revision && a.ID == b.ID && a.Kind == b.Kind &&
		bytes.Equal(a.Body, b.Body)
}

// Compare reads the whole origin and the whole copy side by side. It returns a *BrokenError for the first event of the
// copy that the origin does not have at its place, or nil. It calls see with the position of each event of the copy.
// It returns an error if the origin or the copy cannot be read.
func (s *Store) Compare(ctx context.Context, see func(position uint64)) (*BrokenError, error) {
	next, stop := iter.Pull2(s.record.ReadAll(ctx, 0))
	defer stop()
	recordedAt := int64(0)
	for mine, err := range s.local.ReadAll(ctx, 0) {
		if err != nil {
			return nil, fmt.Errorf("replica: compare: %w", err)
		}
		see(mine.Position)
		its, err, more := next()
		if err != nil {
			var b *BrokenError
			if err = broken(err); errors.As(err, &b) {
				return b, nil
			}
			return nil, fmt.Errorf("replica: compare: %w", err)
		}
		recordedAt = max(recordedAt, its.RecordedAt.UnixMicro())
		switch {
		case !more:
			return &BrokenError{mine.Stream,
				text.Say("记录在位置 %d 之前结束，短于本地副本",
					"the record ends before position %d and is shorter than the local copy", mine.Position)}, nil
		case !same(&mine, &its) || recordedAt != mine.RecordedAt.UnixMicro():
			return &BrokenError{mine.Stream,
				text.Say("位置 %d（第 %d 条）与本地副本不同", "position %d (event %d) is not that of the local copy",
					mine.Position, mine.Revision)}, nil
		}
	}
	return nil, nil
}
