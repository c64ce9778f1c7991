package witness_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"go.uber.org/zap"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/seal"
	"github.com/taizhang/taizhang/services/witness"
)

// served serves a witness over HTTP and returns it as the policy of a ledger names it.
func served(t testing.TB, w *witness.Witness) seal.Witness {
	t.Helper()
	s := httptest.NewServer(w.Handler(zap.NewNop()))
	t.Cleanup(s.Close)
	return seal.Witness{Name: "w1", Key: w.Key(), URL: s.URL}
}

func post(t testing.TB, at seal.Witness, body io.Reader) (status int, kind, answer string) {
	t.Helper()
	got, err := http.Post(at.URL+"/add-checkpoint", "", body)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	content, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	return got.StatusCode, got.Header.Get("Content-Type"), string(content)
}

func TestTheAnswersOfTheProtocol(t *testing.T) {
	h := newHistory(t).grow(20, "record")
	w, _ := made(t, h, newClock().now)
	at := served(t, w)
	cosign(t, w, h.request(0, 10))
	stranger := newHistory(t).grow(20, "record")
	foreign := stranger.request(10, 12)
	foreign.Checkpoint.Origin = "taizhang.hunan/2024"
	other := h.other(20)
	const words = "text/plain; charset=utf-8"
	above := strings.Replace(string(h.request(10, 12).Bytes()), "old 10", "old 13", 1)
	for name, c := range map[string]struct {
		body   string
		status int
		kind   string
		answer string // its beginning
	}{
		"an older size":    {string(h.request(5, 12).Bytes()), 409, "text/x.tlog.size", "10\n"},
		"a shorter ledger": {string(h.request(0, 7).Bytes()), 409, "text/x.tlog.size", "10\n"},
		"a fork":           {string(other.request(10, 12).Bytes()), 422, words, "the proof does not show"},
		"a fork of a size": {string(other.request(10, 10).Bytes()), 409, "text/x.tlog.size", "10\n"},
		"another key":      {string(stranger.request(10, 12).Bytes()), 403, words, ""},
		"another origin":   {string(foreign.Bytes()), 404, words, ""},
		"above the size":   {above, 400, words, ""},
		"nothing":          {"", 400, words, ""},
		"no request":       {"hello\n", 400, words, ""},
		"too much":         {strings.Repeat("old 0\n", 20_000), 413, words, ""},
		"a short hash":     {"old 10\nAAAA\n\n" + string(h.checkpoint(12).Bytes()), 400, words, ""},
	} {
		status, kind, answer := post(t, at, strings.NewReader(c.body))
		if status != c.status || kind != c.kind || !strings.HasPrefix(answer, c.answer) {
			t.Errorf("%s: expected %d %s %q, got %d %s %q", name, c.status, c.kind, c.answer, status, kind, answer)
		}
		if strings.Contains(answer, os.TempDir()) {
			t.Errorf("%s: the answer names a file of the witness: %s", name, answer)
		}
	}
	for _, r := range []*seal.Request{h.request(10, 12), h.request(12, 12)} {
		if status, _, answer := post(t, at, bytes.NewReader(r.Bytes())); status != 200 ||
			!strings.HasPrefix(answer, "— witness.example/w1 ") {
			t.Errorf("from %d: got %d %q", r.Old, status, answer)
		}
	}
	for path, want := range map[string]int{"/add-checkpoint": 405, "/": 404, "/add-checkpoint/x": 404} {
		got, err := http.Get(at.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		if err := got.Body.Close(); err != nil || got.StatusCode != want {
			t.Errorf("GET %s: expected %d, got %d, %v", path, want, got.StatusCode, err)
		}
	}
}

func TestFilesGiveTheSameBytesAsHTTP(t *testing.T) {
	h, c := newHistory(t).grow(20, "record"), newClock()
	w, dir := made(t, h, c.now)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(copied, "witness.key"), 0o600); err != nil {
		t.Fatal(err)
	}
	byHand, online := opened(t, dir, c.now), opened(t, copied, c.now)
	at := served(t, online)
	for _, r := range []*seal.Request{h.request(0, 10), h.request(10, 20)} {
		r, err := seal.ParseRequest(r.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		want := cosign(t, byHand, r).String() + "\n"
		if status, _, got := post(t, at, bytes.NewReader(r.Bytes())); status != 200 || got != want {
			t.Errorf("expected %q, got %d %q", want, status, got)
		}
	}
}

func TestAskStartsWhereTheWitnessIs(t *testing.T) {
	h := newHistory(t).grow(30, "record")
	w, _ := made(t, h, newClock().now)
	at := served(t, w)
	cosign(t, w, h.request(0, 10))
	var asked []uint64
	line, err := witness.Ask(t.Context(), http.DefaultClient, at, 0, func(old uint64) (*seal.Request, error) {
		asked = append(asked, old)
		return h.request(old, 30), nil
	})
	if err != nil || line.Name != w.Key().Name || len(asked) != 2 || asked[1] != 10 {
		t.Errorf("asked from %v: got %v, %v", asked, line, err)
	}
}

var (
	commands     = regexp.MustCompile(`taizhang( [a-z]+)*`)
	englishWords = regexp.MustCompile(`[a-z]{2,} [a-z]{2,} [a-z]{2,}`)
)

// hasEnglish reports whether a Chinese message has a part in English, beside the commands that are typed.
func hasEnglish(zh string) bool { return englishWords.MatchString(commands.ReplaceAllString(zh, "")) }

func TestEachAnswerOfAWitnessIsReported(t *testing.T) {
	h := newHistory(t).grow(30, "record")
	forked := h.other(30)
	from := func(h *history, size uint64) witness.RequestFunc {
		return func(old uint64) (*seal.Request, error) { return h.request(old, size), nil }
	}
	trusting := func(size uint64) seal.Witness {
		w, _ := made(t, h, newClock().now)
		if size > 0 {
			cosign(t, w, h.request(0, size))
		}
		return served(t, w)
	}
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // so that the server sees that the asker is gone
		<-r.Context().Done()
	}))
	defer silent.Close()
	answering := func(status int, body string) seal.Witness {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}))
		t.Cleanup(s.Close)
		return seal.Witness{Name: "w1", Key: trusting(0).Key, URL: s.URL}
	}
	gone := trusting(0)
	gone.URL = "http://127.0.0.1:1"
	nowhere := trusting(0)
	nowhere.URL = "http://witness.invalid"
	wrongURL := trusting(0)
	wrongURL.URL = "http://w 1"
	withoutTLS := trusting(0)
	withoutTLS.URL = strings.Replace(withoutTLS.URL, "http:", "https:", 1)
	late := trusting(0)
	late.URL = silent.URL
	otherKey := trusting(0)
	otherKey.Key = trusting(0).Key
	for name, c := range map[string]struct {
		at   seal.Witness
		old  uint64
		from witness.RequestFunc
		code text.ErrorCode
		says string
	}{
		"the ledger is an old copy": {trusting(20), 0, from(h, 15), text.Refused, "the ledger is an old copy"},
		"the ledger forked":         {trusting(20), 20, from(forked, 25), text.Refused, "does not show that"},
		"it forked, asked anew":     {trusting(20), 0, from(forked, 25), text.Refused, "does not show that"},
		"it forked at the size":     {trusting(20), 20, from(forked, 20), text.Refused, "another checkpoint of 20"},
		"the witness lost its state": {trusting(5), 20, from(h, 25), text.Refused,
			"it knows 5 records, but cosigned a checkpoint of 20"},
		"the witness is down":       {gone, 0, from(h, 25), text.Unavailable, "cannot be reached"},
		"no such host":              {nowhere, 0, from(h, 25), text.Unavailable, "cannot be reached"},
		"no URL":                    {wrongURL, 0, from(h, 25), text.Invalid, "is wrong"},
		"without TLS":               {withoutTLS, 0, from(h, 25), text.Unavailable, "cannot be reached"},
		"forbidden":                 {answering(403, "no"), 0, from(h, 25), text.Refused, "it answers 403: no"},
		"a wrong request":           {answering(400, "no"), 0, from(h, 25), text.Refused, "it answers 400: no"},
		"the witness is late":       {late, 0, from(h, 25), text.Unavailable, "did not answer in time"},
		"the witness fails":         {answering(500, "no"), 0, from(h, 25), text.Unavailable, "answers 500: no"},
		"another key":               {otherKey, 0, from(h, 25), text.Refused, "no valid signature of its key"},
		"a page of a proxy":         {answering(200, "<html>"), 0, from(h, 25), text.Refused, "no valid signature"},
		"a conflict without a size": {answering(409, "no"), 0, from(h, 25), text.Refused, "names no size"},
		"unknown":                   {answering(404, ""), 0, from(h, 25), text.Refused, "taizhang witness trust"},
		"a long answer": {answering(422, strings.Repeat("x", 1<<20)), 0, from(h, 25), text.Refused,
			"xxx…"},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		if c.at.URL == silent.URL {
			cancel()
			ctx, cancel = context.WithTimeout(t.Context(), 30*time.Millisecond)
		}
		by := http.DefaultClient
		if c.at.URL == nowhere.URL {
			by = &http.Client{Transport: &http.Transport{DialContext: noSuchHost}} // a name server may be slow
		}
		line, err := witness.Ask(ctx, by, c.at, c.old, c.from)
		cancel()
		if text.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: expected %s with %q, got %v, %v", name, c.code, c.says, line, err)
		}
		if said := text.Of(err).Zh; hasEnglish(said) {
			t.Errorf("%s: the Chinese message has English words: %s", name, said)
		}
	}
}

