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

// Attempt is the answer to a record that is tried and not written. Against holds the reasons why it would be refused.
// Moved holds the changes that it would make in the answers as of a date. If a rule refuses a decision, Moved is as
// if it were recorded in record mode.
type Attempt struct {
	Verdict  aggregates.Verdict
	Against  []aggregates.Breach
	Repeated bool
	Moved    difference.Difference
}

// Try judges a record like Record and writes nothing. The answers are compared as of the date on, or of the record's
// own date if that is later.
func (l *Ledger) Try(ctx context.Context, rec *events.Record, account Writer, on events.Date) (Attempt, error) {
	s := rec.Stream()
	if why := account.checked(rec); len(why) > 0 {
		return Attempt{Against: why}, nil
	}
	var result Result
	var there bool
	err := l.takes(s) // first, as in Record: after a break, revisions of the stream cannot be relied on
	if err == nil {
		result, there, err = l.recorded(ctx, s, l.register.Has(s, rec.ID), rec, false)
	}
	switch {
	case err != nil:
		return refused(Attempt{}, err) // the record would not be judged, so it moves nothing
	case there:
		return Attempt{Verdict: aggregates.Verdict{Policy: result.Policy, Warnings: result.Warnings}, Repeated: true},
			nil
	}
	var a Attempt
	var trial *aggregates.Center
	var timeline policy.Timeline
	l.register.Exactly(func(uint64) { // the verdict and the changes are as of the same position
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

// refused returns an attempt with the reasons of a refusal. It returns any other error.
func refused(a Attempt, err error) (Attempt, error) {
	var why *aggregates.Refusal
	if !errors.As(err, &why) {
		return Attempt{}, err
	}
	a.Against = why.Breaches
	return a, nil
}

// moved returns the changes that a record makes in the answers of its center as of a date. It applies the record to
// the trial.
func moved(trial *aggregates.Center, timeline policy.Timeline, rec *events.Record,
	on events.Date) (difference.Difference, error) {
	before := trial.Evaluate(timeline, on)
	if err := runAhead(trial, rec); err != nil {
		return difference.Difference{}, err
	}
	return difference.Of(before, trial.Evaluate(timeline, on)), nil
}

// Tried is the answer to one line of a file. Record holds the parts of the record that could be read.
type Tried struct {
	Line   int
	Record *events.Record
	Attempt
}

// TryEach tries each record of JSON Lines alone and passes the answers to each in order. A line that cannot be read
// has a refusal as its answer.
func (l *Ledger) TryEach(ctx context.Context, content io.Reader, account Writer, on events.Date,
	each func(Tried) error) error {
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
