package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/lists"
)

// reason is one reason against a record, for programs.
type reason struct {
	Rule    events.RuleID       `json:"rule"`
	Field   string              `json:"field"`
	Reason  text.Text           `json:"reason"`
	Article string              `json:"article"`
	Words   string              `json:"words"`
	Figures []aggregates.Figure `json:"figures"`
}

// reasonsOf adds to what refuses a record the words of the policy in force.
func reasonsOf(against []aggregates.Breach, p *policy.Policy) []reason {
	list := make([]reason, len(against))
	for i, b := range against {
		list[i] = reason{Rule: b.Rule, Field: b.Field, Reason: b.Reason, Figures: b.Figures}
		if p == nil {
			continue
		}
		if r := p.Rule(b.Rule); r != nil {
			list[i].Article, list[i].Words = r.Article, r.Words
		}
	}
	return list
}

// tellReasons writes the reasons for people: the rule with its words, what failed, the figures.
func (a *app) tellReasons(to io.Writer, list []reason) {
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
			fmt.Fprintf(to, "    %s %s\n", f.Label.In(a.lang), lists.ShowFigure(f).In(a.lang))
		}
	}
}

// rulesOf and reasonOf put several reasons into one field; a rule that is broken in several ways is named once.
func rulesOf(list []reason) string {
	var ids []string
	for _, r := range list {
		if id := string(r.Rule); id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return strings.Join(ids, ";")
}

func reasonOf(list []reason, lang string) string {
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
