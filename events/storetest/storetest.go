package storetest

import (
	"errors"
	"fmt"
	"iter"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
)

// Run tests a backend against the contract of events.Store. open returns a new empty store at each call, which Run
// closes. A store with a clock option should get UnsteadyClock, so that the promises about time are tested.
func Run(t *testing.T, open func(t *testing.T) events.Store) {
	for name, test := range map[string]func(*testing.T, events.Store){
		"a stream counts its events from one":                          countsFromOne,
		"a conflict carries the actual revision and appends nothing":   conflictCarriesActual,
		"positions increase and recordedAt never decreases":            placesIncrease,
		"what is refused leaves nothing behind":                        refusesNonsense,
		"any valid name is a stream, and no other name is":             namesStreams,
		"a batch as large as allowed is appended whole":                largestBatch,
		"a repeat answers the first result, however late":              repeatAnswersFirst,
		"other content under the same ids is a conflict":               otherContentConflicts,
		"a batch at the place of a longer one that it begins is there": shorterRepeat,
		"a batch that goes on after what is there is a conflict":       longerRepeat,
		"an append whose context has ended is not made":                endedContextAppendsNothing,
		"one of many appends at the same place wins":                   oneWinner,
		"concurrent appends to many streams keep the order of each":    concurrentStreams,
		"after is exclusive in a stream":                               streamAfter,
		"after is exclusive in the whole store":                        allAfter,
		"a stream that does not exist is empty":                        emptyStream,
		"the same bytes are handed out on every read":                  sameBytes,
		"bodies come back as proposed":                                 bodiesAsProposed,
		"a read can be broken off and begun again":                     breakRead,
		"ReadAll stops at the end as it was when it began":             readAllStops,
		"a read ends with its context":                                 readEndsWithContext,
		"a subscription sees old and new events once and in order":     subscriptionSeesAll,
		"a subscription waits and ends with its context":               subscriptionEndsWithContext,
		"many subscriptions see the same under concurrent appends":     manySubscriptions,
		"a subscription after the end waits for what comes after":      subscribeAtEnd,
		"Close ends subscriptions and reads with ErrClosed":            closeEndsReads,
		"a closed store refuses everything with ErrClosed":             closedRefuses,
		"Close while appending leaves each append whole or not at all": closeWhileAppending,
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			t.Cleanup(func() {
				if err := s.Close(); err != nil && !errors.Is(err, events.ErrClosed) {
					t.Errorf("close: %v", err)
				}
			})
			test(t, s)
		})
	}
}

// UnsteadyClock returns a clock that jumps back and forth, by up to an hour and with fractions of a microsecond, as
// bad clocks do.
func UnsteadyClock() func() time.Time {
	start := time.Date(2026, 11, 23, 11, 17, 46, 123456789, events.Shanghai)
	var n atomic.Int64
	return func() time.Time {
		i := n.Add(1)
		return start.Add(time.Duration(i*i*7919%3600)*time.Second + time.Duration(i)*1777*time.Nanosecond)
	}
}

const stream events.StreamID = "center-ZJ-0007"

// batch returns n events whose ids and bodies follow from the seed.
func batch(seed string, n int) []events.Proposed {
	out := make([]events.Proposed, n)
	for i := range out {
		name := fmt.Sprintf("%s/%d", seed, i)
		out[i] = events.Proposed{ID: uuid.NewSHA1(uuid.NameSpaceOID, []byte(name)), Kind: "funds.spent",
			Body: events.MustObject(fmt.Sprintf(`{"on":"2026-11-23","note":"支出 %s","amountFen":%d}`, name, i))}
	}
	return out
}

func mustAppend(t *testing.T, s events.Store, to events.StreamID, expected uint64,
	b []events.Proposed) []events.Place {
	t.Helper()
	places, err := s.Append(t.Context(), to, expected, b)
	if err != nil {
		t.Fatalf("append %d events to %s at %d: %v", len(b), to, expected, err)
	}
	if len(places) != len(b) {
		t.Fatalf("append of %d events answered %d places", len(b), len(places))
	}
	for i, p := range places {
		if p.Revision != expected+uint64(i)+1 {
			t.Fatalf("event %d has revision %d, not %d", i, p.Revision, expected+uint64(i)+1)
		}
	}
	return places
}

// collect copies what a read yields until it ends or has yielded max events.
func collect(t *testing.T, seq iter.Seq2[events.Stored, error], limit int) []events.Stored {
	t.Helper()
	var out []events.Stored
	for e, err := range seq {
		if err != nil {
			t.Fatalf("read after %d events: %v", len(out), err)
		}
		if out = append(out, clone(e)); len(out) == limit {
			break
		}
	}
	return out
}

func clone(e events.Stored) events.Stored {
	e.Body, e.Bytes = append([]byte(nil), e.Body...), append([]byte(nil), e.Bytes...)
	return e
}

// lastError returns the number of events that a read yields, and the error after them, which must come last.
func lastError(t *testing.T, seq iter.Seq2[events.Stored, error]) (int, error) {
	t.Helper()
	n, last := 0, error(nil)
	for _, err := range seq {
		if last != nil {
			t.Fatalf("the read went on after %v", last)
		}
		if err == nil {
			n++
		}
		last = err
	}
	return n, last
}

func wantConflict(t *testing.T, err error, expected, actual uint64) {
	t.Helper()
	var conflict *events.ConflictError
	if !errors.As(err, &conflict) || conflict.Stream != stream || conflict.Expected != expected ||
		conflict.Actual != actual {
		t.Fatalf("got %v, want a conflict at %d, expected %d", err, actual, expected)
	}
}

func wantCount(t *testing.T, s events.Store, n int) {
	t.Helper()
	if got := len(collect(t, s.ReadAll(t.Context(), 0), -1)); got != n {
		t.Fatalf("the store has %d events, not %d", got, n)
	}
}
