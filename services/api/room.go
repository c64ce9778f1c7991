package api

import (
	"io"

	"golang.org/x/sys/unix"
)

// roomKept is the number of bytes that uploads and results of imports leave free on the disk, because the ledger
// writes to the same disk and stops when it is full.
var roomKept uint64 = 256 << 20 // a variable for tests

// roomIn returns the number of free bytes on the disk of a directory.
func roomIn(dir string) (uint64, error) {
	var disk unix.Statfs_t
	if err := unix.Statfs(dir, &disk); err != nil {
		return 0, err
	}
	return disk.Bavail * uint64(disk.Bsize), nil
}

// sparingBytes is the number of bytes written between two checks of the free space.
const sparingBytes = 4 << 20

// sparing writes to a file as long as more than roomKept is free on the disk.
type sparing struct {
	to    io.Writer
	dir   string
	until int // bytes until the next check
}

// Write implements io.Writer.
func (s *sparing) Write(p []byte) (int, error) {
	if s.until -= len(p); s.until < 0 {
		room, err := roomIn(s.dir)
		if err != nil {
			return 0, err
		}
		if room < roomKept {
			return 0, fail(unavailable, "服务器磁盘余量不足，暂不接受文件",
				"the disk of the server has too little room to take files")
		}
		s.until = sparingBytes
	}
	return s.to.Write(p)
}
