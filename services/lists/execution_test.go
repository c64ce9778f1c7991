package lists_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/table"
)

// expectedSums returns the sums of the expected answers of all centers, by year and scope, in the order of the
// columns.
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

// columnAt returns the index of a column.
func columnAt(t *testing.T, of *table.Table, name string) int {
	t.Helper()
	i := slices.IndexFunc(of.Columns, func(c table.Column) bool { return c.Name == name })
	if i < 0 {
		t.Fatalf("there is no column %s", name)
	}
	return i
}

func TestTheTotalsOfExecutionAreTheSumsOfTheCenters(t *testing.T) {
	d := historyDesk(t, provincePath(t))
	sums := expectedSums(t)
	for key, want := range sums {
		year, scope, _ := strings.Cut(key, " ")
		for _, by := range []string{"center", "region", "industry"} {
			_, table := answered(t, d, "execution",
				fmt.Sprintf("on=2025-12-31;year=%s;scope=%s;by=%s", year, scope, by))
			if len(table.Totals) != 1 || len(table.Totals[0]) != len(table.Columns) ||
				table.Totals[0][0].Shown.Zh != "合计" {
				t.Fatalf("%s by %s: the totals are %v", key, by, table.Totals)
			}
			first := columnAt(t, table, "grantedFen")
			for i, fen := range want {
				if got := table.Totals[0][first+i].Data; got != fen {
					t.Errorf("%s by %s: the total of %s is %v, want %d", key, by,
						table.Columns[first+i].Name, got, fen)
				}
			}
		}
	}
	_, table := answered(t, d, "execution", "on=2025-12-31")
	if len(table.Totals) != len(sums) {
		t.Fatalf("of several scopes there are several totals: %v", table.Totals)
	}
	for _, row := range table.Totals {
		key := fmt.Sprint(row[1].Data, " ", row[2].Data)
		if row[0].Shown.En != "total" || sums[key] == nil {
			t.Errorf("a total of %s", key)
		}
		for i, want := range sums[key] {
			if row[3+i].Data != want {
				t.Errorf("the total of %s %s is %v, want %d", table.Columns[3+i].Name, key, row[3+i].Data, want)
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
		available, rate := columnAt(t, table, "availableFen"), columnAt(t, table, "ratePercent")
		for _, row := range table.Totals {
			hasRate := row[rate].Data != nil
			if told[hasRate]++; hasRate == (row[available].Data == events.Fen(0)) {
				t.Errorf("as of %s: available %v, rate %v", on, row[available].Data, row[rate].Data)
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
		if sum == 0 || table.Totals[0][i].Data != sum {
			t.Errorf("the total of %s is %v, want %d", table.Columns[i].Title.En, table.Totals[0][i].Data, sum)
		}
	}
}
