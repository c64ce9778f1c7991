package access

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

const issuer = "https://id.example.gov.cn"

func TestAnIdentityBelongsToOneAccountAtMost(t *testing.T) {
	a, ctx := mustOpen(t, newStore()), t.Context()
	sys := add(t, a, "sys", Binding{Role: SysAdmin})
	add(t, a, "cai", Binding{Role: Finance})
	add(t, a, "ke", Binding{Role: STOffice})
	id := Identity{issuer, "9f2c1e"}
	for _, c := range []struct {
		name    string
		account string
		id      Identity
		unlink  bool
		want    text.ErrorCode
	}{
		{"linked", "cai", id, false, ""},
		{"again", "cai", id, false, ""},
		{"to another", "ke", id, false, text.Conflict},
		{"the same subject of another issuer", "ke", Identity{issuer + "/", "9f2c1e"}, false, ""},
		{"another case", "ke", Identity{issuer, "9F2C1E"}, false, ""},
		{"unlinked from another", "ke", id, true, text.NotFound},
		{"unlinked", "cai", id, true, ""},
		{"unlinked again", "cai", id, true, text.NotFound},
		{"to another once it is free", "ke", id, false, ""},
		{"to nobody", "nobody", id, false, text.NotFound},
		{"from nobody", "nobody", id, true, text.NotFound},
		{"to himself", "sys", Identity{issuer, "sys"}, false, text.Forbidden},
	} {
		do := a.Desk(sys).Link
		if c.unlink {
			do = a.Desk(sys).Unlink
		}
		if _, err := do(ctx, c.account, c.id); code(err) != c.want {
			t.Errorf("%s: expected %q, got %v", c.name, c.want, err)
		}
	}
	shown, err := a.Desk(sys).Account(ctx, "ke")
	if err != nil || !slices.Equal(shown.Identities, []Identity{{issuer + "/", "9f2c1e"}, {issuer, "9F2C1E"}, id}) {
		t.Errorf("%+v, %v", shown, err)
	}
	for i := range identitiesMax {
		if _, err := a.Desk(sys).Link(ctx, "cai", Identity{issuer, fmt.Sprint("s", i)}); err != nil {
			t.Error(err)
		}
	}
	if _, err := a.Desk(sys).Link(ctx, "cai", Identity{issuer, "more"}); code(err) != text.Conflict {
		t.Errorf("more identities than there may be: %v", err)
	}
}

func TestWhoMayLinkAccounts(t *testing.T) {
	a, ctx := mustOpen(t, newStore()), t.Context()
	add(t, a, "cai", Binding{Role: Finance})
	for i, role := range append(Roles(), "") {
		p, want := owner, text.ErrorCode("")
		if role != "" {
			b := Binding{Role: role}
			switch role {
			case Center:
				b.Center = "ZJ-0001"
			case LocalGov:
				b.Region = "33"
			case IndustryDept:
				b.Departments = []string{"省经信厅"}
			}
			p = add(t, a, fmt.Sprint("x", i), b)
			if role != SysAdmin {
				want = text.Forbidden
			}
		}
		id := Identity{issuer, fmt.Sprint(i)}
		if _, err := a.Desk(p).Link(ctx, "cai", id); code(err) != want {
			t.Errorf("%s links: %v", role, err)
		}
		if _, err := a.Desk(p).Unlink(ctx, "cai", id); code(err) != want {
			t.Errorf("%s unlinks: %v", role, err)
		}
		p.May = nil // of a token that is not made for it
		if _, err := a.Desk(p).Link(ctx, "cai", id); role != "" && code(err) != text.Forbidden {
			t.Errorf("%s links with a plain token: %v", role, err)
		}
	}
}

func TestAnIdentityThatCannotBeIsRefused(t *testing.T) {
	a := mustOpen(t, newStore())
	add(t, a, "cai", Binding{Role: Finance})
	for _, c := range []struct {
		id    Identity
		param string
	}{
		{Identity{issuer, "9f2c1e"}, ""},
		{Identity{"https://id.example.gov.cn:8443/realms/省", "张三@省厅"}, ""},
		{Identity{"http://127.0.0.1:9000", "a b"}, ""},
		{Identity{"http://[::1]:9000/x", "a"}, ""},
		{Identity{"http://localhost", strings.Repeat("省", 255)}, ""},
		{Identity{"http://id.example.gov.cn", "a"}, "issuer"},
		{Identity{"", "a"}, "issuer"},
		{Identity{"id.example.gov.cn", "a"}, "issuer"},
		{Identity{"https://", "a"}, "issuer"},
		{Identity{"https://u:p@id.example.gov.cn", "a"}, "issuer"},
		{Identity{issuer + "?x=1", "a"}, "issuer"},
		{Identity{issuer + "#x", "a"}, "issuer"},
		{Identity{issuer + " ", "a"}, "issuer"},
		{Identity{issuer + "\n", "a"}, "issuer"},
		{Identity{"javascript:alert(1)", "a"}, "issuer"},
		{Identity{issuer + strings.Repeat("/x", 100), "a"}, "issuer"},
		{Identity{issuer, ""}, "subject"},
		{Identity{issuer, " a"}, "subject"},
		{Identity{issuer, "a\x00"}, "subject"},
		{Identity{issuer, "\xff"}, "subject"},
		{Identity{issuer, strings.Repeat("a", 256)}, "subject"},
	} {
		_, err := a.Desk(owner).Link(t.Context(), "cai", c.id)
		if e, isText := err.(*text.Error); c.param == "" && err != nil ||
			c.param != "" && (!isText || e.Code != text.Invalid || e.Param != c.param) {
			t.Errorf("%+v: %v", c.id, err)
		}
	}
}

