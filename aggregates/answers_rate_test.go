package aggregates

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/taizhang/taizhang/events"
)

func TestProductsAreComparedExactlyAtTheEndsOfTheRange(t *testing.T) {
	const most = math.MaxInt64
	for _, c := range []struct {
		a, b, c, d int64
		want       bool
	}{
		{0, 1, 0, 0, false}, {0, 1, 1, 1, true}, {1, 1, 1, 1, false}, {-1, 1, 0, 0, true},
		{math.MinInt64, most, 0, most, true},
		{most, most, most, most, false}, {most - 1, most, most, most, true}, {most, most, most, most - 1, false},
		{60, 100, 60, 100, false}, {59, 100, 60, 100, true},
	} {
		if got := lessThan(c.a, c.b, c.c, c.d); got != c.want {
			t.Errorf("%d·%d < %d·%d is %v", c.a, c.b, c.c, c.d, got)
		}
	}
}

func TestProductsAreComparedAsExactNumbersAre(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.Int64().Draw(t, "a")
		b := rapid.Int64Min(1).Draw(t, "b")
		c, d := rapid.Int64Min(0).Draw(t, "c"), rapid.Int64Min(0).Draw(t, "d")
		product := func(x, y int64) *big.Int { return new(big.Int).Mul(big.NewInt(x), big.NewInt(y)) }
		if got, want := lessThan(a, b, c, d), product(a, b).Cmp(product(c, d)) < 0; got != want {
			t.Fatalf("%d·%d < %d·%d is %v", a, b, c, d, got)
		}
	})
}

func TestRatesAreRoundedAsExactFractionsAre(t *testing.T) {
	amounts := rapid.OneOf(rapid.Int64Range(-300, 300), rapid.Int64Range(-1e13, 1e13), rapid.Int64())
	rapid.Check(t, func(t *rapid.T) {
		executed, available := amounts.Draw(t, "executed"), max(1, amounts.Draw(t, "available"))
		rate := new(big.Rat).Mul(big.NewRat(executed, available), big.NewRat(100, 1)).FloatString(2)
		if rate == "-0.00" {
			rate = "0.00"
		}
		if got := (Money{ReceivedFen: events.Fen(available),
			SpentAllFen: events.Fen(executed)}).RatePercent(); got != rate {
			t.Fatalf("%d of %d is %s%%, not %s%%", executed, available, got, rate)
		}
	})
}
