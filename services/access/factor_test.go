package access

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
)

const step = 30 * time.Second

// phone is an authenticator app, with the recovery codes of its owner.
type phone struct {
	h      *hall
	secret string
	codes  []string
}

// code returns the code that the phone shows a number of steps of 30 s from now.
func (p *phone) code(steps int) string {
	p.h.t.Helper()
	return codeAt(p.h.t, p.secret, p.h.now().Add(time.Duration(steps)*step))
}

// enrol enrols a phone in a session, and returns the session that follows. The code of the present step is then
// used up.
func (h *hall) enrol(in *SignedIn) (*phone, *SignedIn) {
	h.t.Helper()
	begun, err := h.BeginFactor(h.t.Context(), h.who(in))
	if err != nil {
		h.t.Fatal(err)
	}
	p := &phone{h: h, secret: begun.Secret}
	done, err := h.ConfirmFactor(h.t.Context(), h.who(in), p.code(0))
	if err != nil {
		h.t.Fatal(err)
	}
	p.codes = done.RecoveryCodes
	return p, &done.SignedIn
}

// addWithPhone adds an account with a phone, and returns a session with a fresh code.
func (h *hall) addWithPhone(name string, b Binding) (*phone, *SignedIn) {
	h.t.Helper()
	h.add(name, b)
	return h.enrol(h.signIn(name))
}

func (h *hall) show(in *SignedIn, code string) (*SignedIn, error) {
	h.t.Helper()
	return h.ShowCode(h.t.Context(), h.who(in), code, "")
}

// mustShow shows a valid code.
func (h *hall) mustShow(in *SignedIn, code string) *SignedIn {
	h.t.Helper()
	shown, err := h.show(in, code)
	if err != nil {
		h.t.Fatal(err)
	}
	return shown
}

// needsOf returns the needs of a MoreProofError, or nil for another error or none.
func needsOf(err error) []string {
	if e, ok := err.(*MoreProofError); ok {
		return e.Needs
	}
	return nil
}

// officeCalls calls every method of an AccountDesk.
var officeCalls = map[string]func(ctx context.Context, o AccountDesk) error{
	"AddAccount": func(ctx context.Context, o AccountDesk) error {
		_, err := o.AddAccount(ctx, NewAccount{Account: "new"})
		return err
	},
	"Bind": func(ctx context.Context, o AccountDesk) error {
		_, err := o.Bind(ctx, "cai", Binding{Role: Auditor})
		return err
	},
	"Disable":  func(ctx context.Context, o AccountDesk) error { _, err := o.Disable(ctx, "cai"); return err },
	"Enable":   func(ctx context.Context, o AccountDesk) error { _, err := o.Enable(ctx, "cai"); return err },
	"Accounts": func(ctx context.Context, o AccountDesk) error { _, err := o.Accounts(ctx); return err },
	"Account":  func(ctx context.Context, o AccountDesk) error { _, err := o.Account(ctx, "cai"); return err },
	"SetPassword": func(ctx context.Context, o AccountDesk) error {
		_, err := o.SetPassword(ctx, "cai", NewPassword{})
		return err
	},
	"ResetFactor": func(ctx context.Context, o AccountDesk) error { _, err := o.ResetFactor(ctx, "cai"); return err },
	"Link": func(ctx context.Context, o AccountDesk) error {
		_, err := o.Link(ctx, "cai", Identity{issuer, "x"})
		return err
	},
	"Unlink": func(ctx context.Context, o AccountDesk) error {
		_, err := o.Unlink(ctx, "cai", Identity{issuer, "x"})
		return err
	},
	"AddToken": func(ctx context.Context, o AccountDesk) error {
		_, err := o.AddToken(ctx, NewToken{Name: "x"})
		return err
	},
	"Tokens": func(ctx context.Context, o AccountDesk) error { _, err := o.Tokens(ctx, ""); return err },
	"RevokeToken": func(ctx context.Context, o AccountDesk) error {
		_, err := o.RevokeToken(ctx, "44444444-0000-4000-8000-000000000001")
		return err
	},
	"AddNATSUser": func(ctx context.Context, o AccountDesk) error {
		_, err := o.AddNATSUser(ctx, NewNATSUser{Name: "x"})
		return err
	},
	"RevokeNATSUser": func(ctx context.Context, o AccountDesk) error {
		_, err := o.RevokeNATSUser(ctx, "x")
		return err
	},
	"NATSUsers": func(ctx context.Context, o AccountDesk) error { _, err := o.NATSUsers(ctx); return err },
	"Log": func(ctx context.Context, o AccountDesk) error {
		return o.Log(ctx, LogQuestion{}, func(*LogEntry) error { return nil })
	},
}

// doesNothing checks that a principal may use neither his desk nor his AccountDesk, except to see his own account.
func (h *hall) doesNothing(k *kit, p Principal, needs ...string) {
	h.t.Helper()
	kind := reflect.TypeFor[AccountDesk]()
	for i := range kind.NumMethod() {
		method := kind.Method(i).Name
		call := officeCalls[method]
		if method == "Me" {
			continue
		}
		if call == nil {
			h.t.Errorf("nothing calls %s", method)
			continue
		}
		err := call(h.t.Context(), h.Desk(p))
		if method == "RevokeToken" && code(err) == text.NotFound { // there is no such token
			continue
		}
		if !slices.Equal(needsOf(err), needs) {
			h.t.Errorf("%s (%s) calls %s: %v", p.Account, p.Role, method, err)
		}
	}
	d := h.Guard(k.local, p)
	for method, call := range calls {
		if err := call(h.t.Context(), d, ""); !slices.Equal(needsOf(err), needs) {
			h.t.Errorf("%s (%s) calls %s: %v", p.Account, p.Role, method, err)
		}
	}
	if err := h.AskRestate(h.t.Context(), p); !slices.Equal(needsOf(err), needs) {
		h.t.Errorf("%s (%s) has the feed restated: %v", p.Account, p.Role, err)
	}
	if me, err := h.Desk(p).Me(h.t.Context()); err != nil ||
		me.Session != nil && !slices.Equal(me.Session.Needs, needs) || !slices.Equal(me.Rights, []Right{ReadMe}) ||
		len(me.May) > 0 {
		h.t.Errorf("%s (%s) sees himself as %+v, %v", p.Account, p.Role, me, err)
	}
}

