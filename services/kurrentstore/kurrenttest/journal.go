package kurrenttest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
)

// Expected revisions of an append, as the protocol means them; 0 and above are revisions, counted from 0.
const (
	noStream     int64 = -1
	anyRevision  int64 = -2
	streamExists int64 = -4
)

// deletedRevision is the revision of a tombstone, and the $tb of a soft-deleted stream.
const deletedRevision = math.MaxInt64

// storeStride is the distance of two consecutive events of ClusterConfig.Store in positions on the wire. Events that
// the Store does not keep lie between them, so that positions stay the same when a server is started again over the
// same Store.
const storeStride = 1 << 20

// proposed is an event that a client wants to append.
type proposed struct {
	id          uuid.UUID
	kind        string
	contentType string
	data        []byte
	metadata    []byte
}

// record is a stored event. It never changes.
type record struct {
	proposed
	stream   string
	revision uint64
	position uint64
	at       time.Time
}

// journal holds every event of every stream in the order of appending, under one mutex. It never removes an event,
// like a server before its first scavenge.
type journal struct {
	clock func() time.Time
	store events.Store // nil: keep everything in memory only

	mu      sync.Mutex
	all     []*record
	streams map[string]*stream
	changed chan struct{} // closed and replaced at each append
}

type stream struct {
	records    []*record // at index revision
	tombstoned bool
}

func newJournal(clock func() time.Time, store events.Store) (*journal, error) {
	j := &journal{clock: clock, store: store, streams: map[string]*stream{}, changed: make(chan struct{})}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.seed()
	if store == nil {
		return j, nil
	}
	for e, err := range store.ReadAll(context.Background(), 0) {
		if err != nil {
			return nil, err
		}
		p := proposed{id: e.ID, kind: string(e.Kind), contentType: contentJSON, data: append([]byte(nil), e.Body...)}
		j.put(string(e.Stream), p, e.Position*storeStride, e.RecordedAt)
	}
	return j, nil
}

// seed adds the events that a new server writes about itself, so that no client mistakes the first event of $all for
// its own.
func (j *journal) seed() {
	for _, e := range []struct{ stream, kind, data string }{
		{"$$$stats-127.0.0.1:2113", "$metadata", `{"$maxAge":86400}`},
		{"$$$user-admin", "$metadata", `{"$acl":{"$r":"$admins","$w":"$admins"}}`},
		{"$user-admin", "$UserCreated", `{"loginName":"admin","groups":["$admins"]}`},
		{"$users", "$User", "admin"},
		{"$stats-127.0.0.1:2113", "$statsCollected", `{"proc-cpu":0.5}`},
	} {
		id := uuid.NewSHA1(uuid.NameSpaceOID, []byte(e.stream+e.kind))
		j.put(e.stream, proposed{id: id, kind: e.kind, contentType: contentJSON, data: []byte(e.data)}, 0, j.clock())
	}
}

// verdict is the result of an append.
type verdict int

const (
	stored verdict = iota
	repeated
	wrongRevision
	streamDeleted
)

// outcome holds the stream's revision before the append (noStream if there was none), and the last event of the batch
// if the stream has it now.
type outcome struct {
	verdict verdict
	current int64
	last    *record
}

// errNoRoom is the error that too many events, which ClusterConfig.Store does not keep, were appended since the last
// event that it keeps.
var errNoRoom = errors.New("no position left before the next event of the store")

// append adds the whole batch to the stream, or nothing.
func (j *journal) append(name string, expected int64, batch []proposed) (outcome, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	out := j.check(name, expected, batch)
	if out.verdict != stored || len(batch) == 0 {
		return out, nil
	}
	if last := j.all[len(j.all)-1].position; j.store != nil && !j.kept(name) &&
		last%storeStride+100*uint64(len(batch)+2) > storeStride {
		return outcome{}, errNoRoom
	}
	revived := j.hints(name).softDeleted()
	places, err := j.keep(name, uint64(out.current+1), batch)
	if err != nil {
		return outcome{}, err
	}
	at := j.clock()
	for i, p := range batch {
		if places != nil {
			out.last = j.put(name, p, places[i].Position*storeStride, places[i].RecordedAt)
		} else {
			out.last = j.put(name, p, 0, at)
		}
	}
	if revived {
		j.truncate(name, out.current+1)
	}
	j.announce()
	return out, nil
}

