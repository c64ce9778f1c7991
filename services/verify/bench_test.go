package verify_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/bundle"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/ledger/ledgertest"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/reports"
	"github.com/taizhang/taizhang/services/simulator/simulatortest"
	"github.com/taizhang/taizhang/services/verify"
	"github.com/taizhang/taizhang/services/workbook"
)

var largest = flag.Int("largest", 20_000, "the number of records of the ledger of the benchmark")

// BenchmarkVerify verifies a bundle with ten reports at ten positions. The bundle is in a file, as an auditor has it.
func BenchmarkVerify(b *testing.B) {
	b.Run(fmt.Sprint(*largest), func(b *testing.B) {
		m, path := largeBundle(b, *largest)
		before := processorTime(b)
		for b.Loop() {
			f, err := os.Open(path)
			if err != nil {
				b.Fatal(err)
			}
			info, err := f.Stat()
			if err != nil {
				b.Fatal(err)
			}
			v, err := verify.Verify(b.Context(), verify.Config{Content: f, Bytes: info.Size(), Trust: m.trust})
			if err != nil {
				b.Fatal(err)
			}
			f.Close()
			expect(b, v, verify.Holds)
			b.ReportMetric(float64(info.Size())/1e6, "MB")
			cells := 0
			for _, f := range v.Figures {
				cells += f.Cells
			}
			b.ReportMetric(float64(cells), "cells")
		}
		b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/bundle")
		b.ReportMetric((processorTime(b)-before).Seconds()/float64(b.N), "cpu-s/bundle")
	})
}

// processorTime returns the time that all processors have worked for this process.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// largeBundle writes the bundle of a simulated province with ten reports at ten positions.
func largeBundle(b *testing.B, records int) (*maker, string) {
	b.Helper()
	dir := b.TempDir()
	m, err := newMaker(filepath.Join(dir, "ledger"))
	if err != nil {
		b.Fatal(err)
	}
	history := filepath.Join(dir, "history.jsonl")
	simulatortest.History(b, history, simulatortest.Centers(records), records)
	if _, err := m.ledger.Import(b.Context(), ledger.ImportConfig{Files: ledgertest.Files(b, history),
		Account: ledger.Writer{Name: "clerk", MayRecord: true}}); err != nil {
		b.Fatal(err)
	}
	m.now = m.now.Add(time.Hour) // after the last record
	if err := m.seal(0, 1); err != nil {
		b.Fatal(err)
	}
	size := m.heads[0].Size
	for i := range uint64(10) {
		register, err := m.ledger.KnownAt(b.Context(), ledger.Point{Position: size * (i + 1) / 10})
		if err != nil {
			b.Fatal(err)
		}
		form, name := reports.CSV, fmt.Sprintf("%02d.csv", i)
		if i%2 == 0 {
			form, name = reports.XLSX, fmt.Sprintf("%02d.xlsx", i)
		}
		d := m.books()
		d.Register = register
		r, err := reports.Make(b.Context(), d, reports.Request{Lang: "zh", Form: form, Version: "v1",
			Question: lists.Question{List: "execution", On: events.MustDate("2026-10-31")}})
		if err != nil {
			b.Fatal(err)
		}
		var content bytes.Buffer
		if err := workbook.WriteReport(r, &content); err != nil {
			b.Fatal(err)
		}
		m.figures[name] = content.Bytes()
	}
	c := m.contents()
	c.Records = func() iter.Seq2[[]byte, error] {
		return func(yield func([]byte, error) bool) {
			for s, err := range m.store.ReadAll(context.Background(), 0) {
				if !yield(s.Bytes, err) {
					return
				}
			}
		}
	}
	path := filepath.Join(dir, "bundle.zip")
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	if err := bundle.Write(b.Context(), f, c); err != nil {
		b.Fatal(err)
	}
	f.Close()
	m.close()
	os.RemoveAll(filepath.Join(dir, "ledger"))
	return m, path
}
