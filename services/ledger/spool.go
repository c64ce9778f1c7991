package ledger

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/taizhang/taizhang/events"
)

// spool keeps events that are judged and not stored yet, in order, in a file without a name. The file is gone when it
// is closed or when the process ends in any way. No other process reads it, so it is never synced.
type spool struct {
	file *os.File
	buf  *bufio.Writer
	end  int64
	head []byte
}

// spoolBuffer is the number of bytes that are read or written at once.
const spoolBuffer = 256 << 10

// newSpool returns an empty spool on the disk of the directory; "" means the directory of temporary files.
func newSpool(dir string) (*spool, error) {
	f, err := unnamed(dir)
	if err != nil {
		return nil, err
	}
	return &spool{file: f, buf: bufio.NewWriterSize(f, spoolBuffer)}, nil
}

// unnamed returns an empty file without a name on the disk of the directory.
func unnamed(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, ".import-*")
	if err != nil {
		var file *os.PathError
		if errors.As(err, &file) {
			file.Path = filepath.Dir(file.Path) // the name of the file means nothing to the user
		}
		return nil, fmt.Errorf("ledger: make a spool: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, fmt.Errorf("ledger: make a spool: %w", errors.Join(err, f.Close()))
	}
	return f, nil
}

func (s *spool) close() { _ = s.file.Close() }

// add appends an event, with the line from which it was read, and returns its offset.
func (s *spool) add(from *line, stream events.StreamID, p *events.Proposed) (at int64, err error) {
	at = s.end
	head := append(s.head[:0], p.ID[:]...)
	for _, n := range []int{from.file, from.line, len(stream), len(p.Kind), len(p.Body.String())} {
		head = binary.LittleEndian.AppendUint32(head, uint32(n))
	}
	head = append(append(head, stream...), p.Kind...)
	s.head, s.end = head, at+int64(len(head)+len(p.Body.String()))
	if _, err = s.buf.Write(head); err == nil {
		_, err = s.buf.WriteString(p.Body.String())
	}
	if err != nil {
		return 0, fmt.Errorf("ledger: spool judged records: %w", err)
	}
	return at, nil
}

// spooled is one event of the spool. Its Place and Bytes are not known yet. File and line are where it was read.
type spooled struct {
	events.Stored
	file, line int
}

// all reads all events from the start.
func (s *spool) all() iter.Seq2[spooled, error] {
	return func(yield func(spooled, error) bool) {
		err := s.buf.Flush()
		r := bufio.NewReaderSize(io.NewSectionReader(s.file, 0, s.end), spoolBuffer)
		for err == nil {
			var e spooled
			if e, err = readSpooled(r); err == nil && !yield(e, nil) {
				return
			}
		}
		if !errors.Is(err, io.EOF) {
			yield(spooled{}, fmt.Errorf("ledger: read the spool: %w", err))
		}
	}
}

// at reads the event at an offset.
func (s *spool) at(at int64) (spooled, error) {
	err := s.buf.Flush()
	var e spooled
	if err == nil {
		e, err = readSpooled(bufio.NewReader(io.NewSectionReader(s.file, at, s.end-at)))
	}
	if err != nil {
		return spooled{}, fmt.Errorf("ledger: read the spool: %w", err)
	}
	return e, nil
}

func readSpooled(r io.Reader) (e spooled, err error) {
	var head [16 + 5*4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return e, err
	}
	copy(e.ID[:], head[:16])
	number := func(i int) int { return int(binary.LittleEndian.Uint32(head[16+4*i:])) }
	e.file, e.line = number(0), number(1)
	stream, kind := number(2), number(3)
	rest := make([]byte, stream+kind+number(4))
	if _, err := io.ReadFull(r, rest); err != nil {
		return e, err
	}
	e.Stream, rest = events.StreamID(rest[:stream]), rest[stream:]
	e.Kind, e.Body = events.Kind(rest[:kind]), rest[kind:]
	return e, nil
}

// heldBad keeps the bad records of a run of an import until it is known that the run is the last one. It keeps them
// as JSON in a file without a name, which it creates for the first of them.
type heldBad struct {
	dir  string
	file *os.File
	buf  *bufio.Writer
}

func (h *heldBad) close() {
	if h.file != nil {
		_ = h.file.Close()
	}
}

func (h *heldBad) add(b *BadRecord) (err error) {
	if h.file == nil {
		if h.file, err = unnamed(h.dir); err != nil {
			return err
		}
		h.buf = bufio.NewWriterSize(h.file, spoolBuffer)
	}
	return h.failed(json.MarshalWrite(h.buf, b, jsontext.AllowInvalidUTF8(true)))
}

// clear removes all bad records.
func (h *heldBad) clear() error {
	if h.file == nil {
		return nil
	}
	h.buf.Reset(h.file)
	_, err := h.file.Seek(0, io.SeekStart)
	return h.failed(cmp.Or(h.file.Truncate(0), err))
}

// pass calls each with the bad records in order.
func (h *heldBad) pass(each func(BadRecord)) error {
	if h.file == nil {
		return nil
	}
	err := h.buf.Flush()
	if err == nil {
		_, err = h.file.Seek(0, io.SeekStart)
	}
	read := jsontext.NewDecoder(bufio.NewReaderSize(h.file, spoolBuffer))
	for err == nil {
		var b BadRecord
		if err = json.UnmarshalDecode(read, &b); err == nil {
			each(b)
		}
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return h.failed(err)
}

func (h *heldBad) failed(err error) error {
	if err != nil {
		return fmt.Errorf("ledger: spool bad records: %w", err)
	}
	return nil
}
