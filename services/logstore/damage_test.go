package logstore

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/events"
)

// crashed writes the log of small and one more commit of n events, as a killed process leaves it: with allocated room
// after the end. It returns the lines before the commit, the lines with it, and the offset of the commit.
func crashed(t *testing.T, dir string, n int) (before, after []string, path string, begin, end int64) {
	t.Helper()
	before = small(t, dir)
	s := mustOpen(t, dir, Options{SegmentBytes: 16 << 10})
	mustAppend(t, s, "center-JX-0001", 0, batch("last", n))
	after = lines(t, s)
	g := s.writer.active
	path, begin, end = filepath.Join(dir, g.name), g.lastCommit, g.end
	data := readFile(t, path)
	mustClose(t, s)
	writeFile(t, path, data)
	return before, after, path, begin, end
}

func TestALastCommitCutAtAnyByteIsCutOffAndReported(t *testing.T) {
	dir := t.TempDir()
	before, after, path, begin, end := crashed(t, dir, 2)
	data := readFile(t, path)
	for cut := begin; cut <= end; cut++ {
		for _, room := range []int64{0, 1, int64(len(data)) - cut} {
			if room == 0 && cut != begin && cut != end {
				continue // no crash takes the room away
			}
			writeFile(t, path, append(bytes.Clone(data[:cut]), make([]byte, room)...))
			want := before
			if cut == end {
				want = after
			}
			if r, err := Verify(dir, nil); err != nil || len(r.Damages) > 0 ||
				(r.Torn != nil) != (cut != begin && cut != end) {
				t.Fatalf("cut at %d: verified as %+v, %v", cut, r, err)
			}
			s := mustOpen(t, dir, Options{FS: &faultFS{calm: true}, SegmentBytes: 16 << 10})
			r := s.Report()
			if cut == begin || cut == end {
				if r.Torn != nil {
					t.Fatalf("cut at %d, between commits: %+v", cut, r.Torn)
				}
			} else if r.Torn == nil ||
				*r.Torn != (TornTail{File: filepath.Base(path), Offset: begin, Bytes: cut - begin}) {
				t.Fatalf("cut at %d: reported %+v", cut, r.Torn)
			}
			if got := lines(t, s); !slices.Equal(got, want) {
				t.Fatalf("cut at %d: %d events, not %d", cut, len(got), len(want))
			}
			mustAppend(t, s, "center-JX-0001", 0, batch("last", 2))
			mustClose(t, s)
			if r, err := Verify(dir, nil); err != nil || r.Torn != nil || len(r.Damages) > 0 ||
				r.Records != uint64(len(after)) {
				t.Fatalf("cut at %d: after appending again %+v, %v", cut, r, err)
			}
		}
	}
}

func TestAFileThatEndsWithinACommitIsDamageAndNotATornTail(t *testing.T) {
	dir := t.TempDir()
	_, _, path, begin, end := crashed(t, dir, 2)
	data := readFile(t, path)
	for cut := begin + 1; cut < end; cut++ {
		writeFile(t, path, data[:cut])
		if r, err := Verify(dir, nil); err != nil || len(r.Damages) != 1 || r.Torn != nil {
			t.Fatalf("cut at %d: verified as %+v, %v", cut, r, err)
		}
		if _, err := Open(dir, Options{}); !errors.As(err, new(*DamageError)) || int64(len(readFile(t, path))) != cut {
			t.Fatalf("cut at %d: opened with %v", cut, err)
		}
	}
}

func TestALastCommitOfWhichSectorsWereNotWrittenIsCutOffAndReported(t *testing.T) {
	dir := t.TempDir()
	before, _, path, begin, end := crashed(t, dir, 10)
	data := readFile(t, path)
	first, sectors := begin/sectorBytes, (end-1)/sectorBytes-begin/sectorBytes+1
	if sectors < 4 || sectors > 10 {
		t.Fatalf("the commit spans %d sectors", sectors)
	}
	for written := range int64(1)<<sectors - 1 { // every subset but all
		torn := bytes.Clone(data)
		for i := range sectors {
			if written&(1<<i) == 0 {
				clear(torn[max(begin, (first+i)*sectorBytes):min(end, (first+i+1)*sectorBytes)])
			}
		}
		writeFile(t, path, torn)
		r, err := Verify(dir, nil)
		if err != nil || len(r.Damages) > 0 || (r.Torn == nil) != (written == 0) || r.Records != uint64(len(before)) {
			t.Fatalf("with sectors %b: %+v, %v", written, r, err)
		}
	}
}

