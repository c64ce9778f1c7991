//go:build e2e

package deploy

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
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

// pod has what Kubernetes gives to a container of a pod: its volumes as directories of this machine.
type pod struct {
	podSpec
	image     string
	manifests *manifests        // have the ConfigMaps from which it takes variables
	volumes   map[string]string // the directory of a volume by its name
}

// command returns the command that runs a container of the pod, confined as its manifest says, without a network.
func (p *pod) command(c corev1.Container, flags ...string) *exec.Cmd {
	args := append([]string{"--runtime", "runc", "run", "--network", "none", "--pids-limit", "256",
		// a test that runs in a container itself may not raise these
		"--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024",
		"--memory", fmt.Sprint(c.Resources.Limits.Memory().Value()),
		"--user", fmt.Sprintf("%d:%d", *p.spec.SecurityContext.RunAsUser, *p.spec.SecurityContext.RunAsGroup)},
		flags...)
	if *c.SecurityContext.ReadOnlyRootFilesystem {
		args = append(args, "--read-only", "--read-only-tmpfs=false")
	}
	if !*c.SecurityContext.AllowPrivilegeEscalation {
		args = append(args, "--security-opt", "no-new-privileges")
	}
	for _, capability := range c.SecurityContext.Capabilities.Drop {
		args = append(args, "--cap-drop", string(capability))
	}
	for _, m := range c.VolumeMounts {
		if dir, ok := p.volumes[m.Name]; ok {
			mount := dir + ":" + m.MountPath
			if m.ReadOnly {
				mount += ":ro"
			}
			args = append(args, "-v", mount)
		}
	}
	environment := p.manifests.environment(c)
	for _, pair := range environment {
		args = append(args, "-e", pair)
	}
	return exec.Command("podman", append(append(args, p.image), expanded(c.Args, environment)...)...)
}

// start runs the first container of the pod until the test ends, and returns its id.
func (p *pod) start(t *testing.T) string {
	t.Helper()
	out, err := p.command(p.spec.Containers[0], "-d").Output()
	if err != nil {
		t.Fatalf("start %s: %v", p.name, err)
	}
	id := strings.TrimSpace(string(out))
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s says\n%s", p.name, podman(t, "logs", id))
		}
		podman(t, "rm", "--force", id)
	})
	return id
}

