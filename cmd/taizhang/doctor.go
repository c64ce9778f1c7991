package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"path/filepath"
	"syscall"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/alertfeed"
	"github.com/taizhang/taizhang/services/api"
	"github.com/taizhang/taizhang/services/api/client"
	"github.com/taizhang/taizhang/services/doctor"
	"github.com/taizhang/taizhang/services/listen"
	"github.com/taizhang/taizhang/services/replica"
	"github.com/taizhang/taizhang/services/table"
)

// doctorPatience is the time for which doctor waits for the process that serves the ledger.
var doctorPatience = 5 * time.Second // a variable for tests

func (a *app) doctorCommand() *cobra.Command {
	o, c := &serveOptions{}, &doctor.Config{}
	cmd := &cobra.Command{
		Use: "doctor", Args: exactly(0), Annotations: onFiles,
		Short: a.say("体检：检查台账所在的机器和服务，说明异常之处和办法",
			"examine the machine and the server of a ledger, and say what is wrong and what to do"),
		Long: a.say(`检查台账所在的文件系统、时钟、上限、端口、权限、证书和备份，以及提供服务的进程，
逐项说明情况，异常的在前，并给出办法。启用之前和出现问题时运行；台账可以正在提供服务，
也可以没有，或者尚未建立。选项与 taizhang serve 相同，也读取同样的设置文件和环境变量。
不改动台账；为测量存入磁盘的时间写一个临时文件，随即删除。没有权限查看的，列为“未检查”。
没有异常时退出码为 0（只有警告也是 0），有异常为 1。`,
			`Examine the file system, clock, limits, ports, permissions, certificates and backup of a ledger, and the
process that serves it. Each finding says what is there, the wrong ones first, and then what to do.
Run it before going live and when something is wrong, while the ledger is served or not, or is not there
yet. It takes the flags of serve, and reads the same file of settings and environment.
It does not change the ledger. It writes a temporary file, to measure a sync, and removes it. What it may
not see is "not examined". The exit code is 0 if nothing is wrong (warnings alone are 0 too), else 1.`),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.gather(cmd, o, c); err != nil {
				return err
			}
			e := doctor.Examine(cmd.Context(), *c)
			if err := cmd.Context().Err(); err != nil {
				return err
			}
			err := a.answer(e, func() *table.Table { return e.Table(a.lang) }, func() { a.tellDiagnoses(e) })
			if err == nil && e.Wrong > 0 {
				return errAnswered
			}
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&c.NTP, "ntp", "", a.say("与时间服务器 `HOST` 比较时钟（NTP；主机 或 主机:端口）",
		"compare the clock with the time server `HOST` (NTP; HOST or HOST:PORT)"))
	f.StringVar(&c.Backup, "backup", "", a.say("最近一次备份 `FILE|DIR`", "the last backup `FILE|DIR`"))
	a.serveFlags(cmd, o)
	return cmd
}

// gather finds out everything that doctor does not look at itself: the settings, and what the server says.
func (a *app) gather(cmd *cobra.Command, o *serveOptions, c *doctor.Config) error {
	for name, value := range map[string]string{"ntp": c.NTP, "backup": c.Backup} {
		if value == "" && cmd.Flags().Changed(name) { // such as an unset variable of the shell
			return usage(cmd, "--%s：不能为空", "--%s: must not be empty", name)
		}
	}
	file := cmp.Or(o.config, a.getenv(variableOf("config")))
	settings, err := a.settle(cmd, file)
	if err == nil {
		err = cmp.Or(o.check(), o.checkFeed(settings, a.cluster != ""))
	}
	if c.Wrong = err; err != nil {
		c.Wrong = &text.Error{Code: text.CodeOf(err), What: text.Text{Zh: in("zh", err), En: in("en", err)}}
	}
	c.From, c.Dir, c.Build = file, a.dir, programBuild()
	c.Serving = doctor.Serving{Listen: o.listen, Admin: o.adminListen, TLSCert: o.tlsCert, TLSKey: o.tlsKey,
		OIDCCA: o.oidcCA, Insecure: o.insecure, Proxied: len(o.proxies) > 0, Hosts: o.hosts,
		Secrets: []string{o.natsNKey, o.natsCreds, o.oidcSecretFile}}
	if o.hasFeed() && o.nats == "" {
		c.Serving.NATS = o.natsListen
	}
	if host := o.publicHost(); host != "" {
		c.Serving.Hosts = append(c.Serving.Hosts, host)
	}
	c.LockedBy, c.IsCopy, c.MemoryBytes = lockedBy(a.dir), replica.IsCopy(a.dir), memoryBytes()
	c.Connections = connectionsMax + socketConnectionsMax + adminConnectionsMax
	c.AccessDir = filepath.Join(a.dir, accessName)
	if c.Backup != "" {
		at, isFile, err := copyAt(cmd, c.Backup)
		switch {
		case err == nil:
			c.Backup = at
		case !errors.Is(err, fs.ErrPermission):
			return err
		}
		c.AccessBackup = accessBackup(c.Backup, isFile)
	}
	c.Program, c.Prefix, c.Quote = cmp.Or(a.invoked, "taizhang"), flagPrefix, shellWord
	if a.dir != cmd.Flag("data").DefValue && a.dir != a.getenv(variableOf("data")) {
		c.In = " " + flagPrefix + "data " + shellWord(a.dir)
	}
	c.Served, c.Unreachable = a.askServed(cmd.Context())
	c.Now = a.now() // when the server has answered, for its records must not be from the future
	return nil
}

