package console

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"golang.org/x/text/language"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/signin"
)

// visit is one request for a page, with what its address says.
type visit struct {
	*http.Request
	w    http.ResponseWriter
	p    *Pages
	lang string // zh or en
	kept string // the language if the address asks for it; else ""
	next string // where to go once everything is done that a session needs
}

func (p *Pages) visit(w http.ResponseWriter, r *http.Request) *visit {
	query := r.URL.Query()
	v := &visit{Request: r, w: w, p: p, next: signin.Next(query.Get("next"))}
	v.speak(query.Get("lang"))
	return v
}

// languages are those of the pages; the first is for who asks for none.
var languages = language.NewMatcher([]language.Tag{language.Chinese, language.English})

// acceptBytesMax is how long the header may be that says which languages a browser accepts. A longer one is ignored.
const acceptBytesMax = 1000

// speak sets the language: the one that is asked for, or else the one that the browser prefers.
func (v *visit) speak(asked string) {
	if asked == "zh" || asked == "en" {
		v.lang, v.kept = asked, asked
		return
	}
	v.lang = "zh"
	if accept := v.Header.Get("Accept-Language"); len(accept) <= acceptBytesMax {
		tags, _, err := language.ParseAcceptLanguage(accept)
		if _, i, how := languages.Match(tags...); err == nil && i == 1 && how >= language.High { // it takes English for many others, with doubts
			v.lang = "en"
		}
	}
}

// home is where one goes who asks for nothing else.
const home = "/me"

// to returns the address of a page of ours that keeps where to go next, and the language if it was asked for.
func (v *visit) to(path string, more ...string) string { return v.address(v.kept, path, more...) }

// address returns the address of a page with a language, "" for none; more has names and values of its query in turn.
func (v *visit) address(lang, path string, more ...string) string {
	query := url.Values{}
	if v.next != home {
		query.Set("next", v.next)
	}
	if lang != "" {
		query.Set("lang", lang)
	}
	for i := 0; i < len(more); i += 2 {
		query.Set(more[i], more[i+1])
	}
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

// onward returns where a session goes that needs nothing more.
func (v *visit) onward(more ...string) string {
	if v.next != home {
		return v.next
	}
	return v.to(home, more...)
}

// seeOther answers a form that succeeded, or sends a browser elsewhere.
func (v *visit) seeOther(address string) error {
	http.Redirect(v.w, v.Request, address, http.StatusSeeOther)
	return nil
}

// toLogin sends a browser without a session to sign in, and then on to where it wanted to go.
func (v *visit) toLogin() error {
	switch {
	case v.Method == http.MethodPost:
		return v.toLoginAfter(noticeLost)
	case v.p.HasSession(v.Request):
		return v.toLoginAfter(noticeEnded)
	}
	return v.seeOther(v.address(v.kept, "/login", "next", v.next))
}

func (v *visit) toLoginAfter(notice string) error {
	return v.seeOther(v.address(v.kept, "/login", "next", v.next, "notice", notice))
}

// goOn sends a browser on after something was done in its session: to what the session needs yet, or where it wanted to go.
func (v *visit) goOn(s *access.Session, done string) error {
	if len(s.Needs) > 0 {
		return v.seeOther(v.to(home))
	}
	if done == "" {
		return v.seeOther(v.onward())
	}
	return v.seeOther(v.onward("notice", done))
}

// The notices of a page: what happened before it.
const (
	noticeOut      = "out"
	noticeEnded    = "ended"
	noticeLost     = "lost"
	noticeCodes    = "codes"
	noticeCode     = "code"
	noticeRecovery = "recovery"
	noticePassword = "password"
)

// notices are the words for what happened before a page.
var notices = map[string]text.Text{
	noticeOut:   text.Say("已退出登录。", "You are signed out."),
	noticeEnded: text.Say("登录已失效，请重新登录。", "Your session has ended. Sign in again."),
	noticeLost:  text.Say("登录已失效，请重新登录。刚才提交的内容没有保存。", "Your session has ended. Sign in again. What you sent was not saved."),
	noticeCodes: text.Say("验证码多次有误，请重新登录。", "Too many codes were wrong. Sign in again."),
	noticeCode:  text.Say("验证码正确，十分钟内可以办理重要操作。", "The code is right. For ten minutes you may do what needs one."),
	noticeRecovery: text.Say("已使用一个恢复码，不能再用。手机丢失或更换了的，请现在重新启用动态验证码。",
		"One recovery code is used up. If your phone is lost or you have a new one, set up the second factor again now."),
	noticePassword: text.Say("密码已更换。", "Your password is changed."),
}

// user returns who has the session of the request. A token is for programs, and has no page.
func (v *visit) user() (access.Principal, error) {
	if !v.p.HasSession(v.Request) {
		return access.Principal{}, errNoSession
	}
	who, err := v.p.Authenticate(v.Request, v.Method+" "+v.URL.Path)
	if err == nil && who.SessionID == "" {
		err = errNoSession
	}
	return who, err
}

var errNoSession = text.Errorf(text.Unauthenticated, "尚未登录", "nobody is signed in")

// refusal puts an error of what the user filled in onto the page of the form. It returns false for an error that the user has no
// part in. at is the field or the form.
func (v *visit) refusal(err error, at string) (wrong, int, bool) {
	var throttled *access.ThrottledError
	switch code := text.CodeOf(err); {
	case errors.As(err, &throttled):
		v.retryAfter(throttled.After)
		return wrong{at, waitWords(throttled.After).In(v.lang)}, http.StatusTooManyRequests, true
	case code == text.Unavailable:
		v.retryAfter(busyAfter)
		return wrong{at, sentence(v.words(err), v.lang)}, http.StatusServiceUnavailable, true
	case code == text.Unauthenticated, code == text.Invalid, code == text.Refused, code == text.Conflict, code == text.Forbidden, code == text.MoreProof:
		return wrong{at, sentence(v.words(err), v.lang)}, http.StatusUnprocessableEntity, true
	}
	return wrong{}, 0, false
}

// waitWords says how long whoever tried too often has to wait.
func waitWords(wait time.Duration) text.Text {
	if seconds := int((wait + time.Second - 1) / time.Second); seconds <= 90 {
		return text.Say("尝试次数过多，请在 %d 秒后再试。", "There were too many attempts. Try again in %d seconds.", max(seconds, 1))
	}
	return text.Say("尝试次数过多，请在 %d 分钟后再试。", "There were too many attempts. Try again in %d minutes.", int((wait+time.Minute-1)/time.Minute))
}

// fieldOf returns which of some fields an error is about, or the form.
func fieldOf(err error, form string, fields ...string) string {
	var about *text.Error
	if errors.As(err, &about) && slices.Contains(fields, about.Param) {
		return about.Param
	}
	return form
}
