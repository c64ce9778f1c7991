package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/taizhang/taizhang/events/text"
)

// configBytesMax is the maximum size of a file of settings.
const configBytesMax = 1 << 20

// settable lists the flags of serve that the environment and the file of settings can also set.
var settable = []string{"data", "store", "listen", "admin-listen", "nats-listen", "nats", "nats-nkey", "nats-creds",
	"tls-cert", "tls-key", "host", "insecure",
	"session-idle", "password-days", "proxy", "public-url", "oidc-issuer", "oidc-client", "oidc-secret-file",
	"oidc-audience", "oidc-ca", "lang", "verbose"}

// isList reports whether a setting may be given more than once.
func isList(name string) bool { return name == "host" || name == "proxy" }

// setting is the value of a flag with its source: byFlag, a variable of the environment, a line of the file, or
// byDefault.
type setting struct {
	name, value, from string
}

const (
	byFlag    = "flag"
	byDefault = "default"
)

// settle sets the flags that were not typed: from the environment, then from the file of settings. It returns all
// settings, and speaks the language of the settings from then on.
func (a *app) settle(cmd *cobra.Command, file string) ([]setting, error) {
	inFile, err := a.readConfig(file)
	if err != nil {
		return nil, err
	}
	var all []setting
	for _, name := range settable {
		flag := cmd.Flag(name)
		from := byFlag
		if !flag.Changed && (name != "data" || !a.dirGiven) { // --dir is --data
			if from, err = a.settleOne(flag, inFile[name]); err != nil {
				return nil, err
			}
		}
		all = append(all, setting{name, settingText(flag), from})
	}
	lang, ok := languages.Read(a.langTyped)
	if !ok {
		return nil, text.Errorf(text.Invalid, "lang 应为 zh 或 en，不能是 %q", "lang must be zh or en, not %q",
			a.langTyped)
	}
	a.lang = lang
	return all, nil
}

// settleOne sets one flag and returns where its value is from.
func (a *app) settleOne(flag *pflag.Flag, lines []configLine) (string, error) {
	variable := variableOf(flag.Name)
	if value := a.getenv(variable); value != "" {
		values := []string{value}
		if isList(flag.Name) {
			values = strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' })
		}
		for _, v := range values {
			if err := flag.Value.Set(v); err != nil {
				return "", text.Errorf(text.Invalid, "环境变量 %s 的值 %q 不对",
					"the environment's %s: the value %q is not valid", variable, v)
			}
		}
		return variable, nil
	}
	from := byDefault
	for _, line := range lines {
		if err := flag.Value.Set(line.value); err != nil {
			return "", text.Errorf(text.Invalid, "%s：%s 的值 %q 不对", "%s: %s: the value %q is not valid",
				line.where, line.name, line.value)
		}
		from = line.where
	}
	return from, nil
}

