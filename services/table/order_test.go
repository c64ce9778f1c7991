package table_test

import (
	"testing"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/table"
)

func TestACellComparesAsItsNumberDoes(t *testing.T) {
	inOrder := [][]table.Cell{
		{table.Rate("-5.10"), table.Rate("-0.50"), table.Rate("0.00"), table.Rate("59.98"), table.Rate("60.00"),
			table.Rate("15015015.12")},
		{table.Fen(-1), table.Fen(0), table.Fen(100)},
		{table.Number(2), table.Number(10)},
		{table.Date(events.MustDate("2025-12-31")), table.Date(events.MustDate("2026-01-01"))},
		{table.Yes(false), table.Yes(true)},
	}
	for _, cells := range inOrder {
		for i := 1; i < len(cells); i++ {
			a, isA := cells[i-1].Order()
			b, isB := cells[i].Order()
			if !isA || !isB || a >= b {
				t.Errorf("%v compares as %d (%v), %v as %d (%v)", cells[i-1], a, isA, cells[i], b, isB)
			}
		}
	}
	for _, c := range []table.Cell{{}, table.Rate(""), table.Text("7")} {
		if n, ok := c.Order(); ok {
			t.Errorf("%v compares as %d", c, n)
		}
	}
}
