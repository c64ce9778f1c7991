package logstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/taizhang/taizhang/events/text"
)

// Backup copies the log in dir to dest, which it creates if needed. Another process may be writing to dir. The copy is
// a snapshot of the log at one moment: it has every append that was acknowledged before Backup began, and it has all
// of a batch or nothing of it. All copied bytes are checked; damage ends Backup with a *DamageError.
//
// At every moment dest is a log that opens. So Backup can be interrupted anywhere and run again; it copies only the
// missing part. If dest has segments that are not those of an earlier copy, Backup changes nothing and returns a
// *CopyError. It ignores other files in dest. If the writer lost its last
// commit in a power cut before acknowledging it, a copy may still have that commit; such a copy is no earlier copy
// either.
func Backup(ctx context.Context, dir, dest string) (ScanReport, error) {
	return backup(ctx, like(dir), dir, dest)
}

func backup(ctx context.Context, fs FS, dir, dest string) (report ScanReport, err error) {
	defer func() { err = noRoom(dest, err) }()
	if err := holdsLog(fs, dir); err != nil {
		return ScanReport{}, err
	}
	c, err := lockCopy(fs, dest)
	if err != nil {
		return ScanReport{}, err
	}
	defer func() { err = errors.Join(err, c.unlock()) }()
	names, err := newScan(fs, dest, nil).names()
	if err != nil {
		return ScanReport{}, err
	}
	w := newScan(fs, dir, nil)
	w.unlocked = true
	w.whole = func(g *segment, commits []byte) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !slices.Contains(names, g.name) {
			return c.write(g.name, commits)
		}
		there, err := c.read(g.name)
		if err != nil || bytes.Equal(there, commits) {
			return err
		}
		if !bytes.HasPrefix(commits, there) {
			return &CopyError{Dir: dest, File: g.name}
		}
		return c.write(g.name, commits)
	}
	if _, err = w.walk(false); err == nil && len(names) > w.report.Segments {
		err = &CopyError{Dir: dest, File: names[w.report.Segments]}
	}
	if err == nil {
		err = c.syncNames() // also the names of an interrupted Backup
	}
	return w.report, w.shut(err)
}

// Restore checks all of a backup and then copies it to dir. dir must be empty or not exist; otherwise the error is
// ErrNotEmpty. A Restore that fails leaves nothing. An interrupted Restore leaves nothing, or a log that does not open
// because its first segment is missing, but never a shorter log. In that case clear the directory and restore again.
//
// A name that ends in PartialName does not count: what is restored with the log is prepared there, on the same file
// system. The directory lost+found does not count either: a file system that is mounted at dir has it.
func Restore(ctx context.Context, from, dir string) (ScanReport, error) {
	return restore(ctx, osFS{}, from, like(from), dir)
}

func restore(ctx context.Context, source FS, from string, fs FS, dir string) (report ScanReport, err error) {
	defer func() { err = noRoom(dir, err) }()
	if err := holdsLog(source, from); err != nil {
		return ScanReport{}, err
	}
	w := newScan(source, from, nil)
	var sums []uint32
	w.whole = func(_ *segment, commits []byte) error {
		sums = append(sums, crc32.Checksum(commits, castagnoli))
		return ctx.Err()
	}
	_, err = w.walk(false)
	defer func() { err = w.shut(err) }()
	if torn := w.report.Torn; err == nil && torn != nil { // Backup never leaves a torn tail, so this is later damage
		err = &DamageError{File: torn.File, Offset: torn.Offset, Position: w.position + 1,
			Reason: text.Say("备份止于一次未完成的写入", "the backup ends within a commit")}
	}
	if err != nil {
		return w.report, err
	}
	c, err := lockCopy(fs, dir)
	if err != nil {
		return w.report, err
	}
	defer func() { err = errors.Join(err, c.unlock()) }()
	names, err := fs.List(dir)
	names = slices.DeleteFunc(names, func(name string) bool {
		return strings.HasSuffix(name, PartialName) || name == "lost+found"
	})
	if err == nil && len(names) > 0 {
		err = notEmpty(dir, slices.Min(names))
	}
	if err != nil {
		return w.report, err
	}
	defer func() {
		if err != nil {
			c.clear(w.segments)
		}
	}()
	for i, g := range slices.Backward(w.segments) { // the first segment last: without it the log does not open
		commits := make([]byte, g.end)
		if _, err := g.file.ReadAt(commits, 0); err != nil && !errors.Is(err, io.EOF) {
			return w.report, fileError("read", from, g.name, err)
		}
		if crc32.Checksum(commits, castagnoli) != sums[i] {
			return w.report, &DamageError{
				File: g.name, Position: 1,
				Reason: text.Say("文件在恢复期间被改动", "the file was changed while it was restored")}
		}
		if err := errors.Join(ctx.Err(), c.write(g.name, commits)); err != nil {
			return w.report, err
		}
	}
	return w.report, nil
}

// holdsLog returns an error if a directory has no log.
func holdsLog(fs FS, dir string) error {
	names, err := newScan(fs, dir, nil).names()
	if err == nil && len(names) == 0 {
		err = fileError("open", dir, segmentName(1), syscall.ENOENT)
	}
	return err
}

// copied is the directory to which a copy is written.
type copied struct {
	fs   FS
	dir  string
	lock io.Closer
}

