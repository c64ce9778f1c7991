package events

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"github.com/taizhang/taizhang/events/text"
)

// line returns the sample of a kind in the interchange form.
func line(t testing.TB, kind Kind) string {
	r := sampleOf(kind)
	b, err := EncodeRecord(&r.Record)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// change replaces old, which must occur exactly once.
func change(t testing.TB, s, old, replacement string) string {
	t.Helper()
	if n := strings.Count(s, old); n != 1 {
		t.Fatalf("%q occurs %d times in %s", old, n, s)
	}
	return strings.Replace(s, old, replacement, 1)
}

// checkText asserts that a reason is readable in both languages and short.
func checkText(t testing.TB, reason text.Text) {
	t.Helper()
	if !strings.ContainsFunc(reason.Zh, func(r rune) bool { return unicode.Is(unicode.Han, r) }) || reason.En == "" ||
		reason.En == reason.Zh {
		t.Errorf("not a reason in both languages: %+v", reason)
	}
	if len(reason.Zh) > problemBytesMax+len("…") || len(reason.En) > problemBytesMax+len("…") {
		t.Errorf("a reason of %d and %d bytes", len(reason.Zh), len(reason.En))
	}
}

// refused asserts that a line is refused for exactly one reason, about this field and with these English words.
func refused(t testing.TB, line, field, reason string) {
	t.Helper()
	_, found := DecodeRecord([]byte(line))
	if len(found) != 1 || found[0].Field != field || !strings.Contains(found[0].Reason.En, reason) {
		t.Errorf("refused for %+v\nwant %s: %s\n%.500s", found, field, reason, line)
	}
	for _, p := range found {
		checkText(t, p.Reason)
	}
}

func TestOneWrongThingIsRefusedWithItsFieldAndReason(t *testing.T) {
	long := strings.Repeat("x", IDBytesMax+1)
	for name, c := range map[string]struct {
		kind          Kind
		old, new      string
		field, reason string
	}{
		"an unknown member": {
			KindFundsSpent, `"kind":`, `"zz":1,"kind":`, "zz", "is not a known field"},
		"a member in other case": {KindFundsSpent, `"doc"`, `"Doc"`, "Doc", "is not a known field"},
		"an unknown member of by": {KindFundsSpent, `"actor"`, `"zz":{},"actor"`, "by.zz",
			"is not a known field"},
		"an unknown member of the evidence": {KindFundsSpent, `"name":"附件.ofd"`, `"zz":1,"name":""`,
			"evidence[1].zz", "is not a known field"},
		"an unknown member of the data": {KindFundsSpent, `"voucher"`, `"zz":1,"voucher"`, "data.zz",
			"is not a known field"},
		"an unknown member of a line": {KindFundsSpent, `"amountFen":1}`, `"amountFen":1,"zz":null}`,
			"data.lines[1].zz", "is not a known field"},
		"an unknown member of an object": {KindFundsSpent, `{"taskBook"`, `{"zz":1,"taskBook"`,
			"data.outTransfer.zz", "is not a known field"},
		"a member of another kind": {KindSubsidyReceived, `"amountFen"`, `"reason":"","amountFen"`,
			"data.reason", "is not a known field"},
		"data for a kind without data": {KindFinalReportFiled, `"data":{}`, `"data":{"year":2027}`,
			"data.year", "is not a known field"},
		"a repeated member": {KindFundsSpent, `"kind":`, `"doc":"","kind":`, "doc",
			"is given twice"},
		"a repeated member of the data": {KindFundsSpent, `"voucher"`, `"summary":"","voucher"`,
			"data.summary", "is given twice"},
		"a repeated member, once escaped": {KindFundsSpent, `"voucher"`, `"s\u0075mmary":"","voucher"`,
			"data.summary", "is given twice"},
		"a repeated member of a line": {KindFundsSpent, `"amountFen":1}`, `"amountFen":1,"grant":""}`,
			"data.lines[1].grant", "is given twice"},
		"a null under an escaped name": {KindFundsSpent, `"econCode":"31003"`, `"\u0065conCode":null`,
			"data.econCode", "must not be null"},
		"text for an amount": {KindSubsidyGranted, `200000000`, `"200000000"`, "data.amountFen",
			"wrong type; it must be an integer"},
		"a fraction": {KindSubsidyGranted, `200000000`, `200000000.0`, "data.amountFen",
			"without fraction or exponent"},
		"an exponent": {KindSubsidyGranted, `200000000`, `2e8`, "data.amountFen",
			"without fraction or exponent"},
		"1e400": {KindSubsidyGranted, `200000000`, `1e400`, "data.amountFen",
			"without fraction or exponent"},
		"more than 64 bits": {KindSubsidyGranted, `200000000`, `9223372036854775808`,
			"data.amountFen", "out of range"},
		"a leading zero": {KindSubsidyGranted, `200000000`, `0200000000`, "data",
			"not valid JSON"},
		"NaN": {KindSubsidyGranted, `200000000`, `NaN`, "data.amountFen",
			"not valid JSON"},
		"true for an amount": {KindSubsidyGranted, `200000000`, `true`, "data.amountFen",
			"wrong type; it must be an integer"},
		"an object for an amount": {KindSubsidyGranted, `200000000`, `{}`, "data.amountFen",
			"wrong type; it must be an integer"},
		"an amount of zero": {KindSubsidyGranted, `200000000`, `0`, "data.amountFen",
			"above 0"},
		"an amount of minus zero": {KindSubsidyGranted, `200000000`, `-0`, "data.amountFen",
			"above 0"},
		"a negative amount": {KindSubsidyGranted, `200000000`, `-1`, "data.amountFen",
			"above 0"},
		"an amount above the limit": {
			KindSubsidyGranted, `200000000`, `10000000000001`, "data.amountFen", "at most 100,000,000,000.00 yuan"},
		"a line's amount above the limit": {KindFundsSpent, `"amountFen":1}`, `"amountFen":10000000000001}`,
			"data.lines[1].amountFen", "at most"},
		"a voucher without a line": {
			KindFundsSpent, `[{"grant":"JF-0007-03","amountFen":12345678},{"grant":"PT-0007-2025","amountFen":1}]`,
			`[]`, "data.lines", "at least one"},
		"negative own money": {KindFundsSpent, `"ownFen":10000`, `"ownFen":-1`, "data.ownFen",
			"negative"},
		"negative equipment": {KindFactsChanged, `"equipmentFen":0`, `"equipmentFen":-1`,
			"data.equipmentFen", "negative"},
		"a negative area": {KindCenterRegistered, `"usableAreaM2":5000`, `"usableAreaM2":-1`,
			"data.usableAreaM2", "negative"},
		"a negative count": {KindGradeDecided, `"expertReviews":9`, `"expertReviews":-9`,
			"data.expertReviews", "negative"},
		"text for yes or no": {
			KindPlanAppraised, `true`, `"true"`, "data.passed", "it must be true or false"},
		"an object for text": {KindUseRuled, `"capital-construction"`, `{"zh":1}`, "data.use",
			"it must be text"},
		"text for a list": {
			KindGradeDecided, `["st-office","industry-dept","finance","local-gov"]`, `"finance"`, "data.participants",
			"it must be a list"},
		"a list for an object": {
			KindFundsSpent, `{"taskBook":"WT-0007-8"}`, `[]`, "data.outTransfer", "it must be an object"},
		"a list for the data": {KindFinalReportFiled, `"data":{}`, `"data":[]`, "data",
			"it must be an object"},
		"a number for a date": {KindFactsChanged, `"2011-12-31"`, `20111231`, "data.foundedOn",
			"of the form YYYY-MM-DD"},
		"an impossible day": {KindSubsidyGranted, `"on":"2025-05-06"`, `"on":"2025-02-29"`,
			"on", `no date "2025-02-29"`},
		"a date of another form": {KindSubsidyGranted, `"on":"2025-05-06"`, `"on":"2025-5-6"`, "on",
			"YYYY-MM-DD"},
		"an impossible day in the data": {KindMatchingCommitted, `2025-09-30`, `2025-09-31`, "data.dueOn",
			"no date"},
		"an empty date": {KindMatchingCommitted, `2025-09-30`, ``, "data.dueOn",
			"YYYY-MM-DD"},
		"a lone surrogate": {KindUseRuled, `"记-2025-07-0033"`, `"\ud800"`, "data.voucher",
			"surrogate"},
		"text that is not UTF-8": {
			KindUseRuled, `"记-2025-07-0033"`, "\"\xb8\xb4\"", "data.voucher", "UTF-8"},
		"a name that is not UTF-8": {KindUseRuled, `"use"`, "\"\xff\"", "data", "UTF-8"},
		"a raw newline in text": {KindUseRuled, `"记-2025-07-0033"`, "\"a\nb\"", "data.voucher",
			"not valid JSON"},
		"an id that is no UUID": {KindUseRuled, `"id":"5b0c0000-`, `"id":"5b0c0000+`, "id",
			"is not a UUID"},
		"an id in braces": {KindUseRuled, `"id":"5b0c0000-0000-4000-8000-000000000041"`,
			`"id":"{5b0c0000-0000-4000-8000-000000000041}"`, "id", "is not a UUID"},
		"an id without hyphens": {KindUseRuled, `5b0c0000-0000-4000-8000-000000000041`,
			`5b0c0000000040008000000000000041`, "id", "is not a UUID"},
		"an empty id": {KindUseRuled, `5b0c0000-0000-4000-8000-000000000041`, ``, "id",
			"is not a UUID"},
		"an id of zeros": {KindUseRuled, `5b0c0000-0000-4000-8000-000000000041`,
			`00000000-0000-0000-0000-000000000000`, "id", "is not a UUID"},
		"an unknown kind": {
			KindUseRuled, `"use.ruled"`, `"use.Ruled"`, "kind", "there is no kind"},
		"a policy of a center": {KindPolicyAdopted, `"on":"2024-01-01"`,
			`"on":"2024-01-01","center":"ZJ-0007"`, "center", "belongs to no center"},
		"no center": {
			KindUseRuled, `"center":"ZJ-0007",`, ``, "center", "does not match"},
		"a center in small letters": {KindUseRuled, `ZJ-0007`, `zj-0007`, "center", "does not match"},
		"a center too short":        {KindUseRuled, `ZJ-0007`, `ZJ`, "center", "does not match"},
		"a center too long": {KindUseRuled, `ZJ-0007`, strings.Repeat("Z", 33), "center",
			"does not match"},
		"a center with a newline": {
			KindUseRuled, `ZJ-0007`, `ZJ-0007\n`, "center", "does not match"},
		"a center that leaves its folder": {KindUseRuled, `ZJ-0007`, `../../X`, "center", "does not match"},
		"a year before 2000": {KindUseRuled, `"on":"2025-08-01"`, `"on":"1999-12-31"`, "on",
			"from 2000 to 2100"},
		"a year after 2100": {KindUseRuled, `"on":"2025-08-01"`, `"on":"2101-01-01"`, "on",
			"from 2000 to 2100"},
		"a year of the data before 2000": {KindGradeRevised, `"year":2024`, `"year":1999`, "data.year",
			"from 2000 to 2100"},
		"a year of the data after 2100": {KindGradeRevised, `"year":2024`, `"year":2101`, "data.year",
			"from 2000 to 2100"},
		"a support year after 2100": {KindTaskBookFiled, `2026]`, `2126]`, "data.supportYears[2]",
			"from 2000 to 2100"},
		"a target's year before 2000": {
			KindTaskBookFiled, `"year":2025`, `"year":25`, "data.targets[1].year", "from 2000 to 2100"},
		"a target that is no number": {KindTaskBookFiled, `"value":1.50`, `"value":"1.50"`,
			"data.targets[1].value", "must be a number"},
		"a supported year after 2100": {KindSubsidyGranted, `"forYear":2024`, `"forYear":2101`,
			"data.forYear", "from 2000 to 2100"},
		"a fiscal year before the grant": {KindSubsidyGranted, `"fiscalYear":2025`, `"fiscalYear":2024`,
			"data.fiscalYear", "must be the year of the date (2025-05-06) or the next year"},
		"a year supported that is 0": {KindSubsidyGranted, `"forYear":2024`, `"forYear":0`,
			"data.forYear", "year 0 must be from 2000 to 2100"},
		"a fiscal year too late": {KindSubsidyGranted, `"fiscalYear":2025`, `"fiscalYear":2027`,
			"data.fiscalYear", "must be the year of the date (2025-05-06) or the next year"},
		"an unknown role": {KindUseRuled, `"role":"finance"`, `"role":"treasury"`, "by.role",
			"there is no role"},
		"an empty actor": {
			KindUseRuled, `"经办-03"`, `""`, "by.actor", "must not be empty"},
		"an unknown mode": {KindUseRuled, `"mode":"record"`, `"mode":"force"`, "mode",
			"must be enforce or record"},
		"record mode without a document": {KindUseRuled, `"doc":"浙财科教〔2025〕12号",`, ``, "doc",
			"needs a document number"},
		"record mode with an empty document": {KindUseRuled, `"doc":"浙财科教〔2025〕12号"`, `"doc":""`, "doc",
			"needs a document number"},
		"a digest in capitals": {KindUseRuled, fmt.Sprintf("%064x", 2), strings.Repeat("A", 64),
			"evidence[1].sha256", "64 lower-case hexadecimal"},
		"a digest too short": {
			KindUseRuled, fmt.Sprintf("%064x", 2), "ab", "evidence[1].sha256", "64 lower-case hexadecimal"},
		"an incident of tomorrow": {KindIncidentRecorded, `"occurredOn":"2025-01-09"`,
			`"occurredOn":"2025-01-14"`, "data.occurredOn", "is after the date of the record"},
		"an unknown type of incident": {KindIncidentRecorded, `"kind":"environment"`, `"kind":"fire"`,
			"data.kind", "is not one of: safety, quality, environment"},
		"an unknown severity": {KindIncidentRecorded, `"major"`, `"huge"`, "data.severity",
			"is not one of: general, major"},
		"an unknown list": {KindCreditListed, `"dishonesty"`, `"grey"`, "data.list",
			"is not one of"},
		"an unknown type of center": {KindCenterRegistered, `"pilot-base"`, `"base"`, "data.type",
			"is not one of"},
		"an unknown type, changed": {
			KindFactsChanged, `"other"`, `"base"`, "data.type", "is not one of"},
		"an unknown service": {KindCenterRegistered, `["proof-of-concept","pilot"]`,
			`["pilot","x"]`, "data.services[1]", "is not one of"},
		"an unknown service, changed": {KindFactsChanged, `"services":[]`, `"services":["x"]`,
			"data.services[0]", "is not one of"},
		"an unknown conclusion": {KindConditionJudged, `"basically-met"`, `"maybe"`,
			"data.conclusion", "is not one of: met, basically-met, not-met"},
		"an unknown part of a report": {
			KindAnnualReportSubmitted, `"funds"`, `"people"`, "data.parts[2]", "is not one of"},
		"an unknown governance item": {KindGovernanceRecorded, `"expert-committee"`, `"canteen"`,
			"data.item", "is not one of"},
		"an unknown category": {KindSubsidyGranted, `"construction"`, `"prize"`, "data.category",
			"is not one of"},
		"an unknown source": {KindSubsidyGranted, `"central-guidance"`, `"local"`,
			"data.source", "is not one of: central-guidance, major-program, province-other"},
		"an unknown level": {KindMatchingCommitted, `"county"`, `"town"`, "data.level",
			"is not one of: city, county"},
		"a region of five digits": {KindCenterRegistered, `"330502"`, `"33050"`, "data.region",
			"must be 6 to 6 digits"},
		"a region in full-width digits": {
			KindCenterAssigned, `"330502"`, `"３３０５０２"`, "data.localGov", "must be 6 to 6 digits"},
		"a changed region with a letter": {KindFactsChanged, `"330503"`, `"33050A"`, "data.region",
			"must be 6 to 6 digits"},
		"an industry without a letter": {KindCenterRegistered, `"C3841"`, `"3841"`, "data.industryCode",
			"GB/T 4754"},
		"an industry beyond T": {KindFactsChanged, `"I65"`, `"U65"`, "data.industryCode",
			"GB/T 4754"},
		"an industry too long": {KindCenterRegistered, `"C3841"`, `"C38411"`, "data.industryCode",
			"GB/T 4754"},
		"an economic code with a letter": {KindFundsSpent, `"31003"`, `"3100x"`, "data.econCode",
			"must be 3 to 8 digits"},
		"an empty identifier": {KindSubsidyReceived, `"JF-0007-03"`, `""`, "data.grant",
			"must not be empty"},
		"an empty identifier of a line": {KindFundsSpent, `"PT-0007-2025"`, `""`, "data.lines[1].grant",
			"must not be empty"},
		"an identifier too long": {KindSubsidyReceived, `JF-0007-03`, long, "data.grant",
			"over the limit of 200 bytes"},
		"an identifier with a tab": {KindSubsidyReceived, `JF-0007-03`, `JF\t7`, "data.grant",
			"control characters"},
		"an identifier with a terminal's command": {KindSubsidyReceived, `JF-0007-03`, `JF\u001b[2J`, "data.grant",
			"control characters"},
		"an identifier with a control character C1": {KindSubsidyReceived, `JF-0007-03`, `JF\u009b2J`, "data.grant",
			"control characters"},
		"an identifier ending in a blank": {KindSubsidyReceived, `JF-0007-03`, `JF-0007-03　`, "data.grant",
			"white space"},
		"an actor with a newline": {KindSubsidyReceived, `经办-03`, `经办\n03`, "by.actor",
			"control characters"},
		"a change of nothing": {KindFactsChanged, dataOf(t, KindFactsChanged), `{}`, "data",
			"at least one fact"},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, change(t, line(t, c.kind), c.old, c.new), c.field, c.reason)
		})
	}
}

