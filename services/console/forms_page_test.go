package console_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/access"
)

// formValues returns the values that a browser would send of the form of a record on the page.
func formValues(b *browser) url.Values {
	b.Helper()
	values := url.Values{}
	for form := range b.page.all("form") {
		if attr(form, "class") != "record" {
			continue
		}
		for n := range form.Descendants() {
			if n.Type != html.ElementNode || attr(n, "name") == "" {
				continue
			}
			switch n.Data {
			case "input":
				if attr(n, "type") != "checkbox" || hasAttr(n, "checked") {
					values.Add(attr(n, "name"), attr(n, "value"))
				}
			case "textarea":
				for text := range n.ChildNodes() {
					values.Add(attr(n, "name"), strings.TrimPrefix(text.Data, "\n"))
				}
			case "select":
				for option := range within(n, "option") {
					if hasAttr(option, "selected") {
						values.Add(attr(n, "name"), attr(option, "value"))
					}
				}
			}
		}
	}
	if values.Get("record") == "" {
		b.Fatalf("there is no form on %s", b.page.body)
	}
	return values
}

// sendForm sends the form on the page with an act and some other values.
func sendForm(b *browser, act string, with url.Values) *page {
	b.Helper()
	values := formValues(b)
	maps.Copy(values, with)
	values.Set("do", act)
	return sendValues(b, b.page.Request.URL.String(), values)
}

func sendValues(b *browser, address string, values url.Values) *page {
	b.Helper()
	return b.send(http.MethodPost, address, values.Encode(),
		[]string{"Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin"})
}

// registration has the values of the form of a center.
var registration = url.Values{"name": {"甲中心"}, "uscc": {"91330106MAC1K2L32C"}, "leadUnit": {"甲"},
	"type": {"中试基地"}, "services": {"pilot"}, "leadingIndustries": {"生物医药"}, "industryCode": {"C2710"},
	"region": {"330106"}, "foundedOn": {"2015年1月1日"}, "legalEntity": {"是"}, "newUnit": {"否"},
	"usableAreaM2": {"9000"}, "equipmentFen": {"90,000,000"}, "relaxationRequested": {"否"}, "pilotFunction": {"是"},
	"pilotDevicesSeparate": {"是"}, "ethicsSensitive": {"否"}, "ethicsCommittee": {"否"}, "on": {"2025-01-10"}}

var grantValues = url.Values{"grant": {"G1"}, "category": {"其他"}, "source": {"省级其他资金"}, "fiscalYear": {"2026"},
	"amountFen": {"1,000.00"}, "doc": {"浙财科教〔2026〕1号"}, "on": {"2026-02-01"}}

// formOffice is an office with the center ZJ-0001, which has a grant with 600 yuan of 1 000 received, and browsers of
// the center and of the finance department.
func formOffice(t *testing.T) (x *office, center, finance *browser) {
	t.Helper()
	x = serve(t)
	x.add("zhongxin", access.Binding{Role: access.Center, Center: "ZJ-0001"}, "")
	x.add("caizheng", access.Binding{Role: access.Finance}, "")
	center, finance = newBrowser(t, "zh", x.Client()), newBrowser(t, "zh", x.Client())
	x.enter(center, "zhongxin")
	x.enter(finance, "caizheng")
	for _, step := range []struct {
		b    *browser
		kind string
		with url.Values
	}{{center, "center.registered", registration}, {finance, "subsidy.granted", grantValues},
		{center, "subsidy.received", url.Values{"grant": {"G1"}, "amountFen": {"600"}, "on": {"2026-02-03"}}}} {
		step.b.get(x.URL + "/record/" + step.kind + "?center=ZJ-0001")
		sendForm(step.b, "write", step.with)
		if len(step.b.passed) != 1 || !strings.Contains(step.b.passed[0], "/centers/ZJ-0001/records/") {
			t.Fatalf("%s is answered with %d and not recorded: %s", step.kind, step.b.page.StatusCode,
				says(step.b.page.doc))
		}
	}
	return x, center, finance
}

