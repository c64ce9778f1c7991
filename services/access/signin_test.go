package access

import (
	"crypto/sha256"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/memstore"
	"github.com/taizhang/taizhang/events/text"
)

// goodPassword meets every rule.
const goodPassword = "海阔凭鱼跃 2026!!"

// hall is an Access with a clock that the test moves, and passwords that cost almost nothing.
type hall struct {
	*Access
	t      testing.TB
	store  events.Store
	cfg    AccountsConfig
	nanos  *atomic.Int64
	hashes *atomic.Int64 // that were made
}

// cheap is a hash that costs almost nothing.
func cheap(password, salt []byte, _ cost, bytes uint32) []byte {
	sum := sha256.Sum256(append(append([]byte{}, salt...), password...))
	return sum[:bytes]
}

func newHall(t testing.TB, cfg AccountsConfig) *hall {
	t.Helper()
	h := &hall{t: t, cfg: cfg, nanos: &atomic.Int64{}, hashes: &atomic.Int64{}}
	h.nanos.Store(start.UnixNano())
	h.cfg.Now = h.now
	h.store = memstore.New(h.now)
	h.open()
	return h
}

func (h *hall) now() time.Time { return time.Unix(0, h.nanos.Load()).UTC() }

func (h *hall) wait(d time.Duration) { h.nanos.Add(int64(d)) }

// open opens the log; calling it again restarts the process.
func (h *hall) open() {
	h.t.Helper()
	cfg := h.cfg
	cfg.Store = h.store
	a, err := Open(h.t.Context(), cfg)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = a.Close() })
	a.hasher.derive = func(password, salt []byte, c cost, bytes uint32) []byte {
		h.hashes.Add(1)
		return cheap(password, salt, c, bytes)
	}
	h.Access = a
}

// add adds an account with a password that need not be changed.
func (h *hall) add(name string, b Binding) {
	h.t.Helper()
	if _, err := h.Desk(owner).AddAccount(h.t.Context(), NewAccount{name, b}); err != nil {
		h.t.Fatal(err)
	}
	h.set(name, goodPassword)
}

// set sets a password as the account itself would.
func (h *hall) set(name, password string) {
	h.t.Helper()
	hash := h.hasher.make(password)
	err := h.act(h.t.Context(), accountsStream, func(*state) ([]fact, error) {
		return []fact{{passwordSet, setPassword{name, hash, false, whoActs{name, "192.0.2.1"}}}}, nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *hall) try(name, password, device, source string) (*SignedIn, error) {
	return h.SignIn(h.t.Context(), Credentials{Account: name, Password: password, Device: device, Source: source})
}

// signIn signs in with the good password from an unknown browser.
func (h *hall) signIn(name string) *SignedIn {
	h.t.Helper()
	in, err := h.try(name, goodPassword, "", "192.0.2.1")
	if err != nil {
		h.t.Fatal(err)
	}
	return in
}

// who returns the principal of a session.
func (h *hall) who(in *SignedIn) Principal {
	h.t.Helper()
	p, err := h.AuthenticateSession(in.Secret, "192.0.2.1", "GET /v1/me")
	if err != nil {
		h.t.Fatal(err)
	}
	return p
}

func (h *hall) isIn(in *SignedIn) bool {
	_, err := h.AuthenticateSession(in.Secret, "192.0.2.1", "GET /v1/me")
	if err != nil && (text.CodeOf(err) != text.Unauthenticated || err.Error() != errNoSession.Error()) {
		h.t.Errorf("a session that is over: %v", err)
	}
	return err == nil
}

func TestWhoShowsNameAndPasswordGetsASession(t *testing.T) {
	h := newHall(t, AccountsConfig{})
	h.add("cai", Binding{Role: Finance})
	in, err := h.try(" CAI ", goodPassword, "", "192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	p := h.who(in)
	if p.Account != "cai" || p.Role != Finance || len(p.Needs) > 0 || len(p.May) > 0 || !p.Can(ReadLedger) ||
		in.Device == "" {
		t.Errorf("%+v %+v", in, p)
	}
	want := Session{Account: "cai", Needs: []string{}, BegunAt: "2026-11-29T10:00:00+08:00",
		EndsAt: "2026-11-29T22:00:00+08:00", IdleMinutes: 30}
	if me, err := h.Desk(p).Me(t.Context()); err != nil || me.Session == nil ||
		!reflect.DeepEqual(*me.Session, want) || !reflect.DeepEqual(in.Session, want) {
		t.Errorf("%+v, %+v, %v", me, me.Session, err)
	}
}
