package main

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// taizhang runs the program within the test.
func taizhang(t *testing.T, args ...string) (out, errOut string, code int) {
	t.Helper()
	var o, e bytes.Buffer
	a := newApp(args, &o, &e, func(string) string { return "" })
	a.prefix, a.patience, a.reachesIn = streamPrefix, patience, reachesInTest
	root := a.root()
	root.SetArgs(args)
	code = a.exitCode(t.Context(), root.ExecuteContext(t.Context()))
	return o.String(), e.String(), code
}

func mustRun(t *testing.T, args ...string) string {
	t.Helper()
	out, errOut, code := taizhang(t, args...)
	if code != 0 || errOut != "" {
		t.Fatalf("taizhang %s: exit %d\n%s", strings.Join(args, " "), code, errOut)
	}
	return out
}

// history returns the path of a history under testdata, unpacked if needed.
func history(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join("..", "..", "aggregates", "testdata", name, "history.jsonl")
	packed, err := os.Open(path + ".gz")
	if os.IsNotExist(err) {
		return path
	}
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	z, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "history.jsonl")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(f, z); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTheHistoriesGiveTheRightAnswersOnEveryDate(t *testing.T) {
	t.Parallel()
	for _, h := range []struct {
		name  string
		dates map[string]string // folder of the answers by date
	}{
		{"edges", map[string]string{"2024-06-30": "expected-2024-06-30", "2025-06-30": "expected-2025-06-30",
			"2026-10-31": "expected"}},
		{"ahead", map[string]string{"2025-06-30": "expected-2025-06-30", "2026-10-31": "expected"}},
		{"zhejiang-2026", map[string]string{"2025-12-31": "expected-2025-12-31", "2026-08-31": "expected-2026-08-31"}},
	} {
		if underRace && h.name == "zhejiang-2026" {
			continue // TestTheProvinceWithItsVoucherSheetGivesTheRightAnswers has it too
		}
		dir := t.TempDir()
		mustRun(t, "--data", dir, "import", history(t, h.name))
		for on, folder := range h.dates {
			for _, verb := range []string{"alerts --all", "execution", "centers"} {
				args := append([]string{"--data", dir, "--as-of", on, "--output", "csv"}, strings.Fields(verb)...)
				name := filepath.Join("..", "..", "aggregates", "testdata", h.name, folder,
					strings.Fields(verb)[0]+".csv")
				want, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				got, errOut, code := taizhang(t, args...)
				if code != 0 || !laterRecords.MatchString(errOut) {
					t.Fatalf("taizhang %s: exit %d\n%s", strings.Join(args, " "), code, errOut)
				}
				compareLines(t, name, ownColumns(t, got, string(want)), string(want))
			}
		}
		if h.name == "zhejiang-2026" {
			t.Run("the attempts are answered as expected", func(t *testing.T) { attempts(t, dir) })
		}
	}
}

// laterRecords matches the notes on records after the date and on money granted ahead.
var laterRecords = regexp.MustCompile(
	`^(The year [0-9]+ has not begun; [^\n]*\n)*(Records dated after [0-9-]+, which are not counted here: [0-9]+\.\n)?$`)

// ownColumns leaves out the columns of a table that follow those of another.
func ownColumns(t *testing.T, got, want string) string {
	t.Helper()
	columns := len(rows(t, want)[0])
	var b strings.Builder
	w := csv.NewWriter(&b)
	for _, row := range rows(t, got) {
		_ = w.Write(row[:columns]) // a builder takes all
	}
	w.Flush()
	return b.String()
}

// compareLines reports the first line that differs.
func compareLines(t *testing.T, name, got, want string) {
	t.Helper()
	g, w := strings.Split(got, "\n"), strings.Split(strings.ReplaceAll(want, "\r\n", "\n"), "\n")
	for i := range max(len(g), len(w)) {
		switch {
		case i >= len(g):
			t.Errorf("%s: line %d: want %q, got nothing", name, i+1, w[i])
		case i >= len(w):
			t.Errorf("%s: line %d: want nothing, got %q", name, i+1, g[i])
		case g[i] != w[i]:
			t.Errorf("%s: line %d: want %q, got %q", name, i+1, w[i], g[i])
		default:
			continue
		}
		return
	}
}

// attempts tries 300 single records, each alone, on top of the province in dir.
func attempts(t *testing.T, dir string) {
	folder := filepath.Join("..", "..", "aggregates", "testdata", "zhejiang-2026")
	out, errOut, code := taizhang(t, "--data", dir, "--output", "csv", "--as-of", "2026-10-31", "try",
		filepath.Join(folder, "attempts.jsonl"))
	if code != 1 || errOut != "" { // some are refused
		t.Fatalf("exit %d\n%s", code, errOut)
	}
	got := rows(t, out)
	text, err := os.ReadFile(filepath.Join(folder, "attempts-expected.csv"))
	if err != nil {
		t.Fatal(err)
	}
	want := rows(t, string(text))
	if len(got) != len(want) || len(want) != 301 {
		t.Fatalf("%d answers, %d expected", len(got), len(want))
	}
	for i := range want[1:] {
		g, w := got[i+1], want[i+1]
		if g[0] != w[0] || g[1] != w[1] {
			t.Errorf("%s: %s is %s (%s %s), expected %s", w[0], g[0], g[1], g[2], g[3], w[1])
		}
		if g[1] == "refused" && g[3] == "" {
			t.Errorf("%s is refused without a reason", g[0])
		}
	}
}

func rows(t *testing.T, text string) [][]string {
	t.Helper()
	list, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return list
}
