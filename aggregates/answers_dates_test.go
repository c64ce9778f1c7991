package aggregates_test

import (
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
)

// eventful returns a history in which nearly every kind of event happens to one center between 2024 and 2028.
func eventful() history {
	return failed2024.and(
		on("2024-02-29", &events.PlanRevised{}), // refused: before the registration
		on("2024-08-01", ethics(true, false)), on("2024-09-01", ethics(true, true)),
		on("2024-09-10", incident("I1", "major", "")), on("2024-10-10", &events.IncidentClosed{Incident: "I1"}),
		on("2024-09-11", listing("L1", "blacklist", "2024-12-31")),
		on("2025-01-10", other("G1", 2025, 100*wan)), on("2025-01-20", receive("G1", 60*wan)),
		on("2025-10-20", receive("G1", 40*wan)),
		on("2025-01-10", grantFrom(events.MajorProgram, "G2", 2025, 30*wan)), on("2025-04-20", receive("G2", 30*wan)),
		on("2025-05-20", reverse("G2", wan)),
		on("2025-01-10", commit("M1", 2025, 50*wan, "2025-06-30")), on("2025-08-20", receiveMatch("M1", 50*wan)),
		on("2025-02-01", sign("B1", "2025-02-01", 20*wan, true)),
		on("2025-06-01", sign("B2", "2025-03-01", wan, false)),
		on("2025-03-01", spend("V1", "fine", "G1", 10*wan)),
		on("2025-03-02", spend("V2", "other", "G1", 10*wan, line("M1", wan))),
		on("2025-03-03", spend("V3", "pilot", "G1", 15*wan, under("B1"))),
		on("2025-03-04", spend("V4", "pilot", "G1", 6*wan, under("B1"))),
		on("2025-03-05", spend("V5", "pilot", "G2", wan, under("B2"))),
		on("2025-12-20", spend("V6", "operation", "G1", 40*wan)),
		on("2025-04-01", rule("V1", "pilot")), on("2025-09-01", rule("V1", "donation")),
		on("2026-02-01", rule("V2", "fine")), on("2026-03-01", unspend("V6")), on("2025-05-01", unspend("V4")),
		on("2025-05-02", confirm("B1")), on("2025-05-03", closing("AL-USE-01", "V1")),
		on("2025-12-01", closing("AL-USE-01", "V1")), on("2026-01-20", closing("AL-USE-03", "2025")),
		on("2025-03-01", filed(2024)), on("2025-03-20", reviewOf(2024)), on("2026-05-01", filed(2025)),
		on("2025-06-10", order(2024, "")), on("2025-10-01", accept(2024)), on("2025-07-20", interview(2024, true)),
		on("2025-11-01", regrading(2024, "excellent")), on("2026-02-01", regrading(2024, "unqualified")),
		on("2026-06-01", grading(2025, "unqualified")), on("2027-06-01", grading(2026, "qualified")),
		on("2025-06-02", project("P1", true, true)), on("2026-03-10", projectGrant("J1", 2026, "P1", 950*wan)),
		on("2026-04-10", reverse("J1", 100*wan)), on("2026-05-10", projectGrant("J2", 2026, "P1", 200*wan)),
		on("2025-11-10", construction("C1", 2025, 2024, 120*wan)),
		on("2025-12-10", construction("C2", 2025, 2024, 120*wan)), on("2026-02-10", reverse("C2", 120*wan)),
		on("2025-11-29", deferral(2025)), on("2025-12-15", release(2025)), on("2026-01-10", deferral(2026)),
		on("2026-03-15", release(2026)),
		on("2024-07-01", &events.AuditFindingOpened{Finding: "F1", DueOn: date("2024-08-31")}),
		on("2024-11-01", &events.AuditFindingClosed{Finding: "F1"}),
		on("2027-05-01", taskBook("2027-06-01", "2028-05-31", 2027)), on("2027-09-01", &events.FinalReportFiled{}),
		on("2026-09-01", revocation()), on("2026-09-02", receive("J1", wan)),
		on("2026-09-03", spend("V7", "pilot", "G2", wan)))
}

// For a fixed history the answers as of D do not depend on the day on which D is asked about: events after D change
// no answer as of D.
func TestWhatHappensAfterADateChangesNoAnswerAsOfIt(t *testing.T) {
	script := eventful()
	rapid.Check(t, func(t *rapid.T) {
		order := rapid.Permutation(script).Draw(t, "order")
		keep := rapid.SliceOfN(rapid.IntRange(0, 4), len(order), len(order)).Draw(t, "keep") // one in five is left out
		asked := []events.Date{
			events.Date(rapid.IntRange(int(date("2024-03-01")), int(date("2028-12-31"))).Draw(t, "asked")),
			rapid.SampledFrom(script).Draw(t, "day").day}
		inOrder := rapid.Bool().Draw(t, "in order")
		if inOrder {
			slices.SortStableFunc(order, func(a, b fact) int { return int(a.day - b.day) })
		}
		unchangedBy(t, registered().and(order...), keep, asked)
	})
}

// unchangedBy records the facts that are not nonsense, and compares the answers before and after each fact with a
// later date. In the end it compares them with those of a center that has none of the later facts.
func unchangedBy(t *rapid.T, h history, keep []int, asked []events.Date) {
	s := &story{tb: t, center: aggregates.NewCenter(center), policies: both}
	before := make([]*aggregates.Evaluation, len(asked))
	var log []*events.Record
	for i, f := range h {
		if i > 0 && keep[i-1] == 0 {
			continue
		}
		r, problems := s.record(f, events.Recording)
		if v := s.center.Judge(r, s.policies); len(problems) > 0 || v.Refused(events.Recording) {
			continue
		}
		s.apply(r)
		log = append(log, r)
		for j, d := range asked {
			now := s.asOf(d)
			if f.day > d && before[j] != nil && !reflect.DeepEqual(now, before[j]) {
				t.Fatalf("as of %v, after %s on %v:\n%+v\nbefore:\n%+v", d, r.Kind, f.day, now, before[j])
			}
			before[j] = now
		}
	}
	for j, d := range asked {
		if c := upTo(d, log); c != nil && !reflect.DeepEqual(c.Evaluate(both, d), before[j]) {
			t.Fatalf("as of %v, with nothing later:\n%+v\nwith all:\n%+v", d, c.Evaluate(both, d), before[j])
		}
	}
}

// upTo returns a center with the records on or before a date. It returns nil if one of them needs a record of a later
// date.
func upTo(d events.Date, log []*events.Record) *aggregates.Center {
	c := aggregates.NewCenter(center)
	for _, r := range log {
		if r.On > d {
			continue
		}
		if c.Apply(&events.Recorded{Record: *r, Revision: c.Revision() + 1, Position: c.Revision() + 1}) != nil {
			return nil
		}
	}
	return c
}
