package naive_test

import (
	"bufio"
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/naive"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

const testdata = "../testdata"

func TestEveryLineOfTheExpectedAnswersIsReproduced(t *testing.T) {
	for _, data := range []struct {
		history string
		answers map[string]string // folder → as of
	}{
		{"edges/history.jsonl", map[string]string{
			"edges/expected": "2026-10-31", "edges/expected-2025-06-30": "2025-06-30",
			"edges/expected-2024-06-30": "2024-06-30"}},
		{"ahead/history.jsonl", map[string]string{
			"ahead/expected": "2026-10-31", "ahead/expected-2025-06-30": "2025-06-30"}},
		{"zhejiang-2026/history.jsonl.gz", map[string]string{
			"zhejiang-2026/expected-2026-08-31": "2026-08-31", "zhejiang-2026/expected-2025-12-31": "2025-12-31"}},
	} {
		histories := readHistories(t, filepath.Join(testdata, data.history))
		for folder, on := range data.answers {
			t.Run(folder, func(t *testing.T) {
				alerts, executions, centers := answer(histories, events.MustDate(on))
				compare(t, filepath.Join(testdata, folder, "alerts.csv"), alerts)
				compare(t, filepath.Join(testdata, folder, "execution.csv"), executions)
				compare(t, filepath.Join(testdata, folder, "centers.csv"), centers)
			})
		}
	}
}

// readHistories reads the records of a JSON Lines file by center, with the places that importing them gives.
func readHistories(t *testing.T, path string) map[events.CenterID][]events.Recorded {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var text io.Reader = file
	if strings.HasSuffix(path, ".gz") {
		if text, err = gzip.NewReader(file); err != nil {
			t.Fatal(err)
		}
	}
	histories := map[events.CenterID][]events.Recorded{}
	lines := bufio.NewScanner(text)
	lines.Buffer(nil, events.RecordBytesMax)
	for position := uint64(1); lines.Scan(); position++ {
		record, problems := events.DecodeRecord(lines.Bytes())
		if len(problems) > 0 {
			t.Fatalf("%s:%d: %v", path, position, problems)
		}
		history := histories[record.Center]
		histories[record.Center] = append(history,
			events.Recorded{Record: *record, Revision: uint64(len(history) + 1), Position: position})
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return histories
}

func answer(histories map[events.CenterID][]events.Recorded, on events.Date) (alerts, executions, centers []string) {
	timeline := policy.Timeline{}.With(policy.Builtin())
	for _, id := range slices.Sorted(maps.Keys(histories)) {
		e := naive.Evaluate(histories[id], timeline, on)
		if e.Status != "" {
			centers = append(centers, fmt.Sprintf("%s,%s,%d", id, e.Status, e.Events))
		}
		for _, x := range e.Executions {
			executions = append(executions,
				fmt.Sprintf("%s,%d,%s,%d,%d,%d,%d,%d,%d,%d,%d,%s,%s", id, x.Year, x.Scope, x.GrantedFen,
					x.CarriedInFen, x.ReceivedFen, x.AvailableFen(), x.SpentAllFen, x.IneligibleFen, x.ExecutedFen(),
					x.BalanceFen(),
					percent(x.Money), map[bool]string{true: "yes"}[x.Low]))
		}
		for _, a := range e.Alerts {
			alerts = append(alerts, fmt.Sprintf("%s,%s,%s,%s,%s,%s", id, a.Code, a.Key, a.Severity, a.RaisedOn,
				a.ClearedOn))
		}
	}
	return alerts, executions, centers
}

// percent returns the rate with two decimals, rounded half away from zero.
func percent(m aggregates.Money) string {
	if m.AvailableFen() <= 0 {
		return ""
	}
	hundredths := new(big.Rat).SetFrac64(int64(m.ExecutedFen()), int64(m.AvailableFen()))
	return hundredths.Mul(hundredths, big.NewRat(100, 1)).FloatString(2)
}

// compare reports the expected lines of a file that are missing in the answers, and the answers that are not in the
// file.
func compare(t *testing.T, path string, got []string) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, row := range rows[1:] {
		want = append(want, strings.Join(row, ","))
	}
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("%s: missing  %s", path, line)
		}
	}
	for _, line := range got {
		if !slices.Contains(want, line) {
			t.Errorf("%s: too much %s", path, line)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%s: %d lines answered, want %d", path, len(got), len(want))
	}
}

func TestAnEvaluationInStepsEndsWhenItIsTold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := tell(t, onlyTheDraft)
		on, all := events.MustDate("2028-12-31"), 0
		naive.EvaluateInSteps(s.log, s.timeline, on, func() bool { all++; return true })
		if all < len(s.log) {
			t.Fatalf("%d steps of %d events", all, len(s.log))
		}
		end, taken := rapid.IntRange(1, all).Draw(t, "end"), 0
		e := naive.EvaluateInSteps(s.log, s.timeline, on, func() bool { taken++; return taken < end })
		if e != nil || taken > end+20 || end <= len(s.log) && taken != end { // each year asks once more
			t.Fatalf("told to end at step %d of %d, it took %d", end, all, taken)
		}
	})
}
