package seal_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/taizhang/taizhang/services/seal"
)

// path is PATH(m, D[n]) of RFC 6962, section 2.1.1: the proof that leaf m lies in the tree of the leaves.
func path(m int, leaves [][]byte) []tlog.Hash {
	n := len(leaves)
	if n == 1 {
		return nil
	}
	if k := split(n); m < k {
		return append(path(m, leaves[:k]), tlog.Hash(defined(leaves[k:])))
	} else {
		return append(path(m-k, leaves[k:]), tlog.Hash(defined(leaves[:k])))
	}
}

// consistent is PROOF(m, D[n]) of RFC 6962, section 2.1.2: the proof that the tree of the first m leaves is a prefix.
func consistent(m int, leaves [][]byte) []tlog.Hash { return subproof(m, leaves, true) }

func subproof(m int, leaves [][]byte, whole bool) []tlog.Hash {
	n := len(leaves)
	if m == n {
		if whole {
			return nil
		}
		return []tlog.Hash{tlog.Hash(defined(leaves))}
	}
	if k := split(n); m <= k {
		return append(subproof(m, leaves[:k], whole), tlog.Hash(defined(leaves[k:])))
	} else {
		return append(subproof(m-k, leaves[k:], false), tlog.Hash(defined(leaves[:k])))
	}
}

// split returns the largest power of two below n.
func split(n int) int {
	k := 1
	for 2*k < n {
		k *= 2
	}
	return k
}

func leavesUpTo(n int) (leaves [][]byte) {
	for i := range n {
		leaves = append(leaves, fmt.Appendf(nil, "record %d", i+1))
	}
	return leaves
}

func treeOf(leaves [][]byte) seal.Checkpoint {
	return seal.Checkpoint{Origin: origin, Size: uint64(len(leaves)), Root: tlog.Hash(defined(leaves))}
}

func TestAReceiptProvesItsRecordAndNoOther(t *testing.T) {
	log := signer(t, origin, seal.LogKey)
	for n := 1; n <= 40; n++ {
		leaves := leavesUpTo(n)
		s := seal.Sign(treeOf(leaves), log)
		for m := range n {
			p := &seal.Proof{Index: uint64(m), Hashes: path(m, leaves), Checkpoint: s}
			read, err := seal.ParseProof(p.Bytes())
			if err != nil || !bytes.Equal(read.Bytes(), p.Bytes()) {
				t.Fatalf("%q is read as %+v, %v", p.Bytes(), read, err)
			}
			if err := read.Verify(leaves[m]); err != nil {
				t.Errorf("%d of %d: %v", m, n, err)
			}
			if n > 1 && read.Verify(leaves[(m+1)%n]) == nil {
				t.Errorf("%d of %d proves the record beside it", m, n)
			}
			read.Index = uint64((m + 1) % n)
			if n > 1 && read.Verify(leaves[m]) == nil {
				t.Errorf("%d of %d proves another position", m, n)
			}
		}
	}
}

func TestEveryByteOfAReceiptCounts(t *testing.T) {
	log, leaves := signer(t, origin, seal.LogKey), leavesUpTo(13)
	whole := (&seal.Proof{Index: 5, Hashes: path(5, leaves), Checkpoint: seal.Sign(treeOf(leaves), log)}).Bytes()
	everyByteOf(t, string(whole), func(wrong string) bool {
		p, err := seal.ParseProof([]byte(wrong))
		return err == nil && p.Verify(leaves[5]) == nil && p.Checkpoint.SignedBy(log.Key) == nil
	})
	line := bytes.Clone(leaves[5])
	p, err := seal.ParseProof(whole)
	if err != nil {
		t.Fatal(err)
	}
	everyByteOf(t, string(line), func(wrong string) bool { return p.Verify([]byte(wrong)) == nil })
}

func TestWhatIsNoReceiptIsRefused(t *testing.T) {
	leaves := leavesUpTo(13)
	signed := string(seal.Sign(treeOf(leaves), signer(t, origin, seal.LogKey)).Bytes())
	h := leafHash + "\n"
	const header = "c2sp.org/tlog-proof@v1\n"
	for _, wrong := range []string{"", header, header + "index 1\n", header + "index 1\n\n",
		header + "index 1\n" + signed,
		header + "index 01\n\n" + signed, header + "index 13\n\n" + signed, header + "index -1\n\n" + signed,
		header + "\nindex 1\n\n" + signed, header + "extra AAAA\nindex 1\n\n" + signed,
		header + "index 1 \n\n" + signed,
		header + "index 1\n" + h + " \n" + signed, header + "index 1\n" + h[:40] + "\n\n" + signed,
		header + "index 1\n" + h[:44] + "A\n\n" + signed, header + "index 1\n\n\n" + signed,
		header + "index 1\n\n" + signed + "\n",
		header + "index 1\n" + repeat(h, 64) + "\n" + signed, "c2sp.org/tlog-proof@v2\nindex 1\n\n" + signed} {
		if p, err := seal.ParseProof([]byte(wrong)); err == nil {
			t.Errorf("%q is read as %+v", wrong, p)
		}
	}
	if _, err := seal.ParseProof([]byte(header + "index 1\n" + repeat(h, 63) + "\n" + signed)); err != nil {
		t.Errorf("63 hashes: %v", err)
	}
	// A size that was not read from a file does not hang the check.
	huge := &seal.Proof{Checkpoint: &seal.Signed{Checkpoint: seal.Checkpoint{Size: 1 << 63}}}
	if huge.Verify(nil) == nil {
		t.Error("a tree of 2^63 leaves is verified")
	}
}

