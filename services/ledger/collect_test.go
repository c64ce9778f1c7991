package ledger_test

import (
	"errors"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"testing"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/ledger"
)

// heapGrowth returns the percentage by which the heap may grow before a collection.
func heapGrowth() int {
	sample := []metrics.Sample{{Name: "/gc/gogc:percent"}}
	metrics.Read(sample)
	return int(sample[0].Value.Uint64()) // -1 if it is never collected
}

// The test opens a ledger in every way in which opening can end.
func TestOpeningSetsBackHowOftenTheHeapIsCollected(t *testing.T) {
	defer debug.SetGCPercent(heapGrowth())
	_, store := newLedger(t)
	fails := errors.New("fails")
	opens := func(during *int, err error) {
		l, got := ledger.OpenFrom(t.Context(), func(func(events.Stored) error) (events.Store, error) {
			if *during = heapGrowth(); err == nil {
				return store, nil
			}
			return nil, err
		}, ledger.Config{ReadOnly: true})
		if !errors.Is(got, err) {
			t.Error(got)
		}
		if got == nil {
			l.Close()
		}
	}
	for _, c := range []struct {
		name        string
		before      int
		environment string
		want        int // while it opens
	}{
		{"a command", 40, "", 80},
		{"a server", 200, "", 200},
		{"more is allowed", 400, "", 400},
		{"never", -1, "", -1},
		{"the environment says how often", 40, "40", 40},
	} {
		t.Setenv("GOGC", c.environment)
		debug.SetGCPercent(c.before)
		for end, open := range map[string]func(during *int){
			"opened": func(during *int) { opens(during, nil) },
			"failed": func(during *int) { opens(during, fails) },
			"four at once": func(during *int) {
				var all sync.WaitGroup
				for range 3 {
					all.Go(func() { opens(new(int), fails) })
				}
				opens(during, nil)
				all.Wait()
			},
		} {
			var during int
			if open(&during); during != c.want || heapGrowth() != c.before {
				t.Errorf("%s, %s: the heap grew by %d %% meanwhile, want %d, and by %d afterwards, want %d", c.name,
					end, during, c.want, heapGrowth(), c.before)
			}
		}
	}
}