var voucherValues = url.Values{"voucher": {"记-1"}, "payee": {"乙公司"}, "use": {"中试"}, "lines[0].grant": {"G1"},
	"lines[0].amountFen": {"100.50"}, "summary": {"检测"}, "on": {"2026-03-01"}}

func position(x *office, b *browser) string {
	x.Helper()
	r, err := b.client.Get(x.URL + "/position")
	if err != nil {
		x.Fatal(err)
	}
	defer r.Body.Close()
	var n string
	_, _ = fmt.Fscan(r.Body, &n)
	return n
}

func TestADryRunSaysWhatWritingSays(t *testing.T) {
	x, center, _ := formOffice(t)
	before := position(x, center)
	center.get(x.URL + "/record/funds.spent?voucher=%E8%AE%B0-1")
	center.shows("结余 600.00")
	sendForm(center, "try", voucherValues)
	center.shows("可以入账", "600.00", "499.50", "壹佰元伍角整")
	if position(x, center) != before {
		t.Error("a dry run wrote")
	}
	sendForm(center, "try", url.Values{"lines[0].amountFen": {"600.01"}})
	center.shows("将被拒绝", "超支")
	if sendForm(center, "write", nil); center.page.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("it is answered with %d", center.page.StatusCode)
	}
	center.shows("将被拒绝", "超支")
	if position(x, center) != before {
		t.Error("a refused record was written")
	}
	sendForm(center, "write", url.Values{"lines[0].amountFen": {"100.50"}})
	if len(center.passed) != 1 || position(x, center) == before {
		t.Errorf("it was not written: %s", says(center.page.doc))
	}
	center.get(x.URL + "/record/funds.spent")
	sendForm(center, "try", voucherValues)
	center.shows("将被拒绝")
	sendForm(center, "try", url.Values{"voucher": {"记-2"}, "on": {"2026-03-04"}})
	center.shows("可以入账", "可能重复")
}

func TestAnAmountIsReadAsItIsTypedAndANegativeOneIsRefusedByTheLedger(t *testing.T) {
	x, center, _ := formOffice(t)
	center.get(x.URL + "/record/funds.spent")
	sendForm(center, "try", voucherValues)
	for _, c := range []struct {
		with url.Values
		says string
	}{
		{url.Values{"lines[0].amountFen": {"￥１００．５元"}}, "壹佰元伍角整"},
		{url.Values{"lines[0].amountFen": {"-5"}}, "金额 -5.00 元应大于 0"},
		{url.Values{"lines[0].amountFen": {"－１，２３４．５"}}, "金额 -1,234.50 元应大于 0"},
		{url.Values{"ownFen": {"−5"}}, "金额 -5.00 元不能为负"},
		{url.Values{"lines[0].amountFen": {"-"}}, "不是以元为单位的金额"},
	} {
		sendForm(center, "try", voucherValues)
		sendForm(center, "try", c.with)
		center.shows(c.says)
		if negative := strings.HasPrefix(c.says, "金额"); negative && strings.Contains(center.page.body, "负伍元") {
			t.Errorf("%v: a negative amount is written in capital figures", c.with)
		}
	}
}

func TestABalanceLeavesEnoughForVouchersToCome(t *testing.T) {
	x, center, finance := formOffice(t)
	center.isExotic, finance.isExotic = true, true // the pages have codes
	today := events.DateAt(start)
	for _, v := range []struct {
		on     events.Date
		amount string
	}{{today + 1, "450"}, {today + 9, "100"}} {
		center.get(x.URL + "/record/funds.spent")
		sendForm(center, "write", url.Values{"voucher": {"记-" + v.on.String()}, "payee": {"乙公司"}, "use": {"中试"},
			"lines[0].grant": {"G1"}, "lines[0].amountFen": {v.amount}, "summary": {"检测"}, "on": {v.on.String()}})
		if len(center.passed) != 1 {
			t.Fatalf("the voucher of %v is not written: %s", v.on, says(center.page.doc))
		}
	}
	// what arrives between the two is not there today
	finance.get(x.URL + "/record/subsidy.received?center=ZJ-0001")
	sendForm(finance, "write", url.Values{"grant": {"G1"}, "amountFen": {"400"}, "on": {(today + 5).String()}})
	center.get(x.URL + "/record/funds.spent")
	center.shows("结余 600.00，日期在后的凭证已占用，可支出 150.00")
	with := url.Values{"voucher": {"记-1"}, "payee": {"乙公司"}, "use": {"中试"}, "lines[0].grant": {"G1"},
		"lines[0].amountFen": {"150.00"}, "summary": {"检测"}, "on": {today.String()}}
	sendForm(center, "try", with)
	center.shows("可以入账", "结余（元），截至 "+today.String(), "G1600.00450.00")
	with.Set("lines[0].amountFen", "150.01")
	sendForm(center, "try", with)
	center.shows("将被拒绝", "超支")
}

