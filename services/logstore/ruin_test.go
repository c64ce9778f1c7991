package logstore

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/taizhang/taizhang/events"
)

// ruin is a small closed log of three segments, from which tests make damaged ones.
type ruin struct {
	*testing.T
	files map[string][]byte
	want  []string
	ends  map[int]bool        // how many events there were after each commit
	old   []map[string][]byte // the files after each commit and at each clean end
	seen  int
}

func newRuin(t *testing.T) *ruin {
	r := &ruin{T: t, ends: map[int]bool{0: true}}
	h := newHistory(t, 1)
	for len(h.disk.files()) < 3 || len(h.want)%2 == 0 {
		h.open()
		for range 3 {
			h.do(appendOne)
			r.ends[len(h.want)] = true
			r.old = append(r.old, h.disk.files())
		}
		if err := h.store.Close(); err != nil {
			t.Fatal(err)
		}
		r.old = append(r.old, h.disk.files())
	}
	r.want, r.files = h.want, h.disk.files()
	return r
}

// files returns the files as a process reads them.
func (d *disk) files() map[string][]byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := map[string][]byte{}
	for path, n := range d.names {
		if !n.dir {
			out[path] = bytes.Clone(n.mem)
		}
	}
	return out
}

// holding returns a disk with these files.
func holding(files map[string][]byte) *disk {
	d := newDisk(rand.New(rand.NewPCG(1, 1)))
	for path, data := range files {
		n := &inode{mem: bytes.Clone(data), medium: bytes.Clone(data), size: int64(len(data))}
		d.names[path], d.durable[path] = n, n
		if dir := filepath.Dir(path); !isDir(d.names, dir) {
			d.names[dir] = &inode{dir: true}
			d.durable[dir] = d.names[dir]
		}
	}
	return d
}

func (r *ruin) last() string { return slices.Max(slices.Collect(maps.Keys(r.files))) }

// with returns the files with one of them replaced, or removed for nil.
func (r *ruin) with(path string, data []byte) map[string][]byte {
	files := maps.Clone(r.files)
	if files[path] = data; data == nil {
		delete(files, path)
	}
	return files
}

// judge checks a log with changed files. Either the damage is reported with its place, all events before it can be
// read, and Open fails without changing anything; or, if mayEnd is set, the log opens as one that ended earlier.
func (r *ruin) judge(files map[string][]byte, mayEnd bool, what string, args ...any) {
	r.Helper()
	r.seen++
	what = fmt.Sprintf(what, args...)
	var whole []string
	report, err := verify(holding(files).start(), "log", func(e events.Stored) error {
		whole = append(whole, string(e.Bytes))
		return nil
	})
	if err != nil || report.Records != uint64(len(whole)) {
		r.Fatalf("%s: %+v, %v", what, report, err)
	}
	for _, readOnly := range []bool{true, false} {
		d := holding(files)
		var handed []string
		s, err := Open("log", Options{FS: d.start(), ReadOnly: readOnly, SegmentBytes: segmentBytesMin,
			Replay: func(e events.Stored) error {
				handed = append(handed, string(e.Bytes))
				return nil
			}})
		if len(report.Damages) == 0 {
			if err != nil || !mayEnd || !slices.Equal(handed, whole) ||
				!slices.Equal(whole, r.want[:min(len(whole), len(r.want))]) || !r.ends[len(whole)] {
				r.Fatalf("%s: %d events of %d, nobody says that some are lost: %+v, %v", what, len(handed),
					len(r.want), report, err)
			}
			_ = s.Close()
			continue
		}
		var damage *DamageError
		if !errors.As(err, &damage) || *damage != *report.Damages[0] {
			r.Fatalf("%s: Open says %v, Verify %+v", what, err, report.Damages[0])
		}
		if !maps.EqualFunc(d.files(), files, bytes.Equal) {
			r.Fatalf("%s: Open changed it", what)
		}
	}
	if len(report.Damages) > 0 {
		r.named(report.Damages[0], whole, files, what)
	}
}

// named checks that a damage has the right place, and that no event is returned that was not written.
func (r *ruin) named(d *DamageError, whole []string, files map[string][]byte, what string) {
	r.Helper()
	before := int(d.Position) - 1
	if d.File == "" || before < 0 || before > len(r.want) || d.Offset > int64(len(files["log/"+d.File])) ||
		d.Reason.Zh == "" {
		r.Fatalf("%s: named as %+v", what, d)
	}
	if before > len(whole) || !slices.Equal(whole[:before], r.want[:before]) {
		r.Fatalf("%s: before %v %d events are handed out", what, d, len(whole))
	}
	rest := r.want
	for _, line := range whole {
		i := slices.Index(rest, line)
		if i < 0 {
			r.Fatalf("%s: handed out twice, out of order or changed: %s", what, line)
		}
		rest = rest[i+1:]
	}
}

