package desk

import (
	"context"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/seal"
	"github.com/taizhang/taizhang/services/sealing"
	"github.com/taizhang/taizhang/services/table"
)

// Checkpoint is the newest signed checkpoint of the ledger.
type Checkpoint struct {
	Origin    string     `json:"origin"`
	Key       string     `json:"key"` // the ledger's public key, which verifies the signature
	Size      uint64     `json:"size"`
	Root      string     `json:"root"` // base64
	Cosigners []Cosigner `json:"cosigners"`
	QuorumMet bool       `json:"quorumMet"` // of the trust file that the ledger's office proposes
	Position  uint64     `json:"position"`  // of the ledger now
	Note      string     `json:"note"`      // the signed note, verbatim
}

// Cosigner is a witness of the trust file of the ledger's office that has cosigned a checkpoint.
type Cosigner struct {
	Witness string `json:"witness"` // its name in that file
	At      string `json:"at"`
}

// CheckpointColumns are the columns for a Checkpoint.
var CheckpointColumns = []table.Column{{Name: "origin"}, {Name: "size", Type: table.Count}, {Name: "root"},
	{Name: "quorumMet", Type: table.Bool}, {Name: "position", Type: table.Count}, {Name: "key"}}

// Table returns the Checkpoint as a table with one row.
func (c *Checkpoint) Table() *table.Table {
	return &table.Table{Columns: CheckpointColumns, Rows: [][]table.Cell{{table.Text(c.Origin),
		table.Number(c.Size), table.Text(c.Root), table.Yes(c.QuorumMet), table.Number(c.Position),
		table.Text(c.Key)}}}
}

// Sealed is the newest checkpoint after a sealing. New is false if there was nothing to seal.
type Sealed struct {
	Checkpoint
	New bool `json:"new"`
}

// ReceiptRequest names a record: by its position, or by its center and id.
type ReceiptRequest struct {
	Position       uint64
	Center, Record string
}

// Receipt is the proof that a record lies in a checkpoint. Stored is the stored line of the record without newline,
// and Proof the proof of c2sp.org/tlog-proof@v1 with the checkpoint.
type Receipt struct {
	Position uint64 `json:"position"`
	Size     uint64 `json:"size"` // of the checkpoint
	Stored   string `json:"stored"`
	Proof    string `json:"proof"`
}

// Checkpoint implements Reader.
func (l *Local) Checkpoint(context.Context) (*Checkpoint, error) {
	if l.Seals == nil {
		return nil, sealing.ErrNotBegun
	}
	s, err := l.Seals.Newest()
	if err != nil {
		return nil, err
	}
	return l.checkpoint(s)
}

func (l *Local) checkpoint(s *seal.Signed) (*Checkpoint, error) {
	log, err := l.Seals.Log()
	if err != nil {
		return nil, err
	}
	c := &Checkpoint{Origin: s.Origin, Key: log.String(), Size: s.Size, Root: s.Root.String(),
		Cosigners: []Cosigner{}, Position: l.Position(), Note: string(s.Bytes())}
	policy, err := l.Seals.Witnesses()
	if err != nil || policy == nil {
		return c, err
	}
	met, cosigned := policy.Quorum(s)
	c.QuorumMet = met
	for _, w := range cosigned {
		c.Cosigners = append(c.Cosigners, Cosigner{w.Name, events.FormatInstant(w.At)})
	}
	return c, nil
}

// Seal implements Writer.
func (l *Local) Seal(ctx context.Context) (*Sealed, error) {
	if l.Seals == nil {
		return nil, sealing.ErrNotBegun
	}
	made, err := l.Seals.Seal(ctx)
	if err != nil {
		return nil, err
	}
	c, err := l.checkpoint(made.Signed)
	if err != nil {
		return nil, err
	}
	return &Sealed{*c, made.New}, nil
}

// Receipt implements Reader.
func (l *Local) Receipt(ctx context.Context, r ReceiptRequest) (*Receipt, error) {
	if r.Center != "" {
		entry, err := l.Entry(ctx, r.Center, r.Record)
		if err != nil {
			return nil, err
		}
		r.Position = entry.Position
	}
	if l.Seals == nil {
		return nil, sealing.ErrNotBegun
	}
	if l.Sees != nil && r.Center == "" && r.Position > 0 && r.Position <= l.Position() {
		stored, err := l.Ledger.At(ctx, r.Position)
		if err != nil {
			return nil, err
		}
		if !l.register().SeesStream(stored.Stream) {
			return nil, sealing.NoRecord(r.Position)
		}
	}
	proof, line, err := l.Seals.Receipt(ctx, r.Position)
	if err != nil {
		return nil, err
	}
	return &Receipt{Position: r.Position, Size: proof.Checkpoint.Size, Stored: string(line),
		Proof: string(proof.Bytes())}, nil
}

// ReceiptColumns are the columns for a Receipt.
var ReceiptColumns = []table.Column{{Name: "position", Type: table.Count}, {Name: "size", Type: table.Count},
	{Name: "stored"}, {Name: "proof"}}

// Table returns the Receipt as a table with one row.
func (r *Receipt) Table() *table.Table {
	return &table.Table{Columns: ReceiptColumns, Rows: [][]table.Cell{{table.Number(r.Position),
		table.Number(r.Size), table.Text(r.Stored), table.Text(r.Proof)}}}
}
