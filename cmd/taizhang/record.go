package main

import (
	"io"
	"os"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
)

// draftFlags are the flags of one record that those of sheets do not have.
type draftFlags struct {
	draft    desk.Draft
	data     string
	evidence []string
}

// draftFlagNames are the flags of draftFlags.
var draftFlagNames = []string{"center", "on", "evidence", "id", "note", "data"}

func (a *app) draftFlags(f *pflag.FlagSet, d *draftFlags) {
	f.StringVar(&d.draft.Center, "center", "", a.say("中心编号 `ID`", "`ID` of the center"))
	f.StringVar(&d.draft.On, "on", "", a.say("发生日期 `DATE`", "`DATE` on which it happened"))
	f.StringArrayVar(&d.evidence, "evidence", nil,
		a.say("佐证材料 `FILE`，记下文件名和 SHA-256，文件留在原处；可多次给出",
			"`FILE` that proves it: its name and SHA-256 are recorded, it stays where it is; may be given several "+
				"times"))
	f.StringVar(&d.draft.ID, "id", "",
		a.say("记录的 `UUID`（默认新生成）", "`UUID` of the record (default a new one)"))
	f.StringVar(&d.draft.Note, "note", "", a.say("备注 `TEXT`", "`TEXT` of a note"))
	f.Var(&dataOrDir{&d.data, dirFlag{&a.dir, &a.dirGiven}}, "data",
		a.say("内容 `JSON|@FILE`；或台账目录", "what it holds, `JSON|@FILE`; or the directory of the ledger"))
}

// draft returns the record that the flags and arguments give.
func (a *app) draft(cmd *cobra.Command, d desk.Draft, given *draftFlags) (_ desk.Draft, err error) {
	if err := desk.MeantKind(d.Kind); err != nil {
		return d, err
	}
	d = d.Typed()
	if d.Data, err = recordData(cmd, given.data); err != nil {
		return d, err
	}
	if err := a.complete(cmd, &d); err != nil {
		return d, err
	}
	d.Evidence, err = evidenceOf(given.evidence)
	return d, err
}

func (a *app) recordCommand() *cobra.Command {
	var given draftFlags
	d := &given.draft
	cmd := &cobra.Command{
		Use: "record KIND --center ID --on DATE --role ROLE --actor NAME [--doc NUMBER] [--evidence FILE]... --data " +
			"JSON|@FILE", Args: exactly(1),
		Short: a.say("写入一条记录；违反办法的决定会被拒绝并说明理由",
			"record one event; a decision that breaks the Measures is refused with the reason"),
		Long: a.say("写入一条记录。--data 的值以 { 或 @ 开头时是记录的内容，否则是台账目录。",
			"Record one event. A value of --data that begins with { or @ is what the record holds, any other the "+
				"directory of the ledger."),
		RunE: func(cmd *cobra.Command, args []string) error {
			d.Kind = args[0]
			whole, err := a.draft(cmd, *d, &given)
			if err != nil {
				return err
			}
			return a.record(cmd, whole)
		},
	}
	f := cmd.Flags()
	a.draftFlags(f, &given)
	f.StringVar(&d.By.Role, "role", "",
		a.say("权责角色 `ROLE`，如 省财政厅", "`ROLE` of the authority, such as finance"))
	f.StringVar(&d.By.Actor, "actor", "", a.say("经办人 `NAME`", "`NAME` of who acts for it"))
	f.StringVar(&d.Doc, "doc", "", a.say("发文字号 `NUMBER`", "document `NUMBER`"))
	f.StringVar(&d.Mode, "mode", desk.EnforceMode,
		a.say("填报方式 `MODE`：正常填报，或补录体系外已作的决定",
			"`MODE`: enforce, or record for a decision already taken outside"))
	a.showDefault(f.Lookup("mode"), desk.ModeWords())
	return cmd
}

// dataOrDir is the flag --data of record. It has two meanings: the directory, as in every verb, or the content of the
// record. They cannot be confused, because content begins with { or @.
type dataOrDir struct {
	data *string
	dirFlag
}

