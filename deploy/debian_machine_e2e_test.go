//go:build e2e

package deploy

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// debian is the release of Debian in which the package is installed.
const debian = "bookworm"

// bootstrapMax bounds the time for making a root of Debian, which is downloaded.
const bootstrapMax = 8 * time.Minute

// debianRoot returns an archive of a fresh root of Debian with systemd, which debootstrap makes. It is kept in the
// cache of the user: delete taizhang-e2e/debian-bookworm.tar there for a newer one.
func debianRoot(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	archive := filepath.Join(cache, "taizhang-e2e", "debian-"+debian+".tar")
	if _, err := os.Stat(archive); err == nil {
		return archive
	}
	if err := os.MkdirAll(filepath.Dir(archive), 0o755); err != nil {
		t.Fatal(err)
	}
	root, begun := filepath.Join(t.TempDir(), "root"), time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), bootstrapMax)
	defer cancel()
	out, err := exec.CommandContext(ctx, "debootstrap", "--variant=minbase", "--include=systemd", debian,
		root).CombinedOutput()
	if err != nil {
		t.Fatalf("debootstrap: %v\n%s", err, out)
	}
	host(t, "rm", "-rf", filepath.Join(root, "var/cache/apt"), filepath.Join(root, "var/lib/apt/lists"))
	host(t, "tar", "-C", root, "-cf", archive+".new", ".")
	if err := os.Rename(archive+".new", archive); err != nil {
		t.Fatal(err)
	}
	t.Logf("debootstrap took %v", time.Since(begun).Round(time.Second))
	return archive
}

// host runs a command on this machine and returns what it prints.
func host(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s%s", name, args, err, out, stderr.Bytes())
	}
	return string(out)
}

// machine is a Debian whose systemd runs as process 1 of namespaces of its own: of processes, mounts, names, network
// and control groups. It has no network but its loopback, and cannot change settings of this machine's kernel.
type machine struct {
	t    *testing.T
	root string // as this machine sees it
	init string // its process 1, as this machine numbers it
}

// boot is the script of a process that becomes process 1 of the root $1.
const boot = `set -e
mount --make-rprivate /
mount --bind "$1" "$1"
cd "$1"
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=755 tmpfs dev
for n in null zero full random urandom tty; do touch dev/$n; mount --bind /dev/$n dev/$n; done
mkdir -p dev/pts dev/shm .old
mount -t tmpfs tmpfs dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
pivot_root . .old
umount -l /.old
exec env -i container=taizhang-test PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --log-target=journal
`

// startMachine starts a fresh Debian, which ends with the test.
func startMachine(t *testing.T) *machine {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root, for namespaces and a root of Debian")
	}
	m := &machine{t: t, root: filepath.Join(t.TempDir(), "root")}
	if err := os.Mkdir(m.root, 0o755); err != nil {
		t.Fatal(err)
	}
	host(t, "tar", "-C", m.root, "-xf", debianRoot(t))
	group := m.controlGroup()
	cmd := exec.Command("unshare", "--pid", "--mount", "--uts", "--ipc", "--net", "--cgroup", "--fork", "--kill-child",
		"bash", "-c", boot, "boot", m.root)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, UseCgroupFD: true, CgroupFD: int(group.Fd())}
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // and with it process 1, and with that all others
		<-ended
	})
	pid := strconv.Itoa(cmd.Process.Pid)
	await(t, "the machine runs", func() bool {
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("the machine does not start: %v\n%s", err, said.Bytes())
		default:
		}
		children, _ := os.ReadFile(filepath.Join("/proc", pid, "task", pid, "children"))
		if m.init = strings.TrimSpace(string(children)); m.init == "" {
			return false
		}
		state, _ := m.try("systemctl", "is-system-running")
		return state == "running" || state == "degraded"
	})
	return m
}

// controlGroup makes a control group for the machine, which ends with the test.
func (m *machine) controlGroup() *os.File {
	m.t.Helper()
	mounted := strings.Fields(host(m.t, "findmnt", "-n", "-t", "cgroup2", "-o", "TARGET"))
	if len(mounted) == 0 {
		m.t.Skip("needs control groups of version 2")
	}
	path := filepath.Join(mounted[0], fmt.Sprintf("taizhang-test-%d", os.Getpid()))
	if err := os.Mkdir(path, 0o755); err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() { // the processes are gone, but for what the kernel still does about them
		await(m.t, "the control group is empty", func() bool {
			_ = exec.Command("find", path, "-depth", "-type", "d", "-exec", "rmdir", "{}", ";").Run()
			_, err := os.Stat(path)
			return os.IsNotExist(err)
		})
	})
	group, err := os.Open(path)
	if err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() { _ = group.Close() })
	return group
}

// try runs a command in the machine as root and returns what it prints, without the last line break.
func (m *machine) try(args ...string) (string, error) {
	cmd := exec.Command("nsenter", append([]string{"-t", m.init, "-a", "--", "env", "-i", "LANG=C.UTF-8",
		"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive"}, args...)...)
	out, err := cmd.CombinedOutput()
	return strings.TrimSuffix(string(out), "\n"), err
}

// run runs a command that succeeds.
func (m *machine) run(args ...string) string {
	m.t.Helper()
	out, err := m.try(args...)
	if err != nil {
		log, _ := m.try("journalctl", "--no-pager", "-n", "60")
		m.t.Fatalf("%q: %v\n%s\n%s", args, err, out, log)
	}
	return out
}

// property returns a property of a unit.
func (m *machine) property(unit, name string) string {
	m.t.Helper()
	return m.run("systemctl", "show", "--value", "-p", name, unit)
}

// write writes a file in the machine.
func (m *machine) write(path, content string) {
	m.t.Helper()
	if err := os.MkdirAll(filepath.Dir(filepath.Join(m.root, path)), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(m.root, path), []byte(content), 0o644); err != nil {
		m.t.Fatal(err)
	}
}
