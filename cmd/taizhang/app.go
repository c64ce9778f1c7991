package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
)

// app holds the values that all verbs share: the global flags and the outputs.
type app struct {
	dir       string
	dirGiven  bool          // the user named the directory by a flag
	cluster   string        // the cluster that holds the events, if they are not in dir
	prefix    string        // of the names of streams in the cluster, for tests that share a server
	patience  time.Duration // the time to wait for a cluster that does not answer; 0 for the default of the store
	reachesIn time.Duration // the time after which the user is told that a cluster or a server has not answered yet
	faults    faults        // of a server, in tests
	server    string        // the URL of a server that is asked instead of a ledger here, or ""
	tokenFile string
	tlsCA     string
	asOf      string
	knownAt   string
	output    string
	lang      string
	langTyped string // the value of --lang, which may be none that there is; lang then is that of the environment
	verbose   bool
	wide      bool // tables with all columns, however wide the terminal is
	noPager   bool

	writes bool // the verb writes, so an interrupt must say that written records stay
	// asks the cluster whether it answers, once its copy is open; nil without one
	pingRecord  func(context.Context) error
	completing  bool   // the shell asks what completes a command line
	invoked     string // the command that the user typed to run the program
	in          *os.File
	out, errOut io.Writer
	stdout      io.Writer // out, even while a pager waits for what is written
	getenv      func(string) string
	now         func() time.Time
	log         *zap.Logger
}

// Forms of output.
const (
	tableOutput = "table"
	csvOutput   = "csv"
	jsonOutput  = "json"
)

// errAnswered is the error that the answer was no and has been printed.
var errAnswered = errors.New("answered")

// usageError is the error of a command line that is not valid.
type usageError struct {
	command string
	err     error
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usage(cmd *cobra.Command, zh, en string, args ...any) error {
	return &usageError{cmd.CommandPath(), text.Errorf(text.Invalid, zh, en, args...)}
}

// wrongUsage turns an error about settings into a usage error if the settings are wrong on every machine.
func wrongUsage(cmd *cobra.Command, err error) error {
	if text.CodeOf(err) != text.Invalid {
		return err
	}
	return &usageError{cmd.CommandPath(), err}
}

// newApp returns an app in the language of --lang or of the environment. It reads the language before the flags are
// parsed, because the help needs it, and the form of output too, because messages about flags need it.
func newApp(args []string, out, errOut io.Writer, getenv func(string) string) *app {
	a := &app{in: os.Stdin, out: out, errOut: errOut, stdout: out, getenv: getenv, now: time.Now, log: zap.NewNop(),
		output: tableOutput, reachesIn: reachesIn}
	a.lang = "en"
	if locale := cmp.Or(getenv("LC_ALL"), getenv("LC_MESSAGES"), getenv("LANG")); strings.HasPrefix(locale, "zh") {
		a.lang = "zh"
	}
	a.completing = len(args) > 0 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd)
	typed := a.lang
	early(args, "--lang", &typed)
	if lang, ok := languages.Read(typed); ok {
		a.lang = lang
	}
	if !a.completing {
		early(args, "--output", &a.output)
		if form, ok := outputs.Read(a.output); ok {
			a.output = form
		}
	}
	return a
}

// early sets a value to that of a flag, if the flag is given, before flags are parsed.
func early(args []string, flag string, value *string) {
	for i, arg := range args {
		if v, ok := strings.CutPrefix(arg, flag+"="); ok {
			*value = v
		} else if arg == flag && i+1 < len(args) {
			*value = args[i+1]
		}
	}
}

// flagPrefix is the beginning of a flag.
const flagPrefix = "--"

func (a *app) say(zh, en string, args ...any) string { return text.Say(zh, en, args...).In(a.lang) }

// print writes a line for people. It escapes control characters, because an argument may come from an untrusted file.
func (a *app) print(zh, en string, args ...any) {
	fmt.Fprintln(a.out, text.Printable(a.say(zh, en, args...)))
}

// message returns the text of an error for the user.
func (a *app) message(err error) string {
	var s interface{ Text() text.Text }
	if errors.As(err, &s) {
		return s.Text().In(a.lang)
	}
	var file *fs.PathError
	if errors.As(err, &file) {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return a.say("没有文件 %s", "there is no file %s", file.Path)
		case errors.Is(err, fs.ErrPermission):
			return a.say("没有权限读写 %s", "reading or writing %s is not permitted", file.Path)
		case errors.Is(err, syscall.EROFS):
			return a.say("%s 在只读的文件系统上", "%s is on a read-only file system", file.Path)
		case errors.Is(err, syscall.ENOSPC):
			return a.say("写 %s 时磁盘空间用尽", "no space left on device while writing %s", file.Path)
		case errors.Is(err, syscall.ENOTDIR):
			return a.say("%s 不是目录", "%s is not a directory", file.Path)
		case errors.Is(err, syscall.EISDIR):
			return a.say("%s 是目录，不是文件", "%s is a directory, not a file", file.Path)
		}
	}
	return err.Error()
}

