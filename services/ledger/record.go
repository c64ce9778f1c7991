package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
)

// conflictsMax is the number of times that a write is judged again because another writer of the same store came
// first.
const conflictsMax = 5

// Result holds the place of a record and the values that the ledger added to it. If Repeated is set, the ledger had
// the record already with the same content, and the result is that of the first time.
type Result struct {
	events.Place
	events.Entry
	Repeated bool
}

// Record does the same as Batch for one record. If the record is refused, the error is an *aggregates.Refusal.
func (l *Ledger) Record(ctx context.Context, rec *events.Record, account Writer) (Result, error) {
	answer, err := l.Batch(ctx, []*events.Record{rec}, account, Terms{})
	if err != nil {
		var no *BatchRefusal
		if errors.As(err, &no) {
			err = no.Refused[0].Refusal
		}
		return Result{}, err
	}
	return answer.Results[0], nil
}

// appendMax is the maximum time of an append. Stores give up earlier by themselves.
const appendMax = 5 * time.Minute

// append appends a batch that was judged, and waits until it is applied. records is the batch as it will be read
// back. If ctx ends before the append begins, append returns its error. After that it waits for the outcome:
// otherwise a caller that cancels would leave an append of unknown outcome, which stops the ledger. If it returns
// both places and an error, the error is ErrStopped: the batch is stored but not in the read models.
func (l *Ledger) append(ctx context.Context, s events.StreamID, revision uint64, batch []events.Proposed,
	records []events.Recorded) ([]events.Place, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	own, err := l.applier.announce(s, batch, records)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), appendMax)
	defer cancel()
	places, err := l.store.Append(ctx, s, revision, batch)
	if err != nil {
		l.applier.withdraw(own)
		return nil, l.appendFailed(s, err)
	}
	last := places[len(places)-1].Position
	if err := l.applier.wait(own, last); err != nil {
		l.stopped.Store(true)
		return places, fmt.Errorf("%w: apply position %d, which is stored: %w", ErrStopped, last, err)
	}
	return places, nil
}

// conflicts reports whether an append failed because another writer came first. An append of unknown outcome may have
// such a conflict as its cause.
func conflicts(err error) bool {
	var conflict *events.ConflictError
	return errors.As(err, &conflict) && !errors.Is(err, events.ErrUnknown)
}

// appendFailed returns the error of a failed append. If the outcome is unknown, it stops all writing.
func (l *Ledger) appendFailed(s events.StreamID, err error) error {
	if errors.Is(err, events.ErrUnknown) {
		l.stopped.Store(true)
		l.notices.say(Failed, "append with unknown outcome", Field{"stream", string(s)}, reason(err))
		return fmt.Errorf("%w: %w", err, ErrStopped)
	}
	return fmt.Errorf("ledger: append to %s: %w", s, err)
}

// runAhead applies a record that is not stored yet to a copy of its aggregate. It needs no position, because only the
// order of events within the stream matters.
func runAhead(c projections.Aggregate, rec *events.Record) error {
	if err := c.Apply(&events.Recorded{Record: *rec, Revision: c.Revision() + 1}); err != nil {
		return fmt.Errorf("ledger: judge record %s: %w", rec.ID, err)
	}
	return nil
}

// draft returns the values that the ledger adds to a record and the body to store. It returns an error if the verdict
// refuses the record, if the account lacks a right, or if the record with these values is too large for every store.
func draft(rec *events.Record, v *aggregates.Verdict, account Writer) (_ events.Entry, body events.Object, err error) {
	entry := events.Entry{EnteredBy: account.Name, Policy: v.Policy, Warnings: v.Warnings}
	if against := v.Against(rec.Mode); len(against) > 0 {
		return entry, body, &aggregates.Refusal{Breaches: against}
	}
	if rec.Mode == events.Recording {
		if !account.MayRecord {
			return entry, body, refuse("mode", "账号 %s 无补录权限",
				"account %s may not record decisions taken outside the system", account.Name)
		}
		entry.Breaks = v.Breaks()
	}
	if body, err = events.EncodeEvent(rec, entry); err != nil {
		return entry, body, fmt.Errorf("ledger: encode record %s: %w", rec.ID, err)
	}
	size := len(body.String())
	if size > events.BodyBytesMax {
		return entry, body, refuse("", "入账后有 %d 字节，超过 %d 字节的上限",
			"it would take %d bytes in the ledger, over the limit of %d", size, events.BodyBytesMax)
	}
	return entry, body, exportable(rec, size)
}

// exportNamesBytes is an upper bound of the bytes of id, kind and center of a record, which its body does not hold.
const exportNamesBytes = 1024