// dataOf returns the data of the sample of a kind as it is in its line.
func dataOf(t testing.TB, kind Kind) string {
	whole := line(t, kind)
	_, data, _ := strings.Cut(whole, `"data":`)
	return strings.TrimSuffix(data, "}")
}

func TestWhatIsNoSingleJSONObjectIsRefused(t *testing.T) {
	good := line(t, KindUseRuled)
	for name, c := range map[string]struct{ line, field, reason string }{
		"nothing":           {"", "", "cut off at byte 0"},
		"blanks":            {" \t ", "", "cut off"},
		"half":              {good[:len(good)/2], "evidence[0].sha256", "cut off"},
		"a byte order mark": {"\ufeff" + good, "", "not valid JSON in UTF-8 at byte 0"},
		"UTF-16":            {"\xff\xfe{\x00", "", "not valid JSON in UTF-8 at byte 0"},
		"trailing garbage":  {good + " x", "", "after top-level value"},
		"two objects":       {good + good, "", "after top-level value"},
		"a trailing comma":  {good + ",", "", "after top-level value"},
		"a list":            {"[" + good + "]", "", "it must be an object"},
		"a number":          {"1", "", "it must be an object"},
		"text":              {`"{}"`, "", "it must be an object"},
		"null":              {"null", "", "must not be null"},
		"single quotes":     {`{'id':1}`, "", "not valid JSON"},
		"a comment":         {"/**/" + good, "", "not valid JSON"},
		"only brackets": {strings.Repeat("]", 100) + strings.Repeat("[", 100), "",
			"not valid JSON in UTF-8 at byte 0"},
	} {
		t.Run(name, func(t *testing.T) { refused(t, c.line, c.field, c.reason) })
	}
}

