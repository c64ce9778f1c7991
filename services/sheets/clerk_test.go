package sheets

import (
	"strings"
	"testing"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/ledger"
)

func TestAReasonReachesASheetInTheWordsOfAClerk(t *testing.T) {
	s := mustRead(t, voucherHeadings+"V-1,2026/9/1,ZJ-0018,G-1,中试,1,甲,x,,,\n")
	same := text.Say("已有记录中为 X", "is X in the record that is there")
	for _, c := range []struct {
		why  aggregates.Breach
		want string
	}{
		{
			aggregates.Breach{Field: "id",
				Reason: text.Say("此记录编号已用于内容不同的另一条记录：支出，2026年9月1日，在台账位置 12", "")},
			"凭证号 同一编号早已入账，内容不同：支出，2026年9月1日"},
		{aggregates.Breach{Field: "data.use", Reason: same, There: `"equipment"`},
			"用途 早已入账的记录中为 “仪器设备购置”"},
		{aggregates.Breach{Field: "data.lines", Reason: same, There: "G-1 100.00; G-2 5.00"},
			"金额(元) 早已入账的记录中为 G-1 100.00; G-2 5.00"},
		{aggregates.Breach{Field: "data.payee", Reason: same, There: `"` + strings.Repeat("长", 500) + `"`},
			"收款单位 早已入账的记录中为 “" + strings.Repeat("长", spokenMax-2) + "…"},
		{aggregates.Breach{Field: "data.outTransfer", Reason: same, There: `{"taskBook":"WT-1"}`},
			"外拨 早已入账的记录中为 是"},
		{aggregates.Breach{Field: "data.payee", Reason: text.Say("已有记录中没有", "")}, "收款单位 已有记录中没有"},
		{aggregates.Breach{Field: "by.role", Reason: text.Say("center 不得写入 subsidy.granted；应为 [finance]", "")},
			"凭证号 角色：省转化中心 不得写入 经费下达；应为 [省财政厅]"},
		{aggregates.Breach{Field: "by.role", Reason: same, There: `"finance"`},
			"凭证号 角色：早已入账的记录中为 “省财政厅”"},
		{aggregates.Breach{Field: "mode", Reason: same, There: `"record"`}, "凭证号 方式：早已入账的记录中为 “补录”"},
		{aggregates.Breach{Field: "kind", Reason: text.Say("中心已经登记", "")}, "凭证号 中心已经登记"},
		{aggregates.Breach{Field: "doc", Reason: text.Say("不能为空", "")}, "凭证号 发文字号：不能为空"},
		{aggregates.Breach{Field: "data.files", Reason: text.Say("不能为空", "")}, "凭证号 其他内容：不能为空"},
	} {
		found := s.Findings(ledger.BadRecord{Origin: ledger.Origin{Line: 2}, Breaches: []aggregates.Breach{c.why}})
		if got := found[0].Field + " " + found[0].Reason.Zh; got != c.want {
			t.Errorf("%s: got %q, want %q", c.why.Field, got, c.want)
		}
	}
	area := column(registrations, "设备原值(元)")
	if got := area.spoken("6000000000"); got != "60,000,000.00 元" {
		t.Errorf("an amount is %q", got)
	}
}
