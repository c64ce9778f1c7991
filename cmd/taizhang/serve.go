package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/user"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"golang.org/x/sys/unix"

	"github.com/taizhang/taizhang/docs"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/alertfeed"
	"github.com/taizhang/taizhang/services/answers"
	"github.com/taizhang/taizhang/services/api"
	"github.com/taizhang/taizhang/services/console"
	"github.com/taizhang/taizhang/services/imports"
	"github.com/taizhang/taizhang/services/listen"
	"github.com/taizhang/taizhang/services/signin"
	"github.com/taizhang/taizhang/services/spool"
	"github.com/taizhang/taizhang/services/supervisor"
)

// The limits of a server. There is no limit on the time of a whole request, because imports and streams may take long;
// each of their parts has a deadline.
const (
	connectionsMax       = 4096 // over the network
	socketConnectionsMax = 256  // over the socket, apart from those over the network
	adminConnectionsMax  = 64
	headerWait           = 10 * time.Second
	idleWait             = 2 * time.Minute
	headerBytesMax       = 32 << 10
	stopWait             = 20 * time.Second // from the signal to the end
	shutWait             = 14 * time.Second // until the connections of running requests are closed
	stoppedWait          = 10 * time.Second // from a write with an unknown outcome to the exit
	stoppedLook          = time.Second
)

// exitStopped is the exit code after a write of unknown outcome. A supervisor starts the program again, which reads
// the events on disk.
const exitStopped = 3

// errExitStopped is the error that the ledger stopped, and the server with it.
var errExitStopped = text.Errorf(text.Stopped, "有一次写入的结果不明，服务停止；重新启动即以磁盘上的记录为准",
	"the outcome of a write is unknown, and the server ends; started again it goes by what is on disk")

func (a *app) serveCommand() *cobra.Command {
	o := &serveOptions{}
	cmd := &cobra.Command{
		Use: "serve", Args: exactly(0), Annotations: onFiles,
		Short: a.say("提供服务：HTTP 接口和本机的套接字", "serve the ledger over HTTP and on a socket beside it"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, name := range []string{"as-of", "known-at", "output"} {
				if cmd.Flags().Changed(name) {
					return usage(cmd, "taizhang serve 不用 --%s", "serve takes no --%s", name)
				}
			}
			if o.demo && (a.dirGiven || cmd.Flags().Changed("store")) {
				return usage(cmd, "--demo 自建台账，不能用 --data 或 --store",
					"--demo makes a ledger of its own and takes no --data or --store")
			}
			settings, err := a.settle(cmd, cmp.Or(o.config, a.getenv(variableOf("config"))))
			if err != nil {
				return err
			}
			if err := cmp.Or(o.check(), o.checkFeed(settings, a.cluster != "")); err != nil {
				return wrongUsage(cmd, err)
			}
			if o.demo {
				if err := a.checkDemo(o); err != nil {
					return wrongUsage(cmd, err)
				}
			}
			a.log = a.serverLog(o.demo)
			if o.checkConfig {
				for i := range settings {
					if settings[i].name == "nats-listen" { // checkFeed may have turned it off
						settings[i].value = o.natsListen
					}
				}
				_, failed := o.certificate(a.log)
				if _, err := o.provider(a.now, a.log); err != nil || failed != nil {
					return cmp.Or(failed, err)
				}
				return a.printSettings(settings)
			}
			defer tuneMemory(a.getenv)()
			if o.demo {
				return a.serveDemo(cmd.Context(), o)
			}
			return a.serve(cmd.Context(), o, nil)
		},
	}
	a.serveFlags(cmd, o)
	f := cmd.Flags()
	f.BoolVar(&o.checkConfig, "check-config", false,
		a.say("只显示将采用的设置或其中的错误",
			"only show the settings that would be used, or what is wrong with them"))
	f.BoolVar(&o.demo, "demo", false,
		a.say("模拟一省的临时台账，附各角色的账号",
			"a temporary ledger of a simulated province, with accounts of every role"))
	return cmd
}

