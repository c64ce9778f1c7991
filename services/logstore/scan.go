package logstore

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

const (
	segmentBytesMax = 1 << 30 // the maximum size of a segment, and so the memory for reading it
	rereadsMax      = 100     // reads of the last segment while another process writes to it
	damagesMax      = 100     // damages after which Verify gives up
)

// errManyDamages ends a Verify that has found damagesMax damages.
var errManyDamages = errors.New("logstore: verify: too many damages to go on")

var segmentPattern = regexp.MustCompile(`^segment-([0-9]{6}|[1-9][0-9]{6,15})\.log$`)

// ScanReport is the result of reading all segments.
type ScanReport struct {
	Segments int
	Commits  uint64
	Records  uint64
	Bytes    int64          // without allocated room and a torn tail
	Torn     *TornTail      // nil if the log ends with a complete commit
	Damages  []*DamageError // set by Verify only; Open fails at the first damage
}

// TornTail is a commit that a crash interrupted and that was never acknowledged. It has Bytes bytes from Offset of the
// last segment. Open cuts it off, unless the store is opened read-only.
type TornTail struct {
	File   string
	Offset int64
	Bytes  int64
}

// segment is a file of the store. Its bytes follow those of the segment before at base, so one number identifies the
// place of an event. Only the end and size of the last segment change.
type segment struct {
	number     uint64
	name       string
	file       File
	base       int64
	end        int64 // of its last commit
	size       int64 // of the file
	lastCommit int64 // offset
}

// stream holds the positions of the events of one stream.
type stream struct {
	positions []uint64
	revision  uint64 // of the last record seen
	doubts    int    // scan.doubts at that record
}

// scan reads the segments in order, checks everything, and builds the index.
type scan struct {
	fs     FS
	dir    string
	replay func(events.Stored) error // may be nil
	// called with each checked segment, up to its last commit; may be nil
	whole  func(g *segment, commits []byte) error
	report ScanReport

	unlocked bool // another process may be writing
	tolerant bool // damages are collected and skipped

	parser     *events.LineParser
	segments   []*segment
	offsets    []int64  // of each position, over all segments
	sums       []uint32 // of each position's bytes
	streams    map[events.StreamID]*stream
	last       *stream // of the last record
	lastName   events.StreamID
	position   uint64 // of the last record
	recordedAt time.Time
	chain      uint32
	ends       []int // the ends of the lines of the current commit
	doubts     int   // the number of skipped damages; events after a damage need not continue the events before it
	unsure     bool  // no commit was read since the last damage
}

func newScan(fs FS, dir string, replay func(events.Stored) error) *scan {
	return &scan{fs: fs, dir: dir, replay: replay, parser: events.NewLineParser(),
		streams: map[events.StreamID]*stream{}, recordedAt: time.Unix(0, 0).UTC()}
}

// shut closes the segments, and joins the errors of that to an error.
func (w *scan) shut(err error) error {
	for _, g := range w.segments {
		err = errors.Join(err, fileError("close", w.dir, g.name, g.file.Close()))
	}
	return err
}

// walk reads every segment, the last one open for writing if write is set, and returns the bytes of the last.
func (w *scan) walk(write bool) (buf []byte, err error) {
	names, err := w.names()
	if err != nil {
		return nil, err
	}
	for i, name := range names {
		last := i == len(names)-1
		g := &segment{number: uint64(i) + 1, name: name}
		if i > 0 {
			before := w.segments[i-1]
			g.base = before.base + before.end
		}
		if g.file, err = w.fs.Open(filepath.Join(w.dir, name), write && last); err != nil {
			return nil, fileError("open", w.dir, name, err)
		}
		w.segments = append(w.segments, g)
		if buf, err = w.load(g, buf); err != nil {
			return nil, err
		}
		if buf, err = w.segment(g, buf, last); err != nil {
			return nil, err
		}
		if w.whole != nil {
			if err := w.whole(g, buf[:g.end]); err != nil {
				return nil, err
			}
		}
		if i == 0 { // the other segments hold about as many records each
			w.offsets = slices.Grow(w.offsets, len(w.offsets)*(len(names)-1))
			w.sums = slices.Grow(w.sums, len(w.sums)*(len(names)-1))
		}
		w.report.Segments++
		w.report.Bytes += g.end
	}
	return buf, nil
}

