package client_test

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/api"
	"github.com/taizhang/taizhang/services/api/client"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/listen"
)

// fails checks that an error has a code, and that its English words contain a piece.
func fails(t testing.TB, err error, code text.ErrorCode, piece string) {
	t.Helper()
	if err == nil || text.CodeOf(err) != code || !strings.Contains(text.Of(err).En, piece) ||
		text.Of(err).Zh == text.Of(err).En {
		t.Errorf("expected the error %s with %q in both languages, got %s %+v", code, piece, text.CodeOf(err), err)
	}
}

// file writes a file with a mode.
func file(t testing.TB, content string, mode os.FileMode) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(name, mode); err != nil { // whatever the umask is
		t.Fatal(err)
	}
	return name
}

func TestWrongOptionsAreRefusedBeforeAnythingIsSent(t *testing.T) {
	for _, c := range []struct {
		o     client.ClientOptions
		code  text.ErrorCode
		piece string
	}{
		{client.ClientOptions{}, text.Invalid, "must be given"},
		{client.ClientOptions{URL: "https://x", Directory: "y"}, text.Invalid, "must be given"},
		{client.ClientOptions{URL: "ledger.example.cn"}, text.Invalid, "must be like"},
		{client.ClientOptions{URL: "ftp://ledger.example.cn"}, text.Invalid, "must be like"},
		{client.ClientOptions{URL: "http://ledger.example.cn"}, text.Invalid, "in the clear"},
		{client.ClientOptions{URL: "http://127.0.0.1.example.cn"}, text.Invalid, "in the clear"},
		{client.ClientOptions{URL: "http://localhost.example.cn"}, text.Invalid, "in the clear"},
		{client.ClientOptions{URL: "http://10.0.0.1:8080"}, text.Invalid, "in the clear"},
		{client.ClientOptions{URL: "https://user:hush@ledger.example.cn"}, text.Invalid, "no user"},
		{client.ClientOptions{URL: "https://ledger.example.cn?token=x"}, text.Invalid, "parameters"},
		{client.ClientOptions{URL: "https://x", Token: "a\r\nHost: y"}, text.Invalid, "one line"},
		{client.ClientOptions{URL: "https://x", Token: "a", TokenFile: file(t, "a", 0o600)}, text.Invalid, "both"},
		{client.ClientOptions{URL: "https://x", TokenFile: file(t, "tz_a\n", 0o640)}, text.Forbidden, "0640"},
		{client.ClientOptions{URL: "https://x", TokenFile: file(t, "tz_a\n", 0o604)}, text.Forbidden, "0604"},
		{client.ClientOptions{URL: "https://x", TokenFile: file(t, "\n", 0o600)}, text.Invalid, "no token"},
		{client.ClientOptions{URL: "https://x", TokenFile: file(t, "a b\nc", 0o600)}, text.Invalid, "one line"},
		{client.ClientOptions{URL: "https://x", CAFile: file(t, "nonsense", 0o644)}, text.Invalid, "PEM"},
	} {
		_, err := client.New(c.o)
		fails(t, err, c.code, c.piece)
		if err != nil && strings.Contains(err.Error(), "hush") {
			t.Errorf("the error shows a secret: %v", err)
		}
	}
	for _, url := range []string{"http://localhost:8080", "http://127.0.0.1:1", "http://[::1]:1",
		"https://ledger.example.cn/taizhang/"} {
		ask(t, client.ClientOptions{URL: url, TokenFile: file(t, " tz_a \n", 0o600)})
	}
}

func TestATokenIsSentToTheServerAloneAndNeverWithARedirect(t *testing.T) {
	var elsewhere atomic.Int32
	other := handled(t, func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) })
	var got atomic.Value
	for _, status := range []int{301, 302, 303, 307, 308} {
		s := handled(t, func(w http.ResponseWriter, r *http.Request) {
			got.Store(r.Header.Get("Authorization"))
			http.Redirect(w, r, other.URL, status)
		})
		_, err := ask(t, client.ClientOptions{URL: s.URL, Token: "tz_x"}).Me(t.Context())
		fails(t, err, text.NotFound, fmt.Sprint(status))
		if got.Load() != "Bearer tz_x" || elsewhere.Load() != 0 {
			t.Errorf("%d: the server got %v, the other was asked %d times", status, got.Load(), elsewhere.Load())
		}
	}
}

func TestAServerMustBeVouchedFor(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `{"account":"finance-1"}`)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // it is told of the client that does not trust it
	s.StartTLS()
	t.Cleanup(s.Close)
	_, err := ask(t, client.ClientOptions{URL: s.URL, Token: "tz_x"}).Me(t.Context())
	fails(t, err, text.Unavailable, "certificate")
	ca := file(t, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})), 0o644)
	me, err := ask(t, client.ClientOptions{URL: s.URL, Token: "tz_x", CAFile: ca}).Me(t.Context())
	if err != nil || me.Account != "finance-1" {
		t.Errorf("got %+v, %v", me, err)
	}
}

