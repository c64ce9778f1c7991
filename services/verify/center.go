package verify

import (
	"bytes"
	"slices"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/bundle"
	"github.com/taizhang/taizhang/services/seal"
)

// A bundle of one center has the records of three streams, so it has no tree. Each record has a receipt under the
// newest checkpoint, and each earlier checkpoint a proof that the newest continues it.

// The kinds of contradictions of receipts.
const (
	proofKind  kind = "proof"
	streamKind kind = "stream"
)

// checkCenter checks the receipts, the consistency of the checkpoints, and that the streams are those of the center.
func (v *Verdict) checkCenter(b *bundle.Bundle, h *heads, s *scan) error {
	center, newest := b.Center(), h.newest()
	known := map[events.StreamID]bool{center.Stream(): true, events.PolicyStream: true, events.LedgerStream: true}
	failed := v.property(Integrity).failures()
	for name, of := range s.streams {
		if !known[name] {
			v.fails(Integrity, streamKind, foreignStream(s.places[of.lines[0]].position, name))
		}
	}
	if s.streams[center.Stream()] == nil {
		v.fails(Integrity, streamKind, noRecordsOf(center))
	} else if v.property(Integrity).failures() == failed {
		v.holds(Integrity,
			streamsHold(center, s.streamRevision(center.Stream()), s.streamRevision(events.PolicyStream)))
	}
	if err := v.checkProofs(b, newest, s); err != nil {
		return err
	}
	v.checkConsistency(b, h)
	return nil
}

// checkProofs checks that each record has a receipt that proves it, and that there are no others.
func (v *Verdict) checkProofs(b *bundle.Bundle, newest *head, s *scan) error {
	failed := v.property(Integrity).failures()
	checkpoint, err := b.Checkpoint()
	if err != nil {
		return err
	}
	positions := b.ProofPositions()
	var buf []byte
	for i, p := range s.places {
		for len(positions) > 0 && positions[0] < p.position {
			v.fails(Integrity, proofKind, proofWithout(positions[0]))
			positions = positions[1:]
		}
		if len(positions) == 0 || positions[0] != p.position {
			v.fails(Integrity, proofKind, proofMissing(p.position))
			continue
		}
		positions = positions[1:]
		if buf, err = s.line(i, buf); err != nil {
			return err
		}
		v.checkProof(b, p.position, buf, checkpoint, newest)
	}
	for _, position := range positions {
		v.fails(Integrity, proofKind, proofWithout(position))
	}
	if v.property(Integrity).failures() == failed {
		v.holds(Integrity, proofsHold(uint64(len(s.places)), newest.Size))
	}
	return nil
}

func (v *Verdict) checkProof(b *bundle.Bundle, position uint64, line, checkpoint []byte, newest *head) {
	file := bundle.ProofName(position)
	content, err := b.Read(file)
	if err != nil {
		v.fails(Integrity, proofKind, unreadableFile(file, text.Of(err)))
		return
	}
	proof, err := seal.ParseProof(content)
	switch {
	case err != nil:
		v.fails(Integrity, proofKind, checkpointForm(file, text.Of(err)))
	case !bytes.Equal(proof.Checkpoint.Bytes(), checkpoint):
		v.fails(Integrity, proofKind, proofCheckpoint(file))
	case proof.Index+1 != position || proof.Verify(line) != nil:
		v.fails(Integrity, proofKind, proofFails(position))
		newest.wrong = true
	}
}

// checkConsistency checks that the newest checkpoint continues every earlier one.
func (v *Verdict) checkConsistency(b *bundle.Bundle, h *heads) {
	newest, right := h.newest(), true
	for _, head := range h.list[:len(h.list)-1] {
		file := bundle.ConsistencyName(head.Size)
		content, err := b.Consistency(head.Size)
		if err != nil {
			v.fails(Integrity, proofKind, unreadableFile(file, text.Of(err)))
			right = false
			continue
		}
		hashes, err := seal.ParseHashes(content)
		if err != nil {
			v.fails(Integrity, proofKind, checkpointForm(file, text.Of(err)))
			right = false
			continue
		}
		if head.wrong = head.Origin != newest.Origin ||
			seal.CheckConsistency(hashes, head.Checkpoint, newest.Checkpoint) != nil; head.wrong {
			v.fails(Integrity, proofKind, consistencyFails(head.Size))
			right = false
		}
	}
	if n := len(h.list) - 1; n > 0 && right {
		v.holds(Integrity, consistencyHolds(n))
	}
}

// checkKnownOfCenter compares the checkpoint that the auditor kept with the one of the same size in the bundle.
func (v *Verdict) checkKnownOfCenter(known *seal.Signed, h *heads, s *scan, p *seal.Policy) {
	if known == nil {
		v.unexamined(knownNone)
		return
	}
	v.knownSignature(known, p)
	names := append(origins(s.seals), h.newest().Origin)
	head := h.of(known.Size)
	switch {
	case !slices.Contains(names, known.Origin):
		v.fails(Integrity, "", knownOfOther(known.Origin))
		return
	case known.Size > h.newest().Size && known.Origin == h.newest().Origin, head == nil, known.Origin != head.Origin:
		v.unexamined(knownOfOtherSize(known.Size))
		return
	case head.Root != known.Root:
		v.fails(Integrity, "", knownDiffers(known.Size, h.held(known.Size)))
		v.bothSigned(known, h, p)
		return
	}
	v.holds(Integrity, knownHolds(known.Size))
}
