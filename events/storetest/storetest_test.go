package storetest_test

import (
	"errors"
	"testing"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/memstore"
	"github.com/taizhang/taizhang/events/storetest"
)

func TestAFaultyStoreThatNeverFailsKeepsTheContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) events.Store {
		return &storetest.Faulty{Store: memstore.New(storetest.UnsteadyClock()), Plan: func(int64) storetest.Fault {
			return storetest.Works
		}}
	})
}

func TestAFailedAppendIsSettledByRepeatingIt(t *testing.T) {
	for fault, stored := range map[storetest.Fault]int{storetest.FailedNotStored: 0, storetest.FailedButStored: 1} {
		s := &storetest.Faulty{Store: memstore.New(storetest.UnsteadyClock()), Plan: func(n int64) storetest.Fault {
			if n == 1 {
				return fault
			}
			return storetest.Works
		}}
		batch := []events.Proposed{{ID: uuid.Max, Kind: "funds.spent", Body: events.MustObject(`{}`)}}
		if _, err := s.Append(t.Context(), "policy", 0, batch); !errors.Is(err, events.ErrUnknown) {
			t.Errorf("the failed append answered %v", err)
		}
		count := func() (n int) {
			for range s.ReadAll(t.Context(), 0) {
				n++
			}
			return n
		}
		if n := count(); n != stored {
			t.Errorf("fault %d left %d events, want %d", fault, n, stored)
		}
		if places, err := s.Append(t.Context(), "policy", 0, batch); err != nil || places[0].Revision != 1 ||
			count() != 1 {
			t.Errorf("fault %d: the repeat answered %v, %v and left %d events", fault, places, err, count())
		}
	}
}
