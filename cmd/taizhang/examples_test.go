package main

import (
	"bytes"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/taizhang/taizhang/services/lists"
)

// words splits an example as a shell does that knows single quotes and the redirection of the output.
func words(line string) (args []string) {
	line, _, _ = strings.Cut(line, " > ")
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			args = append(args, part)
		} else {
			args = append(args, strings.Fields(part)...)
		}
	}
	return args
}

// parseLine parses a command line without the name of the program and returns its verb.
func parseLine(line, lang string) (*cobra.Command, error) {
	args := words(line)
	root := newApp(append(args, "--lang", lang), nil, nil, func(string) string { return "" }).root()
	found, rest, err := root.Find(args)
	if err == nil {
		err = found.ParseFlags(rest)
	}
	if err == nil {
		err = found.ValidateArgs(found.Flags().Args())
	}
	return found, err
}

func TestEveryVerbHasExamplesThatAreCommandLinesOfIt(t *testing.T) {
	leaveUnderRace(t)
	known := map[string]bool{}
	for _, lang := range []string{"zh", "en"} {
		root := newApp([]string{"--lang", lang}, nil, nil, func(string) string { return "" }).root()
		eachCommand(root, func(c *cobra.Command) {
			known[nameOf(c)] = true
			if len(examplesOf(c)) == 0 {
				t.Errorf("%s has no example", c.CommandPath())
			}
			for _, x := range examplesOf(c) {
				found, err := parseLine(x.line.In(lang), lang)
				if err != nil || nameOf(found) != nameOf(c) && !isGroup(c) {
					t.Errorf("%s: %s: %v", nameOf(c), x.line.In(lang), err)
				}
			}
		})
	}
	for name := range examples {
		if !known[name] {
			t.Errorf("there are examples of %q, which is no verb", name)
		}
	}
}

func TestTheExamplesOfQuestionsAreAnswered(t *testing.T) {
	leaveUnderRace(t)
	dir, small := filepath.Join(t.TempDir(), "ledger"), filepath.Join("testdata", "small.jsonl")
	mustRun(t, "--data", dir, "import", small)
	t.Chdir(t.TempDir())
	for name, list := range examples {
		if lists.Find(name) == nil &&
			!slices.Contains([]string{"center", "replay", "alerts explain", "policy show", "template", "version",
				"help"}, name) {
			continue
		}
		for _, x := range list {
			args := append(words(x.line.Zh), "--dir", dir, "--lang", "zh")
			if lists.Find(name) != nil && !slices.Contains(args, "--as-of") {
				args = append(args, "--as-of", "2025-12-31")
			}
			if _, errOut, code := taizhang(t, args...); code != 0 {
				t.Errorf("%s: exit %d: %s", x.line.Zh, code, errOut)
			}
		}
	}
}

func TestWhatStandsInCapitalsHasAChineseWord(t *testing.T) {
	same := []string{"URL", "UUID", "JSON", "N"}
	capital := regexp.MustCompile(`[A-Z][A-Z-]*`)
	root := newApp(nil, nil, nil, func(string) string { return "" }).root()
	check := func(where, name string) {
		for _, word := range capital.FindAllString(name, -1) {
			if argumentWords[word] == "" && !slices.Contains(same, word) {
				t.Errorf("%s: %s has no Chinese word", where, word)
			}
		}
	}
	eachCommand(root, func(c *cobra.Command) {
		_, arguments, _ := strings.Cut(c.Use, " ")
		check(c.CommandPath(), arguments)
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if name, _ := pflag.UnquoteUsage(f); f.Value.Type() != "bool" {
				check(c.CommandPath()+" --"+f.Name, name)
				if name == f.Value.Type() && f.Value.Type() == "string" {
					t.Errorf("%s --%s does not name its value", c.CommandPath(), f.Name)
				}
			}
		})
	})
}

