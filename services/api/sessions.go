package api

import (
	"net/http"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
)

// signInBytesMax is the largest size of a body with a password or a code.
const signInBytesMax = 4 << 10

// SignIn is a request to begin a session.
type SignIn struct {
	Account  string `json:"account"`
	Password string `json:"password"`
	Code     string `json:"code,omitzero"` // of the second factor, or a recovery code; may be shown later
}

// ShowCode is a request to check a code in a session.
type ShowCode struct {
	Code string `json:"code"` // of the second factor, or a recovery code
}

// ChangePassword is a request to change one's own password.
type ChangePassword struct {
	Current string `json:"current"`
	New     string `json:"new"`
}

// FactorConfirmed is a second factor that was just enrolled.
type FactorConfirmed struct {
	Session       access.Session `json:"session"`
	RecoveryCodes []string       `json:"recoveryCodes"` // each can be used once
}

// anyNeed is for routes that may be used whatever the session still needs.
var anyNeed = access.Needs()

func sessionRoutes() []route {
	session := []answer{{http.StatusOK, jsonType, access.Session{}, "the session; its cookie is set"}}
	return []route{
		{method: http.MethodPost, path: "/v1/session", name: "signIn", open: true,
			short: text.Say("登录，以 cookie 建立会话", "sign in: begin a session, which a cookie proves"),
			takes: []body{{jsonType, SignIn{}}}, limit: signInBytesMax, gives: session, handle: (*request).signIn},
		{method: http.MethodDelete, path: "/v1/session", name: "signOut", right: access.ReadMe, needs: anyNeed,
			inSession: true, short: text.Say("退出登录", "sign out: end the session"),
			gives:  []answer{{status: http.StatusNoContent, says: "the session has ended"}},
			handle: (*request).signOut},
		{method: http.MethodPost, path: "/v1/session/factor", name: "showCode", right: access.ReadMe,
			needs: []string{access.NeedCode}, inSession: true,
			short: text.Say("输入动态验证码或恢复码", "show a code of the second factor, or a recovery code"),
			takes: []body{{jsonType, ShowCode{}}}, limit: signInBytesMax, gives: session, handle: (*request).showCode},
		{method: http.MethodPost, path: "/v1/me/password", name: "changePassword", right: access.ReadMe,
			needs: []string{access.NeedPassword}, inSession: true,
			short: text.Say("修改本人的密码", "change one's own password"),
			takes: []body{{jsonType, ChangePassword{}}}, limit: signInBytesMax, gives: session,
			handle: (*request).changePassword},
		{method: http.MethodPost, path: "/v1/me/factor", name: "beginFactor", right: access.ReadMe,
			needs: []string{access.NeedFactor}, inSession: true,
			short: text.Say("开始启用动态验证码", "begin to enrol a second factor"),
			gives: []answer{{http.StatusOK, jsonType, access.NewFactor{},
				"the secret of the factor: no other answer ever shows it"}}, handle: (*request).beginFactor},
		{method: http.MethodPost, path: "/v1/me/factor/confirm", name: "confirmFactor", right: access.ReadMe,
			needs: []string{access.NeedFactor}, inSession: true,
			short: text.Say("输入一个动态验证码，完成启用", "enrol the second factor, by a code of it"),
			takes: []body{{jsonType, ShowCode{}}}, limit: signInBytesMax,
			gives: []answer{{http.StatusOK, jsonType, FactorConfirmed{},
				"the recovery codes: no other answer ever shows them"}}, handle: (*request).confirmFactor},
	}
}

// secret forbids all caches to store the answer: it contains a secret, or belongs to signing in.
func (q *request) secret() { q.w.Header().Set("Cache-Control", "no-store") }

func (q *request) signIn() error {
	var r SignIn
	if err := q.decode(&r); err != nil {
		return err
	}
	q.secret()
	s, err := q.s.Gate.SignIn(q.w, q.Request, r.Account, r.Password, r.Code)
	if err == nil {
		q.who.Account = s.Account // for the log
	}
	return done(q, http.StatusOK, s, err)
}

func (q *request) signOut() error {
	if err := q.s.Gate.SignOut(q.w, q.Request, q.who); err != nil {
		return err
	}
	q.secret()
	q.w.WriteHeader(http.StatusNoContent)
	return nil
}

func (q *request) showCode() error {
	var r ShowCode
	if err := q.decode(&r); err != nil {
		return err
	}
	q.secret()
	s, err := q.s.Gate.ShowCode(q.w, q.Request, q.who, r.Code)
	return done(q, http.StatusOK, s, err)
}

func (q *request) changePassword() error {
	var r ChangePassword
	if err := q.decode(&r); err != nil {
		return err
	}
	q.secret()
	s, err := q.s.Gate.ChangePassword(q.w, q.Request, q.who, r.Current, r.New)
	return done(q, http.StatusOK, s, err)
}

func (q *request) beginFactor() error {
	q.secret()
	f, err := q.s.Access.BeginFactor(q.Context(), q.who)
	return done(q, http.StatusOK, f, err)
}

func (q *request) confirmFactor() error {
	var r ShowCode
	if err := q.decode(&r); err != nil {
		return err
	}
	q.secret()
	s, codes, err := q.s.Gate.ConfirmFactor(q.w, q.Request, q.who, r.Code)
	if err != nil {
		return err
	}
	return q.json(http.StatusOK, FactorConfirmed{*s, codes})
}
