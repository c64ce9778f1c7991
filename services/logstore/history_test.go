package logstore

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
)

// history is one life of a log on a failing disk, with the acknowledged events. Everything follows from the seed:
// every fourth log is made late, as that of a ledger, and every other four are on a disk that cannot allocate.
type history struct {
	testing.TB
	seed uint64
	rng  *rand.Rand
	disk *disk
	now  time.Time

	store   *Store
	want    []string // lines that must be there, at these positions: acknowledged, or handed out by an open store
	done    []attempt
	doubt   []attempt // that failed
	next    map[events.StreamID]uint64
	faults  int
	heard   error // the first error of a call since arm
	summary string
	broken  bool // the disk tears sectors, so that the log may be damaged behind what was promised
	ruined  bool // so it is
}

// attempt is an append with its result.
type attempt struct {
	stream   events.StreamID
	expected uint64
	batch    []events.Proposed
	places   []events.Place
	err      error
}

// step is one action of a workload.
type step int

const (
	appendOne   step = iota // a batch of 1 to 3 events
	appendMany              // several at once, which become one commit or, of the same stream, two
	appendLarge             // a batch that needs a segment of its own
	conflict                // at a wrong revision
	repeat                  // of a batch that was acknowledged
	settle                  // a repeat of a batch whose answer was that nobody knows
	reread
	restart // a clean one
	steps
)

const historyStreams = 4

func newHistory(t testing.TB, seed uint64) *history {
	rng := rand.New(rand.NewPCG(seed, 0))
	disk := newDisk(rng)
	disk.plain = seed/4%2 == 1
	return &history{TB: t, seed: seed, rng: rng, disk: disk, now: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC),
		next: map[events.StreamID]uint64{}}
}

func (h *history) fail(format string, args ...any) {
	h.Helper()
	h.Fatalf("seed %d, fault %d, %s: %s", h.seed, h.faults, h.summary, fmt.Sprintf(format, args...))
}

// clock sometimes goes back.
func (h *history) clock() time.Time {
	h.now = h.now.Add(time.Duration(h.rng.IntN(1000)-300) * time.Millisecond)
	return h.now
}

// hear checks that an error of a call has a cause.
func (h *history) hear(err error) {
	if err == nil {
		return
	}
	if _, struck := h.disk.told(); struck == "" {
		h.fail("it failed though nothing befell it: %v", err)
	}
	if h.heard == nil {
		h.heard = err
	}
}

// open starts a process and opens the store, which must have all acknowledged events. It reports whether the store
// opened.
func (h *history) open() bool {
	var got []string
	fs := h.disk.start()
	s, err := Open("log", Options{Clock: h.clock, SegmentBytes: segmentBytesMin, FS: fs, Late: h.seed%4 == 3,
		Replay: func(e events.Stored) error {
			got = append(got, string(e.Bytes))
			return nil
		}})
	if h.broken && h.isRuined(err) {
		return false
	}
	if h.hear(err); err != nil {
		return false
	}
	h.store = s
	h.compare(got)
	return true
}

// isRuined reports whether a log does not open because of damage after all acknowledged events, which can still be
// read.
func (h *history) isRuined(err error) bool {
	var damage *DamageError
	if !errors.As(err, &damage) {
		return false
	}
	var got []string
	h.disk.arm(blow{})
	r, err := verify(h.disk.start(), "log", func(e events.Stored) error {
		got = append(got, string(e.Bytes))
		return nil
	})
	if err != nil || len(r.Damages) == 0 || damage.Position <= uint64(len(h.want)) || len(got) < len(h.want) ||
		!slices.Equal(got[:len(h.want)], h.want) {
		h.fail("%v; verify says %+v, %v, and hands out %d of %d", damage, r, err, len(got), len(h.want))
	}
	h.heard, h.ruined = damage, true
	return true
}

