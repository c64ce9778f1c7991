package logstore

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/logstore/baseline"
)

// benchBatch returns n events with new ids, whose lines have about 427 bytes.
func benchBatch(b testing.TB, n int) []events.Proposed {
	out := make([]events.Proposed, n)
	for i := range out {
		rec := events.Record{ID: uuid.New(), Kind: events.KindSubsidyGranted, On: events.MustDate("2026-03-04"),
			By:   events.By{Role: events.Finance, Actor: "省财政厅"},
			Mode: events.Enforce, Note: strings.Repeat("x", 13), Data: &events.SubsidyGranted{
				Grant: "G-1", Category: "operation", Source: events.CentralGuidance, FiscalYear: 2026, AmountFen: 100}}
		body, err := events.EncodeEvent(&rec, events.Entry{EnteredBy: "clerk"})
		if err != nil {
			b.Fatal(err)
		}
		out[i] = events.Proposed{ID: rec.ID, Kind: rec.Kind, Body: body}
	}
	return out
}

// BenchmarkAppend measures durable appends through the store and, in the same run, the same bytes through the
// baseline; the metric of interest is their ratio.
func BenchmarkAppend(b *testing.B) {
	for _, c := range []struct{ writers, size int }{{1, 1}, {64, 1}, {1, 1000}} {
		b.Run(fmt.Sprintf("%d writers of %d", c.writers, c.size), func(b *testing.B) {
			s := mustOpen(b, b.TempDir(), Options{})
			batches := make([][]events.Proposed, c.writers)
			for i := range batches {
				batches[i] = benchBatch(b, c.size)
			}
			store, err := baseline.Share(c.writers, b.N, func(writer, n int) error {
				name := events.StreamID(fmt.Sprintf("center-ZJ-%04d", writer))
				_, err := s.Append(context.Background(), name, uint64(n*c.size), batches[writer])
				return err
			})
			if err != nil {
				b.Fatal(err)
			}
			var lines []byte
			for i := range c.size {
				lines = append(events.AppendLine(lines, events.Place{Position: 123456, Revision: 123},
					"center-ZJ-0000", &batches[0][i]), '\n')
			}
			bare, err := baseline.Append(b.TempDir(), c.writers, b.N, lines)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(b.N*c.size)/store.Seconds(), "events/s")
			b.ReportMetric(float64(b.N*c.size)/bare.Seconds(), "raw/s")
			b.ReportMetric(bare.Seconds()/store.Seconds(), "ratio")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkOpen measures opening a log of 200 000 events and reading it all, against reading the same files and
// computing their CRC-32C.
func BenchmarkOpen(b *testing.B) {
	const count = 200_000
	dir := b.TempDir()
	s := mustOpen(b, dir, Options{})
	for i := range count / 1000 {
		name := events.StreamID(fmt.Sprintf("center-ZJ-%04d", i%100))
		mustAppend(b, s, name, uint64(i/100*1000), benchBatch(b, 1000))
	}
	mustClose(b, s)
	names, _ := filepath.Glob(filepath.Join(dir, "*.log"))
	var open, all, bare time.Duration
	for b.Loop() {
		start, n := time.Now(), 0
		s, err := Open(dir, Options{ReadOnly: true, Replay: func(events.Stored) error { n++; return nil }})
		if err != nil || n != count {
			b.Fatal(n, err)
		}
		open += time.Since(start)
		start = time.Now()
		for _, err := range s.ReadAll(context.Background(), 0) {
			if err != nil {
				b.Fatal(err)
			}
		}
		all += time.Since(start)
		mustClose(b, s)
		_, took, err := baseline.Read(names)
		if err != nil {
			b.Fatal(err)
		}
		bare += took
	}
	events := float64(b.N * count)
	b.ReportMetric(events/open.Seconds(), "open-events/s")
	b.ReportMetric(events/all.Seconds(), "readall-events/s")
	b.ReportMetric(events/bare.Seconds(), "raw-events/s")
	b.ReportMetric(bare.Seconds()/open.Seconds(), "open-ratio")
	b.ReportMetric(bare.Seconds()/all.Seconds(), "readall-ratio")
}
