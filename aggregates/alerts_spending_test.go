package aggregates_test

import (
	"testing"

	"github.com/taizhang/taizhang/events"
)

func TestSpendingAlerts(t *testing.T) { runAlerts(t, spendingAlerts) }

// paid returns a history with a voucher of 10 万元 on 2025-03-01.
func paid(use events.Use, change ...func(*events.FundsSpent)) history {
	return matched.and(on("2025-03-01", spend("V1", use, "G1", 10*wan, change...)))
}

// paidLocally returns a history with a voucher of 10 万元 paid from a match on 2025-03-01.
func paidLocally(use events.Use, change ...func(*events.FundsSpent)) history {
	return matched.and(on("2025-03-01", spend("V1", use, "M1", 10*wan, change...)))
}

func forbidden(name string, h history) alertCase {
	return alertCase{name, h, "2025-12-31", then(raised("AL-USE-01", "V1", "2025-03-01")), draft}
}

func allowed(name string, h history) alertCase {
	return alertCase{name, h, "2025-12-31", append(none("AL-USE-01"), none("AL-USE-02")...), draft}
}

func toBeRuled(name string, h history) alertCase {
	return alertCase{name, h, "2025-12-31", append(none("AL-USE-01"), raised("AL-USE-02", "V1", "2025-03-01")), draft}
}

