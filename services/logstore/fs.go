package logstore

import (
	"errors"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/taizhang/taizhang/services/files/filelock"
)

// FS is the file system of a store. The default is that of the operating system. Tests use file systems that fail or
// crash on purpose.
type FS interface {
	// Mkdir makes a directory in one that exists.
	Mkdir(dir string) error
	// Lock locks the directory until the result is closed. If another process has the lock, the error is a
	// *LockedError.
	Lock(dir string) (io.Closer, error)
	// List returns the names in the directory.
	List(dir string) ([]string, error)
	// Open opens a file that exists.
	Open(path string, write bool) (File, error)
	// Create opens a new empty file in place of any other.
	Create(path string) (File, error)
	Rename(from, to string) error
	Remove(path string) error
	// SyncDir makes the names in the directory durable.
	SyncDir(dir string) error
	// Writable returns an error if names in the directory cannot be changed.
	Writable(dir string) error
}

// File is an open file. Reads may run beside writes.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Size() (int64, error)
	Truncate(size int64) error
	// Allocate makes the file size bytes long. New bytes are zero. Writing within this size needs no more room. If the
	// file system cannot do that, Allocate changes nothing and the error is errors.ErrUnsupported.
	Allocate(size int64) error
	// Sync makes content and size durable.
	Sync() error
}

// osFS is the file system of the operating system.
type osFS struct {
	private bool // new files are for their owner alone, and not for the group
}

// like returns a file system that makes copies of a path as private as the path is.
func like(path string) osFS {
	info, err := os.Stat(path)
	return osFS{private: err == nil && info.Mode().Perm()&0o077 == 0}
}

// MakeDir makes a directory and its missing parents, and returns when their names are durable.
func MakeDir(dir string) error {
	return fileError("create directory", dir, "", makeDir(osFS{}, dir))
}

// makeDir makes the directory and its missing parents durably.
func makeDir(fs FS, dir string) error {
	parent := filepath.Dir(dir)
	names, err := fs.List(dir)
	if errors.Is(err, os.ErrNotExist) && parent != dir {
		if err := makeDir(fs, parent); err != nil {
			return err
		}
		if err = fs.Mkdir(dir); errors.Is(err, os.ErrExist) {
			err = nil
		}
	}
	if err != nil || len(names) > 0 {
		return err
	}
	return fs.SyncDir(parent) // also if the directory exists: its creator may have crashed before the name was durable
}

func (fs osFS) Mkdir(dir string) error {
	if fs.private {
		return os.Mkdir(dir, 0o700)
	}
	return os.Mkdir(dir, 0o750)
}

func (osFS) Lock(dir string) (io.Closer, error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	lock, err := filelock.Try(d)
	if errors.Is(err, filelock.ErrLocked) {
		return nil, &LockedError{Dir: dir}
	}
	if err != nil {
		return nil, err
	}
	if err := stillNamed(d); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return lock, nil
}

// stillNamed checks that a directory that is open and locked was not removed meanwhile, as BackupFile removes the
// directory of its partial file: another process may have made and locked a new directory with the same name.
func stillNamed(d *os.File) error {
	locked, err := d.Stat()
	if err != nil {
		return err
	}
	named, err := os.Stat(d.Name())
	if errors.Is(err, os.ErrNotExist) || err == nil && !os.SameFile(locked, named) {
		return &LockedError{Dir: d.Name()}
	}
	return err
}

func (osFS) List(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, err
}

func (fs osFS) Open(path string, write bool) (File, error) {
	mode := os.O_RDONLY
	if write {
		mode = os.O_RDWR
	}
	return fs.open(path, mode)
}

func (fs osFS) Create(path string) (File, error) {
	return fs.open(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC)
}

func (fs osFS) open(path string, mode int) (File, error) {
	permissions := os.FileMode(0o640)
	if fs.private {
		permissions = 0o600
	}
	f, err := os.OpenFile(path, mode, permissions)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (osFS) Rename(from, to string) error { return os.Rename(from, to) }
func (osFS) Remove(path string) error     { return os.Remove(path) }

func (osFS) SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func (osFS) Writable(dir string) error {
	return os.NewSyscallError("access", unix.Faccessat(unix.AT_FDCWD, dir, unix.W_OK|unix.X_OK, unix.AT_EACCESS))
}

type osFile struct{ *os.File }

func (f osFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (f osFile) Allocate(size int64) error {
	err := f.control("fallocate", func(fd int) error { return unix.Fallocate(fd, 0, 0, size) })
	if errors.Is(err, unix.EINVAL) { // some file systems report with EINVAL that they cannot allocate
		err = errors.Join(errors.ErrUnsupported, err)
	}
	return err
}

// Sync calls fdatasync. It omits only file times, which no reader needs.
func (f osFile) Sync() error { return f.control("fdatasync", unix.Fdatasync) }

// control runs a system call on the descriptor, and repeats it if a signal interrupts it. The descriptor stays open
// meanwhile.
func (f osFile) control(name string, call func(fd int) error) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		for failed = unix.EINTR; errors.Is(failed, unix.EINTR); {
			failed = call(int(fd))
		}
	})
	return errors.Join(err, os.NewSyscallError(name, failed))
}
