package console

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// bookView is the account book of a grant or match. Its amounts are in yuan, as books are kept.
type bookView struct {
	*view
	ID       events.CenterID
	Name     string
	Grant    string
	What     string // the source, the year and the amount
	First    string // the first day; "" for all
	Last     string
	Hidden   []hidden
	Opening  string
	Lines    []bookLine
	Balance  string
	Spending string // the list with its exports
	Center   string
	Voided   int // the records of the grant that are voided
}

// bookLine is a line of the book: a record, or a sum (本月合计, 本年累计).
type bookLine struct {
	On, Voucher, Summary, In, Out, Balance, Href string
	IsSum                                        bool
}

// entry is a record that moves the money of a grant.
type entry struct {
	on               events.Date
	revision         uint64
	voucher, summary string
	in, out          events.Fen
	href             string
}

// book shows the account book of a grant or match: each receipt and voucher with the balance after it.
func (v *visit) book() error {
	x, _, err := v.booksOf(v.PathValue("id"))
	if err != nil {
		return err
	}
	h, err := v.historyOf(x.Center, x.Position)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(h.grants, func(g grant) bool { return g.id == v.PathValue("grant") })
	if i < 0 {
		return text.Errorf(text.NotFound, "中心 %s 没有这笔经费下达或配套", "%s has no such grant or match",
			x.Center)
	}
	g := &h.grants[i]
	page := &bookView{view: v.view(), ID: x.Center, Name: v.nameOf(x.Center), Grant: g.id,
		Center: v.centerPath(x.Center), Hidden: v.hidden("from", "to"), Spending: v.link("/spending", "center", string(x.Center), "grant", g.id),
		What: v.say("%s，%d 年度，%s 元", "%s, year %d, %s yuan", v.in(g.source), g.year,
			events.FormatYuan(g.amountFen))}
	from, to, err := v.span(page)
	if err != nil {
		return err
	}
	entries, err := v.entriesOf(page, h)
	if err != nil {
		return err
	}
	page.write(v, entries, from, to)
	v.show(http.StatusOK, "book", page)
	return nil
}

// span reads the first and the last day of the book that the address asks for: all up to the date of the page if it
// does not say.
func (v *visit) span(page *bookView) (from, to events.Date, err error) {
	to = v.on
	for _, part := range []struct {
		name string
		day  *events.Date
	}{{"from", &from}, {"to", &to}} {
		if typed := v.query.Get(part.name); typed != "" {
			if *part.day, err = events.ReadDate(typed); err != nil {
				return from, to, err
			}
		}
	}
	if to = min(to, v.on); from > to {
		return from, to, text.Errorf(text.Invalid, "起始日期 %v 晚于终止日期 %v",
			"the first day %v is after the last day %v", from, to)
	}
	if page.Last = to.String(); from != 0 {
		page.First = from.String()
	}
	return from, to, nil
}

// entriesOf returns the records that move the money of a grant up to the date of the page, without voided ones, in
// the order in which a balance is judged: by date, on one day receipts before vouchers.
func (v *visit) entriesOf(page *bookView, h *centerHistory) (list []entry, err error) {
	register := v.p.Answers.Desk.Ledger.Register()
	vouchers := map[string]*events.FundsSpent{}
	for s, err := range v.p.Answers.Desk.Ledger.ReadStream(v.Context(), h.center.Stream(), 0) {
		if err != nil {
			return nil, err
		}
		if s.Revision > h.knows() {
			break
		}
		switch s.Kind {
		case events.KindSubsidyReceived, events.KindMatchingReceived, events.KindFundsRecovered, events.KindFundsSpent,
			events.KindSpendingReversed:
		default:
			continue
		}
		rec, err := events.DecodeEvent(s)
		if err != nil {
			continue // AL-LED-01 reports it
		}
		e := v.entryOf(page.Grant, &rec, vouchers)
		if e.in == 0 && e.out == 0 {
			continue
		}
		if _, isVoided := register.Voided(h.center, s.ID, h.knows()); isVoided {
			page.Voided++
			continue
		}
		if rec.On <= v.on {
			e.on, e.revision, e.href = rec.On, rec.Revision, v.recordPath(string(h.center), rec.ID.String())
			list = append(list, e)
		}
	}
	slices.SortStableFunc(list, func(a, b entry) int {
		isOut := func(e *entry) int { return min(int(max(e.out, 0)), 1) }
		return cmp.Or(cmp.Compare(a.on, b.on), cmp.Compare(isOut(&a), isOut(&b)), cmp.Compare(a.revision, b.revision))
	})
	return list, nil
}

