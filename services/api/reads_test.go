package api_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/api"
	"github.com/taizhang/taizhang/services/desk"
)

// sameJSON checks that a text is the JSON of a value.
func sameJSON(t testing.TB, got string, want any) {
	t.Helper()
	b, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if strings.TrimSuffix(got, "\n") != string(b) {
		t.Errorf("expected %s, got %s", b, got)
	}
}

func TestOneCenter(t *testing.T) {
	x := small(t)
	want, err := x.desk.Center(t.Context(), desk.When{}, "ZJ-0001")
	if err != nil {
		t.Fatal(err)
	}
	sameJSON(t, x.get(t, "/v1/centers/ZJ-0001").ok(t).body, want)
	earlier := x.get(t, "/v1/centers/ZJ-0001?asOf=2025-05-01&knownAt=3").ok(t)
	if want, err = x.desk.Center(t.Context(), desk.When{AsOf: "2025-05-01", KnownAt: "3"}, "ZJ-0001"); err != nil {
		t.Fatal(err)
	}
	sameJSON(t, earlier.body, want)
	if h := earlier.Header; h.Get("ETag") != "" || h.Get("Ledger-Position") != "3" ||
		h.Get("Ledger-As-Of") != "2025-05-01" {
		t.Errorf("got %v", h)
	}
}

func TestTheHistoryIsTheStoredLines(t *testing.T) {
	x := small(t)
	x.record(t, "ZJ-0002", registered)
	var want bytes.Buffer
	for s, err := range x.ledger.ReadStream(t.Context(), events.CenterID("ZJ-0001").Stream(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		want.Write(s.Bytes)
		want.WriteByte('\n')
	}
	r := x.get(t, "/v1/centers/ZJ-0001/history").ok(t)
	if r.body != want.String() || r.Header.Get("Content-Type") != "application/jsonl" ||
		r.Header.Get("Ledger-Position") != "7" {
		t.Errorf("expected %s, got %s", want.String(), r.body)
	}
	if rest := x.get(t, "/v1/centers/ZJ-0001/history?after=4").ok(t).body; strings.Count(rest, "\n") != 2 ||
		!strings.HasSuffix(want.String(), rest) {
		t.Errorf("after position 4, got %s", rest)
	}
	x.get(t, "/v1/centers/ZJ-0009/history").problem(t, 404, "not-found")
	x.get(t, "/v1/centers/ZJ-0001/history?after=x").problem(t, 400, "bad-request")
}

func TestTheStoryEndsWithItsEnd(t *testing.T) {
	x := small(t)
	var want []string
	line := func(v any) {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, string(b))
	}
	end, err := x.desk.Story(t.Context(), desk.When{}, "ZJ-0001", func(c *desk.Chapter) error { line(c); return nil })
	if err != nil {
		t.Fatal(err)
	}
	line(map[string]any{"end": end})
	if got := x.get(t, "/v1/centers/ZJ-0001/story").ok(t).body; got != strings.Join(append(want, ""), "\n") ||
		len(want) != 6 {
		t.Errorf("expected %s, got %s", want, got)
	}
	x.get(t, "/v1/centers/ZJ-0009/story").problem(t, 404, "not-found")
}

func TestOneRecord(t *testing.T) {
	x := small(t)
	for _, r := range x.recorded {
		want, err := x.desk.Entry(t.Context(), "ZJ-0001", r.ID.String())
		if err != nil {
			t.Fatal(err)
		}
		sameJSON(t, x.get(t, "/v1/centers/ZJ-0001/records/"+r.ID.String()).ok(t).body, want)
	}
	x.get(t, "/v1/centers/ZJ-0001/records/x").problem(t, 404, "not-found")
	x.get(t, "/v1/centers/ZJ-0002/records/"+x.recorded[0].ID.String()).problem(t, 404, "not-found")
}

