package events

import (
	"fmt"
	"strings"
	"testing"
)

func TestLeavesAreTheValuesOfTheData(t *testing.T) {
	of := func(kind Kind) string {
		for _, r := range samples() {
			if r.Kind == kind {
				var parts []string
				for _, l := range Leaves(kind, r.Data) {
					parts = append(parts, fmt.Sprintf("%s %v", l.Path, l.Value))
				}
				return strings.Join(parts, "|")
			}
		}
		return ""
	}
	for kind, want := range map[Kind]string{
		KindFinalReportFiled:   "",
		KindGovernanceRecorded: "item expert-committee",
		KindTaskBookFiled: "version 1|periodStart 2024-05-20|periodEnd 2027-05-19|supportYears[0] " +
			"2024|supportYears[1] 2025|supportYears[2] 2026|" +
			"targets[0].name 概念验证项目数|targets[0].year 2024|targets[0].value 21|targets[0].unit " +
			"项|targets[1].name 技术合同成交额|targets[1].year 2025|targets[1].value 1.50|targets[1].unit 亿元",
	} {
		if got := of(kind); got != want {
			t.Errorf("%s: expected %q, got %q", kind, want, got)
		}
	}
	spent := &FundsSpent{Voucher: "V", Lines: []SpendingLine{{"G", 5}}, OutTransfer: &OutTransfer{}}
	last := Leaves(KindFundsSpent, spent)
	if got := fmt.Sprint(last[len(last)-1]); got != "{outTransfer outTransfer <nil>}" {
		t.Errorf("an empty object is %s", got)
	}
	if got := Leaves(KindFundsSpent, &UseRuled{}); got != nil {
		t.Errorf("data of another kind has the values %v", got)
	}
}
