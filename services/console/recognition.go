package console

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
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
	Centers []shownCandidate
	Count   int // also of those that are not listed
}

// candidate is a center in a step, as it is kept.
type candidate struct {
	Center, Name string
	Step         int // the number of steps that are done
	Since        string
	Days         int
	Unmet        []unmet
}

// shownCandidate is a candidate as a row of the page.
type shownCandidate struct {
	*candidate
	Href     string
	Next     text.Text
	NextHref string
}

// unmet is a condition that is not met, or an alert about the procedure.
type unmet struct {
	Words text.Text
	Alert *deadline // nil for a condition
	Href  string
}

// onTheirWay is what the page shows of all centers, as it is kept.
type onTheirWay struct {
	Candidates []candidate
	Running    []deadline
}

// recognitionCodes are the alerts about recognition, and those about incidents and listings.
var recognitionCodes = map[aggregates.Code]bool{"AL-ADM-01": true, "AL-ADM-02": true, "AL-ADM-03": true,
	"AL-PRC-01": true, "AL-PRC-02": true, "AL-PRC-03": true, "AL-TSK-01": true, "AL-INC-01": true, "AL-INC-02": true}

// stepMax is the largest number of centers that are listed in a step.
const stepMax = 100

// recognition shows the centers by the step of recognition that they are in.
func (v *visit) recognition() error {
	region := v.query.Get("region")
	page := &recognitionView{view: v.view(), Region: v.regionFilter(), Reset: v.link("/recognition"),
		Running: deadlineSection{ID: "running", Title: text.Say("进行中的事故和失信名单", "Incidents and listings that run")}}
	kept, err := keep(v, "recognition", v.questionOf("centers", "region", region),
		func(a *asking) (onTheirWay, error) { return a.onTheirWay(region) })
	if err != nil {
		return err
	}
	for i := range kept.Running {
		page.Running.add(v, &kept.Running[i])
	}
	for i := range recognitionSteps {
		page.Steps = append(page.Steps, stepView{ID: "step-" + strconv.Itoa(i+1), Title: recognitionSteps[i].Title})
	}
	for i := range kept.Candidates {
		c := &kept.Candidates[i]
		if step := &page.Steps[c.Step]; step.Count < stepMax {
			step.Centers = append(step.Centers, v.shownCandidate(c))
		}
		page.Steps[c.Step].Count++
	}
	v.show(http.StatusOK, "recognition", page)
	return nil
}

// shownCandidate returns the row of a candidate, with the form of the next step if the user may send it.
func (v *visit) shownCandidate(c *candidate) shownCandidate {
	kind := events.Lookup(recognitionSteps[c.Step].kind)
	x := shownCandidate{candidate: c, Href: v.link("/centers/" + url.PathEscape(c.Center)), Next: kind.Title}
	if v.mayTakeStep(c) {
		x.NextHref = v.link("/record/"+string(kind.Kind), "center", c.Center)
	}
	for i := range c.Unmet {
		if u := &c.Unmet[i]; u.Alert != nil {
			u.Href = u.Alert.show(v).Href
		}
	}
	return x
}

// mayTakeStep reports whether the record that ends the step of a candidate is for the user to write.
func (v *visit) mayTakeStep(c *candidate) bool {
	return !v.isPast() && events.Lookup(recognitionSteps[c.Step].kind).Allows(v.who.Role.Ledger())
}

// onTheirWay reads the centers in a region that are in a step of recognition, and the incidents and listings that run.
func (a *asking) onTheirWay(region string) (all onTheirWay, err error) {
	centers, err := a.list("centers", "region", region)
	if err != nil {
		return all, err
	}
	deadlines, err := a.deadlines(recognitionCodes, region)
	if err != nil {
		return all, err
	}
	by := map[string][]deadline{}
	for _, m := range deadlines {
		switch {
		case m.Code != "AL-INC-01" && m.Code != "AL-INC-02":
			by[m.Center] = append(by[m.Center], m)
		case m.Left == "":
			all.Running = append(all.Running, m)
		}
	}
	for _, row := range centers.Rows {
		id, status := centers.code(row, "center"), aggregates.Status(centers.code(row, "status"))
		if status == aggregates.Revoked || status == aggregates.Active && !waitsForTaskBook(by[id]) {
			continue
		}
		c := candidate{Center: id, Name: centers.code(row, "name")}
		if err := a.place(&c, by[id]); err != nil {
			return all, err
		}
		if c.Step < len(recognitionSteps) {
			all.Candidates = append(all.Candidates, c)
		}
	}
	return all, nil
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
func (a *asking) place(c *candidate, list []deadline) error {
	found, err := a.list("find", "center", c.Center, "order", "oldest", "limit", findMax)
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
		case events.Kind(r.Kind) == events.KindPlanRevised && c.Step != 2:
			continue // before the review, or after it again
		}
		for i := range recognitionSteps {
			if s := &recognitionSteps[i]; string(s.kind) == r.Kind && i >= c.Step && r.passes(s.kind) {
				c.Step, c.Since = i+1, r.On
			}
		}
	}
	if since, err := events.ParseDate(c.Since); err == nil {
		c.Days = int(a.on - since)
	}
	for _, m := range list {
		if m.Left == "" {
			c.Unmet = append(c.Unmet, unmet{Words: text.Say("%s（%s）", "%s (%s)", lists.AlertTitle(m.Code),
				text.Same(m.KeyWord)), Alert: &m})
		}
	}
	if c.Step == len(recognitionSteps) || !a.mayTakeStep(c) || recognitionSteps[c.Step].data == "" {
		return nil
	}
	s := &recognitionSteps[c.Step]
	reasons, err := a.against(s.kind, c.Center, s.data)
	for _, r := range reasons {
		c.Unmet = append(c.Unmet, unmet{Words: reasonWords(&r)})
	}
	return err
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

// reasonWords returns a reason with the rule that it is about.
func reasonWords(r *desk.Reason) text.Text {
	if r.Rule == "" {
		return r.Reason
	}
	return text.Say("%s：%s", "%s: %s", lists.ArticleWord(r.Article), r.Reason)
}
