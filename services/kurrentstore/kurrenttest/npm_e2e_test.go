//go:build e2e

package kurrenttest_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/taizhang/taizhang/services/kurrentstore/kurrenttest"
)

// The client for JavaScript, which shares no code with the one for Go, must append, read, subscribe and get
// conflicts. The test needs node and npm, and fails without them.
func TestTheNpmClientGetsOn(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/npm")); err != nil {
		t.Fatal(err)
	}
	command(t, dir, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	for _, test := range []struct {
		name   string
		config kurrenttest.ClusterConfig
	}{
		{"one node", kurrenttest.ClusterConfig{}},
		{"one node, with TLS", kurrenttest.ClusterConfig{TLS: true}},
		{"three nodes", kurrenttest.ClusterConfig{Nodes: 3}},
	} {
		t.Run(test.name, func(t *testing.T) {
			srv := kurrenttest.Start(t, test.config)
			connection := srv.ConnectionString()
			if pem := srv.CertificatePEM(); pem != nil {
				path := filepath.Join(t.TempDir(), "ca.pem")
				if err := os.WriteFile(path, pem, 0o644); err != nil {
					t.Fatal(err)
				}
				connection = "esdb://admin:changeit@" + srv.Node(0).Address() + "?tlsCAFile=" + path
			}
			out := command(t, dir, "node", "check.mjs", connection)
			if n := strings.Count(out, "ok "); n != 5 {
				t.Errorf("%d of 5 checks: %s", n, out)
			}
		})
	}
}

func command(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return string(out)
}
