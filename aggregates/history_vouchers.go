package aggregates

import (
	"hash/maphash"
	"iter"
	"slices"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
)

// voucher is one funds.spent with its reversal and rulings. Nine tenths of a ledger are vouchers, so they are stored
// packed and without pointers, and are identified by number. The first one recorded has the number 1; voided vouchers
// are counted too.
type voucher struct {
	declaration
	place           // zero if the voucher is voided
	reversed  place // zero unless reversed
	ruledUpon bool  // whether index.rulings has rulings on it
}

// reversedBy returns the day on which the voucher was reversed, if that was on or before a date, or else none.
func (s *voucher) reversedBy(d events.Date) events.Date {
	if s.reversed.on <= d {
		return s.reversed.on
	}
	return 0
}

// reversalBy returns the place of the reversal of the voucher, if that was on or before a date, or else none.
func (s *voucher) reversalBy(d events.Date) place {
	if s.reversed.on <= d {
		return s.reversed
	}
	return place{}
}

// declaration holds the places in declarations of the parts of a voucher's content that answers need.
type declaration struct {
	nameAt, linesAt uint32
	nature          uint32
	transfer        uint32 // 0 unless it is an out-transfer
	lineCount       uint16
	nameBytes       uint8
}

const _, _ = uint16(events.ListMax), uint8(events.IDBytesMax)

// line is the part of a voucher paid from one fund.
type line struct {
	fund      uint32 // its number
	amountFen events.Fen
}

// nature holds the values of a voucher that article 20 needs.
type nature struct {
	use      events.Use
	econCode string
}

// transfer holds the values of an out-transfer that R20-8 needs: the task book, and the payee if the voucher names a
// book.
type transfer struct{ book, payee string }

// declarations holds the content of all vouchers of a center, voided ones included. It only grows.
type declarations struct {
	text      []byte // the names of vouchers, one after another
	lines     []line
	natures   numbering[nature]
	transfers numbering[transfer]
	fundNames numbering[string]
	numbers   table // the number of each voucher by name; a name is free again after its voucher is voided
}

// clone returns a copy that shares the memory of d, as index.clone does.
func (d *declarations) clone() *declarations {
	c := *d
	c.text, c.lines = slices.Clip(c.text), slices.Clip(c.lines)
	return &c
}

// declare stores the content of a voucher that is not nonsense, and returns its number.
func (ix *index) declare(p *events.FundsSpent) uint32 {
	d := ix.declared
	s := declaration{nameAt: uint32(len(d.text)), nameBytes: uint8(len(p.Voucher)), linesAt: uint32(len(d.lines)),
		lineCount: uint16(len(p.Lines)),
		nature:    d.natures.number(ix.owner, nature{p.Use, p.EconCode})}
	d.text = append(d.text, p.Voucher...)
	for _, l := range p.Lines {
		d.lines = append(d.lines, line{d.fundNames.find(l.Grant), l.AmountFen})
	}
	if p.OutTransfer != nil {
		t := transfer{book: p.OutTransfer.TaskBook}
		if t.book != "" {
			t.payee = p.Payee
		}
		s.transfer = d.transfers.number(ix.owner, t)
	}
	ix.vouchers.add(ix.owner, voucher{declaration: s})
	number := uint32(ix.vouchers.len())
	d.numbers.put(ix.owner, hashOf(p.Voucher), number, ix.isNamed(p.Voucher))
	return number
}

func (d *declarations) nameOf(s *voucher) string { return string(d.name(s)) }

func (d *declarations) name(s *voucher) []byte { return d.text[s.nameAt:][:s.nameBytes] }

func (d *declarations) linesOf(s *voucher) []line { return d.lines[s.linesAt:][:s.lineCount] }

// byFund yields the numbers of the funds from which a voucher is paid, each once, with the amounts.
func (d *declarations) byFund(s *voucher) iter.Seq2[uint32, events.Fen] {
	return func(yield func(uint32, events.Fen) bool) {
		lines := d.linesOf(s)
		for i, l := range lines {
			if slices.ContainsFunc(lines[:i], func(o line) bool { return o.fund == l.fund }) {
				continue
			}
			amountFen := l.amountFen
			for _, o := range lines[i+1:] {
				if o.fund == l.fund {
					amountFen += o.amountFen
				}
			}
			if !yield(l.fund, amountFen) {
				return
			}
		}
	}
}

// amountFen returns the amount of a voucher, paid from all grants and matches together.
func (d *declarations) amountFen(s *voucher) (sum events.Fen) {
	for _, l := range d.linesOf(s) {
		sum += l.amountFen
	}
	return sum
}

// transferOf returns the transfer of a voucher. ok is false if the voucher is no out-transfer.
func (d *declarations) transferOf(s *voucher) (t transfer, ok bool) {
	if s.transfer == 0 {
		return t, false
	}
	return d.transfers.value(s.transfer), true
}

// voucher returns the voucher of a number, for reading.
func (ix *index) voucher(number uint32) *voucher { return ix.vouchers.at(int(number - 1)) }

// ownVoucher returns the voucher of a number, for writing.
func (ix *index) ownVoucher(number uint32) *voucher { return ix.vouchers.own(ix.owner, int(number-1)) }

// voucherNumber returns the number of the voucher with a name, or 0 if no voucher has the name or that voucher is
// voided.
func (ix *index) voucherNumber(name string) uint32 {
	n := ix.declared.numbers.find(hashOf(name), ix.isNamed(name))
	if n == 0 || ix.voucher(n).on == 0 {
		return 0
	}
	return n
}

func (ix *index) isNamed(name string) func(number uint32) bool {
	return func(n uint32) bool { return string(ix.declared.name(ix.voucher(n))) == name }
}

func hashOf(name string) uint64 { return maphash.String(seed, name) }

// ReversedFen returns the amount of the voucher that a spending.reversed reverses, whether or not the record is
// voided. ok is false if the event is of another kind.
func (c *Center) ReversedFen(reversal uuid.UUID) (events.Fen, bool) {
	rev := c.revision(reversal)
	if rev == 0 || c.kind(c.entry(rev)) != events.KindSpendingReversed {
		return 0, false
	}
	name := c.others[c.entry(rev).other].data.(*events.SpendingReversed).Voucher
	d := c.ix.declared
	if n := c.ix.voucherNumber(name); n != 0 && c.ix.voucher(n).rev < rev { // a reversed voucher cannot be voided
		return d.amountFen(c.ix.voucher(n)), true
	}
	for r := rev - 1; r > 0; r-- { // both were voided, so the name may be free or belong to another voucher
		if e := c.entry(r); e.voucher != 0 && (e.voided == 0 || e.voided > rev) &&
			d.nameOf(c.ix.voucher(e.voucher)) == name {
			return d.amountFen(c.ix.voucher(e.voucher)), true
		}
	}
	return 0, false
}
