package policy_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/aggregates/policy"
)

func read(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func parse(t testing.TB, text string) *policy.Policy {
	t.Helper()
	p, problems := policy.Parse([]byte(text))
	if len(problems) > 0 {
		t.Fatalf("a good policy is refused: %v", problems)
	}
	return p
}

func donghai(t testing.TB) *policy.Policy { return parse(t, read(t, "testdata/donghai-2025.json")) }

// faulty is one edit to the draft and the problem that it must cause.
type faulty struct {
	name     string
	old, new string // the edit; the first occurrence only
	line     string // what stands on the line reported, after the edit
	field    string
	reason   string // part of the English reason
	others   int    // problems that follow from the same edit
}

var faultyPolicies = []faulty{
	{name: "an unknown member at the top", old: `"version": "2"`, new: `"version": "1", "author": "x"`,
		line: `"author"`, field: "author", reason: "not a known field"},
	{name: "an unknown member of a parameter", old: `"open": "OP-06"`, new: `"opens": "OP-06"`, line: `"opens"`,
		field: "parameters.foundationYears.opens", reason: "not a known field"},
	{name: "an unknown parameter", old: `"plaqueDays": {`, new: `"flagDays": {`, line: `"flagDays"`,
		field: "parameters.flagDays", reason: "not a known field", others: 1},
	{name: "a missing parameter", old: `"plaqueDays": {`, new: `"flagDays": {`, line: `"parameters"`,
		field: "parameters.plaqueDays", reason: "is missing", others: 1},
	{name: "an unknown member of a row", old: `"words": "优秀"`, new: `"words": "优秀", "score": 90`, line: `"score"`,
		field: "grades[0].score", reason: "not a known field"},
	{name: "a Chinese name alone", old: `"zh": "人才引进", "en": "talent"`, new: `"zh": "人才引进"`, line: `"talent"`,
		field: "uses[3].en", reason: "is missing"},
	{name: "further names alone", old: `"zh": "人才引进", "en": "talent"`, new: `"also": ["人才"]`, line: `"talent"`,
		field: "uses[3].zh", reason: "is missing", others: 1},
	{name: "an empty name", old: `"en": "talent"`, new: `"en": ""`, line: `"talent"`, field: "uses[3].en",
		reason: "must not be empty"},
	{name: "an empty further name", old: `"also": ["中试项目"]`, new: `"also": [""]`, line: `"pilot"`,
		field: "uses[1].also[0]", reason: "must not be empty"},
	{name: "a further name given twice", old: `"also": ["中试项目"]`, new: `"also": ["中试项目", "中试项目"]`,
		line: `"pilot"`, field: "uses[1].also[1]", reason: "given twice"},
	{name: "two uses of one Chinese name", old: `"zh": "捐赠"`, new: `"zh": "赞助"`, line: `"donation"`,
		field: "uses[8].zh", reason: "stands for \"sponsorship\" already"},
	{name: "two uses of one English name", old: `"en": "donation"`, new: `"en": "sponsorship"`, line: `"donation"`,
		field: "uses[8].en", reason: "stands for \"sponsorship\" already"},
	{name: "a further name that is another's name", old: `"also": ["中试项目"]`, new: `"also": ["概念验证"]`,
		line: `"pilot"`, field: "uses[1].also[0]", reason: "stands for \"proof-of-concept\" already"},
	{name: "a name that is the code of a later use", old: `"en": "pilot"`, new: `"en": "fine"`, line: `"pilot"`,
		field: "uses[1].en", reason: "stands for \"fine\" already"},
	{name: "two grades of one name", old: `"zh": "合格"`, new: `"zh": "优秀"`, line: `"qualified"`,
		field: "grades[1].zh", reason: "stands for \"excellent\" already"},
	{name: "a missing id", old: `  "id": "zj-2024-draft",` + "\n", new: "", line: "{", field: "id",
		reason: "is missing"},
	{name: "a missing table", old: `"grades": [`, new: `"marks": [`, line: "{", field: "grades", reason: "is missing",
		others: 1},
	{name: "a rules table that is missing is one problem and not one for each rule", old: `"rules": [`,
		new: `"regulations": [`, line: "{", field: "rules", reason: "is missing", others: 1},
	{name: "a parameter without words", old: `"words": "原则上应设立三年以上", `, new: "", line: `"foundationYears"`,
		field: "parameters.foundationYears.words", reason: "is missing"},
	{name: "a parameter with empty words", old: `"words": "原则上应设立三年以上"`, new: `"words": ""`,
		line: `"foundationYears"`, field: "parameters.foundationYears.words", reason: "must not be empty"},
	{name: "a parameter without an article", old: `"article": "6(一)", `, new: "", line: `"foundationYears"`,
		field: "parameters.foundationYears.article", reason: "is missing"},
	{name: "a repeated member", old: `"version": "2"`, new: `"version": "1",` + "\n" + `"version": "2"`,
		line: `"version": "2"`, field: "version", reason: "given twice"},
	{name: "a repeated parameter", old: `"plaqueDays": {`, new: `"preliminaryReviewDays": {`,
		line: `"preliminaryReviewDays": {"value": 30`, field: "parameters.preliminaryReviewDays",
		reason: "given twice"},
	{name: "null for a text", old: `"source": "浙`, new: `"source": null, "x": "浙`, line: `"source"`, field: "source",
		reason: "must not be null", others: 1},
	{name: "null for a parameter",
		old: `{"value": 30, "unit": "days", "article": "9", "words": "审定通过后由省委科技办予以授牌", "open": "OP-38"}`, new: "null", line: `"plaqueDays"`, field: "parameters.plaqueDays", reason: "must not be null"},
	{name: "null for a table", old: `"codes": [`, new: `"codes": null, "x": [`, line: `"codes"`, field: "codes",
		reason: "must not be null", others: 1},
	{name: "null for an optional member", old: `"local": "plain"`, new: `"local": null`, line: `"local"`,
		field: "uses[6].local", reason: "must not be null"},
	{name: "a text for a number", old: `"value": 180`, new: `"value": "180"`, line: `"governanceDays"`,
		field: "parameters.governanceDays.value", reason: "must be an integer"},
	{name: "a number for a text", old: `"version": "2"`, new: `"version": 1`, line: `"version"`, field: "version",
		reason: "must be text"},
	{name: "a list for a text", old: `"version": "2"`, new: `"version": []`, line: `"version"`, field: "version",
		reason: "must be text"},
	{name: "a text for a truth value", old: `"waivable": true`, new: `"waivable": "yes"`, line: `"yes"`,
		field: "admission[0].waivable", reason: "true or false"},
	{name: "a text for a list", old: `["C39", "I63", "I64", "I65"]`, new: `"C39"`, line: `"relaxationIndustries"`,
		field: "parameters.relaxationIndustries.value", reason: "must be a list"},
	{name: "a fraction of a day", old: `"value": 180`, new: `"value": 180.5`, line: `180.5`,
		field: "parameters.governanceDays.value", reason: "integer from 1 to 3650"},
	{name: "an exponent", old: `"value": 180`, new: `"value": 18e1`, line: `18e1`,
		field: "parameters.governanceDays.value", reason: "integer from 1 to 3650"},
	{name: "a number beyond every integer", old: `"value": 180`, new: `"value": 99999999999999999999`, line: `9999999`,
		field: "parameters.governanceDays.value", reason: "integer from 1 to 3650"},
	{name: "a term of no days", old: `"value": 180`, new: `"value": 0`, line: `"governanceDays"`,
		field: "parameters.governanceDays.value", reason: "integer from 1 to 3650"},
	{name: "a term of eleven years", old: `"value": 180`, new: `"value": 4015`, line: `"governanceDays"`,
		field: "parameters.governanceDays.value", reason: "integer from 1 to 3650"},
	{name: "a negative number of years", old: `"value": 3, "unit": "years"`, new: `"value": -3, "unit": "years"`,
		line: `-3`, field: "parameters.foundationYears.value", reason: "from 1 to 100"},
	{name: "a percentage above 100", old: `"value": 60, "unit": "percent"`, new: `"value": 101, "unit": "percent"`,
		line: `101`, field: "parameters.lowRatePercent.value", reason: "from 0 to 100"},
	{name: "no failures to revoke", old: `"value": 2, "unit": "years"`, new: `"value": 0, "unit": "years"`,
		line: `"failuresToRevoke"`, field: "parameters.failuresToRevoke.value", reason: "from 1 to 10"},
	{name: "an amount of nothing", old: `200000000`, new: `0`, line: `"constructionFen"`,
		field: "parameters.constructionFen.value", reason: "from 1 to 10000000000000"},
	{name: "an amount above ten to the thirteenth", old: `200000000`, new: `10000000000001`, line: `"constructionFen"`,
		field: "parameters.constructionFen.value", reason: "from 1 to 10000000000000"},
	{name: "the wrong unit", old: `"unit": "days"`, new: `"unit": "months"`, line: `"preliminaryReviewDays"`,
		field: "parameters.preliminaryReviewDays.unit", reason: `"months" is not one of: days`},
	{name: "a day that not every year has", old: `"03-31"`, new: `"02-29"`, line: `02-29`,
		field: "parameters.annualReportDue.value", reason: "not a day of every year"},
	{name: "a day that no year has", old: `"09-30"`, new: `"09-31"`, line: `09-31`, field: "parameters.gradeDue.value",
		reason: "not a day of every year"},
	{name: "a day written otherwise", old: `"10-01"`, new: `"10-1"`, line: `10-1`,
		field: "parameters.lateReceiptAfter.value", reason: "not a day of every year"},
	{name: "an effective date that does not exist", old: `"2024-01-01"`, new: `"2023-02-29"`, line: `effectiveFrom`,
		field: "effectiveFrom", reason: "not a date"},
	{name: "an effective date outside the ledger", old: `"2024-01-01"`, new: `"1999-12-31"`, line: `effectiveFrom`,
		field: "effectiveFrom", reason: "from 2000 to 2100"},
	{name: "a center as grantor of waivers", old: `"value": "st-office"`, new: `"value": "center"`,
		line: `"waiverGrantor"`, field: "parameters.waiverGrantor.value", reason: "not one of"},
	{name: "local money as the source of the construction subsidy", old: `"value": "central-guidance"`,
		new: `"value": "local"`, line: `"constructionSource"`, field: "parameters.constructionSource.value",
		reason: "not one of"},
	{name: "a rate of no sources", old: `["major-program", "province-other"]`, new: `[]`, line: `"rateSources"`,
		field: "parameters.rateSources.value", reason: "must not be empty"},
	{name: "a source named twice", old: `["major-program", "province-other"]`,
		new: `["major-program", "major-program"]`, line: `"rateSources"`, field: "parameters.rateSources.value[1]",
		reason: "given twice"},
	{name: "an industry that is none", old: `"I63"`, new: `"Z63"`, line: `"Z63"`,
		field: "parameters.relaxationIndustries.value[1]", reason: "GB/T 4754"},
	{name: "no grade that fails", old: `"outcome": "fail"`, new: `"outcome": "pass"`, line: `"grades"`,
		field: "grades", reason: "outcome is fail"},
	{name: "an unknown outcome", old: `"outcome": "top"`, new: `"outcome": "best"`, line: `"best"`,
		field: "grades[0].outcome", reason: "not one of: top, pass, fail", others: 1},
	{name: "a grade named twice", old: `"name": "qualified"`, new: `"name": "excellent"`, line: `"outcome": "pass"`,
		field: "grades[1].name", reason: "given twice"},
	{name: "a use named twice", old: `"use": "operation"`, new: `"use": "pilot"`, line: `"class": "plain"`,
		field: "uses[4].use", reason: "given twice"},
	{name: "an unknown class", old: `"class": "plain"`, new: `"class": "tolerated"`, line: `"tolerated"`,
		field: "uses[4].class", reason: "not one of: main, plain, review, forbidden"},
	{name: "an unknown local class", old: `"local": "plain"`, new: `"local": "fine"`, line: `"local"`,
		field: "uses[6].local", reason: "not one of"},
	{name: "a use under a rule that is not in the table", old: `"rule": "R20-2"`, new: `"rule": "R99-9"`,
		line: `R99-9`, field: "uses[6].rule", reason: `no "R99-9"`},
	{name: "a code that is not digits", old: `"prefix": "309"`, new: `"prefix": "30A"`, line: `30A`,
		field: "codes[0].prefix", reason: "1 to 8 digits"},
	{name: "a code of nine digits", old: `"prefix": "309"`, new: `"prefix": "309000000"`, line: `309000000`,
		field: "codes[0].prefix", reason: "1 to 8 digits"},
	{name: "a code given twice", old: `"prefix": "31005"`, new: `"prefix":   "31001"`, line: `"prefix":   "31001"`,
		field: "codes[2].prefix", reason: "never reached"},
	{name: "a code that an earlier one hides", old: `"prefix": "31005"`, new: `"prefix": "30901"`, line: `"30901"`,
		field: "codes[2].prefix", reason: `"309" stands before it`},
	{name: "a code that makes a use that there is not", old: `"use": "capital-construction", "rule"`,
		new: `"use": "building", "rule"`, line: `"building"`, field: "codes[0].use", reason: `no "building"`},
	{name: "a row under a rule that is not in the table", old: `"rule": "R12-1"`, new: `"rule": "R12-9"`,
		line: `R12-9`, field: "admission[10].rule", reason: `no "R12-9"`},
	{name: "an unknown modality", old: `"modality": "mandatory"`, new: `"modality": "optional"`, line: `"optional"`,
		field: "admission[4].modality", reason: "not one of"},
	{name: "an unknown condition", old: `"legal-entity"`, new: `"rich"`, line: `"rich"`,
		field: "admission[0].condition", reason: "not one of"},
	{name: "an unknown field", old: `"usableAreaM2"`, new: `"gardenM2"`, line: `"gardenM2"`,
		field: "admission[3].field", reason: "not one of"},
	{name: "a row with neither field nor condition", old: `, "condition": "legal-entity"`, new: ``,
		line: `"R03-2", "modality"`, field: "admission[0]", reason: "either a field or a condition"},
	{name: "a row with both", old: `"condition": "legal-entity"`,
		new: `"condition": "legal-entity", "field": "usableAreaM2"`, line: `"legal-entity"`, field: "admission[0]",
		reason: "either a field or a condition"},
	{name: "a field without a minimum", old: `"minimum": 5000, `, new: ``, line: `"R06-2b", "modality"`,
		field: "admission[3].minimum", reason: "is missing", others: 2},
	{name: "a condition with a minimum", old: `"condition": "legal-entity"`,
		new: `"condition": "legal-entity", "minimum": 1`, line: `"minimum": 1}`, field: "admission[0].minimum",
		reason: "rows with a field only"},
	{name: "a mandatory condition that can be waived", old: `"modality": "mandatory", "condition"`,
		new: `"modality": "mandatory", "waivable": true, "condition"`, line: `"mandatory", "waivable"`,
		field: "admission[5].waivable", reason: "cannot be waived"},
	{name: "a relaxation that is stricter", old: `"relaxedMinimum": 2000`, new: `"relaxedMinimum": 6000`, line: `6000`,
		field: "admission[3].relaxedMinimum", reason: "above the minimum"},
	{name: "a floor above what is enough", old: `"mandatoryBelow": 2000`, new: `"mandatoryBelow": 2500`, line: `2500`,
		field: "admission[3].mandatoryBelow", reason: "already enough"},
	{name: "a floor of a mandatory condition", old: `"relaxedMinimum": 1000000000`,
		new: `"mandatoryBelow": 1000000000`, line: `"mandatoryBelow": 1000000000`,
		field: "admission[4].mandatoryBelow", reason: "in principle only"},
	{name: "an area larger than a province", old: `"minimum": 5000,`, new: `"minimum": 5000000000,`,
		line: `"usableAreaM2"`, field: "admission[3].minimum", reason: "from 1 to 1000000000", others: 2},
	{name: "a condition twice under a rule",
		old:  `"rule": "R06-5e", "modality": "mandatory", "condition": "not-listed-blacklist"`,
		new:  `"rule":   "R06-5d", "modality": "mandatory", "condition": "not-listed-dishonesty"`,
		line: `"rule":   "R06-5d"`, field: "admission[8]", reason: "given twice"},
	{name: "a required rule that is missing", old: `"id": "R20-8"`, new: `"id": "R20-88"`, line: `"rules"`,
		field: "rules", reason: "rule R20-8 is missing"},
	{name: "a rule given twice", old: `"id": "R19-6"`, new: `"id": "R19-5"`,
		line: `"R19-5", "article": "19", "words": "鼓励省转化中心发挥科普`, field: "rules[103].id",
		reason: "given twice"},
	{name: "a rule without words", old: `, "words": "按党章和组织原则成立党组织"`, new: ``, line: `"R11-3"`,
		field: "rules[62].words", reason: "is missing"},
	{name: "words with a control character", old: `成立党组织`, new: `成立\u0007党组织`, line: `"R11-3"`,
		field: "rules[62].words", reason: "control characters"},
	{name: "words between blanks", old: `"words": "按党章`, new: `"words": " 按党章`, line: `"R11-3"`,
		field: "rules[62].words", reason: "white space"},
	{name: "words without end", old: `按党章和`, new: strings.Repeat("按", 2000), line: `"R11-3"`,
		field: "rules[62].words", reason: "limit of 4000 bytes"},
	{name: "text that ends too early", old: "  ]\n}\n", new: "  ]\n", line: "\n", field: "", reason: "not valid JSON"},
	{name: "text after the end", old: "  ]\n}\n", new: "  ]\n}\n{}\n", line: "{}", field: "", reason: "after the end"},
	{name: "a comma too many", old: `"OP-04"},`, new: `"OP-04"},,`, line: `,,`, field: "parameters",
		reason: "not valid JSON"},
	{name: "bytes that are not UTF-8", old: `优秀`, new: "\xd3\xc5", line: "\xd3\xc5", field: "", reason: "not UTF-8"},
	{name: "a byte order mark", old: "{", new: "\ufeff{", line: "{", field: "", reason: "byte order mark"},
	{name: "nesting without end", old: `"local": "plain"`, new: `"local": ` + strings.Repeat("[", 5000),
		line: `"local"`, field: "uses[6].local[0][0][0][0][0]", reason: "limit of 8"},
	{name: "a list without end", old: `"codes": [`, new: `"codes": [` + strings.Repeat("1,", 1001), line: `"codes"`,
		field: "codes[1000]", reason: "limit of 1000"},
	{name: "an object without end", old: `"version": "2",`, new: manyMembers(1001), line: `"m0000"`, field: "m0999",
		reason: "limit of 1000"},
	{name: "a text without end", old: `"version": "2"`,
		new: `"version": "` + strings.Repeat("1", policy.TextBytesMax) + `"`, line: "{", field: "",
		reason: "limit of 524288"},
}

func manyMembers(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(`"m` + string(rune('0'+i/1000)) + string(rune('0'+i/100%10)) + string(rune('0'+i/10%10)) +
			string(rune('0'+i%10)) + `": 1,`)
	}
	return b.String()
}

