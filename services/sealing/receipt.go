package sealing

import (
	"context"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/seal"
)

// lookBackMax is the number of checkpoints among which a receipt looks for one that meets the quorum of the policy.
const lookBackMax = 16

// Receipt returns the proof that the record at a position lies in a checkpoint, and its stored line. The checkpoint
// is the newest one that has the record and meets the quorum of the policy or, without such a one, the newest.
func (k *Keeper) Receipt(ctx context.Context, position uint64) (*seal.Proof, []byte, error) {
	s, err := k.covering(position)
	if err != nil {
		return nil, nil, err
	}
	stored, err := k.ledger.At(ctx, position)
	if err != nil {
		return nil, nil, err
	}
	hashes, err := k.lots.Inclusion(ctx, k.read, position-1, s.Size)
	if err != nil {
		return nil, nil, err
	}
	p := &seal.Proof{Index: position - 1, Hashes: hashes, Checkpoint: s}
	if err := p.Verify(stored.Bytes); err != nil {
		return nil, nil, text.Errorf(text.Internal, "台账与检查点 %s 不符，没有出具回执；请运行 taizhang check",
			"the ledger is not that of the checkpoint %s, so there is no receipt; run taizhang check",
			k.checkpointPath(s.Size))
	}
	return p, stored.Bytes, nil
}

// covering returns the checkpoint for the receipt of a position.
func (k *Keeper) covering(position uint64) (*seal.Signed, error) {
	log, err := k.Log()
	if err != nil {
		return nil, err
	}
	sizes, err := k.sizes()
	if err != nil {
		return nil, err
	}
	last := len(sizes) - 1
	switch {
	case position == 0 || position > k.ledger.Register().Position():
		return nil, NoRecord(position)
	case last < 0:
		return nil, text.Errorf(text.NotFound, "%s 中没有检查点", "there is no checkpoint in %s", k.dir)
	case sizes[last] < position:
		return nil, text.Errorf(text.NotFound,
			"位置 %d 的记录尚未封存：最新的检查点封存了 %d 条；先运行 taizhang seal",
			"the record at position %d is not sealed yet: the newest checkpoint covers %d records; run taizhang "+
				"seal first", position, sizes[last])
	}
	policy, err := k.Witnesses()
	if err != nil {
		return nil, err
	}
	newest, err := k.checkpoint(sizes[last], log)
	if err != nil || policy == nil {
		return newest, err
	}
	for i := last; i >= 0 && i > last-lookBackMax && sizes[i] >= position; i-- {
		s, err := k.checkpoint(sizes[i], log)
		if err != nil {
			return nil, err
		}
		if met, _ := policy.Quorum(s); met {
			return s, nil
		}
	}
	return newest, nil
}

// NoRecord is the error of a position without a record.
func NoRecord(position uint64) error {
	return text.Errorf(text.NotFound, "位置 %d 没有记录", "there is no record at position %d", position)
}

// Request returns the request for a witness to cosign the newest checkpoint. old is the size that the witness cosigned
// last (see Known), 0 for none.
func (k *Keeper) Request(ctx context.Context, old uint64) (*seal.Request, error) {
	newest, err := k.Newest()
	if err != nil {
		return nil, err
	}
	if old > newest.Size {
		return nil, text.Errorf(text.Conflict,
			"见证方已见证 %d 条记录的检查点，而最新的检查点只有 %d 条：台账比见证方所知的短",
			"the witness has cosigned a checkpoint of %d records, and the newest one here has %d: the ledger is "+
				"shorter than the witness knows", old, newest.Size)
	}
	proof, err := k.lots.Consistency(ctx, k.read, old, newest.Size)
	return &seal.Request{Old: old, Proof: proof, Checkpoint: newest}, err
}
