package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/api"
)

// account adds an account with a binding and returns what asks as it.
func (x *served) account(t testing.TB, name, binding string) func(path string, head ...string) reply {
	t.Helper()
	if r := x.ask(t, http.MethodPost, "/v1/accounts", `{"account":"`+name+`",`+binding+`}`); r.StatusCode != 201 {
		t.Fatalf("got %d %s", r.StatusCode, r.body)
	}
	r := x.ask(t, http.MethodPost, "/v1/tokens", `{"account":"`+name+`","name":"a test"}`)
	var made access.MadeToken
	if err := json.Unmarshal([]byte(r.body), &made); err != nil || r.StatusCode != 201 {
		t.Fatalf("got %d %s, %v", r.StatusCode, r.body, err)
	}
	return func(path string, head ...string) reply {
		t.Helper()
		return send(t, x.Client(), x.URL, http.MethodGet, path, "",
			append(head, "Authorization", "Bearer "+made.Secret)...)
	}
}

// centersOf returns the centers of a page of the list centers.
func centersOf(t testing.TB, r reply) (ids []string) {
	t.Helper()
	for _, item := range into[api.Page](t, r).Items {
		var row struct {
			Center string `json:"center"`
		}
		if err := json.Unmarshal(item, &row); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, row.Center)
	}
	return ids
}

func TestAnAnswerThatIsKeptStaysInItsScope(t *testing.T) {
	x := several(t, 4)
	whole, own := x.account(t, "fin", `"role":"finance"`),
		x.account(t, "center2", `"role":"center","center":"ZJ-0002"`)
	if got := centersOf(t, whole("/v1/centers")); len(got) != 4 {
		t.Errorf("got %v", got)
	}
	if got := centersOf(t, own("/v1/centers")); len(got) != 1 || got[0] != "ZJ-0002" {
		t.Errorf("got %v", got)
	}
	etag := whole("/v1/centers").Header.Get("ETag")
	own("/v1/centers", "If-None-Match", etag).ok(t)
	cursor := *into[api.Page](t, whole("/v1/centers?limit=2")).Next
	if p := own("/v1/centers?cursor="+cursor).problem(t, 400, "bad-request"); p.Param != "cursor" {
		t.Errorf("got %+v", p)
	}
	whole("/v1/alerts?center=ZJ-0001").ok(t)
	own("/v1/alerts?center=ZJ-0001").problem(t, 404, "not-found")
	own("/v1/centers/ZJ-0001").problem(t, 404, "not-found")
	own("/v1/centers/ZJ-0001/history").problem(t, 404, "not-found")
}

func TestACenterThatMovesIsSeenByItsNewOfficeAlone(t *testing.T) {
	x := several(t, 4) // all registered in 330106
	hangzhou, ningbo := x.account(t, "hangzhou", `"role":"local-gov","region":"3301"`),
		x.account(t, "ningbo", `"role":"local-gov","region":"3302"`)
	page := into[api.Page](t, hangzhou("/v1/centers?limit=2"))
	if got := centersOf(t, hangzhou("/v1/centers?limit=2&cursor="+*page.Next)); strings.Join(got,
		" ") != "ZJ-0003 ZJ-0004" {
		t.Errorf("got %v", got)
	}
	if got := centersOf(t, ningbo("/v1/centers")); got != nil {
		t.Errorf("got %v", got)
	}
	x.record(t, "ZJ-0003",
		`"kind":"center.assigned","on":"2026-10-31","by":{"role":"st-office","actor":"s-1"},"data":{"industryDept":"省经信厅","localGov":"330203"}`)
	hangzhou("/v1/centers?limit=2&cursor="+*page.Next).problem(t, 410, "gone")
	if got := centersOf(t, hangzhou("/v1/centers?knownAt=5")); strings.Join(got, " ") != "ZJ-0001 ZJ-0002 ZJ-0004" {
		t.Errorf("as known before, got %v", got)
	}
	if got := centersOf(t, ningbo("/v1/centers")); strings.Join(got, " ") != "ZJ-0003" {
		t.Errorf("got %v", got)
	}
	hangzhou("/v1/centers/ZJ-0003").problem(t, 404, "not-found")
}

func TestEveryReadIsInTheAccessLog(t *testing.T) {
	x := small(t)
	fin := x.account(t, "fin", `"role":"finance"`)
	for range 3 { // the second and the third are answers that are kept
		fin("/v1/execution").ok(t)
	}
	fin("/v1/execution", "If-None-Match", fin("/v1/execution").Header.Get("ETag"))
	fin("/v1/execution?format=csv").ok(t)
	fin("/v1/execution?format=csv").ok(t)
	fin("/v1/accounts").problem(t, 403, "forbidden")
	counts := map[string]int{}
	for line := range strings.Lines(x.get(t, "/v1/access-log?account=fin").ok(t).body) {
		var e access.LogEntry
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		counts[fmt.Sprint(e.Kind, " ", e.Verb, " ", e.Object)] += e.Count
	}
	for what, want := range map[string]int{"read list execution": 5, "read report execution": 2,
		"denied accounts-read /v1/accounts": 1} {
		if counts[what] != want {
			t.Errorf("expected %s %d times, got %v", what, want, counts)
		}
	}
}
