package kurrentstore

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"github.com/taizhang/taizhang/events/text"
)

// ConnectionString is a connection string that was parsed and checked. The client understands every part of it as the
// store does.
type ConnectionString struct {
	hosts    []string
	discover bool
	config   esdb.Configuration
}

// String returns the name of the cluster for logs and messages, without accounts.
func (c *ConnectionString) String() string {
	scheme := "esdb://"
	if c.discover {
		scheme = "esdb+discover://"
	}
	return scheme + strings.Join(c.hosts, ",")
}

// setting is one parameter of a connection string. Its wrong returns the error in a value.
type setting struct {
	name  string
	wrong func(value string) (text.Text, bool)
}

// settings holds all parameters that the client knows. The client silently ignores every other name and some wrong
// values.
var settings = []setting{
	{"tls", oneOf("true", "false")},
	{"tlsVerifyCert", oneOf("true", "false")},
	{"tlsCAFile", given},
	{"userCertFile", given},
	{"userKeyFile", given},
	{"nodePreference", oneOf("leader", "follower", "random", "readonlyreplica")},
	{"keepAliveInterval", between(10_000, 3_600_000, "毫秒", "milliseconds")},
	{"keepAliveTimeout", between(1_000, 600_000, "毫秒", "milliseconds")},
	{"defaultDeadline", between(1_000, 600_000, "毫秒", "milliseconds")},
	{"discoveryInterval", between(10, 60_000, "毫秒", "milliseconds")},
	{"gossipTimeout", between(1, 300, "秒", "seconds")},
	{"maxDiscoverAttempts", between(1, 1<<31-1, "次", "attempts")},
}

// ParseConnection reads a connection string: esdb://[user:password@]host[:port][,host[:port]…][?name=value&…], or
// esdb+discover://… with one name that the DNS resolves to the nodes. It refuses everything that the client would
// misread or silently ignore. The error has text.Invalid and never repeats a password.
func ParseConnection(s string) (*ConnectionString, error) {
	scheme, rest, _ := strings.Cut(s, "://")
	c := &ConnectionString{discover: scheme == "esdb+discover"}
	switch {
	case scheme == "kurrentdb" || scheme == "kurrentdb+discover" || scheme == "kdb":
		return nil, refuse("此版本的客户端不认 %s://，请写 esdb:// 或 esdb+discover://",
			"this version of the client does not know %s://; write esdb:// or esdb+discover://", scheme)
	case scheme != "esdb" && !c.discover:
		return nil, refuse("应以 esdb:// 或 esdb+discover:// 开头", "it must begin with esdb:// or esdb+discover://")
	case strings.ContainsAny(rest, "# \t\r\n"):
		return nil, refuse("不能含 # 或空白；密码中的请写成 %%23、%%20",
			"it must not contain # or blanks; in a password write %%23 and %%20")
	}
	address, query, _ := strings.Cut(rest, "?")
	values, err := readSettings(query)
	if err != nil {
		return nil, err
	}
	user := ""
	if i := strings.LastIndexByte(address, '@'); i >= 0 {
		user, address = address[:i], address[i+1:]
		if err := checkUser(user, values); err != nil {
			return nil, err
		}
	}
	if c.hosts, err = readHosts(strings.TrimSuffix(address, "/")); err != nil {
		return nil, err
	}
	if err := checkTogether(c, values); err != nil {
		return nil, err
	}
	config, err := esdb.ParseConnectionString(s)
	var file *fs.PathError
	switch {
	case errors.As(err, &file):
		return nil, refuse("文件 %s 读不了（%v）", "the file %s cannot be read (%v)", file.Path, file.Err)
	case err != nil: // the error is not shown, because its text may repeat the string
		return nil, refuse("客户端读不懂（证书文件有误？）",
			"the client cannot make sense of it (a file that holds no certificate?)")
	}
	c.config = *config
	return c, nil
}

// checkUser checks the account before the @. The client sends an account only over TLS and only with a password, and
// silently drops it otherwise.
func checkUser(user string, values map[string]string) error {
	name, password, _ := strings.Cut(user, ":")
	_, badName := url.PathUnescape(name)
	_, badPassword := url.PathUnescape(password)
	switch {
	case name == "" || password == "":
		return refuse("账号与密码应都给出（账号:密码@）",
			"account and password must both be given (account:password@)")
	case strings.ContainsAny(user, "@,/?") || strings.Contains(password, ":") || badName != nil || badPassword != nil:
		return refuse("账号或密码中的特殊字符应写成百分号编码，如 @ 写成 %%40，逗号写成 %%2C",
			"special characters in the account or the password must be percent-encoded: @ is %%40, a comma is %%2C")
	case plain(values):
		return refuse("tls=false 时客户端不发送账号密码；请启用 TLS，或去掉账号",
			"with tls=false the client does not send the account; use TLS or leave the account out")
	}
	return nil
}

