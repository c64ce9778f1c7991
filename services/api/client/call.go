package client

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/api"
)

// call is one request.
type call struct {
	method string // "" for GET
	path   string // escaped, beginning with /v1
	query  url.Values
	accept string // the media type of the answer; "" for JSON
	body   func() (io.Reader, error)
	media  string // of the body
	bytes  int64  // of the body; 0 if it is not known
	head   map[string]string
	repeat bool // may be sent again even if it may have been received: a read, or a write of records with ids
	once   bool // the body can be read only once
}

// These are the media types of bodies and answers.
const (
	jsonType  = "application/json"
	linesType = "application/jsonl"
)

// content returns a body for a call that can be sent again.
func content(b []byte) func() (io.Reader, error) {
	return func() (io.Reader, error) { return bytes.NewReader(b), nil }
}

// These are the first and the longest pause before a request is repeated.
const (
	waitMin = 100 * time.Millisecond
	waitMax = 5 * time.Second
)

// do sends a request and returns its answer, whose body the caller must close. It repeats the request as the call
// and the patience of the client allow.
func (c *Client) do(ctx context.Context, q *call) (*answer, error) {
	if err := c.greet(ctx); err != nil {
		return nil, err
	}
	return c.repeated(ctx, q)
}

// repeated does the same as do without greet.
func (c *Client) repeated(ctx context.Context, q *call) (*answer, error) {
	ctx, stop := c.tellWaiting(ctx)
	defer stop()
	deadline := time.Now().Add(c.options.Patience)
	for wait := waitMin; ; wait = min(2*wait, waitMax) {
		a, err := c.once(ctx, q)
		var failed *attemptError
		if !errors.As(err, &failed) {
			return a, err
		}
		if !failed.again {
			return nil, failed.cause
		}
		pause := max(wait, failed.after)
		if time.Now().Add(pause).After(deadline) {
			return nil, failed.cause
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, ctx.Err()
		}
	}
}

// tellWaiting arranges that ClientOptions.Waiting is called while a request waits for the server. It returns the
// context for the request, and stop, after which Waiting is not called any more.
func (c *Client) tellWaiting(ctx context.Context) (traced context.Context, stop func()) {
	if c.options.Waiting == nil {
		return ctx, func() {}
	}
	var mu sync.Mutex
	over := false
	tell := time.AfterFunc(c.options.WaitingAfter, func() {
		mu.Lock()
		defer mu.Unlock()
		if !over {
			c.waiting.Do(c.options.Waiting)
		}
	})
	reached := func(httptrace.GotConnInfo) { tell.Reset(10 * c.options.WaitingAfter) }
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: reached}), func() {
		mu.Lock()
		defer mu.Unlock()
		over = true
		tell.Stop()
	}
}

// attemptError is the error of an attempt that may succeed when it is repeated.
type attemptError struct {
	cause error
	again bool          // it may be repeated
	after time.Duration // the pause that the server asks for
}

func (e *attemptError) Error() string { return e.cause.Error() }

// errSilent is returned if the server sent nothing for the timeout of the client.
var errSilent = errors.New("nothing came from it for too long")

// once sends a request once.
func (c *Client) once(ctx context.Context, q *call) (*answer, error) {
	attempt, cancel := context.WithCancelCause(ctx)
	a := &answer{c: c, ctx: ctx, cancel: cancel}
	a.watch = time.AfterFunc(c.options.Timeout, func() { cancel(errSilent) })
	r, err := c.request(attempt, q, a)
	if err != nil {
		a.Close()
		return nil, err
	}
	resp, err := c.http.Do(r)
	if err != nil {
		defer a.Close()
		return nil, a.unanswered(attempt, q, err)
	}
	a.Response = resp
	if position, err := strconv.ParseUint(resp.Header.Get(api.PositionHeader), 10, 64); err == nil &&
		resp.StatusCode < 300 {
		c.position.Store(position)
	}
	if resp.StatusCode < 300 {
		return a, nil
	}
	defer a.Close()
	return nil, a.problem(q)
}

// unanswered returns the error for a request without an answer.
func (a *answer) unanswered(attempt context.Context, q *call, err error) error {
	var untrusted *tls.CertificateVerificationError
	switch {
	case a.ctx.Err() != nil:
		return a.ctx.Err()
	case errors.As(err, &untrusted):
		return a.c.unreachable(err)
	case context.Cause(attempt) == errSilent:
		err = errSilent
	}
	var dialed *net.OpError
	unsent := errors.As(err, &dialed) && dialed.Op == "dial"
	return &attemptError{cause: a.c.unreachable(err), again: (unsent || q.repeat) && !(q.once && a.bodyRead.Load())}
}

