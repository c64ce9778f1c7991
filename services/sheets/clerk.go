package sheets

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// finding returns a reason of the ledger as a finding for people who fill in sheets, with the row and the heading
// of the cell concerned.
func (s *Sheet) finding(e *entry, why aggregates.Breach) RowBreach {
	field, row := why.Field, e.rows[0].row.Number
	if rest, ok := strings.CutPrefix(field, "data.lines["); ok {
		number, member, _ := strings.Cut(rest, "]")
		if i, err := strconv.Atoi(number); err == nil && i < len(e.rows) {
			row = e.rows[i].row.Number
		}
		field = "data.lines" + member
	}
	switch {
	case field == "data.match" && s.Kind.column(field) < 0:
		field = "data.grant"
	case field == "data.lines", field == "" && why.Rule == events.Overdrawn:
		field = "data.lines.amountFen"
	}
	i := s.Kind.column(field)
	why.Reason = plainly(why.Reason)
	if why.There != "" {
		var c *SheetColumn
		switch {
		case i >= 0:
			c = &s.under(e.rows[0].cells["on"].on)[i]
		case field == "mode":
			c = &SheetColumn{Words: []Word{{"补录", string(events.Recording)}, {"正常填报", string(events.Enforce)}}}
		}
		why.Reason = text.Say("早已入账的记录中为 %s", "is %s in the record that is there",
			text.Clip(c.spoken(why.There), spokenMax))
	}
	if field == "by.role" {
		why.Reason.Zh = titles.Replace(why.Reason.Zh)
	}
	why.Field = s.key().Heading
	if i >= 0 {
		why.Field = s.Kind.Columns[i].Heading
	} else if name, ok := besideTheSheet[field]; ok && (field != "kind" || why.There != "") {
		// a record that cannot be at all says so itself
		why.Reason = text.Text{Zh: name.Zh + "：" + why.Reason.Zh, En: name.En + ": " + why.Reason.En}
	} else if field != "" && field != "id" && field != "kind" {
		why.Reason = text.Text{Zh: "其他内容：" + why.Reason.Zh, En: "other content: " + why.Reason.En}
	}
	return RowBreach{row, why}
}

// spokenMax is the maximum number of characters of a value of another record.
const spokenMax = 100

// titles replaces the codes of kinds and roles by their titles.
var titles = func() *strings.Replacer {
	var list []string
	for i := range events.Catalog {
		list = append(list, string(events.Catalog[i].Kind), events.Catalog[i].Kind.Title().Zh)
	}
	for i := range events.Catalog {
		for _, r := range events.Catalog[i].Roles {
			if r == events.Program { // no sheet has it, and its code is a word of other codes
				continue
			}
			list = append(list, string(r), r.Title().Zh)
		}
	}
	return strings.NewReplacer(list...)
}()

// besideTheSheet holds the names of fields of a record that the import fills in, not the row.
var besideTheSheet = map[string]text.Text{
	"by":       text.Say("经办人", "actor"),
	"by.actor": text.Say("经办人", "actor"),
	"by.role":  text.Say("角色", "role"),
	"kind":     text.Say("记录种类", "kind of record"),
	"mode":     text.Say("方式", "mode"),
	"doc":      text.Say("发文字号", "document"),
	"note":     text.Say("备注", "note"),
}

// forPrograms matches the parts of a reason that only programs need: the position of a record and the name of a
// member.
var forPrograms = regexp.MustCompile(`，在台账位置 \d+|, at position \d+ of the ledger`)

// plainly returns a reason of the ledger in the words of the people who fill in sheets.
func plainly(why text.Text) text.Text {
	zh := strings.NewReplacer("此记录编号已用于内容不同的另一条记录：", "同一编号早已入账，内容不同：", "没有编号为 ",
		"没有记录 ")
	en := strings.NewReplacer("the id was already used for a record with other content: ",
		"the same number is in the ledger with other content: ")
	return text.Text{Zh: zh.Replace(forPrograms.ReplaceAllString(why.Zh, "")),
		En: en.Replace(forPrograms.ReplaceAllString(why.En, ""))}
}

// spoken returns the value of a member of a record, given as JSON, in the form that people write in the column. c
// is nil for a member without a column.
func (c *SheetColumn) spoken(value string) string {
	var v any
	if json.Unmarshal([]byte(value), &v) != nil {
		return value // not JSON: the lines of a voucher
	}
	switch v := v.(type) {
	case bool:
		return map[bool]string{true: yes, false: no}[v]
	case map[string]any: // the member of a YesNo that holds several values
		if c != nil && c.Form == YesNo {
			return yes
		}
	case []any:
		var list []string
		for _, part := range v {
			if s, ok := part.(string); ok {
				list = append(list, c.word(s))
			}
		}
		return strings.Join(list, "、")
	case string:
		return "“" + c.word(v) + "”"
	case float64:
		if c != nil && c.Form == Amount {
			if n, err := strconv.ParseInt(value, 10, 64); err == nil {
				return events.FormatYuan(events.Fen(n)) + " 元"
			}
		}
	}
	return value
}

// word returns the word of the column for a code, or the code.
func (c *SheetColumn) word(code string) string {
	if c == nil {
		return code
	}
	for _, w := range c.Words {
		if w.Code == code {
			return w.Word
		}
	}
	return code
}
