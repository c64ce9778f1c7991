package ledger_test

import (
	"fmt"
	"testing"

	"github.com/taizhang/taizhang/aggregates/difference"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/ledger"
)

// The effect of a record is the same whether it is tried, shown in the story of its center, or found between two
// points.
func TestOneAnswerToWhatARecordMoved(t *testing.T) {
	const yearEnd = `"kind":"funds.spent","on":"2025-12-31","by":{"role":"center","actor":"c-1"},"data":{"voucher":"V8","payee":"乙","use":"pilot","lines":[{"grant":"G1","amountFen":1000}],"summary":"中试"}`
	on := events.MustDate("2025-12-31")
	for name, tail := range map[string]string{
		"a listing that is over": `"kind":"credit.listed","on":"2025-02-01","by":{"role":"st-office","actor":"s-1"},"data":{"listing":"L1","list":"dishonesty","until":"2025-03-01"}`,
		"a listing that is not":  `"kind":"credit.listed","on":"2025-02-01","by":{"role":"st-office","actor":"s-1"},"data":{"listing":"L1","list":"dishonesty"}`,
		"a payment":              spent,
		"a fine":                 fined,
		"a voiding":              `"kind":"entry.voided","on":"2025-12-31","by":{"role":"center","actor":"c-1"},"data":{"event":"` + idOf("V8").String() + `","reason":"错"}`,
	} {
		t.Run(name, func(t *testing.T) {
			l, _ := newLedger(t)
			write(t, l, "registered", registered)
			write(t, l, "granted", granted)
			write(t, l, "received", received)
			write(t, l, "V8", yearEnd)
			tried, err := l.Try(t.Context(), record(t, name, tail), importer, on)
			if err != nil {
				t.Fatal(err)
			}
			result := write(t, l, name, tail)
			var told difference.Difference
			if _, err := l.Story(t.Context(), "ZJ-0001", on, ledger.Point{}, func(c *projections.Chapter) error {
				told = c.Moved
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			found, err := l.Register().Changes(t.Context(), "ZJ-0001", on, l.Register().Timeline(),
				[]projections.Later{{Position: result.Position, ID: idOf(name)}}, result.Revision)
			if err != nil {
				t.Fatal(err)
			}
			if want := moves(tried.Moved.Alerts); want == "" && len(tried.Moved.Money) == 0 ||
				moves(told.Alerts) != want || moves(found.Alerts) != want {
				t.Errorf("tried %s\ntold  %s\nfound %s", want, moves(told.Alerts), moves(found.Alerts))
			}
			if want := fmt.Sprint(tried.Moved.Money); fmt.Sprint(told.Money) != want ||
				fmt.Sprint(found.Money) != want {
				t.Errorf("money: tried %v\ntold  %v\nfound %v", want, told.Money, found.Money)
			}
		})
	}
}

func moves(list []difference.MovedAlert) (s string) {
	for _, m := range list {
		s += fmt.Sprint(m.Either(), m.Raised(), m.Cleared(), m.Withdrawn(), "; ")
	}
	return s
}
