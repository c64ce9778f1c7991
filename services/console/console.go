package console

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"go.uber.org/zap"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/answers"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/imports"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/signin"
)

// Config holds the parameters of New.
type Config struct {
	*signin.Gate
	Answers  *answers.Kept // each user gets a guarded desk of his own over its desk
	Imports  *imports.Jobs // shared with the API
	Patience time.Duration // how long a page waits for its answers before it says so
}

// Pages serves the pages of the browser. Its methods may be called from several goroutines.
type Pages struct {
	Config
	screens []screen
	mux     *http.ServeMux
	kept    keptForms
	written written
	regions keptRegions
}

// New returns the pages.
func New(cfg Config) *Pages {
	p := &Pages{Config: cfg, screens: screens(), mux: http.NewServeMux()}
	for pattern, do := range map[string]func(*visit) error{
		"GET /{$}":                (*visit).enter,
		"GET /login":              (*visit).login,
		"POST /login":             (*visit).signIn,
		"GET /login/sso":          (*visit).beginSSO,
		"GET /login/sso/callback": (*visit).finishSSO,
		"POST /logout":            (*visit).signOut,
		"GET /me":                 (*visit).me,
		"POST /me/code":           (*visit).showCode,
		"POST /me/password":       (*visit).changePassword,
		"POST /me/factor":         (*visit).beginFactor,
		"POST /me/factor/confirm": (*visit).confirmFactor,
		"POST /me/home":           (*visit).chooseHome,
		// for a browser that comes to the address of a form by a link or a reload
		"GET /logout":            (*visit).home,
		"GET /me/code":           (*visit).home,
		"GET /me/password":       (*visit).home,
		"GET /me/factor":         (*visit).home,
		"GET /me/factor/confirm": (*visit).home,
		"GET /me/home":           (*visit).home,
		"/":                      (*visit).nothing,
	} {
		p.mux.Handle(pattern, p.page(withForm(do)))
	}
	for i := range p.screens {
		s := &p.screens[i]
		p.mux.Handle("GET "+s.path, p.page(s.serve))
		if s.post != nil {
			p.mux.Handle("POST "+s.path, p.page(s.serve))
		}
	}
	templates()
	// for a report, which names no icon: its bytes are those of the file
	p.mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		w.WriteHeader(http.StatusNoContent)
	})
	for i := range assets {
		p.mux.Handle("GET "+assets[i].path, &assets[i])
	}
	return p
}

// deskOf returns the desk for a user. Its messages name the conditions of lists as pages do.
func (p *Pages) deskOf(who access.Principal) desk.Keeper {
	local := p.Answers.Desk
	local.Prefix = lists.Labels
	return p.Access.Guard(local, who)
}

// ServeHTTP implements http.Handler.
func (p *Pages) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.mux.ServeHTTP(w, r) }

// pagePolicy limits a page to the stylesheet and the module of this server and embedded pictures, and its forms to
// this server.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' " +
	"data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// page returns the handler of a page.
func (p *Pages) page(do func(*visit) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", pagePolicy)
		h.Set("X-Frame-Options", "DENY")
		h.Set("X-Content-Type-Options", "nosniff")
		// with no-referrer, an old browser would not show that a form comes from this server
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		h.Set("Vary", "Accept-Language, Cookie")
		ctx, cancel := context.WithTimeout(r.Context(), pageMax)
		defer cancel()
		v := p.visit(w, r.WithContext(ctx))
		defer v.recovered()
		if err := do(v); err != nil {
			v.fail(err)
		}
	}
}

// recovered answers with a page if the handler panicked. A page is sent whole at its end, so nothing was sent before.
func (v *visit) recovered() {
	switch failed := recover(); {
	case failed == nil:
	case failed == http.ErrAbortHandler:
		panic(failed)
	default:
		v.fail(fmt.Errorf("console: panic: %v\n%s", failed, debug.Stack()))
	}
}

// ShowProblem answers a browser with a page that explains an error of the API, or a sort of errors. A user who is
// signed in keeps his menu if the request only reads: any other request may come from another site.
func (p *Pages) ShowProblem(w http.ResponseWriter, r *http.Request, status int, title, what text.Text) {
	p.page(func(v *visit) error {
		if v.Method == http.MethodGet {
			v.recognize()
		}
		v.show(status, "problem", &messageView{v.view(), v.in(title), sentence(v.in(what), v.lang)})
		return nil
	})(w, r)
}

