package aggregates_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// delayCase lists the money owed: kind, key, outstanding yuan, last day in time, and the day since which it is
// overdue, or that it is deferred.
type delayCase struct {
	name  string
	given history
	asOf  string
	want  []string
}

func TestDelays(t *testing.T) {
	runAll(t, delayCases, func(c *delayCase) string { return c.name }, (*delayCase).run)
}

func (c *delayCase) run(t *testing.T) {
	s := given(t, policy.Timeline{}, c.given)
	var got []string
	for _, d := range s.center.Delays(s.policies, s.asOf(date(c.asOf))) {
		line := strings.TrimSpace(fmt.Sprintf("%s %s %d %v %v", d.What, d.Key, d.OutstandingFen/100, d.DueOn,
			d.OverdueSince))
		if d.Deferred {
			line += " deferred"
		}
		got = append(got, line)
	}
	if fmt.Sprint(got) != fmt.Sprint(c.want) {
		t.Errorf("got %q, want %q", got, c.want)
	}
}

var delayCases = []delayCase{
	{"a subsidy is owed from the day of the grade", deserving(), "2025-06-02",
		[]string{"entitled 2024 2000000 2025-11-28"}},
	{"and not the day before", deserving(), "2025-05-31", nil},
	{"on the last day it is in time", deserving(), "2025-11-28", []string{"entitled 2024 2000000 2025-11-28"}},
	{"the day after it is overdue", deserving(), "2025-11-29",
		[]string{"entitled 2024 2000000 2025-11-28 2025-11-29"}},
	{"what was granted is no longer owed", deserving().and(on("2025-06-10", construction("C1", 2025, 2024, 150*wan)),
		on("2025-06-10", receive("C1", 150*wan))), "2025-06-20", []string{"entitled 2024 500000 2025-11-28"}},
	{"what was granted and reversed is", deserving().and(on("2025-06-10", construction("C1", 2025, 2024, 150*wan)),
		on("2025-06-12", reverse("C1", 150*wan))), "2025-06-20", []string{"entitled 2024 2000000 2025-11-28"}},
	{"an amount once reached is owed no more, though reversed",
		deserving().and(on("2025-06-10", construction("C1", 2025, 2024, 200*wan)),
			on("2025-06-12", reverse("C1", 200*wan))), "2025-12-31", nil},
	{"while deferred nothing is overdue", deserving().and(on("2025-12-01", deferral(2025))), "2025-12-10",
		[]string{"entitled 2024 2000000 2025-11-28 deferred"}},
	{"after the release it is overdue from that day",
		deserving().and(on("2025-12-01", deferral(2025)), on("2025-12-20", release(2025))), "2025-12-31",
		[]string{"entitled 2024 2000000 2025-11-28 2025-12-20"}},
	{"a grade revised away owes nothing", deserving().and(on("2025-07-01", regrading(2024, "qualified"))),
		"2025-12-31", nil},
	{"a year taken out of the support years before it is due neither",
		deserving().and(on("2025-07-01", taskBook("2025-06-01", "2028-05-31", 2025))), "2025-07-01", nil},
	{"a revoked center is owed nothing",
		deserving().and(on("2025-06-10", other("G1", 2025, wan)), on("2025-06-10", commit("M1", 2025, wan, "")),
			on("2025-07-01", revocation())), "2025-07-01", nil},

	{"a grant is owed from its day", promised, "2025-01-10", []string{"granted G1 1000000 2025-03-11"}},
	{"and overdue after 60 days", promised, "2025-03-12", []string{"granted G1 1000000 2025-03-11 2025-03-12"}},
	{"recovered money was received",
		promised.and(on("2025-02-01", receive("G1", 100*wan)), on("2025-02-02", recoverFrom("G1", 50*wan))),
		"2025-12-31", nil},
	{"a match without a date has none either", active().and(on("2025-01-10", commit("M1", 2025, wan, ""))),
		"2025-12-31", []string{"committed M1 10000"}},
	{"a match is overdue the day after its date",
		active().and(on("2025-01-10", commit("M1", 2025, wan, "2025-06-30")),
			on("2025-02-01", receiveMatch("M1", wan/2))), "2025-07-01",
		[]string{"committed M1 5000 2025-06-30 2025-07-01"}},
}

func TestAGrantBeforeTheFirstPolicyHasNoTerm(t *testing.T) {
	s := given(t, donghai, promised)
	owed := s.center.Delays(s.policies, s.asOf(date("2025-12-31")))
	if len(owed) != 1 || owed[0].DueOn != 0 || owed[0].OverdueSince != 0 ||
		owed[0].DaysOverdue(date("2025-12-31")) != 0 {
		t.Errorf("%+v", owed)
	}
}

func TestTheOfficesAreThoseAssignedLast(t *testing.T) {
	departments := map[string]string{"330203": "省经信厅", "330106": "省科技厅"}
	assign := func(region string) events.Payload {
		return &events.CenterAssigned{IndustryDept: departments[region], LocalGov: region}
	}
	registered := active()
	for _, c := range []struct {
		name  string
		given history
		want  string
	}{
		{"without an assignment it is that of the region", registered,
			given(t, draft, registered).center.Facts(date("2025-12-31")).Region},
		{"the latest counts, not the last recorded",
			registered.and(on("2025-03-01", assign("330203")), on("2025-02-01", assign("330106"))), "330203"},
		{"of one day the last recorded",
			registered.and(on("2025-03-01", assign("330203")), on("2025-03-01", assign("330106"))), "330106"},
		{"a later one does not count",
			registered.and(on("2025-03-01", assign("330203")), on("2026-01-01", assign("330106"))), "330203"},
		{"nor one that is voided",
			registered.and(on("2025-03-01", assign("330203")), on("2025-04-01", assign("330106")).called("wrong"),
				on("2025-05-01", voided("wrong")).by(events.STOffice)), "330203"},
	} {
		t.Run(c.name, func(t *testing.T) {
			center := given(t, draft, c.given).center
			if got := center.LocalGov(date("2025-12-31")); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
			want := departments[c.want]
			if len(c.given) == len(registered) {
				want = "" // none was assigned
			}
			if got := center.IndustryDept(date("2025-12-31")); got != want {
				t.Errorf("the department is %q, expected %q", got, want)
			}
		})
	}
}

