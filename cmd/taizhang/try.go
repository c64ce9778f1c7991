package main

import (
	"encoding/csv"
	"fmt"
	"os"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/lists"
)

func (a *app) tryCommand() *cobra.Command {
	return &cobra.Command{
		Use: "try FILE", Args: exactly(1),
		Short: a.say("逐条试算文件中的记录，不写入：是否接受，理由，预警变化", "try each record of a file alone, writing nothing: the answer, the reason, the alerts"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if a.knownAt != "" {
				return usage(cmd, "--known-at 不能用于试算", "--known-at cannot be used to try")
			}
			return a.read(cmd.Context(), func(s *session) error {
				w := &tryWriter{a: a}
				if err := w.begin(); err != nil {
					return err
				}
				nameless := false
				f, err := os.Open(args[0])
				if err != nil {
					return err
				}
				defer f.Close()
				err = s.TryEach(cmd.Context(), f, a.account(), s.on, func(t ledger.Tried) error {
					nameless = nameless || t.Record.ID == uuid.Nil
					return w.add(triedOf(t))
				})
				if err == nil {
					err = w.finish()
				}
				if err == nil && nameless {
					return errAnswered // a line without an id has no answer that could be told apart
				}
				return err
			})
		},
	}
}

// tried is the answer to one record tried, for programs.
type tried struct {
	Line    int                 `json:"line"`
	ID      string              `json:"id"`
	Answer  string              `json:"answer"`
	Reasons []aggregates.Breach `json:"reasons"`
	Opens   []movedAlert        `json:"opens"`
	Clears  []movedAlert        `json:"clears"`
	Warns   []text.Text         `json:"warnings"`
	Undoes  []movedAlert        `json:"withdraws"`
	about   string
}

// movedAlert is an alert that a record opens, clears or withdraws.
type movedAlert struct {
	Code      aggregates.Code     `json:"code"`
	Key       string              `json:"key"`
	Severity  aggregates.Severity `json:"severity"`
	RaisedOn  events.Date         `json:"raisedOn"`
	ClearedOn events.Date         `json:"clearedOn"`
}

func triedOf(t ledger.Tried) tried {
	x := tried{Line: t.Line, Answer: "accepted", Warns: t.Verdict.Warnings, Opens: movedAlerts(t.Moved.Raised()), Clears: movedAlerts(t.Moved.Cleared()), Undoes: movedAlerts(t.Moved.Withdrawn()),
		about: fmt.Sprintf("%s %s", t.Record.Center, t.Record.Kind)}
	if t.Record.ID != uuid.Nil {
		x.ID = t.Record.ID.String()
	}
	if len(t.Against) > 0 {
		x.Answer = "refused"
		x.Reasons = t.Against
	}
	return x
}

func movedAlerts(alerts []aggregates.Alert) []movedAlert {
	list := make([]movedAlert, len(alerts))
	for i, x := range alerts {
		list[i] = movedAlert{x.Code, x.Key, x.Severity, x.RaisedOn, x.ClearedOn}
	}
	return list
}

// tryWriter writes the answers as they come, however many.
type tryWriter struct {
	a     *app
	csv   *csv.Writer
	json  *jsontext.Encoder
	count int
}

func (w *tryWriter) begin() error {
	switch w.a.output {
	case csvOutput:
		w.csv = csv.NewWriter(w.a.out)
		return w.csv.Write([]string{"id", "answer", "rule", "reason"})
	case jsonOutput:
		w.json = jsontext.NewEncoder(w.a.out, jsontext.WithIndent("  "))
		return w.json.WriteToken(jsontext.BeginArray)
	}
	return nil
}

func (w *tryWriter) add(x tried) error {
	w.count++
	switch {
	case w.csv != nil:
		return w.csv.Write([]string{x.ID, x.Answer, rulesOf(x.Reasons), reasonOf(x.Reasons, w.a.lang)})
	case w.json != nil:
		return json.MarshalEncode(w.json, x)
	}
	w.a.tellTried(x)
	return nil
}

func (w *tryWriter) finish() error {
	switch {
	case w.csv != nil:
		w.csv.Flush()
		return w.csv.Error()
	case w.json != nil:
		return w.json.WriteToken(jsontext.EndArray)
	case w.count == 0:
		w.a.print("文件中没有记录。", "The file holds no record.")
	}
	return nil
}

func (a *app) tellTried(x tried) {
	answer := a.say("接受", "accepted")
	if x.Answer == "refused" {
		answer = a.say("拒绝", "refused")
	}
	a.print("第 %d 行　%s　%s　%s", "line %d  %s  %s  %s", x.Line, answer, x.about, x.ID)
	a.tellReasons(a.out, x.Reasons)
	list := func(zh, en string, alerts []movedAlert) {
		for _, o := range alerts {
			when := datesOf(o.RaisedOn, o.ClearedOn)
			a.print("  "+zh+" %s %s：%s%s", "  "+en+" %s %s: %s%s", o.Code, o.Key, lists.AlertTitle(o.Code).In(a.lang), when.In(a.lang))
		}
	}
	list("将产生预警", "would open", x.Opens)
	list("将解除预警", "would clear", x.Clears)
	list("将撤回预警", "would withdraw", x.Undoes)
	for _, w := range x.Warns {
		a.print("  提示：%s", "  warning: %s", w.In(a.lang))
	}
}
