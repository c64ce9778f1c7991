package access

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nkeys"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/natsserver/natstest"
)

func natsNames(list NATSUsers) (names []string) {
	for _, u := range list {
		names = append(names, u.Name)
	}
	return names
}

func TestANATSUserIsAddedReplacedAndRevoked(t *testing.T) {
	a, ctx := newKit(t).Access, t.Context()
	store, o := a.Store, a.Desk(owner)
	first, second := natstest.NewUser(t).Public, natstest.NewUser(t).Public
	filter := NATSFilter{Centers: []string{"zj-0003", "ZJ-0001", "ZJ-0003"}, Severities: []string{"red", "Red"},
		Families: []string{"exe"}}
	u, err := o.AddNATSUser(ctx, NewNATSUser{"screen", first, filter})
	if err != nil || u.Key != first || fmt.Sprint(u.Filter) != "{[ZJ-0001 ZJ-0003] [red] [EXE] false}" ||
		u.AddedBy != owner.Account || u.AddedAt == "" || u.RevokedAt != "" {
		t.Fatalf("%+v, %v", u, err)
	}
	facts := func() int { return len(logOf(t, a, LogQuestion{Kind: LogAct})) }
	before := facts()
	if again, err := o.AddNATSUser(ctx, NewNATSUser{"screen", first, filter}); err != nil ||
		fmt.Sprint(again) != fmt.Sprint(u) || facts() != before {
		t.Errorf("the same again: %+v, %v, %d acts", again, err, facts()-before)
	}
	if _, err := o.AddNATSUser(ctx, NewNATSUser{"other", first, filter}); code(err) != text.Conflict ||
		!strings.Contains(err.Error(), "screen") {
		t.Errorf("the key of another: %v", err)
	}
	if u, err := o.AddNATSUser(ctx, NewNATSUser{"screen", first, NATSFilter{}}); err != nil ||
		fmt.Sprint(u.Filter) != "{[] [] [] false}" {
		t.Errorf("another filter: %+v, %v", u, err)
	}
	if u, err := o.AddNATSUser(ctx, NewNATSUser{"screen", second, NATSFilter{}}); err != nil || u.Key != second {
		t.Errorf("another key: %+v, %v", u, err)
	}
	if _, err := o.AddNATSUser(ctx, NewNATSUser{"a", first, NATSFilter{}}); err != nil {
		t.Errorf("a key that is nobody's any more: %v", err)
	}
	if got := natsNames(a.NATSUsers()); !slices.Equal(got, []string{"a", "screen"}) {
		t.Errorf("the users are %v", got)
	}
	if _, err := o.RevokeNATSUser(ctx, "nobody"); code(err) != text.NotFound {
		t.Errorf("one that there never was: %v", err)
	}
	revoked, err := o.RevokeNATSUser(ctx, "screen")
	if err != nil || revoked.RevokedBy != owner.Account || revoked.RevokedAt == "" {
		t.Errorf("revoked: %+v, %v", revoked, err)
	}
	before = facts()
	if again, err := o.RevokeNATSUser(ctx, "screen"); err != nil || fmt.Sprint(again) != fmt.Sprint(revoked) ||
		facts() != before {
		t.Errorf("revoked again: %+v, %v, %d acts", again, err, facts()-before)
	}
	if err := a.Restored(ctx, owner); err != nil {
		t.Fatal(err)
	}
	if list, err := o.NATSUsers(ctx); err != nil || !slices.Equal(natsNames(list), []string{"a"}) {
		t.Errorf("after a restore: %+v, %v", list, err)
	}
	if got := fmt.Sprint(mustOpen(t, store).NATSUsers()); got != fmt.Sprint(a.NATSUsers()) {
		t.Errorf("opened again: %s", got)
	}
	if u, err := o.AddNATSUser(ctx, NewNATSUser{"screen", second, NATSFilter{}}); err != nil || u.RevokedAt != "" {
		t.Errorf("added after it was revoked: %+v, %v", u, err)
	}
	var shown []string
	for _, e := range logOf(t, a, LogQuestion{Kind: LogAct}) {
		if strings.HasPrefix(e.Verb, "natsuser.") {
			shown = append(shown, strings.ReplaceAll(strings.ReplaceAll(e.Verb+" "+e.Object+" "+e.Account, first,
				"FIRST"), second, "SECOND"))
		}
	}
	want := []string{"natsuser.added screen FIRST local:wang", "natsuser.added screen FIRST local:wang",
		"natsuser.added screen SECOND local:wang",
		"natsuser.added a FIRST local:wang", "natsuser.revoked screen local:wang",
		"natsuser.added screen SECOND local:wang"}
	if !slices.Equal(shown, want) {
		t.Errorf("the log has\n%s", strings.Join(shown, "\n"))
	}
}

