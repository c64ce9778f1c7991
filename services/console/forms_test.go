package console

import (
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
)

// goldenDraft returns the sample of a kind, with every member, as a draft without an id.
func goldenDraft(t *testing.T, kind *events.CatalogEntry) desk.Draft {
	t.Helper()
	body, err := os.ReadFile(fmt.Sprintf("../../events/testdata/golden/%s.v%d.json", kind.Kind, kind.Version))
	if err != nil {
		t.Fatal(err)
	}
	var d desk.Draft
	if err := json.Unmarshal(body, &d); err != nil {
		t.Fatal(err)
	}
	d.Kind = string(kind.Kind)
	if kind.Stream == "" {
		d.Center = "ZJ-0007"
	}
	return d
}

func TestEveryKindOfRecordBecomesAFilledFormAndTheSameRecordAgain(t *testing.T) {
	for i := range events.Catalog {
		kind := &events.Catalog[i]
		d := goldenDraft(t, kind)
		form := formOf(kind, desk.BuiltinPolicy(), true)
		values, err := form.valuesOf(&d)
		if err != nil {
			t.Fatal(err)
		}
		got, wrong := form.fill(values).draft()
		if len(wrong) > 0 {
			t.Errorf("%s: %v", kind.Kind, wrong)
		}
		want, _ := json.Marshal(d)
		again, _ := json.Marshal(got)
		if string(again) != string(want) {
			t.Errorf("%s: expected\n%s, got\n%s", kind.Kind, want, again)
		}
	}
}

func TestEveryFieldOfEveryFormHasAWordAndNoFieldHasTheNameOfAnother(t *testing.T) {
	for i := range events.Catalog {
		kind := &events.Catalog[i]
		form, seen := formOf(kind, desk.BuiltinPolicy(), true), map[string]bool{"lang": true, "unit": true,
			"asOf": true, "knownAt": true, "do": true, "record": true, "seen": true, "copy": true, "holder": true, "kept": true, tickedParam: true}
		for f := range fieldsOf(slices.Concat(form.Frame, form.Data)) {
			if seen[f.Name] {
				t.Errorf("%s: two values are named %s", kind.Kind, f.Name)
			}
			seen[f.Name] = true
			if f.Label.Zh == "" || f.Label.En == "" || f.Label.Zh == f.Label.En || f.Sort == "" {
				t.Errorf("%s: the field %s has the label %v and the sort %q", kind.Kind, f.Name, f.Label, f.Sort)
			}
			if strings.Contains(f.Hint.Zh, "（grant）") {
				t.Errorf("%s: %s hints at codes: %s", kind.Kind, f.Name, f.Hint.Zh)
			}
		}
	}
}

// shape lists the fields of a form with their sorts.
func shape(fields []*formField) (list []string) {
	for f := range fieldsOf(fields) {
		s := f.Name + " " + string(f.Sort)
		if f.Optional {
			s += "?"
		}
		if f.Creates+f.Refers != "" {
			s += " " + f.Creates + "<" + f.Refers
		}
		list = append(list, s)
	}
	return list
}

func TestTheFormOfAVoucherFollowsItsPayload(t *testing.T) {
	form := formOf(events.Lookup(events.KindFundsSpent), desk.BuiltinPolicy(), false)
	want := []string{"voucher text voucher<", "payee text", "use choice", "lines rows", "lines.grant text <grant",
		"lines.amountFen amount", "ownFen amount?", "econCode text?", "summary text", "outTransfer group?",
		"outTransfer.taskBook text? <taskBook"}
	if got := shape(form.Data); !slices.Equal(got, want) {
		t.Errorf("expected %q, got %q", want, got)
	}
	want = []string{"center text", "on date", "doc text?", "note long?", "evidence rows?", "evidence.name text",
		"evidence.sha256 text"}
	if got := shape(form.Frame); !slices.Equal(got, want) {
		t.Errorf("expected %q, got %q", want, got)
	}
}

