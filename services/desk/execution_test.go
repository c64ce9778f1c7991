package desk_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/events"
)

// expectedSums adds up the right answers, of all centers, by year and scope, in the order of the columns of amounts.
func expectedSums(t *testing.T) map[string][]events.Fen {
	t.Helper()
	f, err := os.Open("../../aggregates/testdata/zhejiang-2026/expected-2025-12-31/execution.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	sums := map[string][]events.Fen{}
	for _, row := range rows[1:] {
		key := row[1] + " " + row[2]
		if sums[key] == nil {
			sums[key] = make([]events.Fen, 8)
		}
		for i := range sums[key] {
			n, err := strconv.ParseInt(row[3+i], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			sums[key][i] += events.Fen(n)
		}
	}
	return sums
}

func TestTheTotalsOfExecutionAreTheSumsOfTheCenters(t *testing.T) {
	d := historyDesk(t, provincePath(t))
	sums := expectedSums(t)
	for key, want := range sums {
		year, scope, _ := strings.Cut(key, " ")
		for _, by := range []string{"center", "region", "industry"} {
			_, table := answered(t, d, "execution", fmt.Sprintf("on=2025-12-31;year=%s;scope=%s;by=%s", year, scope, by))
			if table.Totals == nil || len(table.Totals) != len(table.Columns) || table.Totals[0].Shown.Zh != "合计" {
				t.Fatalf("%s by %s: the totals are %v", key, by, table.Totals)
			}
			first := len(table.Columns) - 10
			for i, fen := range want {
				if got := table.Totals[first+i].Data; got != fen {
					t.Errorf("%s by %s: the total of %s is %v, want %d", key, by, table.Columns[first+i].Name, got, fen)
				}
			}
		}
	}
	_, table := answered(t, d, "execution", "on=2025-12-31")
	if table.Totals != nil || len(table.Notes) != len(sums) {
		t.Fatalf("of several scopes there is no one total: %v, %v", table.Totals, table.Notes)
	}
	for _, note := range table.Notes {
		key := strings.TrimPrefix(strings.Split(note.En, ":")[0], "total ")
		for i, name := range []string{"granted", "carried in", "received", "available", "spent", "ineligible", "executed", "balance"} {
			if want := name + " " + events.FormatYuan(sums[key][i]); !strings.Contains(note.En+",", want+",") {
				t.Errorf("%q does not say %q", note.En, want)
			}
		}
	}
	if _, table := answered(t, d, "execution", "on=2025-12-31;by=total"); table.Totals != nil || table.Notes != nil {
		t.Error("the totals have totals")
	}
}

func TestATotalOfExecutionHasARateIfMoneyWasAvailable(t *testing.T) {
	d := historyDesk(t, provincePath(t))
	told := map[bool]int{}
	for _, on := range []string{"2025-06-30", "2025-12-31"} {
		_, table := answered(t, d, "execution", "on="+on)
		for _, note := range table.Notes {
			hasRate := strings.Contains(note.En, ", rate ") && strings.Contains(note.Zh, "，执行率 ") && strings.HasSuffix(note.Zh, "%")
			if told[hasRate]++; hasRate == strings.Contains(note.En, "available 0.00") || strings.Contains(note.En, "–") {
				t.Errorf("as of %s: %q, %q", on, note.En, note.Zh)
			}
		}
	}
	if told[true] == 0 || told[false] == 0 {
		t.Errorf("with and without a rate: %v", told)
	}
}

func TestTheTotalsOfTheCentersAreTheirSums(t *testing.T) {
	d := historyDesk(t, provincePath(t))
	_, table := answered(t, d, "centers", "")
	for _, i := range []int{2, 3, 4, 5} {
		var sum int64
		for _, row := range table.Rows {
			sum += row[i].Data.(int64)
		}
		if sum == 0 || table.Totals[i].Data != sum {
			t.Errorf("the total of %s is %v, want %d", table.Columns[i].Title.En, table.Totals[i].Data, sum)
		}
	}
}
