//go:build e2e

package deploy

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// imageUser is the user and group of the image.
const imageUser = 10001

// buildImage runs image/build.sh with the binary of the tests.
func buildImage(t *testing.T, args ...string) {
	t.Helper()
	cmd := exec.Command("image/build.sh", args...)
	cmd.Env = append(os.Environ(), "BINARY="+taizhang(t), "BUILDER=podman build --format docker")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("image/build.sh %q: %v\n%s", args, err, out)
	}
}

// imageRoot makes the root directory of the image by the COPY lines of its Dockerfile, as a builder does.
func imageRoot(t *testing.T) string {
	t.Helper()
	context, root := filepath.Join(t.TempDir(), "context"), filepath.Join(t.TempDir(), "root")
	buildImage(t, "--context", context)
	if err := os.Mkdir(root, 0o755); err != nil {
		t.Fatal(err)
	}
	dockerfile, err := os.ReadFile(filepath.Join(context, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	copies := 0
	for line := range strings.Lines(string(dockerfile)) {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] != "COPY" {
			continue
		}
		copies++
		args := []string{"-R", "--preserve=mode"}
		from, to := words[len(words)-2], filepath.Join(root, words[len(words)-1])
		if strings.HasSuffix(from, "/") { // what the directory has
			from += "."
		}
		if out, err := exec.Command("cp", append(args, filepath.Join(context, "/")+"/"+from, to)...).
			CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
		if len(words) == 4 && words[1] == fmt.Sprintf("--chown=%d:%d", imageUser, imageUser) {
			if err := os.Chown(to, imageUser, imageUser); err != nil {
				t.Fatal(err)
			}
		}
	}
	if copies == 0 {
		t.Fatal("the Dockerfile copies nothing")
	}
	return root
}

// listed returns the paths below a directory but for those below /data and /tmp, and /proc.
func listed(t *testing.T, root string) (paths string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		path = "/" + strings.TrimPrefix(strings.TrimPrefix(path, root), "/")
		if path == "/proc" {
			return fs.SkipDir
		}
		if err == nil && !strings.HasPrefix(path, "/data/") && !strings.HasPrefix(path, "/tmp/") {
			paths += path + "\n"
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// inRoot returns the program in a root directory as the user of the image, with the environment of the image alone.
func inRoot(root string, args ...string) *exec.Cmd {
	cmd := exec.Command("/taizhang", append([]string{"--lang", "en"}, args...)...)
	cmd.Dir = "/"
	cmd.Env = []string{"TAIZHANG_DATA=/data/ledger"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root,
		Credential: &syscall.Credential{Uid: imageUser, Gid: imageUser}}
	return cmd
}

// TestTheImageServesInAnEmptyRoot runs the program where there is nothing but what the image has and the /proc that
// every container gets: no shell, no time zones, no certificates, and no /dev.
func TestTheImageServesInAnEmptyRoot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Fatal("only root may change the root directory")
	}
	root := imageRoot(t)
	before := listed(t, root)
	if want := "/\n/backups\n/data\n/etc\n/etc/group\n/etc/passwd\n/taizhang\n/tmp\n"; before != want {
		t.Errorf("the image has\n%s, expected\n%s", before, want)
	}
	proc := filepath.Join(root, "proc")
	if err := os.Mkdir(proc, 0o555); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("proc", proc, "proc", 0, ""); err != nil {
		t.Fatal("mount /proc:", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(proc, syscall.MNT_DETACH); err != nil {
			t.Error("unmount /proc:", err)
		}
	})
	server := inRoot(root, "serve", "--listen", "127.0.0.1:0", "--nats-listen", "127.0.0.1:0")
	var log bytes.Buffer
	server.Stdout, server.Stderr = &log, &log
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- server.Wait() }()
	t.Cleanup(func() {
		_ = server.Process.Kill() // it has ended if the test passed
		if t.Failed() {
			t.Logf("the server says\n%s", log.Bytes())
		}
	})
	usesTheImage(t, filepath.Join(root, "data"), func(stdin string, args ...string) (string, error) {
		cmd := inRoot(root, args...)
		cmd.Stdin = strings.NewReader(stdin)
		out, err := cmd.CombinedOutput()
		return string(out), err
	})
	if err := server.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-stopped; err != nil {
		t.Errorf("the server ended with %v\n%s", err, log.Bytes())
	}
	if after := listed(t, root); after != before {
		t.Errorf("beside /data and /tmp there is now\n%s", after)
	}
}