// serveFlags adds the flags for the settings of a server.
func (a *app) serveFlags(cmd *cobra.Command, o *serveOptions) {
	f := cmd.Flags()
	f.StringVar(&o.listen, "listen", "127.0.0.1:8080", a.say("接口的地址 `ADDR`（主机:端口；端口 0 为任一空闲端口）",
		"address `ADDR` of the API (HOST:PORT; port 0 is any free one)"))
	f.StringVar(&o.adminListen, "admin-listen", "",
		a.say("健康检查和指标的地址 `ADDR`（默认只在套接字上）",
			"address `ADDR` of health and metrics (default: on the socket alone)"))
	f.StringVar(&o.natsListen, "nats-listen", "127.0.0.1:4222",
		a.say("预警推送（NATS）的地址 `ADDR`（端口 0 为任一空闲端口；写“off”即不推送）",
			"address `ADDR` of the alert feed over NATS (port 0 is any free one; off for no feed)"))
	f.StringVar(&o.nats, "nats", "", a.say("改在另处的 NATS 服务器 `URL` 上推送（nats://…、tls://…；集群以逗号分隔）",
		"publish the feed at the NATS server `URL` elsewhere instead (nats://…, tls://…; with commas for a cluster)"))
	f.StringVar(&o.natsNKey, "nats-nkey", "",
		a.say("连接该服务器的密钥种子 `FILE`（权限 0600）", "`FILE` with the seed for that server (mode 0600)"))
	f.StringVar(&o.natsCreds, "nats-creds", "",
		a.say("或连接该服务器的凭据 `FILE`（权限 0600）", "or `FILE` with credentials for it (mode 0600)"))
	f.StringVar(&o.tlsCert, "tls-cert", "",
		a.say("证书 `FILE`（PEM），更换后自动重新读取", "certificate `FILE` (PEM); read again when it changes"))
	f.StringVar(&o.tlsKey, "tls-key", "", a.say("私钥 `FILE`（PEM，权限 0600）", "its key `FILE` (PEM, mode 0600)"))
	f.StringArrayVar(&o.hosts, "host", nil,
		a.say("访问所用的主机名 `NAME`，可多次给出", "`NAME` of the host under which it is asked; may be repeated"))
	f.BoolVar(&o.insecure, "insecure", false,
		a.say("允许在非本机地址上不加密", "allow another address than loopback without TLS"))
	a.signInFlags(cmd, &o.signInOptions)
	f.StringVar(&o.config, "config", "",
		a.say("设置文件 `FILE`：每行 名称 = 值", "`FILE` of settings: lines NAME = VALUE"))
}

// serverLog returns the log of a server: lines of JSON on standard error.
func (a *app) serverLog(quiet bool) *zap.Logger {
	level := zapcore.InfoLevel
	switch {
	case a.verbose:
		level = zapcore.DebugLevel
	case quiet:
		level = zapcore.WarnLevel
	}
	config := zap.NewProductionEncoderConfig()
	config.EncodeTime = zapcore.ISO8601TimeEncoder
	return zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(config), zapcore.Lock(zapcore.AddSync(a.errOut)), level))
}

// certificate returns the certificate that the options name, or nil if they name none.
func (o *serveOptions) certificate(log *zap.Logger) (*listen.Certificate, error) {
	if o.tlsCert == "" {
		return nil, nil
	}
	return listen.LoadCertificate(o.tlsCert, o.tlsKey, log)
}

// server is a running server with its listeners and handlers.
type server struct {
	api     *api.Server
	https   []*http.Server
	ports   []net.Listener // of https, in the same order; closed by them
	running sync.WaitGroup
	failed  chan error               // has room for one of each of https
	traces  *sdktrace.TracerProvider // nil for none
}