// variableOf returns the variable of the environment that sets a flag.
func variableOf(flag string) string {
	return "TAIZHANG_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// settingText returns the value of a flag without the password of a cluster, so that it can be shown.
func settingText(flag *pflag.Flag) string {
	if list, ok := flag.Value.(pflag.SliceValue); ok {
		return strings.Join(list.GetSlice(), ", ")
	}
	value := flag.Value.String()
	if u, err := url.Parse(value); flag.Name == "store" && (err != nil || u.User != nil) {
		before, after, _ := strings.Cut(value, "@")
		scheme, _, _ := strings.Cut(before, "://")
		return scheme + "://…@" + after
	}
	return value
}

// configLine is one line of a file of settings.
type configLine struct {
	name, value string
	where       string // file:line
}

// readConfig reads a file of settings: lines NAME = VALUE, blank lines, and comments that begin with #. NAME is the
// name of a flag. Only a list may be given more than once.
func (a *app) readConfig(file string) (map[string][]configLine, error) {
	if file == "" {
		return nil, nil
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if len(content) > configBytesMax {
		return nil, text.Errorf(text.Invalid, "%s：超过 %d 字节", "%s: more than %d bytes", file, configBytesMax)
	}
	set := map[string][]configLine{}
	lines := bufio.NewScanner(strings.NewReader(strings.TrimPrefix(string(content), "\ufeff")))
	lines.Buffer(nil, configBytesMax)
	for number := 1; lines.Scan(); number++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		where := fmt.Sprintf("%s:%d", file, number)
		name, value, ok := strings.Cut(line, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		switch {
		case !ok || name == "" || value == "":
			return nil, text.Errorf(text.Invalid, "%s：应写作 名称 = 值", "%s: expected NAME = VALUE", where)
		case !slices.Contains(settable, name):
			return nil, text.Errorf(text.Invalid, "%s：没有名为 %q 的设置；可用：%s",
				"%s: there is no setting %q; there are: %s", where, name, strings.Join(settable, ", "))
		case !isList(name) && len(set[name]) > 0:
			return nil, text.Errorf(text.Invalid, "%s：%s 已在 %s 设过", "%s: %s is set already at %s", where, name,
				set[name][0].where)
		case name == "store" && strings.Contains(value, "@"):
			return nil, text.Errorf(text.Invalid,
				"%s：口令不能写在设置文件中；带账号的集群地址请用环境变量 TAIZHANG_STORE",
				"%s: a password does not belong into a file of settings; give the address of a cluster with an "+
					"account in the environment's TAIZHANG_STORE", where)
		}
		set[name] = append(set[name], configLine{name, value, where})
	}
	return set, lines.Err()
}

// serveOptions are the flags of serve.
type serveOptions struct {
	signInOptions
	listen, adminListen string
	natsListen          string // feedOff or "" for no feed in this process
	nats                string
	natsNKey, natsCreds string
	tlsCert, tlsKey     string
	config              string
	checkConfig         bool
	demo                bool
	insecure            bool
	hosts               []string

	fill func(*opened) error // adds records to the ledger before it is served; nil for none
}

// check returns an error for options that are wrong whatever the ledger contains.
func (o *serveOptions) check() error {
	if !isAddress(o.listen) {
		return text.Errorf(text.Invalid, "应写作 主机:端口，不能是 %q", "expected HOST:PORT, got %q",
			o.listen).Of("listen")
	}
	if o.adminListen != "" && !isAddress(o.adminListen) {
		return text.Errorf(text.Invalid, "应写作 主机:端口，不能是 %q", "expected HOST:PORT, got %q",
			o.adminListen).Of("admin-listen")
	}
	if (o.tlsCert == "") != (o.tlsKey == "") {
		return text.Errorf(text.Invalid, "--tls-cert 与 --tls-key 须一起给出",
			"--tls-cert and --tls-key must be given together")
	}
	if !o.isLoopback() && o.tlsCert == "" && !o.insecure {
		return text.Errorf(text.Invalid,
			"%s 不是本机回环地址，密码和令牌会以明文传输：请给出 --tls-cert 和 --tls-key；确由前置代理加密的，用 "+
				"--insecure",
			"%s is not a loopback address, and passwords and tokens would travel in the clear: give --tls-cert and "+
				"--tls-key, or --insecure if a proxy in front encrypts", o.listen)
	}
	for _, host := range o.hosts {
		if strings.ContainsAny(host, "/: ") && net.ParseIP(host) == nil {
			return text.Errorf(text.Invalid, "应为不带端口的主机名，不能是 %q",
				"expected the name of a host without a port, got %q", host).Of("host")
		}
	}
	return o.signInOptions.check()
}

// isAddress reports whether a text is HOST:PORT with the number of a port.
func isAddress(s string) bool {
	_, port, err := net.SplitHostPort(s)
	_, notPort := strconv.ParseUint(port, 10, 16)
	return err == nil && notPort == nil
}

// isLoopback reports whether only this machine can reach the address.
func (o *serveOptions) isLoopback() bool { return isLoopback(o.listen) }

// isLoopback reports whether only this machine can reach an address HOST:PORT.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}

// hostNames returns the host names that requests may use: those of loopback, those of the server's addresses, and
// those given by flags.
func (o *serveOptions) hostNames() []string {
	names := []string{"localhost", "127.0.0.1", "::1"}
	if host, _, err := net.SplitHostPort(o.listen); err == nil && host != "" {
		names = append(names, host)
	}
	if host := o.publicHost(); host != "" {
		names = append(names, host)
	}
	return append(names, o.hosts...)
}

// printSettings prints what would be used.
func (a *app) printSettings(all []setting) error {
	var failed error
	for _, s := range all {
		from := s.from
		switch from {
		case byFlag:
			from = a.say("命令行选项", byFlag)
		case byDefault:
			from = a.say("默认", byDefault)
		}
		_, err := fmt.Fprintf(a.out, "%s = %s  # %s\n", s.name, text.Printable(s.value), from)
		failed = errors.Join(failed, err)
	}
	return failed
}