var spendingAlerts = []alertCase{
	{"a voucher that leaves the balance below zero is a red alert",
		granted().and(on("2025-02-01", spend("V1", "pilot", "G1", 100*wan+1))), "2025-12-31",
		then(raised("AL-FND-03", "V1", "2025-02-01")), draft},
	{"a receipt later does not end it",
		promised.and(on("2025-02-01", spend("V1", "pilot", "G1", 1)), on("2025-02-02", receive("G1", 100*wan))),
		"2025-12-31", then(raised("AL-FND-03", "V1", "2025-02-01")), draft},
	{"a receipt on the same day, recorded later, comes first",
		promised.and(on("2025-02-01", spend("V1", "pilot", "G1", 1)), on("2025-02-01", receive("G1", 100*wan))),
		"2025-12-31", none("AL-FND-03"), draft},
	{"a back-dated voucher makes the later one overdrawn",
		granted().and(on("2025-03-01", spend("V1", "pilot", "G1", 100*wan)),
			on("2025-02-01", spend("V2", "pilot", "G1", 1))), "2025-12-31",
		then(raised("AL-FND-03", "V1", "2025-03-01")), draft},
	{"a recovery counts before spending on its day",
		granted().and(on("2025-02-01", spend("V1", "pilot", "G1", 50*wan)),
			on("2025-02-01", recoverFrom("G1", 50*wan)), on("2025-02-01", spend("V2", "pilot", "G1", 1))),
		"2025-12-31", then(raised("AL-FND-03", "V2", "2025-02-01")), draft},
	{"a voucher is overdrawn once though two of its grants are",
		matched.and(on("2025-02-01", spend("V1", "pilot", "G1", 101*wan, line("M1", 51*wan)))), "2025-12-31",
		then(raised("AL-FND-03", "V1", "2025-02-01")), draft},
	{"of several lines on one grant the last decides",
		granted().and(on("2025-02-01", spend("V1", "pilot", "G1", 60*wan, line("G1", 40*wan+1)))), "2025-12-31",
		then(raised("AL-FND-03", "V1", "2025-02-01")), draft},
	{"its reversal ends it",
		granted().and(on("2025-02-01", spend("V1", "pilot", "G1", 101*wan)), on("2025-02-10", unspend("V1"))),
		"2025-12-31", then(raised("AL-FND-03", "V1", "2025-02-01").cleared("2025-02-10")), draft},
	{"a voucher reversed on its own day never lacked money",
		granted().and(on("2025-02-01", spend("V1", "pilot", "G1", 101*wan)), on("2025-02-01", unspend("V1"))),
		"2025-12-31", none("AL-FND-03"), draft},
	{"it is closed out", granted().and(on("2025-02-01", spend("V1", "pilot", "G1", 101*wan)),
		on("2025-02-10", closing("AL-FND-03", "V1"))), "2025-12-31",
		then(raised("AL-FND-03", "V1", "2025-02-01").cleared("2025-02-10")), draft},

	forbidden("capital construction is forbidden", paid("capital-construction")),
	forbidden("sponsorship is forbidden", paid("sponsorship")),
	forbidden("donation is forbidden", paid("donation")),
	forbidden("investment is forbidden", paid("investment")),
	forbidden("a fine is forbidden", paid("fine")),
	forbidden("debt repayment is forbidden", paid("debt-repayment")),
	allowed("operation is allowed", paid("operation")),
	allowed("a proof of concept is allowed", paid("proof-of-concept")),
	allowed("capital construction is allowed on local money", paidLocally("capital-construction")),
	forbidden("a fine is forbidden on local money too", paidLocally("fine")),
	forbidden("capital construction is forbidden when one line is a subsidy",
		paidLocally("capital-construction", line("G1", 1))),
	forbidden("code 309 makes it capital construction", paid("equipment", econ("30999"))),
	forbidden("code 31001 makes it capital construction", paid("equipment", econ("31001"))),
	forbidden("code 31012 makes it capital construction", paid("equipment", econ("3101201"))),
	allowed("code 309 is allowed on local money", paidLocally("equipment", econ("309"))),
	forbidden("code 307 makes it forbidden on local money too", paidLocally("equipment", econ("307"))),
	forbidden("code 311 makes it forbidden", paid("equipment", econ("311"))),
	forbidden("code 31201 makes it forbidden", paid("equipment", econ("31201"))),
	forbidden("code 31203 makes it forbidden", paid("equipment", econ("31203"))),
	forbidden("code 31205 makes it forbidden", paid("equipment", econ("31205"))),
	forbidden("code 39906 makes it forbidden", paid("equipment", econ("39906"))),
	allowed("code 31202 means nothing", paid("equipment", econ("31202"))),
	allowed("local capital construction stays plain whatever the code",
		paidLocally("capital-construction", econ("311"))),
	toBeRuled("another use is to be ruled on", paid("other")),
	toBeRuled("another use is to be ruled on with local money too", paidLocally("other")),
	toBeRuled("code 31006 is to be ruled on", paid("equipment", econ("31006"))),
	toBeRuled("code 31204 is to be ruled on", paid("equipment", econ("31204"))),
	toBeRuled("code 31299 is to be ruled on", paid("equipment", econ("31299"))),
	toBeRuled("code 30213 is to be ruled on", paid("equipment", econ("30213"))),
	toBeRuled("code 31013 is to be ruled on, on local lines too", paidLocally("equipment", econ("31013"))),
	forbidden("a forbidden use stays forbidden with a code to be ruled on", paid("fine", econ("31006"))),
	{"a forbidden use with a code to be ruled on is not to be ruled on", paid("fine", econ("31006")), "2025-12-31",
		none("AL-USE-02"), draft},

	{"a reversal ends a forbidden use", paid("fine").and(on("2025-04-01", unspend("V1"))), "2025-12-31",
		then(raised("AL-USE-01", "V1", "2025-03-01").cleared("2025-04-01")), draft},
	{"a reversal on its day leaves it one day", paid("fine").and(on("2025-03-01", unspend("V1"))), "2025-12-31",
		then(raised("AL-USE-01", "V1", "2025-03-01").cleared("2025-03-01")), draft},
	{"a ruling otherwise ends a forbidden use", paid("fine").and(on("2025-04-01", rule("V1", "operation"))),
		"2025-12-31", then(raised("AL-USE-01", "V1", "2025-03-01").cleared("2025-04-01")), draft},
	{"a ruling replaces the code too", paid("equipment", econ("311")).and(on("2025-04-01", rule("V1", "equipment"))),
		"2025-12-31", then(raised("AL-USE-01", "V1", "2025-03-01").cleared("2025-04-01")), draft},
	{"a ruling to another forbidden use does not end it", paid("fine").and(on("2025-04-01", rule("V1", "donation"))),
		"2025-12-31", then(raised("AL-USE-01", "V1", "2025-03-01")), draft},
	{"a ruling that forbids raises it on its own day", paid("pilot").and(on("2025-04-01", rule("V1", "fine"))),
		"2025-12-31", then(raised("AL-USE-01", "V1", "2025-04-01")), draft},
	{"the latest ruling stands, and it is raised again",
		paid("fine").and(on("2025-04-01", rule("V1", "pilot")), on("2025-05-01", rule("V1", "fine")),
			on("2025-06-01", rule("V1", "pilot"))), "2025-12-31",
		then(raised("AL-USE-01", "V1", "2025-03-01").cleared("2025-04-01"),
			raised("AL-USE-01", "V1", "2025-05-01").cleared("2025-06-01")), draft},
	{"a forbidden use is closed out", paid("fine").and(on("2025-04-01", closing("AL-USE-01", "V1"))), "2025-12-31",
		then(raised("AL-USE-01", "V1", "2025-03-01").cleared("2025-04-01")), draft},
	{"a ruling after it was closed out raises it again", paid("fine").and(on("2025-04-01", closing("AL-USE-01", "V1")),
		on("2025-05-01", rule("V1", "pilot")), on("2025-06-01", rule("V1", "fine"))), "2025-12-31",
		then(raised("AL-USE-01", "V1", "2025-03-01").cleared("2025-04-01"), raised("AL-USE-01", "V1", "2025-06-01")),
		draft},
	{"a ruling on the voucher's own day leaves a forbidden use one day",
		paid("fine").and(on("2025-03-01", rule("V1", "operation"))), "2025-12-31",
		then(raised("AL-USE-01", "V1", "2025-03-01").cleared("2025-03-01")), draft},
	{"a ruling on the voucher's own day leaves a forbidden code one day",
		paid("equipment", econ("311")).and(on("2025-03-01", rule("V1", "equipment"))), "2025-12-31",
		then(raised("AL-USE-01", "V1", "2025-03-01").cleared("2025-03-01")), draft},
	{"a ruling on the voucher's own day leaves another use one day",
		paid("other").and(on("2025-03-01", rule("V1", "pilot"))), "2025-12-31",
		then(raised("AL-USE-02", "V1", "2025-03-01").cleared("2025-03-01")), draft},
	{"a ruling on the voucher's own day that it is forbidden ends one alert and raises the other",
		paid("other").and(on("2025-03-01", rule("V1", "fine"))), "2025-12-31",
		then(raised("AL-USE-02", "V1", "2025-03-01").cleared("2025-03-01"), raised("AL-USE-01", "V1", "2025-03-01")),
		draft},
	{"a ruling on the voucher's own day to another forbidden use does not end it",
		paid("fine").and(on("2025-03-01", rule("V1", "donation"))), "2025-12-31",
		then(raised("AL-USE-01", "V1", "2025-03-01")), draft},
	{"of two rulings on the voucher's own day the last stands",
		paid("fine").and(on("2025-03-01", rule("V1", "operation")), on("2025-03-01", rule("V1", "fine"))),
		"2025-12-31", then(raised("AL-USE-01", "V1", "2025-03-01")), draft},
	{"a ruling that is replaced on its own day raises nothing",
		paid("pilot").and(on("2025-03-01", rule("V1", "fine")), on("2025-03-01", rule("V1", "pilot"))), "2025-12-31",
		none("AL-USE-01"), draft},
	{"a ruling on the voucher's own day ends it, and a later one raises it again",
		paid("fine").and(on("2025-03-01", rule("V1", "pilot")), on("2025-05-01", rule("V1", "fine"))), "2025-12-31",
		then(raised("AL-USE-01", "V1", "2025-03-01").cleared("2025-03-01"), raised("AL-USE-01", "V1", "2025-05-01")),
		draft},
	{"a ruling on another use ends the wait for one", paid("other").and(on("2025-04-01", rule("V1", "pilot"))),
		"2025-12-31", then(raised("AL-USE-02", "V1", "2025-03-01").cleared("2025-04-01")), draft},
	{"a ruling that it is another use starts it", paid("pilot").and(on("2025-04-01", rule("V1", "other"))),
		"2025-12-31", then(raised("AL-USE-02", "V1", "2025-04-01")), draft},
	{"a ruling that it is forbidden ends one alert and raises the other",
		paid("other").and(on("2025-04-01", rule("V1", "fine"))), "2025-12-31",
		then(raised("AL-USE-02", "V1", "2025-03-01").cleared("2025-04-01"), raised("AL-USE-01", "V1", "2025-04-01")),
		draft},
	{"a reversal ends the wait for a ruling", paid("other").and(on("2025-04-01", unspend("V1"))), "2025-12-31",
		then(raised("AL-USE-02", "V1", "2025-03-01").cleared("2025-04-01")), draft},
}

