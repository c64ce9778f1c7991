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
	done map[events.CenterID]marked[T]
}

type marked[T any] struct {
	mark   projections.Mark
	answer T
}

// workAhead works out the answers about one center or (for "") all, on all processors.
func workAhead[T any](ctx context.Context, d *Source, of events.CenterID, work func(events.CenterID) T) (*ahead[T], error) {
	ids := d.centers(of)
	found, err := parallel(ctx, ids, func(id events.CenterID) marked[T] {
		mark := d.Register.Mark(id) // taken first: an event between the two makes the answer one to be worked out again
		return marked[T]{mark, work(id)}
	})
	a := &ahead[T]{d, of, work, make(map[events.CenterID]marked[T], len(ids))}
	for i, id := range ids {
		if err == nil {
			a.done[id] = found[i]
		}
	}
	return a, err
}

// take returns the answers in the order of the centers. It is called while no event is applied.
func (a *ahead[T]) take() (answers []T) {
	for _, id := range a.d.centers(a.of) {
		was, ok := a.done[id]
		if !ok || was.mark != a.d.Register.Mark(id) {
			was.answer = a.work(id)
		}
		answers = append(answers, was.answer)
	}
	return answers
}
