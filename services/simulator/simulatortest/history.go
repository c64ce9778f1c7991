// Package simulatortest writes simulated histories to files, for tests and benchmarks.
package simulatortest

import (
	"bufio"
	"os"
	"testing"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/simulator"
)

// History writes the first records of a simulated province to a new file, one a line.
func History(t testing.TB, path string, cfg simulator.Scenario, records int) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, count := bufio.NewWriter(f), 0
	for rec, err := range simulator.Records(cfg) {
		if err != nil {
			t.Fatal(err)
		}
		line, err := events.EncodeRecord(rec)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(append(line, '\n')); err != nil {
			t.Fatal(err)
		}
		if count++; count == records {
			break
		}
	}
	if err := w.Flush(); err != nil || count < records {
		t.Fatalf("simulated %d records of %d, %v", count, records, err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// Centers returns a province whose centers have some five hundred of the first records each.
func Centers(records int) simulator.Scenario {
	return simulator.Scenario{Seed: 7, Centers: records / 450, From: events.MustDate("2021-01-01"),
		To: events.MustDate("2026-10-31")}
}
