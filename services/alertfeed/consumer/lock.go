package consumer

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/files/filelock"
)

// lockSuffix is added to the name of a state to name the file that is locked while the state is in use. The state
// itself cannot be locked, because it is replaced by new files.
const lockSuffix = ".lock"

// lock locks a state until the result is closed or the process ends. The code of the error is text.Conflict if
// another process has locked it.
func lock(state string) (*filelock.Lock, error) {
	f, err := os.OpenFile(state+lockSuffix, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	lock, err := filelock.Try(f)
	if errors.Is(err, filelock.ErrLocked) {
		return nil, text.Errorf(text.Conflict,
			"状态文件 %s 正由另一个 taizhang alerts watch 或 taizhang alerts board 使用",
			"the state %s is in use by another alerts watch or alerts board", state)
	}
	return lock, err
}

// fdatasync makes the content of a file durable.
func fdatasync(f *os.File) error {
	if err := unix.Fdatasync(int(f.Fd())); err != nil {
		return &os.PathError{Op: "fdatasync", Path: f.Name(), Err: err}
	}
	return nil
}
