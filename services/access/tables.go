package access

import (
	"strings"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// RoleWords holds the words for the roles: those of the ledger, and those of the administrators.
var RoleWords = func() (all text.Vocabulary[Role]) {
	administrators := text.Vocabulary[Role]{
		{Code: SecAdmin, Word: text.Say("安全管理员", "security administrator")},
		{Code: SysAdmin, Word: text.Say("系统管理员", "system administrator")},
		{Code: LogAdmin, Word: text.Say("审计日志管理员", "log administrator")},
	}
	for _, r := range Roles() {
		term := text.Term[Role]{Code: r, Word: administrators.Word(r)}
		for _, ledger := range events.Roles {
			if !r.IsAdministrator() && ledger.Code == r.Ledger() {
				term.Word, term.Also = ledger.Word, ledger.Also
			}
		}
		all = append(all, term)
	}
	return all
}()

// Title returns the words for a role, also for that of an account without one.
func (r Role) Title() text.Text {
	if r == "" {
		return text.Say("（未绑定）", "(none)")
	}
	return RoleWords.Word(r)
}

// AccountColumns are the columns for accounts. Departments are separated by ";", and so are identities, each
// written as issuer, blank, subject.
var AccountColumns = []table.Column{{Name: "account", Title: text.Say("账号", "account")},
	{Name: "role", Title: text.Say("角色", "role")}, {Name: "center"}, {Name: "region"}, {Name: "departments"},
	{Title: text.Say("范围", "scope"), CharMax: 40},
	{Name: "mayRecord", Title: text.Say("可补录", "may record"), Type: table.Bool},
	{Name: "disabled", Title: text.Say("停用", "disabled"), Type: table.Bool},
	{Name: "tokens", Title: text.Say("有效令牌", "valid tokens"), Type: table.Count},
	{Name: "addedAt", Title: text.Say("建立", "added"), Type: table.Time}, {Name: "addedBy"},
	{Name: "boundAt", Type: table.Time}, {Name: "boundBy"},
	{Name: "disabledAt", Type: table.Time}, {Name: "disabledBy"},
	{Name: "hasPassword", Title: text.Say("密码", "password"), Type: table.Bool},
	{Name: "factor", Title: text.Say("动态验证码", "second factor"), Type: table.Bool},
	{Name: "identities"}, {Name: "signedInAt", Title: text.Say("上次登录", "last sign-in"), Type: table.Time}}

// ScopeWords returns the scope of a binding as people read it, or "": a center, the prefix of a region, or
// departments.
func (b *Binding) ScopeWords() text.Text {
	list := b.Departments
	if one := string(b.Center) + b.Region; one != "" {
		list = append([]string{one}, list...)
	}
	return text.Text{Zh: strings.Join(list, "、"), En: strings.Join(list, ", ")}
}

// Row returns the account as a row of AccountColumns.
func (a *Account) Row() []table.Cell {
	var identities []string
	for _, id := range a.Identities {
		identities = append(identities, id.Issuer+" "+id.Subject)
	}
	return []table.Cell{table.Text(a.Account), table.Named(a.Role, a.Role.Title()), table.Optional(string(a.Center)),
		table.Optional(a.Region), table.Optional(strings.Join(a.Departments, ";")),
		table.Cell{Shown: a.ScopeWords()}, table.Yes(a.MayRecord), table.Yes(a.Disabled),
		table.Number(a.Tokens), table.Text(a.AddedAt), table.Text(a.AddedBy), table.Optional(a.BoundAt),
		table.Optional(a.BoundBy), table.Optional(a.DisabledAt), table.Optional(a.DisabledBy),
		table.Yes(a.Password), table.Yes(a.Factor), table.Optional(strings.Join(identities, ";")),
		table.Optional(a.SignedInAt)}
}

// Table returns the account as a row.
func (a *Account) Table() *table.Table { return Accounts{*a}.Table() }

// Table returns the accounts, one a row.
func (list Accounts) Table() *table.Table {
	t := &table.Table{Columns: AccountColumns, Empty: text.Say("没有账号。", "There are no accounts.")}
	for i := range list {
		t.Rows = append(t.Rows, list[i].Row())
	}
	return t
}

// tokenStates holds the words for the states of a token.
var tokenStates = map[string]text.Text{
	TokenValid:   text.Say("有效", "valid"),
	TokenExpired: text.Say("已过期", "expired"),
	TokenRevoked: text.Say("已注销", "revoked"),
	TokenVoid:    text.Say("已作废", "void"),
}

// TokenColumns are the columns for tokens. Several acts in one cell are separated by ";".
var TokenColumns = []table.Column{
	{Name: "id", Title: text.Say("编号", "id")}, {Name: "account", Title: text.Say("账号", "account")},
	{Name: "name", Title: text.Say("用途", "name"), CharMax: 30},
	{Name: "state", Title: text.Say("状态", "state")}, {Name: "may", Title: text.Say("可用于", "may")},
	{Name: "addedAt", Type: table.Time}, {Name: "addedBy", Title: text.Say("签发人", "made by")},
	{Name: "expiresAt", Title: text.Say("有效期至", "expires"), Type: table.Time},
	{Name: "revokedAt", Type: table.Time}, {Name: "revokedBy"}}

// Row returns the token as a row of TokenColumns.
func (t *Token) Row() []table.Cell {
	return []table.Cell{table.Text(t.ID), table.Text(t.Account), table.Text(t.Name),
		table.Named(t.State, tokenStates[t.State]), mays(t.May), table.Text(t.AddedAt),
		table.Named(t.AddedBy, AccountWord(t.AddedBy)),
		table.Text(t.ExpiresAt), table.Optional(t.RevokedAt), table.Optional(t.RevokedBy)}
}

// mays returns a cell of the acts that a token was made for.
func mays(acts []string) table.Cell {
	if len(acts) == 0 {
		return table.Cell{}
	}
	return table.Named(strings.Join(acts, ";"), MayWords.Of(acts...).Words())
}

// Table returns the token as a row.
func (t *Token) Table() *table.Table { return Tokens{*t}.Table() }

// Table returns the tokens, one a row.
func (list Tokens) Table() *table.Table {
	t := &table.Table{Columns: TokenColumns, Empty: text.Say("没有令牌。", "There are no tokens.")}
	for i := range list {
		t.Rows = append(t.Rows, list[i].Row())
	}
	return t
}

// MadeTokenColumns are the columns for a new token: its secret and those of TokenColumns.
var MadeTokenColumns = append([]table.Column{{Name: "secret"}}, TokenColumns...)

// Table returns the new token as a table with one row.
func (m *MadeToken) Table() *table.Table {
	return &table.Table{Columns: MadeTokenColumns,
		Rows: [][]table.Cell{append([]table.Cell{table.Text(m.Secret)}, m.Row()...)}}
}

// EntryColumns are the columns for entries of the access log.
var EntryColumns = []table.Column{{Name: "at", Type: table.Time}, {Name: "kind"}, {Name: "account"}, {Name: "verb"},
	{Name: "object"}, {Name: "center"}, {Name: "outcome"}, {Name: "source"},
	{Name: "count", Type: table.Count}, {Name: "position", Type: table.Count}}

// Row returns the entry as a row of EntryColumns.
func (e *LogEntry) Row() []table.Cell {
	position := table.Cell{}
	if e.Position > 0 {
		position = table.Number(e.Position)
	}
	named := func(code string, word text.Text) table.Cell {
		if code == "" {
			return table.Cell{}
		}
		return table.Named(code, word)
	}
	return []table.Cell{
		table.Text(e.At), table.Named(e.Kind, LogKinds.Word(e.Kind)), named(e.Account, AccountWord(e.Account)),
		table.Named(e.Verb, e.VerbWord()),
		named(e.Object, e.ObjectWord()), table.Optional(string(e.Center)), table.Named(e.Outcome, e.OutcomeWord()),
		named(e.Source, e.SourceWord()),
		table.Number(e.Count), position,
	}
}

// NATSUserColumns are the columns for users of NATS. Several ids, severities or families in one cell are separated
// by ";".
var NATSUserColumns = []table.Column{{Name: "name", Title: text.Say("名称", "name")}, {Name: "key"},
	{Name: "severities", Title: text.Say("级别", "severities")},
	{Name: "families", Title: text.Say("类别", "families"), CharMax: 30},
	{Name: "centerIds", Title: text.Say("中心", "centers"), CharMax: 30},
	{Name: "addedAt", Title: text.Say("登记", "added"), Type: table.Time},
	{Name: "addedBy", Title: text.Say("登记人", "added by")},
	{Name: "revokedAt", Type: table.Time}, {Name: "revokedBy"}}

// SeverityWords returns the severities of a filter in words.
func (f *NATSFilter) SeverityWords() text.Text {
	var zh, en []string
	for _, s := range f.Severities {
		word := lists.SeverityWord(aggregates.Severity(s))
		zh, en = append(zh, word.Zh), append(en, word.En)
	}
	return text.Text{Zh: strings.Join(zh, "、"), En: strings.Join(en, ", ")}
}

// Row returns the user as a row of NATSUserColumns.
func (u *NATSUser) Row() []table.Cell {
	list := func(l []string) table.Cell {
		if len(l) == 0 {
			return table.Cell{Shown: text.Say("全部", "all")}
		}
		return table.Text(strings.Join(l, ";"))
	}
	severities := list(u.Filter.Severities)
	if len(u.Filter.Severities) > 0 {
		severities.Shown = u.Filter.SeverityWords()
	}
	return []table.Cell{table.Text(u.Name), table.Text(u.Key), severities, list(u.Filter.Families),
		list(u.Filter.Centers), table.Text(u.AddedAt), table.Named(u.AddedBy, AccountWord(u.AddedBy)),
		table.Optional(u.RevokedAt), table.Optional(u.RevokedBy)}
}

// Table returns the user as a row.
func (u *NATSUser) Table() *table.Table { return NATSUsers{*u}.Table() }

// Table returns the users, one a row.
func (list NATSUsers) Table() *table.Table {
	t := &table.Table{Columns: NATSUserColumns, Empty: text.Say("没有 NATS 用户。", "There are no NATS users.")}
	for i := range list {
		t.Rows = append(t.Rows, list[i].Row())
	}
	return t
}
