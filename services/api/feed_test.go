package api_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"
	"go.uber.org/zap"

	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/alertfeed"
	"github.com/taizhang/taizhang/services/api"
	"github.com/taizhang/taizhang/services/natsserver/natstest"
)

// screen returns a request to add a user of NATS.
func screen(key string) string {
	return fmt.Sprintf(
		`{"name":"screen","key":%q,"filter":{"centers":["zj-0001"],"severities":["red"],"families":[]}}`, key)
}

func TestWithoutAFeedItSaysSo(t *testing.T) {
	x := small(t)
	if f := into[api.FeedStatus](t, x.get(t, "/v1/feed")); f.State != api.FeedOff ||
		!strings.Contains(f.Reason.En, "nats-listen") || f.Position != 6 || f.Open != nil {
		t.Errorf("%+v", f)
	}
	if p := x.ask(t, http.MethodPost, "/v1/feed/restate", "").problem(t, 409, "conflict"); !strings.Contains(p.Text.Zh,
		"nats-listen") || len(restates(t, x)) != 0 {
		t.Errorf("%+v, and the access log has %q", p, restates(t, x))
	}
	unknown := x.ask(t, http.MethodPost, "/v1/nats/users",
		strings.Replace(screen(natstest.NewUser(t).Public), "zj-0001", "zj-9999", 1)).problem(t, 404, "not-found")
	if !strings.Contains(unknown.Text.En, "no center ZJ-9999") || !strings.Contains(unknown.Text.Zh, "ZJ-9999") ||
		len(x.access.NATSUsers()) != 0 {
		t.Errorf("%+v", unknown)
	}
	made := x.ask(t, http.MethodPost, "/v1/nats/users", screen(natstest.NewUser(t).Public))
	if u := into[access.NATSUser](t, made); len(u.Warnings) != 1 ||
		!strings.Contains(u.Warnings[0].En, "the alert feed is off") || u.Configuration != "" ||
		made.Header.Get("Location") != "/v1/nats/users/screen" {
		t.Errorf("%+v", u)
	}
	if metrics := asked(x.api.Admin(), http.MethodGet, "/metrics", false).Body.String(); strings.Contains(metrics,
		"taizhang_feed") {
		t.Error("there are figures of no feed")
	}
	if w := asked(x.api.Admin(), http.MethodGet, "/readyz", false); w.Code != http.StatusOK {
		t.Errorf("it is not ready: %s", w.Body)
	}
}

func TestUsersOfNATSOverHTTP(t *testing.T) {
	x := small(t)
	key := natstest.NewUser(t).Public
	first := into[access.NATSUser](t, x.ask(t, http.MethodPost, "/v1/nats/users", screen(key)))
	if first.Key != key || fmt.Sprint(first.Filter) != "{[ZJ-0001] [red] [] false}" || first.AddedBy != "local:kit" {
		t.Errorf("%+v", first)
	}
	if again := into[access.NATSUser](t,
		x.ask(t, http.MethodPost, "/v1/nats/users", screen(key))); again.AddedAt != first.AddedAt {
		t.Errorf("the same again: %+v", again)
	}
	if list := into[access.NATSUsers](t, x.get(t, "/v1/nats/users")); len(list) != 1 || list[0].Name != "screen" {
		t.Errorf("%+v", list)
	}
	seed, _ := natstest.NewUser(t).Seed()
	for _, c := range []struct{ body, param string }{
		{strings.Replace(screen(key), "screen", "ledger", 1), "name"},
		{screen(string(seed)), "key"},
		{strings.Replace(screen(key), "red", "green", 1), "severity"},
	} {
		a := x.ask(t, http.MethodPost, "/v1/nats/users", c.body)
		if p := a.problem(t, 400, "bad-request"); p.Param != c.param || strings.Contains(a.body, string(seed)) {
			t.Errorf("%s: %s", c.body, a.body)
		}
	}
	x.ask(t, http.MethodPost, "/v1/nats/users", strings.Replace(screen(key), "screen", "other", 1)).problem(t, 409,
		"conflict")
	x.ask(t, http.MethodDelete, "/v1/nats/users/nobody", "").problem(t, 404, "not-found")
	for range 2 {
		if u := into[access.NATSUser](t,
			x.ask(t, http.MethodDelete, "/v1/nats/users/screen", "")); u.RevokedBy != "local:kit" {
			t.Errorf("%+v", u)
		}
	}
	if list := into[access.NATSUsers](t, x.get(t, "/v1/nats/users")); len(list) != 0 {
		t.Errorf("%+v", list)
	}
}

