package console

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"golang.org/x/text/language"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/signin"
	"github.com/taizhang/taizhang/services/table"
)

// visit is one request for a page, with the parameters of its address.
type visit struct {
	*http.Request
	w    http.ResponseWriter
	p    *Pages
	lang string // zh or en
	kept string // the language if the address names one; else ""
	next string // the address to go to when the session needs nothing more
	// the notice of the page, which its address does not name; "" for none
	notice string

	// of a page of a user who is signed in
	who    access.Principal
	screen *screen
	desk   desk.Keeper // guarded
	query  url.Values
	when   desk.When
	on     events.Date // the date of when
	unit   table.Unit
	// what is wrong with the files of the form, which was read up to there; nil for nothing
	filesWrong error

	until   time.Time // when the page stops waiting for answers; see answer
	shownAt uint64    // the least position of the answers that it shows; 0 for that of the ledger
}

func (p *Pages) visit(w http.ResponseWriter, r *http.Request) *visit {
	query := r.URL.Query()
	v := &visit{Request: r, w: w, p: p, next: signin.Next(query.Get("next"))}
	v.speak(query.Get("lang"))
	return v
}

// languages are the languages of the pages. The first is the default.
var languages = language.NewMatcher([]language.Tag{language.Chinese, language.English})

// acceptBytesMax is the largest length of the header with the languages that a browser accepts. A longer one is
// ignored.
const acceptBytesMax = 1000

// speak sets the language: asked, or else the one that the browser prefers.
func (v *visit) speak(asked string) {
	if asked == "zh" || asked == "en" {
		v.lang, v.kept = asked, asked
		return
	}
	v.lang = "zh"
	if accept := v.Header.Get("Accept-Language"); len(accept) <= acceptBytesMax {
		tags, _, err := language.ParseAcceptLanguage(accept)
		// Match falls back to English with low confidence for many other languages
		if _, i, how := languages.Match(tags...); err == nil && i == 1 && how >= language.High {
			v.lang = "en"
		}
	}
}

// home is the page to go to by default.
const home = "/me"

// to returns the address of a page that keeps the next address, and the language if the request names one.
func (v *visit) to(path string, more ...string) string { return v.address(v.kept, path, more...) }

// address returns the address of a page in a language, "" for none. more holds names and values of the query in
// turn.
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

// onward returns the address for a session that needs nothing more.
func (v *visit) onward(more ...string) string {
	if v.next != home {
		return v.next
	}
	return v.to(home, more...)
}

// seeOther redirects the browser, for example after a form succeeded.
func (v *visit) seeOther(address string) error {
	http.Redirect(v.w, v.Request, address, http.StatusSeeOther)
	return nil
}

// toLogin sends a browser without a session to the page for signing in, and afterwards to the address that it
// asked for.
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

// goOn redirects a browser after an act in its session: to the next thing that the session needs, or to the next
// address.
func (v *visit) goOn(s *access.Session, done string) error {
	if len(s.Needs) > 0 {
		return v.seeOther(v.to(home))
	}
	if done == "" {
		if v.next == home {
			return v.seeOther(v.to("/"))
		}
		return v.seeOther(v.next)
	}
	return v.seeOther(v.onward("notice", done))
}

// These are the notices about what happened before a page.
const (
	noticeOut      = "out"
	noticeEnded    = "ended"
	noticeLost     = "lost"
	noticeKept     = "kept"
	noticeBack     = "back"
	noticeGone     = "gone"
	noticeCodes    = "codes"
	noticeCode     = "code"
	noticeRecovery = "recovery"
	noticePassword = "password"
	noticeDone     = "done"
	// on a form that was opened for the ticked rows of a list
	noticeNotTicked = "not-ticked"
)