// exportable returns an error for a record whose export would be too large to be imported: an export writes members
// that the original line left out, such as the mode. It measures only the largest records.
func exportable(rec *events.Record, bodyBytes int) error {
	if bodyBytes+exportNamesBytes <= events.RecordBytesMax {
		return nil
	}
	line, err := events.EncodeRecord(rec)
	if err != nil {
		return fmt.Errorf("ledger: encode record %s: %w", rec.ID, err)
	}
	if len(line) > events.RecordBytesMax {
		return refuse("", "完整写出有 %d 字节，超过 %d 字节的上限",
			"it takes %d bytes when written out in full, over the limit of %d", len(line), events.RecordBytesMax)
	}
	return nil
}

func refuse(field, zh, en string, args ...any) error {
	return &aggregates.Refusal{Breaches: []aggregates.Breach{{Field: field, Reason: text.Say(zh, en, args...)}}}
}

// takes returns an error if a stream has a break in its integrity (AL-LED-01). A break in the policies refuses
// records of every stream, because the policy that should judge them is not known.
func (l *Ledger) takes(s events.StreamID) error {
	for _, s := range []events.StreamID{events.PolicyStream, s} {
		if len(l.register.Breaks(s)) > 0 {
			return refuse("", "%s 的记录有完整性问题（AL-LED-01），停止写入",
				"%s has a break in its integrity (AL-LED-01) and takes no more writing", s)
		}
	}
	return nil
}

// recorded returns the first result of a record whose id the ledger has at a revision of its stream; 0 means that it
// does not have the id. It returns an error if the recorded content differs, also from the adoption that will precede
// the first record. sheet means that the record is made from a sheet.
func (l *Ledger) recorded(ctx context.Context, s events.StreamID, rev uint64, rec *events.Record, sheet bool) (Result,
	bool, error) {
	switch {
	case rev == 0 && s == events.PolicyStream:
		_, err := isFirst(l.first(), rec)
		return Result{}, false, err
	case rev == 0:
		return Result{}, false, nil
	}
	result, err := l.readBack(ctx, s, rev, rec, sheet)
	return result, err == nil, err
}

func (l *Ledger) readBack(ctx context.Context, s events.StreamID, rev uint64, rec *events.Record,
	sheet bool) (Result, error) {
	for stored, err := range l.store.ReadStream(ctx, s, rev-1) {
		if err != nil {
			return Result{}, fmt.Errorf("ledger: read back %s in %s: %w", rec.ID, s, err)
		}
		first, err := events.DecodeEvent(stored)
		if err != nil {
			return Result{}, fmt.Errorf("ledger: read back %s in %s: %w", rec.ID, s, err)
		}
		if !sameContent(&first.Record, rec, sheet) {
			return Result{}, otherContent(&first.Record, rec, sheet, atPosition(stored.Position))
		}
		return Result{Place: stored.Place, Entry: first.Entry, Repeated: true}, nil
	}
	return Result{}, fmt.Errorf("ledger: read back %s in %s: not in the store", rec.ID, s)
}

// sameContent reports whether two records are equal in their encoded form. The actor is not compared for an adoption
// of a policy, or if b is made from a sheet: whoever enters the same record again gets the first result.
func sameContent(a, b *events.Record, sheet bool) bool {
	if a.Kind == events.KindPolicyAdopted || sheet {
		a = broughtBy(a, b.By.Actor)
	}
	x, errX := events.EncodeRecord(a)
	y, errY := events.EncodeRecord(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// broughtBy returns a copy of a record with another actor.
func broughtBy(rec *events.Record, actor string) *events.Record {
	other := *rec
	other.By.Actor = actor
	return &other
}

// judgedBy holds the revisions at which a record is judged: of its stream and of the policies.
type judgedBy struct{ stream, policies uint64 }

func (l *Ledger) revisions(s events.StreamID) judgedBy {
	return judgedBy{l.register.Revision(s), l.register.Revision(events.PolicyStream)}
}

// catchUp waits until all stored events of a stream, and of the policies, are applied.
func (l *Ledger) catchUp(ctx context.Context, s events.StreamID) error {
	for _, stream := range []events.StreamID{events.PolicyStream, s} {
		applied := l.register.Revision(stream)
		last := applied
		for stored, err := range l.store.ReadStream(ctx, stream, applied) {
			if err != nil {
				return fmt.Errorf("ledger: catch up with %s: %w", stream, err)
			}
			last = stored.Revision
		}
		if err := l.applier.reaches(ctx, stream, last); err != nil {
			return fmt.Errorf("ledger: catch up with %s: %w", stream, err)
		}
	}
	return nil
}
