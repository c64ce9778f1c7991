// taizhang-verify judges a bundle of a ledger offline, for an auditor who trusts nobody at the ledger:
//
//	taizhang-verify FILE.zip [--trust MY-TRUST.txt] [--known OLD.checkpoint] [--figures FILE]… [--tsa-roots FILE.pem]
//	                [--thorough] [--lang zh|en] [--output json]
//
// It has no network code and no store. Its exit codes are those of the results (verify.Result), and 2 for usage, also
// for a file of the auditor himself that cannot be used.
package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/pflag"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/files"
	"github.com/taizhang/taizhang/services/verify"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// usageCode is the exit code for wrong usage.
const usageCode = 2

// options holds the flags.
type options struct {
	trust, known, roots string
	figures             []string
	thorough            bool
	lang, output        string
	version             bool
}

func (o *options) flags() *pflag.FlagSet {
	f := pflag.NewFlagSet("taizhang-verify", pflag.ContinueOnError)
	f.SortFlags = false
	f.StringVar(&o.trust, "trust", "", "您自己的信任文件 `FILE`：台账公钥、见证方、见证要求（须有几家见证）\n"+
		"your own trust file: the ledger's key, the witnesses, the quorum (how many of them must have signed)")
	f.StringVar(&o.known, "known", "", "您以前留存的检查点 `FILE`，或抄自打印页的三行\n"+
		"a checkpoint that you kept, or the three lines of a printed sheet")
	f.StringArrayVar(&o.figures, "figures", nil, "从别处得到的报表 `FILE`，可重复\n"+
		"a report that you have from elsewhere; repeatable")
	f.StringVar(&o.roots, "tsa-roots", "", "时间戳机构的根证书 `FILE`（PEM）\nroots of the time-stamp authority (PEM)")
	f.BoolVar(&o.thorough, "thorough", false, "独立复算全部进行，不作抽查\n"+
		"make every independent computation, not a sample")
	f.StringVar(&o.lang, "lang", "", "只写 `zh|en` 中的一种，默认两种都写\nwrite one language; both if not given")
	f.StringVar(&o.output, "output", "", "写成 `json`，供程序读取\nfor programs")
	f.BoolVar(&o.version, "version", false, "显示版本\nshow the version")
	return f
}

const usage = `用法：taizhang-verify FILE.zip [选项]
Usage: taizhang-verify FILE.zip [options]

`

const codes = `
退出码  0 所核验的都相符，且有检查点达到信任文件的见证要求  1 有矛盾  2 用法不对，或您自己的文件不能用
        3 没有矛盾，但没有信任文件，或没有检查点达到其见证要求，或有报表不在已见证的记录之内
Exit    0 all that was examined holds, and a checkpoint meets the quorum of the trust file  1 something contradicts
        2 wrong usage, or a file of your own that cannot be used
        3 nothing contradicts, but there is no trust file, or no checkpoint meets its quorum, or a report lies
          outside what was witnessed
`

// run does the work of main and returns the exit code.
func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	var o options
	f := o.flags()
	f.SetOutput(io.Discard)
	err := f.Parse(args)
	switch {
	case errors.Is(err, pflag.ErrHelp):
		fmt.Fprint(out, usage, f.FlagUsages(), codes)
		return 0
	case err == nil && o.version:
		fmt.Fprintln(out, program())
		return 0
	case err == nil:
		err = o.check(f.Args())
	default:
		err = flagError(err)
	}
	if err != nil {
		o.tell(errOut, err)
		fmt.Fprint(errOut, "taizhang-verify --help\n")
		return usageCode
	}
	v, err := o.verify(ctx, f.Arg(0))
	if err == nil && o.output == "json" {
		err = json.MarshalWrite(out, v, jsontext.WithIndent("  "), json.Deterministic(true))
		fmt.Fprintln(out)
	} else if err == nil {
		err = v.Write(out, o.lang)
	}
	if err != nil {
		o.tell(errOut, err)
		return usageCode
	}
	return int(v.Result)
}

