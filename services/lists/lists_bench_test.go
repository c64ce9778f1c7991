package lists_test

import (
	"context"
	"crypto/sha256"
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/ledger/ledgertest"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/logstore"
	"github.com/taizhang/taizhang/services/seal"
	"github.com/taizhang/taizhang/services/simulator/simulatortest"
)

var listRecords = flag.Int("records", 100_000, "how many records the ledger of BenchmarkLists has")

// BenchmarkLists asks every list of a newly opened ledger of a province on disk. It reports the time, the processor
// time and the number of rows of each answer. The first list evaluates every center.
func BenchmarkLists(b *testing.B) {
	d, last := openedDesk(b, *listRecords)
	center := string(d.Register.IDs()[0])
	for _, q := range []lists.Question{
		{List: "delayed"}, {List: "deferrals", Params: map[string]string{"all": "true"}}, {List: "ageing"},
		{List: "spending", Params: map[string]string{"center": center}},
		{List: "due", Params: map[string]string{"within": "90d"}},
		{List: "due", Params: map[string]string{"spend": "true"}},
		{List: "changes", Params: map[string]string{"since": fmt.Sprint(last - last/100)}},
		{List: "changes", Params: map[string]string{"since": fmt.Sprint(last - last/4)}},
		{List: "changes", Params: map[string]string{"since": "1"}},
		{List: "sample", Params: map[string]string{"year": "2025"}},
		{List: "sample", Params: map[string]string{"year": "2025", "by": "amount"}},
		{List: "find", Params: map[string]string{"text": "样机"}},
		{List: "find", Params: map[string]string{"min": "20000", "max": "21000"}},
		{List: "duplicates"}, {List: "execution"}, {List: "alerts"}, {List: "centers"},
	} {
		q.On = events.MustDate("2026-10-31")
		b.Run(fmt.Sprintf("%s %v", q.List, q.Params), func(b *testing.B) {
			rows, busy := 0, processorTime()
			for b.Loop() {
				t, err := d.Ask(b.Context(), q)
				if err != nil {
					b.Fatal(err)
				}
				rows = len(t.Rows)
			}
			b.ReportMetric(float64((processorTime()-busy).Milliseconds())/float64(b.N), "cpu-ms")
			b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms")
			b.ReportMetric(float64(rows), "rows")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkStandsStill asks lists for which nothing has changed, and reports the median time for which each question
// makes writers wait.
func BenchmarkStandsStill(b *testing.B) {
	d, last := openedDesk(b, *listRecords)
	var stood []time.Duration
	d.Measure(func(took time.Duration) { stood = append(stood, took) })
	for _, q := range []lists.Question{
		{List: "centers"}, {List: "alerts"}, {List: "execution"},
		{List: "execution", Params: map[string]string{"by": "region"}},
		{List: "delayed"}, {List: "deferrals", Params: map[string]string{"all": "true"}}, {List: "ageing"},
		{List: "due", Params: map[string]string{"within": "90d"}},
		{List: "changes", Params: map[string]string{"since": fmt.Sprint(last - last/1000)}},
		{List: "find", Params: map[string]string{"kind": "grade.decided"}},
		{List: "duplicates"}, {List: "sample", Params: map[string]string{"year": "2025"}},
	} {
		q.On = events.MustDate("2026-10-31")
		b.Run(fmt.Sprintf("%s %v", q.List, q.Params), func(b *testing.B) {
			stood = stood[:0]
			for b.Loop() {
				if _, err := d.Ask(b.Context(), q); err != nil {
					b.Fatal(err)
				}
			}
			slices.Sort(stood)
			b.ReportMetric(float64(stood[len(stood)/2].Microseconds()), "stood-µs")
			b.ReportMetric(float64(stood[len(stood)-1].Microseconds()), "worst-µs")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkKnownAt asks for the state before the last tenth of a ledger, of one center and of all.
func BenchmarkKnownAt(b *testing.B) {
	d, last := openedDesk(b, *listRecords)
	ids, p := d.Register.IDs(), ledger.Point{Position: last - last/10}
	b.Run("one center", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			if _, err := d.Ledger.KnownAtOf(b.Context(), p, ids[i%len(ids)]); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("all", func(b *testing.B) {
		for b.Loop() {
			if _, err := d.Ledger.KnownAt(b.Context(), p); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// openedDesk simulates a history of n records, imports it, and opens the ledger again. It also returns the position
// of the last event.
func openedDesk(b *testing.B, records int) (*lists.Books, uint64) {
	b.Helper()
	file, dir := filepath.Join(b.TempDir(), "history.jsonl"), filepath.Join(b.TempDir(), "ledger")
	simulatortest.History(b, file, simulatortest.Centers(records), records)
	store, err := logstore.Open(dir, logstore.Options{})
	if err != nil {
		b.Fatal(err)
	}
	l, err := ledger.Open(b.Context(), store, ledger.Config{})
	if err != nil {
		b.Fatal(err)
	}
	report, err := l.Import(b.Context(), ledger.ImportConfig{
		Files: ledgertest.Files(b, file), Account: ledger.Writer{Name: "importer", MayRecord: true}, Dir: dir})
	if err != nil || report.Accepted != records {
		b.Fatalf("imported %+v, %v", report, err)
	}
	if err := store.Close(); err != nil {
		b.Fatal(err)
	}
	if l, err = ledger.OpenFrom(b.Context(), func(replay func(events.Stored) error) (_ events.Store, err error) {
		store, err = logstore.Open(dir, logstore.Options{ReadOnly: true, Replay: replay})
		return store, err
	}, ledger.Config{ReadOnly: true}); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = store.Close() })
	root := func(ctx context.Context, position uint64, see func(*events.Stored)) ([sha256.Size]byte, error) {
		return seal.Root(ctx, store, position, see)
	}
	return &lists.Books{Ledger: l, Register: l.Register(), Root: root}, l.Register().Position()
}

// processorTime returns the processor time that this process has used.
func processorTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
