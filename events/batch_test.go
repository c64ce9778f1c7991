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
			batch[i] = Proposed{ID: id, Kind: KindFundsSpent, Body: MustObject(`{"version":1}`)}
		}
		if err := CheckBatch("center-ZJ-A", batch); err != nil {
			t.Fatalf("nothing is wrong: %v", err)
		}
		wrong := rapid.SliceOfN(rapid.IntRange(0, len(batch)-1), 1, 4).Draw(t, "wrong")
		first := len(batch)
		for _, i := range wrong {
			batch[i].Body = Object{}
			first = min(first, i)
		}
		var problems Problems
		if err := CheckBatch("center-ZJ-A", batch); !errors.As(err, &problems) ||
			problems[0].Field != fmt.Sprintf("batch[%d].body", first) {
			t.Fatalf("wrong are %v, told is %v", wrong, err)
		}
	})
}

func TestAnIdIsInABatchOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		batch := make([]Proposed, rapid.IntRange(2, 1200).Draw(t, "events"))
		for i := range batch {
			batch[i] = Proposed{ID: uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, i)), Kind: KindFundsSpent,
				Body: MustObject(`{}`)}
		}
		second := rapid.IntRange(1, len(batch)-1).Draw(t, "second")
		batch[second].ID = batch[rapid.IntRange(0, second-1).Draw(t, "first")].ID
		var problems Problems
		if err := CheckBatch("center-ZJ-A", batch); !errors.As(err, &problems) ||
			problems[0].Field != fmt.Sprintf("batch[%d].id", second) {
			t.Fatalf("the id of %d is there before, told is %v", second, err)
		}
	})
}

func TestOnlyAnObjectBecomesAnObject(t *testing.T) {
	for _, text := range []string{"", "[1]", `{"a":1}{"b":2}`, `{"a":}`, `{"a":1`, `{"a":1,"a":2}`, "{\"a\":\"\xff\"}",
		"{\"a\":1,\n\"b\":2}", "{}\r", " {}", `"{}"`} {
		var problems Problems
		if o, err := ParseObject([]byte(text)); !errors.As(err, &problems) || o != (Object{}) {
			t.Errorf("%q became %q, %v", text, o, err)
		}
	}
	text := []byte(`{ "a" : "\u0000 中文" }`)
	o, err := ParseObject(text)
	if text[0] = '['; err != nil || o.String() != `{ "a" : "\u0000 中文" }` {
		t.Errorf("became %q, %v", o, err)
	}
}