// plain reports whether the client would not use TLS.
func plain(values map[string]string) bool { return strings.EqualFold(values["tls"], "false") }

func readHosts(list string) ([]string, error) {
	if strings.Contains(list, "/") {
		return nil, refuse("主机之后不能有路径", "no path may follow the hosts")
	}
	hosts := strings.Split(list, ",")
	for i, h := range hosts {
		name, port, hasPort := strings.Cut(h, ":")
		number, err := strconv.Atoi(port)
		switch {
		case name == "":
			return nil, refuse("第 %d 个主机为空", "host %d is empty", i+1)
		case strings.ContainsAny(h, "[]") || strings.Contains(port, ":"):
			return nil, refuse("客户端不认 IPv6 地址 %s；请用主机名",
				"the client does not take the IPv6 address %s; use a name", h)
		case strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._") != "":
			return nil, refuse("主机名 %q 含不能有的字符", "the host %q has characters that it cannot have", name)
		case hasPort && (err != nil || number < 1 || number > 65535 || port != strconv.Itoa(number)):
			return nil, refuse("主机 %s 的端口应为 1 至 65535", "the port of host %s must be 1 to 65535", h)
		case slices.Contains(hosts[:i], h):
			return nil, refuse("主机 %s 重复", "the host %s is given twice", h)
		}
	}
	return hosts, nil
}

// readSettings returns the parameters by their names in lower case, as the client compares them. Of two names that
// differ only in case the client uses one at random, of two equal names the first.
func readSettings(query string) (map[string]string, error) {
	if strings.Contains(query, ",") {
		return nil, refuse("参数中的逗号应写成 %%2C", "a comma in a parameter must be written %%2C")
	}
	parsed, err := url.ParseQuery(query)
	if err != nil {
		return nil, refuse("参数的写法不对，应为 名=值&名=值", "the parameters are not written name=value&name=value")
	}
	values := map[string]string{}
	for name, all := range parsed {
		key := strings.ToLower(name)
		i := slices.IndexFunc(settings, func(s setting) bool { return strings.ToLower(s.name) == key })
		if i < 0 {
			return nil, refuse("没有参数 %q", "there is no parameter %q", name)
		}
		if _, twice := values[key]; twice || len(all) != 1 {
			return nil, refuse("参数 %s 重复", "the parameter %s is given twice", settings[i].name)
		}
		if why, bad := settings[i].wrong(all[0]); bad {
			return nil, refuse("参数 %s："+why.Zh, "parameter %s: "+why.En, settings[i].name)
		}
		values[key] = all[0]
	}
	return values, nil
}

// checkTogether checks parameters that are wrong only in combination.
func checkTogether(c *ConnectionString, values map[string]string) error {
	_, cert := values["usercertfile"]
	_, key := values["userkeyfile"]
	_, authority := values["tlscafile"]
	switch {
	case cert != key:
		return refuse("userCertFile 与 userKeyFile 应都给出", "userCertFile and userKeyFile must both be given")
	case plain(values) && (cert || authority):
		return refuse("tls=false 时证书不起作用；请启用 TLS，或去掉证书",
			"with tls=false certificates have no effect; use TLS or leave them out")
	case c.discover && len(c.hosts) > 1:
		return refuse("esdb+discover:// 只能有一个主机；多个主机请用 esdb://",
			"esdb+discover:// takes one host; use esdb:// for several")
	}
	return nil
}

func given(value string) (text.Text, bool) {
	return text.Say("不能为空", "must not be empty"), value == ""
}

func oneOf(allowed ...string) func(string) (text.Text, bool) {
	return func(value string) (text.Text, bool) {
		list := strings.Join(allowed, ", ")
		return text.Say("应为 %s 之一", "must be one of %s", list), !slices.Contains(allowed, strings.ToLower(value))
	}
}

func between(least, most int, zh, en string) func(string) (text.Text, bool) {
	return func(value string) (text.Text, bool) {
		n, err := strconv.Atoi(value)
		why := text.Text{Zh: fmt.Sprintf("应为 %d 至 %d，单位为%s", least, most, zh),
			En: fmt.Sprintf("must be %d to %d, in %s", least, most, en)}
		return why, err != nil || n < least || n > most
	}
}
