package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/taizhang/taizhang/services/seal"
)

// sealedWithWitness begins to seal a ledger, names a witness in its policy, and adds the cosignature of the witness.
func sealedWithWitness(t *testing.T, dir string) {
	t.Helper()
	run := func(args ...string) {
		t.Helper()
		if _, errOut, code := taizhang(t, append([]string{"--data", dir}, args...)...); code != 0 {
			t.Fatalf("%v: exit %d %s", args, code, errOut)
		}
	}
	run("seal", "init", "taizhang.zj/2026")
	witness, err := seal.NewSigner("witness.caizheng/1", seal.WitnessKey)
	if err != nil {
		t.Fatal(err)
	}
	policy := filepath.Join(dir, "seal", "policy.txt")
	proposed, err := os.ReadFile(policy)
	if err != nil {
		t.Fatal(err)
	}
	proposed = fmt.Appendf(proposed, "witness caizheng %s file:///by-hand\nquorum caizheng\n", witness.Key.String())
	checkpoints, err := filepath.Glob(filepath.Join(dir, "seal", "checkpoints", "*"))
	if err != nil || len(checkpoints) != 1 {
		t.Fatalf("the checkpoints are %v, %v", checkpoints, err)
	}
	note, err := os.ReadFile(checkpoints[0])
	if err != nil {
		t.Fatal(err)
	}
	checkpoint, err := seal.ParseSigned(note)
	if err != nil {
		t.Fatal(err)
	}
	cosignature := filepath.Join(t.TempDir(), "caizheng.cosig")
	for path, content := range map[string]string{policy: string(proposed),
		cosignature: checkpoint.Cosign(witness, time.Now()).String() + "\n"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run("seal", "add", cosignature)
}
