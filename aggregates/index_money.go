package aggregates

import (
	"slices"
	"sort"

	"github.com/taizhang/taizhang/events"
)

// addMoney files the entries that move money, or say what money may be moved.
func (ix *index) addMoney(at place, data events.Payload) {
	switch p := data.(type) {
	case *events.ProjectApproved:
		ix.projects[p.Project] = dated[*events.ProjectApproved]{at, p}
	case *events.SubsidyGranted:
		ix.addFund(&fund{place: at, id: p.Grant, source: p.Source, category: p.Category, fiscalYear: p.FiscalYear,
			forYear: p.ForYear, project: p.Project, amountFen: p.AmountFen})
	case *events.MatchingCommitted:
		ix.addFund(&fund{place: at, id: p.Match, match: true, source: events.Local, fiscalYear: p.FiscalYear,
			amountFen: p.AmountFen, dueOn: p.DueOn})
	case *events.SubsidyReversed:
		f := ix.funds[p.Grant]
		f.reversed.add(at, p.AmountFen)
		f.totals.reversedFen += p.AmountFen
		ix.allocation.add(at, allocated{f, -p.AmountFen})
	case *events.SubsidyReceived:
		ix.addReceipt(at, ix.funds[p.Grant], p.AmountFen)
	case *events.MatchingReceived:
		ix.addReceipt(at, ix.funds[p.Match], p.AmountFen)
	case *events.FundsRecovered:
		f := ix.funds[p.Grant]
		f.totals.recoveredFen += p.AmountFen
		f.addMove(move{place: at, deltaFen: -p.AmountFen})
		ix.flows.add(at, flow{what: recoveryFlow, fund: f, deltaFen: -p.AmountFen})
	case *events.FundsSpent:
		ix.addVoucher(at, p)
	case *events.SpendingReversed:
		v := ix.vouchers[p.Voucher]
		v.reversed = at
		ix.reversals[p.ReversalVoucher] = true
		for _, l := range v.lines {
			l.fund.totals.spentFen -= l.amountFen
			l.fund.addMove(move{place: at, deltaFen: l.amountFen})
		}
		ix.flows.add(at, flow{what: reversalFlow, voucher: v})
	case *events.UseRuled:
		v := ix.vouchers[p.Voucher]
		v.rulings.add(at, p.Use)
		ix.flows.add(at, flow{what: rulingFlow, voucher: v})
	case *events.EntrustmentSigned:
		ix.book(p.TaskBook).signed = dated[*events.EntrustmentSigned]{at, p}
	case *events.SeparateAccountConfirmed:
		ix.book(p.TaskBook).confirmations.add(at, struct{}{})
	}
	ix.turnoverFen += turnover(data)
}

func (ix *index) addFund(f *fund) {
	ix.funds[f.id] = f
	ix.fundOrder.add(f.place, f)
	if !f.match {
		ix.allocation.add(f.place, allocated{f, f.amountFen})
	}
}

func (ix *index) addReceipt(at place, f *fund, amountFen events.Fen) {
	f.receipts.add(at, amountFen)
	f.totals.receivedFen += amountFen
	f.addMove(move{place: at, deltaFen: amountFen})
	ix.flows.add(at, flow{what: receiptFlow, fund: f, deltaFen: amountFen})
}

func (ix *index) addVoucher(at place, p *events.FundsSpent) {
	v := &voucher{place: at, nth: len(ix.spending), spent: p, lines: make([]voucherLine, len(p.Lines))}
	for i, l := range p.Lines {
		v.lines[i] = voucherLine{ix.funds[l.Grant], l.AmountFen}
	}
	ix.vouchers[p.Voucher] = v
	ix.spending.add(at, v)
	ix.flows.add(at, flow{what: spendingFlow, voucher: v})
	for _, l := range v.lines {
		l.fund.totals.spentFen += l.amountFen
		l.fund.addMove(move{place: at, spender: v, deltaFen: -l.amountFen})
	}
	if p.OutTransfer != nil && p.OutTransfer.TaskBook != "" {
		v.book = ix.book(p.OutTransfer.TaskBook)
		v.book.vouchers.add(at, v)
	}
}

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

// overdrawn yields each voucher that leaves the balance below zero, and the balance, on or before a date. A voucher
// with several lines of the fund counts when its last is taken. One more move, if not nil, is taken in its place.
func (f *fund) overdrawn(on events.Date, more *move, yield func(v *voucher, balanceFen events.Fen)) {
	var balanceFen events.Fen
	var spender *voucher // of the move before, while its voucher may have more lines
	settle := func(next *voucher) {
		if spender != nil && spender != next && balanceFen < 0 {
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
	settle(nil)
}

// turnover is how much money an entry speaks of.
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
