package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/files"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/sheets"
)

func (a *app) importCommand() *cobra.Command {
	var acceptGood bool
	var f sheetFlags
	cmd := &cobra.Command{
		Use: "import FILE...", Args: between(1, 10_000),
		Short: a.say("导入 JSONL 文件和表格（CSV、XLSX）：先整体检查，再写入", "import JSONL files and sheets (CSV, XLSX): checked whole, then written"),
		Long: a.say("导入文件。文件是 JSON Lines、CSV（UTF-8 或 GB18030）还是 XLSX 由内容判断；表格是哪一种由标题判断，空表用 taizhang template 生成。\n全部检查之后才写入；有一条不合格就什么都不写，除非用 --accept-good。表格须用 --actor 写明经办人。",
			"Import files. Whether one is JSON Lines, CSV (in UTF-8 or GB18030) or XLSX is found out by looking, and what a sheet is about by its headings; taizhang template makes an empty one.\nNothing is written before all is checked, and nothing if one record is bad, unless --accept-good is given. A sheet needs --actor."),
		RunE: func(cmd *cobra.Command, args []string) error {
			list, err := openAll(args)
			defer closeAll(slices.Clone(list))
			if err != nil {
				return err
			}
			found, err := a.findSheets(cmd, list, &f)
			if err != nil {
				return err
			}
			im := &importing{a: a, flags: &f, found: found}
			im.Files, im.Account, im.AcceptGood, im.Dir = list, a.account(), acceptGood, nearestDir(a.dir)
			return a.readWrite(cmd, func(s *session) error { return im.into(cmd.Context(), s.Ledger) })
		},
	}
	cmd.Flags().BoolVar(&acceptGood, "accept-good", false, a.say("有不合格的记录时仍写入合格的", "write the good records although there are bad ones"))
	f.add(a, cmd.Flags())
	return cmd
}

// openAll opens files to import; also those before one that fails are returned.
func openAll(paths []string) (list []ledger.File, err error) {
	for _, path := range paths {
		if path == "-" {
			return list, text.Errorf(text.Invalid, "不能从标准输入导入：请先存成文件，以便导入中断后能再来一遍", "standard input cannot be imported: save it first, so that an import that was interrupted can be run again")
		}
		f, size, err := files.Open(path)
		if err != nil {
			return list, err
		}
		list = append(list, ledger.File{Name: path, Content: f, Bytes: size})
	}
	return list, nil
}

// closeAll closes files.
func closeAll(list []ledger.File) {
	for _, f := range list {
		_ = f.Content.(io.Closer).Close() // it was only read
	}
}

// nearestDir returns a directory, or the first above it that exists: it is on the disk that the ledger is or will be on.
func nearestDir(dir string) string {
	for {
		info, err := os.Stat(dir)
		if err == nil && info.IsDir() || dir == filepath.Dir(dir) {
			return dir
		}
		dir = filepath.Dir(dir)
	}
}

// importing is one import under way.
type importing struct {
	ledger.ImportConfig
	a     *app
	flags *sheetFlags
	found []*ledger.File // those of the files that are sheets
}

func (im *importing) into(ctx context.Context, l *ledger.Ledger) error {
	a := im.a
	read, err := im.flags.readSheets(im.found, l.Register().Timeline())
	if err != nil {
		return err
	}
	bar := a.progress("导入", "importing")
	bad := &badRecords{a: a, bar: bar, sheets: read, marked: map[string][]sheets.Finding{}}
	bad.begin()
	im.Bad, im.Progress = bad.add, bar.show
	report, err := l.Import(ctx, im.ImportConfig)
	bar.end()
	if err != nil {
		return err
	}
	if err := bad.finish(report); err != nil {
		return err
	}
	if err := a.writeMarked(im.flags.report, read, bad.marked); err != nil {
		return err
	}
	if report.Refused > 0 && !im.AcceptGood {
		return errAnswered
	}
	return nil
}

