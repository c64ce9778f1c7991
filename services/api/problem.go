package api

import (
	"context"
	"errors"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"unicode/utf8"

	"github.com/go-json-experiment/json"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
)

// ProblemDetails is an error in the form of RFC 9457. It never quotes a body; a wrong value is quoted up to 100
// characters.
type ProblemDetails struct {
	Type     string         `json:"type"` // "/problems/" and the slug: the address of a page that explains it
	Title    string         `json:"title"`
	Status   int            `json:"status"`
	Detail   string         `json:"detail"` // in the language of the request
	Text     text.Text      `json:"text"`   // the detail in both languages
	Code     text.ErrorCode `json:"code"`
	Param    string         `json:"param,omitzero"`    // the parameter that is wrong
	Breaches []RecordBreach `json:"breaches,omitzero"` // every reason against every refused record
	// the revision of the center, if the request expected another one
	Revision  *uint64             `json:"revision,omitzero"`
	Missed    []desk.MissedRecord `json:"missed,omitzero"` // the records after the expected revision, at most 100
	Needs     []string            `json:"needs,omitzero"`  // what the session must do first: code, password or factor
	RequestID string              `json:"requestId"`
}

// RecordBreach is one reason against one record of a request.
type RecordBreach struct {
	Index   int    `json:"index"` // of the record in the request, from 0
	ID      string `json:"id"`    // of the record
	Pointer string `json:"pointer"`
	aggregates.Breach
}

// sort is a sort of problems, with a slug, which names its page under /problems/, a status and a title.
type sort struct {
	slug   string
	status int
	title  text.Text
}

// The sorts of problems.
var (
	badRequest = sort{
		"bad-request", http.StatusBadRequest, text.Say("请求无法读取", "The request cannot be read")}
	unauthenticated = sort{"unauthenticated", http.StatusUnauthorized,
		text.Say("须先登录或出示有效的令牌", "Sign in, or show a valid token")}
	forbidden = sort{"forbidden", http.StatusForbidden, text.Say("没有这项权限", "The right is missing")}
	moreProof = sort{
		"more-proof", http.StatusForbidden, text.Say("须先进一步验证身份", "More proof is needed")}
	notFound         = sort{"not-found", http.StatusNotFound, text.Say("没有所指的内容", "There is no such thing")}
	methodNotAllowed = sort{"method-not-allowed", http.StatusMethodNotAllowed,
		text.Say("此地址不接受这种方法", "The method is not allowed here")}
	notAcceptable = sort{
		"not-acceptable", http.StatusNotAcceptable, text.Say("没有所要的格式", "The answer has no such format")}
	requestTimeout = sort{
		"request-timeout", http.StatusRequestTimeout, text.Say("请求内容迟迟未到", "The request came too slowly")}
	conflict = sort{
		"conflict", http.StatusConflict, text.Say("与已有内容冲突", "It conflicts with what is there")}
	gone               = sort{"gone", http.StatusGone, text.Say("已不再保留", "It is kept no more")}
	preconditionFailed = sort{"precondition-failed", http.StatusPreconditionFailed,
		text.Say("中心已有新的记录", "The center has moved on")}
	tooLarge = sort{
		"too-large", http.StatusRequestEntityTooLarge, text.Say("请求内容过大", "The request is too large")}
	unsupportedType = sort{"unsupported-media-type", http.StatusUnsupportedMediaType,
		text.Say("不支持这种内容类型", "The type of the content is not supported")}
	refused = sort{
		"refused", http.StatusUnprocessableEntity, text.Say("记录被拒绝", "The record is refused")}
	tooMany = sort{
		"too-many-requests", http.StatusTooManyRequests, text.Say("请求过多", "There are too many requests")}
	internal = sort{
		"internal", http.StatusInternalServerError, text.Say("程序出错", "The program has failed")}
	unavailable = sort{
		"unavailable", http.StatusServiceUnavailable, text.Say("暂时无法提供", "It is not available now")}
	behind = sort{"behind", http.StatusServiceUnavailable,
		text.Say("尚未到达所要的位置", "The position asked for is not reached yet")}
	stopped = sort{
		"stopped", http.StatusServiceUnavailable, text.Say("台账停止写入", "The ledger takes no more writing")}
)

// sortOf holds the sort for each error code of the desk.
var sortOf = map[text.ErrorCode]sort{
	text.Invalid: badRequest, text.Refused: refused, text.NotFound: notFound, text.Conflict: conflict,
	text.Forbidden:       forbidden,
	text.Unauthenticated: unauthenticated, text.MoreProof: moreProof, text.Stopped: stopped,
	text.Unavailable: unavailable, text.Internal: internal,
}

// failure is an error that arises in this package, with its sort.
type failure struct {
	sort sort
	err  *text.Error
}

func (f *failure) Error() string { return f.err.Error() }

// Unwrap returns the error without its sort.
func (f *failure) Unwrap() error { return f.err }

// fail returns an error of a sort.
func fail(s sort, zh, en string, args ...any) *failure {
	return &failure{s, text.Errorf(codeOf(s), zh, en, args...)}
}