// link links an account to an identity of the same name.
func (h *hall) link(name string) Identity {
	h.t.Helper()
	id := Identity{issuer, "sub-" + name}
	if _, err := h.Desk(owner).Link(h.t.Context(), name, id); err != nil {
		h.t.Fatal(err)
	}
	return id
}

func (h *hall) signInAs(id Identity) *SignedIn {
	h.t.Helper()
	in, err := h.SignInAs(h.t.Context(), id, "", "192.0.2.1")
	if err != nil {
		h.t.Fatal(err)
	}
	return in
}

// bearer returns the principal of a JWT that is valid for ten minutes.
func (h *hall) bearer(id Identity) Principal {
	h.t.Helper()
	p, err := h.AuthenticateIdentity(id, h.now().Add(10*time.Minute), "192.0.2.1", "GET /v1/me")
	if err != nil {
		h.t.Fatal(err)
	}
	return p
}

func TestSigningInByAnIssuer(t *testing.T) {
	h := newHall(t, AccountsConfig{})
	h.add("cai", Binding{Role: Finance})
	if _, err := h.Desk(owner).SetPassword(t.Context(), "cai", NewPassword{"another " + goodPassword}); err != nil {
		// which he does not use here
		t.Fatal(err)
	}
	id := h.link("cai")
	in := h.signInAs(id)
	if p := h.who(in); p.Account != "cai" || p.Role != Finance || len(p.Needs) > 0 || len(p.May) > 0 ||
		in.Device == "" {
		t.Errorf("%+v %+v", in, p)
	}
	if again, err := h.SignInAs(t.Context(), id, in.Device, "192.0.2.1"); err != nil || again.Device != "" {
		t.Errorf("in the same browser: %+v, %v", again, err)
	}
	h.add("gone", Binding{Role: Finance})
	gone := h.link("gone")
	if _, err := h.Desk(owner).Disable(t.Context(), "gone"); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []Identity{{}, {issuer, "cai"}, {issuer, "SUB-CAI"}, {issuer + "/", id.Subject},
		{id.Subject, id.Issuer}, gone} {
		if in, err := h.SignInAs(t.Context(), bad, "", "192.0.2.1"); in != nil || err != errNotRight {
			t.Errorf("%+v: %+v, %v", bad, in, err)
		}
		if p, err := h.AuthenticateIdentity(bad, h.now().Add(time.Minute), "192.0.2.1",
			"GET /v1/me"); err != errUnauthenticated || p.Account != "" {
			t.Errorf("%+v as a bearer: %+v, %v", bad, p, err)
		}
	}
	if _, err := h.AuthenticateIdentity(id, h.now(), "192.0.2.1", "GET /v1/me"); err != errUnauthenticated {
		t.Errorf("a token that has expired: %v", err)
	}
	var failed []string
	for _, e := range logOf(t, h.Access, LogQuestion{Kind: LogLogin}) {
		if e.Outcome != outcomeOK {
			failed = append(failed, e.Account+"|"+e.Object)
		}
	}
	if len(failed) != 6 || !slices.Contains(failed, "|not linked: cai "+issuer) ||
		!slices.Contains(failed, "gone|disabled") {
		t.Errorf("the log has %q", failed)
	}
}

// TestWhoSignsInByAnIssuerShowsACodeToo checks all roles that need a factor, and their bearer tokens, which show
// none.
func TestWhoSignsInByAnIssuerShowsACodeToo(t *testing.T) {
	k := newKit(t)
	h := newHall(t, AccountsConfig{Ledger: k.Ledger})
	phone, _ := h.addWithPhone("cai", Binding{Role: Finance, MayRecord: true})
	id := h.link("cai")
	h.wait(step)
	in := h.signInAs(id)
	h.doesNothing(k, h.who(in), NeedCode)
	h.doesNothing(k, h.bearer(id), NeedCode)
	grown := h.mustShow(in, phone.code(0))
	if p := h.who(grown); h.isIn(in) || len(p.Needs) > 0 || !slices.Equal(p.May, []string{MayRecord, MayRevoke}) {
		t.Errorf("%+v", p)
	}
	h.add("log", Binding{Role: LogAdmin})
	id = h.link("log")
	in = h.signInAs(id)
	h.doesNothing(k, h.who(in), NeedFactor)
	h.doesNothing(k, h.bearer(id), NeedFactor)
	if _, again := h.enrol(in); len(h.who(again).Needs) > 0 {
		t.Errorf("%+v", again)
	}
}