func TestAFormTakesWhateverItShows(t *testing.T) {
	form := formOf(events.Lookup(events.KindFundsSpent), desk.BuiltinPolicy(), false)
	d, wrong := form.fill(url.Values{"center": {" zj－0001 "}, "on": {"2026年9月1日"}, "voucher": {" 记－1 "},
		"payee": {"甲 公司"}, "use": {"中试"}, "lines[3].grant": {"Ｇ-1"}, "lines[3].amountFen": {"￥1,234.5元"},
		"lines[7].grant": {" "}, "lines[9].grant": {"G-2"}, "lines[9].amountFen": {"１２"}, "ownFen": {"0"},
		"summary": {"检测"}, "outTransfer": {"是"}, "note": {"一\r\n二"}}).draft()
	if len(wrong) > 0 {
		t.Fatal(wrong)
	}
	want := `{"voucher":"记-1","payee":"甲 公司","use":"pilot","lines":[{"grant":"G-1","amountFen":123450},` +
		`{"grant":"G-2","amountFen":1200}],"ownFen":0,"summary":"检测","outTransfer":{}}`
	if string(d.Data) != want || d.Center != "ZJ-0001" || d.On != "2026-09-01" || d.Note != "一\n二" {
		t.Errorf("got %+v with %s", d, d.Data)
	}
}

func TestAYearMayEndInItsWord(t *testing.T) {
	d, wrong := formOf(events.Lookup(events.KindAllocationDeferred), desk.BuiltinPolicy(), false).fill(url.Values{
		"center": {"ZJ-1"}, "on": {"2026-01-10"}, "doc": {"浙财科教〔2026〕1号"}, "fiscalYear": {"２０２６年"}}).draft()
	if want := `{"fiscalYear":2026}`; len(wrong) > 0 || string(d.Data) != want {
		t.Errorf("expected %s, got %s, %v", want, d.Data, wrong)
	}
}

func TestAFormNamesTheFieldsThatCannotBeRead(t *testing.T) {
	form := formOf(events.Lookup(events.KindFundsSpent), desk.BuiltinPolicy(), false).fill(url.Values{
		"on": {"明天"}, "use": {"午餐"}, "lines[2].amountFen": {"1.234"}, "outTransfer": {"否"},
		"outTransfer.taskBook": {"W-1"}, "ownFen": {"1-"}, "note": {"\xff"}, "payee": {"\xff"}})
	d, wrong := form.draft()
	var got []string
	for _, w := range wrong {
		if w.Code != text.Invalid || w.What.Zh == "" || w.What.En == "" {
			t.Errorf("%+v", w)
		}
		got = append(got, w.Param)
	}
	want := []string{"center", "on", "voucher", "payee", "use", "lines[0].grant", "lines[0].amountFen", "ownFen",
		"summary", "outTransfer"}
	if !slices.Equal(got, want) || !d.Data.IsValid() {
		t.Errorf("expected %q, got %q in %s", want, got, d.Data)
	}
	place := form.note("data.lines[0].grant", missing)
	if place.At != "lines[0].grant" || len(form.field("lines[0].grant").Wrong) != 2 ||
		form.note("data.lines[1].grant", missing).At != "" || form.note("on", missing).At != "on" {
		t.Errorf("a reason is shown at %+v", place)
	}
	if want := text.Say("资金明细第 1 行经费编号", "lines, item 1, grant"); place.Words != want {
		t.Errorf("the place is %+v", place.Words)
	}
}

func TestAListThatIsOptionalIsLeftOutOrEmptied(t *testing.T) {
	form := formOf(events.Lookup(events.KindFactsChanged), desk.BuiltinPolicy(), false)
	for _, c := range []struct {
		in   url.Values
		want string
	}{
		{url.Values{"services.none": {"1"}, "leadingIndustries": {"甲、乙\r\n丙", "丁"}},
			`{"services":[],"leadingIndustries":["甲","乙","丙","丁"]}`},
		{url.Values{"services": {"中试", "其他"}, "legalEntity": {"否"}, "fields": {"人工智能", "核能"}},
			`{"services":["pilot","other"],"legalEntity":false,"fields":["ai","核能"]}`},
		{nil, `{}`},
	} {
		in := url.Values{"center": {"ZJ-1"}, "on": {"2026-01-01"}}
		for name, v := range c.in {
			in[name] = v
		}
		d, wrong := form.fill(in).draft()
		if len(wrong) > 0 || string(d.Data) != c.want {
			t.Errorf("expected %s, got %s, %v", c.want, d.Data, wrong)
		}
	}
}

