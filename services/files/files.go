// Package files opens the files that a user names, and writes new ones: whole and durable, or not at all.
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

// Open opens a regular file for reading and returns its size in bytes. A pipe or a device can be read once at most and says
// no size.
func Open(path string) (f *os.File, size int64, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return nil, 0, text.Errorf(text.Invalid, "%s 不是普通文件：请先存成文件", "%s is not a regular file: save it as one first", path)
	}
	f, err = os.Open(path)
	return f, info.Size(), err
}

// Free refuses a path where a new file cannot come to be: there is something already, for a report filed is never
// overwritten, or its directory is not there.
func Free(path string) error {
	dir := filepath.Dir(path)
	if info, err := os.Stat(dir); err != nil {
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
	return text.Errorf(text.Conflict, "%s 已经存在，不会覆盖；请换一个文件名，或先移走它", "%s exists already and will not be overwritten; choose another name, or move it away first", path)
}

// unfinished begins the name of a file until it is whole.
const unfinished = ".taizhang-"

// rename puts the name that a user gave into an error about an unfinished file, whose own name he never sees.
func rename(err error, path string) {
	var failed *fs.PathError
	if errors.As(err, &failed) && strings.HasPrefix(filepath.Base(failed.Path), unfinished) {
		failed.Path = path
	}
}

// Create writes a new file. It appears under its name whole and durable, or not at all; what is there already is never
// overwritten.
func Create(path string, write func(io.Writer) error) (err error) {
	if err := Free(path); err != nil {
		return err
	}
	defer func() { rename(err, path) }()
	f, err := os.CreateTemp(filepath.Dir(path), unfinished+"*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone already when it was renamed
	if err := errors.Join(cmp.Or(write(f), f.Chmod(0o644), f.Sync()), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); errors.Is(err, fs.ErrExist) {
		return exists(path)
	} else if err != nil { // a file system without links
		if err := os.Rename(f.Name(), path); err != nil {
			return err
		}
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
