package sheets

import (
	"strings"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// Kinds holds all kinds of sheets, in the order in which sheets of several kinds are recorded, so that a record comes
// after those that it builds on.
var Kinds = []*SheetKind{registrations, projects, commitments, entrustments, grants, receipts, separateAccounts,
	voidings, vouchers, reversals, recoveries, rulings, grades, rectifications, findings}

// Columns that several kinds have.
var (
	dateColumn = SheetColumn{Heading: "日期", Field: "on", Form: Day,
		Note: "发生日期（北京时间），例：2026-09-01、2026/9/1 或 2026年9月1日"}
	centerColumn = SheetColumn{Heading: "中心编号", Field: "center", Form: Code, Note: "台账中的中心编号，例：ZJ-0007"}
	docColumn    = SheetColumn{Heading: "发文字号", Field: "doc", Form: Text, Optional: true,
		Note: "可不填。例：浙财科教〔2026〕12号"}
)

// usesOf returns the words of a policy for uses, and a note that names those that it forbids.
func usesOf(p *policy.Policy) (names *policy.Vocabulary, note string) {
	names = p.UseNames()
	var forbidden []string
	for _, row := range p.Uses {
		if row.Class == policy.Forbidden {
			name, _ := names.Name(string(row.Use))
			forbidden = append(forbidden, name.Zh)
		}
	}
	if len(forbidden) > 0 {
		note = "。" + strings.Join(forbidden, "、") + "属禁止用途，如实填写"
	}
	return names, note
}

// gradesOf returns the words of a policy for grades.
func gradesOf(p *policy.Policy) (names *policy.Vocabulary, note string) { return p.GradeNames(), "" }

var vouchers = &SheetKind{
	Name: "vouchers", Title: text.Say("凭证", "vouchers"), Roles: []events.Role{events.CenterRole},
	Records:  []events.Kind{events.KindFundsSpent},
	identity: []string{"data.voucher"}, lines: []string{"data.lines.grant", "data.lines.amountFen"},
	Columns: []SheetColumn{
		{Heading: "凭证号", Field: "data.voucher", Form: Code,
			Note: "会计凭证号，例：2026-00249。一张凭证用多笔经费支付时写多行，除经费下达编号和金额外各列须一致"},
		dateColumn, centerColumn,
		{Heading: "经费下达编号", Field: "data.lines.grant", Form: Code,
			Note: "所用经费的下达编号或配套编号，例：G-0018-03"},
		{Heading: "用途", Field: "data.use", Form: Choice, Note: "从列表中选择", policy: usesOf},
		{Heading: "金额(元)", Field: "data.lines.amountFen", Form: Amount,
			Note: "以元为单位，至多两位小数，例：1,234.50。冲销填支出冲销表"},
		{Heading: "收款单位", Field: "data.payee", Form: Text, Note: "收款单位或个人全称，例：杭州信息技术研究院"},
		{Heading: "摘要", Field: "data.summary", Form: Text, Note: "用途说明，例：中试线检测费"},
		{Heading: "经济分类", Field: "data.econCode", Form: Code, Optional: true,
			Note: "可不填。支出经济分类科目编码，3 至 8 位数字，例：31003"},
		{Heading: "外拨", Field: "data.outTransfer", Form: YesNo, Optional: true,
			Note: "是否外拨给其他单位，不填为否"},
		{Heading: "委托任务书编号", Field: "data.outTransfer.taskBook", Form: Code, Optional: true,
			Only: &Only{Field: "data.outTransfer", Word: yes}, Note: "所依据的委托任务书编号，例：WT-2026-03"},
	},
	build: func(rows []cells, r *events.Record) {
		c := rows[0]
		p := &events.FundsSpent{Voucher: c["data.voucher"].text, Payee: c["data.payee"].text,
			Use:      events.Use(c["data.use"].text),
			EconCode: c["data.econCode"].text, Summary: c["data.summary"].text}
		for _, row := range rows {
			p.Lines = append(p.Lines,
				events.SpendingLine{Grant: row["data.lines.grant"].text, AmountFen: row["data.lines.amountFen"].fen})
		}
		if c["data.outTransfer"].yes {
			p.OutTransfer = &events.OutTransfer{TaskBook: c["data.outTransfer.taskBook"].text}
		}
		r.Kind, r.Data = events.KindFundsSpent, p
	},
}

// Two receipts of one grant may be equal in everything, so each receipt has a number of its own. It is stored in the
// note.
var receipts = &SheetKind{
	Name: "receipts", Title: text.Say("到账", "receipts"),
	Roles:   []events.Role{events.CenterRole, events.Finance, events.LocalGov},
	Records: []events.Kind{events.KindSubsidyReceived, events.KindMatchingReceived}, words: []string{"到账凭证"},
	identity: []string{"note"},
	Columns: []SheetColumn{
		{Heading: "到账凭证号", Field: "note", Form: Code,
			Note: "到账的凭证号或银行回单号，同一中心内不重复，例：SK-2026-015"},
		dateColumn, centerColumn,
		{Heading: "资金类别", Field: "kind", Form: Choice, Note: "财政补助资金填下达的经费，配套资金填地方政府的配套",
			Words: []Word{
				{"财政补助资金", string(events.KindSubsidyReceived)},
				{"配套资金", string(events.KindMatchingReceived)}}},
		{Heading: "经费下达编号", Field: "data.grant", Form: Code,
			Note: "到账经费的下达编号；配套资金填配套编号，例：G-0018-03"},
		{Heading: "金额(元)", Field: "data.amountFen", Form: Amount, Note: "以元为单位，至多两位小数，例：500,000.00"},
	},
	build: func(rows []cells, r *events.Record) {
		c := rows[0]
		r.Kind, r.Note = events.Kind(c["kind"].text), "到账凭证号："+c["note"].text
		if r.Kind == events.KindMatchingReceived {
			r.Data = &events.MatchingReceived{Match: c["data.grant"].text, AmountFen: c["data.amountFen"].fen}
			return
		}
		r.Kind, r.Data = events.KindSubsidyReceived,
			&events.SubsidyReceived{Grant: c["data.grant"].text, AmountFen: c["data.amountFen"].fen}
	},
}

var grants = &SheetKind{
	Name: "grants", Title: text.Say("经费下达", "grants"), Roles: []events.Role{events.Finance},
	Records:  []events.Kind{events.KindSubsidyGranted},
	identity: []string{"data.grant"},
	Columns: []SheetColumn{
		{Heading: "经费下达编号", Field: "data.grant", Form: Code,
			Note: "下达的编号，同一中心内不重复，例：G-0018-03"},
		dateColumn, centerColumn,
		{Heading: "经费类别", Field: "data.category", Form: Choice, Note: "从列表中选择",
			Words: wordsOf(events.Categories)},
		{Heading: "资金来源", Field: "data.source", Form: Choice, Note: "从列表中选择",
			Words: wordsOf(events.ValuesOf(events.KindSubsidyGranted, "source"))},
		{Heading: "财政年度", Field: "data.fiscalYear", Form: Whole, Note: "下达日期的当年或次年，例：2026"},
		{Heading: "支持建设年度", Field: "data.forYear", Form: Whole, Optional: true,
			Note: "建设运行经费所补助的建设年度，例：2025；其他经费不填"},
		{Heading: "项目编号", Field: "data.project", Form: Code, Optional: true,
			Note: "项目经费所支持的项目，例：P-0018-01；其他经费不填"},
		{Heading: "金额(元)", Field: "data.amountFen", Form: Amount,
			Note: "以元为单位，至多两位小数，例：2,000,000.00"},
		docColumn,
	},
	build: func(rows []cells, r *events.Record) {
		c := rows[0]
		r.Kind, r.Doc = events.KindSubsidyGranted, c["doc"].text
		r.Data = &events.SubsidyGranted{Grant: c["data.grant"].text, Category: c["data.category"].text,
			Source:     events.Source(c["data.source"].text),
			FiscalYear: int(c["data.fiscalYear"].n), ForYear: int(c["data.forYear"].n),
			Project: c["data.project"].text, AmountFen: c["data.amountFen"].fen}
	},
}

var grades = &SheetKind{
	Name: "grades", Title: text.Say("评价等级", "grades"), Roles: []events.Role{events.STOffice},
	Records:  []events.Kind{events.KindGradeDecided},
	identity: []string{"data.year"},
	Columns: []SheetColumn{
		centerColumn,
		{Heading: "评价年度", Field: "data.year", Form: Whole, Note: "所评价的年度，例：2025"},
		dateColumn,
		{Heading: "评价等级", Field: "data.grade", Form: Choice, Note: "从列表中选择", policy: gradesOf},
		{Heading: "参加单位", Field: "data.participants", Form: List,
			Note:  "参加评价的单位，用顿号分隔，例：省委科技办、省级行业主管部门、省财政厅、所在地政府",
			Words: wordsOf(events.Roles.Of(events.STOffice, events.IndustryDept, events.Finance, events.LocalGov))},
		{Heading: "专家评议份数", Field: "data.expertReviews", Form: Whole, Note: "专家评议意见的份数，例：5"},
		{Heading: "第三方机构评议份数", Field: "data.thirdPartyReviews", Form: Whole,
			Note: "第三方机构评议意见的份数，例：1"},
		docColumn,
	},
	build: func(rows []cells, r *events.Record) {
		c := rows[0]
		r.Kind, r.Doc = events.KindGradeDecided, c["doc"].text
		r.Data = &events.GradeDecided{Year: int(c["data.year"].n), Grade: c["data.grade"].text,
			Participants:  c["data.participants"].list,
			ExpertReviews: int(c["data.expertReviews"].n), ThirdPartyReviews: int(c["data.thirdPartyReviews"].n)}
	},
}