func TestTheNameOfAValueIsNotRepeatedInChinese(t *testing.T) {
	a := newApp([]string{"--lang", "zh"}, nil, nil, func(string) string { return "" })
	for usage, want := range map[string]string{
		"中心编号 `ID`（默认全部）": "中心编号（默认全部）", "写到 `FILE`（默认标准输出）": "写到文件（默认标准输出）",
		"自 `DATE` 起": "自日期起",
		"最多列出 `N` 条": "最多列出 N 条", "`MODE`：补录": "方式：补录",
		"内容 `JSON|@FILE`；或台账目录": "内容；或台账目录", "包括已作废的": "包括已作废的",
		"把请求写入 `FILE`": "把请求写入文件", "用 `COMMAND` 另加签名": "用命令另加签名",
		"写入目录 `DIR`（必填）": "写入目录（必填）",
		"向服务器 `URL` 查询":  "向服务器查询", "另存到 `FILE.xlsx`，标出": "另存到文件.xlsx，标出",
	} {
		if got := a.withoutQuotes(usage); got != want {
			t.Errorf("%s: expected %s, got %s", usage, want, got)
		}
	}
	eachCommand(a.root(), func(c *cobra.Command) {
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			before, rest, _ := strings.Cut(f.Usage, "`")
			name, _, named := strings.Cut(rest, "`")
			end, _ := utf8.DecodeLastRuneInString(strings.TrimRight(before, " "))
			shown := a.withoutQuotes(f.Usage)
			if named && strings.ContainsRune("入用写读取给存由以", end) && !strings.Contains(shown, a.argument(name)) {
				t.Errorf("%s --%s: the verb has lost its object: %s", c.CommandPath(), f.Name, shown)
			}
		})
	})
}

// completed returns what the shell is offered for the last argument.
func completed(t *testing.T, env map[string]string, args ...string) []string {
	t.Helper()
	var out, errOut bytes.Buffer
	args = append([]string{cobra.ShellCompRequestCmd}, args...)
	a := newApp(args, &out, &errOut, func(name string) string { return env[name] })
	root := a.root()
	root.SetArgs(args)
	if err := root.ExecuteContext(t.Context()); err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	return lines[:len(lines)-1] // the last one says how the shell goes on
}

func TestTheShellIsOfferedWordsCodesAndCenters(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ledger")
	mustRun(t, "--data", dir, "import", filepath.Join("testdata", "small.jsonl"))
	zh, en := map[string]string{"LANG": "zh_CN.UTF-8"}, map[string]string{}
	for _, c := range []struct {
		env  map[string]string
		args []string
		want string // what is offered, with | between; … for more
	}{
		{zh, []string{"record", "经费支"}, "经费支出\tfunds.spent"},
		{zh, []string{"record", "funds."}, "funds.recovered\t经费收回|funds.spent\t经费支出"},
		{en, []string{"record", "funds."}, "funds.recovered\tfunds recovered|funds.spent\tfunds spent"},
		{zh, []string{"template", "凭"}, "凭证\tvouchers"},
		{zh, []string{"execution", "--scope", ""}, "省级\tprovince|中央\tcentral|财政合计\tfiscal|地方配套\tlocal"},
		{en, []string{"execution", "--scope", "f"}, "fiscal"},
		{zh, []string{"record", "x", "--role", "审"}, "审计\tauditor"},
		{zh, []string{"alerts", "--severity", ""}, "红\tred|黄\tyellow|蓝\tblue"},
		{en, []string{"alerts", "--code", "al-use-0"}, "al-use-01\t…"},
		{en, []string{"alerts", "explain", "ZJ-0001", "AL-USE-01", "--data", dir, "--as-of", "2025-12-31", ""},
			"V2\t2025-06-02"},
		{zh, []string{"center", "--data", dir, ""}, "ZJ-0001\t浙江省甲中心|ZJ-0002\t浙江省乙中心"},
		{zh, []string{"spending", "--dir", dir, "zj-0002"}, "zj-0002\t浙江省乙中心"},
		{map[string]string{"TAIZHANG_DATA": dir}, []string{"alerts", "--center", "ZJ-0001"}, "ZJ-0001\t浙江省甲中心"},
		{en, []string{"--output", ""}, "table|csv|json"},
		{en, []string{"completion", ""}, "bash|zsh|fish|powershell"},
		{en, []string{"account", "dis"}, "disable\t…"},
		{zh, []string{"delayed", "--wh"}, "--what\t类别：…"},
		// nothing is offered, and nothing said, where the ledger cannot be asked
		{en, []string{"center", "--data", dir + "x", ""}, ""},
		{en, []string{"center", "--server", "http://127.0.0.1:1", ""}, ""},
		{en, []string{"center", "--store", "esdb://127.0.0.1:1?tls=false", "--data", dir + "x", ""}, ""},
		{map[string]string{"TAIZHANG_DATA": dir, "TAIZHANG_SERVER": "http://127.0.0.1:1"}, []string{"center", ""}, ""},
	} {
		got := strings.Join(completed(t, c.env, c.args...), "|")
		if before, _, more := strings.Cut(c.want, "…"); got != c.want && !(more && strings.HasPrefix(got, before)) {
			t.Errorf("%v: expected %q, got %q", c.args, c.want, got)
		}
	}
}
