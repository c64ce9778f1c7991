package table

import (
	"bytes"
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// plainWan rounds an amount in fen to hundredths of 10,000 yuan, half away from zero, as math/big does it.
func plainWan(v events.Fen) string {
	return new(big.Rat).SetFrac64(int64(v), 1_000_000).FloatString(2)
}

func TestAmountsInTenThousandsAreRoundedHalfAwayFromZero(t *testing.T) {
	amounts := []events.Fen{0, 1, -1, 4999, 5000, -4999, -5000, 5001, 14999, 15000, -15000, 123456789012345,
		math.MaxInt64, math.MinInt64 + 1}
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		amounts = append(amounts, events.Fen(r.Int64()>>r.IntN(63)), -events.Fen(r.Int64()>>r.IntN(63)),
			events.Fen(r.IntN(2000)-1000)*5000)
	}
	for _, v := range amounts {
		got, want := strings.ReplaceAll(TenThousands.Format(v), ",", ""), plainWan(v)
		if want == "-0.00" {
			want = "0.00"
		}
		if got != want {
			t.Errorf("%d fen: got %s, want %s", v, got, want)
		}
		if Yuan.Format(v) != events.FormatYuan(v) {
			t.Errorf("%d fen in yuan: %s", v, Yuan.Format(v))
		}
	}
}

func TestProgramsGetFenWhateverTheUnit(t *testing.T) {
	table := &Table{Columns: []Column{
		{Name: "fen", Title: text.Say("金额", "amount"), Type: Money, Unit: TenThousands}},
		Rows: [][]Cell{{Fen(4_999_999)}, {Fen(5_000)}, {Fen(4_999)}, {Cell{}}}}
	table.Total(map[string]events.Fen{"fen": 5_009_998})
	for name, c := range map[string]struct {
		write func(b *bytes.Buffer) error
		want  string
	}{
		"people": {func(b *bytes.Buffer) error { return table.WriteText(b, "zh") },
			"金额\n5.00\n0.01\n0.00\n\n5.01\n"},
		"csv": {func(b *bytes.Buffer) error { return table.WriteCSV(b) }, "fen\n4999999\n5000\n4999\n\n"},
		"json": {func(b *bytes.Buffer) error { return table.WriteJSON(b) },
			"[\n{\"fen\":4999999},\n{\"fen\":5000},\n{\"fen\":4999},\n{\"fen\":null}\n]\n"},
	} {
		var b bytes.Buffer
		if err := c.write(&b); err != nil || b.String() != c.want {
			t.Errorf("%s: got %q, want %q, %v", name, b.String(), c.want, err)
		}
	}
}