// root returns the command with all its verbs.
func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use: "taizhang",
		Short: a.say("省技术转移转化中心合规台账",
			"compliance ledger of provincial technology-transfer centers"),
		SilenceErrors: true, SilenceUsage: true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return a.asTyped(cmd, a.prepare(cmd)) },
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return noCommand(cmd, args[0])
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetOut(a.out)
	root.SetErr(a.errOut)
	root.SetFlagErrorFunc(flagError)
	f := root.PersistentFlags()
	a.dir = "./taizhang-data"
	dir := &dirFlag{&a.dir, &a.dirGiven}
	f.Var(dir, "data", a.say("台账目录 `DIR`；也可用环境变量 TAIZHANG_DATA",
		"directory `DIR` of the ledger; or the environment's TAIZHANG_DATA"))
	f.Var(dir, "dir", a.say("台账目录 `DIR`，与 --data 相同", "directory `DIR` of the ledger, the same as --data"))
	f.Lookup("dir").DefValue = "" // the help shows the default once
	f.StringVar(&a.cluster, "store", "",
		a.say("记录所在的 KurrentDB 集群 `URL`（esdb://…），--data 为其本地副本；也可用环境变量 TAIZHANG_STORE",
			"`URL` of the KurrentDB cluster that keeps the record (esdb://…); --data is then a local copy. Or the "+
				"environment's TAIZHANG_STORE"))
	f.StringVar(&a.server, "server", "",
		a.say("向服务器 `URL` 查询和写入（https://…），不用本机的台账；也可用环境变量 TAIZHANG_SERVER",
			"ask the server at `URL` (https://…) instead of a ledger here; or the environment's TAIZHANG_SERVER"))
	f.StringVar(&a.tokenFile, "token-file", "",
		a.say("令牌所在的 `FILE`（权限 0600）；也可用环境变量 TAIZHANG_TOKEN_FILE",
			"`FILE` with the token for the server (mode 0600); or the environment's TAIZHANG_TOKEN_FILE"))
	f.StringVar(&a.tlsCA, "tls-ca", "",
		a.say("信任的证书 `FILE`（PEM），代替系统的证书",
			"`FILE` of certificates (PEM) to trust for the server instead of those of the system"))
	f.StringVar(&a.asOf, "as-of", "",
		a.say("截至日期 `DATE`（默认为上海今天）", "answer as of `DATE` (default today in Shanghai)"))
	f.StringVar(&a.knownAt, "known-at", "",
		a.say("按当时 `TIME` 已知（日期（指当日终了）、RFC 3339 时间或台账位置，默认为现在）", "answer as known at "+
			"`TIME` (a date, for the end of that day; a time of RFC 3339; or a position; default now)"))
	given := a.output
	f.StringVar(&a.output, "output", tableOutput,
		a.say("输出 `FORM`：table（表格）、csv 或 json", "`FORM` of output: table, csv or json"))
	a.output = given
	f.StringVar(&a.langTyped, "lang", a.lang,
		a.say("语言 `LANGUAGE`：zh（中文）或 en（英文）", "`LANGUAGE`: zh or en"))
	f.BoolVar(&a.wide, wideFlag, false,
		a.say("表格显示全部列和全部文字，不按终端宽度取舍",
			"show all columns and whole texts, however wide the terminal is"))
	f.BoolVar(&a.noPager, "no-pager", false,
		a.say("不分页；也可将环境变量 TAIZHANG_PAGER 设为 cat",
			"do not page; or set the environment's TAIZHANG_PAGER to cat"))
	f.BoolVar(&a.verbose, "verbose", false,
		a.say("把程序日志写到标准错误", "write the program's log to standard error"))
	root.AddCommand(a.demoCommand(), a.templateCommand(), a.tryCommand(), a.centerCommand(), a.replayCommand(),
		a.policyCommand(),
		a.checkCommand(), a.reproduceCommand(), a.reportCommand(), a.serveCommand())
	root.AddCommand(a.listCommands()...)
	for _, c := range []*cobra.Command{a.importCommand(), a.recordCommand(), a.backupCommand(), a.restoreCommand(),
		a.exportCommand(), a.bundleCommand(), a.simulateCommand(),
		a.accountCommand(), a.tokenCommand(), a.accessLogCommand(), a.natsCommand(), a.feedCommand(),
		a.sealCommand(), a.receiptCommand(), a.witnessCommand(), a.doctorCommand(),
		a.versionCommand()} {
		eachCommand(c, func(c *cobra.Command) { undated(c) })
		root.AddCommand(c)
	}
	a.ownCommands(root)
	eachCommand(root, a.namesAsTyped)
	if a.completing {
		a.completes(root)
	}
	return root
}