func TestTheLimitsAreNamedAndWhatIsWithinThemPasses(t *testing.T) {
	good := line(t, KindTaskBookFiled)
	padded := func(size int) string {
		return change(t, good, `"note":"补录"`, `"note":"`+strings.Repeat("x", size-len(good)+len("补录"))+`"`)
	}
	list := func(n int, item string) string {
		return "[" + strings.TrimSuffix(strings.Repeat(item+",", n), ",") + "]"
	}
	for name, c := range map[string]struct{ pass, fail, field, reason string }{
		"bytes": {padded(RecordBytesMax), padded(RecordBytesMax + 1), "",
			"has 1048577 bytes, over the limit of 1048576"},
		"members of a list": {change(t, good, `[2024,2025,2026]`, list(ListMax, "2024")),
			change(t, good, `[2024,2025,2026]`, list(ListMax+1, "2024")), "data.supportYears",
			"has 1001 members, over the limit of 1000"},
		"members of a list under an escaped name": {
			change(t, good, `"supportYears":[2024,2025,2026]`, `"support\u0059ears":`+list(ListMax, "2024")),
			change(t, good, `"supportYears":[2024,2025,2026]`, `"support\u0059ears":`+list(ListMax+1, "2024")),
			"data.supportYears", "over the limit of 1000"},
		"files": {line(t, KindUseRuled),
			change(t, change(t, line(t, KindUseRuled), `"evidence":[`,
				`"evidence":[`+strings.Repeat(`{"name":"","sha256":"`+fmt.Sprintf("%064x", 3)+`"},`, ListMax-1)),
				`"mode":"record",`, ``),
			"evidence", "has 1001 members"},
		"depth": {change(t, good, `"1"`, `"`+strings.Repeat(`[{`, 50)+`"`),
			change(t, good, `1.50`, strings.Repeat("[", 6)+strings.Repeat("]", 6)), "", "deeper than the limit of 8"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, found := DecodeRecord([]byte(c.pass)); len(found) > 0 {
				t.Errorf("what is within the limit is refused: %v", found)
			}
			refused(t, c.fail, c.field, c.reason)
		})
	}
}

