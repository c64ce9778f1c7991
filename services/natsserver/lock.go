package natsserver

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/taizhang/taizhang/events/text"
)

// lockName is the file that is locked while a server uses the directory.
const lockName = "lock"

// lockDir makes the directory if it does not exist, and locks it until unlockDir. The NATS server itself does not
// refuse a directory that another server has open: the two would overwrite each other's messages.
func lockDir(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("natsserver: make the directory: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("natsserver: open the lock: %w", err)
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		_ = f.Close()
		return nil, text.Errorf(text.Conflict, "预警推送目录 %s 正被另一个进程使用；请等它结束",
			"the directory %s of the alert feed is in use by another process; wait until it ends", dir)
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("natsserver: lock %s: %w", f.Name(), err)
	}
	return f, nil
}

// unlockDir unlocks a directory, even if a program that is being started holds a copy of the file for a moment.
func unlockDir(f *os.File) error {
	return errors.Join(unix.Flock(int(f.Fd()), unix.LOCK_UN), f.Close())
}
