package verify

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"sort"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/seal"
)

// records holds the records of a bundle. It is an events.Store that can only be read.
type records struct {
	content io.ReaderAt // of records.jsonl
	places  []place     // in the order of lines
	streams map[events.StreamID]*stream
	end     int64 // the offset after the last line
}

// place is the place of one record in records.jsonl.
type place struct {
	position   uint64
	offset     int64
	recordedAt int64 // in microseconds
}

func (p *place) time() time.Time { return time.UnixMicro(p.recordedAt).UTC() }

// stream lists the records of one stream, as indexes of places.
type stream struct {
	lines    []uint32
	revision uint64 // of the last
}

// at returns the place of the first record for which is returns true; earlier records must give false. It returns nil
// if there is none.
func (r *records) at(is func(*place) bool) *place {
	i := sort.Search(len(r.places), func(i int) bool { return is(&r.places[i]) })
	if i == len(r.places) {
		return nil
	}
	return &r.places[i]
}

// line returns the bytes of a line without its newline, in memory that is reused.
func (r *records) line(i int, buf []byte) ([]byte, error) {
	end := r.end
	if i+1 < len(r.places) {
		end = r.places[i+1].offset
	}
	n := int(end - r.places[i].offset - 1)
	if cap(buf) < n {
		buf = make([]byte, n, 2*n)
	}
	_, err := r.content.ReadAt(buf[:n], r.places[i].offset)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return buf[:n], err
}

// readBytes is the size of the buffer of a reader of lines. A line that is not longer than any record can be fits.
const readBytes = events.LineBytesMax + 1<<16

// buffered returns a reader of lines with a buffer that is not larger than the content.
func buffered(in io.Reader, bytes int64) *bufio.Reader {
	return bufio.NewReaderSize(in, int(min(bytes+1, readBytes)))
}

// ReadAll implements events.Store.
func (r *records) ReadAll(ctx context.Context, after uint64) iter.Seq2[events.Stored, error] {
	return func(yield func(events.Stored, error) bool) {
		from := sort.Search(len(r.places), func(i int) bool { return r.places[i].position > after })
		if from == len(r.places) {
			return
		}
		start, parser := r.places[from].offset, events.NewLineParser()
		in := buffered(io.NewSectionReader(r.content, start, r.end-start), r.end-start)
		for range r.places[from:] {
			line, err := in.ReadSlice('\n')
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(events.Stored{}, err)
				return
			}
			s, bad := parser.Parse(line[:len(line)-1])
			if bad != "" { // it was right when the records were scanned
				yield(events.Stored{}, fmt.Errorf("verify: read records: %s changed meanwhile", bad))
				return
			}
			if !yield(s, nil) {
				return
			}
		}
	}
}

// ReadStream implements events.Store.
func (r *records) ReadStream(ctx context.Context, name events.StreamID, after uint64) iter.Seq2[events.Stored, error] {
	return func(yield func(events.Stored, error) bool) {
		of := r.streams[name]
		if of == nil || after >= uint64(len(of.lines)) {
			return
		}
		parser, buf := events.NewLineParser(), []byte(nil)
		for _, i := range of.lines[after:] {
			line, err := r.line(int(i), buf)
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(events.Stored{}, err)
				return
			}
			s, bad := parser.Parse(line)
			if bad != "" {
				yield(events.Stored{}, fmt.Errorf("verify: read records: %s changed meanwhile", bad))
				return
			}
			if buf = line; !yield(s, nil) {
				return
			}
		}
	}
}

// errReadOnly is the error of what a bundle cannot do.
var errReadOnly = errors.New("verify: a bundle is only read")

// Append implements events.Store. It always fails.
func (r *records) Append(context.Context, events.StreamID, uint64, []events.Proposed) ([]events.Place, error) {
	return nil, errReadOnly
}

// Subscribe implements events.Store. It fails at once, because nothing will follow.
func (r *records) Subscribe(context.Context, uint64) iter.Seq2[events.Stored, error] {
	return func(yield func(events.Stored, error) bool) { yield(events.Stored{}, errReadOnly) }
}

// Close implements events.Store.
func (r *records) Close() error { return nil }

// scan reads the records once, in order. It notes everything that can be seen from one line and those before it.
type scan struct {
	v    *Verdict
	only events.CenterID // of a bundle of one center: positions have gaps

	*records
	tree   seal.Tree
	wanted map[uint64]bool // the sizes of which the root is asked for
	roots  map[uint64]tlog.Hash

	seals     []seals
	adoptions []adoption
	days      map[[10]byte]uint64 // the number of records dated each day
}

// seals is a record ledger.sealed.
type seals struct {
	events.Place
	*events.LedgerSealed
}

// adoption is a record policy.adopted.
type adoption struct {
	events.Place
	*events.PolicyAdopted
	before uint64 // the number of earlier records that are dated when it is in force, or later
}