// usesTheImage does beside a server in the image what an office does. data is the directory of its volume; verb runs a
// verb in the image.
func usesTheImage(t *testing.T, data string, verb func(stdin string, args ...string) (string, error)) {
	t.Helper()
	var last string
	defer func() {
		if t.Failed() {
			t.Logf("the health check says %s", last)
		}
	}()
	await(t, "the health check of the image passes", func() (healthy bool) {
		var err error
		last, err = verb("", "feed", "status")
		return err == nil && strings.Contains(last, "the alert feed: publishing")
	})
	said := func(stdin, want string, args ...string) {
		t.Helper()
		if out, err := verb(stdin, args...); err != nil || !strings.Contains(out, want) {
			t.Errorf("taizhang %q: %v, expected %q in\n%s", args, err, want, out)
		}
	}
	history := []byte(run(t, "simulate", "--centers", "1", "--to", "2024-06-30"))
	if err := os.WriteFile(filepath.Join(data, "history.jsonl"), history, 0o644); err != nil {
		t.Fatal(err)
	}
	said("", "", "import", "/data/history.jsonl")
	today := time.Now().UTC().Add(8 * time.Hour).Format(time.DateOnly)
	said("", "Center ZJ-0001 as of "+today, "center", "ZJ-0001")
	said("", "by local:taizhang", "account", "add", "zhang", "--role", "sysadmin")
	said("", "+08:00, by local:taizhang", "account", "show", "zhang")
	said("a long word of many\n", "", "account", "password", "zhang", "--password-file", "-")
	said("", "", "spending", "ZJ-0001", "--out", "/data/spending.xlsx")
	said("", "checked and on disk", "backup", "/data/backup.tar")
}

// container starts containers as deploy/compose and deploy/kubernetes do: nothing writable but volumes, no right to
// gain, no network.
type container struct {
	image, data, secrets string
	limits               []string
}

func (c *container) command(args ...string) *exec.Cmd {
	all := append([]string{"--runtime", "runc", "run", "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL",
		"--security-opt", "no-new-privileges", "--network", "none", "--memory", "512m", "--pids-limit", "256",
		"-v", c.data + ":/data", "-v", c.secrets + ":/run/secrets:ro"}, c.limits...)
	return exec.Command("podman", append(all, args...)...)
}

// TestTheImageRunsInAContainer builds the image with podman, and runs it with runc.
func TestTheImageRunsInAContainer(t *testing.T) {
	for _, program := range []string{"podman", "runc"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed; TestTheImageServesInAnEmptyRoot runs what the image has without it", program)
		}
	}
	c := &container{image: "taizhang:test", data: t.TempDir(), secrets: secrets(t),
		// a test that runs in a container itself may not raise these
		limits: []string{"--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"}}
	if err := os.Chown(c.data, imageUser, imageUser); err != nil {
		t.Fatal(err)
	}
	buildImage(t, c.image)
	t.Cleanup(func() { podman(t, "rmi", "--force", c.image) })
	// The first administrator comes before other machines may connect.
	once := func(stdin string, args ...string) {
		t.Helper()
		cmd := c.command(append([]string{"--rm", "-i", c.image, "--lang", "en"}, args...)...)
		cmd.Stdin = strings.NewReader(stdin)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%q: %v\n%s", args, err, out)
		}
	}
	once("", "account", "add", "li", "--role", "secadmin")
	once("a long word of many\n", "account", "password", "li", "--password-file", "-")
	out, err := c.command("-d", c.image, "serve", "--listen", "0.0.0.0:8443", "--nats-listen", "0.0.0.0:4222",
		"--tls-cert", "/run/secrets/tls.crt", "--tls-key", "/run/secrets/tls.key").Output()
	if err != nil {
		t.Fatalf("start the container: %v", err)
	}
	id := strings.TrimSpace(string(out))
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(podman(t, "logs", id))
		}
		podman(t, "rm", "--force", id)
	})
	usesTheImage(t, c.data, func(stdin string, args ...string) (string, error) {
		cmd := exec.Command("podman", append([]string{"--runtime", "runc", "exec", "-i", id, "/taizhang", "--lang", "en"},
			args...)...)
		cmd.Stdin = strings.NewReader(stdin)
		out, err := cmd.CombinedOutput()
		return string(out), err
	})
	podman(t, "--runtime", "runc", "healthcheck", "run", id)
	if out, err := exec.Command("podman", "--runtime", "runc", "exec", id, "/bin/sh").CombinedOutput(); err == nil {
		t.Errorf("there is a shell: %s", out)
	}
	podman(t, "--runtime", "runc", "stop", "--time", "30", id)
	if code := strings.TrimSpace(podman(t, "inspect", "--format", "{{.State.ExitCode}}", id)); code != "0" {
		t.Errorf("the container was stopped with the code %s", code)
	}
	if out := run(t, "--data", filepath.Join(c.data, "ledger"), "check"); out == "" {
		t.Error("check says nothing about what the container left")
	}
}

func podman(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("podman", args...).CombinedOutput()
	if err != nil {
		t.Errorf("podman %q: %v\n%s", args, err, out)
	}
	return string(out)
}
