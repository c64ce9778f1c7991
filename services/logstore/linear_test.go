package logstore

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/memstore"
	"github.com/taizhang/taizhang/events/storetest"
)

// The sequential store that every history must agree with: a stream is the names of its events, each of nameBytes.
const nameBytes = 6

type linearInput struct {
	stream   events.StreamID
	append   string // the batch; a read if empty
	expected int
}

type linearOutput struct {
	answer answer
	actual int    // of a conflict
	seen   string // by a read
}

type answer string

const (
	stored    answer = "stored"
	conflicts answer = "conflict"
	unknown   answer = "unknown"
)

var sequential = porcupine.Model{
	Init: func() any { return "" },
	Partition: func(history []porcupine.Operation) (parts [][]porcupine.Operation) {
		of := map[events.StreamID]int{}
		for _, op := range history {
			name := op.Input.(linearInput).stream
			if _, ok := of[name]; !ok {
				of[name] = len(parts)
				parts = append(parts, nil)
			}
			parts[of[name]] = append(parts[of[name]], op)
		}
		return parts
	},
	Step: func(state, input, output any) (bool, any) {
		held, in, out := state.(string), input.(linearInput), output.(linearOutput)
		if in.append == "" {
			return out.seen == held, held
		}
		at := in.expected * nameBytes
		fits := at == len(held)
		there := at+len(in.append) <= len(held) && held[at:at+len(in.append)] == in.append
		switch out.answer {
		case stored:
			if fits {
				return true, held + in.append
			}
			return there, held
		case conflicts:
			return !fits && !there && out.actual*nameBytes == len(held), held
		case unknown: // it may have happened, now or later, or never: then it is last
			if fits {
				return true, held + in.append
			}
		}
		return true, held
	},
}

// recorder records the calls of clients and their results, in an order that agrees with time.
type recorder struct {
	t             *testing.T
	tick          atomic.Int64
	lost, refused atomic.Int64 // tries, by what they were answered

	mu  sync.Mutex
	all []porcupine.Operation
}

func (r *recorder) note(client int, call int64, in linearInput, out linearOutput) {
	end := r.tick.Add(1)
	if out.answer == unknown {
		end = math.MaxInt64
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, porcupine.Operation{ClientId: client, Input: in, Output: out, Call: call, Return: end})
}

func (r *recorder) check(what string) {
	answers := map[answer]int{}
	for _, op := range r.all {
		answers[op.Output.(linearOutput).answer]++
	}
	if result := porcupine.CheckOperationsTimeout(sequential, r.all, time.Minute); result != porcupine.Ok {
		r.t.Errorf("%s: the history of %d calls is %s: %v", what, len(r.all), result, r.all)
	}
	r.t.Logf("%s: %v, %d answers lost, %d refused", what, answers, r.lost.Load(), r.refused.Load())
}

// read reads one stream and records the result.
func (r *recorder) read(client int, s events.Store, stream events.StreamID) (seen string, err error) {
	call := r.tick.Add(1)
	for e, err := range s.ReadStream(context.Background(), stream, 0) {
		if err != nil {
			return "", err
		}
		seen += nameOf(e.Body)
	}
	r.note(client, call, linearInput{stream: stream}, linearOutput{seen: seen})
	return seen, nil
}

// readAll reads all streams and records the result of each.
func (r *recorder) readAll(client int, s events.Store) error {
	call := r.tick.Add(1)
	seen := map[events.StreamID]string{}
	for _, stream := range linearStreams {
		seen[stream] = ""
	}
	for e, err := range s.ReadAll(context.Background(), 0) {
		if err != nil {
			return err
		}
		seen[e.Stream] += nameOf(e.Body)
	}
	for stream, names := range seen {
		r.note(client, call, linearInput{stream: stream}, linearOutput{seen: names})
	}
	return nil
}

// write appends a batch at the revision that it read. It repeats the append while its outcome is unknown, unless it
// gives up. The attempts are recorded as one call with the last result: the batch may have been stored at any time
// since the first.
func (r *recorder) write(client int, store func() events.Store, in linearInput, givesUp bool) {
	batch := make([]events.Proposed, len(in.append)/nameBytes)
	for i := range batch {
		name := in.append[i*nameBytes : (i+1)*nameBytes]
		batch[i] = events.Proposed{ID: uuid.NewSHA1(uuid.NameSpaceOID, []byte(name)), Kind: "funds.spent",
			Body: events.MustObject(`{"name":"` + name + `"}`)}
	}
	call := r.tick.Add(1)
	for range 100 {
		var conflict *events.ConflictError
		switch _, err := store().Append(context.Background(), in.stream, uint64(in.expected), batch); {
		case err == nil:
			r.note(client, call, in, linearOutput{answer: stored})
			return
		case errors.As(err, &conflict):
			r.note(client, call, in, linearOutput{answer: conflicts, actual: int(conflict.Actual)})
			return
		case errors.Is(err, events.ErrUnknown) && givesUp:
			r.note(client, call, in, linearOutput{answer: unknown})
			return
		case errors.Is(err, events.ErrUnknown):
			r.lost.Add(1)
		default:
			r.refused.Add(1)
		}
	}
	r.t.Errorf("an append to %s is never settled", in.stream)
}

