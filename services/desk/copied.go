package desk

import "github.com/taizhang/taizhang/services/table"

// Copied is how far a copy of a ledger reaches: a backup, or what was restored from one.
type Copied struct {
	Path   string
	Events uint64
	Bytes  int64
}

// CopiedColumns are those of a copy as a row.
var CopiedColumns = []table.Column{{Name: "path"}, {Name: "events", Type: table.Count}, {Name: "bytes", Type: table.Count}}

// Table returns the copy as a row.
func (c *Copied) Table() *table.Table {
	return &table.Table{Columns: CopiedColumns, Rows: [][]table.Cell{{table.Text(c.Path), table.Number(c.Events), table.Number(int(c.Bytes))}}}
}
