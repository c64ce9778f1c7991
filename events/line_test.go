package events_test

import (
	"bytes"
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/taizhang/taizhang/events"
)

// The test compares the form of the stored line with lines of an existing log, one of each kind: the hashes of a
// ledger depend on every byte.
func TestLinesThatAreStoredReadBackAndAreWrittenTheSame(t *testing.T) {
	file, err := os.ReadFile("testdata/lines.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	parser, count := events.NewLineParser(), 0
	for line := range bytes.Lines(file) {
		count++
		line = bytes.TrimSuffix(line, []byte("\n"))
		e, bad := parser.Parse(line)
		if bad != "" {
			t.Fatalf("%s: %s is not well formed", line, bad)
		}
		if again := events.AppendStored(nil, &e); !bytes.Equal(again, line) {
			t.Errorf("expected %s, got %s", line, again)
		}
		if _, err := events.DecodeEvent(e); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
	if count < 20 {
		t.Errorf("only %d lines", count)
	}
}

func TestParseIsTheInverseOfAppendLine(t *testing.T) {
	parser := events.NewLineParser()
	name, stream := rapid.StringMatching(`[A-Za-z0-9._-]{1,100}`), rapid.StringMatching(events.StreamForm)
	rapid.Check(t, func(t *rapid.T) {
		micros := rapid.Int64Range(0, time.Date(events.LineYearMax+1, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()-1).Draw(
			t, "micros")
		id := uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		if id == uuid.Nil {
			id = uuid.Max
		}
		place := events.Place{Position: rapid.Uint64Min(1).Draw(t, "position"),
			Revision: rapid.Uint64Min(1).Draw(t, "revision"), RecordedAt: time.UnixMicro(micros).UTC()}
		body := events.MustObject(`{"note":"` + rapid.StringMatching(`[^"\\\x00-\x1f]*`).Draw(t, "note") + `"}`)
		stored := events.NewStored([]byte("before"),
			events.Stored{Place: place, Stream: events.StreamID(stream.Draw(t, "stream")), ID: id,
				Kind: events.Kind(name.Draw(t, "kind")), Body: []byte(body.String())})
		line := events.AppendLine(nil, place, stored.Stream, &events.Proposed{ID: id, Kind: stored.Kind, Body: body})
		if !bytes.Equal(stored.Bytes, line) {
			t.Fatalf("expected %s, got %s", line, stored.Bytes)
		}
		if written := place.RecordedAt.Format("2006-01-02T15:04:05.000000Z"); !bytes.Contains(stored.Bytes,
			[]byte(`"recordedAt":"`+written+`"`)) {
			t.Fatalf("%s does not hold %s", stored.Bytes, written)
		}
		if parsed, bad := parser.Parse(stored.Bytes); bad != "" || !reflect.DeepEqual(parsed, stored) {
			t.Fatalf("expected %+v, got %+v (%s)", stored, parsed, bad)
		}
	})
}

// FuzzLine parses random bytes. An accepted line must be written with the same bytes.
func FuzzLine(f *testing.F) {
	f.Add(
		[]byte(
			`{"position":1,"stream":"policy","revision":1,"recordedAt":"2026-11-23T11:17:46.123456Z","id":"0191d3f0-0000-7000-8000-0000000000ab","kind":"policy.adopted","event":{"version":1}}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		e, bad := events.NewLineParser().Parse(line)
		if bad != "" {
			return
		}
		if again := events.AppendStored(nil, &e); !bytes.Equal(again, line) {
			t.Fatalf("%q is written as %q", line, again)
		}
	})
}