// compare checks the events of an open store: all acknowledged ones, and whole batches of those with an unknown
// outcome. From now on all of them must stay.
func (h *history) compare(got []string) {
	if len(got) < len(h.want) || !slices.Equal(got[:len(h.want)], h.want) {
		h.fail("%d events are there of %d promised:\n%s", len(got), len(h.want), firstDifference(got, h.want))
	}
	for rest := got[len(h.want):]; len(rest) > 0; {
		a := h.found(rest)
		h.next[a.stream] += uint64(len(a.batch))
		h.done = append(h.done, *a)
		rest = rest[len(a.batch):]
	}
	for i := range h.doubt {
		h.doubt[i].err = errNotThere
	}
	h.want = got
}

// errNotThere is the result of attempts whose events an open store did not have. They must never appear.
var errNotThere = errors.New("it was not there when the store was opened")

// found returns the attempt of unknown outcome whose events these lines begin with. Its outcome is now known.
func (h *history) found(lines []string) *attempt {
	for i := range h.doubt {
		a := h.doubt[i]
		if !h.holds(lines, &a) {
			continue
		}
		if !errors.Is(a.err, events.ErrUnknown) {
			h.fail("it was stored, but the answer was %v", a.err)
		}
		h.doubt = slices.Delete(h.doubt, i, i+1)
		return &a
	}
	h.fail("nobody appended, or not all of it is there: %s", lines[0])
	return nil
}

// holds reports whether lines begin with the attempt, at the end of its stream, and stores its places.
func (h *history) holds(lines []string, a *attempt) bool {
	if len(lines) < len(a.batch) || a.expected != h.next[a.stream] {
		return false
	}
	a.places = make([]events.Place, len(a.batch))
	for i := range a.batch {
		e, bad := events.NewLineParser().Parse([]byte(lines[i]))
		b := &a.batch[i]
		if bad != "" || e.Stream != a.stream || e.Revision != a.expected+uint64(i)+1 || e.ID != b.ID ||
			string(e.Body) != b.Body.String() {
			return false
		}
		a.places[i] = e.Place
	}
	return true
}

func firstDifference(got, want []string) string {
	for i, line := range want {
		if i >= len(got) || got[i] != line {
			return fmt.Sprintf("missing or different: %s", line)
		}
	}
	return "none"
}

// do makes one step. It reports whether the store is still usable.
func (h *history) do(s step) bool {
	stream := events.StreamID(fmt.Sprintf("center-ZJ-%d", h.rng.IntN(historyStreams)))
	at := h.next[stream]
	switch s {
	case appendOne:
		return h.append(stream, at, h.batch(1+h.rng.IntN(3)))
	case appendMany:
		return h.appendMany()
	case appendLarge:
		return h.append(stream, at, h.batch(25+h.rng.IntN(10)))
	case conflict:
		return h.conflict(stream, at)
	case repeat:
		if len(h.done) > 0 {
			a := h.done[h.rng.IntN(len(h.done))]
			return h.append(a.stream, a.expected, a.batch)
		}
	case settle:
		if len(h.doubt) > 0 {
			i := h.rng.IntN(len(h.doubt))
			if a := h.doubt[i]; a.expected == h.next[a.stream] {
				h.doubt = slices.Delete(h.doubt, i, i+1)
				return h.append(a.stream, a.expected, a.batch)
			}
		}
	case reread:
		return h.reread()
	case restart:
		err := h.store.Close()
		h.hear(err)
		return h.open() && err == nil
	}
	return true
}

func (h *history) batch(n int) []events.Proposed {
	out := make([]events.Proposed, n)
	for i := range out {
		var id uuid.UUID
		for k := range id {
			id[k] = byte(h.rng.Uint32())
		}
		id[0] |= 1
		body := `{"n":` + fmt.Sprint(h.rng.IntN(1000)) + `,"note":"` + strings.Repeat("x", h.rng.IntN(200)) + `"}`
		out[i] = events.Proposed{ID: id, Kind: "funds.spent", Body: events.MustObject(body)}
	}
	return out
}

