package verify

import (
	"cmp"
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
	checked := make(chan *checked, 1)
	go func() { checked <- checkLedger(ctx, l, s, thorough) }() // beside the reports, which use one processor
	root := func(ctx context.Context, position uint64, see func(*events.Stored)) ([sha256.Size]byte, error) {
		return seal.Root(ctx, s.records, position, see)
	}
	err = v.checkFigures(ctx,
		&lists.Books{Ledger: l, Register: l.Register(), Root: root, Partial: s.only != ""}, s, figures)
	c := <-checked
	if err = cmp.Or(err, c.err); err != nil {
		return err
	}
	v.addChecked(c)
	return nil
}

// checked is the result of the check that a ledger makes of itself.
type checked struct {
	ledger.CheckReport
	findings []ledger.Finding
	err      error
}

// checkLedger makes the check as of the day of the last record.
func checkLedger(ctx context.Context, l *ledger.Ledger, s *scan, thorough bool) *checked {
	c, latest := &checked{}, s.places[len(s.places)-1]
	c.CheckReport, c.err = l.Check(ctx, ledger.CheckConfig{On: events.DateAt(latest.time()), Thorough: thorough,
		Found: func(f ledger.Finding) { c.findings = append(c.findings, f) }})
	return c
}

// addChecked adds what the check of the ledger found.
func (v *Verdict) addChecked(c *checked) {
	for _, f := range c.findings {
		v.fails(Usability, ledgerKind, ledgerFinding(f.Position, f.Stream, f.What))
	}
	if len(c.findings) > 0 {
		return
	}
	v.holds(Usability, readable(uint64(c.Events), c.Centers))
	switch {
	case c.Comparisons == 0:
	case c.Evaluations == c.Comparisons:
		v.holds(Usability, naiveAll(c.Evaluations))
	default:
		v.holds(Usability, naiveSample(c.Evaluations, c.Comparisons))
		v.unexamined(naiveRest(c.Comparisons - c.Evaluations))
	}
}
