package alertfeed_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/alertfeed"
)

// anyAt draws an At from few values, so that many are equal.
var anyAt = rapid.Custom(func(t *rapid.T) alertfeed.At {
	return alertfeed.At{
		Epoch: rapid.SampledFrom([]string{"2026-01-01T00:00:00.000000Z", "2026-01-01T00:00:00.000001Z",
			"2026-11-01T00:00:00.000000Z"}).Draw(t, "epoch"),
		Generation: rapid.Uint64Range(1, 2).Draw(t, "generation"),
		Engine:     rapid.IntRange(1, 2).Draw(t, "engine"),
		Position:   rapid.Uint64Range(0, 3).Draw(t, "position"),
		Date:       events.MustDate("2026-10-31") + events.Date(rapid.IntRange(0, 2).Draw(t, "day")),
	}
})

func TestLaterIsAStrictPartialOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := anyAt.Draw(t, "a"), anyAt.Draw(t, "b"), anyAt.Draw(t, "c")
		if a.Later(a) {
			t.Fatalf("%+v is later than itself", a)
		}
		if a.Later(b) && b.Later(a) {
			t.Fatalf("%+v and %+v are later than each other", a, b)
		}
		if a.Later(b) && b.Later(c) && !a.Later(c) {
			t.Fatalf("%+v is later than %+v, and that than %+v, and the first is not later than the last", a, b, c)
		}
		if a.Behind(b) != (a != b && !a.Later(b)) {
			t.Fatalf("%+v behind %+v: %v", a, b, a.Behind(b))
		}
		if a != b && !a.Later(b) && !b.Later(a) && (a.Epoch != b.Epoch || a.Generation != b.Generation ||
			a.Engine != b.Engine || (a.Position < b.Position) == (a.Date < b.Date)) {
			t.Fatalf("neither %+v nor %+v is later", a, b) // only if one has the position and the other the date
		}
	})
}

func TestLaterComparesEpochGenerationAndEngineFirst(t *testing.T) {
	base := alertfeed.At{Epoch: "2026-01-01T00:00:00.000000Z", Generation: 5, Engine: 5, Position: 5,
		Date: events.MustDate("2026-10-31")}
	with := func(change func(*alertfeed.At)) alertfeed.At {
		a := base
		change(&a)
		return a
	}
	for name, later := range map[string]alertfeed.At{
		"a later epoch, whatever follows": with(func(a *alertfeed.At) {
			*a = alertfeed.At{Epoch: "2026-01-01T00:00:00.000001Z"}
		}),
		"a later generation, whatever follows": with(func(a *alertfeed.At) {
			a.Generation, a.Engine, a.Position, a.Date = 6, 1, 1, 1
		}),
		"a later engine, whatever follows": with(func(a *alertfeed.At) { a.Engine, a.Position, a.Date = 6, 1, 1 }),
		"a later position":                 with(func(a *alertfeed.At) { a.Position++ }),
		"a later date":                     with(func(a *alertfeed.At) { a.Date++ }),
		"both":                             with(func(a *alertfeed.At) { a.Position++; a.Date++ }),
	} {
		if !later.Later(base) || base.Later(later) || later.Behind(base) || !base.Behind(later) {
			t.Errorf("%s: later %v, earlier %v", name, later.Later(base), base.Later(later))
		}
	}
	one, other := with(func(a *alertfeed.At) { a.Position++ }), with(func(a *alertfeed.At) { a.Date++ })
	if one.Later(other) || other.Later(one) || !one.Behind(other) || !other.Behind(one) {
		t.Error("of a later position and a later date one is later")
	}
	if !base.Later(alertfeed.At{}) {
		t.Error("it is not later than nothing")
	}
}
