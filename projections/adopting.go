package projections

import (
	"context"

	"github.com/taizhang/taizhang/aggregates/difference"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// Adopting calls each with the centers, in order, whose answers as of a date would differ if a policy were adopted,
// and with the difference. It returns early with the error of ctx when ctx ends. Nothing is locked while each runs.
func (r *Register) Adopting(ctx context.Context, p *policy.Policy, on events.Date,
	each func(events.CenterID, difference.Difference)) error {
	centers, timeline := r.selected("")
	adopted := timeline.With(p)
	for _, c := range centers {
		if err := ctx.Err(); err != nil {
			return err
		}
		var d difference.Difference
		c.locked(timeline, func(c *center, t policy.Timeline) {
			d = difference.Of(c.state.Evaluate(t, on), c.state.Evaluate(adopted, on))
		})
		if !d.IsZero() {
			each(c.state.ID(), d)
		}
	}
	return nil
}
