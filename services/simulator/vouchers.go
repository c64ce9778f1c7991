package simulator

import (
	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
)

// voucher is a payment that a later step refers to.
type voucher struct {
	number string
	id     uuid.UUID
	on     events.Date
	from   []portion
}

// portion is the amount that a voucher takes from a pocket.
type portion struct {
	*pocket
	amount events.Fen
}

// startSpending plans the first voucher.
func (c *center) startSpending() {
	if c.spending || c.perDay == 0 {
		return
	}
	c.spending = true
	c.clock = float64(c.today)
	c.nextVoucher()
}

// nextVoucher draws the day of the next voucher. Several may fall on one day.
func (c *center) nextVoucher() {
	c.clock += c.rng.ExpFloat64() / c.perDay
	c.at(events.Date(c.clock), func() {
		if c.spending {
			c.payOne()
			c.nextVoucher()
		}
	})
}

// payOne records one voucher and plans what offices do about it later.
func (c *center) payOne() {
	k := c.choosePocket()
	if k == nil {
		return
	}
	amount := c.size(k)
	switch r := c.rng.Float64(); {
	case r < c.profile.slip:
		c.payForbidden(k, amount)
		return
	case r < c.profile.slip+.02:
		c.payUnclear(k, amount)
		return
	case r < c.profile.slip+.022 && c.profile.defiant > .5: // more than the balance
		amount = k.balance + c.yuan(2000, 90_000)
		if v := c.pay(k, c.words(usual), amount, c.payee(), nil); v != nil {
			c.mayClose("AL-FND-03", v.number, "已以自有资金补足，予以销号")
		}
		return
	case r > .955 && amount > 20_000_00:
		c.entrust(k, amount)
		return
	}
	v := c.pay(k, c.words(usual), amount, c.payee(), nil)
	if v == nil {
		return
	}
	switch r := c.rng.Float64(); {
	case r < .013:
		c.after(5, 60, func() {
			c.reverse(v, "科目有误，予以冲销")
			c.pay(k, c.words(usual), min(amount, k.balance), c.payee(), nil)
		})
	case r < .016:
		c.after(1, 9, func() { c.void(v) })
	}
}

// payForbidden records a payment that article 20 forbids. It may be found, or ruled to be another use.
func (c *center) payForbidden(k *pocket, amount events.Fen) {
	v := c.pay(k, c.words(forbidden), amount, c.payee(), nil)
	if v == nil {
		return
	}
	switch r := c.rng.Float64(); {
	case r < .35:
		c.after(15, 120, func() { c.reverse(v, "用途不符合规定，退回资金") })
	case r < .45:
		c.after(20, 90, func() { c.rule(v, pick(c, []events.Use{"equipment", "pilot"})) })
	case r < .65:
		c.mayClose("AL-USE-01", v.number, "已整改到位，予以销号")
	}
}

// payUnclear records a payment that needs a ruling (R20-1).
func (c *center) payUnclear(k *pocket, amount events.Fen) {
	v := c.pay(k, c.words(unclear), amount, c.payee(), nil)
	if v == nil || c.chance(.3) {
		return
	}
	use := pick(c, []events.Use{"proof-of-concept", "pilot", "operation"})
	if c.chance(.05 + c.profile.slip) {
		use = "sponsorship"
	}
	c.after(15, 70, func() { c.rule(v, use) })
}

// choosePocket draws a pocket weighted by its balance, or none.
func (c *center) choosePocket() *pocket {
	left := c.left()
	if left <= 0 {
		return nil
	}
	at := events.Fen(c.rng.Int64N(int64(left)))
	for _, k := range c.pockets {
		if at -= max(k.balance, 0); at < 0 {
			return k
		}
	}
	return nil
}

func (c *center) left() (sum events.Fen) {
	for _, k := range c.pockets {
		sum += max(k.balance, 0)
	}
	return sum
}

// size draws the amount of a voucher, so that the center has spent its planned share of the pocket well before the
// end of the year. After that amounts are small.
func (c *center) size(k *pocket) events.Fen {
	goal := float64(k.usable)*c.use - float64(k.spent)
	days := .75 * float64(events.YearEnd(c.today.Year())-c.today)
	vouchers := max(days*c.perDay*float64(k.balance)/float64(c.left()), 1)
	amount := events.Fen(goal / vouchers * (.3 + .7*c.rng.ExpFloat64()))
	if small := c.yuan(120, 2600) + events.Fen(c.between(0, 99)); amount < small {
		amount = small
	}
	return min(amount, k.balance)
}

