package verify_test

import (
	"bytes"
	"iter"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/bundle"
	"github.com/taizhang/taizhang/services/seal"
	"github.com/taizhang/taizhang/services/verify"
)

// hashes reads the hashes of the tree of the world's lines, for proofs.
func (w *world) hashes(t testing.TB) tlog.HashReaderFunc {
	t.Helper()
	var stored []tlog.Hash
	read := tlog.HashReaderFunc(func(indexes []int64) (list []tlog.Hash, err error) {
		for _, i := range indexes {
			list = append(list, stored[i])
		}
		return list, nil
	})
	for i, line := range w.lines {
		hashes, err := tlog.StoredHashes(int64(i), line, read)
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, hashes...)
	}
	return read
}

// ofCenter returns what a bundle of one center holds.
func (w *world) ofCenter(t testing.TB, center events.CenterID) bundle.Contents {
	t.Helper()
	c, newest, hashes := w.contents(), w.heads[len(w.heads)-1], w.hashes(t)
	c.Center, c.Consistency, c.Positions = center, map[uint64][]tlog.Hash{}, nil
	parser := events.NewLineParser()
	var lines [][]byte
	for i, line := range w.lines {
		s, bad := parser.Parse(line)
		if bad != "" {
			t.Fatal(bad)
		}
		if s.Stream == center.Stream() || s.Stream == events.PolicyStream || s.Stream == events.LedgerStream {
			lines, c.Positions = append(lines, line), append(c.Positions, uint64(i+1))
		}
	}
	c.Records = func() iter.Seq2[[]byte, error] {
		return func(yield func([]byte, error) bool) {
			for _, line := range lines {
				if !yield(line, nil) {
					return
				}
			}
		}
	}
	c.Proof = func(position uint64) ([]byte, error) {
		proof, err := tlog.ProveRecord(int64(newest.Size), int64(position-1), hashes)
		return (&seal.Proof{Index: position - 1, Hashes: proof, Checkpoint: newest}).Bytes(), err
	}
	for size := range c.Earlier {
		proof, err := tlog.ProveTree(int64(newest.Size), int64(size), hashes)
		if err != nil {
			t.Fatal(err)
		}
		c.Consistency[size] = proof
	}
	c.Figures = nil
	for name, content := range map[string][]byte{"年度表-ZJ-0001.html": w.ofOne, "支出.xlsx": w.figures["支出.xlsx"]} {
		c.Figures = append(c.Figures, bundle.Figure{Name: name, Content: bytes.NewReader(content),
			Bytes: int64(len(content))})
	}
	return c
}

func TestABundleOfOneCenterProvesItsRecordsAndSaysWhatItCannot(t *testing.T) {
	w := newWorld(t)
	v := w.judge(t, pack(t, w.ofCenter(t, "ZJ-0001")))
	expect(t, v, verify.Holds,
		"9 条记录各有回执，证明其原样在检查点 13 之中", "each of the 9 records has a receipt, which proves that it "+
			"lies unchanged "+
			"in the checkpoint of 13 records",
		"2 个较早的检查点，都证明是最新检查点的开头部分", "earlier checkpoints, each proven to be a prefix of "+
			"the newest: 2",
		"ZJ-0001 的第 1 至 5 条没有缺漏。不能证明第 5 条是最后一条，也不能证明各中心的合计。",
		"of ZJ-0001 none is missing from 1 to 5. Not proven: that 5 is the last one, and any total over centers.",
		"任何涉及其他中心的合计", "that the last policy shown is the last one adopted",
		"报表 figures/支出.xlsx：94 格全部由 ZJ-0001 第 1 至 5 条记录得出",
		"格全部由 ZJ-0001 第 1 至 5 条记录得出")
	if len(v.Figures) != 2 || !v.Figures[0].Equal || !v.Figures[1].Equal || v.Figures[0].Cells == 0 {
		t.Errorf("%+v", v.Figures)
	}
	// Of a center, checkpoints of the sizes in the bundle are compared, and no others.
	file := pack(t, w.ofCenter(t, "ZJ-0002"))
	expect(t, w.judge(t, file, knowing(w.heads[1])), verify.Unwitnessed, "报表 figures/支出.xlsx 涉及其他中心")
	w.figures = nil
	c := w.ofCenter(t, "ZJ-0002")
	c.Figures = nil
	file = pack(t, c)
	expect(t, w.judge(t, file, knowing(w.heads[1])), verify.Holds, "留存的检查点（9 条）是本台账的开头部分")
	other := seal.Sign(seal.Checkpoint{Origin: origin, Size: 7, Root: w.root(7)}, w.log)
	expect(t, w.judge(t, file, knowing(other)), verify.Holds,
		"留存的检查点（7 条）：单个中心的证据包中没有这一大小的检查点，无从比对",
		"the checkpoint that you kept (7 records): a bundle of one center cannot be compared with it")
	other = seal.Sign(seal.Checkpoint{Origin: origin, Size: 9, Root: w.root(7)}, w.log)
	expect(t, w.judge(t, file, knowing(other)), verify.Contradicted, "留存的检查点（9 条）与记录不符")
}