func TestASectorLostBeforeTheLastCommitIsDamage(t *testing.T) {
	dir := t.TempDir()
	_, _, path, begin, _ := crashed(t, dir, 3)
	data := readFile(t, path)
	for at := int64(0); at+sectorBytes <= begin; at += sectorBytes {
		lost := bytes.Clone(data)
		clear(lost[at : at+sectorBytes])
		writeFile(t, path, lost)
		r, err := Verify(dir, nil)
		if err != nil || len(r.Damages) == 0 {
			t.Errorf("sector at %d: %+v, %v", at, r, err)
		}
	}
}

// The test clears the sector in which the last commit begins; the bytes before that commit had been complete. The log
// must notice it because more records are left than the last commit counts.
func TestASectorWhereCommitsMeetIsNotTakenForATornTail(t *testing.T) {
	for n := 3; n < 12; n++ {
		dir := t.TempDir()
		_, _, path, begin, _ := crashed(t, dir, n)
		data := readFile(t, path)
		clear(data[begin/sectorBytes*sectorBytes:][:sectorBytes])
		writeFile(t, path, data)
		if r, err := Verify(dir, nil); err != nil || len(r.Damages) == 0 {
			t.Errorf("%d records: %+v, %v", n, r, err)
		}
	}
}

func TestEveryFlippedBitIsFoundAndNoAcknowledgedEventIsTakenForATornTail(t *testing.T) {
	dir := t.TempDir()
	crashed(t, dir, 2)
	names, _ := filepath.Glob(filepath.Join(dir, "*.log"))
	for _, path := range names {
		data := readFile(t, path)
		end := len(bytes.TrimRight(data, "\x00"))
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		for at := 0; at < len(data); at++ {
			bits := []int{at % 8}
			if at%17 == 0 {
				bits = []int{0, 1, 2, 3, 4, 5, 6, 7}
			}
			if at > end+sectorBytes && at%19 != 0 && at%sectorBytes != 0 {
				continue // far into the zeros a few will do
			}
			for _, bit := range bits {
				_, _ = f.WriteAt([]byte{data[at] ^ 1<<bit}, int64(at))
				r, err := Verify(dir, nil)
				if err != nil || len(r.Damages) == 0 && (r.Torn == nil || at < end) {
					t.Fatalf("bit %d of %s byte %d: %+v, %v", bit, path, at, r, err)
				}
				if at%7 != 0 {
					continue // Open walks as Verify does; now and then is enough
				}
				_, err = Open(dir, Options{ReadOnly: true})
				var damage *DamageError
				if len(r.Damages) > 0 && (!errors.As(err, &damage) || damage.Text().Zh == "" ||
					*damage != *r.Damages[0]) {
					t.Fatalf("bit %d of %s byte %d: Open said %v, Verify %v", bit, path, at, err, r.Damages)
				}
			}
			_, _ = f.WriteAt(data[at:at+1], int64(at))
		}
		_ = f.Close()
	}
	if r, err := Verify(dir, nil); err != nil || len(r.Damages) > 0 || r.Torn != nil {
		t.Fatalf("put back: %+v, %v", r, err)
	}
}

func TestOpenRefusesADamagedLogAndDoesNotChangeIt(t *testing.T) {
	for name, harm := range map[string]func(t *testing.T, dir string){
		"a changed amount": func(t *testing.T, dir string) { replace(t, dir, "支出 a1/0", "支出 a1/9") },
		"a commit cut out": func(t *testing.T, dir string) {
			rewrite(t, dir, func(c []string) []string { return slices.Delete(c, 1, 2) })
		},
		"a commit put twice": func(t *testing.T, dir string) {
			rewrite(t, dir, func(c []string) []string { return slices.Insert(c, 1, c[1]) })
		},
		"two commits swapped": func(t *testing.T, dir string) {
			rewrite(t, dir, func(c []string) []string { c[1], c[2] = c[2], c[1]; return c })
		},
		"a missing segment": func(t *testing.T, dir string) { _ = os.Remove(filepath.Join(dir, segmentName(1))) },
		"two segments swapped": func(t *testing.T, dir string) {
			one, two := filepath.Join(dir, segmentName(1)), filepath.Join(dir, segmentName(2))
			a, b := readFile(t, one), readFile(t, two)
			writeFile(t, one, b)
			writeFile(t, two, a)
		},
		"zeros after a segment that is not the last": func(t *testing.T, dir string) {
			writeFile(t, filepath.Join(dir, segmentName(1)),
				append(readFile(t, filepath.Join(dir, segmentName(1))), 0))
		},
		"an empty last segment": func(t *testing.T, dir string) { writeFile(t, last(t, dir), nil) },
		"an unknown format":     func(t *testing.T, dir string) { replace(t, dir, `"format":1`, `"format":2`) },
		"text after the end": func(t *testing.T, dir string) {
			writeFile(t, last(t, dir), append(readFile(t, last(t, dir)), "hello\n"...))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			small(t, dir)
			harm(t, dir)
			was := snapshot(t, dir)
			_, err := Open(dir, Options{})
			var damage *DamageError
			if !errors.As(err, &damage) || damage.File == "" || damage.Position == 0 {
				t.Errorf("open: %v", err)
			}
			if r, err := Verify(dir, nil); err != nil || len(r.Damages) == 0 || r.Torn != nil {
				t.Errorf("verify: %+v, %v", r, err)
			}
			if !slices.Equal(snapshot(t, dir), was) {
				t.Error("the files were changed")
			}
		})
	}
}

