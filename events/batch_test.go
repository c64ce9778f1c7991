package events

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

func TestTheFirstWrongEventOfABatchIsTold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		batch := make([]Proposed, rapid.IntRange(1, 1200).Draw(t, "events"))
		for i := range batch {
			id := uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, i))
			batch[i] = Proposed{ID: id, Kind: KindFundsSpent, Body: []byte(`{"version":1}`)}
		}
		if err := CheckBatch("center-ZJ-A", batch); err != nil {
			t.Fatalf("nothing is wrong: %v", err)
		}
		wrong := rapid.SliceOfN(rapid.IntRange(0, len(batch)-1), 1, 4).Draw(t, "wrong")
		first := len(batch)
		for _, i := range wrong {
			batch[i].Body = []byte(`[1]`)
			first = min(first, i)
		}
		var problems Problems
		if err := CheckBatch("center-ZJ-A", batch); !errors.As(err, &problems) || problems[0].Field != fmt.Sprintf("batch[%d].body", first) {
			t.Fatalf("wrong are %v, told is %v", wrong, err)
		}
	})
}
