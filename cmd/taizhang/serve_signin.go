package main

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
)

// signInOptions are the flags of serve about signing in.
type signInOptions struct {
	sessionIdleMinutes int
	passwordDays       int
	proxies            []string
	ssoOptions
}

// Bounds of the flags about signing in.
const (
	sessionIdleMinutesMin = int(access.IdleMin / time.Minute)
	sessionIdleMinutesMax = int(access.IdleMax / time.Minute)
	passwordDaysMax       = 3650
)

// signInFlags adds the flags about signing in.
func (a *app) signInFlags(c *cobra.Command, o *signInOptions) {
	f := c.Flags()
	f.IntVar(&o.sessionIdleMinutes, "session-idle", int(access.IdleDefault/time.Minute),
		a.say("登录后 `MINUTES` 分钟没有操作即退出（5 至 60）",
			"`MINUTES` without a request after which a session ends (5 to 60)"))
	f.IntVar(&o.passwordDays, "password-days", 0,
		a.say("密码使用 `DAYS` 天后须更换（0 为不限）", "`DAYS` after which a password must be changed (0: never)"))
	f.StringArrayVar(&o.proxies, "proxy", nil,
		a.say("前置代理的地址 `ADDR|CIDR`，可多次给出；来自代理的请求按 X-Forwarded-For 认来源", "address "+
			"`ADDR|CIDR` of a proxy in front, whose X-Forwarded-For says where a request is from; may be repeated"))
	a.ssoFlags(c, &o.ssoOptions)
}

// check returns an error for options that are wrong on every machine.
func (o *signInOptions) check() error {
	switch {
	case o.sessionIdleMinutes < sessionIdleMinutesMin || o.sessionIdleMinutes > sessionIdleMinutesMax:
		return text.Errorf(text.Invalid, "应为 %d 至 %d 分钟", "must be %d to %d minutes", sessionIdleMinutesMin,
			sessionIdleMinutesMax).Of("session-idle")
	case o.passwordDays < 0 || o.passwordDays > passwordDaysMax:
		return text.Errorf(text.Invalid, "应为 0 至 %d 天", "must be 0 to %d days",
			passwordDaysMax).Of("password-days")
	}
	if _, err := o.proxyPrefixes(); err != nil {
		return err
	}
	return o.ssoOptions.check()
}

// proxyPrefixes returns the networks of the proxies.
func (o *signInOptions) proxyPrefixes() (list []netip.Prefix, err error) {
	for _, s := range o.proxies {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			var at netip.Addr
			at, err = netip.ParseAddr(s)
			p = netip.PrefixFrom(at.WithZone(""), at.BitLen())
		}
		if err != nil || p.Bits() == 0 || p.Addr().Is4In6() { // every address would be a proxy
			return nil, text.Errorf(text.Invalid, "应为地址或网段，如 10.0.0.5 或 10.0.0.0/24，不能是 %q",
				"expected an address or a network, such as 10.0.0.5 or 10.0.0.0/24, got %q", s).Of("proxy")
		}
		list = append(list, p.Masked())
	}
	return list, nil
}

// canSignIn reports whether somebody can sign in as an account.
func (o *signInOptions) canSignIn(x *access.Account) bool {
	return !x.Disabled && (x.Password || o.oidcIssuer != "" && len(x.Identities) > 0)
}

// withoutPassword returns the names of the administrators who only lack a password, as after a restore, or "" if
// there are none. It ignores log administrators, because they cannot give anybody access.
func withoutPassword(accounts access.Accounts) string {
	var names []string
	for i := range accounts {
		if x := &accounts[i]; (x.Role == access.SecAdmin || x.Role == access.SysAdmin) && !x.Disabled && !x.Password {
			names = append(names, x.Account)
		}
	}
	return strings.Join(names, ", ")
}

// sayFirst prints, while nobody can sign in, what must be added first: passwords for the administrators, or an
// administrator.
func (a *app) sayFirst(o *serveOptions, accounts access.Accounts) error {
	if slices.ContainsFunc(accounts, func(x access.Account) bool { return o.canSignIn(&x) }) {
		return nil
	}
	in := ""
	if a.dirGiven {
		in = " --data " + shellWord(a.dir)
	}
	if names := withoutPassword(accounts); names != "" {
		_, err := fmt.Fprintln(a.out, a.say(`还没有人可以登录：管理员账号 %s 没有密码（从备份恢复后须重新设置）；请在本机设置，无须重新启动：
  %s account password NAME%s`, `nobody can sign in yet: the administrators %s have no password, as after a restore; set them on this machine, without a restart:
  %s account password NAME%s`, names, a.invoked, in))
		return err
	}
	_, err := fmt.Fprintln(a.out, a.say(`还没有人可以登录；请在本机建立管理员（sysadmin、secadmin、logadmin 各一人），无须重新启动：
  %s account add NAME --role sysadmin%[2]s
  %[1]s account password NAME%[2]s`, `nobody can sign in yet; make the administrators on this machine (a sysadmin, a secadmin, a logadmin), without a restart:
  %s account add NAME --role sysadmin%[2]s
  %[1]s account password NAME%[2]s`, a.invoked, in))
	return err
}
