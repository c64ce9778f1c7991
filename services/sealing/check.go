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
	return len(all), found, nil
}

// Lost names the checkpoints that the ledger records and that have no file, in a directory that has others.
func (k *Keeper) Lost(ctx context.Context) (list []text.Text, err error) {
	if sizes, err := k.sizes(); err != nil || len(sizes) == 0 {
		return nil, err
	}
	lost, err := k.lost(ctx)
	for _, record := range lost {
		list = append(list, text.Say("位置 %d 的封存记录所记的检查点（%d 条）没有文件，审计方会认为有矛盾：请运行 "+
			"taizhang seal 重新签名，再用 taizhang seal add 补入以前的 .cosig 文件",
			"the checkpoint of %[2]d records that the record of sealing at position %[1]d names has no file, "+
				"which an auditor takes for a contradiction: run taizhang seal, which signs it again, and add the "+
				"earlier .cosig files with taizhang seal add", record.Position, record.Size))
	}
	return list, err
}
