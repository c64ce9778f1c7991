package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/taizhang/taizhang/events/text"
)

// resolveWait is for how long the name in an address is looked up.
const resolveWait = 5 * time.Second

// ports looks at each address on which a server would listen.
func (x *examination) ports() {
	for _, a := range []struct{ setting, address string }{
		{"listen", x.Serving.Listen}, {"admin-listen", x.Serving.Admin}, {"nats-listen", x.Serving.NATS}} {
		if a.address != "" {
			x.port(a.setting, a.address)
		}
	}
}

func (x *examination) port(setting, address string) {
	_, port, _ := net.SplitHostPort(address)
	number, _ := strconv.Atoi(port)
	about := x.flag(setting) + " " + address
	if number == 0 {
		x.find(Ports, about, OK, "%s：任一空闲端口", "%s: any free port", about)
		return
	}
	ctx, cancel := context.WithTimeout(x.ctx, resolveWait)
	defer cancel()
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err == nil {
		err = l.Close()
	}
	x.listening(about, number, err, useOf(number))
}

// portUse says whether a process listens on a port, as far as can be seen.
type portUse struct {
	isInUse bool
	process int    // 0 if it cannot be seen
	name    string // of the process
}

// listening judges the result of listening at an address. The kernel refuses a low port before it looks whether the
// port is in use, so a port may be in use although the error is that it is not permitted.
func (x *examination) listening(about string, number int, err error, use portUse) {
	isRefused := errors.Is(err, fs.ErrPermission)
	switch {
	case errors.Is(err, syscall.EADDRINUSE) || isRefused && use.isInUse:
		x.used(about, number, use)
	case (err == nil || isRefused) && x.Served != nil:
		x.find(Ports, about, Warning, "%s：服务进程 %d 没有在此地址上",
			"%s: the server, process %d, does not listen there", about, x.Served.Process).
			todo("检查所用的设置是否与服务相同；改了设置须重新启动服务",
				"look whether these settings are those of the server; changed ones need a new start").
			typed("systemctl restart taizhang")
	case isRefused:
		x.find(Ports, about, Warning, "%s：当前用户没有权限使用 %d 以下的端口",
			"%s: ports below %d are not permitted to this user", about, unprivilegedPort()).
			todo("%s", "%s", higherPort)
	case err == nil && number < unprivilegedPort() && os.Geteuid() == 0 && x.owner != 0:
		x.find(Ports, about, Warning, "%s：空闲，但 %d 以下的端口只有 root 可用，服务用户（%d）不能用",
			"%s: free, but ports below %d are for root, and the user who serves (%d) is another", about,
			unprivilegedPort(), x.owner).
			todo("%s", "%s", higherPort)
	case err == nil:
		x.find(Ports, about, OK, "%s：空闲", "%s: free", about)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		x.find(Ports, about, Wrong, "%s：本机没有这个地址", "%s: this machine has no such address", about).
			todo("改用本机的地址", "take an address of this machine").typed("ip address")
	default:
		x.find(Ports, about, Wrong, "%s：%s", "%s: %s", about, because(err)).
			todo("改用另一个地址", "take another address")
	}
}

// higherPort says what to do about a port that the user who serves may not use.
var higherPort = text.Say("改用较大的端口；须用该端口的，在它上面设前置代理",
	"take a higher port; if that one is needed, put a proxy in front on it")

// used says who uses a port: the server of this ledger, or another process.
func (x *examination) used(about string, number int, use portUse) {
	switch {
	case x.Served != nil && use.process != 0 && use.process == x.Served.Process:
		x.find(Ports, about, OK, "%s：由服务进程 %d 使用", "%s: of the server, process %d", about, use.process)
	case use.process == 0 && (x.Served != nil || x.Unreachable != nil):
		x.find(Ports, about, NotExamined, "%s：已被占用，没有权限看到是否为本台账的服务",
			"%s: in use; it is not permitted to see whether by the server of this ledger", about).
			todo("以运行服务的用户或 root 再检查一次", "examine it again as the user who runs the server, or as root")
	default:
		by := text.Say("另一个进程", "another process")
		if use.process != 0 {
			by = text.Say("进程 %d（%s）", "process %d (%s)", use.process, use.name)
		}
		x.find(Ports, about, Wrong, "%s：已被%s占用", "%s: in use by %s", about, by).
			todo("停止该进程，或改用另一个端口", "stop that process, or take another port").
			typed(fmt.Sprintf("ss -ltnp 'sport = :%d'", number))
	}
}

