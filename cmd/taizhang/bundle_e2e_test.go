//go:build e2e

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/taizhang/taizhang/services/bundle"
	"github.com/taizhang/taizhang/services/seal"
)

// shell runs a script of the shell in a directory and returns what it printed.
func shell(t *testing.T, dir, script string) string {
	t.Helper()
	cmd := exec.Command("bash", "-euo", "pipefail", "-c", script)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s\n%v\n%s", script, err, out)
	}
	return string(out)
}

// succeed runs a verb of the program, which may say something on standard error.
func succeed(t *testing.T, args ...string) {
	t.Helper()
	if _, errOut, code := taizhang(t, args...); code != 0 {
		t.Fatalf("taizhang %s: exit %d\n%s", strings.Join(args, " "), code, errOut)
	}
}

// witnessed makes a sealed ledger in a directory, whose newest checkpoint has a cosignature and a time stamp, and
// returns the size of that checkpoint. It leaves MY-TRUST.txt and TSA.pem beside the ledger.
func witnessed(t *testing.T, dir, data string) uint64 {
	t.Helper()
	small, err := filepath.Abs(filepath.Join("testdata", "small.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	succeed(t, "--data", data, "import", small)
	succeed(t, "--data", data, "seal", "init", "taizhang.test/2026")
	succeed(t, "--data", data, "record", "trial.recorded", "--center", "ZJ-0001", "--on", "2025-12-01", "--role",
		"center", "--actor", "c-1", "--data", `{"trial":"T-1","onProductionLine":false}`)
	succeed(t, "--data", data, "seal")
	sizes, err := filepath.Glob(filepath.Join(data, "seal", "checkpoints", "*"))
	if err != nil || len(sizes) != 2 {
		t.Fatalf("checkpoints %q, %v", sizes, err)
	}
	const size = 11
	checkpoint := filepath.Join(data, "seal", "checkpoints", fmt.Sprint(size))
	content, err := os.ReadFile(checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := seal.ParseSigned(content)
	if err != nil {
		t.Fatal(err)
	}
	witness, err := seal.NewSigner("witness.test", seal.WitnessKey)
	if err != nil {
		t.Fatal(err)
	}
	proposed := filepath.Join(data, "seal", "policy.txt")
	policy, err := os.ReadFile(proposed)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(policy)) {
		if strings.HasPrefix(line, "log ") {
			lines = append(lines, line)
		}
	}
	policy = fmt.Appendf(nil, "%switness w %s file:///by-hand\nquorum w\n", strings.Join(lines, ""),
		witness.Key.String())
	line := signed.Cosign(witness, time.Now())
	for name, content := range map[string][]byte{
		proposed: policy, filepath.Join(dir, "MY-TRUST.txt"): policy,
		filepath.Join(dir, "w.cosig"): []byte(line.String() + "\n"),
		filepath.Join(dir, "tsa.cnf"): []byte(tsaConfig),
	} {
		if err := os.WriteFile(name, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	shell(t, dir, `
openssl req -x509 -newkey rsa:2048 -nodes -keyout tsa.key -out TSA.pem -subj /CN=TSA -days 2 \
	-addext extendedKeyUsage=critical,timeStamping 2>&1
echo 01 >serial
openssl ts -query -data '`+checkpoint+`' -sha256 -cert -out request.tsq 2>&1
openssl ts -reply -config tsa.cnf -queryfile request.tsq -out stamp.tsr 2>&1`)
	succeed(t, "--data", data, "seal", "add", filepath.Join(dir, "stamp.tsr"))
	succeed(t, "--data", data, "seal", "add", filepath.Join(dir, "w.cosig"))
	return size
}

const tsaConfig = `[tsa]
default_tsa = own
[own]
serial = serial
signer_cert = TSA.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
`

// TestEveryCommandOfTheReadmeWorks types what README.txt of a bundle says, in both languages, for a bundle of the
// whole ledger and for one of a center.
func TestEveryCommandOfTheReadmeWorks(t *testing.T) {
	programs := t.TempDir()
	if out, err := exec.Command("go", "build", "-o", programs, "../taizhang-verify").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Setenv("PATH", programs+":"+os.Getenv("PATH"))
	for name, flags := range map[string][]string{"whole": nil, "one center": {"--center", "ZJ-0001"}} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			data := filepath.Join(dir, "ledger")
			size := witnessed(t, dir, data)
			file := filepath.Join(dir, "FILE.zip")
			succeed(t, append([]string{"--data", data, "bundle", "--out", file}, flags...)...)
			if err := os.WriteFile(filepath.Join(dir, "verify.py"), bundle.VerifyPy, 0o644); err != nil {
				t.Fatal(err)
			}
			readme := shell(t, dir, "unzip -p FILE.zip README.txt")
			var commands [2][]string // of each language
			language, stamp := 0, fmt.Sprintf("timestamps/%d-1", size)
			for line := range strings.Lines(readme) {
				if strings.HasPrefix(line, "Bundle: ") {
					language++
				}
				if command, ok := strings.CutPrefix(line, "    "); ok {
					command = strings.ReplaceAll(command, "timestamps/SIZE-N", stamp)
					commands[language] = append(commands[language], command)
				}
			}
			zh, en := strings.Join(commands[0], ""), strings.Join(commands[1], "")
			if zh != en {
				t.Errorf("the languages have other commands:\n%s\n%s", zh, en)
			}
			said := shell(t, dir, en)
			for _, want := range []string{"records.jsonl: OK", "checkpoint: OK", "Signature Verified Successfully",
				"Verification: OK"} {
				if !strings.Contains(said, want) {
					t.Errorf("%q is not in\n%s", want, said)
				}
			}
			unpacked := filepath.Join(dir, "bundle")
			digest := shell(t, unpacked, "openssl dgst -sha256 -r records.jsonl | cut -d ' ' -f 1")
			if !strings.Contains(shell(t, unpacked, "cat manifest-sha256.txt"),
				strings.TrimSpace(digest)+"  records.jsonl\n") {
				t.Error("the manifest has not the digest that openssl computes")
			}
		})
	}
}
