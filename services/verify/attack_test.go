package verify_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/taizhang/taizhang/services/bundle"
	"github.com/taizhang/taizhang/services/seal"
	"github.com/taizhang/taizhang/services/verify"
)

// These tests make the attacks on a ledger, each by somebody at its side who has the key of the log, recomputes all
// checksums and the whole tree, and writes the bundle and both manifests himself. He has no key of a witness.

func TestAnEditedEventContradictsTheFirstCheckpointPastIt(t *testing.T) {
	w := newWorld(t)
	at := w.find(t, `"voucher":"V-1"`)
	w.edit(t, at, "乙公司", "丙公司")
	v := w.judge(t, w.bundle(t))
	expect(t, v, verify.Contradicted,
		"检查点 9（见证方 finance 2026-11-01 09:12:00、archive 2026-11-01 09:13:00）的根值与记录不符："+
			"位置 6 至 9 之间有记录被改动、抽走、插入或移位（此前的检查点 5 仍相符）",
		"the records do not give the root of the checkpoint of 9 records (cosigned by finance 2026-11-01 09:12:00, "+
			"archive 2026-11-01 09:13:00): between positions 6 and 9 a record was changed, removed, inserted or "+
			"moved "+
			"(the earlier checkpoint of 5 records still holds)",
		"later checkpoints whose root differs too: 1")
}

func TestAnEditedEventUnderSignaturesMadeAnewLacksWitnesses(t *testing.T) {
	for _, keep := range []bool{false, true} {
		w := newWorld(t)
		kept := copyOf(w.heads[1])
		w.edit(t, w.find(t, `"voucher":"V-1"`), "乙公司", "丙公司")
		w.resign(t, keep)
		if keep { // the old cosignatures on the new checkpoint
			expect(t, w.judge(t, w.bundle(t)), verify.Contradicted,
				"checkpoint：见证方 audit 的签名不对，检查点或签名被改动过",
				"checkpoints/9: the signature of the witness finance is wrong; the checkpoint or the signature was "+
					"changed")
			continue
		}
		// The seal at position 13 still states who cosigned the checkpoint before.
		expect(t, w.judge(t, w.bundle(t)), verify.Contradicted,
			"位置 13 的封存记录载明 finance.example/w1 于 2026-11-01 09:12:00 见证了检查点 9，"+
				"证据包中的检查点没有这一签名",
			"the sealing record at position 13 states that finance.example/w1 cosigned the checkpoint of 9 "+
				"records at 2026-11-01 09:12:00, and the checkpoint in the bundle has no such line")
		// Without those statements nothing contradicts, and nobody vouches either.
		w.forgetCosigners()
		w.resign(t, false)
		expect(t, w.judge(t, w.bundle(t)), verify.Contradicted)
		// What the auditor kept does not fit.
		expect(t, w.judge(t, w.bundle(t), knowing(kept)), verify.Contradicted,
			"留存的检查点（9 条）与记录不符：位置 6 至 9 之间有记录被改动、抽走、插入或移位，这不是同一部历史",
			"the records do not give the root of the checkpoint that you kept (9 records): between positions 6 and "+
				"9 a "+
				"record was changed, removed, inserted or moved; this is another history",
			"台账单位签署了两部历史。请保存这两份检查点作为证据", "the ledger's office signed two. Keep both as "+
				"evidence")
	}
}

func TestASealThatCitesAnotherRootContradicts(t *testing.T) {
	w := newWorld(t)
	w.edit(t, 13, w.heads[1].Root.String(), w.heads[0].Root.String())
	expect(t, w.judge(t, w.bundle(t)), verify.Contradicted, "位置 10 至 13 之间有记录被改动",
		"位置 13 的封存记录所载检查点 9，根值与记录不符",
		"the sealing record at position 13 cites a checkpoint of 9 records with another root than the records give")
}

// forgetCosigners takes the cosigners out of all seals.
func (w *world) forgetCosigners() {
	for i, line := range w.lines {
		before, rest, ok := bytes.Cut(line, []byte(`"cosigners":[`))
		if !ok {
			continue
		}
		_, after, _ := bytes.Cut(rest, []byte(`]`))
		w.lines[i] = slices.Concat(before, []byte(`"cosigners":[]`), after)
	}
}

