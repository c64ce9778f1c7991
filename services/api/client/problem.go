package client

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/api"
	"github.com/taizhang/taizhang/services/desk"
)

// refusal is a problem in an answer of the server, as an error.
type refusal struct {
	api.ProblemDetails
}

func (r *refusal) Error() string             { return r.Text.En }
func (r *refusal) ErrorCode() text.ErrorCode { return r.Code }

// problem returns the error in an answer with a status of failure.
func (a *answer) problem(q *call) error {
	content, err := io.ReadAll(io.LimitReader(a, problemBytesMax))
	var p api.ProblemDetails
	if err == nil {
		err = json.Unmarshal(content, &p)
	}
	if err != nil || p.Code == "" || p.Text == (text.Text{}) { // the answer of a proxy, or of another program
		p.Code, p.Text = text.Unavailable, text.Of(a.c.unreachable(fmt.Errorf("HTTP %s", a.Status)))
		if a.StatusCode == http.StatusNotFound || a.StatusCode/100 == 3 {
			p.Code, p.Text = text.NotFound,
				text.Say("%s 不是台账服务器的地址（HTTP 状态 %d）",
					"%s is not the address of a server of the ledger (HTTP status %d)", a.c.server(), a.StatusCode)
		}
	}
	failed := error(&refusal{p})
	busy := a.StatusCode == http.StatusServiceUnavailable || a.StatusCode == http.StatusTooManyRequests
	after, err := strconv.Atoi(a.Header.Get("Retry-After"))
	if !busy || err != nil || after < 0 || p.Code == text.Stopped {
		return failed
	}
	// The server was busy and did not begin.
	return &attemptError{cause: failed, again: !(q.once && a.bodyRead.Load()),
		after: time.Duration(after) * time.Second}
}

// inTerms returns an error of the server in the form that a desk.Local returns.
func inTerms(err error) error {
	var r *refusal
	if !errors.As(err, &r) {
		return err
	}
	if len(r.Breaches) == 0 {
		return &text.Error{Code: r.Code, Param: counterName(r.Param), What: r.Text}
	}
	no := &desk.BatchRefusal{Reused: r.Code == text.Conflict}
	for _, b := range r.Breaches {
		if n := len(no.Refused); n == 0 || no.Refused[n-1].Index != b.Index {
			no.Refused = append(no.Refused, desk.RefusedInBatch{
				Index: b.Index, RefusedRecord: desk.RefusedRecord{ID: b.ID, Answer: desk.Refused}})
		}
		last := &no.Refused[len(no.Refused)-1]
		last.Reasons = append(last.Reasons, b.Breach)
	}
	return no
}

// counterName returns the desk's name of a parameter of the API: known-at for knownAt.
func counterName(param string) string {
	var b strings.Builder
	for _, r := range param {
		if r >= 'A' && r <= 'Z' {
			b.WriteByte('-')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// apiName is the inverse of counterName.
func apiName(param string) string {
	first, rest, _ := strings.Cut(param, "-")
	for part := range strings.SplitSeq(rest, "-") {
		if part != "" {
			first += strings.ToUpper(part[:1]) + part[1:]
		}
	}
	return first
}
