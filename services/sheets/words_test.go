package sheets

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/taizhang/taizhang/aggregates/policy"
)

// trained is the built-in policy with more uses, in force from 1 July 2025.
func trained(t testing.TB, uses string) *policy.Policy {
	t.Helper()
	text := strings.NewReplacer(`"version": "2"`, `"version": "3"`, `"2024-01-01"`, `"2025-07-01"`, `"uses": [`,
		`"uses": [`+uses).Replace(string(policy.Builtin().Text()))
	p, problems := policy.Parse([]byte(text))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return p
}

const trainingUse = `{"use": "training", "class": "forbidden", "rule": "R20-1", "words": "不得用于培训", "zh": "培训", "en": "training", "also": ["培训费"]},`

func TestARowHasTheWordsOfThePolicyOfItsDate(t *testing.T) {
	line := policy.Timeline{}.With(policy.Builtin()).With(trained(t, trainingUse))
	for _, c := range []struct{ name, date, word, use, bad string }{
		{"a word of the second policy", "2025-07-01", "培训", "training", ""},
		{"a further word of it", "2025-07-01", "培训费", "training", ""},
		{"a word of both", "2025-07-01", "中试项目", "pilot", ""},
		{"before it", "2025-06-30", "培训", "", "2 用途: “培训” must be one of: 概念验证、中试、"},
		{"a word of none", "2025-07-01", "讲课", "", "2 用途: “讲课” must be one of: 培训、概念验证、中试、"},
		{"on a day that cannot be read, of the last one", "2025-6-31", "培训", "", "2 日期: there is no day"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := clerk
			cfg.Policies = line
			s, err := readBytes([]byte(voucherHeadings+"V-1,"+c.date+",ZJ-0018,G-1,"+c.word+",5,甲,乙,,,\n"), cfg)
			if err != nil {
				t.Fatal(err)
			}
			if c.bad != "" {
				expect(t, badOf(s), c.bad)
				return
			}
			expect(t, recordsOf(t, s), `"use":"`+c.use+`"`)
		})
	}
}

// offered returns the list that a template of vouchers offers for the use, its note, and the words on the hidden
// sheet.
func offered(t *testing.T, p *policy.Policy) (list, note string, hidden []string) {
	t.Helper()
	var out bytes.Buffer
	if err := WriteTemplate(&out, vouchers, p); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rules, err := f.GetDataValidations(vouchers.Title.Zh)
	if err != nil {
		t.Fatal(err)
	}
	notes, err := f.GetComments(vouchers.Title.Zh)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rules {
		if strings.HasPrefix(r.Sqref, "E2") {
			list = r.Formula1
		}
	}
	i := slices.IndexFunc(notes, func(c excelize.Comment) bool { return c.Cell == "E1" })
	if slices.Contains(f.GetSheetList(), hiddenSheet) {
		columns, err := f.GetCols(hiddenSheet)
		if err != nil {
			t.Fatal(err)
		}
		hidden = columns[4]
	}
	return list, notes[i].Text, hidden
}

func TestATemplateOffersTheWordsOfThePolicy(t *testing.T) {
	list, note, _ := offered(t, trained(t, trainingUse))
	if want :=
		`"培训,概念验证,中试,仪器设备购置,人才引进,运行,其他,基本建设,赞助,捐赠,投资,罚款,偿还债务"`; list != want {
		t.Errorf("offers %s, want %s", list, want)
	}
	if want :=
		"必填。从列表中选择。培训、基本建设、赞助、捐赠、投资、罚款、偿还债务属禁止用途，如实填写"; note != want {
		t.Errorf("notes %s, want %s", note, want)
	}
}

// A list that is too long for a validation rule goes to a hidden sheet.
func TestATemplateOffersAnyNumberOfWords(t *testing.T) {
	var uses strings.Builder
	for i := range 60 {
		fmt.Fprintf(&uses,
			`{"use": "use-%d", "class": "main", "rule": "R20-1", "words": "用途", "zh": "第%d种用途", "en": "use %d"},`, i, i, i)
	}
	for _, more := range []string{
		uses.String(), `{"use": "a", "class": "main", "rule": "R20-1", "words": "甲", "zh": "甲,乙", "en": "a"},`} {
		p := trained(t, more)
		list, _, words := offered(t, p)
		if want := fmt.Sprintf("选项!$E$1:$E$%d", len(p.Uses)); list != want {
			t.Errorf("offers %s, want %s", list, want)
		}
		if len(words) != len(p.Uses) || words[0] != p.Uses[0].Zh || words[len(words)-1] != "偿还债务" {
			t.Errorf("the words are %q", words)
		}
	}
}