func TestAlertsAreExplained(t *testing.T) {
	x := small(t)
	seen := 0
	for _, a := range into[api.Page](t, x.get(t, "/v1/alerts?all=true")).Items {
		var alert struct{ Center, Code, Key, RaisedOn string }
		if err := json.Unmarshal(a, &alert, json.MatchCaseInsensitiveNames(true)); err != nil {
			t.Fatal(err)
		}
		want, err := x.desk.Explain(t.Context(), desk.When{},
			desk.AlertName{Center: alert.Center, Code: alert.Code, Key: alert.Key, RaisedOn: alert.RaisedOn})
		if err != nil || len(want) != 1 {
			t.Fatal(want, err)
		}
		sameJSON(t, x.get(t, "/v1/centers/"+alert.Center+"/alerts/"+alert.Code+"/"+desk.KeyToken(alert.Key)+"/"+
			alert.RaisedOn).ok(t).body, want[0])
		sameJSON(t, x.get(t, "/v1/explain?center="+alert.Center+"&code="+alert.Code+"&key="+alert.Key+"&raisedOn="+
			alert.RaisedOn).ok(t).body, want)
		seen++
	}
	if seen < 2 {
		t.Errorf("there are %d alerts", seen)
	}
	for _, path := range []string{"/v1/centers/ZJ-0001/alerts/AL-EXE-01/xyz/2025-01-01",
		"/v1/centers/ZJ-0001/alerts/AL-EXE-01/-/soon", "/v1/centers/ZJ-0001/alerts/AL-EXE-99/-/2025-01-01",
		"/v1/centers/-/alerts/AL-LED-01/-/2025-01-01"} {
		x.get(t, path).problem(t, 404, "not-found")
	}
	if p := x.get(t, "/v1/explain?center=ZJ-0001").problem(t, 400, "bad-request"); p.Param != "code" {
		t.Errorf("got %+v", p)
	}
	if p := x.get(t, "/v1/explain?code=AL-EXE-01&raisedOn=x").problem(t, 400, "bad-request"); p.Param != "raisedOn" {
		t.Errorf("got %+v", p)
	}
}

func TestPoliciesAreByteForByte(t *testing.T) {
	x := small(t)
	index := into[desk.PolicyIndex](t, x.get(t, "/v1/policies?asOf=2026-12-01"))
	if len(index.Adopted) != 1 || index.InForce == "" || index.AsOf.String() != "2026-12-01" {
		t.Fatalf("got %+v", index)
	}
	ref := index.Adopted[0]
	if got := x.get(t, "/v1/policies/"+ref.ID+"/"+ref.Version).ok(t).body; got != string(desk.BuiltinPolicy().Text()) {
		t.Errorf("the text is another one: %.200s", got)
	}
	x.get(t, "/v1/policies/"+ref.ID+"/x").problem(t, 404, "not-found")
}

func TestTheYearlyReport(t *testing.T) {
	x := small(t)
	for _, query := range []string{"year=2025", "year=2025&center=ZJ-0001&unit=wan&lang=zh"} {
		r := x.get(t, "/v1/yearly?"+query).ok(t)
		if !strings.HasPrefix(r.Header.Get("Content-Type"), "text/html") ||
			!strings.Contains(strings.ToLower(r.body), "<html") ||
			!strings.Contains(r.Header.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: got %v %.100s", query, r.Header, r.body)
		}
	}
	for query, param := range map[string]string{
		"": "year", "year=x": "year", "year=1999": "year", "year=2025&unit=fen": "unit", "year=2025&lang=fr": "lang"} {
		if p := x.get(t, "/v1/yearly?"+query).problem(t, 400, "bad-request"); p.Param != param {
			t.Errorf("%s: got %+v", query, p)
		}
	}
	x.get(t, "/v1/yearly?year=2025&center=ZJ-0009").problem(t, 404, "not-found")
}

