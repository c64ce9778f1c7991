package aggregates

import (
	"hash/maphash"
	"slices"

	"github.com/taizhang/taizhang/events"
)

// voucher is one funds.spent with what became of it. Nine tenths of a ledger are vouchers, so they are kept packed and
// without pointers, and spoken of by number: 1 for the first recorded, those voided counted.
type voucher struct {
	declaration
	place           // zero when it is voided
	reversed  place // zero unless reversed
	ruledUpon bool  // index.rulings holds the rulings
}

// reversedBy returns when the voucher was reversed if that was on or before a date.
func (s *voucher) reversedBy(d events.Date) events.Date {
	if s.reversed.on <= d {
		return s.reversed.on
	}
	return 0
}

// declaration is what a voucher says, as far as an answer needs it: where it is in declarations.
type declaration struct {
	name, lines span
	nature      uint32
	transfer    uint32 // 0 unless it is an out-transfer
}

// span is a part of a list, without its end.
type span struct{ from, to uint32 }

// line is the part of a voucher paid from one fund.
type line struct {
	fund      uint32 // its number
	amountFen events.Fen
}

// nature is what article 20 asks of a voucher.
type nature struct {
	use      events.Use
	econCode string
}

// transfer is what R20-8 asks of an out-transfer: the task book, and to whom if it names one.
type transfer struct{ book, payee string }

// declarations is what the vouchers of a center say, the voided ones too. It only grows.
type declarations struct {
	text      []byte // the names of vouchers, one after another
	lines     []line
	natures   numbering[nature]
	transfers numbering[transfer]
	fundNames numbering[string]
	numbers   table // of vouchers by name; a name may be used again once its voucher is voided
}

func (d *declarations) clone() *declarations {
	return &declarations{text: slices.Clip(d.text), lines: slices.Clip(d.lines), natures: d.natures.clone(),
		transfers: d.transfers.clone(), fundNames: d.fundNames.clone(), numbers: d.numbers.clone()}
}

// declare keeps what a voucher says that is not nonsense, and returns its number.
func (ix *index) declare(p *events.FundsSpent) uint32 {
	d := ix.declared
	s := declaration{name: span{from: uint32(len(d.text))}, lines: span{from: uint32(len(d.lines))},
		nature: d.natures.number(nature{p.Use, p.EconCode})}
	d.text = append(d.text, p.Voucher...)
	for _, l := range p.Lines {
		d.lines = append(d.lines, line{d.fundNames.numbers[l.Grant], l.AmountFen})
	}
	s.name.to, s.lines.to = uint32(len(d.text)), uint32(len(d.lines))
	if p.OutTransfer != nil {
		t := transfer{book: p.OutTransfer.TaskBook}
		if t.book != "" {
			t.payee = p.Payee
		}
		s.transfer = d.transfers.number(t)
	}
	ix.vouchers.add(voucher{declaration: s})
	number := uint32(ix.vouchers.len())
	d.numbers.put(hashOf(p.Voucher), number, ix.isNamed(p.Voucher))
	return number
}

func (d *declarations) nameOf(s *voucher) string { return string(d.text[s.name.from:s.name.to]) }

func (d *declarations) linesOf(s *voucher) []line { return d.lines[s.lines.from:s.lines.to] }

// amountFen is what a voucher takes from grants and matches together.
func (d *declarations) amountFen(s *voucher) (sum events.Fen) {
	for _, l := range d.linesOf(s) {
		sum += l.amountFen
	}
	return sum
}

// transferOf returns what is asked of a voucher that is an out-transfer.
func (d *declarations) transferOf(s *voucher) (t transfer, ok bool) {
	if s.transfer == 0 {
		return t, false
	}
	return d.transfers.value(s.transfer), true
}

// voucher returns the voucher of a number.
func (ix *index) voucher(number uint32) *voucher { return ix.vouchers.at(int(number - 1)) }

// voucherNumber returns the number of the voucher of a name, 0 when there is none that is not voided.
func (ix *index) voucherNumber(name string) uint32 {
	n := ix.declared.numbers.find(hashOf(name), ix.isNamed(name))
	if n == 0 || ix.voucher(n).on == 0 {
		return 0
	}
	return n
}

func (ix *index) isNamed(name string) func(number uint32) bool {
	return func(n uint32) bool {
		s := ix.voucher(n)
		return string(ix.declared.text[s.name.from:s.name.to]) == name
	}
}

func hashOf(name string) uint64 { return maphash.String(seed, name) }
