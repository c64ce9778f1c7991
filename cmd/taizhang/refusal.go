package main

import (
	"fmt"
	"io"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// tellReasons writes the reasons for people: the rule with its words, what failed, the figures.
func (a *app) tellReasons(to io.Writer, list []desk.Reason) {
	for _, r := range list {
		head := r.Reason.In(a.lang)
		if r.Field != "" {
			head = r.Field + a.say("：", ": ") + head
		}
		if r.Rule != "" {
			head = string(r.Rule) + a.say("　", "  ") + head
		}
		fmt.Fprintf(to, "  %s\n", text.Printable(head))
		if r.Words != "" {
			fmt.Fprintf(to, "    %s\n", a.say("第%s条：“%s”", "article %s: “%s”", r.Article, r.Words))
		}
		for _, f := range r.Figures {
			fmt.Fprintf(to, "    %s %s\n", f.Label.In(a.lang), lists.ShowFigure(f, nil).In(a.lang))
		}
	}
}

// tellRefused writes the answer "no" to a draft of an id; another error is returned as it is.
func (a *app) tellRefused(id string, err error) error {
	no := desk.RefusedBy(err, id)
	if no == nil {
		return err
	}
	err = a.answer(no, func() *table.Table { return no.Table(a.lang) }, func() {
		fmt.Fprintln(a.errOut, a.say("拒绝，未写入：", "Refused, nothing was written:"))
		a.tellReasons(a.errOut, no.Reasons)
	})
	if err != nil {
		return err
	}
	return errAnswered
}

// dates says in parentheses when an alert was raised and, if it was, cleared.
func (a *app) dates(x desk.Alert) string {
	if x.ClearedOn.IsNone() {
		return a.say("（%v 发生）", " (raised on %v)", x.RaisedOn)
	}
	return a.say("（%v 发生，%v 解除）", " (raised on %v, cleared on %v)", x.RaisedOn, x.ClearedOn)
}