// serve serves the ledger until ctx ends or the ledger stops. Unless started is nil, it calls started with the
// address of the API before it answers a request.
func (a *app) serve(ctx context.Context, o *serveOptions, started func(*opened, string) error) (err error) {
	s := &server{failed: make(chan error, 3)}
	manager := supervisor.Find(a.getenv, a.log)
	tcp, admin, err := o.bind()
	if err != nil {
		return err
	}
	s.ports = slices.DeleteFunc([]net.Listener{tcp, admin}, func(l net.Listener) bool { return l == nil })
	defer func() {
		for _, l := range s.ports {
			_ = l.Close() // most listeners are closed already
		}
	}()
	if o.nats == "" && o.hasFeed() { // find an address in use before the ledger is read, which may take long
		if o.natsListen, err = alertfeed.FreeAddress(ctx, o.natsListen); err != nil {
			return err
		}
	}
	certificate, err := o.certificate(a.log)
	if err != nil {
		return err
	}
	proxies, err := o.proxyPrefixes()
	if err != nil {
		return err
	}
	provider, err := o.provider(a.now, a.log)
	if err != nil {
		return err
	}
	if s.traces, err = a.openTraces(ctx); err != nil {
		return err
	}
	defer func() { a.flush(s.traces) }()
	manager.Status(a.say("正在读取台账 %s", "reading the ledger %s", a.dir))
	metrics := api.NewMetrics(programVersion())
	opened, err := a.openServed(ctx, o, metrics)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, opened.close()) }()
	accounts, err := opened.access.Desk(access.Local("", "local")).Accounts(ctx)
	if err != nil {
		return err
	}
	if err := o.mayBeReached(accounts); err != nil {
		return err
	}
	socket, err := listen.OpenSocket(a.dir)
	if err != nil {
		return err
	}
	defer socket.Close()
	if o.fill != nil {
		if err := o.fill(opened); err != nil {
			return err
		}
	}
	if opened.feed, err = a.openFeed(ctx, o, opened, certificate); err != nil {
		return err
	}
	defer a.closeFeed(opened.feed)
	seals := a.startSealer(opened)
	defer seals.Close() // when all requests are answered, before the feed and the ledger
	gate := signin.New(signin.GateConfig{Access: opened.access, Provider: provider, Now: a.now, Log: a.log,
		Proxies: proxies})
	kept := answers.New(answers.Config{Desk: opened.desk, Access: opened.access, Now: a.now})
	jobs := imports.New(imports.Config{Spool: spool.New(filepath.Join(a.dir, spoolName), a.log), Now: a.now,
		Log: a.log, Refused: metrics.CountReasons})
	pages := console.New(console.Config{Gate: gate, Answers: kept, Imports: jobs, Patience: console.Patience})
	var certificateEnd func() time.Time
	if certificate != nil {
		certificateEnd = certificate.End
	}
	s.api = api.New(api.ServerConfig{Desk: opened.desk, Access: opened.access, Answers: kept, Imports: jobs,
		Gate: gate, Feed: opened.feed, Sealing: sealStatus(seals), Pages: pages, ShowProblem: pages.ShowProblem,
		Now: a.now, Log: a.log, Build: programBuild(),
		Document: docs.OpenAPI, Reach: a.pingRecord, Hosts: o.hostNames(),
		Metrics: metrics, Tracer: tracer(s.traces), CertificateEnd: certificateEnd, WedgedAfter: a.faults.wedgedAfter})
	address := o.address(tcp)
	if started != nil {
		err = started(opened, address)
	} else {
		_, err = fmt.Fprintln(a.out, a.serving(address, admin, opened))
		err = cmp.Or(err, a.sayFirst(o, accounts))
	}
	if err != nil {
		return errors.Join(err, s.stop(a.log))
	}
	s.start(listen.Limit(tcp, connectionsMax), certificate, newHTTP(a.log, s.api))
	if admin != nil {
		s.start(listen.Limit(admin, adminConnectionsMax), nil, newHTTP(a.log, s.api.Admin()))
	}
	onSocket := newHTTP(a.log, s.api.Socket())
	onSocket.ConnContext = a.asOwner()
	s.start(listen.Limit(socket, socketConnectionsMax), nil, onSocket)
	manager.Ready(a.serving(address, admin, opened))
	watching, cancel := context.WithCancel(ctx)
	var watch sync.WaitGroup
	watch.Go(func() { manager.Watch(watching, a.alive()) })
	err = s.wait(ctx, opened, cmp.Or(a.faults.stoppedWait, stoppedWait))
	cancel()
	watch.Wait()
	manager.Stopping()
	return errors.Join(err, s.stop(a.log))
}

