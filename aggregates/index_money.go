package aggregates

import (
	"slices"
	"sort"

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
		f := ix.fundNamed(p.Grant)
		f.reversed.add(at, p.AmountFen)
		f.totals.reversedFen += p.AmountFen
		ix.allocation.add(at, allocated{f, -p.AmountFen})
	case *events.SubsidyReceived:
		ix.addReceipt(at, ix.fundNamed(p.Grant), p.AmountFen)
	case *events.MatchingReceived:
		ix.addReceipt(at, ix.fundNamed(p.Match), p.AmountFen)
	case *events.FundsRecovered:
		f := ix.fundNamed(p.Grant)
		f.totals.recoveredFen += p.AmountFen
		ix.addReceived(at, recoveryFlow, received{f, -p.AmountFen})
	case *events.SpendingReversed:
		n := ix.voucherNumber(p.Voucher)
		s := ix.voucher(n)
		s.reversed = at
		ix.reversals[p.ReversalVoucher] = true
		for _, l := range ix.declared.linesOf(s) {
			f := ix.fundOf(l)
			f.totals.spentFen -= l.amountFen
			f.addMove(move{place: at, deltaFen: l.amountFen})
		}
		ix.flows.add(at, flow{reversalFlow, n})
	case *events.UseRuled:
		n := ix.voucherNumber(p.Voucher)
		ix.voucher(n).ruledUpon = true
		addTo(ix.rulings, n, at, p.Use)
		ix.flows.add(at, flow{rulingFlow, n})
	case *events.EntrustmentSigned:
		ix.book(p.TaskBook).signed = dated[*events.EntrustmentSigned]{at, p}
	case *events.SeparateAccountConfirmed:
		ix.book(p.TaskBook).confirmations.add(at, struct{}{})
	default:
		return false
	}
	ix.turnoverFen += turnover(data)
	return true
}

func (ix *index) addFund(f *fund) {
	f.number, f.sourceAt = ix.declared.fundNames.number(f.id), sourceIndex(f.source)
	if n := int(f.number) - len(ix.funds); n > 0 {
		ix.funds = append(ix.funds, make([]*fund, n)...)
	}
	ix.funds[f.number-1] = f
	ix.fundOrder.add(f.place, f)
	if !f.match {
		ix.allocation.add(f.place, allocated{f, f.amountFen})
	}
}

// fundNamed returns a grant or match, or nil.
func (ix *index) fundNamed(id string) *fund {
	if n := ix.declared.fundNames.numbers[id]; n > 0 && int(n) <= len(ix.funds) {
		return ix.funds[n-1]
	}
	return nil
}

// fundOf returns the fund from which a line of a voucher is paid.
func (ix *index) fundOf(l line) *fund { return ix.funds[l.fund-1] }

func (ix *index) addReceipt(at place, f *fund, amountFen events.Fen) {
	f.receipts.add(at, amountFen)
	f.totals.receivedFen += amountFen
	ix.addReceived(at, receiptFlow, received{f, amountFen})
}

func (ix *index) addReceived(at place, what flowKind, r received) {
	r.fund.addMove(move{place: at, deltaFen: r.deltaFen})
	ix.receipts = append(ix.receipts, r)
	ix.flows.add(at, flow{what, uint32(len(ix.receipts))})
}

// addVoucher files a voucher that is declared.
func (ix *index) addVoucher(at place, number uint32) {
	s := ix.voucher(number)
	s.place = at
	ix.flows.add(at, flow{spendingFlow, number})
	for _, l := range ix.declared.linesOf(s) {
		f := ix.fundOf(l)
		f.totals.spentFen += l.amountFen
		f.addMove(move{place: at, spender: number, deltaFen: -l.amountFen})
		ix.turnoverFen += l.amountFen
	}
	if t, _ := ix.declared.transferOf(s); t.book != "" {
		ix.book(t.book).vouchers.add(at, number)
	}
}

// removeVoucher removes a voucher that stands alone, as if it had never been filed.
func (ix *index) removeVoucher(number uint32) {
	s := ix.voucher(number)
	ix.flows.remove(s.place)
	for _, l := range ix.declared.linesOf(s) {
		f := ix.fundOf(l)
		f.totals.spentFen -= l.amountFen
		f.moves = slices.DeleteFunc(f.moves, func(m move) bool { return m.spender == number })
		ix.turnoverFen -= l.amountFen
	}
	if t, _ := ix.declared.transferOf(s); t.book != "" {
		ix.book(t.book).vouchers.remove(s.place)
	}
	s.place = place{}
}

// book returns a task book. It makes the book if it is new.
func (ix *index) book(id string) *book {
	b := ix.books[id]
	if b == nil {
		b = &book{id: id}
		ix.books[id] = b
		ix.bookOrder = append(ix.bookOrder, b)
	}
	return b
}

func (f *fund) addMove(m move) {
	if n := len(f.moves); n == 0 || !m.before(f.moves[n-1]) {
		f.moves = append(f.moves, m)
		return
	}
	i := sort.Search(len(f.moves), func(i int) bool { return m.before(f.moves[i]) })
	f.moves = slices.Insert(f.moves, i, m)
}

// overdrawn yields, up to a date, the number of each voucher that leaves the balance of the fund below zero, and that
// balance. A voucher with several lines of the fund counts after its last line. If more is not nil, it is counted as
// one more move at its place.
func (f *fund) overdrawn(on events.Date, more *move, yield func(voucher uint32, balanceFen events.Fen)) {
	var balanceFen events.Fen
	var spender uint32 // the spender of the move before, while its voucher may have more lines
	settle := func(next uint32) {
		if spender != 0 && spender != next && balanceFen < 0 {
			yield(spender, balanceFen)
		}
		spender = next
	}
	take := func(m *move) {
		settle(m.spender)
		balanceFen += m.deltaFen
	}
	for i := range f.moves {
		m := &f.moves[i]
		if m.on > on {
			break
		}
		if more != nil && more.before(*m) {
			take(more)
			more = nil
		}
		take(m)
	}
	if more != nil && more.on <= on {
		take(more)
	}
	settle(0)
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
