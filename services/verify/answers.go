package verify

import (
	"context"
	"crypto/sha256"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/seal"
)

// ledgerKind is the kind of findings of the check of a ledger.
const ledgerKind kind = "ledger"

// checkAnswers rebuilds the read models from the records, compares them with a second evaluation, and computes every
// report again.
func (v *Verdict) checkAnswers(ctx context.Context, s *scan, figures []*figure, thorough bool) error {
	if len(s.places) == 0 {
		return nil
	}
	l, err := ledger.Open(ctx, s.records, ledger.Config{ReadOnly: true})
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		v.fails(Usability, "", recordsUnreadable(text.Of(err)))
		return nil
	}
	defer l.Close()
	if err := v.checkLedger(ctx, l, s, thorough); err != nil {
		return err
	}
	root := func(ctx context.Context, position uint64, see func(*events.Stored)) ([sha256.Size]byte, error) {
		return seal.Root(ctx, s.records, position, see)
	}
	return v.checkFigures(ctx, &lists.Books{Ledger: l, Register: l.Register(), Root: root, Partial: s.only != ""}, s,
		figures)
}

// checkLedger makes the check that the ledger makes of itself, as of the day of the last record.
func (v *Verdict) checkLedger(ctx context.Context, l *ledger.Ledger, s *scan, thorough bool) error {
	latest := s.places[len(s.places)-1]
	report, err := l.Check(ctx, ledger.CheckConfig{On: events.DateAt(latest.time()), Thorough: thorough,
		Found: func(f ledger.Finding) {
			v.fails(Usability, ledgerKind, ledgerFinding(f.Position, f.Stream, f.What))
		}})
	if err != nil {
		return err
	}
	if report.Findings > 0 {
		return nil
	}
	v.holds(Usability, readable(uint64(report.Events), report.Centers))
	switch {
	case report.Comparisons == 0:
	case report.Evaluations == report.Comparisons:
		v.holds(Usability, naiveAll(report.Evaluations))
	default:
		v.holds(Usability, naiveSample(report.Evaluations, report.Comparisons))
		v.unexamined(naiveRest(report.Comparisons - report.Evaluations))
	}
	return nil
}
