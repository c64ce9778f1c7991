package desk

import (
	"context"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/table"
)

// Checked is what a check of a ledger found. It begins with what its files say; see Local.Check.
type Checked struct {
	Segments    int         `json:"segments"`
	Commits     uint64      `json:"commits"`
	Bytes       int64       `json:"bytes"`
	TornBytes   int64       `json:"tornBytes"` // of a commit cut short that was never acknowledged
	Events      int         `json:"events"`
	Position    uint64      `json:"position,omitzero"`   // of the last event
	RecordedAt  string      `json:"recordedAt,omitzero"` // of the last event
	Centers     int         `json:"centers"`
	Comparisons int         `json:"comparisons"` // of a center as of one date with what its stored events come to
	Evaluations int         `json:"evaluations"` // comparisons with a naive evaluation too
	TooLarge    int         `json:"tooLarge"`    // comparisons with too many events for a sample
	BalanceFen  events.Fen  `json:"balanceFen"`
	Compared    bool        `json:"compared,omitzero"` // with the record that the ledger is a copy of
	Findings    []Finding   `json:"findings"`
	Warnings    []text.Text `json:"warnings"` // what is no fault of the ledger and deserves a look
}

// Finding is something in a ledger that cannot be right.
type Finding struct {
	Position uint64          `json:"position"` // 0 when it is not about one event
	Stream   events.StreamID `json:"stream"`
	What     text.Text       `json:"finding"`
}

// Check proves the ledger from its events on and adds what it finds to c. Thorough says to make all comparisons with a naive
// evaluation, and not a sample. It is not of Reader: a check is made beside the files.
func (l *Local) Check(ctx context.Context, when When, thorough bool, progress Progress, c *Checked) error {
	on, _, err := when.resolve(l.Now())
	if err != nil {
		return err
	}
	report, err := l.Ledger.Check(ctx, ledger.CheckConfig{On: on, Thorough: thorough, Progress: progress, Found: func(f ledger.Finding) {
		c.Findings = append(c.Findings, Finding{f.Position, f.Stream, f.What})
	}})
	c.Events, c.Centers, c.BalanceFen = report.Events, report.Centers, report.BalanceFen
	c.Comparisons, c.Evaluations, c.TooLarge = report.Comparisons, report.Evaluations, report.TooLarge
	if said, ok := clockBehind(report.Last.RecordedAt, l.Now()); ok && report.Events > 0 {
		c.Warnings = append(c.Warnings, said)
	}
	if report.Events > 0 {
		c.Position, c.RecordedAt = report.Last.Position, events.FormatInstant(report.Last.RecordedAt)
	}
	return err
}

// FindingColumns are those of the findings of a check.
var FindingColumns = []table.Column{{Name: "position", Type: table.Count}, {Name: "stream"}, {Name: "finding"}}

// Table returns the findings, in one language.
func (c *Checked) Table(lang string) *table.Table {
	t := &table.Table{Columns: FindingColumns}
	for _, f := range c.Findings {
		t.Rows = append(t.Rows, []table.Cell{table.Number(f.Position), table.Text(f.Stream), table.Text(f.What.In(lang))})
	}
	return t
}