// entryOf returns what a record moves of a grant; nothing for a record that is not about it. A recovery is a receipt
// below zero, and a reversal is spending below zero, as they are booked in red.
func (v *visit) entryOf(grant string, rec *events.Recorded, vouchers map[string]*events.FundsSpent) (e entry) {
	spent := func(p *events.FundsSpent) (sum events.Fen) {
		for _, l := range p.Lines {
			if l.Grant == grant {
				sum += l.AmountFen
			}
		}
		return sum
	}
	received := func(of string, fen events.Fen, zh, en string) {
		if of == grant {
			e.in, e.summary, e.voucher = fen, v.say(zh, en), rec.Doc
		}
	}
	switch p := rec.Data.(type) {
	case *events.SubsidyReceived:
		received(p.Grant, p.AmountFen, "经费到账", "receipt")
	case *events.MatchingReceived:
		received(p.Match, p.AmountFen, "配套到账", "receipt of matching money")
	case *events.FundsRecovered:
		received(p.Grant, -p.AmountFen, "收回："+p.Reason, "recovery: "+p.Reason)
	case *events.FundsSpent:
		vouchers[p.Voucher] = p
		e.out, e.voucher, e.summary = spent(p), p.Voucher, v.say("%s，%s", "%s, %s", p.Summary, p.Payee)
		if p.Summary == "" {
			e.summary = p.Payee
		}
	case *events.SpendingReversed:
		if of := vouchers[p.Voucher]; of != nil {
			e.out, e.voucher = -spent(of), p.ReversalVoucher
			e.summary = v.say("冲销 %s：%s", "reverses %s: %s", p.Voucher, p.Reason)
		}
	}
	return e
}

// sums are receipts and spending of a month or year.
type sums struct{ in, out events.Fen }

func (s *sums) add(e *entry) { s.in, s.out = s.in+e.in, s.out+e.out }

// write fills in the lines of the book between two days: after the last line of each month the sums of the month, and
// of the year up to it.
func (page *bookView) write(v *visit, entries []entry, from, to events.Date) {
	balance, month, year := events.Fen(0), sums{}, sums{}
	page.Opening = events.FormatYuan(0)
	for i := range entries {
		e := &entries[i]
		if e.on > to {
			break
		}
		if i == 0 || monthOf(e.on) != monthOf(entries[i-1].on) {
			month = sums{}
		}
		if i == 0 || e.on.Year() != entries[i-1].on.Year() {
			year = sums{}
		}
		balance += e.in - e.out
		month.add(e)
		year.add(e)
		if e.on < from {
			page.Opening = events.FormatYuan(balance)
			continue
		}
		page.Lines = append(page.Lines, bookLine{On: e.on.String(), Voucher: e.voucher, Summary: e.summary,
			In: orBlank(e.in), Out: orBlank(e.out), Balance: events.FormatYuan(balance), Href: e.href})
		if i+1 == len(entries) || entries[i+1].on > to || monthOf(entries[i+1].on) != monthOf(e.on) {
			page.Lines = append(page.Lines, sumLine(monthOf(e.on), v.say("本月合计", "month"), month, balance),
				sumLine(strconv.Itoa(e.on.Year()), v.say("本年累计", "year to date"), year, balance))
		}
	}
	page.Balance = events.FormatYuan(balance)
}

func sumLine(on, word string, s sums, balance events.Fen) bookLine {
	return bookLine{On: on, Summary: word, In: events.FormatYuan(s.in), Out: events.FormatYuan(s.out),
		Balance: events.FormatYuan(balance), IsSum: true}
}

// monthOf returns the month of a date, such as 2026-03.
func monthOf(d events.Date) string { return d.String()[:7] }

// orBlank returns an amount in yuan, or "" for none.
func orBlank(fen events.Fen) string {
	if fen == 0 {
		return ""
	}
	return events.FormatYuan(fen)
}
