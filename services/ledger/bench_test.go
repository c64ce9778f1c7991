package ledger_test

import (
	"testing"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/logstore"
)

// benchRecords is the size of the histories of these benchmarks.
const benchRecords = 100_000

func BenchmarkImport(b *testing.B) {
	path, n := simulated(b, benchRecords, 100)
	for b.Loop() {
		store, err := logstore.Open(b.TempDir(), logstore.Options{})
		if err != nil {
			b.Fatal(err)
		}
		if report, _ := imports(b, open(b, store), ledger.ImportConfig{Files: []string{path}}); report.Accepted != n {
			b.Fatalf("got %+v", report)
		}
		if err := store.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

func BenchmarkRebuild(b *testing.B) {
	path, n := simulated(b, benchRecords, 100)
	dir := b.TempDir()
	store, err := logstore.Open(dir, logstore.Options{})
	if err != nil {
		b.Fatal(err)
	}
	imports(b, open(b, store), ledger.ImportConfig{Files: []string{path}})
	if err := store.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		l, err := ledger.OpenFrom(b.Context(), func(replay func(events.Stored) error) (events.Store, error) {
			return logstore.Open(dir, logstore.Options{ReadOnly: true, Replay: replay})
		}, ledger.Config{ReadOnly: true})
		if err != nil {
			b.Fatal(err)
		}
		if l.Register().Position() != uint64(n)+1 {
			b.Fatal("not rebuilt")
		}
		if err := l.Store().Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

func BenchmarkJudge(b *testing.B) {
	l, _ := newLedger(b)
	for _, tail := range []string{registered, granted, received} {
		write(b, l, tail, tail)
	}
	rec := record(b, "spent", spent)
	for b.Loop() {
		if v := l.Register().Judge(rec); v.Refused(rec.Mode) {
			b.Fatal("refused")
		}
	}
}
