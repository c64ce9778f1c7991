package desk

import (
	"errors"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/simulator"
)

// TestAPlainDraftIsTheSameRecord compares the two ways to read a draft, for valid records and for records with a
// few bytes changed.
func TestAPlainDraftIsTheSameRecord(t *testing.T) {
	const seed, records, mutants = 3, 1500, 6
	const odd = "\"\\{}[]:, \n019aA\xff\x00"
	random := rand.New(rand.NewPCG(seed, seed))
	n, plainly := 0, 0
	for rec, err := range simulator.Records(simulator.Scenario{
		Seed: seed, Centers: 8, From: events.MustDate("2024-01-01"), To: events.MustDate("2026-10-31")}) {
		if err != nil {
			t.Fatal(err)
		}
		line, err := events.EncodeRecord(rec)
		if err != nil {
			t.Fatal(err)
		}
		for range mutants {
			var d Draft
			if err := json.Unmarshal(line, &d, jsontext.AllowDuplicateNames(true)); err == nil && len(d.Data) > 0 {
				d.Evidence = nil
				if random.IntN(4) == 0 {
					d.Data[random.IntN(len(d.Data))] = odd[random.IntN(len(odd))]
				}
				want, no := (*events.Record)(nil), errors.New("data is no JSON")
				if d.Data.IsValid(jsontext.AllowDuplicateNames(true)) {
					want, no = d.explained()
				}
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
	if plainly < records/2 {
		t.Errorf("%d drafts of %d records were read plainly", plainly, n)
	}
}

func TestDataBringsNoMembersOfItsOwn(t *testing.T) {
	d := Draft{ID: "0191d3a0-0000-7000-8000-00000000002a", Kind: "governance.recorded", Center: "ZJ-0001",
		On: "2026-10-30", By: DraftBy{"center", "c-1"}}
	for data, sound := range map[string]bool{
		`{"item":"other"}`:            true,
		`{"item":"other"},"note":"x"`: false,
		`{"item":"other"},"x":{}`:     false,
		`{"item":"other"}}`:           false,
		`{"item":"other"`:             false,
		`"x","data":{"item":"other"}`: false,
		`{"item":"\\"},"note":"{\""`:  false,
		` {"item":"other"}`:           false,
		``:                            false,
		`null`:                        false,
		`{"item":"other"},"evidence":[],"note":""`: false,
	} {
		d.Data = jsontext.Value(data)
		if got := d.plain(); (got != nil) != sound {
			t.Errorf("%s: got %+v", data, got)
		}
	}
}