// check decides about an append as the server does. It recognizes a repeat by the ids of the events alone, never by
// their contents, and only if the expected revision is older than the head of the stream.
func (j *journal) check(name string, expected int64, batch []proposed) outcome {
	s := j.stream(name)
	current := int64(len(s.records)) - 1
	out := outcome{verdict: stored, current: current}
	softDeleted := j.hints(name).softDeleted()
	switch {
	case s.tombstoned, expected == streamExists && softDeleted:
		out.verdict = streamDeleted
	case expected == streamExists && current == noStream && len(j.stream("$$"+name).records) == 0:
		out.verdict = wrongRevision
	case expected == anyRevision || expected == streamExists:
		out.verdict, out.last = s.anywhere(batch)
	case expected > current:
		out.verdict = wrongRevision
	case expected < current:
		out.verdict, out.last = s.at(expected+1, batch)
		if out.verdict == wrongRevision && expected == noStream && softDeleted {
			out.verdict = stored
		}
	}
	return out
}

// anywhere reports whether the stream has the whole batch, at any revision.
func (s *stream) anywhere(batch []proposed) (verdict, *record) {
	var last *record
	for i, p := range batch {
		found := s.find(p.id)
		switch {
		case found == nil && i == 0:
			return stored, nil
		case found == nil:
			return wrongRevision, nil
		}
		last = found
	}
	if last == nil {
		return stored, nil
	}
	return repeated, last
}

// at reports whether the stream has the whole batch from a revision on.
func (s *stream) at(revision int64, batch []proposed) (verdict, *record) {
	var last *record
	for i, p := range batch {
		k := revision + int64(i)
		if k >= int64(len(s.records)) || s.records[k].id != p.id {
			return wrongRevision, nil
		}
		last = s.records[k]
	}
	if last == nil {
		return wrongRevision, nil
	}
	return repeated, last
}

func (s *stream) find(id uuid.UUID) *record {
	for i := len(s.records) - 1; i >= 0; i-- {
		if s.records[i].id == id {
			return s.records[i]
		}
	}
	return nil
}

// kept reports whether ClusterConfig.Store keeps the events of a stream.
func (j *journal) kept(name string) bool {
	return j.store != nil && events.ValidStream(events.StreamID(name))
}

// keep appends the batch to ClusterConfig.Store, if the Store keeps its stream.
func (j *journal) keep(name string, revision uint64, batch []proposed) ([]events.Place, error) {
	if !j.kept(name) {
		return nil, nil
	}
	ours := make([]events.Proposed, len(batch))
	for i, p := range batch {
		body, err := events.ParseObject(p.data)
		if err != nil {
			return nil, fmt.Errorf("kurrenttest: append to %s in the store: %w", name, err)
		}
		ours[i] = events.Proposed{ID: p.id, Kind: events.Kind(p.kind), Body: body}
	}
	places, err := j.store.Append(context.Background(), events.StreamID(name), revision, ours)
	if err != nil {
		return nil, fmt.Errorf("kurrenttest: append to %s in the store: %w", name, err)
	}
	return places, nil
}

// put adds one event. Without a position from the Store, its position is a few bytes after the last one, as in a file
// of records of different lengths.
func (j *journal) put(name string, p proposed, position uint64, at time.Time) *record {
	s := j.stream(name)
	if position == 0 {
		position = 167
		if n := len(j.all); n > 0 {
			position = j.all[n-1].position + 41 + uint64(len(p.data)%59)
		}
	}
	r := &record{proposed: p, stream: name, revision: uint64(len(s.records)), position: position, at: at}
	if p.kind == "$streamDeleted" {
		r.revision = deletedRevision
		s.tombstoned = true
	} else {
		s.records = append(s.records, r)
	}
	j.streams[name] = s
	j.all = append(j.all, r)
	return r
}

func (j *journal) stream(name string) *stream {
	if s := j.streams[name]; s != nil {
		return s
	}
	return &stream{}
}

