package bundle_test

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"io"
	"iter"
	"os"
	"path/filepath"
	"testing"

	"github.com/emmansun/gmsm/sm3"

	"github.com/taizhang/taizhang/services/bundle"
)

var benchRecords = flag.Int("records", 20_000, "the number of records of 540 bytes in a bundle that is measured")

// manyRecords yields n lines of the usual length.
func manyRecords(n int) iter.Seq2[[]byte, error] {
	line := bytes.Repeat([]byte("记录"), 90)
	return func(yield func([]byte, error) bool) {
		for range n {
			if !yield(line, nil) {
				return
			}
		}
	}
}

// BenchmarkWrite measures the time to write a bundle to a file, and for comparison the two sums of the same bytes one
// after the other. With -records 1000000 it is that of a large ledger.
func BenchmarkWrite(b *testing.B) {
	c := whole()
	c.Records = func() iter.Seq2[[]byte, error] { return manyRecords(*benchRecords) }
	perRecord := func(b *testing.B) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(*benchRecords), "ns/record")
	}
	path := filepath.Join(b.TempDir(), "bundle.zip")
	b.Run("write", func(b *testing.B) {
		for b.Loop() {
			f, err := os.Create(path)
			if err == nil {
				err = bundle.Write(b.Context(), f, c)
			}
			if err == nil {
				err = f.Close()
			}
			if err != nil {
				b.Fatal(err)
			}
		}
		perRecord(b)
	})
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			f, err := os.Open(path)
			if err != nil {
				b.Fatal(err)
			}
			info, err := f.Stat()
			if err != nil {
				b.Fatal(err)
			}
			r, err := bundle.Open(f, info.Size())
			if err != nil {
				b.Fatal(err)
			}
			s := bundle.NewSummer()
			for _, err := range r.Records(s) {
				if err != nil {
					b.Fatal(err)
				}
			}
			s.Sums()
			f.Close()
		}
		perRecord(b)
	})
	b.Run("sums alone", func(b *testing.B) {
		for b.Loop() {
			sha, sm := sha256.New(), sm3.New()
			to := io.MultiWriter(sha, sm)
			for line := range manyRecords(*benchRecords) {
				to.Write(line)
			}
		}
		perRecord(b)
	})
}
