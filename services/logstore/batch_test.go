package logstore

import (
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/taizhang/taizhang/events"
)

// The parts of a long batch are checked at once; the answer is that of events.CheckBatch all the same.
func TestALongBatchIsCheckedAsAShortOneIs(t *testing.T) {
	whole := benchBatch(1200)
	rapid.Check(t, func(t *rapid.T) {
		batch := append([]events.Proposed(nil), whole[:rapid.IntRange(0, len(whole)).Draw(t, "events")]...)
		if len(batch) > 0 {
			for _, i := range rapid.SliceOfN(rapid.IntRange(0, len(batch)-1), 0, 4).Draw(t, "wrong") {
				batch[i].Body = []byte(`[1]`)
			}
			batch[len(batch)-1].ID = batch[rapid.IntRange(0, len(batch)-1).Draw(t, "twice")].ID
		}
		got, want := checkBatch("center-A", batch), events.CheckBatch("center-A", batch)
		if fmt.Sprint(got) != fmt.Sprint(want) || errors.As(got, new(events.Problems)) != errors.As(want, new(events.Problems)) {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}

func BenchmarkCheckBatch(b *testing.B) {
	batch := benchBatch(1000)
	for b.Loop() {
		if err := checkBatch("center-A", batch); err != nil {
			b.Fatal(err)
		}
	}
}
