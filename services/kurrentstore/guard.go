package kurrentstore

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/taizhang/taizhang/events"
)

// kindTombstone is the type of the event that closes a stream for ever. kindMetadata is that of an event with the
// metadata of a stream.
const (
	kindTombstone = "$streamDeleted"
	kindMetadata  = "$metadata"
)

// hides returns the member of the metadata of a stream with which the server hides events from reads and later removes
// them, or "". If the metadata is not valid JSON for this package, the name of the member in the text is enough,
// because the server may be less strict.
func hides(metadata []byte) string {
	var m struct {
		MaxAge         jsontext.Value `json:"$maxAge"`
		MaxCount       jsontext.Value `json:"$maxCount"`
		TruncateBefore jsontext.Value `json:"$tb"`
	}
	if json.Unmarshal(metadata, &m) != nil {
		for _, key := range []string{"$tb", "$maxCount", "$maxAge"} {
			if bytes.Contains(metadata, []byte(key)) {
				return key
			}
		}
		return ""
	}
	present := func(v jsontext.Value) bool { return v != nil && v.Kind() != 'n' }
	switch {
	case present(m.TruncateBefore):
		return "$tb"
	case present(m.MaxCount):
		return "$maxCount"
	case present(m.MaxAge):
		return "$maxAge"
	}
	return ""
}

// checkMetadata returns a *TamperedError if the current metadata of the stream hides events.
func (s *Store) checkMetadata(ctx context.Context, stream events.StreamID) error {
	name := "$$" + s.name(stream)
	last, err := call(ctx, s, func(ctx context.Context, l *link) ([]*esdb.RecordedEvent, error) {
		return readSome(ctx, l, name, esdb.ReadStreamOptions{Direction: esdb.Backwards, From: esdb.End{}}, 1)
	})
	switch {
	case err != nil && fateOf(err) == gone, err != nil && fateOf(err) == missing: // the stream has no metadata
		return nil
	case err != nil:
		return err
	case len(last) == 0:
		return nil
	}
	if key := hides(last[0].Data); key != "" {
		s.mu.Lock()
		delete(s.whole, stream)
		s.found++
		s.mu.Unlock()
		return tampered(stream, "其元数据中的 %s 隐藏事件（或流已被删除）",
			"%s in its metadata hides events (or it was deleted)", key)
	}
	return nil
}

// checkOnce does the same as checkMetadata, with retries, unless the stream was found to be complete before.
func (s *Store) checkOnce(ctx context.Context, stream events.StreamID) error {
	s.mu.Lock()
	whole, found := s.whole[stream], s.found
	s.mu.Unlock()
	if whole {
		return nil
	}
	if err := s.retry(ctx, func() error { return s.checkMetadata(ctx, stream) }); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.found == found { // otherwise metadata may have changed meanwhile
		s.whole[stream] = true
	}
	return nil
}

// doubted returns the error for a stream that lacks events. It gives the reason if the metadata has it.
func (s *Store) doubted(ctx context.Context, stream events.StreamID, want, got uint64) error {
	if err := s.checkMetadata(ctx, stream); err != nil {
		return err
	}
	return tampered(stream, "第 %d 条之后应为第 %d 条，实为第 %d 条", "after event %d comes event %[3]d, not %[2]d",
		want-1, want, got)
}

// noticed handles an event of a metadata stream that was read in $all. The metadata may have changed back since.
func (s *Store) noticed(ctx context.Context, stream events.StreamID, e *esdb.RecordedEvent) error {
	if e.EventType != kindMetadata || hides(e.Data) == "" {
		return nil
	}
	return s.checkMetadata(ctx, stream)
}

func tombstoned(stream events.StreamID) error {
	return tampered(stream, "流已被永久删除", "the stream was deleted for ever")
}

// audit checks all metadata of the ledger's streams up to a position, for a read that begins there. The server reads
// its whole log for this, once in the life of the store.
func (s *Store) audit(ctx context.Context, upTo uint64) error {
	s.mu.Lock()
	from := s.audited
	s.mu.Unlock()
	if from >= upTo {
		return nil
	}
	var suspects []events.StreamID
	last := esdb.Position{Commit: from, Prepare: from}
	filter := &esdb.SubscriptionFilter{Type: esdb.EventFilterType, Prefixes: []string{kindMetadata, kindTombstone}}
	err := s.run(ctx, &scan{from: func() source { return all(filter, last, upTo, false) },
		take: func(_ context.Context, it item) (bool, error) {
			e := it.event
			if e == nil {
				return it.end, nil
			}
			last = e.Position
			if stream, ours := s.ours(e.StreamID); ours && e.EventType == kindTombstone {
				return false, tombstoned(stream)
			}
			if stream, ours := s.aboutOurs(e.StreamID); ours && hides(e.Data) != "" &&
				!slices.Contains(suspects, stream) {
				suspects = append(suspects, stream)
			}
			return last.Commit >= upTo, nil
		}})
	if err != nil {
		return err
	}
	for _, stream := range suspects {
		if err := s.retry(ctx, func() error { return s.checkMetadata(ctx, stream) }); err != nil {
			return err
		}
	}
	s.mu.Lock()
	s.audited = max(s.audited, upTo)
	s.mu.Unlock()
	return nil
}

// readSome reads at most count events of a stream.
func readSome(ctx context.Context, l *link, name string, o esdb.ReadStreamOptions,
	count uint64) ([]*esdb.RecordedEvent, error) {
	r, err := l.client.ReadStream(ctx, name, o, count)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return gather(r)
}

// gather reads to the end. It returns an event that is delivered twice only once.
func gather(r *esdb.ReadStream) (list []*esdb.RecordedEvent, err error) {
	for {
		resolved, err := r.Recv()
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return nil, err
		}
		e, n := resolved.OriginalEvent(), len(list)
		if e != nil && (n == 0 || e.EventNumber != list[n-1].EventNumber || e.StreamID != list[n-1].StreamID) {
			list = append(list, e)
		}
	}
}
