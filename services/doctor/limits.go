package doctor

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/listen"
)

// What a server needs.
const (
	filesBeside    = 256       // open files beside connections and segments: the feed, uploads, the accounts
	memoryBase     = 64 << 20  // before any record
	memoryBusy     = 192 << 20 // with passwords being checked and answers being made
	memoryPerEvent = 270
	memoryGrowth   = 3 // the heap may grow to so many times what is in use
	socketPathMax  = 107
)

// openFiles compares the limit on open files with what a server may need: of the process that serves the ledger, else
// of this one.
func (x *examination) openFiles() {
	var own unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &own); err != nil {
		x.cannot(OpenFiles, "", err)
		return
	}
	limit, whose := own.Cur, text.Say("本次登录的上限", "the limit of this login")
	if x.Served != nil {
		whose = text.Say("服务进程 %d 的上限", "the limit of the server, process %d,", x.Served.Process)
		of, err := openFilesOf(x.Served.Process)
		if err != nil {
			x.cannot(OpenFiles, fmt.Sprintf("/proc/%d/limits", x.Served.Process), err)
			return
		}
		limit = of
	}
	least := uint64(filesBeside + len(x.segments()))
	most := least + uint64(x.Connections)
	f := x.find(OpenFiles, "", OK, "%s是 %d 个打开的文件，满负荷需要 %d 个",
		"%s is %d open files; under full load %d are needed", whose, limit, most)
	if limit < most {
		f.State = Warning
		if limit < least {
			f.State = Wrong
		}
		f.todo("提高上限：systemd 服务中写 LimitNOFILE=65536", "raise it: LimitNOFILE=65536 in the unit of systemd").
			typed("systemctl edit taizhang", "ulimit -n 65536")
	}
}

// openFilesOf returns the limit on open files of a process.
func openFilesOf(process int) (uint64, error) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", process))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(content)) { // Max open files  1024  524288  files
		if rest, ok := strings.CutPrefix(line, "Max open files"); ok {
			if fields := strings.Fields(rest); len(fields) > 0 && fields[0] != "unlimited" {
				return strconv.ParseUint(fields[0], 10, 64)
			}
		}
	}
	return unix.RLIM_INFINITY, nil
}

// memory compares the memory of the machine or container with what the ledger takes.
func (x *examination) memory() {
	if x.MemoryBytes == 0 {
		x.find(Memory, "", NotExamined, "不能查明内存大小", "the size of the memory is not known")
		return
	}
	all := x.MemoryBytes
	if x.Served != nil {
		all = min(all, groupLimit(x.Served.Process))
	}
	least := memoryBase + int64(x.events)*memoryPerEvent
	most := memoryBusy + int64(x.events)*memoryPerEvent*memoryGrowth
	f := x.find(Memory, "", OK, "可用内存共 %s；%d 条记录需要 %s 至 %s",
		"there are %s of memory; %d records need %s to %s", size(all), x.events, size(least), size(most))
	if all < most {
		f.State = Warning
		if all < least {
			f.State = Wrong
		}
		f.todo("增加内存，或放宽服务、容器的内存上限", "add memory, or raise the limit of the unit or container").
			typed("free -m")
	}
}

// groupLimit returns the lowest memory limit of the control groups of a process (version 2), or the largest number for
// none.
func groupLimit(process int) int64 {
	limit := int64(1<<63 - 1)
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", process))
	if err != nil {
		return limit
	}
	for lines := bufio.NewScanner(bytes.NewReader(content)); lines.Scan(); {
		group, isVersion2 := strings.CutPrefix(lines.Text(), "0::")
		for ; isVersion2 && strings.HasPrefix(group, "/") && group != "/"; group = filepath.Dir(group) {
			value, err := os.ReadFile(filepath.Join("/sys/fs/cgroup", group, "memory.max"))
			if n, bad := strconv.ParseInt(strings.TrimSpace(string(value)), 10, 64); err == nil && bad == nil {
				limit = min(limit, n)
			}
		}
	}
	return limit
}

// socket says whether the socket in the directory can be made and reached.
func (x *examination) socket() {
	path := filepath.Join(x.Dir, listen.SocketName)
	if _, err := os.Stat("/proc/self/fd"); err != nil {
		x.find(Socket, path, Wrong, "没有 /proc，不能建立和连接套接字",
			"there is no /proc, without which the socket cannot be made or reached").
			todo("挂载 /proc", "mount it").typed("mount -t proc proc /proc")
		return
	}
	if length := len(path); length > socketPathMax {
		x.find(Socket, path, Warning, "路径长 %d 字节：本程序可用，curl 等其他程序只能用 %d 字节以内的",
			"its path has %d bytes: this program can use it, others such as curl only up to %d",
			length, socketPathMax).todo("需要用其他程序询问时，换一个较短的目录",
			"take a directory with a shorter name if other programs are to ask it")
		return
	}
	info, err := os.Lstat(path)
	switch {
	case err == nil && info.Mode().Type() != os.ModeSocket:
		x.find(Socket, path, Wrong, "%s 不是套接字，服务不能启动", "%s is no socket, and no server starts", path).
			todo("把它移到别处", "move it elsewhere").typed("mv " + x.Quote(path) + " /tmp/")
	case err == nil && x.Served == nil && x.Unreachable == nil:
		x.find(Socket, path, OK, "由已结束的进程留下，下次启动时替换",
			"a process that has ended left it; the next start replaces it")
	default:
		x.find(Socket, path, OK, "路径长 %d 字节", "its path has %d bytes", len(path))
	}
}
