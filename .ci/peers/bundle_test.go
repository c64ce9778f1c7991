package peers

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/torchwood"
	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/taizhang/taizhang/services/seal"
)

// unpacked returns the directory of an unpacked bundle, relative to the office.
func (o office) unpacked(t *testing.T, zip string) string {
	t.Helper()
	run(t, o.dir, "python3", "-m", "zipfile", "-t", zip)
	run(t, o.dir, "python3", "-m", "zipfile", "-e", zip, zip+".unpacked")
	return zip + ".unpacked"
}

// checkManifests has coreutils check both manifests of a bundle.
func (o office) checkManifests(t *testing.T, dir string) (ofSHA256, ofSM3 error) {
	t.Helper()
	dir = filepath.Join(o.dir, dir)
	_, ofSHA256 = tryRun(t, dir, "sha256sum", "--check", "--strict", "manifest-sha256.txt")
	_, ofSM3 = tryRun(t, dir, "cksum", "-a", "sm3", "--check", "--strict", "manifest-sm3.txt")
	return ofSHA256, ofSM3
}

func (o office) bundle(t *testing.T, policy torchwood.Policy) {
	o.taizhang(t, "bundle", "--out", "whole.zip", "--data", "d")
	dir := o.unpacked(t, "whole.zip")
	if ofSHA256, ofSM3 := o.checkManifests(t, dir); ofSHA256 != nil || ofSM3 != nil {
		t.Errorf("coreutils refuse the manifests: %v, %v", ofSHA256, ofSM3)
	}
	c, _, err := torchwood.VerifyCheckpoint(o.read(t, dir, "checkpoint"), policy)
	if err != nil {
		t.Fatal(err)
	}

	// The root that merkle computes over the records is that of the checkpoint, and of no other records.
	root := func(records []byte) tlog.Hash {
		r := (&compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}).NewEmptyRange(0)
		for line := range bytes.Lines(records) {
			if r.End() == uint64(c.N) {
				break
			}
			if err := r.Append(rfc6962.DefaultHasher.HashLeaf(bytes.TrimSuffix(line, []byte("\n"))), nil); err != nil {
				t.Fatal(err)
			}
		}
		h, err := r.GetRootHash(nil)
		if err != nil {
			t.Fatal(err)
		}
		return tlog.Hash(h)
	}
	records := o.read(t, dir, "records.jsonl")
	if root(records) != c.Hash {
		t.Error("merkle computes another root")
	}
	for i, b := range few(records) {
		if root(b) == c.Hash {
			t.Errorf("merkle computes the same root with another byte %d", i)
		}
	}

	note, answer := o.read(t, dir, "timestamps", fmt.Sprintf("%d-1.note", c.N)),
		o.read(t, dir, "timestamps", fmt.Sprintf("%d-1.tsr", c.N))
	token, err := seal.ParseToken(answer)
	if err != nil {
		t.Fatal(err)
	}
	at, err := token.Verify(note, o.tsa.roots)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.tsa.verify(t, note, answer, at); err != nil {
		t.Errorf("OpenSSL refuses the time stamp: %v", err)
	}
	if o.tsa.verify(t, flip(note), answer, at) == nil || o.tsa.verify(t, note, flip(answer), at) == nil {
		t.Error("OpenSSL accepts the time stamp of another checkpoint, or another time stamp")
	}

	write(t, o.dir, filepath.Join(dir, "records.jsonl"), flip(records))
	if ofSHA256, ofSM3 := o.checkManifests(t, dir); ofSHA256 == nil || ofSM3 == nil {
		t.Errorf("coreutils accept edited records: %v, %v", ofSHA256, ofSM3)
	}
}

func (o office) bundleOfACenter(t *testing.T, policy torchwood.Policy) {
	o.taizhang(t, "bundle", "--out", "center.zip", "--center", "ZJ-0001", "--data", "d")
	dir := o.unpacked(t, "center.zip")
	if ofSHA256, ofSM3 := o.checkManifests(t, dir); ofSHA256 != nil || ofSM3 != nil {
		t.Errorf("coreutils refuse the manifests: %v, %v", ofSHA256, ofSM3)
	}
	shown := 0
	for line := range bytes.Lines(o.read(t, dir, "records.jsonl")) {
		line = bytes.TrimSuffix(line, []byte("\n"))
		position, _, _ := strings.Cut(strings.TrimPrefix(string(line), `{"position":`), ",")
		receipt := o.read(t, dir, "proofs", position+".tlog-proof")
		if err := torchwood.VerifyProof(policy, tlog.RecordHash(line), receipt); err != nil {
			t.Errorf("%s: %v:\n%s", position, err, receipt)
		}
		if torchwood.VerifyProof(policy, tlog.RecordHash(flip(line)), receipt) == nil {
			t.Errorf("%s proves an edited record", position)
		}
		shown++
	}
	if shown < 7 {
		t.Errorf("only %d records are shown", shown)
	}

	// The first checkpoint continues to the newest.
	older, newer := o.checkpoints(t, dir+"/checkpoints")[0], parsed(t, o.read(t, dir, "checkpoint"))
	hashes, err := seal.ParseHashes(o.read(t, dir, "checkpoints", fmt.Sprintf("%d.consistency", older.Size)))
	if err != nil {
		t.Fatal(err)
	}
	var path [][]byte
	for _, h := range hashes {
		path = append(path, h[:])
	}
	for _, good := range []bool{true, false} {
		if !good {
			older.Root[0] ^= 1
		}
		err := proof.VerifyConsistency(rfc6962.DefaultHasher, older.Size, newer.Size, path, older.Root[:],
			newer.Root[:])
		if (err == nil) != good {
			t.Errorf("the proof of consistency, good %v: %v", good, err)
		}
	}
}

func parsed(t *testing.T, note []byte) *seal.Signed {
	t.Helper()
	s, err := seal.ParseSigned(note)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
