package peers

import (
	"testing"
	"time"

	f_log "github.com/transparency-dev/formats/log"
	f_note "github.com/transparency-dev/formats/note"
	f_proof "github.com/transparency-dev/formats/proof"
	f_witness "github.com/transparency-dev/formats/witness"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/taizhang/taizhang/services/seal"
)

// verifiers returns the verifiers of the log and of the witnesses.
func verifiers(t *testing.T, log seal.Signer, o offices) (of note.Verifier, others []note.Verifier) {
	t.Helper()
	of, err := note.NewVerifier(log.Key.String())
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range o {
		v, err := f_note.NewVerifierForCosignatureV1(w.Key.String())
		if err != nil || v.KeyHash() != w.ID() {
			t.Fatalf("%s is read as %v, %v", w.Key, v, err)
		}
		others = append(others, v)
	}
	return of, others
}

func TestFormatsReadsCheckpointsAndReceipts(t *testing.T) {
	l, o := newLog(t, newSigner(t, origin, seal.LogKey), 300, 0), newOffices(t)
	of, others := verifiers(t, l.by, o)
	s := o.cosigned(l.sealed(t, 300), 0b111)
	// isWhole reports whether all signatures of a checkpoint are right.
	isWhole := func(file []byte) bool {
		c, rest, n, err := f_log.ParseCheckpoint(file, origin, of, others...)
		return err == nil && len(rest) == 0 && len(n.Sigs) == 4 && c.Size == 300 && tlog.Hash(c.Hash) == s.Root
	}
	if !isWhole(s.Bytes()) {
		t.Fatalf("it is refused:\n%s", s.Bytes())
	}
	for i, b := range edited(s.Bytes()) {
		if isWhole(b) {
			t.Errorf("byte %d may be another:\n%s", i, b)
		}
	}
	_, _, n, err := f_log.ParseCheckpoint(s.Bytes(), origin, of, others...)
	if err != nil {
		t.Fatal(err)
	}
	for i, sig := range n.Sigs[1:] {
		theirs, err := f_note.CoSigV1Timestamp(sig)
		if at, ourErr := s.CosignedBy(o[i].Key); err != nil || ourErr != nil || !theirs.Equal(at) {
			t.Errorf("%s: at %v, by formats %v (%v, %v)", o[i].Name, at, theirs, ourErr, err)
		}
	}

	// proves reports whether a receipt proves the record of index 128.
	proves := func(receipt []byte) bool {
		var p f_proof.TLogProof
		if p.Unmarshal(receipt) != nil || !isWhole(p.Checkpoint) {
			return false
		}
		var path [][]byte
		for _, h := range p.Hashes {
			path = append(path, h[:])
		}
		return proof.VerifyInclusion(rfc6962.DefaultHasher, p.Index, 300,
			rfc6962.DefaultHasher.HashLeaf(l.leaves[128]),
			path, s.Root[:]) == nil
	}
	if receipt := l.receipt(t, 128, s).Bytes(); !proves(receipt) {
		t.Errorf("it is refused:\n%s", receipt)
	} else {
		for i, b := range edited(receipt) {
			if proves(b) {
				t.Errorf("byte %d may be another:\n%s", i, b)
			}
		}
	}
	if proves(l.receipt(t, 129, s).Bytes()) {
		t.Error("the receipt of index 129 proves the record of index 128")
	}
}

func TestMerkleVerifiesProofsOfConsistency(t *testing.T) {
	l := newLog(t, newSigner(t, origin, seal.LogKey), 300, 0)
	for _, sizes := range [][2]uint64{{1, 2}, {1, 300}, {128, 256}, {255, 257}, {256, 300}, {299, 300}, {300, 300}} {
		older, newer := l.sealed(t, sizes[0]), l.sealed(t, sizes[1])
		var hashes [][]byte
		for _, h := range l.request(t, older.Size, newer.Size).Proof {
			hashes = append(hashes, h[:])
		}
		holds := func() bool {
			return proof.VerifyConsistency(rfc6962.DefaultHasher, older.Size, newer.Size, hashes, older.Root[:],
				newer.Root[:]) == nil
		}
		if !holds() {
			t.Errorf("%d to %d is refused", older.Size, newer.Size)
		}
		for _, h := range append(hashes, older.Root[:]) {
			h[9] ^= 1
			if holds() {
				t.Errorf("%d to %d: another hash is accepted", older.Size, newer.Size)
			}
			h[9] ^= 1
		}
	}
}

// A policy that formats cannot read is one that everything satisfies, if the error is not looked at.
func TestFormatsDecidesAboutQuorumsAlike(t *testing.T) {
	l, o := newLog(t, newSigner(t, origin, seal.LogKey), 3, 0), newOffices(t)
	for _, last := range quorums {
		file := o.policy(l.by, last)
		ours, err := seal.ParsePolicy(file)
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := f_witness.ParsePolicy(file)
		if err != nil {
			t.Fatal(err)
		}
		for set := range 8 {
			s := o.cosigned(l.sealed(t, 3), set)
			if met, _ := ours.Quorum(s); theirs.Satisfied(s.Bytes()) != met {
				t.Errorf("%q with the witnesses %03b: met %v, formats decides otherwise", last, set, met)
			}
			for i, b := range edited(s.Bytes()[len(s.Text()):]) { // the lines of the signatures
				changed, err := seal.ParseSigned(append([]byte(s.Text()), b...))
				if err != nil {
					continue
				}
				met, _ := ours.Quorum(changed)
				if met && !theirs.Satisfied(changed.Bytes()) {
					t.Errorf("%q with the witnesses %03b: met with byte %d changed, formats decides otherwise", last,
						set, i)
				}
			}
		}
	}
	for _, last := range wrongQuorums {
		file := o.policy(l.by, last)
		_, ours := seal.ParsePolicy(file)
		if _, theirs := f_witness.ParsePolicy(file); ours == nil || theirs == nil {
			t.Errorf("%q: %v, formats: %v", last, ours, theirs)
		}
	}
}

// A cosignature that formats makes is one that package seal accepts.
func TestFormatsCosignsForUs(t *testing.T) {
	l := newLog(t, newSigner(t, origin, seal.LogKey), 3, 0)
	skey, vkey, err := note.GenerateKey(nil, "audit.example/w1")
	if err != nil {
		t.Fatal(err)
	}
	by, err := f_note.NewSignerForCosignatureV1(skey)
	if err != nil {
		t.Fatal(err)
	}
	written, err := f_note.VKeyToCosignatureV1(vkey)
	if err != nil {
		t.Fatal(err)
	}
	witness, err := seal.ParseKey(written)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := note.Sign(&note.Note{Text: l.sealed(t, 3).Text()}, by)
	if err != nil {
		t.Fatal(err)
	}
	s, err := seal.ParseSigned(signed)
	if err != nil {
		t.Fatal(err)
	}
	if at, err := s.CosignedBy(witness); err != nil || time.Since(at).Abs() > time.Minute {
		t.Errorf("cosigned at %v, %v", at, err)
	}
	for i, b := range edited(signed) {
		changed, err := seal.ParseSigned(b)
		if err == nil {
			_, err = changed.CosignedBy(witness)
		}
		if err == nil {
			t.Errorf("byte %d may be another:\n%s", i, b)
		}
	}
}
