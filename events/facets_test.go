package events

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/taizhang/taizhang/events/text"
)

// The test asserts on the samples that the amount is the sum of the members with amounts, that a record which creates
// or refers to a name has this name in a member, and that some kind creates each name that is referred to.
func TestFacetsOfEveryKind(t *testing.T) {
	spaces := map[string]bool{}
	for _, r := range samples() {
		spaces[FacetsOf(r.Data).Creates.Space] = true
	}
	for _, r := range samples() {
		f, data := FacetsOf(r.Data), membersOf(t, r.Kind)
		if want := sumOfAmounts(reflect.ValueOf(r.Data)); f.AmountFen != want {
			t.Errorf("%s: expected %d fen, got %d", r.Kind, want, f.AmountFen)
		}
		if (f.Field == "") != (f.Creates == Name{}) {
			t.Errorf("%s: the field is %q of %+v", r.Kind, f.Field, f.Creates)
		}
		if name, ok := strings.CutPrefix(f.Field, "data."); ok &&
			(data[name] != f.Creates.ID || !isRequired(r.Kind, name)) {
			t.Errorf("%s: %s is %q, and it creates %q", r.Kind, f.Field, data[name], f.Creates.ID)
		}
		if f.Refers != (Name{}) && (!spaces[f.Refers.Space] || f.Refers.ID != f.Subject ||
			!slices.Contains(slices.Collect(maps.Values(data)), f.Refers.ID)) {
			t.Errorf("%s, about %q, refers to %+v: no record creates or no member holds it", r.Kind,
				f.Subject, f.Refers)
		}
		for name, value := range data {
			if spaces[name] && name != "year" && name != "project" && value != f.Creates.ID && value != f.Refers.ID {
				t.Errorf("%s creates no %s, nor refers to one", r.Kind, name)
			}
		}
	}
}

func TestTheNamesThatRecordsCreate(t *testing.T) {
	for kind, want := range map[Kind]string{KindSubsidyGranted: "JF-0007-03", KindMatchingCommitted: "PT-0007-2025",
		KindFundsSpent:       "记-2025-07-0031",
		KindSpendingReversed: "记-2025-07-0032", KindGradeDecided: "2024", KindEntrustmentSigned: "WT-0007-8",
		KindProjectApproved:  "XM-9-2",
		KindIncidentRecorded: "SG-2025-01", KindCreditListed: "SX-2025-3", KindTrialRecorded: "SY-12",
		KindAuditFindingOpened: "YD-1",
		KindUseRuled:           "", KindIncidentClosed: "", KindSubsidyReceived: "", KindGradeRevised: ""} {
		if got := FacetsOf(sampleOf(kind).Data).Creates.ID; got != want {
			t.Errorf("%s: expected to create %q, got %q", kind, want, got)
		}
	}
}

// membersOf returns the members of the data of a sample by name. A text or a number is returned as its text.
func membersOf(t *testing.T, kind Kind) map[string]string {
	var values map[string]jsontext.Value
	if err := json.Unmarshal([]byte(dataOf(t, kind)), &values); err != nil {
		t.Fatal(err)
	}
	members := map[string]string{}
	for name, v := range values {
		members[name] = strings.Trim(string(v), `"`)
	}
	return members
}

func isRequired(kind Kind, member string) bool {
	s := Lookup(kind).shape
	i := s.lookup([]byte(member))
	return i >= 0 && s.members[i].Required
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
	for _, c := range Categories {
		list[c.Code] = Categories.Word(c.Code)
	}
	for _, s := range Sources {
		list[string(s.Code)] = s.Code.Title()
	}
	for code, words := range list {
		checkText(t, words)
		if words.Zh == code {
			t.Errorf("%s has no words", code)
		}
	}
}
