package aggregates_test

import (
	"testing"

	"github.com/taizhang/taizhang/events"
)

func TestNonsenseAboutVoiding(t *testing.T) { runNonsense(t, voidingCases) }

// labelled is a history with labels on the events that the cases void.
var labelled = active().and(
	on("2025-01-10", other("G1", 2025, 100*wan)).called("grant"),
	on("2025-01-20", receive("G1", 100*wan)).called("receipt"),
	on("2025-03-01", spend("V1", "fine", "G1", 10*wan)).called("voucher"),
	on("2025-03-05", spend("V2", "pilot", "G1", 20*wan)).called("second voucher"))

var voidingCases = []nonsenseCase{
	{"what is not there cannot be voided", voidMissing, labelled, on("2025-04-01", voided("nothing")), "data.event"},
	{"what has no id cannot be voided", voidMissing, labelled, on("2025-04-01", &events.EntryVoided{Event: "V1"}),
		"data.event"},
	{"an entry is voided once", voidTwice, labelled.and(on("2025-04-01", voided("second voucher"))),
		on("2025-04-02", voided("second voucher")), "data.event"},
	{"a voiding is not voided", voidVoiding,
		labelled.and(on("2025-04-01", voided("second voucher")).called("voiding")),
		on("2025-04-02", voided("voiding")), "data.event"},
	{"the registration is not voided", voidRegistration, history{registered()[0].called("registration")},
		on("2025-04-01", voided("registration")), "data.event"},
	{"an entry cannot be voided with an earlier date than its own", beforeNamed, labelled,
		on("2025-02-28", voided("voucher")), "data.event"},
	{"an entry can be voided with its own date", beforeNamed, labelled, on("2025-03-01", voided("voucher")), ""},
	{"a grant whose money was received cannot be voided", voidNeeded, labelled,
		on("2025-04-01", voided("grant")).by(events.Finance), "data.event"},
	{"a voucher that was reversed cannot be voided", voidNeeded, labelled.and(on("2025-04-01", unspend("V1"))),
		on("2025-04-02", voided("voucher")), "data.event"},
	{"once its reversal is voided it can be", voidNeeded,
		labelled.and(on("2025-04-01", unspend("V1")).called("reversal"), on("2025-04-02", voided("reversal"))),
		on("2025-04-03", voided("voucher")), ""},
	{"a receipt that a recovery needs cannot be voided", voidNeeded,
		labelled.and(on("2025-04-01", recoverFrom("G1", wan))), on("2025-04-02", voided("receipt")), "data.event"},
	{"a receipt that was spent can be voided, and the voucher is overdrawn", voidNeeded, labelled,
		on("2025-04-02", voided("receipt")), ""},
	{"a reversal of spending that made room for a recovery cannot be voided", voidNeeded,
		labelled.and(on("2025-04-01", unspend("V1")).called("reversal"), on("2025-04-02", recoverFrom("G1", 80*wan))),
		on("2025-04-03", voided("reversal")), "data.event"},
	{"a decision that was revised cannot be voided", voidNeeded,
		active().and(on("2025-06-01", grading(2024, "excellent")).called("grade"),
			on("2025-06-02", regrading(2024, "qualified"))), on("2025-06-03", voided("grade")).by(events.STOffice),
		"data.event"},
	{"an order that was accepted cannot be voided", voidNeeded,
		failed2024.and(on("2025-06-10", &events.RectificationOrdered{Year: 2024}).called("order"),
			on("2025-06-11", &events.RectificationAccepted{Year: 2024})),
		on("2025-06-12", voided("order")).by(events.STOffice), "data.event"},
	{"an alert.closed does not keep what it closed from being voided", voidNeeded,
		labelled.and(on("2025-04-01", closing("AL-USE-01", "V1"))), on("2025-04-02", voided("voucher")), ""},
	{"only a role that may write the kind may void it", roleNotInTable, labelled,
		on("2025-04-01", voided("voucher")).by(events.STOffice), "by.role"},
	{"finance voids what finance may write", roleNotInTable,
		labelled.and(on("2025-04-01", other("G2", 2025, wan)).called("second grant")),
		on("2025-04-02", voided("second grant")).by(events.Finance), ""},
	{"a center does not void a grant", roleNotInTable,
		labelled.and(on("2025-04-01", other("G2", 2025, wan)).called("second grant")),
		on("2025-04-02", voided("second grant")).by(events.CenterRole), "by.role"},
	{"a waiver is voided by whom the policy lets grant it", notTheGrantor,
		registered().and(on("2024-03-15", waive("R03-2")).called("waiver")),
		on("2024-03-16", voided("waiver")).by(events.STOffice), ""},
	{"a waiver is not voided by another department", notTheGrantor,
		registered().and(on("2024-03-15", waive("R03-2")).called("waiver")),
		on("2024-03-16", voided("waiver")).by(events.Finance), "by.role"},
	{"an administrator voids nothing", roleNotInTable, labelled, on("2025-04-01", voided("voucher")).by(events.Admin),
		"by.role"},
	{"a voucher can be recorded again under its name once it is voided", secondVoucher,
		labelled.and(on("2025-04-01", voided("voucher"))), on("2025-04-02", spend("V1", "pilot", "G1", wan)), ""},
	{"the plaque can be awarded again once it is voided", secondPlaque,
		approved().and(on("2024-05-10", &events.PlaqueAwarded{PlaqueNo: "1"}).called("plaque"),
			on("2024-05-11", voided("plaque")).by(events.STOffice)),
		on("2024-05-12", &events.PlaqueAwarded{PlaqueNo: "2"}), ""},
	{"a grade can be decided again once it is voided", secondGrade,
		active().and(on("2025-06-01", grading(2024, "excellent")).called("grade"),
			on("2025-06-02", voided("grade")).by(events.STOffice)),
		on("2025-06-03", grading(2024, "qualified")), ""},
}

