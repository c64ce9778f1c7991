package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/go-json-experiment/json"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/desk"
)

// demoCenter is the center that the demo's accounts of a center, a region and a department all see.
const demoCenter = "ZJ-0001"

// demoTokenDays is how long the tokens of a demo would be good for; they end with it.
const demoTokenDays = 1

// serveDemo serves a simulated province in a temporary directory until ctx ends, to this machine alone.
func (a *app) serveDemo(ctx context.Context, o *serveOptions) (err error) {
	if !o.isLoopback() {
		return text.Errorf(text.Invalid, "--demo 只在本机回环地址上提供服务，不能是 %s", "--demo serves a loopback address alone, not %s", o.listen)
	}
	if a.cluster != "" {
		return text.Errorf(text.Invalid, "--demo 自建台账，不能用集群；请去掉环境变量 TAIZHANG_STORE", "--demo makes a ledger of its own, not one in a cluster; unset the environment's TAIZHANG_STORE")
	}
	if a.dir, err = os.MkdirTemp("", "taizhang-demo-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(a.dir)) }()
	return a.serve(ctx, o, func(x *opened, address string) error {
		if err := a.demoImport(ctx, &x.desk); err != nil {
			return err
		}
		tokens, err := a.demoAccounts(ctx, x)
		if err != nil {
			return err
		}
		a.demoCalls(address, tokens)
		return nil
	})
}

// demoAccounts adds an account of each role with a token, prints them, and returns the tokens by account.
func (a *app) demoAccounts(ctx context.Context, x *opened) (map[string]string, error) {
	assigned, err := a.demoAssigned(ctx, x)
	if err != nil {
		return nil, err
	}
	office := x.access.Office(access.Local("demo", "local"))
	tokens := map[string]string{}
	fmt.Fprintln(a.out)
	a.print("账号（仅供演示，无第二因素；令牌只显示这一次）：", "Accounts (for the demo, without a second factor; tokens are shown this once):")
	for _, x := range []struct {
		name string
		access.Binding
		may   []string
		scope text.Text
	}{
		{"office", access.Binding{Role: access.STOffice, MayRecord: true}, []string{access.MayRecord, access.MayRevoke}, text.Say("全省", "the province")},
		{"finance", access.Binding{Role: access.Finance, MayRecord: true}, []string{access.MayRecord}, text.Say("全省", "the province")},
		{"dept", access.Binding{Role: access.IndustryDept, Departments: []string{assigned.IndustryDept}}, nil, text.Same(assigned.IndustryDept)},
		{"region", access.Binding{Role: access.LocalGov, Region: assigned.LocalGov[:4]}, nil, text.Say("行政区划 %s", "region %s", assigned.LocalGov[:4])},
		{"center", access.Binding{Role: access.Center, Center: demoCenter}, nil, text.Same(demoCenter)},
		{"auditor", access.Binding{Role: access.Auditor}, nil, text.Say("全省", "the province")},
		{"secadmin", access.Binding{Role: access.SecAdmin}, []string{access.MayPolicy, access.MayAccounts}, text.Say("政策、账号绑定", "policies, what accounts are bound to")},
		{"sysadmin", access.Binding{Role: access.SysAdmin}, []string{access.MayAccounts}, text.Say("账号增减", "adding and disabling accounts")},
		{"logadmin", access.Binding{Role: access.LogAdmin}, nil, text.Say("访问日志", "the access log")},
	} {
		if _, err := office.AddAccount(ctx, access.NewAccount{Account: x.name, Binding: x.Binding}); err != nil {
			return nil, err
		}
		made, err := office.AddToken(ctx, access.NewToken{Account: x.name, Name: "demo", Days: demoTokenDays, May: x.may})
		if err != nil {
			return nil, err
		}
		tokens[x.name] = made.Secret
		fmt.Fprintf(a.out, "  %-9s %s  %-13s %s\n", x.name, made.Secret, x.Role, x.scope.In(a.lang))
	}
	return tokens, nil
}

// demoAssigned returns the department and the region that the center of the demo was assigned to last.
func (a *app) demoAssigned(ctx context.Context, x *opened) (to events.CenterAssigned, err error) {
	_, err = x.desk.Story(ctx, a.when(), demoCenter, func(c *desk.Chapter) error {
		var record struct {
			Data events.CenterAssigned `json:"data"`
		}
		if c.Kind != "center.assigned" {
			return nil
		}
		err := json.Unmarshal(c.Record, &record)
		to = record.Data
		return err
	})
	if err == nil && len(to.LocalGov) < 4 {
		err = fmt.Errorf("taizhang: demo: %s is assigned to nobody", demoCenter)
	}
	return to, err
}

// demoCalls prints calls that can be pasted.
func (a *app) demoCalls(address string, tokens map[string]string) {
	fmt.Fprintln(a.out)
	a.print("可以粘贴试用：", "Ready to paste:")
	for _, call := range []struct{ account, path string }{
		{"auditor", "/v1/alerts?severity=red&limit=3&lang=" + a.lang},
		{"region", "/v1/execution?limit=3&lang=" + a.lang},
		{"center", "/v1/centers/" + demoCenter + "?lang=" + a.lang},
	} {
		fmt.Fprintf(a.out, "  curl -s -H 'Authorization: Bearer %s' '%s%s'\n", tokens[call.account], address, call.path)
	}
	fmt.Fprintln(a.out)
	a.print("正在 %s 提供服务；按 Ctrl-C 结束，临时台账 %s 随之删除", "Serving on %s; Ctrl-C ends it and removes the temporary ledger %s", address, a.dir)
}
