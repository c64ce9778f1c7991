package access

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/logstore"
	"github.com/taizhang/taizhang/services/natsserver/natstest"
)

// person is somebody with an account and all tokens that he ever saw.
type person struct {
	account     string
	secrets     []string
	wasSecAdmin bool
}

// town is several persons who try everything at random.
type town struct {
	t       *testing.T
	a       *Access
	random  *rand.Rand
	persons []*person
	bound   map[string]string // who last bound an account
}

func newTown(t *testing.T, seed uint64) *town {
	w := &town{t: t, a: mustOpen(t, newStore()), random: rand.New(rand.NewPCG(seed, 1)), bound: map[string]string{}}
	for i, role := range []Role{SysAdmin, SysAdmin, SecAdmin, SecAdmin, LogAdmin, Finance, STOffice, ""} {
		name := fmt.Sprint("p", i)
		r := NewAccount{Account: name, Binding: Binding{Role: role}}
		if _, err := w.a.Desk(owner).AddAccount(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		w.persons = append(w.persons, &person{account: name})
		w.bound[name] = owner.Account
		w.ownerGives(w.persons[i])
	}
	return w
}

// ownerGives gives a person a token of his account for all acts that the account may do.
func (w *town) ownerGives(x *person) {
	may := w.a.state.accounts[x.account].mays(Mays())
	if made, err := w.a.Desk(owner).AddToken(w.t.Context(),
		NewToken{Account: x.account, Name: "x", May: may}); err == nil {
		x.secrets = append(x.secrets, made.Secret)
	}
}

func pick[T any](w *town, list []T) T { return list[w.random.IntN(len(list))] }

// step lets a person try one thing with one of his tokens.
func (w *town) step() {
	x := pick(w, w.persons)
	if w.random.IntN(10) == 0 {
		w.ownerGives(x)
	}
	if len(x.secrets) == 0 {
		return
	}
	p, err := w.a.Authenticate(pick(w, x.secrets), "192.0.2.1", "")
	if err != nil {
		return
	}
	ctx, office := context.Background(), w.a.Desk(p)
	target := pick(w, slices.Sorted(maps.Keys(w.a.state.accounts)))
	before := w.bindings()
	switch w.random.IntN(7) {
	case 0:
		_, _ = office.AddAccount(ctx,
			NewAccount{Account: fmt.Sprint("n", w.random.IntN(9)), Binding: pick(w, []Binding{{}, {Role: SecAdmin}})})
	case 1, 2:
		if _, err := office.Bind(ctx, target,
			Binding{Role: pick(w, []Role{SysAdmin, SecAdmin, Finance, STOffice, LogAdmin}),
				MayRecord: w.random.IntN(4) == 0}); err == nil {
			w.bound[target] = p.Account
		}
	case 3:
		_, _ = office.Disable(ctx, target)
	case 4:
		_, _ = office.Enable(ctx, target)
	case 5:
		made, err := office.AddToken(ctx,
			NewToken{Account: target, Name: "x", May: pick(w, [][]string{nil, nil, {MayAccounts}, {MayRecord}})})
		if err == nil {
			x.secrets = append(x.secrets, made.Secret)
			if len(made.May) > 0 {
				w.t.Errorf("%s made a token for %v", p.Account, made.May)
			}
		}
	case 6:
		made, err := office.AddToken(ctx, NewToken{Name: "x"})
		if err == nil {
			x.secrets = append(x.secrets, made.Secret)
		}
	}
	w.changed(&p, before)
}

// bindings returns the binding of every account, and whether it is disabled.
func (w *town) bindings() map[string]string {
	all := map[string]string{}
	for name, a := range w.a.state.accounts {
		all[name] = fmt.Sprintf("%s %v %v", a.Role, a.MayRecord, a.isDisabled)
	}
	return all
}

// changed checks that the principal had the right to make each change.
func (w *town) changed(p *Principal, before map[string]string) {
	for name, now := range w.bindings() {
		was, known := before[name]
		switch held := w.a.state.accounts[name]; {
		case was == now:
		case !known && (held.Role != "" || held.MayRecord || p.Role != SysAdmin):
			w.t.Errorf("%s (%s) added %s as %s", p.Account, p.Role, name, now)
		case known && name == p.Account:
			w.t.Errorf("%s changed himself from %s to %s", name, was, now)
		case known && p.Role != SecAdmin && p.Role != SysAdmin:
			w.t.Errorf("%s (%s) changed %s from %s to %s", p.Account, p.Role, name, was, now)
		}
	}
}

// check checks that everybody can do exactly what his account allows.
func (w *town) check() {
	for _, x := range w.persons {
		own := w.a.state.accounts[x.account]
		x.wasSecAdmin = x.wasSecAdmin || own.Role == SecAdmin
		if own.Role != "" && (w.bound[x.account] == "" || w.bound[x.account] == x.account) {
			w.t.Errorf("%s is %s, and %q bound him", x.account, own.Role, w.bound[x.account])
		}
		for _, secret := range x.secrets {
			p, err := w.a.Authenticate(secret, "192.0.2.1", "")
			if err != nil || p.Account == x.account {
				continue
			}
			if !x.wasSecAdmin || p.Role.IsAdministrator() || len(p.May) > 0 {
				w.t.Errorf("%s can act as %s, who is %s and may %v", x.account, p.Account, p.Role, p.May)
			}
		}
	}
}

func TestNobodyGetsARightThatNobodyElseGaveHim(t *testing.T) {
	for seed := range uint64(60) {
		w := newTown(t, seed)
		for range 80 {
			w.step()
			w.check()
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// TestWhatWasAnsweredIsThereAfterACrash copies the log after every act, as a crash would leave it.
func TestWhatWasAnsweredIsThereAfterACrash(t *testing.T) {
	dir := t.TempDir()
	store, err := logstore.Open(dir, logstore.Options{SegmentBytes: 64 << 10})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	a := mustOpen(t, store)
	a.hasher.derive = cheap
	office := a.Desk(owner)
	var in *SignedIn
	for i, act := range []func() error{
		func() error {
			_, err := office.AddAccount(t.Context(), NewAccount{"cai", Binding{Role: Finance}})
			return err
		},
		func() error {
			_, err := office.AddToken(t.Context(), NewToken{Account: "cai", Name: "月报"})
			return err
		},
		func() error {
			_, err := office.SetPassword(t.Context(), "cai", NewPassword{goodPassword})
			return err
		},
		func() (err error) {
			in, err = a.SignIn(t.Context(), Credentials{Account: "cai", Password: goodPassword})
			return err
		},
		func() error {
			p, err := a.AuthenticateSession(in.Secret, "192.0.2.1", "")
			return errors.Join(err, a.SignOut(t.Context(), p))
		},
		func() error { _, err := office.Disable(t.Context(), "cai"); return err },
		func() error { _, err := office.Enable(t.Context(), "cai"); return err },
		func() error { _, err := office.Bind(t.Context(), "cai", Binding{Role: Auditor}); return err },
		func() error { _, err := office.RevokeToken(t.Context(), a.state.tokens[0].id.String()); return err },
		func() error {
			_, err := office.AddNATSUser(t.Context(), NewNATSUser{"screen", natstest.NewUser(t).Public, NATSFilter{}})
			return err
		},
		func() error { return a.AskRestate(t.Context(), owner) },
		func() error { return a.Restored(t.Context(), owner) },
		func() error { _, err := office.RevokeNATSUser(t.Context(), "screen"); return err },
	} {
		if err := act(); err != nil {
			t.Fatal(err)
		}
		copied := t.TempDir()
		if _, err := logstore.Backup(t.Context(), dir, copied); err != nil {
			t.Fatal(err)
		}
		again, err := logstore.Open(copied, logstore.Options{})
		if err != nil {
			t.Fatal(err)
		}
		opened := mustOpen(t, again)
		if got, want := picture(t, opened)+proofsOf(opened), picture(t, a)+proofsOf(a); got != want {
			t.Errorf("after act %d:\n%s\nexpected\n%s", i, got, want)
		}
		t.Cleanup(func() { _ = again.Close() })
	}
}

func TestALogOfAnotherVersionIsNotOpened(t *testing.T) {
	for _, odd := range []events.Proposed{
		{Kind: "account.renamed", Body: events.MustObject(`{"account":"cai","by":"x","source":"y"}`)},
		{Kind: accountAdded, Body: events.MustObject(`{"account":"cai","by":"x","source":"y","more":1}`)},
		{
			Kind: accountBound,
			Body: events.MustObject(
				`{"account":"cai","role":"finance","center":"","region":"","departments":[],"mayRecord":false,"by":"x","source":"y"}`)},
		{
			Kind: tokenAdded,
			Body: events.MustObject(
				`{"account":"cai","name":"x","sha256":"00","expiresAt":"2026-11-29T10:00:00Z","may":[],"by":"x","source":"y"}`)},
		{
			Kind: tokenRevoked, Body: events.MustObject(
				`{"account":"cai","token":"44444444-0000-4000-8000-000000000001","by":"x","source":"y"}`)},
	} {
		store := newStore()
		mustOpen(t, store)
		odd.ID = [16]byte{1}
		if _, err := store.Append(t.Context(), accountsStream, 0, []events.Proposed{odd}); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(t.Context(),
			AccountsConfig{Store: store, Now: func() time.Time { return start }}); err == nil {
			t.Errorf("%s %s is read", odd.Kind, odd.Body)
		}
	}
}