func TestANATSUserThatCannotBeRightIsRefused(t *testing.T) {
	a, ctx := newKit(t).Access, t.Context()
	good := natstest.NewUser(t).Public
	seed, _ := natstest.NewUser(t).Seed()
	var many []string
	for i := range filterSubjectsMax {
		many = append(many, fmt.Sprintf("ZJ-%04d", i))
	}
	for _, c := range []struct {
		r     NewNATSUser
		param string // that is wrong; "" for none
	}{
		{NewNATSUser{"a", good, NATSFilter{Centers: []string{"ZJ-0001"}}}, ""},
		{NewNATSUser{"a", good, NATSFilter{Centers: many, Severities: []string{"red", "blue"}}}, "center"},
		{NewNATSUser{"9_a-b", good, NATSFilter{}}, "key"}, // that of a
		{NewNATSUser{"", good, NATSFilter{}}, "name"},
		{NewNATSUser{"Screen", good, NATSFilter{}}, "name"},
		{NewNATSUser{"_a", good, NATSFilter{}}, "name"},
		{NewNATSUser{"-a", good, NATSFilter{}}, "name"},
		{NewNATSUser{"a.b", good, NATSFilter{}}, "name"},
		{NewNATSUser{"a b", good, NATSFilter{}}, "name"},
		{NewNATSUser{"a>", good, NATSFilter{}}, "name"},
		{NewNATSUser{"大屏", good, NATSFilter{}}, "name"},
		{NewNATSUser{strings.Repeat("a", 33), good, NATSFilter{}}, "name"},
		{NewNATSUser{"ledger", good, NATSFilter{}}, "name"},
		{NewNATSUser{"sys", good, NATSFilter{}}, "name"},
		{NewNATSUser{"b", "", NATSFilter{}}, "key"},
		{NewNATSUser{"b", string(seed), NATSFilter{}}, "key"},
		{NewNATSUser{"b", natstest.NewKey(t, nkeys.PrefixByteAccount).Public, NATSFilter{}}, "key"},
		{NewNATSUser{"b", good[:55], NATSFilter{}}, "key"},
		{NewNATSUser{"b", good[:20] + "\n" + good[20:], NATSFilter{}}, "key"},
		{NewNATSUser{"b", good + "\n", NATSFilter{}}, "key"},
		{NewNATSUser{"b", strings.ToLower(good), NATSFilter{}}, "key"},
		{NewNATSUser{"b", good, NATSFilter{Centers: []string{"*"}}}, "center"},
		{NewNATSUser{"b", good, NATSFilter{Centers: []string{"ZJ.0007"}}}, "center"},
		{NewNATSUser{"b", good, NATSFilter{Severities: []string{"orange"}}}, "severity"},
		{NewNATSUser{"b", good, NATSFilter{Families: []string{"EXE.02"}}}, "family"},
		{NewNATSUser{"b", good, NATSFilter{Families: []string{">"}}}, "family"},
	} {
		_, err := a.Desk(owner).AddNATSUser(ctx, c.r)
		if e, ok := err.(*text.Error); c.param == "" && err != nil ||
			c.param != "" && (!ok || e.Param != c.param && e.Code != text.Conflict) {
			t.Errorf("%+v: %v", c.r, err)
		} else if err != nil && strings.Contains(err.Error(), string(seed)) {
			t.Errorf("a seed is repeated: %v", err)
		}
	}
	if got := natsNames(a.NATSUsers()); !slices.Equal(got, []string{"a"}) {
		t.Errorf("the users are %v", got)
	}
	if err := (&NATSFilter{Centers: many}).Check(); err != nil {
		t.Errorf("a filter of %d combinations: %v", len(many), err)
	}
}

func TestANATSUserOfACenterThatTheLedgerDoesNotHaveIsRefused(t *testing.T) {
	k, ctx := newKit(t), t.Context()
	key := natstest.NewUser(t).Public
	add := func(o AccountDesk, centers ...string) error {
		_, err := o.AddNATSUser(ctx, NewNATSUser{"screen", key, NATSFilter{Centers: centers}})
		return err
	}
	for name, a := range map[string]*Access{
		"a ledger without it": k.Access, "a ledger that has not begun": mustOpen(t, newStore())} {
		err := add(a.Desk(owner), "ZJ-0001", "zj-0004")
		e, ok := err.(*text.Error)
		if !ok || e.Code != text.NotFound || e.Param != "center" ||
			!strings.HasPrefix(e.What.En, "the ledger has no center ZJ-000") ||
			!strings.Contains(e.What.Zh, "登记后") {
			t.Errorf("%s: %v", name, err)
		}
		if list := a.NATSUsers(); len(list) != 0 {
			t.Errorf("%s: the users are %v", name, list)
		}
	}
	if _, err := k.Guard(k.local, owner).Record(ctx,
		draft(t, "ZJ-0004", strings.ReplaceAll(registered, "REGION", "330106"))); err != nil {
		t.Fatal(err)
	}
	if err := add(k.Desk(owner), "ZJ-0001", "zj-0004"); err != nil {
		t.Errorf("after it was registered: %v", err)
	}
}

