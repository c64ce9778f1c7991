package logstore

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
)

var (
	faultsFlag = flag.Int("faults", 12_000, "how many faults the random histories meet")
	seedFlag   = flag.Uint64("seed", 0, "of the first random history; a random one if 0")
)

// script is a workload with every kind of step: rotations, groups, conflicts, repeats and a restart.
var script = []step{appendOne, appendMany, appendOne, conflict, repeat, appendMany, appendOne, appendOne,
	appendMany, appendOne,
	restart, appendMany, repeat, restart, restart, appendLarge, appendOne, reread, restart, appendOne,
	appendLarge, appendOne}

// losses are the ways in which a machine loses unsynced data. In the first only the process dies.
var losses = []loss{{percent: -1}, {percent: 0}, {percent: 0, torn: true}, {percent: 50}, {percent: 50, torn: true},
	{percent: 100}}

// eitherDisk holds the seeds of the scripted workloads: for logs that are made late, on a disk that can allocate and
// on one that cannot.
var eitherDisk = []uint64{3, 7}

// errs are the ways in which a call fails.
var errs = []blow{
	{err: syscall.EIO, extent: none}, {err: syscall.EIO, extent: some}, {err: syscall.EIO, extent: all},
	{err: syscall.ENOSPC, extent: none}, {err: syscall.ENOSPC, extent: some}, {err: syscall.ENOSPC, extent: all},
	{err: syscall.EIO, extent: none, forGood: true}, {err: syscall.ENOSPC, extent: some, forGood: true},
}

// play opens the store and makes the steps, until they are done or the blow ends the store. It returns the number of
// calls.
func (h *history) play(b blow, todo []step) (calls int) {
	h.disk.arm(b)
	h.heard, h.summary = nil, fmt.Sprintf("blow %+v", b)
	useful := h.open()
	for i := 0; useful && i < len(todo); i++ {
		useful = h.do(todo[i])
	}
	if h.store != nil {
		if _, struck := h.disk.told(); !useful && struck != "" && h.heard != nil && b.err != nil {
			h.refused()
		}
		err := h.store.Close()
		if !errors.Is(err, events.ErrClosed) {
			h.hear(err)
		}
		h.store = nil
	}
	calls, struck := h.disk.told()
	for range 2 {
		if b.forGood && struck == "sync" && h.open() {
			if h.store.writer.active != nil { // a log that is made late needs none before its first append
				h.fail("it opens though no sync works")
			}
			h.hear(h.store.Close())
			h.store = nil
		}
	}
	if struck != "" {
		h.faults++
	}
	h.summary += " at " + struck
	if b.err != nil && struck != "" && h.heard == nil &&
		!slices.Contains([]string{"remove", "unlock", "close"}, struck) {
		h.fail("nobody heard of it")
	}
	h.disk.arm(blow{})
	return calls
}

// refused checks that a failed store accepts no more appends.
func (h *history) refused() {
	var latched *FailedError
	if !errors.As(h.heard, &latched) {
		return
	}
	before, _ := h.disk.told()
	_, err := h.store.Append(h.Context(), "other", 0, h.batch(1))
	if after, _ := h.disk.told(); !errors.Is(err, events.ErrClosed) && !errors.As(err, &latched) || after != before {
		h.fail("after %v it answered %v and made %d calls", h.heard, err, after-before)
	}
}

// lose cuts the power, unless the loss is only the death of the process.
func (h *history) lose(l loss) {
	h.summary += fmt.Sprintf(", then %+v", l)
	if l.percent >= 0 {
		h.disk.cut(l)
	}
}

// end opens the store without faults: all acknowledged events must be there, Verify must find no damage, and appends
// must work and survive another power cut.
func (h *history) end() {
	for range 2 {
		h.disk.arm(blow{})
		if !h.open() {
			h.fail("it does not open")
		}
		h.reread()
		for range 2 {
			h.do(appendMany)
			h.do(settle)
		}
		h.verify()
		if err := h.store.Close(); err != nil {
			h.fail("close: %v", err)
		}
		h.disk.cut(loss{percent: 100})
	}
	h.store = nil
}

// endOrRuin does the same as end, but accepts damage after all acknowledged events.
func (h *history) endOrRuin() {
	if h.broken {
		if h.ruined || !h.open() {
			return
		}
		h.hear(h.store.Close())
	}
	h.end()
}

func (h *history) verify() {
	r, err := verify(h.store.opts.FS, "log", nil)
	if err != nil || len(r.Damages) > 0 || r.Torn != nil || r.Records != uint64(len(h.want)) {
		h.fail("of %d records verify says %+v, %v", len(h.want), r, err)
	}
}

func TestWhereverAScriptedWorkloadIsCutItComesBack(t *testing.T) {
	start, faults := time.Now(), 0
	for _, seed := range eitherDisk {
		calls := newHistory(t, seed).play(blow{}, script)
		for call := 0; call < calls; call += thin {
			for i, l := range losses {
				for try := range uint64(2) {
					h := newHistory(t, seed)
					h.play(blow{call: call + 1}, script)
					h.rng = rand.New(rand.NewPCG(uint64(i), try))
					h.disk.rng = h.rng
					h.lose(l)
					h.end()
					if faults += h.faults; l.percent != 50 {
						break
					}
				}
			}
		}
		t.Logf("%d calls, %d faults, %v", calls, faults, time.Since(start))
	}
}

