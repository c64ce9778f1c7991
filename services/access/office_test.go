package access

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/natsserver/natstest"
)

var owner = Local("wang", "local")

// add adds an account as the owner and returns the principal of a token for all acts of the account.
func add(t testing.TB, a *Access, name string, b Binding) Principal {
	t.Helper()
	if _, err := a.Desk(owner).AddAccount(t.Context(), NewAccount{name, b}); err != nil {
		t.Fatal(err)
	}
	return login(t, a, name)
}

func login(t testing.TB, a *Access, name string) Principal {
	t.Helper()
	a.mu.RLock()
	may := a.state.accounts[name].mays(Mays())
	a.mu.RUnlock()
	made, err := a.Desk(owner).AddToken(t.Context(), NewToken{Account: name, Name: "测试", May: may})
	if err != nil {
		t.Fatal(err)
	}
	p, err := a.Authenticate(made.Secret, "192.0.2.1", "GET /v1/me")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// code returns the code of an error, or "" for none.
func code(err error) text.ErrorCode {
	if err == nil {
		return ""
	}
	return text.CodeOf(err)
}

func logOf(t testing.TB, a *Access, q LogQuestion) (list []LogEntry) {
	t.Helper()
	if err := a.Desk(owner).Log(t.Context(), q,
		func(e *LogEntry) error { list = append(list, *e); return nil }); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestThreeAdministratorsShareThePowerOverAccounts(t *testing.T) {
	a, ctx := mustOpen(t, newStore()), t.Context()
	sys, sec, log := add(t, a, "sys", Binding{Role: SysAdmin}), add(t, a, "sec", Binding{Role: SecAdmin}),
		add(t, a, "log", Binding{Role: LogAdmin})
	if shown, err := a.Desk(sys).AddAccount(ctx, NewAccount{Account: "cai"}); err != nil || shown.Role != "" {
		t.Fatalf("sysadmin adds: %+v, %v", shown, err)
	}
	finance := Binding{Role: Finance}
	for _, c := range []struct {
		name string
		do   func() error
		want text.ErrorCode
	}{
		{"sysadmin adds with a role", func() error {
			_, err := a.Desk(sys).AddAccount(ctx, NewAccount{"other", finance})
			return err
		}, text.Forbidden},
		{"sysadmin binds", func() error { _, err := a.Desk(sys).Bind(ctx, "cai", finance); return err },
			text.Forbidden},
		{"sysadmin makes a token of another", func() error {
			_, err := a.Desk(sys).AddToken(ctx, NewToken{Account: "cai", Name: "x"})
			return err
		}, text.Forbidden},
		{"sysadmin disables himself", func() error { _, err := a.Desk(sys).Disable(ctx, "sys"); return err },
			text.Forbidden},
		{"sysadmin reads the log", func() error { return a.Desk(sys).Log(ctx, LogQuestion{}, nil) }, text.Forbidden},
		{"secadmin adds", func() error {
			_, err := a.Desk(sec).AddAccount(ctx, NewAccount{Account: "other"})
			return err
		}, text.Forbidden},
		{"secadmin binds himself", func() error { _, err := a.Desk(sec).Bind(ctx, "sec", finance); return err },
			text.Forbidden},
		{"secadmin disables", func() error { _, err := a.Desk(sec).Disable(ctx, "cai"); return err }, text.Forbidden},
		{"secadmin makes a token of an administrator", func() error {
			_, err := a.Desk(sec).AddToken(ctx, NewToken{Account: "sys", Name: "x"})
			return err
		}, text.Forbidden},
		{"secadmin makes a token of an account without a role", func() error {
			_, err := a.Desk(sec).AddToken(ctx, NewToken{Account: "cai", Name: "x"})
			return err
		}, text.Conflict},
		{"secadmin makes a token for acts", func() error {
			_, err := a.Desk(sec).AddToken(ctx, NewToken{Name: "x", May: []string{MayPolicy}})
			return err
		}, text.Forbidden},
		{"logadmin lists accounts", func() error { _, err := a.Desk(log).Accounts(ctx); return err }, text.Forbidden},
		{"logadmin reads the log",
			func() error { return a.Desk(log).Log(ctx, LogQuestion{}, func(*LogEntry) error { return nil }) }, ""},
		{"secadmin binds", func() error { _, err := a.Desk(sec).Bind(ctx, "cai", finance); return err }, ""},
		{"secadmin makes a token", func() error {
			_, err := a.Desk(sec).AddToken(ctx, NewToken{Account: "cai", Name: "x"})
			return err
		}, ""},
		{"sysadmin disables", func() error { _, err := a.Desk(sys).Disable(ctx, "cai"); return err }, ""},
		{"a token of a disabled account", func() error {
			_, err := a.Desk(sec).AddToken(ctx, NewToken{Account: "cai", Name: "x"})
			return err
		}, text.Conflict},
	} {
		if err := c.do(); code(err) != c.want {
			t.Errorf("%s: expected %q, got %q: %v", c.name, c.want, code(err), err)
		}
	}
	plain := sec
	plain.May = nil
	if _, err := a.Desk(plain).Bind(ctx, "cai", finance); code(err) != text.Forbidden {
		t.Errorf("with a token that is not made for it: %v", err)
	}
	if n := len(logOf(t, a, LogQuestion{Kind: LogDenied})); n < 12 {
		t.Errorf("%d denials are in the log", n)
	}
}

func TestWhoIsNotWhoHeWasDoesNothing(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(o AccountDesk, p Principal) error
	}{
		{"disabled", func(o AccountDesk, p Principal) error {
			_, err := o.Disable(context.Background(), p.Account)
			return err
		}},
		{"bound to another role", func(o AccountDesk, p Principal) error {
			_, err := o.Bind(context.Background(), p.Account, Binding{Role: Finance})
			return err
		}},
		{"revoked", func(o AccountDesk, p Principal) error {
			_, err := o.RevokeToken(context.Background(), p.TokenID)
			return err
		}},
	} {
		a := mustOpen(t, newStore())
		sys := add(t, a, "sys", Binding{Role: SysAdmin})
		if err := c.do(a.Desk(owner), sys); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Desk(sys).AddAccount(t.Context(),
			NewAccount{Account: "cai"}); code(err) != text.Unauthenticated {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestATokenIsGoodUntilItIsNot(t *testing.T) {
	now := start
	a, err := Open(t.Context(), AccountsConfig{Store: newStore(), Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	add(t, a, "cai", Binding{Role: Finance})
	office, ctx := a.Desk(owner), t.Context()
	made, err := office.AddToken(ctx, NewToken{Account: "cai", Name: "月报", Days: 2})
	if err != nil {
		t.Fatal(err)
	}
	good := func(want bool, when string) {
		t.Helper()
		p, err := a.Authenticate(made.Secret, "192.0.2.1", "GET /v1/me")
		if (err == nil) != want || want && (p.Account != "cai" || p.Role != Finance || len(p.May) != 0) {
			t.Errorf("%s: %+v, %v", when, p, err)
		}
		if !want && (code(err) != text.Unauthenticated || err.Error() != errUnauthenticated.Error()) {
			t.Errorf("%s: %v", when, err)
		}
	}
	good(true, "new")
	_, _ = office.Disable(ctx, "cai")
	good(false, "disabled")
	_, _ = office.Enable(ctx, "cai")
	good(true, "enabled")
	now = start.Add(48*time.Hour - time.Second)
	good(true, "in its last second")
	now = start.Add(48 * time.Hour)
	good(false, "expired")
	now = start
	if _, err := office.Bind(ctx, "cai", Binding{Role: Finance, MayRecord: true}); err != nil {
		t.Fatal(err)
	}
	good(true, "bound to the same role")
	if _, err := office.Bind(ctx, "cai", Binding{Role: Auditor}); err != nil {
		t.Fatal(err)
	}
	good(false, "bound to another role")
	tokens, err := office.Tokens(ctx, "cai")
	if err != nil || len(tokens) != 2 || tokens[1].State != TokenVoid || tokens[1].Name != "月报" {
		t.Errorf("%+v, %v", tokens, err)
	}
	outcomes := map[string]bool{}
	for _, e := range logOf(t, a, LogQuestion{Kind: LogDenied, Account: "cai"}) {
		outcomes[e.Outcome] = true
	}
	for _, want := range []string{"disabled", "expired", "void"} {
		if !outcomes[want] {
			t.Errorf("the log does not tell %q: %v", want, outcomes)
		}
	}
}

func TestATokenForActsIsShortAndOfWhatTheAccountMay(t *testing.T) {
	a, ctx := mustOpen(t, newStore()), t.Context()
	p := add(t, a, "ke", Binding{Role: STOffice, MayRecord: true})
	if !slices.Equal(p.May, []string{MayRecord, MayRevoke}) {
		t.Errorf("it may %v", p.May)
	}
	for _, c := range []struct {
		r     NewToken
		param string
	}{
		{NewToken{Account: "ke", Name: "x", Days: 31, May: []string{MayRecord}}, "expires"},
		{NewToken{Account: "ke", Name: "x", Days: 366}, "expires"},
		{NewToken{Account: "ke", Name: "x", Days: -1}, "expires"},
		{NewToken{Account: "ke", Name: "x", May: []string{MayPolicy}}, "may"},
		{NewToken{Account: "ke", Name: "x", May: []string{"all"}}, "may"},
		{NewToken{Account: "ke", Name: " "}, "name"},
		{NewToken{Account: "ke", Name: "a\nb"}, "name"},
		{NewToken{Name: "x"}, "account"},
	} {
		_, err := a.Desk(owner).AddToken(ctx, c.r)
		if e, ok := err.(*text.Error); !ok || e.Code != text.Invalid || e.Param != c.param {
			t.Errorf("%+v: %v", c.r, err)
		}
	}
	if _, err := a.Desk(owner).Bind(ctx, "ke", Binding{Role: STOffice}); err != nil {
		t.Fatal(err)
	}
	made, err := a.Desk(owner).AddToken(ctx, NewToken{Account: "ke", Name: "\n x "})
	if err != nil || made.Name != "x" || made.ExpiresAt != "2027-02-27T10:00:00+08:00" {
		t.Errorf("%+v, %v", made, err)
	}
}

func TestABindingHasTheScopeOfItsRole(t *testing.T) {
	a, ctx := mustOpen(t, newStore()), t.Context()
	add(t, a, "x0", Binding{Role: Finance})
	for _, c := range []struct {
		b     Binding
		param string // that is wrong; "" for none
	}{
		{Binding{Role: Center, Center: "ZJ-0007"}, ""},
		{Binding{Role: LocalGov, Region: "3301", MayRecord: true}, ""},
		{Binding{Role: IndustryDept, Departments: []string{" 省经信厅 ", "省卫健委"}}, ""},
		{Binding{}, "role"},
		{Binding{Role: "program"}, "role"},
		{Binding{Role: "admin"}, "role"},
		{Binding{Role: Center}, "center"},
		{Binding{Role: Center, Center: "zj_7"}, "center"},
		{Binding{Role: Finance, Center: "ZJ-0007"}, "center"},
		{Binding{Role: LocalGov, Region: "330"}, "region"},
		{Binding{Role: LocalGov, Region: "33010x"}, "region"},
		{Binding{Role: Auditor, Region: "33"}, "region"},
		{Binding{Role: IndustryDept}, "department"},
		{Binding{Role: IndustryDept, Departments: []string{"\x1b[31m"}}, "department"},
		{Binding{Role: SecAdmin, MayRecord: true}, "may-record"},
	} {
		shown, err := a.Desk(owner).Bind(ctx, "x0", c.b)
		if c.param == "" {
			if err != nil || shown.Role != c.b.Role ||
				len(shown.Departments) > 0 && shown.Departments[0] != "省经信厅" {
				t.Errorf("%+v: %+v, %v", c.b, shown, err)
			}
		} else if e, ok := err.(*text.Error); !ok || e.Code != text.Invalid || e.Param != c.param {
			t.Errorf("%+v: %v", c.b, err)
		}
	}
}

func TestANameIsUsedOnce(t *testing.T) {
	a, ctx := mustOpen(t, newStore()), t.Context()
	for name, want := range map[string]text.ErrorCode{"cai": "", "a1": "", "a-b.c_d": "", "a": text.Invalid,
		"Cai": text.Invalid, "1a": text.Invalid, "taizhang": text.Invalid, "local": text.Invalid,
		"local:wang": text.Invalid, "localx": text.Invalid, "财政": text.Invalid, "": text.Invalid,
		strings.Repeat("a", 32): "", strings.Repeat("a", 33): text.Invalid, "a\n": text.Invalid} {
		if _, err := a.Desk(owner).AddAccount(ctx, NewAccount{Account: name}); code(err) != want {
			t.Errorf("%q: %v", name, err)
		}
	}
	_, _ = a.Desk(owner).Disable(ctx, "cai")
	if _, err := a.Desk(owner).AddAccount(ctx, NewAccount{Account: "cai"}); code(err) != text.Conflict {
		t.Errorf("again: %v", err)
	}
}

// TestOpenedAgainItIsTheSame also opens the log after each event, as after a crash at that point.
func TestOpenedAgainItIsTheSame(t *testing.T) {
	store := newStore()
	a, ctx := mustOpen(t, store), t.Context()
	add(t, a, "cai", Binding{Role: Finance})
	add(t, a, "hang", Binding{Role: LocalGov, Region: "3301"})
	p := login(t, a, "hang")
	_, _ = a.Desk(owner).Disable(ctx, "cai")
	_, _ = a.Desk(p).RevokeToken(ctx, p.TokenID)
	key := natstest.NewUser(t).Public
	_, _ = a.Desk(owner).AddNATSUser(ctx, NewNATSUser{"screen", key, NATSFilter{Severities: []string{"red"}}})
	_, _ = a.Desk(owner).RevokeNATSUser(ctx, "screen")
	_, _ = a.Desk(owner).AddNATSUser(ctx, NewNATSUser{"screen", key, NATSFilter{}})
	if err := a.AskRestate(ctx, owner); err != nil {
		t.Fatal(err)
	}
	_, _ = a.Authenticate("tz_wrong", "192.0.2.9", "GET /v1/me")
	want := picture(t, a)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if got := picture(t, mustOpen(t, store)); got != want {
		t.Errorf("opened again:\n%s\nexpected\n%s", got, want)
	}
	var all []events.Stored
	for s, err := range store.ReadAll(ctx, 0) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	for n := range all {
		cut := newStore()
		for _, s := range all[:n] {
			p := []events.Proposed{{ID: s.ID, Kind: s.Kind, Body: events.MustObject(string(s.Body))}}
			if _, err := cut.Append(ctx, s.Stream, s.Revision-1, p); err != nil {
				t.Fatal(err)
			}
		}
		b := mustOpen(t, cut)
		if _, err := b.Desk(owner).AddAccount(ctx, NewAccount{Account: "next"}); err != nil {
			t.Errorf("after %d events: %v", n, err)
		}
	}
}

func TestTheLogHasWhoHadTheFeedRestated(t *testing.T) {
	a, ctx := mustOpen(t, newStore()), t.Context()
	sys, cai := add(t, a, "sys", Binding{Role: SysAdmin}), add(t, a, "cai", Binding{Role: Finance})
	gone := login(t, a, "sys")
	if err := a.AskRestate(ctx, owner); err != nil {
		t.Error(err)
	}
	if err := a.AskRestate(ctx, sys); err != nil {
		t.Error(err)
	}
	if err := a.AskRestate(ctx, cai); code(err) != text.Forbidden {
		t.Errorf("without the right: %v", err)
	}
	if _, err := a.Desk(owner).Disable(ctx, "sys"); err != nil {
		t.Fatal(err)
	}
	if err := a.AskRestate(ctx, gone); code(err) != text.Unauthenticated {
		t.Errorf("disabled: %v", err)
	}
	var shown []string
	for _, e := range logOf(t, a, LogQuestion{}) {
		if e.Verb == "restate.asked" || e.Verb == string(RestateFeed) {
			shown = append(shown, fmt.Sprintf("%s %s %s %q %s %s", e.Kind, e.Account, e.Verb, e.Object,
				e.Outcome, e.Source))
		}
	}
	want := []string{`act local:wang restate.asked "" ok local`, `act sys restate.asked "" ok 192.0.2.1`,
		`denied cai feed-restate "" forbidden 192.0.2.1`}
	if !slices.Equal(shown, want) {
		t.Errorf("the log has\n%s", strings.Join(shown, "\n"))
	}
}

// picture returns all answers of an Access about accounts and tokens.
func picture(t *testing.T, a *Access) string {
	t.Helper()
	accounts, err := a.Desk(owner).Accounts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := a.Desk(owner).Tokens(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s\n%+v\n%+v\n%+v\n%+v", a.Epoch(), accounts, tokens, a.NATSUsers(),
		logOf(t, a, LogQuestion{}))
}
