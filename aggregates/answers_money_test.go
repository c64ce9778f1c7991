package aggregates_test

import (
	"testing"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
)

// moneyCase is a history with the expected figures of one year and scope as of a date.
type moneyCase struct {
	name  string
	given history
	asOf  string
	year  int
	scope aggregates.Scope
	want  aggregates.Money
	rate  string
	low   bool
}

var noMoney = aggregates.Money{} // there is no line of it

// fen returns a Money. Its arguments are in the order of the report.
func fen(granted, carriedIn, received, spentAll, ineligible events.Fen) aggregates.Money {
	return aggregates.Money{GrantedFen: granted, CarriedInFen: carriedIn, ReceivedFen: received, SpentAllFen: spentAll,
		IneligibleFen: ineligible}
}

const (
	province = aggregates.ProvinceScope
	central  = aggregates.CentralScope
	fiscal   = aggregates.FiscalScope
	local    = aggregates.LocalScope
)

// fourSources returns a history with one grant of each source and a match, of 10, 20, 30 and 40 万元, of which 1, 2, 3
// and 4 are spent.
func fourSources() history {
	return active().and(
		on("2025-01-10", grantFrom(events.CentralGuidance, "G1", 2025, 10*wan)),
		on("2025-01-20", receive("G1", 10*wan)),
		on("2025-01-10", grantFrom(events.MajorProgram, "G2", 2025, 20*wan)), on("2025-01-20", receive("G2", 20*wan)),
		on("2025-01-10", grantFrom(events.ProvinceOther, "G3", 2025, 30*wan)), on("2025-01-20", receive("G3", 30*wan)),
		on("2025-01-10", commit("M1", 2025, 40*wan, "")), on("2025-01-20", receiveMatch("M1", 40*wan)),
		on("2025-05-01", spend("V1", "pilot", "G1", 1*wan, line("G2", 2*wan), line("G3", 3*wan), line("M1", 4*wan))))
}

