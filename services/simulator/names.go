package simulator

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/taizhang/taizhang/aggregates/identifiers"
	"github.com/taizhang/taizhang/events"
)

// offices holds the short form of each role in account names.
var offices = map[events.Role]string{
	events.STOffice: "kjb", events.Finance: "czt", events.IndustryDept: "hy", events.LocalGov: "df",
	events.Auditor: "sjt",
}

// letterheads holds the prefixes of document numbers.
var letterheads = map[events.Role]string{
	events.STOffice: "浙科委办发", events.Finance: "浙财科教", events.IndustryDept: "浙经信技术",
	events.CenterRole: "浙转中心财",
	events.Auditor:    "浙审办发",
}

// documented holds the kinds that always have a document number.
var documented = map[events.Kind]bool{
	events.KindWaiverGranted: true, events.KindRelaxationGranted: true, events.KindSpecialMeetingDecided: true,
	events.KindPlaqueAwarded: true, events.KindGradeDecided: true, events.KindGradeRevised: true,
	events.KindRectificationOrdered: true, events.KindQualificationRevoked: true, events.KindProjectApproved: true,
	events.KindSubsidyGranted: true, events.KindSubsidyReversed: true, events.KindFundsRecovered: true,
	events.KindMatchingCommitted: true, events.KindAllocationDeferred: true, events.KindDeferralReleased: true,
	events.KindAuditFindingOpened: true, events.KindAlertClosed: true, events.KindCreditListed: true,
}

// attachment returns the name of a file of evidence.
func attachment(kind events.Kind, rng *rand.Rand) string {
	switch kind {
	case events.KindFundsSpent, events.KindSpendingReversed:
		return []string{"发票.pdf", "记账凭证.pdf", "银行回单.pdf", "验收单.pdf"}[rng.IntN(4)]
	case events.KindSubsidyGranted, events.KindSubsidyReversed, events.KindFundsRecovered:
		return "下达文件.pdf"
	case events.KindSubsidyReceived, events.KindMatchingReceived:
		return "到账回单.pdf"
	case events.KindEntrustmentSigned, events.KindTaskBookFiled:
		return "任务书.pdf"
	}
	return events.Lookup(kind).Title.Zh + ".pdf"
}

// counties holds codes of GB/T 2260 where centers may be, all in Zhejiang.
var counties = []string{
	"330106", "330108", "330109", "330110", "330111", "330112", "330114", "330122",
	"330203", "330206", "330211", "330212", "330281", "330282",
	"330302", "330304", "330381", "330382",
	"330402", "330421", "330481", "330483",
	"330502", "330521", "330522", "330523",
	"330602", "330604", "330624", "330681",
	"330702", "330782", "330783", "330784",
	"330802", "330825", "330881",
	"330902", "330921",
	"331002", "331023", "331081", "331083",
	"331102", "331122", "331123", "331181",
}

// industry is a leading industry with its class of GB/T 4754. R06-2d relaxes the conditions for digital ones.
type industry struct {
	name, code, field string
	digital           bool
}

var industries = []industry{
	{"动力电池", "C3841", "new-energy", false}, {"光伏装备", "C3825", "new-energy", false},
	{"新能源汽车", "C3612", "manufacturing", false}, {"工业机器人", "C3491", "manufacturing", false},
	{"高端数控机床", "C3421", "manufacturing", false}, {"低空装备", "C3741", "manufacturing", false},
	{"化工新材料", "C2659", "new-material", false}, {"磁性材料", "C3985", "new-material", true},
	{"有色合金", "C3240", "new-material", false}, {"生物医药", "C2761", "life-science", false},
	{"化学原料药", "C2710", "medicine", false}, {"高端医疗器械", "C3581", "medicine", false},
	{"集成电路", "C3973", "semiconductor", true}, {"网络通信", "C3921", "communication", true},
	{"智能物联", "C3990", "communication", true}, {"人工智能", "I6513", "ai", true},
	{"工业互联网", "I6450", "ai", true}, {"现代种业", "A0211", "life-science", false},
	{"海洋工程装备", "C3737", "manufacturing", false}, {"现代纺织", "C1751", "manufacturing", false},
}

