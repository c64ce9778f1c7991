package console

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
)

// gradesTried is what a dry run of grades says of all its centers together: which grades would be refused, what must
// be done by when after the others, and which centers' allocations must be deferred.
type gradesTried struct {
	Refused   []string
	Sections  []followSection // of the alerts that would open by time alone
	Deferrals []follow
}

// followSection is what must be done after grades, with a heading.
type followSection struct {
	Title text.Text
	List  []follow
}

// follow is one thing to be done about a center.
type follow struct {
	Center, Href string
	What         text.Text
}

// foreseenDays is how far a dry run of grades looks ahead, as the deadlines of the page of the grades do.
const foreseenDays = 400

// isGrade reports whether a kind of record gives a grade.
func isGrade(kind events.Kind) bool {
	return kind == events.KindGradeDecided || kind == events.KindGradeRevised
}

// triedGrades sums up the answers to drafts of grades.
func (v *visit) triedGrades(drafts []desk.Draft, judged []*judgedRecord) (*gradesTried, error) {
	tried := &gradesTried{}
	opens := map[aggregates.Code][]follow{}
	centers := map[int][]string{} // by year
	for i := range drafts {
		d := drafts[i]
		if !judged[i].Accepted() {
			tried.Refused = append(tried.Refused, d.Center)
			continue
		}
		var data struct {
			Year int `json:"year"`
		}
		if err := json.Unmarshal(d.Data, &data); err != nil {
			return nil, err
		}
		centers[data.Year] = append(centers[data.Year], d.Center)
		if err := v.foreseen(d, opens); err != nil {
			return nil, err
		}
	}
	for _, s := range gradingSections {
		shown := followSection{Title: s.title}
		for _, code := range s.codes {
			shown.List = append(shown.List, opens[code]...)
		}
		if len(shown.List) > 0 {
			tried.Sections = append(tried.Sections, shown)
		}
	}
	for year, list := range centers {
		if err := v.toDefer(tried, year, list); err != nil {
			return nil, err
		}
	}
	return tried, nil
}

// foreseen adds the alerts that a draft would open after today if nothing else is done, by their codes.
func (v *visit) foreseen(d desk.Draft, opens map[aggregates.Code][]follow) error {
	d.By = desk.DraftBy{Role: string(v.who.Role.Ledger()), Actor: v.who.Account}
	line, err := d.Line()
	if err != nil {
		return err
	}
	today := events.DateAt(v.p.Answers.Now())
	when := desk.When{AsOf: (today + foreseenDays).String()}
	return v.desk.Try(v.Context(), when, bytes.NewReader(line), func(t *desk.Tried) error {
		for _, a := range t.Opens {
			if a.RaisedOn > today {
				opens[a.Code] = append(opens[a.Code], follow{d.Center, v.link("/centers/" + d.Center),
					text.Say("%s 年度，最迟 %s", "%s, by %s at the latest", a.Key, a.RaisedOn-1)})
			}
		}
		return nil
	})
}

// toDefer adds those of some centers whose year had a low rate, so that the allocation of the next one is to be
// deferred and is not decided.
func (v *visit) toDefer(tried *gradesTried, year int, centers []string) error {
	next := strconv.Itoa(year + 1)
	list, err := (&asking{visit: v, ctx: v.Context(), desk: v.desk}).list("deferrals", "year", next)
	if err != nil {
		return err
	}
	for _, row := range list.Rows {
		center, state := list.code(row, "center"), aggregates.DeferralState(list.code(row, "state"))
		if !slices.Contains(centers, center) || state == aggregates.DeferralDecided ||
			state == aggregates.DeferralReleased {
			continue
		}
		tried.Deferrals = append(tried.Deferrals, follow{center, v.link("/deferrals", "year", next),
			text.Say("%d 年度执行率 %s%%，%s 财政年度%s", "rate of %d: %s%%; fiscal year %s: %s", year,
				list.word(row, "ratePercent"), next, text.Same(list.word(row, "state")))})
	}
	return nil
}

// whyNoGrade returns why the ledger would refuse every grade of a year for a center today, whatever the grade; zero if
// it would not. The record that it judges is complete in all that the office fills in.
func (v *visit) whyNoGrade(center string, year int) text.Text {
	register := v.p.Answers.Desk.Ledger.Register()
	p := register.Timeline().At(v.on)
	if p == nil || len(p.Grades) == 0 {
		return text.Text{}
	}
	verdict := register.Judge(&events.Record{ID: uuid.New(), Kind: events.KindGradeDecided,
		Center: events.CenterID(center), On: v.on, By: events.By{Role: v.who.Role.Ledger(), Actor: v.who.Account},
		Data: &events.GradeDecided{Year: year, Grade: p.Grades[0].Name,
			Participants: p.Parameters.GradingParticipants.Value, ExpertReviews: 1, ThirdPartyReviews: 1}})
	for _, why := range slices.Concat(verdict.Nonsense, verdict.Breaches) {
		return why.Reason
	}
	return text.Text{}
}
