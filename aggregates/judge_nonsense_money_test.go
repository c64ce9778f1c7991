package aggregates_test

import (
	"testing"

	"github.com/taizhang/taizhang/events"
)

func TestNonsenseAboutMoney(t *testing.T) { runNonsense(t, nonsenseMoneyCases) }

var (
	matched = granted().and(on("2025-01-10", commit("M1", 2025, 50*wan, "")),
		on("2025-01-20", receiveMatch("M1", 50*wan)))
	spent    = matched.and(on("2025-03-01", spend("V1", "pilot", "G1", 10*wan)))
	reversed = spent.and(on("2025-04-01", unspend("V1")))
	promised = active().and(on("2025-01-10", other("G1", 2025, 100*wan)))
)

var nonsenseMoneyCases = []nonsenseCase{
	{"a voucher is recorded once", secondVoucher, spent, on("2025-03-02", spend("V1", "pilot", "G1", wan)),
		"data.voucher"},
	{"a voucher cannot take the name of a reversal voucher", secondVoucher, reversed,
		on("2025-04-02", spend("R-V1", "pilot", "G1", wan)), "data.voucher"},
	{"a reversal voucher cannot take the name of a voucher", secondReversalVoucher,
		spent.and(on("2025-03-02", spend("R-V1", "pilot", "G1", wan))), on("2025-04-01", unspend("V1")),
		"data.reversalVoucher"},
	{"a reversal voucher cannot take the name of the voucher itself", secondReversalVoucher, spent,
		on("2025-04-01", &events.SpendingReversed{Voucher: "V1", ReversalVoucher: "V1"}), "data.reversalVoucher"},
	{"a reversal voucher cannot take the name of another reversal voucher", secondReversalVoucher,
		reversed.and(on("2025-04-02", spend("V2", "pilot", "G1", wan))),
		on("2025-04-03", &events.SpendingReversed{Voucher: "V2", ReversalVoucher: "R-V1"}), "data.reversalVoucher"},
	{"a grant is granted once", secondFund, granted(), on("2025-02-01", other("G1", 2025, wan)), "data.grant"},
	{"a match is committed once", secondFund, matched, on("2025-02-01", commit("M1", 2025, wan, "")), "data.match"},
	{"a match cannot take the name of a grant", secondFund, granted(), on("2025-02-01", commit("G1", 2025, wan, "")),
		"data.match"},
	{"a grant cannot take the name of a match", secondFund, matched, on("2025-02-01", other("M1", 2025, wan)),
		"data.grant"},
	{"a task book is signed once", secondTaskBook, bookSigned, on("2025-02-02", sign("B1", "2025-02-02", wan, true)),
		"data.taskBook"},

	{"money of an unknown grant cannot arrive", noGrant, granted(), on("2025-02-01", receive("G2", wan)),
		"data.grant"},
	{"an unknown grant cannot be reversed", noGrant, granted(), on("2025-02-01", reverse("G2", wan)), "data.grant"},
	{"money of an unknown grant cannot be recovered", noGrant, granted(), on("2025-02-01", recoverFrom("G2", wan)),
		"data.grant"},
	{"money of an unknown grant cannot be spent", noGrant, granted(),
		on("2025-02-01", spend("V1", "pilot", "G2", wan)), "data.lines[0].grant"},
	{"no line may name an unknown grant", noGrant, granted(),
		on("2025-02-01", spend("V1", "pilot", "G1", wan, line("G2", wan))), "data.lines[1].grant"},
	{"money of an unknown match cannot arrive", noMatch, matched, on("2025-02-01", receiveMatch("M2", wan)),
		"data.match"},
	{"an unknown voucher cannot be reversed", noVoucher, spent, on("2025-04-01", unspend("V2")), "data.voucher"},
	{"an unknown voucher cannot be ruled on", noVoucher, spent, on("2025-04-01", rule("V2", "pilot")), "data.voucher"},
	{"an out-transfer cannot name an unknown task book", noTaskBook, bookSigned,
		on("2025-03-01", spend("V1", "pilot", "G1", wan, under("B2"))), "data.outTransfer.taskBook"},
	{"an out-transfer may name no task book", noTaskBook, bookSigned,
		on("2025-03-01", spend("V1", "pilot", "G1", wan, under(""))), ""},
	{"a separate account under an unknown task book cannot be confirmed", noTaskBook, bookSigned,
		on("2025-03-01", &events.SeparateAccountConfirmed{TaskBook: "B2"}), "data.taskBook"},
	{"an out-transfer under an unknown task book cannot be settled", noTaskBook, bookSigned,
		on("2025-03-01", &events.OutTransferSettled{TaskBook: "B2", AmountFen: wan}), "data.taskBook"},

	{"money cannot arrive before its grant", beforeNamed, promised, on("2025-01-09", receive("G1", wan)),
		"data.grant"},
	{"money can arrive on the day of its grant", beforeNamed, promised, on("2025-01-10", receive("G1", wan)), ""},
	{"matching money cannot arrive before it was promised", beforeNamed,
		active().and(on("2025-01-10", commit("M1", 2025, wan, ""))), on("2025-01-09", receiveMatch("M1", wan)),
		"data.match"},
	{"a grant cannot be reversed before it was granted", beforeNamed, promised, on("2025-01-09", reverse("G1", wan)),
		"data.grant"},
	{"money cannot be recovered before it was granted", beforeNamed, granted(),
		on("2025-01-09", recoverFrom("G1", wan)), "data.grant"},
	{"money cannot be spent before it was granted", beforeNamed, granted(),
		on("2025-01-09", spend("V1", "pilot", "G1", wan)), "data.lines[0].grant"},
	{"a voucher cannot be reversed before it was paid", beforeNamed, spent, on("2025-02-28", unspend("V1")),
		"data.voucher"},
	{"a voucher can be reversed on the day it was paid", beforeNamed, spent, on("2025-03-01", unspend("V1")), ""},
	{"a voucher cannot be ruled on before it was paid", beforeNamed, spent, on("2025-02-28", rule("V1", "fine")),
		"data.voucher"},
	{"a task book may be named by a voucher dated before it", beforeNamed, bookSigned,
		on("2025-01-25", spend("V1", "pilot", "G1", wan, under("B1"))), ""},

	{"an amount of zero is refused", badAmount, granted(), on("2025-02-01", reverse("G1", 0)), "data.amountFen"},
	{"an amount below zero is refused", badAmount, granted(), on("2025-02-01", recoverFrom("G1", -1)),
		"data.amountFen"},
	{"an amount of 10^13 fen is accepted", badAmount, active(),
		on("2025-02-01", other("G1", 2025, 10_000_000_000_000)), ""},
	{"an amount of one fen more is refused", badAmount, active(),
		on("2025-02-01", other("G1", 2025, 10_000_000_000_001)), "data.amountFen"},
	{"a matching commitment of zero is refused", badAmount, active(), on("2025-02-01", commit("M1", 2025, 0, "")),
		"data.amountFen"},
	{"a receipt of zero is refused", badAmount, granted(), on("2025-02-01", receive("G1", 0)), "data.amountFen"},
	{"a matching receipt of zero is refused", badAmount, matched, on("2025-02-01", receiveMatch("M1", 0)),
		"data.amountFen"},
	{"a line of zero is refused", badAmount, granted(), on("2025-02-01", spend("V1", "pilot", "G1", 0)),
		"data.lines[0].amountFen"},
	{"a task book of zero is refused", badAmount, granted(), on("2025-02-01", sign("B1", "2025-02-01", 0, true)),
		"data.amountFen"},
	{"a settlement of zero is refused", badAmount, bookSigned,
		on("2025-03-01", &events.OutTransferSettled{TaskBook: "B1"}), "data.amountFen"},
	{"own money below zero is refused", negativeOwn, granted(),
		on("2025-02-01", spend("V1", "pilot", "G1", wan, func(f *events.FundsSpent) { f.OwnFen = -1 })),
		"data.ownFen"},
	{"one fen of own money is accepted", negativeOwn, granted(),
		on("2025-02-01", spend("V1", "pilot", "G1", wan, func(f *events.FundsSpent) { f.OwnFen = 1 })), ""},

	{"a grant of last fiscal year is refused", badFiscalYear, active(), on("2025-01-01", other("G1", 2024, wan)),
		"data.fiscalYear"},
	{"a grant of this fiscal year is accepted", badFiscalYear, active(), on("2025-01-01", other("G1", 2025, wan)), ""},
	{"a grant of the next fiscal year is accepted", badFiscalYear, active(),
		on("2025-12-31", other("G1", 2026, wan)), ""},
	{"a grant of the fiscal year after the next is refused", badFiscalYear, active(),
		on("2025-12-31", other("G1", 2027, wan)), "data.fiscalYear"},

	{"receipts may reach the grant", receiptsAboveNet, promised, on("2025-02-01", receive("G1", 100*wan)), ""},
	{"receipts may not exceed the grant by a fen", receiptsAboveNet, promised,
		on("2025-02-01", receive("G1", 100*wan+1)), "data.amountFen"},
	{"receipts may not exceed the net grant", receiptsAboveNet, promised.and(on("2025-01-11", reverse("G1", 40*wan))),
		on("2025-02-01", receive("G1", 60*wan+1)), "data.amountFen"},
	{"what was recovered does not make room for more receipts", receiptsAboveNet,
		granted().and(on("2025-02-01", recoverFrom("G1", 50*wan))), on("2025-03-01", receive("G1", 1)),
		"data.amountFen"},
	{"receipts may not exceed the match by a fen", receiptsAboveNet, matched, on("2025-02-01", receiveMatch("M1", 1)),
		"data.amountFen"},
	{"a back-dated receipt counts those recorded with later dates", receiptsAboveNet, granted(),
		on("2025-01-15", receive("G1", 1)), "data.amountFen"},

	{"a reversal may take the net down to what was received", reversalBelowReceipts,
		promised.and(on("2025-01-20", receive("G1", 60*wan))), on("2025-02-01", reverse("G1", 40*wan)), ""},
	{"a reversal may not take the net a fen below what was received", reversalBelowReceipts,
		promised.and(on("2025-01-20", receive("G1", 60*wan))), on("2025-02-01", reverse("G1", 40*wan+1)),
		"data.amountFen"},
	{"a recovery makes room for a reversal", reversalBelowReceipts,
		granted().and(on("2025-02-01", recoverFrom("G1", 50*wan))), on("2025-03-01", reverse("G1", 50*wan)), ""},
	{"but for no more than was recovered", reversalBelowReceipts,
		granted().and(on("2025-02-01", recoverFrom("G1", 50*wan))), on("2025-03-01", reverse("G1", 50*wan+1)),
		"data.amountFen"},

	{"the whole balance may be recovered", recoveryAboveBalance, spent,
		on("2025-04-01", recoverFrom("G1", 90*wan)), ""},
	{"no more than the balance may be recovered", recoveryAboveBalance, spent,
		on("2025-04-01", recoverFrom("G1", 90*wan+1)), "data.amountFen"},
	{"a reversed voucher gives its balance back", recoveryAboveBalance, reversed,
		on("2025-05-01", recoverFrom("G1", 100*wan)), ""},

	{"a match is not received as a grant", wrongSort, matched, on("2025-02-01", receive("M1", wan)), "data.grant"},
	{"a match is not reversed as a grant", wrongSort, matched, on("2025-02-01", reverse("M1", wan)), "data.grant"},
	{"a match is not recovered as a grant", wrongSort, matched, on("2025-02-01", recoverFrom("M1", wan)),
		"data.grant"},
	{"a grant is not received as a match", wrongSort, matched, on("2025-02-01", receiveMatch("G1", wan)),
		"data.match"},
	{"a voucher may be paid from a match", wrongSort, matched, on("2025-02-01", spend("V1", "pilot", "M1", wan)), ""},

	{"a voucher is reversed once", reversedTwice, reversed,
		on("2025-05-01", &events.SpendingReversed{Voucher: "V1", ReversalVoucher: "R2"}), "data.voucher"},
	{"a reversed voucher is not ruled on", ruledReversed, reversed, on("2025-05-01", rule("V1", "fine")),
		"data.voucher"},
	{"not even with a date before its reversal", ruledReversed, reversed, on("2025-03-15", rule("V1", "fine")),
		"data.voucher"},

	{"an alert that was never raised cannot be closed", closedNotOpen, spent,
		on("2025-04-01", closing("AL-USE-01", "V1")), "data.key"},
	{"an alert that was closed cannot be closed again", closedNotOpen,
		fined.and(on("2025-04-01", closing("AL-USE-01", "V1"))), on("2025-04-02", closing("AL-USE-01", "V1")),
		"data.key"},
	{"an alert that ended by itself cannot be closed", closedNotOpen, fined.and(on("2025-04-01", unspend("V1"))),
		on("2025-04-02", closing("AL-USE-01", "V1")), "data.key"},
	{"an alert cannot be closed on the day before it was raised", closedNotOpen, fined,
		on("2025-02-28", closing("AL-USE-01", "V1")), "data.key"},
	{"an alert can be closed on the day it was raised", closedNotOpen, fined,
		on("2025-03-01", closing("AL-USE-01", "V1")), ""},
	{"an alert with another key is not the one to close", closedNotOpen, fined,
		on("2025-03-01", closing("AL-USE-01", "V2")), "data.key"},
	{"an open alert whose code cannot be closed stays", closedNotClosable, lowYear(),
		on("2026-01-05", closing("AL-EXE-02", "2025")), "data.code"},
	{"a code that does not exist cannot be closed", closedNotClosable, fined,
		on("2025-04-01", closing("AL-NIL-01", "V1")), "data.code"},

	{"a center's money is bounded", tooMuchMoney, granted().and(huge(999)...),
		on("2025-02-01", other("H", 2025, 10_000_000_000_000)), "data"},
}

var fined = granted().and(on("2025-03-01", spend("V1", "fine", "G1", wan)))

// huge returns a history with n grants of 10^13 fen.
func huge(n int) history {
	var h history
	for i := range n {
		h = h.and(on("2025-02-01", other("H"+string(rune('一'+i)), 2025, 10_000_000_000_000)))
	}
	return h
}
