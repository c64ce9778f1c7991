package console

import (
	"slices"
	"testing"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/access"
)

// TestEveryAlertHasARecordThatClearsIt checks that each code of the catalog leads to records that exist, with members
// that they have, and that somebody may write them.
func TestEveryAlertHasARecordThatClearsIt(t *testing.T) {
	for code := range remedies {
		if aggregates.LookupAlert(code) == nil {
			t.Errorf("%s is no alert", code)
		}
	}
	for _, row := range aggregates.AlertCatalog {
		key := "2025"
		if row.Code == "AL-PRC-02" {
			key = string(events.KindPlaqueAwarded)
		}
		list := remediesOf(row.Code, key)
		if len(list) == 0 && row.Code != aggregates.LedgerBroken {
			t.Errorf("nothing clears %s", row.Code)
		}
		for _, r := range list {
			kind := events.Lookup(r.kind)
			if kind == nil {
				t.Fatalf("%s: there is no kind %s", row.Code, r.kind)
			}
			if !slices.ContainsFunc(access.Roles(), r.isBy) {
				t.Errorf("%s: no account may write %s", row.Code, r.kind)
			}
			given := r.params("ZJ-0001", row.Code, key)
			for i := 2; i < len(given); i += 2 {
				if !slices.ContainsFunc(kind.Members(), func(m events.Member) bool { return m.Name == given[i] }) {
					t.Errorf("%s: %s has no %s", row.Code, r.kind, given[i])
				}
			}
		}
	}
}

// TestAnOfficeIsOfferedWhatItMayWrite checks that each alert that is for a role offers it only kinds that the role may
// write, and that each role that writes has alerts that are for it.
func TestAnOfficeIsOfferedWhatItMayWrite(t *testing.T) {
	for _, role := range inboxRoles {
		count := 0
		for _, row := range aggregates.AlertCatalog {
			if !isOf(row.Code, role) {
				continue
			}
			count++
			for _, r := range remediesOf(row.Code, "2025") {
				if r.isBy(role) != events.Lookup(r.kind).Allows(role.Ledger()) {
					t.Errorf("%s: %s is offered to %s", row.Code, r.kind, role)
				}
			}
		}
		if count == 0 {
			t.Errorf("no alert is for %s", role)
		}
	}
	if isOf("AL-EXE-02", access.Finance) || !isOf("AL-EXE-02", access.Center) || isOf("AL-USE-03", access.Auditor) {
		t.Error("an alert is for the wrong office")
	}
}
