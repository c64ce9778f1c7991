package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestADateToComeIsSaidToBeOne dates a voucher tomorrow: it may be recorded, and the answer says what that means. A
// page as of a day to come says that it looks ahead.
func TestADateToComeIsSaidToBeOne(t *testing.T) {
	t.Parallel()
	x, center, finance := formOffice(t)
	center.isExotic, finance.isExotic = true, true
	center.get(x.URL + "/record/funds.spent")
	dated := url.Values{"on": {"2026-11-03"}}
	for name, values := range voucherValues {
		if name != "on" {
			dated[name] = values
		}
	}
	sendForm(center, "try", dated)
	center.shows("可以入账", "日期 2026-11-03 晚于今天 2026-11-02：可以入账，但截至该日以前的数字和预警都不含这条记录")
	sendForm(center, "write", nil)
	center.get(x.URL + "/spending?center=ZJ-0001")
	if strings.Contains(center.page.body, "记-1") {
		t.Error("the page of today counts the voucher of tomorrow")
	}
	center.shows("另有 1 条记录的日期晚于 2026-11-02，未计入")
	for asOf, want := range map[string]string{"2030-01-01": "预计：假设到该日没有新的记录", "2026-11-01": "不是当前数据"} {
		finance.get(x.URL + "/execution?year=2026&asOf=" + asOf)
		finance.expect("/execution", http.StatusOK, "经费执行")
		finance.shows(want)
	}
	finance.get(x.URL + "/execution?year=2026")
	if strings.Contains(finance.page.body, "预计：") {
		t.Error("the page of today looks ahead")
	}
}