// bind listens on the addresses of the options; admin is nil if there is none.
func (o *serveOptions) bind() (tcp, admin net.Listener, err error) {
	if tcp, err = net.Listen("tcp", o.listen); err != nil {
		return nil, nil, cannotListen(o.listen, err)
	}
	if o.adminListen == "" {
		return tcp, nil, nil
	}
	if admin, err = net.Listen("tcp", o.adminListen); err != nil {
		return nil, nil, errors.Join(cannotListen(o.adminListen, err), tcp.Close())
	}
	return tcp, admin, nil
}

func cannotListen(address string, err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return text.Errorf(text.Conflict, "地址 %s 已被占用；可用 --listen 另选",
			"the address %s is in use; choose another one with --listen", address)
	case errors.Is(err, os.ErrPermission):
		return text.Errorf(text.Forbidden, "没有权限使用地址 %s", "listening on %s is not permitted", address)
	}
	var wrong *net.AddrError
	var dns *net.DNSError
	why := text.Text{Zh: "系统不接受这个地址", En: err.Error()}
	switch {
	case errors.As(err, &wrong):
		why.Zh = "应为“主机:端口”"
	case errors.As(err, &dns):
		why.Zh = "找不到主机或端口 " + dns.Name
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		why.Zh = "本机没有这个地址"
	}
	return text.Errorf(text.Invalid, "不能使用地址 %s：%s", "cannot listen on %s: %s", address, why)
}

// address returns the address of the API as a URL.
func (o *serveOptions) address(l net.Listener) string {
	if o.tlsCert != "" {
		return "https://" + l.Addr().String()
	}
	return "http://" + l.Addr().String()
}

// mayBeReached returns an error if other machines could reach the server while no administrator could act, because
// nobody could then revoke a right. An administrator with neither a password nor a token cannot act.
func (o *serveOptions) mayBeReached(accounts access.Accounts) error {
	if o.isLoopback() || slices.ContainsFunc(accounts, func(x access.Account) bool {
		return (x.Role == access.SecAdmin || x.Role == access.SysAdmin) &&
			(o.canSignIn(&x) || !x.Disabled && x.Tokens > 0)
	}) {
		return nil
	}
	if names := withoutPassword(accounts); names != "" {
		return text.Errorf(text.Conflict,
			"管理员账号 %s 没有密码，也没有有效令牌（从备份恢复后须重新设置），不能在 %s 上提供服务；请先设置密码："+
				"taizhang account password NAME",
			"the administrators %s have no password and no valid token, as after a restore, so the ledger is not "+
				"served on %s; first set a password: taizhang account password NAME",
			names, o.listen)
	}
	return text.Errorf(text.Conflict,
		"还没有能登录操作的管理员（sysadmin 或 secadmin，有密码或有效令牌，未停用），不能在 %s 上提供服务；"+
			"请先建立并设置密码：taizhang account add NAME --role secadmin，taizhang account password NAME",
		"no administrator could act (a sysadmin or secadmin with a password or a valid token, not disabled), so the "+
			"ledger is not served on %s; first add one and set the password: taizhang account add NAME --role "+
			"secadmin, taizhang account password NAME", o.listen)
}

// serving describes the running server in one line.
func (a *app) serving(address string, admin net.Listener, x *opened) string {
	also := ""
	if admin != nil {
		also = a.say("，管理地址 http://%v", ", health and metrics on http://%v", admin.Addr())
	}
	if x.feed != nil {
		also += a.say("，预警推送 %s", ", alerts over NATS on %s", x.feed.URL())
	}
	return a.say("台账 %s（位置 %d）在 %s 提供服务%s，本机套接字 %s",
		"serving the ledger %s at position %d on %s%s and on the socket %s",
		a.dir, x.desk.Ledger.Register().Position(), address, also, filepath.Join(a.dir, listen.SocketName))
}

// newHTTP returns an HTTP server with the limits above.
func newHTTP(log *zap.Logger, h http.Handler) *http.Server {
	errorLog, _ := zap.NewStdLogAt(log, zapcore.WarnLevel) // the level is one
	return &http.Server{Handler: h, ReadHeaderTimeout: headerWait, IdleTimeout: idleWait,
		MaxHeaderBytes: headerBytesMax, ErrorLog: errorLog,
		DisableGeneralOptionsHandler: true} // every request is checked and counted by us
}

