package api_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/api"
)

// dial opens a connection to the server of the owner and sends raw text.
func (x *served) dial(t testing.TB, raw string) net.Conn {
	t.Helper()
	return x.dialTo(t, x.owner, raw)
}

func (x *served) dialTo(t testing.TB, s *httptest.Server, raw string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, raw); err != nil {
		t.Fatal(err)
	}
	return c
}

// answerOn reads one answer of a connection.
func answerOn(t testing.TB, c net.Conn) reply {
	t.Helper()
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{r, string(body)}
}

const postAccount = "POST /v1/accounts HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"

func TestABodyThatIsCutOffOrBadlyChunkedIsNoFailure(t *testing.T) {
	x := serve(t)
	for _, raw := range []string{
		"Content-Length: 100\r\n\r\n{\"account\":\"ab\"",
		"Transfer-Encoding: chunked\r\n\r\n5\r\n{\"acc",
		"Transfer-Encoding: chunked\r\n\r\nzz\r\n{\"account\":\"ab\"}\r\n0\r\n\r\n",
		"Transfer-Encoding: chunked\r\n\r\n3\r\n{\"account\":\"ab\"}\r\n0\r\n\r\n",
	} {
		c := x.dial(t, postAccount+raw)
		if err := c.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		answerOn(t, c).problem(t, 400, "bad-request")
	}
}

func TestABodyThatComesTooSlowlyIsGivenUp(t *testing.T) {
	defer api.WaitForBodies(api.WaitForBodies(50 * time.Millisecond))
	x := serve(t)
	answerOn(t, x.dial(t, postAccount+"Content-Length: 100\r\n\r\n{")).problem(t, 408, "request-timeout")
}

// TestABodyOfAByteNowAndThenIsGivenUp checks that a client that sends a byte now and then is cut off in the end.
func TestABodyOfAByteNowAndThenIsGivenUp(t *testing.T) {
	defer api.WaitForBodies(api.WaitForBodies(200 * time.Millisecond))
	x := serve(t)
	c := x.dial(t, postAccount+"Content-Length: 60000\r\n\r\n")
	answered := make(chan struct{})
	var sending sync.WaitGroup
	sending.Go(func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-answered:
				return
			case <-tick.C:
				_, _ = io.WriteString(c, " ") // the server may have hung up
			}
		}
	})
	answerOn(t, c).problem(t, 408, "request-timeout")
	close(answered)
	sending.Wait()
}

func TestACompressedBodyIsRefused(t *testing.T) {
	x := serve(t)
	x.ask(t, "POST", "/v1/imports?name=a.jsonl", "\x1f\x8b", "Content-Type", "application/jsonl", "Content-Encoding",
		"gzip").problem(t, 415, "unsupported-media-type")
}

// TestTheHeadOfAStreamIsAnAnswer sends HEAD for a stream, and then another request on the same connection.
func TestTheHeadOfAStreamIsAnAnswer(t *testing.T) {
	x := serve(t)
	c := x.dial(t, "HEAD /v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\nGET /v1/me HTTP/1.1\r\nHost: localhost\r\n"+
		"Connection: close\r\n\r\n")
	all, err := io.ReadAll(c)
	if err != nil || strings.Count(string(all), "HTTP/1.1 200 OK") != 2 ||
		!strings.Contains(string(all), "text/event-stream") {
		t.Errorf("got %v, %s", err, all)
	}
}

// pipes is a listener whose connections have no buffer: a writer waits until the other end reads.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	c, open := <-p
	if !open {
		return nil, net.ErrClosed
	}
	return c, nil
}
func (p pipes) Close() error   { close(p); return nil }
func (p pipes) Addr() net.Addr { return &net.UnixAddr{} }

