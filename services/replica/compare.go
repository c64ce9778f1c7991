package replica

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/taizhang/taizhang/events"
)

// Compare reads the whole record beside the whole copy, and returns the first event of the copy that the record does not
// have in its place, or nil. An error is a record or a copy that cannot be read.
func (s *Store) Compare(ctx context.Context) (*BrokenError, error) {
	next, stop := iter.Pull2(s.record.ReadAll(ctx, 0))
	defer stop()
	recordedAt := int64(0)
	for mine, err := range s.local.ReadAll(ctx, 0) {
		if err != nil {
			return nil, fmt.Errorf("replica: compare: %w", err)
		}
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
			return &BrokenError{mine.Stream, events.Say("记录在位置 %d 之前结束，短于本地副本", "the record ends before position %d and is shorter than the local copy", mine.Position)}, nil
		case !same(&mine, &its) || recordedAt != mine.RecordedAt.UnixMicro():
			return &BrokenError{mine.Stream, events.Say("位置 %d（第 %d 条）与本地副本不同", "position %d (event %d) is not that of the local copy", mine.Position, mine.Revision)}, nil
		}
	}
	return nil, nil
}