func TestARefusalIsSmallHoweverLargeTheRecord(t *testing.T) {
	big := strings.Repeat("名", RecordBytesMax/4)
	many := strings.Repeat(`{},`, RecordBytesMax/4)
	voucher, book := line(t, KindFundsSpent), line(t, KindTaskBookFiled)
	for name, line := range map[string]string{
		"a large kind":                change(t, voucher, `"funds.spent"`, `"`+big+`"`),
		"a large member's name":       change(t, voucher, `"voucher"`, `"`+big+`"`),
		"a large date":                change(t, voucher, `"2025-07-11"`, `"`+big+`"`),
		"a large role":                change(t, voucher, `"role":"center"`, `"role":"`+big+`"`),
		"many lines without a member": change(t, voucher, `"lines":[`, `"lines":[`+many),
		"many lines of nothing": change(t, voucher, `"lines":[`,
			`"lines":[`+strings.Repeat("null,", RecordBytesMax/8)),
		"many vouchers of no amount": change(t, voucher, `"lines":[`,
			`"lines":[`+strings.Repeat(`{"grant":"","amountFen":0},`, ListMax-2)),
		"many years that do not exist": change(t, book, `[2024,2025,2026]`, `[`+strings.Repeat("1,", ListMax-1)+`1]`),
		"a depth bomb":                 strings.Repeat(`{"a":[`, RecordBytesMax/6),
		"an unterminated text":         `{"id":"` + strings.Repeat(`\"`, RecordBytesMax/2-8),
	} {
		t.Run(name, func(t *testing.T) {
			_, found := DecodeRecord([]byte(line))
			if len(found) == 0 || len(found) > problemsMax {
				t.Fatalf("%d problems", len(found))
			}
			for _, p := range found {
				checkText(t, p.Reason)
				if len(p.Field) > problemBytesMax+len("…") {
					t.Errorf("a field of %d bytes", len(p.Field))
				}
			}
		})
	}
}