// flagError returns an error in both languages for a flag that the library rejects.
func flagError(err error) error {
	var unknown *pflag.NotExistError
	var missing *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "":
		return text.Errorf(text.Invalid, "没有选项 -%s", "unknown flag: -%s", unknown.GetSpecifiedName())
	case errors.As(err, &unknown):
		return text.Errorf(text.Invalid, "没有选项 --%s", "unknown flag: --%s", unknown.GetSpecifiedName())
	case errors.As(err, &missing):
		return text.Errorf(text.Invalid, "--%s 需要一个值", "--%s needs a value", missing.GetFlag().Name)
	case errors.As(err, &invalid):
		return text.Errorf(text.Invalid, "--%s 的值 %q 不对", "--%s: the value %q is not valid",
			invalid.GetFlag().Name, invalid.GetValue())
	}
	return &text.Error{Code: text.Invalid, What: text.Text{Zh: "选项写法不对", En: err.Error()}}
}

func (o *options) check(args []string) error {
	switch {
	case len(args) != 1:
		return text.Errorf(text.Invalid, "应给出一个证据包文件，得到 %d 个", "expected one file, the bundle; got %d",
			len(args))
	case o.lang != "" && o.lang != "zh" && o.lang != "en":
		return text.Errorf(text.Invalid, "--lang 应为 zh 或 en", "--lang must be zh or en")
	case o.output != "" && o.output != "json":
		return text.Errorf(text.Invalid, "--output 只有 json", "--output can only be json")
	}
	return nil
}

// tell prints an error in the language asked for, or in both.
func (o *options) tell(to io.Writer, err error) {
	said := text.Of(err)
	var of *text.Error
	var file *fs.PathError
	switch {
	case errors.As(err, &of) && of.Param != "":
		said = text.Say("--%s：%s", "--%s: %s", of.Param, of.What)
	case errors.Is(err, fs.ErrNotExist) && errors.As(err, &file):
		said = text.Say("文件 %s 不存在", "there is no file %s", file.Path)
	case errors.Is(err, fs.ErrPermission) && errors.As(err, &file):
		said = text.Say("没有读取文件 %s 的权限", "there is no permission to read the file %s", file.Path)
	case errors.As(err, &file):
		said = text.Say("文件 %s 打不开：%v", "the file %s cannot be opened: %v", file.Path, file.Err)
	}
	if o.lang != "en" {
		fmt.Fprintln(to, text.Printable(said.Zh))
	}
	if o.lang != "zh" && (said.En != said.Zh || o.lang == "en") {
		fmt.Fprintln(to, text.Printable(said.En))
	}
}

// verify opens the files and judges the bundle.
func (o *options) verify(ctx context.Context, path string) (*verify.Verdict, error) {
	cfg := verify.Config{Program: program(), Name: path, Thorough: o.thorough}
	for _, f := range []struct {
		path string
		to   *[]byte
	}{{o.trust, &cfg.Trust}, {o.known, &cfg.Known}} {
		if f.path == "" {
			continue
		}
		content, err := files.ReadSmall(f.path)
		if err != nil {
			return nil, err
		}
		*f.to = append([]byte{}, content...) // not nil, even if it is empty
	}
	if o.roots != "" {
		content, err := files.ReadSmall(o.roots)
		if err != nil {
			return nil, err
		}
		cfg.TSARoots = x509.NewCertPool()
		if !cfg.TSARoots.AppendCertsFromPEM(content) {
			return nil, text.Errorf(text.Invalid, "%s 中没有 PEM 格式的证书", "%s has no certificate in PEM", o.roots)
		}
	}
	for _, path := range o.figures {
		f, size, err := files.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		cfg.Figures = append(cfg.Figures, verify.File{Name: path, Content: f, Bytes: size})
	}
	f, size, err := files.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	cfg.Content, cfg.Bytes = f, size
	return verify.Verify(ctx, cfg)
}

// release is the version of a release. The linker sets it (deploy/release); it is "" in any other build.
var release string

// program returns the name and the version of the program.
func program() string {
	version := release
	if info, ok := debug.ReadBuildInfo(); ok && version == "" {
		version = info.Main.Version
	}
	return strings.TrimSpace("taizhang-verify " + version)
}