// names returns the names of the segments, which must be numbered from 1 without gaps.
func (w *scan) names() ([]string, error) {
	all, err := w.fs.List(w.dir)
	if err != nil {
		return nil, fileError("list", w.dir, "", err)
	}
	all = slices.DeleteFunc(all, func(n string) bool { return !segmentPattern.MatchString(n) })
	for i := range all {
		if want := segmentName(uint64(i) + 1); !slices.Contains(all, want) {
			return nil, &DamageError{
				File: want, Position: 1,
				Reason: text.Say("文件缺失，其后还有别的文件", "the file is missing, but later ones are there")}
		}
	}
	for i := range all {
		all[i] = segmentName(uint64(i) + 1)
	}
	return all, nil
}

// load reads the whole file.
func (w *scan) load(g *segment, buf []byte) ([]byte, error) {
	size, err := g.file.Size()
	if err != nil {
		return buf, fileError("stat", w.dir, g.name, err)
	}
	if size > segmentBytesMax {
		return buf, w.damage(g, 0,
			text.Say("文件有 %d 字节，超过 %d 字节的上限", "the file has %d bytes, over the limit of %d", size,
				segmentBytesMax))
	}
	g.size = size
	buf = slices.Grow(buf[:0], int(size))[:size]
	n, err := g.file.ReadAt(buf, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return buf, fileError("read", w.dir, g.name, err)
	}
	return buf[:n], nil
}

// segment checks one whole segment. It returns the bytes, which it may have read again because another process
// writes.
func (w *scan) segment(g *segment, data []byte, last bool) ([]byte, error) {
	err := w.header(g, data)
	for reads := 1; ; {
		if err == nil {
			err = w.commits(g, data)
		}
		var damage *DamageError
		if err == nil || !errors.As(err, &damage) {
			return data, err
		}
		if last && g.end > 0 {
			torn, whole := w.tail(g, data)
			if whole && torn == 0 {
				return data, nil
			}
			if w.unlocked && reads < rereadsMax {
				before := crc32.Checksum(data[g.end:], castagnoli)
				if data, err = w.load(g, data); err != nil {
					return data, err
				}
				if reads++; int64(len(data)) >= g.end && crc32.Checksum(data[g.end:], castagnoli) != before {
					continue
				}
			}
			if whole {
				w.report.Torn = &TornTail{File: g.name, Offset: g.end, Bytes: torn}
				return data, nil
			}
		}
		if !w.tolerant {
			return data, damage
		}
		w.report.Damages = append(w.report.Damages, damage)
		if len(w.report.Damages) == damagesMax {
			return data, errManyDamages
		}
		if err = nil; !w.skip(g, data) {
			return data, nil
		}
	}
}

// skip skips a damaged commit, up to the place where the next commit may begin. It reports whether this segment has
// such a place.
func (w *scan) skip(g *segment, data []byte) bool {
	w.unsure = true
	w.doubts++
	for at := g.end; ; {
		n := bytes.Index(data[at:], commitEnding)
		if n < 0 {
			return false
		}
		end := at + int64(n+len(commitEnding))
		begin := at + int64(bytes.LastIndexByte(data[at:end-1], '\n')) + 1
		at = end
		if _, chain, ok := parseCommit(data[begin:end]); ok {
			w.chain, g.end = chain, end
			return true
		}
	}
}

func (w *scan) damage(g *segment, offset int, reason text.Text) *DamageError {
	return &DamageError{File: g.name, Offset: int64(offset), Position: w.position + 1, Reason: reason}
}