func TestAReportIsReproduced(t *testing.T) {
	x := small(t)
	csv := x.get(t, "/v1/execution?format=csv").ok(t).body
	r := into[desk.Reproduced](t,
		x.ask(t, http.MethodPost, "/v1/reproduce?name=a.csv", csv, "Content-Type", "text/csv"))
	if !r.Equal || r.File != "a.csv" || r.Position != 6 {
		t.Errorf("got %+v", r)
	}
	forged := strings.Replace(csv, "410.00,10.00", "310.00,10.00", 1)
	if r := into[desk.Reproduced](t, x.ask(t, http.MethodPost, "/v1/reproduce?name=a.csv", forged)); r.Equal ||
		forged == csv {
		t.Errorf("a forged file: got %+v", r)
	}
	x.ask(t, http.MethodPost, "/v1/reproduce", csv).problem(t, 400, "bad-request")
	x.ask(t, http.MethodPost, "/v1/reproduce?name=a.csv", "x").problem(t, 400, "bad-request")
	p := x.ask(t, http.MethodPost, "/v1/reproduce?name=a.csv", csv, "Content-Type", "image/png").problem(t, 415,
		"unsupported-media-type")
	if !strings.Contains(p.Text.En, "Content-Type") || !strings.Contains(p.Text.Zh, "Content-Type") {
		t.Errorf("expected the name of the header, got %+v", p.Text)
	}
	p = x.ask(t, http.MethodGet, "/v1/alerts?asof=2025-01-01", "").problem(t, 400, "bad-request")
	if p.Param != "asof" || !strings.Contains(p.Text.En, "asOf") || !strings.Contains(p.Text.Zh, "asOf") {
		t.Errorf("expected the parameters that there are, got %q: %+v", p.Param, p.Text)
	}
}

func TestTheExportIsAllRecords(t *testing.T) {
	x := small(t)
	var want bytes.Buffer
	if _, err := x.desk.Export(t.Context(), &want, nil); err != nil {
		t.Fatal(err)
	}
	if got := x.get(t, "/v1/export").ok(t).body; got != want.String() || strings.Count(got, "\n") != 6 {
		t.Errorf("expected %s, got %s", want.String(), got)
	}
}

func TestAccountsAndTokens(t *testing.T) {
	x := small(t)
	made := x.ask(t, http.MethodPost, "/v1/accounts", `{"account":"fin.li","role":"finance"}`)
	if made.StatusCode != 201 || made.Header.Get("Location") != "/v1/accounts/fin.li" {
		t.Fatalf("got %d %s", made.StatusCode, made.body)
	}
	if a := into[access.Account](t, x.get(t, "/v1/accounts/fin.li")); a.Role != access.Finance {
		t.Errorf("got %+v", a)
	}
	if list := into[access.Accounts](t, x.get(t, "/v1/accounts")); len(list) != 1 || list[0].Account != "fin.li" {
		t.Errorf("got %+v", list)
	}
	r := x.ask(t, http.MethodPost, "/v1/tokens", `{"account":"fin.li","name":"desk"}`)
	var token access.MadeToken
	if err := json.Unmarshal([]byte(r.body), &token); err != nil || r.StatusCode != 201 ||
		r.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("got %d %s, %v", r.StatusCode, r.body, err)
	}
	as := func(method, path string) reply {
		return send(t, x.Client(), x.URL, method, path, "", "Authorization", "Bearer "+token.Secret)
	}
	if me := into[access.Me](t, as("GET", "/v1/me")); me.Account != "fin.li" || me.Role != access.Finance || me.Owner {
		t.Errorf("got %+v", me)
	}
	as("GET", "/v1/centers").ok(t)
	as("GET", "/v1/accounts?wrong=1").problem(t, 403, "forbidden") // the right comes before the parameters
	as("GET", "/v1/access-log").problem(t, 403, "forbidden")
	if list := into[access.Tokens](t, as("GET", "/v1/tokens")); len(list) != 1 ||
		strings.Contains(as("GET", "/v1/tokens").body, token.Secret) {
		t.Errorf("got %+v", list)
	}
	into[access.Account](t, x.ask(t, http.MethodPost, "/v1/accounts/fin.li/bind",
		`{"role":"finance","mayRecord":true}`))
	if me := into[access.Me](t, as("GET", "/v1/me")); !me.MayRecord {
		t.Errorf("got %+v", me)
	}
	into[access.Account](t, x.ask(t, http.MethodPost, "/v1/accounts/fin.li/disable", ""))
	as("GET", "/v1/me").problem(t, 401, "unauthenticated")
	into[access.Account](t, x.ask(t, http.MethodPost, "/v1/accounts/fin.li/enable", ""))
	as("GET", "/v1/me").ok(t)
	if revoked := into[access.Token](t,
		x.ask(t, http.MethodDelete, "/v1/tokens/"+token.ID, "")); revoked.State != access.TokenRevoked {
		t.Errorf("got %+v", revoked)
	}
	as("GET", "/v1/me").problem(t, 401, "unauthenticated")

	x.ask(t, http.MethodPost, "/v1/accounts", `{"account":"fin.li"}`).problem(t, 409, "conflict")
	x.get(t, "/v1/accounts/nobody").problem(t, 404, "not-found")
	log := x.get(t, "/v1/access-log?limit=3").ok(t)
	if log.Header.Get("Content-Type") != "application/jsonl" || strings.Count(log.body, "\n") != 3 {
		t.Errorf("got %s", log.body)
	}
	x.get(t, "/v1/access-log?kind=x").problem(t, 400, "bad-request")
	x.get(t, "/v1/access-log?limit=100000").problem(t, 400, "bad-request")
}

