package access

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
)

// factorOf enrols a second factor by writing the fact of ConfirmFactor, and ends all sessions.
func (h *hall) factorOf(name string) {
	h.t.Helper()
	err := h.act(h.t.Context(), accountsStream, func(*state) ([]fact, error) {
		return []fact{
			{factorEnrolled, enrolledFactor{Account: name, Secret: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
				Recovery: []string{}, whoActs: whoActs{name, "192.0.2.1"}}}}, nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// showed makes the code of a session fresh, as ShowCode would, and returns its principal.
func (h *hall) showed(in *SignedIn) Principal {
	h.t.Helper()
	id := h.who(in).SessionID
	h.mu.Lock()
	for _, x := range h.state.sessions {
		if x.idText == id {
			x.factorAt, x.needs = h.now(), []string{}
		}
	}
	h.mu.Unlock()
	return h.who(in)
}

// modelSession is a session in the plain model.
type modelSession struct {
	in          *SignedIn
	account     string
	how         string
	begun, used time.Time
	needs       bool
	over        bool
}

// modelAccount is an account in the plain model.
type modelAccount struct {
	role                             Role
	password                         string // "" if none works
	isTemporary, hasFactor, disabled bool
	isLinked                         bool
}

// model is the plain model of sessions: a list of all that ever began.
type model struct {
	*hall
	random   *rand.Rand
	accounts map[string]*modelAccount
	names    []string
	sessions []*modelSession
	did      []string
}

func (m *model) alive(x *modelSession) bool {
	longest := 12 * time.Hour
	if x.needs {
		longest = 10 * time.Minute
	}
	return !x.over && m.now().Before(x.begun.Add(longest)) && m.now().Sub(x.used) < 30*time.Minute
}

// end ends the sessions of an account that began in one way, or all for "".
func (m *model) end(name, how string) {
	for _, x := range m.sessions {
		x.over = x.over || x.account == name && (how == "" || x.how == how)
	}
}

// begun records that a session began, and which one had to end for it.
func (m *model) begun(in *SignedIn, name, how string) {
	held := m.accounts[name]
	x := &modelSession{in: in, account: name, how: how, begun: m.now(), used: m.now()}
	x.needs = held.hasFactor || held.isTemporary && how == byPassword || held.role == SecAdmin
	var oldest *modelSession
	n := 0
	for _, other := range m.sessions {
		if other.account == name && other.needs == x.needs && m.alive(other) {
			if n++; oldest == nil || other.used.Before(oldest.used) {
				oldest = other
			}
		}
	}
	if n == 3 {
		oldest.over = true
	}
	m.sessions = append(m.sessions, x)
}

func (m *model) fact(kind events.Kind, body any) {
	if err := m.act(context.Background(), accountsStream, func(*state) ([]fact, error) {
		return []fact{{kind, body}}, nil
	}); err != nil {
		m.t.Fatal(err)
	}
}

// step makes one random act.
func (m *model) step() {
	name := m.names[m.random.IntN(len(m.names))]
	held, ctx := m.accounts[name], context.Background()
	var x *modelSession
	if len(m.sessions) > 0 {
		x = m.sessions[m.random.IntN(len(m.sessions))]
	}
	expect := func(what string, err error, ok bool) {
		m.did = append(m.did, fmt.Sprintf("%s %s: %v", what, name, err))
		if (err == nil) != ok {
			m.t.Errorf("%s of %s: expected success %v, got %v", what, name, ok, err)
		}
	}
	switch m.random.IntN(16) {
	case 0, 1, 2, 3:
		in, err := m.try(name, cmpOr(held.password, goodPassword), "", fmt.Sprint("192.0.2.", m.random.IntN(200)))
		expect("sign in", err, held.password != "" && !held.disabled)
		if err == nil {
			m.begun(in, name, byPassword)
		}
	case 4, 5, 6:
		m.wait(time.Duration(m.random.IntN(25)) * time.Minute)
	case 7:
		m.wait(4 * time.Hour)
	case 8, 9:
		if x == nil {
			return
		}
		name = x.account
		_, err := m.AuthenticateSession(x.in.Secret, "192.0.2.1", "")
		expect("use", err, m.alive(x))
		if err == nil {
			x.used = m.now()
		}
	case 10:
		if x == nil {
			return
		}
		name, held = x.account, m.accounts[x.account]
		p, err := m.AuthenticateSession(x.in.Secret, "192.0.2.1", "")
		expect("use", err, m.alive(x))
		if err != nil {
			return
		}
		x.used = m.now()
		if m.random.IntN(2) == 0 {
			expect("sign out", m.SignOut(ctx, p), true)
			x.over = true
			return
		}
		wanted := fmt.Sprintf("%s %d", goodPassword, len(m.did))
		in, err := m.ChangePassword(ctx, p, held.password, wanted)
		expect("change the password", err, !held.hasFactor && held.password != "")
		if err == nil {
			m.end(name, "")
			held.password, held.isTemporary = wanted, false
			m.begun(in, name, x.how)
		}
	case 11:
		held.password, held.isTemporary = fmt.Sprintf("%s %d", goodPassword, len(m.did)), true
		_, err := m.Desk(owner).SetPassword(ctx, name, NewPassword{held.password})
		expect("set the password", err, true)
		m.end(name, "")
	case 12:
		role := []Role{Finance, STOffice, SecAdmin, held.role}[m.random.IntN(4)]
		_, err := m.Desk(owner).Bind(ctx, name, Binding{Role: role})
		expect("bind", err, true)
		if role != held.role {
			m.end(name, "")
		}
		held.role = role
	case 13:
		act := m.Desk(owner).Disable
		if held.disabled {
			act = m.Desk(owner).Enable
		}
		_, err := act(ctx, name)
		expect("disable or enable", err, true)
		held.disabled = !held.disabled
		m.end(name, "")
	case 14:
		id := Identity{"https://id.example", name}
		switch {
		case m.random.IntN(2) == 0 && !held.hasFactor:
			m.factorOf(name)
			held.hasFactor = true
			m.end(name, "")
		case m.random.IntN(2) == 0 && held.hasFactor:
			m.fact(factorReset, onAccount{name, whoActs{"x", "y"}})
			held.hasFactor = false
			m.end(name, "")
		case held.isLinked:
			m.fact(accountUnlinked, linkedAccount{name, id, whoActs{"x", "y"}})
			held.isLinked = false
			m.end(name, bySSO)
		default:
			m.fact(accountLinked, linkedAccount{name, id, whoActs{"x", "y"}})
			held.isLinked = true
		}
		m.did = append(m.did, "factor or link "+name)
	case 15:
		if m.random.IntN(8) == 0 {
			expect("restore", m.Restored(ctx, owner), true)
			for name, held := range m.accounts {
				m.end(name, "")
				held.password, held.hasFactor = "", false
			}
			return
		}
		in, err := m.SignInAs(ctx, Identity{"https://id.example", name}, "", "192.0.2.1")
		if err == nil {
			m.begun(in, name, bySSO)
		}
		m.did = append(m.did, fmt.Sprintf("single sign-on %s: %v", name, err))
		if (err == nil) != (held.isLinked && !held.disabled) {
			m.t.Errorf("single sign-on of %s: %v", name, err)
		}
	}
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// check compares all sessions that ever began with those of the program. It uses none of them.
func (m *model) check() {
	for i, x := range m.sessions {
		hash, _ := hashSecret(x.in.Secret)
		held := m.state.bySecret[hash]
		if got := held != nil && held.isAlive(m.now()); got != m.alive(x) {
			m.t.Errorf("session %d of %s: expected alive %v, got %v", i, x.account, m.alive(x), got)
		}
	}
	if len(m.state.sessions) != len(m.state.bySecret) {
		m.t.Errorf("%d sessions, %d by secret", len(m.state.sessions), len(m.state.bySecret))
	}
	for name, held := range m.state.accounts {
		if len(held.sessions) > 2*sessionsMax+1 { // one may have expired, and is swept by the next
			m.t.Errorf("%s keeps %d sessions", name, len(held.sessions))
		}
	}
}

func TestWhichSessionsAreAliveIsWhatThePlainModelSays(t *testing.T) {
	for seed := range uint64(40) {
		m := &model{hall: newHall(t, AccountsConfig{}), random: rand.New(rand.NewPCG(seed, 2)),
			accounts: map[string]*modelAccount{}, names: []string{"an", "bo", "cai"}}
		for _, name := range m.names {
			m.add(name, Binding{Role: Finance})
			m.accounts[name] = &modelAccount{role: Finance, password: goodPassword}
		}
		for range 120 {
			m.step()
			m.check()
			if t.Failed() {
				t.Fatalf("seed %d:\n%s", seed, strings.Join(m.did, "\n"))
			}
		}
		before := proofsOf(m.Access)
		m.open()
		if after := proofsOf(m.Access); after != before {
			t.Errorf("opened again:\n%s\nexpected\n%s", after, before)
		}
		for _, x := range m.sessions {
			if m.isIn(x.in) {
				t.Errorf("a session of %s is alive in another process", x.account)
			}
		}
	}
}

// proofsOf returns the credentials of all accounts, as folded from the log.
func proofsOf(a *Access) string {
	a.mu.RLock()
	defer a.mu.RUnlock()
	var out strings.Builder
	for name, held := range a.state.accounts {
		_ = name
		c := held.credentials
		c.sessions = nil
		factor := "none"
		if c.factor != nil {
			factor = fmt.Sprintf("%+v", *c.factor)
		}
		c.factor = nil
		fmt.Fprintf(&out, "%s %+v %s\n", held.name, c, factor)
	}
	lines := strings.Split(out.String(), "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func TestARestoredLogGivesNothingBackButLinks(t *testing.T) {
	h := newHall(t, AccountsConfig{})
	h.add("cai", Binding{Role: Finance})
	in := h.signIn("cai")
	h.factorOf("cai")
	id := Identity{"https://id.example", "cai"}
	err := h.act(t.Context(), accountsStream, func(*state) ([]fact, error) {
		return []fact{{accountLinked, linkedAccount{"cai", id, whoActs{"x", "y"}}}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, again := range []bool{false, true} {
		if again {
			h.open()
		} else if err := h.Restored(t.Context(), owner); err != nil {
			t.Fatal(err)
		}
		shown, err := h.Desk(owner).Account(t.Context(), "cai")
		if err != nil || shown.Password || shown.Factor || !slices.Equal(shown.Identities, []Identity{id}) {
			t.Errorf("%+v, %v", shown, err)
		}
		if h.isIn(in) {
			t.Error("a session goes on")
		}
		if _, err := h.try("cai", goodPassword, "", "192.0.2.1"); code(err) != text.Unauthenticated {
			t.Errorf("the password of before: %v", err)
		}
		if held := h.state.accounts["cai"]; len(held.devices) > 0 || held.knows(in.Device, h.now()) != (secretHash{}) {
			t.Error("the browser is known")
		}
	}
	if _, err := h.Desk(owner).SetPassword(t.Context(), "cai", NewPassword{"a new one after all"}); err != nil {
		t.Fatal(err)
	}
	if in, err := h.try("cai", "a new one after all", "", "192.0.2.1"); err != nil ||
		!slices.Equal(in.Session.Needs, []string{NeedPassword}) {
		t.Errorf("%+v, %v", in, err)
	}
}

// TestNobodyCanFixASession checks that a session that gains rights gets a new secret, and that the old one no
// longer works.
func TestNobodyCanFixASession(t *testing.T) {
	h := newHall(t, AccountsConfig{})
	if _, err := h.Desk(owner).AddAccount(t.Context(), NewAccount{"cai", Binding{Role: Finance}}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Desk(owner).SetPassword(t.Context(), "cai", NewPassword{goodPassword}); err != nil {
		t.Fatal(err)
	}
	first := h.signIn("cai")
	if !slices.Equal(first.Session.Needs, []string{NeedPassword}) || first.Device != "" {
		t.Fatalf("%+v", first)
	}
	p := h.who(first)
	if p.Can(ReadLedger) || !p.Can(ReadMe) {
		t.Errorf("it may do more: %+v", p)
	}
	second, err := h.ChangePassword(t.Context(), p, goodPassword, goodPassword+"x")
	if err != nil {
		t.Fatal(err)
	}
	if second.Secret == first.Secret || h.isIn(first) || len(h.who(second).Needs) > 0 || second.Device == "" {
		t.Errorf("%+v", second)
	}
	third, err := h.ChangePassword(t.Context(), h.who(second), goodPassword+"x", goodPassword+"y")
	if err != nil || h.isIn(second) || !h.isIn(third) {
		t.Errorf("%+v, %v", third, err)
	}
	for _, shown := range []string{"", "x", third.Secret + "A", third.Secret[1:], strings.ToLower(third.Secret),
		first.Secret} {
		if _, err := h.AuthenticateSession(shown, "192.0.2.1", ""); code(err) != text.Unauthenticated ||
			err.Error() != errNoSession.Error() {
			t.Errorf("%q: %v", shown, err)
		}
	}
}

func TestASessionThatIsNotUsedEnds(t *testing.T) {
	h := newHall(t, AccountsConfig{SessionIdle: 5 * time.Minute})
	h.add("cai", Binding{Role: Finance})
	in := h.signIn("cai")
	if in.Session.IdleMinutes != 5 {
		t.Errorf("%+v", in.Session)
	}
	for range 12*20 - 1 { // used every three minutes
		h.wait(3 * time.Minute)
		if !h.isIn(in) {
			t.Fatal("it is over")
		}
	}
	h.wait(3 * time.Minute)
	if h.isIn(in) {
		t.Error("it lasts for more than twelve hours")
	}
	in = h.signIn("cai")
	p := h.who(in)
	h.wait(5*time.Minute - time.Nanosecond)
	if !h.stands(&p) {
		t.Error("it is over too early")
	}
	h.wait(time.Nanosecond)
	if h.stands(&p) || h.isIn(in) {
		t.Error("it was not used and goes on")
	}
	for _, bad := range []AccountsConfig{{SessionIdle: 4 * time.Minute}, {SessionIdle: 61 * time.Minute},
		{PasswordDays: -1}} {
		bad.Store, bad.Now = newStore(), h.now
		if _, err := Open(t.Context(), bad); err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}

// ends are the acts that end the sessions of an account.
var ends = map[string]func(h *hall, p Principal) error{
	"signed out": func(h *hall, p Principal) error { return h.SignOut(context.Background(), p) },
	"another role": func(h *hall, p Principal) error {
		_, err := h.Desk(owner).Bind(context.Background(), p.Account, Binding{Role: Auditor})
		return err
	},
	"disabled": func(h *hall, p Principal) error {
		_, err := h.Desk(owner).Disable(context.Background(), p.Account)
		return err
	},
	"password set": func(h *hall, p Principal) error {
		_, err := h.Desk(owner).SetPassword(context.Background(), p.Account, NewPassword{goodPassword + "z"})
		return err
	},
	"password changed": func(h *hall, p Principal) error {
		_, err := h.ChangePassword(context.Background(), p, goodPassword, goodPassword+"z")
		return err
	},
	"factor enrolled": func(h *hall, p Principal) error { h.factorOf(p.Account); return nil },
	"factor reset": func(h *hall, p Principal) error {
		return h.act(context.Background(), accountsStream, func(*state) ([]fact, error) {
			return []fact{{factorReset, onAccount{p.Account, whoActs{"x", "y"}}}}, nil
		})
	},
	"restored": func(h *hall, p Principal) error { return h.Restored(context.Background(), owner) },
}

func TestAStaleSessionDoesNothing(t *testing.T) {
	k := newKit(t)
	for name, end := range ends {
		h := newHall(t, AccountsConfig{Ledger: k.Ledger})
		local := k.local
		h.add("cai", Binding{Role: Finance})
		in := h.signIn("cai")
		p := h.who(in)
		began, ended := make(chan struct{}, 100), make(chan error, 1)
		go func() {
			ended <- h.Guard(local, p).Follow(context.Background(), 0, func(*events.Stored) error {
				began <- struct{}{}
				return nil
			})
		}()
		<-began
		file := &endless{first: func() {
			if err := end(h, p); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}}
		_, err := h.Guard(local, p).Import(t.Context(), desk.ImportRequest{
			Files: []desk.Upload{{Name: "x.jsonl", Content: file, Bytes: 1 << 50}}, Bad: func(desk.BadLine) {}})
		if code(err) != text.Unauthenticated {
			t.Errorf("%s: the import goes on: %v", name, err)
		}
		select {
		case err := <-ended:
			if code(err) != text.Unauthenticated {
				t.Errorf("%s: the stream: %v", name, err)
			}
		case <-time.After(time.Minute):
			t.Fatalf("%s: the stream goes on", name)
		}
		if h.isIn(in) {
			t.Errorf("%s: the session goes on", name)
		}
		if err := calls["Record"](t.Context(), h.Guard(local, p), "ZJ-0001"); code(err) != text.Unauthenticated {
			t.Errorf("%s: a record: %v", name, err)
		}
		if _, err := h.Desk(p).AddToken(t.Context(), NewToken{Name: "x"}); code(err) != text.Unauthenticated {
			t.Errorf("%s: a token: %v", name, err)
		}
		if _, err := h.ChangePassword(t.Context(), p, goodPassword,
			goodPassword+"q"); code(err) != text.Unauthenticated {
			t.Errorf("%s: the password: %v", name, err)
		}
	}
}

func TestAScopeCountsAtOnceInASession(t *testing.T) {
	h := newHall(t, AccountsConfig{})
	h.add("cai", Binding{Role: Center, Center: "ZJ-0001"})
	in := h.signIn("cai")
	before := h.who(in)
	if _, err := h.Desk(owner).Bind(t.Context(), "cai", Binding{Role: Center, Center: "ZJ-0002"}); err != nil {
		t.Fatal(err)
	}
	if h.stands(&before) {
		t.Error("the scope of before still stands")
	}
	if now := h.who(in); now.Center != "ZJ-0002" {
		t.Errorf("%+v", now)
	}
}

func TestAFourthSessionEndsTheOneUsedLongestAgo(t *testing.T) {
	h := newHall(t, AccountsConfig{})
	h.add("cai", Binding{Role: Finance})
	var in []*SignedIn
	for range 3 {
		h.wait(time.Minute)
		in = append(in, h.signIn("cai"))
	}
	h.wait(time.Minute)
	h.who(in[0])
	h.wait(time.Minute)
	in = append(in, h.signIn("cai"))
	for i, want := range []bool{true, false, true, true} {
		if h.isIn(in[i]) != want {
			t.Errorf("session %d: expected alive %v", i, want)
		}
	}
	var ended []string
	for _, e := range logOf(t, h.Access, LogQuestion{Kind: LogLogin}) {
		if e.Verb == string(sessionEnded) {
			ended = append(ended, e.Object)
		}
	}
	if len(ended) != 1 || !strings.HasPrefix(ended[0], "cai ") {
		t.Errorf("the log has %v", ended)
	}
}

// TestWhoHasThePasswordAloneEndsNobodysSession signs in again and again without a code.
func TestWhoHasThePasswordAloneEndsNobodysSession(t *testing.T) {
	h := newHall(t, AccountsConfig{})
	h.add("cai", Binding{Role: Finance})
	h.factorOf("cai")
	in := h.signIn("cai")
	if !slices.Equal(in.Session.Needs, []string{NeedCode}) {
		t.Fatalf("%+v", in)
	}
	h.showed(in)
	for range 5 {
		h.wait(time.Minute)
		other := h.signIn("cai")
		if p := h.who(other); p.Can(ReadLedger) || p.Can(OwnTokens) || len(p.May) > 0 {
			t.Errorf("without a code: %+v", p)
		}
		if _, err := h.ChangePassword(t.Context(), h.who(other), goodPassword,
			goodPassword+"x"); code(err) != text.MoreProof {
			t.Errorf("without a code: %v", err)
		}
	}
	if !h.isIn(in) {
		t.Error("the session with a code has ended")
	}
	half := h.signIn("cai")
	h.wait(10 * time.Minute)
	if h.isIn(half) {
		t.Error("a session without a code lasts more than ten minutes")
	}
}

func TestWhatWantsACodeSaysSo(t *testing.T) {
	k := newKit(t)
	h := newHall(t, AccountsConfig{Ledger: k.Ledger})
	h.add("sec", Binding{Role: SecAdmin})
	in := h.signIn("sec")
	p := h.who(in)
	if !slices.Equal(p.Needs, []string{NeedFactor}) {
		t.Fatalf("an administrator without a factor: %+v", p)
	}
	wants := func(what string, err error, need string) {
		t.Helper()
		more, ok := err.(*MoreProofError)
		if !ok || !slices.Equal(more.Needs, []string{need}) || text.CodeOf(err) != text.MoreProof {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, err := h.Desk(p).Accounts(t.Context())
	wants("accounts", err, NeedFactor)
	_, err = h.Guard(k.local, p).Policies(t.Context(), desk.When{})
	wants("policies", err, NeedFactor)
	if me, err := h.Desk(p).Me(t.Context()); err != nil || !slices.Equal(me.Rights, []Right{ReadMe}) ||
		!slices.Equal(me.Session.Needs, []string{NeedFactor}) {
		t.Errorf("%+v, %v", me, err)
	}

	h.factorOf("sec")
	h.add("cai", Binding{Role: Finance, MayRecord: true})
	in = h.signIn("sec")
	p = h.showed(in)
	made, err := h.Desk(p).AddToken(t.Context(), NewToken{Name: "x", May: []string{MayAccounts}})
	if err != nil || len(made.May) != 1 {
		t.Errorf("a token in a session with a fresh code: %+v, %v", made, err)
	}
	if _, err = h.Desk(p).AddToken(t.Context(), NewToken{Account: "cai", Name: "x", May: []string{MayRecord}}); code(
		err) != text.Forbidden {
		t.Errorf("a token of another for acts: %v", err)
	}
	if _, err = h.Desk(p).Bind(t.Context(), "cai", Binding{Role: Finance, MayRecord: true}); err != nil {
		t.Error(err)
	}
	h.wait(freshMax + time.Nanosecond)
	p = h.who(in)
	if len(p.May) > 0 {
		t.Errorf("the code is stale: %+v", p)
	}
	_, err = h.Desk(p).Bind(t.Context(), "cai", Binding{Role: Finance})
	wants("bind", err, NeedCode)
	_, err = h.Desk(p).AddToken(t.Context(), NewToken{Name: "x", May: []string{MayAccounts}})
	wants("token", err, NeedCode)
	if _, err = h.Desk(p).Accounts(t.Context()); err != nil {
		t.Errorf("what wants no code: %v", err)
	}

	cai := h.who(h.signIn("cai"))
	_, err = h.Guard(k.local, cai).Record(t.Context(), draft(t, "ZJ-0001", recording))
	wants("record mode without a factor", err, NeedFactor)
	if n := len(logOf(t, h.Access, LogQuestion{Kind: LogDenied, Account: "cai"})); n != 1 {
		t.Errorf("%d denials are in the log", n)
	}
	h.factorOf("cai")
	cai = h.showed(h.signIn("cai"))
	if _, err := h.Guard(k.local, cai).Record(t.Context(),
		draft(t, "ZJ-0001", recording)); code(err) == text.MoreProof || code(err) == text.Forbidden {
		t.Errorf("record mode with a fresh code: %v", err)
	}
}

func TestADemoAsksForNothingMore(t *testing.T) {
	h := newHall(t, AccountsConfig{Demo: true})
	if _, err := h.Desk(owner).AddAccount(t.Context(), NewAccount{"sec", Binding{Role: SecAdmin}}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Desk(owner).SetPassword(t.Context(), "sec", NewPassword{goodPassword}); err != nil {
		t.Fatal(err)
	}
	if p := h.who(h.signIn("sec")); len(p.Needs) > 0 || !slices.Equal(p.May, []string{MayPolicy, MayAccounts}) {
		t.Errorf("%+v", p)
	}
}