func (v *dataOrDir) String() string { return "" }
func (v *dataOrDir) Type() string   { return "JSON|@FILE" }

func (v *dataOrDir) Set(s string) error {
	if trimmed := strings.TrimSpace(s); strings.HasPrefix(trimmed, "{") || strings.HasPrefix(trimmed, "@") {
		*v.data = trimmed
		return nil
	}
	return v.dirFlag.Set(s)
}

func recordData(cmd *cobra.Command, data string) (jsontext.Value, error) {
	path, isFile := strings.CutPrefix(data, "@")
	switch {
	case data == "":
		return nil, usage(cmd, "缺少 --data：记录的内容，JSON 或 @文件",
			"--data is missing: what the record holds, JSON or @FILE")
	case !isFile:
		return jsontext.Value(data), nil
	}
	content, err := readFile(path, desk.RecordBytesMax)
	return jsontext.Value(content), err
}

// readFile reads a file of at most bytesMax bytes. Files that are not regular, such as pipes, have no size before
// they are read.
func readFile(path string, bytesMax int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readUpTo(f, path, bytesMax)
}

// readUpTo reads a whole input of at most bytesMax bytes. The error for a longer one names the input.
func readUpTo(from io.Reader, name string, bytesMax int64) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(from, bytesMax+1))
	if err == nil && int64(len(content)) > bytesMax {
		err = text.Errorf(text.Invalid, "%s 超过 %d 字节的上限", "%s is over the limit of %d bytes", name, bytesMax)
	}
	return content, err
}

// complete returns an error that names a missing flag, and gives a draft without an id a new one. At a server, the
// account decides the role and actor unless flags do.
func (a *app) complete(cmd *cobra.Command, d *desk.Draft) error {
	for _, needed := range []struct{ flag, value string }{{"on", d.On}, {"role", d.By.Role}, {"actor", d.By.Actor}} {
		if needed.value == "" && (needed.flag == "on" || a.server == "" || d.By != desk.DraftBy{}) {
			return usage(cmd, "缺少 --%s", "--%s is missing", needed.flag)
		}
	}
	if d.Center == "" && !desk.NeedsNoCenter(d.Kind) {
		return usage(cmd, "缺少 --center", "--center is missing")
	}
	if d.ID == "" {
		d.ID = desk.NewID()
	}
	return nil
}

// record writes a record to the ledger and prints the answer.
func (a *app) record(cmd *cobra.Command, d desk.Draft) error {
	d.Moves = true
	return a.readWrite(cmd, func(w desk.Desk) error {
		r, err := w.Record(cmd.Context(), d)
		if err != nil {
			return a.tellRefused(d.ID, err)
		}
		return a.answer(r, r.Table, func() {
			a.tellRecorded(r)
			for _, f := range evidenceIn(d.Evidence) {
				a.print("  佐证材料：%s（SHA-256 %s）", "  evidence: %s (SHA-256 %s)", f.Name, f.SHA256)
			}
		})
	})
}

func (a *app) tellRecorded(r *desk.RecordAnswer) {
	if r.Answer == desk.Repeated {
		a.print("早已记录，内容相同，没有变化：", "Recorded before with the same content; nothing changed:")
	} else {
		a.print("已入账：", "Recorded and durable:")
	}
	about := strings.TrimSpace(string(r.Center) + " " + r.Kind.Title().In(a.lang))
	a.print("  %s，第 %d 条，位置 %d，记录编号 %s", "  %s, revision %d, position %d, id %s", about, r.Revision,
		r.Position, r.ID)
	if r.Policy != "" {
		a.print("  依据办法参数 %s", "  judged under policy %s", r.Policy)
	}
	for _, id := range r.Breaks {
		a.print("  补录，违反 %s", "  recorded although it breaks %s", id)
	}
	a.tellAlerts("产生预警", "opened", r.Opens)
	a.tellAlerts("解除预警", "cleared", r.Clears)
	a.tellAlerts("撤回预警", "withdrawn", r.Withdraws)
	for _, w := range r.Warnings {
		a.print("  提示：%s", "  warning: %s", w.In(a.lang))
	}
}
