package sealing_test

import (
	"flag"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/logstore"
	"github.com/taizhang/taizhang/services/sealing"
)

var records = flag.Int("records", 20_000, "how many records the ledger of the benchmarks has")

// large returns a ledger in files with many records.
func large(b *testing.B) *kit {
	dir := b.TempDir()
	store, err := logstore.Open(dir, logstore.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = store.Close() })
	k := open(b, dir, store)
	k.bring(2)
	var body string
	var last events.Stored
	for s, err := range store.ReadAll(b.Context(), 0) {
		if err != nil {
			b.Fatal(err)
		}
		last, body = s, string(s.Body)
		last.Body, last.Bytes = nil, nil
	}
	const batch = 5000
	for n := 0; n < *records; n += batch {
		var some []events.Proposed
		for i := range min(batch, *records-n) {
			note := fmt.Sprintf(`"note":"%d"`, n+i+100)
			object, err := events.ParseObject([]byte(strings.Replace(body, `"note":"1"`, note, 1)))
			if err != nil {
				b.Fatal(err)
			}
			some = append(some, events.Proposed{ID: uuid.New(), Kind: last.Kind, Body: object})
		}
		places, err := store.Append(b.Context(), last.Stream, last.Revision, some)
		if err != nil {
			b.Fatal(err)
		}
		last.Place = places[len(places)-1]
	}
	if err := k.ledger.Reaches(b.Context(), last.Position); err != nil {
		b.Fatal(err)
	}
	k.brought = 10_000_000
	return k
}

// BenchmarkSealing measures the first sealing of a ledger, a sealing after one more record, and a receipt.
//
//	go test ./services/sealing -run XXX -bench Sealing -records 1000000
func BenchmarkSealing(b *testing.B) {
	k := large(b)
	began := time.Now()
	if _, err := k.Begin(b.Context(), sealing.Beginning{Origin: origin}); err != nil {
		b.Fatal(err)
	}
	first := time.Since(began)
	b.Run("first", func(b *testing.B) {
		for b.Loop() { // it was measured once, before
		}
		b.ReportMetric(first.Seconds(), "s/first")
	})
	b.Run("next", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			k.bring(1)
			b.StartTimer()
			if _, err := k.Seal(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("receipt", func(b *testing.B) {
		before := processor(b)
		defer func() { // on a machine that does other work too
			b.ReportMetric(float64((processor(b)-before).Microseconds())/float64(b.N), "cpu-µs/op")
		}()
		for n := uint64(1); b.Loop(); n = n*7919%uint64(*records) + 1 {
			if _, _, err := k.Receipt(b.Context(), n); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// processor returns the processor time that the process has used.
func processor(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkAppendBesideSealing measures how many records some writers write a second while nothing is sealed, and
// while the ledger is sealed ten times a second.
func BenchmarkAppendBesideSealing(b *testing.B) {
	k := large(b)
	if _, err := k.Begin(b.Context(), sealing.Beginning{Origin: origin}); err != nil {
		b.Fatal(err)
	}
	for _, sealed := range []bool{false, true, false, true} {
		b.Run(fmt.Sprintf("sealing=%t", sealed), func(b *testing.B) {
			stop := make(chan struct{})
			var sealing sync.WaitGroup
			seals := 0
			if sealed {
				sealing.Go(func() {
					tick := time.NewTicker(100 * time.Millisecond)
					defer tick.Stop()
					for {
						select {
						case <-stop:
							return
						case <-tick.C:
						}
						if _, err := k.Seal(b.Context()); err != nil {
							b.Error(err)
							return
						}
						seals++
					}
				})
			}
			var failed atomic.Pointer[error]
			b.SetParallelism(8)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					id := uuid.New()
					line := fmt.Sprintf(`{"id":"%s","center":"ZJ-0001",%s}`, id,
						strings.Replace(governance, "NOTE", id.String(), 1))
					rec, problems := events.DecodeRecord([]byte(line))
					if len(problems) > 0 {
						b.Error(problems)
						return
					}
					if _, err := k.ledger.Record(b.Context(), rec, ledger.Writer{Name: "clerk"}); err != nil {
						failed.Store(&err)
						return
					}
				}
			})
			b.StopTimer()
			close(stop)
			sealing.Wait()
			if err := failed.Load(); err != nil {
				b.Fatal(*err)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
			b.ReportMetric(float64(seals), "seals")
		})
	}
}
