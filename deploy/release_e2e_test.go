//go:build e2e

package deploy

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// command runs a program in a directory and returns what it printed on standard output.
func command(t *testing.T, dir string, env []string, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s%s", name, args, err, out, stderr.Bytes())
	}
	return string(out)
}

// checkout returns a new folder with the sources of a commit.
func checkout(t *testing.T, commit string) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "sources")
	command(t, "..", nil, "git", "clone", "-q", "--shared", "--no-checkout", ".", dir)
	command(t, dir, nil, "git", "checkout", "-q", commit)
	return dir
}

// TestAReleaseIsTheSameFromTwoFolders builds a release in two folders and compares every file. With -all it compiles
// the program once more with nothing kept from an earlier build.
func TestAReleaseIsTheSameFromTwoFolders(t *testing.T) {
	one, other := checkout(t, "HEAD"), checkout(t, "HEAD")
	outs := []string{t.TempDir(), t.TempDir()}
	for i, dir := range []string{one, other} {
		command(t, dir, nil, "deploy/release/build.sh", append([]string{"1.0.0", outs[i]}, arches()...)...)
	}
	files, err := os.ReadDir(outs[0])
	if err != nil {
		t.Fatal(err)
	}
	// NOTICES.txt, SHA256SUMS, verify.py and the verifier of Windows with its bill; two programs with their bills and a
	// .deb for each architecture, and .rpm for two of them
	if want := 5 + 5*len(arches()) + min(len(arches()), 2); len(files) != want {
		t.Errorf("a release of %d files, expected %d: %v", len(files), want, files)
	}
	for _, f := range files {
		a, errA := os.ReadFile(filepath.Join(outs[0], f.Name()))
		b, errB := os.ReadFile(filepath.Join(outs[1], f.Name()))
		if errA != nil || errB != nil || !bytes.Equal(a, b) {
			t.Errorf("%s differs: %v, %v", f.Name(), errA, errB)
		}
	}
	command(t, outs[0], nil, "sha256sum", "--check", "--strict", "SHA256SUMS")
	if sums, err := os.ReadFile(filepath.Join(outs[0], "SHA256SUMS")); err != nil ||
		bytes.Count(sums, []byte("\n")) != len(files)-1 {
		t.Errorf("SHA256SUMS has not every other file: %v\n%s", err, sums)
	}

	binary := filepath.Join(outs[0], "taizhang-linux-amd64")
	if *all { // it takes minutes
		for _, p := range []struct{ command, target, name string }{
			{"taizhang", "amd64", "taizhang-linux-amd64"},
			{"taizhang-verify", "amd64", "taizhang-verify-linux-amd64"},
			{"taizhang-verify", "windows/amd64", "taizhang-verify-windows-amd64.exe"},
		} {
			again := filepath.Join(t.TempDir(), p.name)
			command(t, other, []string{"GOCACHE=" + t.TempDir()}, "deploy/release/binary.sh", "1.0.0", p.target, again,
				p.command)
			command(t, "", nil, "cmp", filepath.Join(outs[0], p.name), again)
		}
	}

	commit := strings.TrimSpace(command(t, one, nil, "git", "rev-parse", "HEAD"))
	said := command(t, "", nil, binary, "version", "--lang", "en")
	if !strings.HasPrefix(said, "taizhang 1.0.0 go") || !strings.Contains(said, "\ncommit "+commit+" of 20") ||
		strings.Contains(said, "built from sources with changes") {
		t.Errorf("the version is\n%s", said)
	}
	hasTheModules(t, binary+".cdx.json")
}

// hasTheModules checks that a bill of materials has the modules that the program is made of.
func hasTheModules(t *testing.T, path string) {
	t.Helper()
	var bill struct {
		BOMFormat  string `json:"bomFormat"`
		Components []struct{ Name, Version, PURL string }
	}
	content, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(content, &bill)
	}
	if err != nil || bill.BOMFormat != "CycloneDX" {
		t.Fatalf("no bill of materials: %v", err)
	}
	versions := map[string]string{}
	for _, c := range bill.Components {
		versions[c.Name] = c.Version
	}
	modules, err := os.ReadFile("release/modules.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(modules)) {
		module := strings.Split(line, "\t")
		if module[0] != "std" && versions[module[0]] != module[1] {
			t.Errorf("the bill of materials has %s %q, expected %s", module[0], versions[module[0]], module[1])
		}
	}
	if versions["std"] == "" {
		t.Error("the bill of materials has no standard library")
	}
}
