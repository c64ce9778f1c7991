package access

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

func TestAPasswordKeepsTheRules(t *testing.T) {
	for _, c := range []struct {
		password string
		good     bool
	}{
		{"correct horse", true},
		{"elevenchars", false},
		{"twelve chars", true},
		{"一二三四五六七八九十百千", true},
		{"一二三四五六七八九十百", false},
		{strings.Repeat("abcde", 51) + "f", true},
		{strings.Repeat("abcde", 51) + "fg", false},
		{"aabbccddaabb", false},
		{"aabbccddeeaa", true},
		{"zhangsanfeng", false},
		{"ZhangSanFeng2026!", false},
		{"2026zhangsanfeng", false},
		{"zhangsanfeng的密码", true},
		{"twelve\tchars", false},
		{"twelve\x00chars", false},
		{"twelve\u0085chars", false},
		{"twelve chars\xff", false},
		{"  twelve  chars  ", true},
		{"e\u0301e\u0301e\u0301e\u0301abcdefg", false}, // eleven characters once composed
	} {
		err := checkPassword("zhangsanfeng", c.password, "password")
		if (err == nil) != c.good || err != nil && text.CodeOf(err) != text.Invalid {
			t.Errorf("%q: %v", c.password, err)
		}
		if err != nil && strings.Contains(err.Error(), c.password) {
			t.Errorf("%v repeats it", err)
		}
	}
}

func TestAPasswordIsThatOfTheLogAlone(t *testing.T) {
	h := newHasher()
	h.cost = cost{memory: 64, passes: 1, threads: 1}
	made := h.make("caf\u00e9 au lait, please")
	if !strings.HasPrefix(made, "$argon2id$v=19$m=64,t=1,p=1$") || made == h.make("caf\u00e9 au lait, please") {
		t.Errorf("%s", made)
	}
	h.cost.passes, h.dummy.cost = 2, h.cost // what is stored has its own cost
	for password, want := range map[string]bool{"caf\u00e9 au lait, please": true, "cafe\u0301 au lait, please": true,
		"cafe au lait, please": false, "": false, "caf\u00e9 au lait, please ": false} {
		if h.matches(password, made) != want {
			t.Errorf("%q: expected %v", password, want)
		}
	}
	// of the tests of the reference implementation
	known := "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
	if !h.matches("password", known) || h.matches("passwore", known) {
		t.Error("a hash of the reference implementation")
	}
	for _, bad := range []string{"", "x", known[1:], strings.Replace(known, "m=256", "m=1048577", 1),
		strings.Replace(known, "t=2", "t=17", 1), strings.Replace(known, "v=19", "v=16", 1),
		strings.Replace(known, "argon2id", "argon2i", 1), strings.Replace(known, "t=2", "t=02", 1),
		strings.Replace(known, "t=2", "t=-2", 1), known + "=", known[:len(known)-40]} {
		if _, err := parseHash(bad); err == nil || h.matches("password", bad) {
			t.Errorf("%s is read", bad)
		}
	}
}

// TestNoPasswordHasTheDummyHash makes the hash of every password equal to the dummy.
func TestNoPasswordHasTheDummyHash(t *testing.T) {
	h := newHasher()
	h.derive = func([]byte, []byte, cost, uint32) []byte { return h.dummy.hash }
	if h.matches("", "") || h.matches(goodPassword, "") || !h.matches("", h.dummy.String()) {
		t.Error("who has no password gets in")
	}
}

func TestAHashCostsWhatOWASPAdvises(t *testing.T) {
	if h := newHasher(); h.cost != (cost{memory: 47104, passes: 1, threads: 1}) || h.dummy.cost != h.cost {
		t.Errorf("%+v", h)
	}
}

func TestAPasswordIsNoneOfTheLastFive(t *testing.T) {
	h := newHall(t, AccountsConfig{})
	h.add("cai", Binding{Role: Finance})
	p := h.who(h.signIn("cai"))
	of := func(i int) string { return fmt.Sprint(goodPassword, i) }
	change := func(from, to string) error {
		in, err := h.ChangePassword(t.Context(), p, from, to)
		if err == nil {
			p = h.who(in)
		}
		return err
	}
	current := goodPassword
	for i := range 4 {
		if err := change(current, of(i)); err != nil {
			t.Fatal(err)
		}
		current = of(i)
	}
	for _, again := range []string{goodPassword, of(0), of(1), of(2), of(3)} {
		if err := change(current, again); code(err) != text.Invalid || err.Error() != errUsedBefore.Error() {
			t.Errorf("%s again: %v", again, err)
		}
	}
	if err := change(current, of(4)); err != nil {
		t.Fatal(err)
	}
	if err := change(of(4), goodPassword); err != nil {
		t.Errorf("the sixth of before: %v", err)
	}
	if err := change("wrong", of(9)); err == nil || err.Error() != errNotCurrent.Error() {
		t.Errorf("a wrong current one: %v", err)
	}
	// otherwise an administrator could find out which passwords an account had
	if _, err := h.Desk(owner).SetPassword(t.Context(), "cai", NewPassword{goodPassword}); err != nil {
		t.Errorf("one of the last, set by another: %v", err)
	}
}

