package api_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/api"
	"github.com/taizhang/taizhang/services/desk"
)

// token adds an account and returns a token of it.
func (x *served) token(t testing.TB, name string, b access.Binding) string {
	t.Helper()
	office := x.access.Desk(access.Local("kit", "socket"))
	if _, err := office.AddAccount(t.Context(), access.NewAccount{Account: name, Binding: b}); err != nil {
		t.Fatal(err)
	}
	made, err := office.AddToken(t.Context(), access.NewToken{Account: name, Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return made.Secret
}

// as sends a request with a token.
func (x *served) as(t testing.TB, token, method, path, body string, head ...string) reply {
	t.Helper()
	return send(t, x.Client(), x.URL, method, path, body, append(head, "Authorization", "Bearer "+token)...)
}

// object is a record of a center in JSON with an id that follows from its content; lean is one without an id.
func object(center, tail string) string {
	return fmt.Sprintf(`{"id":"%s",%s`, uuid.NewSHA1(uuid.NameSpaceOID, []byte(center+tail)), lean(center, tail)[1:])
}

func lean(center, tail string) string { return fmt.Sprintf(`{"center":"%s",%s}`, center, tail) }

func list(objects ...string) string { return "[" + strings.Join(objects, ",") + "]" }

// post sends records as the owner.
func (x *served) post(t testing.TB, body string, head ...string) reply {
	t.Helper()
	if !slices.Contains(head, "Content-Type") {
		head = append(head, "Content-Type", "application/json")
	}
	return x.ask(t, http.MethodPost, "/v1/records", body, head...)
}

func decoded[T any](t testing.TB, r reply, status int) (v T) {
	t.Helper()
	if r.StatusCode != status {
		t.Fatalf("expected %d, got %d: %.800s", status, r.StatusCode, r.body)
	}
	if err := json.Unmarshal([]byte(r.body), &v); err != nil {
		t.Fatalf("%v in %.300s", err, r.body)
	}
	return v
}

func TestRecordsAreWrittenOnceAndAnsweredTheSameWayTwice(t *testing.T) {
	x := live(t)
	r := x.post(t, object("ZJ-0001", registered))
	one := decoded[desk.BatchAnswer](t, r, 201)
	if one.Position != 2 || one.Revision != 1 || len(one.Results) != 1 || one.Results[0].Answer != desk.Accepted {
		t.Errorf("got %s", r.body)
	}
	for name, want := range map[string]string{"Ledger-Position": "2", "ETag": `"r1"`,
		"Location": "/v1/centers/ZJ-0001/records/" + one.Results[0].ID.String(), "Idempotent-Replayed": ""} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("expected %s: %s, got %q", name, want, got)
		}
	}
	x.get(t, r.Header.Get("Location")).ok(t)
	three := list(object("ZJ-0001", granted), object("ZJ-0001", received), object("ZJ-0001", spent))
	r = x.post(t, three, "If-Match", `"r1"`)
	if a := decoded[desk.BatchAnswer](t, r, 201); a.Position != 5 || a.Revision != 4 ||
		r.Header.Get("Ledger-Position") != "5" {
		t.Errorf("got %s", r.body)
	}
	first := decoded[desk.BatchAnswer](t, r, 201)
	// long past
	r = x.post(t, strings.ReplaceAll(three[1:len(three)-1], `},{"id"`, "}\n{\"id\""), "Content-Type",
		"application/jsonl", "If-Match", `"r1"`)
	again := decoded[desk.BatchAnswer](t, r, 200)
	if r.Header.Get("Idempotent-Replayed") != "true" || again.Answer != desk.Repeated || again.Position != 5 {
		t.Errorf("got %v %s", r.Header, r.body)
	}
	for i := range first.Results {
		if a, b := first.Results[i], again.Results[i]; a.Position != b.Position || a.ID != b.ID ||
			a.RecordedAt != b.RecordedAt {
			t.Errorf("first %+v, then %+v", a, b)
		}
	}
	if n := len(x.lines(t)); n != 5 {
		t.Errorf("there are %d records", n)
	}
}