// in returns the message of an error in one language.
func in(lang string, err error) string { return (&app{lang: lang}).message(err) }

// askServed asks the process that serves the ledger how it does, whatever its build. Both results are nil if no
// process serves the ledger. With an error the result is what is known of the process, or nil.
func (a *app) askServed(ctx context.Context) (*doctor.Served, error) {
	conn, err := listen.DialSocket(ctx, a.dir)
	switch {
	case err == nil:
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EAGAIN):
		return nil, err // there may be a server
	default:
		return nil, nil
	}
	peer, err := listen.PeerOf(conn)
	if err = errors.Join(err, conn.Close()); err != nil {
		return nil, err
	}
	s := &doctor.Served{Process: peer.Process, UID: peer.UID}
	health, err := a.askHealth(ctx)
	if err != nil {
		return s, err
	}
	s.Build, s.Position = health.Build, health.Position
	for _, reason := range health.Reasons {
		s.Reasons = append(s.Reasons, reason.Text)
	}
	c, err := client.New(client.ClientOptions{Directory: a.dir, Prefix: flagPrefix, Patience: -1,
		Timeout: doctorPatience})
	if err != nil {
		return s, err
	}
	defer c.Close()
	if f, err := c.Feed(ctx); err == nil { // another build may not answer that
		s.Feed = &doctor.FeedState{Title: f.Title(), Reason: f.Reason, IsOff: f.State == api.FeedOff,
			IsPublishing: f.State == alertfeed.StatePublishing, Behind: f.Behind, Seconds: f.Seconds}
	}
	return s, nil
}

// askHealth asks the process that serves the ledger whether it is ready.
func (a *app) askHealth(ctx context.Context) (*api.Health, error) {
	c := &http.Client{Timeout: doctorPatience, Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return listen.DialSocket(ctx,
				a.dir)
		}}}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost/readyz", nil)
	if err != nil {
		return nil, err
	}
	answer, err := c.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	health := &api.Health{}
	if err := json.UnmarshalRead(http.MaxBytesReader(nil, answer.Body, healthBytesMax),
		health); err != nil || health.Build == "" {
		return nil, text.Errorf(text.Unavailable, "套接字的应答不是台账服务的",
			"what answers on the socket is no server of a ledger")
	}
	return health, nil
}

// healthBytesMax is the maximum size of an answer about health.
const healthBytesMax = 1 << 20

// tellDiagnoses writes the findings for people: a table, and then what to do.
func (a *app) tellDiagnoses(e *doctor.Examined) {
	_ = a.writePeople(e.Table(a.lang)) // nothing can be said to a terminal that is gone
	number := 0
	for _, f := range e.Findings {
		if f.State == doctor.OK || f.Do == (text.Text{}) {
			continue
		}
		if number++; number == 1 {
			fmt.Fprintln(a.out)
			a.print("办法：", "What to do:")
		}
		a.print("%d. %s：%s", "%d. %s: %s", number, doctor.Topics.Word(f.Topic), f.Do)
		for _, line := range f.Commands {
			fmt.Fprintln(a.out, "     "+text.Printable(line))
		}
	}
	fmt.Fprintln(a.out)
	a.print("异常 %d 项，警告 %d 项，未检查 %d 项，正常 %d 项", "wrong: %d, warnings: %d, not examined: %d, ok: %d",
		e.Wrong, e.Warnings,
		e.Count(doctor.NotExamined), e.Count(doctor.OK))
}
