//go:build e2e

package deploy

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// before builds the program of the release before this one, from its tag or, where the tag is not there, its commit.
func before(t *testing.T) (binary string) {
	t.Helper()
	line, err := os.ReadFile("release/previous")
	if err != nil {
		t.Fatal(err)
	}
	release := strings.Fields(string(line))
	commit := release[1]
	if tagged := strings.TrimSpace(command(t, "..", nil, "git", "tag", "--list", release[0])); tagged != "" {
		commit = tagged
	}
	binary = filepath.Join(t.TempDir(), "taizhang")
	command(t, checkout(t, commit), []string{"CGO_ENABLED=0"}, "go", "build", "-trimpath", "-o", binary,
		"./cmd/taizhang")
	return binary
}

// TestALedgerGoesBackToTheReleaseBefore writes a ledger with accounts, users of NATS and a feed with this version, and
// goes on with the release before: it opens, is sound, gives the same answers, is served and written to. Then this
// version takes it over again, as after an upgrade, and does so once more with a sealed ledger.
func TestALedgerGoesBackToTheReleaseBefore(t *testing.T) {
	old := before(t)
	work := t.TempDir()
	dir, again := filepath.Join(work, "prov"), filepath.Join(work, "again")
	backup := filepath.Join(work, "b.tar")
	run(t, "demo", "--data", dir)
	run(t, "--data", dir, "account", "add", "shen", "--role", "auditor")
	run(t, "--data", dir, "token", "add", "shen", "--name", "x")
	run(t, "--data", dir, "nats", "user", "add", "office", "--nkey", filepath.Join(work, "office.nk"))
	serve(t, dir).stop(t)
	run(t, "--data", dir, "backup", backup)

	asked := [][]string{{"centers"}, {"execution"}, {"alerts", "--all"}, {"delayed"}, {"deferrals"}, {"ageing"},
		{"account", "list"}, {"nats", "user", "list"}, {"export"}}
	answers := func(binary, dir string) (all string) {
		t.Helper()
		for _, verb := range asked {
			all += runWith(t, binary, append([]string{"--data", dir, "--output", "csv"}, verb...)...)
		}
		return all
	}
	same := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: the answers differ:\n%s", what, got)
		}
	}
	record := func(binary, trial string) {
		t.Helper()
		runWith(t, binary, "--data", dir, "record", "trial.recorded", "--center", "ZJ-0001", "--on", "2025-06-02",
			"--role", "center", "--actor", "c-1", "--data", `{"trial":"`+trial+`","onProductionLine":false}`)
	}
	sound := func(binary, dir string) {
		t.Helper()
		if out := runWith(t, binary, "--data", dir, "check"); !strings.Contains(out, "The ledger is sound") {
			t.Errorf("the ledger is not sound:\n%s", out)
		}
	}

	ours := answers(taizhang(t), dir)
	same("the release before", answers(old, dir), ours)
	sound(old, dir)
	runWith(t, old, "--data", again, "restore", backup, "--access", strings.TrimSuffix(backup, ".tar")+".access.tar")
	sound(old, again)

	serving := serveWith(t, old, dir)
	record(old, "T-BACK")
	serving.stop(t)
	sound(old, dir)

	theirs := answers(old, dir)
	if theirs == ours {
		t.Error("the release before wrote nothing")
	}
	same("this version after the release before", answers(taizhang(t), dir), theirs)
	serve(t, dir).stop(t)
	record(taizhang(t), "T-ON")
	sound(taizhang(t), dir)
	if out := run(t, "backup", "verify", backup, "--against", dir); !strings.Contains(out, "The backup is sound") {
		t.Errorf("the backup is of another ledger:\n%s", out)
	}

	// Sealed, the ledger goes back too. The release before finds fault with the records of the sealing alone, which it
	// does not know, and what it writes is sealed by this version.
	run(t, "--data", dir, "seal", "init", "taizhang.zj/2026")
	asked = [][]string{{"centers"}, {"execution"}, {"delayed"}, {"deferrals"}, {"ageing"}, {"account", "list"},
		{"nats", "user", "list"}}
	same("the release before, sealed", answers(old, dir), answers(taizhang(t), dir))
	if out := runWith(t, old, "--data", dir, "alerts", "--code", "AL-LED-01"); !strings.Contains(out, "AL-LED-01") {
		t.Errorf("the release before raises no alert of a record that it does not know:\n%s", out)
	}
	check := exec.Command(old, "--lang", "en", "--data", dir, "check")
	out, err := check.Output()
	if check.ProcessState.ExitCode() != 1 || !strings.Contains(string(out), `there is no kind "ledger.sealed"`) ||
		!strings.Contains(string(out), "findings: 1; nothing was changed.") {
		t.Errorf("the release before says of a sealed ledger (%v):\n%s", err, out)
	}
	record(old, "T-SEALED")
	if out := run(t, "--data", dir, "seal"); !strings.HasPrefix(out, "sealed ") {
		t.Errorf("what the release before wrote is not sealed:\n%s", out)
	}
	sound(taizhang(t), dir)
	if out := run(t, "--data", dir, "check"); !strings.Contains(out, "checkpoints: 2, each compared") {
		t.Errorf("the checkpoints are not compared:\n%s", out)
	}
}