func TestAKeyGivesTheSameIDsEachTime(t *testing.T) {
	x := live(t)
	body := list(lean("ZJ-0001", registered), lean("ZJ-0001", granted))
	first := decoded[desk.BatchAnswer](t, x.post(t, body, "Idempotency-Key", "k-1"), 201)
	again := decoded[desk.BatchAnswer](t, x.post(t, body, "Idempotency-Key", "k-1"), 200)
	for i := range first.Results {
		if first.Results[i].ID != again.Results[i].ID {
			t.Errorf("record %d: first %s, then %s", i, first.Results[i].ID, again.Results[i].ID)
		}
	}
	if first.Results[0].ID.Version() != 5 || first.Results[0].ID == first.Results[1].ID {
		t.Errorf("got %+v", first.Results)
	}
	x.post(t, list(lean("ZJ-0001", received)), "Idempotency-Key", "k-1").problem(t, 409, "conflict")
	for name, c := range map[string]struct{ body, key string }{
		"neither":           {lean("ZJ-0001", received), ""},
		"both":              {object("ZJ-0001", received), "k-2"},
		"a key with blanks": {lean("ZJ-0001", received), "k 2"},
		"a long key":        {lean("ZJ-0001", received), strings.Repeat("k", 201)},
	} {
		t.Run(name, func(t *testing.T) {
			var head []string
			if c.key != "" {
				head = []string{"Idempotency-Key", c.key}
			}
			x.post(t, c.body, head...).problem(t, 400, "bad-request")
		})
	}
	if n := len(x.lines(t)); n != 3 {
		t.Errorf("there are %d records", n)
	}
}

