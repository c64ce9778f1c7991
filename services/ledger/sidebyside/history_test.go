//go:build e2e

package sidebyside

import (
	"bytes"
	"cmp"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/simulator"
)

const (
	firstDay = "2024-01-01"
	lastDay  = "2026-10-31"

	// centerEvents is a little less than the simulator writes for one center between the two days.
	centerEvents = 230
)

// history is the data of both sides. Its streams are in the order in which the writers take them, the longest first,
// so that all writers have work until the end.
type history struct {
	policies stream
	centers  []stream
	count    int
}

// stream holds the events of one stream, in order.
type stream struct {
	id     events.StreamID
	events []events.Proposed
}

func (h *history) byStream() map[events.StreamID][]events.Proposed {
	m := map[events.StreamID][]events.Proposed{h.policies.id: h.policies.events}
	for _, s := range h.centers {
		m[s.id] = s.events
	}
	return m
}

// historyOf returns the history in a store.
func historyOf(t testing.TB, all iter.Seq2[events.Stored, error]) *history {
	t.Helper()
	h := &history{policies: stream{id: events.PolicyStream}}
	at := map[events.StreamID]int{}
	for s, err := range all {
		check(t, err)
		h.count++
		e := events.Proposed{ID: s.ID, Kind: s.Kind, Body: events.MustObject(string(s.Body))}
		if s.Stream == events.PolicyStream {
			h.policies.events = append(h.policies.events, e)
			continue
		}
		i, ok := at[s.Stream]
		if !ok {
			i = len(h.centers)
			at[s.Stream], h.centers = i, append(h.centers, stream{id: s.Stream})
		}
		h.centers[i].events = append(h.centers[i].events, e)
	}
	slices.SortFunc(h.centers, func(a, b stream) int {
		return cmp.Or(cmp.Compare(len(b.events), len(a.events)), cmp.Compare(a.id, b.id))
	})
	return h
}

// simulate returns simulated records as lines to import, center by center, the longest first.
func simulate(t testing.TB, records int) [][]string {
	t.Helper()
	cfg := simulator.Scenario{Seed: 3, Centers: max(writers, records/centerEvents), From: events.MustDate(firstDay),
		To: events.MustDate(lastDay)}
	byCenter, kinds, n := map[events.CenterID][]string{}, map[events.Kind]int{}, 0
	for rec, err := range simulator.Records(cfg) {
		check(t, err)
		line, err := events.EncodeRecord(rec)
		check(t, err)
		byCenter[rec.Center] = append(byCenter[rec.Center], string(line))
		kinds[rec.Kind]++
		if n++; n == records {
			break
		}
	}
	if n < records {
		t.Fatalf("simulated %d records of %d", n, records)
	}
	for _, kind := range []events.Kind{"subsidy.reversed", "funds.recovered", "matching.received", "spending.reversed",
		"use.ruled", "entry.voided"} {
		if kinds[kind] == 0 {
			t.Fatalf("no %s among %d records: equal figures would prove little; take more with -events", kind, records)
		}
	}
	var list [][]string
	for _, lines := range byCenter {
		list = append(list, lines)
	}
	slices.SortFunc(list, func(a, b []string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a[0], b[0]))
	})
	return list
}

// share divides the items among the writers: each takes the next item when it is done. It returns the total time.
func share[T any](t testing.TB, list []T, do func(writer int, item T) error) time.Duration {
	t.Helper()
	next := make(chan T, len(list))
	for _, item := range list {
		next <- item
	}
	close(next)
	failed := make(chan error, writers)
	start := time.Now()
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for item := range next {
				if err := do(w, item); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	wg.Wait()
	took := time.Since(start)
	close(failed)
	check(t, <-failed)
	return took
}

// drain reads all events and discards them.
func drain(all iter.Seq2[events.Stored, error], count int) error {
	n := 0
	for _, err := range all {
		if err != nil {
			return err
		}
		n++
	}
	if n != count {
		return fmt.Errorf("read %d events of %d", n, count)
	}
	return nil
}

// holds checks that a read yields exactly the events of the streams, each stream in order, at rising positions.
func holds(t testing.TB, where string, all iter.Seq2[events.Stored, error],
	want map[events.StreamID][]events.Proposed) {
	t.Helper()
	seen, last := map[events.StreamID]uint64{}, uint64(0)
	for s, err := range all {
		check(t, err)
		n := seen[s.Stream]
		if s.Position <= last || s.Revision != n+1 || n >= uint64(len(want[s.Stream])) {
			t.Fatalf("%s: event %d of %s at position %d, after position %d and %d events of the stream", where,
				s.Revision, s.Stream, s.Position, last, n)
		}
		if w := want[s.Stream][n]; s.ID != w.ID || s.Kind != w.Kind || string(s.Body) != w.Body.String() ||
			s.RecordedAt.IsZero() {
			t.Fatalf("%s: event %d of %s is not what was written", where, s.Revision, s.Stream)
		}
		seen[s.Stream], last = n+1, s.Position
	}
	for name, list := range want {
		if seen[name] != uint64(len(list)) {
			t.Fatalf("%s: %d events of %s, want %d", where, seen[name], name, len(list))
		}
	}
}

// syncLatency returns the median time of fdatasync after writing 4 KiB within a preallocated file.
func syncLatency(t testing.TB, dir string) time.Duration {
	t.Helper()
	const pages, pageBytes = 256, 4 << 10
	f, err := os.Create(filepath.Join(dir, "latency"))
	check(t, err)
	page, list := bytes.Repeat([]byte{'x'}, pageBytes), []time.Duration(nil)
	for round := range 2 { // the first makes the room
		list = list[:0]
		for i := range pages {
			_, err := f.WriteAt(page, int64(i*pageBytes))
			check(t, err)
			if round == 1 {
				list = append(list, clock(t, func() error { return unix.Fdatasync(int(f.Fd())) }))
			}
		}
		check(t, f.Sync())
	}
	check(t, f.Close())
	return median(list)
}

func bytesIn(t testing.TB, dir string) (n int) {
	t.Helper()
	check(t, filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			n += int(info.Size())
		}
		return err
	}))
	return n
}

// clock returns the time that do takes.
func clock(t testing.TB, do func() error) time.Duration {
	t.Helper()
	start := time.Now()
	check(t, do())
	return time.Since(start)
}

func median(list []time.Duration) time.Duration {
	slices.Sort(list)
	return list[len(list)/2]
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