func TestOutTransferAlerts(t *testing.T) { runAlerts(t, outTransferAlerts) }

// entrusted returns a history with a task book B1 of 20 万元 with 甲公司, signed on 2025-02-01, with or without the
// clause on a separate account.
func entrusted(clause bool) history {
	return granted().and(on("2025-02-01", sign("B1", "2025-02-01", 20*wan, clause)))
}

func transfer(voucher string, amount events.Fen) *events.FundsSpent {
	return spend(voucher, "pilot", "G1", amount, under("B1"))
}

func payee(name string) func(*events.FundsSpent) {
	return func(f *events.FundsSpent) { f.Payee = name }
}

func confirm(book string) *events.SeparateAccountConfirmed {
	return &events.SeparateAccountConfirmed{TaskBook: book}
}

var outTransferAlerts = []alertCase{
	{"an out-transfer without a task book is a red alert",
		granted().and(on("2025-03-01", spend("V1", "pilot", "G1", wan, under("")))), "2025-12-31",
		then(raised("AL-OUT-01", "V1", "2025-03-01")), draft},
	{"an out-transfer within its task book is not", entrusted(true).and(on("2025-03-01", transfer("V1", 20*wan))),
		"2025-12-31", none("AL-OUT-01"), draft},
	{"an out-transfer on the day of signing is not", entrusted(true).and(on("2025-02-01", transfer("V1", wan))),
		"2025-12-31", none("AL-OUT-01"), draft},
	{"a task book signed on the day after payment is one", entrusted(true).and(on("2025-01-31", transfer("V1", wan))),
		"2025-12-31", then(raised("AL-OUT-01", "V1", "2025-01-31")), draft},
	{"a task book recorded later but signed before payment is one until it is recorded",
		granted().and(on("2025-04-01", sign("B1", "2025-02-01", 20*wan, true)), on("2025-03-01", transfer("V1", wan))),
		"2025-03-31", then(raised("AL-OUT-01", "V1", "2025-03-01")), draft},
	{"and none from then on", granted().and(on("2025-04-01", sign("B1", "2025-02-01", 20*wan, true)),
		on("2025-03-01", transfer("V1", wan))), "2025-04-01", none("AL-OUT-01"), draft},
	{"an out-transfer to another payee is one",
		entrusted(true).and(on("2025-03-01", spend("V1", "pilot", "G1", wan, under("B1"), payee("乙公司")))),
		"2025-12-31", then(raised("AL-OUT-01", "V1", "2025-03-01")), draft},
	{"an out-transfer a fen beyond the task book is one",
		entrusted(true).and(on("2025-03-01", transfer("V1", 15*wan)), on("2025-03-02", transfer("V2", 5*wan+1))),
		"2025-12-31", then(raised("AL-OUT-01", "V2", "2025-03-02")), draft},
	{"own money is not counted",
		entrusted(true).and(on("2025-03-01",
			spend("V1", "pilot", "G1", 20*wan, under("B1"), func(f *events.FundsSpent) { f.OwnFen = wan }))),
		"2025-12-31", none("AL-OUT-01"), draft},
	{"a voucher reversed by that day leaves room",
		entrusted(true).and(on("2025-03-01", transfer("V1", 15*wan)), on("2025-03-02", unspend("V1")),
			on("2025-03-02", transfer("V2", 20*wan))), "2025-12-31", none("AL-OUT-01"), draft},
	{"a voucher reversed on the day after does not",
		entrusted(true).and(on("2025-03-01", transfer("V1", 15*wan)), on("2025-03-03", unspend("V1")),
			on("2025-03-02", transfer("V2", 20*wan))), "2025-12-31",
		then(raised("AL-OUT-01", "V2", "2025-03-02")), draft},
	{"its reversal ends it",
		granted().and(on("2025-03-01", spend("V1", "pilot", "G1", wan, under(""))), on("2025-03-10", unspend("V1"))),
		"2025-12-31", then(raised("AL-OUT-01", "V1", "2025-03-01").cleared("2025-03-10")), draft},
	{"it is closed out", granted().and(on("2025-03-01", spend("V1", "pilot", "G1", wan, under(""))),
		on("2025-03-10", closing("AL-OUT-01", "V1"))), "2025-12-31",
		then(raised("AL-OUT-01", "V1", "2025-03-01").cleared("2025-03-10")), draft},
	{"spending that is no out-transfer needs no task book", paid("pilot"), "2025-12-31", none("AL-OUT-01"), draft},

	{"a task book without the clause is a red alert from its first voucher",
		entrusted(false).and(on("2025-03-01", transfer("V1", wan)), on("2025-03-05", transfer("V2", wan))),
		"2025-12-31", then(raised("AL-OUT-02", "B1", "2025-03-01")), draft},
	{"a task book without vouchers is none", entrusted(false), "2025-12-31", none("AL-OUT-02"), draft},
	{"with the clause the confirmation is overdue 31 days after the first voucher",
		entrusted(true).and(on("2025-03-01", transfer("V1", wan))), "2025-12-31",
		then(raised("AL-OUT-02", "B1", "2025-04-01").since("2025-03-01")), draft},
	{"a confirmation on the last day of the term is in time",
		entrusted(true).and(on("2025-03-01", transfer("V1", wan)), on("2025-03-31", confirm("B1"))), "2025-12-31",
		none("AL-OUT-02"), draft},
	{"a confirmation before the first voucher counts",
		entrusted(true).and(on("2025-02-02", confirm("B1")), on("2025-03-01", transfer("V1", wan))), "2025-12-31",
		none("AL-OUT-02"), draft},
	{"a confirmation later ends it",
		entrusted(true).and(on("2025-03-01", transfer("V1", wan)), on("2025-04-20", confirm("B1"))), "2025-12-31",
		then(raised("AL-OUT-02", "B1", "2025-04-01").cleared("2025-04-20").since("2025-03-01")), draft},
	{"a confirmation ends it without the clause too",
		entrusted(false).and(on("2025-03-01", transfer("V1", wan)), on("2025-04-20", confirm("B1"))), "2025-12-31",
		then(raised("AL-OUT-02", "B1", "2025-03-01").cleared("2025-04-20")), draft},
	{"it ends with the reversal of the last of its vouchers",
		entrusted(false).and(on("2025-03-01", transfer("V1", wan)), on("2025-03-05", transfer("V2", wan)),
			on("2025-04-01", unspend("V2")), on("2025-05-01", unspend("V1"))), "2025-12-31",
		then(raised("AL-OUT-02", "B1", "2025-03-01").cleared("2025-05-01")), draft},
	{"it does not end while one of them stands",
		entrusted(false).and(on("2025-03-01", transfer("V1", wan)), on("2025-03-05", transfer("V2", wan)),
			on("2025-04-01", unspend("V1"))), "2025-12-31", then(raised("AL-OUT-02", "B1", "2025-03-01")), draft},
}