func TestAHistoryWrittenAnewHasNoWitness(t *testing.T) {
	w := newWorld(t)
	w.edit(t, w.find(t, `"voucher":"V-1"`), "乙公司", "丙公司")
	w.forgetCosigners()
	w.resign(t, false)
	for i, h := range w.heads { // the log signs all of them anew
		w.heads[i] = seal.Sign(seal.Checkpoint{Origin: h.Origin, Size: h.Size, Root: w.root(h.Size)}, w.log)
	}
	w.figures = nil
	v := w.judge(t, w.bundle(t))
	expectState(t, v, verify.Authenticity, verify.NotExamined)
	expect(t, v, verify.Unwitnessed,
		"没有发现矛盾，但不能证明未被整体改写：没有一个检查点达到信任文件的见证要求。",
		"一、真实性：未核验", "1. Authenticity: not examined",
		"检查点：所封记录 13 条，没有达到信任文件的见证要求",
		"3 个检查点都有台账的签名，全部正确；没有一个有信任文件所列见证方的签名",
		"checkpoints signed with the ledger's key: all 3, and every signature is right; none has a signature of a "+
			"witness of the trust file",
		"nothing contradicts, but nothing proves that the whole was not written anew: no checkpoint meets the "+
			"quorum of "+
			"the trust file.",
		"检查点 13 没有信任文件所列见证方的签名", "the checkpoint of 13 records has no signature of a witness of "+
			"the trust file")
	v = w.judge(t, w.bundle(t), untrusting)
	expectState(t, v, verify.Authenticity, verify.NotExamined)
	expect(t, v, verify.Unwitnessed, "没有给出自己的信任文件", "no trust file of your own was given",
		"检查点：所封记录 13 条，见证未核验：没有给出自己的信任文件",
		"Checkpoint: of 13 records; no witness was examined: no trust file of your own was given")
}

func TestAnInsertedARemovedAndAMovedEventContradict(t *testing.T) {
	for name, change := range map[string]func(w *world){
		"inserted": func(w *world) {
			w.lines = slices.Insert(w.lines, 7, bytes.Replace(w.lines[7], []byte("V-1"), []byte("V-9"), 1))
		},
		"removed": func(w *world) { w.lines = slices.Delete(w.lines, 6, 7) },
		"moved":   func(w *world) { w.lines[5], w.lines[6] = w.lines[6], w.lines[5] },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			change(w)
			w.renumber(t)
			expect(t, w.judge(t, w.bundle(t)), verify.Contradicted, "位置 6 至 9 之间有记录被改动、抽走、插入或移位",
				"between positions 6 and 9 a record was changed, removed, inserted or moved")
		})
		t.Run(name+" without new numbers", func(t *testing.T) {
			w := newWorld(t)
			change(w)
			expect(t, w.judge(t, w.bundle(t)), verify.Contradicted, "记录被抽走、插入或移位", "a record was "+
				"removed, inserted or moved")
		})
	}
}

func TestADroppedTailMeetsTheNewerCheckpoint(t *testing.T) {
	w := newWorld(t)
	newest := w.heads[2]
	w.lines, w.heads, w.figures = w.lines[:9], w.heads[:2], nil
	file := w.bundle(t)
	// By itself it is a whole ledger of an earlier day.
	expect(t, w.judge(t, file), verify.Holds, "位置 1 至 9 的全部记录",
		"没有给出留存的检查点：末尾若在最后一次见证之后被截去，查不出来")
	expect(t, w.judge(t, file, knowing(newest)), verify.Contradicted,
		"留存的检查点已封 13 条，证据包只到位置 9：位置 10 至 13 的记录被截去",
		"the checkpoint that you kept is of 13 records and the bundle ends at position 9: the records from 10 to 13 "+
			"were "+
			"cut off")
	// A checkpoint that stays in the bundle shows it too.
	w = newWorld(t)
	w.lines = w.lines[:11]
	expect(t, w.judge(t, w.bundle(t)), verify.Contradicted,
		"检查点已封 13 条，证据包只到位置 11：位置 12 至 13 的记录不见了",
		"a checkpoint is of 13 records and the bundle ends at position 11: the records from 12 to 13 are gone")
}