// badRecords lists bad records as they are found, however many: on standard error beside a table, else as rows of the
// output.
type badRecords struct {
	a      *app
	bar    *progress
	sheets readSheets
	marked map[string][]sheets.Finding // by file
	csv    *csv.Writer
	count  int // of rows of JSON
	err    error
}

// badRow is one reason against one record of a file. Of a sheet, line is the row and field the heading of the column.
type badRow struct {
	File    string        `json:"file"`
	Line    int           `json:"line"`
	ID      string        `json:"id"`
	Field   string        `json:"field"`
	Rule    events.RuleID `json:"rule"`
	Reason  text.Text     `json:"reason"`
	Article string        `json:"article"`
	Words   string        `json:"words"`
}

func (b *badRecords) begin() {
	switch b.a.output {
	case csvOutput:
		b.csv = csv.NewWriter(b.a.out)
		b.err = b.csv.Write([]string{"file", "line", "id", "field", "rule", "reason"})
	case jsonOutput:
		_, b.err = io.WriteString(b.a.out, `{"bad":[`)
	}
}

func (b *badRecords) add(r ledger.BadRecord) {
	s := b.sheets[r.File]
	if s == nil {
		b.tell(r, text.Say("%s 第 %d 行：", "%s, line %d:", r.File, r.Line))
		return
	}
	found := s.Findings(r)
	b.marked[r.File] = append(b.marked[r.File], found...)
	for len(found) > 0 {
		row := ledger.BadRecord{File: r.File, Line: found[0].Row, ID: r.ID}
		for len(found) > 0 && found[0].Row == row.Line {
			row.Breaches, found = append(row.Breaches, found[0].Breach), found[1:]
		}
		b.tell(row, text.Say("%s 第 %d 行：", "%s, row %d:", row.File, row.Line))
	}
}

// tell lists the reasons against one line, or one row of a sheet.
func (b *badRecords) tell(r ledger.BadRecord, where text.Text) {
	if b.a.output == tableOutput {
		b.bar.end()
		fmt.Fprintln(b.a.errOut, where.In(b.a.lang))
		b.a.tellReasons(b.a.errOut, r.Breaches)
		return
	}
	for _, why := range r.Breaches {
		row := badRow{File: r.File, Line: r.Line, Field: why.Field, Rule: why.Rule, Reason: why.Reason, Article: why.Article, Words: why.Words}
		if r.ID != uuid.Nil {
			row.ID = r.ID.String()
		}
		if b.err == nil {
			b.err = b.row(row)
		}
	}
}

func (b *badRecords) row(r badRow) error {
	if b.csv != nil {
		return b.csv.Write([]string{r.File, strconv.Itoa(r.Line), r.ID, r.Field, string(r.Rule), r.Reason.In(b.a.lang)})
	}
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	comma := ","
	if b.count == 0 {
		comma = ""
	}
	b.count++
	_, err = fmt.Fprintf(b.a.out, "%s\n%s", comma, text)
	return err
}

func (b *badRecords) finish(r ledger.ImportReport) error {
	a := b.a
	switch {
	case b.err != nil:
		return b.err
	case a.output == csvOutput:
		b.csv.Flush()
		return b.csv.Error()
	case a.output == jsonOutput:
		_, err := fmt.Fprintf(a.out, "\n],\"read\":%d,\"accepted\":%d,\"repeated\":%d,\"refused\":%d}\n", r.Read, r.Accepted, r.Repeated, r.Refused)
		return err
	}
	a.print("读取 %d 条：写入 %d，早已有 %d，拒绝 %d。", "Read %d records: %d written, %d there already, %d refused.", r.Read, r.Accepted, r.Repeated, r.Refused)
	switch {
	case r.Refused > 0 && r.Accepted == 0 && r.Repeated < r.Read-r.Refused:
		a.print("什么都没有写入。改正后重新导入，或用 --accept-good 只写入合格的。", "Nothing was written. Correct the file and import it again, or write the good records with --accept-good.")
	case r.Accepted == 0:
		a.print("没有变化。", "Nothing changed.")
	}
	return nil
}