// notices are the words of the notices.
var notices = map[string]text.Text{
	noticeOut:   text.Say("已退出登录。", "You are signed out."),
	noticeEnded: text.Say("登录已失效，请重新登录。", "Your session has ended. Sign in again."),
	noticeLost: text.Say("登录已失效，请重新登录。刚才提交的内容没有保存。",
		"Your session has ended. Sign in again. What you sent was not saved."),
	noticeKept: text.Say("登录已失效，请重新登录。刚才填写的内容没有写入，以同一账号登录后可以接着办理。",
		"Your session has ended. Sign in again. What you filled in was not written. Sign in with the same account, "+
			"and you find it as it was."),
	noticeBack: text.Say("这是登录失效前填写的内容，没有写入；请看过再提交。",
		"You filled this in before your session ended. It was not written: look at it, and send it again."),
	noticeGone: text.Say("登录失效前填写的内容没有保留：已超过一小时，或由另一账号填写。",
		"What was filled in before the session ended is not kept: that was over an hour ago, or another account "+
			"filled it in."),
	noticeCodes: text.Say("验证码多次有误，请重新登录。", "Too many codes were wrong. Sign in again."),
	noticeCode: text.Say("验证码正确，十分钟内可以办理重要操作。",
		"The code is right. For ten minutes you may do what needs one."),
	noticeRecovery: text.Say("已使用一个恢复码，不能再用。手机丢失或更换了的，请现在重新启用动态验证码。",
		"One recovery code is used up. If your phone is lost or you have a new one, set up the second factor again "+
			"now."),
	noticePassword: text.Say("密码已更换。", "Your password is changed."),
	noticeRecorded: text.Say("已入账。", "It is recorded."),
	noticeRepeated: text.Say("此前已入账，没有重复记账。", "It was recorded before, and nothing was recorded twice."),
	noticeDone:     text.Say("已办理。", "It is done."),
	noticeNotTicked: text.Say("没有勾选中心。请返回待办勾选，或在下面填写中心编号。",
		"No center was ticked. Go back to the inbox and tick some, or type their ids below."),
}

// user returns the principal of the session of the request. Tokens are for programs and do not count here.
func (v *visit) user() (access.Principal, error) { return v.userBy(v.p.Authenticate) }

// userBy is user with a function of the gate.
func (v *visit) userBy(authenticate func(r *http.Request, asked string) (access.Principal, error)) (access.Principal,
	error) {
	if !v.p.HasSession(v.Request) {
		return access.Principal{}, errNoSession
	}
	who, err := authenticate(v.Request, v.Method+" "+v.URL.Path)
	if err == nil && who.SessionID == "" {
		err = errNoSession
	}
	return who, err
}

var errNoSession = text.Errorf(text.Unauthenticated, "尚未登录", "nobody is signed in")

// refusal returns an error that the user can correct, for the page of the form, with the status. ok is false for
// any other error. at is the field or the form.
func (v *visit) refusal(err error, at string) (wrong, int, bool) {
	var throttled *access.ThrottledError
	switch code := text.CodeOf(err); {
	case errors.As(err, &throttled):
		v.retryAfter(throttled.After)
		return wrong{at, waitWords(throttled.After).In(v.lang)}, http.StatusTooManyRequests, true
	case code == text.Unavailable:
		v.retryAfter(busyAfter)
		return wrong{at, sentence(v.words(err), v.lang)}, http.StatusServiceUnavailable, true
	case code == text.Unauthenticated, code == text.Invalid, code == text.Refused, code == text.Conflict,
		code == text.Forbidden, code == text.MoreProof:
		return wrong{at, sentence(v.words(err), v.lang)}, http.StatusUnprocessableEntity, true
	}
	return wrong{}, 0, false
}

// waitWords returns the message for a user who must wait after too many attempts.
func waitWords(wait time.Duration) text.Text {
	if seconds := int((wait + time.Second - 1) / time.Second); seconds <= 90 {
		return text.Say("尝试次数过多，请在 %d 秒后再试。", "There were too many attempts. Try again in %d seconds.",
			max(seconds, 1))
	}
	return text.Say("尝试次数过多，请在 %d 分钟后再试。", "There were too many attempts. Try again in %d minutes.",
		int((wait+time.Minute-1)/time.Minute))
}

// fieldOf returns which of the fields an error is about, or the form.
func fieldOf(err error, form string, fields ...string) string {
	var about *text.Error
	if errors.As(err, &about) && slices.Contains(fields, about.Param) {
		return about.Param
	}
	return form
}
