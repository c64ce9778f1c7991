package naive_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/naive"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// dated is one event of a regression, in the order of recording.
type dated struct {
	on   string
	data events.Payload
}

var registration = dated{"2024-01-02", &events.CenterRegistered{Facts: events.Facts{USCC: "91330106MAC1K2L32C",
	FoundedOn: events.MustDate("2019-05-01"), LeadingIndustries: []string{"集成电路"}}}}

// appraisalBy returns a joint appraisal that is complete except for the participants.
func appraisalBy(who ...string) events.Payload {
	return &events.JointAppraisalHeld{Participants: who, ExpertReviews: 1, ThirdPartyReviews: 1,
		Conclusions: events.Conclusions{Feasibility: true, Soundness: true, Necessity: true, Reasonableness: true}}
}

func construction(grant string, yuan events.Fen) events.Payload {
	return &events.SubsidyGranted{Grant: grant, Category: events.Construction, Source: events.CentralGuidance,
		FiscalYear: 2025, ForYear: 2024, AmountFen: yuan * 100}
}

func project(grant string, source events.Source, year int, yuan events.Fen) events.Payload {
	return &events.SubsidyGranted{Grant: grant, Category: events.ProjectMoney, Source: source, FiscalYear: year,
		AmountFen: yuan * 100}
}

// The test keeps the histories on which the evaluators once differed, with the answers that follow from the
// definitions.
func TestTheEvaluatorsAgreeOnWhatTheyOnceSawDifferently(t *testing.T) {
	draftThenOther, draftThenLenient := severalPolicies()[0], severalPolicies()[3] // from 2025-07-01 and 2025-06-30
	taskBook := dated{"2024-03-15",
		&events.TaskBookFiled{PeriodEnd: events.MustDate("2028-12-31"), SupportYears: []int{2024}}}
	for _, c := range []struct {
		name     string
		timeline policy.Timeline
		code     aggregates.Code
		history  []dated
		want     []string
	}{
		{"a deferral released on its own day leaves an overdue construction subsidy overdue", onlyTheDraft,
			"AL-AWD-02",
			[]dated{taskBook, {"2025-03-15", grade(2024, "excellent")},
				{"2025-12-01", &events.AllocationDeferred{FiscalYear: 2025}},
				{"2025-12-01", &events.DeferralReleased{FiscalYear: 2025}}},
			[]string{"2024 2025-09-12 "}},
		{"a deferral after its own release on one day ends the alert, and the next release raises it again",
			onlyTheDraft, "AL-AWD-02",
			[]dated{taskBook, {"2025-03-15", grade(2024, "excellent")},
				{"2025-12-01", &events.DeferralReleased{FiscalYear: 2025}},
				{"2025-12-01", &events.AllocationDeferred{FiscalYear: 2025}},
				{"2026-02-01", &events.DeferralReleased{FiscalYear: 2025}}},
			[]string{"2024 2025-09-12 2025-12-01", "2024 2026-02-01 "}},
		{"a construction subsidy is complete at the amount of the policy under which the grade was given",
			draftThenOther, "AL-AWD-02",
			[]dated{taskBook, {"2025-03-15", grade(2024, "excellent")}, {"2025-08-01", construction("G1", 1_000_000)},
				{"2025-10-01", construction("G2", 1_000_000)}},
			[]string{"2024 2025-09-12 2025-10-01"}},
		{"an appraisal is complete when the policy of its own day calls it so", draftThenOther, "AL-PRC-03",
			[]dated{{"2024-03-15", appraisalBy("finance")},
				{"2025-08-01", appraisalBy("st-office", "finance", "local-gov")}},
			[]string{"2024-03-15 2024-03-15 2025-08-01"}},
		{"grants of a source that a new policy makes the program's count from before it", draftThenLenient,
			"AL-PRJ-01",
			[]dated{{"2025-03-15", project("G1", events.ProvinceOther, 2025, 6_000_000)},
				{"2025-08-01", project("G2", events.ProvinceOther, 2025, 4_000_001)}},
			[]string{"G2 2025-08-01 "}},
		{"a warning at no share of the cap still needs a grant of the program in the fiscal year", draftThenLenient,
			"AL-PRJ-03",
			[]dated{{"2025-08-01", project("G1", events.MajorProgram, 2025, 1)},
				{"2026-08-01", project("G2", events.ProvinceOther, 2026, 1)}},
			[]string{"2026 2026-08-01 2026-12-31"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &story{timeline: c.timeline, log: place(append([]dated{registration}, c.history...))}
			center, err := replay(s.log)
			if err != nil {
				t.Fatal(err)
			}
			on := events.MustDate("2027-06-30")
			for who, e := range map[string]*aggregates.Evaluation{
				"real": center.Evaluate(s.timeline, on), "naive": naive.Evaluate(s.log, s.timeline, on)} {
				var got []string
				for _, a := range e.Alerts {
					if a.Code == c.code {
						got = append(got, fmt.Sprintf("%s %v %v", a.Key, a.RaisedOn, a.ClearedOn))
					}
				}
				if !slices.Equal(got, c.want) {
					t.Errorf("the %s evaluator raises %q, want %q", who, got, c.want)
				}
			}
		})
	}
}

// place returns the events in order, each written by the first role that may write it.
func place(history []dated) []events.Recorded {
	s := &story{}
	for _, d := range history {
		n := uint64(len(s.log) + 1)
		r := events.Record{ID: s.id(), Kind: kindOf(d.data), Center: center, On: events.MustDate(d.on),
			Mode: events.Recording, Data: d.data}
		r.By = events.By{Role: events.Lookup(r.Kind).Roles[0], Actor: "x-01"}
		s.log = append(s.log, events.Recorded{Record: r, Revision: n, Position: n})
	}
	return s.log
}

func TestAReversalToComeExplainsNothingBeforeItsDay(t *testing.T) {
	log := place([]dated{registration, {"2025-03-15", project("G1", events.MajorProgram, 2025, 1)},
		{"2025-04-01", &events.FundsSpent{
			Voucher: "V1", Payee: "甲公司", Use: "fine", Lines: []events.SpendingLine{{Grant: "G1", AmountFen: 1}}}},
		{"2025-06-01", &events.SpendingReversed{Voucher: "V1", ReversalVoucher: "R1"}}})
	c, err := replay(log)
	if err != nil {
		t.Fatal(err)
	}
	for day, because := range map[string]int{"2025-05-31": 1, "2025-06-01": 2} {
		found := c.Explain(onlyTheDraft, events.MustDate(day), "AL-USE-01", "V1", 0)
		if len(found) != 1 || len(found[0].Because) != because {
			t.Errorf("as of %s: explained by %+v, want once, by %d events", day, found, because)
		}
	}
}