func TestAFaultyPolicyIsRefusedWithLineFieldAndReason(t *testing.T) {
	draft := read(t, "zj-2024-draft.json")
	for _, f := range faultyPolicies {
		t.Run(f.name, func(t *testing.T) {
			if !strings.Contains(draft, f.old) {
				t.Fatalf("the draft has no %q to edit", f.old)
			}
			text := strings.Replace(draft, f.old, f.new, 1)
			p, problems := policy.Parse([]byte(text))
			if p != nil || len(problems) != 1+f.others {
				t.Fatalf("policy %v, %d problems, want %d: %v", p != nil, len(problems), 1+f.others, problems)
			}
			for _, problem := range problems {
				if strings.Contains(problem.Reason.En+problem.Reason.Zh, "%!") || problem.Reason.Zh == "" ||
					problem.Reason.Zh == problem.Reason.En {
					t.Errorf("reason is not written well in two languages: %+v", problem.Reason)
				}
				if problem.Field == f.field && strings.Contains(problem.Reason.En, f.reason) &&
					strings.Contains(lineOf(text, problem.Line), strings.TrimSpace(f.line)) {
					return
				}
			}
			t.Errorf("no problem with field %q, reason %q, on the line of %q; got %+v", f.field, f.reason,
				f.line, problems)
		})
	}
}

