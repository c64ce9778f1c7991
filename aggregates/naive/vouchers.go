package naive

import (
	"slices"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// vouchers raises the alerts about spending.
func (l *ledger) vouchers() {
	sources := l.sources()
	for r, v := range all[events.FundsSpent](l) {
		if !l.goOn() {
			return
		}
		reversed := l.reversedOn(v.Voucher)
		for _, s := range l.standingSpells(r, v, policy.Forbidden, sources) {
			l.raise("AL-USE-01", v.Voucher, s.from, s.to, reversed)
		}
		for _, s := range l.standingSpells(r, v, policy.Review, sources) {
			l.raise("AL-USE-02", v.Voucher, s.from, s.to, reversed)
		}
		if l.timeline.At(r.On) == nil {
			continue
		}
		if slices.ContainsFunc(v.Lines, func(line events.SpendingLine) bool { return l.overdrawn(r, line.Grant) }) {
			l.raise("AL-FND-03", v.Voucher, r.On, reversed)
		}
		if v.OutTransfer != nil && !l.entrusted(r, v) {
			l.raise("AL-OUT-01", v.Voucher, r.On, reversed)
		}
	}
	for _, book := range all[events.EntrustmentSigned](l) {
		l.separateAccount(book)
	}
}

// sources returns the source of each grant and match.
func (l *ledger) sources() map[string]events.Source {
	out := map[string]events.Source{}
	for _, g := range all[events.SubsidyGranted](l) {
		out[g.Grant] = g.Source
	}
	for _, m := range all[events.MatchingCommitted](l) {
		out[m.Match] = events.Local
	}
	return out
}

func (l *ledger) reversedOn(voucher string) events.Date {
	return first(l, func(_ events.Date, p *events.SpendingReversed) bool { return p.Voucher == voucher })
}

// standing returns the classification of a voucher by article 20 at the end of a day: of its use and code under the
// policy of its day, or of the last ruling under the policy of the ruling's day.
func (l *ledger) standing(r *events.Recorded, v *events.FundsSpent, on events.Date) policy.Standing {
	s := l.reading(r.On).Standing(v.Use, v.EconCode)
	for ruled, p := range all[events.UseRuled](l) {
		if p.Voucher == v.Voucher && ruled.On <= on {
			s = l.reading(ruled.On).Standing(p.Use, "")
		}
	}
	return s
}

// standingSpells returns the runs of days on which a line of a voucher has a class. On the day of the voucher the
// declared use counts first, and a ruling of that day ends that at once.
func (l *ledger) standingSpells(r *events.Recorded, v *events.FundsSpent, class policy.Class,
	sources map[string]events.Source) []spell {
	is := func(s policy.Standing) bool {
		return slices.ContainsFunc(v.Lines, func(line events.SpendingLine) bool {
			return s.On(sources[line.Grant]) == class
		})
	}
	words := []events.Date{r.On}
	for ruled, p := range all[events.UseRuled](l) {
		if p.Voucher == v.Voucher {
			words = append(words, ruled.On)
		}
	}
	found := spells(words, func(on events.Date) bool { return is(l.standing(r, v, on)) })
	if declared := l.reading(r.On).Standing(v.Use, v.EconCode); is(declared) && !is(l.standing(r, v, r.On)) {
		found = append(found, spell{r.On, r.On})
	}
	return slices.DeleteFunc(found, func(s spell) bool { return l.timeline.At(s.from) == nil })
}

// overdrawn reports whether a voucher leaves a grant's balance below zero. It takes the movements day by day: on each
// day receipts, recoveries and reversals before spending, and otherwise in order.
func (l *ledger) overdrawn(voucher *events.Recorded, grant string) bool {
	var balance events.Fen
	for _, r := range l.events {
		if r.On > voucher.On {
			break
		}
		balance += receivedOf(r, grant)
		switch p := r.Data.(type) {
		case *events.FundsRecovered:
			if p.Grant == grant {
				balance -= p.AmountFen
			}
		case *events.SpendingReversed:
			balance += l.paid(p.Voucher, grant)
		case *events.FundsSpent:
			if r.On < voucher.On || r.Position <= voucher.Position {
				balance -= paidFrom(p, grant)
			}
		}
	}
	return balance < 0
}

// paid returns the amount that a voucher took from a grant.
func (l *ledger) paid(voucher, grant string) events.Fen {
	for _, v := range all[events.FundsSpent](l) {
		if v.Voucher == voucher {
			return paidFrom(v, grant)
		}
	}
	return 0
}

func paidFrom(v *events.FundsSpent, grant string) events.Fen {
	var sum events.Fen
	for _, line := range v.Lines {
		if line.Grant == grant {
			sum += line.AmountFen
		}
	}
	return sum
}

// entrusted reports whether an out-transfer is covered by its task book (R20-8).
func (l *ledger) entrusted(r *events.Recorded, v *events.FundsSpent) bool {
	for _, book := range all[events.EntrustmentSigned](l) {
		if !names(v, book) {
			continue
		}
		var sum events.Fen
		for u, other := range all[events.FundsSpent](l) {
			if names(other, book) && !by(l.reversedOn(other.Voucher), r.On) {
				for _, line := range other.Lines {
					sum += line.AmountFen
				}
			}
			if u == r {
				break
			}
		}
		return book.SignedOn <= r.On && book.Payee == v.Payee && sum <= book.AmountFen
	}
	return false
}

func names(v *events.FundsSpent, book *events.EntrustmentSigned) bool {
	return v.OutTransfer != nil && v.OutTransfer.TaskBook == book.TaskBook
}

// separateAccount raises the alert about a task book without proof of separate bookkeeping (R20-9).
func (l *ledger) separateAccount(book *events.EntrustmentSigned) {
	var begun, last events.Date
	settled := true
	for r, v := range all[events.FundsSpent](l) {
		if !names(v, book) {
			continue
		}
		if begun == 0 {
			begun = r.On
		}
		reversed := l.reversedOn(v.Voucher)
		last, settled = max(last, reversed), settled && reversed != 0
	}
	at := l.timeline.At(begun)
	if at == nil {
		return
	}
	due := begun
	if book.SeparateAccountClause {
		due = after(begun, at.Parameters.SeparateAccountDays.Value)
	}
	if !settled {
		last = 0
	}
	l.raise("AL-OUT-02", book.TaskBook, due, last,
		first(l, func(_ events.Date, p *events.SeparateAccountConfirmed) bool { return p.TaskBook == book.TaskBook }))
}
