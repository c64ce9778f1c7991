package console

import (
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
)

// logView is the page of the access log.
type logView struct {
	*view
	Filters      []filter
	Reset        string
	Entries      []logLine
	Newer, Older string // the addresses of the pages beside this one; "" for none

}

// logLine is an entry in words. Href leads to the record that was written.
type logLine struct {
	access.LogEntry
	Kind, Who, Verb, Object, Outcome, Source text.Text
}

// accessLog shows the newest entries of the access log first, in pages.
func (v *visit) accessLog() error {
	page, n := &logView{view: v.view(), Filters: v.logFilters(), Reset: v.link(v.URL.EscapedPath())}, 1
	last := access.LogLimitMax / pageRows
	if asked := v.query.Get("page"); asked != "" {
		var err error
		if n, err = strconv.Atoi(asked); err != nil || n < 1 || n > last {
			return text.Errorf(text.NotFound, "没有第 %s 页，最多 %d 页；请用条件缩小范围",
				"there is no page %s of at most %d; narrow it down by the conditions", short(asked), last)
		}
	}
	q := access.LogQuestion{Account: v.query.Get("account"), Kind: v.query.Get("kind"), From: v.query.Get("from"),
		To: v.query.Get("to"), Center: v.query.Get("center"), Limit: min(n*pageRows+1, access.LogLimitMax)}
	if v.isReadsOnly() {
		q.Kind = access.LogRead
	}
	var found []access.LogEntry
	if err := v.p.Access.Desk(v.who).Log(v.Context(), q, func(e *access.LogEntry) error {
		found = append(found, *e)
		return nil
	}); err != nil {
		return v.wrongLog(page, err)
	}
	slices.Reverse(found)
	if n > 1 {
		page.Newer = v.here("page", numbered(n-1))
	}
	if len(found) > n*pageRows && n < last {
		page.Older = v.here("page", numbered(n+1))
	}
	found = found[min((n-1)*pageRows, len(found)):min(n*pageRows, len(found))]
	for i := range found {
		e := &found[i]
		page.Entries = append(page.Entries, logLine{*e, access.LogKinds.Word(e.Kind), access.AccountWord(e.Account),
			e.VerbWord(), e.ObjectWord(), e.OutcomeWord(), e.SourceWord()})
	}
	v.show(http.StatusOK, "accesslog", page)
	return nil
}

// isReadsOnly reports whether the user sees only who has read the ledger.
func (v *visit) isReadsOnly() bool { return !v.who.Can(access.ReadAccessLog) }

// logFilters returns the conditions of the access log.
func (v *visit) logFilters() []filter {
	list := []filter{
		{Param: "kind", Name: "kind", Label: v.say("种类", "kind"), Kind: "choose"},
		{Param: "account", Name: "account", Label: v.say("账号", "account"), Kind: "text"},
		{Param: "center", Name: "center", Label: v.say("中心编号", "center"), Kind: "text"},
		{Param: "from", Name: "from", Label: v.say("自", "from"), Kind: "date"},
		{Param: "to", Name: "to", Label: v.say("至", "to"), Kind: "date"},
	}
	if v.isReadsOnly() {
		list = list[1:]
	}
	for i := range list {
		f := &list[i]
		f.ID, f.Value = "f-"+f.Name, v.query.Get(f.Name)
		if f.Kind != "choose" {
			continue
		}
		f.Options = append(f.Options, option{"", v.say("全部", "all"), f.Value == ""})
		for _, kind := range access.LogKinds {
			f.Options = append(f.Options, option{kind.Code, v.in(kind.Word), kind.Code == f.Value})
		}
	}
	return list
}

// wrongLog shows the conditions again with what is wrong with one of them.
func (v *visit) wrongLog(page *logView, err error) error {
	var about *text.Error
	if !errors.As(err, &about) || about.Code != text.Invalid {
		return err
	}
	what := sentence(about.What.In(v.lang), v.lang)
	page.Wrong = wrong{"filters", what}
	for i := range page.Filters {
		if f := &page.Filters[i]; f.Param == about.Param {
			f.Wrong, page.Wrong.At = what, f.ID
		}
	}
	v.show(http.StatusBadRequest, "accesslog", page)
	return nil
}
