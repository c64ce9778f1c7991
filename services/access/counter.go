package access

import (
	"context"
	"encoding/hex"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// counter is the AccountDesk for one principal.
type counter struct {
	a *Access
	p Principal
}

var _ AccountDesk = (*counter)(nil)

// Desk returns the AccountDesk for a principal.
func (a *Access) Desk(p Principal) AccountDesk { return &counter{a, p} }

func (c *counter) who() whoActs { return whoActs{c.p.Account, c.p.Source} }

// mayDo returns an error if the principal lacks a right, and notes the denial. object is the name of the thing
// asked for.
func (c *counter) mayDo(right Right, object string) error {
	return c.noteDenial(right, object, c.p.Lacks(right))
}

// mayAct does the same as mayDo for an act on an account. Such an act needs a token made for it, and nobody may do
// it to his own account.
func (c *counter) mayAct(right Right, account string) error {
	if err := c.mayDo(right, account); err != nil {
		return err
	}
	if account == c.p.Account {
		return c.deny(right, account, "不能对自己的账号进行这项操作，须由另一位管理员办理",
			"nobody does this to his own account; another administrator must")
	}
	return c.mustShow(MayAccounts, right, account)
}

// mustShow returns text.Forbidden or a MoreProofError, and notes the denial, unless the principal has shown the
// proof that an act needs.
func (c *counter) mustShow(act string, right Right, object string) error {
	if c.p.may(act) {
		return nil
	}
	if err := c.p.lacksProof(act); err != nil {
		return c.noteDenial(right, object, err)
	}
	return c.deny(right, object, "此令牌不含 %s；这项操作须用为其签发的令牌",
		"this token is not made for %s, and this needs one that is", act)
}

func (c *counter) deny(right Right, object, zh, en string, args ...any) error {
	return c.noteDenial(right, object, text.Errorf(text.Forbidden, zh, en, args...))
}

// noteDenial notes why in the access log unless it is nil, and returns it.
func (c *counter) noteDenial(right Right, object string, why error) error {
	if why != nil {
		c.a.noteAsked(LogDenied, &c.p, string(right), object, "", outcomeOf(why))
	}
	return why
}

// outcomeOf returns the outcome that the access log has for a denial.
func outcomeOf(why error) string {
	if text.CodeOf(why) == text.MoreProof {
		return outcomeMoreProof
	}
	return outcomeForbidden
}

// Me implements AccountDesk.
func (c *counter) Me(context.Context) (*Me, error) {
	me := &Me{Account: c.p.Account, Owner: c.p.Owner, Token: c.p.TokenID, May: append([]string{}, c.p.May...),
		Binding: Binding{Role: c.p.Role, Center: events.CenterID(c.p.Center), Region: c.p.Region,
			Departments: append([]string{}, c.p.Departments...), MayRecord: c.p.MayRecord}}
	c.a.proofs(&c.p, me)
	for _, right := range slices.Sorted(maps.Keys(Rights)) {
		if c.p.Can(right) {
			me.Rights = append(me.Rights, right)
		}
	}
	return me, nil
}

// AddAccount implements AccountDesk.
func (c *counter) AddAccount(ctx context.Context, r NewAccount) (*Account, error) {
	if err := c.mayDo(AddAccounts, r.Account); err != nil {
		return nil, err
	}
	if err := c.mustShow(MayAccounts, AddAccounts, r.Account); err != nil {
		return nil, err
	}
	bound := !r.Binding.isNone()
	if bound && !c.p.Owner {
		return nil, c.deny(AddAccounts, r.Account, "新账号不带任何权限，由安全管理员绑定角色",
			"a new account has no right; a security administrator binds it to a role")
	}
	if err := r.Check(); err != nil {
		return nil, err
	}
	err := c.do(ctx, func(s *state) ([]fact, error) {
		if s.accounts[r.Account] != nil {
			return nil, text.Errorf(text.Conflict, "账号 %s 已经有过；名称不再重复使用",
				"the account %s is there, or was; a name is never used again", r.Account)
		}
		facts := []fact{{accountAdded, onAccount{r.Account, c.who()}}}
		if bound {
			facts = append(facts, fact{accountBound, boundTo{r.Account, r.Binding, c.who()}})
		}
		return facts, nil
	})
	if err != nil {
		return nil, err
	}
	return c.account(r.Account, c.doubts(&r.Binding))
}

// Bind implements AccountDesk.
func (c *counter) Bind(ctx context.Context, name string, b Binding) (*Account, error) {
	if err := c.mayAct(BindAccounts, name); err != nil {
		return nil, err
	}
	if err := b.check(); err != nil {
		return nil, err
	}
	err := c.do(ctx, func(s *state) ([]fact, error) {
		switch held := s.accounts[name]; {
		case held == nil:
			return nil, noAccount(name)
		case b.Role.IsAdministrator() && !c.p.Owner && !held.isProvenByItself():
			return nil, errEnrolFirst
		}
		return []fact{{accountBound, boundTo{name, b, c.who()}}}, nil
	})
	if err == errEnrolFirst {
		return nil, c.noteDenial(BindAccounts, name, err)
	}
	if err != nil {
		return nil, err
	}
	return c.account(name, c.doubts(&b))
}

// Disable implements AccountDesk.
func (c *counter) Disable(ctx context.Context, name string) (*Account, error) {
	return c.able(ctx, name, true)
}

// Enable implements AccountDesk.
func (c *counter) Enable(ctx context.Context, name string) (*Account, error) {
	return c.able(ctx, name, false)
}

// able disables or enables an account. If the account is in that state already, nothing changes.
func (c *counter) able(ctx context.Context, name string, disabled bool) (*Account, error) {
	if err := c.mayAct(DisableAccounts, name); err != nil {
		return nil, err
	}
	kind := accountEnabled
	if disabled {
		kind = accountDisabled
	}
	err := c.do(ctx, func(s *state) ([]fact, error) {
		switch held := s.accounts[name]; {
		case held == nil:
			return nil, noAccount(name)
		case held.isDisabled == disabled:
			return nil, nil
		}
		return []fact{{kind, onAccount{name, c.who()}}}, nil
	})
	if err != nil {
		return nil, err
	}
	return c.account(name, nil)
}

// Accounts implements AccountDesk.
func (c *counter) Accounts(context.Context) (Accounts, error) {
	if err := c.mayDo(ReadAccounts, ""); err != nil {
		return nil, err
	}
	c.a.mu.RLock()
	defer c.a.mu.RUnlock()
	list := Accounts{}
	for _, name := range slices.Sorted(maps.Keys(c.a.state.accounts)) {
		list = append(list, c.a.state.accounts[name].shown(c.a.Now()))
	}
	return list, nil
}

// Account implements AccountDesk.
func (c *counter) Account(_ context.Context, name string) (*Account, error) {
	if err := c.mayDo(ReadAccounts, name); err != nil {
		return nil, err
	}
	return c.account(name, nil)
}

// doubts returns warnings about a binding that may be a mistake: no center belongs to the office today.
func (c *counter) doubts(b *Binding) (list []text.Text) {
	if c.a.Ledger == nil {
		return nil
	}
	today := func() events.Date { return events.DateAt(c.a.Now()) }
	for _, name := range b.Departments {
		if r := c.a.Ledger.Register(); len(r.Within(r.SeesDepartment(name, today)).IDs()) == 0 {
			list = append(list, text.Say("目前没有中心归 %q 主管，请核对名称",
				"no center belongs to the department %q today; is the name right?", name))
		}
	}
	if b.Region != "" {
		if r := c.a.Ledger.Register(); len(r.Within(r.SeesRegion(b.Region, today)).IDs()) == 0 {
			list = append(list, text.Say("目前没有中心在行政区划 %s 内，请核对代码",
				"no center is in the region %s today; is the code right?", b.Region))
		}
	}
	return list
}

// do does an act of the principal. It fails if what he was authenticated by is no longer good.
func (c *counter) do(ctx context.Context, judge func(*state) ([]fact, error)) error {
	return c.a.act(ctx, accountsStream, func(s *state) ([]fact, error) {
		if !s.standsFor(&c.p, c.a.Now()) {
			return nil, errUnauthenticated
		}
		if len(c.p.May) > 0 && len(c.a.AsNow(c.p).May) == 0 { // the code became too old during the request
			return nil, &MoreProofError{[]string{NeedCode}}
		}
		return judge(s)
	})
}

// AskRestate records that a principal asks for all alerts to be published again. Call it before asking the feed.
// The record is durable on return. For a principal without the right, the error is text.Forbidden, and the feed
// must not be asked.
func (a *Access) AskRestate(ctx context.Context, p Principal) error {
	c := &counter{a, p}
	if err := c.mayDo(RestateFeed, ""); err != nil {
		return err
	}
	return c.do(ctx, func(*state) ([]fact, error) { return []fact{{restateAsked, askedRestate{c.who()}}}, nil })
}

func (c *counter) account(name string, doubts []text.Text) (*Account, error) {
	c.a.mu.RLock()
	defer c.a.mu.RUnlock()
	held := c.a.state.accounts[name]
	if held == nil {
		return nil, noAccount(name)
	}
	shown := held.shown(c.a.Now())
	shown.Warnings = doubts
	return &shown, nil
}

// AddToken implements AccountDesk.
func (c *counter) AddToken(ctx context.Context, r NewToken) (*MadeToken, error) {
	if r.Account == "" && c.p.Owner {
		return nil, text.Errorf(text.Invalid, "必须给出", "must be given").Of("account")
	}
	if r.Account == "" {
		r.Account = c.p.Account
	}
	if err := c.mayHandle(r.Account); err != nil {
		return nil, err
	}
	days, err := r.check()
	if err != nil {
		return nil, err
	}
	if err := c.mayMakeFor(&r); err != nil {
		return nil, err
	}
	secret := newToken()
	hash, _ := hashToken(secret)
	err = c.do(ctx, func(s *state) ([]fact, error) {
		if err := s.mayHave(&c.p, &r, c.a.Now()); err != nil {
			return nil, err
		}
		now := c.a.Now().UTC().Truncate(time.Second)
		made := fact{tokenAdded, madeToken{Account: r.Account, Name: r.Name, SHA256: hex.EncodeToString(hash[:]),
			ExpiresAt: now.AddDate(0, 0, days), May: append([]string{}, r.May...), whoActs: c.who()}}
		return []fact{made}, nil
	})
	if text.CodeOf(err) == text.Forbidden {
		c.a.noteAsked(LogDenied, &c.p, string(OtherTokens), r.Account, "", outcomeForbidden)
	}
	if err != nil {
		return nil, err
	}
	c.a.mu.RLock()
	defer c.a.mu.RUnlock()
	made := c.a.state.byHash[hash]
	return &MadeToken{secret, made.shown(c.a.Now())}, nil
}

// mayMakeFor returns an error if the principal may not make the token. In a session with a fresh code he may make
// a token for acts of Mays, for his own account. A bearer token of an issuer cannot make tokens: they would remain
// valid after it expires and after its identity is unlinked.
func (c *counter) mayMakeFor(r *NewToken) error {
	if c.p.Identity != (Identity{}) {
		return c.deny(OwnTokens, r.Account, "统一身份登录签发的令牌不能用来签发令牌；请登录后签发",
			"a token of the issuer makes no tokens; sign in to make one")
	}
	if len(r.May) > 0 && !c.p.Owner && (c.p.SessionID == "" || r.Account != c.p.Account) {
		return c.deny(OwnTokens, r.Account,
			"含 %s 的令牌只能由本人登录并输入动态验证码后签发，或在台账所在的机器上由目录的所有者签发",
			"a token made for %s is made by its own account, signed in and with a code, or by the owner of the "+
				"directory on the machine of the ledger", r.May[0])
	}
	for _, act := range r.May {
		if err := c.p.lacksProof(act); err != nil {
			return c.noteDenial(OwnTokens, r.Account, err)
		}
	}
	return nil
}

// mayHandle returns text.Forbidden unless the principal may make, list and revoke tokens of an account: of his
// own, or of any account if he has the right to do so.
func (c *counter) mayHandle(account string) error {
	if account == c.p.Account && !c.p.Owner {
		return c.mayDo(OwnTokens, account)
	}
	return c.mayAct(OtherTokens, account)
}

// Tokens implements AccountDesk.
func (c *counter) Tokens(_ context.Context, account string) (Tokens, error) {
	if account == "" && !c.p.Can(OtherTokens) {
		account = c.p.Account
	}
	right := OtherTokens
	if account == c.p.Account {
		right = OwnTokens
	}
	if err := c.mayDo(right, account); err != nil {
		return nil, err
	}
	c.a.mu.RLock()
	defer c.a.mu.RUnlock()
	held := c.a.state.tokens
	if account != "" {
		of := c.a.state.accounts[account]
		if of == nil {
			return nil, noAccount(account)
		}
		held = of.tokens
	}
	list := Tokens{}
	for _, t := range held {
		list = append(list, t.shown(c.a.Now()))
	}
	return list, nil
}

// RevokeToken implements AccountDesk. Revoking a revoked token changes nothing. The token of an account that the
// principal may not handle is reported as not found, so that he cannot find out which tokens exist.
func (c *counter) RevokeToken(ctx context.Context, id string) (*Token, error) {
	key, err := uuid.Parse(id)
	if err != nil {
		return nil, text.Errorf(text.Invalid, "%q 不是令牌的编号", "%q is not the id of a token", clean(id)).Of("id")
	}
	c.a.mu.RLock()
	t := c.a.state.byID[key]
	c.a.mu.RUnlock()
	if t == nil || t.account.name != c.p.Account && !c.p.Can(OtherTokens) {
		if t != nil {
			c.a.noteAsked(LogDenied, &c.p, string(OtherTokens), id, "", outcomeForbidden)
		}
		return nil, text.Errorf(text.NotFound, "没有编号为 %s 的令牌", "there is no token %s", clean(id))
	}
	if err := c.mayHandle(t.account.name); err != nil {
		return nil, err
	}
	err = c.do(ctx, func(*state) ([]fact, error) {
		if !t.revoked.isZero() {
			return nil, nil
		}
		return []fact{{tokenRevoked, onToken{t.account.name, key, c.who()}}}, nil
	})
	if err != nil {
		return nil, err
	}
	c.a.mu.RLock()
	defer c.a.mu.RUnlock()
	shown := t.shown(c.a.Now())
	return &shown, nil
}

func noAccount(name string) error {
	return text.Errorf(text.NotFound, "没有账号 %s", "there is no account %s", clean(name))
}
