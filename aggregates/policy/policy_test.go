package policy_test

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

func TestEveryParameterHasValueUnitArticleAndWords(t *testing.T) {
	for _, p := range []*policy.Policy{policy.Builtin(), donghai(t)} {
		all := reflect.ValueOf(p.Parameters)
		for i := range all.NumField() {
			name, parameter := all.Type().Field(i).Name, all.Field(i)
			for _, member := range []string{"Value", "Unit", "Article", "Words"} {
				if parameter.FieldByName(member).IsZero() {
					t.Errorf("%s: %s has no %s", p.ID, name, member)
				}
			}
		}
	}
}

func TestParseReadsWhatTheStructTagsSay(t *testing.T) {
	for _, p := range []*policy.Policy{policy.Builtin(), donghai(t)} {
		var plain policy.Policy
		if err := json.Unmarshal(p.Text(), &plain, json.RejectUnknownMembers(true)); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(plain.Parameters, p.Parameters) || !reflect.DeepEqual(plain.Grades, p.Grades) ||
			!reflect.DeepEqual(plain.Uses, p.Uses) || !reflect.DeepEqual(plain.Codes, p.Codes) ||
			!reflect.DeepEqual(plain.Admission, p.Admission) || !reflect.DeepEqual(plain.Rules, p.Rules) ||
			plain.ID != p.ID || plain.Version != p.Version || plain.EffectiveFrom != p.EffectiveFrom ||
			plain.Source != p.Source {
			t.Errorf("%s reads otherwise through the struct tags", p.ID)
		}
		text, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		if changes := policy.Diff(p, parse(t, string(text))); len(changes) > 0 {
			t.Errorf("%s written from its struct differs: %v", p.ID, changes)
		}
	}
}

func TestTheDraftHasTheValuesOfTheMeasures(t *testing.T) {
	p := policy.Builtin()
	v := p.Parameters
	for name, ok := range map[string]bool{
		"effective from":     p.EffectiveFrom == events.MustDate("2024-01-01"),
		"grantor":            v.WaiverGrantor.Value == events.STOffice,
		"foundation":         v.FoundationYears.Value == 3,
		"relaxation":         slices.Equal(v.RelaxationIndustries.Value, []string{"C39", "I63", "I64", "I65"}),
		"incidents":          v.IncidentLookbackMonths.Value == 24,
		"ethics":             slices.Equal(v.EthicsFields.Value, []string{"life-science", "medicine", "ai"}),
		"appraisal":          len(v.AppraisalParticipants.Value) == 8,
		"grading":            len(v.GradingParticipants.Value) == 4,
		"preliminary review": v.PreliminaryReviewDays.Value == 60,
		"plaque":             v.PlaqueDays.Value == 30,
		"task book":          v.TaskBookDays.Value == 60 && v.TaskBookNoticeDays.Value == 90,
		"governance":         v.GovernanceDays.Value == 180,
		"reports":            v.AnnualReportDue.Value == "03-31" && v.FinalReportDays.Value == 90,
		"grade":              v.GradeDue.Value == "09-30" && v.ReferenceGradeYearsBack.Value == 1,
		"construction": v.ConstructionSource.Value == events.CentralGuidance &&
			v.ConstructionFen.Value == 200_000_000 && v.ConstructionDays.Value == 180,
		"project": v.ProjectSource.Value == events.MajorProgram &&
			v.ProjectCapFen.Value == 1_000_000_000 && v.ProjectWarningPercent.Value == 90,
		"rectification": v.RectificationOrderDays.Value == 30 && v.RectificationTermDays.Value == 90,
		"interview":     v.InterviewDays.Value == 30,
		"revocation":    v.FailuresToRevoke.Value == 2,
		"rates": v.LowRatePercent.Value == 60 && v.EarlyWarningPercent.Value == 80 &&
			v.LateReceiptAfter.Value == "10-01",
		"sources of the rate": slices.Equal(v.RateSources.Value,
			[]events.Source{events.MajorProgram, events.ProvinceOther}),
		"deferral":               v.DeferralDays.Value == 30,
		"main uses":              v.MainUsePercent.Value == 50,
		"separate accounts":      v.SeparateAccountDays.Value == 30,
		"disbursement":           v.DisbursementDays.Value == 60,
		"outcome of excellent":   p.Outcome("excellent") == policy.Top,
		"outcome of qualified":   p.Outcome("qualified") == policy.Pass,
		"outcome of unqualified": p.Outcome("unqualified") == policy.Fail,
		"outcome of others":      p.Outcome("good") == "",
	} {
		if !ok {
			t.Errorf("%s is not as in the Measures", name)
		}
	}
}

func TestEveryRuleThatTheCatalogNamesHasArticleAndWords(t *testing.T) {
	for _, entry := range events.Catalog {
		for _, id := range entry.Rules {
			if !slices.Contains(policy.Required, id) {
				t.Errorf("%s names %s, which a policy may lack", entry.Kind, id)
			}
		}
	}
	for _, id := range policy.Required {
		if r := policy.Builtin().Rule(id); r == nil || r.ID != id || r.Article == "" || r.Words == "" {
			t.Errorf("the draft has no article and words for %s", id)
		}
	}
	if policy.Builtin().Rule("R99-9") != nil {
		t.Error("there is a rule R99-9")
	}
}

