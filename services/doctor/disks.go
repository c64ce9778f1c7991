package doctor

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/logstore"
)

// The limits of disks.
const (
	roomServedMin   = 64 << 20 // below it a server is not ready
	roomWarning     = 2 << 30
	roomPercent     = 10
	inodesMin       = 1000
	inodesPercent   = 1
	syncHonouredMin = 20 * time.Microsecond // no usual disk syncs a write in less
)

// mount is a mounted file system.
type mount struct {
	kind    string // such as ext4
	at      string // the directory
	options []string
}

// mountOf returns the file system of a path, as the kernel lists it.
func mountOf(path string) (m mount, err error) {
	if path, err = filepath.EvalSymlinks(path); err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil {
		return m, err
	}
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return m, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() { // 36 35 98:0 /root /at rw,noatime master:1 - ext4 /dev/sda1 rw,errors=continue
		own, of, found := strings.Cut(lines.Text(), " - ")
		left, right := strings.Fields(own), strings.Fields(of)
		if !found || len(left) < 6 || len(right) < 3 {
			continue
		}
		at := unescaped(left[4])
		inside, err := filepath.Rel(at, path)
		if err != nil || inside == ".." || strings.HasPrefix(inside, "../") || len(at) < len(m.at) {
			continue
		}
		m = mount{kind: right[0], at: at, options: append(strings.Split(left[5], ","), strings.Split(right[2],
			",")...)}
	}
	if m.kind == "" {
		return m, errors.Join(lines.Err(), fmt.Errorf("%s: %w", path, fs.ErrNotExist))
	}
	return m, lines.Err()
}

