package console

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
)

// adminScreens returns the pages of accounts, rights and tokens.
func adminScreens() []screen {
	administrators := []access.Role{access.SysAdmin, access.SecAdmin}
	return []screen{
		{path: "/me/tokens", title: text.Say("我的令牌", "My tokens"), roles: everybody, get: (*visit).ownTokens,
			post: (*visit).changeOwnTokens},
		{path: "/admin/accounts", title: text.Say("账号", "Accounts"), roles: administrators, get: (*visit).accounts,
			post: (*visit).addAccount},
		{path: "/admin/accounts/{name}", title: text.Say("账号", "Account"), roles: administrators,
			get: (*visit).account, post: (*visit).changeAccount},
		{path: "/admin/rights", title: text.Say("权限", "Rights"), roles: []access.Role{access.SecAdmin},
			get: (*visit).rights, post: (*visit).changeRights},
		{path: "/admin/access-log", title: text.Say("访问日志", "Access log"),
			roles: []access.Role{access.LogAdmin, access.Auditor}, get: (*visit).accessLog},
	}
}

// accountLine is an account in a table.
type accountLine struct {
	access.Account
	Href      string
	RoleWord  text.Text
	ScopeWord text.Text
}

// accountsView is the page of the accounts.
type accountsView struct {
	*view
	Accounts []accountLine
	MayAdd   bool
	Name     string // of a new account, as the user typed it
	IsRights bool   // the page of the rights
	Tokens   []tokenLine
	Programs []programLine
	Program  programForm
}

// lineOf returns an account in words.
func (v *visit) lineOf(a *access.Account) accountLine {
	return accountLine{*a, v.link("/admin/accounts/" + url.PathEscape(a.Account)), a.Role.Title(), a.ScopeWords()}
}

func (v *visit) accounts() error { return v.showAccounts(http.StatusOK, wrong{}) }

func (v *visit) showAccounts(status int, w wrong) error {
	list, err := v.p.Access.Desk(v.who).Accounts(v.Context())
	if err != nil {
		return err
	}
	page := &accountsView{view: v.view(), MayAdd: v.who.Can(access.AddAccounts), Name: v.PostForm.Get("account")}
	page.Wrong = w
	for i := range list {
		page.Accounts = append(page.Accounts, v.lineOf(&list[i]))
	}
	v.show(status, "accounts", page)
	return nil
}

// addAccount adds an account. A form that is sent again leads to the account of the first time.
func (v *visit) addAccount() error {
	name, office := strings.TrimSpace(v.PostForm.Get("account")), v.p.Access.Desk(v.who)
	_, err := office.AddAccount(v.Context(), access.NewAccount{Account: name})
	if text.CodeOf(err) == text.Conflict {
		if a, _ := office.Account(v.Context(), name); a != nil && a.AddedBy == v.who.Account && a.Role == "" {
			err = nil
		}
	}
	if err != nil {
		return v.refusedAct(err, "account", func(w wrong, status int) error { return v.showAccounts(status, w) })
	}
	return v.seeOther(v.link("/admin/accounts/"+url.PathEscape(name), "notice", noticeDone))
}

// accountView is the page of one account.
type accountView struct {
	*view
	Of     accountLine
	Scope  scope
	Own    bool // nobody acts on his own account
	May    map[string]bool
	Bound  bindingForm
	Tokens []tokenLine
	Form   tokenForm
	Doubts []text.Text
}

// bindingForm is the form for the role, the scope and the rights of an account.
type bindingForm struct {
	Roles                       []option
	Center, Region, Departments string
	MayRecord                   bool
}

func (v *visit) account() error { return v.showAccount(http.StatusOK, wrong{}, nil) }

func (v *visit) showAccount(status int, w wrong, doubts []text.Text) error {
	office, name := v.p.Access.Desk(v.who), v.PathValue("name")
	a, err := office.Account(v.Context(), name)
	if err != nil {
		return err
	}
	page := &accountView{view: v.view(), Of: v.lineOf(a), Scope: scopeOf(&a.Binding),
		Own: name == v.who.Account, May: map[string]bool{}, Doubts: doubts}
	page.Wrong = w
	for right := range access.Rights {
		page.May[string(right)] = v.who.Can(right) && !page.Own
	}
	page.Bound = v.bindingForm(a)
	if page.May[string(access.OtherTokens)] {
		tokens, err := office.Tokens(v.Context(), name)
		if err != nil {
			return err
		}
		page.Tokens, page.Form = tokenLines(tokens), tokenForm{Account: name, Count: len(tokens),
			Days: access.TokenDaysDefault}
	}
	v.show(status, "account", page)
	return nil
}

