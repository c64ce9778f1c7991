package demo

import (
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
)

// Account is an account of the demo. May lists the rights of its token, and Scope says what it sees or does.
type Account struct {
	Name string
	access.Binding
	May   []string
	Scope text.Text
}

// Accounts returns an account of each role. Those of the center, its department and its region see Province.Center.
func (p *Province) Accounts() []Account {
	province := text.Say("全省", "the province")
	return []Account{
		{Name: "office", Binding: access.Binding{Role: access.STOffice, MayRecord: true},
			May: []string{access.MayRecord, access.MayRevoke}, Scope: province},
		{Name: "finance", Binding: access.Binding{Role: access.Finance, MayRecord: true},
			May: []string{access.MayRecord}, Scope: province},
		{Name: "dept", Binding: access.Binding{Role: access.IndustryDept, Departments: []string{p.Department}},
			Scope: text.Same(p.Department)},
		{Name: "region", Binding: access.Binding{Role: access.LocalGov, Region: Hangzhou},
			Scope: text.Say("杭州市（%s）", "Hangzhou (%s)", Hangzhou)},
		{Name: "center", Binding: access.Binding{Role: access.Center, Center: p.Center},
			Scope: text.Same(string(p.Center))},
		{Name: "auditor", Binding: access.Binding{Role: access.Auditor}, Scope: province},
		{Name: "secadmin", Binding: access.Binding{Role: access.SecAdmin},
			May:   []string{access.MayPolicy, access.MayAccounts},
			Scope: text.Say("办法参数、账号绑定", "policies, what accounts are bound to")},
		{Name: "sysadmin", Binding: access.Binding{Role: access.SysAdmin}, May: []string{access.MayAccounts},
			Scope: text.Say("账号增减、密码", "adding accounts, their passwords")},
		{Name: "logadmin", Binding: access.Binding{Role: access.LogAdmin},
			Scope: text.Say("访问日志", "the access log")},
	}
}
