package logstore

import (
	"context"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/taizhang/taizhang/events"
)

// benchBatch returns n events that make lines of about 427 bytes, with ids nobody else has.
func benchBatch(n int) []events.Proposed {
	out := make([]events.Proposed, n)
	body := []byte(`{"version":1,"on":"2026-03-04","by":{"role":"finance","actor":"省财政厅"},"mode":"enforce","note":"` + strings.Repeat("x", 130) + `"}`)
	for i := range out {
		out[i] = events.Proposed{ID: uuid.New(), Kind: "subsidy.granted", Body: body}
	}
	return out
}

// raw is the least that durable appending can cost: writers hand over finished bytes, one goroutine writes what waits to a
// preallocated file and syncs it.
type raw struct {
	file File
	in   chan rawRequest
	end  int64
	size int64
}

type rawRequest struct {
	bytes []byte
	done  chan error
}

func (r *raw) run() {
	var group []rawRequest
	var bytes []byte
	for first := range r.in {
		group, bytes = append(group[:0], first), append(bytes[:0], first.bytes...)
		for more := true; more && len(bytes) < groupBytesMax; {
			select {
			case next, ok := <-r.in:
				if more = ok; ok {
					group, bytes = append(group, next), append(bytes, next.bytes...)
				}
			default:
				more = false
			}
		}
		var err error
		if r.end+int64(len(bytes)) > r.size {
			r.size += segmentBytesDefault
			err = r.file.Allocate(r.size)
		}
		if err == nil {
			_, err = r.file.WriteAt(bytes, r.end)
		}
		if err == nil {
			err = r.file.Sync()
		}
		r.end += int64(len(bytes))
		for _, g := range group {
			g.done <- err
		}
	}
}

// BenchmarkAppend measures durable appends through the store and, in the same run, the same bytes through raw; the
// metric of interest is their ratio.
func BenchmarkAppend(b *testing.B) {
	for _, c := range []struct{ writers, size int }{{1, 1}, {64, 1}, {1, 1000}} {
		b.Run(fmt.Sprintf("%d writers of %d", c.writers, c.size), func(b *testing.B) {
			s := mustOpen(b, b.TempDir(), Options{})
			batches := make([][]events.Proposed, c.writers)
			for i := range batches {
				batches[i] = benchBatch(c.size)
			}
			store := share(b, c.writers, func(writer, n int) error {
				name := events.StreamID(fmt.Sprintf("center-ZJ-%04d", writer))
				_, err := s.Append(context.Background(), name, uint64(n*c.size), batches[writer])
				return err
			})
			file, err := osFS{}.Create(filepath.Join(b.TempDir(), "raw"))
			if err != nil {
				b.Fatal(err)
			}
			r := &raw{file: file, in: make(chan rawRequest, queueMax)}
			var line []byte
			for i := range c.size {
				line = appendRecord(line, events.Place{Position: 123456, Revision: 123}, []byte(timeLayout), "center-ZJ-0000", &batches[0][i])
			}
			go r.run()
			bare := share(b, c.writers, func(int, int) error {
				done := make(chan error, 1)
				r.in <- rawRequest{line, done}
				return <-done
			})
			close(r.in)
			_ = file.Close()
			b.ReportMetric(float64(b.N*c.size)/store.Seconds(), "events/s")
			b.ReportMetric(float64(b.N*c.size)/bare.Seconds(), "raw/s")
			b.ReportMetric(bare.Seconds()/store.Seconds(), "ratio")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// share has the writers do b.N appends together and returns how long they took.
func share(b *testing.B, writers int, do func(writer, n int) error) time.Duration {
	var left atomic.Int64
	left.Store(int64(b.N))
	start := time.Now()
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for n := 0; left.Add(-1) >= 0; n++ {
				if err := do(w, n); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	return time.Since(start)
}

// BenchmarkOpen measures opening a log of 200 000 events and reading it all, against reading the same files and
// computing their CRC-32C.
func BenchmarkOpen(b *testing.B) {
	const count = 200_000
	dir := b.TempDir()
	s := mustOpen(b, dir, Options{})
	for i := range count / 1000 {
		name := events.StreamID(fmt.Sprintf("center-ZJ-%04d", i%100))
		mustAppend(b, s, name, uint64(i/100*1000), benchBatch(1000))
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
		start = time.Now()
		var sum uint32
		buf := make([]byte, 1<<20)
		for _, name := range names {
			f, err := os.Open(name)
			if err != nil {
				b.Fatal(err)
			}
			for {
				n, err := f.Read(buf)
				if sum = crc32.Update(sum, castagnoli, buf[:n]); err != nil {
					break
				}
			}
			_ = f.Close()
		}
		bare += time.Since(start)
	}
	events := float64(b.N * count)
	b.ReportMetric(events/open.Seconds(), "open-events/s")
	b.ReportMetric(events/all.Seconds(), "readall-events/s")
	b.ReportMetric(events/bare.Seconds(), "raw-events/s")
	b.ReportMetric(bare.Seconds()/open.Seconds(), "open-ratio")
	b.ReportMetric(bare.Seconds()/all.Seconds(), "readall-ratio")
}
