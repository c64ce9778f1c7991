package events

import (
	"cmp"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events/text"
)

// paths yields the paths of all members of a shape, each without indexes.
func paths(s *shape, under string, yield func(path string, m *member)) {
	for i := range s.members {
		m := &s.members[i]
		path := join(under, m.Name)
		yield(path, m)
		inner := m.shape
		for inner.sort == list {
			inner = inner.elem
		}
		if inner.sort == object {
			paths(inner, path, yield)
		}
	}
}

func TestEveryMemberHasWordsAndNoWordsAreLeftOver(t *testing.T) {
	unused := maps.Clone(dataWords)
	for i := range Catalog {
		e := &Catalog[i]
		paths(e.shape, "", func(path string, _ *member) {
			if key := string(e.Kind) + "/" + path; !slices.Contains(slices.Collect(maps.Keys(dataWords)), key) {
				delete(unused, path)
			}
			delete(unused, string(e.Kind)+"/"+path)
			for _, words := range []text.Text{MemberWord(e.Kind, path), MemberDetail(e.Kind, path)} {
				checkText(t, words)
				if words.Zh == path {
					t.Errorf("%s of %s has no words: write them in dataWords", path, e.Kind)
				}
			}
		})
	}
	for key := range unused {
		t.Errorf("the words of %s belong to no member", key)
	}
	frame := map[string]bool{}
	paths(recordShape, "", func(path string, _ *member) { frame[path] = true })
	for _, path := range Frame {
		delete(frame, path)
		checkText(t, FrameWord(path))
		checkText(t, FrameDetail(path))
	}
	if len(frame) > 0 || len(Frame) != len(frameWords) {
		t.Errorf("the members %v of a record have no words", frame)
	}
}

func TestEveryValueOfAClosedListHasAWordOfItsOwn(t *testing.T) {
	check := func(where string, v text.Vocabulary[string]) {
		owner := map[string]string{}
		for _, term := range v {
			checkText(t, term.Word)
			if strings.Trim(term.Word.Zh, "abcdefghijklmnopqrstuvwxyz-.") == "" {
				t.Errorf("%s: %s has no word in Chinese", where, term.Code)
			}
			for _, word := range append([]string{term.Code, term.Word.Zh, term.Word.En}, term.Also...) {
				code, ok := v.Read(word)
				if !ok || code != term.Code {
					t.Errorf("%s: %q stands for %q and is read as %q", where, word, term.Code, code)
				}
				owner[word] = code
			}
		}
	}
	check("roles", Roles.Strings())
	check("kinds", Kinds.Strings())
	check("sources", Sources.Strings())
	check("categories", Categories)
	check("modes", Modes.Strings())
	for key, m := range dataWords {
		check(key, m.values)
	}
	for i := range Catalog {
		for _, role := range Catalog[i].Roles {
			if !Roles.Has(role) && role != Program {
				t.Errorf("the role %s has no word", role)
			}
		}
	}
}

// withMember is the golden event of a kind as a record, one of whose members is replaced.
func withMember(t *testing.T, e *CatalogEntry, of Member, value string) []byte {
	body, err := os.ReadFile("testdata/golden/" + string(e.Kind) + ".v1.json")
	if err != nil {
		t.Fatal(err)
	}
	stream := cmp.Or(e.Stream, "center-ZJ-0007")
	r, err := DecodeEvent(Stored{Stream: stream, ID: uuid.Max, Kind: e.Kind, Body: body})
	if err != nil {
		t.Fatal(err)
	}
	line, err := EncodeRecord(&r.Record)
	if err != nil {
		t.Fatal(err)
	}
	var record, data map[string]jsontext.Value
	if err := json.Unmarshal(line, &record); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(record["data"], &data); err != nil {
		t.Fatal(err)
	}
	var replacement any = value
	if strings.HasSuffix(of.Type, "[]") {
		replacement = []string{value}
	}
	if data[of.Name], err = json.Marshal(replacement); err != nil {
		t.Fatal(err)
	}
	if record["data"], err = json.Marshal(data); err != nil {
		t.Fatal(err)
	}
	if line, err = json.Marshal(record); err != nil {
		t.Fatal(err)
	}
	return line
}

// TestTheValuesOfEveryClosedListAreThoseThatAreAccepted writes each value into the sample of each kind.
func TestTheValuesOfEveryClosedListAreThoseThatAreAccepted(t *testing.T) {
	for i := range Catalog {
		e := &Catalog[i]
		for _, m := range e.Members() {
			if m.Type != "text" && m.Type != "text[]" {
				continue
			}
			list := ""
			if _, found := DecodeRecord(withMember(t, e, m, "?")); len(found) > 0 {
				_, list, _ = strings.Cut(found[0].Reason.En, "is not one of: ")
			}
			values := ValuesOf(e.Kind, m.Name).Codes()
			if want := strings.Join(values, ", "); list != want {
				t.Errorf("%s of %s is one of %q, and its words say %q", m.Name, e.Kind, list, want)
			}
			for _, v := range values {
				if _, found := DecodeRecord(withMember(t, e, m, v)); len(found) > 0 {
					t.Errorf("%q for %s of %s is refused: %v", v, m.Name, e.Kind, found)
				}
			}
		}
	}
}

func TestPlaceWords(t *testing.T) {
	for _, c := range []struct {
		kind Kind
		path string
		want text.Text
	}{
		{"", "by.role", text.Say("角色", "role")},
		{"", "by", text.Say("作出方", "by")},
		{"", "evidence[1].sha256", text.Say("佐证材料第 2 项校验值", "evidence, item 2, SHA-256")},
		{"", "data", text.Say("内容", "content")},
		{KindFundsSpent, "data.lines[0].amountFen", text.Say("资金明细第 1 行金额", "lines, item 1, amount")},
		{KindFundsSpent, "data.outTransfer.taskBook",
			text.Say("外拨委托任务书编号", "out-transfer, entrustment task book")},
		{"", "data.targets[11].name", text.Say("目标第 12 项目标名称", "goals, item 12, goal")},
		{KindOutTransferSettled, "data.amountFen", text.Say("结算金额", "amount settled")},
		{KindIncidentRecorded, "data.kind", text.Say("事故类型", "type of incident")},
		{KindFundsSpent, "data.lines[x].nonsense[", text.Say("资金明细nonsense", "lines, nonsense")},
		{"", "", text.Text{}},
	} {
		if got := PlaceWords(c.kind, c.path); got != c.want {
			t.Errorf("%q: expected %+v, got %+v", c.path, c.want, got)
		}
	}
}
