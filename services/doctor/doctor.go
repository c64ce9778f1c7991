package doctor

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/table"
)

// Topic is one thing that is looked at.
type Topic string

// The topics, in the order in which they are made.
const (
	Settings    Topic = "settings"
	Ledger      Topic = "ledger"
	Service     Topic = "service"
	Feed        Topic = "feed"
	Proofs      Topic = "proofs"
	FileSystem  Topic = "file-system"
	Mount       Topic = "mount"
	Room        Topic = "room"
	Inodes      Topic = "inodes"
	Reserve     Topic = "reserve"
	Sync        Topic = "sync"
	Clock       Topic = "clock"
	LastRecord  Topic = "last-record"
	TimeZone    Topic = "time-zone"
	OpenFiles   Topic = "open-files"
	Memory      Topic = "memory"
	Socket      Topic = "socket"
	Ports       Topic = "ports"
	Hosts       Topic = "hosts"
	Permissions Topic = "permissions"
	Secrets     Topic = "secrets"
	Certificate Topic = "certificate"
	Backup      Topic = "backup"
)

// Topics are the words for all topics.
var Topics = text.Vocabulary[Topic]{
	{Code: Settings, Word: text.Say("设置", "settings")},
	{Code: Ledger, Word: text.Say("台账", "ledger")},
	{Code: Service, Word: text.Say("服务", "service")},
	{Code: Feed, Word: text.Say("预警推送", "alert feed")},
	{Code: Proofs, Word: text.Say("检查点与见证", "checkpoints")},
	{Code: FileSystem, Word: text.Say("文件系统", "file system")},
	{Code: Mount, Word: text.Say("挂载选项", "mount options")},
	{Code: Room, Word: text.Say("磁盘余量", "free space")},
	{Code: Inodes, Word: text.Say("文件数余量", "inodes")},
	{Code: Reserve, Word: text.Say("预留空间", "reserving")},
	{Code: Sync, Word: text.Say("存入磁盘", "syncing")},
	{Code: Clock, Word: text.Say("时钟", "clock")},
	{Code: LastRecord, Word: text.Say("最后一条记录", "last record")},
	{Code: TimeZone, Word: text.Say("时区", "time zone")},
	{Code: OpenFiles, Word: text.Say("打开文件数", "open files")},
	{Code: Memory, Word: text.Say("内存", "memory")},
	{Code: Socket, Word: text.Say("套接字", "socket")},
	{Code: Ports, Word: text.Say("端口", "ports")},
	{Code: Hosts, Word: text.Say("主机名", "host names")},
	{Code: Permissions, Word: text.Say("权限", "permissions")},
	{Code: Secrets, Word: text.Say("密钥文件", "secrets")},
	{Code: Certificate, Word: text.Say("证书", "certificate")},
	{Code: Backup, Word: text.Say("备份", "backup")},
}

// State says how a thing is.
type State string

// The states, the worst first.
const (
	Wrong       State = "wrong"
	Warning     State = "warning"
	NotExamined State = "not-examined"
	OK          State = "ok"
)

// States are the words for the states, the worst first.
var States = text.Vocabulary[State]{
	{Code: Wrong, Word: text.Say("异常", "wrong")},
	{Code: Warning, Word: text.Say("警告", "warning")},
	{Code: NotExamined, Word: text.Say("未检查", "not examined")},
	{Code: OK, Word: text.Say("正常", "ok")},
}

// Diagnosis says how one thing is, and what to do about it.
type Diagnosis struct {
	Topic    Topic     `json:"topic"`
	About    string    `json:"about"` // the file, directory, address or setting; "" for the machine
	State    State     `json:"state"`
	Found    text.Text `json:"found"`
	Do       text.Text `json:"do,omitzero"` // the zero Text for nothing
	Commands []string  `json:"commands"`    // to type for that
}

// todo sets what to do.
func (f *Diagnosis) todo(zh, en string, args ...any) *Diagnosis {
	f.Do = text.Say(zh, en, args...)
	return f
}

// typed adds commands to type.
func (f *Diagnosis) typed(commands ...string) *Diagnosis {
	f.Commands = append(f.Commands, commands...)
	return f
}

// Examined is the result of an examination. Its findings are sorted, the worst first.
type Examined struct {
	Dir      string       `json:"dir"` // of the ledger
	Wrong    int          `json:"wrong"`
	Warnings int          `json:"warnings"`
	Findings []*Diagnosis `json:"findings"`
}

