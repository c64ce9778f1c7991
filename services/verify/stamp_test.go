package verify_test

import (
	"crypto/x509"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/taizhang/taizhang/services/bundle"
	"github.com/taizhang/taizhang/services/verify"
)

// authority is the configuration of a time-stamp authority of OpenSSL.
const authority = `[tsa]
default_tsa = here
[here]
dir = DIR
serial = DIR/serial
default_policy = 1.2.3.4.1
digests = sha256
signer_digest = sha256
ess_cert_id_alg = sha256
accuracy = secs:1
ordering = no
tsa_name = no
ess_cert_id_chain = no
`

// stamped is the token of the newest checkpoint of the ledger that the tests share, with the root of its authority.
var stamped = sync.OnceValues(func() (token, root []byte) {
	w, err := made()
	if err != nil {
		panic(err)
	}
	dir := filepath.Join(shared, "tsa")
	run := func(args ...string) {
		c := exec.Command("openssl", args...)
		c.Dir = dir
		if out, err := c.CombinedOutput(); err != nil {
			panic(fmt.Sprintf("openssl %s: %v\n%s", strings.Join(args, " "), err, out))
		}
	}
	read := func(name string) []byte {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			panic(err)
		}
		return content
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		panic(err)
	}
	for name, content := range map[string]string{"note": string(w.heads[2].Bytes()), "serial": "01",
		"tsa.cnf": strings.ReplaceAll(authority, "DIR", dir)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			panic(err)
		}
	}
	run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "root.key", "-out", "root.pem", "-days", "3650",
		"-subj", "/CN=Test TSA root")
	run("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=Test TSA",
		"-addext", "extendedKeyUsage=critical,timeStamping")
	run("x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-days", "3650",
		"-copy_extensions", "copy", "-out", "tsa.pem")
	run("ts", "-query", "-data", "note", "-sha256", "-cert", "-out", "query")
	run("ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query", "-signer", "tsa.pem", "-inkey", "tsa.key", "-out",
		"token")
	return read("token"), read("root.pem")
})

// stamp adds the token of the newest checkpoint, if the machine has OpenSSL.
func (w *world) stamp(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Log("no OpenSSL, so the bundle has no token")
		return
	}
	token, _ := stamped()
	w.tokens = []bundle.Timestamp{{Size: w.heads[2].Size, N: 1, Token: token, Note: w.heads[2].Bytes()}}
}

// rooted gives the verifier the root of the authority.
func (w *world) rooted(t testing.TB) func(*verify.Config) {
	t.Helper()
	return func(cfg *verify.Config) {
		if len(w.tokens) == 0 {
			return
		}
		_, root := stamped()
		cfg.TSARoots = x509.NewCertPool()
		if !cfg.TSARoots.AppendCertsFromPEM(root) {
			t.Error("the root cannot be read")
		}
	}
}

func TestATokenIsExaminedUnderTheRootsGiven(t *testing.T) {
	w := newWorld(t)
	if w.stamp(t); len(w.tokens) == 0 {
		t.Skip("no OpenSSL")
	}
	file := w.bundle(t)
	expect(t, w.judge(t, file), verify.Holds, "1 个时间戳：没有给出时间戳机构的根证书",
		"time-stamp tokens: 1; no root certificate of the time-stamp authority was given")
	expect(t, w.judge(t, file, w.rooted(t)), verify.Holds, "1 个时间戳由所给的根证书证实",
		"time-stamp tokens that the root certificates given prove: 1")
	expect(t, w.judge(t, file, func(cfg *verify.Config) { cfg.TSARoots = x509.NewCertPool() }), verify.Contradicted,
		"时间戳 timestamps/13-1.tsr 不成立")
	w.tokens[0].Note = w.heads[1].Bytes()
	expect(t, w.judge(t, w.bundle(t)), verify.Contradicted, "时间戳 timestamps/13-1.tsr 不成立")
	w.tokens[0].Note = []byte("something else\n")
	expect(t, w.judge(t, w.bundle(t)), verify.Contradicted, "timestamps/13-1.note 不是本包中任何检查点的原文",
		"timestamps/13-1.note is not the text of a checkpoint in the bundle")
}