func TestRefusedRecordsWriteNothingAndPointAtEachFault(t *testing.T) {
	x := live(t)
	x.begun(t, "ZJ-0001")
	n := len(x.lines(t))
	good := object("ZJ-0001", spent)
	member := func(name, value string) string { return object("ZJ-0001", `"`+name+`":`+value+","+spent) }
	for name, c := range map[string]struct {
		body    string
		pointer string
		index   int
	}{
		"by a rule":       {list(good, object("ZJ-0001", spend("V8", 900_000))), "", 1},
		"a name unknown":  {list(good, member("nothing", "1")), "/1/nothing", 1},
		"a name twice":    {member("doc", `"a","doc":"b"`), "/doc", 0},
		"a name of by":    {strings.Replace(good, `"role"`, `"rank":1,"role"`, 1), "/by/rank", 0},
		"a sort of value": {member("note", "1"), "/note", 0},
		"within data": {list(good, strings.Replace(good, `"amountFen":40000`, `"amountFen":"40000"`, 1)),
			"/1/data/lines/0/amountFen", 1},
		"twice within data": {strings.Replace(good, `"payee"`, `"payee":"丙","payee"`, 1), "/data/payee", 0},
		"no data": {`{"id":"` + uuid.NewString() +
			`","center":"ZJ-0001","kind":"funds.spent","on":"2025-06-01","by":{"role":"center","actor":"c"}}`,
			"/data", 0},
		"an id that is none": {strings.Replace(good, `{"id":"`, `{"id":"x`, 1), "/id", 0},
	} {
		t.Run(name, func(t *testing.T) {
			p := x.post(t, c.body).problem(t, 422, "refused")
			i := slices.IndexFunc(p.Breaches, func(b api.RecordBreach) bool {
				return b.Index == c.index &&
					(b.Pointer == c.pointer || c.pointer == "" && b.Rule != "" && b.Words != "")
			})
			if i < 0 {
				t.Errorf("expected a reason at %s, got %+v", c.pointer, p.Breaches)
			}
		})
	}
	for name, c := range map[string]struct {
		body, media string
		status      int
		slug        string
	}{
		"no JSON":             {`{"id":`, "application/json", 400, "bad-request"},
		"nothing":             {``, "application/json", 400, "bad-request"},
		"an empty list":       {`[]`, "application/json", 400, "bad-request"},
		"no object":           {`[1]`, "application/json", 400, "bad-request"},
		"more than a record":  {good + good, "application/json", 400, "bad-request"},
		"a list in lines":     {list(good), "application/jsonl", 400, "bad-request"},
		"several centers":     {list(good, object("ZJ-0002", spent)), "application/json", 400, "bad-request"},
		"more than 1 000":     {"[" + strings.Repeat("{},", 1000) + "{}]", "application/json", 400, "bad-request"},
		"text":                {good, "text/plain", 415, "unsupported-media-type"},
		"another charset":     {good, "application/json; charset=gbk", 415, "unsupported-media-type"},
		"more than 4 MiB":     {good + strings.Repeat(" ", 4<<20), "application/json", 413, "too-large"},
		"an If-Match of none": {good, "application/json", 400, "bad-request"},
	} {
		t.Run(name, func(t *testing.T) {
			head := []string{"Content-Type", c.media}
			if strings.Contains(name, "If-Match") {
				head = append(head, "If-Match", `W/"r3"`)
			}
			x.post(t, c.body, head...).problem(t, c.status, c.slug)
		})
	}
	unread := x.ask(t, "POST", "/v1/records?dryRun=true",
		object("ZJ-0001", strings.Replace(fined, `"on":"`, `"on":"x`, 1)), "Content-Type", "application/json").ok(t)
	if on := unread.Header.Get("Ledger-As-Of"); on == "" {
		t.Error("a dry run does not name its date")
	}
	if at := unread.Header.Get("Ledger-Position"); at != strconv.Itoa(n) {
		t.Errorf("a record that cannot be read is judged at the position %s", at)
	}
	if got := len(x.lines(t)); got != n {
		t.Errorf("%d records were written", got-n)
	}
	metrics := httptest.NewRecorder()
	x.api.Admin().ServeHTTP(metrics, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if !strings.Contains(metrics.Body.String(), `taizhang_refusals_total{rule="overdrawn"} 1`) {
		t.Error("the refusal by a rule is not counted")
	}
}

func TestAWriterThatMissedRecordsIsToldWhich(t *testing.T) {
	x := live(t)
	x.begun(t, "ZJ-0001")
	p := x.post(t, object("ZJ-0001", spent), "If-Match", `"r1"`).problem(t, 412, "precondition-failed")
	if p.Revision == nil || *p.Revision != 3 || len(p.Missed) != 2 || p.Missed[0].Kind != "subsidy.granted" {
		t.Errorf("got %+v", p)
	}
	decoded[desk.BatchAnswer](t, x.post(t, object("ZJ-0001", spent), "If-Match", `"r3"`), 201)
}

func TestAProblemNamesTheHeaderAndTheRecordThatItIsAbout(t *testing.T) {
	x := live(t)
	x.begun(t, "ZJ-0001")
	if p := x.post(t, object("ZJ-0001", spent), "If-Match", "r3").problem(t, 400,
		"bad-request"); p.Param != "If-Match" {
		t.Errorf("got %+v", p)
	}
	if p := x.post(t, object("ZJ-0001", spent), "Idempotency-Key", "k").problem(t, 400,
		"bad-request"); p.Param != "Idempotency-Key" || !strings.Contains(p.Text.Zh, "第 1 条") {
		t.Errorf("got %+v", p)
	}
	if p := x.post(t, list(object("ZJ-0001", spent), object("ZJ-0002", spent))).problem(t, 400,
		"bad-request"); !strings.Contains(p.Detail, "record 2 ") {
		t.Errorf("got %+v", p)
	}
}

func TestADryRunWritesNothing(t *testing.T) {
	x := live(t)
	x.begun(t, "ZJ-0001")
	n := len(x.lines(t))
	try := func(body string) desk.BatchAnswer {
		t.Helper()
		return decoded[desk.BatchAnswer](t,
			x.ask(t, "POST", "/v1/records?dryRun=true", body, "Content-Type", "application/json"), 200)
	}
	if a := try(list(object("ZJ-0001", fined))); a.Answer != desk.Accepted || a.Moves == nil ||
		len(a.Moves.Opened) == 0 || len(a.Moves.Money) == 0 {
		t.Errorf("got %+v", a)
	}
	if a := try(object("ZJ-0001", spend("V8", 900_000))); a.Answer != desk.Refused || len(a.Refused) != 1 {
		t.Errorf("got %+v", a)
	}
	if got := len(x.lines(t)); got != n {
		t.Errorf("%d records were written", got-n)
	}
}

func TestAPolicyIsARecordOfNoCenter(t *testing.T) {
	x := live(t)
	adoption, err := desk.BuiltinPolicy().Adoption()
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(adoption)
	if err != nil {
		t.Fatal(err)
	}
	a := decoded[desk.BatchAnswer](t, x.post(t, string(body)), 200) // the ledger begins with it
	if a.Position != 1 || a.Center != "" {
		t.Errorf("got %+v", a)
	}
}

func TestAnAccountWritesUnderItsOwnNameWithinItsScope(t *testing.T) {
	x := live(t)
	x.begun(t, "ZJ-0001")
	x.begun(t, "ZJ-0002")
	own := x.token(t, "zhongxin", access.Binding{Role: access.Center, Center: "ZJ-0001"})
	log := x.token(t, "rizhi", access.Binding{Role: access.LogAdmin})
	post := func(token, body string) reply {
		t.Helper()
		return x.as(t, token, "POST", "/v1/records", body, "Content-Type", "application/json")
	}
	bare := strings.Replace(spent, `"by":{"role":"center","actor":"c-1"},`, "", 1)
	decoded[desk.BatchAnswer](t, post(own, object("ZJ-0001", bare)), 201)
	last := x.lines(t)[7]
	if !strings.Contains(last, `"by":{"role":"center","actor":"zhongxin"}`) ||
		!strings.Contains(last, `"enteredBy":"zhongxin"`) {
		t.Errorf("got %s", last)
	}
	post(own, object("ZJ-0001", fined)).problem(t, 403, "forbidden") // as c-1
	post(own, object("ZJ-0002", bare)).problem(t, 404, "not-found")
	post(log, "no JSON").problem(t, 403, "forbidden")
	if n := len(x.lines(t)); n != 8 {
		t.Errorf("there are %d records", n)
	}
}
