package lists_test

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/projections"
)

const delayedColumns = "center what key year doc since dueOn daysWaiting daysOverdue state promisedFen " +
	"outstandingFen office officeRegion"

func TestDelayedMoneyIsWhatAPlainCountOfTheRecordsSays(t *testing.T) {
	t.Parallel()
	for name, h := range financeHistories(t) {
		for _, on := range financeDays {
			t.Run(name+" as of "+on, func(t *testing.T) {
				rows, table := h.ask(t, "delayed", on)
				sameRows(t, rows, delayedColumns, h.plainDelays(t, on))
				sumsUp(t, table, "promisedFen", "outstandingFen")
			})
		}
	}
}

// The days overdue must equal the days for which the alert has been open.
func TestDelayedMoneyIsOverdueExactlyWhenItsAlertIsOpen(t *testing.T) {
	t.Parallel()
	codes := map[string]aggregates.Code{"entitled": "AL-AWD-02", "granted": "AL-FND-01", "committed": "AL-MAT-01"}
	met := 0
	for name, h := range financeHistories(t) {
		for _, on := range financeDays {
			for what, code := range codes {
				t.Run(fmt.Sprintf("%s %s as of %s", name, what, on), func(t *testing.T) {
					day := events.MustDate(on)
					var want []string
					for a := range h.desk.Register.Alerts(day, projections.AlertFilter{Code: code}) {
						want = append(want, fmt.Sprintf("%s|%s|%d", a.Center, a.Key, day-a.RaisedOn+1))
					}
					rows, _ := h.ask(t, "delayed", on, "what", what)
					overdue := slices.DeleteFunc(rows, func(r map[string]string) bool {
						return r["state"] != "overdue"
					})
					sameRows(t, overdue, "center key daysOverdue", want)
					met += len(want)
				})
			}
		}
	}
	if met < 100 {
		t.Errorf("only %d alerts were met", met)
	}
}

func TestDelayedMoneyIsListedOldestOrLargestFirst(t *testing.T) {
	t.Parallel()
	h := financeHistories(t)["zhejiang-2026"]
	amount := func(r map[string]string) int { n, _ := strconv.Atoi(r["outstandingFen"]); return -n }
	orders := map[string]func(a, b map[string]string) int{
		"oldest": func(a, b map[string]string) int {
			return cmp.Or(strings.Compare(a["since"], b["since"]), amount(a)-amount(b))
		},
		"largest": func(a, b map[string]string) int {
			return cmp.Or(amount(a)-amount(b), strings.Compare(a["since"], b["since"]))
		},
	}
	for order, compare := range orders {
		rows, _ := h.ask(t, "delayed", "2026-08-31", "sort", order)
		if len(rows) < 10 || !slices.IsSortedFunc(rows, compare) {
			t.Errorf("%d rows, not the %s first", len(rows), order)
		}
	}
	rows, _ := h.ask(t, "delayed", "2026-08-31")
	one := rows[0]["center"]
	of := slices.DeleteFunc(rows, func(r map[string]string) bool { return r["center"] != one })
	if filtered, _ := h.ask(t, "delayed", "2026-08-31", "center", one); len(filtered) != len(of) {
		t.Errorf("%d rows of %s, want %d", len(filtered), one, len(of))
	}
}

// plainFund is a grant or match as of a day.
type plainFund struct {
	plainEvent
	reversed, received, recovered, moved int64       // moved: recovered, and spent less reversals
	receipts                             []plainLine // by date
}

func plainFunds(es []plainEvent) map[string]*plainFund {
	funds := map[string]*plainFund{}
	vouchers := map[string]plainEvent{}
	for _, e := range es {
		switch e.Kind {
		case "subsidy.granted":
			funds[e.Data.Grant] = &plainFund{plainEvent: e}
		case "matching.committed":
			e.Data.Source = "local"
			funds[e.Data.Match] = &plainFund{plainEvent: e}
		}
	}
	for _, e := range es {
		switch f := funds[e.Data.Grant+e.Data.Match]; e.Kind {
		case "subsidy.reversed":
			f.reversed += e.Data.AmountFen
		case "subsidy.received", "matching.received":
			f.received += e.Data.AmountFen
			f.receipts = append(f.receipts, plainLine{e.On, e.Data.AmountFen})
		case "funds.recovered":
			f.moved += e.Data.AmountFen
			f.recovered += e.Data.AmountFen
		case "funds.spent":
			vouchers[e.Data.Voucher] = e
			for _, l := range e.Data.Lines {
				funds[l.Grant].moved += l.AmountFen
			}
		case "spending.reversed":
			for _, l := range vouchers[e.Data.Voucher].Data.Lines {
				funds[l.Grant].moved -= l.AmountFen
			}
		}
	}
	return funds
}

func plainRevoked(es []plainEvent) bool {
	return slices.ContainsFunc(es, func(e plainEvent) bool { return e.Kind == "qualification.revoked" })
}