func TestAnAdministratorWithoutAFactorCanDoNothingButEnrol(t *testing.T) {
	k := newKit(t)
	h := newHall(t, AccountsConfig{Ledger: k.Ledger})
	h.add("cai", Binding{Role: Finance})
	for _, role := range []Role{SysAdmin, SecAdmin, LogAdmin} {
		name := string(role)
		h.add(name, Binding{Role: role})
		in := h.signIn(name)
		p := h.who(in)
		if !slices.Equal(p.Needs, []string{NeedFactor}) || in.Device != "" {
			t.Errorf("%s: %+v", role, in)
		}
		h.doesNothing(k, p, NeedFactor)
		if _, err := h.show(in, "000000"); !slices.Equal(needsOf(err), []string{NeedFactor}) {
			t.Errorf("%s shows a code: %v", role, err)
		}
		_, again := h.enrol(in)
		if h.isIn(in) {
			t.Errorf("%s: the session from before the factor goes on", role)
		}
		if p := h.who(again); len(p.Needs) > 0 || !slices.Equal(p.May, h.state.accounts[name].mays(Mays())) ||
			again.Device == "" {
			t.Errorf("%s has enrolled: %+v %+v", role, again, p)
		}
		if in := h.signIn(name); !slices.Equal(in.Session.Needs, []string{NeedCode}) {
			t.Errorf("%s signs in again: %+v", role, in)
		} else {
			h.doesNothing(k, h.who(in), NeedCode)
		}
	}
}

func TestSigningInWithACode(t *testing.T) {
	h := newHall(t, AccountsConfig{})
	phone, _ := h.addWithPhone("sys", Binding{Role: SysAdmin})
	h.wait(step)
	for _, c := range []struct {
		name, code string
		needs      []string
		want       error
	}{
		{"without one", "", []string{NeedCode}, nil},
		{"a wrong one", "000000", nil, errNotRight},
		{"that of the enrolment", phone.code(-1), nil, errNotRight},
		{"two steps ahead", phone.code(2), nil, errNotRight},
		{"a good one", phone.code(0), []string{}, nil},
		{"the same again", phone.code(0), nil, errNotRight},
		{"the next one, by a clock ahead", phone.code(1), []string{}, nil},
		{"a recovery code", strings.ToLower(phone.codes[3]), []string{}, nil},
		{"the same again", phone.codes[3], nil, errNotRight},
	} {
		in, err := h.SignIn(t.Context(),
			Credentials{Account: "sys", Password: goodPassword, Code: c.code, Source: "192.0.2.1"})
		if err != c.want {
			t.Fatalf("%s: %v", c.name, err)
		}
		if err == nil && (!slices.Equal(in.Session.Needs, c.needs) ||
			len(c.needs) == 0 && (in.Device == "" || len(h.who(in).May) != 1)) {
			t.Errorf("%s: %+v, %+v", c.name, in, h.who(in))
		}
	}
	if _, err := h.SignIn(t.Context(), Credentials{Account: "sys", Password: "wrong " + goodPassword,
		Code: phone.codes[0], Source: "192.0.2.1"}); err != errNotRight {
		t.Errorf("a recovery code with a wrong password: %v", err)
	}
	if me, _ := h.Desk(h.who(h.mustShow(h.signIn("sys"), phone.codes[0]))).Me(
		t.Context()); me.RecoveryCodes != recoveryCodes-2 {
		t.Errorf("it was used: %+v", me)
	}
}

// TestACodeThatWasShownIsNoGoodToWhoSawIt plays a thief who has the password, sees a code that is typed, and shows
// it himself.
func TestACodeThatWasShownIsNoGoodToWhoSawIt(t *testing.T) {
	for name, shown := range map[string]func(p *phone) string{
		"a code":          func(p *phone) string { return p.code(0) },
		"a recovery code": func(p *phone) string { return p.codes[0] },
	} {
		h := newHall(t, AccountsConfig{})
		phone, _ := h.addWithPhone("sec", Binding{Role: SecAdmin})
		h.wait(step)
		thief, good := h.signIn("sec"), shown(phone)
		in := h.mustShow(h.signIn("sec"), good)
		steal := func(when string) {
			t.Helper()
			if _, err := h.show(in, good); err != errWrongCode {
				t.Errorf("%s, %s, in the same session: %v", name, when, err)
			}
			if _, err := h.show(thief, good); err != errWrongCode {
				t.Errorf("%s, %s, in another session: %v", name, when, err)
			}
			if _, err := h.SignIn(t.Context(), Credentials{
				Account: "sec", Password: goodPassword, Code: good, Source: "192.0.2.66"}); err != errNotRight {
				t.Errorf("%s, %s, to sign in: %v", name, when, err)
			}
		}
		steal("at once")
		h.wait(step - 1)
		steal("a step later")
		h.open()
		thief, in = h.signIn("sec"), h.signIn("sec")
		steal("after a restart")
		if err := h.Restored(t.Context(), owner); err != nil {
			t.Fatal(err)
		}
		if h.isIn(thief) || h.isIn(in) {
			t.Error("a session outlives a restore")
		}
		h.set("sec", goodPassword)
		in = h.signIn("sec")
		if _, err := h.show(in, good); !slices.Equal(needsOf(err), []string{NeedFactor}) {
			t.Errorf("%s after a restore: %v", name, err)
		}
		again, _ := h.enrol(in)
		for _, code := range append([]string{phone.code(0), phone.code(1)}, phone.codes...) {
			if _, err := h.show(h.signIn("sec"), code); err != errWrongCode {
				t.Errorf("%s of the phone from before the restore: %v", name, err)
			}
			h.wait(throttleWindow) // so that this is not what refuses them
		}
		h.mustShow(h.signIn("sec"), again.code(0))
	}
}

