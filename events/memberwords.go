package events

import (
	"strconv"
	"strings"

	"github.com/taizhang/taizhang/events/text"
)

// memberWords is what a member of a record means.
type memberWords struct {
	word   text.Text               // a noun, as a heading or a label has it
	detail text.Text               // what else must be known to fill it in; zero for nothing
	values text.Vocabulary[string] // of a list of values
	isOpen bool                    // whether there are other values than those of the list
}

func say(zh, en string) memberWords { return memberWords{word: text.Text{Zh: zh, En: en}} }

// as returns the words with a detail.
func (m memberWords) as(zh, en string) memberWords {
	m.detail = text.Text{Zh: zh, En: en}
	return m
}

// of returns the words with the values of a closed list.
func (m memberWords) of(values text.Vocabulary[string]) memberWords {
	m.values = values
	return m
}

// such returns the words with the values of an open list that have a word.
func (m memberWords) such(values text.Vocabulary[string]) memberWords {
	m.values, m.isOpen = values, true
	return m
}

// Frame lists the members that every record has beside its data.
var Frame = []string{"id", "kind", "center", "on", "by", "by.role", "by.actor", "mode", "doc", "evidence",
	"evidence.name", "evidence.sha256", "note", "data"}

// frameWords has the words of the members of Frame.
var frameWords = map[string]memberWords{
	"id": say("记录编号", "id").as("UUID；同一中心内不重复，重发同一编号不会重复入账",
		"a UUID, once in a center; sending it again records nothing twice"),
	"kind":   say("种类", "kind").as("事件种类", "the kind of event"),
	"center": say("中心", "center").as("中心编号，如 ZJ-0007", "the center, such as ZJ-0007"),
	"on": say("日期", "date").as("发生日期 YYYY-MM-DD（北京时间）",
		"the day it happened, YYYY-MM-DD in Asia/Shanghai"),
	"by": say("作出方", "by"),
	"by.role": say("角色", "role").as("作出方的角色", "the role of the office that makes the statement").of(
		Roles.Strings()),
	"by.actor": say("经办人", "actor").as("作出方的经办人或账号", "the person or account that makes it"),
	"mode": say("方式", "mode").as("enforce（默认）或 record（补录）",
		"enforce (the default) or record").of(Modes.Strings()),
	"doc":           say("发文字号", "document number"),
	"evidence":      say("佐证材料", "evidence"),
	"evidence.name": say("文件名", "file name").as("佐证材料文件名", "name of a file of evidence"),
	"evidence.sha256": say("校验值", "SHA-256").as("该文件的 SHA-256，小写十六进制",
		"its SHA-256 in lower-case hexadecimal"),
	"note": say("备注", "note"),
	"data": say("内容", "content").as("各种类的数据，见下", "the data of the kind, as below"),
}

