package console

import (
	"net/http"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/table"
)

// me shows the page of the next thing that the session needs or, if it needs nothing, the account.
func (v *visit) me() error {
	who, err := v.user()
	if err != nil {
		return err
	}
	return v.showMe(http.StatusOK, who, wrong{})
}

// needPages holds the page for each thing that a session may need.
var needPages = map[string]string{access.NeedCode: "code", access.NeedPassword: "password", access.NeedFactor: "begin"}

// showMe shows the account, with the error of a form that was sent from that page.
func (v *visit) showMe(status int, who access.Principal, w wrong) error {
	base := v.view()
	base.Account, base.Wrong = who.Account, w
	if len(who.Needs) > 0 {
		base.isAlone = true
		v.show(status, needPages[who.Needs[0]], base)
		return nil
	}
	me, err := v.p.Access.Desk(who).Me(v.Context())
	if err != nil {
		return err
	}
	if me.Session == nil { // the session ended meanwhile
		return errNoSession
	}
	other := "en"
	if v.lang == "en" {
		other = "zh"
	}
	v.isUser(who)
	base = v.frame()
	base.Switch, base.Wrong = v.address(other, home), w
	page := newMe(base, me)
	page.Homes = v.homeChoices()
	v.show(status, "me", page)
	return nil
}

// isUser sets the values that the frame of a page needs for a user who is signed in.
func (v *visit) isUser(who access.Principal) {
	v.who, v.query, v.on = who, v.URL.Query(), events.DateAt(v.p.Answers.Now())
	v.unit, v.desk = table.Yuan, v.p.deskOf(who)
}

// homeCookie is the name of the cookie that holds the first page that the user chose in this browser.
const homeCookie = "tz-home"

// homeAge is how long a browser keeps the choice of the first page.
const homeAge = 365 * 24 * time.Hour

// homeOf returns the path of the first page of a role in this browser: the one chosen, or that of the role.
func (v *visit) homeOf(role access.Role) string {
	if path := v.p.Cookie(v.Request, homeCookie); v.p.isHome(path, role) {
		return path
	}
	return homes[role]
}

// isHome reports whether a page may be the first page of a role.
func (p *Pages) isHome(path string, role access.Role) bool {
	s := p.screenAt(path, role)
	return s != nil && (s.isListed() || path == homes[role])
}

// homeChoices returns the pages that may be the first one, with the address of each in place of a code.
func (v *visit) homeChoices() (list []option) {
	now := v.homeOf(v.who.Role)
	for i := range v.p.screens {
		if s := &v.p.screens[i]; v.p.isHome(s.path, v.who.Role) {
			list = append(list, option{s.path, v.in(s.title), s.path == now})
		}
	}
	return list
}

// chooseHome keeps the first page that the user chose.
func (v *visit) chooseHome() error {
	who, err := v.user()
	if err != nil {
		return err
	}
	path := v.PostForm.Get("path")
	if !v.p.isHome(path, who.Role) {
		return v.nothing()
	}
	v.p.Keep(v.w, v.Request, homeCookie, path, homeAge)
	return v.seeOther(v.to(home, "notice", noticeDone))
}

// refused shows the account with an error that the user can correct, or returns the error. A session that has
// ended meanwhile, as after several wrong codes, leads to the page for signing in.
func (v *visit) refused(err error, at string) error {
	wrong, status, isHis := v.refusal(err, at)
	if !isHis {
		return err
	}
	who, ended := v.user()
	if ended != nil {
		if at == "code" || at == "recovery" {
			return v.toLoginAfter(noticeCodes)
		}
		return ended
	}
	return v.showMe(status, who, wrong)
}

var errRecovery = text.Errorf(text.Invalid, "恢复码不正确或已用过", "the recovery code is not right or was used")

// showCode checks a code of the second factor, or a recovery code: when signing in, and again before acts that
// need one.
func (v *visit) showCode() error {
	who, err := v.user()
	if err != nil {
		return err
	}
	at := "code"
	if v.PostForm.Has("recovery") {
		at = "recovery"
	}
	s, err := v.p.ShowCode(v.w, v.Request, who, v.PostForm.Get(at))
	if at == "recovery" && text.CodeOf(err) == text.Invalid {
		err = errRecovery
	}
	if err != nil {
		return v.refused(err, at)
	}
	switch {
	case at == "recovery":
		return v.goOn(s, noticeRecovery)
	case len(who.Needs) > 0:
		return v.goOn(s, "")
	}
	return v.goOn(s, noticeCode)
}

var errNotTheSame = text.Errorf(text.Invalid, "两次输入的新密码不一致",
	"the two new passwords are not the same").Of("again")

func (v *visit) changePassword() error {
	who, err := v.user()
	if err != nil {
		return err
	}
	current, password := v.PostForm.Get("current"), v.PostForm.Get("new")
	if password != v.PostForm.Get("again") {
		return v.refused(errNotTheSame, "again")
	}
	s, err := v.p.ChangePassword(v.w, v.Request, who, current, password)
	if err != nil {
		return v.refused(err, fieldOf(err, "change", "current", "new"))
	}
	return v.goOn(s, noticePassword)
}

// beginFactor shows the key for an authenticator app. The factor is enrolled only after a code is confirmed.
func (v *visit) beginFactor() error {
	who, err := v.user()
	if err != nil {
		return err
	}
	made, err := v.p.Access.BeginFactor(v.Context(), who)
	if err != nil {
		return v.refused(err, "factor")
	}
	return v.showFactor(http.StatusOK, who, made, wrong{})
}

func (v *visit) showFactor(status int, who access.Principal, made *access.NewFactor, w wrong) error {
	base := v.view()
	base.Account, base.Wrong, base.isAlone, base.Switch = who.Account, w, true, ""
	page, err := newFactor(base, made)
	if err != nil {
		return err
	}
	v.show(status, "factor", page)
	return nil
}

// confirmFactor enrols the second factor and shows its recovery codes. They are never shown again.
func (v *visit) confirmFactor() error {
	who, err := v.user()
	if err != nil {
		return err
	}
	_, codes, err := v.p.ConfirmFactor(v.w, v.Request, who, v.PostForm.Get("code"))
	if err != nil {
		return v.notConfirmed(err, who)
	}
	base := v.view()
	base.Account, base.Switch = who.Account, "" // no link to the other language, because the codes would be lost
	v.show(http.StatusOK, "recovery", &recoveryView{base, codes, v.onward()})
	return nil
}

// notConfirmed shows the factor again with the error about its code, or the account if no factor waits to be
// confirmed.
func (v *visit) notConfirmed(err error, who access.Principal) error {
	made, lost := v.p.Access.PendingFactor(who)
	if lost != nil {
		return v.refused(err, "factor")
	}
	wrong, status, isHis := v.refusal(err, "code")
	if !isHis {
		return err
	}
	return v.showFactor(status, who, made, wrong)
}
