package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/ledger"
)

// BatchMax is the maximum number of records of a batch.
const BatchMax = ledger.BatchMax

// Batch is several records of one center, or of the policies, that are judged together and written at once.
type Batch struct {
	Drafts     []Draft // 1 to BatchMax
	IfRevision *uint64 // if a record of the batch is new, the stream must have this revision; nil for any revision
	DryRun     bool    // only judge, write nothing
	// return the changes that the records cause; a dry run always does. This costs two evaluations of the center
	Moves bool
}

// BatchAnswer is the answer to a batch that was written, or to a dry run.
type BatchAnswer struct {
	Answer string          `json:"answer"` // Accepted, Repeated if no record was new, or in a dry run Refused
	DryRun bool            `json:"dryRun"`
	Center events.CenterID `json:"center"` // "" for policies
	// of the stream right after the batch; in a dry run of the stream at Position
	Revision uint64 `json:"revision"`
	// of the last record of the batch; in a dry run the position at which it was judged
	Position uint64 `json:"position"`

	// Results has one answer for each draft, in order. In a dry run, records that would be accepted have no
	// position, revision and time, and Answer may be Refused.
	Results []RecordAnswer   `json:"results"`
	Refused []RefusedInBatch `json:"refused"` // in a dry run the refused records, in order
	AsOf    Day              `json:"asOf"`    // the date of Moves
	// for a center, if it was asked for or in a dry run: the changes that all good new records cause together
	Moves *Moves `json:"moves,omitzero"`
	// in a dry run: the balances that all good new records would change together, in the order of the grants
	Balances []Balance `json:"balances,omitzero"`
}

// RefusedInBatch is the answer to a refused record of a batch. Index is its place in the batch, from 0.
type RefusedInBatch struct {
	Index int `json:"index"`
	RefusedRecord
}

// BatchRefusal reports a refused batch with every reason against every record. Nothing was written. If Reused is
// set, the ids of the records belong to records with other content, and nothing was judged.
type BatchRefusal struct {
	Refused []RefusedInBatch `json:"refused"`
	Reused  bool             `json:"reused"`
}

func (r *BatchRefusal) inLedger() *ledger.BatchRefusal {
	no := &ledger.BatchRefusal{}
	for _, x := range r.Refused {
		no.Refused = append(no.Refused,
			ledger.RefusedRecord{Index: x.Index, Refusal: &Refusal{Breaches: x.Reasons, Reused: r.Reused}})
	}
	return no
}

// ErrorCode returns text.Conflict if ids are reused, else text.Refused.
func (r *BatchRefusal) ErrorCode() text.ErrorCode { return (&Refusal{Reused: r.Reused}).ErrorCode() }

// Text returns the reasons against the first records.
func (r *BatchRefusal) Text() text.Text { return r.inLedger().Text() }

// Error implements error.
func (r *BatchRefusal) Error() string { return r.Text().En }

// RevisionError reports that the stream of a batch does not have the required revision. Nothing was written.
type RevisionError struct {
	Center   events.CenterID `json:"center"`
	Expected uint64          `json:"expected"`
	Actual   uint64          `json:"actual"`
	Missed   []MissedRecord  `json:"missed"` // the records after the expected revision, at most 100
}

// MissedRecord is a record that was written after the revision that the writer of a batch expected.
type MissedRecord struct {
	ID         uuid.UUID      `json:"id"`
	Kind       events.Kind    `json:"kind"`
	On         Day            `json:"on"`
	Position   uint64         `json:"position"`
	Revision   uint64         `json:"revision"`
	RecordedAt string         `json:"recordedAt"`
	EnteredBy  string         `json:"enteredBy"`
	Record     jsontext.Value `json:"record"` // in the interchange form
}

// ErrorCode returns text.Conflict.
func (e *RevisionError) ErrorCode() text.ErrorCode { return text.Conflict }

// Text returns both revisions.
func (e *RevisionError) Text() text.Text {
	stream := events.PolicyStream
	if e.Center != "" {
		stream = e.Center.Stream()
	}
	return (&ledger.RevisionError{Stream: stream, Expected: e.Expected, Actual: e.Actual}).Text()
}

// Error implements error.
func (e *RevisionError) Error() string { return e.Text().En }

