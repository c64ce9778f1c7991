package ledger

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/naive"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
)

// CheckConfig says as of which date the read models are compared, besides the year ends.
type CheckConfig struct {
	On       events.Date
	Found    func(Finding)           // called for each finding
	Progress func(done, total int64) // in events and centers; may be nil
}

// Finding is something in the ledger that cannot be right. Position is 0 when it is not about one event.
type Finding struct {
	Position uint64
	Stream   events.StreamID
	What     text.Text
}

// CheckReport counts what was checked.
type CheckReport struct {
	Events      int
	Centers     int
	Evaluations int // read models compared with a naive evaluation
	Findings    int
	BalanceFen  events.Fen   // of all grants and matches together
	Last        events.Place // of the last event: a copy put back from long ago is sound, and ends early
}

// Check proves what is stored: every event decodes, positions and instants never go back, no revision is missing; a
// policy is the one that its record says; every event is possible where it lies; for each center the balance of every
// grant equals the sum recomputed from the stored bytes, the balances of the grants add up to those of the scopes, every
// reversal has its voucher; and a naive evaluation agrees with the read models on the date given and at every year's end.
// It finds, and repairs nothing; an error is a store that cannot be read.
func (l *Ledger) Check(ctx context.Context, cfg CheckConfig) (CheckReport, error) {
	c := &checker{l: l, CheckConfig: cfg, dark: map[uint64]bool{}}
	ids := l.register.IDs()
	c.total = int64(l.register.Position()) + int64(len(ids))
	if err := c.order(ctx); err != nil {
		return c.report, fmt.Errorf("ledger: check: %w", err)
	}
	for _, s := range l.register.Streams("") {
		for _, f := range l.breaks(s) {
			c.foundAgain(f)
		}
	}
	work := func(id events.CenterID) proof { return l.prove(ctx, id, cfg.On) }
	if err := inOrder(ctx, each(ids), work, c.center); err != nil {
		return c.report, fmt.Errorf("ledger: check: %w", err)
	}
	c.whole()
	return c.report, nil
}

// checker is one check under way.
type checker struct {
	CheckConfig
	l      *Ledger
	report CheckReport
	dark   map[uint64]bool // positions found not to decode
	unread bool            // some center could not be read to its end
	lastOn events.Date
	done   int64
	total  int64
}

func (c *checker) found(position uint64, s events.StreamID, what text.Text) {
	c.report.Findings++
	c.Found(Finding{position, s, what})
}

// foundAgain passes over what is known already: that an event does not decode is a break of its stream too.
func (c *checker) foundAgain(f Finding) {
	if !c.dark[f.Position] {
		c.found(f.Position, f.Stream, f.What)
	}
}

// breaks lists what the read models hold to break the integrity of a stream.
func (l *Ledger) breaks(s events.StreamID) (list []Finding) {
	for _, b := range l.register.Breaks(s) {
		list = append(list, Finding{b.Position, s, notRight(b.Cause)})
	}
	return list
}

func notRight(why text.Text) text.Text {
	return text.Text{Zh: "记录不成立：" + why.Zh, En: "the event cannot be right where it lies: " + why.En}
}

func (c *checker) advance(by int64) {
	c.done += by
	if c.Progress != nil {
		c.Progress(min(c.done, c.total), c.total)
	}
}

// order checks the frame of the whole ledger: positions, instants and revisions, and that every event decodes.
func (c *checker) order(ctx context.Context) error {
	revisions := map[events.StreamID]uint64{}
	last := &c.report.Last
	return eachDecoded(ctx, c.l.all(ctx), func(d *decoded) error {
		s := d.stored
		c.report.Events++
		if s.Position <= last.Position {
			c.found(s.Position, s.Stream, text.Say("位置 %d 之后是 %d", "position %d is followed by %d", last.Position, s.Position))
		}
		if s.RecordedAt.Before(last.RecordedAt) {
			c.found(s.Position, s.Stream, text.Say("记录时间 %s 早于前一条 %s", "recorded at %s, before its predecessor (%s)", events.FormatInstant(s.RecordedAt), events.FormatInstant(last.RecordedAt)))
		}
		if before := revisions[s.Stream]; s.Revision != before+1 {
			c.found(s.Position, s.Stream, text.Say("版次 %d 之后是 %d", "revision %d is followed by %d", before, s.Revision))
		}
		if d.err != nil {
			c.dark[s.Position] = true
			why := text.Of(d.err)
			c.found(s.Position, s.Stream, text.Text{Zh: "无法解读：" + why.Zh, En: "cannot be decoded: " + why.En})
		} else if why := d.recorded.Check(); len(why) > 0 { // reading it back trusts its form, and a proof does not
			c.found(s.Position, s.Stream, text.Say("不是可以入账的记录：%v", "is not a record that could be accepted: %v", why))
		}
		*last, revisions[s.Stream] = s.Place, s.Revision
		c.advance(1)
		return nil
	})
}

