package main

import (
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/files"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/sheets"
)

// sheetFlags are the flags of import that a sheet needs or may have; JSON Lines say all of it themselves.
type sheetFlags struct {
	actor, role, mode, doc, report string
}

func (f *sheetFlags) add(a *app, fl *pflag.FlagSet) {
	fl.StringVar(&f.actor, "actor", "", a.say("表格的经办人 `NAME`", "`NAME` of who answers for the sheets"))
	fl.StringVar(&f.role, "role", "", a.say("填报表格的角色 `ROLE`（默认由表格种类决定）", "`ROLE` that fills in the sheets (default by the kind of sheet)"))
	fl.StringVar(&f.mode, "mode", string(events.Enforce), a.say("`MODE`：enforce，或 record（违反条款的行也补录，如超支）", "`MODE`: enforce, or record to store also the rows that a rule refuses, such as overdrawn ones"))
	fl.StringVar(&f.doc, "doc", "", a.say("补录所依据的发文字号 `NUMBER`", "`NUMBER` of the document that record mode rests on"))
	fl.StringVar(&f.report, "report", "", a.say("把不合格的表格另存到 `FILE.xlsx`，标出不合格的单元格和原因", "write copies of bad sheets to `FILE.xlsx`, the bad cells marked and the reasons beside them"))
}

// check checks the flags against whether there is a sheet at all.
func (f *sheetFlags) check(cmd *cobra.Command, isSheet bool) error {
	if !isSheet {
		for _, name := range []string{"actor", "role", "mode", "doc", "report"} {
			if cmd.Flags().Changed(name) {
				return usage(cmd, "--%s 只用于表格，所给文件中没有表格（空文件不算）；JSON Lines 的每条记录自己写明", "--%s is for sheets and none of the files is one (an empty file is none); the records of JSON Lines say it themselves", name)
			}
		}
		return nil
	}
	switch {
	case strings.TrimSpace(f.actor) == "":
		return usage(cmd, "缺少 --actor：表格由谁经办", "--actor is missing: who answers for the sheet")
	case f.mode != string(events.Enforce) && f.mode != string(events.Recording):
		return usage(cmd, "--mode 应为 enforce 或 record，不能是 %q", "--mode must be enforce or record, not %q", f.mode)
	case f.mode == string(events.Recording) && f.doc == "":
		return usage(cmd, "--mode record 须用 --doc 写明发文字号", "--mode record needs a document number: --doc")
	case f.mode == string(events.Enforce) && f.doc != "":
		return usage(cmd, "--doc 只用于 --mode record", "--doc is for --mode record only")
	}
	return nil
}

// readSheets are the sheets among the files to import, by name.
type readSheets map[string]*sheets.Sheet

// findSheets returns those of the files that are sheets. A report is promised only where one can be made.
func (a *app) findSheets(cmd *cobra.Command, list []ledger.File, f *sheetFlags) (found []*ledger.File, err error) {
	for i := range list {
		what, err := sheets.Look(list[i].Content.(io.ReaderAt))
		if err != nil {
			return nil, err
		}
		if what != sheets.JSONLines {
			found = append(found, &list[i])
		}
	}
	if err := f.check(cmd, len(found) > 0); err != nil {
		return nil, err
	}
	if f.report != "" {
		if err := freeWorkbook(cmd, "report", f.report); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// readSheets reads sheets in the words of the policies of the ledger that they are for. Their content is not read again.
func (f *sheetFlags) readSheets(found []*ledger.File, policies policy.Timeline) (readSheets, error) {
	read := readSheets{}
	for _, file := range found {
		s, err := sheets.Read(file.Name, file.Content.(io.ReaderAt), file.Bytes, sheets.Config{Actor: strings.TrimSpace(f.actor), Role: events.Role(f.role), Prefix: flagPrefix, Doc: f.doc, Policies: policies})
		if err != nil {
			return nil, err
		}
		read[file.Name], file.Content, file.Given = s, nil, s.Given()
	}
	return read, nil
}

// freeWorkbook refuses a path, given by a flag, at which no new workbook can be written.
func freeWorkbook(cmd *cobra.Command, flag, path string) error {
	if !strings.EqualFold(filepath.Ext(path), ".xlsx") {
		return usage(cmd, "--%s 的文件名应以 .xlsx 结尾，不能是 %q", "--%s must name a file that ends in .xlsx, not %q", flag, path)
	}
	return files.Free(path)
}

// writeMarked writes the marked copies of the sheets that something was found against, if that was asked for.
func (a *app) writeMarked(path string, read readSheets, found map[string][]sheets.Finding) error {
	if path == "" || len(found) == 0 {
		return nil
	}
	var list []sheets.Marked
	for _, file := range slices.Sorted(maps.Keys(found)) {
		list = append(list, sheets.Marked{Sheet: read[file], Findings: found[file]})
	}
	err := files.Create(path, func(w io.Writer) error { return sheets.WriteReport(w, list, a.lang) })
	if err == nil && a.output == tableOutput {
		a.print("不合格的行已在 %s 中标出。", "The bad rows are marked in %s.", path)
	}
	return err
}
