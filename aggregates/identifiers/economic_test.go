package identifiers_test

import (
	"testing"

	"github.com/taizhang/taizhang/aggregates/identifiers"
)

func TestAnEconomicCodeIsNamedByItsItemOrElseItsCategory(t *testing.T) {
	for code, want := range map[string]string{"31101": "对企业补助（基本建设）", "3101201": "拆迁补偿",
		"309": "资本性支出（基本建设）", "30999": "资本性支出（基本建设）", "31002": "资本性支出", "30": "",
		"999": "", "": ""} {
		if name, ok := identifiers.EconomicName(code); name.Zh != want || ok != (want != "") ||
			(name.En == "") != (want == "") {
			t.Errorf("%q: expected %q, got %+v", code, want, name)
		}
	}
}
