// Package files opens the files that a user names, and writes new files. A new file is complete and durable, or it
// does not exist.
package files

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/taizhang/taizhang/events/text"
)

// Open opens a regular file for reading and returns its size in bytes. It refuses a pipe or a device, because these
// can be read only once and have no size.
func Open(path string) (f *os.File, size int64, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return nil, 0, text.Errorf(text.Invalid, "%s 不是普通文件：请先存成文件",
			"%s is not a regular file: save it as one first", path)
	}
	f, err = os.Open(path)
	return f, info.Size(), err
}

// smallBytesMax is the maximum size of a file that ReadSmall reads.
const smallBytesMax = 1 << 20

// ReadSmall reads a regular file of at most 1 MiB, such as a key, a checkpoint, a cosignature or a trust file.
func ReadSmall(path string) ([]byte, error) {
	f, size, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if size > smallBytesMax {
		return nil, text.Errorf(text.Invalid, "%s 过大，不会是所要的文件",
			"%s is too large to be what is asked for", path)
	}
	return io.ReadAll(io.LimitReader(f, smallBytesMax))
}

// Free returns an error if a new file cannot be created at a path. Either its directory does not exist, or something
// exists at the path already: a filed report is never overwritten.
func Free(path string) error {
	dir := filepath.Dir(path)
	if info, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return &text.Error{Code: text.NotFound, Cause: err,
			What: text.Say("没有目录 %s", "there is no directory %s", dir)}
	} else if err != nil {
		return err
	} else if !info.IsDir() {
		return &fs.PathError{Op: "open", Path: dir, Err: syscall.ENOTDIR}
	}
	_, err := os.Lstat(path)
	switch {
	case err == nil:
		return exists(path)
	case errors.Is(err, fs.ErrNotExist):
		return nil
	}
	return err
}

func exists(path string) error {
	return text.Errorf(text.Conflict, "%s 已经存在，不会覆盖；请换一个文件名，或先移走它",
		"%s exists already and will not be overwritten; choose another name, or move it away first", path)
}

// unfinished is the beginning of the name of a file that is not complete yet.
const unfinished = ".taizhang-"

// rename replaces the name of an unfinished file in an error by the name that the user gave.
func rename(err error, path string) {
	var failed *fs.PathError
	if errors.As(err, &failed) && strings.HasPrefix(filepath.Base(failed.Path), unfinished) {
		failed.Path = path
	}
}

// Create writes a new file. The file appears under its name only when it is complete and durable. Create never
// overwrites an existing file.
func Create(path string, write func(io.Writer) error) (err error) {
	if err := Free(path); err != nil {
		return err
	}
	defer func() { rename(err, path) }()
	f, err := os.CreateTemp(filepath.Dir(path), unfinished+"*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // does nothing after the file was renamed
	if err := errors.Join(cmp.Or(write(f), f.Chmod(0o644), f.Sync()), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); errors.Is(err, fs.ErrExist) {
		return exists(path)
	} else if err != nil { // the file system has no links
		if err := os.Rename(f.Name(), path); err != nil {
			return err
		}
	}
	return SyncDir(filepath.Dir(path))
}
