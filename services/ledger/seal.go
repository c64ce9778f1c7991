package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// Seal is a record ledger.sealed with its place.
type Seal = aggregates.Seal

// Sealing is the state of the sealing of a ledger. First is the first seal under the present origin and Last the last
// one; both are nil if the ledger was never sealed. Unsealed reports whether any other event lies after Last.
type Sealing struct {
	First, Last *Seal
	Unsealed    bool
}

// Sealing returns the state of the sealing.
func (l *Ledger) Sealing() Sealing {
	first, last, position := l.register.Sealing()
	return Sealing{first, last, last == nil && position > 0 || last != nil && position > last.Position}
}

// errNothingToSeal is the error of a seal of a ledger without any record.
var errNothingToSeal = text.Errorf(text.NotFound, "台账还没有记录，无可封存",
	"the ledger has no record yet, so there is nothing to seal")

// Seal appends the record that precedes a checkpoint, as the program and dated today in Shanghai, and returns its
// place. On return it is durable. It does not look whether Unsealed is set. If the record does not follow from the
// last one, or another process sealed meanwhile, it returns an error with text.Conflict and appends nothing. A ledger
// without any record is text.NotFound.
func (l *Ledger) Seal(ctx context.Context, sealed *events.LedgerSealed) (events.Place, error) {
	if l.readOnly {
		return events.Place{}, errReadOnly
	}
	unlock, err := l.lock(ctx, events.LedgerStream)
	if err != nil {
		return events.Place{}, err
	}
	defer unlock()
	switch {
	case l.stopped.Load():
		return events.Place{}, ErrStopped
	case l.register.Position() == 0:
		return events.Place{}, errNothingToSeal
	}
	if err := l.takes(events.LedgerStream); err != nil {
		return events.Place{}, err
	}
	rec := &events.Record{ID: uuid.New(), Kind: events.KindLedgerSealed, On: events.DateAt(time.Now()),
		By: events.By{Role: events.Program, Actor: program.Name}, Mode: events.Enforce, Data: sealed}
	if found := rec.Check(); len(found) > 0 {
		return events.Place{}, fmt.Errorf("ledger: seal: %w", found)
	}
	entry, body, err := draft(rec, &aggregates.Verdict{}, program)
	if err != nil {
		return events.Place{}, err
	}
	_, last, position := l.register.Sealing()
	if err := aggregates.FollowsSeal(last, sealed, position+1); err != nil {
		return events.Place{}, &text.Error{Code: text.Conflict, What: text.Of(err)}
	}
	places, err := l.append(ctx, events.LedgerStream, l.register.Revision(events.LedgerStream),
		[]events.Proposed{{ID: rec.ID, Kind: rec.Kind, Body: body}}, []events.Recorded{{Record: *rec, Entry: entry}})
	if err != nil {
		return events.Place{}, err
	}
	return places[0], nil
}
