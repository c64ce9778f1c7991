package lists

import (
	"cmp"
	"slices"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
)

// book holds the vouchers that a sample is drawn from, in the order of positions, and the set of reversed vouchers.
// Vouchers of its year and reversals count if their date is on or before the date of the book. Voidings count whatever
// their date.
type book struct {
	center   events.CenterID // "" for all
	year     int
	on       events.Date
	vouchers []booked
	reversed map[voucherKey]bool

	reversals map[eventKey]string // the voucher that each reversal names
	voided    map[eventKey]bool
	err       error // the error of reading an event
}

// booked is a voucher in as few bytes as possible, because there may be a million vouchers.
type booked struct {
	key       eventKey
	position  uint64
	amountFen events.Fen // the sum of all lines
}

// eventKey identifies an event. An id is unique only within its stream.
type eventKey struct {
	stream events.StreamID
	id     uuid.UUID
}

// voucherKey identifies a voucher. A voucher number is unique within a center among the vouchers that are not voided.
type voucherKey struct {
	stream  events.StreamID
	voucher string
}

func newBook(center events.CenterID, year int, on events.Date) *book {
	return &book{center: center, year: year, on: on, reversed: map[voucherKey]bool{}, reversals: map[eventKey]string{},
		voided: map[eventKey]bool{}}
}

// note adds the next event of the history to the book, if it matters to the sample.
func (k *book) note(s *events.Stored) {
	switch s.Kind {
	case events.KindFundsSpent, events.KindSpendingReversed, events.KindEntryVoided:
	default:
		return
	}
	inYear := func(on events.Date) bool { return on <= k.on && on.Year() == k.year }
	if k.center != "" && centerOf(s) != k.center {
		return
	}
	if on, ok := events.PeekDate(s); ok && s.Kind == events.KindFundsSpent && !inYear(on) {
		// most vouchers are of other years
		return
	}
	b, err := events.CutBody(s)
	if err != nil {
		k.err = cmp.Or(k.err, err)
		return
	}
	key := eventKey{s.Stream, s.ID}
	switch s.Kind {
	case events.KindFundsSpent:
		if amountFen, _ := b.AmountFen(); inYear(b.On) {
			k.vouchers = append(k.vouchers, booked{key, s.Position, amountFen})
		}
	case events.KindSpendingReversed:
		if b.On <= k.on {
			k.reversals[key] = b.Text("voucher")
		}
	default:
		if id, err := uuid.Parse(b.Text("event")); err == nil { // a voiding without a valid id voids nothing
			k.voided[eventKey{s.Stream, id}] = true
		}
	}
}

// settle removes the voided vouchers and reversals after all events are noted. It returns an error if an event could
// not be read, because that event may be a voucher.
func (k *book) settle() error {
	k.vouchers = slices.DeleteFunc(k.vouchers, func(v booked) bool { return k.voided[v.key] })
	for by, voucher := range k.reversals {
		if !k.voided[by] {
			k.reversed[voucherKey{by.stream, voucher}] = true
		}
	}
	return k.err
}
