package api

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/lists"
)

// actBytesMax is the largest size of the body of an act on accounts.
const actBytesMax = 64 << 10

func accountRoutes() []route {
	account := []answer{{http.StatusOK, jsonType, access.Account{}, "the account"}}
	return []route{
		{method: http.MethodGet, path: "/v1/me", name: "me", right: access.ReadMe, needs: anyNeed,
			short:  text.Say("本账号", "the account that asks"),
			gives:  []answer{{http.StatusOK, jsonType, access.Me{}, "who asks, and what he may do"}},
			handle: (*request).me},
		{method: http.MethodGet, path: "/v1/accounts", name: "accounts", right: access.ReadAccounts,
			short:  text.Say("全部账号", "all accounts"),
			gives:  []answer{{http.StatusOK, jsonType, access.Accounts{}, "the accounts by name"}},
			handle: (*request).accounts},
		{method: http.MethodPost, path: "/v1/accounts", name: "addAccount", right: access.AddAccounts,
			short: text.Say("增加账号，不带任何权限", "add an account without any right"),
			takes: []body{{jsonType, access.NewAccount{}}}, limit: actBytesMax, gives: []answer{
				{http.StatusCreated, jsonType, access.Account{}, "the account"}}, handle: (*request).addAccount},
		{method: http.MethodGet, path: "/v1/accounts/{name}", name: "account", right: access.ReadAccounts,
			short: text.Say("一个账号", "one account"), gives: account, handle: (*request).account},
		{method: http.MethodPost, path: "/v1/accounts/{name}/bind", name: "bindAccount", right: access.BindAccounts,
			short: text.Say("为账号绑定角色、范围和权限", "bind an account to a role, a scope and rights"),
			takes: []body{{jsonType, access.Binding{}}}, limit: actBytesMax, gives: account,
			handle: (*request).bindAccount},
		{method: http.MethodPost, path: "/v1/accounts/{name}/disable", name: "disableAccount",
			right: access.DisableAccounts, short: text.Say("停用账号", "disable an account"),
			gives: account, handle: (*request).disableAccount},
		{method: http.MethodPost, path: "/v1/accounts/{name}/enable", name: "enableAccount",
			right: access.DisableAccounts, short: text.Say("重新启用账号", "enable an account again"),
			gives: account, handle: (*request).enableAccount},
		{method: http.MethodPost, path: "/v1/accounts/{name}/password", name: "setPassword",
			right: access.SetPasswords,
			short: text.Say("为他人设置临时密码",
				"set a password of another account, who changes it when he signs in"),
			takes: []body{{jsonType, access.NewPassword{}}}, limit: signInBytesMax, gives: account,
			handle: (*request).setPassword},
		{method: http.MethodPost, path: "/v1/accounts/{name}/reset-factor", name: "resetFactor",
			right: access.ResetFactors,
			short: text.Say("撤销他人的动态验证码", "take the second factor off another account"),
			gives: account, handle: (*request).resetFactor},
		{method: http.MethodPost, path: "/v1/accounts/{name}/link", name: "linkAccount", right: access.LinkAccounts,
			short: text.Say("关联统一身份", "link an account to an identity of single sign-on"),
			takes: []body{{jsonType, access.Identity{}}}, limit: actBytesMax, gives: account,
			handle: (*request).linkAccount},
		{method: http.MethodPost, path: "/v1/accounts/{name}/unlink", name: "unlinkAccount",
			right: access.LinkAccounts, short: text.Say("解除统一身份的关联", "take an identity off an account"),
			takes: []body{{jsonType, access.Identity{}}}, limit: actBytesMax, gives: account,
			handle: (*request).unlinkAccount},
		{method: http.MethodGet, path: "/v1/tokens", name: "tokens", right: access.OwnTokens,
			short: text.Say("令牌", "tokens"),
			params: []param{
				{name: "account", words: text.Say("`NAME` 的令牌（默认为本账号可见的全部）",
					"those of `NAME` (default all that the account may see)")}},
			gives: []answer{{http.StatusOK, jsonType, access.Tokens{},
				"tokens in the order in which they were made, without what proves them"}}, handle: (*request).tokens},
		{method: http.MethodPost, path: "/v1/tokens", name: "addToken", right: access.OwnTokens,
			short: text.Say("签发令牌", "make a token"),
			takes: []body{{jsonType, access.NewToken{}}}, limit: actBytesMax,
			gives: []answer{{http.StatusCreated, jsonType, access.MadeToken{},
				"the token: no other answer ever shows it"}}, handle: (*request).addToken},
		{method: http.MethodDelete, path: "/v1/tokens/{id}", name: "revokeToken", right: access.OwnTokens,
			short: text.Say("注销令牌", "revoke a token"),
			gives: []answer{{http.StatusOK, jsonType, access.Token{}, "the token"}}, handle: (*request).revokeToken},
		{method: http.MethodGet, path: "/v1/access-log", name: "accessLog", right: access.ReadAccessLogReads,
			short: text.Say("访问日志，连同台账的写入", "the access log, with the writes of the ledger"),
			params: []param{
				{name: "account", words: text.Say("账号 `NAME`", "of the account `NAME`")},
				{name: "from", words: text.Say("自 `DATE` 起", "on `DATE` or later"), sort: lists.Day},
				{name: "to", words: text.Say("至 `DATE` 止", "on `DATE` or earlier"), sort: lists.Day},
				{name: "kind", words: text.Say("种类 `KIND`", "of `KIND`"), sort: lists.Choice,
					values: wordless(access.EntryKinds()...)},
				{name: "center", words: text.Say("中心编号 `ID`", "about the center `ID`"), sort: lists.CenterID},
				{name: "limit", words: text.Say("最新的 `N` 条", "the newest `N`"), sort: lists.Count}},
			gives:  []answer{{http.StatusOK, linesType, access.LogEntry{}, "an entry a line, in the order of time"}},
			handle: (*request).accessLog},
	}
}