func lockCopy(fs FS, dir string) (*copied, error) {
	if err := makeDir(fs, dir); err != nil {
		return nil, fileError("create directory", dir, "", err)
	}
	lock, err := fs.Lock(dir)
	var locked *LockedError
	if err != nil && !errors.As(err, &locked) {
		err = fileError("lock directory", dir, "", err)
	}
	return &copied{fs: fs, dir: dir, lock: lock}, err
}

func (c *copied) unlock() error { return fileError("unlock", c.dir, "", c.lock.Close()) }

func (c *copied) read(name string) (data []byte, err error) {
	f, err := c.fs.Open(filepath.Join(c.dir, name), false)
	if err != nil {
		return nil, fileError("open", c.dir, name, err)
	}
	w := newScan(c.fs, c.dir, nil)
	data, err = w.load(&segment{name: name, file: f}, nil)
	return data, errors.Join(err, fileError("close", c.dir, name, f.Close()))
}

// write writes a file. The file appears under its name, and replaces any other, when all of it is durable.
func (c *copied) write(name string, data []byte) (err error) {
	fresh := filepath.Join(c.dir, freshName)
	f, err := c.fs.Create(fresh)
	if err != nil {
		return fileError("create", c.dir, name, err)
	}
	step := func(op string, do func() error) {
		if err == nil {
			err = fileError(op, c.dir, name, do())
		}
	}
	step("write", func() error { _, err := f.WriteAt(data, 0); return err })
	step("sync", f.Sync)
	err = errors.Join(err, fileError("close", c.dir, name, f.Close()))
	step("rename", func() error { return c.fs.Rename(fresh, filepath.Join(c.dir, name)) })
	if err != nil {
		_ = c.fs.Remove(fresh) // free the room; the next run replaces the file in any case
		return err
	}
	return c.syncNames()
}

// clear removes the written part of a log, so that the log can be written again. It removes the first segment durably
// before the others: a log with the first segment but without the last would open as a shorter log.
func (c *copied) clear(segments []*segment) {
	for i, g := range segments {
		_ = c.fs.Remove(filepath.Join(c.dir, g.name))
		if i == 0 && c.syncNames() != nil {
			return
		}
	}
}

func (c *copied) syncNames() error {
	return fileError("sync directory", c.dir, "", c.fs.SyncDir(c.dir))
}

// ErrNotEmpty is in the error of a restore to a directory that is not empty.
var ErrNotEmpty = errors.New("logstore: restore: the directory is not empty")

func notEmpty(dir, file string) error {
	err := text.Errorf(text.Conflict,
		"目录 %s 不是空的，其中有 %s；没有恢复任何内容，请换一个空目录。若是上次恢复中断所留，先清空它",
		"the directory %s is not empty, %s is in it; nothing was restored, take an empty directory. If a restore "+
			"was cut short there, clear it first", dir, file)
	err.Cause = ErrNotEmpty
	return err
}

// CopyError is the error that a backup may not write to a directory because File is not of the same log. If Dir is
// empty, File is not an earlier backup in one file.
type CopyError struct{ Dir, File string }

// ErrorCode returns the code of package text: the destination has other files.
func (e *CopyError) ErrorCode() text.ErrorCode { return text.Conflict }

// Text returns the error as a message for a user.
func (e *CopyError) Text() text.Text {
	if e.Dir == "" {
		return text.Say("文件 %s 不是这份台账先前的备份，或已损坏；未作改动，请换一个文件名",
			"the file %s is no earlier backup of this ledger, or is damaged; it was left as it is, take another name",
			e.File)
	}
	return text.Say("目录 %s 中的 %s 不属于这份台账；请换一个空目录",
		"%[2]s in the directory %[1]s is not of this ledger; take an empty directory", e.Dir, e.File)
}

// Error implements error.
func (e *CopyError) Error() string { return fmt.Sprintf("logstore: copy: %s", e.Text().En) }

// RoomError is the error that there is no room for a copy. The log and any earlier copy are unchanged.
type RoomError struct {
	Path string // of the copy
	Err  error
}

// ErrorCode returns the code of package text: room must be made first.
func (e *RoomError) ErrorCode() text.ErrorCode { return text.Unavailable }

// Text returns the error as a message for a user.
func (e *RoomError) Text() text.Text {
	if errors.Is(e.Err, syscall.EFBIG) {
		return text.Say(
			"%s 超过所在文件系统或限额允许的文件大小；请备份到目录，或换一个位置。台账和先前的备份不受影响",
			"%s is larger than a file may be there; back up to a directory, or to another place. The ledger and any "+
				"earlier backup are safe", e.Path)
	}
	return text.Say(
		"%s 所在的磁盘空间或配额已用尽；请在那里腾出空间，或换一个位置，再运行一次。台账和先前的备份不受影响",
		"the disk or quota that holds %s is full; make room there, or take another place, and run it again. The "+
			"ledger and any earlier backup are safe", e.Path)
}

// Error implements error.
func (e *RoomError) Error() string { return fmt.Sprintf("logstore: copy to %s: %v", e.Path, e.Err) }

// Unwrap returns the *FileError.
func (e *RoomError) Unwrap() error { return e.Err }

// noRoom turns the error of a full disk into a *RoomError. It returns other errors unchanged.
func noRoom(path string, err error) error {
	var file *FileError
	if errors.As(err, &file) && file.Full() {
		return &RoomError{Path: path, Err: err}
	}
	return err
}
