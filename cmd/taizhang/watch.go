package main

import (
	"cmp"
	"context"
	"encoding/csv"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/alertfeed"
	"github.com/taizhang/taizhang/services/alertfeed/consumer"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// onNATS marks a verb that asks a NATS server and no ledger.
var onNATS = map[string]string{"on": "nats"}

func isOnNATS(cmd *cobra.Command) bool { return cmd.Annotations["on"] == onNATS["on"] }

// natsFlags adds the flags for the address of the feed and for its user.
func (a *app) natsFlags(cmd *cobra.Command, to *consumer.FeedConnection) {
	f := cmd.Flags()
	f.StringVar(&to.URL, "nats", usualNATS, a.say("NATS 服务器 `URL`", "`URL` of the NATS server"))
	f.StringVar(&to.NKey, "nkey", "",
		a.say("NATS 用户密钥的种子所在的 `FILE`（权限 0600）",
			"`FILE` with the key of the user, an nkey seed (mode 0600)"))
	f.StringVar(&to.Durable, "durable", "",
		a.say("用户 `NAME`（默认为密钥文件名，不含扩展名）",
			"`NAME` of the user (default the name of the key's file without its extension)"))
}

// connection completes the connection from the flags with defaults and the environment.
func (a *app) connection(cmd *cobra.Command, c *consumer.FeedConnection) error {
	if c.NKey == "" {
		return usage(cmd, "须用 --nkey FILE 给出用户密钥", "--nkey FILE is needed: the key of the user")
	}
	c.Durable = cmp.Or(c.Durable, strings.TrimSuffix(filepath.Base(c.NKey), filepath.Ext(c.NKey)))
	c.CA = a.tlsCA
	return nil
}

// note writes a line about the feed for people.
func (a *app) note(what text.Text) {
	_, _ = a.errOut.Write([]byte(text.Printable(what.In(a.lang)) + "\n"))
}

func (a *app) watchCommand() *cobra.Command {
	var w consumer.Follower
	var command string
	cmd := &cobra.Command{
		Use: "watch", Args: exactly(0), Annotations: onNATS,
		Short: a.say("实时接收预警的发生、解除和撤回（经 NATS）",
			"receive alerts as they are raised, cleared and withdrawn, over NATS"),
		Long: a.say(`实时接收预警的发生、解除和撤回，每条一行，直到中断。首次运行先列出现有未解除的预警；再次运行时从上次之处继续，
不漏；只有崩溃时正在处理的一条可能重复。--output json 为每行一个 JSON 对象。

--severity、--family 和 --center 只限定本次处理哪些；其余的同样算作已读，以后不加限定再运行也不会补上。要看到其中未解除的，
用 --from-start。

--exec 对每条变动运行一条命令：标准输入为该事件（CloudEvents JSON），环境变量 TAIZHANG_ALERT_ACT（发生写作“raised”，解除写作“cleared”，
撤回写作“withdrawn”）、_AT、_CENTER、_CODE、_KEY、_SEVERITY、_RAISED_ON、_CLEARED_ON、_TITLE、_SUBJECT。命令失败至多运行 5 次，
此后该事件写入 STATE.dead，继续处理后面的。每次运行至多 60 秒。`,
			`Receives alerts as they are raised, cleared and withdrawn, one a line, until it is interrupted. The first run
lists what is open now. Later runs go on where the last one ended: nothing is missed, and only the act that a
crash interrupted may come twice. --output json writes one JSON object a line.

--severity, --family and --center choose what this run acts on. The other alerts count as read all the same: a later
run without the choice does not show them. --from-start lists those that are open.

--exec runs a command for each act. It gets the event (CloudEvents JSON) on standard input, and the variables
TAIZHANG_ALERT_ACT (raised, cleared or withdrawn), _AT, _CENTER, _CODE, _KEY, _SEVERITY, _RAISED_ON,
_CLEARED_ON, _TITLE and _SUBJECT. It is run up to 5 times if it fails; then the event goes to the file
STATE.dead, and the next one follows. A run may take 60 seconds.`),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.connection(cmd, &w.FeedConnection); err != nil {
				return err
			}
			readSeverities(w.Only.Severities)
			if err := w.Only.Check(); err != nil {
				return err
			}
			w.State = cmp.Or(w.State, w.NKey+".state")
			w.Note = a.note
			show, err := a.actWriter()
			if err != nil {
				return err
			}
			w.Do = func(_ context.Context, e *consumer.Event) error { return show(&e.Act) }
			if command != "" {
				run := consumer.Command{Line: command, Dead: w.State + ".dead", Lang: a.lang, Out: a.errOut,
					Note: a.note}
				w.Do = func(ctx context.Context, e *consumer.Event) error {
					if err := show(&e.Act); err != nil {
						return err
					}
					return run.Run(ctx, e)
				}
			}
			return w.Run(cmd.Context())
		},
	}
	a.natsFlags(cmd, &w.FeedConnection)
	f := cmd.Flags()
	f.StringVar(&w.State, "state", "",
		a.say("记录进度的 `FILE`（默认为密钥文件名加 .state）",
			"`FILE` that remembers what was read (default the key's file with .state added)"))
	f.BoolVar(&w.FromStart, "from-start", false,
		a.say("不顾记录的进度，从头开始：先列出现有未解除的预警",
			"forget what was read and begin anew, with what is open now"))
	f.StringArrayVar(&w.Only.Severities, "severity", nil,
		a.say("只处理该级别 `LEVEL` 的：红、黄或蓝；可多次给出",
			"act only on alerts of `LEVEL`: red, yellow or blue; may be given several times"))
	f.StringArrayVar(&w.Only.Families, "family", nil,
		a.say("只处理该编号类别 `FAMILY` 的，例如 EXE；可多次给出",
			"act only on alerts whose code is of `FAMILY`, such as EXE; may be given several times"))
	f.StringArrayVar(&w.Only.Centers, "center", nil,
		a.say("只处理该中心 `ID` 的；可多次给出", "act only on alerts of the center `ID`; may be given several times"))
	f.StringVar(&command, "exec", "",
		a.say("对每条变动用 /bin/sh 运行 `COMMAND`", "run `COMMAND` with /bin/sh for each of them"))
	return cmd
}

