//go:build e2e

package natsserver

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/taizhang/taizhang/services/listen/listentest"
)

// operated returns a function that starts a world whose server is a process of its own, built from the module in use,
// with the configuration of deploy/nats. Of that it changes the address and the directory, as an operator does.
func operated(t *testing.T) func(testing.TB, ...reader) *world {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "nats-server")
	build := exec.Command("go", "build", "-o", binary, "github.com/nats-io/nats-server/v2")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build nats-server: %v\n%s", err, out)
	}
	content, err := os.ReadFile(filepath.Join("..", "..", "deploy", "nats", "nats-server.conf"))
	if err != nil {
		t.Fatal(err)
	}
	return func(t testing.TB, readers ...reader) *world {
		t.Helper()
		pair, key, err := newKey()
		if err != nil {
			t.Fatal(err)
		}
		dir, address := t.TempDir(), listentest.FreeAddress(t)
		for name, text := range map[string]string{"accounts.conf": Configuration(key, usersOf(readers...)),
			"nats-server.conf": strings.NewReplacer("127.0.0.1:4222", address, "/var/lib/nats",
				filepath.Join(dir, "store")).Replace(string(content))} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		cmd := exec.Command(binary, "--config", filepath.Join(dir, "nats-server.conf"))
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
		until(t, "the server accepts connections", func() bool {
			c, err := net.Dial("tcp", address)
			if err == nil {
				_ = c.Close()
			}
			return err == nil
		})
		nc, err := nats.Connect("nats://"+address, nats.Nkey(key, pair.Sign))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(nc.Close)
		return newWorld(t, "nats://"+address, nc, readers...)
	}
}

// The test tries permitted and forbidden requests at a server of its own with the configuration that is shipped.
func TestAtAServerThatAnOperatorRunsTheRightsAreTheSame(t *testing.T) {
	start := operated(t)
	t.Run("what is permitted", func(t *testing.T) { checkPermitted(t, start) })
	for name, check := range map[string]func(*testing.T, *scene){
		"requests": checkRequests, "publishing": checkPublishing, "answers": checkAnswers, "headers": checkHeaders,
		"subscriptions": checkSubscriptions} {
		t.Run(name, func(t *testing.T) { check(t, newScene(t, start, "taizhang.v1.alert.*.red.EXE.>")) })
	}
}