var moneyCases = []moneyCase{
	{"province is the major program and other provincial money", fourSources(), "2025-12-31", 2025, province,
		fen(50*wan, 0, 50*wan, 5*wan, 0), "10.00", true},
	{"central is central guidance", fourSources(), "2025-12-31", 2025, central, fen(10*wan, 0, 10*wan, wan, 0),
		"10.00", false},
	{"fiscal is both", fourSources(), "2025-12-31", 2025, fiscal, fen(60*wan, 0, 60*wan, 6*wan, 0), "10.00", false},
	{"local is matching money", fourSources(), "2025-12-31", 2025, local, fen(40*wan, 0, 40*wan, 4*wan, 0),
		"10.00", false},
	{"a scope without anything has no line", granted(), "2025-12-31", 2025, local, noMoney, "", false},
	{"a year without anything has no line", granted(), "2025-12-31", 2024, province, noMoney, "", false},
	{"a year to come has no line", granted(), "2025-12-31", 2026, province, noMoney, "", false},

	{"what is left is carried over", fourSources(), "2026-01-01", 2026, province, fen(0, 45*wan, 0, 0, 0),
		"0.00", false},
	{"what is left of two years is carried over",
		fourSources().and(on("2026-05-01", spend("V2", "pilot", "G3", 7*wan))), "2027-01-01", 2027, province,
		fen(0, 38*wan, 0, 0, 0), "0.00", false},
	{"forbidden uses are spent too and not carried over",
		granted().and(on("2025-05-01", spend("V1", "fine", "G1", 30*wan))), "2026-01-01", 2026, province,
		fen(0, 70*wan, 0, 0, 0), "0.00", false},
	{"an overdraft is carried over below zero, and has no rate",
		granted().and(on("2025-05-01", spend("V1", "pilot", "G1", 130*wan))), "2026-01-01", 2026, province,
		fen(0, -30*wan, 0, 0, 0), "", false},

	{"money granted is not available before it arrives", promised, "2025-12-31", 2025, province,
		fen(100*wan, 0, 0, 0, 0), "", false},
	{"a reversal lessens what was granted, in the fiscal year of the grant",
		promised.and(on("2026-02-01", reverse("G1", 40*wan))), "2026-12-31", 2025, province, fen(60*wan, 0, 0, 0, 0),
		"", false},
	{"a grant counts in its fiscal year, its receipt in the year of the day",
		active().and(on("2025-12-10", other("G1", 2026, wan)), on("2025-12-20", receive("G1", wan))), "2026-12-31",
		2025, province, fen(0, 0, wan, 0, 0), "0.00", false},
	{"a grant of the next fiscal year counts there",
		active().and(on("2025-12-10", other("G1", 2026, wan)), on("2025-12-20", receive("G1", wan))), "2026-12-31",
		2026, province, fen(wan, wan, 0, 0, 0), "0.00", true},
	{"a recovery lessens what was received, in the year of the day",
		granted().and(on("2026-02-01", recoverFrom("G1", 30*wan))), "2026-12-31", 2026, province,
		fen(0, 100*wan, -30*wan, 0, 0), "0.00", true},
	{"what was recovered in the same year was not received",
		granted().and(on("2025-02-01", recoverFrom("G1", 30*wan))), "2025-12-31", 2025, province,
		fen(100*wan, 0, 70*wan, 0, 0), "0.00", true},

	{"a forbidden use is not executed",
		granted().and(on("2025-05-01", spend("V1", "fine", "G1", 30*wan)),
			on("2025-05-02", spend("V2", "pilot", "G1", 60*wan))), "2025-12-31", 2025, province,
		fen(100*wan, 0, 100*wan, 90*wan, 30*wan), "60.00", false},
	{"a use to be ruled on is executed", granted().and(on("2025-05-01", spend("V1", "other", "G1", 60*wan))),
		"2025-12-31", 2025, province, fen(100*wan, 0, 100*wan, 60*wan, 0), "60.00", false},
	{"a construction code makes it ineligible",
		granted().and(on("2025-05-01", spend("V1", "equipment", "G1", 60*wan, econ("31009")))), "2025-12-31", 2025,
		province, fen(100*wan, 0, 100*wan, 60*wan, 60*wan), "0.00", true},
	{"local capital construction is plain",
		matched.and(on("2025-05-01", spend("V1", "capital-construction", "M1", 10*wan, line("G1", 5*wan)))),
		"2025-12-31", 2025, local, fen(50*wan, 0, 50*wan, 10*wan, 0), "20.00", false},
	{"on the provincial line of the same voucher it is forbidden",
		matched.and(on("2025-05-01", spend("V1", "capital-construction", "M1", 10*wan, line("G1", 5*wan)))),
		"2025-12-31", 2025, province, fen(100*wan, 0, 100*wan, 5*wan, 5*wan), "0.00", true},
	{"own money is in no scope",
		granted().and(on("2025-05-01",
			spend("V1", "pilot", "G1", 60*wan, func(f *events.FundsSpent) { f.OwnFen = 40 * wan }))), "2025-12-31",
		2025, fiscal, fen(100*wan, 0, 100*wan, 60*wan, 0), "60.00", false},

	{"a reversal in the same year takes the voucher back", spentIn2025(80 * wan).and(on("2025-12-31", unspend("V1"))),
		"2025-12-31", 2025, province, fen(100*wan, 0, 100*wan, 0, 0), "0.00", true},
	{"a reversal in a later year leaves the voucher's year alone",
		spentIn2025(80 * wan).and(on("2026-01-01", unspend("V1"))), "2026-12-31", 2025, province,
		fen(100*wan, 0, 100*wan, 80*wan, 0), "80.00", false},
	{"a reversal in a later year lessens what was spent then",
		spentIn2025(80 * wan).and(on("2026-01-01", unspend("V1"))), "2026-12-31", 2026, province,
		fen(0, 20*wan, 0, -80*wan, 0), "-400.00", true},
	{"a forbidden voucher reversed in a later year is taken back there",
		granted().and(on("2025-05-01", spend("V1", "fine", "G1", 30*wan)), on("2026-01-01", unspend("V1"))),
		"2026-12-31", 2026, province, fen(0, 70*wan, 0, -30*wan, -30*wan), "0.00", true},

	{"a ruling in a later year moves what is ineligible in the voucher's year, and its low does not move",
		spentIn2025(100 * wan).and(on("2026-03-01", rule("V1", "fine"))), "2026-12-31", 2025, province,
		fen(100*wan, 0, 100*wan, 100*wan, 100*wan), "0.00", false},
	{"as of the day before the ruling it is executed",
		spentIn2025(100 * wan).and(on("2026-03-01", rule("V1", "fine"))), "2026-02-28", 2025, province,
		fen(100*wan, 0, 100*wan, 100*wan, 0), "100.00", false},
	{"a ruling that allows in a later year leaves the year low",
		granted().and(on("2025-05-01", spend("V1", "fine", "G1", 100*wan)), on("2026-03-01", rule("V1", "pilot"))),
		"2026-12-31", 2025, province, fen(100*wan, 0, 100*wan, 100*wan, 0), "100.00", true},
	{"a ruling dated after a reversal moves both years", spentIn2025(100*wan).and(on("2026-03-01", rule("V1", "fine")),
		on("2026-02-01", unspend("V1"))), "2026-12-31", 2026, province, fen(0, 0, 0, -100*wan, -100*wan), "", false},

	{"a rate of a third is shown with two decimals", spentIn2025(333_333 * yuan), "2025-12-31", 2025, province,
		fen(100*wan, 0, 100*wan, 333_333*yuan, 0), "33.33", true},
	{"a low year is not known before its last day", lowYear(), "2025-12-30", 2025, province,
		fen(100*wan, 0, 100*wan, 599_900*yuan, 0), "59.99", false},
	{"and is on it", lowYear(), "2025-12-31", 2025, province, fen(100*wan, 0, 100*wan, 599_900*yuan, 0),
		"59.99", true},
	{"exactly 60 % is not low", spentIn2025(60 * wan), "2025-12-31", 2025, province,
		fen(100*wan, 0, 100*wan, 60*wan, 0), "60.00", false},
	{"what is shown as 60.00 % may be low", spentIn2025(60*wan - 1), "2025-12-31", 2025, province,
		fen(100*wan, 0, 100*wan, 60*wan-1, 0), "60.00", true},
}