func TestUnspentMoneyIsOfTheLatestReceipts(t *testing.T) {
	received := active().and(on("2024-06-10", other("G1", 2024, 100*wan)), on("2024-07-01", receive("G1", 10*wan)),
		on("2025-07-01", receive("G1", 20*wan)), on("2026-07-01", receive("G1", 30*wan)))
	for _, c := range []struct {
		name  string
		given history
		want  string // yuan of this year, the year before, earlier, overdrawn; received, spent
	}{
		{"nothing is spent", received, "300000 200000 100000 0; 600000 0"},
		{"spending takes the oldest", received.and(on("2026-08-01", spend("V1", "pilot", "G1", 15*wan))),
			"300000 150000 0 0; 600000 150000"},
		{"and so do recoveries", received.and(on("2026-08-01", recoverFrom("G1", 15*wan))),
			"300000 150000 0 0; 450000 0"},
		{"a reversed voucher took nothing", received.and(on("2026-08-01", spend("V1", "pilot", "G1", 15*wan)),
			on("2026-08-02", unspend("V1"))), "300000 200000 100000 0; 600000 0"},
		{"a voucher reversed later took", received.and(on("2026-08-01", spend("V1", "pilot", "G1", 15*wan)),
			on("2027-01-02", unspend("V1"))), "300000 150000 0 0; 600000 150000"},
		{"what is overdrawn has no age", received.and(on("2026-08-01", spend("V1", "pilot", "G1", 61*wan))),
			"0 0 0 -10000; 600000 610000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := given(t, policy.Timeline{}, c.given)
			var got []string
			for _, u := range s.center.Unspent(s.policies, date("2026-12-31"), "") {
				got = append(got, fmt.Sprintf("%d %d %d %d; %d %d", u.ThisYearFen/100, u.LastYearFen/100,
					u.EarlierFen/100, u.OverdrawnFen/100, u.ReceivedFen/100, u.SpentFen/100))
			}
			if len(got) != 1 || got[0] != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestDeferrals(t *testing.T) {
	for _, c := range []struct {
		name     string
		given    history
		asOf     string
		expected bool
		want     []string
	}{
		{"a low year is to be decided on from its last day", lowYear(), "2025-12-31", false,
			[]string{"2026 to-be-decided by 2026-01-30"}},
		{"and not before", lowYear(), "2025-12-30", false, nil},
		{"before, it is expected if that is asked for", lowYear(), "2025-12-30", true, []string{"2026 expected by "}},
		{"of a revoked center nothing is expected", lowYear().and(on("2025-12-01", revocation())), "2025-12-30",
			true, nil},
		{"on the last day for the decision it is in time", lowYear(), "2026-01-30", false,
			[]string{"2026 to-be-decided by 2026-01-30"}},
		{"the day after it is overdue", lowYear(), "2026-01-31", false, []string{"2026 overdue by 2026-01-30"}},
		{"a deferral decides", lowYear().and(on("2026-02-05", deferral(2026))), "2026-02-05", false,
			[]string{"2026 deferred by 2026-01-30 2026-02-05"}},
		{"a release ends it", lowYear().and(on("2026-01-05", deferral(2026)), on("2026-06-05", release(2026))),
			"2026-12-30", false, []string{"2026 released by 2026-01-30 2026-01-05 2026-06-05"}},
		{"a deferral after the release begins anew",
			lowYear().and(on("2026-01-05", deferral(2026)), on("2026-06-05", release(2026)),
				on("2026-07-05", deferral(2026))), "2026-12-30", false,
			[]string{"2026 deferred by 2026-01-30 2026-07-05"}},
		{"a grant made all the same is named, net",
			lowYear().and(on("2026-01-05", deferral(2026)), on("2026-01-10", other("G2", 2026, 3*wan)),
				on("2026-01-12", reverse("G2", wan))), "2026-03-01", false,
			[]string{"2026 deferred by 2026-01-30 2026-01-05 G2 20000"}},
		{"a deferral of a year after no low one is listed", active().and(on("2025-03-05", deferral(2025))),
			"2025-12-30", false, []string{"2025 deferred by  2025-03-05"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := given(t, policy.Timeline{}, c.given)
			var got []string
			for _, d := range s.center.Deferrals(s.policies, s.asOf(date(c.asOf)), c.expected) {
				line := fmt.Sprintf("%d %s by %v", d.FiscalYear, d.State, d.DecideBy)
				for _, on := range []events.Date{d.DeferredOn, d.ReleasedOn} {
					if on != 0 {
						line += " " + on.String()
					}
				}
				for _, g := range d.Made {
					line += fmt.Sprintf(" %s %d", g.Grant, g.NetFen/100)
				}
				got = append(got, line)
			}
			if fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestACenterThatIsNotRegisteredOwesAndHoldsNothing(t *testing.T) {
	c := aggregates.NewCenter(center)
	day := date("2026-12-31")
	e := c.Evaluate(draft, day)
	if c.Delays(draft, e) != nil || c.Deferrals(draft, e, true) != nil || c.Unspent(draft, day, "") != nil ||
		c.Spending(draft, day) != nil || c.LocalGov(day) != "" {
		t.Error("something of nothing")
	}
}
