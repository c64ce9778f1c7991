package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestABackupIsComparedWithAServer rehearses the restore of a backup against the process that serves the ledger, by
// its directory and by its URL, and against that of another ledger.
func TestABackupIsComparedWithAServer(t *testing.T) {
	work := t.TempDir()
	dir, other, backup := filepath.Join(work, "prov"), filepath.Join(work, "other"), filepath.Join(work, "b.tar")
	mustRun(t, "--data", dir, "import", "testdata/small.jsonl")
	mustRun(t, "--data", dir, "backup", backup)
	mustRun(t, "--data", dir, "record", "trial.recorded", "--center", "ZJ-0001", "--on", "2025-12-01", "--role",
		"center", "--actor", "c-1", "--data", `{"trial":"T-1","onProductionLine":false}`)
	small, err := os.ReadFile("testdata/small.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	altered := filepath.Join(work, "altered.jsonl")
	if err := os.WriteFile(altered, []byte(strings.Replace(string(small), "甲公司", "丙公司", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	mustRun(t, "--data", other, "import", altered)
	for _, c := range []struct {
		dir, role, says string
		code            int
	}{
		{dir, "auditor", "1 records are newer than the backup", 0},
		{other, "auditor", "this record is another one in the ledger", 1},
	} {
		token := filepath.Join(work, filepath.Base(c.dir)+".token")
		mustRun(t, "--data", c.dir, "account", "add", "shen", "--role", c.role)
		secret := mustRun(t, "--data", c.dir, "token", "add", "shen", "--name", "verify")
		if err := os.WriteFile(token, []byte(secret), 0o600); err != nil {
			t.Fatal(err)
		}
		p := startServe(t, c.dir)
		for _, against := range [][]string{{c.dir}, {p.url, "--token-file", token}} {
			out, errOut, code := taizhang(t, append([]string{"backup", "verify", backup, "--against"}, against...)...)
			if code != c.code || errOut != "" || !strings.Contains(out, c.says) {
				t.Errorf("against %s: exit %d: %s%s", against, code, out, errOut)
			}
		}
		if _, errOut, code := taizhang(t, "backup", "verify", backup, "--against", p.url); code != 1 || errOut == "" {
			t.Errorf("without a token: exit %d: %s", code, errOut)
		}
		p.end(os.Interrupt)
	}
}
