package projections_test

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/projections"
)

func TestEveryDateIsEvaluatedAsIfNothingWereKept(t *testing.T) {
	const seed = 5
	random := rand.New(rand.NewPCG(seed, seed))
	// more than are kept
	dates := []string{"2024-12-31", "2025-06-30", "2025-12-31", "2026-03-31", "2026-11-01", "2027-06-30"}
	r := projections.NewRegister()
	for _, rec := range troubled(t, simulated(t, 6, 1500), 700, 400, 1100).list {
		apply(r, rec)
		ids := r.IDs()
		for len(ids) > 0 && random.IntN(3) > 0 {
			id, on := ids[random.IntN(len(ids))], events.MustDate(dates[random.IntN(len(dates))])
			want := r.Clone(id).Evaluate(r.Timeline(), on)
			for _, x := range r.Explain(id, on, aggregates.LedgerBroken, "", 0) {
				want.Alerts = append(want.Alerts, x.Alert)
			}
			slices.SortFunc(want.Alerts, aggregates.CompareAlerts)
			if got := r.Evaluation(id, on); !reflect.DeepEqual(got, want) {
				t.Fatalf("seed %d: at position %d %s as of %v is\n%+v\nwant\n%+v", seed, rec.Position, id,
					on, got, want)
			}
		}
	}
}

func TestTheEvaluationsOfTheLastFourDatesAreKept(t *testing.T) {
	b := threeCenters(t)
	ask := func(on events.Date) *aggregates.Evaluation { return b.register.Evaluation("ZJ-0001", on) }
	kept := []*aggregates.Evaluation{ask(yearEnd), ask(yearEnd + 1), ask(yearEnd + 2), ask(yearEnd + 3)}
	for i, e := range kept {
		if ask(yearEnd+events.Date(i)) != e {
			t.Errorf("date %d is not kept", i)
		}
	}
	ask(yearEnd)
	ask(yearEnd + 4)
	if ask(yearEnd) != kept[0] || ask(yearEnd+2) != kept[2] {
		t.Error("a fifth date took the place of one that was asked for after another")
	}
	if ask(yearEnd+1) == kept[1] {
		t.Error("five dates are kept")
	}
}

// A followed center keeps results, so the same alerts are the same list in memory.
func TestACenterIsFollowedAsOfOneDateWhileOthersAskOfOthers(t *testing.T) {
	b := threeCenters(t)
	on := events.MustDate("2026-12-31")
	isFollowed := func(on events.Date, between ...events.Date) bool {
		t.Helper()
		before := b.register.Evaluation("ZJ-0001", on)
		if len(before.Alerts) == 0 {
			t.Fatal("no alerts")
		}
		for _, other := range between {
			b.register.Evaluation("ZJ-0001", other)
		}
		b.write("funds.recovered", "ZJ-0001", "2026-12-30", events.Finance,
			&events.FundsRecovered{Grant: "G1", AmountFen: 1, Reason: "r"})
		after := b.register.Evaluation("ZJ-0001", on)
		return after != before && &before.Alerts[0] == &after.Alerts[0]
	}
	isFollowed(on)
	isFollowed(on)
	for range 3 {
		if !isFollowed(on, on+1, on+2, on+1) {
			t.Error("others who ask of other dates end it")
		}
	}
	isFollowed(on+1, on+2)
	isFollowed(on+1, on+2)
	if !isFollowed(on+1, on+2) {
		t.Error("the date after it is not followed when nobody asks for the first one any more")
	}
}