// append appends one batch and records its result.
func (h *history) append(stream events.StreamID, expected uint64, batch []events.Proposed) bool {
	a := attempt{stream: stream, expected: expected, batch: batch}
	a.places, a.err = h.store.Append(h.Context(), stream, expected, batch)
	return h.answered(&a)
}

// appendMany queues several batches while the writer is blocked, so that the writer takes them in this order.
func (h *history) appendMany() bool {
	next := map[events.StreamID]uint64{}
	requests := make([]*request, 2+h.rng.IntN(4))
	h.store.mu.Lock()
	for i := range requests {
		stream := events.StreamID(fmt.Sprintf("center-ZJ-%d", h.rng.IntN(historyStreams)))
		expected := h.next[stream] + next[stream]
		requests[i] = &request{stream: stream, expected: expected, batch: h.batch(1 + h.rng.IntN(3)),
			done: make(chan struct{})}
		next[stream] += uint64(len(requests[i].batch))
		h.store.queue <- requests[i]
	}
	h.store.mu.Unlock()
	for _, r := range requests {
		<-r.done
	}
	useful := true
	for _, r := range requests {
		var conflict *events.ConflictError
		if h.heard != nil && errors.As(r.err, &conflict) {
			continue // the batch of this stream before it was not stored for want of room
		}
		useful = h.answered(&attempt{stream: r.stream, expected: r.expected, batch: r.batch, places: r.places,
			err: r.err}) && useful
	}
	return useful
}

// answered records the result of an append. It reports whether the store is still usable.
func (h *history) answered(a *attempt) bool {
	if a.err != nil {
		h.hear(a.err)
		if a.expected < h.next[a.stream] && !errors.Is(a.err, events.ErrUnknown) {
			h.fail("a repeat of what is there answered %v", a.err)
		}
		h.doubt = append(h.doubt, *a)
		var latched *FailedError
		return full(a.err) && !errors.As(a.err, &latched)
	}
	if a.expected < h.next[a.stream] { // a repeat
		i := slices.IndexFunc(h.done, func(d attempt) bool { return d.stream == a.stream && d.expected == a.expected })
		if !slices.Equal(h.done[i].places, a.places) {
			h.fail("a repeat answered %v, the first %v", a.places, h.done[i].places)
		}
		return true
	}
	for i, p := range a.places {
		if p.Position != uint64(len(h.want))+1 || p.Revision != h.next[a.stream]+1 {
			h.fail("an append to %s after %d of %d events answered %+v", a.stream, h.next[a.stream], len(h.want), p)
		}
		h.want = append(h.want, string(events.AppendLine(nil, p, a.stream, &a.batch[i])))
		h.next[a.stream]++
	}
	h.done = append(h.done, *a)
	return true
}

// conflict appends at a revision that is not the end of the stream, before or after it.
func (h *history) conflict(stream events.StreamID, at uint64) bool {
	expected := at + 1
	if at > 0 && h.rng.IntN(2) == 0 {
		expected = at - 1
	}
	_, err := h.store.Append(h.Context(), stream, expected, h.batch(1))
	var conflict *events.ConflictError
	if errors.As(err, &conflict) {
		if conflict.Actual != at {
			h.fail("a conflict says that %s is at %d, not %d", stream, conflict.Actual, at)
		}
		return true
	}
	if err == nil {
		h.fail("an append to %s at %d, not %d, was taken", stream, expected, at)
	}
	h.hear(err)
	return false
}

// reread reads all events and compares them.
func (h *history) reread() bool {
	var got []string
	for e, err := range h.store.ReadAll(h.Context(), 0) {
		if err != nil {
			h.hear(err)
			return false
		}
		got = append(got, string(e.Bytes))
	}
	if !slices.Equal(got, h.want) {
		h.fail("%d events are read, %d were promised", len(got), len(h.want))
	}
	return true
}
