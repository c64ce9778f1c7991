package access

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/taizhang/taizhang/events/text"
)

// outcomeOfSignIn returns how an attempt to sign in ends.
func outcomeOfSignIn(err error) string {
	var throttled *ThrottledError
	switch {
	case err == nil:
		return "in"
	case errors.As(err, &throttled):
		return "throttled"
	case errors.Is(err, errBusy):
		return "busy"
	case err.Error() == errNotRight.Error() && text.CodeOf(err) == text.Unauthenticated:
		return "not right"
	}
	return err.Error()
}

// TestNobodyLearnsWhichNamesThereAre compares all ways to fail: the answer, the number of hashes, and when
// attempts are throttled.
func TestNobodyLearnsWhichNamesThereAre(t *testing.T) {
	h := newHall(t, AccountsConfig{})
	h.add("cai", Binding{Role: Finance})
	h.add("off", Binding{Role: Finance})
	h.add("ke", Binding{Role: STOffice})
	h.factorOf("ke")
	if _, err := h.Desk(owner).Disable(t.Context(), "off"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Desk(owner).AddAccount(t.Context(), NewAccount{Account: "new"}); err != nil {
		t.Fatal(err)
	}
	typed := "my secret password"
	for i, c := range []struct {
		name string
		c    Credentials
		why  string
	}{
		{"a wrong password", Credentials{Account: "cai", Password: "wrong"}, whyPassword},
		{"no password typed", Credentials{Account: "cai"}, whyPassword},
		{"a wrong code", Credentials{Account: "ke", Password: goodPassword, Code: "000000"}, whyCode},
		{"a disabled account", Credentials{Account: "off", Password: goodPassword}, whyDisabled},
		{"an account without a password", Credentials{Account: "new", Password: goodPassword}, whyNoPassword},
		{"no account", Credentials{Account: "nobody", Password: goodPassword}, whyUnknown},
		{"no name", Credentials{Password: goodPassword}, whyUnknown},
		{"a password typed as the name", Credentials{Account: typed, Password: "x"}, whyUnknown},
		{"a name that is too long", Credentials{Account: strings.Repeat(typed, 200), Password: goodPassword},
			whyUnknown},
		{"a name of an owner", Credentials{Account: "local:root", Password: goodPassword}, whyUnknown},
	} {
		c.c.Source = fmt.Sprint("192.0.2.", i)
		for n := range 12 {
			before := h.hashes.Load()
			_, err := h.SignIn(t.Context(), c.c)
			want, hashes := "not right", int64(1)
			if n >= nameMisses {
				want, hashes = "throttled", 0
			}
			if got := outcomeOfSignIn(err); got != want || h.hashes.Load()-before != hashes {
				t.Errorf("%s, attempt %d: expected %s after %d hashes, got %s after %d", c.name, n, want, hashes, got,
					h.hashes.Load()-before)
			}
			if err != nil && n >= nameMisses && err.Error() != (&ThrottledError{throttleWindow}).Error() {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		h.wait(throttleWindow)
		isThere := h.state.accounts[c.c.Account] != nil
		refused := 0
		for _, e := range logOf(t, h.Access, LogQuestion{Kind: LogLogin}) {
			if e.Source == c.c.Source && e.Outcome == outcomeRefused {
				refused += e.Count
				if e.Object != c.why || e.Verb != verbSignIn ||
					(e.Account == c.c.Account) != (isThere || c.c.Account == "") {
					t.Errorf("%s: the log has %+v", c.name, e)
				}
			}
		}
		if refused != nameMisses {
			t.Errorf("%s: the log has %d failures", c.name, refused)
		}
	}
	for _, e := range logOf(t, h.Access, LogQuestion{}) {
		if strings.Contains(fmt.Sprint(e), typed) {
			t.Errorf("the log has what was typed as a name: %+v", e)
		}
	}
	h.signIn("cai")
}

func TestStrangersLockNobodyOutOfAKnownBrowser(t *testing.T) {
	h := newHall(t, AccountsConfig{})
	h.add("cai", Binding{Role: Finance})
	h.add("ke", Binding{Role: Finance})
	known := h.signIn("cai").Device
	for i := range 40 {
		_, _ = h.try("cai", "wrong", "", fmt.Sprint("198.51.100.", i))
	}
	if _, err := h.try("cai", goodPassword, "", "192.0.2.1"); outcomeOfSignIn(err) != "throttled" {
		t.Errorf("a stranger: %v", err)
	}
	in, err := h.try("cai", goodPassword, known, "192.0.2.1")
	if err != nil || in.Device != "" {
		t.Errorf("a known browser: %+v, %v", in, err)
	}
	if in, err := h.try("ke", goodPassword, known, "192.0.2.1"); err != nil || in.Device != "" {
		t.Errorf("a browser that is known to another account keeps what it has: %+v, %v", in, err)
	}
	for i := range 12 { // the browser itself, with a wrong password
		want := "not right"
		if i >= deviceMisses {
			want = "throttled"
		}
		if _, err := h.try("cai", "wrong", known, "192.0.2.1"); outcomeOfSignIn(err) != want {
			t.Errorf("attempt %d of a known browser: %v", i, err)
		}
	}
	h.wait(throttleWindow)
	if _, err := h.try("cai", goodPassword, known, "192.0.2.1"); err != nil {
		t.Error(err)
	}
	for range 3 * nameMisses { // what succeeds is no failure
		h.signIn("cai")
	}
	if _, err := h.Desk(owner).SetPassword(t.Context(), "cai", NewPassword{goodPassword}); err != nil {
		t.Fatal(err)
	}
	if held := h.state.accounts["cai"].knows(known, h.now()); held != (secretHash{}) {
		t.Error("the browser is known after another set the password")
	}
}

func TestABrowserIsKnownForAYear(t *testing.T) {
	h := newHall(t, AccountsConfig{})
	h.add("cai", Binding{Role: Finance})
	first := h.signIn("cai").Device
	h.wait(365*24*time.Hour - time.Minute)
	if in, err := h.try("cai", goodPassword, first, "192.0.2.1"); err != nil || in.Device != "" {
		t.Errorf("%+v, %v", in, err)
	}
	h.wait(time.Minute)
	if in, err := h.try("cai", goodPassword, first, "192.0.2.1"); err != nil || in.Device == "" {
		t.Errorf("%+v, %v", in, err)
	}
	for range devicesMax + 1 {
		h.signIn("cai")
	}
	if n := len(h.state.accounts["cai"].devices); n != devicesMax {
		t.Errorf("%d browsers are known", n)
	}
}

func TestOneSourceTriesThirtyTimes(t *testing.T) {
	h := newHall(t, AccountsConfig{})
	of := func(i int) string { return fmt.Sprintf("2001:db8:1:2:%x::7", i) } // one customer has all of a /64
	for i := range sourceMisses + 5 {
		want := "not right"
		if i >= sourceMisses {
			want = "throttled"
		}
		if _, err := h.try(fmt.Sprint("name", i), "wrong", "", of(i)); outcomeOfSignIn(err) != want {
			t.Errorf("attempt %d: %v", i, err)
		}
	}
	for _, other := range []string{"2001:db8:1:3::7", "192.0.2.1", "socket"} {
		if _, err := h.try("cai", "wrong", "", other); outcomeOfSignIn(err) != "not right" {
			t.Errorf("%s: %v", other, err)
		}
	}
	for a, b := range map[string]string{"::ffff:192.0.2.1": "192.0.2.1", "fe80::1%eth0": "fe80::/64",
		"2001:db8::1": "2001:db8::/64", "x": "x"} {
		if got := Network(a); got != b {
			t.Errorf("%s: expected %s, got %s", a, b, got)
		}
	}
}

// TestBucketsAreBounded fills a table with more keys than it has room for.
func TestBucketsAreBounded(t *testing.T) {
	b := buckets{limit: 2, max: 1000, byKey: map[bucketKey]*bucket{}}
	for i := range 1500 {
		b.take(keyOf("name", fmt.Sprint(i)), start)
	}
	if len(b.byKey) != 1000 || len(b.order) != 1000 {
		t.Errorf("%d buckets, %d in order", len(b.byKey), len(b.order))
	}
	if throttle := newThrottle(); throttle.names.max != bucketsMax || throttle.sources.max != bucketsMax ||
		throttle.devices.max != bucketsMax {
		t.Errorf("%+v", throttle)
	}
	if b.live(keyOf("name", "499"), start) != nil || b.live(keyOf("name", "500"), start) == nil {
		t.Error("the oldest are not those that are forgotten")
	}
	if b.live(keyOf("name", "700"), start.Add(throttleWindow)); len(b.byKey) != 0 || len(b.order) != 0 {
		t.Errorf("%d buckets when all have ended", len(b.byKey))
	}
}

// TestAFloodMakesTwoHashesAtOnce lets strangers from many sources sign in with many names, while a known browser
// signs in and the owner sets a password.
func TestAFloodMakesTwoHashesAtOnce(t *testing.T) {
	h := newHall(t, AccountsConfig{})
	h.add("cai", Binding{Role: Finance})
	known := h.signIn("cai").Device
	cheap := h.hasher.derive
	var atOnce, most atomic.Int64
	release := make(chan struct{}) // strangers' hashes last until the others are done
	h.hasher.derive = func(password, salt []byte, c cost, bytes uint32) []byte {
		n := atOnce.Add(1)
		for {
			if was := most.Load(); n <= was || most.CompareAndSwap(was, n) {
				break
			}
		}
		if string(password) == "wrong" {
			<-release
		}
		defer atOnce.Add(-1)
		return cheap(password, salt, c, bytes)
	}
	const flood = 500
	outcomes := make(chan string, flood)
	for i := range flood {
		go func() {
			_, err := h.SignIn(context.Background(), Credentials{Account: fmt.Sprint("name", i%100), Password: "wrong",
				Source: fmt.Sprintf("198.51.%d.%d", i%7, i/7)})
			outcomes <- outcomeOfSignIn(err)
		}()
	}
	count := map[string]int{}
	for range flood - waitersMax - 1 { // who finds the queue full has an answer at once
		count[<-outcomes]++
	}
	if count["busy"] != flood-waitersMax-1 {
		t.Errorf("%v", count)
	}
	for range 20 {
		if _, err := h.try("cai", goodPassword, known, "192.0.2.1"); err != nil {
			t.Errorf("a known browser: %v", err)
		}
	}
	if _, err := h.Desk(owner).SetPassword(t.Context(), "cai", NewPassword{goodPassword}); err != nil {
		t.Error(err)
	}
	close(release)
	for range waitersMax + 1 {
		count[<-outcomes]++
	}
	if count["not right"] != waitersMax+1 || most.Load() > 2 {
		t.Errorf("%v, %d hashes at once", count, most.Load())
	}
	if h.hasher.strangers.places != 0 || len(h.hasher.strangers.of) != 0 || h.hasher.others.places != 0 {
		t.Errorf("somebody waits: %+v", h.hasher.strangers)
	}
}

func TestOneHasEightPlacesInALane(t *testing.T) {
	l, inside, leave := newLane(), make(chan struct{}, 100), make(chan struct{})
	var users sync.WaitGroup
	try := func(who string) bool {
		if !l.enter(who) {
			return false
		}
		l.leave(who)
		return true
	}
	for i := range ofOneMax {
		users.Go(func() {
			if err := l.do(t.Context(), "one",
				func() error { inside <- struct{}{}; <-leave; return nil }); err != nil {
				t.Errorf("%d: %v", i, err)
			}
		})
	}
	<-inside
	waitFor(t, func() bool { l.mu.Lock(); defer l.mu.Unlock(); return l.places == ofOneMax })
	if try("one") || !try("another") {
		t.Error("one takes more places than he may, or all")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.do(ended, "another", func() error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("who goes away: %v", err)
	}
	close(leave)
	users.Wait()
}

// waitFor waits until a condition holds.
func waitFor(t *testing.T, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !holds(); {
		if time.Now().After(end) {
			t.Fatal("it never holds")
		}
		runtime.Gosched()
	}
}

// TestAFloodOfTheRealHash tries many names at once with the real hash.
func TestAFloodOfTheRealHash(t *testing.T) {
	h := newHall(t, AccountsConfig{})
	h.add("cai", Binding{Role: Finance})
	known := h.signIn("cai").Device
	var atOnce, most atomic.Int64
	h.hasher.derive = func(password, salt []byte, c cost, bytes uint32) []byte {
		n := atOnce.Add(1)
		defer atOnce.Add(-1)
		for was := most.Load(); n > was && !most.CompareAndSwap(was, n); was = most.Load() {
		}
		return argon2id(password, salt, c, bytes)
	}
	h.set("cai", goodPassword)
	h.mu.Lock()
	_ = h.state.accounts["cai"].know(written(mustHash(known)), h.now()) // as if it had signed in since
	h.mu.Unlock()
	var users sync.WaitGroup
	for i := range 2 {
		users.Go(func() {
			_, err := h.SignIn(context.Background(),
				Credentials{Account: fmt.Sprint("name", i), Password: "wrong", Source: fmt.Sprint("198.51.100.", i)})
			if got := outcomeOfSignIn(err); got != "not right" && got != "busy" {
				t.Errorf("%s", got)
			}
		})
	}
	if _, err := h.try("cai", goodPassword, known, "192.0.2.1"); err != nil {
		t.Errorf("a known browser: %v", err)
	}
	users.Wait()
	if most.Load() > 2 {
		t.Errorf("%d hashes at once", most.Load())
	}
}

func mustHash(secret string) secretHash {
	hash, ok := hashSecret(secret)
	if !ok {
		panic("it is no secret")
	}
	return hash
}

// TestManyUseTheirSessionsWhileOthersAct is for the race detector.
func TestManyUseTheirSessionsWhileOthersAct(t *testing.T) {
	h := newHall(t, AccountsConfig{})
	for _, name := range []string{"an", "bo"} {
		h.add(name, Binding{Role: Finance})
	}
	var users sync.WaitGroup
	for i := range 4 {
		users.Go(func() {
			name := []string{"an", "bo"}[i%2]
			device := ""
			for n := range 30 {
				in, err := h.SignIn(context.Background(), Credentials{
					Account: name, Password: goodPassword, Device: device, Source: fmt.Sprint("192.0.2.", i)})
				if err != nil {
					continue
				}
				device = cmpOr(in.Device, device)
				p, err := h.AuthenticateSession(in.Secret, "192.0.2.1", "")
				if err != nil {
					continue // another has crowded it out
				}
				_, _ = h.Desk(p).Me(context.Background())
				_, _ = h.Desk(p).Tokens(context.Background(), "")
				h.wait(time.Second)
				switch n % 3 {
				case 0:
					_ = h.SignOut(context.Background(), p)
				case 1:
					_, _ = h.ChangePassword(context.Background(), p, "wrong", goodPassword+"x")
				}
				if i == 0 && n%10 == 0 {
					_, _ = h.Desk(owner).Bind(context.Background(), "bo",
						Binding{Role: []Role{Finance, Auditor}[n/10%2]})
				}
			}
		})
	}
	users.Wait()
	h.wait(13 * time.Hour)
	h.signIn("an")
	if n := len(h.state.accounts["an"].sessions); n != 1 {
		t.Errorf("%d sessions are kept", n)
	}
}

func TestABrowserIsKnownToEverybodyWhoSignedInThere(t *testing.T) {
	h := newHall(t, AccountsConfig{})
	h.add("cai", Binding{Role: Finance})
	h.add("zx", Binding{Role: Finance})
	first := h.signIn("cai")
	in, err := h.try("zx", goodPassword, first.Device, "192.0.2.1")
	if err != nil || in.Device != "" {
		t.Fatalf("the browser is to keep something else: %+v, %v", in, err)
	}
	changed, err := h.ChangePassword(t.Context(), h.who(in), goodPassword, "another good password")
	if err != nil || changed.Device != "" {
		t.Fatalf("after a change of the password: %+v, %v", changed, err)
	}
	for i := range 40 {
		for _, name := range []string{"cai", "zx"} {
			_, _ = h.try(name, "wrong", "", fmt.Sprint("198.51.100.", i))
		}
	}
	if _, err := h.try("cai", goodPassword, first.Device, "192.0.2.1"); err != nil {
		t.Error(err)
	}
	if _, err := h.try("zx", "another good password", first.Device, "192.0.2.1"); err != nil {
		t.Error(err)
	}
	made, _ := newSecret()
	if in, err := h.try("zx", "another good password", made, "192.0.2.1"); outcomeOfSignIn(err) != "throttled" {
		t.Errorf("a secret that nobody gave out: %+v, %v", in, err)
	}
}
