package replica

import (
	"errors"
	"fmt"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// BrokenError is the error that the origin cannot be right: a stream lacks events, or its events differ from the copy.
type BrokenError struct {
	Stream events.StreamID
	Reason text.Text
}

// ErrorCode returns the code of package text: the origin cannot be relied on.
func (e *BrokenError) ErrorCode() text.ErrorCode { return text.Internal }

// Text returns the error as a message for a user.
func (e *BrokenError) Text() text.Text {
	return text.Text{Zh: fmt.Sprintf("台账记录 %s 的完整性有问题（AL-LED-01）：%s；本地副本停在此处，不再写入",
		e.Stream, e.Reason.Zh),
		En: fmt.Sprintf("the record of %s has a break in its integrity (AL-LED-01): %s; the local copy stays as it "+
			"is, and nothing is written any more", e.Stream, e.Reason.En)}
}

// Error implements error.
func (e *BrokenError) Error() string { return "replica: " + e.Text().En }

// StreamError is an error of the origin which reports that a stream cannot be right.
type StreamError interface {
	error
	FaultyStream() events.StreamID
	Text() text.Text
}

// broken turns an error about a stream that cannot be right into a *BrokenError. It returns other errors unchanged.
func broken(err error) error {
	var faulty StreamError
	if errors.As(err, &faulty) {
		return &BrokenError{faulty.FaultyStream(), faulty.Text()}
	}
	return err
}

// fault returns the pseudo-event that is replayed for a break. Its place is after the last event of the copy.
func (s *Store) fault(b *BrokenError) events.Stored {
	return events.Stored{Place: events.Place{Position: s.position + 1, Revision: s.revisions[b.Stream] + 1,
		RecordedAt: s.clock().UTC()}, Stream: b.Stream, Fault: b}
}
