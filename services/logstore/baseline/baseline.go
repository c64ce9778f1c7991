// Package baseline measures the least cost of a log, for benchmarks to compare with in the same run: one goroutine
// that appends finished bytes to a preallocated file and syncs all waiting bytes together, and one read of files from
// end to end with their CRC-32C.
package baseline

import (
	"errors"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// fileBytes is the size of a preallocated file. groupBytes is the size at which a sync does not wait for further
// bytes.
const (
	fileBytes  = 64 << 20
	groupBytes = 1 << 20
	queueMax   = 1024
)

// Append appends the bytes total times in all, by several writers; each writer appends again when its last append is
// durable. It returns the time that this takes. The file is in dir, and so on the disk to be measured.
func Append(dir string, writers, total int, bytes []byte) (time.Duration, error) {
	a, err := NewAppender(dir)
	if err != nil {
		return 0, err
	}
	took, err := Share(writers, total, func(int, int) error { return a.Append(bytes) })
	return took, errors.Join(err, a.Close())
}

// Share calls do total times in all, by several writers, with the number of the writer and of its call, both from 0.
// It returns the time that this takes.
func Share(writers, total int, do func(writer, n int) error) (time.Duration, error) {
	var left atomic.Int64
	left.Store(int64(total))
	failed := make([]error, writers)
	start := time.Now()
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for n := 0; failed[w] == nil && left.Add(-1) >= 0; n++ {
				failed[w] = do(w, n)
			}
		})
	}
	wg.Wait()
	return time.Since(start), errors.Join(failed...)
}

type request struct {
	bytes []byte
	done  chan error
}

// Appender is the bare file with the goroutine that writes to it.
type Appender struct {
	file  *os.File
	in    chan request
	ended chan struct{} // closed when the goroutine has ended
	end   int64
	size  int64
}

// NewAppender makes a file in dir to append to. The caller closes it, which removes it.
func NewAppender(dir string) (*Appender, error) {
	f, err := os.Create(filepath.Join(dir, "baseline"))
	if err != nil {
		return nil, err
	}
	a := &Appender{file: f, in: make(chan request, queueMax), ended: make(chan struct{})}
	go a.run()
	return a, nil
}

// Append appends bytes and returns when they are durable. Several goroutines may append at a time.
func (a *Appender) Append(bytes []byte) error {
	done := make(chan error, 1)
	a.in <- request{bytes, done}
	return <-done
}

// Close ends the goroutine and removes the file. Nobody may be appending.
func (a *Appender) Close() error {
	close(a.in)
	<-a.ended
	return errors.Join(a.file.Close(), os.Remove(a.file.Name()))
}

func (a *Appender) run() {
	defer close(a.ended)
	var group []request
	var bytes []byte
	for first := range a.in {
		group, bytes = append(group[:0], first), append(bytes[:0], first.bytes...)
		for more := true; more && len(bytes) < groupBytes; {
			select {
			case next, ok := <-a.in:
				if more = ok; ok {
					group, bytes = append(group, next), append(bytes, next.bytes...)
				}
			default:
				more = false
			}
		}
		err := a.write(bytes)
		for _, r := range group {
			r.done <- err
		}
	}
}

func (a *Appender) write(bytes []byte) error {
	for a.end+int64(len(bytes)) > a.size {
		a.size += fileBytes
		if err := unix.Fallocate(int(a.file.Fd()), 0, 0, a.size); err != nil {
			return err
		}
	}
	if _, err := a.file.WriteAt(bytes, a.end); err != nil {
		return err
	}
	a.end += int64(len(bytes))
	return unix.Fdatasync(int(a.file.Fd()))
}

// Read reads the files once with their CRC-32C. It returns their size in bytes and the time it took.
func Read(paths []string) (total int64, took time.Duration, err error) {
	start := time.Now()
	table, buf := crc32.MakeTable(crc32.Castagnoli), make([]byte, 1<<20)
	var sum uint32
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			return 0, 0, err
		}
		for err == nil {
			var n int
			n, err = f.Read(buf)
			sum, total = crc32.Update(sum, table, buf[:n]), total+int64(n)
		}
		if err := errors.Join(f.Close(), except(err, io.EOF)); err != nil {
			return 0, 0, err
		}
	}
	return total, time.Since(start), nil
}

func except(err, expected error) error {
	if errors.Is(err, expected) {
		return nil
	}
	return err
}