// Processes die while they make the directories of a log. The events that a later process acknowledges must survive a
// power cut.
func TestTheDirectoriesOfALogAreDurableWithIt(t *testing.T) {
	opts := Options{SegmentBytes: segmentBytesMin}
	d := newDisk(rand.New(rand.NewPCG(1, 1)))
	diesIn := func(call int) bool {
		d.arm(blow{call: call})
		opts.FS = d.start()
		if s, err := Open("new/deep/log", opts); err == nil {
			_ = s.Close()
		}
		_, struck := d.told()
		return struck != ""
	}
	for first := 1; diesIn(first); first++ {
		for second := 1; diesIn(second); second++ {
			d.arm(blow{})
			opts.FS = d.start()
			s := mustOpen(t, "new/deep/log", opts)
			mustAppend(t, s, "policy", 0, batch("a", 1))
			d.cut(loss{percent: 100})
			opts.FS = d.start()
			s = mustOpen(t, "new/deep/log", opts)
			if got := lines(t, s); len(got) != 1 {
				t.Fatalf("died in calls %d and %d: %d events are there", first, second, len(got))
			}
			mustClose(t, s)
			d = newDisk(rand.New(rand.NewPCG(1, 1)))
			diesIn(first)
		}
		d = newDisk(rand.New(rand.NewPCG(1, 1)))
	}
}

func TestWhereverRecoveryIsCutItComesBack(t *testing.T) {
	start, faults := time.Now(), 0
	for _, seed := range eitherDisk {
		calls := newHistory(t, seed).play(blow{}, script)
		for call := 0; call < calls; call += 5 * thin {
			for again := 1; again < 40; again++ {
				h := newHistory(t, seed)
				h.play(blow{call: call + 1}, script)
				h.rng = rand.New(rand.NewPCG(uint64(call), uint64(again)))
				h.disk.rng = h.rng
				h.lose(losses[h.rng.IntN(len(losses))])
				before := h.faults
				h.play(blow{call: again}, nil)
				h.lose(losses[h.rng.IntN(len(losses))])
				h.end()
				if faults += h.faults; h.faults == before {
					break // the store was open by then
				}
			}
		}
		t.Logf("%d calls, %d faults, %v", calls, faults, time.Since(start))
	}
}

// A process dies in the sync of a commit whose last bytes lie in another sector, the next process dies in its
// recovery, and then the power fails.
func TestACommitThatEndsAcrossSectorsComesBackWhereverRecoveryIsCut(t *testing.T) {
	faults := 0
	for length := range sectorBytes {
		write := func(h *history) {
			h.append("center-ZJ-0", 0,
				[]events.Proposed{{ID: uuid.UUID{1}, Kind: "funds.spent",
					Body: events.MustObject(fmt.Sprintf(`{"note":"%s"}`, strings.Repeat("x", length)))}})
		}
		whole := newHistory(t, 1)
		whole.open()
		write(whole)
		calls, _ := whole.disk.told()
		end := whole.store.writer.active.end % sectorBytes
		if err := whole.store.Close(); err != nil {
			t.Fatal(err)
		}
		if end == 0 || end >= int64(len(commitEnding)) {
			continue
		}
		for again, goesOn := 1, true; goesOn; again++ {
			for try := range uint64(10) {
				h := newHistory(t, try)
				h.disk.arm(blow{call: calls})
				h.open()
				write(h)
				if err := h.store.Close(); !errors.Is(err, events.ErrClosed) {
					h.hear(err)
				}
				h.heard, h.store = nil, nil
				h.play(blow{call: again}, nil)
				h.lose(loss{percent: 50, torn: true})
				h.end()
				goesOn = h.faults > 0
				faults += h.faults
			}
		}
	}
	if faults == 0 {
		t.Error("no commit ends across sectors")
	}
	t.Logf("%d faults", faults)
}

