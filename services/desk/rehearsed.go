package desk

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// Rehearsed is the result of the rehearsed restore of a backup: of the ledger that the backup was restored to, and of
// its comparison with another ledger, if one was named.
type Rehearsed struct {
	MadeAt        string   `json:"madeAt"`        // the instant at which the backup was last written
	AgeSeconds    int64    `json:"ageSeconds"`    // since then
	AccountEvents *uint64  `json:"accountEvents"` // in the backup of the accounts; nil if there is none beside it
	Checked       Checked  `json:"checked"`
	Against       *Against `json:"against"` // nil if no ledger was named
}

// Against is the result of the comparison of a restored backup with the ledger that it is to be a backup of.
type Against struct {
	Ledger   string    `json:"ledger"`            // as the user named it
	Position uint64    `json:"position"`          // the last one of the ledger
	Newer    uint64    `json:"newer"`             // records that the ledger has after the backup
	OldestAt string    `json:"oldestAt,omitzero"` // the time of the first of them
	Records  int       `json:"records"`           // records compared
	Cells    int       `json:"cells"`             // cells of lists compared
	Findings []Finding `json:"findings"`
}

// NewRehearsed returns the result of a rehearsal that has not begun, of a backup that was last written at made. It is
// compared with a ledger unless that is "".
func NewRehearsed(made, now time.Time, against string) *Rehearsed {
	r := &Rehearsed{MadeAt: events.FormatInstant(made.Truncate(time.Second)),
		AgeSeconds: int64(now.Sub(made) / time.Second)}
	if against != "" {
		r.Against = &Against{Ledger: against, Findings: []Finding{}}
	}
	return r
}

// Sound reports whether the backup restores to a sound ledger which is that of the comparison.
func (r *Rehearsed) Sound() bool {
	return len(r.Checked.Findings) == 0 && (r.Against == nil || len(r.Against.Findings) == 0)
}

// Table returns the findings as a table, in one language.
func (r *Rehearsed) Table(lang string) *table.Table {
	t := r.Checked.Table(lang)
	if r.Against != nil {
		more := Checked{Findings: r.Against.Findings}
		t.Rows = append(t.Rows, more.Table(lang).Rows...)
	}
	return t
}

// comparedLists are the lists that Compare asks both ledgers.
var comparedLists = []lists.Question{
	{List: "centers"}, {List: "alerts", Params: map[string]string{"all": "true"}},
	{List: "execution"}, {List: "delayed"}, {List: "deferrals"}, {List: "ageing"},
}

// Compare compares the restored backup with the ledger of r.Against: record by record, and the lists of money and
// alerts as of a day and as known at the position of the backup, cell by cell. It fills in r.Against, and stops at the
// first record that differs. An error is that of a ledger: a difference is a finding.
func (r *Rehearsed) Compare(ctx context.Context, backup, ledger Reader, now time.Time, progress Progress) error {
	a, position := r.Against, r.Checked.Position
	differs, err := a.compareRecords(ctx, backup, ledger, position, progress)
	if err != nil || differs {
		return err
	}
	when := When{AsOf: events.DateAt(now).String(), KnownAt: strconv.FormatUint(position, 10)}
	for _, q := range comparedLists {
		restored, err := backup.List(ctx, when, q)
		if err != nil {
			return err
		}
		running, err := ledger.List(ctx, when, q)
		if err != nil {
			return err
		}
		a.compareTables(q.List, restored, running)
	}
	return a.countSince(ctx, ledger, position)
}

// errOther ends a comparison at a record that differs.
var errOther = errors.New("another record")

// errUnseen ends a comparison with answers that leave out records.
var errUnseen = errors.New("a record is not shown")

// recordsPiece is the number of records that Compare holds at a time.
const recordsPiece = 1000

// compareRecords compares the records of both up to a position, and reports whether they differ.
func (a *Against) compareRecords(ctx context.Context, backup, ledger Reader, position uint64,
	progress Progress) (differs bool, err error) {
	for after := uint64(0); after < position; {
		piece := make([]events.Stored, 0, recordsPiece)
		if err := backup.Events(ctx, after, recordsPiece, "", func(s *events.Stored) error {
			kept := *s
			kept.Bytes = bytes.Clone(s.Bytes)
			piece = append(piece, kept)
			return nil
		}); err != nil {
			return false, err
		}
		if len(piece) == 0 {
			return false, text.Errorf(text.Internal, "恢复的备份在位置 %d 之后没有记录",
				"the restored backup has no record after position %d", after)
		}
		same := 0
		err := ledger.Events(ctx, after, len(piece), "", func(s *events.Stored) error {
			if same == len(piece) || s.Position != piece[same].Position {
				return errUnseen
			}
			if !bytes.Equal(s.Bytes, piece[same].Bytes) {
				return errOther
			}
			same++
			return nil
		})
		a.Records += same
		switch {
		case errors.Is(err, errOther):
			a.found(&piece[same], text.Say(
				"台账中的这条记录与备份中的不同：不是同一份台账，或其中一份被改动",
				"this record is another one in the ledger: the two are not the same ledger, or one was changed"))
			return true, nil
		case errors.Is(err, errUnseen),
			err == nil && same < len(piece) && ledger.Position() >= piece[same].Position:
			return false, text.Errorf(text.Forbidden,
				"台账 %s 没有给出位置 %d 的记录：所用账号看不到全部中心；请换用可看全省的账号的令牌",
				"the ledger %s does not show the record at position %d: the account does not see every center; "+
					"take a token of one that does", a.Ledger, piece[min(same, len(piece)-1)].Position)
		case err != nil:
			return false, err
		case same < len(piece):
			a.found(&piece[same], text.Say(
				"备份有这条记录，台账没有：台账比备份短，或不是同一份台账",
				"the backup has this record, the ledger has not: the ledger is shorter, or another one"))
			return true, nil
		}
		after = piece[same-1].Position
		if progress != nil {
			progress(int64(after), int64(position))
		}
	}
	return false, nil
}

func (a *Against) found(s *events.Stored, what text.Text) {
	a.Findings = append(a.Findings, Finding{Position: s.Position, Stream: s.Stream, What: what})
}

// compareTables compares the answers to one list. It adds the first difference as a finding.
func (a *Against) compareTables(list string, restored, running *table.Table) {
	if len(restored.Rows) != len(running.Rows) {
		a.Findings = append(a.Findings, Finding{What: text.Say("清单 %s：备份有 %d 行，台账有 %d 行",
			"list %s: %d rows in the backup, %d in the ledger", list, len(restored.Rows), len(running.Rows))})
		return
	}
	for i, row := range restored.Rows {
		for j, c := range restored.Columns {
			have, want := c.Shown(row[j], "zh"), c.Shown(running.Rows[i][j], "zh")
			if a.Cells++; have != want {
				a.Findings = append(a.Findings, Finding{What: text.Say(
					"清单 %s 第 %d 行 %s：备份为 %q，台账为 %q",
					"list %s, row %d, %s: %q in the backup, %q in the ledger", list, i+1, c.Name, have, want)})
				return
			}
		}
	}
}

// countSince fills in how far the ledger goes beyond the position.
func (a *Against) countSince(ctx context.Context, ledger Reader, position uint64) error {
	err := ledger.Events(ctx, position, 1, "", func(s *events.Stored) error {
		a.OldestAt = events.FormatInstant(s.RecordedAt)
		return nil
	})
	a.Position = max(position, ledger.Position())
	a.Newer = a.Position - position
	return err
}
