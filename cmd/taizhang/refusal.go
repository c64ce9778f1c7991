package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"strings"
	"syscall"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// tellReasons writes the reasons for people: the rule with its words, the failed condition, and the figures.
func (a *app) tellReasons(to io.Writer, list []desk.Reason) {
	for _, r := range list {
		head := r.Reason.In(a.lang)
		if r.Field != "" {
			head = r.Place().In(a.lang) + a.say("：", ": ") + head
		}
		if r.Rule != "" {
			head = lists.RuleWord(r.Rule).In(a.lang) + a.say("　", "  ") + head
		}
		fmt.Fprintf(to, "  %s\n", text.Printable(head))
		if r.Words != "" {
			fmt.Fprintf(to, "    %s\n", lists.RuleQuote(r.Article, r.Words).In(a.lang))
		}
		for _, f := range r.Figures {
			fmt.Fprintf(to, "    %s %s\n", f.Label.In(a.lang), lists.ShowFigure(f).In(a.lang))
		}
	}
}

// tellRefused writes the reasons of a refusal of a draft. It returns any other error unchanged.
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

// alertName returns the code of an alert with the word for its key, if it has one.
func (a *app) alertName(x desk.Alert) string {
	return strings.TrimSpace(string(x.Code) + " " + lists.KeyWord(x.Code, x.Key).In(a.lang))
}

// dates returns, in parentheses, when an alert was raised and when it was cleared.
func (a *app) dates(x desk.Alert) string {
	if x.ClearedOn.IsNone() {
		return a.say("（%v 发生）", " (raised on %v)", x.RaisedOn)
	}
	return a.say("（%v 发生，%v 解除）", " (raised on %v, cleared on %v)", x.RaisedOn, x.ClearedOn)
}

// toldError is the JSON form of an error, one line on standard error for programs.
type toldError struct {
	Code    text.ErrorCode `json:"code"`
	Message string         `json:"message"`
	Place   string         `json:"place"`
}

// tellError writes an error to standard error: as a message for people, or as one object for programs that asked for
// JSON.
func (a *app) tellError(err error, message string) {
	if a.output != jsonOutput {
		fmt.Fprintf(a.errOut, "taizhang: %s\n", text.Seen(message))
		return
	}
	object, failed := json.Marshal(toldError{codeOf(err), text.Printable(message), placeOf(err)},
		jsontext.AllowInvalidUTF8(true))
	if failed != nil { // it has only texts
		object = []byte(message)
	}
	fmt.Fprintf(a.errOut, "%s\n", object)
}

// codeOf returns the code of an error: Invalid for a command line that is not valid, NotFound for a missing file.
func codeOf(err error) text.ErrorCode {
	var usage *usageError
	code := text.CodeOf(err)
	switch {
	case code != text.Internal:
		return code
	case errors.As(err, &usage):
		return text.Invalid
	case errors.Is(err, fs.ErrNotExist):
		return text.NotFound
	case errors.Is(err, fs.ErrPermission):
		return text.Forbidden
	case errors.Is(err, fs.ErrExist):
		return text.Conflict
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, syscall.ENOSPC):
		return text.Unavailable
	}
	return text.Internal
}

// aFlag matches the name of a flag.
var aFlag = regexp.MustCompile(`--[a-z][a-z-]*`)

// placeOf returns the file, flag or argument of an error, or "" if the error is about none.
func placeOf(err error) string {
	var placed *text.Error
	var usage *usageError
	var file *fs.PathError
	switch {
	case errors.As(err, &placed) && placed.Place != "":
		return placed.Place
	case errors.As(err, &usage):
		return aFlag.FindString(text.Of(usage.err).En)
	case errors.As(err, &file):
		return file.Path
	}
	return ""
}
