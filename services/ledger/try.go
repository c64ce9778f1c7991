package ledger

import (
	"context"
	"errors"
	"io"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/difference"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// Attempt is the answer to a record that is tried and not written. Against is why it would be refused. Moved is
// what it would move in the answers as of a date; for a decision refused by a rule, what it would if it were recorded all
// the same.
type Attempt struct {
	Verdict  aggregates.Verdict
	Against  []aggregates.Breach
	Repeated bool
	Moved    difference.Difference
}

// Try judges a record as Record would and writes nothing. The answers are compared as of on, or of the record's own
// date if that is later.
func (l *Ledger) Try(ctx context.Context, rec *events.Record, account Writer, on events.Date) (Attempt, error) {
	s := rec.Stream()
	if why := account.checked(rec); len(why) > 0 {
		return Attempt{Against: why}, nil
	}
	var result Result
	var there bool
	err := l.takes(s) // first, as for Record: after a break it is not known where a record lies
	if err == nil {
		result, there, err = l.recorded(ctx, s, l.register.Has(s, rec.ID), rec, false)
	}
	switch {
	case err != nil:
		return refused(Attempt{}, err) // it would not even be judged, so it moves nothing
	case there:
		return Attempt{Verdict: aggregates.Verdict{Policy: result.Policy, Warnings: result.Warnings}, Repeated: true}, nil
	}
	var a Attempt
	var trial *aggregates.Center
	var timeline policy.Timeline
	l.register.Exactly(func(uint64) { // the verdict and what is moved are of one position
		trial, timeline = l.register.Clone(rec.Center), l.register.Timeline()
		a.Verdict = l.register.Judge(rec)
	})
	if _, _, err := draft(rec, &a.Verdict, account); err != nil {
		if a, err = refused(a, err); err != nil {
			return a, err
		}
	}
	if rec.Center == "" || len(a.Verdict.Nonsense) > 0 {
		return a, nil
	}
	a.Moved, err = moved(trial, timeline, rec, max(on, rec.On))
	return a, err
}

// refused returns an attempt with why it would be refused. Any other error stays one.
func refused(a Attempt, err error) (Attempt, error) {
	var why *aggregates.Refusal
	if !errors.As(err, &why) {
		return Attempt{}, err
	}
	a.Against = why.Breaches
	return a, nil
}

// moved returns what a record moves in the answers of its center as of a date, and runs ahead with it.
func moved(trial *aggregates.Center, timeline policy.Timeline, rec *events.Record, on events.Date) (difference.Difference, error) {
	before := trial.Evaluate(timeline, on)
	if err := runAhead(trial, rec); err != nil {
		return difference.Difference{}, err
	}
	return difference.Of(before, trial.Evaluate(timeline, on)), nil
}

// Tried is the answer to one line of a file. Record holds what could be read of it.
type Tried struct {
	Line   int
	Record *events.Record
	Attempt
}

// TryEach tries each record of JSON Lines alone and hands over the answers in order. A line that cannot be read is refused for
// that.
func (l *Ledger) TryEach(ctx context.Context, content io.Reader, account Writer, on events.Date, each func(Tried) error) error {
	return inOrder(ctx, readLines(content, "what is tried", 0), decodeLines, func(lines []line) error {
		for i := range lines {
			ln := &lines[i]
			t := Tried{Line: ln.line, Record: ln.rec, Attempt: Attempt{Against: breachesOf(ln.problems)}}
			if t.Record == nil {
				t.Record = &events.Record{}
			}
			if len(ln.problems) == 0 {
				var err error
				if t.Attempt, err = l.Try(ctx, ln.rec, account, on); err != nil {
					return err
				}
			}
			if err := each(t); err != nil {
				return err
			}
		}
		return nil
	})
}
