//go:build e2e

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheVerifierBuildsForTheMachinesOfAuditors builds the program without C for the systems of auditors, and looks
// for functions of the network in it. The tests of the release build it for linux/amd64 and windows/amd64.
func TestTheVerifierBuildsForTheMachinesOfAuditors(t *testing.T) {
	for _, target := range []string{"linux/arm64", "linux/loong64"} {
		system, machine, _ := strings.Cut(target, "/")
		path := filepath.Join(t.TempDir(), machine)
		c := exec.CommandContext(t.Context(), "go", "build", "-o", path, ".")
		c.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system, "GOARCH="+machine)
		if out, err := c.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", target, err, out)
			continue
		}
		dialsNobody(t, path)
	}
}
