package aggregates

import (
	"iter"
	"math"
	"slices"

	"github.com/taizhang/taizhang/events"
)

// addMoney files an entry that moves money or permits money to move. It reports whether the entry is of such a kind.
func (ix *index) addMoney(at place, data events.Payload) bool {
	switch p := data.(type) {
	case *events.SubsidyGranted:
		ix.addFund(&fund{place: at, id: p.Grant, source: p.Source, category: p.Category, fiscalYear: p.FiscalYear,
			forYear: p.ForYear, project: p.Project, amountFen: p.AmountFen})
	case *events.MatchingCommitted:
		ix.addFund(&fund{place: at, id: p.Match, match: true, source: events.Local, fiscalYear: p.FiscalYear,
			amountFen: p.AmountFen, dueOn: p.DueOn})
	case *events.SubsidyReversed:
		f := ix.ownFund(ix.declared.fundNames.find(p.Grant))
		f.reversed.add(at, p.AmountFen)
		f.totals.reversedFen += p.AmountFen
		ix.allocation.add(at, allocated{f.number, -p.AmountFen})
	case *events.SubsidyReceived:
		ix.addReceipt(at, p.Grant, p.AmountFen)
	case *events.MatchingReceived:
		ix.addReceipt(at, p.Match, p.AmountFen)
	case *events.FundsRecovered:
		f := ix.ownFund(ix.declared.fundNames.find(p.Grant))
		f.totals.recoveredFen += p.AmountFen
		ix.addReceived(at, recoveryFlow, f, -p.AmountFen)
	case *events.SpendingReversed:
		n := ix.voucherNumber(p.Voucher)
		s := ix.ownVoucher(n)
		s.reversed = at
		ix.reversals.number(ix.owner, p.ReversalVoucher)
		for number, amountFen := range ix.declared.byFund(s) {
			f := ix.ownFund(number)
			f.totals.spentFen -= amountFen
			f.moves.put(ix.owner, move{place: at, deltaFen: amountFen})
		}
		ix.addFlow(at, reversalFlow, n)
	case *events.UseRuled:
		n := ix.voucherNumber(p.Voucher)
		ix.ownVoucher(n).ruledUpon = true
		ix.rulings.put(ix.owner, ruling{n, at, p.Use})
		ix.addFlow(at, rulingFlow, n)
	case *events.EntrustmentSigned:
		ix.ownBook(p.TaskBook).signed = dated[*events.EntrustmentSigned]{at, p}
	case *events.SeparateAccountConfirmed:
		ix.ownBook(p.TaskBook).confirmations.add(at, struct{}{})
	default:
		return false
	}
	ix.turnoverFen += turnover(data)
	return true
}

func (ix *index) addFund(f *fund) {
	f.owner, f.number, f.sourceAt = ix.owner, ix.declared.fundNames.number(ix.owner, f.id), sourceIndex(f.source)
	for ix.funds.len() < int(f.number) {
		ix.funds.add(ix.owner, nil)
	}
	*ix.funds.own(ix.owner, int(f.number-1)) = f
	ix.fundOrder.add(f.place, f.number)
	if !f.match {
		ix.allocation.add(f.place, allocated{f.number, f.amountFen})
	}
}

// fundNamed returns a grant or match, or nil.
func (ix *index) fundNamed(id string) *fund {
	if n := ix.declared.fundNames.find(id); n > 0 && int(n) <= ix.funds.len() {
		return ix.fundAt(n)
	}
	return nil
}

// fundAt returns the fund of a number, for reading.
func (ix *index) fundAt(number uint32) *fund { return *ix.funds.at(int(number - 1)) }

// fundOf returns the fund from which a line of a voucher is paid, for reading.
func (ix *index) fundOf(l line) *fund { return ix.fundAt(l.fund) }

// ownFund returns the fund of a number, for writing.
func (ix *index) ownFund(number uint32) *fund {
	f := ix.fundAt(number)
	if f.owner != ix.owner {
		c := *f
		c.owner, c.receipts, c.reversed = ix.owner, slices.Clip(f.receipts), slices.Clip(f.reversed)
		f = &c
		*ix.funds.own(ix.owner, int(number-1)) = f
	}
	return f
}

// fundsUpTo yields the funds recorded on or before a date in order.
func (ix *index) fundsUpTo(d events.Date) iter.Seq[*fund] {
	return func(yield func(*fund) bool) {
		for _, f := range ix.fundOrder.upTo(d) {
			if !yield(ix.fundAt(f.what)) {
				return
			}
		}
	}
}

func (ix *index) addReceipt(at place, id string, amountFen events.Fen) {
	f := ix.ownFund(ix.declared.fundNames.find(id))
	f.receipts.add(at, amountFen)
	f.totals.receivedFen += amountFen
	ix.addReceived(at, receiptFlow, f, amountFen)
}

