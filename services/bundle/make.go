package bundle

import (
	"context"
	"iter"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/seal"
)

// Sealed is a ledger with its checkpoints. Bundles are made from it.
type Sealed struct {
	Ledger      seal.Reader
	Position    uint64         // of the last record of a bundle of the whole ledger
	Checkpoints []*seal.Signed // at least one, in the order of sizes
}

func (s *Sealed) newest() *seal.Signed { return s.Checkpoints[len(s.Checkpoints)-1] }

// Whole returns the records and checkpoints for a bundle of the whole ledger. When they are written, a ledger that
// does not extend every checkpoint is text.Conflict: nobody should hand over what contradicts itself.
func (s *Sealed) Whole(ctx context.Context) Contents {
	c, checked := s.contents(), false
	c.Records = func() iter.Seq2[[]byte, error] {
		if checked {
			return s.lines(ctx, s.Position, func(events.StreamID) bool { return true })
		}
		checked = true
		return s.checkedLines(ctx)
	}
	return c
}

// contents returns the checkpoints alone.
func (s *Sealed) contents() Contents {
	c := Contents{Checkpoint: s.newest().Bytes(), Earlier: map[uint64][]byte{}}
	for _, signed := range s.Checkpoints[:len(s.Checkpoints)-1] {
		c.Earlier[signed.Size] = signed.Bytes()
	}
	return c
}

// lines yields the stored lines of some streams up to a position.
func (s *Sealed) lines(ctx context.Context, upTo uint64,
	shown func(events.StreamID) bool) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for e, err := range s.Ledger.ReadAll(ctx, 0) {
			if err != nil {
				yield(nil, err)
				return
			}
			if e.Position > upTo || shown(e.Stream) && !yield(e.Bytes, nil) {
				return
			}
		}
	}
}

// checkedLines yields the stored lines of the whole ledger, and at the end an error unless each checkpoint has the
// root of its size.
func (s *Sealed) checkedLines(ctx context.Context) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		sizes := []uint64{s.Position}
		for _, signed := range s.Checkpoints {
			sizes = append(sizes, signed.Size)
		}
		more := true
		roots, _, err := seal.Roots(ctx, s.Ledger, sizes, func(e *events.Stored) {
			if more = more && yield(e.Bytes, nil); !more {
				cancel()
			}
		})
		if !more {
			return
		}
		for i, signed := range s.Checkpoints {
			if err == nil && (signed.Size > s.Position || roots[i+1] != signed.Root) {
				err = contradicts(signed)
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

// contradicts is the error of a ledger that does not extend one of its checkpoints.
func contradicts(signed *seal.Signed) error {
	return text.Errorf(text.Conflict,
		"台账与其位置 %d 的检查点不符，这样的证据包核验不会通过，没有写出；用 taizhang check 查看详情",
		"the ledger does not agree with its checkpoint of position %d, no bundle of it would pass, and none was "+
			"written; taizhang check says more", signed.Size)
}

// OfCenter returns the records and proofs for a bundle of one center: the streams of the center, of the policies and
// of the ledger, as far as the newest checkpoint covers them. It returns also the number of records of the center
// that are shown, and of those that lie after the checkpoint and are left out. A ledger that does not extend every
// checkpoint is text.Conflict.
func (s *Sealed) OfCenter(ctx context.Context, center events.CenterID) (c Contents, shown, after uint64, err error) {
	newest := s.newest()
	for _, signed := range s.Checkpoints {
		if signed.Size > s.Position {
			return c, 0, 0, contradicts(signed)
		}
	}
	c = s.contents()
	c.Center, c.Consistency = center, map[uint64][]tlog.Hash{}
	streams := map[events.StreamID]bool{center.Stream(): true, events.PolicyStream: true, events.LedgerStream: true}
	isShown := func(stream events.StreamID) bool { return streams[stream] }
	for e, err := range s.Ledger.ReadAll(ctx, 0) {
		switch {
		case err != nil:
			return c, 0, 0, err
		case isShown(e.Stream) && e.Position <= newest.Size:
			c.Positions = append(c.Positions, e.Position)
			if e.Stream == center.Stream() {
				shown++
			}
		case e.Stream == center.Stream() && e.Position <= s.Position:
			after++
		}
	}
	c.Records = func() iter.Seq2[[]byte, error] { return s.lines(ctx, newest.Size, isShown) }
	var lots seal.Lots
	for _, signed := range s.Checkpoints {
		root, err := lots.Root(ctx, s.Ledger, signed.Size)
		if err == nil && root != signed.Root {
			err = contradicts(signed)
		}
		if err == nil && signed != newest {
			c.Consistency[signed.Size], err = lots.Consistency(ctx, s.Ledger, signed.Size, newest.Size)
		}
		if err != nil {
			return c, 0, 0, err
		}
	}
	c.Proof = func(position uint64) ([]byte, error) {
		hashes, err := lots.Inclusion(ctx, s.Ledger, position-1, newest.Size)
		if err != nil {
			return nil, err
		}
		p := seal.Proof{Index: position - 1, Hashes: hashes, Checkpoint: newest}
		return p.Bytes(), nil
	}
	return c, shown, after, nil
}
