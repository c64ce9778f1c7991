package reports_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/reports"
)

// TestAReportInPiecesIsTheReport writes a history step by step. After each step it makes reports as a whole and in
// pieces from earlier pieces, and compares them.
func TestAReportInPiecesIsTheReport(t *testing.T) {
	content, err := os.ReadFile(historyOf(t, "edges"))
	must(t, err)
	d := newDesk(t, "")
	all := d.Register
	scopes := []*lists.Books{
		d, {Ledger: d.Ledger, Prefix: "--",
			Register: all.Within(func(id events.CenterID) bool { return id < "FZ-0025" })}}
	before := map[string]*lists.Answer{}
	lines := regexp.MustCompile(`(?m)^.*"center":"FZ-00[123][05]".*\n`).FindAll(content, -1)
	for chunk := range slices.Chunk(lines, len(lines)/3+1) {
		path := filepath.Join(t.TempDir(), "history.jsonl")
		must(t, os.WriteFile(path, bytes.Join(chunk, nil), 0o600))
		importFile(t, d, path)
		for i, asked := range scopes {
			for _, r := range []reports.Request{
				request(reports.CSV, "centers", "2026-10-31"),
				request(reports.CSV, "alerts", "2026-10-31", "all", "true"),
				request(reports.CSV, "alerts", "2024-10-31"), request(reports.CSV, "execution", "2025-12-31"),
				request(reports.CSV, "execution", "2025-12-31", "by", "region"),
				request(reports.CSV, "execution", "2025-12-31", "year", "2026"),
				request(reports.CSV, "delayed", "2026-10-31")} {
				for _, r.Lang = range []string{"zh", "en"} {
					key := fmt.Sprint(i, r)
					got, err := reports.MakePieces(t.Context(), asked, r, before[key])
					must(t, err)
					before[key] = got.Answer
					text := slices.Clone(got.Above)
					for rows := range got.Rows.Text() {
						text = append(text, rows...)
					}
					text = append(text, got.Under...)
					file := write(t, asked, r)
					want, err := os.ReadFile(file)
					must(t, err)
					if !bytes.Equal(text, want) {
						t.Fatalf("%+v: in pieces\n%s\nwhole\n%s", r, text, want)
					}
				}
			}
		}
	}
}
