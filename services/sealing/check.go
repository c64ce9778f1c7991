package sealing

import (
	"context"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/seal"
)

// Finding is a fault of the ledger or of its checkpoints. Position is the last of the first checkpoint that fails, 0
// for a fault of a file.
type Finding struct {
	Position uint64
	What     text.Text
}

// Check reads the ledger once and compares it with the checkpoints of some sizes: those that Sizes returned before the
// ledger was opened, because another process may seal records that the Keeper's ledger does not have. It returns the
// number of checkpoints and at most one finding about the ledger: the first checkpoint that it does not extend.
func (k *Keeper) Check(ctx context.Context, sizes []uint64) (count int, found []Finding, err error) {
	if len(sizes) == 0 {
		return 0, nil, nil
	}
	log, err := k.Log()
	if err == ErrNotBegun { // all records of sealings are gone; the policy still has the key
		log, err = k.policyKey(k.dir)
	}
	if err != nil {
		return 0, nil, err
	}
	var all []*seal.Signed
	for _, size := range sizes {
		s, err := k.checkpoint(size, log)
		switch what, ok := err.(*text.Error); {
		case ok:
			found = append(found, Finding{What: what.What})
		case err != nil:
			return 0, nil, err
		default:
			all = append(all, s)
		}
	}
	position := k.ledger.Register().Position()
	var within []uint64
	for _, s := range all {
		if s.Size <= position {
			within = append(within, s.Size)
		}
	}
	roots, _, err := seal.Roots(ctx, k.read, within, nil)
	if err != nil {
		return 0, nil, err
	}
	holds := uint64(0)
	for i, s := range all {
		switch {
		case i >= len(roots):
			return len(all), append(found, Finding{s.Size, text.Say(
				"台账止于位置 %d，短于检查点 %d：其后的记录已缺失（最后相符的检查点为 %d）",
				"the ledger ends at position %d, short of the checkpoint %d: the records after it are gone (the last "+
					"checkpoint that holds is %d)", position, s.Size, holds)}), nil
		case roots[i] != s.Root:
			return len(all), append(found, Finding{s.Size, text.Say(
				"台账与检查点 %d 不符：位置 %d 至 %d 之间的记录有改动、增删或移位（此前的检查点均相符）",
				"the ledger does not extend the checkpoint %d: among positions %d to %d a record was changed, "+
					"removed, inserted or moved (every checkpoint before holds)", s.Size, holds+1, s.Size)}), nil
		}
		holds = s.Size
	}
	lost, err := k.lost(ctx)
	for _, record := range lost {
		found = append(found, Finding{record.Position, text.Say(
			"封存记录所记的检查点（%d 条）没有文件：请运行 taizhang seal 重新签名，见证行可由以前的 .cosig 文件补入",
			"the checkpoint of %d records that the record of sealing names has no file: run taizhang seal, which signs "+
				"it again; its cosignatures come back from earlier .cosig files", record.Size)})
	}
	return len(all), found, err
}