// A sync fails and leaves any subset of the sectors of a commit on the medium, while all can be read; the next
// process dies in each call of its recovery; and then the power fails. If sectors stay whole, the log must open. If
// they tear, it may be damaged, but only after the acknowledged events: a torn first sector before complete later
// ones puts zeros into the middle of a commit.
func TestACommitInPiecesComesBackWhereverItsRecoveryIsCut(t *testing.T) {
	const sectors = 3 // of the commit, or four
	for _, broken := range []bool{false, true} {
		faults, ruined := 0, 0
		for pieces := range 2 << sectors {
			for again, goesOn := 1, true; goesOn; again++ {
				for try := range 4 {
					h := newHistory(t, uint64(pieces<<16|again<<8|try<<3)) // each loses other sectors
					h.broken = broken
					h.open()
					h.append("center-ZJ-0", 0, h.batch(1))
					end := h.store.writer.active.end
					h.disk.arm(blow{call: 2, err: syscall.EIO, extent: none}) // the sync after the write
					h.append("center-ZJ-1", 0,
						[]events.Proposed{
							{ID: uuid.UUID{1}, Kind: "funds.spent",
								Body: events.MustObject(
									fmt.Sprintf(`{"note":"%s"}`, strings.Repeat("x", (sectors-2)*sectorBytes)))}})
					h.hear(h.store.Close())
					if _, struck := h.disk.told(); struck != "sync" {
						t.Fatalf("the blow hit %q", struck)
					}
					first, file := int(end/sectorBytes), h.disk.names["log/"+segmentName(1)]
					file.leave(first, pieces)
					h.store, h.heard = nil, nil
					h.play(blow{call: again}, nil)
					l := loss{percent: 50, torn: true, broken: broken}
					if try%2 == 0 { // of what the recovery wrote only the first sector that was missing is kept
						file.keep(first + bits.TrailingZeros(^uint(pieces)))
						l.percent = 0
					}
					h.lose(l)
					goesOn = h.faults > 0
					h.endOrRuin()
					faults += h.faults
					if h.ruined {
						ruined++
					}
				}
			}
		}
		if faults == 0 || broken != (ruined > 0) {
			t.Errorf("on a disk that tears sectors (%v) %d of %d logs were damaged", broken, ruined, faults)
		}
		t.Logf("%d faults, %d damaged", faults, ruined)
	}
}

func TestWhicheverCallOfAScriptedWorkloadFailsTheCallerHearsOfItAndNothingIsLost(t *testing.T) {
	start, faults := time.Now(), 0
	for _, seed := range eitherDisk {
		calls := newHistory(t, seed).play(blow{}, script)
		for call := 0; call < calls; call += thin {
			for k, b := range errs {
				for i, l := range []loss{{percent: -1}, {percent: 50}, {percent: 50, torn: true}, {percent: 100}} {
					if (call/thin+k+i)%4 > 0 {
						continue // there is time for every fourth
					}
					h := newHistory(t, seed)
					b.call = call + 1
					h.play(b, script)
					h.rng = rand.New(rand.NewPCG(uint64(call), uint64(i)))
					h.disk.rng = h.rng
					h.lose(l)
					h.end()
					faults += h.faults
				}
			}
		}
		t.Logf("%d calls, %d faults, %v", calls, faults, time.Since(start))
	}
}

// The test plays random workloads with several random faults each. A failure prints its seed. -seed plays it again,
// and -faults sets the number of faults.
func TestRandomHistoriesOfFaultsLoseNothing(t *testing.T) {
	seed, start := *seedFlag, time.Now()
	if seed == 0 {
		seed = rand.Uint64N(1 << 40)
	}
	histories, faults := uint64(0), 0
	for ; faults < *faultsFlag/thin; histories++ {
		h := newHistory(t, seed+histories)
		for range 12 {
			h.randomly()
		}
		h.end()
		faults += h.faults
	}
	t.Logf("seed %d, %d histories, %d faults, %v", seed, histories, faults, time.Since(start))
}

// The test plays random histories on a disk that is worse than the package assumes. A log may be damaged then, but
// only after all acknowledged events.
func TestNothingThatWasAnsweredIsLostOnADiskThatTearsSectors(t *testing.T) {
	seed := rand.Uint64N(1 << 40)
	histories, ruined, faults := 0, 0, 0
	for ; faults < *faultsFlag/4/thin || ruined == 0 && histories < 1000; histories++ {
		h := newHistory(t, seed+uint64(histories))
		h.broken = true
		for plays := 0; plays < 12 && !h.ruined; plays++ {
			h.randomly()
		}
		h.endOrRuin()
		if faults += h.faults; h.ruined {
			ruined++
		}
	}
	if ruined == 0 || ruined == histories {
		t.Errorf("of %d logs %d were damaged", histories, ruined)
	}
	t.Logf("seed %d, %d histories, %d damaged, %d faults", seed, histories, ruined, faults)
}

func TestAHistoryIsPlayedAgainFromItsSeed(t *testing.T) {
	var ends [2]*history
	for i := range ends {
		ends[i] = newHistory(t, 5)
		for range 50 {
			ends[i].randomly()
		}
	}
	a, b := ends[0], ends[1]
	if a.faults != b.faults || !slices.Equal(a.want, b.want) ||
		!maps.EqualFunc(a.disk.files(), b.disk.files(), bytes.Equal) {
		t.Errorf("%d faults and %d events, then %d and %d", a.faults, len(a.want), b.faults, len(b.want))
	}
}

// randomly makes some steps with random faults.
func (h *history) randomly() {
	b := blow{}
	if h.rng.IntN(3) == 0 {
		b = errs[h.rng.IntN(len(errs))]
	}
	b.call = 1 + h.rng.IntN(30)
	todo := make([]step, h.rng.IntN(12))
	for i := range todo {
		if todo[i] = step(h.rng.IntN(int(steps))); todo[i] == appendLarge && h.rng.IntN(4) > 0 {
			todo[i] = appendOne
		}
	}
	h.play(b, todo)
	l := losses[h.rng.IntN(len(losses))]
	l.broken = h.broken
	h.lose(l)
}
