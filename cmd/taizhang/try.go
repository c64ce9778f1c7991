package main

import (
	"bytes"
	"cmp"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

func (a *app) tryCommand() *cobra.Command {
	var r desk.ImportRequest
	var report string
	var one draftFlags
	cmd := &cobra.Command{
		Use: "try FILE...|KIND", Args: between(1, 10_000),
		Short: a.say("试算，不写入：是否接受，理由，预警变化",
			"try records and sheets, writing nothing: the answer, the reason, the alerts"),
		Long: a.say(`试算，不写入。JSON Lines 文件的每条记录单独判断。有表格（CSV、XLSX）时，所有文件按导入的次序一并判断，结果与导入相同；选项也与导入相同。
给出种类时试算一条记录，选项与 taizhang record 相同。`,
			`Try, writing nothing. Each record of a file of JSON Lines is judged alone. If there are sheets (CSV, XLSX), all files are judged
together in the order of an import, with the same answer, and take its flags.
With a kind one record is tried, with the flags of taizhang record.`),
		RunE: func(cmd *cobra.Command, args []string) error {
			if isKind(args) {
				for _, name := range []string{"again", "report"} {
					if cmd.Flags().Changed(name) {
						return usage(cmd, "--%s 只用于表格", "--%s is for sheets", name)
					}
				}
				d := one.draft
				d.Kind, d.By, d.Mode, d.Doc = args[0], desk.DraftBy{Role: r.Sheets.Role, Actor: r.Sheets.Actor},
					r.Sheets.Mode, r.Sheets.Doc
				return a.tryOne(cmd, d, &one)
			}
			for _, name := range draftFlagNames {
				if cmd.Flags().Changed(name) && (name != "data" || one.data != "") {
					return usage(cmd, "--%s 只用于试算一条记录", "--%s is for trying one record", name)
				}
			}
			opened, err := openAll(args, &r)
			defer closeAll(opened)
			if err != nil {
				return err
			}
			isSheet, err := r.HasSheets()
			switch {
			case err != nil:
				return err
			case isSheet:
				return a.trySheets(cmd, r, report)
			case len(args) > 1:
				return usage(cmd, "JSON Lines 一次只试算一个文件", "one file of JSON Lines can be tried at a time")
			}
			for _, name := range sheetFlagNames {
				if cmd.Flags().Changed(name) {
					return usage(cmd, "--%s 只用于表格", "--%s is for sheets", name)
				}
			}
			return a.tryLines(cmd, opened[0])
		},
	}
	a.sheetFlags(cmd.Flags(), &r, &report)
	a.draftFlags(cmd.Flags(), &one)
	return cmd
}

// isKind reports whether the arguments of try are a kind of record and no file.
func isKind(args []string) bool {
	_, ok := desk.KindWords().Read(args[0])
	if !ok || len(args) > 1 {
		return false
	}
	_, err := os.Stat(args[0])
	return err != nil
}

// tryOne tries one record.
func (a *app) tryOne(cmd *cobra.Command, d desk.Draft, given *draftFlags) error {
	d, err := a.draft(cmd, d, given)
	if err != nil {
		return err
	}
	line, err := d.Line()
	if err != nil {
		return err
	}
	return a.tryLines(cmd, bytes.NewReader(line))
}

// tryLines tries each record of JSON Lines alone.
func (a *app) tryLines(cmd *cobra.Command, lines io.Reader) error {
	return a.read(cmd.Context(), func(d desk.Reader) error {
		w, refused := a.stream(desk.AnswerColumns), false
		err := d.Try(cmd.Context(), a.when(), lines, func(t *desk.Tried) error {
			refused = refused || t.Answer == desk.Refused
			return w.add(t, func() []table.Cell { return t.Row(a.lang) }, func() { a.tellTried(t) })
		})
		if err == nil {
			err = w.end(func() {
				if w.count == 0 {
					a.print("文件中没有记录。", "The file holds no record.")
				}
			})
		}
		if err == nil && refused {
			return errAnswered
		}
		return err
	})
}

// triedSheets is the answer to sheets that are tried and not written.
type triedSheets struct {
	Rows      []desk.JudgedRecord `json:"rows"`
	Opens     []desk.MovedAlert   `json:"opens"`
	Clears    []desk.MovedAlert   `json:"clears"`
	Named     []desk.NamedLine    `json:"named"`
	Withdraws []desk.MovedAlert   `json:"withdraws"`
}

// trySheets judges files as an import does, and writes nothing.
func (a *app) trySheets(cmd *cobra.Command, r desk.ImportRequest, report string) error {
	for _, name := range []string{"as-of", "known-at"} {
		if cmd.Flags().Changed(name) {
			return usage(cmd, "--%s 不用于表格：表格按今天试算",
				"--%s is not for sheets: they are tried as of today", name)
		}
	}
	if err := a.markTo(cmd, report, &r); err != nil {
		return err
	}
	r.DryRun = true
	if a.server == "" { // a server uses its account; the actor of a sheet does not change the answer
		r.Sheets.Actor = cmp.Or(r.Sheets.Actor, "try")
	}
	tried := triedSheets{Rows: []desk.JudgedRecord{}}
	bar := a.progress("试算", "trying")
	r.Progress = bar.show
	r.Judged = func(x desk.JudgedRecord) { tried.Rows = append(tried.Rows, x) }
	r.Bad = func(b desk.BadLine) {
		if !b.Sheet { // a line of JSON Lines; the reasons against rows of sheets are shown with their records
			tried.Rows = append(tried.Rows, b.Judged())
		}
	}
	return a.rehearse(cmd.Context(), func(w desk.Writer) error {
		done, err := w.Import(cmd.Context(), r)
		bar.end()
		if err != nil {
			return err
		}
		tried.Opens, tried.Clears, tried.Withdraws, tried.Named = done.Opens, done.Clears, done.Withdraws, done.Named
		err = a.answer(tried, func() *table.Table { return desk.JudgedTable(tried.Rows, a.lang) },
			func() { a.tellSheets(&tried, done, report) })
		if err == nil && done.Refused > 0 {
			return errAnswered
		}
		return err
	})
}

// sheetFlagNames lists the names of the flags that sheetFlags adds.
var sheetFlagNames = []string{"actor", "role", "mode", "doc", "again", "report"}

func (a *app) tellSheets(tried *triedSheets, done *desk.Imported, report string) {
	places := map[string]bool{}
	for _, x := range tried.Rows {
		places[a.placeIn(x.File, x.Worksheet)] = true
	}
	for i := range tried.Rows {
		x := &tried.Rows[i]
		place := ""
		if len(places) > 1 {
			place = a.placeIn(x.File, x.Worksheet) + a.say("，", ", ")
		}
		a.tellJudged(x, place)
	}
	a.tellNotes(done)
	a.tellMoved(text.Text{Zh: "将产生预警：", En: "Alerts that would open:"}, tried.Opens)
	a.tellMoved(text.Text{Zh: "将解除预警：", En: "Alerts that would clear:"}, tried.Clears)
	a.tellMoved(text.Text{Zh: "将撤回预警：", En: "Alerts that would be withdrawn:"}, tried.Withdraws)
	a.tellMarked(done, report)
	a.print("未写入。可以入账 %d，早已有 %d，将被拒绝 %d。",
		"Nothing was written. Can be recorded: %d; there already: %d; would be refused: %d.", done.Accepted,
		done.Repeated, done.Refused)
}

// tellJudged writes the place of a record in a sheet and the answer to it.
func (a *app) tellJudged(x *desk.JudgedRecord, place string) {
	parts := []string{place + a.say("第 %d 行", "row %d", x.Row), map[string]string{
		desk.Accepted: a.say("可以入账", "can be recorded"), desk.Repeated: a.say("早已入账", "there already"),
		desk.Refused: a.say("将被拒绝", "would be refused")}[x.Answer]}
	if about := cmp.Or(x.Number, string(x.Center)); about != "" {
		parts = append(parts, about)
	}
	if x.AmountFen != 0 {
		parts = append(parts, a.say("%s 元", "%s yuan", a.shown(table.Fen(x.AmountFen))))
	}
	var balances []string
	for _, b := range x.Balances {
		balances = append(balances,
			a.say("%s 结余 %s → %s", "%s balance %s → %s", b.Grant, a.shown(table.Fen(b.BeforeFen)),
				a.shown(table.Fen(b.AfterFen))))
	}
	if len(balances) > 0 {
		parts = append(parts, strings.Join(balances, a.say("，", ", ")))
	}
	a.print("%s", "%s", strings.Join(parts, a.say("　", "  ")))
	for _, why := range x.Reasons {
		reason := why.Reason
		if why.Row != x.Row && why.Row != 0 {
			reason.Field = a.say("第 %d 行，%s", "row %d, %s", why.Row, reason.Field)
		}
		a.tellReasons(a.out, []desk.Reason{reason})
	}
}

func (a *app) tellTried(t *desk.Tried) {
	answer := a.say("接受", "accepted")
	if t.Answer == desk.Refused {
		answer = a.say("拒绝", "refused")
	}
	a.print("第 %d 行　%s　%s %s　%s", "line %d  %s  %s %s  %s", t.Line, answer, t.Center,
		desk.KindWords().Word(string(t.Kind)).In(a.lang), t.ID)
	a.tellReasons(a.out, t.Reasons)
	a.tellAlerts("将产生预警", "would open", t.Opens)
	a.tellAlerts("将解除预警", "would clear", t.Clears)
	a.tellAlerts("将撤回预警", "would withdraw", t.Withdraws)
	for _, w := range t.Warnings {
		a.print("  提示：%s", "  warning: %s", w.In(a.lang))
	}
}

// tellAlerts lists alerts of one center that moved.
func (a *app) tellAlerts(zh, en string, alerts []desk.Alert) {
	for _, x := range alerts {
		a.print("  "+zh+" %s：%s%s", "  "+en+" %s: %s%s", a.alertName(x), lists.AlertTitle(x.Code).In(a.lang),
			a.dates(x))
	}
}