func TestTwoHistoriesAreDetectedByTheTwoHeads(t *testing.T) {
	w := newWorld(t)
	other := newWorld(t)
	other.edit(t, w.find(t, `"voucher":"V-2"`), "乙公司", "丙公司")
	other.heads[2] = seal.Sign(seal.Checkpoint{Origin: origin, Size: 13, Root: other.root(13)}, w.log)
	expect(t, w.judge(t, w.bundle(t)), verify.Holds)
	expect(t, w.judge(t, w.bundle(t), knowing(other.heads[2])), verify.Contradicted,
		"位置 10 至 13 之间有记录被改动", "between positions 10 and 13 a record was changed",
		"留存的检查点和本检查点都有台账“taizhang.zj/2026”的正确签名，却不是同一部历史",
		`both the checkpoint that you kept and the one here have a right signature of the ledger `+
			`"taizhang.zj/2026", and are not one history`)
}

func TestATimeOfRecordingThatWasSetBackOrForwardContradicts(t *testing.T) {
	later := func(w *world, position uint64, by time.Duration) {
		for i := position - 1; i < uint64(len(w.lines)); i++ {
			line := w.lines[i]
			_, rest, _ := bytes.Cut(line, []byte(`"recordedAt":"`))
			at, err := time.Parse(time.RFC3339Nano, string(rest[:27]))
			if err != nil {
				t.Fatal(err)
			}
			moved := at.Add(by).Format("2006-01-02T15:04:05.000000Z")
			w.lines[i] = bytes.Replace(line, rest[:27], []byte(moved), 1)
		}
	}
	// Forward, after the witnesses saw it: they keep their signatures only if the line stays, so the root differs, and
	// the time contradicts the cosignature.
	w := newWorld(t)
	later(w, 6, 24*time.Hour)
	expect(t, w.judge(t, w.bundle(t)), verify.Contradicted,
		"位置 6 的写入时间为 2026-11-02 09:08:00，而 finance 已于 2026-11-01 09:12:00 见证了包含它的检查点 9："+
			"写入时间被改动过",
		"position 6 was recorded at 2026-11-02 09:08:00, but finance cosigned the checkpoint of 9 records, which "+
			"has it, at "+
			"2026-11-01 09:12:00: its time was changed")
	// The ledger's clock was set back before it recorded: the witnesses sign lines with false times, and the next seal
	// contradicts them.
	w = newWorld(t)
	later(w, 6, -24*time.Hour)
	w.resignWitnessed(t)
	expect(t, w.judge(t, w.bundle(t)), verify.Contradicted,
		"位置 6 的写入时间 2026-10-31 09:08:00 早于前一条", "position 6 was recorded at 2026-10-31 09:08:00, before "+
			"its predecessor")
	w = newWorld(t)
	later(w, 1, -24*time.Hour)
	w.resignWitnessed(t)
	expect(t, w.judge(t, w.bundle(t)), verify.Contradicted,
		"位置 9 的封存记录写入时间为 2026-10-31 09:11:00，却载明 audit.example/w1 于其后的 2026-11-01 09:06:00 "+
			"见证了检查点 5：写入时间是倒填的",
		"the sealing record at position 9 was recorded at 2026-10-31 09:11:00, but states that "+
			"audit.example/w1 cosigned the checkpoint of 5 records later, at 2026-11-01 09:06:00: it is back-dated")
}

// resignWitnessed signs all checkpoints anew, with cosignatures of the same witnesses at the same times: what they
// would have signed, had the lines been like this from the beginning.
func (w *world) resignWitnessed(t testing.TB) {
	t.Helper()
	old := w.heads
	w.heads = nil
	for _, h := range old {
		w.heads = append(w.heads, copyOf(h))
	}
	w.resign(t, false)
	for i, h := range old {
		head := seal.Sign(w.heads[i].Checkpoint, w.log)
		for _, by := range w.witnesses {
			if at, err := h.CosignedBy(by.Key); err == nil {
				head.Add(head.Cosign(by, at))
			}
		}
		w.heads[i] = head
	}
}

func TestAReplacedPolicyContradictsAndALateOneIsFlagged(t *testing.T) {
	w := newWorld(t)
	w.edit(t, 1, `"effectiveFrom":"2024-01-01"`, `"effectiveFrom":"2027-01-01"`)
	expect(t, w.judge(t, w.bundle(t)), verify.Contradicted, "位置 1 至 5 之间有记录被改动",
		"between positions 1 and 5 a record was changed")
	expect(t, newWorld(t).judge(t, newWorld(t).bundle(t)), verify.Holds,
		"办法参数 zj-2024-draft 2 于 2026-11-01 采用（位置 1），自 2024-01-01 起适用",
		"policy zj-2024-draft 2 was adopted on 2026-11-01 (position 1), in force from 2024-01-01")
}