// unprivilegedPort returns the lowest port that any user may use.
func unprivilegedPort() int {
	content, err := os.ReadFile("/proc/sys/net/ipv4/ip_unprivileged_port_start")
	if n, bad := strconv.Atoi(strings.TrimSpace(string(content))); err == nil && bad == nil {
		return n
	}
	return 1024
}

// useOf returns who listens on a port.
func useOf(port int) portUse {
	sockets := map[string]bool{} // socket:[inode]
	for _, file := range []string{"/proc/self/net/tcp", "/proc/self/net/tcp6"} {
		content, _ := os.ReadFile(file)                    // none without IPv6
		for line := range strings.Lines(string(content)) { // sl local remote st tx:rx tr:tm retrnsmt uid timeout inode
			fields := strings.Fields(line)
			if len(fields) > 9 && fields[3] == "0A" && strings.HasSuffix(fields[1], fmt.Sprintf(":%04X", port)) {
				sockets["socket:["+fields[9]+"]"] = true
			}
		}
	}
	if len(sockets) == 0 {
		return portUse{}
	}
	files, _ := filepath.Glob("/proc/[0-9]*/fd/*") // what may not be read is left out
	for _, file := range files {
		if to, err := os.Readlink(file); err == nil && sockets[to] {
			dir := filepath.Dir(filepath.Dir(file))
			process, _ := strconv.Atoi(filepath.Base(dir))
			comm, _ := os.ReadFile(filepath.Join(dir, "comm"))
			return portUse{isInUse: true, process: process, name: strings.TrimSpace(string(comm))}
		}
	}
	return portUse{isInUse: true}
}

// hosts says whether requests under a name of this server are accepted.
func (x *examination) hosts() {
	host, _, err := net.SplitHostPort(x.Serving.Listen)
	ip := net.ParseIP(host)
	switch {
	case x.Serving.Listen == "" || err != nil:
		return
	case host == "localhost" || ip != nil && ip.IsLoopback():
		x.find(Hosts, x.Serving.Listen, OK, "只在本机可以访问", "only this machine can ask it")
		return
	case len(x.Serving.Hosts) == 0 && (ip == nil && host == "" || ip != nil && ip.IsUnspecified()):
		x.find(Hosts, x.Serving.Listen, Warning,
			"没有设置主机名：用本机回环地址以外的名称或地址访问一律拒绝（403）",
			"no host name is set: every request under another name or address than loopback is refused (403)").
			todo("设置浏览器和程序所用的主机名", "set the names under which browsers and programs ask").
			typed(x.serve(x.flag("host"), "NAME", x.flag("check-config")))
	default:
		names := slices.Clone(x.Serving.Hosts)
		if host != "" && (ip == nil || !ip.IsUnspecified()) {
			names = slices.Insert(names, 0, host)
		}
		x.find(Hosts, x.Serving.Listen, OK, "可以用 %s 访问", "it is asked as %s", strings.Join(names, ", "))
	}
	if x.Serving.Insecure && x.Serving.TLSCert == "" && !x.Serving.Proxied {
		x.find(Hosts, x.Serving.Listen, Warning, "其他机器可以不加密访问，也没有指定前置代理",
			"other machines can ask it without TLS, and no proxy in front is named").
			todo("给出证书；确有加密的前置代理的，指定它的地址",
				"give a certificate; if a proxy in front encrypts, name its address").
			typed(x.serve(x.flag("tls-cert"), "FILE", x.flag("tls-key"), "FILE", x.flag("check-config")))
	}
}
