package console

import (
	"encoding/base64"
	"errors"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/table"
)

// A policy is tried before it is adopted: a file is sent to /policies, and the page says how it differs from the one
// in force and what it would change. The offices that see the whole province may try; the administrator of rights, who
// sees no center, gets the numbers of alerts alone, and adopts. The form that adopts has the text of the policy, so
// what is adopted is what was tried. The text goes as base64, because a browser changes the ends of lines in a form.

// policyTryView is the page of a policy that is tried.
type policyTryView struct {
	*view
	Policy     policyLine
	Problems   template.HTML // of a file that is no policy; then the page has nothing else
	Difference template.HTML // to the one in force
	Before     policyLine
	Changes    []changedOn
	Repeated   bool // it is adopted already
	Late       bool // another one was adopted meanwhile, so this one was not
	Reasons    []desk.Reason
	MayAdopt   bool
	Action     string
	Text       string // in base64
	Revision   uint64 // of the policies when it was tried
}

// changedOn is what would change as of a day.
type changedOn struct {
	AsOf    string
	Centers int // whose figures or alerts would change
	Tables  []changedTable
}

// changedTable is a table of what would change, with the number of rows that are left out.
type changedTable struct {
	Table template.HTML
	More  int
}

// policyRowsMax is the number of rows of each table of changes.
const policyRowsMax = 500

// triesPolicies reports whether the user may try a policy.
func (v *visit) triesPolicies() bool {
	return v.who.Can(access.AdoptPolicy) ||
		slices.Contains([]access.Role{access.STOffice, access.Finance, access.Auditor}, v.who.Role)
}

// adoptPolicy is the act of the form that adopts a policy.
const adoptPolicy = "adopt"

// policyPost tries the policy in a file, or adopts the one that was tried.
func (v *visit) policyPost() error {
	if !v.triesPolicies() {
		return v.nothing()
	}
	if v.PostForm == nil {
		content, err := v.policyFile()
		if err == nil {
			return v.tryPolicy(http.StatusOK, content)
		}
		var failed error
		err = v.wrongFile(err, func(w wrong, status int) { failed = v.showPolicies(status, w) })
		return errors.Join(err, failed)
	}
	content, err := base64.RawURLEncoding.DecodeString(v.PostForm.Get("text"))
	if err != nil {
		return errForm
	}
	if v.Method == http.MethodPost && v.PostForm.Get("do") == adoptPolicy {
		return v.adoptPolicy(content)
	}
	return v.tryPolicy(http.StatusOK, content)
}

// policyFile returns the file of the form.
func (v *visit) policyFile() ([]byte, error) {
	parts, err := v.MultipartReader()
	if err != nil {
		return nil, errNoFile
	}
	for range partsMax {
		part, err := parts.NextPart()
		if err != nil {
			return nil, uploadError(err)
		}
		if part.FormName() != "file" {
			continue
		}
		if part.FileName() == "" {
			return nil, errNoFile
		}
		content, err := io.ReadAll(io.LimitReader(part, desk.PolicyBytesMax+1))
		if err != nil {
			return nil, uploadError(err)
		}
		return content, nil
	}
	return nil, errNoFile
}

// tryPolicy shows what adopting a policy would change.
func (v *visit) tryPolicy(status int, content []byte) error {
	page := &policyTryView{view: v.view(), Action: v.link("/policies"), Late: status == http.StatusPreconditionFailed}
	page.Switch = "" // another language would need the file again
	p, problems := desk.ParsePolicy(content)
	if len(problems) > 0 {
		page.Problems = v.plainTable(desk.ProblemsTable(v.say("文件", "The file"), problems, v.lang))
		v.show(http.StatusUnprocessableEntity, "policy_try", page)
		return nil
	}
	all, err := v.desk.Policies(v.Context(), desk.When{})
	if err != nil {
		return err
	}
	page.Policy = v.lineOfPolicy(&p, all)
	if all.Reading != nil {
		page.Before = v.lineOfPolicy(all.Reading, all)
		page.Difference = v.plainTable(desk.ComparePolicies(*all.Reading, p))
	}
	end, err := v.p.Answers.Turn(v.Context(), desk.When{}, "", true)
	if err != nil {
		return err
	}
	defer end()
	a, err := v.desk.Adopting(v.Context(), p)
	if err != nil {
		return err
	}
	page.Repeated, page.Reasons = a.Repeated, a.Reasons
	page.Revision, page.Text = a.Revision, base64.RawURLEncoding.EncodeToString(content)
	page.MayAdopt = v.who.Can(access.AdoptPolicy) && !a.Repeated && len(a.Reasons) == 0
	for _, x := range a.Days {
		on := changedOn{AsOf: x.AsOf.String(), Centers: x.Centers}
		for _, t := range []*table.Table{x.Counts, x.Figures, x.Alerts} {
			if t == nil {
				continue
			}
			shown := changedTable{More: max(0, len(t.Rows)-policyRowsMax)}
			t.Rows = t.Rows[:len(t.Rows)-shown.More]
			shown.Table = v.plainTable(t)
			on.Tables = append(on.Tables, shown)
		}
		page.Changes = append(page.Changes, on)
	}
	v.show(status, "policy_try", page)
	return nil
}

// adoptPolicy adopts the policy that was tried, unless another one was adopted since.
func (v *visit) adoptPolicy(content []byte) error {
	p, problems := desk.ParsePolicy(content)
	if len(problems) > 0 {
		return v.tryPolicy(http.StatusUnprocessableEntity, content)
	}
	revision, err := strconv.ParseUint(v.PostForm.Get("revision"), 10, 64)
	if err != nil {
		return errForm
	}
	d, err := p.Adoption()
	if err != nil {
		return err
	}
	d.By = desk.DraftBy{} // the account adopts it under its own name
	answer, err := v.desk.Batch(v.Context(), desk.Batch{Drafts: []desk.Draft{d}, IfRevision: &revision})
	var late *desk.RevisionError
	var no *desk.BatchRefusal
	switch {
	case errors.As(err, &late):
		return v.tryPolicy(http.StatusPreconditionFailed, content)
	case errors.As(err, &no) && text.CodeOf(err) == text.Refused:
		return v.tryPolicy(http.StatusUnprocessableEntity, content)
	case err != nil:
		return err
	}
	notice := noticeRecorded
	if answer.Answer == desk.Repeated {
		notice = noticeRepeated
	}
	return v.seeOther(v.link("/policies/"+url.PathEscape(p.ID)+"/"+url.PathEscape(p.Version), "notice", notice))
}
