package console

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
)

// step is a step of recognition (article 9), which its record ends.
type step struct {
	Title text.Text
	kind  events.Kind
	data  string // a record that ends it, to try; "" if it cannot be tried without what it says
}

// recognitionSteps are the steps in their order. A plaque is not the end: the task book follows.
var recognitionSteps = []step{
	{text.Say("论证", "Argumentation"), events.KindPlanAppraised, ""},
	{text.Say("初审", "Preliminary review"), events.KindPreliminaryReviewed, `{"passed":true}`},
	{text.Say("完善", "Plan revised"), events.KindPlanRevised, ""},
	{text.Say("论证会", "Joint appraisal"), events.KindJointAppraisalHeld, ""},
	{text.Say("审定", "Final approval"), events.KindSpecialMeetingDecided, `{"approved":true}`},
	{text.Say("授牌", "Plaque award"), events.KindPlaqueAwarded, ""},
	{text.Say("任务书", "Task book"), events.KindTaskBookFiled, ""},
}

// recognitionView is the page of the centers that are on their way.
type recognitionView struct {
	*view
	Steps   []stepView
	Region  filter
	Reset   string
	Running deadlineSection // incidents and listings
}

// stepView is a step with its centers.
type stepView struct {
	ID      string
	Title   text.Text
	Centers []candidate
}

// candidate is a center in a step.
type candidate struct {
	Center, Name, Href string
	Since              string
	Days               int
	Unmet              []unmet
	Next               text.Text
	NextHref           string
	step               int
}

// unmet is a condition that is not met, or an alert about the procedure.
type unmet struct {
	Words text.Text
	Href  string
}

// recognitionCodes are the alerts about recognition, and those about incidents and listings.
var recognitionCodes = map[aggregates.Code]bool{"AL-ADM-01": true, "AL-ADM-02": true, "AL-ADM-03": true,
	"AL-PRC-01": true, "AL-PRC-02": true, "AL-PRC-03": true, "AL-TSK-01": true, "AL-INC-01": true, "AL-INC-02": true}

// recognition shows the centers by the step of recognition that they are in.
func (v *visit) recognition() error {
	region := v.query.Get("region")
	page := &recognitionView{view: v.view(), Region: v.regionFilter(), Reset: v.link("/recognition"),
		Running: deadlineSection{ID: "running", Title: text.Say("进行中的事故和失信名单", "Incidents and listings that run")}}
	centers, err := v.listed("centers", "region", region)
	if err != nil {
		return err
	}
	all, err := v.deadlines(recognitionCodes, region)
	if err != nil {
		return err
	}
	by := map[string][]deadline{}
	for _, m := range all {
		switch {
		case m.Code != "AL-INC-01" && m.Code != "AL-INC-02":
			by[m.Center] = append(by[m.Center], m)
		case m.Left == "":
			page.Running.Deadlines = append(page.Running.Deadlines, m)
		}
	}
	for i := range recognitionSteps {
		page.Steps = append(page.Steps, stepView{ID: "step-" + strconv.Itoa(i+1), Title: recognitionSteps[i].Title})
	}
	for _, row := range centers.Rows {
		id, status := centers.code(row, "center"), aggregates.Status(centers.code(row, "status"))
		if status == aggregates.Revoked || status == aggregates.Active && !waitsForTaskBook(by[id]) {
			continue
		}
		c := candidate{Center: id, Name: centers.code(row, "name"), Href: v.link("/centers/" + url.PathEscape(id))}
		if err := v.place(&c, by[id]); err != nil {
			return err
		}
		if c.step < len(page.Steps) {
			page.Steps[c.step].Centers = append(page.Steps[c.step].Centers, c)
		}
	}
	v.show(http.StatusOK, "recognition", page)
	return nil
}

// waitsForTaskBook reports whether the alerts of a center say that its task book is due.
func waitsForTaskBook(list []deadline) bool {
	for _, m := range list {
		if m.Code == "AL-TSK-01" {
			return true
		}
	}
	return false
}

// place finds the step of a center from its records, and what is unmet.
func (v *visit) place(c *candidate, list []deadline) error {
	found, err := v.listed("find", "center", c.Center, "order", "oldest", "limit", findMax)
	if err != nil {
		return err
	}
	for _, row := range found.Rows {
		r, err := found.recordIn(row)
		if err != nil {
			return err
		}
		switch {
		case c.Since == "":
			c.Since = r.On // of the first record, the registration
		case events.Kind(r.Kind) == events.KindPlanRevised && c.step != 2:
			continue // before the review, or after it again
		}
		for i := range recognitionSteps {
			if s := &recognitionSteps[i]; string(s.kind) == r.Kind && i >= c.step && r.passes(s.kind) {
				c.step, c.Since = i+1, r.On
			}
		}
	}
	if since, err := events.ParseDate(c.Since); err == nil {
		c.Days = int(v.on - since)
	}
	for _, m := range list {
		if m.Left == "" {
			c.Unmet = append(c.Unmet, unmet{text.Say("%s（%s）", "%s (%s)", m.Title, text.Same(m.KeyWord)), m.Href})
		}
	}
	return v.nextStep(c)
}

// passes reports whether the record ends its step: the plan passed, or the meeting approved.
func (r *recorded) passes(kind events.Kind) bool {
	switch kind {
	case events.KindPlanAppraised, events.KindPreliminaryReviewed:
		return r.Data.Passed
	case events.KindSpecialMeetingDecided:
		return r.Data.Approved
	}
	return true
}

// nextStep fills in the form of the next step, if the user may send it, and why it would be refused today.
func (v *visit) nextStep(c *candidate) error {
	if c.step >= len(recognitionSteps) {
		return nil
	}
	s := &recognitionSteps[c.step]
	kind := events.Lookup(s.kind)
	c.Next = kind.Title
	if v.isPast() || !kind.Allows(v.who.Role.Ledger()) {
		return nil
	}
	c.NextHref = v.link("/record/"+string(s.kind), "center", c.Center)
	if s.data == "" {
		return nil
	}
	reasons, err := v.against(s.kind, c.Center, s.data)
	for _, r := range reasons {
		c.Unmet = append(c.Unmet, unmet{Words: reasonWords(&r)})
	}
	return err
}

// reasonWords returns a reason with the rule that it is about.
func reasonWords(r *desk.Reason) text.Text {
	if r.Rule == "" {
		return r.Reason
	}
	return text.Say("%s：%s", "%s: %s", text.Same(string(r.Rule)), r.Reason)
}