// Batch implements Writer. A draft that cannot be read counts as refused; the others are judged without it.
func (l *Local) Batch(ctx context.Context, b Batch) (*BatchAnswer, error) {
	if n := len(b.Drafts); n == 0 || n > BatchMax {
		return nil, text.Errorf(text.Invalid, "一批应有 1 至 %d 条记录，此处有 %d 条",
			"a batch must have 1 to %d records, and this one has %d", BatchMax, n)
	}
	terms := ledger.Terms{IfRevision: b.IfRevision, DryRun: b.DryRun, Moves: b.Moves, AsOf: events.DateAt(l.Now())}
	var records []*events.Record
	var at []int // the place in the batch of each record that could be read
	var unread []ledger.RefusedRecord
	for i := range b.Drafts {
		rec, err := b.Drafts[i].record()
		if err != nil {
			unread = append(unread, ledger.RefusedRecord{Index: i, Refusal: refusalOf(err)})
			continue
		}
		records, at = append(records, rec), append(at, i)
	}
	if len(unread) > 0 { // nothing will be written; the others are judged for the answer only
		terms.DryRun = true
	}
	answer := ledger.BatchResult{Position: l.Position(), AsOf: terms.AsOf} // the answer if there is nothing to judge
	if len(records) > 0 {
		judged, err := l.Ledger.Batch(ctx, records, l.account(), terms)
		if err != nil {
			return nil, b.failed(err, at, unread)
		}
		answer = *judged
	}
	refused := placedAt(answer.Refused, at, unread)
	if len(refused) > 0 && !b.DryRun {
		return nil, b.refusal(refused)
	}
	return b.answer(&answer, records, at, refused, events.DateAt(l.Now())), nil
}

// refusalOf returns the error for an unreadable draft as a refusal.
func refusalOf(err error) *Refusal {
	var no *Refusal
	if errors.As(err, &no) {
		return no
	}
	why := aggregates.Breach{Reason: text.Of(err)}
	var invalid *text.Error
	if errors.As(err, &invalid) {
		why.Field, why.Reason = invalid.Param, invalid.What
	}
	return &Refusal{Breaches: []aggregates.Breach{why}}
}

// placedAt returns the refused records of a batch in order. at has the places in the batch of the records that
// could be read; unread has the others.
func placedAt(refused []ledger.RefusedRecord, at []int, unread []ledger.RefusedRecord) []ledger.RefusedRecord {
	all := slices.Clone(unread)
	for _, r := range refused {
		all = append(all, ledger.RefusedRecord{Index: at[r.Index], Refusal: r.Refusal})
	}
	slices.SortFunc(all, func(x, y ledger.RefusedRecord) int { return x.Index - y.Index })
	return all
}

// failed converts an error of the ledger into one about the batch.
func (b *Batch) failed(err error, at []int, unread []ledger.RefusedRecord) error {
	var no *ledger.BatchRefusal
	if errors.As(err, &no) {
		if no.ErrorCode() == text.Conflict {
			unread = nil // nothing was judged
		}
		return b.refusal(placedAt(no.Refused, at, unread))
	}
	var moved *ledger.RevisionError
	if !errors.As(err, &moved) {
		return err
	}
	e := &RevisionError{Expected: moved.Expected, Actual: moved.Actual}
	e.Center, _ = moved.Stream.Center()
	for i := range moved.Missed {
		rec := &moved.Missed[i]
		line, err := events.EncodeRecord(&rec.Record)
		if err != nil {
			return fmt.Errorf("desk: encode record %s: %w", rec.ID, err)
		}
		e.Missed = append(e.Missed, MissedRecord{ID: rec.ID, Kind: rec.Kind, On: Day{rec.On}, Position: rec.Position,
			Revision:   rec.Revision,
			RecordedAt: events.FormatInstant(rec.RecordedAt), EnteredBy: rec.EnteredBy, Record: line})
	}
	return e
}

func (b *Batch) refusal(refused []ledger.RefusedRecord) error {
	return &BatchRefusal{b.inBatch(refused), refused[0].Reused}
}

func (b *Batch) inBatch(refused []ledger.RefusedRecord) []RefusedInBatch {
	list := make([]RefusedInBatch, len(refused))
	for i, r := range refused {
		list[i] = RefusedInBatch{r.Index, RefusedRecord{b.Drafts[r.Index].ID, Refused, r.Breaches}}
	}
	return list
}

// answer returns the answer to the batch. at has the places of the records in the batch.
func (b *Batch) answer(result *ledger.BatchResult, records []*events.Record, at []int, refused []ledger.RefusedRecord,
	today events.Date) *BatchAnswer {
	a := &BatchAnswer{Answer: Repeated, DryRun: b.DryRun, Revision: result.Revision, Position: result.Position,
		Results: make([]RecordAnswer, len(b.Drafts)), Refused: b.inBatch(refused)}
	for n, rec := range records {
		a.Center = rec.Center
		a.Results[at[n]] = *recordedOf(rec, &result.Results[n], today)
		if !result.Results[n].Repeated {
			a.Answer = Accepted
		}
	}
	for _, r := range refused {
		a.Answer, a.Results[r.Index].Answer = Refused, Refused
		if d := &b.Drafts[r.Index]; !slices.Contains(at, r.Index) {
			a.Results[r.Index].ID, _ = uuid.Parse(d.ID) // stays zero if the id is not valid
			a.Results[r.Index].Kind = events.Kind(d.Kind)
		}
	}
	if b.DryRun || result.Moved != nil {
		a.AsOf = Day{result.AsOf}
	}
	if result.Moved != nil {
		moves := movesOf(result.Moved)
		a.Moves = &moves
	}
	a.Balances = balancesOf(result.Balances)
	return a
}