// problem answers with a problem.
func problem(w http.ResponseWriter, status int, code, after string) {
	if after != "" {
		w.Header().Set("Retry-After", after)
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	fmt.Fprintf(w,
		`{"type":"/problems/x","status":%d,"code":%q,"text":{"zh":"忙","en":"busy now"},"param":"asOf","later":1}`,
		status, code)
}

// cut answers with a piece of an answer and breaks the connection.
func cut(w http.ResponseWriter, piece string) {
	io.WriteString(w, piece)
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

func TestWhatMayBeRepeatedIsRepeatedUntilItSucceeds(t *testing.T) {
	center, recorded := `{"center":"ZJ-0001","asOf":"2026-01-01","facts":{"foundedOn":"2015-01-01"}}`,
		`{"results":[{"answer":"accepted","position":7}]}`
	read := func(ctx context.Context, c *client.Client) error {
		_, err := c.Center(ctx, desk.When{}, "ZJ-0001")
		return err
	}
	write := func(ctx context.Context, c *client.Client) error {
		_, err := c.Record(ctx, draft("ZJ-0001", spent))
		return err
	}
	add := func(ctx context.Context, c *client.Client) error {
		_, err := c.AddAccount(ctx, access.NewAccount{Account: "x"})
		return err
	}
	busy := func(w http.ResponseWriter) { problem(w, 503, "unavailable", "0") }
	for _, c := range []struct {
		name  string
		do    func(context.Context, *client.Client) error
		good  string
		first func(http.ResponseWriter)
		want  int32 // how often the server is asked
	}{
		{"a read, the server busy", read, center, busy, 3},
		{"a read, the connection lost", read, center, func(w http.ResponseWriter) { panic(http.ErrAbortHandler) }, 3},
		{"a read, too many requests", read, center, func(w http.ResponseWriter) {
			problem(w, 429, "unavailable", "0")
		}, 3},
		{"a read, 503 without Retry-After", read, center, func(w http.ResponseWriter) {
			problem(w, 503, "unavailable", "")
		}, 1},
		{"a read, forbidden", read, center, func(w http.ResponseWriter) { problem(w, 403, "forbidden", "0") }, 1},
		{"a record, the server busy", write, recorded, busy, 3},
		{"a record, the connection lost", write, recorded, func(w http.ResponseWriter) {
			panic(http.ErrAbortHandler)
		}, 3},
		{"a record, the ledger stopped", write, recorded, func(w http.ResponseWriter) {
			problem(w, 503, "stopped", "0")
		}, 1},
		{"an account, the server busy", add, `{"account":"x"}`, busy, 3},
		{"an account, the connection lost", add, `{"account":"x"}`, func(w http.ResponseWriter) {
			panic(http.ErrAbortHandler)
		}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			var asked atomic.Int32
			s := handled(t, func(w http.ResponseWriter, r *http.Request) {
				if body, err := io.ReadAll(r.Body); err != nil || r.Method == "POST" && len(body) == 0 {
					t.Errorf("the body is %q, %v", body, err)
				}
				if asked.Add(1) < 3 {
					c.first(w)
					return
				}
				io.WriteString(w, c.good)
			})
			err := c.do(t.Context(), ask(t, client.ClientOptions{URL: s.URL, Patience: 20 * time.Second}))
			if n := asked.Load(); n != c.want || (err == nil) != (c.want == 3) {
				t.Errorf("asked %d times, %v", n, err)
			}
		})
	}
}

func TestPatienceEnds(t *testing.T) {
	s := handled(t, func(w http.ResponseWriter, r *http.Request) { problem(w, 503, "unavailable", "3600") })
	_, err := ask(t, client.ClientOptions{URL: s.URL}).Center(t.Context(), desk.When{}, "ZJ-0001")
	fails(t, err, text.Unavailable, "busy now")
	var about *text.Error
	if !errors.As(err, &about) || about.Param != "as-of" {
		t.Errorf("the parameter is %+v", about)
	}
	s.Close()
	_, err = ask(t, client.ClientOptions{URL: s.URL, Patience: -1}).Me(t.Context())
	fails(t, err, text.Unavailable, "does not answer")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = ask(t, client.ClientOptions{URL: s.URL}).Me(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

func TestAServerThatFallsSilentIsGivenUp(t *testing.T) {
	end := make(chan struct{})
	s := handled(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/export" {
			io.WriteString(w, "{}\n")
			_ = http.NewResponseController(w).Flush()
		}
		<-end
	})
	t.Cleanup(func() { close(end) })
	c := ask(t, client.ClientOptions{URL: s.URL, Timeout: 50 * time.Millisecond, Patience: -1})
	_, err := c.Me(t.Context())
	fails(t, err, text.Unavailable, "for too long")
	c = ask(t, client.ClientOptions{URL: s.URL, Timeout: time.Second, Patience: -1}) // the first line comes
	n, err := c.Export(t.Context(), io.Discard, nil)
	fails(t, err, text.Unavailable, "does not answer")
	if n != 1 {
		t.Errorf("%d lines", n)
	}
}

func TestAnAnswerThatIsCutOffIsNoAnswer(t *testing.T) {
	chapter := `{"position":1,"on":null,"by":{"role":"x","actor":"y"},"lapsed":{},"changed":{},"byPolicy":{},"asOf":null}` + "\n"
	for _, piece := range []string{"", "{", chapter, chapter + chapter[:40], `{"end":{"on":null` /* not whole */} {
		s := handled(t, func(w http.ResponseWriter, r *http.Request) { cut(w, piece) })
		c := ask(t, client.ClientOptions{URL: s.URL, Patience: -1})
		handed := 0
		_, err := c.Story(t.Context(), desk.When{}, "ZJ-0001", func(*desk.Chapter) error { handed++; return nil })
		fails(t, err, text.Unavailable, "cut off")
		if want := strings.Count(piece, "\n"); handed != want {
			t.Errorf("%q: %d chapters were handed on, expected %d", piece, handed, want)
		}
		_, err = c.Export(t.Context(), io.Discard, nil)
		fails(t, err, text.Unavailable, "cut off")
		_, err = c.Center(t.Context(), desk.When{}, "ZJ-0001")
		fails(t, err, text.Unavailable, "cut off")
		err = c.Yearly(t.Context(), desk.When{}, desk.YearlyRequest{Year: 2025, Unit: "yuan", Lang: "zh"}, io.Discard)
		fails(t, err, text.Unavailable, "cut off")
	}
	// whole, but without the end
	s := handled(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, chapter) })
	_, err := ask(t, client.ClientOptions{URL: s.URL}).Story(t.Context(), desk.When{}, "ZJ-0001",
		func(*desk.Chapter) error { return nil })
	fails(t, err, text.Unavailable, "cut off")
}

