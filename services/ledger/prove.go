package ledger

import (
	"context"
	"fmt"
	"slices"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/naive"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// proof is the result of proving one center.
type proof struct {
	center      events.CenterID
	undecoded   []Finding
	findings    []Finding
	read        streamSum
	unread      bool // its events could not all be applied
	comparisons int
	evaluations int
	tooLarge    int
	balanceFen  events.Fen
	lastOn      events.Date
	err         error // the store could not be read, or the check was ended
}

func (p *proof) add(zh, en string, args ...any) {
	p.findings = append(p.findings, Finding{Stream: p.center.Stream(), What: text.Say(zh, en, args...)})
}

// prove checks one center against the stored bytes of its stream. If some events cannot be applied, it compares no
// figures.
func (c *checker) prove(ctx context.Context, id events.CenterID) proof {
	p := proof{center: id, findings: c.l.breaks(id.Stream())}
	p.unread = len(p.findings) > 0
	var history []events.Recorded
	var money plainMoney
	replayed := aggregates.NewCenter(id)
	for s, err := range c.l.store.ReadStream(ctx, id.Stream(), 0) {
		if err != nil {
			p.err = err
			return p
		}
		p.read.add(&s)
		c.done.Add(proofWork)
		rec, wrong, ok := decode(s)
		switch {
		case !ok:
			p.undecoded, p.unread = append(p.undecoded, *wrong), true
			continue
		case wrong != nil:
			p.findings = append(p.findings, *wrong)
		}
		if p.unread {
			continue
		}
		err = money.read(s)
		if err == nil {
			err = replayed.Apply(&rec)
		}
		if err != nil {
			p.unread = true
			p.findings = append(p.findings, Finding{rec.Position, id.Stream(), notRight(text.Of(err))})
			continue
		}
		history = append(history, rec)
		p.lastOn = max(p.lastOn, rec.On)
	}
	if p.unread || len(history) == 0 {
		return p
	}
	p.conserves(c.l.register, &money)
	p.err = c.agrees(ctx, &p, history, replayed)
	return p
}

// agrees compares the read model, on the date On and at the end of every year, with the center rebuilt from the
// stored events and, where the sample says so, with a naive evaluation.
func (c *checker) agrees(ctx context.Context, p *proof, history []events.Recorded, replayed *aggregates.Center) error {
	first := slices.MinFunc(history, func(a, b events.Recorded) int { return int(a.On - b.On) }).On
	dates, timeline := datesOf(c.On, first.Year(), p.lastOn.Year()), c.l.register.Timeline()
	drawn := c.sample.draw(p.center, p.read.sum)
	p.comparisons, p.tooLarge = len(dates), drawn.tooLarge
	for _, d := range dates {
		got := c.l.register.Evaluation(p.center, d)
		if work, ok := drawn.dates[d]; ok || c.Thorough {
			p.evaluations++
			want, err := c.naive(ctx, history, timeline, d, work)
			if err != nil {
				return err
			}
			if why, ok := differ(got, want); ok {
				p.add("截至 %v 的数字和预警与独立复算的不一致：%s",
					"as of %v the figures and alerts differ from an independent computation: %s", d, why)
				continue
			}
		}
		if why, ok := differ(got, replayed.Evaluate(timeline, d)); ok {
			p.add("截至 %v 的数字和预警与按原始记录重新计算的不一致：%s",
				"as of %v the figures and alerts differ from those computed again from the stored records: %s", d, why)
		}
	}
	return ctx.Err()
}

// datesOf lists the dates on which a center is compared.
func datesOf(on events.Date, firstYear, lastYear int) []events.Date {
	dates := []events.Date{on}
	for year := firstYear; year <= lastYear; year++ {
		if end := events.YearEnd(year); end != on {
			dates = append(dates, end)
		}
	}
	return dates
}

// naive makes one naive evaluation. It counts its work as done little by little.
func (c *checker) naive(ctx context.Context, history []events.Recorded, t policy.Timeline, on events.Date,
	work int64) (*aggregates.Evaluation, error) {
	steps, counted := int64(0), int64(0)
	e := naive.EvaluateInSteps(history, t, on, func() bool {
		steps++
		part := min(work, work*steps/int64(2*len(history)))
		c.done.Add(part - counted)
		counted = part
		return ctx.Err() == nil
	})
	c.done.Add(work - counted)
	return e, ctx.Err()
}

// differ returns the first difference of two evaluations.
func differ(a, b *aggregates.Evaluation) (string, bool) {
	switch {
	case a == nil || b == nil:
		return "nil", a != b
	case a.Status != b.Status:
		return fmt.Sprintf("status %q, %q", a.Status, b.Status), true
	case a.Events != b.Events:
		return fmt.Sprintf("events %d, %d", a.Events, b.Events), true
	}
	if why, ok := firstDifference(a.Executions, b.Executions); ok {
		return why, true
	}
	return firstDifference(a.Alerts, b.Alerts)
}

func firstDifference[T comparable](a, b []T) (string, bool) {
	for i := range max(len(a), len(b)) {
		switch {
		case i >= len(a):
			return fmt.Sprintf("—, %+v", b[i]), true
		case i >= len(b):
			return fmt.Sprintf("%+v, —", a[i]), true
		case a[i] != b[i]:
			return fmt.Sprintf("%+v, %+v", a[i], b[i]), true
		}
	}
	return "", false
}
