package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
)

func (a *app) accountCommand() *cobra.Command {
	c := a.group("account", "账号：谁可以查询和录入什么", "accounts: who may ask and record what")
	var b access.Binding
	add := &cobra.Command{
		Use: "add ACCOUNT", Args: exactly(1),
		Short: a.say("新增账号；目录中没有台账时一并建立",
			"add an account; makes the directory of the ledger if it is not there"),
		RunE: func(cmd *cobra.Command, args []string) error {
			r := access.NewAccount{Account: args[0], Binding: b}
			if a.server == "" { // before directories are made
				if err := r.Check(); err != nil {
					return err
				}
			}
			return a.newOffice(cmd.Context(), func(o access.AccountDesk) error {
				return a.writeAccount(o.AddAccount(cmd.Context(), r))
			})
		},
	}
	a.bindingFlags(add, &b)
	bind := &cobra.Command{
		Use: "bind ACCOUNT", Args: exactly(1),
		Short: a.say("绑定角色、范围和权限，取代原有的；角色变更后原有令牌作废",
			"bind an account to a role, a scope and rights, in place of what it has; another role voids its tokens"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.office(cmd.Context(), func(o access.AccountDesk) error {
				return a.writeAccount(o.Bind(cmd.Context(), args[0], b))
			})
		},
	}
	a.bindingFlags(bind, &b)
	list := &cobra.Command{
		Use: "list", Args: exactly(0),
		Short: a.say("列出全部账号", "list all accounts"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.office(cmd.Context(), func(o access.AccountDesk) error {
				list, err := o.Accounts(cmd.Context())
				if err != nil {
					return err
				}
				return a.answer(list, list.Table, func() { _ = a.writePeople(list.Table()) })
			})
		},
	}
	c.AddCommand(add, bind, list,
		a.accountPasswordCommand(), a.resetFactorCommand(),
		a.linkCommand("link", a.say("把统一身份登录的身份关联到账号",
			"link an identity of single sign-on to an account"), access.AccountDesk.Link),
		a.linkCommand("unlink", a.say("解除与统一身份登录身份的关联", "take away a link to an identity"),
			access.AccountDesk.Unlink),
		a.oneAccount("show", a.say("显示一个账号", "show an account"), access.AccountDesk.Account),
		a.oneAccount("disable", a.say("停用账号，其登录和令牌随即失效",
			"disable an account; its sessions and tokens are no longer valid"), access.AccountDesk.Disable),
		a.oneAccount("enable", a.say("重新启用账号", "enable an account again"), access.AccountDesk.Enable))
	return c
}

// bindingFlags adds the flags for the binding of an account: its center, region or department.
func (a *app) bindingFlags(c *cobra.Command, b *access.Binding) {
	f := c.Flags()
	f.StringVar((*string)(&b.Role), "role", "",
		a.say("角色 `ROLE`：%s", "`ROLE`: %s", text.Text{Zh: access.RoleWords.Words().Zh, En: joined(access.Roles())}))
	f.StringVar((*string)(&b.Center), "center", "",
		a.say("角色为省转化中心时的中心编号 `ID`（可尚未登记）",
			"`ID` of the center of the role center, which may be registered later"))
	f.StringVar(&b.Region, "region", "", a.say("角色为所在地政府时的行政区划代码 `PREFIX`：前 2、4 或 6 位",
		"of the role local-gov, the `PREFIX` of a region: 2, 4 or 6 digits"))
	f.StringArrayVar(&b.Departments, "department", nil, a.say("角色为省级行业主管部门时的部门名称 `NAME`；可多次给出",
		"`NAME` of a department of the role industry-dept; may be given several times"))
	f.BoolVar(&b.MayRecord, "may-record", false,
		a.say("可补录，也可代其他部门补录", "may record what was decided outside the system, also by another office"))
}

func joined[T ~string](list []T) string {
	words := make([]string, len(list))
	for i, x := range list {
		words[i] = string(x)
	}
	return strings.Join(words, ", ")
}

// oneAccount returns a verb about one account.
func (a *app) oneAccount(verb, short string,
	ask func(access.AccountDesk, context.Context, string) (*access.Account, error)) *cobra.Command {
	return &cobra.Command{
		Use: verb + " ACCOUNT", Args: exactly(1), Short: short,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.office(cmd.Context(), func(o access.AccountDesk) error {
				return a.writeAccount(ask(o, cmd.Context(), args[0]))
			})
		},
	}
}

