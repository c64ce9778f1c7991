// Package filelock locks files and directories between processes, and between the goroutines of one (flock).
package filelock

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// ErrLocked is the error of Try if the file is locked already.
var ErrLocked = errors.New("filelock: locked by another")

// Lock is a lock of an open file or directory. It holds until Close, or until the process ends.
type Lock struct{ f *os.File }

// Try locks an open file or directory, which the lock closes in the end. It does not wait: if another process or
// another open of the same file holds the lock, the error is ErrLocked. After an error f is closed.
func Try(f *os.File) (*Lock, error) {
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case err == nil:
			return &Lock{f}, nil
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EWOULDBLOCK):
			err = ErrLocked
		default:
			err = &os.PathError{Op: "lock", Path: f.Name(), Err: err}
		}
		return nil, errors.Join(err, f.Close())
	}
}

// Close unlocks the file and closes it. A program that this process is just starting holds a copy of every open file
// for a moment, so to close the file alone would leave it locked for that moment.
func (l *Lock) Close() error {
	err := unix.Flock(int(l.f.Fd()), unix.LOCK_UN)
	if err != nil {
		err = &os.PathError{Op: "unlock", Path: l.f.Name(), Err: err}
	}
	return errors.Join(err, l.f.Close())
}
