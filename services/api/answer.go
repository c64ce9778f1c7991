package api

import (
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
)

// The media types of answers.
const (
	jsonType    = "application/json"
	problemType = "application/problem+json"
	linesType   = "application/jsonl"
	csvType     = "text/csv"
	htmlType    = "text/html"
	xlsxType    = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	eventsType  = "text/event-stream"
	octetsType  = "application/octet-stream"
)

// These limit how long the other end of a connection may be silent while a body is sent or received.
var ( // variables for tests
	writeWait = 30 * time.Second
	readWait  = 30 * time.Second
)

// writeChunkBytes is the number of bytes written under one deadline. A client that reads less in writeWait is cut
// off.
const writeChunkBytes = 64 << 10

// paced is an answer being written to a connection. Each part of it has its own deadline: one deadline for the
// whole would cut off long answers, and without any, a client that does not read would hold the connection for
// ever.
type paced struct {
	http.ResponseWriter
	c *http.ResponseController
}

func newPaced(w http.ResponseWriter, r *http.Request) *paced {
	p := &paced{w, http.NewResponseController(w)}
	if r.ContentLength != 0 { // also if no handler reads the body: the server reads the rest of it
		_ = p.c.SetReadDeadline(time.Now().Add(readWait))
	}
	return p
}

// Unwrap serves http.ResponseController.
func (p *paced) Unwrap() http.ResponseWriter { return p.ResponseWriter }

func (p *paced) WriteHeader(status int) {
	p.extend()
	p.ResponseWriter.WriteHeader(status)
}

func (p *paced) Write(b []byte) (n int, err error) {
	for {
		part := b[n:min(len(b), n+writeChunkBytes)]
		p.extend()
		m, err := p.ResponseWriter.Write(part)
		if n += m; err != nil || n == len(b) {
			return n, err
		}
	}
}

// FlushError serves http.ResponseController.
func (p *paced) FlushError() error {
	p.extend()
	return p.c.Flush()
}

// extend sets the deadline of the next part. It ignores an error: only connections in tests have no deadlines.
func (p *paced) extend() { _ = p.c.SetWriteDeadline(time.Now().Add(writeWait)) }

// answering is the answer of a handler. It knows whether a part of it was written.
type answering struct {
	http.ResponseWriter
	status int // 0 before the first part
}

// Unwrap serves http.ResponseController.
func (a *answering) Unwrap() http.ResponseWriter { return a.ResponseWriter }

func (a *answering) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answering) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	n, err := a.ResponseWriter.Write(b)
	if err != nil {
		err = &cutError{err}
	}
	return n, err
}

// cutError reports that the client closed the connection, or did not read, while the answer was written.
type cutError struct{ cause error }

func (e *cutError) Error() string { return "api: write the answer: " + e.cause.Error() }

// Unwrap returns the cause.
func (e *cutError) Unwrap() error { return e.cause }

// json answers with one JSON value.
func (q *request) json(status int, value any) error {
	content, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return q.send(status, jsonType, append(content, '\n'))
}

// send answers with a body.
func (q *request) send(status int, media string, body []byte) error {
	q.w.Header().Set("Content-Type", withCharset(media))
	q.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	q.w.WriteHeader(status)
	_, err := q.w.Write(body)
	return err
}

// withCharset returns a media type with its charset, for a header. JSON needs none.
func withCharset(media string) string {
	switch media {
	case csvType, htmlType:
		return media + "; charset=utf-8"
	}
	return media
}

// stream begins an answer that is written in pieces. Its status is sent with the first piece, so that an error
// before it can still become a problem. A later error cuts the answer off.
func (q *request) stream(media string) io.Writer {
	q.w.Header().Set("Content-Type", withCharset(media))
	return q.w
}