// withForm returns what answers a request after its form was read.
func withForm(do func(*visit) error) func(*visit) error {
	return func(v *visit) error {
		if err := v.readForm(formBytesMax, 0); err != nil {
			return err
		}
		return do(v)
	}
}

// formBytesMax is the largest size of a form.
const formBytesMax = 8 << 10

// nothing answers a request for a page or a method that does not exist. A user who is signed in keeps his menu.
func (v *visit) nothing() error {
	v.recognize()
	return text.Errorf(text.NotFound, "这个地址没有页面，或不接受这种请求；请从首页重新进入",
		"there is no page at this address, or it does not take such a request; begin again at the first page")
}

// recognize sets what the menu needs if a user is signed in.
func (v *visit) recognize() {
	if who, err := v.user(); v.desk == nil && err == nil && len(who.Needs) == 0 {
		v.isUser(who)
	}
}

// readForm reads the form of a request, of at most some bytes. For a form that another site sends it returns
// text.Forbidden. A form with files is only limited to filesBytesMax, for its page to read; with 0 it is refused.
func (v *visit) readForm(bytesMax, filesBytesMax int64) error {
	if v.Method != http.MethodPost {
		return nil
	}
	if err := v.p.SameOrigin(v.Request); err != nil {
		return err
	}
	media, _, err := mime.ParseMediaType(v.Header.Get("Content-Type"))
	switch {
	case err == nil && media == "multipart/form-data" && filesBytesMax > 0:
		v.Body = http.MaxBytesReader(v.w, v.Body, filesBytesMax)
		return nil
	case err != nil || media != "application/x-www-form-urlencoded":
		return errForm
	}
	v.Body = http.MaxBytesReader(v.w, v.Body, bytesMax)
	if err := v.ParseForm(); err != nil {
		return errForm
	}
	return nil
}

var errForm = text.Errorf(text.Invalid, "表单不完整或过长，未作任何改动；请返回重新填写",
	"the form is cut off or too long, and nothing was changed; go back and fill it in again")

// busyAfter is the time to wait when the server is overloaded. The message for a client that is throttled is
// waitWords.
const busyAfter = 5 * time.Second

// fail answers with a page that shows an error. An internal error is shown without its cause, which goes to the
// log.
func (v *visit) fail(err error) {
	what, status := v.words(err), http.StatusInternalServerError
	title := text.Say("无法完成", "That could not be done")
	code := text.CodeOf(err)
	switch {
	case errors.Is(err, errWaits):
		v.waits()
		return
	case code == text.Internal && errors.Is(err, context.Canceled) && v.Context().Err() != nil:
		panic(http.ErrAbortHandler) // the browser has gone and reads no page
	case code == text.Internal && errors.Is(err, context.DeadlineExceeded):
		code, what = text.Unavailable, v.say("未能及时得出答案，请稍后再试，或缩小查询范围",
			"there was no answer in time; try again later, or ask for less")
	}
	switch code {
	case text.Unauthenticated:
		_ = v.toLogin()
		return
	case text.Invalid:
		status = http.StatusBadRequest
	case text.Refused:
		status = http.StatusUnprocessableEntity
	case text.Forbidden, text.MoreProof:
		status, title = http.StatusForbidden, text.Say("请求被拒绝", "The request is refused")
	case text.NotFound:
		status, title = http.StatusNotFound, text.Say("没有这个页面", "There is no such page")
	case text.Conflict:
		status = http.StatusConflict
	case text.Unavailable, text.Stopped:
		status, title = http.StatusServiceUnavailable, text.Say("暂时无法提供", "It is not available now")
		v.retryAfter(busyAfter)
	case text.Internal:
		v.p.Log.Error("a page failed", zap.String("path", v.URL.Path), zap.Error(err))
		title = text.Say("程序出错", "The program has failed")
		what = text.Say("请把以下编号告诉管理员：%s", "Tell the administrator this id: %s",
			v.w.Header().Get("X-Request-Id")).In(v.lang)
	}
	v.show(status, "message", &messageView{v.view(), title.In(v.lang), sentence(what, v.lang)})
}

// words returns the message of an error for the user, without the name of a parameter, which is a name of the API.
func (v *visit) words(err error) string { return whatOf(err).In(v.lang) }

// whatOf returns the text of an error without the name of a parameter.
func whatOf(err error) text.Text {
	var about *text.Error
	if errors.As(err, &about) {
		return about.What
	}
	return text.Of(err)
}

// retryAfter sets the header that says when to try again.
func (v *visit) retryAfter(wait time.Duration) {
	v.w.Header().Set("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
}
