package peers

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"filippo.io/torchwood"
	f_witness "github.com/transparency-dev/formats/witness"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/taizhang/taizhang/services/seal"
)

// office is a directory with the program, a small ledger in d, and a witness of ours in w.
type office struct {
	dir string
	tsa authority
	log seal.Key
}

// taizhang runs the program in the directory of the office.
func (o office) taizhang(t *testing.T, args ...string) string {
	t.Helper()
	return string(run(t, o.dir, filepath.Join(o.dir, "taizhang"), append(args, "--lang", "en")...))
}

// read returns a file of the office.
func (o office) read(t *testing.T, path ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(o.dir, filepath.Join(path...)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// checkpoints returns the checkpoints of a directory, from the oldest to the newest.
func (o office) checkpoints(t *testing.T, dir string) (list []*seal.Signed) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(o.dir, dir))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if _, err := strconv.Atoi(e.Name()); err != nil {
			continue
		}
		s, err := seal.ParseSigned(o.read(t, dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, s)
	}
	if len(list) == 0 {
		t.Fatalf("%s has no checkpoint", dir)
	}
	slices.SortFunc(list, func(a, b *seal.Signed) int { return cmp.Compare(a.Size, b.Size) })
	return list
}

// newest returns the newest checkpoint of the ledger.
func (o office) newest(t *testing.T) *seal.Signed {
	t.Helper()
	list := o.checkpoints(t, "d/seal/checkpoints")
	return list[len(list)-1]
}

// newOffice makes a ledger and seals it twice. OpenSSL adds an SM2 signature and a time stamp, the program asks a
// litewitness over HTTP, and a request is carried to a witness of ours. The policy asks for both witnesses.
func newOffice(t *testing.T) office {
	t.Helper()
	o := office{dir: t.TempDir(), tsa: newAuthority(t, "rsa:2048")}
	run(t, "../..", "go", "build", "-o", o.dir, "./cmd/taizhang")
	small, err := os.ReadFile("../../cmd/taizhang/testdata/small.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	records := bytes.SplitAfter(small, []byte("\n"))
	write(t, o.dir, "first.jsonl", bytes.Join(records[:4], nil))
	write(t, o.dir, "rest.jsonl", bytes.Join(records[4:], nil))
	o.taizhang(t, "import", "first.jsonl", "--data", "d")
	o.taizhang(t, "seal", "init", origin, "--data", "d")
	for line := range strings.Lines(string(o.read(t, "d/seal/policy.txt"))) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "log" {
			if o.log, err = seal.ParseKey(fields[1]); err != nil {
				t.Fatal(err)
			}
		}
	}
	lite := startWitness(t, "audit.example/w1")
	lite.trust(t, o.log)
	ours := strings.TrimSpace(o.taizhang(t, "witness", "init", "archive.example/w1", "--dir", "w"))
	o.taizhang(t, "witness", "trust", o.log.String(), "--dir", "w")
	write(t, o.dir, "d/seal/policy.txt", fmt.Appendf(nil, "log %s https://ledger.example\nwitness audit %s %s\n"+
		"witness archive %s file:///by-hand\ngroup both all audit archive\nquorum both\n", o.log, lite.key, lite.url,
		ours))

	o.taizhang(t, "import", "rest.jsonl", "--data", "d")
	run(t, o.dir, "openssl", "genpkey", "-algorithm", "SM2", "-out", "sm2.pem")
	run(t, o.dir, "openssl", "pkey", "-in", "sm2.pem", "-pubout", "-out", "sm2.pub.pem")
	write(t, o.dir, "sign",
		[]byte("#!/bin/sh\ncat >message && openssl pkeyutl -sign -inkey sm2.pem -rawin -digest sm3 "+
			"-pkeyopt distid:1234567812345678 -in message\n"))
	if err := os.Chmod(filepath.Join(o.dir, "sign"), 0o700); err != nil {
		t.Fatal(err)
	}
	o.taizhang(t, "seal", "--data", "d", "--sign-with", "./sign", "--sign-key", "sm2.pub.pem",
		"--request", "r.add-checkpoint", "--witness", "archive")
	o.taizhang(t, "witness", "cosign", "r.add-checkpoint", "--dir", "w", "--out", "c.cosig")
	if _, err := o.newest(t).CosignedBy(lite.key); err != nil {
		t.Errorf("litewitness: %v", err)
	}
	o.taizhang(t, "seal", "add", "c.cosig", "--data", "d")
	size := fmt.Sprint(o.newest(t).Size)
	answer := o.tsa.stamp(t, o.read(t, "d/seal/checkpoints", size))
	write(t, o.dir, "stamp.tsr", withText(t, answer))
	o.taizhang(t, "seal", "add", "stamp.tsr", "--data", "d")
	if !bytes.Equal(o.read(t, "d/seal/timestamps", size+"-1.tsr"), answer) {
		t.Error("the time stamp is kept with a text that nobody signed")
	}
	return o
}

