package consumer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/taizhang/taizhang/services/alertfeed"
	"github.com/taizhang/taizhang/services/alertfeed/consumer"
)

// seedsVariable names the environment variable with the number of seeds to try.
const seedsVariable = "TAIZHANG_WATCH_SEEDS"

var errDies = errors.New("dies here")

// reality holds the state of the ledger, the messages written of it, and the acts of a Follower.
type reality struct {
	*feed
	rand     *rand.Rand
	at       alertfeed.At
	truth    map[string]alertfeed.StateKind
	said     map[string]alertfeed.StateKind // in the stream
	watching *watching

	mu    sync.Mutex
	acted map[string]alertfeed.StateKind // what the Follower made of it
	// the key of the act at which the Follower died: the next one may be the same
	unsure string
	torn   map[string]bool // whose acts may come again, or be forgotten
	dies   int             // at which act from now on the Follower dies; 0 for none
	early  bool            // it dies before it acts
	faults []string
}

// do is the Do of the Follower. It dies before or after the act.
func (r *reality) do(_ context.Context, e *consumer.Event) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	what := shown(&e.Act)
	if r.dies == 1 {
		r.dies = 0
		if !r.early {
			r.take(e, what)
		}
		r.unsure = e.Key
		return errDies
	}
	r.dies = max(0, r.dies-1)
	r.take(e, what)
	return nil
}

func (r *reality) take(e *consumer.Event, what string) {
	if r.acted[e.Key] == e.Act.Act && r.unsure != e.Key && !r.torn[e.Key] {
		r.faults = append(r.faults, "twice: "+what)
	}
	r.acted[e.Key] = e.Act.Act
	if r.unsure == e.Key {
		r.unsure = ""
	}
}

func (r *reality) begin() {
	r.watching = r.watch(func(w *consumer.Follower) { w.Do = r.do })
}

// pause stops the Follower, sometimes in the middle of an act.
func (r *reality) pause() {
	if err := r.watching.stop(); err != nil && err != errDies {
		r.t.Fatal(err)
	}
}

func (r *reality) change() {
	key := string(rune('A' + r.rand.IntN(12)))
	r.truth[key] = []alertfeed.StateKind{raised, raised, cleared, withdrawn}[r.rand.IntN(4)]
	r.at.Position++
}

// round writes the changes, and the head.
func (r *reality) round() {
	for _, key := range slices.Sorted(maps.Keys(r.truth)) {
		if kind := r.truth[key]; r.said[key] != kind && (r.said[key] != "" || kind != withdrawn) {
			r.say(key, kind, r.at)
			r.said[key] = kind
		}
	}
	if r.rand.IntN(3) > 0 {
		r.head(alertfeed.End, r.at)
	}
}

// restate writes everything again. It calls halfway in the middle.
func (r *reality) restate(halfway func()) {
	r.at.Generation++
	r.at.Position++
	r.said = map[string]alertfeed.StateKind{}
	r.head(alertfeed.Begin, r.at)
	keys := slices.Sorted(maps.Keys(r.truth))
	for i, key := range keys {
		if i == len(keys)/2 {
			halfway()
		}
		if kind := r.truth[key]; kind != withdrawn {
			r.say(key, kind, r.at)
			r.said[key] = kind
		}
	}
	r.head(alertfeed.End, r.at)
}

// tear cuts the state within its last line, as a power cut can while that line is not durable. The change of that
// line may come again; if the alert has vanished meanwhile, it never does.
func (r *reality) tear() {
	state, err := os.ReadFile(r.nkey + ".state")
	if err != nil || len(state) == 0 {
		return
	}
	last := bytes.LastIndexByte(state[:len(state)-1], '\n') + 1
	if bytes.Count(state[:last], []byte{'\n'}) < 2 { // what is written anew is never torn
		return
	}
	if _, after, ok := bytes.Cut(state[last:], []byte(`"subject":"`)); ok {
		subject, _, _ := bytes.Cut(after, []byte{'"'})
		n, _ := alertfeed.ParseSubject(string(subject))
		r.torn[n.Key] = true
	}
	if err := os.WriteFile(r.nkey+".state", state[:last+r.rand.IntN(len(state)-last)], 0o600); err != nil {
		r.t.Fatal(err)
	}
}

func (r *reality) step() {
	switch n := r.rand.IntN(100); {
	case n < 60:
		r.change()
		r.round()
	case n < 70:
		r.mu.Lock()
		r.dies, r.early = 1+r.rand.IntN(3), r.rand.IntN(2) == 0
		r.mu.Unlock()
		r.change()
		r.round()
	case n < 78:
		r.pause()
		r.change()
		r.round()
		r.begin()
	case n < 83:
		r.restate(func() {})
	case n < 88:
		r.restate(func() { r.pause(); r.change(); r.begin() })
	case n < 92:
		r.deleteDurable()
		r.change()
		r.makeDurable()
		r.round()
	case n < 95:
		if err := r.js.DeleteStream(r.t.Context(), alertfeed.StreamName); err != nil {
			r.t.Fatal(err)
		}
		r.makeStream()
		r.makeDurable()
		r.restate(func() {})
	case n < 97:
		r.pause()
		if _, _, err := r.board(r.nkey + ".state"); err != nil && r.at.Position == 0 {
			r.t.Fatal(err)
		}
		r.begin()
	default:
		r.pause()
		r.tear()
		r.begin()
	}
	select {
	case <-r.watching.over: // it died
		r.pause()
		r.begin()
	default:
	}
}

// settle lets the Follower read to the end, and compares.
func (r *reality) settle() {
	r.mu.Lock()
	r.dies = 0
	r.mu.Unlock()
	r.pause()
	r.round()
	r.head(alertfeed.End, r.at)
	r.begin()
	wait(r.t, "the truth", func() (string, bool) {
		r.mu.Lock()
		defer r.mu.Unlock()
		for key, kind := range r.truth {
			got, known := r.acted[key]
			if got != kind && (known || kind == raised) && !r.torn[key] {
				return fmt.Sprintf("%s is %s and not %s; %v", key, got, kind, r.watching.told()), false
			}
		}
		return "", true
	})
	r.read()
	r.pause()
	if len(r.faults) > 0 {
		r.t.Fatalf("%q", r.faults)
	}
}

func TestWhateverIsLostAWatchEndsWithTheTruth(t *testing.T) {
	seeds, _ := strconv.Atoi(os.Getenv(seedsVariable))
	for seed := range uint64(max(3, seeds)) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := &reality{feed: newFeed(t), rand: rand.New(rand.NewPCG(seed, 1)), at: at(1, 0),
				truth: map[string]alertfeed.StateKind{}, said: map[string]alertfeed.StateKind{},
				acted: map[string]alertfeed.StateKind{}, torn: map[string]bool{}}
			r.head(alertfeed.End, r.at)
			r.begin()
			for range 60 {
				r.step()
			}
			r.settle()
		})
	}
}