func TestFiveWrongPasswordsEndASession(t *testing.T) {
	h := newHall(t, AccountsConfig{})
	h.add("cai", Binding{Role: Finance})
	in := h.signIn("cai")
	for i := range missesMax {
		if !h.isIn(in) {
			t.Fatalf("over after %d", i)
		}
		if _, err := h.ChangePassword(t.Context(), h.who(in), "wrong", goodPassword+"x"); code(err) != text.Invalid {
			t.Errorf("%v", err)
		}
	}
	if h.isIn(in) {
		t.Error("the session goes on")
	}
}

func TestAPasswordThatAnotherSetOrThatIsOldIsChanged(t *testing.T) {
	h := newHall(t, AccountsConfig{PasswordDays: 90})
	h.add("cai", Binding{Role: Finance})
	h.wait(90*24*time.Hour - time.Nanosecond)
	if in := h.signIn("cai"); len(in.Session.Needs) > 0 {
		t.Errorf("%+v", in)
	}
	h.wait(time.Nanosecond)
	in := h.signIn("cai")
	if !slices.Equal(in.Session.Needs, []string{NeedPassword}) {
		t.Fatalf("%+v", in)
	}
	in, err := h.ChangePassword(t.Context(), h.who(in), goodPassword, goodPassword+"x")
	if err != nil || len(in.Session.Needs) > 0 {
		t.Errorf("%+v, %v", in, err)
	}
	h.add("sec", Binding{Role: SecAdmin})
	h.factorOf("sec")
	if _, err := h.Desk(owner).SetPassword(t.Context(), "sec", NewPassword{goodPassword}); err != nil {
		t.Fatal(err)
	}
	if in := h.signIn("sec"); !slices.Equal(in.Session.Needs, []string{NeedCode, NeedPassword}) {
		t.Errorf("%+v", in)
	}
}

func TestWhoMaySetThePasswordOfAnother(t *testing.T) {
	h, ctx := newHall(t, AccountsConfig{}), t.Context()
	for name, role := range map[string]Role{"sys": SysAdmin, "sys2": SysAdmin, "sec": SecAdmin, "log": LogAdmin,
		"cai": Finance} {
		h.add(name, Binding{Role: role})
	}
	h.factorOf("sys")
	h.factorOf("log")
	sys := h.showed(h.signIn("sys"))
	other := NewPassword{"another password"}
	set := func(p Principal, name string, r NewPassword) error {
		_, err := h.Desk(p).SetPassword(ctx, name, r)
		return err
	}
	stale := sys
	stale.May = nil
	for _, c := range []struct {
		name string
		err  error
		want text.ErrorCode
	}{
		{"of an office", set(sys, "cai", other), ""},
		{"his own", set(sys, "sys", other), text.Forbidden},
		{"of an administrator without a factor", set(sys, "sec", other), text.Forbidden},
		{"of an administrator with one", set(sys, "log", other), ""},
		{"of an administrator without a factor, by the owner", set(owner, "sec", other), ""},
		{"of nobody", set(sys, "nobody", other), text.NotFound},
		{"a weak one", set(sys, "cai", NewPassword{"cai"}), text.Invalid},
		{"with a code that is stale", set(stale, "cai", other), text.MoreProof},
		{"by another role", set(login(t, h.Access, "sec"), "cai", other), text.Forbidden},
	} {
		if code(c.err) != c.want {
			t.Errorf("%s: expected %q, got %v", c.name, c.want, c.err)
		}
	}
	for _, e := range logOf(t, h.Access, LogQuestion{}) {
		if s := fmt.Sprint(e); strings.Contains(s, "argon2") || strings.Contains(s, other.Password) ||
			strings.Contains(s, "GEZDGNBV") {
			t.Errorf("the log shows %s", s)
		}
	}
}