func nameOf(body []byte) string { return string(body[len(`{"name":"`) : len(body)-len(`"}`)]) }

var linearStreams = []events.StreamID{"center-ZJ-0", "center-ZJ-1", "center-ZJ-2"}

// run makes clients append and read at the same time. store returns the store to use.
func (r *recorder) run(seed uint64, rounds int, store func() events.Store) {
	var clients sync.WaitGroup
	for client := range 6 {
		clients.Go(func() {
			rng := rand.New(rand.NewPCG(seed, uint64(client)))
			for round := range rounds {
				stream := linearStreams[rng.IntN(len(linearStreams))]
				seen, err := r.read(client, store(), stream)
				if err != nil {
					continue
				}
				names := fmt.Sprintf("c%dn%03d", client, 2*round)
				if rng.IntN(2) == 0 {
					names += fmt.Sprintf("c%dn%03d", client, 2*round+1)
				}
				r.write(client, store, linearInput{stream: stream, append: names, expected: len(seen) / nameBytes},
					rng.IntN(12) == 0)
				if rng.IntN(4) == 0 {
					_ = r.readAll(client, store())
				}
			}
		})
	}
	clients.Wait()
}

// losing returns a store that loses some results and some appends.
func losing(s events.Store) func() events.Store {
	faulty := &storetest.Faulty{Store: s, Plan: func(n int64) storetest.Fault {
		switch n % 7 {
		case 2, 3:
			return storetest.FailedButStored
		case 5:
			return storetest.FailedNotStored
		}
		return storetest.Works
	}}
	return func() events.Store { return faulty }
}

func TestAppendsAndReadsAreLinearizableThoughAnswersAreLost(t *testing.T) {
	for seed := range uint64(5) {
		mem := &recorder{t: t}
		mem.run(seed, 40, losing(memstore.New(storetest.UnsteadyClock())))
		mem.check("memstore")
		s := mustOpen(t, "log", Options{FS: holding(nil).start(), SegmentBytes: segmentBytesMin})
		log := &recorder{t: t}
		log.run(seed, 40, losing(s))
		log.check("logstore")
	}
}

// The test opens the store again after each power cut and failure.
func TestAppendsAndReadsAreLinearizableThoughThePowerIsCut(t *testing.T) {
	for seed := range uint64(5) {
		m := &machine{rng: rand.New(rand.NewPCG(seed, 7))}
		m.disk = newDisk(rand.New(rand.NewPCG(seed, 8)))
		m.disk.plain = seed%2 == 1
		m.start(t)
		r := &recorder{t: t}
		r.run(seed, 40, func() events.Store { return m.up(t) })
		r.check(fmt.Sprintf("%d power cuts and failures", m.falls))
		_ = m.store.Close()
	}
}

// machine runs the store on a disk until a fault strikes, and starts it again.
type machine struct {
	mu    sync.Mutex
	rng   *rand.Rand
	disk  *disk
	store *Store
	falls int
}

// up returns a store that is open, or was a moment ago.
func (m *machine) up(t *testing.T) events.Store {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, struck := m.disk.told(); struck != "" {
		m.falls++
		_ = m.store.Close()
		if l := losses[m.rng.IntN(len(losses))]; l.percent >= 0 {
			m.disk.cut(l)
		}
		m.start(t)
	}
	return m.store
}

func (m *machine) start(t *testing.T) {
	m.disk.arm(blow{})
	s, err := Open("log", Options{FS: m.disk.start(), SegmentBytes: segmentBytesMin})
	if err != nil {
		t.Error(err)
		return
	}
	m.store = s
	b := blow{}
	if m.rng.IntN(2) == 0 {
		b = errs[m.rng.IntN(len(errs))]
	}
	b.call = 10 + m.rng.IntN(60)
	m.disk.arm(b)
}

func TestTheCheckerSeesWhatIsNotLinearizable(t *testing.T) {
	op := func(call int64, in linearInput, out linearOutput) porcupine.Operation {
		in.stream = "center-ZJ-0"
		return porcupine.Operation{Input: in, Output: out, Call: call, Return: call + 1}
	}
	one := op(1, linearInput{append: "c0n000"}, linearOutput{answer: stored})
	for name, wrong := range map[string]porcupine.Operation{
		"a stale read":  op(3, linearInput{}, linearOutput{}),
		"a lost update": op(3, linearInput{append: "c1n000"}, linearOutput{answer: stored}),
		"a conflict with nothing": op(3, linearInput{append: "c1n000", expected: 1},
			linearOutput{answer: conflicts, actual: 1}),
		"a conflict with a repeat":  op(3, linearInput{append: "c0n000"}, linearOutput{answer: conflicts, actual: 1}),
		"a conflict of wrong words": op(3, linearInput{append: "c1n000"}, linearOutput{answer: conflicts, actual: 2}),
		"half a batch":              op(3, linearInput{}, linearOutput{seen: "c0n"}),
	} {
		if porcupine.CheckOperations(sequential, []porcupine.Operation{one, wrong}) {
			t.Errorf("%s passes", name)
		}
	}
}
