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
	t.Parallel()
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
	content := strings.Replace(string(small), "甲公司", "丙公司", 1)
	if err := os.WriteFile(altered, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	mustRun(t, "--data", other, "import", altered)
	for _, c := range []struct {
		dir, says string
		code      int
	}{
		{dir, "1 records are newer than the backup", 0},
		{other, "this record is another one in the ledger", 1},
	} {
		token := func(name string, account ...string) (file string) {
			t.Helper()
			file = filepath.Join(work, filepath.Base(c.dir)+"."+name)
			mustRun(t, append([]string{"--data", c.dir, "account", "add", name}, account...)...)
			secret := mustRun(t, "--data", c.dir, "token", "add", name, "--name", "verify")
			if err := os.WriteFile(file, []byte(secret), 0o600); err != nil {
				t.Fatal(err)
			}
			return file
		}
		all, one := token("shen", "--role", "auditor"), token("zhong", "--role", "center", "--center", "ZJ-0001")
		p := startServe(t, c.dir)
		for _, against := range [][]string{{c.dir}, {p.url, "--token-file", all}} {
			out, errOut, code := taizhang(t, append([]string{"backup", "verify", backup, "--against"}, against...)...)
			if code != c.code || errOut != "" || !strings.Contains(out, c.says) {
				t.Errorf("against %s: exit %d: %s%s", against, code, out, errOut)
			}
		}
		if _, errOut, code := taizhang(t, "backup", "verify", backup, "--against", p.url); code != 1 || errOut == "" {
			t.Errorf("without a token: exit %d: %s", code, errOut)
		}
		if out, errOut, code := taizhang(t, "backup", "verify", backup, "--against", p.url, "--token-file",
			one); c.dir == dir && (code != 1 || !strings.Contains(errOut, "the account does not see every center")) {
			t.Errorf("with a token of one center: exit %d: %s%s", code, out, errOut)
		}
		p.end(os.Interrupt)
	}
}