// dataWords has an entry for the name of each member of data. A member of an object in data stands under the path to
// it. If a kind means another thing by a name, the name has an entry under kind/name too.
var dataWords = map[string]memberWords{
	"amountFen":  say("金额", "amount"),
	"approved":   say("审定通过", "approved").as("是否审定通过", "whether it was approved"),
	"category":   say("经费类别", "category of money").of(Categories),
	"code":       say("预警代码", "alert code"),
	"conclusion": say("结论", "conclusion").of(conclusionTypes),
	"conclusions": say("论证结论", "conclusions").as("可行性、科学性、必要性、合理性四项结论",
		"feasibility, soundness, necessity and reasonableness"),
	"conclusions.feasibility":    say("可行性", "feasibility"),
	"conclusions.necessity":      say("必要性", "necessity"),
	"conclusions.reasonableness": say("合理性", "reasonableness"),
	"conclusions.soundness":      say("科学性", "soundness"),
	"digest":                     say("参数全文校验值", "digest").as("参数全文的 SHA-256", "SHA-256 of the text"),
	"documents": say("制度文件", "documents").as("已有的制度文件",
		"documents that exist").such(knownDocuments),
	"dueOn": say("办结期限", "due date").as("办结期限", "the day by which it is to be settled"),
	"econCode": say("支出经济分类", "economic classification").as("科目代码，3 至 8 位数字",
		"3 to 8 digits"),
	"effectiveFrom": say("施行日期", "in force from").as("施行日期", "the day from which it is in force"),
	"eligible":      say("符合条件", "eligible").as("是否符合条件", "whether it is eligible"),
	"equipmentFen":  say("设备原值", "original value of equipment"),
	"ethicsCommittee": say("科技伦理委员会", "ethics committee").as("是否设有科技伦理（审查）委员会",
		"whether it has an S&T ethics (review) committee"),
	"ethicsSensitive": say("涉及科技伦理", "sensitive in ethics").as("是否涉及科技伦理敏感领域",
		"whether it works in fields sensitive in ethics"),
	"event": say("所作废记录", "record voided").as("所作废记录的编号", "id of the record voided"),
	"expertReviews": say("专家评议份数", "expert reviews").as("专家评审（评议）份数",
		"number of reviews by experts"),
	"fields":     say("从事领域", "fields").such(knownFields),
	"finding":    say("疑点编号", "audit finding"),
	"fiscalYear": say("财政年度", "fiscal year"),
	"forYear": say("支持建设年度", "support year").as("所补助的建设年度",
		"the support year that it is for"),
	"foundedOn": say("设立日期", "date of foundation"),
	"grade":     say("评价等级", "grade").as("以办法参数所列为准", "one of the policy's"),
	"grant":     say("经费下达编号", "grant"),
	"id":        say("参数编号", "id of the policy"),
	"incident":  say("事故编号", "incident"),
	"industryCode": say("国民经济行业分类", "industry class").as("国民经济行业代码（GB/T 4754）",
		"GB/T 4754"),
	"industryDept": say("责任行业主管部门", "industry department").as("责任行业主管部门名称",
		"name of the industry department responsible"),
	"item": say("治理事项", "item").of(governanceItems),
	"key": say("预警对象", "key").as("预警的键，没有时为空",
		"key of the alert, empty when it has none"),
	"kind":              say("事故类型", "type of incident").of(incidentKinds),
	"leadUnit":          say("牵头建设单位", "lead construction unit"),
	"leadingIndustries": say("主导产业", "leading industries"),
	"legalEntity": say("独立法人", "legal entity").as("是否独立法人实体",
		"whether it is a legal entity of its own"),
	"level": say("配套级别", "level of government").of(matchLevels),
	"lines": say("资金明细", "lines").as("所用经费或配套的编号（grant）及金额（amountFen，分）",
		"the grants or matches it is paid from, with amounts in fen"),
	"lines.amountFen": say("金额", "amount"),
	"lines.grant":     say("经费编号", "grant"),
	"list":            say("名单", "list").of(creditLists),
	"listing":         say("名单记录编号", "listing"),
	"localGov": say("责任地方政府", "local government").as("责任地方政府的行政区划代码（GB/T 2260）",
		"division code of the local government responsible (GB/T 2260)"),
	"majorPilotVerification": say("重大中试验证项目", "major pilot verification").as("是否重大中试验证项目",
		"whether it is a major pilot verification"),
	"match": say("配套编号", "match"),
	"name":  say("中心名称", "name of the center"),
	"necessity": say("外拨必要性", "necessity").as("外拨的必要性",
		"why the out-transfer is necessary"),
	"newUnit": say("新设单位", "new unit").as("是否新设单位", "whether it is a new unit"),
	"occurredOn": say("发生日", "date of the incident").as("不晚于记录日期；不填为记录日期",
		"not after the date of the record, which is the default"),
	"onProductionLine": say("在生产装置上进行", "on a production line").as("是否在已投用的生产装置上进行",
		"whether it is done on a production line in use"),
	"opinion": say("论证意见", "opinion"),
	"outTransfer": say("外拨", "out-transfer").as("外拨及所依据的委托任务书",
		"out-transfer, and the entrustment task book it rests on"),
	"outTransfer.taskBook": say("委托任务书编号", "entrustment task book"),
	"ownFen": say("自筹资金", "self-raised money").as("同一凭证中的自筹资金",
		"self-raised money in the same voucher"),
	"participants": say("参加单位", "participants").such(Departments),
	"parts":        say("自评内容", "parts of the self-evaluation").of(reportParts),
	"passed":       say("通过", "passed").as("是否通过", "whether it was passed"),
	"payee":        say("收款单位", "payee"),
	"periodEnd":    say("责任期止", "end of the responsibility period"),
	"periodStart":  say("责任期起", "start of the responsibility period"),
	"pilotDevicesSeparate": say("中试装置单独设置", "pilot devices apart").as("中试装置是否单独设置",
		"whether pilot devices stand apart"),
	"pilotFunction": say("中试功能", "pilot function").as("是否具备中试熟化功能",
		"whether it has the pilot function"),
	"plaqueNo": say("牌匾编号", "plaque number"),
	"principal": say("主要负责人到场", "principal present").as("是否主要负责人到场",
		"whether the principal came in person"),
	"project": say("项目编号", "project"),
	"reason":  say("理由", "reason"),
	"region":  say("行政区划代码", "division code").as("行政区划代码（GB/T 2260）", "GB/T 2260"),
	"relaxationRequested": say("申请放宽", "relaxation requested").as("是否申请放宽",
		"whether it asks for the relaxation"),
	"reversalVoucher": say("红字凭证号", "reversing voucher"),
	"rule":            say("条款编号", "rule"),
	"separateAccountClause": say("约定专账核算", "separate-account clause").as("是否约定专账核算",
		"whether it has a clause on separate-account bookkeeping"),
	"services":     say("服务功能", "services").of(serviceTypes),
	"severity":     say("严重程度", "severity").of(severities),
	"signedOn":     say("签订日期", "date of signing"),
	"source":       say("资金来源", "source of the money").of(grantSources),
	"summary":      say("摘要", "summary"),
	"supportYears": say("支持建设年度", "support years"),
	"targets": say("目标", "goals").as("目标：名称、年度、数值、单位",
		"goals: name, year, value (a number), unit"),
	"targets.name":  say("目标名称", "goal"),
	"targets.unit":  say("单位", "unit"),
	"targets.value": say("数值", "value"),
	"targets.year":  say("年度", "year"),
	"taskBook":      say("委托任务书编号", "entrustment task book"),
	"text":          say("内容", "text"),
	"thirdPartyReviews": say("第三方机构评议份数", "third-party reviews").as("第三方机构评审（评议）份数",
		"number of reviews by third parties"),
	"trial": say("试验编号", "trial"),
	"type":  say("中心类型", "type of center").of(centerTypes),
	"until": say("惩戒期限止日", "last day of the sanction").as("不填为无期限",
		"open-ended without"),
	"usableAreaM2": say("使用面积", "usable floor area"),
	"uscc":         say("统一社会信用代码", "unified social credit code"),
	"use":          say("用途", "use").as("以办法参数所列为准", "one of the policy's"),
	"version":      say("版本", "version"),
	"voucher":      say("凭证号", "voucher"),
	"year":         say("年度", "year").as("评价（报告）年度", "year evaluated or reported on"),

	"policy.adopted/source": say("依据文件", "source").as("依据文件", "the document that issued it"),
	"policy.adopted/text":   say("参数全文", "text").as("参数全文", "its whole text"),
	"project.approved/name": say("项目名称", "name of the project"),
	"fund-preference.recorded/year": say("年度", "year").as("推荐所依据的评价年度",
		"year of the grade that it rests on"),
	"matching.committed/dueOn": say("承诺到账期限", "due date").as("承诺到账期限",
		"the day by which it is promised"),
	"rectification.ordered/dueOn": say("整改期限", "due date").as("缺省为办法参数规定的期限",
		"the policy's term by default"),
	"out-transfer.settled/amountFen": say("结算金额", "amount settled"),

	"origin": say("封存标识", "origin").as("检查点首行的标识，开始封存时选定",
		"first line of the checkpoints, chosen when sealing began"),
	"ledger.sealed/key": say("台账公钥", "ledger's public key").as("核对检查点签名所用的公钥",
		"the key that verifies the signatures of the checkpoints"),
	"size": say("所封记录数", "records sealed").as("上一检查点所封记录数，首次为 0",
		"records under the checkpoint before, 0 at first"),
	"root": say("根值", "root").as("上一检查点的默克尔树根值（base64）",
		"root of the Merkle tree of the checkpoint before, in base64"),
	"cosigners": say("见证", "cosigners").as("上一检查点已有的见证方和时间",
		"who had cosigned the checkpoint before, and when"),
	"cosigners.name": say("见证方", "witness"),
	"cosigners.at":   say("见证时间", "cosigned at"),
	"after": say("所接检查点", "checkpoint continued").as("换用新标识时，原标识的最后检查点",
		"under a new origin: the last checkpoint of the old one"),
	"after.origin": say("原封存标识", "old origin"),
	"after.key":    say("原台账公钥", "old public key"),
	"after.size":   say("原所封记录数", "records sealed"),
	"after.root":   say("原根值", "old root"),
}

