package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/desk"
)

// demoCenter is a center that the demo's accounts of a center, a region and a department all see.
const demoCenter = "ZJ-0001"

// demoTokenDays is the validity of the tokens of a demo. They end with the demo anyway.
const demoTokenDays = 1

// checkDemo returns an error for options that a demo does not allow.
func (a *app) checkDemo(o *serveOptions) error {
	if !o.isLoopback() {
		return text.Errorf(text.Invalid, "--demo 只在本机回环地址上提供服务，不能是 %s",
			"--demo serves a loopback address alone, not %s", o.listen)
	}
	if o.nats != "" || o.natsListen != feedOff && !isLoopback(o.natsListen) {
		return text.Errorf(text.Invalid, "--demo 只在本机推送预警，不能用 --nats 或其他地址",
			"--demo has its feed on loopback alone and takes no --nats and no other address")
	}
	if a.cluster != "" {
		return text.Errorf(text.Invalid, "--demo 自建台账，不能用集群；请去掉环境变量 TAIZHANG_STORE",
			"--demo makes a ledger of its own, not one in a cluster; unset the environment's TAIZHANG_STORE")
	}
	return nil
}

// serveDemo serves a simulated province in a temporary directory until ctx ends, to this machine alone.
func (a *app) serveDemo(ctx context.Context, o *serveOptions) (err error) {
	if a.dir, err = os.MkdirTemp("", "taizhang-demo-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(a.dir)) }()
	var accounts []demoAccount
	o.fill = func(x *opened) error {
		if err := a.demoImport(ctx, &x.desk); err != nil {
			return err
		}
		if o.hasFeed() {
			if err := a.demoConsumer(ctx, x); err != nil {
				return err
			}
		}
		accounts, err = a.demoAccounts(ctx, x)
		return err
	}
	return a.serve(ctx, o, func(x *opened, address string) error {
		a.tellDemoAccounts(address, accounts)
		a.demoCalls(address, accounts)
		if x.feed != nil {
			a.demoFeed(x.feed.URL())
		}
		fmt.Fprintln(a.out)
		a.print("正在 %s 提供服务；按 Ctrl-C 结束，临时台账 %s 随之删除",
			"Serving on %s; Ctrl-C ends it and removes the temporary ledger %s", address, a.dir)
		return nil
	})
}

// The user of NATS of a demo, and the file with its seed in the directory of the ledger.
const (
	demoUser     = "demo"
	demoSeedName = "demo.nk"
)

// demoConsumer adds a user of NATS and writes its seed.
func (a *app) demoConsumer(ctx context.Context, x *opened) error {
	public, err := newSeed(filepath.Join(a.dir, demoSeedName))
	if err != nil {
		return err
	}
	_, err = x.access.Desk(access.Local("demo", "local")).AddNATSUser(ctx,
		access.NewNATSUser{Name: demoUser, Key: public})
	return err
}

// demoAccount is an account of a demo, with its password and token.
type demoAccount struct {
	name string
	access.Binding
	may             []string
	scope           text.Text
	password, token string
}

// demoAccounts adds an account of each role, each with a password and a token of its own.
func (a *app) demoAccounts(ctx context.Context, x *opened) ([]demoAccount, error) {
	assigned, err := a.demoAssigned(ctx, x)
	if err != nil {
		return nil, err
	}
	list := []demoAccount{
		{name: "office", Binding: access.Binding{Role: access.STOffice, MayRecord: true},
			may: []string{access.MayRecord, access.MayRevoke}, scope: text.Say("全省", "the province")},
		{name: "finance", Binding: access.Binding{Role: access.Finance, MayRecord: true},
			may: []string{access.MayRecord}, scope: text.Say("全省", "the province")},
		{name: "dept", Binding: access.Binding{
			Role: access.IndustryDept, Departments: []string{assigned.IndustryDept}},
			scope: text.Same(assigned.IndustryDept)},
		{name: "region", Binding: access.Binding{Role: access.LocalGov, Region: assigned.LocalGov[:4]},
			scope: text.Say("行政区划 %s", "region %s", assigned.LocalGov[:4])},
		{name: "center", Binding: access.Binding{Role: access.Center, Center: demoCenter},
			scope: text.Same(demoCenter)},
		{name: "auditor", Binding: access.Binding{Role: access.Auditor}, scope: text.Say("全省", "the province")},
		{name: "secadmin", Binding: access.Binding{Role: access.SecAdmin},
			may:   []string{access.MayPolicy, access.MayAccounts},
			scope: text.Say("办法参数、账号绑定", "policies, what accounts are bound to")},
		{name: "sysadmin", Binding: access.Binding{Role: access.SysAdmin}, may: []string{access.MayAccounts},
			scope: text.Say("账号增减、密码", "adding accounts, their passwords")},
		{name: "logadmin", Binding: access.Binding{Role: access.LogAdmin},
			scope: text.Say("访问日志", "the access log")},
	}
	office := x.access.Desk(access.Local("demo", "local"))
	for i := range list {
		d := &list[i]
		if _, err := office.AddAccount(ctx, access.NewAccount{Account: d.name, Binding: d.Binding}); err != nil {
			return nil, err
		}
		d.password = demoPassword()
		if _, err := office.SetPassword(ctx, d.name, access.NewPassword{Password: d.password}); err != nil {
			return nil, err
		}
		made, err := office.AddToken(ctx,
			access.NewToken{Account: d.name, Name: "demo", Days: demoTokenDays, May: d.may})
		if err != nil {
			return nil, err
		}
		d.token = made.Secret
	}
	return list, nil
}

// demoPassword returns a random password of 4 groups of letters and digits: 79 bits. Its characters are not easily
// confused.
func demoPassword() string {
	const signs = "23456789abcdefghjkmnpqrstuvwxyz"
	var b strings.Builder
	for i := range 16 {
		if i > 0 && i%4 == 0 {
			b.WriteByte('-')
		}
		n, _ := rand.Int(rand.Reader, big.NewInt(int64(len(signs)))) // rand.Int does not fail
		b.WriteByte(signs[n.Int64()])
	}
	return b.String()
}

// tellDemoAccounts prints the accounts, in lines of less than 80 columns unless a scope is long.
func (a *app) tellDemoAccounts(address string, list []demoAccount) {
	fmt.Fprintln(a.out)
	a.print("在 %s/login 登录（仅供演示，登录不用动态验证码；密码只显示这一次）：",
		"Sign in at %s/login (a demo has no second factor; shown this once):", address)
	for _, d := range list {
		fmt.Fprintf(a.out, "  %-8s  %s  %-13s %s\n", d.name, d.password, d.Role, d.scope.In(a.lang))
	}
	a.print("程序用令牌访问（也只显示这一次）：", "Programs show a token (shown this once too):")
	for _, d := range list {
		fmt.Fprintf(a.out, "  %-8s  %s\n", d.name, d.token)
	}
}

// demoAssigned returns the department and the region to which the center of the demo is assigned.
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
		err = fmt.Errorf("taizhang: demo: %s has no assigned offices", demoCenter)
	}
	return to, err
}

