package logstore

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// packed returns the backup of a log in one file.
func packed(t *testing.T, files map[string][]byte) []byte {
	t.Helper()
	d := holding(files)
	if _, err := backupFile(t.Context(), d.start(), "log", "copy.tar"); err != nil {
		t.Fatal(err)
	}
	for path := range d.files() {
		if strings.HasPrefix(path, "copy.tar.") {
			t.Fatalf("it left %s behind", path)
		}
	}
	return d.files()["copy.tar"]
}

// unpack restores a backup in one file to the directory copy.
func unpack(ctx context.Context, data []byte) (*disk, error) {
	d := holding(map[string][]byte{"b.tar": data})
	fs := d.start()
	_, err := restoreFile(ctx, fs, "b.tar", "copy")
	return d, err
}

func TestABackupFileUnderLoadIsAPrefixThatHoldsAllThatWasAnswered(t *testing.T) {
	dir, file := t.TempDir(), filepath.Join(t.TempDir(), "copy.tar")
	s := mustOpen(t, dir, Options{SegmentBytes: 64 << 10})
	answered, more, stop := writeOn(t, s)
	var copies [][]string
	for len(copies) < 16 || len(copies[len(copies)-1]) == len(copies[0]) { // until something was appended meanwhile
		more()
		before := answered.Load()
		r, err := BackupFile(t.Context(), dir, file)
		if err != nil || r.Records < before || r.Records%20 != 0 {
			t.Fatalf("%+v, %v; %d were answered before", r, err, before)
		}
		back := filepath.Join(t.TempDir(), "back")
		if again, err := RestoreFile(t.Context(), file, back); err != nil || again.Records != r.Records {
			t.Fatalf("of %+v came back %+v, %v", r, again, err)
		}
		c := mustOpen(t, back, Options{})
		copies = append(copies, lines(t, c))
		mustAppend(t, c, "policy", r.Records, batch("on", 1))
		mustClose(t, c)
	}
	stop()
	want := lines(t, s)
	for _, got := range copies {
		if !slices.Equal(got, want[:len(got)]) {
			t.Fatal("a copy is not the beginning of the log")
		}
	}
}

func TestABackupFileIsAnArchiveThatAnyTarUnpacks(t *testing.T) {
	dir, file, out := t.TempDir(), filepath.Join(t.TempDir(), "copy.tar"), t.TempDir()
	want := small(t, dir)
	if _, err := BackupFile(t.Context(), dir, file); err != nil {
		t.Fatal(err)
	}
	packed := tar.NewReader(bytes.NewReader(readFile(t, file)))
	for {
		h, err := packed.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || h.Typeflag != tar.TypeReg || h.Mode != memberMode || h.ModTime.UTC().Year() != 2000 ||
			h.Format != tar.FormatUSTAR {
			t.Fatalf("%+v, %v", h, err)
		}
		data, err := io.ReadAll(packed)
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(out, h.Name), data)
	}
	if got := lines(t, mustOpen(t, out, Options{})); !slices.Equal(got, want) {
		t.Errorf("%d events were unpacked of %d", len(got), len(want))
	}
}

func TestABackupFileCutShortAnywhereIsTheEarlierOneOrAllOfIt(t *testing.T) {
	r := newRuin(t)
	old, want := packed(t, r.old[len(r.old)/2]), packed(t, r.files)
	for _, there := range [][]byte{nil, old} {
		files := maps.Clone(r.files)
		if there != nil {
			files["copy.tar"] = there
		}
		run := func(fs FS) error {
			_, err := backupFile(t.Context(), fs, "log", "copy.tar")
			return err
		}
		cutShort(t, files, run, func(d *disk, what string) {
			if left := d.files()["copy.tar"]; !bytes.Equal(left, there) && !bytes.Equal(left, want) {
				t.Fatalf("%s: it left another file of %d bytes", what, len(left))
			}
			if err := run(d.start()); err != nil {
				t.Fatalf("%s: again: %v", what, err)
			}
			d.cut(loss{percent: 100})
			if !bytes.Equal(d.files()["copy.tar"], want) {
				t.Fatalf("%s: again, it is another file", what)
			}
		})
	}
}

