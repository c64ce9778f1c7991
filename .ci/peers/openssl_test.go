package peers

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"
	"time"

	"filippo.io/torchwood"
	f_log "github.com/transparency-dev/formats/log"

	"github.com/taizhang/taizhang/services/seal"
)

// keyFile writes the Ed25519 key of a log or witness as OpenSSL reads it.
func keyFile(t *testing.T, dir string, k seal.Key) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(k.Public)
	if err != nil {
		t.Fatal(err)
	}
	return write(t, dir, "key.pem", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func TestOpenSSLVerifiesEd25519(t *testing.T) {
	l, w, dir := newLog(t, newSigner(t, origin, seal.LogKey), 3, 0), newSigner(t, "审计厅/w1", seal.WitnessKey),
		t.TempDir()
	s := l.sealed(t, 3)
	at := time.Unix(1774951200, 0)
	cosigned := fmt.Sprintf("cosignature/v1\ntime %d\n%s", at.Unix(), s.Text())
	for _, c := range []struct {
		key       seal.Key
		message   string
		signature []byte
	}{{l.by.Key, s.Text(), s.Lines[0].Signature}, {w.Key, cosigned, s.Cosign(w, at).Signature[8:]}} {
		key := keyFile(t, dir, c.key)
		verify := func(message, signature []byte) error {
			out, err := tryRun(t, dir, "openssl", "pkeyutl", "-verify", "-pubin", "-inkey", key, "-rawin",
				"-in", write(t, dir, "message", message), "-sigfile", write(t, dir, "signature", signature))
			if err == nil && !strings.Contains(string(out), "Signature Verified Successfully") {
				err = fmt.Errorf("it says %s", out)
			}
			return err
		}
		if err := verify([]byte(c.message), c.signature); err != nil {
			t.Errorf("%s: %v", c.key.Name, err)
		}
		for i, b := range few([]byte(c.message)) {
			if verify(b, c.signature) == nil {
				t.Errorf("%s: byte %d of the text may be another", c.key.Name, i)
			}
		}
		for i, b := range few(c.signature) {
			if verify([]byte(c.message), b) == nil {
				t.Errorf("%s: byte %d of the signature may be another", c.key.Name, i)
			}
		}
	}
}

// OpenSSL signs as the program of --sign-with does; its signature is read back from the line of the checkpoint.
func TestOpenSSLSignsAndVerifiesSM2(t *testing.T) {
	const name = "省科技厅/sm2"
	l, dir := newLog(t, newSigner(t, origin, seal.LogKey), 3, 0), t.TempDir()
	run(t, dir, "openssl", "genpkey", "-algorithm", "SM2", "-out", "private.pem")
	run(t, dir, "openssl", "pkey", "-in", "private.pem", "-pubout", "-out", "public.pem")
	spki := run(t, dir, "openssl", "pkey", "-in", "private.pem", "-pubout", "-outform", "DER")
	s := l.sealed(t, 3)
	write(t, dir, "message", []byte(s.Text()))
	sm2 := []string{"-rawin", "-digest", "sm3", "-pkeyopt", "distid:1234567812345678", "-in", "message"}
	signature := run(t, dir, "openssl", append([]string{"pkeyutl", "-sign", "-inkey", "private.pem"}, sm2...)...)
	s.Add(seal.SM2Line(name, spki, signature))
	read, err := seal.ParseSigned(s.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if err := read.SM2SignedBy(name, spki); err != nil {
		t.Error(err)
	}
	// Others skip the line of such a key.
	policy, err := torchwood.ParsePolicy(newOffices(t).policy(l.by, "quorum none\n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := torchwood.VerifyCheckpoint(s.Bytes(), policy); err != nil {
		t.Errorf("torchwood: %v", err)
	}
	of, _ := verifiers(t, l.by, nil)
	if _, _, _, err := f_log.ParseCheckpoint(s.Bytes(), origin, of); err != nil {
		t.Errorf("formats: %v", err)
	}
	verify := func(signature []byte) error {
		write(t, dir, "signature", signature)
		_, err := tryRun(t, dir, "openssl", append([]string{"pkeyutl", "-verify", "-pubin", "-inkey", "public.pem",
			"-sigfile", "signature"}, sm2...)...)
		return err
	}
	if err := verify(read.Lines[1].Signature); err != nil {
		t.Error(err)
	}
	for i, b := range few(signature) {
		read.Lines[1].Signature = b
		if verify(b) == nil || read.SM2SignedBy(name, spki) == nil {
			t.Errorf("byte %d of the signature may be another", i)
		}
	}
	read.Lines[1].Signature = signature
	read.Size++
	write(t, dir, "message", []byte(read.Text()))
	if verify(signature) == nil || read.SM2SignedBy(name, spki) == nil {
		t.Error("the signature is of another checkpoint too")
	}
}

// authority is a time-stamp authority of OpenSSL under a root of its own.
type authority struct {
	dir   string
	roots *x509.CertPool
}

const authorityConfig = `
[ req ]
distinguished_name = dn
prompt = no
[ dn ]
CN = none
[ root ]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[ tsa ]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[ stamp ]
serial = ./serial
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
signer_digest = sha256
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
`

// newAuthority makes an authority whose key is made by the arguments of openssl req.
func newAuthority(t *testing.T, newKey ...string) authority {
	t.Helper()
	a := authority{t.TempDir(), x509.NewCertPool()}
	write(t, a.dir, "config", []byte(authorityConfig))
	run(t, a.dir, "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
		"-keyout", "root.key", "-out", "root.pem", "-days", "30", "-subj", "/CN=Root", "-config", "config",
		"-extensions", "root")
	run(t, a.dir, "openssl", append([]string{"req", "-nodes", "-keyout", "tsa.key", "-out", "tsa.csr", "-subj",
		"/CN=TSA",
		"-config", "config", "-newkey"}, newKey...)...)
	run(t, a.dir, "openssl", "x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key", "-days", "20",
		"-CAcreateserial", "-extfile", "config", "-extensions", "tsa", "-out", "tsa.pem")
	if !a.roots.AppendCertsFromPEM(run(t, a.dir, "cat", "root.pem")) {
		t.Fatal("there is no root")
	}
	return a
}

// stamp returns the answer of the authority for a file.
func (a authority) stamp(t *testing.T, file []byte, query ...string) []byte {
	t.Helper()
	write(t, a.dir, "stamped", file)
	run(t, a.dir, "openssl", append([]string{"ts", "-query", "-data", "stamped", "-cert", "-out", "query"},
		query...)...)
	run(t, a.dir, "openssl", "ts", "-reply", "-config", "config", "-section", "stamp", "-queryfile", "query",
		"-signer", "tsa.pem", "-inkey", "tsa.key", "-out", "answer")
	return run(t, a.dir, "cat", "answer")
}

// verify asks OpenSSL whether an answer is of a file, as of a time.
func (a authority) verify(t *testing.T, file, answer []byte, at time.Time) error {
	t.Helper()
	write(t, a.dir, "stamped", file)
	write(t, a.dir, "answer", answer)
	_, err := tryRun(t, a.dir, "openssl", "ts", "-verify", "-data", "stamped", "-in", "answer", "-CAfile", "root.pem",
		"-attime", fmt.Sprint(at.Unix()))
	return err
}

func TestOpenSSLStampsAndVerifiesCheckpoints(t *testing.T) {
	note := newLog(t, newSigner(t, origin, seal.LogKey), 3, 0).sealed(t, 3).Bytes()
	for name, a := range map[string]authority{
		"RSA":   newAuthority(t, "rsa:2048"),
		"P-256": newAuthority(t, "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
	} {
		for _, query := range [][]string{{"-sha256"}, {"-sha512", "-no_nonce"}} {
			answer := a.stamp(t, note, query...)
			token, err := seal.ParseToken(answer)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			at, err := token.Verify(note, a.roots)
			if err != nil || time.Since(at).Abs() > time.Minute {
				t.Errorf("%s: at %v, %v", name, at, err)
			}
			if err := a.verify(t, note, answer, at); err != nil {
				t.Errorf("%s: OpenSSL refuses it: %v", name, err)
			}
			for _, outside := range []time.Time{at.AddDate(0, 0, -2), at.AddDate(0, 2, 0)} {
				if a.verify(t, note, answer, outside) == nil {
					t.Errorf("%s: OpenSSL accepts it as of %v, when there is no certificate", name, outside)
				}
			}
			for i, b := range few(note) {
				if _, err := token.Verify(b, a.roots); err == nil || a.verify(t, b, answer, at) == nil {
					t.Errorf("%s: byte %d of the checkpoint may be another", name, i)
				}
			}
			// OpenSSL does not look at all that nobody signed; package seal refuses each changed byte.
			for i, b := range edited(answer) {
				changed, err := seal.ParseToken(b)
				if err == nil {
					_, err = changed.Verify(note, a.roots)
				}
				if err == nil {
					t.Errorf("%s: byte %d of the answer may be another", name, i)
				}
			}
			for i, b := range few(answer[len(answer)-60:]) { // of the signature
				if a.verify(t, note, append(answer[:len(answer)-60:len(answer)-60], b...), at) == nil {
					t.Errorf("%s: OpenSSL accepts another byte %d of the signature", name, i)
				}
			}
		}
	}
}

func TestATimeStampUnderAnotherRootIsRefused(t *testing.T) {
	a := newAuthority(t, "rsa:2048")
	answer := a.stamp(t, []byte("note"))
	token, err := seal.ParseToken(answer)
	if err != nil {
		t.Fatal(err)
	}
	other := newAuthority(t, "rsa:2048")
	at, err := token.Stamps([]byte("note"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := token.Verify([]byte("note"), other.roots); err == nil ||
		other.verify(t, []byte("note"), answer, at) == nil {
		t.Error("an authority under another root is accepted")
	}
}
