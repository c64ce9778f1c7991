package events

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events/text"
)

// Store keeps streams of events, and the order of all of them, for ever. Nothing is changed or deleted.
//
// A revision counts the events of a stream from 1; 0 means that there is no stream, so that every append must name the
// revision that it expects. A position orders all events of the store: it is opaque and strictly increasing, and 0 is
// before the first. In both, after is exclusive. A Store may be used by several goroutines.
type Store interface {
	// Append adds the batch (1 to BatchMax events) to the stream if its revision is expected, and returns the place of
	// each event. On return the whole batch is durable; otherwise none of it was appended, unless the error says so:
	//   - a *ConflictError: the stream is at another revision, which it carries; nothing was appended. The caller may
	//     judge again and retry.
	//   - ErrUnknown: the batch may or may not have been appended, now or later. The caller must stop using the store,
	//     or settle it by appending the same batch at the same place.
	//   - any other error: nothing was appended and trying again the same way is useless.
	// A repeat of a batch (same ids, kinds and bodies) at the place where it was appended returns the places of the
	// first append. The store stamps RecordedAt, which never decreases along positions.
	Append(ctx context.Context, stream StreamID, expected uint64, batch []Proposed) ([]Place, error)

	// ReadStream yields the events of a stream after a revision, in order, and stops at the end. A stream that does
	// not exist is empty. An error is yielded once and last. Breaking the loop closes the read.
	ReadStream(ctx context.Context, stream StreamID, after uint64) iter.Seq2[Stored, error]

	// ReadAll yields the events of all streams after a position, in order, and stops at the end as it was when the
	// read began.
	ReadAll(ctx context.Context, after uint64) iter.Seq2[Stored, error]

	// Subscribe is ReadAll that waits at the end for more, until ctx ends (whose error it yields last) or the store
	// closes (ErrClosed).
	Subscribe(ctx context.Context, after uint64) iter.Seq2[Stored, error]

	// Close ends every read and subscription and releases files and connections. Later calls fail with ErrClosed.
	Close() error
}

// BatchMax is the maximum number of events in one Append. BatchBytesMax is the maximum size of their bodies together.
const BatchMax = 10_000

// Limited is a Store that accepts fewer bytes in one Append than BatchBytesMax. AppendBytesMax returns the maximum of
// the bytes of the bodies and twice those of the kinds.
type Limited interface{ AppendBytesMax() int }

// Proposed is an event to append. Body has at most BodyBytesMax bytes.
type Proposed struct {
	ID   uuid.UUID
	Kind Kind
	Body Object
}

// Place is the place of a stored event, and the time at which it was stored.
type Place struct {
	Position   uint64
	Revision   uint64
	RecordedAt time.Time // UTC, whole microseconds
}

// Stored is an event as stored. Bytes is the whole event exactly as stored; hashes are computed over Bytes. Body is
// the part that was proposed. Both are valid until the loop's next step and must not be changed.
type Stored struct {
	Place
	Stream StreamID
	ID     uuid.UUID
	Kind   Kind
	Body   []byte
	Bytes  []byte

	// Fault, if not nil, is the reason why no event at this place can be right. Such a Stored is not in the store. It
	// only informs the code that rebuilds the read models.
	Fault error
}

// Errors of a Store; see Append.
var (
	ErrUnknown = errors.New("events: outcome of append unknown")
	ErrClosed  = errors.New("events: store closed")
)

// ConflictError is the error that a stream was not at the expected revision.
type ConflictError struct {
	Stream           StreamID
	Expected, Actual uint64
}

// ErrorCode returns the code of package text: another writer came first.
func (e *ConflictError) ErrorCode() text.ErrorCode { return text.Conflict }

// Error implements error.
func (e *ConflictError) Error() string {
	return fmt.Sprintf("events: append to %s: expected revision %d, it is at %d", e.Stream, e.Expected, e.Actual)
}
