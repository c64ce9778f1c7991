package events

import (
	"reflect"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/events/text"
)

// TestFacetsOfEveryKind asserts on the samples that the amount is the sum of the members that hold amounts, and that the
// field of the name that a record creates holds that name.
func TestFacetsOfEveryKind(t *testing.T) {
	created := map[Kind]string{KindSubsidyGranted: "JF-0007-03", KindMatchingCommitted: "PT-0007-2025", KindFundsSpent: "记-2025-07-0031",
		KindSpendingReversed: "记-2025-07-0032", KindGradeDecided: "2024", KindEntrustmentSigned: "WT-0007-8", KindProjectApproved: "XM-9-2",
		KindIncidentRecorded: "SG-2025-01", KindCreditListed: "SX-2025-3", KindTrialRecorded: "SY-12", KindAuditFindingOpened: "YD-1"}
	for _, r := range samples() {
		f := FacetsOf(r.Data)
		if want := sumOfAmounts(reflect.ValueOf(r.Data)); f.AmountFen != want {
			t.Errorf("%s: expected %d fen, got %d", r.Kind, want, f.AmountFen)
		}
		if f.Creates.ID != created[r.Kind] {
			t.Errorf("%s: expected to create %q, got %q", r.Kind, created[r.Kind], f.Creates.ID)
		}
		if (f.Field == "") != (f.Creates == Name{}) {
			t.Errorf("%s: the field is %q of %+v", r.Kind, f.Field, f.Creates)
		}
		if f.Field == "" {
			continue
		}
		name, _ := strings.CutPrefix(f.Field, "data.")
		entry := Lookup(r.Kind)
		if i := entry.shape.lookup([]byte(name)); i < 0 || !entry.shape.members[i].Required {
			t.Errorf("%s has no member %s", r.Kind, f.Field)
		}
	}
}

// sumOfAmounts adds up every field AmountFen within a value.
func sumOfAmounts(v reflect.Value) (sum Fen) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			return sumOfAmounts(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			sum += sumOfAmounts(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).Name == "AmountFen" {
				sum += Fen(v.Field(i).Int())
			} else {
				sum += sumOfAmounts(v.Field(i))
			}
		}
	}
	return sum
}

func TestEveryCodeHasWordsInBothLanguages(t *testing.T) {
	list := map[string]text.Text{}
	for _, e := range Catalog {
		list[string(e.Kind)] = e.Kind.Title()
		for _, r := range e.Roles {
			list[string(r)] = r.Title()
		}
	}
	for _, c := range categories {
		list[c] = CategoryTitle(c)
	}
	for _, s := range append(grantSources, string(Local)) {
		list[s] = Source(s).Title()
	}
	for code, words := range list {
		checkText(t, words)
		if words.Zh == code {
			t.Errorf("%s has no words", code)
		}
	}
}
