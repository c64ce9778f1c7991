package sheets

import (
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// A voiding is identified by the record that it voids, however the row names that record.
var voidings = &SheetKind{
	Name: "voidings", Title: text.Say("记录作废", "voidings"), Mark: "作废记录",
	Roles:    events.Lookup(events.KindEntryVoided).Roles,
	Records:  []events.Kind{events.KindEntryVoided},
	identity: []string{"data.event"},
	Columns: []SheetColumn{
		{Heading: "作废记录", Field: "data.event", Form: Entry, Note: "清单中的记录编号，或种类和编号，例：凭证 " +
			"2026-00249、经费下达 G-0018-03、到账 SK-2026-015、配套 M-0018-01、项目 P-0018-01、委托任务书 WT-2026-03"},
		dateColumn, centerColumn,
		{Heading: "作废原因", Field: "data.reason", Form: Text, Note: "为何作废，例：重复录入"},
		docColumn,
	},
	build: func(rows []cells, r *events.Record) {
		c := rows[0]
		r.Kind, r.Doc, r.Data = events.KindEntryVoided, c["doc"].text,
			&events.EntryVoided{Event: c["data.event"].text, Reason: c["data.reason"].text}
	},
}
