package logstore

import (
	"bytes"
	"errors"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/events"
)

// sealed returns a first segment whose only commit has these record lines and a correct checksum.
func sealed(records string) []byte {
	chain := crc32.Checksum([]byte(records), castagnoli)
	return appendCommit(append(appendHeader(nil, 1, 1, 0), records...), strings.Count(records, "\n"), chain)
}

// FuzzSegment opens random bytes as the last segment: unchanged, and as the records of a commit with a correct
// checksum, which mutation alone would hardly ever produce. An accepted segment must encode to the same bytes.
func FuzzSegment(f *testing.F) {
	const record = `{"position":1,"stream":"policy","revision":1,"recordedAt":"2026-11-23T11:17:46.123456Z","id":"0191d3f0-0000-7000-8000-0000000000ab","kind":"policy.adopted","event":{"version":1}}` + "\n"
	f.Add(sealed(record))
	f.Add([]byte(record))
	f.Add([]byte(record + strings.Replace(strings.Replace(record, `:1,`, `:2,`, 2), "policy.adopted", "a.b", 1)))
	f.Add(append(sealed(record), make([]byte, 600)...))
	f.Add(append(sealed(record), record[:50]...))
	f.Add([]byte(nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, file := range [][]byte{data, sealed(string(data))} {
			var again []byte
			w := newScan(nil, "", nil)
			w.replay = func(e events.Stored) error {
				again = append(events.AppendStored(again, &e), '\n')
				if line := again[len(again)-1-len(e.Bytes) : len(again)-1]; !bytes.Equal(line, e.Bytes) {
					t.Fatalf("%q encodes to %q", e.Bytes, line)
				}
				return nil
			}
			g := &segment{name: segmentName(1), number: 1}
			_, err := w.segment(g, file, true)
			var damage *DamageError
			if err != nil && !errors.As(err, &damage) {
				t.Fatal(err)
			}
			if err == nil && g.end == int64(len(file)) && w.report.Commits == 1 &&
				!bytes.Equal(sealed(string(again)), file) {
				t.Fatalf("%q encodes to %q", file, sealed(string(again)))
			}
			w = newScan(nil, "", nil)
			w.tolerant = true
			if _, err := w.segment(&segment{name: segmentName(1), number: 1}, file, true); err != nil &&
				!errors.Is(err, errManyDamages) {
				t.Fatal(err)
			}
		}
	})
}
