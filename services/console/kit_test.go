package console_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/pquerna/otp/totp"
	"go.uber.org/zap"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/answers"
	"github.com/taizhang/taizhang/services/api"
	"github.com/taizhang/taizhang/services/console"
	"github.com/taizhang/taizhang/services/demo"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/imports"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/logstore"
	"github.com/taizhang/taizhang/services/oidc"
	"github.com/taizhang/taizhang/services/seal"
	"github.com/taizhang/taizhang/services/signin"
	"github.com/taizhang/taizhang/services/spool"
)

// office is a server of the API and the pages over an empty ledger and its accounts, on a real socket.
type office struct {
	testing.TB
	*httptest.Server
	access *access.Access
	owner  access.AccountDesk
	desk   desk.Local
	pages  *console.Pages
	clock  *clock
}

// clock is the time of a test. It stands still unless it is moved.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(by)
}

// start is the time at which the tests begin: 17:30 in Shanghai.
var start = time.Date(2026, 11, 2, 9, 30, 0, 0, time.UTC)

// open returns a server that does not serve yet, with a clock. provider is called with the address that an issuer
// of identities redirects to; nil for no single sign-on.
func open(t testing.TB, c *clock, provider func(redirect string) *oidc.Provider) *office {
	t.Helper()
	return openOver(t, openStore(t, t.TempDir(), c), c, provider)
}

// openOver is open over the events of a store.
func openOver(t testing.TB, store events.Store, c *clock, provider func(redirect string) *oidc.Provider) *office {
	t.Helper()
	l, err := ledger.Open(t.Context(), store, ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	x := &office{TB: t, clock: c}
	if x.access, err = access.Open(t.Context(),
		access.AccountsConfig{Store: openStore(t, t.TempDir(), c), Ledger: l, Now: c.now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = x.access.Close() })
	x.owner = x.access.Desk(access.Local("kit", "local"))
	cfg := signin.GateConfig{Access: x.access, Now: c.now, Log: zap.NewNop()}
	x.Server = httptest.NewUnstartedServer(nil)
	t.Cleanup(x.Close)
	if provider != nil {
		cfg.Provider = provider("http://" + x.Listener.Addr().String() + "/login/sso/callback")
	}
	gate := signin.New(cfg)
	x.desk = desk.Local{LocalConfig: desk.LocalConfig{Ledger: l, Now: c.now, Version: "v1", Spool: t.TempDir(),
		Root: func(ctx context.Context, position uint64, see func(*events.Stored)) ([sha256.Size]byte, error) {
			return seal.Root(ctx, store, position, see)
		}}}
	kept := answers.New(answers.Config{Desk: x.desk, Access: x.access, Now: c.now})
	jobs := imports.New(imports.Config{Spool: spool.New(t.TempDir(), zap.NewNop()), Now: c.now, Log: zap.NewNop()})
	x.pages = console.New(console.Config{Gate: gate, Answers: kept, Imports: jobs, Patience: time.Minute})
	s := api.New(api.ServerConfig{Desk: x.desk, Access: x.access, Gate: gate, Answers: kept, Imports: jobs,
		Pages: x.pages, ShowProblem: x.pages.ShowProblem, Now: c.now, Log: zap.NewNop(), Build: "v1"})
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	x.Config.Handler = s
	t.Cleanup(s.Stop)
	return x
}

// serve serves on loopback without TLS.
func serve(t testing.TB) *office {
	t.Helper()
	x := open(t, &clock{at: start}, nil)
	x.Start()
	return x
}

// serveProvince serves the province of the demo, with an account of each role, which has the name of the demo's.
func serveProvince(t testing.TB) (*office, *demo.Province) {
	t.Helper()
	made := province()
	if made.err != nil {
		t.Fatal(made.err)
	}
	c, dir := &clock{at: start}, t.TempDir()
	if err := os.CopyFS(dir, made.files); err != nil {
		t.Fatal(err)
	}
	x := openOver(t, openStore(t, dir, c), c, nil)
	x.access.Demo = true // administrators need no second factor
	for _, a := range made.Accounts() {
		x.add(a.Name, a.Binding, "")
	}
	x.Start()
	return x, made.Province
}

// madeProvince is the province of the demo with the files of its ledger.
type madeProvince struct {
	*demo.Province
	files fstest.MapFS
	err   error
}

// province makes the province of the demo at the start of the tests. It is made once, because that takes seconds.
var province = sync.OnceValue(func() (made madeProvince) {
	dir, err := os.MkdirTemp("", "province")
	if err != nil {
		return madeProvince{err: err}
	}
	defer func() { _ = os.RemoveAll(dir) }()
	store, err := logstore.Open(dir, logstore.Options{Clock: func() time.Time { return start }})
	if err != nil {
		return madeProvince{err: err}
	}
	made.Province, err = demo.Fill(context.Background(), store, start)
	made.files = fstest.MapFS{}
	made.err = errors.Join(err, store.Close(), fs.WalkDir(os.DirFS(dir), ".",
		func(name string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			content, err := os.ReadFile(filepath.Join(dir, name))
			made.files[name] = &fstest.MapFile{Data: content, Mode: 0o600}
			return err
		}))
	return made
})

func openStore(t testing.TB, dir string, c *clock) *logstore.Store {
	t.Helper()
	store, err := logstore.Open(dir, logstore.Options{Clock: c.now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

// issuer is the issuer of the identities of the tests. Each identity has the name of its account.
const issuer = "https://id.example"

// add adds an account that an identity is linked to, with a temporary password or with "" for none.
func (x *office) add(name string, b access.Binding, password string) {
	x.Helper()
	_, err := x.owner.AddAccount(x.Context(), access.NewAccount{Account: name, Binding: b})
	if err == nil {
		_, err = x.owner.Link(x.Context(), name, access.Identity{Issuer: issuer, Subject: name})
	}
	if err == nil && password != "" {
		_, err = x.owner.SetPassword(x.Context(), name, access.NewPassword{Password: password})
	}
	if err != nil {
		x.Fatal(err)
	}
}

// code returns the code that an app shows some steps of 30 s from now.
func (x *office) code(secret string, steps int) string {
	x.Helper()
	code, err := totp.GenerateCode(secret, x.clock.now().Add(time.Duration(steps)*30*time.Second))
	if err != nil {
		x.Fatal(err)
	}
	return code
}

// session returns the secret of a new session of single sign-on, which needs no hash of a password.
func (x *office) session(name string) string {
	x.Helper()
	in, err := x.access.SignInAs(x.Context(), access.Identity{Issuer: issuer, Subject: name}, "", "127.0.0.1")
	if err != nil {
		x.Fatal(err)
	}
	return in.Secret
}

// enter gives a browser a session of an account.
func (x *office) enter(b *browser, name string) {
	x.Helper()
	b.carry(x, x.session(name))
}

// carry gives a browser the cookie of a session.
func (b *browser) carry(x *office, session string) {
	b.Helper()
	u, err := url.Parse(x.URL)
	if err != nil {
		b.Fatal(err)
	}
	b.client.Jar.SetCookies(u, []*http.Cookie{{Name: "tz", Value: session, Path: "/"}})
}
