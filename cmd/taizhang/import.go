package main

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/files"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

func (a *app) importCommand() *cobra.Command {
	var r desk.ImportRequest
	var report string
	cmd := &cobra.Command{
		Use: "import FILE...", Args: between(1, 10_000),
		Short: a.say("导入 JSONL 文件和表格（CSV、XLSX）：先整体检查，再写入",
			"import JSONL files and sheets (CSV, XLSX): checked whole, then written"),
		Long: a.say("导入文件。文件是 JSON Lines、CSV（UTF-8 或 GB18030）还是 XLSX 由内容判断；"+
			"表格是哪一种由标题判断，空表用 taizhang template 生成。\n全部检查之后才写入；有一条不合格就什么都不写，"+
			"除非用 --accept-good。表格须用 --actor 写明经办人。",
			"Import files. Whether one is JSON Lines, CSV (in UTF-8 or GB18030) or XLSX is found out by looking, "+
				"and what a sheet is about by its headings; taizhang template makes an empty one.\nNothing is "+
				"written before all is checked, and nothing if one record is bad, unless --accept-good is given. A "+
				"sheet needs --actor."),
		RunE: func(cmd *cobra.Command, args []string) error {
			opened, err := openAll(args, &r)
			defer closeAll(opened)
			if err != nil {
				return err
			}
			if err := a.markTo(cmd, report, &r); err != nil {
				return err
			}
			return a.readWrite(cmd, func(w desk.Desk) error { return a.importInto(cmd, w, r, report) })
		},
	}
	f := cmd.Flags()
	f.BoolVar(&r.AcceptGood, "accept-good", false,
		a.say("有不合格的记录时仍写入合格的", "write the good records although there are bad ones"))
	a.sheetFlags(f, &r, &report)
	return cmd
}

// sheetFlags adds the flags for values that sheets do not contain.
func (a *app) sheetFlags(f *pflag.FlagSet, r *desk.ImportRequest, report *string) {
	f.StringVar(&r.Sheets.Actor, "actor", "", a.say("表格的经办人 `NAME`", "`NAME` of who answers for the sheets"))
	f.StringVar(&r.Sheets.Role, "role", "",
		a.say("填报表格的角色 `ROLE`（默认由表格种类决定）",
			"`ROLE` that fills in the sheets (default by the kind of sheet)"))
	f.StringVar(&r.Sheets.Mode, "mode", "",
		a.say("填报方式 `MODE`：正常填报（默认），或补录（违反条款的行也入账，如超支）", "`MODE`: enforce (the "+
			"default), or record to store also the rows that a rule refuses, such as overdrawn ones"))
	f.StringVar(&r.Sheets.Doc, "doc", "",
		a.say("补录所依据的发文字号 `NUMBER`", "`NUMBER` of the document that record mode rests on"))
	f.BoolVar(&r.Again, "again", false,
		a.say("表格中与已作废记录相同的行再次入账", "take rows of sheets that are equal to a voided record again"))
	f.StringVar(report, "report", "", a.say("把不合格的表格另存到 `FILE.xlsx`，标出不合格的单元格和原因",
		"write copies of bad sheets to `FILE.xlsx`, the bad cells marked and the reasons beside them"))
}

// markTo makes the import write copies of bad sheets to a new workbook. It does nothing if the path is "".
func (a *app) markTo(cmd *cobra.Command, path string, r *desk.ImportRequest) error {
	if path == "" {
		return nil
	}
	if err := freeWorkbook(cmd, "report", path); err != nil {
		return err
	}
	r.Marked = &desk.MarkedTo{
		Lang: a.lang, Create: func(write func(io.Writer) error) error { return files.Create(path, write) }}
	return nil
}

// openAll opens the files of a request. If one fails, it also returns the files opened before.
func openAll(paths []string, r *desk.ImportRequest) (opened []*os.File, err error) {
	for _, path := range paths {
		if path == "-" {
			return opened, text.Errorf(text.Invalid, "不能从标准输入导入：请先存成文件，以便导入中断后能再来一遍",
				"standard input cannot be imported: save it first, so that an import that was interrupted can be "+
					"run again")
		}
		f, size, err := files.Open(path)
		if err != nil {
			return opened, err
		}
		opened = append(opened, f)
		r.Files = append(r.Files, desk.Upload{Name: path, Content: f, Bytes: size})
	}
	return opened, nil
}