// lineStarts returns the offsets of the lines, and of the end.
func lineStarts(data []byte) []int {
	starts := []int{0}
	for i, c := range data {
		if c == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}

// endsCommit reports whether the bytes of a segment end with a commit or the header.
func endsCommit(data []byte) bool { return bytes.HasSuffix(data, []byte("\"}\n")) }

func cutOut(data []byte, from, to int) []byte {
	return append(append([]byte{}, data[:from]...), data[to:]...)
}

func TestEveryByteThatIsChangedIsNamed(t *testing.T) {
	r := newRuin(t)
	rng := rand.New(rand.NewPCG(2, 2))
	for path, data := range r.files {
		for at := len(data) - 1; at >= 0; at -= thin {
			for _, value := range []byte{0, data[at] ^ byte(1+rng.IntN(255))} {
				changed := bytes.Clone(data)
				changed[at] = value
				end := path == r.last() && at == len(data)-1 && value == 0 // a commit cut short by a byte
				r.judge(r.with(path, changed), end, "byte %d of %s is %#x", at, path, value)
			}
		}
	}
	t.Logf("%d changes", r.seen)
}

func TestEveryRangeThatIsCutOutOrPutTwiceIsNamed(t *testing.T) {
	r := newRuin(t)
	for path, data := range r.files {
		starts := lineStarts(data)
		for i, from := range starts {
			for _, to := range starts[i+1:] {
				if (from+to)%thin != 0 {
					continue
				}
				r.judge(r.with(path, cutOut(data, from, to)), path == r.last() && to == len(data) &&
					endsCommit(data[:from]), "%d to %d of %s cut out", from, to, path)
				for _, at := range []int{to, 0, len(data)} {
					twice := slices.Concat(data[:at], data[from:to], data[at:])
					r.judge(r.with(path, twice), false, "%d to %d of %s put at %d too", from, to, path, at)
				}
			}
		}
	}
	t.Logf("%d changes", r.seen)
}

func TestRangesOfBytesThatAreCutOutOrClearedOrSwappedAreNamed(t *testing.T) {
	r := newRuin(t)
	rng := rand.New(rand.NewPCG(3, 3))
	for range 4000 / thin {
		path := segmentPath(1 + rng.IntN(len(r.files)))
		data := r.files[path]
		from := rng.IntN(len(data))
		to := from + 1 + min(rng.IntN(len(data)-from), rng.IntN(600))
		tail := path == r.last() && to == len(data)
		r.judge(r.with(path, cutOut(data, from, to)), tail && endsCommit(data[:from]), "%d to %d of %s cut out",
			from, to, path)
		noise := bytes.Clone(data)
		for i := from; i < to; i++ {
			noise[i] = byte(rng.Uint32())
		}
		r.judge(r.with(path, noise), false, "%d to %d of %s made noise", from, to, path)
		middle := from + (to-from)/2
		if swapped := slices.Concat(data[:from], data[middle:to], data[from:middle],
			data[to:]); !bytes.Equal(swapped, data) {
			r.judge(r.with(path, swapped), false, "%d, %d and %d of %s swapped", from, middle, to, path)
		}
	}
	t.Logf("%d changes", r.seen)
}

func segmentPath(number int) string { return "log/" + segmentName(uint64(number)) }

func TestAFileCutAtAnyByteIsNamedOrSaysHowFarTheLogReaches(t *testing.T) {
	r := newRuin(t)
	header := lineStarts(r.files[r.last()])[1]
	for path, data := range r.files {
		for end := 0; end < len(data); end += thin {
			last := path == r.last()
			r.judge(r.with(path, data[:end:end]), last && endsCommit(data[:end]), "%s cut at %d", path, end)
			if end%7 == 0 {
				r.judge(r.with(path, append(data[:end:end], make([]byte, 512)...)), last && end >= header,
					"%s cut at %d, then zeros", path, end)
			}
		}
	}
	t.Logf("%d changes", r.seen)
}

func TestFilesSwappedCopiedTakenAwayOrOldAreNamedOrSayHowFarTheLogReaches(t *testing.T) {
	r := newRuin(t)
	for path := range r.files {
		r.judge(r.with(path, nil), path == r.last(), "%s taken away", path)
		for other, data := range r.files {
			if other != path {
				files := r.with(path, data)
				r.judge(files, false, "%s in place of %s", other, path)
				files[other] = r.files[path]
				r.judge(files, false, "%s and %s swapped", other, path)
			}
		}
		beyond := maps.Clone(r.files)
		beyond[segmentPath(len(r.files)+1)] = r.files[path]
		r.judge(beyond, false, "%s once more at the end", path)
		for i, files := range r.old {
			if data := files[path]; data != nil && !bytes.Equal(data, r.files[path]) {
				r.judge(r.with(path, data), path == r.last(), "%s as it was at %d", path, i)
			}
		}
	}
	for i, files := range r.old {
		r.judge(files, true, "all as it was at %d", i)
	}
	t.Logf("%d changes", r.seen)
}
