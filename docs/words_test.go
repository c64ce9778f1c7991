package docs

import (
	"os"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// frame describes the members that every record has, whatever its kind.
var frame = []struct {
	name     string
	words    text.Text
	required string
}{
	{"id", text.Say("UUID；中心内的幂等键", "UUID; the idempotency key within the center"), "是 yes"},
	{"kind", text.Say("事件种类", "the kind of event"), "是 yes"},
	{"center", text.Say("中心编号，如 ZJ-0007", "the center, such as ZJ-0007"), "是 yes（policy.adopted 不填 not for policy.adopted）"},
	{"on", text.Say("发生日期 YYYY-MM-DD（北京时间）", "the day it happened, YYYY-MM-DD in Asia/Shanghai"), "是 yes"},
	{"by.role", text.Say("作出方的角色", "the role of who says so"), "是 yes"},
	{"by.actor", text.Say("作出方的经办人或账号", "who says so"), "是 yes"},
	{"mode", text.Say("enforce（默认）或 record（补录）", "enforce (the default) or record"), "否 no"},
	{"doc", text.Say("发文字号", "document number"), "record 方式必填 in mode record"},
	{"evidence[].name", text.Say("佐证材料文件名", "name of a file of evidence"), "否 no"},
	{"evidence[].sha256", text.Say("该文件的 SHA-256，小写十六进制", "its SHA-256 in lower-case hexadecimal"), "否 no"},
	{"note", text.Say("备注", "a note"), "否 no"},
	{"data", text.Say("各种类的数据，见下", "the data of the kind, as below"), "是 yes"},
}

// words are what a member means and, for a closed list, its values.
type words struct {
	text   text.Text
	values []string
}

func say(zh, en string, values ...string) words { return words{text.Text{Zh: zh, En: en}, values} }

// memberWords returns the words of a member: those of the kind before those of any kind.
func memberWords(kind events.Kind, name string) words {
	if w, ok := dictionary[string(kind)+"/"+name]; ok {
		return w
	}
	return dictionary[name]
}

// dictionary has one entry for each member's name, and one under kind/name where a kind means another thing by it.
var dictionary = map[string]words{
	"amountFen":              say("金额", "amount"),
	"approved":               say("是否审定通过", "whether it was approved"),
	"category":               say("经费类别", "category of money", "construction", "project", "other"),
	"code":                   say("预警代码", "code of the alert"),
	"conclusion":             say("结论", "conclusion", "met", "basically-met", "not-met"),
	"conclusions":            say("可行性、科学性、必要性、合理性四项结论", "the four conclusions"),
	"digest":                 say("参数全文的 SHA-256", "SHA-256 of the text"),
	"documents":              say("已有的制度文件", "documents that exist"),
	"econCode":               say("支出经济分类科目，3 至 8 位数字", "economic classification, 3 to 8 digits"),
	"effectiveFrom":          say("施行日期", "the day from which it is in force"),
	"eligible":               say("是否符合条件", "whether it is eligible"),
	"equipmentFen":           say("设备原值", "original value of equipment"),
	"ethicsCommittee":        say("是否设有科技伦理（审查）委员会", "has an S&T ethics (review) committee"),
	"ethicsSensitive":        say("是否涉及科技伦理敏感领域", "works in fields sensitive in ethics"),
	"event":                  say("所作废记录的 id", "id of the entry voided"),
	"expertReviews":          say("专家评审（评议）份数", "reviews by experts"),
	"fields":                 say("从事领域，如 life-science、medicine、ai", "fields, such as life-science, medicine, ai"),
	"finding":                say("疑点编号", "the finding"),
	"fiscalYear":             say("财政年度", "fiscal year"),
	"forYear":                say("所补助的建设年度", "the support year that it is for"),
	"foundedOn":              say("设立日期", "date of foundation"),
	"grade":                  say("评价等级（以办法参数所列为准）", "grade, one of the policy's"),
	"grant":                  say("经费下达编号", "the grant"),
	"id":                     say("参数编号", "id of the policy"),
	"incident":               say("事故编号", "the incident"),
	"industryCode":           say("国民经济行业代码（GB/T 4754）", "industry class (GB/T 4754)"),
	"industryDept":           say("责任行业主管部门名称", "name of the industry department responsible"),
	"item":                   say("治理事项", "item", "team", "bylaws", "project-rules", "expert-committee", "party-organisation", "other"),
	"key":                    say("预警的键，没有时为空", "key of the alert, empty when it has none"),
	"kind":                   say("事故类型", "type of incident", "safety", "quality", "environment"),
	"leadUnit":               say("牵头建设单位", "lead construction unit"),
	"leadingIndustries":      say("主导产业", "leading industries"),
	"legalEntity":            say("是否独立法人实体", "is a legal entity of its own"),
	"level":                  say("配套层级", "level of government", "city", "county"),
	"lines":                  say("资金明细：所用经费或配套的编号（grant）及金额（amountFen，分）", "the grants or matches it is paid from, with amounts in fen"),
	"list":                   say("名单", "the list", "dishonesty", "blacklist"),
	"listing":                say("名单记录编号", "the listing"),
	"localGov":               say("责任地方政府的行政区划代码（GB/T 2260）", "division code of the local government responsible (GB/T 2260)"),
	"majorPilotVerification": say("是否重大中试验证项目", "is a major pilot verification"),
	"match":                  say("配套编号", "the match"),
	"name":                   say("中心名称", "name of the center"),
	"necessity":              say("外拨的必要性", "why it is necessary"),
	"newUnit":                say("是否新设单位", "is a new unit"),
	"onProductionLine":       say("是否在已投用的生产装置上进行", "done on a production line in use"),
	"opinion":                say("论证意见", "opinion"),
	"outTransfer":            say("外拨及所依据的委托任务书", "out-transfer, and the entrustment task book it rests on"),
	"ownFen":                 say("同一凭证中的自筹资金", "self-raised money in the same voucher"),
	"participants":           say("参加单位", "participants"),
	"parts":                  say("自评内容", "parts of the self-evaluation", "construction", "performance", "funds"),
	"passed":                 say("是否通过", "whether it was passed"),
	"payee":                  say("收款单位", "payee"),
	"periodEnd":              say("责任期止", "end of the responsibility period"),
	"periodStart":            say("责任期起", "start of the responsibility period"),
	"pilotDevicesSeparate":   say("中试装置是否单独设置", "pilot devices stand apart"),
	"pilotFunction":          say("是否具备中试熟化功能", "has the pilot function"),
	"plaqueNo":               say("牌匾编号", "number of the plaque"),
	"principal":              say("是否主要负责人到场", "the principal came in person"),
	"project":                say("项目编号", "the project"),
	"reason":                 say("理由", "reason"),
	"region":                 say("行政区划代码（GB/T 2260）", "division code (GB/T 2260)"),
	"relaxationRequested":    say("是否申请放宽", "asks for the relaxation"),
	"reversalVoucher":        say("红字凭证号", "the reversing voucher"),
	"rule":                   say("条款编号", "rule id"),
	"separateAccountClause":  say("是否约定专账核算", "has a clause on separate-account bookkeeping"),
	"services":               say("服务功能", "services", "proof-of-concept", "pilot", "incubation", "tech-finance", "other"),
	"severity":               say("严重程度", "severity", "general", "major"),
	"signedOn":               say("签订日期", "date of signing"),
	"source":                 say("资金来源", "source of the money", "central-guidance", "major-program", "province-other"),
	"summary":                say("摘要", "summary"),
	"supportYears":           say("支持建设年度", "support years"),
	"targets":                say("目标：名称、年度、数值、单位", "goals: name, year, value (a number), unit"),
	"taskBook":               say("委托任务书编号", "the entrustment task book"),
	"text":                   say("内容", "text"),
	"thirdPartyReviews":      say("第三方机构评审（评议）份数", "reviews by third parties"),
	"trial":                  say("试验编号", "the trial"),
	"type":                   say("中心类型", "type of center", "proof-of-concept", "pilot-base", "service-platform", "other"),
	"until":                  say("惩戒期限止日；不填为无期限", "last day of the sanction; open-ended without"),
	"usableAreaM2":           say("使用面积", "usable floor area"),
	"uscc":                   say("统一社会信用代码", "unified social credit code"),
	"use":                    say("用途（以办法参数所列为准）", "use, one of the policy's"),
	"version":                say("版本", "version"),
	"voucher":                say("凭证号", "the voucher"),
	"year":                   say("评价（报告）年度", "year evaluated or reported on"),

	"incident.recorded/occurredOn":   say("发生日，不晚于 on，缺省为 on", "the day it occurred, not after on, on by default"),
	"policy.adopted/source":          say("依据文件", "the document that issued it"),
	"policy.adopted/text":            say("参数全文", "its whole text"),
	"project.approved/name":          say("项目名称", "name of the project"),
	"fund-preference.recorded/year":  say("推荐所依据的评价年度", "year of the grade that it rests on"),
	"matching.committed/dueOn":       say("承诺到账期限", "the day by which it is promised"),
	"audit-finding.opened/dueOn":     say("办结期限", "the day by which it is to be settled"),
	"rectification.ordered/dueOn":    say("整改期限，缺省为办法参数规定的期限", "due date, the policy's term by default"),
	"out-transfer.settled/amountFen": say("结算金额", "amount settled"),
}

func TestEveryMemberHasWordsAndNoWordsAreLeftOver(t *testing.T) {
	used := map[string]bool{}
	for i := range events.Catalog {
		e := &events.Catalog[i]
		for _, m := range e.Members() {
			key := string(e.Kind) + "/" + m.Name
			if _, ok := dictionary[key]; !ok {
				key = m.Name
			}
			used[key] = true
			if w := dictionary[key]; w.text.Zh == "" || w.text.En == "" {
				t.Errorf("%s of %s has no words in the dictionary", m.Name, e.Kind)
			}
		}
	}
	for key := range dictionary {
		if !used[key] {
			t.Errorf("the words of %s belong to no member", key)
		}
	}
}

// withMember is the golden event of a kind as a record, one of whose members is replaced.
func withMember(t *testing.T, e *events.CatalogEntry, m events.Member, value string) []byte {
	body, err := os.ReadFile("../events/testdata/golden/" + string(e.Kind) + ".v1.json")
	if err != nil {
		t.Fatal(err)
	}
	stream := events.StreamID("center-ZJ-0007")
	if e.Kind == events.KindPolicyAdopted {
		stream = events.PolicyStream
	}
	r, err := events.DecodeEvent(events.Stored{Stream: stream, ID: uuid.Max, Kind: e.Kind, Body: body})
	if err != nil {
		t.Fatal(err)
	}
	line, err := events.EncodeRecord(&r.Record)
	if err != nil {
		t.Fatal(err)
	}
	var record, data map[string]jsontext.Value
	if err := json.Unmarshal(line, &record); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(record["data"], &data); err != nil {
		t.Fatal(err)
	}
	var replacement any = value
	if strings.HasSuffix(m.Type, "[]") {
		replacement = []string{value}
	}
	if data[m.Name], err = json.Marshal(replacement); err != nil {
		t.Fatal(err)
	}
	if record["data"], err = json.Marshal(data); err != nil {
		t.Fatal(err)
	}
	if line, err = json.Marshal(record); err != nil {
		t.Fatal(err)
	}
	return line
}

func TestTheValuesOfEveryClosedListAreThoseThatAreAccepted(t *testing.T) {
	for i := range events.Catalog {
		e := &events.Catalog[i]
		for _, m := range e.Members() {
			if m.Type != "text" && m.Type != "text[]" {
				continue
			}
			values := memberWords(e.Kind, m.Name).values
			list := ""
			if _, found := events.DecodeRecord(withMember(t, e, m, "?")); len(found) > 0 {
				_, list, _ = strings.Cut(found[0].Reason.En, "is not one of: ")
			}
			if want := strings.Join(values, ", "); list != want {
				t.Errorf("%s of %s is one of %q, and the page says %q", m.Name, e.Kind, list, want)
			}
			for _, v := range values {
				if _, found := events.DecodeRecord(withMember(t, e, m, v)); len(found) > 0 {
					t.Errorf("%q for %s of %s is refused: %v", v, m.Name, e.Kind, found)
				}
			}
		}
	}
}