func TestEachRowOffersTheGrantsOfTheCenter(t *testing.T) {
	x, center, _ := formOffice(t)
	center.get(x.URL + "/record/funds.spent")
	sendForm(center, "add", voucherValues)
	for _, name := range []string{"lines[0].grant", "lines[1].grant"} {
		offered := 0
		for n := range center.page.all("option") {
			if attr(n.Parent, "name") == name && strings.HasPrefix(says(n), "G1 结余 600.00") {
				offered++
			}
		}
		if offered != 1 {
			t.Errorf("%s offers the grant %d times", name, offered)
		}
	}
}

func TestARecordLeadsToTheFormThatVoidsIt(t *testing.T) {
	x, center, finance := formOffice(t)
	center.get(x.URL + "/record/funds.spent")
	sendForm(center, "write", voucherValues)
	record := center.page.Request.URL.Path
	center.get(x.URL + center.page.leads("作废这条记录"))
	if id := center.page.chosen("event"); id == "" || !strings.HasSuffix(record, id) {
		t.Errorf("from %s the form has %q chosen", record, id)
	}
	center.shows("记-1 · 乙公司 · G1 · 100.50 元")
	finance.get(x.URL + "/record/entry.voided?center=ZJ-0001")
	sendForm(finance, "try", url.Values{"event": {path.Base(record)}, "reason": {"重复"}, "on": {"2026-03-02"}})
	finance.shows("角色：省财政厅不能填报“记录作废”，应由省转化中心填报")
	before := position(x, center)
	sendForm(center, "write", url.Values{"reason": {" "}, "on": {"2026-03-02"}})
	if center.shows("理由：请填写"); position(x, center) != before {
		t.Error("a voiding without a reason was written")
	}
	sendForm(center, "write", url.Values{"reason": {"重复"}, "on": {"2026-03-02"}})
	center.shows("所作废的记录：2026-03-01 经费支出 记-1，100.50 元，乙公司")
	if to := center.page.leads("2026-03-01 经费支出 记-1"); !strings.HasPrefix(to, record) {
		t.Errorf("the voiding leads to %s, not to %s", to, record)
	}
	if center.get(x.URL + record); strings.Contains(center.page.body, "作废这条记录") {
		t.Error("a record that is voided is offered to be voided")
	}
}

func TestADoubleClickAndALostReplyWriteOnce(t *testing.T) {
	x, center, _ := formOffice(t)
	center.get(x.URL + "/record/funds.spent")
	address, values := center.page.Request.URL.String(), formValues(center)
	maps.Copy(values, voucherValues)
	values.Set("do", "write")
	before := position(x, center)
	twins := []*browser{newBrowser(t, "zh", x.Client()), newBrowser(t, "zh", x.Client())}
	var clicks sync.WaitGroup
	for _, b := range twins {
		x.enter(b, "zhongxin")
		clicks.Go(func() { sendValues(b, address, values) })
	}
	clicks.Wait()
	after := position(x, center)
	sendValues(center, address, values) // the reply was lost, so the browser sends it again
	if len(center.passed) != 1 || !strings.Contains(center.passed[0], "notice=repeated") ||
		twins[0].passed[0][:80] != twins[1].passed[0][:80] || position(x, center) != after || after == before {
		t.Errorf("from %s to %s, then %s; passed %v", before, after, position(x, center), center.passed)
	}
	values.Set("summary", "改了")
	values.Set("use", "运行")
	if sendValues(center, address, values); center.page.StatusCode != http.StatusConflict {
		t.Fatalf("other content under the id is answered with %d", center.page.StatusCode)
	}
	center.shows("记录编号已用于另一条记录", "记录编号：此记录编号已用于", "摘要：已有记录中为 检测", "用途：已有记录中为 中试")
	if again := formValues(center); again.Get("record") == values.Get("record") || again.Get("summary") != "改了" {
		t.Errorf("got %v", again)
	}
}

