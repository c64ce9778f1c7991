package sheets

import (
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

var reversals = &SheetKind{
	Name: "reversals", Title: text.Say("支出冲销", "reversals"), Mark: "冲销凭证号",
	Roles:   []events.Role{events.CenterRole},
	Records: []events.Kind{events.KindSpendingReversed}, words: []string{"冲销凭证", "凭证"},
	identity: []string{"data.reversalVoucher"},
	Columns: []SheetColumn{
		{Heading: "冲销凭证号", Field: "data.reversalVoucher", Form: Code,
			Note: "冲销所用的会计凭证号，同一中心内不与其他凭证重复，例：2026-00301"},
		{Heading: "被冲销凭证号", Field: "data.voucher", Form: Code,
			Note: "台账中被冲销的凭证，整张冲销，例：2026-00249"},
		dateColumn, centerColumn,
		{Heading: "冲销原因", Field: "data.reason", Form: Text, Note: "为何冲销，例：设备退货"},
	},
	build: func(rows []cells, r *events.Record) {
		c := rows[0]
		r.Kind, r.Data = events.KindSpendingReversed, &events.SpendingReversed{Voucher: c["data.voucher"].text,
			ReversalVoucher: c["data.reversalVoucher"].text, Reason: c["data.reason"].text}
	},
}

var commitments = &SheetKind{
	Name: "commitments", Title: text.Say("配套承诺", "commitments"), Mark: "配套级别",
	Roles:   []events.Role{events.LocalGov},
	Records: []events.Kind{events.KindMatchingCommitted}, words: []string{"配套"},
	identity: []string{"data.match"},
	Columns: []SheetColumn{
		{Heading: "配套编号", Field: "data.match", Form: Code,
			Note: "配套资金的编号，同一中心内不与其他配套、经费下达重复，例：M-0018-01"},
		dateColumn, centerColumn,
		{Heading: "财政年度", Field: "data.fiscalYear", Form: Whole, Note: "配套资金所属的财政年度，例：2026"},
		{Heading: "配套级别", Field: "data.level", Form: Choice, Note: "由市或县（市、区）配套，从列表中选择",
			Words: wordsOf(events.ValuesOf(events.KindMatchingCommitted, "level"))},
		{Heading: "金额(元)", Field: "data.amountFen", Form: Amount,
			Note: "承诺的金额，以元为单位，至多两位小数，例：1,000,000.00。到账填到账表"},
		{Heading: "承诺到账日期", Field: "data.dueOn", Form: Day, Optional: true,
			Note: "可不填。承诺最迟到账的日期，例：2026-12-31"},
		docColumn,
	},
	build: func(rows []cells, r *events.Record) {
		c := rows[0]
		r.Kind, r.Doc = events.KindMatchingCommitted, c["doc"].text
		r.Data = &events.MatchingCommitted{Match: c["data.match"].text, FiscalYear: int(c["data.fiscalYear"].n),
			Level:     c["data.level"].text,
			AmountFen: c["data.amountFen"].fen, DueOn: c["data.dueOn"].on}
	},
}

// Two recoveries of one grant may be equal in everything, so each has a number of its own, which is stored in the
// note.
var recoveries = &SheetKind{
	Name: "recoveries", Title: text.Say("收回冲减", "recoveries"), Mark: "收回或冲减",
	Roles:   []events.Role{events.Finance},
	Records: []events.Kind{events.KindFundsRecovered, events.KindSubsidyReversed}, words: []string{"收回", "冲减"},
	identity: []string{"note"},
	Columns: []SheetColumn{
		{Heading: "收回冲减单号", Field: "note", Form: Code,
			Note: "收回或冲减的单号，同一中心内不重复，例：SH-2026-003"},
		dateColumn, centerColumn,
		{Heading: "收回或冲减", Field: "kind", Form: Choice, Note: "收回已到账的经费填收回，减少已下达的经费填冲减",
			Words: []Word{
				{"收回", string(events.KindFundsRecovered)}, {"冲减", string(events.KindSubsidyReversed)}}},
		{Heading: "经费下达编号", Field: "data.grant", Form: Code, Note: "被收回或冲减的经费，例：G-0018-03"},
		{Heading: "金额(元)", Field: "data.amountFen", Form: Amount,
			Note: "收回或冲减的金额，填正数，以元为单位，至多两位小数，例：500,000.00"},
		{Heading: "原因", Field: "data.reason", Form: Text, Note: "为何收回或冲减，例：项目终止"},
		docColumn,
	},
	build: func(rows []cells, r *events.Record) {
		c := rows[0]
		r.Kind, r.Note, r.Doc = events.Kind(c["kind"].text), "收回冲减单号："+c["note"].text, c["doc"].text
		grant, amountFen, reason := c["data.grant"].text, c["data.amountFen"].fen, c["data.reason"].text
		if r.Kind == events.KindSubsidyReversed {
			r.Data = &events.SubsidyReversed{Grant: grant, AmountFen: amountFen, Reason: reason}
			return
		}
		r.Kind, r.Data = events.KindFundsRecovered,
			&events.FundsRecovered{Grant: grant, AmountFen: amountFen, Reason: reason}
	},
}

var projects = &SheetKind{
	Name: "projects", Title: text.Say("项目立项", "projects"), Mark: "重大中试验证",
	Roles:   []events.Role{events.STOffice},
	Records: []events.Kind{events.KindProjectApproved}, words: []string{"项目"},
	identity: []string{"data.project"},
	Columns: []SheetColumn{
		{Heading: "项目编号", Field: "data.project", Form: Code, Note: "项目的编号，同一中心内不重复，例：P-0018-01"},
		dateColumn, centerColumn,
		{Heading: "项目名称", Field: "data.name", Form: Text, Note: "项目全称，例：高端医疗器械中试验证"},
		{Heading: "重大中试验证", Field: "data.majorPilotVerification", Form: YesNo, Note: "是否重大中试验证项目"},
		{Heading: "符合支持条件", Field: "data.eligible", Form: YesNo, Note: "是否符合办法规定的支持条件"},
		docColumn,
	},
	build: func(rows []cells, r *events.Record) {
		c := rows[0]
		r.Kind, r.Doc = events.KindProjectApproved, c["doc"].text
		r.Data = &events.ProjectApproved{Project: c["data.project"].text, Name: c["data.name"].text,
			MajorPilotVerification: c["data.majorPilotVerification"].yes, Eligible: c["data.eligible"].yes}
	},
}

var entrustments = &SheetKind{
	Name: "entrustments", Title: text.Say("委托任务书", "entrustments"), Mark: "专账核算条款",
	Roles:    []events.Role{events.CenterRole},
	Records:  []events.Kind{events.KindEntrustmentSigned},
	identity: []string{"data.taskBook"},
	Columns: []SheetColumn{
		{Heading: "委托任务书编号", Field: "data.taskBook", Form: Code,
			Note: "委托任务书的编号，同一中心内不重复，例：WT-2026-03"},
		dateColumn, centerColumn,
		{Heading: "受托单位", Field: "data.payee", Form: Text,
			Note: "受托单位全称，与凭证的收款单位一致，例：杭州信息技术研究院"},
		{Heading: "签订日期", Field: "data.signedOn", Form: Day, Note: "委托任务书签订的日期，例：2026-09-01"},
		{Heading: "金额(元)", Field: "data.amountFen", Form: Amount,
			Note: "委托任务书的金额，以元为单位，至多两位小数，例：300,000.00"},
		{Heading: "专账核算条款", Field: "data.separateAccountClause", Form: YesNo,
			Note: "委托任务书是否约定受托单位专账核算"},
		{Heading: "外拨必要性", Field: "data.necessity", Form: Text,
			Note: "为何须委托其他单位，例：本中心无此检测资质"},
	},
	build: func(rows []cells, r *events.Record) {
		c := rows[0]
		r.Kind, r.Data = events.KindEntrustmentSigned,
			&events.EntrustmentSigned{TaskBook: c["data.taskBook"].text, Payee: c["data.payee"].text,
				SignedOn: c["data.signedOn"].on, AmountFen: c["data.amountFen"].fen,
				SeparateAccountClause: c["data.separateAccountClause"].yes,
				Necessity:             c["data.necessity"].text}
	},
}

// A task book is confirmed once, and may be settled in parts.
var separateAccounts = &SheetKind{
	Name: "separate-accounts", Title: text.Say("专账核算", "separate accounts"), Mark: "专账事项",
	Roles:    []events.Role{events.CenterRole},
	Records:  []events.Kind{events.KindSeparateAccountConfirmed, events.KindOutTransferSettled},
	identity: []string{"data.taskBook", "kind"},
	dated:    &Only{Field: "kind", Word: "外拨结算"},
	Columns: []SheetColumn{
		{Heading: "委托任务书编号", Field: "data.taskBook", Form: Code, Note: "台账中的委托任务书，例：WT-2026-03"},
		dateColumn, centerColumn,
		{Heading: "专账事项", Field: "kind", Form: Choice,
			Note: "受托单位已提供专账核算证明填专账核算确认，结清外拨经费填外拨结算", Words: []Word{
				{"专账核算确认", string(events.KindSeparateAccountConfirmed)},
				{"外拨结算", string(events.KindOutTransferSettled)}}},
		{Heading: "结算金额(元)", Field: "data.amountFen", Form: Amount, Optional: true,
			Only: &Only{Field: "kind", Word: "外拨结算", Must: true},
			Note: "以元为单位，至多两位小数，例：300,000.00"},
	},
	build: func(rows []cells, r *events.Record) {
		c := rows[0]
		if r.Kind = events.Kind(c["kind"].text); r.Kind == events.KindOutTransferSettled {
			r.Data = &events.OutTransferSettled{TaskBook: c["data.taskBook"].text, AmountFen: c["data.amountFen"].fen}
			return
		}
		r.Kind, r.Data = events.KindSeparateAccountConfirmed, &events.SeparateAccountConfirmed{
			TaskBook: c["data.taskBook"].text}
	},
}
