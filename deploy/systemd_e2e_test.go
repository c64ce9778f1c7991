//go:build e2e

package deploy

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// exposureMax is the most that a unit may be exposed as systemd-analyze security counts, in tenths: "OK" up to 2.0.
const exposureMax = "20"

// units returns copies of the units that run the program of the tests.
func units(t *testing.T) (paths []string) {
	t.Helper()
	dir := t.TempDir()
	files, err := filepath.Glob(filepath.Join("systemd", "taizhang*.[st]*r*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, filepath.Base(file))
		changed := strings.ReplaceAll(string(content), "/usr/bin/taizhang", taizhang(t))
		if err := os.WriteFile(path, []byte(changed), 0o644); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

func TestSystemdFindsNothingWrongWithTheUnits(t *testing.T) {
	paths := units(t)
	if len(paths) != 3 {
		t.Fatalf("expected two services and a timer, got %q", paths)
	}
	verify := func(paths ...string) string {
		out, _ := exec.Command("systemd-analyze", append([]string{"verify", "--man=no"}, paths...)...).CombinedOutput()
		return string(out)
	}
	if said := verify(paths...); said != "" {
		t.Error(said)
	}
	for _, path := range paths { // a setting that systemd does not know is found
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(content, "Restarrt=always\n"...), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if said := verify(paths...); !strings.Contains(said, "Restarrt") {
		t.Errorf("a wrong setting is not found: %s", said)
	}
}

func TestTheServicesAreConfined(t *testing.T) {
	for _, path := range units(t) {
		if filepath.Ext(path) != ".service" {
			continue
		}
		out, err := exec.Command("systemd-analyze", "security", "--no-pager", "--offline=true",
			"--threshold="+exposureMax, path).CombinedOutput()
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		t.Log(lines[len(lines)-1])
		if err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	}
}