func TestWhoMayHandleNATSUsers(t *testing.T) {
	a, ctx := mustOpen(t, newStore()), t.Context()
	if _, err := a.Desk(owner).AddNATSUser(ctx,
		NewNATSUser{"old", natstest.NewUser(t).Public, NATSFilter{}}); err != nil {
		t.Fatal(err)
	}
	try := func(p Principal) (codes [3]text.ErrorCode) {
		o := a.Desk(p)
		_, added := o.AddNATSUser(ctx, NewNATSUser{"new-" + p.Account, natstest.NewUser(t).Public, NATSFilter{}})
		_, revoked := o.RevokeNATSUser(ctx, "old")
		_, listed := o.NATSUsers(ctx)
		return [3]text.ErrorCode{code(added), code(revoked), code(listed)}
	}
	no, yes := [3]text.ErrorCode{text.Forbidden, text.Forbidden, text.Forbidden}, [3]text.ErrorCode{}
	bindings := map[Role]Binding{Center: {Center: "ZJ-0007"}, LocalGov: {Region: "3301"},
		IndustryDept: {Departments: []string{"省经信厅"}}}
	for _, role := range Roles() {
		b := bindings[role]
		b.Role = role
		p := add(t, a, "in-"+string(role), b)
		want := no
		if role == SecAdmin {
			want = yes
			plain := p
			plain.May = nil
			if got := try(plain); got != [3]text.ErrorCode{text.Forbidden, text.Forbidden, ""} {
				t.Errorf("with a token that is not made for it: %q", got)
			}
		}
		if got := try(p); got != want {
			t.Errorf("%s: %q", role, got)
		}
	}
	if _, err := a.Desk(owner).AddAccount(ctx, NewAccount{Account: "unbound"}); err != nil {
		t.Fatal(err)
	}
	if got := try(Principal{Account: "unbound"}); got != no {
		t.Errorf("without a role: %q", got)
	}
	gone := login(t, a, "in-secadmin")
	if _, err := a.Desk(owner).Disable(ctx, "in-secadmin"); err != nil {
		t.Fatal(err)
	}
	if got := try(gone); got[0] != text.Unauthenticated || got[1] != text.Unauthenticated {
		t.Errorf("disabled: %q", got)
	}
	if got := natsNames(a.NATSUsers()); !slices.Equal(got, []string{"new-in-secadmin"}) {
		t.Errorf("the users are %v", got)
	}
}

func TestThereAreOnlySoManyNATSUsers(t *testing.T) {
	a, ctx := mustOpen(t, newStore()), t.Context()
	o := a.Desk(owner)
	for i := range NATSUsersMax {
		if _, err := o.AddNATSUser(ctx,
			NewNATSUser{fmt.Sprint("u", i), natstest.NewUser(t).Public, NATSFilter{}}); err != nil {
			t.Fatal(err)
		}
	}
	one := NewNATSUser{"one-more", natstest.NewUser(t).Public, NATSFilter{}}
	if _, err := o.AddNATSUser(ctx, one); code(err) != text.Conflict {
		t.Errorf("one more: %v", err)
	}
	if _, err := o.AddNATSUser(ctx, NewNATSUser{"u0", natstest.NewUser(t).Public, NATSFilter{}}); err != nil {
		t.Errorf("in place of another: %v", err)
	}
	if _, err := o.RevokeNATSUser(ctx, "u1"); err != nil {
		t.Fatal(err)
	}
	if _, err := o.AddNATSUser(ctx, one); err != nil {
		t.Errorf("after one was revoked: %v", err)
	}
}

func TestALogWithAFactOnNoNATSUserIsNotOpened(t *testing.T) {
	store := newStore()
	mustOpen(t, store)
	odd := events.Proposed{ID: [16]byte{1}, Kind: natsUserRevoked,
		Body: events.MustObject(`{"user":"screen","by":"x","source":"y"}`)}
	if _, err := store.Append(t.Context(), accountsStream, 0, []events.Proposed{odd}); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), AccountsConfig{Store: store}); err == nil {
		t.Error("it is read")
	}
}