// TestOfManyWhoShowOneCodeAtOnceOneGetsIn shows one code in three sessions and at a sign-in, all at once.
func TestOfManyWhoShowOneCodeAtOnceOneGetsIn(t *testing.T) {
	for i := range 10 {
		h := newHall(t, AccountsConfig{})
		phone, _ := h.addWithPhone("sys", Binding{Role: SysAdmin})
		h.wait(step)
		shown := phone.code(0)
		if i%2 == 1 {
			shown = phone.codes[i]
		}
		var tries []func() error
		for range 3 {
			p := h.who(h.signIn("sys"))
			tries = append(tries, func() error {
				_, err := h.ShowCode(context.Background(), p, shown, "")
				return err
			})
		}
		for range 3 {
			tries = append(tries, func() error {
				_, err := h.SignIn(context.Background(),
					Credentials{Account: "sys", Password: goodPassword, Code: shown, Source: "192.0.2.1"})
				return err
			})
		}
		var got atomic.Int64
		var all sync.WaitGroup
		for _, try := range tries {
			all.Go(func() {
				switch err := try(); err {
				case nil:
					got.Add(1)
				case errWrongCode, errNotRight:
				default:
					t.Error(err)
				}
			})
		}
		if all.Wait(); got.Load() != 1 {
			t.Errorf("%d got in by one code", got.Load())
		}
	}
}

func TestASessionGetsANewSecretWhenItsPowerGrows(t *testing.T) {
	h := newHall(t, AccountsConfig{})
	phone, enrolled := h.addWithPhone("sys", Binding{Role: SysAdmin})
	other := h.mustShow(h.signIn("sys"), phone.codes[0])
	in := h.signIn("sys")
	h.wait(step)
	id := h.who(in).SessionID
	for i, code := range []string{phone.code(0), phone.code(1), phone.codes[1]} {
		// to get in, and then again for fresh acts
		grown := h.mustShow(in, code)
		if h.isIn(in) || !h.isIn(grown) || grown.Secret == in.Secret {
			t.Fatalf("code %d: the old secret is good: %v, the new one: %v", i, h.isIn(in), h.isIn(grown))
		}
		if h.who(grown).SessionID != id || (grown.Device != "") != (i == 0) {
			t.Errorf("code %d: %+v", i, grown)
		}
		in = grown
	}
	if !h.isIn(other) || !h.isIn(enrolled) {
		t.Error("a code in one session ends another")
	}
	fourth := h.mustShow(h.signIn("sys"), phone.codes[2])
	if n := len(slices.DeleteFunc([]*SignedIn{enrolled, other, in, fourth},
		func(x *SignedIn) bool { return !h.isIn(x) })); n != sessionsMax || !h.isIn(fourth) {
		t.Errorf("after a code in a fourth session %d are good", n)
	}
}

// TestWhatTakesACodeOfTheLastTenMinutes does each act that needs a fresh code with the oldest valid code, and with
// one that is a second older.
func TestWhatTakesACodeOfTheLastTenMinutes(t *testing.T) {
	k := newKit(t)
	adoption, err := newPolicy(t).Adoption()
	if err != nil {
		t.Fatal(err)
	}
	adoption.By = desk.DraftBy{}
	record := func(center, tail string) func(h *hall, p Principal) error {
		return func(h *hall, p Principal) error {
			_, err := h.Guard(k.local, p).Record(t.Context(), draft(t, center, tail))
			return err
		}
	}
	rec := Binding{Role: Finance, MayRecord: true}
	for i, c := range []struct {
		name string
		b    Binding
		do   func(h *hall, p Principal) error
		want text.ErrorCode // with a fresh code
	}{
		{"record mode", rec, record("ZJ-0003", recording), ""},
		{"for another office", rec, record("ZJ-0002", governance+`,"by":{"role":"center","actor":"c-1"}`), ""},
		{"a revocation", Binding{Role: STOffice}, record("ZJ-0003", revoked), text.Refused},
		{"a policy", Binding{Role: SecAdmin}, func(h *hall, p Principal) error {
			_, err := h.Guard(k.local, p).Record(t.Context(), adoption)
			return err
		}, ""},
		{"an account", Binding{Role: SysAdmin}, func(h *hall, p Principal) error {
			_, err := h.Desk(p).AddAccount(t.Context(), NewAccount{Account: "new"})
			return err
		}, ""},
		{"a role", Binding{Role: SecAdmin}, func(h *hall, p Principal) error {
			_, err := h.Desk(p).Bind(t.Context(), "cai", Binding{Role: Auditor})
			return err
		}, ""},
		{"a password", Binding{Role: SysAdmin}, func(h *hall, p Principal) error {
			_, err := h.Desk(p).SetPassword(t.Context(), "cai", NewPassword{goodPassword})
			return err
		}, ""},
		{"a factor", Binding{Role: SecAdmin}, func(h *hall, p Principal) error {
			_, err := h.Desk(p).ResetFactor(t.Context(), "cai")
			return err
		}, ""},
		{"a link", Binding{Role: SysAdmin}, func(h *hall, p Principal) error {
			_, err := h.Desk(p).Link(t.Context(), "cai", Identity{issuer, "x"})
			return err
		}, ""},
		{"a token of another", Binding{Role: SecAdmin}, func(h *hall, p Principal) error {
			_, err := h.Desk(p).AddToken(t.Context(), NewToken{Account: "cai", Name: "x"})
			return err
		}, ""},
		{"a user of NATS", Binding{Role: SecAdmin}, func(h *hall, p Principal) error {
			_, err := h.Desk(p).RevokeNATSUser(t.Context(), "x")
			return err
		}, text.NotFound},
		{"a token for such acts", Binding{Role: SysAdmin}, func(h *hall, p Principal) error {
			_, err := h.Desk(p).AddToken(t.Context(), NewToken{Name: "x", May: []string{MayAccounts}})
			return err
		}, ""},
		{"another phone", Binding{Role: Finance}, func(h *hall, p Principal) error {
			_, err := h.BeginFactor(t.Context(), p)
			return err
		}, ""},
	} {
		h := newHall(t, AccountsConfig{Ledger: k.Ledger})
		h.add("cai", Binding{Role: Finance})
		name := fmt.Sprint("account", i)
		phone, in := h.addWithPhone(name, c.b)
		h.wait(10*time.Minute + time.Second)
		if err := c.do(h, h.who(in)); !slices.Equal(needsOf(err), []string{NeedCode}) {
			t.Errorf("%s, 10:01 after the code: %v", c.name, err)
		}
		in = h.mustShow(in, phone.code(0))
		h.wait(10 * time.Minute)
		if err := c.do(h, h.who(in)); code(err) != c.want {
			t.Errorf("%s, 10:00 after the code: expected %q, got %v", c.name, c.want, err)
		}
		long := h.who(in)
		h.wait(time.Second)
		if err := c.do(h, long); !slices.Equal(needsOf(err), []string{NeedCode}) {
			t.Errorf("%s, by a request that began before 10:00 and ends after: %v", c.name, err)
		}
		if c.name == "another phone" {
			continue
		}
		h.add("plain"+name, c.b)
		if err := c.do(h, h.who(h.signIn("plain"+name))); !slices.Equal(needsOf(err), []string{NeedFactor}) {
			t.Errorf("%s, without a factor: %v", c.name, err)
		}
		h.add("reader"+name, Binding{Role: Auditor})
		if err := c.do(h, h.who(h.signIn("reader"+name))); needsOf(err) != nil || err == nil {
			t.Errorf("%s, by who has not the right: %v", c.name, err)
		}
	}
}