// demoCalls prints calls of the API that can be pasted into a terminal.
func (a *app) demoCalls(address string, accounts []demoAccount) {
	fmt.Fprintln(a.out)
	a.print("可以粘贴试用：", "Ready to paste:")
	for _, call := range []struct{ account, path string }{
		{"auditor", "/v1/alerts?severity=red&limit=3&lang=" + a.lang},
		{"region", "/v1/execution?limit=3&lang=" + a.lang},
		{"center", "/v1/centers/" + demoCenter + "?lang=" + a.lang},
	} {
		fmt.Fprintf(a.out, "  curl -s -H 'Authorization: Bearer %s' '%s%s'\n",
			accounts[slices.IndexFunc(accounts, func(d demoAccount) bool { return d.name == call.account })].token,
			address, call.path)
	}
}

// demoFeed prints how to see an alert live: a consumer to start in another terminal, and two records to enter in a
// third.
func (a *app) demoFeed(feed string) {
	fmt.Fprintln(a.out)
	a.print("预警的实时推送：在另一个终端运行", "Alerts as they come: in another terminal, run")
	fmt.Fprintf(a.out, "  %s alerts watch --nats %s --nkey %s --durable %s --lang %s\n", a.invoked, feed,
		shellWord(filepath.Join(a.dir, demoSeedName)), demoUser, a.lang)
	a.print("再开一个终端，记录一起重大事故（产生红色预警），然后记录其处理完毕（解除）：",
		"and in a third one record a major incident, which raises a red alert, and then that it is closed, which "+
			"clears it:")
	for _, record := range []struct{ kind, data string }{
		{"incident.recorded", `{"incident":"DEMO-1","kind":"safety","severity":"major"}`},
		{"incident.closed", `{"incident":"DEMO-1"}`},
	} {
		fmt.Fprintf(a.out,
			"  %s record %s --data %s --center %s --on %v --role st-office --actor demo --lang %s --data '%s'\n",
			a.invoked, record.kind, shellWord(a.dir), demoCenter, events.DateAt(a.now()), a.lang, record.data)
	}
}
