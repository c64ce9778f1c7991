package events

import "github.com/taizhang/taizhang/events/text"

// These vocabularies hold the words that the Measures and finance offices use for the codes of records.
var (
	// Roles holds the roles that an account may have. Program is not among them.
	Roles = text.Vocabulary[Role]{
		{Code: STOffice, Word: text.Say("省委科技办", "S&T office"), Also: []string{"科技办", "省委科技委员会办公室"}},
		{Code: Finance, Word: text.Say("省财政厅", "Department of Finance"), Also: []string{"财政厅", "财政"}},
		{Code: IndustryDept, Word: text.Say("省级行业主管部门", "industry department"),
			Also: []string{"行业主管部门"}},
		{Code: LocalGov, Word: text.Say("所在地政府", "local government"), Also: []string{"地方政府"}},
		{Code: CenterRole, Word: text.Say("省转化中心", "center"), Also: []string{"中心", "转化中心"}},
		{Code: Auditor, Word: text.Say("审计", "auditor"), Also: []string{"审计机关"}},
		{Code: Admin, Word: text.Say("管理员", "administrator")},
	}
	Sources = text.Vocabulary[Source]{
		{Code: CentralGuidance, Word: text.Say("中央引导地方科技发展资金", "central guidance fund"),
			Also: []string{"中央引导资金"}},
		{Code: MajorProgram, Word: text.Say("省重大科技专项", "major program")},
		{Code: ProvinceOther, Word: text.Say("省级其他资金", "other provincial")},
		{Code: Local, Word: text.Say("地方配套", "local matching")},
	}
	Categories = text.Vocabulary[string]{
		{Code: Construction, Word: text.Say("建设运行经费", "construction")},
		{Code: ProjectMoney, Word: text.Say("项目经费", "project")},
		{Code: OtherCategory, Word: text.Say("其他", "other")},
	}
	Modes = text.Vocabulary[Mode]{
		{Code: Enforce, Word: text.Say("正常填报", "enforce"), Also: []string{"正常"}},
		{Code: Recording, Word: text.Say("补录", "record")},
	}
	// Departments holds the offices that take part in an appraisal or a grading (articles 9 and 16). Others may too.
	Departments = append(Roles.Of(STOffice, Finance, IndustryDept, LocalGov).Strings(), text.Vocabulary[string]{
		{Code: "ndrc", Word: text.Say("省发展改革委", "Development and Reform Commission")},
		{Code: "economy-it", Word: text.Say("省经信厅", "Department of Economy and Information Technology")},
		{Code: "natural-resources", Word: text.Say("省自然资源厅", "Department of Natural Resources")},
		{Code: "ecology", Word: text.Say("省生态环境厅", "Department of Ecology and Environment")},
		{Code: "emergency", Word: text.Say("省应急管理厅", "Department of Emergency Management")},
	}...)
)

// Kinds holds the titles of all kinds, in the order of the catalog.
var Kinds = func() (all text.Vocabulary[Kind]) {
	for i := range Catalog {
		all = append(all, text.Term[Kind]{Code: Catalog[i].Kind, Word: Catalog[i].Title})
	}
	return all
}()

// Closed lists of section 4. The lists of fields and documents are open: they hold the values that have a word.
var (
	centerTypes = text.Vocabulary[string]{
		{Code: "proof-of-concept", Word: text.Say("概念验证中心", "proof-of-concept center")},
		{Code: "pilot-base", Word: text.Say("中试基地", "pilot-scale test base")},
		{Code: "service-platform", Word: text.Say("产业公共服务平台", "industrial public service platform")},
		{Code: "other", Word: text.Say("其他", "other")},
	}
	serviceTypes = text.Vocabulary[string]{
		{Code: "proof-of-concept", Word: text.Say("概念验证", "proof of concept")},
		{Code: "pilot", Word: text.Say("中试", "pilot-scale testing")},
		{Code: "incubation", Word: text.Say("孵化", "incubation")},
		{Code: "tech-finance", Word: text.Say("科技金融", "technology finance")},
		{Code: "other", Word: text.Say("其他", "other")},
	}
	conclusionTypes = text.Vocabulary[string]{
		{Code: "met", Word: text.Say("符合", "met")},
		{Code: "basically-met", Word: text.Say("基本符合", "basically met")},
		{Code: "not-met", Word: text.Say("不符合", "not met")},
	}
	governanceItems = text.Vocabulary[string]{
		{Code: "team", Word: text.Say("专职运营管理团队", "operating team")},
		{Code: "bylaws", Word: text.Say("运营管理办法", "bylaws"), Also: []string{"章程"}},
		{Code: "project-rules", Word: text.Say("项目全周期管理办法", "project rules")},
		{Code: "expert-committee", Word: text.Say("专家顾问委员会", "expert committee")},
		{Code: "party-organisation", Word: text.Say("党组织", "party organisation")},
		{Code: "other", Word: text.Say("其他", "other")},
	}
	incidentKinds = text.Vocabulary[string]{
		{Code: "safety", Word: text.Say("安全", "safety")},
		{Code: "quality", Word: text.Say("质量", "quality")},
		{Code: "environment", Word: text.Say("环保", "environment")},
	}
	severities = text.Vocabulary[string]{
		{Code: "general", Word: text.Say("一般", "general")},
		{Code: "major", Word: text.Say("重大", "major")},
	}
	creditLists = text.Vocabulary[string]{
		{Code: "dishonesty", Word: text.Say("科研严重失信行为记录", "serious research-dishonesty record")},
		{Code: "blacklist", Word: text.Say("社会领域信用黑名单", "blacklist")},
	}
	reportParts = text.Vocabulary[string]{
		{Code: "construction", Word: text.Say("建设成效", "construction")},
		{Code: "performance", Word: text.Say("绩效总目标完成情况", "performance")},
		{Code: "funds", Word: text.Say("资金管理使用情况", "use of funds")},
	}
	grantSources = Sources.Of(CentralGuidance, MajorProgram, ProvinceOther).Strings()
	matchLevels  = text.Vocabulary[string]{
		{Code: "city", Word: text.Say("市", "city")},
		{Code: "county", Word: text.Say("县", "county"), Also: []string{"县（市、区）", "区"}},
	}
	knownFields = text.Vocabulary[string]{
		{Code: "life-science", Word: text.Say("生命科学", "life science")},
		{Code: "medicine", Word: text.Say("医学", "medicine")},
		{Code: "ai", Word: text.Say("人工智能", "artificial intelligence")},
		{Code: "other", Word: text.Say("其他", "other")},
	}
	knownDocuments = text.Vocabulary[string]{
		{Code: "internal-control", Word: text.Say("内控制度", "internal control")},
		{Code: "service-procedure", Word: text.Say("服务承接程序", "service procedure")},
		{Code: "fee-schedule", Word: text.Say("收费标准", "fee schedule")},
		{Code: "ip-protection", Word: text.Say("知识产权保护制度", "IP protection")},
	}
)

// Title returns the words for a role, or the role itself if there is none of that name.
func (r Role) Title() text.Text {
	if r == Program {
		return text.Say("台账程序", "the ledger itself")
	}
	return Roles.Word(r)
}

// Title returns the words for a source of money, or the source itself if there is none of that name.
func (s Source) Title() text.Text { return Sources.Word(s) }

// Title returns the title of a kind, or the kind itself if the catalog has none of that name.
func (k Kind) Title() text.Text {
	if entry := Lookup(k); entry != nil {
		return entry.Title
	}
	return text.Same(string(k))
}
