package kurrentstore

import (
	"bytes"
	"math"
	"strings"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// placeOf returns the place of an event. Its revision counts from 1, its position is that of $all.
func placeOf(e *esdb.RecordedEvent) events.Place {
	return events.Place{Position: e.Position.Commit, Revision: e.EventNumber + 1,
		RecordedAt: e.CreatedDate.UTC().Truncate(time.Microsecond)}
}

// genuine reports whether this package can have appended the event: JSON, one object on one line, a valid name of a
// kind (which links and the server's own events do not have), and an id.
func genuine(e *esdb.RecordedEvent) bool {
	b := e.Data
	return e.ContentType == contentJSON && events.ValidName(e.EventType) && e.EventID != uuid.Nil &&
		len(b) >= 2 && b[0] == '{' && b[len(b)-1] == '}' && bytes.IndexByte(b, '\n') < 0 &&
		bytes.IndexByte(b, '\r') < 0
}

const contentJSON = "application/json"

// checkPlace refuses the positions that a server older than 22.6 returns in a read of a stream.
func checkPlace(at events.Place) error {
	if at.Position == 0 || at.Position == math.MaxUint64 {
		return &RefusedError{Why: text.Say("服务器没有给出事件的位置", "the server does not say where an event lies")}
	}
	return nil
}

// stored returns the event in the form of the ledger. Its Bytes overwrite line.
func stored(line *[]byte, stream events.StreamID, e *esdb.RecordedEvent) events.Stored {
	out := events.NewStored((*line)[:0],
		events.Stored{Place: placeOf(e), Stream: stream, ID: e.EventID, Kind: events.Kind(e.EventType), Body: e.Data})
	*line = out.Bytes
	return out
}

// sameEvent reports whether the event is the proposed one.
func sameEvent(e *esdb.RecordedEvent, p *events.Proposed) bool {
	return e.EventID == p.ID && e.EventType == string(p.Kind) && e.ContentType == contentJSON &&
		string(e.Data) == p.Body.String()
}

// written returns a proposed event in the form that the client sends.
func written(p *events.Proposed) esdb.EventData {
	return esdb.EventData{EventID: p.ID, EventType: string(p.Kind), ContentType: esdb.ContentTypeJson,
		Data: []byte(p.Body.String())}
}

// aboutOurs returns the stream of the ledger that a metadata stream is about, if it is.
func (s *Store) aboutOurs(name string) (events.StreamID, bool) {
	about, ok := strings.CutPrefix(name, "$$")
	if !ok {
		return "", false
	}
	return s.ours(about)
}
