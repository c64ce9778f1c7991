package aggregates_test

import (
	"slices"
	"testing"

	"github.com/taizhang/taizhang/aggregates"
)

func TestTheFamilyOfACodeIsItsMiddle(t *testing.T) {
	for code, want := range map[aggregates.Code]string{"AL-EXE-02": "EXE", aggregates.LedgerBroken: "LED", "AL-": "",
		"EXE": "", "": ""} {
		if got := code.Family(); got != want {
			t.Errorf("%q: expected %q, got %q", code, want, got)
		}
	}
	families := aggregates.Families()
	for _, row := range aggregates.AlertCatalog {
		if !slices.Contains(families, row.Code.Family()) {
			t.Errorf("%s is of no family", row.Code)
		}
	}
	if once := slices.Compact(slices.Sorted(slices.Values(families))); len(once) != len(families) ||
		len(families) < 10 || slices.Contains(families, "") {
		t.Errorf("the families are %v", families)
	}
}
