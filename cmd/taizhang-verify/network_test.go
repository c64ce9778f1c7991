package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestTheVerifierLinksNoNetwork holds the program to what an auditor is promised: it cannot send a bundle anywhere,
// and starts no other program. The package net itself is linked for its addresses, by certificates and by ids; nothing
// of it dials, listens or resolves.
func TestTheVerifierLinksNoNetwork(t *testing.T) {
	for _, target := range []string{"linux/amd64", "linux/arm64", "linux/loong64", "windows/amd64"} {
		system, machine, _ := strings.Cut(target, "/")
		list := exec.CommandContext(t.Context(), "go", "list", "-deps", ".")
		list.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system, "GOARCH="+machine)
		out, err := list.Output()
		if err != nil {
			t.Fatal(err)
		}
		deps := strings.Fields(string(out))
		for _, bad := range []string{"net/http", "crypto/tls", "os/exec", "net/rpc", "net/smtp", "plugin",
			"go.uber.org/zap", "github.com/xuri/excelize/v2", "github.com/nats-io/nats.go", "google.golang.org/grpc"} {
			if slices.Contains(deps, bad) {
				t.Errorf("for %s the verifier depends on %s", target, bad)
			}
		}
	}
	path := filepath.Join(t.TempDir(), "taizhang-verify")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	dialsNobody(t, path)
}

// dialsNobody looks for functions of the network in a program.
func dialsNobody(t *testing.T, path string) {
	t.Helper()
	names, err := exec.CommandContext(t.Context(), "go", "tool", "nm", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(names), "services/verify.") {
		t.Fatalf("the names of %s cannot be read", path)
	}
	for _, name := range dials.FindAllString(string(names), -1) {
		t.Errorf("%s has %s", path, name)
	}
}

// dials finds functions that open a connection, wait for one or ask a name server.
var dials = regexp.MustCompile(`(?mi) t (net\.\S*(dial|listen|lookup|resolve)\S*|syscall\.(connect|bind))$`)
