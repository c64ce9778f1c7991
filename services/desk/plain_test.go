package desk

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/simulator"
)

// TestAPlainDraftIsTheSameRecord compares the two ways to read a draft, of records as they are and with a few bytes changed.
func TestAPlainDraftIsTheSameRecord(t *testing.T) {
	const seed, records, mutants = 3, 1500, 6
	const odd = "\"\\{}[]:, \n019aA\xff\x00"
	random := rand.New(rand.NewPCG(seed, seed))
	n, plainly := 0, 0
	for rec, err := range simulator.Records(simulator.Config{Seed: seed, Centers: 8, From: events.MustDate("2024-01-01"), To: events.MustDate("2026-10-31")}) {
		if err != nil {
			t.Fatal(err)
		}
		line, err := events.EncodeRecord(rec)
		if err != nil {
			t.Fatal(err)
		}
		for range mutants {
			var d Draft
			if err := json.Unmarshal(line, &d, jsontext.AllowDuplicateNames(true)); err == nil && d.Data.IsValid(jsontext.AllowDuplicateNames(true)) {
				d.Evidence = nil
				want, no := d.explained()
				got := d.plain()
				if got != nil {
					plainly++
				}
				if got != nil && (no != nil || !reflect.DeepEqual(got, want)) || got == nil && no == nil {
					t.Fatalf("%s is\n%+v\nwant\n%+v, %v", line, got, want, no)
				}
			}
			line[random.IntN(len(line))] = odd[random.IntN(len(odd))]
		}
		if n++; n == records {
			break
		}
	}
	if plainly < records {
		t.Errorf("%d drafts of %d records were read plainly", plainly, n)
	}
}
