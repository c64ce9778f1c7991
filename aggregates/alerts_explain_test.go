package aggregates_test

import (
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
)

// explainCase is an alert with its expected explanation: the labels of the events from which it follows, in order,
// and one of its figures.
type explainCase struct {
	name    string
	given   history
	asOf    string
	code    aggregates.Code
	key     string
	because []string
	figure  string
	value   string
	rules   []events.RuleID
}

var explainCases = []explainCase{
	{"project money above the cap follows from the grants of the program and fiscal year, and their reversals, up " +
		"to it",
		deserving().and(
			on("2025-06-05", construction("C1", 2025, 2024, wan)).called("construction"),
			on("2025-06-06", fromSource(projectGrant("J0", 2025, "P1", wan), events.ProvinceOther)).called(
				"other source"),
			on("2025-06-10", projectGrant("J1", 2025, "P1", 1000*wan)).called("first"),
			on("2025-06-11", reverse("J1", wan)).called("reversal"),
			on("2025-06-12", projectGrant("J2", 2025, "P1", 2*wan)).called("second"),
			on("2025-06-13", projectGrant("J3", 2025, "P1", wan)).called("third"),
			on("2025-06-10", projectGrant("J4", 2026, "P1", wan)).called("next year")),
		"2025-12-31", "AL-PRJ-01", "J2", []string{"second", "first", "reversal"}, "sum", "1001000000",
		[]events.RuleID{"R17-2"}},
	{"a construction grant above the subsidy follows from those for its year up to it",
		deserving().and(on("2025-06-05", construction("C1", 2025, 2024, 200*wan)).called("first"),
			on("2025-06-06", construction("C2", 2025, 2025, wan)).called("for another year"),
			on("2025-06-07", construction("C3", 2025, 2024, 1)).called("second"),
			on("2025-06-08", construction("C4", 2025, 2024, 1)).called("third")),
		"2025-12-31", "AL-AWD-01", "C3", []string{"second", "first"}, "sum", "200000001", []events.RuleID{"R17-1"}},
	{"a low year follows from what moved its money, and no other",
		active().and(on("2025-01-10", other("G1", 2025, 100*wan)).called("grant"),
			on("2025-01-20", receive("G1", 100*wan)).called("receipt"),
			on("2025-01-10", commit("M1", 2025, wan, "")).called("match"),
			on("2025-01-20", receiveMatch("M1", wan)).called("local receipt"),
			on("2025-05-01", spend("V1", "pilot", "G1", wan)).called("voucher"),
			on("2026-01-01", spend("V2", "pilot", "G1", wan)).called("later")),
		"2026-06-30", "AL-EXE-02", "2025", []string{"receipt", "voucher"}, "rate", "1.00", []events.RuleID{"R20-6"}},
	{"with money carried in it follows from the years before too",
		active().and(on("2024-12-01", other("G1", 2024, 100*wan)).called("grant"),
			on("2024-12-02", receive("G1", 100*wan)).called("receipt"),
			on("2025-05-01", spend("V1", "pilot", "G1", wan)).called("voucher")),
		"2026-06-30", "AL-EXE-02", "2025", []string{"receipt", "voucher"}, "available", "100000000",
		[]events.RuleID{"R20-6"}},
	{"money announced ahead and paid all the same follows from the grant, the receipt and the deferral",
		lowYear().and(on("2025-12-31", other("G2", 2026, 2*wan)).called("grant"),
			on("2026-01-05", deferral(2026)).called("deferral"),
			on("2026-02-01", receive("G2", wan)).called("receipt"),
			on("2026-03-01", receive("G2", 1)).called("another")),
		"2026-12-31", "AL-EXE-05", "G2", []string{"grant", "receipt", "deferral"}, "received", "1000001",
		[]events.RuleID{"R20-7"}},
	{"without a word on the fiscal year it follows from the grant and the receipt, and names the rate",
		lowYear().and(on("2025-12-31", other("G2", 2026, 2*wan)).called("grant"),
			on("2026-02-01", receive("G2", wan)).called("receipt")),
		"2026-12-31", "AL-EXE-05", "G2", []string{"grant", "receipt"}, "rate", "59.99", []events.RuleID{"R20-7"}},
	{"a grant late again follows from the release too",
		active().and(on("2025-01-10", other("G1", 2025, wan)).called("grant"),
			on("2025-02-01", deferral(2025)).called("deferral"), on("2025-05-01", release(2025)).called("release")),
		"2025-12-31", "AL-FND-01", "G1", []string{"grant", "release"}, "net", "1000000", []events.RuleID{"R04-7"}},
	{"an overdrawn voucher names the balance that it leaves",
		granted().and(on("2025-02-01", spend("V1", "pilot", "G1", 101*wan)).called("voucher")),
		"2025-12-31", "AL-FND-03", "V1", []string{"voucher"}, "balance", "-1000000",
		[]events.RuleID{events.Overdrawn}},
	{"a forbidden use follows from the voucher and the ruling that made it so",
		paid("other").and(on("2025-04-01", rule("V1", "fine")).called("ruling")),
		"2025-12-31", "AL-USE-01", "V1", []string{"", "ruling"}, "use", "fine", []events.RuleID{"R20-4"}},
	{"a failure follows from the decision, and its term is a figure",
		active().and(on("2025-06-01", grading(2024, "unqualified")).called("decision")),
		"2025-12-31", "AL-RCT-01", "2024", []string{"decision"}, "term", "30", []events.RuleID{"R18-1"}},
	{"an unmet condition names its own rule and the number registered", passedWith(equipment(1)), "2025-12-31",
		"AL-ADM-01", "R06-2c", []string{""}, "equipmentFen", "1", []events.RuleID{"R06-2c"}},
	{"an organ names the rule that asks for it", governedBut("bylaws"), "2025-12-31", "AL-GOV-01", "bylaws",
		[]string{""}, "from", "2024-05-10", []events.RuleID{"R11-2"}},
	{"an out-transfer above its task book names the sum",
		entrusted(true).and(on("2025-03-01", transfer("V1", 20*wan+1)).called("voucher")), "2025-12-31", "AL-OUT-01",
		"V1", []string{"voucher"}, "sum", "20000001", []events.RuleID{"R20-8"}},
}

