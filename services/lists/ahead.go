package lists

import (
	"context"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/projections"
)

// ahead holds one answer for each of several centers. The answers are computed before the list fixes its position. At
// that position only the centers with new events are computed again.
type ahead[T any] struct {
	d    *Books
	of   events.CenterID // "" for all
	work func(events.CenterID) T
	done []marked[T] // the computed answers, in the order of the centers
}

type marked[T any] struct {
	projections.Mark
	answer T
}

// workAhead computes the answers about one center, or about all centers for "", on all processors.
func workAhead[T any](ctx context.Context, d *Books, of events.CenterID,
	work func(events.CenterID) T) (*ahead[T], error) {
	// read before the answers: an answer whose center gets an event later is computed again
	marks := d.Register.Marks(of)
	done, err := parallel(ctx, marks, func(m projections.Mark) marked[T] { return marked[T]{m, work(m.Center)} })
	return &ahead[T]{d, of, work, done}, err
}

// take returns the answers in the order of the centers. No event may be applied meanwhile.
func (a *ahead[T]) take() []T {
	marks := a.d.Register.Marks(a.of)
	answers, done := make([]T, len(marks)), a.done
	for i, m := range marks {
		for len(done) > 0 && done[0].Center < m.Center { // this center has left the scope
			done = done[1:]
		}
		switch {
		case len(done) == 0 || done[0].Center != m.Center: // a new center
			answers[i] = a.work(m.Center)
			continue
		case done[0].Mark != m:
			answers[i] = a.work(m.Center)
		default:
			answers[i] = done[0].answer
		}
		done = done[1:]
	}
	return answers
}