func lineOf(text string, line int) string {
	lines := strings.Split(text, "\n")
	if line < 1 || line > len(lines) {
		return ""
	}
	return lines[line-1]
}

func TestProblemsAreReportedTogetherInTheOrderOfLines(t *testing.T) {
	text := read(t, "zj-2024-draft.json")
	text = strings.Replace(text, `"outcome": "top"`, `"outcome": "best"`, 1)
	text = strings.Replace(text, `"03-31"`, `"02-30"`, 1)
	text = strings.Replace(text, `"version": "2"`, `"version": ""`, 1)
	text = strings.Replace(text, `"id": "R01-1"`, `"id": 1`, 1)
	_, problems := policy.Parse([]byte(text))
	var fields []string
	for i, p := range problems {
		fields = append(fields, p.Field)
		if i > 0 && p.Line < problems[i-1].Line {
			t.Errorf("line %d stands after line %d", p.Line, problems[i-1].Line)
		}
	}
	if got, want := strings.Join(fields, " "),
		"version parameters.annualReportDue.value grades grades[0].outcome rules[0].id"; got != want {
		t.Errorf("fields %s, want %s", got, want)
	}
	if got, want := problems.Error(), "policy: line 3: version: must not be empty (and 4 more)"; got != want {
		t.Errorf("error %q, want %q", got, want)
	}
}