// lookUpWords returns the words of a member of a record by its path without indexes, such as by.role or
// data.lines.grant.
func lookUpWords(kind Kind, path string) (m memberWords, ok bool) {
	member, isData := strings.CutPrefix(path, "data.")
	if !isData {
		m, ok = frameWords[path]
		return m, ok
	}
	if m, ok = dataWords[string(kind)+"/"+member]; ok {
		return m, ok
	}
	m, ok = dataWords[member]
	return m, ok
}

// MemberWord returns the words for a member of the data of a kind, such as 金额 and amount for amountFen. A member of
// an object in data has the path to it as its name, such as lines.grant. It returns the name itself if there are no
// words.
func MemberWord(kind Kind, member string) text.Text { return wordOf(kind, "data."+member, member) }

// FrameWord returns the words for a member of Frame, such as 角色 and role for by.role.
func FrameWord(member string) text.Text { return wordOf("", member, member) }

func wordOf(kind Kind, path, name string) text.Text {
	if m, ok := lookUpWords(kind, path); ok {
		return m.word
	}
	return text.Same(name)
}

// MemberDetail returns what must be known to fill in a member of the data of a kind: MemberWord, and more if there is
// more.
func MemberDetail(kind Kind, member string) text.Text { return detailOf(kind, "data."+member, member) }

