package documented

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/taizhang/taizhang/services/access"
)

// secret is sent in places that no answer may quote: beyond the characters of a value that a problem quotes.
const secret = "GEHEIM-7c1f"

// hostile are values that programs often fail on.
var hostile = []string{
	"", " ", "\x00", "a\x00b", "\r\nX-Injected: 1", "\n", "\t", "\u202e反\u202c", "\u2066x\u2069", "\ufeff", "\ufffd",
	"\xff\xfe", "\xc0\xaf", "é\u0301", "😀",
	"=1+1", "+1", "-1", "@SUM(A1)", "=cmd|'/c calc'!A1", "\t=1", "<script>alert(1)</script>",
	"\"><img src=x onerror=alert(1)>", "&lt;", "]]>", "javascript:alert(1)",
	"../../etc/passwd", "..%2f..%2f", "%00", "%", "%zz", ".", "..", "/", "//", "\\", ";", "'", "\"", "`id`", "$(id)",
	"{{1}}", "${jndi:ldap://x}",
	"0", "-0", "00", "1e309", "-1e309", "NaN", "Infinity", "9007199254740993", "9223372036854775807",
	"9223372036854775808", "18446744073709551615", "18446744073709551616",
	"99999999999999999999999999999999", "1.5", "0x10", "1_000", "１２", "true", "false", "null", "[]", "{}",
	"undefined",
	"0000-00-00", "2025-02-30", "9999-12-31", "10000-01-01", "2025-1-1", "2026-10-31T00:00:00Z",
	"2026-10-31T24:00:00+08:00",
	"ZJ-0001", "ZJ-0002", "ZJ-0009", "zj-0001", "ZJ-0001 ", "AL-USE-01", "al-use-01", "AL-XXX-99",
	"00000000-0000-0000-0000-000000000000", "csv", "xlsx", "table", "zh", "r1", `"r1"`, `W/"r1"`, "*",
	strings.Repeat("x", 101) + secret, strings.Repeat("长", 5000) + secret, strings.Repeat("=", 70000),
}

// drawValue draws a value: hostile, random, or one that the schema of a parameter has.
func drawValue(t *rapid.T, enum []any) string {
	switch k := rapid.IntRange(0, 3).Draw(t, "value"); {
	case k == 0 && len(enum) > 0:
		return fmt.Sprint(rapid.SampledFrom(enum).Draw(t, "enum"))
	case k <= 2:
		return rapid.SampledFrom(hostile).Draw(t, "hostile")
	}
	return rapid.String().Draw(t, "text")
}

// drawBody spoils a body.
func drawBody(t *rapid.T, body string) string {
	switch rapid.IntRange(0, 11).Draw(t, "body") {
	case 0:
		return body
	case 1:
		return body[:rapid.IntRange(0, len(body)).Draw(t, "cut")]
	case 2:
		return strings.Repeat("[", rapid.SampledFrom([]int{9, 1000, 200000}).Draw(t, "deep"))
	case 3:
		return strings.Repeat(`{"data":`, 20000) + "1" + strings.Repeat("}", 20000)
	case 4: // a name twice
		return strings.Replace(body, "{", `{"id":"x","id":"y",`, 1)
	case 5: // a value of another type
		return strings.Replace(body, `":"`,
			`":`+rapid.SampledFrom([]string{"1e999,", "null,", "[],", "-9223372036854775809,", "0.1,", "{},"}).Draw(t,
				"type")+`"x":"`, rapid.IntRange(1, 6).Draw(t, "nth"))
	case 6:
		v, _ := json.Marshal(rapid.SampledFrom(hostile).Draw(t, "hostile"))
		return strings.Replace(body, `":"`, `":`+string(v)+`,"x":"`, 1)
	case 7: // a value is hostile
		quoted, _ := json.Marshal(rapid.SampledFrom(hostile).Draw(t, "hostile"))
		at := strings.Index(body, `":"`)
		for range rapid.IntRange(0, 8).Draw(t, "nth") {
			if next := strings.Index(body[at+1:], `":"`); next >= 0 {
				at += 1 + next
			}
		}
		if at < 0 {
			return string(quoted)
		}
		end := strings.IndexByte(body[at+3:], '"')
		return body[:at+2] + string(quoted) + body[at+3+end+1:]
	case 8:
		return "\xef\xbb\xbf" + body
	case 9:
		return body + "\n\n" + body + "\x00"
	case 10:
		return string(rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "bytes"))
	}
	return `"` + strings.Repeat("a", 200) + secret + `"`
}