func TestTextThatIsNoPolicyAtAllIsRefused(t *testing.T) {
	for _, text := range []string{"", " ", "null", "[]", "1", `"text"`, "{}", "{", "]", "\x00", "true false"} {
		if p, problems := policy.Parse([]byte(text)); p != nil || len(problems) == 0 {
			t.Errorf("%q is accepted", text)
		}
	}
}

func TestNoMoreProblemsAreReportedThanTheLimit(t *testing.T) {
	text := strings.Replace(read(t, "zj-2024-draft.json"), `"codes": [`, `"codes": [`+strings.Repeat("1,", 900), 1)
	if _, problems := policy.Parse([]byte(text)); len(problems) != policy.ProblemsMax {
		t.Errorf("%d problems, want %d", len(problems), policy.ProblemsMax)
	}
}

func TestAPolicyKeepsItsTextAndDigest(t *testing.T) {
	text := []byte(read(t, "zj-2024-draft.json"))
	p := parse(t, string(text))
	if !bytes.Equal(p.Text(), text) || p.Digest() != policy.Builtin().Digest() || len(p.Digest()) != 64 {
		t.Errorf("text of %d bytes with digest %q", len(p.Text()), p.Digest())
	}
	if ref := p.Ref(); ref.ID != "zj-2024-draft" || ref.Version != "2" || ref.Digest != p.Digest() {
		t.Errorf("reference %+v", ref)
	}
	spaced := parse(t, string(text)+"\n")
	if spaced.Digest() == p.Digest() {
		t.Error("one more line break leaves the digest as it was")
	}
	text[0] = 'x'
	if p.Text()[0] != '{' {
		t.Error("the policy changes with the caller's bytes")
	}
}