// plainWord returns the latest decision on a fiscal year at the end of a day: "allocation.deferred",
// "deferral.released" or "".
func plainWord(es []plainEvent, fiscalYear int, on string) (word string) {
	for _, e := range es {
		if (e.Kind == "allocation.deferred" || e.Kind == "deferral.released") && e.Data.FiscalYear == fiscalYear &&
			e.On <= on {
			word = e.Kind
		}
	}
	return word
}

func (h *plainHistory) plainDelays(t *testing.T, on string) (rows []string) {
	for center, es := range h.byCenter(on) {
		if plainRevoked(es) {
			continue
		}
		var region, gov string
		for _, e := range es {
			if e.Data.Region != nil {
				region = *e.Data.Region
			}
			if e.Kind == "center.assigned" {
				gov = e.Data.LocalGov
			}
		}
		for id, f := range plainFunds(es) {
			short := f.Data.AmountFen - f.reversed - f.received
			if short <= 0 {
				continue
			}
			what, due, office := "granted", "", "finance|"
			if f.Kind == "matching.committed" {
				what, due, office = "committed", f.Data.DueOn, "local-gov|"+cmp.Or(gov, region)
			} else if f.On >= "2024-01-01" {
				due = plainDay(t, f.On, 60)
			}
			overdue, state := "", "waiting"
			switch {
			case f.On < "2024-01-01":
				state = "unjudged"
			case due == "":
				state = "no-term"
			case what == "committed" && on > due:
				overdue, state = strconv.Itoa(plainDays(t, due, on)), "overdue"
			case what == "granted":
				overdue, state = plainRested(t, es, f.Data.FiscalYear, plainDay(t, due, 1), on)
			}
			rows = append(rows, fmt.Sprintf("%s|%s|%s|%d|%s|%s|%s|%d|%s|%s|%d|%d|%s", center, what, id,
				f.Data.FiscalYear, f.Doc, f.On, due,
				plainDays(t, f.On, on), overdue, state, f.Data.AmountFen-f.reversed, short, office))
		}
		for _, e := range plainEntitlements(t, es, on) {
			rows = append(rows, fmt.Sprintf("%s|entitled|%d|%d|%s|%s|%s|%d|%s|%s|200000000|%d|finance|", center,
				e.year, e.year, e.doc, e.since,
				plainDay(t, e.since, 180), plainDays(t, e.since, on), e.overdue, e.state, e.left))
		}
	}
	return rows
}

type plainEntitlement struct {
	year                       int
	since, doc, overdue, state string
	left                       int64
}

// plainEntitlements computes the entitlements day by day, from the day of the grade to the day asked about.
func plainEntitlements(t *testing.T, es []plainEvent, on string) (list []plainEntitlement) {
	years, byGrant := map[int]bool{}, plainFunds(es)
	for _, e := range es {
		if e.Kind == "grade.decided" {
			years[e.Data.Year] = true
		}
	}
	for year := range years {
		var x plainEntitlement
		for i, e := range es {
			if (e.Kind != "grade.decided" && e.Kind != "grade.revised") || e.Data.Year != year {
				continue
			}
			replaced := slices.ContainsFunc(es[i+1:], func(o plainEvent) bool {
				return (o.Kind == "grade.decided" || o.Kind == "grade.revised") && o.Data.Year == year && o.On == e.On
			})
			switch {
			case replaced:
			case e.Data.Grade != "excellent":
				x = plainEntitlement{}
			case x.since == "":
				x = plainEntitlement{year: year, since: e.On, doc: e.Doc}
			}
		}
		if x.since < "2024-01-01" {
			continue
		}
		due := plainDay(t, x.since, 181)
		var supported []int
		var net int64
		reached := false
		for _, e := range es {
			switch f := byGrant[e.Data.Grant]; {
			case e.Kind == "task-book.filed" && e.On <= due:
				supported = e.Data.SupportYears
			case e.Kind == "subsidy.granted" && e.Data.Category == "construction" && e.Data.ForYear == year:
				net += e.Data.AmountFen
			case e.Kind == "subsidy.reversed" && f.Data.Category == "construction" && f.Data.ForYear == year:
				net -= e.Data.AmountFen
			}
			reached = reached || net >= 200000000
		}
		if !slices.Contains(supported, year) || reached {
			continue
		}
		x.left = 200000000 - net
		x.overdue, x.state = plainRested(t, es, year+1, due, on)
		list = append(list, x)
	}
	return list
}

// plainRested counts the days overdue from a due day on, leaving out the days on which the fiscal year is deferred.
func plainRested(t *testing.T, es []plainEvent, fiscalYear int, due, on string) (overdue, state string) {
	days := 0
	for day := due; day <= on; day = plainDay(t, day, 1) {
		if days++; plainWord(es, fiscalYear, day) == "allocation.deferred" {
			days = 0
		}
	}
	switch {
	case days > 0:
		return strconv.Itoa(days), "overdue"
	case plainWord(es, fiscalYear, on) == "allocation.deferred":
		return "", "deferred"
	}
	return "", "waiting"
}