func (ix *index) addReceived(at place, what flowKind, f *fund, deltaFen events.Fen) {
	f.moves.put(ix.owner, move{place: at, deltaFen: deltaFen})
	ix.receipts = append(ix.receipts, received{f.number, deltaFen})
	ix.addFlow(at, what, uint32(len(ix.receipts)))
}

func (ix *index) addFlow(at place, what flowKind, number uint32) {
	ix.flows.put(ix.owner, dated[flow]{at, flow{what, number}})
}

// addVoucher files a voucher whose content is in declarations.
func (ix *index) addVoucher(at place, number uint32) {
	s := ix.ownVoucher(number)
	s.place = at
	ix.addFlow(at, spendingFlow, number)
	for of, amountFen := range ix.declared.byFund(s) {
		f := ix.ownFund(of)
		f.totals.spentFen += amountFen
		f.moves.put(ix.owner, move{place: at, spender: number, deltaFen: -amountFen})
		ix.turnoverFen += amountFen
	}
	if t, _ := ix.declared.transferOf(s); t.book != "" {
		ix.ownBook(t.book).vouchers.put(ix.owner, dated[uint32]{at, number})
	}
}

// removeVoucher removes a voucher that stands alone, as if it had never been filed.
func (ix *index) removeVoucher(number uint32) {
	s := ix.ownVoucher(number)
	ix.flows.remove(ix.owner, dated[flow]{place: s.place})
	for of, amountFen := range ix.declared.byFund(s) {
		f := ix.ownFund(of)
		f.totals.spentFen -= amountFen
		f.moves.remove(ix.owner, move{place: s.place, spender: number})
		ix.turnoverFen -= amountFen
	}
	if t, _ := ix.declared.transferOf(s); t.book != "" {
		ix.ownBook(t.book).vouchers.remove(ix.owner, dated[uint32]{place: s.place})
	}
	s.place = place{}
}

// book returns a task book for reading, or nil.
func (ix *index) book(id string) *book {
	if b := ix.books.find(id); b != nil {
		return *b
	}
	return nil
}

// ownBook returns a task book for writing. It makes the book if it is new.
func (ix *index) ownBook(id string) *book {
	b := ix.book(id)
	switch {
	case b == nil:
		b = &book{owner: ix.owner, id: id}
	case b.owner == ix.owner:
		return b
	default:
		c := *b
		c.owner, c.confirmations = ix.owner, slices.Clip(b.confirmations)
		b = &c
	}
	ix.books.put(ix.owner, id, b)
	return b
}

// movesUpTo yields the moves on or before a date in order.
func (f *fund) movesUpTo(d events.Date) iter.Seq[move] {
	return func(yield func(move) bool) {
		for part := range f.moves.parts(move{}) {
			for _, m := range part {
				if m.on > d || !yield(m) {
					return
				}
			}
		}
	}
}

// overdrawn yields, up to a date, the number of each voucher that leaves the balance of the fund below zero, and that
// balance. A voucher with several lines of the fund counts after its last line.
func (f *fund) overdrawn(on events.Date, yield func(voucher uint32, balanceFen events.Fen)) {
	solvent := func(before, of reach) bool { return !of.spends || before.sumFen+of.lowestFen >= 0 }
	f.moves.seek(move{}, solvent, func(before reach, m *move) bool {
		if m.on > on {
			return false
		}
		if leftFen := before.sumFen + m.deltaFen; m.spender != 0 && leftFen < 0 {
			yield(m.spender, leftFen)
		}
		return true
	})
}

// opensOverdraft returns the number of the first voucher that would newly leave the fund below zero if a new voucher
// at a place took amountFen from it, and the balance left. The number of the new voucher itself is 0. The balance is 0
// if there is no such voucher. It leaves out the vouchers for which except returns true.
func (f *fund) opensOverdraft(at place, amountFen events.Fen, except func(voucher uint32) bool) (who uint32,
	balanceFen events.Fen) {
	this := move{place: at, spender: math.MaxUint32}
	if leftFen := f.moves.sum(this).sumFen - amountFen; leftFen < 0 {
		return 0, leftFen
	}
	same := func(before, of reach) bool {
		return !of.spends || before.sumFen+of.lowestFen >= amountFen || before.sumFen+of.highestFen < 0
	}
	f.moves.seek(this, same, func(before reach, m *move) bool {
		leftFen := before.sumFen + m.deltaFen
		if m.spender != 0 && leftFen >= 0 && leftFen < amountFen && !except(m.spender) {
			who, balanceFen = m.spender, leftFen-amountFen
		}
		return who == 0
	})
	return who, balanceFen
}

// turnover returns the amount of money in an entry.
func turnover(data events.Payload) events.Fen {
	switch p := data.(type) {
	case *events.SubsidyGranted:
		return p.AmountFen
	case *events.MatchingCommitted:
		return p.AmountFen
	case *events.FundsSpent:
		var sum events.Fen
		for _, l := range p.Lines {
			sum += l.AmountFen
		}
		return sum
	}
	return 0
}
