package lists_test

import (
	"fmt"
	"testing"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/ledger/ledgertest"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/logstore"
	"github.com/taizhang/taizhang/services/simulator"
)

// simulatedDesk imports a simulated province of about n records into a ledger on disk.
func simulatedDesk(b *testing.B, records int) *lists.Books {
	b.Helper()
	var lines []string
	cfg := simulator.Scenario{Seed: 3, Centers: records / 200, From: events.MustDate("2024-01-01"), To: historyEnd}
	for rec, err := range simulator.Records(cfg) {
		if err != nil {
			b.Fatal(err)
		}
		line, err := events.EncodeRecord(rec)
		if err != nil {
			b.Fatal(err)
		}
		lines = append(lines, string(line))
	}
	store, err := logstore.Open(b.TempDir(), logstore.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = store.Close() })
	d := deskOver(b, store)
	path := historyFile(b, lines...)
	if _, err := d.Ledger.Import(b.Context(), ledger.ImportConfig{
		Files: ledgertest.Files(b, path), Account: ledger.Writer{Name: "importer", MayRecord: true}}); err != nil {
		b.Fatal(err)
	}
	return d
}

// BenchmarkHistory measures the time per event of each list that reads the whole history, at two sizes: if it is the
// same, the list is linear.
func BenchmarkHistory(b *testing.B) {
	for _, records := range []int{20_000, 100_000} {
		d := simulatedDesk(b, records)
		for _, q := range []lists.Question{
			{List: "find", Params: map[string]string{}},
			{List: "find", Params: map[string]string{"text": "样机"}},
			{List: "find", Params: map[string]string{"text": "nothing like it"}},
			{List: "find", Params: map[string]string{"payee": "杭州"}},
			{List: "find", Params: map[string]string{"min": "20000", "max": "21000"}},
			{List: "find", Params: map[string]string{"kind": "grade.decided"}},
			{List: "sample", Params: map[string]string{"year": "2026"}},
			{List: "sample", Params: map[string]string{"year": "2026", "by": "amount"}},
			{List: "duplicates", Params: map[string]string{}},
			{List: "duplicates", Params: map[string]string{"across": "true"}},
		} {
			q.On = historyEnd
			b.Run(fmt.Sprintf("%d/%s %v", records, q.List, q.Params), func(b *testing.B) {
				for b.Loop() {
					if _, err := d.Ask(b.Context(), q); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(d.Register.Position()),
					"ns/event")
			})
		}
	}
}