// prepare checks the global flags and starts the log.
func (a *app) prepare(cmd *cobra.Command) error {
	if cmd.Name() == cobra.ShellCompRequestCmd || cmd.Name() == cobra.ShellCompNoDescRequestCmd {
		return nil // the command line that is completed is not whole yet
	}
	lang, ok := languages.Read(a.langTyped)
	if !ok {
		return usage(cmd, "--lang 应为 zh 或 en，不能是 %q", "--lang must be zh or en, not %q", a.langTyped)
	}
	a.lang = lang
	if form, ok := outputs.Read(a.output); ok {
		a.output = form
	}
	if !slices.Contains([]string{tableOutput, csvOutput, jsonOutput}, a.output) {
		return usage(cmd, "--output 应为 table、csv 或 json，不能是 %q",
			"--output must be table, csv or json, not %q", a.output)
	}
	if a.cluster == "" {
		// not as the default of the flag, because the help would show its password
		a.cluster = a.getenv("TAIZHANG_STORE")
	}
	if err := a.chooseServer(cmd); err != nil {
		return err
	}
	if named := a.getenv(variableOf("data")); named != "" && !a.dirGiven {
		a.dir = named
	}
	var err error
	if a.dir, err = straight(a.dir); err != nil {
		return err
	}
	for name, value := range map[string]string{"as-of": a.asOf, "known-at": a.knownAt} {
		if value == "" && cmd.Flags().Changed(name) { // such as an unset variable of the shell; it must not mean today
			return usage(cmd, "--%s：不能为空", "--%s: must not be empty", name)
		}
	}
	when, err := a.when().Read(a.now())
	if err != nil {
		return err
	}
	a.asOf, a.knownAt = when.AsOf, when.KnownAt
	if a.verbose || a.getenv("TAIZHANG_LOG") != "" {
		encoder := zapcore.NewConsoleEncoder(zap.NewDevelopmentEncoderConfig())
		a.log = zap.New(zapcore.NewCore(encoder, zapcore.AddSync(a.errOut), zapcore.DebugLevel))
	}
	return nil
}

// flagError returns an error in both languages for a flag that the library rejects.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var missing *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown):
		name := "-" + unknown.GetSpecifiedName()
		if unknown.GetSpecifiedShortnames() == "" {
			name = "-" + name
		}
		zh, en := meant(name, flagNames(cmd))
		return usage(cmd, "没有选项 %[1]s%[2]s", "unknown flag: %[1]s%[3]s", name, zh, en)
	case errors.As(err, &missing):
		return usage(cmd, "--%s 需要一个值", "--%s needs a value", missing.GetFlag().Name)
	case errors.As(err, &invalid):
		return usage(cmd, "--%s 的值 %q 不对", "--%s: the value %q is not valid", invalid.GetFlag().Name,
			invalid.GetValue())
	}
	return &usageError{cmd.CommandPath(), err}
}

// namesAsTyped makes a verb name parameters in its errors as asTyped does.
func (a *app) namesAsTyped(c *cobra.Command) {
	if run := c.RunE; run != nil {
		c.RunE = func(cmd *cobra.Command, args []string) error { return a.asTyped(cmd, run(cmd, args)) }
	}
}

// argumentError is an error about an argument, which has another name in each language.
type argumentError struct {
	named *text.Error // whose Place is the name in English, which programs read
	text  text.Text
}

func (e *argumentError) Error() string   { return e.named.Error() }
func (e *argumentError) Unwrap() error   { return e.named }
func (e *argumentError) Text() text.Text { return e.text }

// asTyped turns an error of a service about a parameter into an error about the flag that the user typed, or about
// the argument as the help names it. An invalid value is a usage error.
func (a *app) asTyped(cmd *cobra.Command, err error) error {
	var bad *text.Error
	if !errors.As(err, &bad) || bad.Param == "" {
		return err
	}
	name := flagPrefix + bad.Param
	if cmd.Flag(bad.Param) == nil {
		name = strings.ToUpper(bad.Param)
	}
	var typed error = &text.Error{Code: bad.Code, Place: name, What: bad.What, Cause: err}
	if word := argumentWords[name]; word != "" {
		typed = &argumentError{typed.(*text.Error),
			text.Text{Zh: word + "：" + bad.What.Zh, En: name + ": " + bad.What.En}}
	}
	if bad.Code != text.Invalid {
		return typed
	}
	return &usageError{cmd.CommandPath(), typed}
}

// when returns the dates of the question from the global flags.
func (a *app) when() desk.When { return desk.When{AsOf: a.asOf, KnownAt: a.knownAt} }

// undated makes a verb refuse the flags of a date, because a date does not change its result.
func undated(c *cobra.Command) *cobra.Command {
	run := c.RunE
	c.RunE = func(cmd *cobra.Command, args []string) error {
		for _, name := range []string{"as-of", "known-at"} {
			if cmd.Flags().Changed(name) {
				verb := strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" ")
				return usage(cmd, "%s 不用 --%s", "%s takes no --%s", verb, name)
			}
		}
		return run(cmd, args)
	}
	return c
}

// exactly and between check the number of arguments.
func exactly(n int) cobra.PositionalArgs { return between(n, n) }

func between(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < least {
			zh, en := app{lang: "zh"}, app{lang: "en"}
			return usage(cmd, "缺少参数：%[1]s", "an argument is missing: %[2]s", zh.useOf(cmd), en.useOf(cmd))
		}
		if len(args) > most {
			return usage(cmd, "多余的参数 %q", "unexpected argument %q", args[most])
		}
		return nil
	}
}
