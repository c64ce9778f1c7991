package natsserver

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/files/filelock"
)

// lockName is the file that is locked while a server uses the directory.
const lockName = "lock"

// lockDir makes the directory if it does not exist, and locks it. The NATS server itself does not refuse a directory
// that another server has open: the two would overwrite each other's messages.
func lockDir(dir string) (*filelock.Lock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("natsserver: make the directory: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("natsserver: open the lock: %w", err)
	}
	lock, err := filelock.Try(f)
	if errors.Is(err, filelock.ErrLocked) {
		return nil, text.Errorf(text.Conflict, "预警推送目录 %s 正被另一个进程使用；请等它结束",
			"the directory %s of the alert feed is in use by another process; wait until it ends", dir)
	}
	if err != nil {
		return nil, fmt.Errorf("natsserver: %w", err)
	}
	return lock, nil
}