// TestInADemoNobodyIsAskedForAFactor also checks an account that has enrolled one.
func TestInADemoNobodyIsAskedForAFactor(t *testing.T) {
	k := newKit(t)
	h := newHall(t, AccountsConfig{Ledger: k.Ledger, Demo: true})
	h.addWithPhone("sec", Binding{Role: SecAdmin})
	h.add("cai", Binding{Role: Finance, MayRecord: true})
	h.wait(time.Hour)
	if _, err := h.Desk(h.who(h.signIn("sec"))).Bind(t.Context(), "cai",
		Binding{Role: Finance, MayRecord: true}); err != nil {
		t.Error(err)
	}
	if _, err := h.Guard(k.local, h.who(h.signIn("cai"))).Record(t.Context(),
		draft(t, "ZJ-0003", recording)); err != nil {
		t.Error(err)
	}
}

// TestATokenForActsIsMadeInASessionWithAFreshCode checks that nobody else can make one, and that it is valid until
// it expires.
func TestATokenForActsIsMadeInASessionWithAFreshCode(t *testing.T) {
	k := newKit(t)
	h := newHall(t, AccountsConfig{Ledger: k.Ledger})
	phone, in := h.addWithPhone("rec", Binding{Role: Finance, MayRecord: true})
	h.add("other", Binding{Role: Finance, MayRecord: true})
	office := func(in *SignedIn) AccountDesk { return h.Desk(h.who(in)) }
	made, err := office(in).AddToken(t.Context(), NewToken{Name: "补录", May: []string{MayRecord}})
	if err != nil {
		t.Fatal(err)
	}
	if days := made.ExpiresAt[:10]; days != "2026-12-29" {
		t.Errorf("it is good until %s", days)
	}
	for name, r := range map[string]NewToken{"for another": {Account: "other", Name: "x", May: []string{MayRecord}},
		"for what the account may not": {Name: "x", May: []string{MayPolicy}}} {
		if made, err := office(in).AddToken(t.Context(), r); err == nil || needsOf(err) != nil {
			t.Errorf("%s: %+v, %v", name, made, err)
		}
	}
	_, sec := h.addWithPhone("sec", Binding{Role: SecAdmin})
	if _, err := office(sec).AddToken(t.Context(),
		NewToken{Account: "other", Name: "x", May: []string{MayRecord}}); code(err) != text.Forbidden {
		t.Errorf("secadmin for another: %v", err)
	}
	h.wait(time.Hour)
	p, err := h.Authenticate(made.Secret, "192.0.2.1", "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Guard(k.local, p).Record(t.Context(), draft(t, "ZJ-0003", recording)); err != nil {
		t.Errorf("record mode by the token: %v", err)
	}
	if _, err := h.Desk(p).AddToken(t.Context(), NewToken{Name: "x", May: []string{MayRecord}}); code(
		err) != text.Forbidden {
		t.Errorf("a token makes another for acts: %v", err)
	}
	if _, err := h.ShowCode(t.Context(), p, phone.code(0), ""); code(err) != text.Forbidden {
		t.Errorf("a code with a token: %v", err)
	}
	if _, err := h.BeginFactor(t.Context(), p); code(err) != text.Forbidden {
		t.Errorf("a token enrols: %v", err)
	}
}

