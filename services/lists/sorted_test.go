package lists_test

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/lists"
)

// numberIn returns the number in a column of a row, and another one if there is none.
func numberIn(t *testing.T, row map[string]string, column string, none float64) float64 {
	t.Helper()
	if row[column] == "" {
		return none
	}
	n, err := strconv.ParseFloat(row[column], 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestASortedListHasTheSameRowsInTheOrderThatIsAskedFor(t *testing.T) {
	d := historyDesk(t, provincePath(t))
	severities := map[string]float64{"red": 1, "yellow": 2, "blue": 3}
	day := func(row map[string]string) float64 {
		return float64(events.MustDate(row["raisedOn"]))
	}
	for asked, keys := range map[string]func(row map[string]string) []float64{
		"execution;sort=rate": func(row map[string]string) []float64 {
			return []float64{numberIn(t, row, "ratePercent", 1e18)}
		},
		"execution;sort=rate;by=city;year=2025;scope=province": func(row map[string]string) []float64 {
			return []float64{numberIn(t, row, "ratePercent", 1e18)}
		},
		"execution;sort=balance": func(row map[string]string) []float64 {
			return []float64{-numberIn(t, row, "balanceFen", 0)}
		},
		"execution;sort=balance;by=industry": func(row map[string]string) []float64 {
			return []float64{-numberIn(t, row, "balanceFen", 0)}
		},
		"alerts;sort=severity;all=true": func(row map[string]string) []float64 {
			return []float64{severities[row["severity"]], day(row)}
		},
		"alerts;sort=oldest": func(row map[string]string) []float64 { return []float64{day(row)} },
		"centers;sort=alerts": func(row map[string]string) []float64 {
			return []float64{-numberIn(t, row, "red", 0), -numberIn(t, row, "yellow", 0), -numberIn(t, row, "blue", 0)}
		},
	} {
		list, params, _ := strings.Cut(asked, ";")
		order, rest, _ := strings.Cut(params, ";")
		want, plain := answered(t, d, list, rest)
		slices.SortStableFunc(want, func(a, b map[string]string) int { return slices.Compare(keys(a), keys(b)) })
		got, sorted := answered(t, d, list, order+";"+rest)
		if len(got) < 5 || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %d rows, not those in the order of the centers, sorted (%d rows)", asked,
				len(got), len(want))
		}
		if fmt.Sprint(sorted.Title, sorted.Totals, sorted.Notes) != fmt.Sprint(plain.Title, plain.Totals,
			plain.Notes) {
			t.Errorf("%s has another title, other totals or other notes", asked)
		}
	}
}

func TestTheMoneyOfACityIsThatOfItsRegions(t *testing.T) {
	d := historyDesk(t, provincePath(t))
	sums, names := map[string]events.Fen{}, map[string]string{}
	add := func(column string, sign events.Fen) {
		_, answer := answered(t, d, "execution", "by="+column)
		at := columnAt(t, answer, "executedFen")
		for _, row := range answer.Rows {
			city := row[0].Data.(string)[:4]
			sums[fmt.Sprint(city, row[2].Data, row[3].Data)] += sign * row[at].Data.(events.Fen)
			if name := row[1].Data.(string); column == "city" {
				names[city] = name
			} else if !strings.HasPrefix(name, names[city]) {
				t.Errorf("%s is not in the city %s", name, names[city])
			}
		}
	}
	add("city", 1)
	add("region", -1)
	for line, rest := range sums {
		if rest != 0 {
			t.Errorf("%s: the city differs from the sum of its regions by %d fen", line, rest)
		}
	}
	if names["3301"] != "杭州市" || len(names) < 5 {
		t.Errorf("the cities are %v", names)
	}
}

func TestTheMoneyOfOneCenterIsItsRowsOfTheListOfAll(t *testing.T) {
	d := historyDesk(t, provincePath(t))
	all, _ := answered(t, d, "execution", "")
	center := all[len(all)/2]["center"]
	want := slices.DeleteFunc(all, func(row map[string]string) bool { return row["center"] != center })
	got, answer := answered(t, d, "execution", "center="+strings.ToLower(center))
	if len(got) == 0 || !reflect.DeepEqual(got, want) || answer.Totals != nil {
		t.Errorf("got %v with the totals %v, want %v", got, answer.Totals, want)
	}
	q := lists.Question{List: "execution", On: historyEnd, Params: map[string]string{"center": "ZJ-9999"}}
	if _, err := d.Ask(t.Context(), q); err == nil || !strings.Contains(err.Error(), "ZJ-9999") {
		t.Errorf("of a center that is not there: %v", err)
	}
}

func TestACenterHasTheNameOfTheDateAndAsKnown(t *testing.T) {
	d := historyDesk(t, historyFile(t,
		append(funded("ZJ-0001"), spentLine("ZJ-0001", "V1", "2025-04-01", "乙", 100, "样机"))...))
	account := ledger.Writer{Name: "importer", MayRecord: true}
	rename := func(on, name string) (before ledger.Point) {
		before.Position = d.Register.Position()
		recordLine(t, d, historyLine(name, "ZJ-0001",
			fmt.Sprintf(`"kind":"facts.changed","on":"%s","by":{"role":"center","actor":"c-1"},"data":{"name":"%s"}`,
				on, name)), account)
		return before
	}
	first := d.Register.Facts("ZJ-0001", historyEnd).Name
	check := func(d *lists.Books, on, want string) {
		t.Helper()
		for _, list := range []string{"centers", "execution", "alerts", "execution sort=rate", "alerts sort=oldest"} {
			list, params, _ := strings.Cut(list, " ")
			rows, _ := answered(t, d, list, params+";on="+on)
			if len(rows) == 0 {
				t.Fatalf("%s as of %s has no rows", list, on)
			}
			for _, row := range rows {
				if row["name"] != want {
					t.Errorf("%s as of %s: the center is called %s, want %s", list, on, row["name"], want)
				}
			}
		}
	}
	before := rename("2025-09-01", "乙中心")
	check(d, "2025-08-31", first)
	check(d, "2025-09-01", "乙中心")
	between := rename("2025-07-01", "甲二中心") // recorded later, of an earlier day
	check(d, "2025-08-31", "甲二中心")
	check(d, "2025-09-01", "乙中心")
	for point, want := range map[ledger.Point]string{before: first, between: "乙中心"} {
		known, err := d.Ledger.KnownAt(t.Context(), point)
		if err != nil {
			t.Fatal(err)
		}
		check(&lists.Books{Ledger: d.Ledger, Register: known, Root: d.Root}, "2025-10-31", want)
	}
}