func TestAFigureOfAChangedProgramDiffersAndNamesTheRecordBehindIt(t *testing.T) {
	w := newWorld(t)
	w.figures["执行.csv"] = bytes.Replace(w.figures["执行.csv"], []byte("123456.03"), []byte("123456.04"), 1)
	v := w.judge(t, w.bundle(t))
	expect(t, v, verify.Contradicted, "报表 figures/执行.csv：单元格与台账不符", "the report figures/执行.csv: a "+
		"cell is not what the ledger gives",
		"所据记录：位置", "the record behind it: position")
	i := slices.IndexFunc(v.Figures, func(f verify.Figure) bool { return !f.Equal })
	if i < 0 || v.Figures[i].Cells == 0 || v.Figures[i].Differs == nil || len(v.Figures[i].Differs.Records) == 0 {
		t.Fatalf("%+v", v.Figures)
	}
	expect(t, v, verify.Contradicted, fmt.Sprintf("；已比对且相符 %d 格", v.Figures[i].Cells),
		fmt.Sprintf("; cells compared and equal: %d", v.Figures[i].Cells))
	// A report that the auditor has from elsewhere.
	w = newWorld(t)
	given := w.figures["执行.csv"]
	w.figures = nil
	file := w.bundle(t)
	for content, want := range map[string]verify.Result{string(given): verify.Holds,
		strings.Replace(string(given), "123456.03", "123456.04", 1): verify.Contradicted} {
		expect(t, w.judge(t, file, func(cfg *verify.Config) {
			cfg.Figures = []verify.File{{Name: "x/执行.csv", Content: strings.NewReader(content),
				Bytes: int64(len(content))}}
		}), want, "执行.csv")
	}
}

func TestAStolenLogKeyMeetsNoQuorum(t *testing.T) {
	w := newWorld(t)
	kept := w.heads[2]
	// The thief writes a longer history of his own and signs it. He has no witness.
	w.lines[10] = bytes.Replace(w.lines[10], []byte("乙公司"), []byte("丙公司"), 1)
	w.forgetCosigners()
	for i, h := range w.heads {
		w.heads[i] = seal.Sign(seal.Checkpoint{Origin: h.Origin, Size: h.Size, Root: h.Root}, w.log)
	}
	w.figures = nil
	for range w.heads {
		w.resign(t, false)
	}
	expect(t, w.judge(t, w.bundle(t)), verify.Unwitnessed, "没有一个检查点达到信任文件的见证要求")
	expect(t, w.judge(t, w.bundle(t), knowing(kept)), verify.Contradicted, "留存的检查点")
	// One witness alone is not two of three, and a witness of his own counts nothing.
	w.heads[2].Add(w.heads[2].Cosign(w.witnesses[0], start.Add(time.Hour)))
	own, err := seal.NewSigner("own.example/w1", seal.WitnessKey)
	if err != nil {
		t.Fatal(err)
	}
	w.heads[2].Add(w.heads[2].Cosign(own, start.Add(time.Hour)))
	v := w.judge(t, w.bundle(t))
	expectState(t, v, verify.Authenticity, verify.NotExamined)
	expect(t, v, verify.Unwitnessed,
		"检查点 13 未达到信任文件的见证要求：只有 audit 2026-11-01 10:00:00",
		"the checkpoint of 13 records does not meet the quorum of the trust file: only audit 2026-11-01 10:00:00 "+
			"signed",
		"checkpoint 中 own.example/w1（编号", "the signature line of own.example/w1 (id")
}

func TestACheckpointLeftOutContradictsTheSeals(t *testing.T) {
	w := newWorld(t)
	w.heads = slices.Delete(w.heads, 1, 2)
	expect(t, w.judge(t, w.bundle(t)), verify.Contradicted,
		"位置 13 的封存记录载有检查点 9，证据包中没有",
		"the sealing record at position 13 cites a checkpoint of 9 records, which the bundle lacks")
}

func TestTheNewestCheckpointWithAQuorumCountsAndWhatLiesAfterItIsReported(t *testing.T) {
	w := newWorld(t)
	w.heads[2].Lines = w.heads[2].Lines[:2] // the log and one witness
	w.figures = nil
	expect(t, w.judge(t, w.bundle(t)), verify.Holds, "位置 1 至 9 的全部记录", "检查点之后还有 4 条记录，未经见证",
		"Records after the checkpoint, which are not witnessed: 4.")
	w = newWorld(t)
	w.heads[2].Lines = w.heads[2].Lines[:2]
	v := w.judge(t, w.bundle(t))
	expectState(t, v, verify.Authenticity, verify.NotExamined)
	expect(t, v, verify.Unwitnessed,
		"写于位置 12，达到见证要求的检查点只到 9", "made at position 12, and the checkpoint that meets the quorum "+
			"ends at 9")
}

