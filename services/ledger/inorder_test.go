package ledger

import (
	"context"
	"errors"
	"iter"
	"slices"
	"testing"
)

func numbers(n int, end error) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i := range n {
			if !yield(i, nil) {
				return
			}
		}
		if end != nil {
			yield(0, end)
		}
	}
}

func double(i int) int { return 2 * i }

func TestResultsComeInTheOrderOfTheSource(t *testing.T) {
	var got []int
	err := inOrder(t.Context(), numbers(1000, nil), double, func(v int) error { got = append(got, v); return nil })
	if err != nil || len(got) != 1000 || !slices.IsSorted(got) || got[999] != 1998 {
		t.Errorf("got %d results, %v", len(got), err)
	}
}

func TestTheFirstErrorEndsIt(t *testing.T) {
	broken := errors.New("broken")
	var n int
	if err := inOrder(t.Context(), numbers(10, broken), double, func(int) error { n++; return nil }); err != broken ||
		n != 10 {
		t.Errorf("of the source: got %v after %d", err, n)
	}
	if err := inOrder(t.Context(), numbers(1000, nil), double, func(v int) error {
		if v == 20 {
			return broken
		}
		return nil
	}); err != broken {
		t.Errorf("of the sink: got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err := inOrder(ctx, numbers(1<<30, nil), double, func(v int) error {
		if v == 20 {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("of the context: got %v", err)
	}
}
