package desk

import (
	"context"
	"slices"

	"github.com/taizhang/taizhang/aggregates/difference"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/reports"
)

// Keeper is a desk for a front that keeps answers. From a kept answer to the same question (nil for none) it makes
// the next answer faster; see lists.Books.
type Keeper interface {
	Desk
	// Answer answers a list like List, with the rows in an encoding.
	Answer(ctx context.Context, when When, q lists.Question, in lists.Encoding,
		before *lists.Answer) (*lists.Answer, error)
	// ReportCSV makes a report like Report, as plain CSV in pieces.
	ReportCSV(ctx context.Context, when When, q lists.Question, lang string,
		before *lists.Answer) (*ReportPieces, error)
	// Adopting returns what adopting a policy would change, and writes nothing.
	Adopting(ctx context.Context, p Policy) (*Adopting, error)
}

// Adopting is what adopting a policy would change. Days has the changes as of today or, if that is later, as of the
// day from which the policy is in force, and as of the end of that year, when years are judged.
type Adopting struct {
	Days     []AdoptingOn
	Revision uint64   // of the policies, on which the answer is based
	Repeated bool     // the ledger has adopted the policy already, so nothing changes
	Reasons  []Reason // against adopting it; then nothing is compared
}

// AdoptingOn is what adopting a policy would change as of a date, without further records.
type AdoptingOn struct {
	AsOf events.Date
	*lists.Adopting
}

// ReportPieces is a report as plain CSV in pieces.
type ReportPieces = reports.Pieces

var _ Keeper = (*Local)(nil)

// Adopting implements Keeper. The answer is about the centers that the account sees.
func (l *Local) Adopting(ctx context.Context, p Policy) (*Adopting, error) {
	register, rec := l.register(), ledger.Adoption(p.Policy)
	a := &Adopting{Revision: register.Revision(events.PolicyStream)}
	if a.Repeated = register.Has(events.PolicyStream, rec.ID) > 0; a.Repeated {
		return a, nil
	}
	if verdict := register.Judge(rec); len(verdict.Nonsense) > 0 {
		a.Reasons = verdict.Nonsense
		return a, nil
	}
	first := max(events.DateAt(l.Now()), p.EffectiveFrom)
	for _, on := range slices.Compact([]events.Date{first, events.YearEnd(first.Year())}) {
		x := AdoptingOn{on, lists.NewAdopting()}
		err := register.Adopting(ctx, p.Policy, on,
			func(id events.CenterID, d difference.Difference) { x.Add(id, &d) })
		if err != nil {
			return nil, err
		}
		x.End()
		a.Days = append(a.Days, x)
	}
	return a, nil
}

// Answer implements Keeper.
func (l *Local) Answer(ctx context.Context, when When, q lists.Question, in lists.Encoding,
	before *lists.Answer) (*lists.Answer, error) {
	var answer *lists.Answer
	err := l.askingList(ctx, when, &q, func(a asked) (err error) {
		answer, _, err = a.AnswerSeeing(ctx, q, in, before)
		return err
	})
	return answer, err
}

// ReportCSV implements Keeper.
func (l *Local) ReportCSV(ctx context.Context, when When, q lists.Question, lang string,
	before *lists.Answer) (*ReportPieces, error) {
	if err := checkLang(lang); err != nil {
		return nil, err
	}
	var made *ReportPieces
	err := l.askingList(ctx, when, &q, func(a asked) (err error) {
		made, err = reports.MakePieces(ctx, a.Books,
			reports.Request{Question: q, Lang: lang, Version: l.Version}, before)
		return err
	})
	return made, err
}