func TestEnrollingASecondFactor(t *testing.T) {
	h := newHall(t, AccountsConfig{})
	h.add("cai", Binding{Role: Finance})
	in, other := h.signIn("cai"), h.signIn("cai")
	if _, err := h.ConfirmFactor(t.Context(), h.who(in), "000000"); err != errNotBegun {
		t.Errorf("before it began: %v", err)
	}
	first, err := h.BeginFactor(t.Context(), h.who(in))
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(first.URL)
	want := url.Values{"secret": {first.Secret}, "issuer": {"Taizhang"}, "algorithm": {"SHA1"}, "digits": {"6"},
		"period": {"30"}}
	if err != nil || u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/Taizhang:cai" ||
		!reflect.DeepEqual(u.Query(), want) || len(first.Secret) != 32 {
		t.Errorf("%+v, %v", first, err)
	}
	if me, _ := h.Desk(h.who(in)).Me(t.Context()); me.Factor {
		t.Error("it counts before it is confirmed")
	}
	if _, err := h.ConfirmFactor(t.Context(), h.who(other), codeAt(t, first.Secret, h.now())); err != errNotBegun {
		t.Errorf("in another session: %v", err)
	}
	second, err := h.BeginFactor(t.Context(), h.who(in))
	if err != nil || *second != *first {
		t.Fatalf("begun again, by a reload: %+v, %v", second, err)
	}
	if elsewhere, err := h.BeginFactor(t.Context(), h.who(other)); err != nil || elsewhere.Secret == first.Secret {
		t.Fatalf("in another session: %+v, %v", elsewhere, err)
	}
	if _, err := h.ConfirmFactor(t.Context(), h.who(in), "000000"); err != errWrongCode {
		t.Errorf("a wrong code: %v", err)
	}
	if waits, err := h.PendingFactor(h.who(in)); err != nil || *waits != *second {
		t.Errorf("after a wrong code %+v waits to be confirmed, %v", waits, err)
	}
	if waits, err := h.PendingFactor(h.who(other)); err != nil || *waits == *second {
		t.Errorf("what waits, in another session: %+v, %v", waits, err)
	}
	h.wait(10 * time.Minute)
	if _, err := h.PendingFactor(h.who(in)); err != errNotBegun {
		t.Errorf("what waits, ten minutes later: %v", err)
	}
	if _, err := h.ConfirmFactor(t.Context(), h.who(in), codeAt(t, second.Secret, h.now())); err != errNotBegun {
		t.Errorf("ten minutes later: %v", err)
	}
	phone, enrolled := h.enrol(in)
	if h.isIn(in) || h.isIn(other) || !h.isIn(enrolled) || len(phone.codes) != recoveryCodes {
		t.Errorf("enrolled: the sessions are good: %v, %v, %v; %v", h.isIn(in), h.isIn(other), h.isIn(enrolled),
			phone.codes)
	}
	if me, _ := h.Desk(h.who(enrolled)).Me(t.Context()); !me.Factor || me.RecoveryCodes != recoveryCodes ||
		me.Session.FactorAt == "" {
		t.Errorf("%+v", me)
	}
	if _, err := h.show(enrolled, phone.code(0)); err != errWrongCode {
		t.Errorf("the code that confirmed it, again: %v", err)
	}
	next, again := h.enrol(enrolled) // with a code of the last ten minutes
	for _, code := range append(phone.codes[:3:3], phone.code(1)) {
		if _, err := h.show(again, code); err != errWrongCode {
			t.Errorf("%s of the old phone: %v", code, err)
		}
	}
	h.mustShow(again, next.code(1))
}