func TestWhatIsNoServerOfTheLedgerIsSaid(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		code   text.ErrorCode
		piece  string
	}{{404, "<html>", text.NotFound, "not the address"}, {502, "<html>", text.Unavailable, "502"},
		{500, `{"error":"x"}`, text.Unavailable, "500"}, {200, "<html>", text.Internal, "cannot be read"},
		{200, `{"account":1}`, text.Internal, "cannot be read"}} {
		s := handled(t, func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(c.status)
			io.WriteString(w, c.body)
		})
		_, err := ask(t, client.ClientOptions{URL: s.URL, Patience: -1}).Me(t.Context())
		fails(t, err, c.code, c.piece)
	}
}

func TestAServerOfAnotherBuildIsRefusedBeforeAnythingElseIsAsked(t *testing.T) {
	var asked []string
	s := handled(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.URL.Path)
		w.Header().Set(api.BuildHeader, "v2\u202e")
		io.WriteString(w, `{"results":[{"answer":"accepted"}]}`)
	})
	_, err := ask(t, client.ClientOptions{URL: s.URL, Build: "v1"}).Record(t.Context(), draft("ZJ-0001", spent))
	fails(t, err, text.Conflict, "v2")
	fails(t, err, text.Conflict, "v1")
	if len(asked) != 1 || asked[0] != "GET /v1/me" {
		t.Errorf("asked %v", asked)
	}
}

func TestASocketInADirectoryIsAsked(t *testing.T) {
	x := small(t)
	// more than a socket address can hold
	dir := filepath.Join(t.TempDir(), strings.Repeat("长", 40), strings.Repeat("d", 100))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	socket, err := listen.OpenSocket(dir)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: x.api, ConnContext: func(ctx context.Context, _ net.Conn) context.Context {
		return api.AsOwner(ctx, access.Local("kit", "socket"))
	}}
	done := make(chan error, 1)
	go func() { done <- server.Serve(socket) }()
	c := ask(t, client.ClientOptions{Directory: dir})
	got, err := c.Center(t.Context(), desk.When{}, "ZJ-0001")
	if err != nil || got.Position != 6 || c.Position() != 6 {
		t.Errorf("got %+v, %v; position %d", got, err, c.Position())
	}
	_ = server.Close()
	<-done
	_, err = ask(t, client.ClientOptions{Directory: dir, Patience: -1}).Me(t.Context())
	fails(t, err, text.Unavailable, "does not answer")
}