// FuzzForm sends any value for every field: the draft is always JSON, and a form that was read is read again.
func FuzzForm(f *testing.F) {
	for _, v := range []string{"", "1", "是", "2026-01-01", "1,234.50", "\x00<b>\"", "\xff", "、、", "[]"} {
		f.Add(v, uint8(0))
	}
	f.Fuzz(func(t *testing.T, typed string, kind uint8) {
		form := formOf(&events.Catalog[int(kind)%len(events.Catalog)], desk.BuiltinPolicy(), true)
		in := url.Values{}
		for field := range fieldsOf(slices.Concat(form.Frame, form.Data)) {
			in.Add(field.Name, typed)
			in.Add(strings.Replace(field.Name, ".", "[0].", 1), typed)
		}
		d, wrong := form.fill(in).draft()
		if !jsontext.Value(d.Data).IsValid() {
			t.Fatalf("%s is no JSON", d.Data)
		}
		if len(wrong) > 0 {
			return
		}
		values, err := form.valuesOf(&d)
		if err != nil {
			t.Fatal(err)
		}
		again, wrong := form.fill(values).draft()
		if len(wrong) > 0 || string(again.Data) != string(d.Data) {
			t.Errorf("%s became %s, %v", d.Data, again.Data, wrong)
		}
	})
}

func TestAmountsInCapitals(t *testing.T) {
	for fen, want := range map[events.Fen]string{
		0: "零元整", 5: "伍分", 50: "伍角整", 53: "伍角叁分", 100: "壹元整", 101: "壹元零壹分", 1000: "壹拾元整",
		200_000_000: "贰佰万元整", 168_032: "壹仟陆佰捌拾元叁角贰分", 10_700_053: "壹拾万柒仟元伍角叁分",
		1_640_902: "壹万陆仟肆佰零玖元零贰分", 32_504: "叁佰贰拾伍元零肆分", 10_050_000: "壹拾万零伍佰元整",
		100_000_000_000: "壹拾亿元整", 1_000_000_000_100: "壹佰亿零壹元整", 100_010_000: "壹佰万零壹佰元整",
		1_234_567_890_123: "壹佰贰拾叁亿肆仟伍佰陆拾柒万捌仟玖佰零壹元贰角叁分", -150: "负壹元伍角整",
		events.AmountFenMax: "壹仟亿元整",
		-1 << 63:            "负玖亿贰仟贰佰叁拾叁万柒仟贰佰零叁亿陆仟捌佰伍拾肆万柒仟柒佰伍拾捌元零捌分",
	} {
		if got := capitals(fen); got != want {
			t.Errorf("%d: expected %s, got %s", fen, want, got)
		}
	}
}

// TestTheOfficesThatTakePartAreOffered checks which offices a form about a meeting offers: those that the policy
// requires to take part, and no other role.
func TestTheOfficesThatTakePartAreOffered(t *testing.T) {
	words := desk.BuiltinPolicy()
	for kind, wanted := range map[events.Kind][]string{
		events.KindJointAppraisalHeld: words.Parameters.AppraisalParticipants.Value,
		events.KindGradeDecided:       words.Parameters.GradingParticipants.Value,
	} {
		form := formOf(events.Lookup(kind), words, false)
		offered := form.field("participants").Options
		for _, office := range wanted {
			if !offered.Has(office) {
				t.Errorf("%s does not offer %s", kind, office)
			}
		}
		for _, role := range []events.Role{events.Admin, events.CenterRole, events.Auditor} {
			if offered.Has(string(role)) {
				t.Errorf("%s offers %s", kind, offered.Word(string(role)).Zh)
			}
		}
	}
}