func TestABearerTokenIsGoodForNothingThatTakesACode(t *testing.T) {
	k := newKit(t)
	h := newHall(t, AccountsConfig{Ledger: k.Ledger})
	h.add("rec", Binding{Role: Finance, MayRecord: true})
	id := h.link("rec")
	p := h.bearer(id)
	d := h.Guard(k.local, p)
	if _, err := d.Record(t.Context(), draft(t, "ZJ-0001", granted)); err != nil {
		t.Error(err)
	}
	if _, err := d.Record(t.Context(), draft(t, "ZJ-0003", recording)); code(err) != text.Forbidden {
		t.Errorf("record mode: %v", err)
	}
	for name, r := range map[string]NewToken{"a token for acts": {Name: "x", May: []string{MayRecord}},
		"of another": {Account: "other", Name: "x"}} {
		if made, err := h.Desk(p).AddToken(t.Context(), r); code(err) != text.Forbidden {
			t.Errorf("%s: %+v, %v", name, made, err)
		}
	}
	if me, err := h.Desk(p).Me(t.Context()); err != nil || me.Session != nil ||
		!slices.Equal(me.Identities, []Identity{id}) {
		t.Errorf("%+v, %v", me, err)
	}
	h.wait(10 * time.Minute)
	if _, err := d.Record(t.Context(), draft(t, "ZJ-0002", granted)); code(err) != text.Unauthenticated {
		t.Errorf("once it has expired: %v", err)
	}
}

// TestUnlinkingEndsWhatBeganByTheIssuer unlinks an identity: sessions and streams of single sign-on end, those
// with a password go on.
func TestUnlinkingEndsWhatBeganByTheIssuer(t *testing.T) {
	k := newKit(t)
	for name, end := range map[string]func(h *hall, id Identity) error{
		"unlinked": func(h *hall, id Identity) error {
			_, err := h.Desk(owner).Unlink(t.Context(), "cai", id)
			return err
		},
		"disabled": func(h *hall, id Identity) error {
			_, err := h.Desk(owner).Disable(t.Context(), "cai")
			return err
		},
		"of another role": func(h *hall, id Identity) error {
			_, err := h.Desk(owner).Bind(t.Context(), "cai", Binding{Role: Auditor})
			return err
		},
		"with a factor": func(h *hall, id Identity) error {
			h.enrol(h.signIn("cai"))
			return nil
		},
	} {
		h := newHall(t, AccountsConfig{Ledger: k.Ledger})
		h.add("cai", Binding{Role: Finance})
		id := h.link("cai")
		in, byPassword := h.signInAs(id), h.signIn("cai")
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		ended := make(chan error, 2)
		for _, p := range []Principal{h.who(in), h.bearer(id)} {
			follows := make(chan struct{})
			go func() {
				var once sync.Once
				ended <- h.Guard(k.local, p).Follow(ctx, 0, func(*events.Stored) error {
					once.Do(func() { close(follows) })
					return nil
				})
			}()
			<-follows
		}
		if err := end(h, id); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := <-ended; code(err) != text.Unauthenticated {
				t.Errorf("%s: a stream ends with %v", name, err)
			}
		}
		if h.isIn(in) || h.isIn(byPassword) != (name == "unlinked") {
			t.Errorf("%s: the session of the issuer goes on: %v, that by the password: %v", name, h.isIn(in),
				h.isIn(byPassword))
		}
		if _, err := h.SignInAs(t.Context(), id, "", "192.0.2.1"); (err == nil) != (name == "of another role" ||
			name == "with a factor") {
			t.Errorf("%s: then %v", name, err)
		}
	}
}

func TestLinksStayAfterARestart(t *testing.T) {
	h := newHall(t, AccountsConfig{})
	h.add("cai", Binding{Role: Finance})
	id := h.link("cai")
	in := h.signInAs(id)
	h.open()
	if h.isIn(in) {
		t.Error("a session outlives a restart")
	}
	in = h.signInAs(id)
	if err := h.Restored(t.Context(), owner); err != nil {
		t.Fatal(err)
	}
	if h.isIn(in) {
		t.Error("a session outlives a restore")
	}
	h.signInAs(id)
	h.open()
	h.signInAs(id)
}

// TestAnAdministratorWithoutAFactorIsLinkedByTheOwner checks that only the owner may link such an administrator or
// set his password: another administrator could otherwise sign in as both.
func TestAnAdministratorWithoutAFactorIsLinkedByTheOwner(t *testing.T) {
	h := newHall(t, AccountsConfig{})
	_, sys := h.addWithPhone("sys", Binding{Role: SysAdmin})
	h.add("sec", Binding{Role: SecAdmin})
	id := Identity{issuer, "x"}
	if _, err := h.Desk(h.who(sys)).Link(t.Context(), "sec", id); code(err) != text.Forbidden {
		t.Errorf("linked: %v", err)
	}
	h.enrol(h.signIn("sec"))
	if _, err := h.Desk(h.who(sys)).Link(t.Context(), "sec", id); err != nil {
		t.Errorf("with a factor: %v", err)
	}
	if in := h.signInAs(id); !slices.Equal(in.Session.Needs, []string{NeedCode}) {
		t.Errorf("%+v", in)
	}
}