func (q *request) office() access.AccountDesk { return q.s.Access.Desk(q.who) }

// done answers with the result of an act, or with its error.
func done[T any](q *request, status int, value T, err error) error {
	if err != nil {
		return err
	}
	return q.json(status, value)
}

func (q *request) me() error {
	me, err := q.office().Me(q.Context())
	return done(q, http.StatusOK, me, err)
}

func (q *request) accounts() error {
	list, err := q.office().Accounts(q.Context())
	return done(q, http.StatusOK, list, err)
}

func (q *request) account() error {
	a, err := q.office().Account(q.Context(), q.PathValue("name"))
	return done(q, http.StatusOK, a, err)
}

func (q *request) addAccount() error {
	var r access.NewAccount
	if err := q.decode(&r); err != nil {
		return err
	}
	a, err := q.office().AddAccount(q.Context(), r)
	if err == nil {
		q.w.Header().Set("Location", "/v1/accounts/"+url.PathEscape(a.Account))
	}
	return done(q, http.StatusCreated, a, err)
}

func (q *request) bindAccount() error {
	var b access.Binding
	if err := q.decode(&b); err != nil {
		return err
	}
	a, err := q.office().Bind(q.Context(), q.PathValue("name"), b)
	return done(q, http.StatusOK, a, err)
}

func (q *request) disableAccount() error {
	a, err := q.office().Disable(q.Context(), q.PathValue("name"))
	return done(q, http.StatusOK, a, err)
}

func (q *request) enableAccount() error {
	a, err := q.office().Enable(q.Context(), q.PathValue("name"))
	return done(q, http.StatusOK, a, err)
}

func (q *request) setPassword() error {
	var r access.NewPassword
	if err := q.decode(&r); err != nil {
		return err
	}
	a, err := q.office().SetPassword(q.Context(), q.PathValue("name"), r)
	return done(q, http.StatusOK, a, err)
}

func (q *request) resetFactor() error {
	a, err := q.office().ResetFactor(q.Context(), q.PathValue("name"))
	return done(q, http.StatusOK, a, err)
}

func (q *request) linkAccount() error {
	var id access.Identity
	if err := q.decode(&id); err != nil {
		return err
	}
	a, err := q.office().Link(q.Context(), q.PathValue("name"), id)
	return done(q, http.StatusOK, a, err)
}

func (q *request) unlinkAccount() error {
	var id access.Identity
	if err := q.decode(&id); err != nil {
		return err
	}
	a, err := q.office().Unlink(q.Context(), q.PathValue("name"), id)
	return done(q, http.StatusOK, a, err)
}

func (q *request) tokens() error {
	list, err := q.office().Tokens(q.Context(), q.param("account"))
	return done(q, http.StatusOK, list, err)
}

func (q *request) addToken() error {
	var r access.NewToken
	if err := q.decode(&r); err != nil {
		return err
	}
	made, err := q.office().AddToken(q.Context(), r)
	q.secret()
	return done(q, http.StatusCreated, made, err)
}

func (q *request) revokeToken() error {
	t, err := q.office().RevokeToken(q.Context(), q.PathValue("id"))
	return done(q, http.StatusOK, t, err)
}

func (q *request) accessLog() error {
	question := access.LogQuestion{Account: q.param("account"), From: q.param("from"), To: q.param("to"),
		Kind: q.param("kind"), Center: q.param("center")}
	if given := q.param("limit"); given != "" {
		n, err := strconv.Atoi(given)
		if err != nil || n < 1 {
			return fail(badRequest, "%q 应为不小于 1 的整数", "%q must be a whole number of at least 1",
				given).of("limit")
		}
		question.Limit = n
	}
	to := q.stream(linesType)
	return q.office().Log(q.Context(), question, func(e *access.LogEntry) error { return writeLine(to, e) })
}
