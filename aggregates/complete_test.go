package aggregates_test

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"testing"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// The tables of this package, for the tests that look at them all.
var (
	allDecisions = slices.Concat(recognitionDecisions, admissionDecisions, gradingDecisions, grantDecisions,
		deferralDecisions, voucherDecisions)
	allNonsense = slices.Concat(nonsenseCases, nonsenseMoneyCases, voidingCases)
	allAlerts   = slices.Concat(recognitionAlerts, operationAlerts, gradingAlerts, revocationAlerts, grantAlerts,
		projectAlerts,
		spendingAlerts, outTransferAlerts, executionAlerts)
)

func TestEveryNonsenseHasACaseThatIsRefusedAndIsListed(t *testing.T) {
	refused := map[clause]bool{}
	for _, c := range allNonsense {
		if !slices.Contains(clauses, c.clause) {
			t.Errorf("%q names a clause that is not listed: %q", c.name, c.clause)
		}
		refused[c.clause] = refused[c.clause] || c.field != ""
	}
	for _, c := range clauses {
		if !refused[c] {
			t.Errorf("nothing shows that this is refused: %s", c)
		}
	}
}

func TestEveryRuleOfADecisionHasACaseThatIsRefusedAndEveryDecisionCasesOfBoth(t *testing.T) {
	refused, acceptable, refusable := map[events.RuleID]bool{}, map[events.Kind]bool{}, map[events.Kind]bool{}
	for _, c := range kindCases { // which break nothing
		acceptable[c.kind] = true
	}
	for _, c := range allDecisions {
		for _, r := range c.rules {
			refused[r] = true
		}
		if len(c.rules) == 0 {
			acceptable[kindOf(c.when.data)] = true
		} else {
			refusable[kindOf(c.when.data)] = true
		}
	}
	for _, r := range sectionFive {
		if !refused[r] {
			t.Errorf("nothing shows that %s refuses a decision", r)
		}
	}
	for r := range refused {
		if !slices.Contains(sectionFive, r) && r != "R08-1" { // R08-1 stands for any rule judged
			t.Errorf("%s refuses a decision and is not listed in sectionFive", r)
		}
	}
	for _, k := range events.Catalog {
		if k.Decision && (!acceptable[k.Kind] || !refusable[k.Kind]) {
			t.Errorf(
				"%s: a case in which it is accepted %v, is refused %v; add one to the tables of judge_kinds_test.go",
				k.Kind, acceptable[k.Kind], refusable[k.Kind])
		}
	}
}

// AL-LED-01 is not a function of a center: TestABreakInTheStreamIsAnError shows when it is raised.
func TestEveryAlertCodeHasCasesInWhichItIsOpenIsClearedAndIsNotRaised(t *testing.T) {
	open, cleared, absent := map[aggregates.Code]bool{}, map[aggregates.Code]bool{}, map[aggregates.Code]bool{}
	for _, c := range allAlerts {
		for _, e := range c.then {
			switch {
			case e.raisedOn == "":
				absent[e.code] = true
			case e.clearedOn == "":
				open[e.code] = true
			default:
				cleared[e.code] = true
			}
		}
	}
	for _, row := range aggregates.AlertCatalog {
		if row.Code == aggregates.LedgerBroken {
			continue
		}
		if !open[row.Code] || !cleared[row.Code] || !absent[row.Code] {
			t.Errorf("%s: a case in which it is open %v, is cleared %v, is not raised %v", row.Code, open[row.Code],
				cleared[row.Code], absent[row.Code])
		}
	}
	for code := range open {
		if aggregates.LookupAlert(code) == nil {
			t.Errorf("%s is not in the catalog", code)
		}
	}
}

func TestEveryCaseHasANameOfItsOwnThatIsASentence(t *testing.T) {
	word := regexp.MustCompile(`^\S+( \S+){2,}$`)
	seen := map[string]bool{}
	check := func(table, name string) {
		if !word.MatchString(name) {
			t.Errorf("%q is no sentence", name)
		}
		if seen[table+name] && table != "alert " { // "it is closed out" follows what it speaks of
			t.Errorf("%q is there twice", name)
		}
		seen[table+name] = true
	}
	for _, c := range allDecisions {
		check("decision ", c.name)
	}
	for _, c := range slices.Concat(otherDecisions, datedDecisions) {
		check("under other Measures ", c.name)
	}
	for _, c := range allNonsense {
		check("nonsense ", c.name)
	}
	for _, c := range slices.Concat(allAlerts, voidingAlerts, otherAlerts, datedAlerts) {
		check("alert ", c.name)
	}
	for _, c := range kindCases {
		check("kind ", c.name)
	}
	for _, c := range moneyCases {
		check("money ", c.name)
	}
	for _, c := range explainCases {
		check("explained ", c.name)
	}
}