// request makes the request of an attempt. While pieces of its body are sent, the server does not count as silent.
func (c *Client) request(ctx context.Context, q *call, a *answer) (*http.Request, error) {
	target := *c.base
	target.RawPath = target.EscapedPath() + q.path
	path, err := url.PathUnescape(target.RawPath)
	if err != nil {
		return nil, err
	}
	target.Path, target.RawQuery = path, q.query.Encode()
	var body io.Reader
	if q.body != nil {
		from, err := q.body()
		if err != nil {
			return nil, err
		}
		body = &watched{from, a}
	}
	method := q.method
	if method == "" {
		method = http.MethodGet
	}
	r, err := http.NewRequestWithContext(ctx, method, target.String(), body)
	if err != nil {
		return nil, err
	}
	if body != nil {
		r.ContentLength = q.bytes
		if q.bytes == 0 {
			r.ContentLength = -1
		}
		r.Header.Set("Content-Type", q.media)
		if !q.once {
			r.GetBody = func() (io.ReadCloser, error) {
				again, err := q.body()
				return io.NopCloser(&watched{again, a}), err
			}
		}
	}
	r.Header.Set("Accept", q.accept)
	if q.accept == "" {
		r.Header.Set("Accept", jsonType)
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	if c.options.Prefix != "" {
		r.Header.Set(api.PrefixHeader, c.options.Prefix)
	}
	for name, value := range q.head {
		r.Header.Set(name, value)
	}
	return r, nil
}

// watched is a body being sent to the server.
type watched struct {
	io.Reader
	a *answer
}

func (w *watched) Read(p []byte) (int, error) {
	w.a.heard()
	w.a.bodyRead.Store(true)
	return w.Reader.Read(p)
}

// answer is an answer that is read in pieces. Reading fails if no piece comes for the timeout of the client.
type answer struct {
	*http.Response
	c        *Client
	ctx      context.Context // the context of the caller
	cancel   context.CancelCauseFunc
	watch    *time.Timer
	bodyRead atomic.Bool // a part of the body of the request was sent
}

func (a *answer) heard() { a.watch.Reset(a.c.options.Timeout) }

// Read reads the body. Its errors are for users.
func (a *answer) Read(p []byte) (int, error) {
	n, err := a.Body.Read(p)
	if n > 0 {
		a.heard()
	}
	if err != nil && err != io.EOF {
		err = a.failed(err)
	}
	return n, err
}

// Close closes the answer and ends the request.
func (a *answer) Close() {
	a.watch.Stop()
	if a.Response != nil {
		_ = a.Body.Close() // harmless: the body was only read
	}
	a.cancel(nil)
}

// failed returns an error of a request, its connection or its answer in the form for users.
func (a *answer) failed(err error) error {
	switch {
	case a.ctx.Err() != nil:
		return a.ctx.Err()
	case errors.Is(err, io.ErrUnexpectedEOF):
		err = errCut
	}
	return a.c.unreachable(err)
}

// errCut is returned if an answer is incomplete.
var errCut = errors.New("its answer was cut off")

// one reads an answer that is a single JSON value.
func one[T any](a *answer, err error) (*T, error) {
	if err != nil {
		return nil, inTerms(err)
	}
	defer a.Close()
	value := new(T)
	content, err := io.ReadAll(io.LimitReader(a, jsonAnswerMax+1))
	switch {
	case err != nil:
		return nil, err
	case len(content) > jsonAnswerMax:
		return nil, a.c.unreachable(errLong)
	}
	if err := json.Unmarshal(content, value); err != nil {
		return nil, a.c.unreadable(err)
	}
	return value, nil
}

var errLong = errors.New("its answer is too long")

// unreadable returns the error for an answer in an unknown form, perhaps of a much later server.
func (c *Client) unreadable(cause error) error {
	e := text.Errorf(text.Internal, "服务器 %s 的应答无法读取：%v", "the answer of the server %s cannot be read: %v",
		c.server(), cause)
	e.Cause = cause
	return e
}

// greet checks, once, that the server has the build that the client requires.
func (c *Client) greet(ctx context.Context) error {
	if c.options.Build == "" || c.greeted.Load() {
		return nil
	}
	a, err := c.repeated(ctx, &call{path: "/v1/me", repeat: true})
	if err != nil {
		return err
	}
	defer a.Close()
	if is := a.Header.Get(api.BuildHeader); is != c.options.Build {
		return text.Errorf(text.Conflict, "%s 由版本 %s 的程序提供服务，本程序是版本 %s；请使用同一版本",
			"%s is served by the version %s of the program, and this is %s; use the same version", c.server(),
			text.Printable(text.Clip(is, 100)), c.options.Build)
	}
	c.greeted.Store(true)
	return nil
}

// pathOf returns an escaped path of segments, which may contain any characters.
func pathOf(segments ...string) string {
	var b strings.Builder
	b.WriteString("/v1")
	for _, s := range segments {
		b.WriteByte('/')
		b.WriteString(url.PathEscape(s))
	}
	return b.String()
}