// TestOfTwoWhoConfirmAtOnceOneDoes checks that nobody is left with recovery codes that do not work.
func TestOfTwoWhoConfirmAtOnceOneDoes(t *testing.T) {
	h := newHall(t, AccountsConfig{})
	h.add("cai", Binding{Role: Finance})
	p := h.who(h.signIn("cai"))
	begun, err := h.BeginFactor(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	shown := codeAt(t, begun.Secret, h.now())
	var done [4]*Enrolled
	var all sync.WaitGroup
	for i := range done {
		all.Go(func() {
			var err error
			if done[i], err = h.ConfirmFactor(context.Background(), p, shown); err != nil && err != errNoSession {
				t.Error(err)
			}
		})
	}
	all.Wait()
	got := slices.DeleteFunc(done[:], func(e *Enrolled) bool { return e == nil })
	if len(got) != 1 {
		t.Fatalf("%d confirmed", len(got))
	}
	h.mustShow(&got[0].SignedIn, got[0].RecoveryCodes[0])
}

func TestFiveWrongCodesEndASession(t *testing.T) {
	h := newHall(t, AccountsConfig{})
	phone, enrolled := h.addWithPhone("sys", Binding{Role: SysAdmin})
	h.wait(step)
	for _, c := range []struct {
		name string
		in   *SignedIn
		wait time.Duration
	}{{"before it is good for anything", h.signIn("sys"), 0}, {"later", enrolled, throttleWindow}} {
		h.wait(c.wait)
		for i := range missesMax {
			want := errWrongCode
			if i == missesMax-1 {
				want = errNoSession
			}
			if _, err := h.show(c.in,
				[]string{"000000", "", phone.code(-2), "ABCD-EFGH-JKMN-PQRS",
					strings.Repeat("9", 10_000)}[i]); err != want {
				t.Fatalf("%s, code %d: %v", c.name, i, err)
			}
		}
		if h.isIn(c.in) {
			t.Errorf("%s: the session goes on", c.name)
		}
	}
	if in := h.mustShow(h.signIn("sys"), phone.code(0)); !h.isIn(in) {
		t.Error("the account is shut out")
	}
	in := h.signIn("sys")
	h.mustShow(in, phone.code(1))
	h.add("cai", Binding{Role: Finance})
	in = h.signIn("cai")
	if _, err := h.BeginFactor(t.Context(), h.who(in)); err != nil {
		t.Fatal(err)
	}
	for range missesMax {
		_, _ = h.ConfirmFactor(t.Context(), h.who(in), "000000")
	}
	if h.isIn(in) {
		t.Error("who confirms with five wrong codes is still in")
	}
}

// TestWhoHasThePasswordCannotTryAllCodes plays a thief who begins a new session for each attempt.
func TestWhoHasThePasswordCannotTryAllCodes(t *testing.T) {
	h := newHall(t, AccountsConfig{})
	phone, enrolled := h.addWithPhone("sys", Binding{Role: SysAdmin})
	h.wait(step)
	tried := 0
	var throttled *ThrottledError
	for i := 0; throttled == nil && i < 100; i++ {
		in, err := h.try("sys", goodPassword, "", fmt.Sprint("192.0.2.", i))
		for range missesMax - 1 {
			if err == nil {
				_, err = h.ShowCode(t.Context(), h.who(in), "000000", "")
			}
			if err == errWrongCode {
				err = nil
				tried++
			}
		}
		if e, ok := err.(*ThrottledError); ok {
			throttled = e
		}
	}
	if tried != nameMisses || throttled == nil || throttled.After > throttleWindow {
		t.Errorf("tried %d codes, then %v", tried, throttled)
	}
	in, err := h.SignIn(t.Context(), Credentials{Account: "sys", Password: goodPassword, Code: phone.code(0),
		Device: enrolled.Device, Source: "192.0.2.1"})
	if err != nil || !h.isIn(in) {
		t.Errorf("in the browser that is known: %v", err)
	}
	if _, err := h.show(h.mustShow(enrolled, phone.code(1)), "000000"); err != errWrongCode {
		t.Errorf("in a session that is good: %v", err)
	}
}

func TestAFactorIsResetByAnotherSecurityAdministrator(t *testing.T) {
	h := newHall(t, AccountsConfig{})
	_, sec := h.addWithPhone("sec", Binding{Role: SecAdmin})
	_, sec2 := h.addWithPhone("sec2", Binding{Role: SecAdmin})
	_, sys := h.addWithPhone("sys", Binding{Role: SysAdmin})
	phone, cai := h.addWithPhone("cai", Binding{Role: Finance})
	reset := func(in *SignedIn, name string) error {
		_, err := h.Desk(h.who(in)).ResetFactor(t.Context(), name)
		return err
	}
	for _, c := range []struct {
		name string
		by   *SignedIn
		of   string
		want text.ErrorCode
	}{
		{"by a system administrator", sys, "cai", text.Forbidden}, {"by an office", cai, "sys", text.Forbidden},
		{"of himself", sec, "sec", text.Forbidden},
		{"of nobody", sec, "nobody", text.NotFound}, {"by a security administrator", sec, "cai", ""},
		{"again", sec, "cai", ""}, {"of another security administrator", sec, "sec2", ""},
	} {
		if err := reset(c.by, c.of); code(err) != c.want {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if h.isIn(cai) || h.isIn(sec2) || !h.isIn(sec) {
		t.Error("a session outlives its factor, or another ends")
	}
	in, err := h.SignIn(t.Context(),
		Credentials{Account: "cai", Password: goodPassword, Code: phone.codes[0], Source: "192.0.2.1"})
	if err != nil || len(in.Session.Needs) > 0 || in.Session.FactorAt != "" || len(h.who(in).May) > 0 {
		t.Errorf("a code of a factor that is gone: %+v, %v", in, err)
	}
	if in := h.signIn("sec2"); !slices.Equal(in.Session.Needs, []string{NeedFactor}) {
		t.Errorf("an administrator whose factor is gone: %+v", in)
	}
	if shown, err := h.Desk(owner).Account(t.Context(), "cai"); err != nil || shown.Factor {
		t.Errorf("%+v, %v", shown, err)
	}
}

// TestNothingThatIsAnsweredOrLoggedShowsWhatProvesAnybody searches all answers and logs for secrets, hashes and
// codes.
func TestNothingThatIsAnsweredOrLoggedShowsWhatProvesAnybody(t *testing.T) {
	core, logged := observer.New(zapcore.DebugLevel)
	h := newHall(t, AccountsConfig{Log: zap.New(core)})
	phone, in := h.addWithPhone("sys", Binding{Role: SysAdmin})
	h.wait(step)
	var out []string
	see := func(v any, err error) {
		written, _ := json.Marshal(v)
		if out = append(out, string(written)); err != nil {
			out = append(out, fmt.Sprint(err, text.Of(err)))
		}
	}
	for _, typed := range []string{phone.codes[9], phone.codes[9], phone.code(0), phone.code(0)} {
		shown, err := h.show(in, typed)
		if err == nil {
			in = shown
			see(shown.Session, nil)
			continue
		}
		see(nil, err)
		_, err = h.SignIn(t.Context(),
			Credentials{Account: "sys", Password: goodPassword, Code: typed, Source: "192.0.2.1"})
		see(nil, err)
	}
	_, err := h.SignInAs(t.Context(), Identity{issuer, "nobody"}, in.Device, "192.0.2.1")
	see(nil, err)
	for method, call := range officeCalls {
		if method != "SetPassword" {
			see(nil, call(t.Context(), h.Desk(h.who(in))))
		}
	}
	me, err := h.Desk(h.who(in)).Me(t.Context())
	see(me, err)
	accounts, err := h.Desk(owner).Accounts(t.Context())
	see(accounts, err)
	see(logOf(t, h.Access, LogQuestion{}), nil)
	for _, e := range logged.All() {
		out = append(out, fmt.Sprint(e.Message, e.ContextMap()))
	}
	all := strings.ToLower(strings.Join(out, "\n"))
	hidden := append([]string{phone.secret, in.Secret, in.Device, phone.code(0), goodPassword}, phone.codes...)
	for _, code := range phone.codes {
		hash := hashRecovery(normalCode(code))
		hidden = append(hidden, written(hash), normalCode(code))
	}
	for _, secret := range hidden {
		if secret != "" && strings.Contains(all, strings.ToLower(secret)) {
			t.Errorf("%s is in\n%s", secret, all)
		}
	}
	if len(out) < 20 || !strings.Contains(all, "wrong code") {
		t.Errorf("there is little to look through:\n%s", all)
	}
}

// TestCodesAgainstAPlainModel lets a person and a thief show random codes in sessions while the clock advances and
// the process restarts. It compares the results with a list of all codes that were ever valid.
func TestCodesAgainstAPlainModel(t *testing.T) {
	for seed := range uint64(10) {
		random := rand.New(rand.NewPCG(seed, 3))
		h := newHall(t, AccountsConfig{})
		phone, in := h.addWithPhone("sys", Binding{Role: SysAdmin})
		newest, left := h.now().Unix()/30, slices.Clone(phone.codes)
		sessions := []*SignedIn{in}
		for range 60 {
			h.wait(time.Duration(random.IntN(60)) * time.Second)
			if random.IntN(15) == 0 {
				h.open()
				sessions = nil
			}
			over := func(in *SignedIn) bool { return !h.isIn(in) }
			sessions = slices.DeleteFunc(sessions, over)
			if len(sessions) == 0 || random.IntN(4) == 0 {
				in, err := h.try("sys", goodPassword, "", "192.0.2.1")
				if _, isThrottled := err.(*ThrottledError); isThrottled {
					h.wait(throttleWindow)
					continue
				} else if err != nil {
					t.Fatal(err)
				}
				sessions = slices.DeleteFunc(append(sessions, in), over) // it may have ended another
			}
			x := random.IntN(len(sessions))
			typed, at := phone.code(random.IntN(5)-2), int64(0)
			for off := range 3 { // codes of two steps may be equal
				if step := h.now().Unix()/30 + int64(off) - 1; phone.code(off-1) == typed && step > newest {
					at = step
				}
			}
			want := at > 0
			if random.IntN(3) == 0 {
				typed = phone.codes[random.IntN(len(phone.codes))]
				want = slices.Contains(left, typed)
			}
			grown, err := h.show(sessions[x], typed)
			switch _, isThrottled := err.(*ThrottledError); {
			case isThrottled:
				h.wait(throttleWindow)
				continue
			case (err == nil) != want || err != nil && err != errWrongCode && err != errNoSession:
				t.Fatalf("seed %d: %s: expected %v, got %v", seed, typed, want, err)
			case err != nil:
				continue
			}
			sessions[x] = grown
			if len(typed) == codeChars {
				newest = at
			} else {
				left = slices.DeleteFunc(left, func(code string) bool { return code == typed })
			}
			me, err := h.Desk(h.who(grown)).Me(t.Context())
			if err != nil || me.RecoveryCodes != len(left) || !slices.Equal(me.May, []string{MayAccounts}) {
				t.Fatalf("seed %d: %+v, %v; left are %d", seed, me, err, len(left))
			}
		}
	}
}

// TestFactsOfFactorsAndIdentitiesAreReadForEver reads the facts as the first version wrote them.
func TestFactsOfFactorsAndIdentitiesAreReadForEver(t *testing.T) {
	hash := written(hashRecovery("0123456789ABCDEF"))
	store := newStore()
	a := mustOpen(t, store)
	for _, name := range []string{"cai", "ke"} {
		add(t, a, name, Binding{Role: Finance})
	}
	const at, who = `"account":"cai",`, `"by":"cai","source":"192.0.2.1"`
	session := `"session":"44444444-0000-4000-8000-000000000001",`
	for i, f := range []struct{ kind, body string }{
		{"account.linked", `{` + at + `"issuer":"https://id.example.gov.cn","subject":"a",` + who + `}`},
		{"account.linked", `{` + at + `"issuer":"https://id.example.gov.cn","subject":"b",` + who + `}`},
		{"account.unlinked", `{` + at + `"issuer":"https://id.example.gov.cn","subject":"a",` + who + `}`},
		{"factor.enrolled", `{` + at + `"secret":"JBSWY3DPEHPK3PXP","recovery":["` + hash + `","` +
			strings.Repeat("ab", 32) + `"],"step":59863920,` + who + `}`},
		{"session.begun", `{` + at + session +
			`"how":"password","factor":"code","step":59863920,"recovery":"","device":"` + hash + `",` + who + `}`},
		{"factor.shown", `{` + at + session + `"factor":"recovery","step":0,"recovery":"` + hash + `","device":"",` +
			who + `}`},
		{"factor.shown", `{` + at + session + `"factor":"code","step":59863925,"recovery":"","device":"",` +
			who + `}`},
		{"session.ended", `{` + at + session + who + `}`},
		{"factor.enrolled", `{"account":"ke","secret":"JBSWY3DPEHPK3PXP","recovery":[],"step":1,` + who + `}`},
		{"factor.reset", `{"account":"ke",` + who + `}`},
	} {
		_, err := store.Append(t.Context(), accountsStream, a.state.revisions[accountsStream]+uint64(i),
			[]events.Proposed{{ID: [16]byte{1, byte(i)}, Kind: events.Kind(f.kind), Body: events.MustObject(f.body)}})
		if err != nil {
			t.Fatal(err)
		}
	}
	b := mustOpen(t, store)
	cai, ke := b.state.accounts["cai"], b.state.accounts["ke"]
	if !slices.Equal(cai.identities, []Identity{{issuer, "b"}}) || cai.factor == nil ||
		cai.factor.secret != "JBSWY3DPEHPK3PXP" || cai.factor.step != 59863925 || len(cai.factor.recovery) != 1 ||
		ke.factor != nil {
		t.Errorf("%+v %+v %+v", cai, cai.factor, ke)
	}
}

func TestWhoSetAPasswordBecomesNoAdministratorByIt(t *testing.T) {
	h := newHall(t, AccountsConfig{})
	_, sys := h.addWithPhone("sys", Binding{Role: SysAdmin})
	_, sec := h.addWithPhone("sec", Binding{Role: SecAdmin})
	id := Identity{"https://id.example.cn", "sys-himself"}
	for _, name := range []string{"bare", "known", "linked"} {
		if _, err := h.Desk(h.who(sys)).AddAccount(t.Context(), NewAccount{Account: name}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.Desk(h.who(sys)).SetPassword(t.Context(), "known", NewPassword{goodPassword}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Desk(h.who(sys)).Link(t.Context(), "linked", id); err != nil {
		t.Fatal(err)
	}
	bind := func(p Principal, name string, role Role) error {
		_, err := h.Desk(p).Bind(t.Context(), name, Binding{Role: role})
		return err
	}
	for _, c := range []struct {
		name string
		role Role
		want text.ErrorCode
	}{
		{"bare", SecAdmin, ""}, {"known", SecAdmin, text.Forbidden}, {"known", LogAdmin, text.Forbidden},
		{"linked", SecAdmin, text.Forbidden}, {"linked", SysAdmin, text.Forbidden},
		{"known", Finance, ""}, {"linked", Finance, ""}, {"known", SecAdmin, text.Forbidden},
	} {
		if err := bind(h.who(sec), c.name, c.role); code(err) != c.want {
			t.Errorf("%s as %s: %v", c.name, c.role, err)
		}
	}
	if _, err := h.SignInAs(t.Context(), id, "", "192.0.2.1"); err != nil {
		t.Fatal(err)
	}
	if err := bind(owner, "linked", SecAdmin); err != nil {
		t.Errorf("the owner: %v", err)
	}
	h.set("known", goodPassword) // as who it is for changes it
	h.enrol(h.signIn("known"))
	if err := bind(h.who(sec), "known", SecAdmin); err != nil {
		t.Errorf("once a second factor is enrolled: %v", err)
	}
}

func TestAnAdministratorIsNotLeftToWhoLinkedHim(t *testing.T) {
	h := newHall(t, AccountsConfig{})
	_, sys := h.addWithPhone("sys", Binding{Role: SysAdmin})
	_, sec := h.addWithPhone("sec", Binding{Role: SecAdmin})
	for _, name := range []string{"linked", "set"} {
		h.addWithPhone(name, Binding{Role: LogAdmin})
	}
	h.addWithPhone("cai", Binding{Role: Finance})
	id := Identity{"https://id.example.cn", "sys-himself"}
	if _, err := h.Desk(h.who(sys)).Link(t.Context(), "linked", id); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"set", "cai"} {
		if _, err := h.Desk(h.who(sys)).SetPassword(t.Context(), name, NewPassword{goodPassword + name}); err != nil {
			t.Fatal(err)
		}
	}
	reset := func(p Principal, name string) text.ErrorCode {
		_, err := h.Desk(p).ResetFactor(t.Context(), name)
		return code(err)
	}
	for name, want := range map[string]text.ErrorCode{"linked": text.Forbidden, "set": text.Forbidden, "cai": ""} {
		if got := reset(h.who(sec), name); got != want {
			t.Errorf("%s: expected %q, got %q", name, want, got)
		}
	}
	if in, err := h.SignInAs(t.Context(), id, "", "192.0.2.1"); err != nil ||
		!slices.Equal(in.Session.Needs, []string{NeedCode}) {
		t.Errorf("who linked him signs in: %+v, %v", in, err)
	}
	if _, err := h.Desk(owner).Unlink(t.Context(), "linked", id); err != nil || reset(h.who(sec), "linked") != "" ||
		reset(owner, "set") != "" {
		t.Errorf("once unlinked, or by the owner: %v", err)
	}
}

func TestStrangersCannotKeepACodeFromBeingShown(t *testing.T) {
	h := newHall(t, AccountsConfig{})
	phone, _ := h.addWithPhone("cai", Binding{Role: Finance})
	h.wait(step)
	in := h.signIn("cai") // from a browser that is not known yet
	for i := range 40 {
		_, _ = h.try("cai", "wrong", "", fmt.Sprint("198.51.100.", i))
	}
	for range missesMax - 1 {
		if _, err := h.show(in, "000000"); outcomeOfSignIn(err) == "throttled" {
			t.Fatal(err)
		}
	}
	h.mustShow(in, phone.code(0))
}

func TestAFirstFactorIsEnrolledSoonAfterSigningIn(t *testing.T) {
	h := newHall(t, AccountsConfig{})
	h.add("cai", Binding{Role: Finance})
	in := h.signIn("cai")
	h.wait(freshMax)
	if _, err := h.BeginFactor(t.Context(), h.who(in)); err != nil {
		t.Fatal(err)
	}
	h.wait(time.Second)
	if _, err := h.BeginFactor(t.Context(), h.who(in)); err != errSignInAgain {
		t.Errorf("at a screen that was left: %v", err)
	}
}

func TestATokenOfAnIssuerMakesNoTokens(t *testing.T) {
	h := newHall(t, AccountsConfig{})
	h.add("cai", Binding{Role: Finance})
	office := h.Desk(h.bearer(h.link("cai")))
	if _, err := office.AddToken(t.Context(), NewToken{Name: "for ever"}); text.CodeOf(err) != text.Forbidden {
		t.Errorf("got %v", err)
	}
	if list, err := office.Tokens(t.Context(), ""); err != nil || len(list) > 0 {
		t.Errorf("%+v, %v", list, err)
	}
}