// TestSlowReadersOfAReportDoNotKeepOthersWaiting leaves more reports unread than may be made at a time.
func TestSlowReadersOfAReportDoNotKeepOthersWaiting(t *testing.T) {
	x := small(t)
	l := make(pipes)
	slow := &http.Server{Handler: x.api, ConnContext: x.owner.Config.ConnContext}
	var serving sync.WaitGroup
	serving.Go(func() { _ = slow.Serve(l) })
	defer func() { _ = slow.Close(); serving.Wait() }()
	for range runtime.GOMAXPROCS(0) {
		client, server := net.Pipe()
		defer client.Close()
		l <- server
		if _, err := io.WriteString(client,
			"GET /v1/yearly?year=2025 HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(client, make([]byte, 100)); err != nil { // the answer has begun
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, x.owner.URL+"/v1/centers", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := x.owner.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if _ = answer.Body.Close(); answer.StatusCode != http.StatusOK {
		t.Errorf("got %d", answer.StatusCode)
	}
}

func TestABodyThatIsTooLongIsNotAwaited(t *testing.T) {
	x := serve(t)
	answerOn(t, x.dial(t, postAccount+"Content-Length: 1000000000\r\nExpect: 100-continue\r\n\r\n")).problem(t, 413,
		"too-large")
}

// TestABodyOfARouteThatTakesNone sends a body to a route that reads none, and the next request on the same connection.
func TestABodyOfARouteThatTakesNone(t *testing.T) {
	x := serve(t)
	c := x.dial(t, "GET /v1/me HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhelloGET /v1/policies "+
		"HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
	from := bufio.NewReader(c)
	for range 2 {
		r, err := http.ReadResponse(from, nil)
		if err != nil || r.StatusCode != 200 {
			t.Fatal(r, err)
		}
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheTokenIsAskedForBeforeTheBody(t *testing.T) {
	x := serve(t)
	c, err := net.Dial("tcp", x.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c,
		"POST /v1/accounts?wrong=1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	answerOn(t, c).problem(t, 401, "unauthenticated") // not 100 Continue
}

func TestAPanicIsAProblem(t *testing.T) {
	x := serve(t)
	x.api.Handle("/v1/panics", func(io.Writer) error { panic("on purpose") })
	p := x.get(t, "/v1/panics").problem(t, 500, "internal")
	if strings.Contains(fmt.Sprint(p), "on purpose") {
		t.Errorf("the problem tells what the program panicked with: %+v", p)
	}
}

// TestAnAnswerThatFailsInTheMiddleIsCutOff checks that a part of an answer cannot be taken for the whole.
func TestAnAnswerThatFailsInTheMiddleIsCutOff(t *testing.T) {
	x := serve(t)
	line := bytes.Repeat([]byte("x"), 100)
	for name, fail := range map[string]func() error{"fails": func() error { return errors.New("on purpose") },
		"panics": func() error { panic("on purpose") }} {
		for _, lines := range []int{1, 1000} {
			path := fmt.Sprintf("/v1/%s%d", name, lines)
			x.api.Handle(path, func(to io.Writer) error {
				for range lines {
					if _, err := to.Write(line); err != nil {
						return err
					}
				}
				return fail()
			})
			for _, encoding := range []string{"identity", "gzip"} {
				r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, x.URL+path, nil)
				if err != nil {
					t.Fatal(err)
				}
				r.Header.Set("Accept-Encoding", encoding)
				answer, err := x.Client().Do(r)
				if err != nil {
					continue // before the first byte
				}
				_, err = io.ReadAll(answer.Body)
				_ = answer.Body.Close()
				if err == nil {
					t.Errorf("%s, %s: the answer ends like a whole one", path, encoding)
				}
			}
		}
	}
}

// TestAClientThatDoesNotReadIsCutOff checks that an endless answer does not hold its handler for ever.
func TestAClientThatDoesNotReadIsCutOff(t *testing.T) {
	defer api.WaitForBodies(api.WaitForBodies(50 * time.Millisecond))
	x := serve(t)
	ended := make(chan error, 1)
	line := bytes.Repeat([]byte("x"), 1<<20)
	x.api.Handle("/v1/endless", func(to io.Writer) error {
		for {
			if _, err := to.Write(line); err != nil {
				ended <- err
				return err
			}
		}
	})
	x.dial(t, "GET /v1/endless HTTP/1.1\r\nHost: localhost\r\n\r\n")
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Error("the handler is still there")
	}
}

func TestValuesAreNotRepeatedWhole(t *testing.T) {
	x := small(t)
	long := strings.Repeat("长", 150)
	for _, path := range []string{"/v1/find?kind=" + long, "/v1/centers/" + long, "/v1/alerts?center=" + long,
		"/v1/find?text=x&order=" + long, "/v1/explain?code=AL-EXE-01&center=ZJ-0001&key=" + long,
		"/v1/policies/" + long + "/1"} {
		r := x.get(t, path)
		if r.StatusCode/100 != 4 || strings.Contains(r.body, long) || len(r.body) > 2000 {
			t.Errorf("%s: got %d %s", path, r.StatusCode, r.body)
		}
	}
	for _, value := range []string{"%1B%5B31m", "%E2%80%AEx", "%00", "%0Dx", "%FFx"} {
		r := x.get(t, "/v1/centers/"+value)
		p := r.problem(t, 404, "not-found")
		if strings.ContainsAny(p.Detail, "\x1b\u202e\x00\r") {
			t.Errorf("%s: the detail is %q", value, p.Detail)
		}
	}
}

func TestWhatIsBehindAnErrorDecidesOnlyIfNothingElseDoes(t *testing.T) {
	x := serve(t)
	for path, c := range map[string]struct {
		err    error
		status int
		slug   string
	}{
		"/v1/late": {fmt.Errorf("lists: %w", context.DeadlineExceeded), 503, "unavailable"},
		"/v1/full": {fmt.Errorf("api: %w", &os.PathError{Op: "write", Path: "/secret", Err: syscall.ENOSPC}), 503,
			"unavailable"},
		"/v1/unknown": {&events.UnknownError{Cause: context.Canceled}, 503, "stopped"},
		"/v1/other":   {errors.New("/secret"), 500, "internal"},
	} {
		x.api.Handle(path, func(io.Writer) error { return c.err })
		r := send(t, x.Client(), x.URL, http.MethodGet, path, "")
		p := r.problem(t, c.status, c.slug)
		if string(p.Code) != c.slug || strings.Contains(r.body, "secret") {
			t.Errorf("%s: got %s", path, r.body)
		}
	}
}
