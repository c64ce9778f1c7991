package spool

import (
	"io"

	"golang.org/x/sys/unix"

	"github.com/taizhang/taizhang/events/text"
)

// Room returns the number of free bytes on the disk of a directory.
func Room(dir string) (uint64, error) {
	var disk unix.Statfs_t
	if err := unix.Statfs(dir, &disk); err != nil {
		return 0, err
	}
	return disk.Bavail * uint64(disk.Bsize), nil
}

// sparingBytes is the number of bytes written between two checks of the free space.
const sparingBytes = 4 << 20

// sparing writes to a file as long as there is room on the disk.
type sparing struct {
	to    io.Writer
	spool *Spool
	until int // bytes until the next check
}

// Write implements io.Writer.
func (s *sparing) Write(p []byte) (int, error) {
	if s.until -= len(p); s.until < 0 {
		room, err := Room(s.spool.dir)
		if err != nil {
			return 0, err
		}
		if room < s.spool.Keep {
			return 0, text.Errorf(text.Unavailable, "服务器磁盘余量不足，暂不接受文件",
				"the disk of the server has too little room to take files")
		}
		s.until = sparingBytes
	}
	return s.to.Write(p)
}
