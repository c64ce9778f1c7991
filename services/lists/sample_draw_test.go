package lists

import (
	"crypto/sha256"
	"fmt"
	"math"
	"testing"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
)

// population returns vouchers with these amounts.
func population(amounts ...events.Fen) (list []booked) {
	for i, a := range amounts {
		list = append(list, booked{key: eventKey{id: uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, i))},
			position: uint64(i + 1), amountFen: a})
	}
	return list
}

func seedNumber(i int) [sha256.Size]byte { return sha256.Sum256(fmt.Append(nil, i)) }

// within reports whether a count is within five standard deviations of the expected value. The seeds are fixed, so
// the result never changes.
func within(got int, expected, variance float64) bool {
	diff := float64(got) - expected
	return diff*diff <= 25*variance
}

func TestEachVoucherIsDrawnAboutEquallyOften(t *testing.T) {
	const draws, n = 4000, 5
	amounts := make([]events.Fen, 40)
	for i := range amounts {
		amounts[i] = events.Fen(1 + i*i*1000)
	}
	list, times := population(amounts...), make([]int, len(amounts))
	for i := range draws {
		drew := drawRecords(seedNumber(i), list, n)
		if len(drew) != n {
			t.Fatalf("drew %d", len(drew))
		}
		for _, x := range drew {
			times[x.index]++
		}
	}
	p := float64(n) / float64(len(list))
	for i, got := range times {
		if !within(got, draws*p, draws*p*(1-p)) {
			t.Errorf("voucher %d of %d fen was drawn %d times, expected about %.0f", i, amounts[i], got, draws*p)
		}
	}
}

func TestEachFenIsHitAboutEquallyOften(t *testing.T) {
	const draws, n = 4000, 6
	amounts := []events.Fen{1, 100, 100, 50, 999, 3000, 250, 5, 700, 2400, 12, 383}
	var totalFen events.Fen
	for _, a := range amounts {
		totalFen += a
	}
	list, times := population(amounts...), make([]int, len(amounts))
	for i := range draws {
		hits := 0
		for _, x := range drawAmounts(seedNumber(i), list, n) {
			times[x.index] += x.hits
			hits += x.hits
			expected := float64(n) * float64(amounts[x.index]) / float64(totalFen)
			if h := float64(x.hits); h < expected-1 || h > expected+1 {
				t.Fatalf("seed %d hits %d fen %d times, expected %.2f", i, amounts[x.index], x.hits, expected)
			}
		}
		if hits != n {
			t.Fatalf("seed %d hits %d times", i, hits)
		}
	}
	for i, got := range times {
		expected := float64(n) * float64(amounts[i]) / float64(totalFen) // of one draw
		part := expected - float64(int(expected))
		if !within(got, draws*expected, draws*part*(1-part)+1) {
			t.Errorf("voucher %d of %d fen was hit %d times, expected about %.0f", i, amounts[i], got, draws*expected)
		}
	}
}

func TestAVoucherAsLargeAsTheIntervalIsAlwaysHit(t *testing.T) {
	list := population(10, 25, 10, 30, 25) // 100 fen, 4 hits, one every 25 fen
	for i := range 1000 {
		hit := map[int]bool{}
		for _, x := range drawAmounts(seedNumber(i), list, 4) {
			hit[x.index] = true
		}
		if !hit[1] || !hit[3] || !hit[4] {
			t.Fatalf("seed %d hits %v", i, hit)
		}
	}
}

func TestDrawsHoldAtTheirEnds(t *testing.T) {
	if got := drawAmounts(seedNumber(1), nil, 30); len(got) != 0 {
		t.Errorf("from nothing: %v", got)
	}
	if got := drawRecords(seedNumber(1), nil, 30); len(got) != 0 {
		t.Errorf("from nothing: %v", got)
	}
	if got := drawAmounts(seedNumber(1), population(1), 1_000_000); len(got) != 1 || got[0].hits != 1_000_000 {
		t.Errorf("from one fen: %v", got)
	}
	if got := drawAmounts(seedNumber(1), population(3, 5), math.MaxInt64); len(got) != 2 ||
		got[0].hits+got[1].hits != math.MaxInt64 {
		t.Errorf("as often as can be: %v", got)
	}
	if got := drawRecords(seedNumber(1), population(3, 5), math.MaxInt64); len(got) != 2 {
		t.Errorf("as many as can be: %v", got)
	}
	large := events.Fen(events.AmountFenMax * events.ListMax)
	total := 0
	for _, x := range drawAmounts(seedNumber(1), population(large, large, 1, large), 900_000) {
		total += x.hits
		if x.index != 2 && (x.hits < 299_999 || x.hits > 300_001) {
			t.Errorf("a third of the money is hit %d times of 900000", x.hits)
		}
	}
	if total != 900_000 {
		t.Errorf("%d hits", total)
	}
}