func (j *journal) announce() {
	close(j.changed)
	j.changed = make(chan struct{})
}

// snapshot returns all events so far, up to a position unless that is 0, and a channel that is closed when there are
// more.
func (j *journal) snapshot(upTo uint64) ([]*record, <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return trim(j.all, upTo), j.changed
}

// trim removes the events after a position, unless the position is 0.
func trim(records []*record, upTo uint64) []*record {
	if upTo == 0 {
		return records
	}
	return records[:firstAt(records, func(e *record) bool { return e.position > upTo })]
}

// remove deletes the stream, softly or by a tombstone.
func (j *journal) remove(name string, expected int64, tombstone bool) outcome {
	j.mu.Lock()
	defer j.mu.Unlock()
	out := j.check(name, expected, nil)
	if out.verdict != stored {
		return out
	}
	if tombstone {
		out.last = j.put(name, proposed{id: uuid.New(), kind: "$streamDeleted", contentType: contentJSON},
			0, j.clock())
	} else {
		out.last = j.truncate(name, deletedRevision)
	}
	j.announce()
	return out
}

// truncate hides the events of a stream before a revision, in the metadata of the stream. It keeps all other members
// of the metadata.
func (j *journal) truncate(name string, before int64) *record {
	fields := map[string]json.RawMessage{}
	if last := j.stream("$$" + name).last(); last != nil {
		if json.Unmarshal(last.data, &fields) != nil {
			fields = map[string]json.RawMessage{} // metadata that is not JSON counts as none
		}
	}
	fields["$tb"], _ = json.Marshal(before)
	data, _ := json.Marshal(fields)
	return j.put("$$"+name, proposed{id: uuid.New(), kind: "$metadata", contentType: contentJSON, data: data},
		0, j.clock())
}

func (s *stream) last() *record {
	if n := len(s.records); n > 0 {
		return s.records[n-1]
	}
	return nil
}

// hints holds the members of the latest metadata of a stream that hide events.
type hints struct {
	MaxAgeSeconds  *int64 `json:"$maxAge"`
	MaxCount       *int64 `json:"$maxCount"`
	TruncateBefore *int64 `json:"$tb"`
	ACL            *acl   `json:"$acl"`
}

func (m hints) softDeleted() bool {
	return m.TruncateBefore != nil && *m.TruncateBefore == deletedRevision
}

func (m hints) valid() bool {
	return !(m.MaxAgeSeconds != nil && *m.MaxAgeSeconds <= 0 || m.MaxCount != nil && *m.MaxCount <= 0 ||
		m.TruncateBefore != nil && *m.TruncateBefore < 0)
}

func (j *journal) hints(name string) hints {
	if strings.HasPrefix(name, "$$") {
		one := int64(1)
		return hints{MaxCount: &one}
	}
	var m hints
	if last := j.stream("$$" + name).last(); last != nil && (json.Unmarshal(last.data, &m) != nil || !m.valid()) {
		return hints{} // like the server, which ignores metadata that it cannot read
	}
	return m
}

// visible returns the events of a stream that its metadata does not hide, up to a position unless that is 0. found is
// false if the stream does not exist or is soft-deleted.
func (j *journal) visible(name string, upTo uint64) (records []*record, found, tombstoned bool,
	changed <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	s, m := j.stream(name), j.hints(name)
	if s.tombstoned {
		return nil, true, true, j.changed
	}
	if len(s.records) == 0 || m.softDeleted() {
		return nil, false, false, j.changed
	}
	records = trim(s.records, upTo)
	first := int64(0)
	if m.TruncateBefore != nil {
		first = *m.TruncateBefore
	}
	if m.MaxCount != nil {
		first = max(first, int64(len(records))-*m.MaxCount)
	}
	records = records[min(first, int64(len(records))):]
	if m.MaxAgeSeconds != nil {
		oldest := time.Unix(j.clock().Unix()-*m.MaxAgeSeconds, 0)
		for len(records) > 0 && records[0].at.Before(oldest) {
			records = records[1:]
		}
	}
	return records, true, false, j.changed
}
