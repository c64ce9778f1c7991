package sealing

import (
	"context"
	"slices"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/seal"
)

// Made is the newest checkpoint after a sealing.
type Made struct {
	Signed *seal.Signed
	New    bool // it was made now; otherwise there was nothing to seal
}

// Seal signs a checkpoint of the ledger as it is now. On return the checkpoint is durable. If the ledger does not
// extend its newest checkpoint, the error says what to do, and nothing is written.
func (k *Keeper) Seal(ctx context.Context) (*Made, error) {
	log, err := k.signer()
	if err != nil {
		return nil, err
	}
	unlock, err := k.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	return k.seal(ctx, log)
}

// seal does the same as Seal, under the lock.
func (k *Keeper) seal(ctx context.Context, log seal.Signer) (*Made, error) {
	before, err := k.standing(ctx, log)
	if err != nil {
		return nil, err
	}
	sealing := k.ledger.Sealing()
	size := uint64(0)
	if before != nil {
		size = before.Size
	}
	switch last := sealing.Last; {
	case sealing.Unsealed:
	case size < last.Position: // the process was ended between the record and its checkpoint
		return k.sign(ctx, log, last.Position)
	default:
		return &Made{Signed: before}, nil
	}
	record := &events.LedgerSealed{Origin: log.Name, Key: log.Key.String(), Root: events.RootOfNothing,
		Cosigners: []events.Cosigner{}}
	if before != nil {
		record.Size, record.Root = before.Size, before.Root.String()
		if record.Cosigners, err = k.cosigners(before); err != nil {
			return nil, err
		}
	}
	return k.record(ctx, log, record)
}

// record writes a record ledger.sealed and signs the checkpoint that ends with it.
func (k *Keeper) record(ctx context.Context, log seal.Signer, record *events.LedgerSealed) (*Made, error) {
	// the long part first, so that between the record and the checkpoint there is little to do
	if err := k.lots.Grow(ctx, k.read, k.ledger.Register().Position()); err != nil {
		return nil, err
	}
	place, err := k.ledger.Seal(ctx, record)
	if err != nil {
		return nil, err
	}
	return k.sign(context.WithoutCancel(ctx), log, place.Position)
}

// sign signs the checkpoint of a size and makes it durable.
func (k *Keeper) sign(ctx context.Context, log seal.Signer, size uint64) (*Made, error) {
	root, err := k.root(ctx, size)
	if err != nil {
		return nil, err
	}
	s := seal.Sign(seal.Checkpoint{Origin: log.Name, Size: size, Root: root}, log)
	if err := k.writeCheckpoint(s); err != nil {
		return nil, err
	}
	return &Made{Signed: s, New: true}, nil
}

// standing returns the newest checkpoint, or nil, after it has checked that the ledger extends it. Checkpoints that
// the ledger records and that have no file any more are signed again: each is what it was, without its cosignatures.
func (k *Keeper) standing(ctx context.Context, log seal.Signer) (*seal.Signed, error) {
	newest, err := k.newest(log.Key)
	if err != nil {
		return nil, err
	}
	if newest != nil {
		if err := k.extends(ctx, newest); err != nil {
			return nil, err
		}
	}
	lost, err := k.lost(ctx)
	if err != nil {
		return nil, err
	}
	for _, record := range lost {
		root, err := k.root(ctx, record.Size)
		if err != nil {
			return nil, err
		}
		s := seal.Sign(seal.Checkpoint{Origin: log.Name, Size: record.Size, Root: root}, log)
		if root.String() != record.Root {
			return nil, text.Errorf(text.Internal,
				"位置 %d 的封存记录所记的检查点（%d 条）与台账不符；没有封存，请运行 taizhang check",
				"the record of sealing at position %d names a checkpoint of %d records that the ledger does "+
					"not have; nothing was sealed, run taizhang check", record.Position, record.Size)
		}
		if err := k.writeCheckpoint(s); err != nil {
			return nil, err
		}
		if newest == nil || newest.Size < s.Size {
			newest = s
		}
	}
	return newest, nil
}

// lost returns the records of sealing under the present origin that name a checkpoint without a file.
func (k *Keeper) lost(ctx context.Context) (list []ledger.Seal, err error) {
	state := k.ledger.Sealing()
	if state.Last == nil || state.Last.Size == 0 {
		return nil, nil
	}
	sizes, err := k.sizes()
	if err != nil {
		return nil, err
	}
	named := uint64(0)
	for _, size := range sizes {
		if size <= state.Last.Size {
			named++
		}
	}
	if named >= state.Last.Revision-state.First.Revision { // each record but the first names one
		return nil, nil
	}
	for s, err := range k.ledger.ReadStream(ctx, events.LedgerStream, state.First.Revision) {
		if err != nil {
			return nil, err
		}
		record, err := events.DecodeEvent(s)
		if err != nil {
			return nil, err
		}
		sealed, ok := record.Data.(*events.LedgerSealed)
		if ok && sealed.Size > 0 && !slices.Contains(sizes, sealed.Size) {
			sizes = append(sizes, sealed.Size) // two records name one if a process ended between record and checkpoint
			list = append(list, ledger.Seal{Place: s.Place, LedgerSealed: sealed})
		}
	}
	return list, nil
}

// extends returns an error unless the ledger extends a checkpoint.
func (k *Keeper) extends(ctx context.Context, s *seal.Signed) error {
	position := k.ledger.Register().Position()
	if s.Size > position {
		return text.Errorf(text.Conflict, "台账止于位置 %d，而检查点 %s 封存了 %d 条记录；没有封存。%v",
			"the ledger ends at position %d, and the checkpoint %s covers %d records; nothing was sealed. %v",
			position, k.checkpointPath(s.Size), s.Size, goOn)
	}
	root, err := k.root(ctx, s.Size)
	if err != nil {
		return err
	}
	if root != s.Root {
		return text.Errorf(text.Conflict, "台账前 %d 条记录与检查点 %s 不符；没有封存。%v",
			"the first %d records of the ledger are not those of the checkpoint %s; nothing was sealed. %v",
			s.Size, k.checkpointPath(s.Size), goOn)
	}
	return nil
}

// goOn says what to do with a ledger that does not extend its newest checkpoint.
var goOn = text.Say("如有更新的备份，请恢复该备份；确须从此处继续的，用 taizhang seal init 换用新的封存标识，"+
	"并给出这个检查点（见 taizhang help seal init）",
	"If there is a newer backup, restore that one. If the ledger must go on from here, begin a new origin with "+
		"taizhang seal init and name this checkpoint (see taizhang help seal init)")

// cosigners returns who of the witnesses in the policy has cosigned a checkpoint, and when.
func (k *Keeper) cosigners(s *seal.Signed) ([]events.Cosigner, error) {
	list := []events.Cosigner{}
	policy, err := k.Witnesses()
	if err != nil || policy == nil {
		return list, err
	}
	_, all := policy.Quorum(s)
	for _, c := range all {
		list = append(list, events.Cosigner{Name: c.Name, At: c.At.UTC().Format(time.RFC3339)})
	}
	return list, nil
}
