package events

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
)

// spot is one member or list element of a JSON tree, at any depth.
type spot struct {
	path   string
	object map[string]any // that has it, or
	list   []any
	name   string
	index  int
}

func (s spot) put(v any) {
	if s.object != nil {
		s.object[s.name] = v
	} else {
		s.list[s.index] = v
	}
}

func (s spot) value() any {
	if s.object != nil {
		return s.object[s.name]
	}
	return s.list[s.index]
}

// spots lists every member and element below v.
func spots(path string, v any) (found []spot) {
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			s := spot{path: join(path, name), object: v, name: name}
			found = append(append(found, s), spots(s.path, v[name])...)
		}
	case []any:
		for i := range v {
			s := spot{path: at(path, i, ""), list: v, index: i}
			found = append(append(found, s), spots(s.path, v[i])...)
		}
	}
	return found
}

// eachSpot calls f for every spot of every sample, each time in a new tree. write returns the changed line.
func eachSpot(t *testing.T, f func(t *testing.T, kind Kind, s spot, write func() string)) {
	for _, e := range Catalog {
		good := line(t, e.Kind)
		tree := func() (root map[string]any) {
			if err := json.Unmarshal([]byte(good), &root); err != nil {
				t.Fatal(err)
			}
			return root
		}
		for i := range spots("", tree()) {
			root := tree()
			f(t, e.Kind, spots("", root)[i], func() string {
				b, err := json.Marshal(root)
				if err != nil {
					t.Fatal(err)
				}
				return string(b)
			})
		}
	}
}

func TestNullIsRefusedWhereverItStands(t *testing.T) {
	eachSpot(t, func(t *testing.T, kind Kind, s spot, write func() string) {
		s.put(nil)
		refused(t, write(), s.path, "must not be null")
	})
}

func TestAnotherTypeIsRefusedWhereverItStands(t *testing.T) {
	eachSpot(t, func(t *testing.T, kind Kind, s spot, write func() string) {
		switch s.value().(type) {
		case map[string]any, bool:
			s.put("x")
		default:
			s.put(map[string]any{})
		}
		reason := "has the wrong type; it must be "
		if strings.HasPrefix(s.path, "data.targets[") && strings.HasSuffix(s.path, ".value") {
			reason = "must be a number"
		}
		refused(t, write(), s.path, reason)
	})
}

func TestAnUnknownMemberIsRefusedInEveryObject(t *testing.T) {
	eachSpot(t, func(t *testing.T, kind Kind, s spot, write func() string) {
		if object, ok := s.value().(map[string]any); ok {
			object["Über/~0.3"] = 1
			refused(t, write(), s.path+".Über/~0.3", "is not a known field")
		}
	})
}

func TestAMissingMemberIsRefusedIfItIsRequiredAndNotOtherwise(t *testing.T) {
	optional := map[string]bool{"mode": true, "evidence": true, "note": true, "data.outTransfer.taskBook": true}
	for name, reason := range map[string]string{"doc": "needs a document number", "center": "does not match"} {
		t.Run(name, func(t *testing.T) {
			text, _ := json.Marshal(map[string]string{"doc": "浙财科教〔2025〕12号", "center": "ZJ-0007"}[name])
			refused(t, change(t, line(t, KindUseRuled), fmt.Sprintf(`%q:%s,`, name, text), ""), name, reason)
		})
		optional[name] = true
	}
	eachSpot(t, func(t *testing.T, kind Kind, s spot, write func() string) {
		if s.object == nil || s.path == "doc" || s.path == "center" {
			return
		}
		may := optional[s.path]
		for _, m := range Lookup(kind).Members() {
			may = may || s.path == "data."+m.Name && !m.Required
		}
		delete(s.object, s.name)
		if !may {
			refused(t, write(), s.path, "is missing")
		} else if _, found := DecodeRecord([]byte(write())); len(found) > 0 {
			t.Errorf("%s without %s is refused: %v", kind, s.path, found)
		}
	})
}

func TestTheOptionalMembersAreThoseOfTheSpecification(t *testing.T) {
	want := map[Kind][]string{
		KindIncidentRecorded:     {"occurredOn"},
		KindCreditListed:         {"until"},
		KindRectificationOrdered: {"dueOn"},
		KindSubsidyGranted:       {"forYear", "project"},
		KindMatchingCommitted:    {"dueOn"},
		KindFundsSpent:           {"ownFen", "econCode", "outTransfer"},
		KindAuditFindingOpened:   {"dueOn"},
		KindLedgerSealed:         {"after"},
	}
	for _, m := range Lookup(KindCenterRegistered).Members() {
		want[KindFactsChanged] = append(want[KindFactsChanged], m.Name)
	}
	for _, e := range Catalog {
		var got []string
		for _, m := range e.Members() {
			if !m.Required {
				got = append(got, m.Name)
			}
		}
		if !slices.Equal(got, want[e.Kind]) {
			t.Errorf("the optional members of %s are %v, want %v", e.Kind, got, want[e.Kind])
		}
	}
}
