package lists_test

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/lists"
)

const deferralColumns = "fiscalYear center availableFen executedFen ratePercent low state decideBy deferredOn " +
	"deferredDoc releasedOn releasedDoc heldBackFen madeFen madeGrants aheadFen aheadReceivedFen"

func TestDeferralsAreWhatAPlainCountOfTheRecordsSays(t *testing.T) {
	t.Parallel()
	for name, h := range financeHistories(t) {
		for _, on := range financeDays {
			t.Run(name+" as of "+on, func(t *testing.T) {
				want := h.plainDeferrals(t, on)
				rows, table := h.ask(t, "deferrals", on, "all", "true")
				sameRows(t, rows, deferralColumns, slices.Clone(want))
				sumsUp(t, table, "availableFen", "executedFen", "heldBackFen", "madeFen", "aheadFen",
					"aheadReceivedFen")
				over := events.MustDate(plainDay(t, on, 1)).Year() // the year after the last that is over
				rows, _ = h.ask(t, "deferrals", on)
				sameRows(t, rows, deferralColumns,
					slices.DeleteFunc(want, func(line string) bool {
						return !strings.HasPrefix(line, fmt.Sprint(over, "|"))
					}))
			})
		}
	}
}

func TestDeferralsAgreeWithTheirAlerts(t *testing.T) {
	t.Parallel()
	met := map[aggregates.Code]int{}
	for name, h := range financeHistories(t) {
		for _, on := range financeDays {
			t.Run(name+" as of "+on, func(t *testing.T) {
				open := func(code aggregates.Code) (lines []string) {
					for a := range h.desk.Register.Alerts(events.MustDate(on), projections.AlertFilter{Code: code}) {
						lines = append(lines, string(a.Center)+"|"+a.Key)
						met[code]++
					}
					return lines
				}
				undecided, overdue, made := []map[string]string{}, []map[string]string{}, []map[string]string{}
				rows, _ := h.ask(t, "deferrals", on, "all", "true")
				for _, r := range rows {
					var before int
					fmt.Sscan(r["fiscalYear"], &before)
					r["before"] = fmt.Sprint(before - 1)
					if r["state"] == "to-be-decided" || r["state"] == "overdue" {
						undecided = append(undecided, r)
					}
					if r["state"] == "overdue" {
						overdue = append(overdue, r)
					}
					for _, g := range strings.Fields(r["madeGrants"]) {
						made = append(made, map[string]string{"center": r["center"], "grant": g})
					}
				}
				sameRows(t, undecided, "center before", open("AL-EXE-02"))
				sameRows(t, overdue, "center before", open("AL-EXE-04"))
				sameRows(t, made, "center grant", open("AL-EXE-03"))
				for a := range h.desk.Register.Alerts(events.MustDate(on),
					projections.AlertFilter{Code: "AL-EXE-05"}) {
					year := fmt.Sprint(a.RaisedOn.Year())
					if !slices.ContainsFunc(rows, func(r map[string]string) bool {
						return r["center"] == string(a.Center) && r["fiscalYear"] <= year &&
							r["aheadReceivedFen"] != "0"
					}) {
						t.Errorf("%s %s was paid, and no row says so", a.Center, a.Key)
					}
					met["AL-EXE-05"]++
				}
			})
		}
	}
	for code, min := range map[aggregates.Code]int{
		"AL-EXE-02": 20, "AL-EXE-03": 20, "AL-EXE-04": 20, "AL-EXE-05": 20} {
		if met[code] < min {
			t.Errorf("only %d of %s were met", met[code], code)
		}
	}
}

// The list for the year after one that is not over names the centers that would be low if it ended now.
func TestNextYearsListIsByTheRateSoFar(t *testing.T) {
	t.Parallel()
	for name, h := range financeHistories(t) {
		for _, on := range []string{"2025-03-15", "2025-11-15", "2026-08-31", "2026-10-31"} {
			t.Run(name+" as of "+on, func(t *testing.T) {
				year := events.MustDate(on).Year()
				var want []string
				for center, es := range h.byCenter(on) {
					m := plainProvince(es, year, on)
					if m.low(year, on) && !plainRevoked(es) &&
						!slices.ContainsFunc(es, func(e plainEvent) bool {
							return e.Kind == "allocation.deferred" &&
								e.Data.FiscalYear == year+1
						}) {
						announced, _ := plainAhead(es, year+1)
						want = append(want, fmt.Sprintf("%d|%s|%d|%d|%s|%d|0", year+1, center, m.available, m.executed,
							m.rate(), announced))
					}
				}
				rows, _ := h.ask(t, "deferrals", on, "year", fmt.Sprint(year+1))
				expected := slices.DeleteFunc(rows, func(r map[string]string) bool { return r["state"] != "expected" })
				sameRows(t, expected,
					"fiscalYear center availableFen executedFen ratePercent aheadFen aheadReceivedFen", want)
			})
		}
	}
}

func TestDeferralsOfAllYearsAreNotOfOne(t *testing.T) {
	t.Parallel()
	h := financeHistories(t)["edges"]
	_, err := h.desk.Ask(t.Context(), lists.Question{List: "deferrals", On: events.MustDate("2026-01-31"),
		Params: map[string]string{"all": "true", "year": "2026"}})
	if err == nil || !strings.Contains(err.Error(), "all: cannot be given together with year") {
		t.Error(err)
	}
}

