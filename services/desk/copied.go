package desk

import "github.com/taizhang/taizhang/services/table"

// Copied describes a copy of a ledger: a backup, or a ledger restored from one.
type Copied struct {
	Path   string
	Events uint64
	Bytes  int64
}

// CopiedColumns are the columns for a Copied.
var CopiedColumns = []table.Column{{Name: "path"}, {Name: "events", Type: table.Count},
	{Name: "bytes", Type: table.Count}}

// Table returns the Copied as a table with one row.
func (c *Copied) Table() *table.Table {
	return &table.Table{Columns: CopiedColumns,
		Rows: [][]table.Cell{{table.Text(c.Path), table.Number(c.Events), table.Number(int(c.Bytes))}}}
}
