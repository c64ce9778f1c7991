package sheets

import (
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// The use of a voucher may be ruled again on a later day.
var rulings = &SheetKind{
	Name: "rulings", Title: text.Say("用途认定", "rulings"), Mark: "认定用途",
	Roles:    []events.Role{events.STOffice, events.Finance},
	Records:  []events.Kind{events.KindUseRuled},
	identity: []string{"data.voucher", "on"},
	Columns: []SheetColumn{
		{Heading: "凭证号", Field: "data.voucher", Form: Code, Note: "台账中被认定的凭证，例：2026-00249"},
		dateColumn, centerColumn,
		{Heading: "认定用途", Field: "data.use", Form: Choice,
			Note: "认定的用途，自日期起代替凭证所填的用途，从列表中选择", policy: usesOf},
		docColumn,
	},
	build: func(rows []cells, r *events.Record) {
		c := rows[0]
		r.Kind, r.Doc, r.Data = events.KindUseRuled, c["doc"].text,
			&events.UseRuled{Voucher: c["data.voucher"].text, Use: events.Use(c["data.use"].text)}
	},
}

// A year is ordered, submitted and accepted once, and may have several interviews.
var rectifications = &SheetKind{
	Name: "rectifications", Title: text.Say("整改约谈", "rectifications"), Mark: "整改事项",
	Roles: []events.Role{events.STOffice, events.CenterRole},
	Records: []events.Kind{events.KindRectificationOrdered, events.KindRectificationSubmitted,
		events.KindRectificationAccepted, events.KindInterviewHeld},
	identity: []string{"data.year", "kind"},
	dated:    &Only{Field: "kind", Word: "约谈"},
	Columns: []SheetColumn{
		centerColumn,
		{Heading: "评价年度", Field: "data.year", Form: Whole, Note: "评价不合格的年度，例：2025"},
		dateColumn,
		{Heading: "整改事项", Field: "kind", Form: Choice,
			Note: "从列表中选择。提交整改报告由中心填报，其他由省委科技办填报", Words: []Word{
				{"责令整改", string(events.KindRectificationOrdered)},
				{"提交整改报告", string(events.KindRectificationSubmitted)},
				{"整改验收通过", string(events.KindRectificationAccepted)},
				{"约谈", string(events.KindInterviewHeld)}}},
		{Heading: "整改期限", Field: "data.dueOn", Form: Day, Optional: true,
			Only: &Only{Field: "kind", Word: "责令整改"},
			Note: "整改完成的期限，不填则按办法的期限，例：2026-12-31"},
		{Heading: "约谈主要负责人", Field: "data.principal", Form: YesNo, Optional: true,
			Only: &Only{Field: "kind", Word: "约谈", Must: true},
			Note: "被约谈的是否主要负责人本人"},
		docColumn,
	},
	build: func(rows []cells, r *events.Record) {
		c := rows[0]
		year := int(c["data.year"].n)
		r.Kind, r.Doc = events.Kind(c["kind"].text), c["doc"].text
		switch r.Kind {
		case events.KindRectificationSubmitted:
			r.Data = &events.RectificationSubmitted{Year: year}
		case events.KindRectificationAccepted:
			r.Data = &events.RectificationAccepted{Year: year}
		case events.KindInterviewHeld:
			r.Data = &events.InterviewHeld{Year: year, Principal: c["data.principal"].yes}
		default:
			r.Kind, r.Data = events.KindRectificationOrdered, &events.RectificationOrdered{
				Year: year, DueOn: c["data.dueOn"].on}
		}
	},
}

var findings = &SheetKind{
	Name: "findings", Title: text.Say("审计疑点", "audit findings"), Mark: "疑点事项",
	Roles:   []events.Role{events.Auditor},
	Records: []events.Kind{events.KindAuditFindingOpened, events.KindAuditFindingClosed}, words: []string{"疑点"},
	identity: []string{"data.finding", "kind"},
	Columns: []SheetColumn{
		{Heading: "疑点编号", Field: "data.finding", Form: Code, Note: "疑点的编号，同一中心内不重复，例：SJ-2026-01"},
		dateColumn, centerColumn,
		{Heading: "疑点事项", Field: "kind", Form: Choice, Note: "从列表中选择", Words: []Word{
			{"提出", string(events.KindAuditFindingOpened)}, {"办结", string(events.KindAuditFindingClosed)}}},
		{Heading: "疑点内容", Field: "data.text", Form: Text,
			Note: "提出时写疑点，办结时写核实和处理的结果，例：两张凭证的发票号相同"},
		{Heading: "整改期限", Field: "data.dueOn", Form: Day, Optional: true, Only: &Only{Field: "kind", Word: "提出"},
			Note: "可不填。例：2026-12-31"},
	},
	build: func(rows []cells, r *events.Record) {
		c := rows[0]
		if r.Kind = events.Kind(c["kind"].text); r.Kind == events.KindAuditFindingClosed {
			r.Data = &events.AuditFindingClosed{Finding: c["data.finding"].text, Text: c["data.text"].text}
			return
		}
		r.Kind, r.Data = events.KindAuditFindingOpened, &events.AuditFindingOpened{
			Finding: c["data.finding"].text, Text: c["data.text"].text, DueOn: c["data.dueOn"].on}
	},
}
