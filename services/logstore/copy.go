package logstore

import (
	"context"
	"fmt"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// Copy appends events of another store with their places. Their positions must continue from the last position here,
// their revisions from those of their streams, and their instants must not go back. On return all of them are durable,
// in one commit. Copy ignores Bytes. If the events cannot follow the events here, it returns an *UnlikeError and
// appends nothing. Other errors are those of Append.
func (s *Store) Copy(ctx context.Context, batch []events.Stored) error {
	for i := range batch {
		e := &batch[i]
		body, err := events.ParseObject(e.Body)
		if err == nil {
			err = events.CheckBatch(e.Stream, []events.Proposed{{ID: e.ID, Kind: e.Kind, Body: body}})
		}
		if err != nil {
			return fmt.Errorf("logstore: copy position %d of %s: %w", e.Position, e.Stream, err)
		}
	}
	if err := s.ended(ctx); err != nil || len(batch) == 0 {
		return err
	}
	if s.opts.ReadOnly {
		return ErrReadOnly
	}
	r := &request{copies: batch, done: make(chan struct{})}
	if err := s.wait(ctx, r); err != nil {
		return err
	}
	return r.err
}

// UnlikeError is the error that an event of another store cannot follow the events of this store.
type UnlikeError struct {
	Place  events.Place
	Stream events.StreamID
	Reason text.Text
}

// ErrorCode returns the code of package text: the store has another event in that place.
func (e *UnlikeError) ErrorCode() text.ErrorCode { return text.Conflict }

// Text returns the error as a message for a user.
func (e *UnlikeError) Text() text.Text {
	at := text.Say("%s 的第 %d 条（位置 %d）：", "event %[2]d of %[1]s (position %[3]d): ", e.Stream, e.Place.Revision,
		e.Place.Position)
	return text.Text{Zh: at.Zh + e.Reason.Zh, En: at.En + e.Reason.En}
}

// Error implements error.
func (e *UnlikeError) Error() string { return "logstore: copy: " + e.Text().En }

// takeCopies makes the copies of a request the current commit, or finishes the request at once.
func (s *Store) takeCopies(r *request) {
	w := &s.writer
	position, recordedAt, pending := uint64(len(s.view.offsets)), w.recordedAt, map[events.StreamID]uint64{}
	for i := range r.copies {
		e := &r.copies[i]
		revision, known := pending[e.Stream]
		if !known {
			_, positions, _ := s.now(e.Stream)
			revision = uint64(len(positions))
		}
		position, revision = position+1, revision+1
		unlike := func(zh, en string, args ...any) {
			r.answer(nil, &UnlikeError{e.Place, e.Stream, text.Say(zh, en, args...)})
			w.bytes, w.ends = w.bytes[:0], w.ends[:0]
		}
		switch at := e.RecordedAt; {
		case e.Position != position:
			unlike("此处应为位置 %d", "here must be position %d", position)
			return
		case e.Revision != revision:
			unlike("此处应为第 %d 条", "here must be event %d", revision)
			return
		case at.Before(recordedAt) || at.Year() > events.LineYearMax || !at.Equal(at.Truncate(time.Microsecond)):
			unlike("记录时间 %v 早于前一条，或不可能", "recorded at %v, before its predecessor or impossible", at)
			return
		}
		recordedAt, pending[e.Stream] = e.RecordedAt.UTC(), revision
		copied := *e
		copied.RecordedAt = recordedAt
		w.bytes = append(events.AppendStored(w.bytes, &copied), '\n')
		w.ends = append(w.ends, len(w.bytes))
	}
	w.recordedAt = recordedAt
	w.group = append(w.group, r)
}
