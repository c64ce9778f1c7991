package logstore

// A backup in one file is a POSIX (ustar) archive that any tar lists and unpacks, to a directory that Open takes:
//
//	segment-000001.log, its header     512 bytes
//	its bytes up to the last commit    and zeros to the next multiple of 512
//	segment-000002.log, its header
//	…
//	zeros                              1024 bytes
//
// As with the log, every byte has one form only: mode 0640, owner 0, all of one date, nothing after the end. So there are
// no links, paths or extensions to be careful with, and what is not as Backup wrote it is damage. An archive packed by
// another hand can still be unpacked and restored as a directory.

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

const (
	blockBytes   = 512
	endBytes     = 2 * blockBytes
	memberMode   = 0o640
	memberAt     = 946684800 // 2000-01-01: a date that no tool finds odd, and the same every time
	partialName  = ".partial"
	growingName  = "backup.part" // in the directory of that name, until it is whole
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
	copy(h[checksumAt:], "        ") // as which it counts in itself
	h[156] = '0'                     // a regular file
	copy(h[257:], "ustar\x0000")
	sum := 0
	for _, c := range h {
		sum += int(c)
	}
	copy(h[checksumAt:], fmt.Sprintf(checksumForm, sum))
	return append(b, h[:]...)
}

// padding is how many zeros follow so many bytes.
func padding(size int64) int64 { return -size & (blockBytes - 1) }

// archive is a backup in one file, as a file system on which there is only its log, to be read.
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

// openArchive opens an archive and checks all of it but what the segments hold. What is not as it was written is a
// *DamageError.
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
			m.size, _ = strconv.ParseInt(string(header[sizeAt:sizeAt+sizeDigits]), 8, 64) // else it is not the header below
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

// read returns what there is of n bytes.
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
	reason := text.Say("这里应是备份中的 %s，或备份的结尾", "here must be %s as a backup has it, or the end of one", segmentName(uint64(len(a.members))+1))
	if at == 0 {
		reason = text.Say("这不是台账的备份文件，或开头已损坏", "this is no backup of a ledger, or its beginning is damaged")
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
func (memberFile) Close() error           { return nil } // the archive is closed as one

// BackupFile is Backup to one file, a tar archive of the segments. It appears under its name, in place of an earlier one
// of the same log, when all of it is durable; until then it grows in a directory beside it, of the same name and .partial.
// So there must be room for both. A run that ctx ended, or that was killed, leaves what is written, and the next one goes on
// from there, unless it was whole and only had to be synced: then it is written again. A run that fails takes away all
// that is there.
//
// A file that is anything but an earlier backup of this log is left as it is: the error is a *CopyError.
func BackupFile(ctx context.Context, dir, file string) (Report, error) {
	return backupFile(ctx, osFS{}, dir, file)
}

func backupFile(ctx context.Context, fs FS, dir, file string) (report Report, err error) {
	defer func() { err = noRoom(file, err) }()
	if err := holdsLog(fs, dir); err != nil {
		return Report{}, err
	}
	c, err := lockCopy(fs, file+partialName)
	if err != nil {
		return Report{}, err
	}
	grown := false // something is there to go on from
	defer func() {
		if !grown || err == nil || ctx.Err() == nil {
			c.discard()
		}
		err = errors.Join(err, c.unlock())
	}()
	old, err := openEarlier(fs, file)
	if err != nil {
		return Report{}, err
	}
	defer func() { err = errors.Join(err, old.close()) }()
	out, err := c.pack()
	if err != nil {
		return Report{}, err
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
		err = &CopyError{File: file} // it reaches further than the log
	}
	return w.report, out.finish(w.shut(err), file)
}

// earlier is the backup that is to be replaced, if there is one.
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

// precedes says what is wrong if the segment is not one that the earlier backup's log has become.
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

// packer writes an archive. What an earlier run has left is compared, and written from where it differs. That much of it
// need not be on the medium yet does no harm, for all of it is synced at the end; what a failed sync may have lost, though it
// can be read, is never met, for before the sync it takes another name.
type packer struct {
	*copied
	file File
	end  int64 // of what was written
	left int64 // how far what an earlier run has left may still be of use
}

func (c *copied) pack() (*packer, error) {
	_ = c.fs.Remove(filepath.Join(c.dir, freshName)) // of a run that ended in its last steps: its room is needed
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

// finish ends the archive and puts it in its place, unless there was an error.
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
	step("truncate", func() error { return p.file.Truncate(p.end) }) // an earlier run may have left more
	step("rename", func() error { return p.fs.Rename(filepath.Join(p.dir, growingName), fresh) })
	// Durably, or a power cut might leave the name beside the last one, and the next run would write to what is in place.
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

// discard takes away what an archive grew in. That it stays does no harm: the next run takes it up.
func (c *copied) discard() {
	for _, name := range []string{growingName, freshName} {
		_ = c.fs.Remove(filepath.Join(c.dir, name))
	}
	_ = c.fs.Remove(c.dir)
}

// RestoreFile is Restore from a backup in one file.
func RestoreFile(ctx context.Context, file, dir string) (Report, error) {
	return restoreFile(ctx, osFS{}, file, dir)
}

func restoreFile(ctx context.Context, fs FS, file, dir string) (report Report, err error) {
	a, err := openArchive(fs, file)
	if err != nil {
		return Report{}, err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	return restore(ctx, a, file, fs, dir)
}
