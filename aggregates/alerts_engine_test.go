package aggregates_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/taizhang/taizhang/aggregates"
)

// judged holds the digest of all alerts of the histories under testdata, by aggregates.Engine. Entries are added and
// never changed.
var judged = map[int]string{
	1: "4eeccb441c4a4c2d2027794af2eab8dd0d96ec10e3277469e67c54cff55f1f30",
}

func TestAChangeOfTheJudgementRaisesEngine(t *testing.T) {
	days := []string{"2024-06-30", "2024-12-31", "2025-06-30", "2025-12-31", "2026-02-28", "2026-08-31", "2026-10-31",
		"2027-12-31", "2030-12-31"}
	hash, alerts, codes := sha256.New(), 0, map[aggregates.Code]bool{}
	for _, h := range histories {
		centers := readHistory(t, h.file)
		for _, day := range days {
			for _, id := range slices.Sorted(maps.Keys(centers)) {
				for _, a := range centers[id].Evaluate(draft, date(day)).Alerts {
					fmt.Fprintf(hash, "%s as of %s: %s %s %q %s %v %v\n", h.file, day, id, a.Code, a.Key, a.Severity,
						a.RaisedOn, a.ClearedOn)
					alerts++
					codes[a.Code] = true
				}
			}
		}
	}
	for _, row := range aggregates.AlertCatalog {
		if !codes[row.Code] && row.Code != aggregates.LedgerBroken {
			t.Errorf("no history raises %s, so a change of its judgement would not be seen", row.Code)
		}
	}
	if got := hex.EncodeToString(hash.Sum(nil)); got != judged[aggregates.Engine] {
		t.Errorf("the judgement changed: raise aggregates.Engine, which is %d, and write the new digest, of %d "+
			"alerts, beside the new number: %s", aggregates.Engine, alerts, got)
	}
	if len(judged) != aggregates.Engine {
		t.Errorf("%d digests, for version %d", len(judged), aggregates.Engine)
	}
}
