package aggregates

import (
	"fmt"
	"strings"

	"github.com/taizhang/taizhang/events"
)

// moneyNonsense is the part of nonsense about grants, matches, vouchers and task books.
func (ix *index) moneyNonsense(on events.Date, data events.Payload) []Breach {
	if sum := ix.turnoverFen + turnover(data); sum > TurnoverFenMax {
		return refuse("data", "中心累计金额 %s 元超过 %s 元的上限",
			"the center's money sums to %s yuan, over the limit of %s", events.FormatYuan(sum),
			events.FormatYuan(TurnoverFenMax))
	}
	switch p := data.(type) {
	case *events.SubsidyGranted:
		if p.Project != "" {
			if ix.projects.find(p.Project) == nil {
				return missing("data.project", p.Project)
			}
		}
		return ix.createdFund("data.grant", p.Grant)
	case *events.MatchingCommitted:
		return ix.createdFund("data.match", p.Match)
	case *events.SubsidyReversed:
		f, found := ix.fund("data.grant", p.Grant, false, on)
		if found == nil && f.netFen()-p.AmountFen < f.totals.receivedFen-f.totals.recoveredFen {
			return refuse("data.amountFen", "冲减 %s 元后净下达额低于已到账净额 %s 元",
				"reversing %s yuan takes the net grant below the %s yuan received",
				events.FormatYuan(p.AmountFen), events.FormatYuan(f.totals.receivedFen-f.totals.recoveredFen))
		}
		return found
	case *events.SubsidyReceived:
		return ix.wrongReceipt("data.grant", p.Grant, false, p.AmountFen, on)
	case *events.MatchingReceived:
		return ix.wrongReceipt("data.match", p.Match, true, p.AmountFen, on)
	case *events.FundsRecovered:
		f, found := ix.fund("data.grant", p.Grant, false, on)
		if found == nil && p.AmountFen > f.balanceFen() {
			return refuse("data.amountFen", "收回 %s 元超过该笔经费余额 %s 元",
				"recovering %s yuan is more than the grant's balance of %s yuan",
				events.FormatYuan(p.AmountFen), events.FormatYuan(f.balanceFen()))
		}
		return found
	case *events.FundsSpent:
		return ix.wrongVoucher(on, p)
	case *events.SpendingReversed:
		n := ix.voucherNumber(p.Voucher)
		if n == 0 {
			return missing("data.voucher", p.Voucher)
		}
		v := ix.voucher(n)
		if v.reversed.on != 0 {
			return refuse("data.voucher", "凭证“%s”已经冲销", "voucher %q is already reversed", p.Voucher)
		}
		if ix.voucherName(p.ReversalVoucher) {
			return twice("data.reversalVoucher", p.ReversalVoucher)
		}
		return named("data.voucher", p.Voucher, v.place, true, on)
	case *events.UseRuled:
		n := ix.voucherNumber(p.Voucher)
		if n == 0 {
			return missing("data.voucher", p.Voucher)
		}
		v := ix.voucher(n)
		if v.reversed.on != 0 {
			return refuse("data.voucher", "凭证“%s”已经冲销，不能再认定用途",
				"voucher %q is reversed; its use cannot be ruled on", p.Voucher)
		}
		return named("data.voucher", p.Voucher, v.place, true, on)
	case *events.EntrustmentSigned:
		if b := ix.book(p.TaskBook); b != nil && b.signed.what != nil {
			return twice("data.taskBook", p.TaskBook)
		}
	case *events.SeparateAccountConfirmed:
		return ix.unsigned("data.taskBook", p.TaskBook)
	case *events.OutTransferSettled:
		return ix.unsigned("data.taskBook", p.TaskBook)
	default:
		return ix.wrongNames(on, data)
	}
	return nil
}

func (ix *index) createdFund(field, id string) []Breach {
	if ix.fundNamed(id) != nil {
		return twice(field, id)
	}
	return nil
}

// fund returns a grant or a match that a record on a date may name.
func (ix *index) fund(field, id string, match bool, on events.Date) (*fund, []Breach) {
	f := ix.fundNamed(id)
	if f == nil {
		return nil, ix.noFund(field, id)
	}
	if f.match != match {
		return nil, refuse(field, "“%s”是另一类资金（下达与配套不能混用）",
			"%q is money of the other kind: one is a grant, the other a match", id)
	}
	return f, named(field, id, f.place, true, on)
}

// noFund refuses the name of a grant or match that does not exist. If another name differs only in the case of
// letters, the reason suggests it.
func (ix *index) noFund(field, id string) []Breach {
	for i := range ix.funds.len() {
		if f := *ix.funds.at(i); f != nil && strings.EqualFold(f.id, id) {
			return refuse(field, "台账中没有“%s”；有“%s”，字母大小写不同",
				"there is no %q; there is %q, whose letters are in another case", id, f.id)
		}
	}
	return missing(field, id)
}

func (ix *index) wrongReceipt(field, id string, match bool, amountFen events.Fen, on events.Date) []Breach {
	f, found := ix.fund(field, id, match, on)
	if found == nil && f.totals.receivedFen+amountFen > f.netFen() {
		return refuse("data.amountFen", "到账合计 %s 元超过净额 %s 元",
			"receipts of %s yuan in all are above the net %s yuan",
			events.FormatYuan(f.totals.receivedFen+amountFen), events.FormatYuan(f.netFen()))
	}
	return found
}

func (ix *index) wrongVoucher(on events.Date, p *events.FundsSpent) []Breach {
	if ix.voucherName(p.Voucher) {
		return twice("data.voucher", p.Voucher)
	}
	for i, l := range p.Lines {
		f := ix.fundNamed(l.Grant)
		if f == nil {
			return ix.noFund(lineGrant(i), l.Grant)
		}
		if on < f.on {
			return tooEarly(lineGrant(i), f.on)
		}
	}
	if p.OutTransfer != nil && p.OutTransfer.TaskBook != "" {
		return ix.unsigned("data.outTransfer.taskBook", p.OutTransfer.TaskBook)
	}
	return nil
}

// standsAlone reports whether all later entries stay valid without the voucher: no reversal and no ruling names it.
// Removing it only frees its name and leaves more money to recover.
func (s *voucher) standsAlone() bool { return s.reversed.on == 0 && !s.ruledUpon }

// unfoundedVoucher returns the reasons against a recorded voucher when an earlier entry is left out. Then only the
// funds and the task book that it names can be missing.
func (ix *index) unfoundedVoucher(s *voucher) []Breach {
	for i, l := range ix.declared.linesOf(s) {
		if name := ix.declared.fundNames.value(l.fund); ix.fundNamed(name) == nil {
			return missing(lineGrant(i), name)
		}
	}
	if t, _ := ix.declared.transferOf(s); t.book != "" {
		return ix.unsigned("data.outTransfer.taskBook", t.book)
	}
	return nil
}

// lineGrant returns the path of the field in which a line names its grant.
func lineGrant(i int) string { return fmt.Sprintf("data.lines[%d].grant", i) }

// unsigned refuses a reference to a task book that is not recorded. The date of the book does not matter.
func (ix *index) unsigned(field, id string) []Breach {
	if b := ix.book(id); b == nil || b.signed.what == nil {
		return missing(field, id)
	}
	return nil
}

// voucherName reports whether a name is taken. Vouchers and reversal vouchers share one name space.
func (ix *index) voucherName(id string) bool {
	return ix.voucherNumber(id) != 0 || ix.reversals.find(id) != 0
}
