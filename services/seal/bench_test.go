package seal_test

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/logstore"
	"github.com/taizhang/taizhang/services/seal"
)

var records = flag.Int("records", 20_000, "how many records the ledger of the benchmarks has")

// BenchmarkSeal measures what sealing costs on a ledger in files: the first seal, which hashes all records, a seal
// after a hundred more, a receipt, and all roots in one pass. "x limit" of the first seal is its time over that of
// SHA-256 alone over the same bytes, on all processors.
func BenchmarkSeal(b *testing.B) {
	store, err := logstore.Open(b.TempDir(), logstore.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	const batch = 5000
	for from := 0; from < *records; from += batch {
		appendTo(b, store, from, min(batch, *records-from))
	}
	n := uint64(*records)
	limit := hashAlone(b, store)
	log := signer(b, origin, seal.LogKey)
	var lots seal.Lots
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			lots = seal.Lots{}
			root, err := lots.Root(b.Context(), store, n)
			if err != nil {
				b.Fatal(err)
			}
			seal.Sign(seal.Checkpoint{Origin: origin, Size: n, Root: root}, log)
		}
		perOp := b.Elapsed() / time.Duration(b.N)
		b.ReportMetric(perOp.Seconds()*1e6/float64(n), "s/Mrecords")
		b.ReportMetric(float64(perOp)/float64(limit), "x-limit")
	})
	if err := lots.Grow(b.Context(), store, n); err != nil { // the sub-benchmark before may not have run
		b.Fatal(err)
	}
	b.Run("after", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			appendTo(b, store, int(n), 100)
			n += 100
			b.StartTimer()
			root, err := lots.Root(b.Context(), store, n)
			if err != nil {
				b.Fatal(err)
			}
			seal.Sign(seal.Checkpoint{Origin: origin, Size: n, Root: root}, log)
		}
	})
	b.Run("receipt", func(b *testing.B) {
		for i := uint64(0); b.Loop(); i += 104_729 { // a prime, so that lots come in no order
			if _, err := lots.Inclusion(b.Context(), store, i%n, n); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("receipts in order", func(b *testing.B) {
		for i := uint64(0); b.Loop(); i++ {
			if _, err := lots.Inclusion(b.Context(), store, i%n, n); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("roots at 100 sizes", func(b *testing.B) {
		var sizes []uint64
		for i := range uint64(100) {
			sizes = append(sizes, n*(i+1)/100)
		}
		for b.Loop() {
			if _, last, err := seal.Roots(b.Context(), store, sizes, nil); err != nil || last != n {
				b.Fatal(last, err)
			}
		}
		b.ReportMetric(b.Elapsed().Seconds()*1e6/float64(b.N)/float64(n), "s/Mrecords")
	})
	b.Run("reading alone", func(b *testing.B) {
		for b.Loop() {
			for _, err := range store.ReadAll(b.Context(), 0) {
				if err != nil {
					b.Fatal(err)
				}
			}
		}
		b.ReportMetric(b.Elapsed().Seconds()*1e6/float64(b.N)/float64(n), "s/Mrecords")
	})
}

// appendTo appends records of the usual size, each to the next of a hundred streams.
func appendTo(b *testing.B, store events.Store, from, n int) {
	b.Helper()
	stream := events.StreamID(fmt.Sprintf("center-ZJ-%04d", from/5000%100))
	revision := uint64(0)
	for _, err := range store.ReadStream(b.Context(), stream, 0) {
		if err != nil {
			b.Fatal(err)
		}
		revision++
	}
	var batch []events.Proposed
	for i := range n {
		batch = append(batch, events.Proposed{ID: uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, from+i)),
			Kind: "funds.spent", Body: events.MustObject(fmt.Sprintf(`{"voucher":"V-%d","summary":"%0300d"}`, i, i))})
	}
	if _, err := store.Append(b.Context(), stream, revision, batch); err != nil {
		b.Fatal(err)
	}
}

// hashAlone returns the time of SHA-256 over the leaves and nodes of the ledger, divided by the processors.
func hashAlone(b *testing.B, store events.Store) (limit time.Duration) {
	b.Helper()
	var node [65]byte
	for s, err := range store.ReadAll(b.Context(), 0) {
		if err != nil {
			b.Fatal(err)
		}
		start := time.Now()
		sha256.Sum256(s.Bytes)
		sha256.Sum256(node[:])
		limit += time.Since(start)
	}
	return limit / time.Duration(runtime.GOMAXPROCS(0))
}