// withText returns an answer of OpenSSL with a text beside its status, as other authorities write it.
func withText(t *testing.T, answer []byte) []byte {
	t.Helper()
	const start, status = 4, "\x30\x03\x02\x01\x00"
	token, isGranted := bytes.CutPrefix(answer[start:], []byte(status))
	if !isGranted || answer[0] != 0x30 || answer[1] != 0x82 {
		t.Fatalf("the answer begins with %x", answer[:start+len(status)])
	}
	const longer = "\x30\x15\x02\x01\x00\x30\x10\x0c\x0eOperation Okay"
	b := binary.BigEndian.AppendUint16([]byte{0x30, 0x82}, uint16(len(longer)+len(token)))
	return append(append(b, longer...), token...)
}

func TestPeersReadWhatTheProgramWrites(t *testing.T) {
	o := newOffice(t)
	policy, err := torchwood.ParsePolicy(o.read(t, "d/seal/policy.txt"))
	if err != nil {
		t.Fatal(err)
	}
	t.Run("signatures", func(t *testing.T) { o.signatures(t, policy) })
	t.Run("receipts", func(t *testing.T) { o.receipts(t, policy) })
	t.Run("bundle", func(t *testing.T) { o.bundle(t, policy) })
	t.Run("bundle of a center", func(t *testing.T) { o.bundleOfACenter(t, policy) })
}

func (o office) signatures(t *testing.T, policy torchwood.Policy) {
	first, s := o.checkpoints(t, "d/seal/checkpoints")[0], o.newest(t)
	if _, _, err := torchwood.VerifyCheckpoint(s.Bytes(), policy); err != nil {
		t.Errorf("%v:\n%s", err, s.Bytes())
	}
	theirs, err := f_witness.ParsePolicy(o.read(t, "d/seal/policy.txt"))
	if err != nil || !theirs.Satisfied(s.Bytes()) || theirs.Satisfied(first.Bytes()) {
		t.Errorf("formats decides otherwise: %v", err)
	}
	key := keyFile(t, o.dir, o.log)
	for name, signature := range map[string][]byte{"good": s.Lines[0].Signature,
		"edited": flip(s.Lines[0].Signature)} {
		_, err := tryRun(t, o.dir, "openssl", "pkeyutl", "-verify", "-pubin", "-inkey", key, "-rawin",
			"-in", write(t, o.dir, "text", []byte(s.Text())), "-sigfile", write(t, o.dir, "signature", signature))
		if (err == nil) != (name == "good") {
			t.Errorf("OpenSSL: the %s signature: %v", name, err)
		}
	}
	lines := s.SM2Lines()
	if len(lines) != 1 {
		t.Fatalf("there are %d SM2 lines:\n%s", len(lines), s.Bytes())
	}
	for name, signature := range map[string][]byte{"good": lines[0].Signature, "edited": flip(lines[0].Signature)} {
		_, err := tryRun(t, o.dir, "openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "sm2.pub.pem", "-rawin",
			"-digest", "sm3", "-pkeyopt", "distid:1234567812345678", "-in", "text",
			"-sigfile", write(t, o.dir, "signature", signature))
		if (err == nil) != (name == "good") {
			t.Errorf("OpenSSL: the %s SM2 signature: %v", name, err)
		}
	}
}

// flip returns bytes with a bit of the last one changed.
func flip(b []byte) []byte {
	b = slices.Clone(b)
	b[len(b)-1] ^= 1
	return b
}

func (o office) receipts(t *testing.T, policy torchwood.Policy) {
	for position := range o.newest(t).Size {
		name := fmt.Sprint(position + 1)
		o.taizhang(t, "receipt", name, "--out", "receipts", "--data", "d")
		line, receipt := o.read(t, "receipts", name+".json"), o.read(t, "receipts", name+".tlog-proof")
		if err := torchwood.VerifyProof(policy, tlog.RecordHash(line), receipt); err != nil {
			t.Errorf("%s: %v:\n%s", name, err, receipt)
		}
		if torchwood.VerifyProof(policy, tlog.RecordHash(flip(line)), receipt) == nil {
			t.Errorf("%s proves an edited record", name)
		}
	}
}