func TestASignatureOfAKnownKeyThatIsFalseContradicts(t *testing.T) {
	for line, sentence := range []string{"checkpoint：台账的签名不对", "checkpoint：见证方 audit 的签名不对"} {
		w := newWorld(t)
		l := &w.heads[2].Lines[line]
		l.Signature = bytes.Clone(l.Signature)
		l.Signature[len(l.Signature)-9] ^= 1
		expect(t, w.judge(t, w.bundle(t)), verify.Contradicted, sentence)
	}
	// The time of a cosignature is signed too.
	w := newWorld(t)
	l := &w.heads[2].Lines[1]
	l.Signature = bytes.Clone(l.Signature)
	binary.BigEndian.PutUint64(l.Signature, binary.BigEndian.Uint64(l.Signature)+86400)
	expect(t, w.judge(t, w.bundle(t)), verify.Contradicted, "checkpoint：见证方 audit 的签名不对")
}

func TestATrustFileOfAnotherLedgerProvesNothing(t *testing.T) {
	w := newWorld(t)
	other, err := seal.NewSigner("taizhang.sx/2026", seal.LogKey)
	if err != nil {
		t.Fatal(err)
	}
	trust := strings.Replace(string(w.trust), w.log.Key.String(), other.Key.String(), 1)
	v := w.judge(t, w.bundle(t), func(cfg *verify.Config) { cfg.Trust = []byte(trust) })
	expectState(t, v, verify.Authenticity, verify.NotExamined)
	expect(t, v, verify.Unwitnessed,
		"检查点：所封记录 13 条，见证未核验：信任文件是台账“taizhang.sx/2026”的",
		"信任文件是台账“taizhang.sx/2026”的，证据包是台账“taizhang.zj/2026”的",
		`the trust file is of the ledger "taizhang.sx/2026", the bundle of "taizhang.zj/2026"`)
	// Another key under the same origin contradicts.
	same, err := seal.NewSigner(origin, seal.LogKey)
	if err != nil {
		t.Fatal(err)
	}
	trust = strings.Replace(string(w.trust), w.log.Key.String(), same.Key.String(), 1)
	expect(t, w.judge(t, w.bundle(t), func(cfg *verify.Config) { cfg.Trust = []byte(trust) }), verify.Contradicted,
		"没有信任文件所列台账“taizhang.zj/2026”公钥的签名", "位置 13 的封存记录所载台账公钥，与信任文件的不同",
		"the sealing record at position 13 names another key of the ledger than the trust file")
}

func TestAVerifyPyOfTheBundleThatDiffersIsNamed(t *testing.T) {
	w := newWorld(t)
	c := w.contents()
	c.VerifyPy = append(bytes.Clone(bundle.VerifyPy), "print(0)\n"...)
	expect(t, w.judge(t, pack(t, c)), verify.Holds, "不要运行包内的这一份", "do not run this copy",
		"verify.py: it is not the one that this program has, and what it does was not examined")
}

func TestALineOfAnSM2KeyIsNamedAndNotExamined(t *testing.T) {
	w := newWorld(t)
	// The form is that of a signature in DER of some key; nobody has to verify it.
	w.heads[2].Add(seal.SM2Line(origin, []byte("a public key"), []byte{0x30, 8, 2, 2, 0, 128, 2, 2, 0, 128}))
	expect(t, w.judge(t, w.bundle(t)), verify.Holds, "checkpoint 中 taizhang.zj/2026 的 SM2 签名行："+
		"请用经认证的工具核验",
		"the SM2 signature line of taizhang.zj/2026 in checkpoint: check it with a certified tool")
}

func TestAReportThatAnotherProgramSavedIsNamed(t *testing.T) {
	w := newWorld(t)
	w.figures["执行.csv"] = append(w.figures["执行.csv"], '\n')
	expect(t, w.judge(t, w.bundle(t)), verify.Contradicted, "报表 figures/执行.csv：各格都相符，"+
		"但文件不是台账程序写出的原样",
		"the report figures/执行.csv: its cells are equal, but the file is not as the program wrote it")
}
