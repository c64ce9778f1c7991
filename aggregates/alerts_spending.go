package aggregates

import (
	"iter"
	"slices"
	"strings"

	"github.com/taizhang/taizhang/aggregates/identifiers"
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
		if r := v.rulings.before(ruling{voucher: f.what.number, place: f.place}); r != nil &&
			r.voucher == f.what.number {
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
				if x := v.raise(v.t.At(s.on), "AL-FND-03", v.declared.nameOf(s), s.on, s.reversalBy(v.on),
					s.rev); x != nil {
					x.say("支出凭证 %s（%v）后，经费 %s 的余额为 %s",
						"after the voucher %s of %v the balance of %s is %s", v.declared.nameOf(s), s.on, f.id,
						yuan(balanceFen))
					v.showVoucher(x, s)
					x.show(fenFigure("balance", balanceFen).labelled(text.Say("%s 的余额", "balance of %s", f.id)))
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
		if x := v.raise(v.t.At(since.on), code, v.declared.nameOf(s), since.on, soonest(ruled, reversed), s.rev,
			since.rev, because); x != nil {
			v.explainUse(x, class, s, was, since)
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

// explainUse says why a voucher has a class, which it was given at a place: by its own use, by its economic code, or
// by a ruling.
func (v *view) explainUse(x *Explanation, class policy.Class, s *voucher, st *policy.Standing, since place) {
	if st.Rule != "" {
		x.Rules = rules(st.Rule)
	}
	is := text.Say("属禁止用途", "which is forbidden")
	if class == policy.Review {
		is = text.Say("须由省委科技办或省财政厅认定用途",
			"on which the S&T office or the Department of Finance must rule")
	}
	paid := text.Say("%v 的凭证 %s（%s）", "the voucher %[2]s of %[1]v, %[3]s,", s.on, v.declared.nameOf(s),
		yuan(v.declared.amountFen(s)))
	n, use := v.declared.natures.value(s.nature), v.t.UseName(st.Use, since.on)
	switch {
	case since.rev != s.rev:
		x.say("%s于 %v 被认定用途为“%s”，%s", "%s was ruled on %v to be “%s”, %s", paid, since.on, use, is)
	case st.ByCode != "" && st.Use == n.use:
		x.say("%s所填用途为“%s”，而支出经济分类 %s%s", "%s is for “%s”, but its economic classification is %s, %s",
			paid, use, economicWords(n.econCode), is)
	case st.ByCode != "":
		x.say("%s所填用途为“%s”，而按支出经济分类 %s计为“%s”，%s",
			"%s is for “%s”, but by its economic classification %s it counts as “%s”, %s",
			paid, v.t.UseName(n.use, s.on), economicWords(n.econCode), use, is)
	default:
		x.say("%s用途为“%s”，%s", "%s is for “%s”, %s", paid, use, is)
	}
	x.show(wordFigure("use", string(st.Use), use))
	v.showVoucher(x, s)
	if concernedFen := v.classFen(s, st, class); concernedFen != v.declared.amountFen(s) {
		x.show(fenFigure("concerned", concernedFen))
	}
	if since.rev != s.rev {
		x.show(dateFigure("ruledOn", since.on))
	}
}

// classFen returns the amount of the lines of a voucher that have a class under a standing.
func (v *view) classFen(s *voucher, st *policy.Standing, class policy.Class) (sum events.Fen) {
	for _, l := range v.declared.linesOf(s) {
		if st.On(v.fundOf(l).source) == class {
			sum += l.amountFen
		}
	}
	return sum
}

// economicWords returns an economic code with its name, if there is one.
func economicWords(code string) text.Text {
	if name, ok := identifiers.EconomicName(code); ok {
		return text.Say("%s“%s”", "%s (%s)", code, name)
	}
	return text.Same(code)
}

// showVoucher adds the figures of a voucher. Its payee and summary are in its record alone, which Voucher names.
func (v *view) showVoucher(x *Explanation, s *voucher) {
	n := v.declared.natures.value(s.nature)
	x.Voucher = uint64(s.rev)
	x.show(NewFigure("voucher", v.declared.nameOf(s)), dateFigure("spentOn", s.on),
		fenFigure("amount", v.declared.amountFen(s)),
		wordFigure("declaredUse", string(n.use), v.t.UseName(n.use, s.on)))
	if n.econCode != "" {
		x.show(wordFigure("econCode", n.econCode, economicWords(n.econCode)))
	}
	var grants []string
	var words []text.Text
	var ofGrant, ofMatch bool
	for number := range v.declared.byFund(s) {
		f := v.fundAt(number)
		ofGrant, ofMatch = ofGrant || !f.match, ofMatch || f.match
		grants, words = append(grants, f.id), append(words, text.Say("%s（%s）", "%s (%s)", f.id, f.source.Title()))
	}
	figure := wordFigure("grant", strings.Join(grants, ","), joined(words, "、", ", "))
	switch {
	case ofGrant && ofMatch:
		figure = figure.labelled(text.Say("经费下达编号、配套编号", "grants and matches"))
	case ofMatch:
		figure = figure.labelled(text.Say("配套编号", "match"))
	}
	x.show(figure)
}

// outTransferAlerts raises AL-OUT-01 and 02 (R20-8, R20-9).
func (v *view) outTransferAlerts() {
	for _, s := range v.spending(0) {
		t, ok := v.declared.transferOf(s)
		if !ok {
			continue
		}
		if b := v.book(t.book); b == nil || b.signed.what == nil || b.signed.on > v.on {
			if x := v.outTransferWrong(s); x != nil {
				v.explainOutTransfer(x, s, text.Say("没有委托任务书", "there is no entrustment task book"))
				if t.book != "" {
					v.explainOutTransfer(x, s,
						text.Say("委托任务书 %s 尚未记录", "the entrustment task book %s is not recorded", t.book))
				}
				x.show(taskBookFigure(t.book))
			}
		}
	}
	for i := range v.books.values.len() {
		if b := *v.books.values.at(i); b.signed.what != nil && b.signed.on <= v.on {
			v.bookAlerts(b)
		}
	}
}

// taskBookFigure returns the figure of the task book that a voucher names.
func taskBookFigure(book string) Figure {
	if book == "" {
		return wordFigure("taskBook", "none", text.Say("未写明", "not named"))
	}
	return NewFigure("taskBook", book)
}

// outTransferWrong raises AL-OUT-01 about a voucher.
func (v *view) outTransferWrong(s *voucher) *Explanation {
	return v.raise(v.t.At(s.on), "AL-OUT-01", v.declared.nameOf(s), s.on, s.reversalBy(v.on), s.rev)
}

// explainOutTransfer says what is wrong with an out-transfer.
func (v *view) explainOutTransfer(x *Explanation, s *voucher, reason text.Text) {
	x.say("%v 外拨的凭证 %s（%s）：%s", "the out-transfer %[2]s of %[1]v, %[3]s: %[4]s", s.on, v.declared.nameOf(s),
		yuan(v.declared.amountFen(s)), reason)
	if x.Voucher == 0 {
		v.showVoucher(x, s)
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
		if signed.SignedOn > s.on || signed.Payee != t.payee || sumFen > signed.AmountFen {
			if x := v.outTransferWrong(s); x != nil {
				v.explainWrongBook(x, s, signed, t.payee, sumFen)
			}
		}
	}
	if len(vouchers) > 0 {
		v.separateAccount(b, vouchers)
	}
}

// explainWrongBook says how an out-transfer differs from its task book. sumFen is what was paid under the book up to
// and with the voucher.
func (v *view) explainWrongBook(x *Explanation, s *voucher, signed *events.EntrustmentSigned, payee string,
	sumFen events.Fen) {
	var wrong []text.Text
	if signed.SignedOn > s.on {
		wrong = append(wrong, text.Say("委托任务书 %s 签订于支付之后（%v）",
			"the task book %s was signed after payment, on %v", signed.TaskBook, signed.SignedOn))
	}
	if signed.Payee != payee {
		wrong = append(wrong, text.Say("收款单位“%s”不是委托任务书 %s 的受托单位“%s”",
			"the payee %s is not that of the task book %s, %s", payee, signed.TaskBook, signed.Payee))
	}
	if sumFen > signed.AmountFen {
		wrong = append(wrong, text.Say("委托任务书 %s 累计外拨 %s，超过其金额 %s",
			"the transfers under the task book %s sum to %s, above its amount of %s", signed.TaskBook, yuan(sumFen),
			yuan(signed.AmountFen)))
	}
	v.explainOutTransfer(x, s, joined(wrong, "；", "; "))
	x.show(taskBookFigure(signed.TaskBook), dateFigure("signedOn", signed.SignedOn),
		NewFigure("entrusted", signed.Payee))
	figures := sumFigures(sumFen, signed.AmountFen)
	figures[0] = figures[0].labelled(text.Say("该任务书累计外拨", "transfers under the task book"))
	figures[1] = figures[1].labelled(text.Say("任务书金额", "amount of the task book"))
	x.show(figures...)
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
	if days := p.Parameters.SeparateAccountDays.Value; b.signed.what.SeparateAccountClause {
		if x := v.overdue(p, "AL-OUT-02", b.id, first.place, days, cleared); x != nil {
			x.say("委托任务书 %s 首次外拨于 %v，专账核算应在其后 %d 天内（%v 止）确认，逾期",
				"the first transfer under the task book %s was on %v; the separate account was to be confirmed "+
					"within %d days, by %v, and the confirmation is overdue",
				b.id, first.on, days, first.on+events.Date(days))
			v.showBook(x, b, v.voucher(first.what))
		}
		return
	}
	if x := v.raise(p, "AL-OUT-02", b.id, first.on, cleared, b.signed.rev, first.rev); x != nil {
		x.say("委托任务书 %s 没有约定专账核算，而 %v 已据以外拨",
			"the task book %s has no clause on separate-account bookkeeping, and money was transferred under it on %v",
			b.id, first.on)
		v.showBook(x, b, v.voucher(first.what))
	}
}

// showBook adds the figures of a task book and of the first voucher that names it.
func (v *view) showBook(x *Explanation, b *book, first *voucher) {
	x.show(taskBookFigure(b.id), NewFigure("entrusted", b.signed.what.Payee),
		yesNoFigure("clause", b.signed.what.SeparateAccountClause),
		NewFigure("voucher", v.declared.nameOf(first)).labelled(text.Say("首张外拨凭证", "first voucher")),
		dateFigure("spentOn", first.on).labelled(text.Say("首次外拨日期", "first transfer on")),
		fenFigure("limit", b.signed.what.AmountFen).labelled(text.Say("任务书金额", "amount of the task book")))
}