// plainMoney holds the amounts of one year in scope province that article 20 needs.
type plainMoney struct{ available, executed, late int64 }

func (m plainMoney) low(year int, on string) bool {
	return year >= 2024 && m.available > 0 && 2*m.late <= m.available && 100*m.executed < 60*m.available
}

func (m plainMoney) rate() string {
	if m.available <= 0 {
		return ""
	}
	s := big.NewRat(100*m.executed, m.available).FloatString(2)
	if s == "-0.00" {
		return "0.00"
	}
	return s
}

// plainProvince computes the money of a year from the events up to a day.
func plainProvince(es []plainEvent, year int, on string) (m plainMoney) {
	funds := plainFunds(es)
	provincial := func(grant string) bool {
		s := funds[grant].Data.Source
		return s == "major-program" || s == "province-other"
	}
	vouchers, ruled := map[string]plainEvent{}, map[string]string{}
	for _, e := range es {
		if e.Kind == "use.ruled" && e.On <= on {
			ruled[e.Data.Voucher] = e.Data.Use
		}
	}
	var eligible int64
	for _, e := range es {
		if e.On > on {
			continue
		}
		var at int
		fmt.Sscan(e.On[:4], &at)
		sign := int64(-1)
		switch {
		case e.Kind == "subsidy.received" && provincial(e.Data.Grant) && at <= year:
			m.available += e.Data.AmountFen
			if e.On > fmt.Sprint(year, "-10-01") {
				m.late += e.Data.AmountFen
			}
		case e.Kind == "funds.recovered" && provincial(e.Data.Grant) && at <= year:
			m.available -= e.Data.AmountFen
		case e.Kind == "funds.spent", e.Kind == "spending.reversed":
			if e.Kind == "funds.spent" {
				vouchers[e.Data.Voucher], sign = e, 1
			}
			v := vouchers[e.Data.Voucher]
			_, forbidden := plainUse(v, ruled, "province-other")
			for _, l := range v.Data.Lines {
				switch {
				case !provincial(l.Grant):
				case at < year:
					m.available -= sign * l.AmountFen
				case at == year && !forbidden:
					eligible += sign * l.AmountFen
				}
			}
		}
	}
	m.executed = eligible
	return m
}

// plainAhead returns the sum of the grants of a fiscal year that were made before the year, less reversals, and the
// receipts of these grants from the beginning of the year on.
func plainAhead(es []plainEvent, fiscalYear int) (announced, paid int64) {
	begins := fmt.Sprint(fiscalYear, "-01-01")
	for _, f := range plainFunds(es) {
		if f.Kind != "subsidy.granted" || f.Data.FiscalYear != fiscalYear || f.On >= begins {
			continue
		}
		announced += f.Data.AmountFen - f.reversed
		for _, r := range f.receipts {
			if r.Grant >= begins { // the date
				paid += r.AmountFen
			}
		}
	}
	return announced, paid
}

func (h *plainHistory) plainDeferrals(t *testing.T, on string) (rows []string) {
	var thisYear int
	fmt.Sscan(on[:4], &thisYear)
	for center, es := range h.byCenter(on) {
		years := map[int]bool{}
		for year := 2023; year <= thisYear+1; year++ {
			years[year] = true
		}
		for _, e := range es {
			years[e.Data.FiscalYear] = true
		}
		for fiscalYear := range years {
			before := fiscalYear - 1
			end := fmt.Sprint(before, "-12-31")
			over := end <= on
			m := plainProvince(es, before, on)
			if over && before >= 2024 {
				m = plainProvince(es, before, end)
			}
			low := over && m.low(before, end)
			var deferred, released plainEvent
			state, everDeferred := "to-be-decided", false
			for _, e := range es {
				switch {
				case e.Data.FiscalYear != fiscalYear:
				case e.Kind == "allocation.deferred":
					deferred, released, state, everDeferred = e, plainEvent{}, "deferred", true
				case e.Kind == "deferral.released":
					released, state = e, "released"
				}
			}
			if !low && !everDeferred {
				continue
			}
			if before > thisYear {
				m = plainMoney{}
			}
			decideBy := ""
			if low {
				decideBy = plainDay(t, end, 30)
			}
			if low && state == "to-be-decided" && on > decideBy && !plainRevoked(es) {
				state = "overdue"
			}
			var held, sum int64
			if state != "released" && !plainRevoked(es) {
				for _, e := range plainEntitlements(t, es, on) {
					if e.year == before {
						held = e.left
					}
				}
			}
			var made []string
			funds := plainFunds(es)
			for _, e := range es {
				if e.Kind == "subsidy.granted" && e.Data.FiscalYear == fiscalYear && e.On > end && low &&
					plainWord(es, fiscalYear, e.On) != "deferral.released" &&
					funds[e.Data.Grant].reversed < e.Data.AmountFen {
					made = append(made, e.Data.Grant)
					sum += e.Data.AmountFen - funds[e.Data.Grant].reversed
				}
			}
			yes := map[bool]string{true: "yes"}
			announced, paid := plainAhead(es, fiscalYear)
			rows = append(rows, fmt.Sprintf("%d|%s|%d|%d|%s|%s|%s|%s|%s|%s|%s|%s|%d|%d|%s|%d|%d", fiscalYear, center,
				m.available, m.executed, m.rate(), yes[low],
				state, decideBy, deferred.On, deferred.Doc, released.On, released.Doc, held, sum,
				strings.Join(made, " "), announced, paid))
		}
	}
	return rows
}
