package aggregates_test

import (
	"bufio"
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
)

// histories lists the histories under testdata, which have their expected answers beside them; see the README there.
var histories = []struct {
	file    string
	answers map[string]string // folder by date
}{
	{"zhejiang-2026/history.jsonl.gz",
		map[string]string{"2025-12-31": "expected-2025-12-31", "2026-08-31": "expected-2026-08-31"}},
	{"edges/history.jsonl", map[string]string{"2024-06-30": "expected-2024-06-30", "2025-06-30": "expected-2025-06-30",
		"2026-10-31": "expected"}},
	{"ahead/history.jsonl", map[string]string{"2025-06-30": "expected-2025-06-30", "2026-10-31": "expected"}},
}

func TestAnswersEqualTheExpectedOnesLineByLine(t *testing.T) {
	for _, h := range histories {
		centers := readHistory(t, h.file)
		for day, folder := range h.answers {
			t.Run(filepath.Dir(h.file)+" as of "+day, func(t *testing.T) {
				var alerts, executions, statuses []string
				for _, id := range slices.Sorted(maps.Keys(centers)) {
					e := centers[id].Evaluate(draft, date(day))
					if e.Status == "" {
						continue
					}
					statuses = append(statuses, fmt.Sprintf("%s,%s,%d", id, e.Status, e.Events))
					for _, a := range e.Alerts {
						alerts = append(alerts, fmt.Sprintf("%s,%s,%s,%s,%s,%s", id, a.Code, a.Key, a.Severity,
							a.RaisedOn, a.ClearedOn))
					}
					for _, x := range e.Executions {
						executions = append(executions, executionLine(id, x))
					}
				}
				folder := filepath.Join(filepath.Dir(h.file), folder)
				sameLines(t, filepath.Join(folder, "alerts.csv"), alerts)
				sameLines(t, filepath.Join(folder, "execution.csv"), executions)
				sameLines(t, filepath.Join(folder, "centers.csv"), statuses)
			})
		}
	}
}

func executionLine(id events.CenterID, x aggregates.Execution) string {
	low := ""
	if x.Low {
		low = "yes"
	}
	return fmt.Sprintf("%s,%d,%s,%d,%d,%d,%d,%d,%d,%d,%d,%s,%s", id, x.Year, x.Scope, x.GrantedFen, x.CarriedInFen,
		x.ReceivedFen, x.AvailableFen(),
		x.SpentAllFen, x.IneligibleFen, x.ExecutedFen(), x.BalanceFen(), x.RatePercent(), low)
}

func TestAttemptsAreAnsweredAsExpected(t *testing.T) {
	centers := readHistory(t, "zhejiang-2026/history.jsonl.gz")
	want := map[string]string{}
	for _, row := range readCSV(t, "zhejiang-2026/attempts-expected.csv") {
		want[row[0]] = row[1]
	}
	answered := 0
	readLines(t, "zhejiang-2026/attempts.jsonl", func(line []byte) {
		r, problems := events.DecodeRecord(line)
		got, why := "accepted", fmt.Sprint(problems)
		if len(problems) > 0 {
			got = "refused"
		} else if v := centers[r.Center].Judge(r, draft); v.Refused(r.Mode) {
			got, why = "refused", fmt.Sprint(v.Against(r.Mode))
		}
		if got != want[r.ID.String()] {
			t.Errorf("%s is %s, want %s: %s", line, got, want[r.ID.String()], why)
		}
		answered++
	})
	if answered != len(want) {
		t.Errorf("%d attempts, %d answers", answered, len(want))
	}
}

// readHistory returns the centers of a history whose records must all be accepted.
func readHistory(t *testing.T, file string) map[events.CenterID]*aggregates.Center {
	t.Helper()
	centers := map[events.CenterID]*aggregates.Center{}
	var position uint64
	readLines(t, file, func(line []byte) {
		r, problems := events.DecodeRecord(line)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		c := centers[r.Center]
		if c == nil {
			c = aggregates.NewCenter(r.Center)
			centers[r.Center] = c
		}
		if v := c.Judge(r, draft); v.Refused(r.Mode) {
			t.Fatalf("%s: %v", line, v.Against(r.Mode))
		}
		position++
		if err := c.Apply(&events.Recorded{Record: *r, Revision: c.Revision() + 1, Position: position}); err != nil {
			t.Fatal(err)
		}
	})
	return centers
}

func readLines(t testing.TB, file string, each func(line []byte)) {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var from io.Reader = f
	if strings.HasSuffix(file, ".gz") {
		if from, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 2*events.RecordBytesMax)
	for lines.Scan() {
		each(lines.Bytes())
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

// readCSV returns the rows after the heading.
func readCSV(t *testing.T, file string) [][]string {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows[1:]
}

func sameLines(t *testing.T, file string, got []string) {
	t.Helper()
	var want []string
	for _, row := range readCSV(t, file) {
		want = append(want, strings.Join(row, ","))
	}
	if slices.Equal(got, want) {
		return
	}
	for _, line := range got {
		if !slices.Contains(want, line) {
			t.Errorf("%s: not expected: %s", file, line)
		}
	}
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("%s: missing: %s", file, line)
		}
	}
	if !t.Failed() {
		t.Errorf("%s: the same lines in another order", file)
	}
}