func snapshot(t *testing.T, dir string) (out []string) {
	names, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, n := range names {
		out = append(out, n, string(readFile(t, n)))
	}
	return out
}

// replace changes the first file that has the text.
func replace(t *testing.T, dir, old, new string) {
	t.Helper()
	names, _ := filepath.Glob(filepath.Join(dir, "*.log"))
	for _, n := range names {
		if data := readFile(t, n); bytes.Contains(data, []byte(old)) {
			writeFile(t, n, bytes.Replace(data, []byte(old), []byte(new), 1))
			return
		}
	}
	t.Fatalf("no file has %q", old)
}

// rewrite changes the list of commits of the first segment.
func rewrite(t *testing.T, dir string, change func([]string) []string) {
	t.Helper()
	path := filepath.Join(dir, segmentName(1))
	header, rest, _ := strings.Cut(string(readFile(t, path)), "\n")
	commits := strings.SplitAfter(rest, "\"}\n")
	writeFile(t, path, []byte(header+"\n"+strings.Join(change(commits[:len(commits)-1]), "")))
}

func TestVerifyGoesOnAfterDamageAndFindsTheNext(t *testing.T) {
	dir := t.TempDir()
	want := small(t, dir)
	replace(t, dir, "支出 a1/0", "支出 a1/9")
	replace(t, dir, "支出 p3/0", "支出 p3/9")
	var whole []string
	r, err := Verify(dir, func(e events.Stored) error { whole = append(whole, string(e.Bytes)); return nil })
	if err != nil || len(r.Damages) != 2 || r.Damages[0].Position != 5 {
		t.Fatalf("%+v, %v", r, err)
	}
	want = slices.DeleteFunc(want, func(line string) bool {
		return strings.Contains(line, "支出 a1/") || strings.Contains(line, "支出 p3/")
	})
	if !slices.Equal(whole, want) {
		t.Errorf("%d events are whole, not %d", len(whole), len(want))
	}
}

func TestALineChangedUnderAnOpenStoreIsNotHandedOut(t *testing.T) {
	dir := t.TempDir()
	small(t, dir)
	s := mustOpen(t, dir, Options{})
	replace(t, dir, "支出 a1/0", "支出 a1/9")
	n := 0
	for _, err := range s.ReadStream(t.Context(), "center-ZJ-0007", 0) {
		var damage *DamageError
		if n++; n == 4 && (!errors.As(err, &damage) || damage.Position != 5) {
			t.Errorf("it was handed out with %v", err)
		}
	}
	if n != 4 {
		t.Errorf("%d steps", n)
	}
}

