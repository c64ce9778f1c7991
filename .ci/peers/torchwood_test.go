package peers

import (
	"strings"
	"testing"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/taizhang/taizhang/services/seal"
)

func TestTorchwoodReadsCheckpointsAndReceipts(t *testing.T) {
	l, o := newLog(t, newSigner(t, origin, seal.LogKey), 300, 0), newOffices(t)
	policy, err := torchwood.ParsePolicy(o.policy(l.by, "group g all w0 w1 w2\nquorum g\n"))
	if err != nil {
		t.Fatal(err)
	}
	s := o.cosigned(l.sealed(t, 300), 0b111)
	c, _, err := torchwood.VerifyCheckpoint(s.Bytes(), policy)
	if err != nil || c.Origin != origin || c.N != 300 || c.Hash != s.Root {
		t.Fatalf("%s\nis read as %+v, %v", s.Bytes(), c, err)
	}
	for i, b := range edited(s.Bytes()) {
		if _, _, err := torchwood.VerifyCheckpoint(b, policy); err == nil {
			t.Errorf("byte %d may be another:\n%s", i, b)
		}
	}
	for _, index := range []uint64{0, 1, 128, 255, 256, 298, 299} {
		receipt := l.receipt(t, index, s).Bytes()
		leaf := tlog.RecordHash(l.leaves[index])
		if err := torchwood.VerifyProof(policy, leaf, receipt); err != nil {
			t.Errorf("%v:\n%s", err, receipt)
		}
		if torchwood.VerifyProof(policy, tlog.RecordHash(l.leaves[(index+1)%300]), receipt) == nil {
			t.Errorf("the receipt of index %d proves the record beside it", index)
		}
	}
	receipt := l.receipt(t, 128, s).Bytes()
	for i, b := range edited(receipt) {
		if torchwood.VerifyProof(policy, tlog.RecordHash(l.leaves[128]), b) == nil {
			t.Errorf("byte %d may be another:\n%s", i, b)
		}
	}
}

func TestTorchwoodReadsKeysAndWritesCosignatures(t *testing.T) {
	l, w := newLog(t, newSigner(t, origin, seal.LogKey), 3, 0), newSigner(t, "审计厅/w1", seal.WitnessKey)
	v, err := torchwood.NewCosignatureVerifier(w.Key.String())
	if err != nil || v.Name() != w.Name || v.KeyHash() != w.ID() || v.String() != w.Key.String() {
		t.Fatalf("%s is read as %v, %v", w.Key, v, err)
	}
	hash := len(w.Name) + len("+") // where the eight hexadecimal digits begin
	for i, b := range edited([]byte(w.Key.String())) {
		if _, err := seal.ParseKey(string(b)); err == nil {
			t.Errorf("for package seal byte %d may be another: %s", i, b)
		}
		if hash <= i && i < hash+8 && strings.EqualFold(string(b), w.Key.String()) {
			continue // torchwood reads a digit in either case
		}
		if _, err := torchwood.NewCosignatureVerifier(string(b)); err == nil {
			t.Errorf("byte %d may be another: %s", i, b)
		}
	}
	s := l.sealed(t, 3)
	line := s.Cosign(w, time.Unix(1774951200, 0))
	if !v.Verify([]byte(s.Text()), line.Signature) {
		t.Errorf("%s is wrong", line)
	}
	for i := range line.Signature {
		line.Signature[i] ^= 1
		if v.Verify([]byte(s.Text()), line.Signature) {
			t.Errorf("byte %d of the cosignature may be another", i)
		}
		line.Signature[i] ^= 1
	}
}

// Both sides decide alike about each set of witnesses that cosigned.
func TestTorchwoodDecidesAboutQuorumsAlike(t *testing.T) {
	l, o := newLog(t, newSigner(t, origin, seal.LogKey), 3, 0), newOffices(t)
	for _, last := range quorums {
		file := o.policy(l.by, last)
		ours, err := seal.ParsePolicy(file)
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := torchwood.ParsePolicy(file)
		if err != nil {
			t.Fatal(err)
		}
		for set := range 8 {
			s := o.cosigned(l.sealed(t, 3), set)
			met, _ := ours.Quorum(s)
			if _, _, err := torchwood.VerifyCheckpoint(s.Bytes(), theirs); (err == nil) != met {
				t.Errorf("%q with the witnesses %03b: met %v, torchwood: %v", last, set, met, err)
			}
		}
	}
	for _, last := range wrongQuorums {
		file := o.policy(l.by, last)
		_, ours := seal.ParsePolicy(file)
		if _, theirs := torchwood.ParsePolicy(file); ours == nil || theirs == nil {
			t.Errorf("%q: %v, torchwood: %v", last, ours, theirs)
		}
	}
}

var (
	quorums = []string{"quorum w1\n", "group g any w0 w2\nquorum g\n", "group g all w0 w1 w2\nquorum g\n",
		"group g 2 w0 w1 w2\nquorum g\n", "group a any w0 w1\ngroup b all a w2\nquorum b\n",
		"group a all w0 w1\ngroup b 1 a w2\nquorum b\n"}
	wrongQuorums = []string{"", "quorum nobody\n", "group g 3 w0 w1\nquorum g\n", "group g any w0 nobody\nquorum g\n",
		"group w0 any w1\nquorum w0\n", "witness w0\nquorum w0\n", "qourum w0\n", "group g x w0 w1\nquorum g\n"}
)
