package aggregates_test

import (
	"testing"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

func TestGrantDecisions(t *testing.T) { runDecisions(t, grantDecisions) }

// deserving returns a history with the grade excellent for 2024, decided on 2025-06-01, and an approved project.
func deserving() history {
	return graded(2024, "excellent").and(on("2025-06-02", project("P1", true, true)))
}

func fromSource(g *events.SubsidyGranted, source events.Source) *events.SubsidyGranted {
	g.Source = source
	return g
}

// spentIn2025 returns a history with 100 万元 in 2025, of which an amount is spent.
func spentIn2025(amount events.Fen) history {
	return granted().and(on("2025-11-30", spend("V1", "pilot", "G1", amount)))
}

var grantDecisions = []decisionCase{
	{"a grant to a center that was not revoked is accepted", active(), on("2025-01-10", other("G1", 2025, wan)),
		accepted(), draft},
	{"a grant on the day of the revocation is refused", active().and(on("2025-01-10", revocation())),
		on("2025-01-10", other("G1", 2025, wan)), refusedBy("R18-3"), draft},
	{"a grant on the day before the revocation is accepted", active().and(on("2025-01-10", revocation())),
		on("2025-01-09", other("G1", 2025, wan)), accepted(), draft},

	{"a construction grant of 200 万元 is accepted", deserving(),
		on("2025-06-10", construction("C1", 2025, 2024, 200*wan)), accepted(), draft},
	{"a construction grant of a fen more is refused", deserving(),
		on("2025-06-10", construction("C1", 2025, 2024, 200*wan+1)), refusedBy("R17-1"), draft},
	{"two construction grants together may reach 200 万元",
		deserving().and(on("2025-06-10", construction("C1", 2025, 2024, 150*wan))),
		on("2025-06-11", construction("C2", 2025, 2024, 50*wan)), accepted(), draft},
	{"two construction grants together may not exceed it",
		deserving().and(on("2025-06-10", construction("C1", 2025, 2024, 150*wan))),
		on("2025-06-11", construction("C2", 2025, 2024, 50*wan+1)), refusedBy("R17-1"), draft},
	{"a construction grant of a later date counts too",
		deserving().and(on("2025-06-20", construction("C1", 2025, 2024, 150*wan))),
		on("2025-06-11", construction("C2", 2025, 2024, 50*wan+1)), refusedBy("R17-1"), draft},
	{"what was reversed of a construction grant can be granted again",
		deserving().and(on("2025-06-10", construction("C1", 2025, 2024, 200*wan)),
			on("2025-06-11", reverse("C1", 80*wan))), on("2025-06-12", construction("C2", 2025, 2024, 80*wan)),
		accepted(), draft},
	{"a construction grant for another year is counted apart",
		graded(2024, "excellent", "excellent").and(on("2026-06-10", construction("C1", 2026, 2024, 200*wan))),
		on("2026-06-11", construction("C2", 2026, 2025, 200*wan)), accepted(), draft},
	{"a construction grant from a provincial source is refused", deserving(),
		on("2025-06-10", fromSource(construction("C1", 2025, 2024, wan), events.ProvinceOther)),
		refusedBy("R17-1"), draft},
	{"a construction grant for a qualified year is refused", graded(2024, "qualified"),
		on("2025-06-10", construction("C1", 2025, 2024, wan)), refusedBy("R17-1"), draft},
	{"a construction grant on the day of the grade is accepted", deserving(),
		on("2025-06-01", construction("C1", 2025, 2024, wan)), accepted(), draft},
	{"a construction grant on the day before the grade is refused", deserving(),
		on("2025-05-31", construction("C1", 2025, 2024, wan)), refusedBy("R17-1"), draft},
	{"a construction grant for no year is refused", deserving(), on("2025-06-10", construction("C1", 2025, 0, wan)),
		refusedBy("R17-1"), draft},
	{"a construction grant for a year that is no support year is refused",
		deserving().and(on("2025-06-09", taskBook("2025-06-09", "2028-05-31", 2025, 2026))),
		on("2025-06-10", construction("C1", 2025, 2024, wan)), refusedBy("R17-1"), draft},
	{"support years are those of the latest task book on the day",
		deserving().and(on("2025-06-11", taskBook("2025-06-09", "2028-05-31", 2025, 2026))),
		on("2025-06-10", construction("C1", 2025, 2024, wan)), accepted(), draft},

	{"a project grant of 1000 万元 is accepted", deserving(),
		on("2025-06-10", projectGrant("J1", 2025, "P1", 1000*wan)), accepted(), draft},
	{"a project grant of a fen more is refused", deserving(),
		on("2025-06-10", projectGrant("J1", 2025, "P1", 1000*wan+1)), refusedBy("R17-2"), draft},
	{"project grants of one fiscal year together may not exceed the cap",
		deserving().and(on("2025-06-10", projectGrant("J1", 2025, "P1", 600*wan))),
		on("2025-06-11", projectGrant("J2", 2025, "P1", 400*wan+1)), refusedBy("R17-2"), draft},
	{"a back-dated project grant evades no cap",
		deserving().and(on("2025-07-10", projectGrant("J1", 2025, "P1", 600*wan))),
		on("2025-06-11", projectGrant("J2", 2025, "P1", 400*wan+1)), refusedBy("R17-2"), draft},
	{"what was reversed of a project grant leaves room",
		deserving().and(on("2025-06-10", projectGrant("J1", 2025, "P1", 1000*wan)),
			on("2025-06-11", reverse("J1", wan))), on("2025-06-12", projectGrant("J2", 2025, "P1", wan)),
		accepted(), draft},
	{"project grants of the next fiscal year are counted apart",
		graded(2024, "qualified", "qualified").and(on("2026-06-02", project("P1", true, true)),
			on("2026-06-10", projectGrant("J1", 2026, "P1", 1000*wan)), on("2026-12-10", grading(2026, "qualified"))),
		on("2026-12-11", projectGrant("J2", 2027, "P1", 1000*wan)), accepted(), draft},
	{"a project grant of another source is refused", deserving(),
		on("2025-06-10", fromSource(projectGrant("J1", 2025, "P1", wan), events.ProvinceOther)),
		refusedBy("R17-2"), draft},
	{"a project grant of another source does not fill the cap",
		deserving().and(on("2025-06-10", fromSource(projectGrant("J1", 2025, "P1", 1000*wan), events.ProvinceOther))),
		on("2025-06-11", projectGrant("J2", 2025, "P1", 1000*wan)), accepted(), draft},
	{"a project grant without a project is refused", deserving(), on("2025-06-10", projectGrant("J1", 2025, "", wan)),
		refusedBy("R17-2"), draft},
	{"a project approved on the day of the grant will do", deserving(),
		on("2025-06-02", projectGrant("J1", 2025, "P1", wan)), accepted(), draft},
	{"a project approved on the day after the grant will not", deserving(),
		on("2025-06-01", projectGrant("J1", 2025, "P1", wan)), refusedBy("R17-2"), draft},
	{"a project that is not eligible is refused", deserving().and(on("2025-06-02", project("P2", true, false))),
		on("2025-06-10", projectGrant("J1", 2025, "P2", wan)), refusedBy("R17-2"), draft},
	{"a project that is no major pilot verification is refused",
		deserving().and(on("2025-06-02", project("P2", false, true))),
		on("2025-06-10", projectGrant("J1", 2025, "P2", wan)), refusedBy("R17-2"), draft},
	{"a project grant after a qualified year is accepted",
		graded(2024, "qualified").and(on("2025-06-02", project("P1", true, true))),
		on("2025-06-10", projectGrant("J1", 2025, "P1", wan)), accepted(), draft},
	{"a project grant after an unqualified year is refused",
		failed2024.and(on("2025-06-02", project("P1", true, true))),
		on("2025-06-10", projectGrant("J1", 2025, "P1", wan)), refusedBy("R17-2"), draft},
	{"a project grant after an ungraded year is refused", active().and(on("2025-06-01", project("P1", true, true))),
		on("2025-06-10", projectGrant("J1", 2025, "P1", wan)), refusedBy("R17-2"), draft},
	{"a project grant of the next fiscal year looks at this year's grade", deserving(),
		on("2025-12-10", projectGrant("J1", 2026, "P1", wan)), refusedBy("R17-2"), draft},
}

func TestDeferralDecisions(t *testing.T) { runDecisions(t, deferralDecisions) }

var deferralDecisions = []decisionCase{
	{"a grant after a low year is refused", lowYear(), on("2026-01-10", other("G2", 2026, wan)),
		refusedBy("R20-7"), draft},
	{"a grant of the next fiscal year on the last day of a low year is refused", lowYear(),
		on("2025-12-31", other("G2", 2026, wan)), refusedBy("R20-7"), draft},
	{"a grant of the next fiscal year before the year is over is accepted", lowYear(),
		on("2025-12-30", other("G2", 2026, wan)), accepted(), draft},
	{"a grant after a year of exactly 60 % is accepted", spentIn2025(60 * wan),
		on("2026-01-10", other("G2", 2026, wan)), accepted(), draft},
	{"a grant after a year of a fen less is refused", spentIn2025(60*wan - 1),
		on("2026-01-10", other("G2", 2026, wan)), refusedBy("R20-7"), draft},
	{"a grant of the same fiscal year as the low one is accepted", lowYear(), on("2025-12-31", other("G2", 2025, wan)),
		accepted(), draft},
	{"a construction grant is held back by a low year too",
		lowYear().and(on("2025-06-01", grading(2024, "excellent"))),
		on("2026-01-10", construction("C1", 2026, 2024, wan)), refusedBy("R20-7"), draft},
	{"a grant while the year is deferred is refused", lowYear().and(on("2026-01-10", deferral(2026))),
		on("2026-01-10", other("G2", 2026, wan)), refusedBy("R20-7"), draft},
	{"a grant after the release is accepted",
		lowYear().and(on("2026-01-10", deferral(2026)), on("2026-03-01", release(2026))),
		on("2026-03-01", other("G2", 2026, wan)), accepted(), draft},
	{"a grant on the day before the release is refused",
		lowYear().and(on("2026-01-10", deferral(2026)), on("2026-03-01", release(2026))),
		on("2026-02-28", other("G2", 2026, wan)), refusedBy("R20-7"), draft},
	{"a grant after a second deferral is refused",
		lowYear().and(on("2026-01-10", deferral(2026)), on("2026-03-01", release(2026)),
			on("2026-03-01", deferral(2026))), on("2026-03-02", other("G2", 2026, wan)), refusedBy("R20-7"), draft},
	{"a year deferred without being low holds grants back all the same",
		active().and(on("2026-01-10", deferral(2026))), on("2026-01-11", other("G2", 2026, wan)),
		refusedBy("R20-7"), draft},
	{"a revoked center after a low year breaks both rules", lowYear().and(on("2026-01-01", revocation())),
		on("2026-01-10", other("G2", 2026, wan)), refusedBy("R18-3", "R20-7"), draft},

	{"the year after a low one is deferred", lowYear(), on("2026-01-10", deferral(2026)), accepted(), draft},
	{"on the last day of the low year it is deferred already", lowYear(), on("2025-12-31", deferral(2026)),
		accepted(), draft},
	{"the day before it is not", lowYear(), on("2025-12-30", deferral(2026)), refusedBy("R20-6"), draft},
	{"the year after one of exactly 60 % is not deferred", spentIn2025(60 * wan), on("2026-01-10", deferral(2026)),
		refusedBy("R20-6"), draft},
	{"the year of the low rate itself is not deferred", lowYear(), on("2026-01-10", deferral(2025)),
		refusedBy("R20-6"), draft},
	{"a year without money is not low", active(), on("2026-01-10", deferral(2026)), refusedBy("R20-6"), draft},
	{"a year before the registration is not low", active(), on("2024-05-10", deferral(2024)),
		refusedBy("R20-6"), draft},
	{"a deferral is released", lowYear().and(on("2026-01-10", deferral(2026))), on("2026-01-10", release(2026)),
		accepted(), draft},
	{"a year that was not deferred is not released", lowYear(), on("2026-01-10", release(2026)),
		refusedBy("R20-7"), draft},
	{"a deferral is released once", lowYear().and(on("2026-01-10", deferral(2026)), on("2026-02-10", release(2026))),
		on("2026-03-10", release(2026)), refusedBy("R20-7"), draft},
	{"another year's deferral is not the one to release", lowYear().and(on("2026-01-10", deferral(2026))),
		on("2026-02-10", release(2027)), refusedBy("R20-7"), draft},
}

func TestVoucherDecisions(t *testing.T) { runDecisions(t, voucherDecisions) }

var voucherDecisions = []decisionCase{
	{"the whole balance may be spent", granted(), on("2025-02-01", spend("V1", "pilot", "G1", 100*wan)),
		accepted(), draft},
	{"a fen more is overdrawn", granted(), on("2025-02-01", spend("V1", "pilot", "G1", 100*wan+1)),
		refusedBy(events.Overdrawn), draft},
	{"money may be spent on the day it arrives", granted(), on("2025-01-20", spend("V1", "pilot", "G1", 100*wan)),
		accepted(), draft},
	{"money may not be spent on the day before it arrives", granted(), on("2025-01-19", spend("V1", "pilot", "G1", 1)),
		refusedBy(events.Overdrawn), draft},
	{"a receipt recorded after the voucher on the same day comes first",
		granted().and(on("2025-02-01", other("G2", 2025, wan)), on("2025-02-01", spend("V0", "pilot", "G1", wan)),
			on("2025-02-01", receive("G2", wan))),
		on("2025-02-01", spend("V1", "pilot", "G2", wan)), accepted(), draft},
	{"what was recovered cannot be spent", granted().and(on("2025-02-01", recoverFrom("G1", 40*wan))),
		on("2025-02-02", spend("V1", "pilot", "G1", 60*wan+1)), refusedBy(events.Overdrawn), draft},
	{"what a reversal gave back can be spent again",
		granted().and(on("2025-02-01", spend("V0", "pilot", "G1", 100*wan)), on("2025-03-01", unspend("V0"))),
		on("2025-03-01", spend("V1", "pilot", "G1", 100*wan)), accepted(), draft},
	{"but not before the reversal",
		granted().and(on("2025-02-01", spend("V0", "pilot", "G1", 100*wan)), on("2025-03-01", unspend("V0"))),
		on("2025-02-28", spend("V1", "pilot", "G1", 1)), refusedBy(events.Overdrawn), draft},
	{"a back-dated voucher that overdraws a later one is refused",
		granted().and(on("2025-03-01", spend("V0", "pilot", "G1", 100*wan))),
		on("2025-02-01", spend("V1", "pilot", "G1", 1)), refusedBy(events.Overdrawn), draft},
	{"a back-dated voucher that leaves enough for the later one is accepted",
		granted().and(on("2025-03-01", spend("V0", "pilot", "G1", 60*wan))),
		on("2025-02-01", spend("V1", "pilot", "G1", 40*wan)), accepted(), draft},
	{"a back-dated voucher covered by a later receipt is still overdrawn on its day",
		active().and(on("2025-01-10", other("G1", 2025, 100*wan)), on("2025-03-01", receive("G1", 100*wan))),
		on("2025-02-01", spend("V1", "pilot", "G1", 1)), refusedBy(events.Overdrawn), draft},
	{"several lines on one grant are summed", granted(),
		on("2025-02-01", spend("V1", "pilot", "G1", 60*wan, line("G1", 40*wan))), accepted(), draft},
	{"several lines on one grant are overdrawn together", granted(),
		on("2025-02-01", spend("V1", "pilot", "G1", 60*wan, line("G1", 40*wan+1))),
		refusedBy(events.Overdrawn), draft},
	{"several back-dated lines are overdrawn together",
		granted().and(on("2025-03-01", spend("V0", "pilot", "G1", 10*wan))),
		on("2025-02-01", spend("V1", "pilot", "G1", 60*wan, line("G1", 40*wan))), refusedBy(events.Overdrawn), draft},
	{"each grant of a voucher is looked at", matched,
		on("2025-02-01", spend("V1", "pilot", "G1", wan, line("M1", 50*wan+1))), refusedBy(events.Overdrawn), draft},
	{"own money covers no grant", granted(),
		on("2025-02-01", spend("V1", "pilot", "G1", 100*wan+1, func(f *events.FundsSpent) { f.OwnFen = wan })),
		refusedBy(events.Overdrawn), draft},
	{"a forbidden use is a fact and is recorded", granted(), on("2025-02-01", spend("V1", "donation", "G1", wan)),
		accepted(), draft},
	{"an out-transfer without a task book is a fact and is recorded", granted(),
		on("2025-02-01", spend("V1", "pilot", "G1", wan, under(""))), accepted(), draft},
	{"spending after the revocation is a fact and is recorded", granted().and(on("2025-02-01", revocation())),
		on("2025-02-02", spend("V1", "pilot", "G1", wan)), accepted(), draft},
	{"a further voucher on a grant that is overdrawn already is refused",
		granted().and(on("2025-02-01", spend("V0", "pilot", "G1", 101*wan))),
		on("2025-02-02", spend("V1", "pilot", "G1", 1)), refusedBy(events.Overdrawn), draft},
	{"a voucher between a voucher that was overdrawn already and its reversal overdraws itself",
		granted().and(on("2025-02-01", spend("V0", "pilot", "G1", 101*wan)), on("2025-03-01", unspend("V0"))),
		on("2025-02-02", spend("V1", "pilot", "G1", 1)), refusedBy(events.Overdrawn), draft},
	{"a back-dated voucher is not blamed for one that was overdrawn before it came",
		granted().and(on("2025-03-01", spend("V0", "pilot", "G1", 101*wan))),
		on("2025-02-01", spend("V1", "pilot", "G1", wan)), accepted(), draft},
	{"nor for one that was overdrawn on another grant",
		matched.and(on("2025-03-01", spend("V0", "pilot", "G1", 100*wan, line("M1", 51*wan)))),
		on("2025-02-01", spend("V1", "pilot", "G1", wan)), accepted(), draft},
}

func TestTheCapOfProjectMoneySaysWhatItCounts(t *testing.T) {
	s := given(t, draft, deserving().and(on("2025-06-10", projectGrant("J1", 2025, "P1", 600*wan)),
		on("2025-06-11", fromSource(projectGrant("J2", 2025, "P1", 900*wan), events.ProvinceOther)),
		on("2025-06-12", reverse("J1", 100*wan))))
	reason := func(g *events.SubsidyGranted) (last text.Text) {
		t.Helper()
		r, problems := s.record(on("2025-06-13", g), events.Enforce)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		for _, b := range s.center.Judge(r, draft).Breaches {
			last = b.Reason
		}
		return last
	}
	want := text.Say(
		"2025 财政年度来源为省重大科技专项的项目经费已下达净额 5,000,000.00 元，"+
			"连同本次 5,000,000.01 元，共 10,000,000.01 元，超过上限 10,000,000.00 元",
		"project grants of fiscal year 2025 from the major program are 5,000,000.00 yuan net so far; with the "+
			"5,000,000.01 yuan of this one they would be 10,000,000.01 yuan, above the cap of 10,000,000.00 yuan")
	if got := reason(projectGrant("J3", 2025, "P1", 500*wan+1)); got != want {
		t.Errorf("got %v", got)
	}
	s.add(on("2025-06-13", projectGrant("J3", 2025, "P1", 600*wan)))
	want = text.Say(
		"2025 财政年度来源为省重大科技专项的项目经费已下达净额 11,000,000.00 元，超过上限 10,000,000.00 元；"+
			"本次来源不同，不计在内",
		"project grants of fiscal year 2025 from the major program are 11,000,000.00 yuan net so far, above the cap "+
			"of 10,000,000.00 yuan; this one is of another source and is not counted")
	if got := reason(fromSource(projectGrant("J4", 2025, "P1", wan), events.ProvinceOther)); got != want {
		t.Errorf("got %v", got)
	}
}

// A refused deferral names the reason why the year before is not low, and no other.
func TestARefusedDeferralSaysWhyTheYearIsNotLow(t *testing.T) {
	for _, c := range []struct {
		given history
		on    string
		year  int
		want  string
	}{
		{lowYear(), "2025-12-30", 2026, "2025-12-30 2025 年度尚未结束，到 2025-12-31 才能认定执行率是否偏低"},
		{spentIn2025(60 * wan), "2026-01-10", 2026, "2025 年度执行率 60.00%，不低于 60%，不偏低"},
		{active(), "2026-01-10", 2026, "2025 年度没有可用资金，没有执行率"},
		{active(), "2024-05-10", 2024, "中心在 2023 年度尚未登记"},
		{active().and(on("2025-02-01", other("G1", 2025, wan)),
			on("2025-11-01", &events.SubsidyReceived{Grant: "G1", AmountFen: wan})), "2026-01-10", 2026,
			"2025 年度的可用资金有一半以上在 2025-10-01 之后到账，不认定为执行率偏低"},
	} {
		s := given(t, draft, c.given)
		r, _ := s.record(on(c.on, deferral(c.year)), events.Enforce)
		v := s.center.Judge(r, draft)
		found := v.Against(events.Enforce)
		if len(found) != 1 || found[0].Reason.Zh != c.want {
			t.Errorf("expected %s, got %v", c.want, found)
		}
	}
}