func TestAFormThatIsSentAgainWithOtherContentComparesInItsOwnWords(t *testing.T) {
	x, _, finance := formOffice(t)
	finance.get(x.URL + "/record/subsidy.granted?center=ZJ-0001")
	address, values := finance.page.Request.URL.String(), formValues(finance)
	maps.Copy(values, grantValues)
	values.Set("grant", "G2")
	values.Set("amountFen", "1,000,000.00")
	values.Set("do", "write")
	sendValues(finance, address, values)
	values.Set("amountFen", "900,000.00")
	values.Set("source", "省重大科技专项")
	sendValues(finance, address, values)
	finance.shows("记录编号：此记录编号已用于内容不同的另一条记录", "金额：已有记录中为 1,000,000.00 元",
		"资金来源：已有记录中为 省级其他资金")
	if said := says(finance.page.doc); strings.Contains(said, "100000000") || strings.Contains(said, "参数编号") {
		t.Errorf("got %s", said)
	}
}

func TestAFormOverMidnightAndOverAnothersRecordLosesNothing(t *testing.T) {
	x, center, finance := formOffice(t)
	center.get(x.URL + "/record/funds.spent")
	values := formValues(center)
	if values.Get("on") != "2026-11-02" {
		t.Fatalf("the form is of %s", values.Get("on"))
	}
	maps.Copy(values, voucherValues)
	values.Set("on", "2026-11-02")
	values.Set("do", "write")
	finance.get(x.URL + "/record/subsidy.reversed?center=ZJ-0001")
	sendForm(finance, "write", url.Values{"grant": {"G1"}, "amountFen": {"10"}, "reason": {"调整"}})
	finance.shows("所冲减的经费：2026-02-01 经费下达 G1，1,000.00 元")
	for range 14 { // the session is used now and then
		x.clock.move(29 * time.Minute)
		center.get(x.URL + "/record")
	}
	before := position(x, center)
	sendValues(center, x.URL+"/record/funds.spent", values)
	if center.page.StatusCode != http.StatusPreconditionFailed || position(x, center) != before {
		t.Fatalf("it is answered with %d: %s", center.page.StatusCode, says(center.page.doc))
	}
	center.shows("填写期间该中心有新记录", "经费冲减", "请看过下列新记录")
	again := formValues(center)
	for name := range voucherValues {
		if name != "on" && name != "use" && again.Get(name) != voucherValues.Get(name) {
			t.Errorf("%s became %q", name, again.Get(name))
		}
	}
	if again.Get("on") != "2026-11-02" || again.Get("record") != values.Get("record") {
		t.Errorf("got %v", again)
	}
	if sendForm(center, "write", nil); len(center.passed) != 1 {
		t.Errorf("it is still not written: %s", says(center.page.doc))
	}
}

func TestHostileTextInEveryFieldIsInert(t *testing.T) {
	x, center, _ := formOffice(t)
	center.isExotic = true
	const hostile = `"><script>alert(1)</script><img src=x onerror=alert(1)>` + "\u202e'`"
	center.get(x.URL + "/record")
	var kinds []string
	for a := range center.page.all("a") {
		if path, ok := strings.CutPrefix(attr(a, "href"), "/record/"); ok {
			kind, _, _ := strings.Cut(path, "?")
			kinds = append(kinds, kind)
		}
	}
	if len(kinds) < 15 {
		t.Fatalf("the center may write %v", kinds)
	}
	for _, kind := range kinds {
		center.get(x.URL + "/record/" + kind)
		values := formValues(center)
		for name := range values {
			if name != "record" && name != "seen" && name != "center" && name != "holder" {
				values.Set(name, hostile)
			}
		}
		for n := range center.page.nodes() {
			if name := attr(n, "name"); strings.HasPrefix(n.Data, "select") && name != "" || strings.Contains(name, "[") {
				values.Set(name, hostile)
			}
		}
		values.Set("do", "try")
		sendValues(center, x.URL+"/record/"+kind, values) // the browser checks the page
	}
}

