package logstore

// A backup in one file is a POSIX (ustar) archive. Any tar program can list and unpack it, to a directory that Open
// accepts:
//
//	segment-000001.log, its header     512 bytes
//	its bytes up to the last commit    and zeros to the next multiple of 512
//	segment-000002.log, its header
//	…
//	zeros                              1024 bytes
//
// As in the log, every byte has one form only: mode 0640, owner 0, one fixed date, and nothing after the end. So a
// reader does not need to handle links, paths or extensions, and every other form is damage. An archive packed by
// another program can still be unpacked and restored as a directory.

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/taizhang/taizhang/events/text"
)

// PartialName ends the name of what is not complete, or not in its place yet.
const PartialName = ".partial"

const (
	blockBytes   = 512
	endBytes     = 2 * blockBytes
	memberMode   = 0o640
	memberAt     = 946684800     // 2000-01-01: a fixed date that every tool accepts
	growingName  = "backup.part" // the name of the archive, in a directory beside it, until it is complete
	sizeAt       = 124           // in a header
	sizeDigits   = 11
	checksumAt   = 148
	checksumForm = "%06o\x00 "
)

// appendMember appends the header of a member.
func appendMember(b []byte, name string, size int64) []byte {
	var h [blockBytes]byte
	copy(h[:100], name)
	copy(h[100:], fmt.Sprintf("%07o\x00%07o\x00%07o\x00", memberMode, 0, 0)) // mode, user, group
	copy(h[sizeAt:], fmt.Sprintf("%0*o\x00%011o\x00", sizeDigits, size, memberAt))
	copy(h[checksumAt:], "        ") // the checksum is computed with blanks in its own place
	h[156] = '0'                     // a regular file
	copy(h[257:], "ustar\x0000")
	sum := 0
	for _, c := range h {
		sum += int(c)
	}
	copy(h[checksumAt:], fmt.Sprintf(checksumForm, sum))
	return append(b, h[:]...)
}

// padding returns the number of zeros that follow a member of a size.
func padding(size int64) int64 { return -size & (blockBytes - 1) }

// archive is a backup in one file, opened as a read-only file system that has only the log.
type archive struct {
	FS
	path    string
	file    File
	members []member
}

// member is a segment in an archive.
type member struct {
	name     string
	at, size int64
}

// openArchive opens an archive and checks all of it except the content of the segments. It returns a *DamageError if
// the archive differs from the form in which BackupFile writes it.
func openArchive(fs FS, path string) (*archive, error) {
	f, err := fs.Open(path, false)
	if err != nil {
		return nil, fileError("open", path, "", err)
	}
	a := &archive{FS: fs, path: path, file: f}
	if err := a.list(); err != nil {
		return nil, errors.Join(err, a.close())
	}
	return a, nil
}

func (a *archive) list() error {
	size, err := a.file.Size()
	if err != nil {
		return fileError("stat", a.path, "", err)
	}
	for at := int64(0); ; {
		m := member{name: segmentName(uint64(len(a.members)) + 1), at: at + blockBytes}
		header, err := a.read(at, blockBytes)
		if err != nil {
			return err
		}
		if len(a.members) > 0 && len(header) > 0 && header[0] == 0 {
			if at+endBytes != size {
				return a.damage(at)
			}
			return a.expect(at, make([]byte, endBytes))
		}
		if len(header) == blockBytes {
			// a wrong number fails the comparison below
			m.size, _ = strconv.ParseInt(string(header[sizeAt:sizeAt+sizeDigits]), 8, 64)
		}
		if m.size <= 0 || !bytes.Equal(header, appendMember(nil, m.name, m.size)) {
			return a.damage(at)
		}
		at = m.at + m.size - 1 // a segment ends in a newline
		rest := append([]byte("\n"), make([]byte, padding(m.size))...)
		if err := a.expect(at, rest); err != nil {
			return err
		}
		at += int64(len(rest))
		a.members = append(a.members, m)
	}
}

// read returns n bytes from an offset, or fewer at the end of the file.
func (a *archive) read(at, n int64) ([]byte, error) {
	b := make([]byte, n)
	got, err := a.file.ReadAt(b, at)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fileError("read", a.path, "", err)
	}
	return b[:got], nil
}