// inContainer runs a verb in a container, as `kubectl exec` does.
func inContainer(id, stdin string, args ...string) (string, error) {
	cmd := exec.Command("podman", append([]string{"--runtime", "runc", "exec", "-i", id, "/taizhang", "--lang", "en"},
		args...)...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// volumes makes the volumes of the manifests as a node does: with the group of the pod, secrets of root.
func volumes(t *testing.T, settings string) map[string]string {
	t.Helper()
	dirs, made := map[string]string{}, secrets(t)
	for name, mode := range map[string]os.FileMode{"data": 0o2775, "backups": 0o2775, "tmp": 0o2777,
		"settings": 0o755, "tls": 0o2775} {
		dir := filepath.Join(t.TempDir(), name)
		if err := errors.Join(os.Mkdir(dir, 0o755), os.Chown(dir, 0, imageUser)); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Chmod(dir, uint32(mode)); err != nil {
			t.Fatal(err)
		}
		dirs[name] = dir
	}
	for _, name := range []string{"tls.crt", "tls.key"} {
		content, err := os.ReadFile(filepath.Join(made, "tls", name))
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dirs["tls"], name)
		if err := errors.Join(os.WriteFile(file, content, 0o440), os.Chown(file, 0, imageUser)); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(dirs["settings"], "taizhang.conf")
	if err := os.WriteFile(file, []byte(settings), 0o644); err != nil {
		t.Fatal(err)
	}
	return dirs
}

// maintain runs in the pod for maintenance what the head of its kustomization has run there with the ledger as it is,
// or to restore one, for the administrator li.
func maintain(t *testing.T, p *pod, restores bool) {
	t.Helper()
	content, err := os.ReadFile("kubernetes/maintenance/kustomization.yaml")
	if err != nil {
		t.Fatal(err)
	}
	id, ran := p.start(t), 0
	for _, command := range recipe(string(content)) {
		_, verb, ok := strings.Cut(command, " maintenance -- /taizhang ")
		if !ok || strings.Contains(verb, "--data ") != restores {
			continue
		}
		ran++
		args := strings.Fields(strings.ReplaceAll(verb, "NAME", "li"))
		if slices.Contains(args, "password") { // no terminal
			args = append(args, "--password-file", "-")
		}
		if out, err := inContainer(id, "a long word of many\n", args...); err != nil {
			t.Fatalf("%q: %v\n%s", args, err, out)
		}
	}
	if ran < 2 {
		t.Fatalf("the head of maintenance/kustomization.yaml has %d verbs", ran)
	}
	podman(t, "rm", "--force", "--time", "30", id)
}

// backUp runs the containers of the backup, one after the other.
func backUp(t *testing.T, backup *pod, ledger string) {
	t.Helper()
	for _, c := range backup.containers() {
		out, err := backup.command(c, "--rm", "-e", "TAIZHANG_LANG=en").CombinedOutput()
		if err != nil {
			t.Errorf("%s of the backup: %v\n%s", c.Name, err, out)
		}
		if c.Name == "verify" && !strings.Contains(string(out), "compared with the ledger "+ledger+" ") {
			t.Errorf("the backup is not compared with the running ledger %s:\n%s", ledger, out)
		}
	}
}

// endLedger stops the container of the ledger as a node does.
func endLedger(t *testing.T, id string) {
	t.Helper()
	podman(t, "--runtime", "runc", "stop", "--time", "30", id)
	if code := strings.TrimSpace(podman(t, "inspect", "--format", "{{.State.ExitCode}}", id)); code != "0" {
		t.Errorf("the ledger was stopped with the code %s", code)
	}
}

// TestTheContainersOfTheManifestsRun builds the image with podman, and runs with runc what the manifests of Kubernetes
// say, one container after the other: first administrators, the ledger, its probes, its backup, its end, a restore,
// and the ledger and the backup again.
func TestTheContainersOfTheManifestsRun(t *testing.T) {
	for _, program := range []string{"podman", "runc", "nsenter", "curl"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed; TestTheImageServesInAnEmptyRoot runs what the image has without it", program)
		}
	}
	const image = "taizhang:test"
	buildImage(t, image)
	t.Cleanup(func() { podman(t, "rmi", "--force", image) })
	m := kustomized(t, "overlays/single")
	settings, _ := m.settings(t)
	dirs := volumes(t, settings)

	ledger, backup := &pod{m.pods()[0], image, m, dirs}, &pod{m.pods()[1], image, m, dirs}
	out, err := ledger.command(ledger.spec.Containers[0], "--rm", "-e", "TAIZHANG_LANG=en").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "no administrator could act") {
		t.Fatalf("without an administrator the ledger says %s", out)
	}
	maintenance := &pod{kustomized(t, "maintenance").pods()[0], image, m, dirs}
	maintain(t, maintenance, false)

	id := ledger.start(t)
	usesTheImage(t, dirs["data"], func(stdin string, args ...string) (string, error) {
		return inContainer(id, stdin, args...)
	})
	podman(t, "--runtime", "runc", "healthcheck", "run", id)
	process := strings.TrimSpace(podman(t, "inspect", "--format", "{{.State.Pid}}", id))
	container := ledger.spec.Containers[0]
	for _, probe := range []*corev1.Probe{container.StartupProbe, container.LivenessProbe, container.ReadinessProbe} {
		port := container.Ports[slices.IndexFunc(container.Ports, func(p corev1.ContainerPort) bool {
			return p.Name == probe.HTTPGet.Port.StrVal
		})]
		if out, err := exec.Command("nsenter", "--target", process, "--net", "curl", "-sS", "--fail", "--max-time", "5",
			fmt.Sprintf("http://127.0.0.1:%d%s", port.ContainerPort, probe.HTTPGet.Path)).CombinedOutput(); err != nil {
			t.Errorf("the probe of %s: %v\n%s", probe.HTTPGet.Path, err, out)
		}
	}
	if out, err := exec.Command("podman", "--runtime", "runc", "exec", id, "/bin/sh").CombinedOutput(); err == nil {
		t.Errorf("there is a shell: %s", out)
	}
	// doctor may find something wrong with the machine, but nothing with what the manifests give.
	said, _ := inContainer(id, "", "doctor", "--config", "/etc/taizhang/taizhang.conf")
	for _, topic := range []string{"settings", "secrets", "certificate", "permissions", "socket", "service"} {
		if !regexp.MustCompile(`(?m)^(ok|warning) +`+topic+` `).MatchString(said) ||
			regexp.MustCompile(`(?m)^wrong +`+topic+` `).MatchString(said) {
			t.Errorf("of the %s doctor says\n%s", topic, said)
		}
	}
	backUp(t, backup, "/data/ledger")
	endLedger(t, id)

	maintain(t, maintenance, true)
	m = restoredManifests(t)
	ledger, backup = &pod{m.pods()[0], image, m, dirs}, &pod{m.pods()[1], image, m, dirs}
	id = ledger.start(t)
	var last string
	await(t, "the restored ledger has what the first one had", func() bool {
		var err error
		last, err = inContainer(id, "", "account", "show", "zhang")
		return err == nil && strings.Contains(last, "by local:taizhang")
	})
	backUp(t, backup, "/data/ledger-2")
	endLedger(t, id)
	for volume, names := range map[string][]string{"data": {"ledger", "ledger-2"},
		"backups": {"ledger.tar", "ledger.access.tar", "ledger-2.tar", "ledger-2.access.tar"}} {
		for _, name := range names {
			if _, err := os.Stat(filepath.Join(dirs[volume], name)); err != nil {
				t.Error(err)
			}
		}
	}
}

// restoredManifests returns the manifests after a restore, with the values that the head of
// maintenance/kustomization.yaml says.
func restoredManifests(t *testing.T) *manifests {
	t.Helper()
	content, err := os.ReadFile("kubernetes/maintenance/kustomization.yaml")
	if err != nil {
		t.Fatal(err)
	}
	said := regexp.MustCompile(`# Then write (\S+) and (\S+) into base/ledger\.yaml\.`).FindSubmatch(content)
	if said == nil {
		t.Fatal("the head of maintenance/kustomization.yaml does not say what to write into base/ledger.yaml")
	}
	dir := edited(t, "base/ledger.yaml", "TAIZHANG_DATA: /data/ledger\n  BACKUP: /backups/ledger.tar\n",
		fmt.Sprintf("TAIZHANG_DATA: %s\n  BACKUP: %s\n", said[1], said[2]))
	m, err := buildKustomization(t, filepath.Join(dir, "overlays/single"))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func podman(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("podman", args...).CombinedOutput()
	if err != nil {
		t.Errorf("podman %q: %v\n%s", args, err, out)
	}
	return string(out)
}
