package api

import (
	"testing"
	"time"
)

func TestAnswersAreBehindOnlyWhileTheyHaveNotReachedAPositionThatWasThere(t *testing.T) {
	var g lag
	at := time.Unix(0, 0)
	for i, x := range []struct {
		after           time.Duration
		ledger, applied uint64
		behind          time.Duration
	}{
		{0, 5, 5, 0},
		{time.Second, 9, 7, 0},      // a record is on its way
		{4 * time.Second, 12, 9, 0}, // it came, and others are on theirs: under load there are always some
		{4 * time.Second, 15, 10, 4 * time.Second},
		{3 * time.Second, 15, 10, 7 * time.Second},
		{time.Second, 15, 15, 0},
	} {
		at = at.Add(x.after)
		if behind := g.behind(x.ledger, x.applied, at); behind != x.behind {
			t.Errorf("step %d: expected %v, got %v", i, x.behind, behind)
		}
	}
}