// The test opens logs with lines in other forms, under correct checksums.
func TestARecordThatIsNotInItsOnlyFormIsDamage(t *testing.T) {
	const good = `{"position":1,"stream":"policy","revision":1,"recordedAt":"2026-11-23T11:17:46.123456Z","id":"0191d3f0-0000-7000-8000-0000000000ab","kind":"policy.adopted","event":{"version":1}}`
	if err := feed(t, good); err != nil {
		t.Fatalf("the line as written: %v", err)
	}
	for old, changed := range map[string]string{
		`{"position":1,`: `{"position":01,`, `"position":1,"stream"`: `"position":2,"stream"`,
		`"revision":1`: `"revision":2`,
		`"revision":`:  `"revision": `, `"stream":"policy"`: `"stream":"pol\u0069cy"`, `"policy",`: `"",`,
		`.123456Z`: `.123Z`,
		`11:17`:    `24:17`, `17:46`: `60:46`, `46.1`: `60.1`, `2026-11-23`: `2026-02-29`, `46.123456Z`: `46.123456z`,
		`T11`:  ` 11`,
		`2026`: `1969`, `0191d3f0`: `0191D3F0`, `0191d3f0-`: `0191d3f00`,
		`0191d3f0-0000-7000-8000-0000000000ab`: `00000000-0000-0000-0000-000000000000`,
		`"policy.adopted"`:                     `"policy adopted"`, `{"version":1}}`: `{"version":1}`,
		`{"version":1}`: `1`,
		`"event"`:       `"Event"`,
		`"position":1`:  `"position":18446744073709551617`, `}}`: `}} `, `{"position"`: ` {"position"`,
	} {
		line := strings.Replace(good, old, changed, 1)
		var damage *DamageError
		if err := feed(t, line); line == good || !errors.As(err, &damage) {
			t.Errorf("%s: %v", line, err)
		}
	}
}

func TestASecondRecordMustGoOnFromTheFirst(t *testing.T) {
	const first = `{"position":1,"stream":"policy","revision":1,"recordedAt":"2026-11-23T11:17:46.123456Z","id":"0191d3f0-0000-7000-8000-0000000000ab","kind":"policy.adopted","event":{"version":1}}`
	good := strings.NewReplacer(`:1,"s`, `:2,"s`, `:1,"r`, `:2,"r`).Replace(first)
	if err := feed(t, first, good); err != nil {
		t.Fatalf("the lines as written: %v", err)
	}
	for old, changed := range map[string]string{`:2,"s`: `:3,"s`, `:2,"r`: `:1,"r`, `.123456Z`: `.123455Z`} {
		var damage *DamageError
		if err := feed(t, first, strings.Replace(good, old, changed, 1)); !errors.As(err, &damage) ||
			damage.Position != 2 {
			t.Errorf("%s for %s: %v", changed, old, err)
		}
	}
}

// staleFS is the operating system's file system, except that the first read of each file misses some bytes that were
// written before others that it has, as may happen beside a writer.
type staleFS struct {
	osFS
	from, to int64
}

func (f staleFS) Open(path string, write bool) (File, error) {
	file, err := f.osFS.Open(path, write)
	return &staleFile{File: file, fs: f}, err
}

type staleFile struct {
	File
	fs   staleFS
	read bool
}

func (f *staleFile) ReadAt(b []byte, at int64) (int, error) {
	n, err := f.File.ReadAt(b, at)
	if !f.read {
		clear(b[f.fs.from:f.fs.to])
	}
	f.read = true
	return n, err
}

func TestWhatAReaderSawHalfOfItLooksAtAgain(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, Options{SegmentBytes: 16 << 10})
	mustAppend(t, s, "policy", 0, batch("a", 3))
	mustAppend(t, s, "policy", 3, batch("b", 3))
	from := s.writer.active.lastCommit + 10
	r := mustOpen(t, dir, Options{ReadOnly: true, FS: staleFS{from: from, to: from + 20}})
	if got := lines(t, r); len(got) != 6 || r.Report().Torn != nil {
		t.Errorf("%d events, %+v", len(got), r.Report())
	}
	if r, err := verify(staleFS{from: from, to: from + 20}, dir, nil); err != nil || r.Records != 6 || r.Torn != nil ||
		len(r.Damages) > 0 {
		t.Errorf("verified as %+v, %v", r, err)
	}
}

func TestAFileOverTheLimitIsDamageAndNotRead(t *testing.T) {
	dir := t.TempDir()
	small(t, dir)
	if err := os.Truncate(last(t, dir), segmentBytesMax+1); err != nil { // which takes no room on the disk
		t.Fatal(err)
	}
	var damage *DamageError
	if _, err := Open(dir, Options{}); !errors.As(err, &damage) ||
		!strings.Contains(damage.Text().En, "over the limit") {
		t.Errorf("open: %v", err)
	}
	if r, err := Verify(dir, nil); err != nil || len(r.Damages) != 1 ||
		!strings.Contains(r.Damages[0].Text().En, "over the limit") {
		t.Errorf("verify: %+v, %v", r, err)
	}
}

// feed opens a log of one commit with these lines and a correct checksum.
func feed(t *testing.T, lines ...string) error {
	t.Helper()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, segmentName(1)), sealed(strings.Join(lines, "\n")+"\n"))
	s, err := Open(dir, Options{ReadOnly: true})
	if err == nil {
		mustClose(t, s)
	}
	return err
}
