package logstore

import (
	"errors"
	"fmt"
	"path/filepath"
	"syscall"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// LockedError is the error that another process has the directory open.
type LockedError struct{ Dir string }

// ErrorCode returns the code of package text: try again when the other process has ended.
func (e *LockedError) ErrorCode() text.ErrorCode { return text.Unavailable }

// Text returns the error as a message for a user.
func (e *LockedError) Text() text.Text {
	return text.Say("台账目录 %s 正被另一个进程使用；请等它结束，或经由它查询",
		"the ledger in %s is in use by another process; wait until it ends, or ask it", e.Dir)
}

// Error implements error.
func (e *LockedError) Error() string { return "logstore: lock: " + e.Text().En }

// DamageError is the error that a segment differs from what was written. Offset is in bytes from the start of the
// file. Position is that of the first event that may be damaged.
type DamageError struct {
	File     string
	Offset   int64
	Position uint64
	Reason   text.Text
}

// ErrorCode returns the code of package text: the files are damaged.
func (e *DamageError) ErrorCode() text.ErrorCode { return text.Internal }

// Text returns the error as a message for a user.
func (e *DamageError) Text() text.Text {
	at := text.Say("台账文件 %s 第 %d 字节处（序号 %d 起）损坏：",
		"ledger file %s is damaged at byte %d (from position %d on): ", e.File, e.Offset, e.Position)
	return text.Text{Zh: at.Zh + e.Reason.Zh, En: at.En + e.Reason.En}
}

// Error implements error.
func (e *DamageError) Error() string { return "logstore: " + e.Text().En }

// FileError is the error that the operating system refused an operation on a file or directory of the store.
type FileError struct {
	Op   string // such as "write"
	Path string
	Err  error
}

// ErrorCode returns the code of package text: the operating system refused an operation.
func (e *FileError) ErrorCode() text.ErrorCode { return text.Unavailable }

// Text returns the error as a message for a user.
func (e *FileError) Text() text.Text {
	why := text.Say("读写失败（%v）", "it failed (%v)", e.Err)
	switch {
	case e.Full():
		why = text.Say("磁盘空间或配额已用尽；腾出空间后再试，已入账的记录不受影响",
			"the disk or quota is full; make room and try again, nothing recorded is lost")
	case errors.Is(e.Err, syscall.EROFS), errors.Is(e.Err, syscall.EACCES), errors.Is(e.Err, syscall.EPERM):
		why = text.Say("只读或没有权限", "it is read-only or not permitted")
	case errors.Is(e.Err, syscall.ENOTDIR):
		why = text.Say("路径中有一部分是文件而不是目录", "part of the path is a file, not a directory")
	case errors.Is(e.Err, syscall.ENOENT):
		why = text.Say("它不存在", "it does not exist")
	}
	op, ok := chineseOps[e.Op]
	if !ok {
		op = e.Op
	}
	return text.Text{Zh: fmt.Sprintf("台账文件 %s（%s）：", e.Path, op) + why.Zh,
		En: fmt.Sprintf("ledger file %s, %s: ", e.Path, e.Op) + why.En}
}

// chineseOps holds the Chinese words for the operations that fail when a directory is full, read-only or not
// permitted.
var chineseOps = map[string]string{
	"create directory": "建立目录", "lock directory": "锁定目录", "sync directory": "把目录存入磁盘", "list": "列目录",
	"open":   "打开",
	opCreate: "新建", "rename": "更名", opAllocate: "预留空间", "read": "读", "write": "写", "write header": "写首行",
	"truncate": "截短", "sync": "存入磁盘",
}

// Full reports whether there was no room: the disk, a quota or a limit on the size of a file.
func (e *FileError) Full() bool {
	return errors.Is(e.Err, syscall.ENOSPC) || errors.Is(e.Err, syscall.EDQUOT) || errors.Is(e.Err, syscall.EFBIG)
}

// Error implements error.
func (e *FileError) Error() string { return fmt.Sprintf("logstore: %s %s: %v", e.Op, e.Path, e.Err) }

// Unwrap returns the error of the operating system.
func (e *FileError) Unwrap() error { return e.Err }

// FailedError is the error of every append after a write or sync failed, until the store is opened again. It is also
// an events.ErrUnknown if the failed operation may have stored this append or an earlier one to the same stream.
// Otherwise nothing was appended.
type FailedError struct {
	Cause error
	doubt bool
}

// ErrorCode returns the code of package text: nothing more is written until the store is opened again.
func (e *FailedError) ErrorCode() text.ErrorCode { return text.Stopped }

// Text returns the error as a message for a user.
func (e *FailedError) Text() text.Text {
	cause := text.Text{Zh: e.Cause.Error(), En: e.Cause.Error()}
	var file *FileError
	if errors.As(e.Cause, &file) {
		cause = file.Text()
	}
	what := text.Say("写入失败，没有入账；台账不再接受记录，请重新打开。原因：",
		"a write failed and nothing was recorded; the ledger takes no records until it is opened again. The cause: ")
	if e.doubt {
		what = text.Say("写入失败，是否已入账尚不确定；台账不再接受记录，请重新打开，查看是否已在其中，"+
			"或以同一记录编号再写一次。原因：",
			"a write failed, and whether this was recorded is unknown; the ledger takes no records until it is "+
				"opened again: look whether it is there, or write it again with the same id. The cause: ")
	}
	return text.Text{Zh: what.Zh + cause.Zh, En: what.En + cause.En}
}

// Error implements error.
func (e *FailedError) Error() string {
	if e.doubt {
		return fmt.Sprintf("logstore: append: %v: %v", events.ErrUnknown, e.Cause)
	}
	return fmt.Sprintf("logstore: append: store failed, open it again: %v", e.Cause)
}

// Is reports whether the outcome of the append is unknown.
func (e *FailedError) Is(target error) bool { return target == events.ErrUnknown && e.doubt }

// Unwrap returns the error of the write or sync that failed.
func (e *FailedError) Unwrap() error { return e.Cause }

// ErrReadOnly is the error of appends to a store opened with Options.ReadOnly.
var ErrReadOnly = errors.New("logstore: append: store opened read-only")

func fileError(op, dir, name string, err error) error {
	if err == nil {
		return nil
	}
	return &FileError{Op: op, Path: filepath.Join(dir, name), Err: err}
}