// header checks the first line. After damage, a well-formed header decides at which position the log continues.
func (w *scan) header(g *segment, data []byte) error {
	want := appendHeader(nil, g.number, w.position+1, w.chain)
	if w.unsure {
		var written, number, position uint64
		var chain uint32
		_, err := fmt.Sscanf(string(data[:min(len(data), len(want)+20)]), headerForm, &written, &number,
			&position, &chain)
		if position > w.position && err == nil {
			want, w.chain = appendHeader(nil, g.number, position, chain), chain
		}
	}
	if !bytes.HasPrefix(data, want) {
		return w.damage(g, 0, text.Say("首行应为 %s", "the first line must be %s", want[:len(want)-1]))
	}
	g.end = int64(len(want))
	return nil
}

// commits reads commits from g.end on, and moves g.end to the first byte that belongs to no commit. The error is a
// *DamageError or the error of replay.
func (w *scan) commits(g *segment, data []byte) error {
	for g.end < int64(len(data)) {
		n, err := w.commit(g, data, int(g.end))
		if err != nil {
			return err
		}
		g.lastCommit = g.end
		g.end += int64(n)
		w.report.Commits++
	}
	return nil
}

// commit checks one commit, then replays and indexes its records. It returns the length of the commit.
func (w *scan) commit(g *segment, data []byte, offset int) (int, error) {
	b := data[offset:]
	w.ends = w.ends[:0]
	at := 0
	for !bytes.HasPrefix(b[at:], []byte(commitOpening)) {
		n := bytes.IndexByte(b[at:min(len(b), at+events.LineBytesMax)], '\n')
		if n < 0 || !bytes.HasPrefix(b[at:], []byte(events.LineOpening)) {
			return 0, w.damage(g, offset+at,
				text.Say("这里应是一条记录或一次写入的末行", "here must be a record or the last line of a commit"))
		}
		at += n + 1
		w.ends = append(w.ends, at)
	}
	length := at + bytes.IndexByte(b[at:], '\n') + 1
	count, chain, ok := parseCommit(b[at:max(at, length)])
	if !ok || count != uint64(len(w.ends)) {
		return 0, w.damage(g, offset+at,
			text.Say("这次写入的末行不合规定，或记录数不是 %d",
				"the last line of a commit is not well formed, or does not count %d records", len(w.ends)))
	}
	if chain != crc32.Update(w.chain, castagnoli, b[:at]) {
		return 0, w.damage(g, offset, text.Say("这次写入的校验码不符", "the checksum of the commit does not match"))
	}
	w.chain = chain
	start := 0
	for _, end := range w.ends {
		if err := w.record(g, b[start:end-1], offset+start); err != nil {
			return 0, err
		}
		start = end
	}
	return length, nil
}

// record checks one line of a commit whose checksum is right, then replays and indexes it.
func (w *scan) record(g *segment, line []byte, offset int) error {
	e, bad := w.parser.Parse(line)
	if bad != "" {
		return w.damage(g, offset, text.Say("记录的 %s 不合规定", "%s of the record is not well formed", bad))
	}
	if e.Position != w.position+1 && (!w.unsure || e.Position <= w.position) {
		return w.damage(g, offset, text.Say("序号 %d 应为 %d", "position %d must be %d", e.Position, w.position+1))
	}
	if e.RecordedAt.Before(w.recordedAt) {
		return w.damage(g, offset, text.Say("入账时间早于前一条", "recordedAt is before the record before"))
	}
	s := w.last
	if e.Stream != w.lastName {
		if s = w.streams[e.Stream]; s == nil {
			s = &stream{}
			w.streams[e.Stream] = s
		}
		w.last, w.lastName = s, e.Stream
	}
	if e.Revision != s.revision+1 && (s.doubts == w.doubts || e.Revision <= s.revision) {
		return w.damage(g, offset, text.Say("%s 的记录序号 %d 应为 %d", "%[1]s revision %[2]d must be %[3]d", e.Stream,
			e.Revision, s.revision+1))
	}
	w.unsure = false
	w.position, w.recordedAt, s.revision, s.doubts = e.Position, e.RecordedAt, e.Revision, w.doubts
	s.positions = append(s.positions, e.Position)
	w.offsets = append(w.offsets, g.base+int64(offset))
	w.sums = append(w.sums, crc32.Checksum(line, castagnoli))
	w.report.Records++
	if w.replay != nil {
		return w.replay(e)
	}
	return nil
}