func TestBodiesAreReadStrictly(t *testing.T) {
	x := serve(t)
	secret := "do-not-repeat-this"
	for _, c := range []struct {
		body, media string
		status      int
		slug        string
	}{
		{`{"account":"` + secret + `"`, "application/json", 400, "bad-request"},
		{`{"account":"ab","account":"` + secret + `"}`, "application/json", 400, "bad-request"},
		{`{"account":"ab","x":"` + secret + `"}`, "application/json", 400, "bad-request"},
		{`{"account":["` + secret + `"]}`, "application/json", 400, "bad-request"},
		{`{"account":"ab"} ` + secret, "application/json", 400, "bad-request"},
		{`{"account":"ab` + "\xff" + `"}`, "application/json", 400, "bad-request"},
		{``, "application/json", 400, "bad-request"},
		{`{"account":"ab"}`, "text/plain", 415, "unsupported-media-type"},
		{`{"account":"ab"}`, "application/json; charset=gbk", 415, "unsupported-media-type"},
		{`{"account":"` + strings.Repeat("a", 70_000) + `"}`, "application/json", 413, "too-large"},
	} {
		r := x.ask(t, http.MethodPost, "/v1/accounts", c.body, "Content-Type", c.media)
		r.problem(t, c.status, c.slug)
		if strings.Contains(r.body, secret) {
			t.Errorf("%s: the problem repeats the body: %s", c.body, r.body)
		}
	}
}

func TestEveryProblemHasAPage(t *testing.T) {
	x := serve(t)
	for _, s := range api.ProblemSorts() {
		r := send(t, x.Client(), x.URL, http.MethodGet, s.Type, "")
		sameJSON(t, r.ok(t).body, s)
		if s.Help.Zh == "" || s.Help.En == "" || s.Title.Zh == "" || s.Title.En == "" {
			t.Errorf("%s is not explained", s.Type)
		}
		page := send(t, x.Client(), x.URL, http.MethodGet, s.Type, "", "Accept",
			"text/html,application/xhtml+xml,*/*;q=0.8").ok(t)
		if !strings.Contains(page.body, s.Title.Zh) || !strings.Contains(page.body, s.Title.En) ||
			page.Header.Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("got %s", page.body)
		}
	}
	send(t, x.Client(), x.URL, http.MethodGet, "/problems/none", "").problem(t, 404, "not-found")
	if r := send(t, x.Client(), x.URL, http.MethodGet, "/openapi.json", "").ok(t); !jsontext.Value(r.body).IsValid() {
		t.Errorf("got %s", r.body)
	}
}

func TestEveryRouteIsDescribed(t *testing.T) {
	names := map[string]bool{}
	for _, rt := range api.Routes() {
		if rt.Short.Zh == "" || rt.Short.En == "" || rt.Name == "" || names[rt.Name] || len(rt.Gives) == 0 {
			t.Errorf("%s %s is not described: %+v", rt.Method, rt.Path, rt)
		}
		names[rt.Name] = true
		if !rt.Open && len(rt.Roles) == 0 {
			t.Errorf("%s %s is for no role", rt.Method, rt.Path)
		}
		for _, p := range rt.Params {
			if p.Words.Zh == "" || p.Words.En == "" {
				t.Errorf("%s %s: the parameter %s is not described", rt.Method, rt.Path, p.Name)
			}
		}
	}
}