// Count returns the number of findings in a state.
func (e *Examined) Count(state State) (n int) {
	for _, f := range e.Findings {
		if f.State == state {
			n++
		}
	}
	return n
}

// Columns are the columns for findings.
var Columns = []table.Column{
	{Name: "state", Title: text.Say("状态", "state")}, {Name: "topic", Title: text.Say("项目", "topic")},
	{Name: "about"}, {Name: "found", Title: text.Say("情况", "found")}, {Name: "do"}, {Name: "commands"}}

// Table returns the findings as a table, in one language.
func (e *Examined) Table(lang string) *table.Table {
	t := &table.Table{Columns: Columns,
		Title: text.Say("台账 %s 的运行环境", "What the ledger %s runs on", e.Dir)}
	for _, f := range e.Findings {
		t.Rows = append(t.Rows, []table.Cell{table.Named(f.State, States.Word(f.State)),
			table.Named(f.Topic, Topics.Word(f.Topic)), table.Optional(f.About),
			{Data: f.Found.In(lang), Shown: f.Found}, table.Optional(f.Do.In(lang)),
			table.Optional(strings.Join(f.Commands, "; "))})
	}
	return t
}

// Config holds what is known before an examination.
type Config struct {
	Dir         string    // of the ledger; it may not be there yet
	Now         time.Time // by the clock of the machine
	Wrong       error     // in the settings; nil for none
	From        string    // the file of settings; "" for none
	Serving     Serving
	Served      *Served // nil if no process serves the ledger
	Unreachable error   // why the process that serves the ledger does not answer; nil if it does, or there is none
	LockedBy    int     // the process that has locked the directory, as far as the system says; 0 for none
	IsCopy      bool    // the directory is a copy of the record in a cluster
	MemoryBytes int64   // of the machine or the container; 0 if it is not known
	Connections int     // the maximum number that a server accepts
	Build       string  // of this program

	NTP          string // HOST or HOST:PORT of a server; "" for none
	Backup       string // a file or a directory; "" for none
	AccessBackup string // beside it
	AccessDir    string // of the accounts, in Dir

	// What a user types: the program, the flag for the directory if it was given, with a blank before it, and what
	// stands before the name of a setting.
	Program, In, Prefix string
	Quote               func(string) string // quotes a word for a shell
}

// Serving holds the settings of a server.
type Serving struct {
	Listen, Admin, NATS string // addresses; "" for none
	TLSCert, TLSKey     string
	OIDCCA              string
	Secrets             []string // further files that hold a secret
	Hosts               []string // the names under which the server is asked, without those of loopback
	Insecure            bool
	Proxied             bool // a proxy in front is named
}

// Served is what a process that serves the ledger says of itself.
type Served struct {
	Process  int
	UID      uint32
	Build    string
	Position uint64
	Reasons  []text.Text // why it is not ready
	Feed     *FeedState  // nil if it is not known
}

// FeedState is the state of the alert feed in a process.
type FeedState struct {
	Title, Reason text.Text
	IsOff         bool
	IsPublishing  bool
	Behind        uint64 // positions
	Seconds       int    // for how long it has been behind, or has not published
}

// examination collects findings.
type examination struct {
	Config
	ctx      context.Context
	findings []*Diagnosis
	disk     string // the nearest directory of Dir that exists
	owner    uint32 // the user who serves, or will serve, the ledger
	isRead   bool   // the end of the ledger was read
	events   uint64 // in the ledger, as far as known
	bytes    int64  // of the ledger, as far as known
}

// Examine looks at everything. It needs no rights: what it may not read is not examined.
func Examine(ctx context.Context, c Config) *Examined {
	x := begin(ctx, c)
	for _, look := range looks {
		look(x)
	}
	return x.end()
}

// looks are all parts of an examination, in the order in which they are made: later ones use what earlier ones found.
var looks = []func(*examination){
	(*examination).settings, (*examination).ledger, (*examination).service, (*examination).feed,
	(*examination).proofs, (*examination).fileSystem, (*examination).space, (*examination).inodes,
	(*examination).probe, (*examination).clock, (*examination).timeZone, (*examination).openFiles,
	(*examination).memory, (*examination).socket, (*examination).ports, (*examination).hosts,
	(*examination).permissions, (*examination).secrets, (*examination).certificates, (*examination).backup,
}

