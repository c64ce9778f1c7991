package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/lists"
)

// tellReasons writes the reasons for people: the rule with its words, what failed, the figures.
func (a *app) tellReasons(to io.Writer, list []aggregates.Breach) {
	for _, r := range list {
		head := r.Reason.In(a.lang)
		if r.Field != "" {
			head = r.Field + a.say("：", ": ") + head
		}
		if r.Rule != "" {
			head = string(r.Rule) + a.say("　", "  ") + head
		}
		fmt.Fprintf(to, "  %s\n", head)
		if r.Words != "" {
			fmt.Fprintf(to, "    %s\n", a.say("第%s条：“%s”", "article %s: “%s”", r.Article, r.Words))
		}
		for _, f := range r.Figures {
			fmt.Fprintf(to, "    %s %s\n", f.Label.In(a.lang), lists.ShowFigure(f, nil).In(a.lang))
		}
	}
}

// rulesOf and reasonOf put several reasons into one field; a rule that is broken in several ways is named once.
func rulesOf(list []aggregates.Breach) string {
	var ids []string
	for _, r := range list {
		if id := string(r.Rule); id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return strings.Join(ids, ";")
}

func reasonOf(list []aggregates.Breach, lang string) string {
	var parts []string
	for _, r := range list {
		s := r.Reason.In(lang)
		if r.Field != "" {
			s = r.Field + ": " + s
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, "; ")
}

// alertNames lists alerts as code and key.
func alertNames(alerts []aggregates.Alert) string {
	var parts []string
	for _, x := range alerts {
		parts = append(parts, strings.TrimSpace(string(x.Code)+" "+x.Key))
	}
	return strings.Join(parts, ", ")
}

// datesOf says in parentheses when an alert was raised and, if it was, cleared.
func datesOf(raisedOn, clearedOn events.Date) text.Text {
	if clearedOn == 0 {
		return text.Say("（%v 发生）", " (raised on %v)", raisedOn)
	}
	return text.Say("（%v 发生，%v 解除）", " (raised on %v, cleared on %v)", raisedOn, clearedOn)
}
