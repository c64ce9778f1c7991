package lists

import (
	"context"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/projections"
)

// ahead is an answer about each of several centers, worked out before the moment of which a list is: in that moment only
// the centers that have moved meanwhile are asked again.
type ahead[T any] struct {
	d    *Source
	of   events.CenterID // "" for all
	work func(events.CenterID) T
	done []marked[T] // in the order of the centers
}

type marked[T any] struct {
	projections.Mark
	answer T
}

// workAhead works out the answers about one center or (for "") all, on all processors.
func workAhead[T any](ctx context.Context, d *Source, of events.CenterID, work func(events.CenterID) T) (*ahead[T], error) {
	marks := d.Register.Marks(of) // taken first: an event between the two makes the answer one to be worked out again
	done, err := parallel(ctx, marks, func(m projections.Mark) marked[T] { return marked[T]{m, work(m.Center)} })
	return &ahead[T]{d, of, work, done}, err
}

// take returns the answers in the order of the centers. It is called while no event is applied.
func (a *ahead[T]) take() []T {
	marks := a.d.Register.Marks(a.of)
	answers, done := make([]T, len(marks)), a.done
	for i, m := range marks {
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