// FrameDetail is MemberDetail of a member of Frame.
func FrameDetail(member string) text.Text { return detailOf("", member, member) }

func detailOf(kind Kind, path, name string) text.Text {
	m, ok := lookUpWords(kind, path)
	switch {
	case !ok:
		return text.Same(name)
	case m.detail == text.Text{}:
		return m.word
	}
	return text.Text{Zh: joined(m.word.Zh, "：", m.detail.Zh), En: joined(m.word.En, ": ", m.detail.En)}
}

// joined returns a word and its detail. A detail that has the word needs no other.
func joined(word, between, detail string) string {
	if strings.Contains(detail, word) {
		return detail
	}
	return word + between + detail
}

// ValuesOf returns the values that a member of the data of a kind may have, or nil if it may have others: a text, or a
// use or grade, which the policy lists.
func ValuesOf(kind Kind, member string) text.Vocabulary[string] {
	if m, ok := lookUpWords(kind, "data."+member); ok && !m.isOpen {
		return m.values
	}
	return nil
}

// KnownValuesOf is ValuesOf of a member that may have other values too: the values that have a word.
func KnownValuesOf(kind Kind, member string) text.Vocabulary[string] {
	m, _ := lookUpWords(kind, "data."+member)
	return m.values
}

// ValueWord returns the words for a value of a member of the data of a kind, or the value itself if there are none.
func ValueWord(kind Kind, member, value string) text.Text {
	return KnownValuesOf(kind, member).Word(value)
}

// PlaceWords returns the words for the path of a field of a record: 角色 for by.role, 资金明细第 1 行金额 for
// data.lines[0].amountFen. A name that no record has stands for itself. kind may be "". The words of the empty path,
// which means the whole record, are "".
func PlaceWords(kind Kind, path string) text.Text {
	var zh, en []string
	under := ""
	for part := range strings.SplitSeq(path, ".") {
		name, index, isIndexed := strings.Cut(part, "[")
		under = join(under, name)
		switch w := wordOf(kind, under, name); {
		case part == "data" && path != "data", part == "by" && path != "by", part == "":
		default:
			zh, en = append(zh, w.Zh), append(en, w.En)
		}
		if i, err := strconv.Atoi(strings.TrimSuffix(index, "]")); isIndexed && err == nil {
			unit := "项"
			if name == "lines" {
				unit = "行"
			}
			number := strconv.Itoa(i + 1)
			zh, en = append(zh, "第 "+number+" "+unit), append(en, "item "+number)
		}
	}
	return text.Text{Zh: strings.Join(zh, ""), En: strings.Join(en, ", ")}
}
