package desk

import (
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/table"
)

// Bundled describes a bundle for an auditor.
type Bundled struct {
	Path       string          `json:"path"`
	Center     events.CenterID `json:"center,omitzero"` // of a bundle of one center
	Records    uint64          `json:"records"`         // of the center, or of the whole ledger
	Checkpoint uint64          `json:"checkpoint"`      // the size of the newest
	// records after that checkpoint: the last ones of the ledger, or those of the center that were left out
	Unsealed uint64 `json:"unsealed"`
	Reports  int    `json:"reports"`
	Bytes    int64  `json:"bytes"`
}

// BundledColumns are the columns for a Bundled.
var BundledColumns = []table.Column{{Name: "path"}, {Name: "center"}, {Name: "records", Type: table.Count},
	{Name: "checkpoint", Type: table.Count}, {Name: "unsealed", Type: table.Count},
	{Name: "reports", Type: table.Count}, {Name: "bytes", Type: table.Count}}

// Table returns the Bundled as a table with one row.
func (b *Bundled) Table() *table.Table {
	return &table.Table{Columns: BundledColumns, Rows: [][]table.Cell{{table.Text(b.Path), table.Text(b.Center),
		table.Number(b.Records), table.Number(b.Checkpoint), table.Number(b.Unsealed), table.Number(b.Reports),
		table.Number(int(b.Bytes))}}}
}