// clearedCases are alerts with the label of the record that must have cleared them; "" means that time alone cleared
// the alert.
var clearedCases = []struct {
	name  string
	given history
	code  aggregates.Code
	key   string
	by    string
}{
	{"a ruling clears the use to be ruled on",
		paid("other").and(on("2025-04-01", rule("V1", "fine")).called("ruling")), "AL-USE-02", "V1", "ruling"},
	{"of two rulings on a day the last counts",
		paid("other").and(on("2025-04-01", rule("V1", "other")).called("first"),
			on("2025-04-01", rule("V1", "pilot")).called("second")), "AL-USE-02", "V1", "second"},
	{"the reversal comes before the ruling of a later day",
		paid("fine").and(on("2025-05-01", unspend("V1")).called("reversal")), "AL-USE-01", "V1", "reversal"},
	{"a closing before the reversal", paid("fine").and(on("2025-04-02", closing("AL-USE-01", "V1")).called("closing"),
		on("2025-05-01", unspend("V1")).called("reversal")), "AL-USE-01", "V1", "closing"},
	{"the last of the receipts",
		active().and(on("2025-01-10", other("G1", 2025, wan)), on("2025-02-01", receive("G1", 1)).called("first"),
			on("2025-03-20", receive("G1", wan-1)).called("last")), "AL-FND-01", "G1", "last"},
	{"a deferral before the receipt",
		active().and(on("2025-01-10", other("G1", 2025, wan)), on("2025-03-15", deferral(2025)).called("deferral"),
			on("2025-03-20", receive("G1", wan)).called("receipt")), "AL-FND-01", "G1", "deferral"},
	{"the revocation", active().and(on("2025-01-10", other("G1", 2025, wan)),
		on("2025-03-20", revocation()).called("revocation")), "AL-FND-01", "G1", "revocation"},
	{"a month-end that is not behind is the passing of time",
		carriedInto2026().and(on("2026-03-10", spend("V1", "pilot", "G1", 80*90*yuan))), "AL-EXE-01", "2026-01", ""},
	{"the day after the period is the passing of time", active(), "AL-TSK-02", "2027-05-31", ""},
	{"a record of the day on which time would clear it does",
		active().and(on("2027-06-01", taskBook("2027-06-01", "2030-05-31")).called("book")), "AL-TSK-02",
		"2027-05-31", "book"},
}

func TestAClearedAlertNamesTheRecordThatClearedIt(t *testing.T) {
	for _, c := range clearedCases {
		t.Run(sentence(c.name), func(t *testing.T) {
			why := given(t, draft, c.given).center.Explain(draft, date("2027-12-31"), c.code, c.key, 0)
			want := uuid.Nil
			if c.by != "" {
				want = idOf(c.by)
			}
			if len(why) == 0 || why[0].Open() || why[0].ClearedBy != want {
				t.Errorf("got %+v, want %s", why, c.by)
			}
		})
	}
}

func TestAnAlertIsExplainedByTheEventsAndFiguresItFollowsFrom(t *testing.T) {
	for _, c := range explainCases {
		t.Run(sentence(c.name), func(t *testing.T) {
			s := given(t, draft, c.given)
			why := s.center.Explain(draft, date(c.asOf), c.code, c.key, 0)
			if len(why) != 1 {
				t.Fatalf("%d explanations", len(why))
			}
			x := why[0]
			var want []string
			for i, label := range c.because {
				id := idOf(label).String()
				if label == "" && i < len(x.Because) { // any event of the history
					id = x.Because[i].String()
				}
				want = append(want, id)
			}
			var got []string
			for _, id := range x.Because {
				got = append(got, id.String())
			}
			if !slices.Equal(got, want) {
				t.Errorf("follows from %v, want %v %v", got, c.because, want)
			}
			if !slices.ContainsFunc(x.Figures, func(f aggregates.Figure) bool {
				return f.Name == c.figure && f.Value == c.value
			}) {
				t.Errorf("no figure %s of %s: %+v", c.figure, c.value, x.Figures)
			}
			if !slices.Equal(x.Rules, c.rules) {
				t.Errorf("rules %v", x.Rules)
			}
		})
	}
}