// FuzzHash checks that a hash that can be read is within the limits, and is written back unchanged.
func FuzzHash(f *testing.F) {
	for _, s := range []string{
		"", "$argon2id$v=19$m=47104,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=1,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAA"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		h, err := parseHash(s)
		if err != nil {
			return
		}
		if h.String() != s || h.memory < 1 || h.memory > memoryMax || h.passes < 1 || h.passes > passesMax ||
			h.threads < 1 || h.threads > threadsMax || !fits(h.salt) || !fits(h.hash) {
			t.Errorf("%q is read as %+v", s, h)
		}
	})
}

// FuzzSignInFacts checks that folding facts of signing in never panics, and that every limit holds afterwards.
func FuzzSignInFacts(f *testing.F) {
	hash := fmt.Sprintf("%x", sha256.Sum256(nil))
	kinds := []events.Kind{passwordSet, sessionBegun, sessionEnded, factorShown, factorEnrolled, factorReset,
		accountLinked, accountUnlinked}
	for i, body := range []string{
		`{"account":"cai","hash":"$argon2id$v=19$m=1,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAA","temporary":true,"by":"x","source":"y"}`,
		`{"account":"cai","session":"44444444-0000-4000-8000-000000000001","how":"password","factor":"","step":0,"recovery":"","device":"` + hash + `","by":"x","source":"y"}`,
		`{"account":"cai","session":"44444444-0000-4000-8000-000000000001","by":"x","source":"y"}`,
		`{"account":"cai","session":"44444444-0000-4000-8000-000000000001","factor":"recovery","step":0,"recovery":"` +
			hash + `","device":"","by":"x","source":"y"}`,
		`{"account":"cai","secret":"GEZA","recovery":["` + hash + `"],"step":1,"by":"x","source":"y"}`,
		`{"account":"cai","by":"x","source":"y"}`,
		`{"account":"cai","issuer":"i","subject":"s","by":"x","source":"y"}`,
		`{"account":"cai","issuer":"i","subject":"s","by":"x","source":"y"}`,
	} {
		f.Add(uint8(i), []byte(body))
	}
	f.Fuzz(func(t *testing.T, kind uint8, body []byte) {
		s := newState()
		s.accounts["cai"] = &account{
			name: "cai", credentials: credentials{factor: &factor{recovery: []secretHash{sha256.Sum256(nil)}}}}
		for range 2 {
			_ = s.apply(&events.Stored{Kind: kinds[int(kind)%len(kinds)], Stream: accountsStream, Body: body})
		}
		held := s.accounts["cai"]
		if len(held.passwords) > passwordsMax || len(held.devices) > devicesMax || len(s.accounts) != 1 ||
			len(s.byIdentity) != len(held.identities) || len(s.sessions) > 0 {
			t.Errorf("%+v", held)
		}
		_ = held.current()
		_ = held.knows("", start)
	})
}

// BenchmarkSignIn measures the cost of signing in without the hash.
func BenchmarkSignIn(b *testing.B) {
	h := newHall(b, AccountsConfig{})
	h.hasher.derive = argon2id
	h.add("cai", Binding{Role: Finance})
	in := h.signIn("cai")
	b.Run("hash", func(b *testing.B) {
		for b.Loop() {
			h.hasher.make(goodPassword)
		}
	})
	b.Run("sign-in", func(b *testing.B) {
		for b.Loop() {
			if _, err := h.SignIn(context.Background(), Credentials{
				Account: "cai", Password: goodPassword, Device: in.Device, Source: "192.0.2.1"}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkAuthenticateSession measures what every request of a browser pays.
func BenchmarkAuthenticateSession(b *testing.B) {
	h := newHall(b, AccountsConfig{})
	var secrets []string
	for i := range 100 {
		name := fmt.Sprint("a", i)
		h.add(name, Binding{Role: Finance})
		secrets = append(secrets, h.signIn(name).Secret)
		h.wait(time.Minute)
	}
	once := func(i int) {
		if _, err := h.AuthenticateSession(secrets[i%len(secrets)], "192.0.2.1", "GET /me"); err != nil {
			b.Fatal(err)
		}
		h.wait(time.Millisecond / 10)
	}
	h.wait(-100 * time.Minute)
	b.Run("alone", func(b *testing.B) {
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			once(i)
			i++
		}
	})
	b.Run("at once", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for i := 0; pb.Next(); i++ {
				once(i)
			}
		})
	})
}