// pay records a voucher from a pocket; out names the task book of an out-transfer. It returns nil if the voucher
// was refused.
func (c *center) pay(k *pocket, w useWords, amount events.Fen, payee string, out *events.OutTransfer) *voucher {
	if amount <= 0 {
		return nil
	}
	from := []portion{{k, amount}}
	if other := c.choosePocket(); other != nil && other != k && c.chance(.06) {
		if part := min(amount/2, other.balance); part > 0 {
			from = []portion{{k, amount - part}, {other, part}}
		}
	}
	floor := c.plaqueOn
	data := &events.FundsSpent{Payee: payee, Use: w.use, Summary: pick(c, w.summaries), OutTransfer: out}
	for _, p := range from {
		data.Lines = append(data.Lines, events.SpendingLine{Grant: p.name, AmountFen: p.amount})
		floor = max(floor, p.firstOn)
	}
	if c.chance(.1) {
		data.OwnFen = amount / events.Fen(c.between(2, 9))
	}
	if c.chance(.2) {
		data.EconCode = w.econCode
	}
	on := c.happened(floor)
	data.Voucher = c.voucherNumber(on.Year())
	r := c.enter(events.KindFundsSpent, events.CenterRole, on, data)
	if r == nil {
		return nil
	}
	for _, p := range from {
		p.balance -= p.amount
		p.spent += p.amount
	}
	return &voucher{number: data.Voucher, id: r.ID, on: on, from: from}
}

// putBack returns a voucher's money to its pockets.
func (v *voucher) putBack() {
	for _, p := range v.from {
		p.balance += p.amount
		p.spent -= p.amount
	}
}

func (c *center) reverse(v *voucher, reason string) {
	data := &events.SpendingReversed{Voucher: v.number, ReversalVoucher: v.number + "R", Reason: reason}
	if c.enter(events.KindSpendingReversed, events.CenterRole, c.happened(v.on), data) != nil {
		v.putBack()
	}
}

// void records the voiding of a voucher that was entered twice.
func (c *center) void(v *voucher) {
	data := &events.EntryVoided{Event: v.id.String(), Reason: "重复录入"}
	if c.enter(events.KindEntryVoided, events.CenterRole, c.today, data) != nil {
		v.putBack()
	}
}

func (c *center) rule(v *voucher, use events.Use) {
	role := pick(c, []events.Role{events.STOffice, events.Finance})
	c.enter(events.KindUseRuled, role, c.today, &events.UseRuled{Voucher: v.number, Use: use})
}

// entrustment is money that goes to another unit under a task book (R20-8).
type entrustment struct {
	from   *pocket
	book   string // "" if none was signed
	payee  string
	what   useWords
	part   events.Fen // of each payment
	signed events.Date
	faulty bool // a payment will be beyond what the book allows
}

// entrust hands money to another unit: the task book, one to three payments, the proof of separate bookkeeping
// (R20-9), the settlement.
func (c *center) entrust(k *pocket, amount events.Fen) {
	payments := c.between(1, 3)
	e := &entrustment{from: k, book: c.name("WT"), payee: c.payee(), what: c.words(usual[:1]),
		part: amount / events.Fen(payments)}
	e.signed = max(c.today-events.Date(c.between(0, 20)), c.plaqueOn)
	total := e.part * events.Fen(payments)
	clumsy := c.profile.slip * 3
	data := &events.EntrustmentSigned{TaskBook: e.book, Payee: e.payee, SignedOn: e.signed, AmountFen: total,
		SeparateAccountClause: !c.chance(.02 + clumsy), Necessity: "本中心不具备该项测试条件，委托开展专项测试"}
	switch r := c.rng.Float64(); {
	case r < clumsy/3: // the book is for less than what is paid
		data.AmountFen, e.faulty = max(total*2/3, 1), true
	case r < clumsy*2/3: // somebody else is paid
		e.payee, e.faulty = c.payee(), true
	case r < clumsy: // paid without a book
		e.book, e.faulty = "", true
	}
	c.after(3, 20, func() { c.payEntrusted(e, payments) })
	if e.book == "" {
		return
	}
	c.enter(events.KindEntrustmentSigned, events.CenterRole, c.today, data)
	if !c.chance(.02 + c.profile.tardy/4) {
		c.inTerm(22, 30, 55, 110, func() {
			c.enter(events.KindSeparateAccountConfirmed, events.CenterRole, c.happened(e.signed),
				&events.SeparateAccountConfirmed{TaskBook: e.book})
		})
	}
	c.after(110, 200, func() {
		c.enter(events.KindOutTransferSettled, events.CenterRole, c.today,
			&events.OutTransferSettled{TaskBook: e.book, AmountFen: total})
	})
}

// payEntrusted makes one payment of an entrustment and leaves the others for later.
func (c *center) payEntrusted(e *entrustment, payments int) {
	v := c.pay(e.from, e.what, min(e.part, e.from.balance), e.payee, &events.OutTransfer{TaskBook: e.book})
	if v != nil && e.faulty {
		c.mayClose("AL-OUT-01", v.number, "已补签委托任务书，予以销号")
	}
	if payments > 1 {
		c.after(15, 45, func() { c.payEntrusted(e, payments-1) })
	}
}
