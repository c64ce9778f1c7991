package desk

import (
	"context"
	"crypto/sha256"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/seal"
	"github.com/taizhang/taizhang/services/table"
)

// Checked is the result of a check of a ledger. Its first members are about the files; see Local.Check.
type Checked struct {
	Segments   int    `json:"segments"`
	Commits    uint64 `json:"commits"`
	Bytes      int64  `json:"bytes"`
	TornBytes  int64  `json:"tornBytes"` // of an unfinished commit that was never acknowledged
	Events     int    `json:"events"`
	Seals      int    `json:"seals,omitzero"`      // of these, the sealing records
	Position   uint64 `json:"position,omitzero"`   // of the last event
	RecordedAt string `json:"recordedAt,omitzero"` // of the last event
	Centers    int    `json:"centers"`
	// comparisons of the read models of a center with its stored events, as of one date
	Comparisons int `json:"comparisons"`
	Evaluations int `json:"evaluations"` // those of the comparisons that also used a naive evaluation
	// comparisons left out of the sample because the center has too many events
	TooLarge   int        `json:"tooLarge"`
	BalanceFen events.Fen `json:"balanceFen"`
	Compared   bool       `json:"compared,omitzero"` // the ledger was compared with the one it is a copy of
	// the checkpoints in the directory with which the ledger was compared
	Checkpoints int         `json:"checkpoints,omitzero"`
	Findings    []Finding   `json:"findings"`
	Warnings    []text.Text `json:"warnings"` // observations that are no fault of the ledger
}

// Finding is a fault of a ledger.
type Finding struct {
	Position uint64          `json:"position"` // 0 if it is not about one event
	Stream   events.StreamID `json:"stream"`
	What     text.Text       `json:"finding"`
}

// Check checks the ledger from its events on and adds the findings to c. With thorough set it compares everything
// with a naive evaluation, otherwise a sample. It is not part of Reader, because it runs on the machine of the
// files.
func (l *Local) Check(ctx context.Context, when When, thorough bool, progress Progress, c *Checked) error {
	on, _, err := when.resolve(l.Now())
	if err != nil {
		return err
	}
	report, err := l.Ledger.Check(ctx,
		ledger.CheckConfig{On: on, Thorough: thorough, Progress: progress, Found: func(f ledger.Finding) {
			c.Findings = append(c.Findings, Finding{f.Position, f.Stream, f.What})
		}, Roots: l.roots})
	c.Events, c.Seals, c.Centers, c.BalanceFen = report.Events, report.Seals, report.Centers, report.BalanceFen
	c.Comparisons, c.Evaluations, c.TooLarge = report.Comparisons, report.Evaluations, report.TooLarge
	if said, ok := clockBehind(report.Last.RecordedAt, l.Now()); ok && report.Events > 0 {
		c.Warnings = append(c.Warnings, said)
	}
	if report.Events > 0 {
		c.Position, c.RecordedAt = report.Last.Position, events.FormatInstant(report.Last.RecordedAt)
	}
	if err != nil || l.Seals == nil {
		return err
	}
	checkpoints, found, err := l.Seals.Check(ctx, l.Sealed)
	c.Checkpoints = checkpoints
	for _, f := range found {
		c.Findings = append(c.Findings, Finding{f.Position, events.LedgerStream, f.What})
	}
	if err != nil {
		return err
	}
	lost, err := l.Seals.Lost(ctx)
	c.Warnings = append(c.Warnings, lost...)
	return err
}

// roots returns the root hashes of the first records of the ledger; see seal.Roots.
func (l *Local) roots(ctx context.Context, sizes []uint64, see func(*events.Stored)) ([][sha256.Size]byte, error) {
	found, _, err := seal.Roots(ctx, l.Ledger, sizes, see)
	roots := make([][sha256.Size]byte, len(found))
	for i, root := range found {
		roots[i] = root
	}
	return roots, err
}

// FindingColumns are the columns for findings of a check.
var FindingColumns = []table.Column{{Name: "position", Type: table.Count}, {Name: "stream"}, {Name: "finding"}}

// Table returns the findings as a table, in one language.
func (c *Checked) Table(lang string) *table.Table {
	t := &table.Table{Columns: FindingColumns}
	for _, f := range c.Findings {
		t.Rows = append(t.Rows, []table.Cell{
			table.Number(f.Position), table.Text(f.Stream), table.Text(f.What.In(lang))})
	}
	return t
}
