package lists_test

import (
	"cmp"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/lists"
)

// golden returns the record of the golden file of a kind.
func golden(t *testing.T, kind events.Kind) *events.Record {
	t.Helper()
	body, err := os.ReadFile("../../events/testdata/golden/" + string(kind) + ".v1.json")
	if err != nil {
		t.Fatal(err)
	}
	stream := cmp.Or(events.Lookup(kind).Stream, "center-ZJ-0007")
	r, err := events.DecodeEvent(events.Stored{Stream: stream, ID: uuid.Max, Kind: kind, Body: body})
	if err != nil {
		t.Fatal(err)
	}
	return &r.Record
}

// codeWords matches what is no Chinese: a word in small letters, alone or in a chain.
var codeWords = regexp.MustCompile(`\b[a-z]+([-.][a-z]+)*\b`)

// proper are the words in small letters that records name: ids, a file, a unit, origins and keys of checkpoints.
var proper = regexp.MustCompile(`taizhang\.\S+|\S+\.example/\S+|\S{43}=|m²|zj-2024-draft|[0-9a-f]{8}-[0-9a-f-]{27}|\b[0-9a-f]{64}\b|\{.*\}|bylaws`)

func TestTheContentOfEveryKindIsInWords(t *testing.T) {
	policies := policy.Timeline{}.With(policy.Builtin())
	for i := range events.Catalog {
		kind := events.Catalog[i].Kind
		r := golden(t, kind)
		line := lists.RecordLine(r, policies)
		all := lists.RecordWords(r, policies)
		for _, said := range append(all, lists.Said{Member: "the line", Value: line}) {
			for _, zh := range []string{said.Label.Zh, said.Value.Zh} {
				if code := codeWords.FindString(proper.ReplaceAllString(zh, "")); code != "" {
					t.Errorf("%s %s: the code %q in %q", kind, said.Member, code, zh)
				}
			}
			if (said.Value.Zh == "") != (said.Value.En == "") ||
				said.Member != "the line" && (said.Label.Zh == said.Label.En || said.Label.En == "") {
				t.Errorf("%s: %+v", kind, said)
			}
		}
		shown := map[string]bool{}
		for _, said := range lists.RecordRest(r, policies) {
			shown[said.Member] = true
		}
		for _, said := range all {
			if !shown[said.Member] && !strings.Contains(line.Zh, said.Value.Zh) {
				t.Errorf("%s: neither the line %q nor the rest has %+v", kind, line.Zh, said)
			}
		}
	}
}

func TestARecordInWords(t *testing.T) {
	policies := policy.Timeline{}.With(policy.Builtin())
	for kind, want := range map[events.Kind]text.Text{
		events.KindGovernanceRecorded:    text.Say("专家顾问委员会", "expert committee"),
		events.KindRelaxationGranted:     text.Say("属数字经济行业", "属数字经济行业"),
		events.KindSpecialMeetingDecided: text.Say("审定通过：是", "approved: yes"),
	} {
		if got := lists.RecordLine(golden(t, kind), policies); got != want {
			t.Errorf("%s: expected %+v, got %+v", kind, want, got)
		}
	}
	r := &events.Record{Kind: events.KindFundsSpent, On: events.MustDate("2026-03-01"),
		Data: &events.FundsSpent{Voucher: "V-1", Payee: "乙公司", Use: "pilot",
			Lines: []events.SpendingLine{{Grant: "G-1", AmountFen: 123456}, {Grant: "M-1", AmountFen: 44}}, OwnFen: 5,
			EconCode: "30299", Summary: "打样", OutTransfer: &events.OutTransfer{}}}
	if got, want := lists.RecordLine(r, policies),
		text.Say("1,235.00 元，乙公司，中试，打样，凭证号 V-1，自筹资金 0.05 元，支出经济分类 30299，外拨：是，"+
			"经费编号 G-1、M-1",
			"1,235.00 yuan, 乙公司, pilot, 打样, voucher V-1, self-raised money 0.05 yuan, economic classification "+
				"30299, out-transfer: yes, grant G-1, M-1"); got != want {
		t.Errorf("expected %+v, got %+v", want, got)
	}
	rest := lists.RecordRest(r, policies)
	if len(rest) != 2 || rest[1].Label.Zh != "资金明细第 2 行" ||
		rest[1].Value != text.Say("M-1 0.44 元", "M-1 0.44 yuan") {
		t.Errorf("got %+v", rest)
	}
}
