package console_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// stricter is the built-in policy with a higher rate below which a year is low.
func stricter() string {
	return strings.NewReplacer(`"version": "2"`, `"version": "3"`, `"effectiveFrom": "2024-01-01"`,
		`"effectiveFrom": "2024-06-01"`, `"lowRatePercent": {"value": 60`, `"lowRatePercent": {"value": 95`).Replace(
		string(desk.BuiltinPolicy().Text()))
}

// tryPolicy sends the file of a policy to be tried.
func (b *browser) tryPolicy(x *office, content string) *page {
	b.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "policy.json")
	if err == nil {
		_, err = part.Write([]byte(content))
	}
	if err != nil {
		b.Fatal(err)
	}
	_ = form.Close() // into memory
	return b.send(http.MethodPost, x.URL+"/policies", body.String(),
		[]string{"Content-Type", form.FormDataContentType(), "Sec-Fetch-Site", "same-origin"})
}

// adoption returns the form that adopts the policy on the page.
func (b *browser) adoption() url.Values {
	b.Helper()
	form := url.Values{"do": {"adopt"}}
	for input := range b.page.all("input") {
		if attr(input, "type") == "hidden" {
			form.Set(attr(input, "name"), attr(input, "value"))
		}
	}
	return form
}

// openAlerts returns the open alerts of the province.
func (x *office) openAlerts() map[string]bool {
	x.Helper()
	got, err := x.desk.List(x.Context(), desk.When{}, lists.Question{List: "alerts"})
	if err != nil {
		x.Fatal(err)
	}
	all := map[string]bool{}
	for _, row := range got.Select("center", "code", "key", "raisedOn").Rows {
		all[strings.Join(table.Fields(row), " ")] = true
	}
	return all
}

// TestAPolicyIsTriedAndAdopted tries a policy as an office and as the administrator of rights, who adopts it. What it
// changes is what was said.
func TestAPolicyIsTriedAndAdopted(t *testing.T) {
	t.Parallel()
	x, _ := serveProvince(t)
	b := newBrowser(t, "zh", x.Client())
	b.isExotic = true
	x.enter(b, "finance")
	before, position := x.openAlerts(), x.desk.Position()
	b.tryPolicy(x, stricter())
	b.expect("/policies", http.StatusOK, "试算办法参数")
	b.shows("将变动的数字", "将变动的预警", "zj-2024-draft@3", "2024-06-01", "ZJ-0")
	if strings.Contains(b.page.body, `value="adopt"`) {
		t.Error("the finance department may adopt")
	}
	if b.again("/policies", url.Values{"do": {"adopt"}, "text": {"e30"}, "revision": {"1"}}); x.desk.Position() != position {
		t.Errorf("the finance department adopted: %d", b.page.StatusCode)
	}
	x.enter(b, "secadmin")
	b.tryPolicy(x, strings.Replace(stricter(), `"value": 95`, `"value": "x"`, 1))
	b.expect("/policies", http.StatusUnprocessableEntity, "试算办法参数")
	b.shows("不能采用", "年度执行率偏低线", "应为整数")
	b.tryPolicy(x, stricter())
	b.expect("/policies", http.StatusOK, "试算办法参数")
	b.shows("将变动的预警，按种类", "将产生")
	if strings.Contains(says(b.page.doc), "ZJ-0") || strings.Contains(says(b.page.doc), "将变动的数字") {
		t.Error("the administrator of rights sees centers")
	}
	form := b.adoption()
	policy, _ := desk.ParsePolicy([]byte(stricter()))
	expected, err := x.desk.Adopting(t.Context(), policy)
	if err != nil || x.desk.Position() != position {
		t.Fatalf("trying led from %d to %d, %v", position, x.desk.Position(), err)
	}
	b.again("/policies", form)
	b.expect("/policies/zj-2024-draft/3", http.StatusOK, "办法参数")
	b.shows("施行中", "已入账", "年度执行率偏低线")
	if x.desk.Position() != position+1 {
		t.Errorf("adopting led from %d to %d", position, x.desk.Position())
	}
	b.again("/policies", form)
	b.shows("没有重复记账")
	opened, said := 0, 0
	for a := range x.openAlerts() {
		if !before[a] {
			opened++
		}
	}
	for _, row := range expected.Days[0].Counts.Rows {
		n, _ := strconv.Atoi(row[1].CSV())
		said += n
	}
	if opened != said || opened == 0 {
		t.Errorf("%d alerts opened and %d were expected", opened, said)
	}
	b.tryPolicy(x, stricter())
	b.shows("台账已经采用这一版")
	b.tryPolicy(x, strings.Replace(stricter(), `"value": 95`, `"value": 94`, 1))
	if b.shows("不能采用"); strings.Contains(b.page.body, `value="adopt"`) {
		t.Error("another text of the same version may be adopted")
	}
	b.tryPolicy(x, strings.Replace(stricter(), `"version": "3"`, `"version": "4"`, 1))
	late := b.adoption()
	late.Set("revision", "1")
	if b.again("/policies", late); b.page.StatusCode != http.StatusPreconditionFailed ||
		x.desk.Position() != position+1 {
		t.Errorf("after another adoption it is answered with %d", b.page.StatusCode)
	}
	b.shows("期间采用了另一版办法参数")
	toCome := strings.NewReplacer(`"version": "3"`, `"version": "5"`, `"2024-06-01"`, `"2026-12-01"`,
		`{"value": 95`, `{"value": 5`).Replace(stricter())
	b.tryPolicy(x, toCome)
	policy, _ = desk.ParsePolicy([]byte(toCome))
	if expected, err = x.desk.Adopting(t.Context(), policy); err != nil || len(expected.Days) != 2 ||
		expected.Days[0].Centers == expected.Days[1].Centers {
		t.Fatalf("got %+v, %v", expected, err)
	}
	b.shows(fmt.Sprintf("截至 2026-12-01，%d 个中心的数字或预警将变动", expected.Days[0].Centers),
		fmt.Sprintf("截至 2026-12-31，%d 个中心的数字或预警将变动", expected.Days[1].Centers))
	b.again("/policies", b.adoption())
	b.shows("待施行")
	b.get(x.URL + "/policies")
	b.shows("2026-12-01待施行")
	x.policiesAreCompared(b)
}

// policiesAreCompared checks the pages of the policies, for who may read them.
func (x *office) policiesAreCompared(b *browser) {
	b.Helper()
	b.get(x.URL + "/policies")
	b.expect("/policies", http.StatusOK, "办法参数")
	b.shows("施行中", "zj-2024-draft@2", "zj-2024-draft@3")
	b.get(x.URL + "/policies/zj-2024-draft/2?against=zj-2024-draft%403")
	b.shows("差别，较 zj-2024-draft@3", "95", "参数", "原文")
	b.get(x.URL + "/policies/zj-2024-draft/2?against=builtin")
	b.shows("没有差别")
	b.get(x.URL + "/policies/zj-2024-draft/2?against=none%401")
	b.expect("/policies/zj-2024-draft/2", http.StatusNotFound, "没有这个页面")
	b.get(x.URL + "/policies/none/1")
	b.expect("/policies/none/1", http.StatusNotFound, "没有这个页面")
	x.enter(b, "region")
	b.get(x.URL + "/policies")
	b.shows("zj-2024-draft@3")
	if b.tryPolicy(x, stricter()); b.page.StatusCode != http.StatusNotFound {
		b.Errorf("a local government may try a policy: %d", b.page.StatusCode)
	}
	x.enter(b, "sysadmin")
	b.get(x.URL + "/policies")
	b.expect("/policies", http.StatusNotFound, "没有这个页面")
}