func (a *archive) expect(at int64, want []byte) error {
	got, err := a.read(at, int64(len(want)))
	if err == nil && !bytes.Equal(got, want) {
		err = a.damage(at)
	}
	return err
}

func (a *archive) damage(at int64) error {
	reason := text.Say("这里应是备份中的 %s，或备份的结尾", "here must be %s as a backup has it, or the end of one",
		segmentName(uint64(len(a.members))+1))
	if at == 0 {
		reason = text.Say("这不是台账的备份文件，或开头已损坏",
			"this is no backup of a ledger, or its beginning is damaged")
	}
	return &DamageError{File: a.path, Offset: at, Position: 1, Reason: reason}
}

func (a *archive) close() error { return fileError("close", a.path, "", a.file.Close()) }

// List implements FS.
func (a *archive) List(string) ([]string, error) {
	names := make([]string, len(a.members))
	for i, m := range a.members {
		names[i] = m.name
	}
	return names, nil
}

// Open implements FS.
func (a *archive) Open(path string, _ bool) (File, error) {
	for _, m := range a.members {
		if m.name == filepath.Base(path) {
			return memberFile{a.file, m}, nil
		}
	}
	return nil, os.ErrNotExist
}

// memberFile is a member of an archive as a file to read.
type memberFile struct {
	File
	member
}

func (f memberFile) ReadAt(b []byte, at int64) (int, error) {
	return io.NewSectionReader(f.File, f.at, f.size).ReadAt(b, at)
}
func (f memberFile) Size() (int64, error) { return f.size, nil }
func (memberFile) Close() error           { return nil } // closing the archive closes all members

// BackupFile copies the log in dir to one file, a tar archive of the segments. It makes the same checks as Backup.
// The complete and durable archive appears under its name and replaces an earlier backup of the same log. Until then
// it grows in a directory beside it, with the same name and .partial. So there must be room for both files. If ctx
// ends a run, or the run is killed, the partial file stays, and the next run resumes it. A partial file that was
// complete but not synced is written again. A run that fails removes the partial file.
//
// BackupFile does not change a file that is not an earlier backup of this log: it returns a *CopyError.
func BackupFile(ctx context.Context, dir, file string) (ScanReport, error) {
	return backupFile(ctx, like(dir), dir, file)
}

func backupFile(ctx context.Context, fs FS, dir, file string) (report ScanReport, err error) {
	defer func() { err = noRoom(file, err) }()
	if err := holdsLog(fs, dir); err != nil {
		return ScanReport{}, err
	}
	c, err := lockCopy(fs, file+PartialName)
	if err != nil {
		return ScanReport{}, err
	}
	grown := false // whether there is a partial file to resume
	defer func() {
		if !grown || err == nil || ctx.Err() == nil {
			c.discard()
		}
		err = errors.Join(err, c.unlock())
	}()
	old, err := openEarlier(fs, file)
	if err != nil {
		return ScanReport{}, err
	}
	defer func() { err = errors.Join(err, old.close()) }()
	out, err := c.pack()
	if err != nil {
		return ScanReport{}, err
	}
	grown = out.left > 0
	w := newScan(fs, dir, nil)
	w.unlocked = true
	w.whole = func(g *segment, commits []byte) error {
		if err := cmp.Or(ctx.Err(), old.precedes(g, commits)); err != nil {
			return err
		}
		grown = true
		return out.add(g.name, commits)
	}
	if _, err = w.walk(false); err == nil && len(old.members) > w.report.Segments {
		err = &CopyError{File: file} // the file has more events than the log
	}
	return w.report, out.finish(w.shut(err), file)
}

// earlier is the backup to be replaced, or nil if there is none.
type earlier struct{ *archive }

func openEarlier(fs FS, path string) (earlier, error) {
	a, err := openArchive(fs, path)
	var damage *DamageError
	if errors.As(err, &damage) {
		err = &CopyError{File: path}
	}
	if errors.Is(err, os.ErrNotExist) {
		return earlier{&archive{}}, nil
	}
	return earlier{a}, err
}

func (e earlier) close() error {
	if e.file == nil {
		return nil
	}
	return e.archive.close()
}