var leafHash = tlog.RecordHash(nil).String()

func repeat(s string, n int) (all string) {
	for range n {
		all += s
	}
	return all
}

func TestALaterTreeIsConsistentWithItsPrefixes(t *testing.T) {
	for n := 1; n <= 40; n++ {
		leaves := leavesUpTo(n)
		newer := treeOf(leaves)
		for m := 0; m <= n; m++ {
			older := treeOf(leaves[:m])
			var proof []tlog.Hash
			if m > 0 {
				proof = consistent(m, leaves)
			}
			if err := seal.CheckConsistency(proof, older, newer); err != nil {
				t.Errorf("%d of %d: %v", m, n, err)
			}
			if hashes, err := seal.ParseHashes(seal.HashLines(proof)); err != nil || len(hashes) != len(proof) {
				t.Errorf("%d of %d: the proof is read as %v, %v", m, n, hashes, err)
			}
			for name, wrong := range map[string]error{
				"another older root": seal.CheckConsistency(proof, changed(older), newer),
				"another newer root": seal.CheckConsistency(proof, older, changed(newer)),
				"a hash more":        seal.CheckConsistency(append(proof, newer.Root), older, newer),
				"the other way":      seal.CheckConsistency(proof, newer, older),
			} {
				if wrong == nil && (m > 0 && m < n || name == "a hash more" || m == 0 &&
					name == "another older root") {
					t.Errorf("%d of %d: %s is accepted", m, n, name)
				}
			}
			for i := range proof {
				proof[i][7] ^= 1
				if seal.CheckConsistency(proof, older, newer) == nil {
					t.Errorf("%d of %d: hash %d may be another", m, n, i)
				}
				proof[i][7] ^= 1
			}
		}
	}
	empty := seal.Checkpoint{Root: sha256.Sum256(nil)}
	if err := seal.CheckConsistency(nil, empty, empty); err != nil {
		t.Error(err)
	}
	if seal.CheckConsistency(nil, empty, seal.Checkpoint{}) == nil {
		t.Error("an empty tree has any root")
	}
	if seal.CheckConsistency(nil, seal.Checkpoint{Size: 1}, seal.Checkpoint{Size: 1 << 63}) == nil {
		t.Error("a tree of 2^63 leaves is consistent")
	}
}

func changed(c seal.Checkpoint) seal.Checkpoint { c.Root[9] ^= 1; return c }

func TestARequestIsReadAsItWasWritten(t *testing.T) {
	leaves := leavesUpTo(13)
	s := seal.Sign(treeOf(leaves), signer(t, origin, seal.LogKey))
	for old := range uint64(14) {
		r := &seal.Request{Old: old, Checkpoint: s}
		if old > 0 {
			r.Proof = consistent(int(old), leaves)
		}
		read, err := seal.ParseRequest(r.Bytes())
		if err != nil || !bytes.Equal(read.Bytes(), r.Bytes()) || read.Old != old || len(read.Proof) != len(r.Proof) {
			t.Errorf("%q is read as %+v, %v", r.Bytes(), read, err)
		}
	}
	signed, h := string(s.Bytes()), leafHash+"\n"
	for _, wrong := range []string{"", "\n", "old\n\n" + signed, "old 1\n" + signed, "old 1\n\n",
		"old 14\n\n" + signed,
		"old 1\n\n" + signed + "\n", " old 1\n\n" + signed, "old 1\n" + repeat(h, 64) + "\n" + signed,
		"old  1\n\n" + signed,
		"old 1\r\n\n" + signed, "old 1\n\n" + signed + repeat(h, 2000)} {
		if r, err := seal.ParseRequest([]byte(wrong)); err == nil {
			t.Errorf("%q is read as %+v", wrong, r)
		}
	}
}

func FuzzParseProof(f *testing.F) {
	leaves := leavesUpTo(13)
	s := seal.Sign(treeOf(leaves), signer(f, origin, seal.LogKey))
	f.Add((&seal.Proof{Index: 5, Hashes: path(5, leaves), Checkpoint: s}).Bytes())
	f.Add((&seal.Request{Old: 4, Proof: consistent(4, leaves), Checkpoint: s}).Bytes())
	f.Add(seal.HashLines(path(5, leaves)))
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, err := seal.ParseProof(b); err == nil {
			if !bytes.Equal(p.Bytes(), b) {
				t.Errorf("%q is read as %q", b, p.Bytes())
			}
			p.Verify(b)
		}
		if r, err := seal.ParseRequest(b); err == nil {
			if !bytes.Equal(r.Bytes(), b) {
				t.Errorf("%q is read as %q", b, r.Bytes())
			}
			seal.CheckConsistency(r.Proof, seal.Checkpoint{Size: r.Old}, r.Checkpoint.Checkpoint)
		}
		if h, err := seal.ParseHashes(b); err == nil && !bytes.Equal(seal.HashLines(h), b) {
			t.Errorf("%q is read as %q", b, seal.HashLines(h))
		}
	})
}
