package doctor

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestAFileSystemInMemoryIsWrong(t *testing.T) {
	disk := mounted(t, "size=8m")
	e := examine(t, config(filepath.Join(disk, "ledger")))
	e.says(FileSystem, Wrong, "kind tmpfs, mounted at "+disk)
	e.says(Room, Wrong, "less than 64 MiB")
	e.says(Sync, Warning, "it may not reach the disk")
}

func TestAFullDiskIsWrong(t *testing.T) {
	disk := mounted(t, "size=128k")
	write(t, filepath.Join(disk, "ballast"), strings.Repeat("x", 100<<10), 0o600)
	e := examine(t, config(disk))
	e.says(Room, Wrong, "are free at")
	e.says(Reserve, Wrong, "no room")
	if left := names(t, disk); left != "ballast" {
		t.Errorf("%s was left", left)
	}
}

func TestADiskWithoutInodesIsWrong(t *testing.T) {
	disk := mounted(t, "size=8m,nr_inodes=3")
	examine(t, config(disk)).says(Inodes, Warning, "only 2 more files")
	for _, name := range []string{"a", "b"} {
		write(t, filepath.Join(disk, name), "", 0o600)
	}
	examine(t, config(disk)).says(Inodes, Wrong, "no free inode")
}

func TestAReadOnlyMountIsWrong(t *testing.T) {
	disk := mounted(t, "size=8m")
	write(t, filepath.Join(disk, "ledger", "x"), "", 0o600)
	if err := syscall.Mount("", disk, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	e := examine(t, config(filepath.Join(disk, "ledger")))
	e.says(Mount, Wrong, "is mounted read-only")
	e.says(Sync, NotExamined, "read-only")
	e.says(Reserve, NotExamined, "read-only")
}

// judged returns what an examination of a file system says that is not mounted here.
func judged(t *testing.T, m mount) examined {
	return examine(t, config(t.TempDir()), func(x *examination) { x.kind(m) }, func(x *examination) { x.options(m) })
}

func TestKindsOfFileSystemsAreToldApart(t *testing.T) {
	for kind, state := range map[string]State{"ext4": OK, "xfs": OK, "ext2": Warning, "overlay": Warning,
		"nfs4": Wrong,
		"cifs": Wrong, "vfat": Wrong, "ramfs": Wrong, "fuse.unheard": Warning} {
		judged(t, mount{kind: kind, at: "/data"}).says(FileSystem, state, "kind "+kind)
	}
	e := judged(t, mount{kind: "ext4", at: "/data", options: []string{"rw", "nobarrier", "data=writeback",
		"nobarrier"}})
	e.says(Mount, Warning, "option nobarrier")
	e.says(Mount, Warning, "option data=writeback")
	if len(e.Findings) != 3 {
		t.Errorf("got %d findings", len(e.Findings))
	}
	judged(t, mount{kind: "ext4", at: "/data", options: []string{"rw", "noexec"}}).says(Mount, OK, "writable")
}

func TestTheMountOfADirectoryIsFound(t *testing.T) {
	dir := filepath.Join(mounted(t, "size=1m"), "a b")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=2m"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, 0) })
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, link} {
		if m, err := mountOf(path); err != nil || m.at != dir || m.kind != "tmpfs" {
			t.Errorf("%s: %+v, %v", path, m, err)
		}
	}
	if m, err := mountOf("/"); err != nil || m.at != "/" {
		t.Errorf("/: %+v, %v", m, err)
	}
}

func TestASyncThatIsTooFastMayNotBeOne(t *testing.T) {
	e := examine(t, config(t.TempDir()), func(x *examination) {
		x.syncs(syncHonouredMin-time.Microsecond, 48)
		x.syncs(syncHonouredMin, 48)
	})
	e.says(Sync, Warning, "takes only 19 µs")
	e.says(Sync, OK, "takes 20 µs, the median of 48")
}
