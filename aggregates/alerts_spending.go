package aggregates

import (
	"fmt"
	"iter"
	"slices"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// spending yields the vouchers from a day on, in order, with their numbers.
func (v *view) spending(since events.Date) iter.Seq2[uint32, *voucher] {
	return func(yield func(uint32, *voucher) bool) {
		for part := range v.flows.between(since, v.on) {
			for _, f := range part {
				if f.what.what == spendingFlow && !yield(f.what.number, v.voucher(f.what.number)) {
					return
				}
			}
		}
	}
}

// standingOf returns the classification of a voucher by article 20, as the voucher was declared.
func (v *view) standingOf(s *voucher) *policy.Standing {
	p := v.t.Reading(s.on)
	r := v.reading(p)
	if n := v.declared.natures.list.len() - len(r.standings); n > 0 {
		r.standings = append(r.standings, make([]policy.Standing, n)...)
	}
	st := &r.standings[s.nature-1]
	if st.Class == "" {
		n := v.declared.natures.value(s.nature)
		*st = p.Standing(n.use, n.econCode)
	}
	return st
}

// standingBefore returns the classification of a voucher just before its reversal or a ruling on it. It is that of the
// last ruling before, or else the declared one.
func (v *view) standingBefore(f *dated[flow]) *policy.Standing {
	s := v.voucher(f.what.number)
	if s.ruledUpon {
		if r := v.rulings.before(ruling{voucher: f.what.number, place: f.place}); r != nil && r.voucher == f.what.number {
			return v.ruled(r.place, r.use)
		}
	}
	return v.standingOf(s)
}

// rulingsOn returns the rulings on a voucher on or before a date.
func (v *view) rulingsOn(number uint32, d events.Date) (list series[events.Use]) {
	if !v.voucher(number).ruledUpon {
		return nil
	}
	for part := range v.rulings.parts(ruling{voucher: number}) {
		for _, r := range part {
			if r.voucher != number || r.on > d {
				return list
			}
			list = append(list, dated[events.Use]{r.place, r.use})
		}
	}
	return list
}

// ruled returns the classification of a voucher after a ruling. A ruling replaces the use and the economic code.
func (v *view) ruled(at place, use events.Use) *policy.Standing {
	st := v.t.Reading(at.on).Standing(use, "")
	return &st
}

// has reports whether any line of the voucher has a class under a standing.
func (v *view) has(s *voucher, st *policy.Standing, class policy.Class) bool {
	for _, l := range v.declared.linesOf(s) {
		if st.On(v.fundOf(l).source) == class {
			return true
		}
	}
	return false
}

// overdraftAlerts raises AL-FND-03.
func (v *view) overdraftAlerts() {
	k := v.results()
	if n := v.funds.len() - len(k.overdrafts); n > 0 {
		k.overdrafts = append(k.overdrafts, make([]keptAlerts, n)...)
	}
	for f := range v.fundsUpTo(v.on) {
		v.keep(&k.overdrafts[f.number-1], func() {
			f.overdrawn(v.on, func(n uint32, balanceFen events.Fen) {
				s := v.voucher(n)
				if x := v.raise(v.t.At(s.on), "AL-FND-03", v.declared.nameOf(s), s.on, s.reversalBy(v.on), s.rev); x != nil {
					x.Figures = append(x.Figures, Figure{"balance", text.Say("%s 的余额", "balance of %s", f.id), fmt.Sprint(int64(balanceFen)), "fen"})
				}
			})
		})
	}
}

// useAlerts raises AL-USE-01 and AL-USE-02. Each alert follows from one voucher.
func (v *view) useAlerts() {
	k, from := v.results(), len(v.alerts)
	look := func(n uint32) {
		v.useAlertsOf(n)
		for len(k.usesOf) < len(v.alerts)-from {
			k.usesOf = append(k.usesOf, n)
		}
	}
	if k.uses.known {
		v.alerts = append(v.alerts, k.uses.alerts...)
		slices.Sort(k.spent)
		for _, n := range slices.Compact(k.spent) {
			look(n)
		}
	} else {
		for n := range v.spending(0) {
			look(n)
		}
	}
	k.spent = k.spent[:0]
	v.keepFrom(&k.uses, from)
}

func (v *view) useAlertsOf(number uint32) {
	s := v.voucher(number)
	st := v.standingOf(s)
	if !s.ruledUpon && st.Class != policy.Forbidden && st.Class != policy.Review && st.Local == st.Class {
		return
	}
	rulings := v.rulingsOn(number, v.on)
	v.useSpells("AL-USE-01", policy.Forbidden, s, st, rulings)
	v.useSpells("AL-USE-02", policy.Review, s, st, rulings)
}

// useSpells raises an alert for each span of days in which a voucher has a class. The span begins with the voucher or
// with the ruling that gives it the class. It ends with the next ruling to another class or with the reversal. On the
// day of the voucher the declared use or the economic code counts first, so a ruling on that day clears the alert
// that the declaration raises. Of several rulings on one day the last counts.
func (v *view) useSpells(code Code, class policy.Class, s *voucher, st *policy.Standing, rulings series[events.Use]) {
	var since place
	var was *policy.Standing // the classification since then
	reversed := s.reversalBy(v.on)
	end := func(ruled place, because uint32) {
		if x := v.raise(v.t.At(since.on), code, v.declared.nameOf(s), since.on, soonest(ruled, reversed), s.rev, since.rev, because); x != nil {
			x.Figures = append(x.Figures, Figure{"use", text.Say("用途", "use"), string(was.Use), ""},
				Figure{"amount", text.Say("金额", "amount"), fmt.Sprint(int64(v.declared.amountFen(s))), "fen"})
			if was.Rule != "" {
				x.Rules = rules(was.Rule)
			}
		}
	}
	at := s.place
	for i := 0; ; {
		switch is := v.has(s, st, class); {
		case is && since.on == 0:
			since, was = at, st
		case !is && since.on != 0:
			end(at, at.rev)
			since = place{}
		}
		if i == len(rulings) {
			break
		}
		at, st = rulings[i].place, v.ruled(rulings[i].place, rulings[i].what)
		for i++; i < len(rulings) && rulings[i].on == at.on; i++ {
			at, st = rulings[i].place, v.ruled(rulings[i].place, rulings[i].what)
		}
	}
	if since.on == 0 {
		return
	}
	end(place{}, reversed.rev)
}

// outTransferAlerts raises AL-OUT-01 and 02 (R20-8, R20-9).
func (v *view) outTransferAlerts() {
	for _, s := range v.spending(0) {
		t, ok := v.declared.transferOf(s)
		if !ok {
			continue
		}
		if b := v.book(t.book); b == nil || b.signed.what == nil || b.signed.on > v.on {
			v.outTransferWrong(s, text.Say("没有委托任务书", "there is no entrustment task book"))
		}
	}
	for i := range v.books.values.len() {
		if b := *v.books.values.at(i); b.signed.what != nil && b.signed.on <= v.on {
			v.bookAlerts(b)
		}
	}
}

func (v *view) outTransferWrong(s *voucher, reason text.Text, figures ...Figure) {
	if x := v.raise(v.t.At(s.on), "AL-OUT-01", v.declared.nameOf(s), s.on, s.reversalBy(v.on), s.rev); x != nil {
		x.Figures = append([]Figure{reasonFigure(reason)}, figures...)
	}
}

// bookAlerts checks the vouchers of one task book in order. Each voucher must come after the signing and go to the
// payee of the book. The vouchers not reversed by its day must not exceed the amount of the book.
func (v *view) bookAlerts(b *book) {
	signed := b.signed.what
	var vouchers series[uint32]
	for part := range b.vouchers.between(0, v.on) {
		vouchers = append(vouchers, part...)
	}
	var standing series[events.Fen] // reversals to come, by their date
	var sumFen events.Fen
	for _, n := range vouchers {
		s := v.voucher(n.what)
		t, _ := v.declared.transferOf(s)
		if reversedOn := s.reversedBy(v.on); reversedOn == 0 || reversedOn > s.on {
			sumFen += v.declared.amountFen(s)
			if reversedOn != 0 {
				standing.add(s.reversed, v.declared.amountFen(s))
			}
		}
		for len(standing) > 0 && standing[0].on <= s.on {
			sumFen -= standing[0].what
			standing = standing[1:]
		}
		switch {
		case signed.SignedOn > s.on:
			v.outTransferWrong(s, text.Say("任务书签订于支付之后（%v）", "the task book was signed after payment (%v)", signed.SignedOn))
		case signed.Payee != t.payee:
			v.outTransferWrong(s, text.Say("收款单位不是任务书的受托单位 %s", "the payee is not the task book's, %s", signed.Payee))
		case sumFen > signed.AmountFen:
			v.outTransferWrong(s, text.Say("累计外拨超过任务书金额", "the transfers exceed the task book's amount"), sumFigures(sumFen, signed.AmountFen)...)
		}
	}
	if len(vouchers) > 0 {
		v.separateAccount(b, vouchers)
	}
}

// separateAccount raises AL-OUT-02. Its term is counted from the first voucher that names the book.
func (v *view) separateAccount(b *book, vouchers series[uint32]) {
	first := vouchers[0]
	p := v.t.At(first.on)
	if p == nil {
		return
	}
	var allReversed place // the last of the reversals
	for _, s := range vouchers {
		reversed := v.voucher(s.what).reversalBy(v.on)
		if reversed.on == 0 {
			allReversed = place{}
			break
		}
		if allReversed.before(reversed) {
			allReversed = reversed
		}
	}
	cleared := soonest(b.confirmations.upTo(v.on).first(always).at(), allReversed)
	if b.signed.what.SeparateAccountClause {
		v.overdue(p, "AL-OUT-02", b.id, first.place, p.Parameters.SeparateAccountDays.Value, cleared)
		return
	}
	v.raise(p, "AL-OUT-02", b.id, first.on, cleared, b.signed.rev, first.rev)
}