// precedes returns an error if the earlier backup's part of a segment is not a beginning of the segment.
func (e earlier) precedes(g *segment, commits []byte) error {
	i := int(g.number) - 1
	if i >= len(e.members) {
		return nil
	}
	m, last := e.members[i], i == len(e.members)-1
	if m.size > int64(len(commits)) || m.size < int64(len(commits)) && !last {
		return &CopyError{File: e.path}
	}
	there, err := e.read(m.at, m.size)
	if err == nil && !bytes.HasPrefix(commits, there) {
		err = &CopyError{File: e.path}
	}
	return err
}

// packer writes an archive. It compares the archive with the partial file of an earlier run, and writes from the
// first difference on. The equal part may not be on the medium yet, but everything is synced at the end. After a
// failed sync a file may be readable although the medium has lost a part of it. The packer never resumes such a file,
// because the file gets another name before the sync.
type packer struct {
	*copied
	file File
	end  int64 // the end of the written bytes
	left int64 // the end of the bytes of an earlier run that may still be equal
}

func (c *copied) pack() (*packer, error) {
	_ = c.fs.Remove(filepath.Join(c.dir, freshName)) // frees the room of a run that ended in its last steps
	path := filepath.Join(c.dir, growingName)
	f, err := c.fs.Open(path, true)
	if errors.Is(err, os.ErrNotExist) {
		f, err = c.fs.Create(path)
	}
	if err != nil {
		return nil, fileError("open", c.dir, growingName, err)
	}
	p := &packer{copied: c, file: f}
	if p.left, err = f.Size(); err != nil {
		return nil, errors.Join(fileError("stat", c.dir, growingName, err), f.Close())
	}
	return p, nil
}

func (p *packer) write(b []byte) error {
	for was := make([]byte, min(int64(len(b)), 1<<20)); len(b) > 0 && p.end < p.left; {
		was = was[:min(len(was), len(b))]
		n, err := p.file.ReadAt(was, p.end)
		if err != nil && !errors.Is(err, io.EOF) {
			return fileError("read", p.dir, growingName, err)
		}
		if !bytes.Equal(was[:n], b[:len(was)]) {
			p.left = 0
			break
		}
		p.end, b = p.end+int64(n), b[n:]
	}
	if len(b) == 0 {
		return nil
	}
	_, err := p.file.WriteAt(b, p.end)
	p.end += int64(len(b))
	return fileError("write", p.dir, growingName, err)
}

func (p *packer) add(name string, commits []byte) error {
	header := appendMember(make([]byte, padding(p.end)), name, int64(len(commits)))
	return cmp.Or(p.write(header), p.write(commits))
}

// finish completes the archive and renames it to its path, unless there was an error.
func (p *packer) finish(err error, path string) error {
	step := func(op string, do func() error) {
		if err == nil {
			err = fileError(op, p.dir, growingName, do())
		}
	}
	fresh := filepath.Join(p.dir, freshName)
	if err == nil {
		err = p.write(make([]byte, padding(p.end)+endBytes))
	}
	step("truncate", func() error { return p.file.Truncate(p.end) }) // the file of an earlier run may be longer
	step("rename", func() error { return p.fs.Rename(filepath.Join(p.dir, growingName), fresh) })
	// The rename must be durable. Otherwise a power cut might leave both names, and the next run would write into the
	// file that is already in its place.
	step("sync directory", func() error { return p.fs.SyncDir(p.dir) })
	step("sync", p.file.Sync)
	err = errors.Join(err, fileError("close", p.dir, growingName, p.file.Close()))
	step("rename", func() error { return p.fs.Rename(fresh, path) })
	if err != nil {
		return err
	}
	parent := filepath.Dir(path)
	return fileError("sync directory", parent, "", p.fs.SyncDir(parent))
}

// discard removes the directory of the partial file. If that fails, the next run resumes the file.
func (c *copied) discard() {
	for _, name := range []string{growingName, freshName} {
		_ = c.fs.Remove(filepath.Join(c.dir, name))
	}
	_ = c.fs.Remove(c.dir)
}

// RestoreFile does the same as Restore, from a backup in one file.
func RestoreFile(ctx context.Context, file, dir string) (ScanReport, error) {
	return restoreFile(ctx, like(file), file, dir)
}

func restoreFile(ctx context.Context, fs FS, file, dir string) (report ScanReport, err error) {
	a, err := openArchive(fs, file)
	if err != nil {
		return ScanReport{}, err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	return restore(ctx, a, file, fs, dir)
}
