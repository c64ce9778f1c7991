package main

import (
	"cmp"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/logstore"
)

func (a *app) importCommand() *cobra.Command {
	var acceptGood bool
	cmd := &cobra.Command{
		Use: "import FILE...", Args: between(1, 10_000),
		Short: a.say("导入 JSONL 文件：先整体检查，再写入", "import JSONL files: checked whole, then written"),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, path := range args {
				if path == "-" {
					return sayError("不能从标准输入导入：请先存成文件，以便导入中断后能再来一遍", "standard input cannot be imported: save it first, so that an import that was interrupted can be run again")
				}
				if info, err := os.Stat(path); err != nil {
					return err
				} else if !info.Mode().IsRegular() {
					return sayError("%s 不是普通文件：请先存成文件，以便导入中断后能再来一遍", "%s is not a regular file: save it first, so that an import that was interrupted can be run again", path)
				}
			}
			cfg := ledger.ImportConfig{Files: args, Account: a.account(), AcceptGood: acceptGood, Dir: nearestDir(a.dir)}
			if a.mustExist() != nil {
				return a.importFirst(cmd, cfg)
			}
			return a.readWrite(cmd, func(s *session) error { return a.importFiles(cmd.Context(), s.Ledger, cfg) })
		},
	}
	cmd.Flags().BoolVar(&acceptGood, "accept-good", false, a.say("有不合格的记录时仍写入合格的", "write the good records although there are bad ones"))
	return cmd
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

// importFirst imports into a ledger that is made when the files have been judged on one in memory.
func (a *app) importFirst(cmd *cobra.Command, cfg ledger.ImportConfig) (err error) {
	l, err := a.inMemory(cmd)
	if err != nil {
		return err
	}
	var store *logstore.Store
	cfg.Into = func() (*ledger.Ledger, error) {
		return ledger.OpenFrom(cmd.Context(), a.source(&store, false), ledger.Config{Log: a.log})
	}
	err = a.importFiles(cmd.Context(), l, cfg)
	if store != nil {
		err = cmp.Or(err, store.Close())
	}
	return err
}

func (a *app) importFiles(ctx context.Context, l *ledger.Ledger, cfg ledger.ImportConfig) error {
	bar := a.progress("导入", "importing")
	on, _ := a.on() // checked by prepare
	bad := &badRecords{a: a, bar: bar, policy: l.Register().Timeline().Reading(on)}
	bad.begin()
	cfg.Bad, cfg.Progress = bad.add, bar.show
	report, err := l.Import(ctx, cfg)
	bar.end()
	if err != nil {
		return err
	}
	if err := bad.finish(report); err != nil {
		return err
	}
	if report.Refused > 0 && !cfg.AcceptGood {
		return errAnswered
	}
	return nil
}

// badRecords lists bad records as they are found, however many: on standard error beside a table, else as rows of the
// output.
type badRecords struct {
	a      *app
	policy *policy.Policy // whose words are quoted
	bar    *progress
	csv    *csv.Writer
	count  int // of rows of JSON
	err    error
}

// badRow is one reason against one record of a file.
type badRow struct {
	File    string        `json:"file"`
	Line    int           `json:"line"`
	ID      string        `json:"id"`
	Field   string        `json:"field"`
	Rule    events.RuleID `json:"rule"`
	Reason  events.Text   `json:"reason"`
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
	reasons := reasonsOf(r.Breaches, b.policy)
	if b.a.output == tableOutput {
		b.bar.end()
		fmt.Fprintln(b.a.errOut, b.a.say("%s 第 %d 行：", "%s, line %d:", r.File, r.Line))
		b.a.tellReasons(b.a.errOut, reasons)
		return
	}
	for _, why := range reasons {
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
