package console_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"

	"github.com/taizhang/taizhang/services/access"
)

// TestADecisionMadeElsewhereIsRecorded sends a grant that breaks a rule: it is refused, and recorded with the rule
// that it breaks by an account that may record, in record mode and with a document number.
func TestADecisionMadeElsewhereIsRecorded(t *testing.T) {
	t.Parallel()
	x, _, finance := formOffice(t)
	x.access.Demo = true // recording needs no second factor
	x.add("bulu", access.Binding{Role: access.Finance, MayRecord: true}, "")
	b := newBrowser(t, "zh", x.Client())
	b.isExotic, finance.isExotic = true, true
	x.enter(b, "bulu")
	grant := url.Values{"grant": {"G2"}, "category": {"项目经费"}, "source": {"省重大科技专项"}, "fiscalYear": {"2026"},
		"amountFen": {"1,000.00"}, "on": {"2026-02-01"}, "doc": {"浙财科教〔2026〕2号"}}
	b.get(x.URL + "/record/subsidy.granted?center=ZJ-0001")
	sendForm(b, "write", grant)
	b.shows("将被拒绝", "R17-2")
	sendForm(b, "try", url.Values{"mode": {"record"}, "doc": {""}})
	b.shows("将被拒绝")
	sendForm(b, "try", url.Values{"mode": {"record"}, "doc": {"浙财科教〔2026〕2号"}})
	b.shows("可以入账", "补录，记明违反条款", "R17-2")
	sendForm(b, "write", nil)
	if len(b.passed) != 1 {
		t.Fatalf("it is not recorded: %s", says(b.page.doc))
	}
	b.shows("补录")
	finance.get(x.URL + "/record/subsidy.granted?center=ZJ-0001")
	for label := range finance.page.all("select") {
		if attr(label, "name") == "mode" {
			t.Error("an account that may not record is offered the mode")
		}
	}
}

// TestTheAccessLogIsReadWhileOthersSignIn reads the access log while others sign in and ask, which writes to it.
func TestTheAccessLogIsReadWhileOthersSignIn(t *testing.T) {
	t.Parallel()
	x := serve(t)
	x.add("shenji", access.Binding{Role: access.Auditor}, "")
	x.add("caizheng", access.Binding{Role: access.Finance}, "")
	wrong := make(chan string, 1000)
	var all sync.WaitGroup
	ask := func(account, path string) {
		in, err := x.access.SignInAs(t.Context(), access.Identity{Issuer: issuer, Subject: account}, "", "127.0.0.1")
		if err != nil {
			wrong <- err.Error()
			return
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, x.URL+path, nil)
		if err != nil {
			wrong <- err.Error()
			return
		}
		r.AddCookie(&http.Cookie{Name: "tz", Value: in.Secret})
		answer, err := x.Client().Do(r)
		if err != nil {
			wrong <- err.Error()
			return
		}
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			wrong <- path + " is answered with " + answer.Status
		}
	}
	for range 8 {
		for account, path := range map[string]string{"shenji": "/admin/access-log", "caizheng": "/alerts"} {
			all.Go(func() {
				for range 10 {
					ask(account, path)
				}
			})
		}
	}
	all.Wait()
	close(wrong)
	for what := range wrong {
		t.Error(what)
	}
}

// TestABrowserThatHasGoneIsNoFailure asks for the access log with a request whose browser has gone.
func TestABrowserThatHasGoneIsNoFailure(t *testing.T) {
	t.Parallel()
	x := serve(t)
	x.add("shenji", access.Binding{Role: access.Auditor}, "")
	gone, leave := context.WithCancel(t.Context())
	leave()
	r := httptest.NewRequestWithContext(gone, http.MethodGet, x.URL+"/admin/access-log", nil)
	r.AddCookie(&http.Cookie{Name: "tz", Value: x.session("shenji")})
	w := httptest.NewRecorder()
	defer func() {
		if failed := recover(); failed != http.ErrAbortHandler {
			t.Errorf("the handler ends with %v", failed)
		}
	}()
	x.pages.ServeHTTP(w, r)
	t.Errorf("it is answered with %d: %s", w.Code, w.Body)
}