func closeAll(opened []*os.File) {
	for _, f := range opened {
		_ = f.Close() // the file was only read, so an error of Close loses nothing
	}
}

// freeWorkbook returns an error if no new workbook can be written at a path. flag gave the path.
func freeWorkbook(cmd *cobra.Command, flag, path string) error {
	if !strings.EqualFold(filepath.Ext(path), ".xlsx") {
		return usage(cmd, "--%s 的文件名应以 .xlsx 结尾，不能是 %q",
			"--%s must name a file that ends in .xlsx, not %q", flag, path)
	}
	return files.Free(path)
}

// importInto imports, and lists bad records as they are found: beside a table on standard error, otherwise as rows of
// the output.
func (a *app) importInto(cmd *cobra.Command, w desk.Writer, r desk.ImportRequest, report string) error {
	bar := a.progress("导入", "importing")
	bad := &badReasons{a: a, bar: bar}
	r.Progress, r.Bad = bar.show, bad.add
	done, err := w.Import(cmd.Context(), r)
	bar.end()
	if done == nil {
		return err
	}
	if a.output == tableOutput {
		a.tellImported(done, report)
	}
	if err != nil && done.Accepted > 0 && done.Accepted+done.Repeated+done.Refused < done.Read {
		fmt.Fprintln(a.errOut, a.say("导入没有完成：已写入 %d 条，其余的可能没有写入。请再导入一次，已入账的会跳过。",
			"The import did not finish: %d records were written, the others may not be. Import the files again; "+
				"those that are in the ledger are passed over.", done.Accepted))
	}
	if err := cmp.Or(bad.end(done), err); err != nil {
		return err
	}
	if done.Refused > 0 {
		return errAnswered
	}
	return nil
}

// badReasons writes the reasons against files. In JSON, the counts of the import follow. It writes nothing before the
// first reason or the end, so an import that fails at once leaves no part of an answer.
type badReasons struct {
	a     *app
	bar   *progress
	csv   *csv.Writer
	begun bool
	comma string
	err   error
}

func (b *badReasons) begin() (err error) {
	if b.begun {
		return nil
	}
	b.begun = true
	switch b.a.output {
	case csvOutput:
		b.csv = csv.NewWriter(b.a.out)
		err = b.csv.Write((&table.Table{Columns: desk.BadColumns}).Names())
	case jsonOutput:
		_, err = io.WriteString(b.a.out, `{"bad":[`)
	}
	return err
}

func (b *badReasons) add(line desk.BadLine) {
	if b.a.output == tableOutput {
		b.bar.end()
		b.a.tellBad(&line)
		return
	}
	b.err = cmp.Or(b.err, b.begin())
	for _, why := range line.Each() {
		if b.err == nil {
			b.err = b.write(why)
		}
	}
}

func (b *badReasons) write(why desk.BadReason) error {
	if b.csv != nil {
		return b.csv.Write(table.Fields(why.Row(b.a.lang)))
	}
	object, err := json.Marshal(why)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(b.a.out, "%s\n%s", b.comma, text.SeenJSON(object))
	b.comma = ","
	return err
}

func (b *badReasons) end(done *desk.Imported) error {
	b.err = cmp.Or(b.err, b.begin())
	switch {
	case b.err != nil:
		return b.err
	case b.csv != nil:
		b.csv.Flush()
		return b.csv.Error()
	case b.a.output == jsonOutput:
		counts, err := json.Marshal(done)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(b.a.out, "\n],%s\n", text.SeenJSON(counts[1:])) // the members of one object
		return err
	}
	return nil
}

// tellBad writes the reasons against one line or row for people.
func (a *app) tellBad(b *desk.BadLine) {
	if b.Sheet {
		fmt.Fprintln(a.errOut,
			text.Printable(a.say("%s，第 %d 行：", "%s, row %d:", a.placeIn(b.File, b.Worksheet), b.Line)))
	} else {
		fmt.Fprintln(a.errOut, text.Printable(a.say("%s 第 %d 行：", "%s, line %d:", b.File, b.Line)))
	}
	a.tellReasons(a.errOut, b.Reasons)
}

