package aggregates_test

import (
	"reflect"
	"testing"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
)

func TestACopyAnswersAlikeAndGoesItsOwnWay(t *testing.T) {
	s := given(t, draft, labelled.and(on("2025-06-01", voided("voucher"))))
	end := date("2025-12-31")
	before := s.asOf(end)
	other := &story{tb: t, center: s.center.Clone(), policies: draft}
	if !reflect.DeepEqual(other.asOf(end), before) || other.center.ID() != center ||
		other.center.Revision() != s.center.Revision() {
		t.Error("the copy answers otherwise")
	}
	other.add(on("2025-06-02", voided("second voucher")))
	if !reflect.DeepEqual(s.asOf(end), before) {
		t.Error("what was recorded in the copy is seen in the center")
	}
	if _, ok := s.center.Voided(idOf("second voucher")); ok {
		t.Error("what was voided in the copy is voided in the center")
	}
}

func TestACopyAndALargeCenterGoTheirOwnWays(t *testing.T) {
	log := recorded(t, busy(1000))
	end := date("2027-12-31")
	tail := func(name string) history {
		return history{on("2027-12-01", spend(name, "fine", "G2027-3", wan)).called(name),
			on("2027-12-02", unspend("V7")).called(name + " reversal"),
			on("2027-12-03", &events.EntryVoided{Event: log[400].ID.String(), Reason: "误录"}).called(name +
				" voiding")}
	}
	s := &story{tb: t, center: fold(t, log), policies: draft}
	copied := &story{tb: t, center: s.center.Clone(), policies: draft}
	for _, turn := range []struct {
		*story
		name string
	}{{s, "its own"}, {copied, "the copy's"}} {
		for _, f := range tail(turn.name) {
			turn.add(f)
		}
	}
	for _, turn := range []struct {
		*story
		name string
	}{{s, "its own"}, {copied, "the copy's"}} {
		alone := &story{tb: t, center: fold(t, log), policies: draft}
		for _, f := range tail(turn.name) {
			alone.add(f)
		}
		if !reflect.DeepEqual(turn.asOf(end), alone.asOf(end)) ||
			!reflect.DeepEqual(turn.center.Balances(), alone.center.Balances()) {
			t.Errorf("%s answers are not those of its history", turn.name)
		}
	}
	if s.center.Has(idOf("the copy's")) != 0 || copied.center.Has(idOf("its own")) != 0 {
		t.Error("one has events of the other")
	}
}

func TestEveryEventOfALargeCenterIsFoundAtItsRevision(t *testing.T) {
	log := recorded(t, busy(1000))
	for name, c := range map[string]*aggregates.Center{"the center": fold(t, log), "a copy": fold(t, log).Clone()} {
		for i, r := range log {
			if rev := c.Has(r.ID); rev != uint64(i+1) {
				t.Fatalf("%s has the event of revision %d at %d", name, i+1, rev)
			}
		}
		if rev := c.Has(idOf("nothing")); rev != 0 {
			t.Errorf("%s has an event that is not there at %d", name, rev)
		}
	}
}

func TestFactsAreThoseOfTheEndOfTheDay(t *testing.T) {
	change := &events.FactsChanged{Name: ptr("新名"), USCC: ptr("52330200MJ8765437Q"), LeadUnit: ptr("新单位"),
		Type: ptr("other"), Services: []string{"pilot"},
		LeadingIndustries: []string{"医药"}, IndustryCode: ptr("C2710"), Region: ptr("330200"),
		FoundedOn: date("2010-01-01"), LegalEntity: ptr(false), NewUnit: ptr(true),
		UsableAreaM2: ptr(int64(1)), EquipmentFen: ptr(events.Fen(2)), RelaxationRequested: ptr(true),
		PilotFunction: ptr(true), PilotDevicesSeparate: ptr(true),
		Fields: []string{"ai"}, EthicsSensitive: ptr(true), EthicsCommittee: ptr(true), Documents: []string{"章程"}}
	s := given(t, draft, registered().and(on("2024-04-01", &events.FactsChanged{Name: ptr("旧名")}),
		on("2024-04-01", change)))
	for day, want := range map[string]events.Facts{"2024-02-29": {}, "2024-03-01": facts(), "2024-03-31": facts(),
		"2024-04-01": {
			Name: "新名", USCC: "52330200MJ8765437Q", LeadUnit: "新单位", Type: "other", Services: []string{"pilot"},
			LeadingIndustries: []string{"医药"}, IndustryCode: "C2710",
			Region: "330200", FoundedOn: date("2010-01-01"), NewUnit: true, UsableAreaM2: 1, EquipmentFen: 2,
			RelaxationRequested: true, PilotFunction: true,
			PilotDevicesSeparate: true, Fields: []string{"ai"}, EthicsSensitive: true, EthicsCommittee: true,
			Documents: []string{"章程"}}} {
		if got := s.center.Facts(date(day)); !reflect.DeepEqual(got, want) {
			t.Errorf("on %s: %+v", day, got)
		}
	}
	if got := aggregates.NewCenter(center).Facts(date("2024-03-01")); !reflect.DeepEqual(got, events.Facts{}) {
		t.Errorf("without a registration: %+v", got)
	}
}