// writeAccount writes an account in its present state. Warnings go to standard error.
func (a *app) writeAccount(x *access.Account, err error) error {
	if err != nil {
		return err
	}
	return a.writeAccountAnd(x, func() {})
}

// writeAccountAnd does the same as writeAccount, and calls more to write further lines for people.
func (a *app) writeAccountAnd(x *access.Account, more func()) error {
	for _, w := range x.Warnings {
		fmt.Fprintln(a.errOut, a.say("提示：%s", "note: %s", w.In(a.lang)))
	}
	return a.answer(x, x.Table, func() {
		a.print("%s：%s%s", "%s: %s%s", x.Account, x.Role.Title().In(a.lang), a.aside(x.ScopeWords().In(a.lang)))
		if x.MayRecord {
			a.print("  可补录", "  may record")
		}
		a.print("  建立：%s，由 %s", "  added: %s, by %s", toSecond(x.AddedAt),
			access.AccountWord(x.AddedBy).In(a.lang))
		if x.BoundAt != "" {
			a.print("  绑定：%s，由 %s", "  bound: %s, by %s", toSecond(x.BoundAt),
				access.AccountWord(x.BoundBy).In(a.lang))
		}
		if x.Disabled {
			a.print("  停用：%s，由 %s", "  disabled: %s, by %s", toSecond(x.DisabledAt),
				access.AccountWord(x.DisabledBy).In(a.lang))
		}
		a.print("  有效令牌：%d", "  valid tokens: %d", x.Tokens)
		a.tellSignIn(x)
		more()
	})
}

// tellSignIn prints the means with which an account signs in, and its last sign-in.
func (a *app) tellSignIn(x *access.Account) {
	password, factor, last := a.say("未设置", "none"), a.say("未启用", "none"), a.say("从未", "never")
	if x.Password {
		password = a.say("已设置", "set")
	}
	if x.Factor {
		factor = a.say("已启用", "enrolled")
	}
	if x.SignedInAt != "" {
		last = toSecond(x.SignedInAt)
	}
	a.print("  密码：%s；动态验证码：%s；上次登录：%s", "  password: %s; second factor: %s; last sign-in: %s",
		password, factor, last)
	for _, id := range x.Identities {
		a.print("  关联身份：%s（签发方 %s）", "  linked identity: %s at %s", id.Subject, id.Issuer)
	}
}

func (a *app) resetFactorCommand() *cobra.Command {
	return &cobra.Command{
		Use: "reset-factor ACCOUNT", Args: exactly(1),
		Short: a.say("撤销动态验证码（如手机丢失），须由本人重新启用",
			"take away a second factor, such as a lost phone; the account enrols a new one"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.office(cmd.Context(), func(o access.AccountDesk) error {
				before, err := o.Account(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				x, err := o.ResetFactor(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				return a.writeAccountAnd(x, func() {
					if !before.Factor {
						a.print("账号 %s 没有启用动态验证码，没有变化。",
							"The account %s has no second factor; nothing changed.", x.Account)
						return
					}
					a.print("动态验证码已撤销，登录已结束。",
						"The second factor is gone, and the sessions have ended.")
				})
			})
		},
	}
}

// linkCommand returns a verb about an identity at an issuer.
func (a *app) linkCommand(verb, short string,
	do func(access.AccountDesk, context.Context, string, access.Identity) (*access.Account, error)) *cobra.Command {
	var id access.Identity
	c := &cobra.Command{
		Use: verb + " ACCOUNT --issuer URL --subject TEXT", Args: exactly(1), Short: short,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.office(cmd.Context(), func(o access.AccountDesk) error {
				return a.writeAccount(do(o, cmd.Context(), args[0], id))
			})
		},
	}
	c.Flags().StringVar(&id.Issuer, "issuer", "",
		a.say("签发方 `URL`，与 taizhang serve 的 --oidc-issuer 相同（必填）",
			"`URL` of the issuer, as serve has it in --oidc-issuer (must be given)"))
	c.Flags().StringVar(&id.Subject, "subject", "",
		a.say("该签发方对此人的标识 `TEXT`（必填）", "what the issuer calls the person (sub), `TEXT` (must be given)"))
	return c
}

// aside returns a text in parentheses, or "" for "".
func (a *app) aside(s string) string {
	if s == "" {
		return ""
	}
	return a.say("（%s）", " (%s)", s)
}