func TestAttacksOnABundleOfOneCenter(t *testing.T) {
	for name, test := range map[string]struct {
		change   func(t *testing.T, w *world, files map[string][]byte)
		sentence string
	}{
		"a record is edited": {func(t *testing.T, w *world, files map[string][]byte) {
			files[bundle.RecordsName] = bytes.Replace(files[bundle.RecordsName], []byte("乙公司"), []byte("丙公司"), 1)
		}, "位置 8 的记录与它的回执不符：记录或回执被改动过"},
		"a record is left out": {func(t *testing.T, w *world, files map[string][]byte) {
			lines := bytes.SplitAfter(files[bundle.RecordsName], []byte("\n"))
			files[bundle.RecordsName] = bytes.Join(append(lines[:5:5], lines[6:]...), nil)
			delete(files, bundle.ProofName(8))
		}, "center-ZJ-0001 的记录序号 3 之后是 5"},
		"a receipt is left out": {func(t *testing.T, w *world, files map[string][]byte) {
			delete(files, bundle.ProofName(7))
		}, "位置 7 的记录没有回执"},
		"a receipt is of another record": {func(t *testing.T, w *world, files map[string][]byte) {
			files[bundle.ProofName(7)] = files[bundle.ProofName(8)]
		}, "位置 7 的记录与它的回执不符"},
		"a receipt without a record": {func(t *testing.T, w *world, files map[string][]byte) {
			files[bundle.ProofName(6)] = files[bundle.ProofName(7)]
		}, "位置 6 有回执，没有记录"},
		"the checkpoint of a receipt is another": {func(t *testing.T, w *world, files map[string][]byte) {
			proof, err := seal.ParseProof(files[bundle.ProofName(7)])
			if err != nil {
				t.Fatal(err)
			}
			proof.Checkpoint.Lines = proof.Checkpoint.Lines[:2]
			files[bundle.ProofName(7)] = proof.Bytes()
		}, "proofs/7.tlog-proof 中的检查点与文件 checkpoint 不是逐字节相同"},
		"a consistency proof is of another size": {func(t *testing.T, w *world, files map[string][]byte) {
			files[bundle.ConsistencyName(5)] = files[bundle.ConsistencyName(9)]
		}, "检查点 5 到最新检查点的延续证明不成立"},
		"a record of another center": {func(t *testing.T, w *world, files map[string][]byte) {
			files[bundle.CenterName] = []byte("ZJ-0002\n")
		}, "位置 2 的记录属于 center-ZJ-0001，不应在单个中心的证据包中"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			files := filesOf(t, pack(t, w.ofCenter(t, "ZJ-0001")))
			test.change(t, w, files)
			expect(t, w.judge(t, zipped(t, files, true)), verify.Contradicted, test.sentence)
		})
	}
}
