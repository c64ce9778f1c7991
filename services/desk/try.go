package desk

import (
	"context"
	"io"
	"slices"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/table"
)

// Tried is the answer to a record that is tried and not written. Its alerts are as of the date of the question or,
// if that is later, of the record. For a decision refused by a rule they are as if it were recorded.
type Tried struct {
	Line      int             `json:"line"`
	ID        string          `json:"id"`     // "" if the record could not be read
	Answer    string          `json:"answer"` // Accepted or Refused
	Reasons   []Reason        `json:"reasons"`
	Opens     []Alert         `json:"opens"`
	Clears    []Alert         `json:"clears"`
	Warnings  []text.Text     `json:"warnings"`
	Withdraws []Alert         `json:"withdraws"`
	Center    events.CenterID `json:"center"`
	Kind      events.Kind     `json:"kind"`
}

// CheckTry returns an error for a When that Try cannot use in any ledger: records are always tried on all that is
// known now.
func CheckTry(when When) error {
	if when.KnownAt != "" {
		return text.Errorf(text.Invalid, "不能用于试算",
			"does not go with a trial, which is on all that is known now").Of("known-at")
	}
	return nil
}

// Try implements Reader. A When with KnownAt is text.Invalid.
func (l *Local) Try(ctx context.Context, when When, lines io.Reader, each func(*Tried) error) error {
	if err := CheckTry(when); err != nil {
		return err
	}
	on, _, err := when.resolve(l.Now())
	if err != nil {
		return err
	}
	return l.Ledger.TryEach(ctx, lines, l.account(), on, func(t ledger.Tried) error {
		return each(triedOf(&t, events.DateAt(l.Now())))
	})
}

func triedOf(t *ledger.Tried, today events.Date) *Tried {
	x := &Tried{Line: t.Line, Answer: Accepted, Warnings: t.Verdict.Warnings, Opens: alertsOf(t.Moved.Raised()),
		Clears:    alertsOf(t.Moved.Cleared()),
		Withdraws: alertsOf(t.Moved.Withdrawn()), Center: t.Record.Center, Kind: t.Record.Kind}
	if t.Record.ID != uuid.Nil {
		x.ID = t.Record.ID.String()
	}
	if len(t.Against) > 0 {
		x.Answer, x.Reasons = Refused, t.Against
	}
	if ahead := ledger.Ahead(t.Record.On, today); ahead != (text.Text{}) {
		x.Warnings = append(slices.Clip(x.Warnings), ahead)
	}
	return x
}

// Row returns the answer as a row of AnswerColumns, with the reasons in one language.
func (t *Tried) Row(lang string) []table.Cell { return answerRow(t.ID, t.Answer, t.Reasons, lang) }
