package console_test

import (
	"bytes"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/services/desk"
)

// aFileIsChecked sends a report as it is, a changed one, and a file that no record has as evidence.
func (x *provinceOffice) aFileIsChecked(t *testing.T) {
	file := x.report(desk.When{}, "execution", "r.csv", map[string]string{"by": "total", "scope": "fiscal"})
	answer, body := x.send("dept", "/verify", "r.txt", file)
	if answer.StatusCode != http.StatusOK || !strings.Contains(body, "没有记录以此文件为佐证") {
		t.Errorf("a file of no record: %d %.2000s", answer.StatusCode, body)
	}
	answer, body = x.send("finance", "/verify", "r.csv", file)
	if answer.StatusCode != http.StatusOK || !strings.Contains(body, "一致：这份报表与台账位置") {
		t.Errorf("a report: %d %.2000s", answer.StatusCode, body)
	}
	for list, offers := range map[string]bool{"execution": true, "deferrals": false} {
		_, body = x.send("finance", "/verify", "r.csv", x.report(desk.When{}, list, "r.csv", nil))
		if !strings.Contains(body, "一致：") || strings.Contains(body, "为何与现在不同") != offers {
			t.Errorf("a report of %s is compared: expected %t, got %.2000s", list, offers, body)
		}
	}
	i := bytes.LastIndex(file, []byte("fiscal,")) + len("fiscal,")
	changed := bytes.Clone(file)
	changed[i] = '0' + (changed[i]-'0'+1)%10
	answer, body = x.send("finance", "/verify", "<img src=x>.csv", changed)
	if answer.StatusCode != http.StatusOK || !strings.Contains(body, "不一致：") ||
		strings.Contains(body, "<img src") {
		t.Errorf("a changed report: %d %.3000s", answer.StatusCode, body)
	}
	_, body = x.send("finance", "/verify", "c.csv", x.spentChanged(t))
	said := regexp.MustCompile(`台账中这一行有 (\d+) 条记录，最新的 5 条：</p>\s*<ul>(.*)</ul>`).FindStringSubmatch(body)
	if said == nil {
		t.Errorf("of many vouchers: %.3000s", body)
	} else if all, _ := strconv.Atoi(said[1]); all <= 5 || strings.Count(said[2], "<li>") != 5 {
		t.Errorf("of many vouchers: %q", said)
	}
	if answer, body = x.send("finance", "/verify", "", nil); answer.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("no file: %d %.500s", answer.StatusCode, body)
	}
	for sum, want := range map[string]int{strings.Repeat("0", 64): http.StatusOK, "<b>": http.StatusBadRequest} {
		answer, body = x.ask("auditor", http.MethodGet, "/verify?sha256="+url.QueryEscape(sum), nil)
		if answer.StatusCode != want || strings.Contains(body, "<b></") {
			t.Errorf("%s: %d %.500s", sum, answer.StatusCode, body)
		}
	}
}

// spentChanged returns a report with another amount where many vouchers are behind it: what a center has spent of all
// money.
func (x *provinceOffice) spentChanged(t *testing.T) []byte {
	t.Helper()
	file := string(x.report(desk.When{}, "execution", "c.csv", nil))
	row := regexp.MustCompile(`(?m)^` + string(x.BackDated.Center) + `,[0-9]+,财政合计,([^,]*,){4}([0-9.]+)`)
	for _, at := range row.FindAllStringSubmatchIndex(file, -1) {
		if spent := file[at[4]:at[5]]; spent != "0.00" {
			return []byte(file[:at[4]] + "1" + spent + file[at[5]:])
		}
	}
	t.Fatalf("%s has spent nothing", x.BackDated.Center)
	return nil
}

// twoPointsSideBySide replays the center of the back-dated voucher before and after it was entered.
func (x *provinceOffice) twoPointsSideBySide(t *testing.T) {
	reported, id := (x.ReportedOn + 21).String(), string(x.BackDated.Center)
	_, says, links := x.page("auditor", "/audit?center="+id+"&asOf="+x.ReportedOn.String()+"&a="+reported)
	if !strings.Contains(says, "改变") || !strings.Contains(says, "未办结的疑点") {
		t.Error(says)
	}
	found := false
	for _, link := range links {
		found = found || strings.HasPrefix(link, "/centers/"+id+"/records/"+x.BackDated.ID.String())
	}
	if !found {
		t.Error("the back-dated voucher is not among the records between")
	}
	for _, when := range []desk.When{{AsOf: x.ReportedOn.String(), KnownAt: reported}, {AsOf: x.ReportedOn.String()}} {
		c, err := x.desk.Center(t.Context(), when, id)
		if err != nil {
			t.Fatal(err)
		}
		m := c.MoneyTable()
		for _, row := range m.Rows {
			for i := range m.Columns {
				if s := m.Columns[i].Shown(row[i], "zh"); m.Columns[i].Title.Zh != "" && !strings.Contains(says, s) {
					t.Errorf("%s is not on the page", s)
				}
			}
		}
	}
	for address, want := range map[string]int{
		"/audit?center=ZJ-X&a=1":                     http.StatusNotFound,
		"/audit?center=" + id:                        http.StatusBadRequest,
		"/audit?center=" + id + "&a=zz":              http.StatusBadRequest,
		"/audit?center=" + id + "&a=999999999":       http.StatusBadRequest,
		"/audit?from=zz":                             http.StatusBadRequest,
		"/audit?account=%3Cscript%3E&center=%3Cb%3E": http.StatusNotFound,
	} {
		answer, body := x.ask("auditor", http.MethodGet, address, nil)
		if answer.StatusCode != want || strings.Contains(body, "<script>") {
			t.Errorf("%s: %d %.600s", address, answer.StatusCode, body)
		}
	}
	if answer, _ := x.ask("finance", http.MethodGet, "/audit", nil); answer.StatusCode != http.StatusNotFound {
		t.Errorf("finance gets %d", answer.StatusCode)
	}
}