// centerTypes are the types of section 4 with the words that a center's name has for them.
var centerTypes = []struct{ code, name, service string }{
	{"proof-of-concept", "概念验证中心", "proof-of-concept"}, {"pilot-base", "中试基地", "pilot"},
	{"service-platform", "产业公共服务平台", "tech-finance"}, {"other", "技术转移转化中心", "incubation"},
}

// leadUnits are the forms of a lead unit and the first two characters of the credit code of such a body.
var leadUnits = []struct{ suffix, code string }{
	{"科技有限公司", "91"}, {"股份有限公司", "91"}, {"技术有限公司", "91"}, {"研究院", "12"}, {"创新研究中心", "52"},
}

const usccAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// uscc returns an invented unified social credit code. A few early codes have a wrong check character.
func (c *center) uscc(body, region string) string {
	code := body + region + "MA"
	for range 7 {
		code += string(usccAlphabet[c.rng.IntN(len(usccAlphabet))])
	}
	wanted := identifiers.Valid
	if c.chance(.03) {
		wanted = identifiers.WrongCheck
	}
	for _, check := range usccAlphabet {
		if _, form := identifiers.ParseUSCC(code + string(check)); form == wanted {
			return code + string(check)
		}
	}
	return code
}

// useWords holds a use with its share of vouchers, its usual economic code and typical summaries.
type useWords struct {
	use       events.Use
	share     int
	econCode  string
	summaries []string
}

var usual = []useWords{
	{"pilot", 30, "30218", []string{"中试原料", "中试线耗材", "中试加工费", "工艺放大试验费", "中试能耗费"}},
	{"equipment", 22, "31003", []string{"仪器设备购置款", "设备安装调试费", "检测仪器尾款", "中试装置部件"}},
	{"proof-of-concept", 20, "30227", []string{"概念验证测试费", "样机试制费", "原理验证试剂", "商业前景评估费"}},
	{"talent", 12, "30226", []string{"人才引进安家补助", "引进专家薪酬", "技术经理人劳务费", "博士后补助"}},
	{"operation", 16, "30211", []string{"平台运维费", "差旅费", "专家咨询费", "会议费", "水电物业费", "办公耗材"}},
}

var forbidden = []useWords{
	{"capital-construction", 4, "30905", []string{"实验楼加固工程款", "厂房扩建工程款"}},
	{"sponsorship", 1, "", []string{"行业论坛赞助费"}},
	{"donation", 1, "", []string{"公益捐赠"}},
	{"investment", 2, "31205", []string{"参股企业出资款"}},
	{"fine", 1, "", []string{"环保罚款", "税收滞纳金"}},
	{"debt-repayment", 2, "", []string{"偿还银行贷款本息"}},
}

var unclear = []useWords{
	{"other", 3, "", []string{"综合服务费", "成果展示费", "课题协作费"}},
	{"operation", 1, "31013", []string{"公务用车购置"}}, // this code needs a ruling
}

var (
	payeeKinds = []string{"科技有限公司", "仪器有限公司", "新材料有限公司", "检测技术有限公司", "生物科技有限公司",
		"机械设备有限公司", "研究院", "信息技术有限公司"}
	payeeMarks  = []string{"甲子", "乙丑", "丙寅", "丁卯", "戊辰", "己巳", "庚午", "辛未", "壬申", "癸酉"}
	departments = []string{"省经信厅", "省科技厅", "省卫生健康委", "省农业农村厅", "省发展改革委", "省药监局"}
)

// payee returns an invented payee.
func (c *center) payee() string {
	region, _ := identifiers.ParseRegion(pick(c, counties))
	return strings.TrimSuffix(region.City, "市") + pick(c, payeeMarks) + pick(c, payeeKinds)
}

// words draws an element of a list by its share.
func (c *center) words(list []useWords) useWords {
	total := 0
	for _, w := range list {
		total += w.share
	}
	n := c.rng.IntN(total)
	for _, w := range list {
		if n -= w.share; n < 0 {
			return w
		}
	}
	return list[0]
}

// voucherNumber returns the next voucher number of a center in a year.
func (c *center) voucherNumber(year int) string {
	return fmt.Sprintf("%d-%05d", year, c.next(fmt.Sprint(year)))
}
