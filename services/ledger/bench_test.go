package ledger_test

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/logstore"
	"github.com/taizhang/taizhang/services/logstore/baseline"
)

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

// BenchmarkRecord measures the whole write path, from a line of JSON to a durable record in the read models, with
// many writers on different centers. It compares with the same bytes appended to a bare file.
func BenchmarkRecord(b *testing.B) {
	for _, writers := range []int{1, 64} {
		b.Run(fmt.Sprintf("%d writers", writers), func(b *testing.B) {
			store, err := logstore.Open(b.TempDir(), logstore.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer store.Close()
			l := open(b, store)
			text := func(writer int, name, tail string) []byte {
				return fmt.Appendf(nil, `{"id":"%s","center":"ZJ-%04d",%s}`, idOf(name), writer, tail)
			}
			write := func(text []byte) error {
				rec, problems := events.DecodeRecord(text)
				if len(problems) > 0 {
					return problems
				}
				_, err := l.Record(b.Context(), rec, importer)
				return err
			}
			const plenty = `"kind":"subsidy.received","on":"2025-03-01","by":{"role":"finance","actor":"f-1"},"data":{"grant":"G1","amountFen":1000000000}`
			for w := range writers {
				for _, tail := range []string{
					registered, strings.Replace(granted, "100000", "1000000000", 1), plenty} {
					if err := write(text(w, tail, tail)); err != nil {
						b.Fatal(err)
					}
				}
			}
			const number, id = "V-1000000000", "10000000-0000-4000-8000-000000000000"
			lines := make([][]byte, writers)
			for w := range lines {
				lines[w] = text(w, "", strings.Replace(strings.Replace(spent, "V1", number, 1), "40000", "100", 1))
				copy(lines[w][len(`{"id":"`):], id)
			}
			voucherAt := bytes.Index(lines[0], []byte(number)) + len("V-")
			b.ResetTimer()
			took, err := baseline.Share(writers, b.N, func(writer, n int) error {
				line := lines[writer] // another voucher and id each time
				digits := strconv.AppendInt(line[voucherAt:voucherAt], 1_000_000_000+int64(n), 10)
				copy(line[len(`{"id":"`)+len(id)-len(digits):], digits)
				return write(line)
			})
			if err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			bare, err := baseline.Append(b.TempDir(), writers, b.N, last(b, store))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(b.N)/took.Seconds(), "records/s")
			b.ReportMetric(bare.Seconds()/took.Seconds(), "of-raw")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// last returns the bytes of the last event of a store.
func last(b *testing.B, store events.Store) (line []byte) {
	for s, err := range store.ReadStream(b.Context(), "center-ZJ-0000", 3) {
		if err != nil {
			b.Fatal(err)
		}
		line = append(line[:0], s.Bytes...)
	}
	return append(line, '\n')
}

// BenchmarkBatch measures batches of a hundred vouchers for one center with many vouchers, on a store in memory.
func BenchmarkBatch(b *testing.B) {
	const size = 100
	for _, known := range []int{0, 5000} {
		b.Run(fmt.Sprintf("%d known", known), func(b *testing.B) {
			l, _ := newLedger(b)
			const plenty = `"kind":"subsidy.received","on":"2025-03-01","by":{"role":"finance","actor":"f-1"},"data":{"grant":"G1","amountFen":1000000000}`
			for _, tail := range []string{registered, strings.Replace(granted, "100000", "1000000000", 1), plenty} {
				write(b, l, tail, tail)
			}
			n := 0
			batch := func() {
				list := make([]*events.Record, size)
				for i := range list {
					n++
					list[i] = record(b, fmt.Sprint(n),
						strings.Replace(strings.Replace(spent, "V1", fmt.Sprint("V", n), 1), "40000", "1", 1))
				}
				if _, err := l.Batch(b.Context(), list, importer, ledger.Terms{}); err != nil {
					b.Fatal(err)
				}
			}
			for n < known {
				batch()
			}
			for b.Loop() {
				batch()
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/size, "µs/record")
		})
	}
}
