package console_test

import (
	"io"
	"maps"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/answers/answerstest"
	"github.com/taizhang/taizhang/services/desk"
)

// TestASlowPageSaysSoAndComesByItself asks for pages of a server that gives their answers no time.
func TestASlowPageSaysSoAndComesByItself(t *testing.T) {
	t.Parallel()
	x, _ := serveProvince(t)
	x.pages.Patience = time.Nanosecond
	b := newBrowser(t, "zh", x.Client())
	b.isExotic = true
	x.enter(b, "office")
	for _, path := range []string{"/find?kind=funds.spent", "/overview", "/inbox", "/execution?by=city", "/grading",
		"/recognition", "/changes?since=500&fromAsOf=2026-03-31", "/overview?knownAt=500"} {
		b.get(x.URL + path)
		if b.page.StatusCode != http.StatusAccepted || b.page.Header.Get("Refresh") == "" {
			t.Errorf("%s: expected a page that asks again, got %d with %q", path, b.page.StatusCode,
				b.page.Header.Get("Refresh"))
		}
		b.shows("正在计算", "离开本页，计算即停止。")
		for b.page.StatusCode == http.StatusAccepted { // as its header tells the browser
			b.get(x.URL + path)
		}
		if b.page.StatusCode != http.StatusOK {
			t.Errorf("%s: got %d", path, b.page.StatusCode)
		}
	}
}

// TestAFileIsWaitedFor asks for a file of each list, on a server that gives answers no time. The first request comes
// while another long answer is being made. Only the file is an answer, and a list without its conditions has none.
func TestAFileIsWaitedFor(t *testing.T) {
	t.Parallel()
	x, p := serveProvince(t)
	x.pages.Patience = time.Nanosecond
	b := x.as(t, "zh", "finance")
	isFile := func(address, format string) {
		answer, err := b.client.Get(x.URL + address + "&format=" + format)
		if err != nil {
			t.Error(err)
			return
		}
		defer answer.Body.Close() // only read
		head := make([]byte, 3)
		_, err = io.ReadFull(answer.Body, head)
		want := map[string]string{"csv": "\ufeff", "xlsx": "PK\x03"}[format]
		if err != nil || answer.StatusCode != http.StatusOK || string(head) != want {
			t.Errorf("%s as %s is answered with %s, %q, %v", address, format, answer.Status, head, err)
		}
	}
	end, err := x.pages.Answers.Turn(t.Context(), desk.When{}, "", true)
	if err != nil {
		t.Fatal(err)
	}
	var first sync.WaitGroup
	first.Go(func() { isFile("/changes?fromAsOf=2026-03-31", "xlsx") })
	end()
	first.Wait()
	isFile("/execution?knownAt=500", "csv")
	for address := range askedOf(p) {
		isFile(address, "csv")
		isFile(address, "xlsx")
	}
	for _, address := range []string{"/trace", "/sample", "/changes"} {
		answer, err := b.client.Get(x.URL + address + "?format=xlsx")
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusBadRequest {
			t.Errorf("a file of %s without its conditions is answered with %s", address, answer.Status)
		}
	}
}

// TestAPageShowsWhatItsUserWrote writes a record while answers are made anew for nobody: whoever wrote it sees it, and
// another sees the page of before with its position.
func TestAPageShowsWhatItsUserWrote(t *testing.T) {
	t.Cleanup(answerstest.SpendShare())
	x, _, finance := formOffice(t)
	x.add("auditor", access.Binding{Role: access.Auditor}, "")
	auditor := newBrowser(t, "zh", x.Client())
	x.enter(auditor, "auditor")
	auditor.isExotic, finance.isExotic = true, true // "limit"
	const list = "/find?kind=subsidy.granted"
	for _, b := range []*browser{auditor, finance} {
		b.get(x.URL + list)
		b.shows("台账位置 " + strconv.FormatUint(x.desk.Position(), 10))
	}
	before := x.desk.Position()
	finance.get(x.URL + "/record/subsidy.granted?center=ZJ-0001")
	second := maps.Clone(grantValues)
	second["grant"], second["doc"] = []string{"G2"}, []string{"浙财科教〔2026〕2号"}
	sendForm(finance, "write", second)
	auditor.get(x.URL + list)
	auditor.shows("台账位置 " + strconv.FormatUint(before, 10))
	finance.get(x.URL + list)
	finance.shows("浙财科教〔2026〕2号", "台账位置 "+strconv.FormatUint(before+1, 10))
}