// of returns the error about a parameter.
func (f *failure) of(param string) *failure { return &failure{f.sort, f.err.Of(param)} }

// codeOf returns the error code for a sort.
func codeOf(s sort) text.ErrorCode {
	if s.slug == stopped.slug {
		return text.Stopped
	}
	switch s.status {
	case http.StatusUnauthorized:
		return text.Unauthenticated
	case http.StatusForbidden:
		return text.Forbidden
	case http.StatusNotFound, http.StatusGone:
		return text.NotFound
	case http.StatusConflict, http.StatusPreconditionFailed:
		return text.Conflict
	case http.StatusUnprocessableEntity:
		return text.Refused
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return text.Unavailable
	case http.StatusInternalServerError:
		return text.Internal
	}
	return text.Invalid
}

// problemOf returns the problem for an error. The text of an internal error goes to the log only: it may name
// files.
func problemOf(err error, q *request) *ProblemDetails {
	code := text.CodeOf(err)
	s, what := sortOf[code], text.Of(err)
	var own *failure
	var throttled *access.ThrottledError
	switch {
	case errors.As(err, &own):
		s = own.sort
	case errors.As(err, &throttled):
		s = tooMany
		q.w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(throttled.After.Seconds()))))
	case code != text.Internal: // whatever its cause: a write with an unknown outcome may be one that timed out
	case errors.Is(err, context.DeadlineExceeded):
		s, code, what = unavailable, text.Unavailable,
			text.Say("未能及时得出答案，请稍后再试", "there was no answer in time; try again later")
	case errors.Is(err, syscall.ENOSPC):
		s, code, what = unavailable, text.Unavailable, text.Say("服务器磁盘已满", "the disk of the server is full")
	}
	if s.slug == internal.slug && !q.who.Owner {
		what = text.Say("程序出错；请把请求编号告诉管理员",
			"the program has failed; tell the administrator the id of the request")
	}
	p := &ProblemDetails{Type: problemsPath + s.slug, Title: s.title.In(q.lang), Status: s.status, Code: code,
		RequestID: q.id}
	var about *text.Error
	if errors.As(err, &about) && about.Param != "" {
		p.Param = lists.QueryName(about.Param)
		what = about.What
	}
	p.Text = text.Text{Zh: q.shown(what.Zh), En: q.shown(what.En)}
	p.Detail = p.Text.In(q.lang)
	var proof *access.MoreProofError
	if errors.As(err, &proof) {
		p.Needs = proof.Needs
	}
	var more *detailed
	if errors.As(err, &more) {
		more.fill(p)
	}
	return p
}

// detailed is an error whose problem has further members, which fill sets.
type detailed struct {
	error
	fill func(*ProblemDetails)
}

// Unwrap returns the error without them.
func (d *detailed) Unwrap() error { return d.error }

// problemsPath begins the addresses of the pages about problems.
const problemsPath = "/problems/"

// shown returns a text in a form that is safe in a problem: values of the request that it quotes are clipped, and
// control characters are removed.
func (q *request) shown(s string) string {
	for _, value := range q.given {
		s = clipIn(s, value)
	}
	for value := range strings.SplitSeq(q.URL.Path, "/") {
		s = clipIn(s, value)
	}
	s = quoted.ReplaceAllStringFunc(s, func(part string) string {
		if utf8.RuneCountInString(part) <= valueCharsMax+2 {
			return part
		}
		return `"` + text.Clip(part[1:len(part)-1], valueCharsMax) + `"`
	})
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = text.Printable(line)
	}
	return text.Clip(strings.Join(lines, "\n"), detailCharsMax)
}

// quoted matches a value in quotes, as the verb %q of a format writes it.
var quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// detailCharsMax is the largest length of the detail of a problem.
const detailCharsMax = 4000

// clipIn clips a value where a text quotes it.
func clipIn(s, value string) string {
	if len(value) <= valueCharsMax {
		return s
	}
	return strings.ReplaceAll(s, value, shown(value))
}

// shown returns a value of a request in a form that is safe in a problem.
func shown(value string) string {
	return text.Printable(text.Clip(strings.ToValidUTF8(value, "\uFFFD"), valueCharsMax))
}

// writeProblem answers with a problem.
func writeProblem(w http.ResponseWriter, p *ProblemDetails) {
	body, err := json.Marshal(p)
	if err != nil {
		http.Error(w, p.Title, p.Status) // cannot be marshalled: a text is not valid UTF-8
		return
	}
	h := w.Header()
	h.Set("Content-Type", problemType)
	h.Del("Content-Disposition")
	h.Del("ETag")
	h.Del("Link")
	h.Set("Cache-Control", "no-store")
	switch p.Status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Bearer realm="taizhang"`)
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		if h.Get("Retry-After") == "" {
			h.Set("Retry-After", "5")
		}
	}
	w.WriteHeader(p.Status)
	_, _ = w.Write(body) // the client may be gone
}