func TestVoiding(t *testing.T) { runAlerts(t, voidingAlerts) }

var voidingAlerts = []alertCase{
	{"an alert is gone for every date once its voucher is voided", labelled.and(on("2025-06-01", voided("voucher"))),
		"2025-04-01", none("AL-USE-01"), draft},
	{"a voided receipt leaves the vouchers paid from it overdrawn", labelled.and(on("2025-06-01", voided("receipt"))),
		"2025-06-01",
		then(raised("AL-FND-03", "V1", "2025-03-01"), raised("AL-FND-03", "V2", "2025-03-05")), draft},
	{"a voucher is not overdrawn once the one before it is voided",
		granted().and(on("2025-03-01", spend("V1", "pilot", "G1", 60*wan)).called("voucher"),
			on("2025-03-02", spend("V2", "pilot", "G1", 60*wan)), on("2025-06-01", voided("voucher"))),
		"2025-06-01", none("AL-FND-03"), draft},
	{"a voided reversal opens the alert again", labelled.and(on("2025-04-01", unspend("V1")).called("reversal"),
		on("2025-06-01", voided("reversal"))), "2025-06-01", then(raised("AL-USE-01", "V1", "2025-03-01")), draft},
	{"a voided ruling never was",
		labelled.and(on("2025-04-01", rule("V2", "fine")).called("ruling"),
			on("2025-06-01", voided("ruling")).by(events.Finance)), "2025-06-01",
		then(raised("AL-USE-01", "V1", "2025-03-01")), draft},
	{"a voided closing opens the alert again",
		labelled.and(on("2025-04-01", closing("AL-USE-01", "V1")).called("closing"),
			on("2025-06-01", voided("closing")).by(events.Auditor)), "2025-06-01",
		then(raised("AL-USE-01", "V1", "2025-03-01")), draft},
	{"a voided grade raises nothing", active().and(on("2025-06-01", grading(2024, "unqualified")).called("grade"),
		on("2025-06-20", voided("grade")).by(events.STOffice)), "2025-12-31", none("AL-RCT-01"), draft},
	{"a voided revocation leaves the center active",
		granted().and(on("2025-02-01", revocation()).called("revocation"),
			on("2025-03-01", spend("V1", "pilot", "G1", wan)),
			on("2025-04-01", voided("revocation")).by(events.STOffice)),
		"2025-12-31", none("AL-REV-02"), draft},
}

