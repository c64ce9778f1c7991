package events

import "github.com/taizhang/taizhang/events/text"

// The words for the roles, sources and categories that the Measures and finance offices use.
var (
	roleTitles = map[Role]text.Text{
		STOffice: text.Say("省委科技办", "S&T office"), Finance: text.Say("省财政厅", "Department of Finance"),
		IndustryDept: text.Say("省级行业主管部门", "industry department"), LocalGov: text.Say("所在地政府", "local government"),
		CenterRole: text.Say("省转化中心", "center"), Auditor: text.Say("审计", "auditor"), Admin: text.Say("管理员", "administrator"),
	}
	sourceTitles = map[Source]text.Text{
		CentralGuidance: text.Say("中央引导地方科技发展资金", "central guidance fund"), MajorProgram: text.Say("省重大科技专项", "major program"),
		ProvinceOther: text.Say("省级其他资金", "other provincial"), Local: text.Say("地方配套", "local matching"),
	}
	categoryTitles = map[string]text.Text{
		Construction: text.Say("建设运行经费", "construction"), ProjectMoney: text.Say("项目经费", "project"), OtherCategory: text.Say("其他", "other"),
	}
)

// Title returns the words for a role, or the role itself if it is unknown.
func (r Role) Title() text.Text { return titled(roleTitles, r) }

// Title returns the words for a source of money, or the source itself if it is unknown.
func (s Source) Title() text.Text { return titled(sourceTitles, s) }

// CategoryTitle returns the words for a category of subsidy.granted, or the category itself if it is
// unknown.
func CategoryTitle(category string) text.Text { return titled(categoryTitles, category) }

// Title returns the title of a kind, or the kind itself if the catalog does not have it.
func (k Kind) Title() text.Text {
	if entry := Lookup(k); entry != nil {
		return entry.Title
	}
	return text.Same(string(k))
}

func titled[T ~string](titles map[T]text.Text, code T) text.Text {
	if t, ok := titles[code]; ok {
		return t
	}
	return text.Same(string(code))
}
