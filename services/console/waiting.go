package console

import (
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/taizhang/taizhang/services/answers"
	"github.com/taizhang/taizhang/services/lists"
)

// What a page shows of all centers comes from answers that are kept. A page waits for those that are not there yet,
// all together for Config.Patience. If that is not enough, it shows answers of the last half minute, with their
// position in its bar, or else a page that says so and asks again by itself. The answers are made meanwhile; who
// leaves the page ends that after some seconds.

// Patience is how long a page of a server waits for its answers.
const Patience = 300 * time.Millisecond

// pageMax is how long a request for a page may take.
const pageMax = 2 * time.Minute

// errWaits reports that an answer of the page is being made.
var errWaits = errors.New("console: the answer is being made")

// againAfter is the header with which a browser asks again, after a second.
const againAfter = "1"

// answer returns the answer to a question in a form, kept for whoever sees the same. The answer has all that the
// account wrote here. If it takes too long, the error is errWaits.
func (v *visit) answer(q lists.Question, form answers.Form) (*answers.Snapshot, error) {
	kept, err := v.soon(answers.Request{Who: &v.who, Desk: v.desk, When: v.when, Question: q, Form: form})
	if err == nil && kept == nil {
		err = errWaits
	}
	return kept, err
}

// soon does the same as answer for any request, and returns nil if it takes too long.
func (v *visit) soon(r answers.Request) (*answers.Snapshot, error) {
	if v.until.IsZero() {
		v.until = time.Now().Add(v.p.Patience)
	}
	r.Prefix = lists.Labels
	asked := v.p.Answers.Ask(r)
	kept, err := asked.Soon(v.Context(), v.p.written.by(v.who.Account), time.Until(v.until))
	if kept != nil && r.When.KnownAt == "" && (v.shownAt == 0 || kept.Position < v.shownAt) {
		v.shownAt = kept.Position
	}
	return kept, err
}

// waits shows that the page is being made. The browser asks for it again, with JavaScript or without.
func (v *visit) waits() {
	v.w.Header().Set("Refresh", againAfter)
	v.show(http.StatusAccepted, "waiting", &waitingView{v.view(), v.here()})
}

// waitingView is the page that says that another one is being made.
type waitingView struct {
	*view
	Again string
}

// written holds the position of the last record that each account wrote by the console, so that the next page shows it
// even while others keep writing. Its methods may be called from several goroutines.
type written struct {
	mu        sync.Mutex
	positions map[string]uint64
}

func (w *written) note(account string, position uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.positions == nil {
		w.positions = map[string]uint64{}
	}
	w.positions[account] = max(w.positions[account], position)
}

func (w *written) by(account string) uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.positions[account]
}