// actWriter returns a function that writes each act at once, on one line, in the form asked for.
func (a *app) actWriter() (func(*consumer.Act) error, error) {
	switch a.output {
	case jsonOutput:
		return func(x *consumer.Act) error {
			line, err := json.Marshal(x)
			if err != nil {
				return err
			}
			_, err = a.out.Write(append(text.SeenJSON(line), '\n'))
			return err
		}, nil
	case csvOutput:
		w := csv.NewWriter(a.out)
		write := func(fields []string) error {
			_ = w.Write(fields) // the writer keeps its error for Flush
			w.Flush()
			return w.Error()
		}
		return func(x *consumer.Act) error {
			return write(table.Fields(x.Row(a.lang)))
		}, write((&table.Table{Columns: consumer.ActColumns}).Names())
	}
	return func(x *consumer.Act) error {
		alert := desk.Alert{RaisedOn: x.RaisedOn, ClearedOn: x.ClearedOn}
		line := strings.Join([]string{toSecond(x.At), actWord(x.Act).In(a.lang), orDash(string(x.Center)),
			string(x.Code), orDash(lists.KeyWord(x.Code, x.Key).In(a.lang)), lists.SeverityWord(x.Severity).In(a.lang),
			x.Title.In(a.lang)}, "  ")
		_, err := a.out.Write([]byte(text.Printable(line+a.dates(alert)) + "\n"))
		return err
	}, nil
}

// actWord returns the word for the change of an alert: raised, cleared or withdrawn.
func actWord(k alertfeed.StateKind) text.Text {
	switch k {
	case alertfeed.Raised:
		return text.Say("发生", "raised")
	case alertfeed.Cleared:
		return text.Say("解除", "cleared")
	}
	return text.Say("撤回", "withdrawn")
}

func (a *app) boardCommand() *cobra.Command {
	var c consumer.FeedConnection
	cmd := &cobra.Command{
		Use: "board", Args: exactly(0), Annotations: onNATS,
		Short: a.say("列出现有未解除的预警（只经 NATS，与 taizhang alerts 相同）",
			"list the open alerts from NATS alone, like alerts"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.connection(cmd, &c); err != nil {
				return err
			}
			c.Note = a.note
			b, err := consumer.ReadBoard(cmd.Context(), c, c.NKey+".state")
			if err != nil {
				return err
			}
			t, err := boardTable(b)
			if err != nil {
				return err
			}
			return a.write(t)
		},
	}
	a.natsFlags(cmd, &c)
	return cmd
}

// boardTable returns the present alerts with the columns of the list of alerts.
func boardTable(b *consumer.Board) (t *table.Table, err error) {
	t = &table.Table{
		Title: text.Say("截至 %v 未解除的预警（NATS，台账位置 %d）",
			"Open alerts as of %v (from NATS, position %d of the ledger)", b.At.Date, b.At.Position),
		Empty:    text.Say("没有未解除的预警。", "There is no open alert."),
		Position: b.At.Position,
	}
	columns, err := lists.Question{List: "alerts", On: b.At.Date}.Columns()
	// which NATS does not know
	t.Columns = slices.DeleteFunc(columns, func(c table.Column) bool { return c.Name == "name" })
	for _, x := range b.Alerts {
		t.Rows = append(t.Rows, lists.AlertRow(x))
	}
	return t, err
}
