package aggregates_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/simulator"
)

// BenchmarkProvince applies the stored events of a province of middling centers, with some 500 events each, nine
// tenths of them vouchers. It reports for each event the memory that stays in use, the time of applying it without
// decoding, and its share of evaluating every center.
func BenchmarkProvince(b *testing.B) {
	const size = 100_000
	log := stored(b, size, 200)
	timeline, end := policy.Timeline{}.With(policy.Builtin()), events.MustDate("2026-10-31")
	var live, folding, evaluating float64
	for b.Loop() {
		before := heapInUse()
		centers, applying := foldAll(b, log)
		live += float64(heapInUse() - before)
		folding += float64(applying)
		began := time.Now()
		for _, c := range centers {
			c.Evaluate(timeline, end)
		}
		evaluating += float64(time.Since(began))
	}
	perEvent := func(sum float64, unit string) { b.ReportMetric(sum/float64(b.N)/float64(len(log)), unit) }
	perEvent(live, "B/event")
	perEvent(folding, "ns/apply")
	perEvent(evaluating, "ns/evaluate")
}

func heapInUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// foldAll decodes and applies stored events as opening a ledger does, so that only the parts of a payload that the
// centers keep stay in memory. It returns the time of applying alone.
func foldAll(b *testing.B, log []events.Stored) (map[events.CenterID]*aggregates.Center, time.Duration) {
	centers := map[events.CenterID]*aggregates.Center{}
	var applying time.Duration
	const batch = 500
	for len(log) > 0 {
		n := min(batch, len(log))
		decoded := make([]events.Recorded, n)
		for i, s := range log[:n] {
			r, err := events.DecodeEvent(s)
			if err != nil {
				b.Fatal(err)
			}
			if centers[r.Center] == nil {
				centers[r.Center] = aggregates.NewCenter(r.Center)
			}
			decoded[i] = r
		}
		log = log[n:]
		began := time.Now()
		for i := range decoded {
			if err := centers[decoded[i].Center].Apply(&decoded[i]); err != nil {
				b.Fatal(err)
			}
		}
		applying += time.Since(began)
	}
	return centers, applying
}

// stored returns the first events of a simulated province.
func stored(b *testing.B, size, centers int) []events.Stored {
	cfg := simulator.Scenario{Seed: 3, Centers: centers, From: events.MustDate("2024-01-01"),
		To: events.MustDate("2026-10-31"), VouchersPerYear: size / centers}
	revisions := map[events.CenterID]uint64{}
	var log []events.Stored
	for r, err := range simulator.Records(cfg) {
		if err != nil {
			b.Fatal(err)
		}
		body, err := events.EncodeEvent(r, events.Entry{EnteredBy: "clerk"})
		if err != nil {
			b.Fatal(err)
		}
		revisions[r.Center]++
		at := events.Place{Revision: revisions[r.Center], Position: uint64(len(log) + 1)}
		log = append(log, events.Stored{Place: at, Stream: r.Stream(), ID: r.ID, Kind: r.Kind,
			Body: []byte(body.String())})
		if len(log) == size {
			return log
		}
	}
	b.Fatalf("simulated %d events of %d", len(log), size)
	return nil
}
