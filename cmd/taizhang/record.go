package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// recordFlags is a record as given on the command line, in the order of the interchange form.
type recordFlags struct {
	ID     string         `json:"id"`
	Kind   string         `json:"kind"`
	Center string         `json:"center,omitzero"`
	On     string         `json:"on"`
	By     events.By      `json:"by"`
	Mode   string         `json:"mode"`
	Doc    string         `json:"doc,omitzero"`
	Note   string         `json:"note,omitzero"`
	Data   jsontext.Value `json:"data"`
}

func (a *app) recordCommand() *cobra.Command {
	var f recordFlags
	var role, data string
	cmd := &cobra.Command{
		Use: "record KIND --center ID --on DATE --role ROLE --actor NAME [--doc NUMBER] --data JSON|@FILE", Args: exactly(1),
		Short: a.say("写入一条记录；违反办法的决定会被拒绝并说明理由", "record one event; a decision that breaks the Measures is refused with the reason"),
		Long: a.say("写入一条记录。--data 的值以 { 或 @ 开头时是记录的内容，否则是台账目录。",
			"Record one event. A value of --data that begins with { or @ is what the record holds, any other the directory of the ledger."),
		RunE: func(cmd *cobra.Command, args []string) error {
			f.Kind, f.By.Role = args[0], events.Role(role)
			var err error
			if f.Data, err = recordData(cmd, data); err != nil {
				return err
			}
			rec, err := a.buildRecord(cmd, &f)
			if err != nil {
				return err
			}
			return a.record(cmd, rec)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.Center, "center", "", a.say("中心编号 `ID`", "`ID` of the center"))
	fl.StringVar(&f.On, "on", "", a.say("发生日期 `DATE`", "`DATE` on which it happened"))
	fl.StringVar(&role, "role", "", a.say("权责角色 `ROLE`，如 finance", "`ROLE` of the authority, such as finance"))
	fl.StringVar(&f.By.Actor, "actor", "", a.say("经办人 `NAME`", "`NAME` of who acts for it"))
	fl.StringVar(&f.Doc, "doc", "", a.say("发文字号 `NUMBER`", "document `NUMBER`"))
	fl.StringVar(&f.ID, "id", "", a.say("记录的 `UUID`（默认新生成）", "`UUID` of the record (default a new one)"))
	fl.StringVar(&f.Mode, "mode", string(events.Enforce), a.say("`MODE`：enforce 或 record（补录）", "`MODE`: enforce, or record for a decision already taken outside"))
	fl.StringVar(&f.Note, "note", "", a.say("备注 `TEXT`", "`TEXT` of a note"))
	fl.Var(&dataOrDir{data: &data, dir: &a.dir}, "data", a.say("内容 `JSON|@FILE`；或台账目录", "what it holds, `JSON|@FILE`; or the directory of the ledger"))
	return cmd
}

// dataOrDir is the flag --data of record, which means two things: every verb's directory and this verb's content.
// The two cannot be mistaken, for content begins with { or @.
type dataOrDir struct{ data, dir *string }

func (v *dataOrDir) String() string { return "" }
func (v *dataOrDir) Type() string   { return "JSON|@FILE" }

func (v *dataOrDir) Set(s string) error {
	if trimmed := strings.TrimSpace(s); strings.HasPrefix(trimmed, "{") || strings.HasPrefix(trimmed, "@") {
		*v.data = trimmed
		return nil
	}
	*v.dir = s
	return nil
}

func recordData(cmd *cobra.Command, data string) (jsontext.Value, error) {
	path, isFile := strings.CutPrefix(data, "@")
	switch {
	case data == "":
		return nil, usage(cmd, "缺少 --data：记录的内容，JSON 或 @文件", "--data is missing: what the record holds, JSON or @FILE")
	case !isFile:
		return jsontext.Value(data), nil
	}
	text, err := readFile(path, events.RecordBytesMax)
	return jsontext.Value(text), err
}

// readFile reads a file of at most so many bytes; what is no regular file does not say its size before it is read.
func readFile(path string, bytesMax int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	typed, err := io.ReadAll(io.LimitReader(f, bytesMax+1))
	if err == nil && int64(len(typed)) > bytesMax {
		err = text.Errorf(text.Invalid, "%s 超过 %d 字节的上限", "%s is over the limit of %d bytes", path, bytesMax)
	}
	return typed, err
}

// buildRecord checks the flags as strictly as a line of a file.
func (a *app) buildRecord(cmd *cobra.Command, f *recordFlags) (*events.Record, error) {
	for _, needed := range []struct{ flag, value string }{{"on", f.On}, {"role", string(f.By.Role)}, {"actor", f.By.Actor}} {
		if needed.value == "" {
			return nil, usage(cmd, "缺少 --%s", "--%s is missing", needed.flag)
		}
	}
	if kind := events.Lookup(events.Kind(f.Kind)); f.Center == "" && (kind == nil || kind.Stream == "") {
		return nil, usage(cmd, "缺少 --center", "--center is missing")
	}
	if f.ID == "" {
		f.ID = uuid.NewString()
	}
	if !f.Data.IsValid() {
		return nil, text.Errorf(text.Invalid, "--data 不是有效的 JSON", "--data is not valid JSON")
	}
	line, err := json.Marshal(f)
	if err != nil {
		return nil, fmt.Errorf("taizhang: build record: %w", err)
	}
	rec, problems := events.DecodeRecord(line)
	if len(problems) == 0 {
		return rec, nil
	}
	var reasons []aggregates.Breach
	for _, p := range problems {
		reasons = append(reasons, aggregates.Breach{Field: p.Field, Reason: p.Reason})
	}
	return nil, a.refused(f.ID, reasons)
}

// recorded is the answer to a record, for programs.
type recorded struct {
	ID         string          `json:"id"`
	Answer     string          `json:"answer"` // accepted, repeated
	Position   uint64          `json:"position"`
	Revision   uint64          `json:"revision"`
	RecordedAt string          `json:"recordedAt"`
	Policy     string          `json:"policy"`
	Breaks     []events.RuleID `json:"breaks"`
	Warnings   []text.Text     `json:"warnings"`
}

// record writes a record and tells the answer.
func (a *app) record(cmd *cobra.Command, rec *events.Record) error {
	return a.readWrite(cmd, func(s *session) error {
		result, err := s.Record(cmd.Context(), rec, a.account())
		if err != nil {
			return a.tellRefused(rec, err)
		}
		return a.tellRecorded(rec, result)
	})
}

// tellRefused tells the reasons if the error is the answer "no".
func (a *app) tellRefused(rec *events.Record, err error) error {
	var refusal *aggregates.Refusal
	if !errors.As(err, &refusal) {
		return err
	}
	return a.refused(rec.ID.String(), refusal.Breaches)
}

func (a *app) tellRecorded(rec *events.Record, result ledger.Result) error {
	r := recorded{ID: rec.ID.String(), Answer: "accepted", Position: result.Position, Revision: result.Revision,
		RecordedAt: result.RecordedAt.Format(time.RFC3339Nano), Policy: lists.PolicyName(result.Policy), Breaks: result.Breaks, Warnings: result.Warnings}
	if result.Repeated {
		r.Answer = "repeated"
	}
	switch a.output {
	case jsonOutput:
		return a.writeObject(r)
	case csvOutput:
		return a.write(&table.Table{
			Columns: []table.Column{{Name: "id"}, {Name: "answer"}, {Name: "position"}, {Name: "revision"}, {Name: "recordedAt"}},
			Rows:    [][]table.Cell{{table.Text(r.ID), table.Text(r.Answer), table.Number(r.Position), table.Number(r.Revision), table.Text(r.RecordedAt)}},
		})
	}
	if result.Repeated {
		a.print("早已记录，内容相同，没有变化：", "Recorded before with the same content; nothing changed:")
	} else {
		a.print("已记录并落盘：", "Recorded and durable:")
	}
	about := strings.TrimSpace(string(rec.Center) + " " + rec.Kind.Title().In(a.lang))
	a.print("  %s，第 %d 条，位置 %d，id %s", "  %s, revision %d, position %d, id %s", about, r.Revision, r.Position, r.ID)
	if r.Policy != "" {
		a.print("  依据办法参数 %s", "  judged under policy %s", r.Policy)
	}
	for _, id := range r.Breaks {
		a.print("  补录，违反 %s", "  recorded although it breaks %s", id)
	}
	for _, w := range r.Warnings {
		a.print("  提示：%s", "  warning: %s", w.In(a.lang))
	}
	return nil
}

// refused prints the answer "no".
func (a *app) refused(id string, reasons []aggregates.Breach) error {
	switch a.output {
	case jsonOutput:
		err := a.writeObject(struct {
			ID      string              `json:"id"`
			Answer  string              `json:"answer"`
			Reasons []aggregates.Breach `json:"reasons"`
		}{id, "refused", reasons})
		if err != nil {
			return err
		}
	case csvOutput:
		if err := a.write(&table.Table{
			Columns: []table.Column{{Name: "id"}, {Name: "answer"}, {Name: "rule"}, {Name: "reason"}},
			Rows:    [][]table.Cell{{table.Text(id), table.Text("refused"), table.Text(rulesOf(reasons)), table.Text(reasonOf(reasons, a.lang))}},
		}); err != nil {
			return err
		}
	default:
		fmt.Fprintln(a.errOut, a.say("拒绝，未写入：", "Refused, nothing was written:"))
		a.tellReasons(a.errOut, reasons)
	}
	return errAnswered
}