// fed serves the ledger of small with a feed, whose server is in this process unless change says otherwise.
func fed(t *testing.T, change func(*alertfeed.FeedConfig)) (*served, *api.Server) {
	t.Helper()
	x := small(t)
	see := x.desk
	cfg := alertfeed.FeedConfig{Desk: &see, Access: x.access, Dir: t.TempDir(), Now: x.clock.now, Log: zap.NewNop(),
		Listen: "127.0.0.1:0"}
	if change != nil {
		change(&cfg)
	}
	feed, err := alertfeed.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := feed.Close(); err != nil {
			t.Error(err)
		}
	})
	return x, api.New(api.ServerConfig{Desk: x.desk, Access: x.access, Feed: feed, Now: x.clock.now, Build: "v1",
		Spool: t.TempDir()})
}

// act sends a request of the owner with a body, and decodes the answer.
func act[T any](t *testing.T, s *api.Server, method, path, body string) (status int, v T) {
	t.Helper()
	r := httptest.NewRequest(method, "http://localhost"+path, strings.NewReader(body))
	r = r.WithContext(api.AsOwner(r.Context(), access.Local("kit", "socket")))
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	return w.Code, v
}

// restates returns the entries of the access log about the feed.
func restates(t *testing.T, x *served) (list []string) {
	t.Helper()
	err := x.access.Desk(access.Local("kit", "local")).Log(t.Context(), access.LogQuestion{},
		func(e *access.LogEntry) error {
			if strings.Contains(e.Verb, "restate") {
				list = append(list, fmt.Sprintf("%s %s %s %s %s", e.Kind, e.Account, e.Verb, e.Outcome, e.Source))
			}
			return nil
		})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// published waits until the feed has published everything in the ledger.
func published(t *testing.T, s *api.Server) api.FeedStatus {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		_, f := act[api.FeedStatus](t, s, http.MethodGet, "/v1/feed", "")
		if f.State == alertfeed.StatePublishing && f.At != nil && f.Behind == 0 {
			return f
		}
		if time.Now().After(deadline) {
			t.Fatalf("it does not publish: %+v", f)
		}
		select {
		case <-t.Context().Done():
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func TestAUserOfNATSReadsAsLongAsHeIsOne(t *testing.T) {
	x, s := fed(t, nil)
	f := published(t, s)
	key := natstest.NewUser(t)
	if f.Open.Red != 2 || *f.Subjects == 0 || *f.Messages <= uint64(*f.Subjects) || f.Position != 6 ||
		!strings.HasPrefix(f.Server, "nats://127.0.0.1:") || len(f.Consumers) != 0 {
		t.Errorf("%+v", f)
	}
	if status, u := act[access.NATSUser](t, s, http.MethodPost, "/v1/nats/users",
		screen(key.Public)); status != http.StatusOK || len(u.Warnings) != 0 || u.Configuration != "" ||
		u.Server != f.Server {
		t.Errorf("%d %+v", status, u)
	}
	closed := make(chan struct{})
	conn, err := nats.Connect(f.Server, nats.Nkey(key.Public, key.Sign), nats.MaxReconnects(0),
		nats.ClosedHandler(func(*nats.Conn) { close(closed) }))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if status, f := act[api.FeedStatus](t, s, http.MethodPost, "/v1/feed/restate", ""); status != http.StatusOK ||
		f.At.Generation < 2 {
		t.Errorf("%d %+v", status, f)
	}
	if got := restates(t, x); !slices.Equal(got, []string{"act local:kit restate.asked ok socket"}) {
		t.Errorf("the access log has %q", got)
	}
	if status, u := act[access.NATSUser](t, s, http.MethodDelete, "/v1/nats/users/screen",
		""); status != http.StatusOK || len(u.Warnings) != 0 {
		t.Errorf("%d %+v", status, u)
	}
	select {
	case <-closed:
	case <-time.After(time.Minute):
		t.Error("a user who was revoked is still connected")
	}
	if _, err := nats.Connect(f.Server, nats.Nkey(key.Public, key.Sign)); err == nil {
		t.Error("a user who was revoked connects again")
	}
	metrics := asked(s.Admin(), http.MethodGet, "/metrics", false).Body.String()
	if !strings.Contains(metrics, "\ntaizhang_feed_generations_total 2\n") ||
		!strings.Contains(metrics, "\ntaizhang_feed_behind_positions 0\n") ||
		!strings.Contains(metrics, "\ntaizhang_feed_behind_seconds 0\n") ||
		!strings.Contains(metrics, "\ntaizhang_feed_publishing 1\n") {
		t.Errorf("the figures are\n%s", metrics)
	}
}

func TestAnActThatTheServerOfNATSDoesNotKnowYetIsNotSaidToBeRefused(t *testing.T) {
	defer api.WaitForNATS(api.WaitForNATS(20 * time.Millisecond))
	x, s := fed(t, func(cfg *alertfeed.FeedConfig) {
		// the server cannot start: where its directory should be is a file
		if err := os.WriteFile(filepath.Join(cfg.Dir, "nats"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	})
	if status, u := act[access.NATSUser](t, s, http.MethodPost, "/v1/nats/users",
		screen(natstest.NewUser(t).Public)); status != http.StatusOK || len(u.Warnings) != 1 ||
		!strings.Contains(u.Warnings[0].En, "cannot connect yet") || !strings.Contains(u.Warnings[0].Zh, "再做一次") {
		t.Errorf("%d %+v", status, u)
	}
	if list := x.access.NATSUsers(); len(list) != 1 {
		t.Errorf("%+v", list)
	}
	if status, u := act[access.NATSUser](t, s, http.MethodDelete, "/v1/nats/users/screen",
		""); status != http.StatusOK || len(u.Warnings) != 1 || !strings.Contains(u.Warnings[0].En, "may still read") {
		t.Errorf("%d %+v", status, u)
	}
	if status, p := act[api.ProblemDetails](t, s, http.MethodPost, "/v1/feed/restate",
		""); status != http.StatusServiceUnavailable || !strings.Contains(p.Text.En, "cannot be restated now: ") {
		t.Errorf("%d %+v", status, p)
	}
}

func TestWithAServerOfNATSElsewhereAnActGivesItsConfiguration(t *testing.T) {
	_, s := fed(t, func(cfg *alertfeed.FeedConfig) {
		cfg.Listen, cfg.URL, cfg.NKey = "", "nats://127.0.0.1:1", filepath.Join(cfg.Dir, "publisher.nk")
		natstest.NewUser(t).WriteSeed(t, cfg.NKey)
	})
	key := natstest.NewUser(t).Public
	if status, u := act[access.NATSUser](t, s, http.MethodPost, "/v1/nats/users",
		screen(key)); status != http.StatusOK || !strings.Contains(u.Configuration, key) ||
		u.Server != "nats://127.0.0.1:1" || len(u.Warnings) != 0 {
		t.Errorf("%d %+v", status, u)
	}
	if status, u := act[access.NATSUser](t, s, http.MethodDelete, "/v1/nats/users/screen",
		""); status != http.StatusOK || u.Configuration == "" || strings.Contains(u.Configuration, key) {
		t.Errorf("%d %+v", status, u)
	}
	if _, list := act[access.NATSUsers](t, s, http.MethodGet, "/v1/nats/users", ""); strings.Contains(fmt.Sprint(list),
		"onfiguration") {
		t.Errorf("%+v", list)
	}
	if _, f := act[api.FeedStatus](t, s, http.MethodGet, "/v1/feed", ""); f.Open != nil || f.Subjects != nil ||
		f.Messages == nil {
		t.Errorf("what is in a stream that was never read is known: %+v", f)
	}
	metrics := asked(s.Admin(), http.MethodGet, "/metrics", false).Body.String()
	if !strings.Contains(metrics, "\ntaizhang_feed_publishing 0\n") ||
		strings.Contains(metrics, "\ntaizhang_feed_behind_positions 0\n") ||
		strings.Contains(metrics, "\ntaizhang_feed_behind_seconds 0\n") {
		t.Errorf("the figures of a feed that is not connected are\n%s", metrics)
	}
}

// TestTheFeedTellsNobodyWhatHeMayNotSee asks for the state of the feed as every role.
func TestTheFeedTellsNobodyWhatHeMayNotSee(t *testing.T) {
	x, s := fed(t, nil)
	published(t, s)
	office := x.access.Desk(access.Local("kit", "local"))
	bindings := map[access.Role]access.Binding{access.Center: {Center: "ZJ-0001"}, access.LocalGov: {Region: "3301"},
		access.IndustryDept: {Departments: []string{"省经信厅"}}}
	ask := func(role access.Role, method, path string) string {
		b, name := bindings[role], "in-"+string(role)
		b.Role = role
		_, _ = office.AddAccount(t.Context(), access.NewAccount{Account: name, Binding: b}) // it may be there
		made, err := office.AddToken(t.Context(), access.NewToken{Account: name, Name: "x"})
		if err != nil {
			t.Fatal(err)
		}
		w := asked(s, method, "http://localhost"+path, false, "Authorization", "Bearer "+made.Secret)
		return fmt.Sprint(w.Code, w.Body)
	}
	for _, role := range access.Roles() {
		seesAll := role == access.STOffice || role == access.Finance || role == access.Auditor
		runs := role == access.SecAdmin || role == access.SysAdmin
		status := ask(role, http.MethodGet, "/v1/feed")
		for member, want := range map[string]bool{`"state"`: true, `"position"`: true, `"open"`: seesAll,
			`"subjects"`: seesAll || runs, `"messages"`: seesAll || runs, `"consumers"`: runs} {
			if strings.Contains(status, member) != want {
				t.Errorf("%s sees %s is %v: %s", role, member, !want, status)
			}
		}
		if users := ask(role, http.MethodGet, "/v1/nats/users"); strings.HasPrefix(users,
			"200") != (role == access.SecAdmin) {
			t.Errorf("%s lists the users: %s", role, users)
		}
		if !runs {
			if restated := ask(role, http.MethodPost, "/v1/feed/restate"); !strings.HasPrefix(restated, "403") {
				t.Errorf("%s restates: %s", role, restated)
			}
		}
	}
}

func TestTheFiguresOfTheFeed(t *testing.T) {
	_, s := fed(t, nil)
	metrics := asked(s.Admin(), http.MethodGet, "/metrics", false).Body.String()
	for _, name := range []string{`taizhang_feed_published_total{kind="raised"}`,
		`taizhang_feed_published_total{kind="cleared"}`, `taizhang_feed_published_total{kind="withdrawn"}`,
		`taizhang_feed_published_total{kind="head"}`, "taizhang_feed_generations_total",
		"taizhang_feed_behind_positions", "taizhang_feed_behind_seconds"} {
		if !strings.Contains(metrics, "\n"+name+" ") {
			t.Errorf("there is no %s", name)
		}
	}
}