// placeIn returns the name of a file, and of the worksheet if the file is a workbook.
func (a *app) placeIn(file, worksheet string) string {
	if worksheet == "" {
		return file
	}
	return a.say("%s，工作表“%s”", "%s, sheet “%s”", file, worksheet)
}

// tellNamed writes a note about a sheet. A note does not refuse anything.
func (a *app) tellNamed(n *desk.NamedLine) {
	place := a.placeIn(n.File, n.Worksheet)
	if n.Row > 0 {
		place = a.say("%s，第 %d 行", "%s, row %d", place, n.Row)
	}
	if n.Heading != "" {
		place = a.say("%s，%s", "%s, %s", place, n.Heading)
	}
	if n.Check {
		place = a.say("%s：提示", "%s: warning", place)
	}
	a.print("%s：%s", "%s: %s", place, n.Text.In(a.lang))
}

func (a *app) tellImported(r *desk.Imported, report string) {
	a.print("读取 %d 条：写入 %d，早已有 %d，拒绝 %d。", "Read %d records: %d written, %d there already, %d refused.",
		r.Read, r.Accepted, r.Repeated, r.Refused)
	a.tellNotes(r)
	a.tellMoved(text.Text{Zh: "产生预警：", En: "Alerts that were opened:"}, r.Opens)
	a.tellMoved(text.Text{Zh: "解除预警：", En: "Alerts that were cleared:"}, r.Clears)
	a.tellMoved(text.Text{Zh: "撤回预警：", En: "Alerts that were withdrawn:"}, r.Withdraws)
	switch {
	case r.Refused > 0 && r.Accepted == 0 && r.Repeated < r.Read-r.Refused:
		a.print("什么都没有写入。改正后重新导入，或用 --accept-good 只写入合格的。",
			"Nothing was written. Correct the file and import it again, or write the good records with --accept-good.")
	case r.Refused > 0 && r.Accepted == 0:
		a.print("什么都没有写入。请改正后重新导入。", "Nothing was written. Correct the file and import it again.")
	case r.Accepted == 0:
		a.print("没有变化。", "Nothing changed.")
	}
	if r.Clock != nil {
		a.print("提示：%s。", "warning: %s.", r.Clock.In(a.lang))
	}
	a.tellMarked(r, report)
}

func (a *app) tellMarked(r *desk.Imported, report string) {
	if r.Marked {
		a.print("不合格的行和提示已在 %s 中标出。", "The bad rows and the warnings are marked in %s.", report)
	}
}

// tellNotes writes notes about skipped parts of sheets, and warnings about good records.
func (a *app) tellNotes(r *desk.Imported) {
	for i := range r.Named {
		a.tellNamed(&r.Named[i])
	}
	for _, w := range r.Warnings {
		a.print("%s，第 %d 行：提示：%s", "%s, row %d: warning: %s", a.placeIn(w.File, w.Worksheet), w.Line,
			w.Warning.In(a.lang))
	}
	if more := r.WarningsTotal - len(r.Warnings); more > 0 {
		a.print("另有 %d 条提示。", "There are %d more warnings.", more)
	}
}

// movedShown is the maximum number of moved alerts that are listed for people. A first import of several years moves
// thousands.
const movedShown = 20

// tellMoved lists the alerts that records opened or cleared.
func (a *app) tellMoved(title text.Text, list []desk.MovedAlert) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintln(a.out, title.In(a.lang))
	for _, x := range list[:min(len(list), movedShown)] {
		a.print("  %s %s：%s%s", "  %s %s: %s%s", x.Center, a.alertName(x.Alert), lists.AlertTitle(x.Code).In(a.lang),
			a.dates(x.Alert))
	}
	if more := len(list) - movedShown; more > 0 {
		a.print("  另有 %d 条，用 --output json 可全部列出。", "  and %d more: --output json lists all.", more)
	}
}
