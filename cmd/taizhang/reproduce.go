package main

import (
	"cmp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/files"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

func (a *app) reproduceCommand() *cobra.Command {
	return &cobra.Command{
		Use: "reproduce FILE", Args: exactly(1),
		Short: a.say("核对一份报表（.xlsx、.csv 或 .html）：按其台账位置重算，逐格比较数值和显示，HTML 逐字节比较",
			"check a report (.xlsx, .csv or .html): compute it again at its position and compare every cell and how "+
				"it shows, of HTML every byte"),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, flag := range []string{"as-of", "known-at"} {
				if cmd.Flags().Changed(flag) {
					return usage(cmd, "--%s 不能用于核对：日期和位置以报表为准",
						"--%s cannot be used to reproduce: the report says the date and the position", flag)
				}
			}
			f, size, err := files.Open(args[0])
			if err != nil {
				return err
			}
			defer f.Close()
			return a.read(cmd.Context(), func(d desk.Reader) error {
				r, err := d.Reproduce(cmd.Context(), desk.Upload{Name: args[0], Content: f, Bytes: size})
				if err != nil {
					return err
				}
				err = a.answer(r, func() *table.Table { return r.Table(a.lang) }, func() { a.tellReproduced(r) })
				if err == nil && !r.Equal {
					return errAnswered
				}
				return err
			})
		},
	}
}

func (a *app) tellReproduced(r *desk.Reproduced) {
	if v := programVersion(); r.Version != v {
		a.print("提示：报表由版本 %s 写出，现在是 %s", "note: the report was written by version %s, this is %s",
			r.Version, v)
	}
	switch {
	case r.Equal && r.IsYearly():
		a.print("一致：%s 与台账位置 %d 的重算结果逐字节相同（%s 年度表，截至 %s）",
			"equal: every byte of %s is what the ledger gives at position %d (yearly report of %s as of %s)", r.File,
			r.Position, r.Question.Params["year"], r.Question.On)
		return
	case r.Equal:
		a.print("一致：%s 与台账位置 %d 的重算结果逐格相同（%s，截至 %s，%d 行）",
			"equal: every cell of %s is what the ledger gives at position %d (%s as of %s, %d rows)", r.File,
			r.Position, listWord(r.Question.List).In(a.lang), r.Question.On, r.Rows)
		return
	}
	a.tellDifference(r)
}

// cellCharMax is the maximum number of characters of a cell that people are shown. CSV and JSON have the whole cell.
const cellCharMax = 80

// tellDifference writes the first difference for people.
func (a *app) tellDifference(r *desk.Reproduced) {
	d := r.Differs
	a.print("不一致：%s：%s", "not equal: %s: %s", r.File, d.Why.In(a.lang))
	if d.Row > 0 {
		where := []string{a.say("第 %d 行", "row %d", d.Row)}
		if d.Cell != "" {
			where = append(where, a.say("单元格 %s", "cell %s", d.Cell))
		}
		if d.Column != "" {
			where = append(where, a.say("列“%s”", "column %q", d.Column))
		}
		if d.Sheet != "" {
			where = append([]string{a.say("工作表“%s”", "sheet %q", d.Sheet)}, where...)
		}
		a.print("  %s", "  %s", strings.Join(where, a.say("，", ", ")))
	}
	if d.Row > 0 || d.InFile != d.InLedger {
		inFile, inLedger := whereTheyDiffer(d.InFile, d.InLedger)
		a.print("  文件：%s", "  file:   %s", cmp.Or(inFile, a.say("（空）", "(nothing)")))
		a.print("  台账：%s", "  ledger: %s", cmp.Or(inLedger, a.say("（空）", "(nothing)")))
	}
	if len(d.RowData) > 0 {
		var parts []string
		for _, c := range d.RowData {
			parts = append(parts, c.Name+"="+text.Clip(c.Value, cellCharMax))
		}
		a.print("  台账中的这一行：%s", "  the row in the ledger: %s", strings.Join(parts, " "))
	}
	if d.Behind > len(d.Records) {
		a.print("  所据记录共 %d 条，以下是最新的 %d 条",
			"  records behind it: %d, of which these are the newest %d", d.Behind, len(d.Records))
	}
	for _, r := range d.Records {
		what := strings.TrimSpace(r.Kind.Title().In(a.lang) + " " + r.Doc)
		if d.Newest {
			a.print("  该中心最近的记录：%v %s（位置 %d，%s）",
				"  newest record of the center: %v %s (position %d, %s)", r.On, what, r.Position, r.ID)
			continue
		}
		a.print("  记录：%v %s（位置 %d，%s）", "  record: %v %s (position %d, %s)", r.On, what, r.Position, r.ID)
	}
}

// whereTheyDiffer shortens two texts for a screen so that their first difference is visible.
func whereTheyDiffer(a, b string) (string, string) {
	one, other := []rune(a), []rune(b)
	same := 0
	for same < min(len(one), len(other)) && one[same] == other[same] {
		same++
	}
	if from := same - cellCharMax/4; from > cellCharMax/4 && max(len(one), len(other)) > cellCharMax {
		a, b = "…"+string(one[from:]), "…"+string(other[from:])
	}
	return text.Clip(a, cellCharMax), text.Clip(b, cellCharMax)
}

// listWord returns what a list is called: the beginning of its description in Chinese, its name in English.
func listWord(name string) text.Text {
	l := lists.Find(name)
	if l == nil {
		return text.Same(name)
	}
	word, _, _ := strings.Cut(l.Short.Zh, "：")
	return text.Text{Zh: word, En: name}
}
