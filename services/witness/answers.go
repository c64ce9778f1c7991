package witness

import (
	"strings"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/seal"
	"github.com/taizhang/taizhang/services/table"
)

// Profile is the public side of a witness.
type Profile struct {
	Name    string   `json:"name"`
	Key     string   `json:"key"`     // its public key
	Ledgers []string `json:"ledgers"` // the public keys of the ledgers whose checkpoints it cosigns
}

// Profile returns the public side of the witness as it is now.
func (w *Witness) Profile() *Profile {
	p := &Profile{Name: w.Key().Name, Key: w.Key().String(), Ledgers: []string{}}
	for _, key := range w.Trusted() {
		p.Ledgers = append(p.Ledgers, key.String())
	}
	return p
}

// ProfileColumns are the columns for a Profile. Ledgers in one cell are separated by ";".
var ProfileColumns = []table.Column{{Name: "name"}, {Name: "key"}, {Name: "ledgers"}}

// Table returns the Profile as a table with one row.
func (p *Profile) Table() *table.Table {
	return &table.Table{Columns: ProfileColumns, Rows: [][]table.Cell{{table.Text(p.Name), table.Text(p.Key),
		table.Text(strings.Join(p.Ledgers, ";"))}}}
}

// Cosigning is a cosignature in a file.
type Cosigning struct {
	Path    string `json:"path"`
	Witness string `json:"witness"`
	At      string `json:"at"`
	Origin  string `json:"origin"` // of the checkpoint
	Size    uint64 `json:"size"`
	Root    string `json:"root"` // base64
}

// Cosigning returns what a line of this witness in a file states about a checkpoint.
func (w *Witness) Cosigning(path string, c seal.Checkpoint, line seal.Line) (*Cosigning, error) {
	at, err := (&seal.Signed{Checkpoint: c, Lines: []seal.Line{line}}).CosignedBy(w.Key())
	if err != nil {
		return nil, err
	}
	return &Cosigning{path, w.Key().Name, events.FormatInstant(at), c.Origin, c.Size, c.Root.String()}, nil
}

// CosigningColumns are the columns for a Cosigning.
var CosigningColumns = []table.Column{{Name: "path"}, {Name: "witness"}, {Name: "at", Type: table.Time},
	{Name: "origin"}, {Name: "size", Type: table.Count}, {Name: "root"}}

// Table returns the Cosigning as a table with one row.
func (c *Cosigning) Table() *table.Table {
	return &table.Table{Columns: CosigningColumns, Rows: [][]table.Cell{{table.Text(c.Path), table.Text(c.Witness),
		table.Text(c.At), table.Text(c.Origin), table.Number(c.Size), table.Text(c.Root)}}}
}