// Judge must not rely on the codec having checked the record.
func TestARecordOfAnotherCenterOrOfAnImpossibleYearIsRefused(t *testing.T) {
	s := given(t, draft, registered())
	for field, change := range map[string]func(*events.Record){
		"center": func(r *events.Record) { r.Center = "ZJ-0008" },
		"on":     func(r *events.Record) { r.On = date("2101-01-01") },
	} {
		r, _ := s.record(on("2024-04-01", &events.PlanRevised{}), events.Enforce)
		change(r)
		if v := s.center.Judge(r, draft); len(v.Nonsense) != 1 || v.Nonsense[0].Field != field {
			t.Errorf("%s: %+v", field, v)
		}
	}
}

func TestARefusalSaysTheRuleTheFieldAndTheReason(t *testing.T) {
	s := given(t, draft, registered())
	r, _ := s.record(on("2024-05-10", &events.PlaqueAwarded{PlaqueNo: "1"}), events.Enforce)
	v := s.center.Judge(r, draft)
	if got := (&aggregates.Refusal{Breaches: v.Against(events.Enforce)}).Error(); got !=
		"refused: R09-9: the special meeting has not approved the center" {
		t.Error(got)
	}
	if v.Against(events.Recording) != nil {
		t.Error("record mode has nothing against it")
	}
	r.By.Role = events.Finance
	v = s.center.Judge(r, draft)
	if got := (&aggregates.Refusal{Breaches: v.Against(events.Recording)}).Error(); got != "refused: R04-2: "+
		"by.role: the Department of Finance may not record “plaque awarded”; that is for the S&T office" {
		t.Error(got)
	}
}

func TestACenterThatIsNotRegisteredHasNoAnswers(t *testing.T) {
	empty := aggregates.NewCenter(center)
	if e := empty.Evaluate(draft, date("2024-12-31")); e.Status != "" || e.Events != 0 || e.Alerts != nil ||
		e.Executions != nil {
		t.Errorf("%+v", e)
	}
	if empty.Explain(draft, date("2024-12-31"), "AL-TSK-01", "", 0) != nil || empty.Registered() {
		t.Error("an alert is explained")
	}
}

func TestARefusedConditionShowsItsNumbersWithTheirUnits(t *testing.T) {
	s := given(t, draft, appraisedWith(area(4999), equipment(wan)))
	r, _ := s.record(on("2024-03-20", pass), events.Enforce)
	got := map[events.RuleID]aggregates.Breach{}
	for _, b := range s.center.Judge(r, draft).Breaches {
		got[b.Rule] = b
	}
	if b := got["R06-2b"]; b.Reason.En != "the usable floor area is 4999 m², below 5000 m²" ||
		b.Figures[0].Value != "4999" || b.Figures[0].Unit != "m2" || b.Figures[1].Value != "5000" {
		t.Errorf("%+v", b)
	}
	if b := got["R06-2c"]; b.Reason.Zh != "设备原值为 10,000.00 元，低于 50,000,000.00 元" ||
		b.Figures[0].Value != "1000000" || b.Figures[0].Unit != "fen" {
		t.Errorf("%+v", b)
	}
}

func TestAVoidedVoucherLeavesACenterAsIfItHadNotBeen(t *testing.T) {
	transferred := entrusted(true).and(on("2025-03-01", transfer("V1", 15*wan)).called("out"),
		on("2025-03-02", transfer("V2", 6*wan)))
	gone := given(t, draft, transferred.and(on("2025-04-01", voided("out"))))
	never := given(t, draft,
		entrusted(true).and(on("2025-03-02", transfer("V2", 6*wan)),
			on("2025-04-01", &events.GovernanceRecorded{Item: "team"})))
	end := date("2025-12-31")
	a, b := gone.asOf(end), never.asOf(end)
	if !reflect.DeepEqual(a.Executions, b.Executions) ||
		!reflect.DeepEqual(gone.center.Balances(), never.center.Balances()) {
		t.Errorf("money is\n%+v, want\n%+v", a.Executions, b.Executions)
	}
	for _, code := range []aggregates.Code{"AL-OUT-01", "AL-OUT-02", "AL-FND-03"} {
		if got, want := gone.alerts(code, end), never.alerts(code, end); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", code, got, want)
		}
	}
}

func TestAVoidedVoucherNoLongerCountsTowardsTheLimitOfAllMoney(t *testing.T) {
	huge := func(name string) fact {
		v := spend(name, "pilot", "G1", events.AmountFenMax)
		for range 600 {
			v.Lines = append(v.Lines, v.Lines[0])
		}
		return on("2025-03-01", v).called(name)
	}
	s := given(t, draft, granted().and(huge("V1")))
	r, _ := s.record(huge("V2"), events.Recording)
	if v := s.center.Judge(r, draft); !v.Refused(events.Recording) {
		t.Error("two huge vouchers are within the limit")
	}
	s.add(on("2025-04-01", voided("V1")))
	s.add(huge("V2"))
}