// unescaped returns a path of mountinfo, in which blanks are written as \040.
func unescaped(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// The kinds of file systems that are known. A kind that is in none of the lists was never tried.
var (
	fitKinds     = []string{"ext4", "ext3", "xfs", "btrfs", "zfs", "f2fs", "bcachefs", "jfs"}
	passingKinds = []string{"tmpfs", "ramfs", "devtmpfs"}
	layerKinds   = []string{"overlay", "aufs", "fuse.fuse-overlayfs"}
	networkKinds = []string{"nfs", "nfs4", "cifs", "smb3", "smbfs", "ceph", "glusterfs", "fuse.glusterfs",
		"fuse.sshfs", "fuse.s3fs", "fuse.rclone", "fuse.ceph", "9p", "afs", "lustre", "gpfs"}
	modelessKinds = []string{"vfat", "exfat", "msdos", "ntfs", "ntfs3", "fuseblk"}
)

// fileSystem looks at the kind and the options of the file system of the ledger.
func (x *examination) fileSystem() {
	m, err := mountOf(x.disk)
	if err != nil {
		x.cannot(FileSystem, x.disk, err)
		return
	}
	x.kind(m)
	x.options(m)
}

// kind says whether a ledger may be on a kind of file system.
func (x *examination) kind(m mount) {
	dir := x.disk
	what := text.Say("%s 在 %s 文件系统上（挂载于 %s）", "%s is on a file system of kind %s, mounted at %s", dir,
		m.kind, m.at)
	has := func(kinds []string) bool { return slices.Contains(kinds, m.kind) }
	move := text.Say("把台账放到本机磁盘的 ext4 或 xfs 上",
		"put the ledger on a disk of this machine, with ext4 or xfs")
	switch {
	case has(fitKinds):
		x.find(FileSystem, dir, OK, "%s", "%s", what)
	case m.kind == "ext2":
		x.find(FileSystem, dir, Warning, "%s：没有日志，不能预留空间，断电后可能须人工检查",
			"%s: it has no journal and cannot reserve room, and may need a check by hand after a power cut", what).
			todo("%s", "%s", move)
	case has(passingKinds):
		x.find(FileSystem, dir, Wrong, "%s：内容在内存中，重新启动后全部丢失",
			"%s: it is in memory, and all of it is lost when the machine restarts", what).
			todo("%s", "%s", move)
	case has(layerKinds):
		x.find(FileSystem, dir, Warning, "%s：这是容器自己的一层，容器删除时一并丢失",
			"%s: it is the layer of a container, and goes with the container", what).
			todo("为台账目录挂载一个卷", "mount a volume at the directory of the ledger")
	case has(networkKinds):
		x.find(FileSystem, dir, Wrong, "%s：网络文件系统的锁和存盘不可靠，台账不支持",
			"%s: locks and syncs over a network are not reliable, and a ledger does not support them", what).
			todo("%s；网络存储可放备份", "%s; backups may be there", move)
	case has(modelessKinds):
		x.find(FileSystem, dir, Wrong, "%s：没有文件权限，也没有日志", "%s: it has no permissions and no journal",
			what).todo("%s", "%s", move)
	default:
		x.find(FileSystem, dir, Warning, "%s：没有在这种文件系统上试过",
			"%s: a ledger was never tried on that kind", what).todo("%s", "%s", move)
	}
}

// doubtfulOptions are mount options that weaken what a sync promises, each with what it does.
var doubtfulOptions = map[string]text.Text{
	"nobarrier": text.Say("断电时磁盘缓存中的内容可能丢失",
		"what is in the cache of the disk may be lost in a power cut"),
	"barrier=0": text.Say("断电时磁盘缓存中的内容可能丢失",
		"what is in the cache of the disk may be lost in a power cut"),
	"data=writeback": text.Say("断电后文件中可能出现其他文件的旧内容，核验会报损坏",
		"after a power cut a file may hold old bytes of others, which is damage"),
	"journal_async_commit": text.Say("断电后文件系统的日志可能不完整",
		"the journal may not be whole after a power cut"),
}

// options looks at the options of a mount.
func (x *examination) options(m mount) {
	good := true
	if isReadOnly(x.disk) || slices.Contains(m.options, "ro") {
		good = false
		x.find(Mount, m.at, Wrong, "%s 以只读方式挂载", "%s is mounted read-only", m.at).
			todo("查明原因（磁盘出错时内核会改为只读），再改为可写",
				"find out why (the kernel makes it so after errors of the disk), then make it writable").
			typed("dmesg | tail -n 50", "mount -o remount,rw "+x.Quote(m.at))
	}
	for _, option := range slices.Compact(slices.Sorted(slices.Values(m.options))) {
		if what, doubtful := doubtfulOptions[option]; doubtful {
			good = false
			x.find(Mount, m.at, Warning, "%s 的挂载选项 %s：%s", "%s has the option %s: %s", m.at, option, what).
				todo("在 /etc/fstab 中去掉该选项，重新挂载", "take it out of /etc/fstab and mount again").
				typed("findmnt " + x.Quote(m.at))
		}
	}
	if good {
		x.find(Mount, m.at, OK, "%s 可写，选项无碍", "%s is writable, and its options do no harm", m.at)
	}
}

func isReadOnly(dir string) bool {
	var disk unix.Statfs_t
	return unix.Statfs(dir, &disk) == nil && disk.Flags&unix.ST_RDONLY != 0
}

// space says how much room is left on the disk of the ledger.
func (x *examination) space() {
	dir := x.disk
	var disk unix.Statfs_t
	if err := unix.Statfs(dir, &disk); err != nil {
		x.cannot(Room, dir, err)
		return
	}
	free, all := disk.Bavail*uint64(disk.Frsize), disk.Blocks*uint64(disk.Frsize)
	percent := 100 * float64(free) / float64(max(all, 1))
	said := text.Say("%s 所在磁盘余 %s（%.0f%%）", "%[2]s are free at %[1]s, %.0[3]f %% of the disk", dir, size(free),
		percent)
	switch {
	case free < roomServedMin:
		x.find(Room, dir, Wrong, "%s，不足 %s：服务显示为未就绪，上传被拒绝",
			"%s, less than %s: a server is not ready, and refuses uploads", said, size(uint64(roomServedMin))).
			todo("腾出空间或扩容；已入账的记录不受影响",
				"make room or enlarge the disk; nothing recorded is lost").typed("df -h "+x.Quote(dir),
			"du -xhd 2 "+x.Quote(dir)+" | sort -h | tail")
	case free < roomWarning || percent < roomPercent:
		x.find(Room, dir, Warning, "%s", "%s", said).
			todo("尽早腾出空间或扩容", "make room or enlarge the disk soon").typed("df -h " + x.Quote(dir))
	default:
		x.find(Room, dir, OK, "%s", "%s", said)
	}
}

// inodes says how many files the disk can still take.
func (x *examination) inodes() {
	var disk unix.Statfs_t
	if err := unix.Statfs(x.disk, &disk); err != nil {
		x.cannot(Inodes, x.disk, err)
		return
	}
	switch free := disk.Ffree; {
	case disk.Files == 0:
		x.find(Inodes, x.disk, OK, "文件数（inode）没有上限", "the number of files has no limit")
	case free == 0:
		x.find(Inodes, x.disk, Wrong, "不能再建任何文件（inode 用尽）",
			"no more file can be made; there is no free inode").
			todo("删除不用的小文件", "delete small files that nobody needs").typed("df -i " + x.Quote(x.disk))
	case free < inodesMin || free*100/disk.Files < inodesPercent:
		x.find(Inodes, x.disk, Warning, "只能再建 %d 个文件（inode）", "only %d more files can be made (inodes)",
			free).
			todo("删除不用的小文件", "delete small files that nobody needs").typed("df -i " + x.Quote(x.disk))
	default:
		x.find(Inodes, x.disk, OK, "还可建 %d 个文件（inode）", "%d more files can be made (inodes)", free)
	}
}

// probe measures a synced write on the disk of the ledger, and finds out whether room can be reserved.
func (x *examination) probe() {
	report, err := logstore.Probe(x.disk)
	var file *logstore.FileError
	switch {
	case errors.As(err, &file) && file.Full():
		x.find(Reserve, x.disk, Wrong, "没有空间写一个 64 KiB 的文件", "there is no room to write a file of 64 KiB").
			todo("腾出空间或扩容", "make room or enlarge the disk").typed("df -h " + x.Quote(x.disk))
		return
	case errors.Is(err, fs.ErrPermission), errors.Is(err, unix.EROFS):
		x.cannot(Reserve, x.disk, err)
		x.cannot(Sync, x.disk, err)
		return
	case err != nil:
		x.find(Sync, x.disk, Wrong, "%s", "%s", because(err)).todo("检查磁盘", "look at the disk").
			typed("dmesg | tail -n 50")
		return
	}
	if report.Allocates {
		x.find(Reserve, x.disk, OK, "可以预留空间", "room can be reserved")
	} else {
		x.find(Reserve, x.disk, Warning, "不能预留空间（fallocate），以写零代替，写入略慢",
			"room cannot be reserved (fallocate); zeros are written instead, and writing is a little slower").
			todo("可改用 ext4 或 xfs", "ext4 or xfs can reserve")
	}
	x.syncs(report.Median(), len(report.Syncs))
}

// syncs judges the median time of a synced write.
func (x *examination) syncs(median time.Duration, writes int) {
	if median < syncHonouredMin {
		x.find(Sync, x.disk, Warning, "一次写入并存盘（fdatasync）只用 %s：可能没有真正存入磁盘",
			"a write with fdatasync takes only %s: it may not reach the disk", span(median)).
			todo("查看虚拟机的磁盘缓存方式（不用“unsafe”）和磁盘的写缓存；有断电保护的固态盘无碍",
				"look at the cache mode of the virtual machine's disk (not unsafe) and at the disk's write cache; "+
					"a drive with power-loss protection is fine")
		return
	}
	x.find(Sync, x.disk, OK, "一次写入并存盘（fdatasync）用 %s（%d 次的中位数）",
		"a write with fdatasync takes %s, the median of %d", span(median), writes)
}