func noSuchHost(context.Context, string, string) (net.Conn, error) {
	return nil, &net.DNSError{Err: "no such host", Name: "witness.invalid", IsNotFound: true}
}

func TestAForkOfOneSizeIsFoundWhereverTheAskerStarts(t *testing.T) {
	h := newHistory(t).grow(30, "record")
	w, dir := made(t, h, newClock().now)
	cosign(t, w, h.request(0, 20))
	forked := h.other(20)
	_, err := witness.Ask(t.Context(), http.DefaultClient, served(t, w), 0,
		func(old uint64) (*seal.Request, error) { return forked.request(old, 20), nil })
	if text.CodeOf(err) != text.Refused || !strings.Contains(err.Error(), "another checkpoint of 20 records") {
		t.Errorf("got %v", err)
	}
	if kept, err := os.ReadDir(filepath.Join(dir, "forks")); err != nil || len(kept) != 2 {
		t.Errorf("kept %v, %v", kept, err)
	}
}

func TestARequestThatEndsEarlyIsNotAnswered(t *testing.T) {
	h := newHistory(t).grow(30, "record")
	w, _ := made(t, h, newClock().now)
	at := served(t, w)
	r, err := http.NewRequest(http.MethodPost, at.URL+"/add-checkpoint",
		io.MultiReader(bytes.NewReader(h.request(0, 10).Bytes()), iotest.ErrReader(errors.New("cut"))))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := http.DefaultClient.Do(r); err == nil {
		t.Error("a request that was cut got an answer")
	}
	cosign(t, w, h.request(0, 10)) // it changed nothing
}

// FuzzHandler sends any bytes: the answer is one of those of the protocol, and only a request that the ledger signed
// and proved is cosigned.
func FuzzHandler(f *testing.F) {
	h := newHistory(f).grow(20, "record")
	w, _ := made(f, h, newClock().now)
	cosign(f, w, h.request(0, 10))
	handler := w.Handler(zap.NewNop())
	good := h.request(10, 12).Bytes()
	f.Add(h.request(5, 12).Bytes())
	f.Add(h.request(10, 10).Bytes())
	f.Add(good[:len(good)-1])
	f.Add([]byte("old 0\n\n"))
	f.Add([]byte("old 18446744073709551615\n\nx\n1\nAAAA\n\n— x AAAA\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		to := httptest.NewRecorder()
		handler.ServeHTTP(to, httptest.NewRequest(http.MethodPost, "/add-checkpoint", bytes.NewReader(body)))
		switch to.Code {
		case 400, 403, 404, 409, 413, 422:
		case 200:
			r, err := seal.ParseRequest(body)
			if err != nil || r.Checkpoint.SignedBy(h.signer.Key) != nil {
				t.Errorf("cosigned %q", body)
			}
		default:
			t.Errorf("%d: %q", to.Code, to.Body)
		}
	})
}
