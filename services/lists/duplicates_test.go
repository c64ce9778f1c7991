package lists_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/lists"
)

func TestDuplicatesAreGroupedByPayeeAmountAndDays(t *testing.T) {
	lines := append(funded("ZJ-0001"), funded("ZJ-0002")...)
	spent := func(center, voucher, on, payee string, yuan int) {
		lines = append(lines, spentLine(center, voucher, on, payee, 100*yuan, ""))
	}
	spent("ZJ-0001", "A1", "2025-06-01", "乙公司(杭州)", 10)
	spent("ZJ-0001", "A2", "2025-06-08", "乙公\u200b司（杭州）\u202c", 10) // the same payee, written otherwise
	spent("ZJ-0001", "A3", "2025-06-15", "乙公司〔杭州〕", 10)
	spent("ZJ-0001", "A4", "2025-06-23", "乙公司(杭州)", 10) // a day too late
	spent("ZJ-0001", "B1", "2025-06-01", "ABC", 500)
	spent("ZJ-0001", "B2", "2025-06-01", "ａｂｃ", 500)
	spent("ZJ-0002", "B1", "2025-06-02", "abc", 500)
	spent("ZJ-0001", "C1", "2025-06-01", "丙", 7000)
	spent("ZJ-0001", "C2", "2025-06-02", "丙", 7000) // reversed
	spent("ZJ-0001", "C3", "2025-06-08", "丙", 7000)
	spent("ZJ-0001", "D1", "2025-06-01", "丁", 8000)
	spent("ZJ-0001", "D2", "2025-06-02", "丁", 8000) // voided
	spent("ZJ-0001", "E1", "2025-06-01", "戊", 9000)
	spent("ZJ-0001", "E2", "2025-06-02", "戊", 9001)
	spent("ZJ-0002", "F1", "2025-06-02", "己", 20)
	spent("ZJ-0002", "F2", "2025-06-03", "己", 20) // its reversal is voided
	lines = append(lines, reversedLine("ZJ-0001", "C2", "2025-06-20"), voidedLine("ZJ-0001", "ZJ-0001D2"),
		reversedLine("ZJ-0002", "F2", "2025-06-20"), voidedLine("ZJ-0002", "ZJ-0002R-F2"))
	d := historyDesk(t, historyFile(t, lines...))
	for params, want := range map[string]string{
		"":                "1: C1 C3, 2: B1 B2, 3: A1 A2 A3, 4: F1 F2",
		"days=6":          "1: B1 B2, 2: F1 F2",
		"days=8":          "1: C1 C3, 2: B1 B2, 3: A1 A2 A3 A4, 4: F1 F2",
		"days=1000000000": "1: C1 C3, 2: B1 B2, 3: A1 A2 A3 A4, 4: F1 F2",
		"across=true":     "1: C1 C3, 2: B1 B2 B1, 3: A1 A2 A3, 4: F1 F2",
		"center=ZJ-0002":  "1: F1 F2",
		"center=ｚｊ–0002":  "1: F1 F2",
		"on=2025-06-10":   "1: C1 C2 C3, 2: B1 B2, 3: F1 F2, 4: A1 A2", // the reversal is not yet
		"on=2025-05-31":   "",
	} {
		rows, _ := answered(t, d, "duplicates", params)
		var got []string
		for i, r := range rows {
			if i == 0 || rows[i-1]["group"] != r["group"] {
				got = append(got, r["group"]+":")
			}
			got[len(got)-1] += " " + r["voucher"]
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("duplicates %s: %q, want %q", params, strings.Join(got, ", "), want)
		}
	}
}

func TestDuplicatesAreThoseOfALoopOverTheRecords(t *testing.T) {
	t.Parallel()
	d := historyDesk(t, edgesPath)
	list := plainRecords(t, edgesPath)
	voided, reversed := plainVoided(list), map[string]bool{}
	for _, r := range list {
		if r.Kind == "spending.reversed" && r.On <= historyEnd.String() && !voided[r.Center+" "+r.ID] {
			reversed[r.Center+" "+r.Data["voucher"].(string)] = true
		}
	}
	var vouchers []plainRecord
	for _, r := range list {
		if r.Kind == "funds.spent" && r.On <= historyEnd.String() && !voided[r.Center+" "+r.ID] &&
			!reversed[r.Center+" "+r.Data["voucher"].(string)] {
			vouchers = append(vouchers, r)
		}
	}
	for _, across := range []bool{false, true} {
		for _, days := range []events.Date{1, 7, 30} {
			var want []string // a voucher is in a group if another is near it
			for i, a := range vouchers {
				aFen, _ := a.amount()
				lines := a.Data["lines"].([]any)
				for k, line := range lines { // and for each of its lines that is there again
					if slices.ContainsFunc(slices.Concat(lines[:k], lines[k+1:]),
						func(other any) bool { return reflect.DeepEqual(line, other) }) {
						want = append(want, a.Center+" "+a.ID)
					}
				}
				for j, b := range vouchers {
					bFen, _ := b.amount()
					apart := events.MustDate(a.On) - events.MustDate(b.On)
					if i != j && aFen == bFen && (across || a.Center == b.Center) &&
						plainFold(a.Data["payee"].(string)) == plainFold(b.Data["payee"].(string)) && -days <= apart &&
						apart <= days {
						want = append(want, a.Center+" "+a.ID)
						break
					}
				}
			}
			params := fmt.Sprintf("days=%d", days)
			if across {
				params += ";across=true"
			}
			rows, _ := answered(t, d, "duplicates", params)
			var got []string
			for _, r := range rows {
				got = append(got, r["center"]+" "+r["id"])
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) || len(want) == 0 {
				t.Errorf("duplicates %s: %d vouchers, a loop finds %d", params, len(got), len(want))
			}
		}
	}
}

// A row that was copied twice within a voucher is a group of its own: the second line is what would be lost.
func TestDuplicatesListsEqualLinesOfAVoucher(t *testing.T) {
	lines := funded("ZJ-0001")
	one := spentLine("ZJ-0001", "A1", "2025-06-01", "甲", 500, "")
	lines = append(lines, strings.Replace(one, `"lines":[`,
		`"lines":[{"grant":"G1","amountFen":500},{"grant":"G1","amountFen":400},`, 1),
		spentLine("ZJ-0001", "A2", "2025-06-01", "乙", 500, ""),
		strings.Replace(spentLine("ZJ-0001", "A3", "2025-06-01", "丙", 500, ""), `"lines":[`,
			`"lines":[{"grant":"G1","amountFen":500},`, 1), reversedLine("ZJ-0001", "A3", "2025-06-20"))
	d := historyDesk(t, historyFile(t, lines...))
	rows, notes := answered(t, d, "duplicates", "")
	var got []string
	for _, r := range rows {
		got = append(got, r["group"]+" "+r["voucher"]+" "+r["amountFen"])
	}
	if want := []string{"1 A1 500", "1 A1 500"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q; %v", got, want, notes)
	}
}

func TestDuplicatesRefusesWhatCannotBe(t *testing.T) {
	d := historyDesk(t, historyFile(t, funded("ZJ-0001")...))
	for _, params := range []map[string]string{
		{"days": "0"}, {"days": "week"}, {"across": "true", "center": "ZJ-0001"}} {
		var bad *text.Error
		if _, err := d.Ask(t.Context(), lists.Question{
			List: "duplicates", On: historyEnd, Params: params}); !errors.As(err, &bad) || bad.Text().Zh == "" {
			t.Errorf("%v: %v", params, err)
		}
	}
}