func begin(ctx context.Context, c Config) *examination {
	x := &examination{Config: c, ctx: ctx, disk: existing(c.Dir), owner: uint32(os.Geteuid())}
	if info, err := os.Stat(c.Dir); err == nil {
		x.owner = ownerOf(info)
	}
	if c.Served != nil {
		x.owner = c.Served.UID
	}
	return x
}

func (x *examination) end() *Examined {
	e := &Examined{Dir: x.Dir, Findings: x.findings}
	slices.SortStableFunc(e.Findings, func(a, b *Diagnosis) int { return cmp.Compare(rank(a.State), rank(b.State)) })
	e.Wrong, e.Warnings = e.Count(Wrong), e.Count(Warning)
	return e
}

// rank returns a lower number for a worse state.
func rank(s State) int { return slices.Index(States.Codes(), s) }

// find adds a finding.
func (x *examination) find(topic Topic, about string, state State, zh, en string, args ...any) *Diagnosis {
	f := &Diagnosis{Topic: topic, About: about, State: state, Found: text.Say(zh, en, args...), Commands: []string{}}
	x.findings = append(x.findings, f)
	return f
}

// cannot adds a finding that something could not be examined because of an error.
func (x *examination) cannot(topic Topic, about string, err error) *Diagnosis {
	why := because(err)
	if !strings.Contains(why.En, about) {
		why = text.Say("%s：%s", "%s: %s", about, why)
	}
	f := x.find(topic, about, NotExamined, "%s", "%s", why)
	if errors.Is(err, fs.ErrPermission) {
		f.todo("以运行服务的用户或 root 再检查一次", "examine it again as the user who runs the server, or as root")
	}
	return f
}

// because returns the words for an error of the system.
func because(err error) text.Text {
	var said interface{ Text() text.Text }
	var dns *net.DNSError
	switch {
	case errors.Is(err, fs.ErrPermission):
		return text.Say("没有权限", "not permitted")
	case errors.Is(err, fs.ErrNotExist):
		return text.Say("不存在", "it is not there")
	case errors.Is(err, syscall.EROFS):
		return text.Say("文件系统只读", "the file system is read-only")
	case errors.As(err, &said):
		return said.Text()
	case errors.Is(err, syscall.ENOTDIR):
		return text.Say("路径中有一部分不是目录", "part of the path is no directory")
	case errors.Is(err, syscall.ECONNREFUSED):
		return text.Say("连接被拒绝", "it refuses connections")
	case errors.As(err, &dns):
		return text.Say("找不到主机 %s", "there is no host %s", dns.Name)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return text.Say("没有应答", "no answer")
	}
	return text.Same(err.Error())
}

// verb returns a command line of this program for the ledger.
func (x *examination) verb(words ...string) string {
	return x.Program + " " + strings.Join(words, " ") + x.In
}

// serve returns a command line that starts a server with the same settings.
func (x *examination) serve(words ...string) string {
	if x.From != "" {
		words = append(words, x.flag("config"), x.Quote(x.From))
	}
	return x.verb(append([]string{"serve"}, words...)...)
}

// flag returns a flag as it is typed.
func (x *examination) flag(name string) string { return x.Prefix + name }

// existing returns a directory, or its nearest parent that exists.
func existing(dir string) string {
	dir, err := filepath.Abs(dir)
	for err == nil && dir != filepath.Dir(dir) {
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			break
		}
		dir = filepath.Dir(dir)
	}
	return dir
}

func ownerOf(info fs.FileInfo) uint32 {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return stat.Uid
	}
	return uint32(os.Geteuid())
}

// settings says whether a server would start with the settings.
func (x *examination) settings() {
	if x.Wrong != nil {
		x.find(Settings, x.From, Wrong, "%s", "%s", because(x.Wrong)).
			todo("改正后再检查；其余各项按能读出的设置检查",
				"correct them and look again; everything else is examined by what could be read").
			typed(x.serve(x.flag("check-config")))
		return
	}
	if x.From == "" {
		x.find(Settings, "", OK, "没有设置文件，按命令行和环境变量",
			"no file of settings; those of the command line and the environment")
		return
	}
	x.find(Settings, x.From, OK, "设置文件 %s 无误", "the settings in %s are good", x.From)
}