func TestTheKindsOfARoleAreListedByArea(t *testing.T) {
	x, center, _ := formOffice(t)
	for _, lang := range []string{"zh", "en"} {
		center.get(x.URL + "/record?lang=" + lang)
		listed := map[string]int{}
		for section := range center.page.all("section") {
			heading := ""
			for h := range within(section, "h2") {
				heading = says(h)
			}
			for item := range within(section, "li") {
				for a := range within(item, "a") {
					path, _, _ := strings.Cut(strings.TrimPrefix(attr(a, "href"), "/record/"), "?")
					kind := events.Lookup(events.Kind(path))
					listed[path]++
					if kind == nil || events.Areas.Word(kind.Area).In(lang) != heading ||
						says(item) != kind.Title.In(lang)+" "+kind.About.In(lang) {
						t.Errorf("under %s: %s", heading, says(item))
					}
				}
			}
		}
		for i := range events.Catalog {
			k := &events.Catalog[i]
			n := listed[string(k.Kind)]
			if want := k.Allows(events.CenterRole); (n == 1) != want || n > 1 {
				t.Errorf("%s is listed %d times", k.Kind, n)
			}
		}
	}
}

func TestOnlyKindsOfTheRoleHaveAForm(t *testing.T) {
	x, center, finance := formOffice(t)
	for path, want := range map[string]int{"/record/funds.spent": 200, "/record/subsidy.granted": 404,
		"/record/policy.adopted": 404, "/record/x": 404, "/record/%E7%BB%8F%E8%B4%B9%E6%94%AF%E5%87%BA": 200} {
		if got := center.get(x.URL + path).StatusCode; got != want {
			t.Errorf("%s is answered with %d", path, got)
		}
	}
	finance.get(x.URL + "/record/allocation.deferred?center=ZJ-0001&fiscalYear=2026")
	if v := formValues(finance); v.Get("fiscalYear") != "2026" || v.Get("center") != "ZJ-0001" {
		t.Errorf("got %v", v)
	}
	if v := formValues(finance); v.Has("mode") || v.Has("by.role") {
		t.Error("an account that may not record for others has the fields for it")
	}
}

func TestSeveralCentersUnderOneDocument(t *testing.T) {
	x, _, finance := formOffice(t)
	x.add("zhongxin2", access.Binding{Role: access.Center, Center: "ZJ-0002"}, "")
	second := newBrowser(t, "zh", x.Client())
	x.enter(second, "zhongxin2")
	second.get(x.URL + "/record/center.registered")
	sendForm(second, "write", registration)
	finance.get(x.URL + "/record/subsidy.granted?center=ZJ-0001&center=ZJ-0002&grant@ZJ-0002=H1")
	with := maps.Clone(grantValues)
	with["grant@ZJ-0001"] = []string{"G9"}
	delete(with, "grant")
	sendForm(finance, "try", with)
	finance.shows("可以入账 ZJ-0001 经费下达编号：G9", "可以入账 ZJ-0002 经费下达编号：H1")
	before := position(x, finance)
	sendForm(finance, "write", nil)
	finance.shows("已入账 ZJ-0001", "已入账 ZJ-0002")
	after := position(x, finance)
	if strings.Contains(says(finance.page.doc), "此前已入账") {
		t.Error("what was just recorded is said to be recorded before")
	}
	sendForm(finance, "write", nil)
	if finance.shows("此前已入账 ZJ-0002", "没有重复记账"); position(x, finance) != after || before == after {
		t.Errorf("from %s to %s and then %s", before, after, position(x, finance))
	}
	second.get(x.URL + "/record/subsidy.received")
	second.shows("H1")
}