// start serves a listener until the server is shut down.
func (s *server) start(l net.Listener, certificate *listen.Certificate, h *http.Server) {
	s.https = append(s.https, h)
	s.running.Go(func() {
		var err error
		if certificate != nil {
			h.TLSConfig = certificate.Config()
			err = h.ServeTLS(l, "", "")
		} else {
			err = h.Serve(l)
		}
		if !errors.Is(err, http.ErrServerClosed) {
			s.failed <- err
		}
	})
}

// asOwner returns the function that treats requests on the socket as requests of the owner, if they come from the
// owner of the directory, from the user who runs the server, or from root. Other users of the socket have no rights.
func (a *app) asOwner() func(context.Context, net.Conn) context.Context {
	owners := []uint32{0, uint32(os.Geteuid())}
	var dir unix.Stat_t
	if unix.Stat(a.dir, &dir) == nil {
		owners = append(owners, dir.Uid)
	}
	return func(ctx context.Context, c net.Conn) context.Context {
		peer, err := listen.PeerOf(c)
		if err != nil || !slices.Contains(owners, peer.UID) {
			a.log.Warn("a stranger connected to the socket", zap.Uint32("uid", peer.UID),
				zap.Int("process", peer.Process), zap.Error(err))
			return ctx
		}
		name := strconv.FormatUint(uint64(peer.UID), 10)
		if u, err := user.LookupId(name); err == nil {
			name = u.Username
		}
		return api.AsOwner(ctx, access.Local(name, "socket"))
	}
}

// wait returns when ctx ends, when a listener fails, or stoppedWait after the ledger stopped; until then running
// requests get their answers.
func (s *server) wait(ctx context.Context, o *opened, stoppedWait time.Duration) error {
	look := time.NewTicker(stoppedLook)
	defer look.Stop()
	var since time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-s.failed:
			return err
		case now := <-look.C:
			switch {
			case !o.desk.Ledger.Stopped() && o.access.Healthy() == nil:
			case since.IsZero():
				since = now
			case now.Sub(since) >= stoppedWait:
				return errExitStopped
			}
		}
	}
}

// stop ends the server within stopWait: it accepts no new requests, ends the streams, and waits for running requests.
func (s *server) stop(log *zap.Logger) error {
	begun := time.Now()
	log.Info("stopping")
	ctx, cancel := context.WithTimeout(context.Background(), stopWait)
	defer cancel()
	s.api.Stop()
	shut, cancel := context.WithTimeout(ctx, shutWait)
	defer cancel()
	var ending sync.WaitGroup
	for _, h := range s.https {
		ending.Go(func() {
			if err := h.Shutdown(shut); err != nil {
				_ = h.Close() // running requests had their time
			}
		})
	}
	ending.Wait()
	s.running.Wait()
	err := s.api.Close(ctx)
	log.Info("stopped", zap.Duration("took", time.Since(begun)), zap.Error(err))
	return err
}

// The heap of a server may grow by serverHeapGrowth percent before a collection, and by less near a limit, which is a
// share of the memory of the machine.
const (
	serverHeapGrowth  = 200
	memoryLimitPerMil = 800
)

// tuneMemory sets the limits of the heap for a server, unless the environment sets them. The returned function
// restores the old limits.
func tuneMemory(getenv func(string) string) (back func()) {
	growth, limit := -1, int64(-1)
	if getenv("GOGC") == "" {
		growth = debug.SetGCPercent(serverHeapGrowth)
	}
	if all := memoryBytes(); getenv("GOMEMLIMIT") == "" && all > 0 {
		limit = debug.SetMemoryLimit(all / 1000 * memoryLimitPerMil)
	}
	return func() {
		if growth >= 0 {
			debug.SetGCPercent(growth)
		}
		if limit >= 0 {
			debug.SetMemoryLimit(limit)
		}
	}
}

// memoryBytes returns the memory of the machine or, if that is less, of the container, or 0 if neither is known.
func memoryBytes() int64 {
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) != nil {
		return 0
	}
	all := int64(info.Totalram) * int64(info.Unit)
	for _, file := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		content, err := os.ReadFile(file)
		if n, bad := strconv.ParseInt(strings.TrimSpace(string(content)), 10, 64); err == nil && bad == nil && n > 0 {
			all = min(all, n)
		}
	}
	return all
}