func TestMoney(t *testing.T) {
	for _, c := range moneyCases {
		t.Run(sentence(c.name), func(t *testing.T) {
			var got aggregates.Execution
			for _, e := range given(t, draft, c.given).asOf(date(c.asOf)).Executions {
				if e.Year == c.year && e.Scope == c.scope {
					got = e
				}
			}
			if got.Money != c.want || got.Low != c.low || got.RatePercent() != c.rate {
				t.Errorf("%+v, rate %s, low %v; want %+v, rate %s, low %v", got.Money, got.RatePercent(), got.Low,
					c.want, c.rate, c.low)
			}
		})
	}
}

// Conservation (section 8): the scopes add up to the whole, and the balances of the grants to the figures.
func TestWhatIsLeftOfEachGrantIsWhatIsLeftInTheScopes(t *testing.T) {
	for _, c := range allAlerts {
		s := given(t, c.policies, c.given)
		end := date("2100-12-31")
		var balances events.Fen
		for _, b := range s.center.Balances() {
			balances += b
		}
		scopes := map[aggregates.Scope]events.Fen{}
		for _, e := range s.asOf(end).Executions {
			if e.Year == 2100 {
				scopes[e.Scope] = e.BalanceFen()
			}
		}
		if scopes[fiscal]+scopes[local] != balances || scopes[province]+scopes[central] != scopes[fiscal] {
			t.Errorf("%s: balances of %d, scopes %v", c.name, balances, scopes)
		}
	}
}

func TestRatesAreShownHalfAwayFromZero(t *testing.T) {
	const huge = 10_000_000_000_000
	for _, c := range []struct {
		executed, available events.Fen
		want                string
	}{
		{0, 0, ""}, {1, 0, ""}, {1, -5, ""}, {0, 1, "0.00"}, {1, 3, "33.33"}, {2, 3, "66.67"},
		{5, 100_000, "0.01"}, {4, 100_000, "0.00"}, {-5, 100_000, "-0.01"}, {-1, 3, "-33.33"},
		{12_345, 100_000, "12.35"}, {-12_345, 100_000, "-12.35"},
		{huge, huge, "100.00"}, {huge - 1, huge, "100.00"}, {1, huge, "0.00"}, {huge, 1, "1000000000000000.00"},
		{-huge, 3, "-333333333333333.33"},
		{200, 100, "200.00"},
	} {
		m := aggregates.Money{ReceivedFen: c.available, SpentAllFen: c.executed}
		if got := m.RatePercent(); got != c.want {
			t.Errorf("%d of %d is %s, want %s", c.executed, c.available, got, c.want)
		}
	}
}
