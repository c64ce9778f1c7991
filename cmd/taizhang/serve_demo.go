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

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/demo"
	"github.com/taizhang/taizhang/services/files"
	"github.com/taizhang/taizhang/services/logstore"
)

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
	province, err := a.fillDemo(ctx)
	if err != nil {
		return err
	}
	var accounts []demoAccount
	o.fill = func(x *opened) error {
		if o.hasFeed() {
			if err := a.demoConsumer(ctx, x); err != nil {
				return err
			}
		}
		accounts, err = a.demoAccounts(ctx, x, province)
		return err
	}
	return a.serve(ctx, o, func(x *opened, address string) error {
		a.tellDemoAccounts(address, accounts)
		a.tellDemoWork(province)
		a.demoCalls(address, accounts, province)
		if x.feed != nil {
			a.demoFeed(x.feed.URL(), province)
		}
		fmt.Fprintln(a.out)
		a.print("正在 %s 提供服务；按 Ctrl-C 结束，临时台账 %s 随之删除",
			"Serving on %s; Ctrl-C ends it and removes the temporary ledger %s", address, a.dir)
		return nil
	})
}

// fillDemo writes the province to the directory of the ledger, and beside it the sheet with mistakes.
func (a *app) fillDemo(ctx context.Context) (province *demo.Province, err error) {
	store, err := logstore.Open(a.dir, logstore.Options{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if province, err = demo.Fill(ctx, store, a.now()); err != nil {
		return nil, err
	}
	return province, files.Create(filepath.Join(a.dir, demo.SheetName), province.WriteSheet)
}

// The user of NATS of a demo, and the file with its seed in the directory of the ledger.
const (
	demoUser     = "demo"
	demoSeedName = "demo.nk"
)

// demoConsumer adds a user of NATS and writes its seed.
func (a *app) demoConsumer(ctx context.Context, x *opened) error {
	public, err := newSeed(filepath.Join(a.dir, demoSeedName), "nkey")
	if err != nil {
		return err
	}
	_, err = x.access.Desk(access.Local("demo", "local")).AddNATSUser(ctx,
		access.NewNATSUser{Name: demoUser, Key: public})
	return err
}

// demoAccount is an account of a demo, with its password and token.
type demoAccount struct {
	demo.Account
	password, token string
}

// demoAccounts adds an account of each role, each with a password and a token of its own.
func (a *app) demoAccounts(ctx context.Context, x *opened, province *demo.Province) (list []demoAccount, err error) {
	office := x.access.Desk(access.Local("demo", "local"))
	for _, account := range province.Accounts() {
		d := demoAccount{Account: account, password: demoPassword()}
		if _, err := office.AddAccount(ctx, access.NewAccount{Account: d.Name, Binding: d.Binding}); err != nil {
			return nil, err
		}
		if _, err := office.SetPassword(ctx, d.Name, access.NewPassword{Password: d.password}); err != nil {
			return nil, err
		}
		made, err := office.AddToken(ctx,
			access.NewToken{Account: d.Name, Name: "demo", Days: demoTokenDays, May: d.May})
		if err != nil {
			return nil, err
		}
		d.token = made.Secret
		list = append(list, d)
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

// tellDemoAccounts prints the address to open and then the accounts, in lines of less than 80 columns unless a scope
// is long.
func (a *app) tellDemoAccounts(address string, list []demoAccount) {
	fmt.Fprintln(a.out)
	a.print("在浏览器中打开  %s/login", "Open in a browser:  %s/login", address)
	fmt.Fprintln(a.out)
	a.print("账号和密码（仅供演示，登录不用动态验证码；密码只显示这一次）：",
		"Accounts and passwords (a demo has no second factor; shown this once):")
	for _, d := range list {
		fmt.Fprintf(a.out, "  %-8s  %s  %-13s %s\n", d.Name, d.password, d.Role, d.Scope.In(a.lang))
	}
	a.print("程序用令牌访问（也只显示这一次）：", "Programs show a token (shown this once too):")
	for _, d := range list {
		fmt.Fprintf(a.out, "  %-8s  %s\n", d.Name, d.token)
	}
}

// tellDemoWork prints what is in the ledger and what is left to do.
func (a *app) tellDemoWork(p *demo.Province) {
	fmt.Fprintln(a.out)
	a.print("台账为模拟的一省：%d 个中心，%d 条记录，至 %v。留有待办：",
		"The ledger holds a simulated province: %d centers, %d records, until %v. Left to do:",
		demo.Centers, p.Records, p.Today-1)
	a.print("  finance 决定延后安排偏低中心的经费；office 评定逾期的年度等级",
		"  finance decides on the deferral of low centers, office on grades that are overdue")
	a.print("  region 说明杭州市截至 %v 的执行率为何与当时报出的不同",
		"  region explains why the rate of Hangzhou as of %v is not what was reported", p.ReportedOn)
	a.print("  center 更正并导入凭证表 %s", "  center mends and imports the sheet of vouchers %s",
		filepath.Join(a.dir, demo.SheetName))
}

// demoCalls prints calls of the API that can be pasted into a terminal.
func (a *app) demoCalls(address string, accounts []demoAccount, p *demo.Province) {
	fmt.Fprintln(a.out)
	a.print("可以粘贴试用：", "Ready to paste:")
	for _, call := range []struct{ account, path string }{
		{"auditor", "/v1/alerts?severity=red&limit=3&lang=" + a.lang},
		{"region", "/v1/execution?limit=3&lang=" + a.lang},
		{"center", "/v1/centers/" + string(p.Center) + "?lang=" + a.lang},
	} {
		fmt.Fprintf(a.out, "  curl -s -H 'Authorization: Bearer %s' '%s%s'\n",
			accounts[slices.IndexFunc(accounts, func(d demoAccount) bool { return d.Name == call.account })].token,
			address, call.path)
	}
}

// demoFeed prints how to see an alert live: a consumer to start in another terminal, and two records to enter in a
// third.
func (a *app) demoFeed(feed string, p *demo.Province) {
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
			a.invoked, record.kind, shellWord(a.dir), p.Center, events.DateAt(a.now()), a.lang, record.data)
	}
}
