package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
)

func (a *app) tokenCommand() *cobra.Command {
	c := a.group("token", "令牌：程序以账号的身份访问", "tokens: with which a program acts as an account")
	list := &cobra.Command{
		Use: "list [ACCOUNT]", Args: between(0, 1),
		Short: a.say("列出令牌（不显示令牌本身）", "list tokens, without the tokens themselves"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.office(cmd.Context(), func(o access.AccountDesk) error {
				list, err := o.Tokens(cmd.Context(), strings.Join(args, ""))
				if err != nil {
					return err
				}
				return a.answer(list, list.Table, func() { _ = a.writePeople(list.Table()) })
			})
		},
	}
	revoke := &cobra.Command{
		Use: "revoke ID", Args: exactly(1),
		Short: a.say("注销令牌", "revoke a token"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.office(cmd.Context(), func(o access.AccountDesk) error {
				t, err := o.RevokeToken(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				return a.answer(t, t.Table, func() {
					a.print("令牌 %s（%s 的“%s”）已注销", "the token %s (“%[3]s” of %[2]s) is revoked", t.ID,
						t.Account, t.Name)
				})
			})
		},
	}
	c.AddCommand(a.tokenAddCommand(), list, revoke)
	return c
}

func (a *app) tokenAddCommand() *cobra.Command {
	var r access.NewToken
	var expires string
	c := &cobra.Command{
		Use: "add ACCOUNT", Args: exactly(1),
		Short: a.say("签发令牌，只此一次显示", "make a token, which is shown this once"),
		Long: a.say(`签发令牌。标准输出只有令牌本身，此后不再显示，请用只有本人可读的文件保存：
  (umask 077; taizhang token add cai --name 月报 > cai.token)
补录、采用办法参数、管理账号和取消资格须用为其签发的令牌（--may），有效期至多 30 天。`,
			`Make a token. Standard output has the token alone. It is never shown again; keep it in a file that only you can read:
  (umask 077; taizhang token add cai --name "monthly report" > cai.token)
Record mode, policies, acts on accounts and revocations need a token made for them (--may), for at most 30 days.`),
		RunE: func(cmd *cobra.Command, args []string) error {
			r.Account = args[0]
			for i, typed := range r.May {
				if act, ok := access.MayWords.Read(typed); ok {
					r.May[i] = act
				}
			}
			if expires != "" {
				days, err := strconv.Atoi(strings.TrimSuffix(expires, "d"))
				if err != nil || days < 1 {
					return usage(cmd, "--expires 应为天数，例如 90d，不能是 %q",
						"--expires must be a number of days, such as 90d, not %q", expires)
				}
				r.Days = days
			}
			return a.office(cmd.Context(), func(o access.AccountDesk) error {
				made, err := o.AddToken(cmd.Context(), r)
				if err != nil {
					return err
				}
				return a.answer(made, made.Table, func() { fmt.Fprintln(a.out, made.Secret) })
			})
		},
	}
	f := c.Flags()
	f.StringVar(&r.Name, "name", "",
		a.say("令牌的用途 `TEXT`（必填）", "what the token is for, `TEXT` (must be given)"))
	f.StringVar(&expires, "expires", "", a.say("有效期 `DAYS`，例如 90d（默认 90d，有 --may 时 30d；至多 365d）",
		"for how many `DAYS` it is good, such as 90d (default 90d, with --may 30d; at most 365d)"))
	f.StringArrayVar(&r.May, "may", nil,
		a.say("可用于 `ACT`：%s；可多次给出", "is made for an `ACT`: %s; may be given several times",
			text.Text{Zh: access.MayWords.Words().Zh, En: joined(access.Mays())}))
	return c
}