// proof is what proving one center came to.
type proof struct {
	center      events.CenterID
	findings    []Finding
	unread      bool // it ended before the last event
	evaluations int
	balanceFen  events.Fen
	lastOn      events.Date
	err         error // the store could not be read
}

func (p *proof) add(zh, en string, args ...any) {
	p.findings = append(p.findings, Finding{Stream: p.center.Stream(), What: text.Say(zh, en, args...)})
}

// center takes the proof of one center.
func (c *checker) center(p proof) error {
	if p.err != nil {
		return p.err
	}
	c.report.Centers++
	c.report.Evaluations += p.evaluations
	c.report.BalanceFen += p.balanceFen
	c.lastOn = max(c.lastOn, p.lastOn)
	c.unread = c.unread || p.unread
	for _, f := range p.findings {
		c.foundAgain(f)
	}
	c.advance(1)
	return nil
}

// whole checks that the grants of all centers together are the money of the whole.
func (c *checker) whole() {
	if c.lastOn == 0 || c.unread {
		return
	}
	year := c.lastOn.Year()
	var sum events.Fen
	for line := range c.l.register.Executions(events.YearEnd(year), projections.ExecutionFilter{Year: year, By: projections.ByTotal}) {
		if line.Scope == aggregates.FiscalScope || line.Scope == aggregates.LocalScope {
			sum += line.BalanceFen()
		}
	}
	if sum != c.report.BalanceFen {
		c.found(0, "", text.Say("全部经费余额之和 %s 元，汇总表为 %s 元", "the balances of all grants add up to %s yuan, the whole says %s yuan", events.FormatYuan(c.report.BalanceFen), events.FormatYuan(sum)))
	}
}

// prove checks one center against the stored bytes of its stream.
func (l *Ledger) prove(ctx context.Context, id events.CenterID, on events.Date) proof {
	p := proof{center: id, findings: l.breaks(id.Stream())}
	if len(p.findings) > 0 {
		p.unread = true // what cannot be right has no figures to compare
		return p
	}
	var history []events.Recorded
	var money plainMoney
	replayed := aggregates.NewCenter(id)
	for s, err := range l.store.ReadStream(ctx, id.Stream(), 0) {
		if err != nil {
			p.err = err
			return p
		}
		rec, err := events.DecodeEvent(s)
		if err == nil {
			err = money.read(s)
		}
		if err != nil {
			p.unread = true // the order of the ledger reports it
			return p
		}
		if err := replayed.Apply(&rec); err != nil {
			p.unread = true
			p.findings = append(p.findings, Finding{rec.Position, id.Stream(), notRight(text.Of(err))})
			return p
		}
		history = append(history, rec)
		p.lastOn = max(p.lastOn, rec.On)
	}
	p.conserves(l.register, &money)
	p.agrees(l.register, history, on)
	return p
}

// agrees compares the read model with the naive evaluation on the date given and at the end of every year.
func (p *proof) agrees(r *projections.Register, history []events.Recorded, on events.Date) {
	if len(history) == 0 {
		return
	}
	dates := []events.Date{on}
	first := slices.MinFunc(history, func(a, b events.Recorded) int { return int(a.On - b.On) }).On
	for year := first.Year(); year <= p.lastOn.Year(); year++ {
		dates = append(dates, events.YearEnd(year))
	}
	for _, d := range dates {
		p.evaluations++
		if why, ok := differ(r.Evaluation(p.center, d), naive.Evaluate(history, r.Timeline(), d)); ok {
			p.add("截至 %v 的读模型与朴素计算不一致：%s", "as of %v the read model and a naive evaluation differ: %s", d, why)
		}
	}
}

// differ names the first difference of two evaluations.
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

func each(ids []events.CenterID) iter.Seq2[events.CenterID, error] {
	return func(yield func(events.CenterID, error) bool) {
		for _, id := range ids {
			if !yield(id, nil) {
				return
			}
		}
	}
}