func FuzzPolicy(f *testing.F) {
	draft := read(f, "zj-2024-draft.json")
	f.Add([]byte(draft))
	f.Add([]byte(read(f, "testdata/donghai-2025.json")))
	for _, m := range faultyPolicies {
		if len(m.new) < 5000 {
			f.Add([]byte(strings.Replace(draft, m.old, m.new, 1)))
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p, problems := policy.Parse(text)
		if p == nil {
			if len(problems) == 0 || len(problems) > policy.ProblemsMax {
				t.Fatalf("refused with %d problems", len(problems))
			}
			for _, problem := range problems {
				if problem.Line < 1 || problem.Line > 1+bytes.Count(text, []byte("\n")) || problem.Reason.Zh == "" ||
					problem.Reason.En == "" {
					t.Fatalf("bad problem %+v", problem)
				}
			}
			return
		}
		again := parse(t, string(p.Text()))
		if again.Digest() != p.Digest() || len(policy.Diff(p, again)) > 0 {
			t.Fatal("parsing its own text gives another policy")
		}
		for _, m := range []policy.MonthDay{p.Parameters.AnnualReportDue.Value, p.Parameters.GradeDue.Value,
			p.Parameters.LateReceiptAfter.Value} {
			if m.In(2025).Year() != 2025 || m.In(2025).String()[5:] != string(m) {
				t.Fatalf("%s is no day of 2025", m)
			}
		}
	})
}