// bindingForm returns the form for the binding of an account: what was sent or, if nothing was, what it is.
func (v *visit) bindingForm(a *access.Account) (f bindingForm) {
	b := a.Binding
	if v.PostForm.Get("act") == "bind" {
		b = v.bindingSent()
	}
	f.Roles = append(f.Roles, option{"", v.say("请选择", "choose"), b.Role == ""})
	for _, role := range access.RoleWords {
		f.Roles = append(f.Roles, option{string(role.Code), v.in(role.Word), role.Code == b.Role})
	}
	f.Center, f.Region, f.MayRecord = string(b.Center), b.Region, b.MayRecord
	f.Departments = strings.Join(b.Departments, "\n")
	return f
}

// bindingSent returns the binding of the form that was sent. Departments stand in lines.
func (v *visit) bindingSent() access.Binding {
	f := v.PostForm
	b := access.Binding{Role: access.Role(f.Get("role")), Center: events.CenterID(strings.TrimSpace(f.Get("center"))),
		Region: strings.TrimSpace(f.Get("region")), MayRecord: f.Has("mayRecord")}
	for line := range strings.Lines(f.Get("department")) {
		if line = strings.TrimSpace(line); line != "" {
			b.Departments = append(b.Departments, line)
		}
	}
	return b
}

// changeAccount does the act on an account that a form asks for.
func (v *visit) changeAccount() (err error) {
	office, name, f := v.p.Access.Desk(v.who), v.PathValue("name"), v.PostForm
	ctx, act := v.Context(), f.Get("act")
	again := func(w wrong, status int) error { return v.showAccount(status, w, nil) }
	switch {
	case f.Has("revoke"):
		return v.revokeToken(again)
	case f.Has("make"):
		return v.makeToken(name, again)
	case act == "password":
		return v.setPassword(name, again)
	}
	var changed *access.Account
	switch act {
	case "disable":
		changed, err = office.Disable(ctx, name)
	case "enable":
		changed, err = office.Enable(ctx, name)
	case "link":
		changed, err = office.Link(ctx, name, access.Identity{Issuer: f.Get("issuer"), Subject: f.Get("subject")})
	case "unlink":
		changed, err = office.Unlink(ctx, name, access.Identity{Issuer: f.Get("issuer"), Subject: f.Get("subject")})
	case "reset-factor":
		changed, err = office.ResetFactor(ctx, name)
	case "bind":
		changed, err = office.Bind(ctx, name, v.bindingSent())
	default:
		return v.nothing()
	}
	if err != nil {
		return v.refusedAct(err, act, again, "role", "center", "region", "department", "issuer", "subject")
	}
	if len(changed.Warnings) > 0 { // a scope that may be a mistake: it is bound, and the page says why to look again
		return v.showAccount(http.StatusOK, wrong{}, changed.Warnings)
	}
	return v.seeOther(v.here("notice", noticeDone))
}

// setPassword gives an account a temporary password made at random, and shows it.
func (v *visit) setPassword(name string, refused func(wrong, int) error) error {
	password := rand.Text()[:passwordChars]
	if _, err := v.p.Access.Desk(v.who).SetPassword(v.Context(), name,
		access.NewPassword{Password: password}); err != nil {
		return v.refusedAct(err, "password", refused)
	}
	v.showSecret(v.say("临时密码", "A temporary password"),
		v.say("密码只显示这一次，请交给账号本人：",
			"The password is shown this once. Give it to the holder of the account:"),
		password, v.say("本人首次登录时须更换。", "It must be changed at the next sign-in."), "", v.here())
	return nil
}

// passwordChars is the length of a temporary password: 100 random bits in capitals and digits that cannot be mistaken
// for each other.
const passwordChars = 20

// rights shows who may do what, to the administrator of rights: accounts that wait for a role first.
func (v *visit) rights() error { return v.showRights(http.StatusOK, wrong{}) }

func (v *visit) showRights(status int, w wrong) error {
	office := v.p.Access.Desk(v.who)
	list, err := office.Accounts(v.Context())
	if err != nil {
		return err
	}
	tokens, err := office.Tokens(v.Context(), "")
	if err != nil {
		return err
	}
	tokens = slices.DeleteFunc(tokens, func(t access.Token) bool { return t.State != access.TokenValid })
	page := &accountsView{view: v.view(), IsRights: true, Tokens: tokenLines(tokens), Program: v.programForm()}
	page.Wrong = w
	for i := range list {
		page.Accounts = append(page.Accounts, v.lineOf(&list[i]))
	}
	slices.SortStableFunc(page.Accounts, func(a, b accountLine) int { return waits(b) - waits(a) })
	if page.Programs, err = v.programs(); err != nil {
		return err
	}
	v.show(status, "accounts", page)
	return nil
}

// waits returns 1 for an account that waits for a role, else 0.
func waits(a accountLine) int {
	if a.Role == "" && !a.Disabled {
		return 1
	}
	return 0
}

// changeRights revokes a token, or adds or revokes a program that reads the alerts.
func (v *visit) changeRights() error {
	again := func(w wrong, status int) error { return v.showRights(status, w) }
	switch {
	case v.PostForm.Has("revoke"):
		return v.revokeToken(again)
	case v.PostForm.Has("revokeProgram"):
		return v.revokeProgram(again)
	}
	return v.addProgram(again)
}