func TestAVoidingLeavesTheEntryOutForEveryDateAndKeepsItInTheHistory(t *testing.T) {
	s := given(t, draft, labelled)
	before := s.asOf(date("2025-12-31")).Events
	s.add(on("2025-06-01", voided("voucher")))
	if by, ok := s.center.Voided(idOf("voucher")); !ok || s.center.Has(by) == 0 {
		t.Errorf("the voiding is not found: %v %v", by, ok)
	}
	if s.center.Has(idOf("voucher")) == 0 {
		t.Error("the voided entry is no longer in the history")
	}
	if n := s.asOf(date("2025-12-31")).Events; n != before { // one out, the voiding in
		t.Errorf("%d events, want %d", n, before)
	}
	if n := s.asOf(date("2025-05-31")).Events; n != before-1 {
		t.Errorf("%d events before the voiding's date, want %d", n, before-1)
	}
	if left := s.center.Balances()["G1"]; left != 80*wan {
		t.Errorf("balance is %d", left)
	}
}

func TestARefusedVoidingNamesTheLaterRecord(t *testing.T) {
	s := given(t, draft, labelled)
	r, _ := s.record(on("2025-04-01", voided("grant")).by(events.Finance), events.Enforce)
	v := s.center.Judge(r, draft)
	if len(v.Nonsense) != 1 || !contains(v.Nonsense[0].Reason, idOf("receipt").String()) {
		t.Errorf("%+v", v.Nonsense)
	}
}

// A reason names the date of the other record, so that a clerk can find a mistake in a date.
func TestAReasonNamesTheDateOfTheRecordItSpeaksOf(t *testing.T) {
	s := given(t, draft, granted().and(on("2062-09-01", spend("V9", "pilot", "G1", 100*wan)).called("mistake")))
	for _, c := range []struct {
		name   string
		when   fact
		zh, en string
	}{
		{"the voucher itself", on("2062-09-02", spend("V1", "pilot", "G1", wan)),
			"凭证 V1（2062-09-02）将使 G1 的余额为 -10,000.00 元",
			"voucher V1 of 2062-09-02 would leave G1 with a balance of -10,000.00 yuan"},
		{"a later one", on("2025-03-01", spend("V1", "pilot", "G1", wan)),
			"将使已入账的凭证 V9（2062-09-01）透支：该凭证之后 G1 的余额为 -10,000.00 元",
			"voucher V9 of 2062-09-01, which is recorded already, would then leave G1 with a balance of -10,000.00 " +
				"yuan"},
		{"a voiding before what it voids", on("2025-03-01", voided("mistake")),
			"所指记录的日期是 2062-09-01，作废的日期不能早于它：日期请填 2062-09-01；作废自入账时起生效，不等到那一天",
			"is dated 2062-09-01, and a voiding may not be dated before what it voids: give it the date 2062-09-01; " +
				"a voiding counts from the moment it is recorded, not only from that day"},
	} {
		r, problems := s.record(c.when, events.Enforce)
		v := s.center.Judge(r, draft)
		if why := v.Against(events.Enforce); len(problems) > 0 || len(why) != 1 || why[0].Reason.Zh != c.zh ||
			why[0].Reason.En != c.en {
			t.Errorf("%s: %v %+v", c.name, problems, why)
		}
	}
	s.add(on("2062-09-01", voided("mistake"))) // as the reason says
	if r, _ := s.record(on("2025-03-01", spend("V1", "pilot", "G1", wan)),
		events.Enforce); len(s.center.Judge(r, draft).Breaches) > 0 {
		t.Error("the voucher is still refused after the voiding")
	}
}