func TestTheCatalogSaysOfSeverityClosingAndRevocationWhatSectionNineSays(t *testing.T) {
	var codes, want []aggregates.Code
	for _, row := range aggregates.AlertCatalog {
		codes = append(codes, row.Code)
	}
	for _, row := range sectionNine {
		want = append(want, row.code)
	}
	if !slices.Equal(codes, want) {
		t.Errorf("the catalog lists %v, section 9 %v", codes, want)
	}
	for _, row := range aggregates.AlertCatalog {
		if sev := severityOf(row.Code, ""); row.Severity != sev {
			t.Errorf("%s is %s, want %s", row.Code, row.Severity, sev)
		}
		if ends := endingsOf(row.Code); row.Closable != (ends&closable != 0) ||
			row.EndsWithRevocation != (ends&endsWithRevocation != 0) {
			t.Errorf("%s: closable %v, ends with the revocation %v", row.Code, row.Closable, row.EndsWithRevocation)
		}
		for _, r := range row.Rules {
			if policy.Builtin().Rule(r) == nil {
				t.Errorf("%s names %s, which has no words", row.Code, r)
			}
		}
		for _, text := range []text.Text{row.Title, row.Raised, row.Cleared} {
			if text.Zh == "" || text.En == "" {
				t.Errorf("%s lacks a text", row.Code)
			}
		}
	}
}

// eachOpen runs a test for one alert of each code that is open at the end of its case.
func eachOpen(t *testing.T, run func(t *testing.T, s *story, e expected, asOf events.Date)) {
	done := map[aggregates.Code]bool{}
	for _, c := range allAlerts {
		for _, e := range c.then {
			if e.raisedOn == "" || e.clearedOn != "" || done[e.code] {
				continue
			}
			done[e.code] = true
			t.Run(string(e.code), func(t *testing.T) { run(t, given(t, c.policies, c.given), e, date(c.asOf)) })
		}
	}
}

func TestClosingOutEndsTheAlertsThatSectionNineLetsItEndAndIsRefusedForTheOthers(t *testing.T) {
	eachOpen(t, func(t *testing.T, s *story, e expected, asOf events.Date) {
		r, _ := s.record(fact{day: asOf, data: closing(string(e.code), e.key)}, events.Recording)
		if v := s.center.Judge(r, s.policies); v.Refused(events.Recording) == (endingsOf(e.code)&closable != 0) {
			t.Fatalf("refused is %v: %+v", v.Refused(events.Recording), v.Nonsense)
		} else if v.Refused(events.Recording) {
			return
		}
		s.apply(r)
		if a := e.in(s.alerts(e.code, asOf)); a == nil || a.ClearedOn != asOf {
			t.Errorf("closed out on %v it is %+v", asOf, a)
		}
		if a := e.in(s.alerts(e.code, asOf-1)); asOf > date(e.raisedOn) && (a == nil || !a.Open()) {
			t.Errorf("closed out on %v it was %+v the day before", asOf, a)
		}
	})
}

func TestTheRevocationEndsTheAlertsThatSectionNineListsAndNoOther(t *testing.T) {
	eachOpen(t, func(t *testing.T, s *story, e expected, asOf events.Date) {
		if e.code == "AL-REV-02" {
			return // it follows a revocation, which there is once
		}
		s.add(fact{day: asOf, data: revocation()})
		ends := endingsOf(e.code)&endsWithRevocation != 0 || e.code == "AL-REV-01" // cleared by the revocation itself
		want := events.Date(0)
		if ends {
			want = asOf
		}
		if a := e.in(s.alerts(e.code, asOf)); a == nil || a.ClearedOn != want {
			t.Errorf("revoked on %v it is %+v", asOf, a)
		}
	})
}

// effectiveFrom returns a timeline with the draft under another effective date.
func effectiveFrom(t *testing.T, d events.Date) policy.Timeline {
	t.Helper()
	text := bytes.Replace(policy.Builtin().Text(), []byte(`"effectiveFrom": "2024-01-01"`),
		fmt.Appendf(nil, `"effectiveFrom": "%v"`, d), 1)
	p, problems := policy.Parse(text)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return policy.Timeline{}.With(p)
}

func TestAFactOnTheEffectiveDateRaisesAnAlertAndOnTheDayBeforeNone(t *testing.T) {
	eachOpen(t, func(t *testing.T, s *story, e expected, asOf events.Date) {
		s.policies = effectiveFrom(t, date(e.fact))
		if a := e.in(s.alerts(e.code, asOf)); a == nil || !a.Open() {
			t.Errorf("its fact on the effective date, %s: %+v", e.fact, a)
		}
		s.policies = effectiveFrom(t, date(e.fact)+1)
		if a := e.in(s.alerts(e.code, asOf)); a != nil {
			t.Errorf("its fact on the day before the effective date: %+v", a)
		}
	})
}
