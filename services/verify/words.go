package verify

import (
	"strings"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// This file holds every sentence of a verdict, in the order of the page. Programs and tests may compare them: a
// sentence keeps its wording as long as it means the same.

var heading = text.Say("台账证据包核验结论", "Verdict on the evidence bundle of a ledger")

// Facts of the bundle.
var (
	ledgerFact     = text.Say("台账", "Ledger")
	checkpointFact = text.Say("检查点", "Checkpoint")
	centerFact     = text.Say("中心", "Center")
)

func ledgerIs(origin string, records, last uint64, first, latest time.Time) text.Text {
	if records == 0 {
		return text.Same(origin)
	}
	return text.Say("%s，记录 %d 条，最后位置 %d，写入于 %s 至 %s（北京时间）",
		"%s, %d records up to position %d, written from %s to %s (Shanghai time)", origin, records, last,
		instant(first),
		instant(latest))
}

func checkpointIs(size uint64, cosigned []string) text.Text {
	if len(cosigned) == 0 {
		return text.Say("所封记录 %d 条，没有达到信任文件的见证要求",
			"of %d records, without the quorum of the trust file", size)
	}
	return text.Say("所封记录 %d 条，见证方 %s", "of %d records, cosigned by %s", size, list(cosigned))
}

// checkpointUnexamined describes a checkpoint whose cosignatures were not examined.
func checkpointUnexamined(size uint64, why text.Text) text.Text {
	return text.Say("所封记录 %d 条，见证未核验：%s", "of %d records; no witness was examined: %s", size, why)
}

func cosignedAt(name string, at time.Time) string { return name + " " + instant(at) }

// Conclusions.
var contradicted = text.Say(
	"有矛盾，不能采信。以下标“不符”的各项，是证据包与记录、见证或报表相互矛盾之处。",
	"something contradicts; do not rely on this bundle. The sentences marked FAILS name what contradicts.")

func unwitnessed(why text.Text) text.Text {
	return text.Say("没有发现矛盾，但不能证明未被整体改写：%s。",
		"nothing contradicts, but nothing proves that the whole was not written anew: %s.", why)
}

// conclusion is what holds, if all does.
type conclusion struct {
	center  events.CenterID // of a bundle of one center
	size    uint64          // of the checkpoint that is trusted
	after   uint64          // records after it
	k       uint64          // the last revision of the center
	figures int
}

func (c conclusion) text() text.Text {
	t := text.Say("所核验的都相符。见证方在各自签署的时间，已见到位置 1 至 %d 的全部记录；"+
		"此后没有一条被改动、删除、插入或改换时间。",
		"all that was examined holds. The witnesses saw every record up to position %d at the times that they "+
			"signed; since then none was changed, removed, inserted or given another time.", c.size)
	if c.center != "" {
		t = text.Say("所核验的都相符。见证方在各自签署的时间，已见到其中每条记录原样在其位置；"+
			"%s 的第 1 至 %d 条没有缺漏。不能证明第 %[2]d 条是最后一条，也不能证明各中心的合计。",
			"all that was examined holds. The witnesses saw each record, as it is, at its position at the times that "+
				"they signed, and of %s none is missing from 1 to %d. Not proven: that %[2]d is the last one, and "+
				"any "+
				"total over centers.", c.center, c.k)
	}
	if c.figures > 0 {
		t = join(t, text.Say("%d 份报表的每一格都由这些记录得出。",
			" Every cell of the reports (reports: %d) follows from these records.", c.figures))
	}
	if c.after > 0 {
		t = join(t, text.Say("检查点之后还有 %d 条记录，未经见证。",
			" Records after the checkpoint, which are not witnessed: %d.", c.after))
	}
	return t
}

// Reasons why the result is not that all holds.
var (
	noTrust  = text.Say("没有给出自己的信任文件", "no trust file of your own was given")
	noQuorum = text.Say("没有一个检查点达到信任文件的见证要求",
		"no checkpoint meets the quorum of the trust file")
)

func otherLog(trusted, found string) text.Text {
	return text.Say("信任文件是台账“%s”的，证据包是台账“%s”的", "the trust file is of the ledger %q, the bundle of %q",
		trusted, found)
}

func figureBeyond(name string, position, size uint64) text.Text {
	return text.Say("报表 %s 写于位置 %d，达到见证要求的检查点只到 %d",
		"the report %s was made at position %d, and the checkpoint that meets the quorum ends at %d", name, position,
		size)
}

// Security: the zip and its files.

func notABundle(why text.Text) text.Text {
	return text.Say("不能作为证据包读取：%s", "it cannot be read as a bundle: %s", why)
}

func unreadableFile(name string, why text.Text) text.Text {
	return text.Say("文件 %s 读不出来：%s", "the file %s cannot be read: %s", name, why)
}

var (
	zipIsClean = text.Say("压缩包中只有证据包应有的文件，没有重名，没有指向包外的路径，各文件之间没有夹带内容",
		"the zip has only files of a bundle, no name twice, no path that leads outside, and nothing between its files")
	verifyPyIsOurs = text.Say("所附 verify.py 与本程序自带的逐字节相同",
		"its verify.py is, byte for byte, the one that this program has")
	verifyPyIsOther = text.Say("所附 verify.py 与本程序自带的不同：请从发布处取用，不要运行包内的这一份",
		"its verify.py is not the one that this program has: take it from the release, and do not run this copy")
)

func witnessesAre(names []string) text.Text {
	return text.Say("只采信信任文件所列的公钥：%s", "only keys of the trust file were trusted: %s", list(names))
}

var proposedIsOther = text.Say("policy.txt（台账单位的建议）的台账公钥与信任文件的不同：请向台账单位查问",
	"policy.txt, which the ledger's office proposes, has another key of the ledger than the trust file: ask why")

// Integrity: the files.

func manifestsHold(files int) text.Text {
	return text.Say("两份清单所列的 %d 个文件，SHA-256 和 SM3 全部相符",
		"the SHA-256 and SM3 of all %d files are those in the two manifests", files)
}

func manifestDiffers(manifest, name string) text.Text {
	return text.Say("文件 %[2]s 与清单 %[1]s 不符：文件或清单被改动过",
		"the file %[2]s is not what %[1]s lists: the file or the list was changed", manifest, name)
}

// Integrity: the records.

func lineForm(number uint64, member string) text.Text {
	return text.Say("records.jsonl 第 %d 行不是台账的存储格式（%s）",
		"line %d of records.jsonl is not in the stored form (%s)", number, member)
}

func lineTooLong(number uint64) text.Text {
	return text.Say("records.jsonl 第 %d 行超过一条记录的上限，其后未读",
		"line %d of records.jsonl is longer than a record can be; nothing after it was read", number)
}

var lineCut = text.Say("records.jsonl 末尾没有换行符：最后一行可能被截断",
	"records.jsonl does not end with a newline: its last line may be cut short")

func positionGap(was, is uint64) text.Text {
	return text.Say("位置 %d 之后是 %d：记录被抽走、插入或移位",
		"position %d is followed by %d: a record was removed, inserted or moved", was, is)
}

func revisionGap(stream events.StreamID, position, was, is uint64) text.Text {
	return text.Say("位置 %[2]d：%[1]s 的记录序号 %[3]d 之后是 %[4]d",
		"position %[2]d: revision %[3]d of %[1]s is followed by %[4]d", stream, position, was, is)
}

func timeBack(position uint64, was, is time.Time) text.Text {
	return text.Say("位置 %d 的写入时间 %s 早于前一条 %s",
		"position %d was recorded at %s, before its predecessor (%s)", position, instant(is), instant(was))
}

func recordsHold(records uint64) text.Text {
	return text.Say("%d 条记录格式都对，位置自 1 起连续，各中心记录序号连续，写入时间不倒退",
		"all %d records have the stored form; positions have no gap from 1, nor have the revisions of any stream, "+
			"and times never go back", records)
}

// Integrity: checkpoints.

func checkpointForm(file string, why text.Text) text.Text {
	return text.Say("%s：%s", "%s: %s", file, why)
}

func checkpointNamed(file string, size uint64) text.Text {
	return text.Say("%s 中的检查点所封记录是 %d 条，与文件名不符",
		"the checkpoint in %s is of %d records, which is not what its name says", file, size)
}

func checkpointNotNewest(size, newest uint64) text.Text {
	return text.Say("checkpoints 中有检查点 %d，不早于 checkpoint 中的 %d",
		"checkpoints has a checkpoint of %d records, and the one in checkpoint is of %d", size, newest)
}

func checkpointBeyond(size, records uint64) text.Text {
	return text.Say("检查点已封 %d 条，证据包只到位置 %d：位置 %[3]d 至 %[1]d 的记录不见了",
		"a checkpoint is of %d records and the bundle ends at position %d: the records from %[3]d to %[1]d are gone",
		size, records, records+1)
}

// rootDiffers reports the first checkpoint whose root differs from the root of the records. held is the size of the
// last checkpoint before it that agrees, or 0.
func rootDiffers(size, held uint64, who []string) text.Text {
	t := text.Say("检查点 %d%s的根值与记录不符：位置 %d 至 %[1]d 之间有记录被改动、抽走、插入或移位",
		"the records do not give the root of the checkpoint of %d records%s: between positions %d and %[1]d a "+
			"record was changed, removed, inserted or moved",
		size, signers(who), held+1)
	if held == 0 {
		return join(t, text.Say("（此前没有相符的检查点）", " (no earlier checkpoint holds)"))
	}
	return join(t, text.Say("（此前的检查点 %d 仍相符）", " (the earlier checkpoint of %d records still holds)", held))
}

func signers(who []string) text.Text {
	if len(who) == 0 {
		return text.Text{Zh: " "}
	}
	return text.Say("（见证方 %s）", " (cosigned by %s)", list(who))
}

func rootsDifferToo(sizes int) text.Text {
	return text.Say("其后的检查点中，另有 %d 个的根值也不符", "later checkpoints whose root differs too: %d", sizes)
}

func rootsHold(checkpoints int) text.Text {
	return text.Say("由记录重算的根值，与全部 %d 个检查点相符", "the records give the root of all %d checkpoints",
		checkpoints)
}

func recordsAfter(records, size uint64) text.Text {
	return text.Say("检查点 %[2]d 之后还有 %[1]d 条记录，不受它保护",
		"records after the checkpoint of %[2]d records, which does not protect them: %[1]d", records, size)
}

func knownHolds(size uint64) text.Text {
	return text.Say("留存的检查点（%d 条）是本台账的开头部分：此前的记录原样都在",
		"the checkpoint that you kept (%d records) is a prefix of this ledger: every record before it is here "+
			"unchanged", size)
}

func knownBeyond(size, records uint64) text.Text {
	return text.Say("留存的检查点已封 %d 条，证据包只到位置 %d：位置 %[3]d 至 %[1]d 的记录被截去",
		"the checkpoint that you kept is of %d records and the bundle ends at position %d: the records from %[3]d "+
			"to %[1]d were cut off", size, records, records+1)
}

func knownDiffers(size, held uint64) text.Text {
	return text.Say("留存的检查点（%d 条）与记录不符：位置 %d 至 %[1]d 之间有记录被改动、抽走、插入或移位，"+
		"这不是同一部历史",
		"the records do not give the root of the checkpoint that you kept (%d records): between positions %d and "+
			"%[1]d a record was changed, removed, inserted or moved; this is another history",
		size, held+1)
}

func twoHistories(origin string) text.Text {
	return text.Say("留存的检查点和本检查点都有台账“%s”的正确签名，却不是同一部历史：台账单位签署了两部历史。"+
		"请保存这两份检查点作为证据",
		"both the checkpoint that you kept and the one here have a right signature of the ledger %q, and are not one "+
			"history: the ledger's office signed two. Keep both as evidence", origin)
}

func knownOfOther(origin string) text.Text {
	return text.Say("留存的检查点是台账“%s”的，本证据包中没有这个封存标识",
		"the checkpoint that you kept is of the ledger %q, an origin that this bundle does not have", origin)
}

func knownUnsigned(origin string) text.Text {
	return text.Say("留存的检查点上，没有信任文件所列台账公钥的正确签名（%s）",
		"the checkpoint that you kept (%s) has no right signature of the ledger's key in the trust file", origin)
}

// knownTyped is about a checkpoint without signatures, such as three lines that were typed from paper.
var knownTyped = text.Say("留存的检查点没有签名行：按您给出的三行比对",
	"the checkpoint that you kept has no signature line: its three lines are compared as you gave them")

var knownNone = text.Say("没有给出留存的检查点：末尾若在最后一次见证之后被截去，查不出来",
	"no checkpoint that you kept was given: a tail cut off after the last cosigning would not be seen")

func knownOfOtherSize(size uint64) text.Text {
	return text.Say("留存的检查点（%d 条）：单个中心的证据包中没有这一大小的检查点，无从比对",
		"the checkpoint that you kept (%d records): a bundle of one center cannot be compared with it, for it has "+
			"no checkpoint of that size", size)
}

// Integrity: the records ledger.sealed.

func sealRoot(position, size uint64) text.Text {
	return text.Say("位置 %d 的封存记录所载检查点 %d，根值与记录不符",
		"the sealing record at position %d cites a checkpoint of %d records with another root than the records give",
		position, size)
}

func sealLacksFile(position, size uint64) text.Text {
	return text.Say("位置 %d 的封存记录载有检查点 %d，证据包中没有",
		"the sealing record at position %d cites a checkpoint of %d records, which the bundle lacks", position, size)
}

func sealLacksCosigner(position, size uint64, name, at string) text.Text {
	return text.Say("位置 %d 的封存记录载明 %[3]s 于 %[4]s 见证了检查点 %[2]d，证据包中的检查点没有这一签名",
		"the sealing record at position %d states that %[3]s cosigned the checkpoint of %[2]d records at %[4]s, and "+
			"the checkpoint in the bundle has no such line", position, size, name, stated(at))
}

func sealsHold(seals int) text.Text {
	return text.Say("%d 条封存记录所载的检查点、根值和见证，与检查点文件相符",
		"the checkpoints, roots and cosigners that the sealing records cite are those of the bundle (sealing "+
			"records: %d)", seals)
}

func otherOrigin(origin string, position uint64) text.Text {
	return text.Say("检查点的封存标识“%s”，与最后的封存记录（位置 %d）不同",
		"the origin %q of the checkpoint is not that of the last sealing record (position %d)", origin, position)
}

func otherKey(position uint64) text.Text {
	return text.Say("位置 %d 的封存记录所载台账公钥，与信任文件的不同",
		"the sealing record at position %d names another key of the ledger than the trust file", position)
}

// originChanged reports a change of the origin. The positions from gone on of the old ledger are not in this one, and
// those from unsure on may differ.
func originChanged(old, now string, position, oldSize uint64) text.Text {
	return text.Say("自位置 %[3]d 起换用封存标识“%[2]s”；原标识“%[1]s”的最后检查点为 %[4]d 条",
		"from position %[3]d on the origin is %[2]q; the last checkpoint of the old one, %[1]q, is of %[4]d records",
		old, now, position, oldSize)
}

func originGone(from, to uint64) text.Text {
	return text.Say("原台账位置 %d 至 %d 的记录不在本台账中",
		"the records at positions %d to %d of the old ledger are not in this one", from, to)
}

func originUnsure(from, to uint64) text.Text {
	return text.Say("位置 %d 至 %d 的记录是否与原台账相同，没有检查点可以证明",
		"whether the records at positions %d to %d are those of the old ledger, no checkpoint proves", from, to)
}

var originWhole = text.Say("按台账单位所载的最后检查点，原台账的记录都在；该检查点的签名未核验",
	"by the last checkpoint that the ledger's office cites, no record of the old ledger is gone; the signatures of "+
		"that checkpoint were not examined")

// Authenticity: signatures.

func badLogSignature(file string) text.Text {
	return text.Say("%s：台账的签名不对，检查点或签名被改动过",
		"%s: the ledger's signature is wrong; the checkpoint or the signature was changed", file)
}

func noLogSignature(file, origin string) text.Text {
	return text.Say("%s：没有信任文件所列台账“%s”公钥的签名",
		"%s: it has no signature of the key that the trust file has for the ledger %q", file, origin)
}

func badCosignature(file, witness string) text.Text {
	return text.Say("%s：见证方 %s 的签名不对，检查点或签名被改动过",
		"%s: the signature of the witness %s is wrong; the checkpoint or the signature was changed", file, witness)
}

func signaturesHold(checkpoints, cosignatures int) text.Text {
	if cosignatures == 0 {
		return text.Say("%d 个检查点都有台账的签名，全部正确；没有一个有信任文件所列见证方的签名",
			"checkpoints signed with the ledger's key: all %d, and every signature is right; none has a signature of "+
				"a witness of the trust file", checkpoints)
	}
	return text.Say("%d 个检查点都有台账的签名，连同 %d 个见证方签名，全部正确",
		"checkpoints signed with the ledger's key: all %d; signatures of witnesses: %d; every one is right",
		checkpoints, cosignatures)
}

func quorumMet(size uint64, cosigned []string) text.Text {
	return text.Say("检查点 %d 达到信任文件的见证要求：%s",
		"the checkpoint of %d records meets the quorum of the trust file: %s", size, list(cosigned))
}

func quorumMissed(size uint64, cosigned []string) text.Text {
	if len(cosigned) == 0 {
		return text.Say("检查点 %d 没有信任文件所列见证方的签名",
			"the checkpoint of %d records has no signature of a witness of the trust file", size)
	}
	return text.Say("检查点 %d 未达到信任文件的见证要求：只有 %s",
		"the checkpoint of %d records does not meet the quorum of the trust file: only %s signed", size,
		list(cosigned))
}

func noOwnSignature(file string) text.Text {
	return text.Say("%s：没有包内封存记录所载公钥的签名",
		"%s: it has no signature of the key that the sealing records in the bundle name", file)
}

var ownSignature = text.Say("检查点的签名与包内封存记录所载的公钥相符；该公钥来自证据包自身，不能证明由谁签署",
	"the checkpoint is signed by the key that the sealing records in the bundle name; that key comes from the bundle "+
		"itself and does not prove who signed")

func unknownLine(files []string, name string, id uint32) text.Text {
	return text.Say("%v中 %s（编号 %08x）的签名行：不是信任文件所列的公钥",
		"the signature line of %[2]s (id %08[3]x) in %[1]v: not a key of the trust file", inFiles(files), name, id)
}

func sm2Line(files []string, name string) text.Text {
	return text.Say("%v中 %s 的 SM2 签名行：请用经认证的工具核验",
		"the SM2 signature line of %[2]s in %[1]v: check it with a certified tool", inFiles(files), name)
}

// inFiles names the one file of a list, or the first and how many there are.
func inFiles(files []string) text.Text {
	if len(files) == 1 {
		return text.Say("%s ", "%s", files[0])
	}
	return text.Say("%s 等 %d 个检查点", "%s and other checkpoints, %d in all", files[0], len(files))
}

func signaturesUntrusted(lines int) text.Text {
	return text.Say("%d 行签名：没有信任文件，没有可采信的公钥",
		"signature lines: %d; without a trust file there is no key to trust", lines)
}

// Authenticity: times.

func recordedAfterCosigning(position uint64, recorded time.Time, size uint64, witness string, at time.Time) text.Text {
	return text.Say("位置 %d 的写入时间为 %s，而 %s 已于 %s 见证了包含它的检查点 %d：写入时间被改动过",
		"position %d was recorded at %s, but %s cosigned the checkpoint of %[5]d records, which has it, at %[4]s: "+
			"its time was changed",
		position, instant(recorded), witness, instant(at), size)
}

func sealedBeforeCosigning(position uint64, recorded time.Time, size uint64, witness, at string) text.Text {
	return text.Say("位置 %d 的封存记录写入时间为 %s，却载明 %s 于其后的 %s 见证了检查点 %d：写入时间是倒填的",
		"the sealing record at position %d was recorded at %s, but states that %s cosigned the checkpoint of %[5]d "+
			"records later, at %[4]s: it is back-dated",
		position, instant(recorded), witness, stated(at), size)
}

func cosignedBeforeRecorded(position uint64, recorded time.Time, size uint64, witness, at string) text.Text {
	return text.Say("位置 %d 的封存记录载明 %s 于 %s 见证了检查点 %d，而其中最后一条的写入时间为 %s：写入时间被改动过",
		"the sealing record at position %d states that %s cosigned the checkpoint of %[4]d records at %[3]s, but its "+
			"last record was recorded at %[5]s: its time was changed",
		position, witness, stated(at), size, instant(recorded))
}

func timesHold(pairs int, skew time.Duration) text.Text {
	return text.Say("写入时间与 %d 个见证、封存和时间戳的时间不矛盾（容许时钟相差 %d 分钟）",
		"the times of the records agree with those of witnesses, sealing records and time-stamp tokens (times "+
			"compared: %d; clocks may differ by %d minutes)", pairs, int(skew.Minutes()))
}

// Authenticity: tokens.

func tokenBad(name string, why text.Text) text.Text {
	return text.Say("时间戳 %s 不成立：%s", "the time-stamp token %s does not hold: %s", name, why)
}

func tokenNote(name string) text.Text {
	return text.Say("%s 不是本包中任何检查点的原文", "%s is not the text of a checkpoint in the bundle", name)
}

func tokensHold(tokens int) text.Text {
	return text.Say("%d 个时间戳由所给的根证书证实", "time-stamp tokens that the root certificates given prove: %d",
		tokens)
}

func recordedAfterToken(position uint64, recorded time.Time, name string, at time.Time) text.Text {
	return text.Say("位置 %d 的写入时间为 %s，而包含它的检查点已于 %s 加盖时间戳 %s：写入时间被改动过",
		"position %d was recorded at %s, but the time-stamp token %[4]s was given to a checkpoint that has it "+
			"at %[3]s: its time was changed",
		position, instant(recorded), instant(at), name)
}

func tokensUnexamined(tokens int) text.Text {
	return text.Say("%d 个时间戳：没有给出时间戳机构的根证书",
		"time-stamp tokens: %d; no root certificate of the time-stamp authority was given", tokens)
}

// Authenticity: policies and reports.

func adopted(name string, position uint64, recorded time.Time, effective events.Date) text.Text {
	return text.Say("办法参数 %s 于 %[3]s 采用（位置 %[2]d），自 %[4]v 起适用",
		"policy %s was adopted on %[3]s (position %[2]d), in force from %[4]v", name, position, day(recorded),
		effective)
}

func adoptedLate(name string, position uint64, recorded time.Time, effective events.Date, before uint64) text.Text {
	return text.Say("办法参数 %s 采用得晚：自 %[4]v 起适用，%[3]s 才采用（位置 %[2]d），"+
		"其时该日及以后的记录已有 %[5]d 条",
		"policy %s was adopted late: it is in force from %[4]v, but was adopted only on %[3]s (position %[2]d), when "+
			"the ledger already had records of that day or later: %[5]d",
		name, position, day(recorded), effective, before)
}

func figureEqual(f *Figure) text.Text {
	return text.Say("报表 %s：%d 格全部由位置 1 至 %d 的记录得出",
		"the report %s: all %d cells follow from the records up to position %d", f.Name, f.Cells, f.Position)
}

// figureWithin says that a report is about some centers only, as the account that made it saw no others.
func figureWithin(name string, centers int) text.Text {
	return text.Say("报表 %s 只含 %d 个中心：出表账号的范围仅限于此，不是全部中心的数字",
		"the report %s is about %d of the centers, those that the account that made it sees: its figures are "+
			"not of all centers", name, centers)
}

// figureLater says that a report of the auditor was made after the records of the bundle.
func figureLater(name string, position, last uint64) text.Text {
	return text.Say("报表 %s 写于位置 %d，证据包只到位置 %d：请取一份更新的证据包",
		"the report %s was made at position %d, and the bundle ends at %d: ask for a newer bundle", name, position,
		last)
}

func figureOfRevision(f *Figure, center events.CenterID) text.Text {
	return text.Say("报表 %s：%d 格全部由 %s 第 1 至 %d 条记录得出",
		"the report %s: all %d cells follow from the records of %s from 1 to %d", f.Name, f.Cells, center, f.Revision)
}

func figureDiffers(f *Figure) text.Text {
	d := f.Differs
	t := text.Say("报表 %s：%s", "the report %s: %s", f.Name, d.Why)
	if d.Row > 0 {
		where := text.Say("第 %d 行", "row %d", d.Row)
		if d.Cell != "" {
			where = join(where, text.Say("，单元格 %s", ", cell %s", d.Cell))
		}
		if d.Column != "" {
			where = join(where, text.Say("，列“%s”", ", column %q", d.Column))
		}
		t = join(t, text.Say("（%s）", " (%s)", where))
	}
	if d.Row > 0 || d.InFile != d.InLedger {
		t = join(t, text.Say("；报表为“%s”，按记录应为“%s”", "; the report has %q, the records give %q",
			clip(d.InFile), clip(d.InLedger)))
	}
	if d.Behind > len(d.Records) {
		t = join(t, text.Say("；所据记录共 %d 条，以下是最新的 %d 条",
			"; records behind it: %d, of which these are the newest %d", d.Behind, len(d.Records)))
	}
	for _, r := range d.Records {
		record := text.Say("；所据记录：位置 %d，%v，%s，%s", "; the record behind it: position %d, %v, %s, %s",
			r.Position, r.On, r.Kind.Title(), r.ID)
		if d.Newest {
			record = text.Say("；这一行没有指明所据记录，该中心最近的记录：位置 %d，%v，%s，%s",
				"; the row points to no record, and the newest record of the center is: position %d, %v, %s, %s",
				r.Position, r.On, r.Kind.Title(), r.ID)
		}
		t = join(t, record)
	}
	if f.Cells > 0 {
		t = join(t, text.Say("；已比对且相符 %d 格", "; cells compared and equal: %d", f.Cells))
	}
	return t
}

func figureBad(name string, why text.Text) text.Text {
	return text.Say("报表 %s 无法重算：%s", "the report %s cannot be computed again: %s", name, why)
}

// figureUnusable is about a report of the auditor that cannot be read.
func figureUnusable(name string, why text.Text) text.Text {
	return text.Say("您给出的 %s 不能用：%s", "%s, which you gave, cannot be used: %s", name, why)
}

func figureBytes(name string) text.Text {
	return text.Say("报表 %s：各格都相符，但文件不是台账程序写出的原样：其中有报表以外的字节，或被别的程序保存过",
		"the report %s: its cells are equal, but the file is not as the program wrote it: it has bytes that are no "+
			"part of the report, or another program saved it", name)
}

func figuresCompared(figures, cells int) text.Text {
	return text.Say("共重算 %d 份报表，比对 %d 格", "reports computed again: %d, cells compared: %d", figures, cells)
}

var (
	noFigures = text.Say("报表：证据包中没有，也没有另外给出", "reports: the bundle has none and none were given")
)

// Usability.

func readable(records uint64, centers int) text.Text {
	return text.Say("%d 条记录逐条读出并重建，涉及 %d 个中心，资金收支平衡",
		"all %d records were read and the state of the centers (%d) was rebuilt from them; receipts less spending "+
			"give the balances", records, centers)
}

func ledgerFinding(position uint64, stream events.StreamID, what text.Text) text.Text {
	switch {
	case position > 0:
		return text.Say("位置 %d（%s）：%s", "position %d (%s): %s", position, stream, what)
	case stream != "":
		return text.Say("%s：%s", "%s: %s", stream, what)
	}
	return what
}

func naiveAll(evaluations int) text.Text {
	return text.Say("另一套独立的算法全部复算 %d 次，结果相同",
		"a second, independent evaluation agrees in all %d comparisons", evaluations)
}

func naiveSample(evaluations, comparisons int) text.Text {
	return text.Say("另一套独立的算法抽查复算 %[2]d 次中的 %[1]d 次，结果相同",
		"a second, independent evaluation agrees in a sample of %d of %d comparisons", evaluations, comparisons)
}

func naiveRest(left int) text.Text {
	return text.Say("独立复算的其余 %d 次（可要求全部复算）",
		"the other %d independent comparisons (ask for a thorough verification)", left)
}

var unrebuilt = text.Say("记录能否重建、报表能否得出：记录的格式有错，未再核验",
	"whether the records can be rebuilt and give the reports: their form is wrong, so nothing more was examined")

func recordsUnreadable(why text.Text) text.Text {
	return text.Say("记录不能重建：%s", "the records cannot be rebuilt: %s", why)
}

// Bundles of one center.

func proofMissing(position uint64) text.Text {
	return text.Say("位置 %d 的记录没有回执", "the record at position %d has no receipt", position)
}

func proofWithout(position uint64) text.Text {
	return text.Say("位置 %d 有回执，没有记录", "there is a receipt of position %d and no record", position)
}

func proofCheckpoint(file string) text.Text {
	return text.Say("%s 中的检查点与文件 checkpoint 不是逐字节相同",
		"the checkpoint in %s is not, byte for byte, the file checkpoint", file)
}

func proofFails(position uint64) text.Text {
	return text.Say("位置 %d 的记录与它的回执不符：记录或回执被改动过",
		"the receipt of position %d does not prove the record: one of them was changed", position)
}

func proofsHold(records uint64, size uint64) text.Text {
	return text.Say("%d 条记录各有回执，证明其原样在检查点 %d 之中",
		"each of the %d records has a receipt, which proves that it lies unchanged in the checkpoint of %d records",
		records, size)
}

func consistencyFails(size uint64) text.Text {
	return text.Say("检查点 %d 到最新检查点的延续证明不成立：两者不是同一部历史，或证明被改动过",
		"the consistency proof from the checkpoint of %d records to the newest fails: they are not one history, or "+
			"the proof was changed", size)
}

func consistencyHolds(checkpoints int) text.Text {
	return text.Say("%d 个较早的检查点，都证明是最新检查点的开头部分",
		"earlier checkpoints, each proven to be a prefix of the newest: %d", checkpoints)
}

func streamsHold(center events.CenterID, k, policies uint64) text.Text {
	return text.Say("%s 的记录序号 1 至 %d 连续，采用办法参数的记录序号 1 至 %d 连续",
		"the revisions of %s have no gap from 1 to %d, those of the policies none from 1 to %d", center, k, policies)
}

func foreignStream(position uint64, stream events.StreamID) text.Text {
	return text.Say("位置 %d 的记录属于 %s，不应在单个中心的证据包中",
		"the record at position %d is of %s, which does not belong in a bundle of one center", position, stream)
}

func noRecordsOf(center events.CenterID) text.Text {
	return text.Say("没有中心 %s 的记录", "there is no record of the center %s", center)
}

// What is never examined, and what nobody can prove.

var (
	verifyPyUnexamined = text.Say("verify.py：与本程序自带的不同，没有核验它做什么",
		"verify.py: it is not the one that this program has, and what it does was not examined")
	readmeUnexamined = text.Say("README.txt 的文字", "the words of README.txt")
	policyUnexamined = text.Say("policy.txt：台账单位的建议，仅供参考；以您自己的信任文件为准",
		"policy.txt: what the ledger's office proposes, for information; your own trust file counts")
	evidenceUnexamined = text.Say("记录所附的文件（证据包只有其摘要）",
		"the files attached to records, of which the bundle has only the digests")
)

func figureOfCenter(name string) text.Text {
	return text.Say("报表 %s 涉及其他中心，单个中心的证据包不能证明",
		"the report %s is about other centers too, which a bundle of one center cannot prove", name)
}

var unprovable = []text.Text{
	text.Say("从未录入的事项", "what was never entered"),
	text.Say("录入的单据本身是否真实", "whether the documents that were entered are true"),
	text.Say("第一次见证之前是否改动过", "whether anything was changed before the first witness signed"),
	text.Say("最后一个检查点之后的记录", "anything after the last checkpoint"),
	text.Say("足够多的见证方与台账单位串通，或信任文件中的公钥不是本人的",
		"whether enough witnesses work together with the ledger's office, or a key in the trust file is not its "+
			"owner's"),
	text.Say("在两次封存之间倒填的时间；采用的办法参数本身不当；两种算法相同的错误",
		"times dated back between two sealings; a policy that is adopted rightly and is wrong; an error that both "+
			"evaluations share"),
}

var unprovableOfCenter = []text.Text{
	text.Say("所示的最后一条确是该中心的最后一条", "that the last record shown of the center is its last"),
	text.Say("所示办法参数确是最后采用的", "that the last policy shown is the last one adopted"),
	text.Say("任何涉及其他中心的合计", "any total over other centers"),
}

func moreOfTheKind(n int) text.Text {
	return text.Say("另有 %d 处同类问题，未逐一列出", "%d more of these kinds are not listed", n)
}

// join returns two texts in sequence.
func join(a, b text.Text) text.Text { return text.Text{Zh: a.Zh + b.Zh, En: a.En + b.En} }

func list(names []string) text.Text {
	return text.Text{Zh: strings.Join(names, "、"), En: strings.Join(names, ", ")}
}

// cellCharMax is the maximum number of characters that are shown of a cell.
const cellCharMax = 60

func clip(s string) string { return text.Clip(s, cellCharMax) }

func instant(t time.Time) string { return t.In(events.Shanghai).Format("2006-01-02 15:04:05") }

// stated returns a time as a sealing record states it, as instant shows it.
func stated(at string) string {
	t, err := time.Parse(time.RFC3339, at)
	if err != nil {
		return at
	}
	return instant(t)
}

func day(t time.Time) string { return t.In(events.Shanghai).Format(time.DateOnly) }