// TestNoRequestIsAnsweredBadly sends requests that are spoiled in every way. There must be an answer, not a 500,
// as documented; each error must be a problem; and no answer may quote the token or the request.
func TestNoRequestIsAnsweredBadly(t *testing.T) {
	w := newWorld(t)
	operations := w.operations()
	var tokens []string
	for _, role := range access.Roles() {
		tokens = append(tokens, w.tokens[role])
	}
	slices.Sort(tokens)
	rapid.Check(t, func(t *rapid.T) {
		op := rapid.SampledFrom(operations).Draw(t, "operation")
		role := rapid.SampledFrom(access.Roles()).Draw(t, "role")
		if may := op.roles(); len(may) > 0 && rapid.IntRange(0, 9).Draw(t, "allowed") > 0 {
			role = rapid.SampledFrom(may).Draw(t, "role that may")
		}
		token := w.tokens[role]
		q := w.sample(op.OperationID, role)
		spoil(t, op, &q)
		got := w.do(op, token, q)
		what := fmt.Sprintf("%s %s %q as %s", op.method, target(op, q), q.header, role)
		if got.status == http.StatusNotFound || got.status == http.StatusMethodNotAllowed {
			// the path is that of no operation any more
			w.isProblem(t, what, got)
		} else {
			w.isDocumented(t, what, op, got)
		}
		w.keepsSecrets(t, what, token, got)
	})
	if log := w.log.String(); strings.Contains(log, "panic") {
		t.Errorf("a handler panicked: %.3000s", log[strings.Index(log, "panic"):])
	}
	for _, token := range tokens {
		if strings.Contains(w.log.String(), token) || strings.Contains(w.log.String(), secret) {
			t.Error("the log has a token or what was sent")
		}
	}
}

// spoil changes a request.
func spoil(t *rapid.T, op operation, q *ask) {
	path := map[string]string{}
	for name, value := range q.path {
		if rapid.IntRange(0, 3).Draw(t, "spoil "+name) == 0 {
			value = rapid.SampledFrom(hostile).Draw(t, name)
		}
		path[name] = value
	}
	q.path = path
	query := url.Values{}
	for name, values := range q.query {
		query[name] = slices.Clone(values)
	}
	for _, p := range op.Parameters {
		if p.Value.In == "query" && rapid.IntRange(0, 4).Draw(t, "give "+p.Value.Name) == 0 {
			query.Set(p.Value.Name, drawValue(t, p.Value.Schema.Value.Enum))
		}
	}
	switch rapid.IntRange(0, 14).Draw(t, "query") {
	case 0:
		query.Add(rapid.SampledFrom(hostile).Draw(t, "name"), "1")
	case 1:
		for name := range query {
			query.Add(name, "1")
		}
	}
	q.query = query
	header := map[string]string{}
	for name, value := range q.header {
		header[name] = value
	}
	for _, name := range []string{"Accept", "Accept-Language", "Accept-Encoding", "If-Match", "If-None-Match",
		"Idempotency-Key", "Last-Event-ID", "Range", "Content-Encoding", "Taizhang-Parameter-Prefix",
		"X-Request-Id", "X-Forwarded-For", "Expect"} {
		if rapid.IntRange(0, 9).Draw(t, "header "+name) == 0 {
			if v := drawValue(t, nil); validHeader(v) {
				header[name] = v
			}
		}
	}
	delete(header, "Expect") // the client itself speaks it
	q.header = header
	if q.body != "" {
		q.body = drawBody(t, q.body)
		if rapid.IntRange(0, 5).Draw(t, "media") == 0 {
			if v := drawValue(t, []any{"application/json", "application/jsonl", "text/csv", "multipart/form-data",
				"application/json; charset=gbk"}); validHeader(v) {
				q.media = v
			}
		}
	}
}

// validHeader reports whether a client would send a value in a header at all.
func validHeader(v string) bool {
	return len(v) < 1000 && !strings.ContainsFunc(v, func(r rune) bool {
		return r < ' ' && r != '\t' || r == 0x7f ||
			r == 0xfffd
	})
}

// isProblem expects a problem with a request id.
func (w *world) isProblem(t failer, what string, a answer) {
	var p struct {
		Type, Title, Detail, RequestID string
		Status                         int
	}
	if a.header.Get("Content-Type") != "application/problem+json" || json.Unmarshal(a.body, &p) != nil ||
		p.Status != a.status || p.RequestID != a.header.Get("X-Request-Id") ||
		p.Type == "" || p.Title == "" || p.Detail == "" {
		t.Errorf("%s: %d is no problem: %s %.300s", what, a.status, a.header, a.body)
	}
}

type failer interface{ Errorf(string, ...any) }

// keepsSecrets checks that an answer contains neither the token nor the secret.
func (w *world) keepsSecrets(t failer, what, token string, a answer) {
	head := fmt.Sprint(a.header)
	if token != "" && (bytes.Contains(a.body, []byte(token)) || strings.Contains(head, token)) {
		t.Errorf("%s: the answer has the token: %.300s", what, a.body)
	}
	if a.status >= 400 && (bytes.Contains(a.body, []byte(secret)) || strings.Contains(head, secret)) {
		t.Errorf("%s: the answer repeats what was sent: %.600s", what, a.body)
	}
	if a.header.Get("X-Injected") != "" {
		t.Errorf("%s: a value became a header", what)
	}
}

// longer sets the number of raw connections, for runs by hand.
var longer = flag.Int("raw", 150, "how many raw connections TestMalformedHTTP makes")