// A backup is interrupted repeatedly, by errors, kills and power cuts, while the log grows. In the end it must equal
// an uninterrupted one.
func TestABackupFileCutShortAgainAndAgainIsTheSame(t *testing.T) {
	r := newRuin(t)
	faults := 0
	for seed := range uint64(3000 / thin) {
		rng := rand.New(rand.NewPCG(seed, 7))
		stages := []map[string][]byte{r.old[rng.IntN(len(r.old))], r.files} // the log before it grows, and after
		stage := 0
		d := holding(stages[0])
		d.rng = rng
		grow := func() {
			files := d.files()
			stage++
			maps.Copy(files, stages[stage])
			d = holding(files)
			d.rng = rng
		}
		for {
			b := errs[rng.IntN(len(errs))]
			if rng.IntN(2) == 0 {
				b = blow{extent: extent(rng.IntN(3))}
			}
			b.call = 1 + rng.IntN(90)
			d.arm(b)
			_, err := backupFile(t.Context(), d.start(), "log", "copy.tar")
			d.arm(blow{})
			if l := losses[rng.IntN(len(losses))]; err != nil && l.percent >= 0 {
				d.cut(l)
			}
			if errors.As(err, new(*CopyError)) {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if err != nil {
				if faults++; stage == 0 && rng.IntN(4) == 0 {
					grow()
				}
				continue
			}
			d.cut(loss{percent: 100})
			if got := d.files()["copy.tar"]; !bytes.Equal(got, packed(t, stages[stage])) {
				t.Fatalf("seed %d: %d bytes, which is another file", seed, len(got))
			}
			if stage == len(stages)-1 {
				break
			}
			grow()
		}
	}
	t.Logf("%d faults", faults)
}

// another returns the files of another log.
func another(t *testing.T) map[string][]byte {
	h := newHistory(t, 2)
	h.open()
	h.do(appendMany)
	mustClose(t, h.store)
	return h.disk.files()
}

// stuck is a file system on which nothing can be removed.
type stuck struct{ FS }

func (stuck) Remove(string) error { return syscall.EIO }

// Bytes that a failed sync has lost can still be read, and the partial file stays if it cannot be removed.
func TestABackupFileDoesNotGoOnFromWhatAFailedSyncLost(t *testing.T) {
	r := newRuin(t)
	want, syncs := packed(t, r.files), 0
	for seed, call := uint64(0), 1; ; seed++ {
		if seed == 20 {
			seed, call = 0, call+1
		}
		d := holding(r.files)
		d.rng = rand.New(rand.NewPCG(seed, uint64(call)))
		d.arm(blow{call: call, err: syscall.EIO, extent: none})
		_, err := backupFile(t.Context(), stuck{d.start()}, "log", "copy.tar")
		_, struck := d.told()
		if struck == "" {
			break
		}
		if struck != "sync" {
			continue
		}
		syncs++
		if err == nil {
			t.Fatalf("call %d: nobody heard of it", call)
		}
		d.arm(blow{})
		if _, err := backupFile(t.Context(), d.start(), "log", "copy.tar"); err != nil {
			t.Fatal(err)
		}
		d.cut(loss{percent: 100})
		if !bytes.Equal(d.files()["copy.tar"], want) {
			t.Fatalf("call %d: after a power cut it is another file", call)
		}
	}
	if syncs == 0 {
		t.Error("no sync failed")
	}
}

// metered counts the bytes written to the archive, and can end the work after a number of bytes.
type metered struct {
	FS
	bytes  int
	end    int // when to call enough; 0 for never
	enough func()
}

func (m *metered) Create(path string) (File, error) { return m.of(path)(m.FS.Create(path)) }

func (m *metered) Open(path string, write bool) (File, error) {
	return m.of(path)(m.FS.Open(path, write))
}

func (m *metered) of(path string) func(File, error) (File, error) {
	return func(f File, err error) (File, error) {
		if err != nil || filepath.Base(path) != growingName {
			return f, err
		}
		return &meteredFile{f, m}, nil
	}
}

type meteredFile struct {
	File
	m *metered
}

func (f *meteredFile) WriteAt(b []byte, at int64) (int, error) {
	if f.m.bytes += len(b); f.m.end > 0 && f.m.bytes >= f.m.end {
		f.m.enough()
	}
	return f.File.WriteAt(b, at)
}

func TestABackupFileThatIsInterruptedGoesOnWhereItWas(t *testing.T) {
	r := newRuin(t)
	want := packed(t, r.files)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for step := 1; ; step++ {
		d, total, runs := holding(r.files), 0, 0
		for ; ; runs++ {
			ctx, cancel := context.WithCancel(t.Context())
			m := &metered{FS: d.start(), end: step * len(want) / 7, enough: cancel}
			_, err := backupFile(ctx, m, "log", "copy.tar")
			total += m.bytes
			cancel()
			if err == nil {
				break
			}
			if !errors.Is(err, context.Canceled) || d.files()["copy.tar"] != nil {
				t.Fatal(err)
			}
			if _, err := backupFile(ended, d.start(), "log", "copy.tar"); !errors.Is(err, context.Canceled) {
				// which keeps what is there
				t.Fatal(err)
			}
		}
		if got := d.files()["copy.tar"]; !bytes.Equal(got, want) || total != len(want) || runs == 0 && step == 1 {
			t.Fatalf("step %d: %d bytes after %d interruptions, %d written for %d", step, len(got), runs,
				total, len(want))
		}
		for path := range d.files() {
			if strings.HasPrefix(path, "copy.tar.") {
				t.Fatalf("it left %s behind", path)
			}
		}
		if runs == 0 {
			return
		}
	}
}

// The partial file of an interrupted run may be of a shorter log, of another log, or changed since.
func TestABackupFileGoesOnOnlyFromWhatIsStillTrue(t *testing.T) {
	r := newRuin(t)
	other := another(t)
	want := packed(t, r.files)
	for what, before := range map[string]map[string][]byte{
		"of a shorter log": r.old[len(r.old)/2], "of another log": other, "of this log": r.files} {
		for at := 0; at < len(want); at += 5 * thin {
			d := holding(before)
			ctx, cancel := context.WithCancel(t.Context())
			_, err := backupFile(ctx, &metered{FS: d.start(), end: at + 1, enough: cancel}, "log", "copy.tar")
			cancel()
			files := d.files()
			maps.DeleteFunc(files, func(path string, _ []byte) bool { return strings.HasPrefix(path, "log/") })
			maps.Copy(files, r.files)
			if left := files["copy.tar.partial/"+growingName]; err != nil && at%2 == 1 && len(left) > 0 {
				left = bytes.Clone(left)
				left[at%len(left)] ^= 1
				files["copy.tar.partial/"+growingName] = append(left, want...) // longer than what will be
			}
			if err == nil {
				delete(files, "copy.tar")
			}
			d = holding(files)
			if _, err := backupFile(t.Context(), d.start(), "log", "copy.tar"); err != nil ||
				!bytes.Equal(d.files()["copy.tar"], want) {
				t.Fatalf("%s, interrupted after %d bytes: %v", what, at, err)
			}
		}
	}
}

func TestARestoreFromAFileCutShortAnywhereIsNothingOrDoesNotOpen(t *testing.T) {
	r := newRuin(t)
	run := func(fs FS) error {
		_, err := restoreFile(t.Context(), fs, "b.tar", "copy")
		return err
	}
	cutShort(t, map[string][]byte{"b.tar": packed(t, r.files)}, run, func(d *disk, what string) {
		left := copyOn(d)
		s, opened := Open("copy", Options{FS: d.start(), ReadOnly: true})
		var damage *DamageError
		if whole := maps.EqualFunc(left, copies(r.files), bytes.Equal); len(left) > 0 && !whole &&
			!errors.As(opened, &damage) {
			t.Fatalf("%s: it left %d files and opens: %v", what, len(left), opened)
		}
		if opened == nil {
			mustClose(t, s)
		}
	})
}

func TestABackupFileOfWhichAByteWasChangedIsNotRestored(t *testing.T) {
	r := newRuin(t)
	good := packed(t, r.files)
	if d, err := unpack(t.Context(), good); err != nil || !maps.EqualFunc(copyOn(d), copies(r.files), bytes.Equal) {
		t.Fatalf("as it was, it is not restored: %v", err)
	}
	for at := 0; at < len(good); at += thin {
		bad := bytes.Clone(good)
		bad[at] ^= byte(1 + at%255)
		var damage *DamageError
		d, err := unpack(t.Context(), bad)
		if !errors.As(err, &damage) || damage.Text().Zh == "" || len(copyOn(d)) > 0 {
			t.Fatalf("byte %d: %v, %d files", at, err, len(copyOn(d)))
		}
		if at%31 > 0 {
			continue
		}
		files := maps.Clone(r.files)
		files["copy.tar"] = bad
		var other *CopyError
		d = holding(files)
		if _, err := backupFile(t.Context(), d.start(), "log", "copy.tar"); !errors.As(err, &other) ||
			!bytes.Equal(d.files()["copy.tar"], bad) {
			t.Fatalf("byte %d: a backup in its place: %v", at, err)
		}
	}
	for end := 0; end < len(good); end += 13 {
		for _, bad := range [][]byte{good[:end], slices.Concat(good[:end], make([]byte, endBytes)),
			slices.Concat(good, good[:end+1])} {
			var damage *DamageError
			if d, err := unpack(t.Context(), bad); !bytes.Equal(bad, good) &&
				(!errors.As(err, &damage) || len(copyOn(d)) > 0) {
				t.Fatalf("of %d bytes, or as many too many: %v, %d files", end, err, len(copyOn(d)))
			}
		}
	}
}

// The test restores malicious archives.
func TestAnArchiveThatBackupDidNotWriteIsNotRestored(t *testing.T) {
	r := newRuin(t)
	first := r.files[segmentPath(1)]
	name := segmentName(1)
	for what, headers := range map[string][]tar.Header{
		"a path upwards":     {{Name: "../" + name}},
		"an absolute path":   {{Name: "/tmp/" + name}},
		"a path downwards":   {{Name: "log/" + name}},
		"this directory":     {{Name: "./" + name}},
		"a symbolic link":    {{Name: name, Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}},
		"a hard link":        {{Name: name, Typeflag: tar.TypeLink, Linkname: "/etc/passwd"}},
		"a device":           {{Name: name, Typeflag: tar.TypeChar, Devmajor: 1, Devminor: 5}},
		"a pipe":             {{Name: name, Typeflag: tar.TypeFifo}},
		"a directory":        {{Name: name + "/", Typeflag: tar.TypeDir}},
		"the same one twice": {{Name: name}, {Name: name}},
		"a gap":              {{Name: name}, {Name: segmentName(3)}},
		"the second only":    {{Name: segmentName(2)}},
		"another file":       {{Name: name}, {Name: "notes.txt"}},
		"another mode":       {{Name: name, Mode: 0o777}},
		"extensions":         {{Name: name, Format: tar.FormatPAX, PAXRecords: map[string]string{"TAIZHANG.a": "b"}}},
		"a name by GNU":      {{Name: strings.Repeat("../", 50) + name, Format: tar.FormatGNU}},
		"nothing":            {},
	} {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		for _, h := range headers {
			body := first
			if h.Typeflag == 0 {
				h.Size = int64(len(first))
			} else {
				body = nil
			}
			if h.Mode == 0 {
				h.Mode = memberMode
			}
			if err := w.WriteHeader(&h); err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			if _, err := w.Write(body); err != nil {
				t.Fatalf("%s: %v", what, err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		parent := t.TempDir()
		file, dir := filepath.Join(parent, "b.tar"), filepath.Join(parent, "to")
		writeFile(t, file, b.Bytes())
		var damage *DamageError
		if _, err := RestoreFile(t.Context(), file, dir); !errors.As(err, &damage) {
			t.Errorf("%s: %v", what, err)
		}
		if all, err := os.ReadDir(parent); err != nil || len(all) != 1 {
			t.Errorf("%s: it left %v, %v", what, all, err)
		}
	}
	for _, size := range []int64{0, -1, int64(len(first)) + 1, segmentBytesMax + 1, 1<<33 - 1} {
		data := slices.Concat(appendMember(nil, name, size), first, make([]byte, padding(int64(len(first)))+endBytes))
		var damage *DamageError
		if d, err := unpack(t.Context(), data); !errors.As(err, &damage) || len(copyOn(d)) > 0 {
			t.Errorf("a member that says it has %d bytes: %v", size, err)
		}
	}
	torn := r.files[segmentPath(1)][:lineStarts(first)[2]] // ends in a newline, but not in a commit
	data := slices.Concat(appendMember(nil, name, int64(len(torn))), torn,
		make([]byte, padding(int64(len(torn)))+endBytes))
	var damage *DamageError
	if d, err := unpack(t.Context(), data); !errors.As(err, &damage) || len(copyOn(d)) > 0 {
		t.Errorf("a log that ends within a commit: %v", err)
	}
}

func TestABackupFileTakesThePlaceOfAnEarlierOneOnly(t *testing.T) {
	r := newRuin(t)
	other := another(t)
	for what, there := range map[string][]byte{
		"of another ledger": packed(t, other),
		"that reaches on":   packed(t, r.files),
		"not a backup":      []byte("notes\n"),
		"nothing":           {},
		"a first segment":   r.files[segmentPath(1)],
		"an end only":       make([]byte, endBytes),
		"one cut in between": slices.Concat(appendMember(nil, segmentName(1), 1), []byte("\n"),
			make([]byte, blockBytes-1+endBytes)),
	} {
		files := maps.Clone(r.old[len(r.old)/2])
		files["copy.tar"] = there
		d := holding(files)
		_, err := backupFile(t.Context(), d.start(), "log", "copy.tar")
		var refused *CopyError
		if !errors.As(err, &refused) || refused.Text().Zh == "" || !maps.EqualFunc(d.files(), files, bytes.Equal) {
			t.Errorf("%s: %v, %d files", what, err, len(d.files()))
		}
	}
}

func TestABackupFileOfDamageLeavesTheEarlierOne(t *testing.T) {
	r := newRuin(t)
	old := packed(t, r.old[len(r.old)/2])
	for path, data := range r.files {
		for at := 0; at < len(data)-1; at += 97 {
			changed := bytes.Clone(data)
			changed[at] ^= 1
			files := r.with(path, changed)
			files["copy.tar"] = old
			d := holding(files)
			_, err := backupFile(t.Context(), d.start(), "log", "copy.tar")
			var damage *DamageError
			if !errors.As(err, &damage) || !maps.EqualFunc(d.files(), files, bytes.Equal) {
				t.Errorf("%s changed at %d: %v, %d files", path, at, err, len(d.files()))
			}
		}
	}
}

func TestABackupWithoutRoomSaysWhereAndLeavesTheEarlierOne(t *testing.T) {
	r := newRuin(t)
	old := packed(t, r.old[len(r.old)/2])
	files := maps.Clone(r.files)
	files["copy.tar"] = old
	for _, cause := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG} {
		for name, run := range map[string]func(fs FS) error{
			"backup to a directory": func(fs FS) error {
				_, err := backup(t.Context(), fs, "log", "copy")
				return err
			},
			"backup to a file": func(fs FS) error {
				_, err := backupFile(t.Context(), fs, "log", "copy.tar")
				return err
			},
			"restore": func(fs FS) error {
				_, err := restore(t.Context(), fs, "log", fs, "back")
				return err
			},
		} {
			d := holding(files)
			fs := d.start()
			room := &RoomError{}
			if err := run(&roomless{FS: fs, err: cause}); !errors.As(err, &room) || !errors.Is(err, cause) ||
				!strings.Contains(room.Text().Zh, room.Path) {
				t.Errorf("%s: %v", name, err)
			}
			if !bytes.Equal(d.files()["copy.tar"], old) {
				t.Errorf("%s: the earlier backup is another", name)
			}
			if err := run(fs); err != nil {
				t.Errorf("%s, when there is room: %v", name, err)
			}
		}
	}
}

// roomless has no room for writes to new files.
type roomless struct {
	FS
	err error
}

func (r *roomless) Create(path string) (File, error) {
	f, err := r.FS.Create(path)
	return &roomlessFile{f, r.err}, err
}

type roomlessFile struct {
	File
	err error
}

func (f *roomlessFile) WriteAt(b []byte, at int64) (int, error) {
	n, err := f.File.WriteAt(b[:len(b)/2], at)
	return n, errors.Join(err, f.err)
}

func TestBackupAndRestoreTakeTheRightFilesOnly(t *testing.T) {
	dir, parent := t.TempDir(), t.TempDir()
	small(t, dir)
	file := filepath.Join(parent, "new", "b.tar")
	if _, err := BackupFile(t.Context(), filepath.Join(parent, "none"), file); !errors.Is(err, syscall.ENOENT) {
		t.Errorf("backup from nowhere: %v", err)
	}
	if _, err := RestoreFile(t.Context(), file, filepath.Join(parent, "to")); !errors.Is(err, syscall.ENOENT) {
		t.Errorf("restore from nowhere: %v", err)
	}
	if _, err := BackupFile(t.Context(), dir, file); err != nil {
		t.Fatal(err)
	}
	lock, err := lockCopy(osFS{}, file+PartialName)
	if err != nil {
		t.Fatal(err)
	}
	var locked *LockedError
	if _, err := BackupFile(t.Context(), dir, file); !errors.As(err, &locked) {
		t.Errorf("two backups at once: %v", err)
	}
	if err := lock.unlock(); err != nil {
		t.Fatal(err)
	}
	if _, err := RestoreFile(t.Context(), file, filepath.Dir(file)); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("restore to a directory with a file: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := BackupFile(ctx, dir, file); !errors.Is(err, context.Canceled) {
		t.Errorf("backup that is to end: %v", err)
	}
	if _, err := RestoreFile(ctx, file, filepath.Join(parent, "to")); !errors.Is(err, context.Canceled) {
		t.Errorf("restore that is to end: %v", err)
	}
	if all, err := os.ReadDir(filepath.Dir(file)); err != nil || len(all) != 1 || all[0].Name() != "b.tar" {
		t.Errorf("beside the backup there are %v, %v", all, err)
	}
	writeFile(t, file+PartialName, []byte("kept"))
	if _, err := BackupFile(t.Context(), dir, file); !errors.Is(err, syscall.ENOTDIR) ||
		string(readFile(t, file+PartialName)) != "kept" {
		t.Errorf("where the name beside is taken: %v", err)
	}
}

// FuzzRestoreFile restores random bytes as a backup in one file, and as the first segment of one. A restored backup
// must pack to the same bytes again.
func FuzzRestoreFile(f *testing.F) {
	pack := func(segments ...[]byte) (out []byte) {
		for i, data := range segments {
			out = appendMember(out, segmentName(uint64(i)+1), int64(len(data)))
			out = append(append(out, data...), make([]byte, padding(int64(len(data))))...)
		}
		return append(out, make([]byte, endBytes)...)
	}
	const record = `{"position":1,"stream":"policy","revision":1,"recordedAt":"2026-11-23T11:17:46.123456Z","id":"0191d3f0-0000-7000-8000-0000000000ab","kind":"policy.adopted","event":{"version":1}}` + "\n"
	first := sealed(record)
	f.Add(pack(first))
	f.Add(pack(first, appendHeader(nil, 2, 2, 0)))
	f.Add(first)
	f.Add(pack(first)[:700])
	f.Add(pack())
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, data := range [][]byte{data, pack(data)} {
			d, err := unpack(t.Context(), data)
			if err != nil {
				if left := copyOn(d); len(left) > 0 || !errors.As(err, new(*DamageError)) {
					t.Fatalf("%v, and it left %d files", err, len(left))
				}
				continue
			}
			log := map[string][]byte{}
			for path, data := range copyOn(d) {
				log[strings.Replace(path, "copy/", "log/", 1)] = data
			}
			if again := packed(t, log); !bytes.Equal(again, data) {
				t.Fatalf("%q packs to %q", data, again)
			}
		}
	})
}