func TestSeveralWrongThingsAreReportedTogether(t *testing.T) {
	voucher := line(t, KindFundsSpent)
	voucher = change(t, voucher, `"payee":"湖州生物科技研究院",`, ``)
	voucher = change(t, voucher, `"grant":"PT-0007-2025",`, ``)
	voucher = change(t, voucher, `"31003"`, `null`)
	_, found := DecodeRecord([]byte(voucher))
	var fields []string
	for _, p := range found {
		fields = append(fields, p.Field)
	}
	if want := []string{"data.lines[1].grant", "data.econCode", "data.payee"}; !reflect.DeepEqual(fields, want) {
		t.Errorf("reported %v, want %v", fields, want)
	}
}

func TestARefusedRecordCanStillBeNamed(t *testing.T) {
	r, found := DecodeRecord([]byte(change(t, line(t, KindUseRuled), `"use":"capital-construction"`, `"use":1`)))
	if len(found) == 0 || r.ID != sampleOf(KindUseRuled).ID || r.Kind != KindUseRuled || r.Center != "ZJ-0007" ||
		r.On != MustDate("2025-08-01") {
		t.Errorf("a refused record is read as %+v", r)
	}
}

func TestACenterIsNamedAsItsFormSays(t *testing.T) {
	form := regexp.MustCompile(centerForm)
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.OneOf(rapid.StringMatching(`[A-Z0-9-]{0,34}`),
			rapid.StringMatching(`[A-Za-z0-9_\n号-]{2,5}`)).Draw(t, "id")
		if got := ValidCenter(CenterID(id)); got != form.MatchString(id) {
			t.Errorf("%q is valid: %v", id, got)
		}
	})
}

func TestAStreamIsNamedAsItsFormSays(t *testing.T) {
	form := regexp.MustCompile(`^` + StreamForm + `$`)
	valid := func(t interface{ Errorf(string, ...any) }, s StreamID) {
		if got := ValidStream(s); got != form.MatchString(string(s)) {
			t.Errorf("%q is valid: %v", s, got)
		}
	}
	for _, e := range Catalog {
		if r := (&Record{Kind: e.Kind, Center: "ZJ-0007"}); !ValidStream(r.Stream()) {
			t.Errorf("%s lies in the stream %q", e.Kind, r.Stream())
		}
	}
	for _, s := range []StreamID{"", "policy", "ledger", "center", "center-", "center-policy", "center-ZJ-0007",
		"center-ZJ", "Policy", "policy-2", "policy\n"} {
		valid(t, s)
	}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.StringMatching(`[a-z]{0,34}`),
			rapid.StringMatching(`(center-)?[A-Za-z0-9_\n号-]{1,33}`)).Draw(t, "stream")
		valid(t, StreamID(s))
		if id, ok := StreamID(s).Center(); ok && id.Stream() != StreamID(s) || !ok && id != "" {
			t.Errorf("%q is of the center %q: %v", s, id, ok)
		}
	})
}
