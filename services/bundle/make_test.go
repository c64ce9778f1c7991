package bundle_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/memstore"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/bundle"
	"github.com/taizhang/taizhang/services/seal"
)

// ledgerOf returns a ledger with records of two centers in turn, of the policies and of the ledger, and checkpoints of
// the sizes.
func ledgerOf(t testing.TB, records int, sizes ...uint64) (*bundle.Sealed, seal.Signer) {
	t.Helper()
	store := memstore.New(time.Now)
	streams := []events.StreamID{"center-ZJ-0001", "center-ZJ-0002", events.PolicyStream, events.LedgerStream}
	revisions := map[events.StreamID]uint64{}
	for i := range records {
		stream := streams[i%len(streams)]
		_, err := store.Append(t.Context(), stream, revisions[stream], []events.Proposed{{
			ID: uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, i)), Kind: "funds.spent",
			Body: events.MustObject(fmt.Sprintf(`{"summary":"of %s"}`, stream))}})
		if err != nil {
			t.Fatal(err)
		}
		revisions[stream]++
	}
	log, err := seal.NewSigner("taizhang.test/2026", seal.LogKey)
	if err != nil {
		t.Fatal(err)
	}
	s := &bundle.Sealed{Ledger: store, Position: uint64(records)}
	for _, size := range sizes {
		root, err := seal.Root(t.Context(), store, size, nil)
		if err != nil {
			t.Fatal(err)
		}
		s.Checkpoints = append(s.Checkpoints,
			seal.Sign(seal.Checkpoint{Origin: log.Name, Size: size, Root: root}, log))
	}
	return s, log
}

// writtenOf returns a bundle of contents with the files that they lack.
func writtenOf(t testing.TB, c bundle.Contents) *bundle.Bundle {
	t.Helper()
	c.Policy, c.VerifyPy = []byte("log\n"), []byte("print()\n")
	b, err := opened(written(t, c))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestABundleOfTheWholeLedgerHasEveryRecord(t *testing.T) {
	s, _ := ledgerOf(t, 600, 1, 256, 300, 520)
	b := writtenOf(t, s.Whole(t.Context()))
	position := uint64(0)
	for line, err := range b.Records(nil) {
		position++
		if err != nil || !bytes.HasPrefix(line, fmt.Appendf(nil, `{"position":%d,`, position)) {
			t.Fatalf("line %d is %q, %v", position, line, err)
		}
	}
	if position != 600 || fmt.Sprint(b.EarlierSizes()) != "[1 256 300]" {
		t.Errorf("%d records, checkpoints %v", position, b.EarlierSizes())
	}
	if note, err := b.Checkpoint(); err != nil || !bytes.Equal(note, s.Checkpoints[3].Bytes()) {
		t.Errorf("the newest checkpoint is %q, %v", note, err)
	}
}

func TestABundleOfOneCenterProvesItsRecordsAndShowsNoOther(t *testing.T) {
	s, log := ledgerOf(t, 600, 1, 256, 300, 520)
	c, shown, after, err := s.OfCenter(t.Context(), "ZJ-0001")
	if err != nil || shown != 130 || after != 20 {
		t.Fatalf("%d records shown, %d after, %v", shown, after, err)
	}
	b := writtenOf(t, c)
	positions, i := b.ProofPositions(), 0
	for line, err := range b.Records(nil) {
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(line), "ZJ-0002") {
			t.Errorf("it shows a record of another center: %s", line)
		}
		file, err := b.Proof(positions[i])
		if err != nil {
			t.Fatal(err)
		}
		p, err := seal.ParseProof(file)
		if err != nil || p.Checkpoint.SignedBy(log.Key) != nil || p.Verify(line) != nil || p.Index != positions[i]-1 {
			t.Errorf("the record at %d is not proven: %v", positions[i], err)
		}
		i++
	}
	if i != len(positions) || i != 390 {
		t.Errorf("%d records, %d proofs", i, len(positions))
	}
	for _, signed := range s.Checkpoints[:3] {
		file, err := b.Consistency(signed.Size)
		if err != nil {
			t.Fatal(err)
		}
		hashes, err := seal.ParseHashes(file)
		if err == nil {
			err = seal.CheckConsistency(hashes, signed.Checkpoint, s.Checkpoints[3].Checkpoint)
		}
		if err != nil {
			t.Errorf("the newest checkpoint does not extend that of %d: %v", signed.Size, err)
		}
	}
}

func TestALedgerThatDoesNotExtendItsCheckpointsIsRefused(t *testing.T) {
	other, log := ledgerOf(t, 100, 50)
	for name, change := range map[string]func(*bundle.Sealed){
		"another root":      func(s *bundle.Sealed) { s.Checkpoints[0] = other.Checkpoints[0] },
		"the newest is off": func(s *bundle.Sealed) { s.Checkpoints[1] = resigned(s.Checkpoints[1], log, 0) },
		"it is shorter":     func(s *bundle.Sealed) { s.Checkpoints[1] = resigned(s.Checkpoints[1], log, 1000) },
	} {
		s, _ := ledgerOf(t, 100, 50, 90)
		change(s)
		err := bundle.Write(t.Context(), io.Discard, s.Whole(t.Context()))
		if text.CodeOf(err) != text.Conflict {
			t.Errorf("%s: a bundle of the whole ledger gives %v", name, err)
		}
		if _, _, _, err := s.OfCenter(t.Context(), "ZJ-0001"); text.CodeOf(err) != text.Conflict {
			t.Errorf("%s: a bundle of one center gives %v", name, err)
		}
	}
}

// resigned returns a checkpoint of a larger size with a root that no ledger has.
func resigned(s *seal.Signed, log seal.Signer, more uint64) *seal.Signed {
	c := s.Checkpoint
	c.Size += more
	c.Root[0]++
	return seal.Sign(c, log)
}
