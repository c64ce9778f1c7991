package lists

import (
	"cmp"
	"slices"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
)

// book is the vouchers that a sample is drawn from, in the order of positions, and which vouchers are reversed. Vouchers of
// its year and reversals count if they are on or before its date, and voidings whatever theirs.
type book struct {
	center   events.CenterID // "" for all
	year     int
	on       events.Date
	vouchers []booked
	reversed map[voucherKey]bool

	reversals map[eventKey]string // the vouchers that they name
	voided    map[eventKey]bool
	err       error // why an event cannot be read
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

func newBook(center events.CenterID, year int, on events.Date) *book {
	return &book{center: center, year: year, on: on, reversed: map[voucherKey]bool{}, reversals: map[eventKey]string{}, voided: map[eventKey]bool{}}
}

// note takes note of the next event of the history.
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
	if on, ok := events.PeekDate(s); ok && s.Kind == events.KindFundsSpent && !inYear(on) { // most are of other years
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
		if id, err := uuid.Parse(b.Text("event")); err == nil { // what is no id voids nothing
			k.voided[eventKey{s.Stream, id}] = true
		}
	}
}

// settle leaves out what was voided, once all was noted. What cannot be read is an error: it may be a voucher.
func (k *book) settle() error {
	k.vouchers = slices.DeleteFunc(k.vouchers, func(v booked) bool { return k.voided[v.key] })
	for by, voucher := range k.reversals {
		if !k.voided[by] {
			k.reversed[voucherKey{by.stream, voucher}] = true
		}
	}
	return k.err
}
