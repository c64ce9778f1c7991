package lists_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/simulator"
)

// BenchmarkFinanceLists asks each list as of a date without evaluations, like the first question after opening. The
// time per record must not grow with the number of records.
func BenchmarkFinanceLists(b *testing.B) {
	for _, records := range []int{25_000, 100_000} {
		h := plain(b, simulatedRecords(b, records, records/250))
		for _, q := range []lists.Question{
			{List: "delayed"}, {List: "deferrals", Params: map[string]string{"all": "true"}},
			{List: "deferrals", Params: map[string]string{"year": "2027"}}, {List: "ageing"},
			{List: "ageing", Params: map[string]string{"by": "region"}}} {
			b.Run(fmt.Sprintf("%s %v of %d records", q.List, q.Params, records), func(b *testing.B) {
				rows := 0
				for i := 0; b.Loop(); i++ {
					q.On = events.MustDate("2026-10-31") - events.Date(i%2)
					t, err := h.desk.Ask(b.Context(), q)
					if err != nil {
						b.Fatal(err)
					}
					rows = len(t.Rows)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(records), "ns/record")
				b.ReportMetric(float64(rows), "rows")
			})
		}
	}
}

// BenchmarkSpending lists the vouchers of the center with the most.
func BenchmarkSpending(b *testing.B) {
	for _, records := range []int{10_000, 40_000} {
		h := plain(b, simulatedRecords(b, records, 16))
		count, largest := map[string]int{}, ""
		for _, e := range h.lines {
			if count[e.Center]++; count[e.Center] > count[largest] {
				largest = e.Center
			}
		}
		b.Run(fmt.Sprintf("a center of %d records", count[largest]), func(b *testing.B) {
			q := lists.Question{List: "spending", On: events.MustDate("2026-10-31"),
				Params: map[string]string{"center": largest}}
			rows := 0
			for b.Loop() {
				t, err := h.desk.Ask(b.Context(), q)
				if err != nil {
					b.Fatal(err)
				}
				rows = len(t.Rows)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(count[largest]), "ns/record")
			b.ReportMetric(float64(rows), "rows")
		})
	}
}

func simulatedRecords(b *testing.B, records, centers int) []byte {
	b.Helper()
	var text bytes.Buffer
	cfg := simulator.Scenario{Seed: 3, Centers: centers, From: events.MustDate("2024-01-01"),
		To: events.MustDate("2026-10-31"), VouchersPerYear: 2 * records / centers}
	count := 0
	for rec, err := range simulator.Records(cfg) {
		if err != nil {
			b.Fatal(err)
		}
		line, err := events.EncodeRecord(rec)
		if err != nil {
			b.Fatal(err)
		}
		text.Write(append(line, '\n'))
		if count++; count == records {
			return text.Bytes()
		}
	}
	b.Fatalf("simulated %d records of %d", count, records)
	return nil
}
