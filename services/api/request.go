package api

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/text/language"

	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/desk"
)

// request is one request to a route, of a principal that has the right to it.
type request struct {
	*http.Request
	w      *answering
	s      *Server
	plan   *plan  // nil if no route takes the request
	id     string // X-Request-Id
	lang   string // zh or en
	prefix string // what the user of the client writes before the name of a parameter
	who    access.Principal
	desk   desk.Keeper       // limited to the rights and the scope of the principal
	given  map[string]string // the parameters of the query, by their names in the API
	media  string            // the media type of the answer
	began  time.Time
	failed error // why the answer is a problem or was cut off
}

// languages are the languages of answers. The first is the default.
var languages = language.NewMatcher([]language.Tag{language.English, language.Chinese})

// langOf returns the language that a request asks for, zh or en.
func langOf(r *http.Request) string {
	if strings.Contains(r.URL.RawQuery, "lang=") {
		if lang := r.URL.Query().Get("lang"); lang == "zh" || lang == "en" {
			return lang
		}
	}
	asked := r.Header.Get("Accept-Language")
	if asked == "" || len(asked) > acceptBytesMax {
		return "en"
	}
	tags, _, err := language.ParseAcceptLanguage(asked)
	if err != nil || len(tags) == 0 {
		return "en"
	}
	if _, i, _ := languages.Match(tags...); i == 1 {
		return "zh"
	}
	return "en"
}

// acceptBytesMax is the largest length of an Accept header. A longer one is ignored.
const acceptBytesMax = 1000

// position returns the position of the ledger that answers include now.
func (q *request) position() uint64 { return q.s.Desk.Ledger.Register().Position() }

// param returns a parameter of the query by its name in the API, or "" if it is not given.
func (q *request) param(name string) string { return q.given[name] }

// limitBody rejects a body whose stated length is over the limit of the route. Any other body fails after that
// many bytes, and each part of it has its own deadline. A route without a body reads none.
func (q *request) limitBody() error {
	most, coding := q.plan.limit, q.Header.Get("Content-Encoding")
	switch {
	case most == 0:
	case coding != "" && !strings.EqualFold(coding, "identity"):
		return fail(unsupportedType, "请求内容不能压缩", "the body must not be compressed")
	case q.ContentLength > most:
		q.w.Header().Set("Connection", "close") // otherwise the server would read the rest of the body
		return bodyError(&http.MaxBytesError{Limit: most})
	default:
		q.Body = &pacedBody{ReadCloser: http.MaxBytesReader(q.w, q.Body, most), c: http.NewResponseController(q.w)}
	}
	return nil
}

// readChunkBytes is the number of bytes of a body read under one deadline. A client that sends less in readWait is
// cut off, so that it cannot hold a place by sending a byte now and then. Time in which the server does not read
// does not count.
const readChunkBytes = 64 << 10

// pacedBody is a body whose parts have deadlines of their own.
type pacedBody struct {
	io.ReadCloser
	c      *http.ResponseController
	waited time.Duration // the time waited for this part
	bytes  int           // the bytes of this part
}

func (b *pacedBody) Read(p []byte) (int, error) {
	began := time.Now()
	_ = b.c.SetReadDeadline(began.Add(readWait - b.waited))
	n, err := b.ReadCloser.Read(p)
	b.waited += time.Since(began)
	if b.bytes += n; b.bytes >= readChunkBytes {
		b.waited, b.bytes = 0, 0
	}
	if err == io.EOF { // from now on the server only watches whether the connection is open
		_ = b.c.SetReadDeadline(time.Time{})
	}
	return n, err
}

// bodyError returns the problem for a body that could not be read, or err itself if the body is not the cause.
func bodyError(err error) error {
	var long *http.MaxBytesError
	var bad *jsontext.SyntacticError
	var meant *json.SemanticError
	switch {
	case errors.As(err, &long):
		return fail(tooLarge, "请求内容超过 %d 字节", "the body is longer than %d bytes", long.Limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fail(requestTimeout, "请求内容迟迟未到", "the body came too slowly")
	case errors.As(err, &meant):
		return fail(badRequest, "请求内容 %q 处（第 %d 字节）的值不合格式，或有不认识的字段",
			"in the body, the value at %q (byte %d) has a wrong form, or a field is not known",
			shown(string(meant.JSONPointer)), meant.ByteOffset)
	case errors.As(err, &bad):
		return fail(badRequest, "请求内容在第 %d 字节处不是合格的 JSON", "the body is no valid JSON at byte %d",
			bad.ByteOffset)
	case err != nil:
		return fail(badRequest, "请求内容不完整", "the body is cut off")
	}
	return nil
}

// decode reads a body with one JSON value. It rejects duplicate names, unknown names and content after the value.
func (q *request) decode(into any) error {
	if err := q.checkContentType(jsonType); err != nil {
		return err
	}
	return bodyError(json.UnmarshalRead(q.Body, into, json.RejectUnknownMembers(true)))
}

// checkContentType returns an error for a body of a media type that is not allowed. A body without a type has the
// first one.
func (q *request) checkContentType(allowed ...string) error {
	media, err := q.contentType()
	if err == nil && media == "" {
		return nil
	}
	for _, a := range allowed {
		if err == nil && media == a {
			return nil
		}
	}
	list := strings.Join(allowed, ", ")
	return fail(unsupportedType, "请求头 Content-Type 应为以下之一：%s",
		"the header Content-Type must be one of: %s", list)
}

// contentType returns the media type of the body, "" if it states none.
func (q *request) contentType() (string, error) {
	header := q.Header.Get("Content-Type")
	if header == "" {
		return "", nil
	}
	media, params, err := mime.ParseMediaType(header)
	if charset := params["charset"]; err == nil && charset != "" && !strings.EqualFold(charset, "utf-8") {
		return "", errors.New("api: the charset is not UTF-8")
	}
	return media, err
}
