package docs

import (
	"fmt"
	"strings"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/services/sheets"
)

func sheetsPage() string {
	var b strings.Builder
	b.WriteString(generated + `# 表格 · Sheets

` + "`taizhang template KIND`" + ` 生成一种表的空表，` + "`taizhang import`" + ` 读入填好的表。列的次序不限；以下每种表列出其标题、所记的事件、填报角色
和决定记录编号的各列：同一中心内这些列相同，就是同一条记录，再次读入不会重复入账。一次导入多种表时，按本页的次序入账，同一种表按日期。

` + "`taizhang template KIND`" + ` makes an empty sheet of a kind, ` + "`taizhang import`" + ` reads sheets that are filled in. Columns may be in any order. Of each
kind this page has the headings, the events that it records, who fills it in and the columns from which the id of a record
follows: where these are equal within a center it is the same record, and reading it again changes nothing. Sheets of several kinds in one
import are recorded in the order of this page, those of one kind by date.

| 种类 Kind | 名称 Title | 角色 Role | 编号取自 Id from | 由此标题认出 Told by |
|---|---|---|---|---|
`)
	for _, k := range sheets.Kinds {
		mark := k.Mark
		if mark == "" {
			mark = "–"
		}
		fmt.Fprintf(&b, "| [%s](#%s) | %s表 · %s | %s | %s | %s |\n", k.Name, k.Name, k.Title.Zh, k.Title.En,
			sheetRoles(k), sheetIdentity(k), mark)
	}
	b.WriteString(`
填报角色可由 ` + "`--role`" + ` 指定；不指定的，取该行事件可用的第一个。用途和评价等级的词语取自当日有效的办法参数，以下为内置参数的词语。

` + "`--role`" + ` names who fills in a sheet; without it, it is the first role that may write the event of the row. Uses and grades have the words of the
policy in force on the date of the row; below are those of the built-in policy.
`)
	for _, k := range sheets.Kinds {
		fmt.Fprintf(&b, "\n## %s表 · %s <a id=%q></a>\n\n", k.Title.Zh, k.Title.En, k.Name)
		var kinds []string
		for _, kind := range k.Records {
			kinds = append(kinds, fmt.Sprintf("[%s](events.md#%s) %s", kind, kind, kind.Title().Zh))
		}
		fmt.Fprintf(&b,
			"%s\n\n| 标题 Heading | 字段 Member | 必填 Required | 说明与词语 Note and words |\n|---|---|---|---|\n",
			strings.Join(kinds, "、"))
		for _, c := range k.Under(policy.Builtin()) {
			fmt.Fprintf(&b, "| %s | `%s` | %s | %s%s |\n", c.Heading, c.Field, sheetRequired(&c),
				strings.TrimPrefix(k.Help(&c), "必填。"), sheetWords(&c))
		}
	}
	return b.String()
}

func sheetRoles(k *sheets.SheetKind) string {
	var names []string
	for _, r := range k.Roles {
		names = append(names, fmt.Sprintf("%s `%s`", r.Title().Zh, r))
	}
	return strings.Join(names, "、")
}

func sheetIdentity(k *sheets.SheetKind) string {
	headings, dated := k.Identity()
	if len(headings) == 0 {
		return "中心编号"
	}
	text := strings.Join(headings, "、")
	if dated != nil {
		text += "（" + dated.Word + "：另加日期）"
	}
	return text
}

func sheetRequired(c *sheets.SheetColumn) string {
	if c.Only != nil && c.Only.Must {
		return c.Only.Word
	}
	return yesNo(!c.Optional)
}

func sheetWords(c *sheets.SheetColumn) string {
	var words []string
	for _, w := range c.Words {
		words = append(words, fmt.Sprintf("%s `%s`", w.Word, w.Code))
	}
	switch {
	case c.Form == sheets.YesNo:
		return "。是、否"
	case len(words) == 0:
		return ""
	}
	return "。" + strings.Join(words, " · ")
}
