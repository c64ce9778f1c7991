package aggregates

import (
	"fmt"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// standingOf is how article 20 looks on a voucher as it was declared.
func (v *view) standingOf(s *voucher) policy.Standing {
	return v.t.Reading(s.on).Standing(s.spent.Use, s.spent.EconCode)
}

// ruled is how it looks after a ruling, which replaces the use and the code.
func (v *view) ruled(r dated[events.Use]) policy.Standing {
	return v.t.Reading(r.on).Standing(r.what, "")
}

// has says whether a line of the voucher is of a class under a standing.
func (s *voucher) has(st policy.Standing, class policy.Class) bool {
	for _, l := range s.lines {
		if st.On(l.fund.source) == class {
			return true
		}
	}
	return false
}

// voucherAlerts are AL-FND-03, AL-USE-01 and AL-USE-02.
func (v *view) voucherAlerts() {
	for _, f := range v.fundOrder.upTo(v.on) {
		f.what.overdrawn(v.on, nil, func(s *voucher, balanceFen events.Fen) {
			if x := v.raise(v.t.At(s.on), "AL-FND-03", s.spent.Voucher, s.on, s.reversedBy(v.on), s.rev); x != nil {
				x.Figures = append(x.Figures, Figure{"balance", events.Say("%s 的余额", "balance of %s", f.what.id), fmt.Sprint(int64(balanceFen)), "fen"})
			}
		})
	}
	for _, s := range v.spending.upTo(v.on) {
		st := v.standingOf(s.what)
		if len(s.what.rulings) == 0 && st.Class != policy.Forbidden && st.Class != policy.Review && st.Local == st.Class {
			continue
		}
		v.useSpells("AL-USE-01", policy.Forbidden, s.what, st)
		v.useSpells("AL-USE-02", policy.Review, s.what, st)
	}
}

// useSpells raises an alert for each span of days in which a voucher is of a class: from the voucher or the ruling that
// made it so, to the ruling otherwise or the reversal. A ruling replaces the use from its date on, so one of the
// voucher's own day, or of a later ruling's, leaves no trace of the use before it.
func (v *view) useSpells(code Code, class policy.Class, s *voucher, st policy.Standing) {
	var since place
	var was policy.Standing // since then
	reversedOn := s.reversedBy(v.on)
	end := func(on events.Date, because uint32) {
		if x := v.raise(v.t.At(since.on), code, s.spent.Voucher, since.on, earliest(on, reversedOn), s.rev, since.rev, because); x != nil {
			x.Figures = append(x.Figures, Figure{"use", events.Say("用途", "use"), string(was.Use), ""},
				Figure{"amount", events.Say("金额", "amount"), fmt.Sprint(int64(s.amountFen())), "fen"})
			if was.Rule != "" {
				x.Rules = rules(was.Rule)
			}
		}
	}
	at, rulings := s.place, s.rulings.upTo(v.on)
	for i := 0; ; i++ {
		for i < len(rulings) && rulings[i].on == at.on {
			at, st = rulings[i].place, v.ruled(rulings[i])
			i++
		}
		switch is := s.has(st, class); {
		case is && since.on == 0:
			since, was = at, st
		case !is && since.on != 0:
			end(at.on, at.rev)
			since = place{}
		}
		if i == len(rulings) {
			break
		}
		at, st = rulings[i].place, v.ruled(rulings[i])
	}
	if since.on == 0 {
		return
	}
	if reversedOn != 0 {
		end(0, s.reversed.rev)
	} else {
		end(0, 0)
	}
}

// outTransferAlerts are AL-OUT-01 and 02 (R20-8, R20-9).
func (v *view) outTransferAlerts() {
	for _, s := range v.spending.upTo(v.on) {
		if s.what.spent.OutTransfer == nil {
			continue
		}
		if b := s.what.book; b == nil || b.signed.what == nil || b.signed.on > v.on {
			v.outTransferWrong(s.what, events.Say("没有委托任务书", "there is no entrustment task book"))
		}
	}
	for _, b := range v.bookOrder {
		if b.signed.what != nil && b.signed.on <= v.on {
			v.bookAlerts(b)
		}
	}
}

func (v *view) outTransferWrong(s *voucher, reason events.Text, figures ...Figure) {
	if x := v.raise(v.t.At(s.on), "AL-OUT-01", s.spent.Voucher, s.on, s.reversedBy(v.on), s.rev); x != nil {
		x.Figures = append([]Figure{reasonFigure(reason)}, figures...)
	}
}

// bookAlerts looks at the vouchers of one task book in order: each must come after the signing, go to its payee and
// keep what is not reversed by that day within its amount.
func (v *view) bookAlerts(b *book) {
	signed := b.signed.what
	vouchers := b.vouchers.upTo(v.on)
	var standing series[events.Fen] // reversals to come, by their date
	var sumFen events.Fen
	for _, s := range vouchers {
		if reversedOn := s.what.reversedBy(v.on); reversedOn == 0 || reversedOn > s.on {
			sumFen += s.what.amountFen()
			if reversedOn != 0 {
				standing.add(s.what.reversed, s.what.amountFen())
			}
		}
		for len(standing) > 0 && standing[0].on <= s.on {
			sumFen -= standing[0].what
			standing = standing[1:]
		}
		switch {
		case signed.SignedOn > s.on:
			v.outTransferWrong(s.what, events.Say("任务书签订于支付之后（%v）", "the task book was signed after payment (%v)", signed.SignedOn))
		case signed.Payee != s.what.spent.Payee:
			v.outTransferWrong(s.what, events.Say("收款单位不是任务书的受托单位 %s", "the payee is not the task book's, %s", signed.Payee))
		case sumFen > signed.AmountFen:
			v.outTransferWrong(s.what, events.Say("累计外拨超过任务书金额", "the transfers exceed the task book's amount"), sumFigures(sumFen, signed.AmountFen)...)
		}
	}
	if len(vouchers) > 0 {
		v.separateAccount(b, vouchers)
	}
}

// separateAccount is AL-OUT-02, counted from the first voucher that names the book.
func (v *view) separateAccount(b *book, vouchers series[*voucher]) {
	first := vouchers[0]
	p := v.t.At(first.on)
	if p == nil {
		return
	}
	var allReversedOn events.Date
	for _, s := range vouchers {
		on := s.what.reversedBy(v.on)
		if on == 0 {
			allReversedOn = 0
			break
		}
		allReversedOn = max(allReversedOn, on)
	}
	cleared := earliest(b.confirmations.upTo(v.on).first(always).date(), allReversedOn)
	if b.signed.what.SeparateAccountClause {
		v.overdue(p, "AL-OUT-02", b.id, first.place, p.Parameters.SeparateAccountDays.Value, cleared)
		return
	}
	v.raise(p, "AL-OUT-02", b.id, first.on, cleared, b.signed.rev, first.rev)
}
