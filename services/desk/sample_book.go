package desk

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/ledger"
)

// book is the vouchers that a sample is drawn from, in the order of positions, and which vouchers are reversed.
type book struct {
	vouchers []booked
	reversed map[voucherKey]bool
}

// booked is a voucher, as small as it can be: there may be a million.
type booked struct {
	key       eventKey
	position  uint64
	amountFen events.Fen // of all lines
}

// eventKey names an event: ids are unique within a stream alone.
type eventKey struct {
	stream events.StreamID
	id     uuid.UUID
}

// voucherKey names a voucher: names are unique within a center, among those that are not voided.
type voucherKey struct {
	stream  events.StreamID
	voucher string
}

// noted is what a pass over the history notes of one event.
type noted struct {
	voucher booked
	later   *later // of an event that is no voucher, or cannot be read
}

// later is what became of a voucher.
type later struct {
	by       eventKey
	reversed string    // the voucher that a spending.reversed names
	voided   uuid.UUID // the event that an entry.voided names
	err      error     // why the event cannot be read
}

// bookOf reads the vouchers of a year in a span of the history, and what became of them in it. Vouchers and reversals on
// or before a date count, and voidings whatever their date.
func (d *Desk) bookOf(ctx context.Context, of ledger.Span, year int, on events.Date) (*book, error) {
	k := &book{reversed: map[voucherKey]bool{}}
	voided := map[eventKey]bool{}
	var reversals []*later
	err := ledger.Search(ctx, d.Ledger, of, func(s *events.Stored) (noted, bool) { return note(s, year, on) }, func(n noted) error {
		switch l := n.later; {
		case l == nil:
			k.vouchers = append(k.vouchers, n.voucher)
		case l.err != nil:
			return l.err
		case l.reversed != "":
			reversals = append(reversals, l)
		default:
			voided[eventKey{l.by.stream, l.voided}] = true
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	k.vouchers = slices.DeleteFunc(k.vouchers, func(v booked) bool { return voided[v.key] })
	for _, l := range reversals {
		if !voided[l.by] {
			k.reversed[voucherKey{l.by.stream, l.reversed}] = true
		}
	}
	return k, nil
}

// note is called on all processors.
func note(s *events.Stored, year int, on events.Date) (n noted, ok bool) {
	switch s.Kind {
	case events.KindFundsSpent, events.KindSpendingReversed, events.KindEntryVoided:
	default:
		return n, false
	}
	by := eventKey{s.Stream, s.ID}
	b, err := cutBody(s)
	if err != nil {
		return noted{later: &later{by: by, err: err}}, true
	}
	switch s.Kind {
	case events.KindFundsSpent:
		n.voucher = booked{key: by, position: s.Position}
		n.voucher.amountFen, _ = b.amountFen()
		return n, b.on <= on && b.on.Year() == year
	case events.KindSpendingReversed:
		n.later = &later{by: by, reversed: member(b.data, voucherMember)}
		return n, b.on <= on
	}
	voided, err := uuid.Parse(member(b.data, voidedMember))
	n.later = &later{by: by, voided: voided}
	return n, err == nil // what is no id voids nothing
}