func TestOtherMeasuresAreAnotherFile(t *testing.T) {
	p := donghai(t)
	for grade, want := range map[string]policy.Outcome{"A": policy.Top, "B": policy.Pass, "C": policy.Pass,
		"D": policy.Fail, "excellent": ""} {
		if got := p.Outcome(grade); got != want {
			t.Errorf("grade %s means %q, want %q", grade, got, want)
		}
	}
	if p.Parameters.FailuresToRevoke.Value != 3 || p.Use("sponsorship") != nil ||
		p.Use("vehicle").Class != policy.Forbidden {
		t.Error("the other policy is read as the draft")
	}
	if got := p.Standing("research", "31002"); got.Use != "equipment" || got.On(events.ProvinceOther) != policy.Main {
		t.Errorf("of two prefixes that match, the first decides: %+v", got)
	}
	if got := p.Standing("research", "31003"); got.Use != "other" || got.ByCode != "310" {
		t.Errorf("a code under the shorter prefix: %+v", got)
	}
	if got := p.Standing("vehicle", ""); got.On(events.Local) != policy.Review {
		t.Errorf("a forbidden use on local money: %+v", got)
	}
}

// The truth table of section 4: every use with every listed code, on subsidies and on local money.
func TestStandingFollowsUseCodeAndSource(t *testing.T) {
	forbidden := []events.Use{"capital-construction", "sponsorship", "donation", "investment", "fine",
		"debt-repayment"}
	classes := map[events.Use]policy.Class{"proof-of-concept": policy.Main, "pilot": policy.Main,
		"equipment": policy.Main,
		"talent":    policy.Main, "operation": policy.Plain, "other": policy.Review, "of another policy": policy.Plain}
	for _, u := range forbidden {
		classes[u] = policy.Forbidden
	}
	codes := map[string]string{"": "", "31003": "", "30226": "", "30": "", "3100": "", "310": "",
		"309": "construction", "30901": "construction", "31001": "construction", "31005": "construction",
		"3100501": "construction",
		"31009":   "construction", "31010": "construction", "31011": "construction", "31012": "construction",
		"307": "forbidden", "30701": "forbidden", "311": "forbidden", "31101": "forbidden", "31201": "forbidden",
		"31203": "forbidden", "31205": "forbidden", "39906": "forbidden",
		"31006": "review", "31204": "review", "31299": "review", "30213": "review", "31013": "review"}
	for use, class := range classes {
		for code, effect := range codes {
			wantUse, wantClass := use, class
			switch {
			case class == policy.Forbidden:
			case effect == "construction":
				wantUse, wantClass = "capital-construction", policy.Forbidden
			case effect == "forbidden":
				wantClass = policy.Forbidden
			case effect == "review":
				wantUse, wantClass = "other", policy.Review
			}
			wantLocal := wantClass
			if wantUse == "capital-construction" {
				wantLocal = policy.Plain // article 19 supports it (OP-33)
			}
			s := policy.Builtin().Standing(use, code)
			if s.Use != wantUse || s.On(events.ProvinceOther) != wantClass ||
				s.On(events.CentralGuidance) != wantClass || s.On(events.Local) != wantLocal {
				t.Errorf("%s with code %q is %+v, want %s, %s and on local money %s", use, code, s, wantUse,
					wantClass, wantLocal)
			}
			if byCode := effect != "" && class != policy.Forbidden; byCode != (s.ByCode != "") ||
				!strings.HasPrefix(code, s.ByCode) {
				t.Errorf("%s with code %q says that prefix %q decided", use, code, s.ByCode)
			}
			if use != "of another policy" && policy.Builtin().Rule(s.Rule) == nil {
				t.Errorf("%s with code %q follows from rule %q", use, code, s.Rule)
			}
		}
	}
}

func TestTheRuleBehindAForbiddenUseIsThatOfItsWords(t *testing.T) {
	for use, rule := range map[events.Use]events.RuleID{"capital-construction": "R20-2", "sponsorship": "R20-3",
		"donation":   "R20-3",
		"investment": "R20-3", "fine": "R20-4", "debt-repayment": "R20-4", "pilot": "R20-1"} {
		if got := policy.Builtin().Standing(use, "").Rule; got != rule {
			t.Errorf("%s falls under %s, want %s", use, got, rule)
		}
	}
	for code, rule := range map[string]events.RuleID{"30901": "R20-2", "30701": "R20-4", "31203": "R20-3",
		"39906": "R20-3", "31006": "R20-1"} {
		if got := policy.Builtin().Standing("pilot", code).Rule; got != rule {
			t.Errorf("code %s falls under %s, want %s", code, got, rule)
		}
	}
}

func TestADayOfEveryYearExistsInEveryYear(t *testing.T) {
	for _, m := range []policy.MonthDay{"01-01", "02-28", "03-31", "12-31"} {
		for year := events.YearMin; year <= events.YearMax; year++ {
			if got, want := m.In(year).String(), strconv.Itoa(year)+"-"+string(m); got != want {
				t.Fatalf("%s in %d is %s", m, year, got)
			}
		}
	}
}