// TestMalformedHTTPLeavesTheServerWell sends bytes that are not HTTP, or stop being HTTP.
func TestMalformedHTTPLeavesTheServerWell(t *testing.T) {
	w := newWorld(t)
	head := "POST /v1/records HTTP/1.1\r\nHost: " + w.addr + "\r\nAuthorization: Bearer " + w.tokens[access.Finance] +
		"\r\nContent-Type: application/json\r\n"
	// Each case has the bytes that are sent and the status of the answer; 0 if the connection just ends.
	for _, c := range []struct {
		sent    string
		status  []int
		problem bool
	}{
		{"\x16\x03\x01\x02\x00", []int{0, 400}, false},
		{"GET\r\n\r\n", []int{400}, false},
		{"GET /v1/me HTTP/9.9\r\n\r\n", []int{400, 505}, false},
		{"GET /v1/me HTTP/1.1\r\n\r\n", []int{400}, false}, // no Host
		{"GET /v1/me HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", []int{400}, false},
		{"GET /v1/me HTTP/1.1\r\nHost: " + w.addr + "\r\nX: " + strings.Repeat("a", 2<<20) + "\r\n\r\n",
			[]int{0, 431}, false},
		{head + "Content-Length: -1\r\n\r\n{}", []int{400}, false},
		{head + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}", []int{400}, false},
		{head + "Transfer-Encoding: gzip\r\n\r\n{}", []int{400, 501}, false},
		{head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", []int{400}, true},
		{head + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}", []int{400}, true},
		{head + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}", []int{400}, true},  // the last chunk is missing
		{head + "Transfer-Encoding: chunked\r\n\r\n-2\r\n{}", []int{400}, true}, // a length that is none
		{head + "Content-Length: 100\r\n\r\n{\"id\":", []int{400}, true},
		{head + "Content-Length: 99999999999\r\n\r\n{}", []int{400, 413}, true},
		{"GET /v1/me HTTP/1.1\r\nHost: " + w.addr + "\r\nAuthorization: Bearer\x00x\r\n\r\n", []int{400}, false},
		{"BREW /v1/me HTTP/1.1\r\nHost: " + w.addr + "\r\n\r\n", []int{405}, true},
		{"GET /v1/%00 HTTP/1.1\r\nHost: " + w.addr + "\r\n\r\n", []int{404}, true},
		{"GET /v1/../v1/me HTTP/1.1\r\nHost: " + w.addr + "\r\n\r\n", []int{404}, true},
		{"GET //v1//me HTTP/1.1\r\nHost: " + w.addr + "\r\n\r\n", []int{404}, true},
		{"GET /v1/me/ HTTP/1.1\r\nHost: " + w.addr + "\r\n\r\n", []int{404}, true},
		{"OPTIONS * HTTP/1.1\r\nHost: " + w.addr + "\r\n\r\n", []int{200, 404, 405}, false},
		{"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", []int{403, 404, 405}, true},
		{"TRACE /v1/me HTTP/1.1\r\nHost: " + w.addr + "\r\n\r\n", []int{405}, true},
	} {
		got := w.raw(t, c.sent)
		if !slices.Contains(c.status, got.status) {
			t.Errorf("%.80q: expected one of %d, got %d %.300s", c.sent, c.status, got.status, got.body)
		}
		if c.problem {
			w.isProblem(t, fmt.Sprintf("%.120q", c.sent), got)
		}
		w.keepsSecrets(t, fmt.Sprintf("%.80q", c.sent), w.tokens[access.Finance], got)
	}
	whole := head + "Content-Length: 2\r\n\r\n{}"
	seeds := rapid.SliceOfN(rapid.Byte(), 1, 30)
	for i := range *longer {
		spoiled := []byte(whole)
		for k, b := range seeds.Example(i) {
			spoiled[(k*7919+i*31+int(b))%len(spoiled)] = b
		}
		if got := w.raw(t, string(spoiled)); got.status >= 500 && got.status != http.StatusNotImplemented &&
			got.status != http.StatusHTTPVersionNotSupported {
			t.Errorf("%q: %d %s", spoiled, got.status, got.body)
		}
	}
	if got := w.send("GET", "/v1/me", w.tokens[access.Finance], nil, nil); got.status != http.StatusOK {
		t.Errorf("afterwards the server answers %d %s", got.status, got.body)
	}
	if log := w.log.String(); strings.Contains(log, "panic") {
		t.Errorf("a handler panicked: %.3000s", log[strings.Index(log, "panic"):])
	}
}

// raw writes bytes to a connection of its own, ends its half, and reads the answer; its status is 0 if there is none.
func (w *world) raw(t *testing.T, sent string) (a answer) {
	t.Helper()
	c, err := net.Dial("tcp", w.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	_, _ = io.WriteString(c, sent) // the server may have ended it
	_ = c.(*net.TCPConn).CloseWrite()
	method, _, _ := strings.Cut(sent, " ")
	resp, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
	if err != nil {
		return a
	}
	defer resp.Body.Close()
	a = answer{status: resp.StatusCode, header: resp.Header}
	a.body, _ = io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return a
}