// newScan returns a scan that also computes the roots of the trees of some sizes.
func newScan(v *Verdict, only events.CenterID, content io.ReaderAt, sizes ...uint64) *scan {
	s := &scan{v: v, only: only, records: &records{content: content, streams: map[events.StreamID]*stream{}},
		wanted: map[uint64]bool{}, roots: map[uint64]tlog.Hash{}, days: map[[10]byte]uint64{}}
	for _, size := range sizes {
		s.wanted[size] = true
	}
	s.noteRoot()
	return s
}

// The kinds of errors of lines.
const (
	formKind     kind = "form"
	orderKind    kind = "order"
	timeKind     kind = "time"
	revisionKind kind = "revision"
)

// read reads all lines. It returns an error only if the file cannot be read.
func (s *scan) read(ctx context.Context, in io.Reader, bytes int64) error {
	from, parser := buffered(in, bytes), events.NewLineParser()
	for number := uint64(1); ; number++ {
		line, err := from.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			s.v.fails(Integrity, formKind, lineTooLong(number))
			return nil
		case errors.Is(err, io.EOF) && len(line) == 0:
			return ctx.Err()
		case errors.Is(err, io.EOF):
			s.v.fails(Integrity, formKind, lineCut)
		case err != nil:
			return err
		default:
			line = line[:len(line)-1]
		}
		stored, bad := parser.Parse(line)
		if bad != "" {
			s.v.fails(Integrity, formKind, lineForm(number, bad))
		}
		s.add(&stored, line, bad != "")
		if err != nil {
			return ctx.Err()
		}
	}
}

// add adds the next line.
func (s *scan) add(e *events.Stored, line []byte, bad bool) {
	s.tree.Add(line)
	s.noteRoot()
	before := place{}
	if n := len(s.places); n > 0 {
		before = s.places[n-1]
	}
	if bad { // so that the next line is compared with it as if it were right
		e.Position, e.RecordedAt = before.position+1, before.time()
	}
	s.places = append(s.places, place{e.Position, s.end, e.RecordedAt.UnixMicro()})
	s.end += int64(len(line)) + 1
	if bad {
		return
	}
	if e.Position != before.position+1 && (s.only == "" || e.Position <= before.position) {
		s.v.fails(Integrity, orderKind, positionGap(before.position, e.Position))
	}
	if e.RecordedAt.UnixMicro() < before.recordedAt {
		s.v.fails(Integrity, timeKind, timeBack(e.Position, before.time(), e.RecordedAt))
	}
	of := s.streams[e.Stream]
	if of == nil {
		of = &stream{}
		s.streams[e.Stream] = of
	}
	if e.Revision != of.revision+1 {
		s.v.fails(Integrity, revisionKind, revisionGap(e.Stream, e.Position, of.revision, e.Revision))
	}
	of.lines, of.revision = append(of.lines, uint32(len(s.places)-1)), e.Revision
	s.note(e)
}

// noteRoot keeps the root of the lines read so far, if it is asked for. The lines of one center are no tree.
func (s *scan) noteRoot() {
	if n := s.tree.Leaves(); s.wanted[n] && s.only == "" {
		s.roots[n] = s.tree.Root()
	}
}

var onMember = []byte(`"on":"`)

// note keeps what later steps need of a record. A record that does not decode is found when the ledger is checked.
func (s *scan) note(e *events.Stored) {
	if e.Stream != events.LedgerStream && e.Stream != events.PolicyStream {
		if i := bytes.Index(e.Body, onMember); i >= 0 && len(e.Body) >= i+len(onMember)+10 {
			s.days[[10]byte(e.Body[i+len(onMember):])]++
		}
		return
	}
	rec, err := events.DecodeEvent(*e)
	if err != nil {
		return
	}
	switch p := rec.Data.(type) {
	case *events.LedgerSealed:
		s.seals = append(s.seals, seals{e.Place, p})
		s.wanted[s.tree.Leaves()] = true
		s.noteRoot()
	case *events.PolicyAdopted:
		a := adoption{Place: e.Place, PolicyAdopted: p}
		for day, n := range s.days {
			if string(day[:]) >= p.EffectiveFrom.String() {
				a.before += n
			}
		}
		s.adoptions = append(s.adoptions, a)
	}
}

// lastPosition returns the position of the last record, or 0.
func (r *records) lastPosition() uint64 {
	if len(r.places) == 0 {
		return 0
	}
	return r.places[len(r.places)-1].position
}

// after returns the number of records after a position.
func (r *records) after(position uint64) uint64 {
	first := sort.Search(len(r.places), func(i int) bool { return r.places[i].position > position })
	return uint64(len(r.places) - first)
}

// revisionAt returns the revision of the last record of a stream up to a position, or 0.
func (r *records) revisionAt(name events.StreamID, position uint64) (revision uint64) {
	of := r.streams[name]
	if of == nil {
		return 0
	}
	return uint64(sort.Search(len(of.lines), func(i int) bool { return r.places[of.lines[i]].position > position }))
}
