package naive_test

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/taizhang/taizhang/aggregates/naive"
	"github.com/taizhang/taizhang/events"
)

// The test compares each verdict with the alerts of the naive evaluator before and after the voucher, about the
// voucher itself and about every other one.
func TestAVoucherIsRefusedExactlyWhenItOpensAnOverdraft(t *testing.T) {
	money := []events.Kind{events.KindSubsidyGranted, events.KindSubsidyGranted, events.KindSubsidyReceived,
		events.KindSubsidyReceived, events.KindMatchingCommitted,
		events.KindMatchingReceived, events.KindFundsRecovered, events.KindFundsSpent, events.KindFundsSpent,
		events.KindSpendingReversed, events.KindEntryVoided}
	days := dates("2025-03-01", "2025-06-30", "2025-07-01", "2025-12-31", "2026-01-01")
	judged := map[bool]int{} // by whether the voucher was refused
	rapid.Check(t, func(t *rapid.T) {
		s := tellOf(t, onlyTheDraft, money, days)
		before := s.overdrawn(s.log)
		for range 4 {
			c := candidate{on: s.day(t), choice: rapid.IntRange(0, 999).Draw(t, "choice"), data: spent(t)}
			s.settle(&c)
			r := events.Record{ID: s.id(), Kind: events.KindFundsSpent, Center: center, On: c.on,
				Mode: events.Recording, Doc: "浙试〔2024〕1号",
				By: events.By{Role: events.Lookup(events.KindFundsSpent).Roles[0], Actor: "x-01"}, Data: c.data}
			verdict := s.center.Judge(&r, s.timeline)
			if len(verdict.Nonsense) > 0 || !valid(&r) {
				continue
			}
			n := s.center.Revision() + 1
			after := s.overdrawn(append(slices.Clip(s.log), events.Recorded{
				Record: r, Revision: n, Position: 3 * n, Entry: events.Entry{Policy: verdict.Policy}}))
			opened := slices.Sorted(maps.Keys(after))
			opened = slices.DeleteFunc(opened, func(voucher string) bool { return before[voucher] })
			refused := slices.Contains(verdict.Breaks(), events.Overdrawn)
			if judged[refused]++; refused != (len(opened) > 0) {
				t.Fatalf("%+v of %v is judged %v, and would overdraw %q:\n%v", c.data, c.on,
					verdict.Breaches, opened, s)
			}
		}
	})
	if judged[true] == 0 || judged[false] == 0 {
		t.Errorf("only %v vouchers were judged", judged)
	}
}

// overdrawn returns the vouchers of a history that have an AL-FND-03, on any date.
func (s *story) overdrawn(log []events.Recorded) map[string]bool {
	found := map[string]bool{}
	for _, a := range naive.Evaluate(log, s.timeline, events.MustDate("2028-10-31")).Alerts {
		if a.Code == "AL-FND-03" {
			found[a.Key] = true
		}
	}
	return found
}
