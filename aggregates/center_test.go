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
	if !reflect.DeepEqual(other.asOf(end), before) || other.center.ID() != center || other.center.Revision() != s.center.Revision() {
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

func TestFactsAreThoseOfTheEndOfTheDay(t *testing.T) {
	change := &events.FactsChanged{Name: ptr("新名"), USCC: ptr("52330200MJ8765437Q"), LeadUnit: ptr("新单位"), Type: ptr("other"), Services: []string{"pilot"},
		LeadingIndustries: []string{"医药"}, IndustryCode: ptr("C2710"), Region: ptr("330200"), FoundedOn: date("2010-01-01"), LegalEntity: ptr(false), NewUnit: ptr(true),
		UsableAreaM2: ptr(int64(1)), EquipmentFen: ptr(events.Fen(2)), RelaxationRequested: ptr(true), PilotFunction: ptr(true), PilotDevicesSeparate: ptr(true),
		Fields: []string{"ai"}, EthicsSensitive: ptr(true), EthicsCommittee: ptr(true), Documents: []string{"章程"}}
	s := given(t, draft, registered().and(on("2024-04-01", &events.FactsChanged{Name: ptr("旧名")}), on("2024-04-01", change)))
	for day, want := range map[string]events.Facts{"2024-02-29": {}, "2024-03-01": facts(), "2024-03-31": facts(), "2024-04-01": {
		Name: "新名", USCC: "52330200MJ8765437Q", LeadUnit: "新单位", Type: "other", Services: []string{"pilot"}, LeadingIndustries: []string{"医药"}, IndustryCode: "C2710",
		Region: "330200", FoundedOn: date("2010-01-01"), NewUnit: true, UsableAreaM2: 1, EquipmentFen: 2, RelaxationRequested: true, PilotFunction: true,
		PilotDevicesSeparate: true, Fields: []string{"ai"}, EthicsSensitive: true, EthicsCommittee: true, Documents: []string{"章程"}}} {
		if got := s.center.Facts(date(day)); !reflect.DeepEqual(got, want) {
			t.Errorf("on %s: %+v", day, got)
		}
	}
	if got := aggregates.NewCenter(center).Facts(date("2024-03-01")); !reflect.DeepEqual(got, events.Facts{}) {
		t.Errorf("without a registration: %+v", got)
	}
}

// Judge does not rely on the codec to have seen the record.
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
	if got := (&aggregates.Refusal{Breaches: v.Against(events.Enforce)}).Error(); got != "refused: R09-9: the special meeting has not approved" {
		t.Error(got)
	}
	if v.Against(events.Recording) != nil {
		t.Error("record mode has nothing against it")
	}
	r.By.Role = events.Finance
	v = s.center.Judge(r, draft)
	if got := (&aggregates.Refusal{Breaches: v.Against(events.Recording)}).Error(); got != "refused: R04-2: by.role: finance may not write plaque.awarded; it takes [st-office]" {
		t.Error(got)
	}
}

func TestACenterThatIsNotRegisteredHasNoAnswers(t *testing.T) {
	empty := aggregates.NewCenter(center)
	if e := empty.Evaluate(draft, date("2024-12-31")); e.Status != "" || e.Events != 0 || e.Alerts != nil || e.Executions != nil {
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
	if b := got["R06-2b"]; b.Reason.En != "usableAreaM2 is 4999 ㎡, below 5000 ㎡" || b.Figures[0].Value != "4999" || b.Figures[0].Unit != "m2" || b.Figures[1].Value != "5000" {
		t.Errorf("%+v", b)
	}
	if b := got["R06-2c"]; b.Reason.Zh != "equipmentFen 为 10,000.00 元，低于 50,000,000.00 元" || b.Figures[0].Value != "1000000" || b.Figures[0].Unit != "fen" {
		t.Errorf("%+v", b)
	}
}
