package projections_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/difference"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/projections"
)

// told returns a story of ZJ-0001 under the built-in policy: the center is registered and has spent 650 of its 1 000
// yuan of 2025.
func told(t *testing.T, on string) (*book, *projections.Story) {
	b, s := newBook(t), projections.NewStory("ZJ-0001", events.MustDate(on))
	s.Adopt(policy.Builtin())
	for _, rec := range []*events.Recorded{
		b.event("center.registered", "ZJ-0001", "2025-01-10", events.CenterRole,
			&events.CenterRegistered{Facts: events.Facts{Name: "甲", USCC: "91330106MAC1K2L32C",
				Type: "other", LeadingIndustries: []string{"生物医药"}, IndustryCode: "C2710", Region: "330106",
				FoundedOn:   events.MustDate("2015-01-01"),
				LegalEntity: true, UsableAreaM2: 9000, EquipmentFen: 9_000_000_000}}),
		b.event("subsidy.granted", "ZJ-0001", "2025-02-01", events.Finance,
			&events.SubsidyGranted{Grant: "G1", Category: events.OtherCategory,
				Source: events.ProvinceOther, FiscalYear: 2025, AmountFen: 100_000}),
		b.event("subsidy.received", "ZJ-0001", "2025-02-02", events.Finance,
			&events.SubsidyReceived{Grant: "G1", AmountFen: 100_000}),
		payment(b, "V1", "2025-03-01", 65_000),
	} {
		s.Next(rec)
	}
	return b, s
}

func payment(b *book, voucher, on string, amount events.Fen) *events.Recorded {
	return b.event("funds.spent", "ZJ-0001", on, events.CenterRole,
		&events.FundsSpent{Voucher: voucher, Payee: "p", Use: "pilot",
			Lines: []events.SpendingLine{{Grant: "G1", AmountFen: amount}}})
}

func names(d difference.Difference) string {
	list := func(alerts []aggregates.Alert) (names []string) {
		for _, a := range alerts {
			names = append(names, fmt.Sprint(a.Code, " ", a.Key, " ", a.RaisedOn))
		}
		return names
	}
	return fmt.Sprint(list(d.Raised()), list(d.Cleared()), list(d.Withdrawn()))
}

// lapsed is the effect of time after the payment of March 2025: one alert was raised and cleared in between.
const lapsed = "[AL-EXE-01 2026-01 2026-01-31] [AL-EXE-01 2025-02 2025-02-28 AL-EXE-01 2025-10 2025-10-31] []"

func TestAChapterTellsWhatTimeDidApartFromItsEvent(t *testing.T) {
	b, s := told(t, "2026-12-31")
	c := s.Next(payment(b, "V2", "2026-06-01", 100))
	if got := names(c.Moved); got != "[] [] []" {
		t.Errorf("an innocent payment moved %s", got)
	}
	if got := names(c.Lapsed); got != lapsed || len(c.Moved.Money) == 0 {
		t.Errorf("time moved %s, the payment %+v", got, c.Moved.Money)
	}
}

func TestAChapterTellsWhatAPolicyDidApartFromItsEvent(t *testing.T) {
	stricter, problems := policy.Parse(
		bytes.ReplaceAll(bytes.Replace(policy.Builtin().Text(), []byte(`"version": "2"`), []byte(`"version": "3"`), 1),
			[]byte(`"value": 60, "unit": "percent"`), []byte(`"value": 70, "unit": "percent"`)))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	b, s := told(t, "2025-12-31")
	s.Next(payment(b, "V2", "2025-12-31", 100))
	s.Adopt(stricter)
	c := s.Next(payment(b, "V3", "2025-12-31", 100))
	if got := names(c.ByPolicy); got != "[AL-EXE-02 2025 2025-12-31] [] []" || len(c.Adopted) != 1 {
		t.Errorf("the policy moved %s", got)
	}
	if len(c.Moved.Alerts)+len(c.Lapsed.Alerts) > 0 {
		t.Errorf("the payment moved %s, time %s", names(c.Moved), names(c.Lapsed))
	}
	s.Adopt(policy.Builtin())
	if end := s.End(); names(end.ByPolicy) != "[] [] [AL-EXE-02 2025 2025-12-31]" {
		t.Errorf("at the end the policy moved %s", names(end.ByPolicy))
	}
}

func TestAnEventAfterTheDateHasNoChapterAndHidesNone(t *testing.T) {
	b, s := told(t, "2026-06-01")
	if c := s.Next(payment(b, "V2", "2026-07-01", 100)); c != nil {
		t.Errorf("an event after the date is told: %+v", c)
	}
	if end := s.End(); names(end.Lapsed) != lapsed {
		t.Errorf("time moved %s", names(end.Lapsed))
	}
}
