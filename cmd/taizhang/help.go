package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"github.com/mattn/go-runewidth"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/taizhang/taizhang/events/text"
)

// argumentWords holds the Chinese words for what stands in capitals in a command line. What has none is the same in
// both languages.
var argumentWords = map[string]string{
	"FILE": "文件", "REPORT": "报表", "DIR": "目录", "ID": "编号", "CENTER": "中心编号", "DATE": "日期",
	"YEAR": "年度", "NAME": "名称",
	"TEXT": "文字", "SCOPE": "口径",
	"BY": "方式", "ROLE": "角色", "WHAT": "内容", "ORDER": "次序", "COLUMN": "列名",
	"REGION": "区划", "STATUS": "状态", "STATE": "状态", "NUMBER": "文号", "LEVEL": "级别", "FIGURE": "数字",
	"KIND": "种类", "ORIGIN": "封存标识", "ADDR": "地址",
	"USE": "用途", "POSITION": "位置", "POINT": "时点", "MODE": "方式", "METHOD": "方法", "FAMILY": "类别",
	"CODE": "代码", "UNIT": "单位", "TIME": "时点",
	"PREFIX": "前几位", "COMMAND": "命令", "CIDR": "网段", "ACT": "事项", "KEY": "对象", "RAISED-ON": "发生日期",
	"ACCOUNT": "账号", "POLICY": "办法参数",
	"PASSWORD": "密码", "DAYS": "N", "MINUTES": "N", "YUAN": "N", "A": "甲", "B": "乙", "FORM": "形式",
	"LANGUAGE": "语言", "HOST": "主机", "REQUEST": "请求", "VKEY": "公钥",
}

// argument returns what people call an argument or the value of a flag, such as FILE.xlsx or FILE|DIR, in the language
// of the user.
func (a *app) argument(name string) string {
	if a.lang != "zh" {
		return name
	}
	isPart := func(r rune) bool { return 'A' <= r && r <= 'Z' || r == '-' }
	var b strings.Builder
	for rest := name; rest != ""; {
		n := strings.IndexFunc(rest, func(r rune) bool { return !isPart(r) })
		if n < 0 {
			n = len(rest)
		}
		word := rest[:n]
		b.WriteString(cmp.Or(argumentWords[word], word))
		rest = rest[n:]
		n = strings.IndexFunc(rest, isPart)
		if n < 0 {
			n = len(rest)
		}
		b.WriteString(rest[:n])
		rest = rest[n:]
	}
	return b.String()
}

// useOf returns the command line of a verb as its help has it: the commands that lead to it, and its arguments.
func (a *app) useOf(c *cobra.Command) string {
	words := strings.Fields(c.Use)
	for i, word := range words {
		if i > 0 && !strings.HasPrefix(strings.TrimLeft(word, "["), flagPrefix) {
			words[i] = a.argument(word)
		}
	}
	words[0] = c.CommandPath()
	return strings.Join(words, " ")
}

// help writes the help of a verb.
func (a *app) help(c *cobra.Command) {
	b := &strings.Builder{}
	b.WriteString(strings.TrimRight(cmp.Or(c.Long, c.Short), "\n"))
	fmt.Fprintf(b, "\n\n%s\n", a.say("用法：", "Usage:"))
	if !isGroup(c) {
		fmt.Fprintf(b, "  %s %s\n", a.useOf(c), a.say("[选项]", "[flags]"))
	}
	if c.HasAvailableSubCommands() {
		fmt.Fprintf(b, "  %s %s\n", c.CommandPath(), a.say("[命令]", "[command]"))
	}
	if list := examplesOf(c); len(list) > 0 {
		fmt.Fprintf(b, "\n%s\n", a.say("示例：", "Examples:"))
		for _, x := range list {
			fmt.Fprintf(b, "  # %s\n  %s %s\n", x.what.In(a.lang), c.Root().Name(), x.line.In(a.lang))
		}
	}
	a.helpCommands(b, c)
	if kinds := a.kindsOf(c); len(kinds) > 0 {
		fmt.Fprintf(b, "\n%s\n", a.say("种类：", "Kinds:"))
		alignPairs(b, kinds)
	}
	a.helpFlags(b, a.say("选项：", "Flags:"), c.LocalFlags())
	a.helpFlags(b, a.say("全局选项：", "Global Flags:"), c.InheritedFlags())
	if c.HasAvailableSubCommands() {
		fmt.Fprintf(b, "\n%s\n",
			a.say("用 %[1]s [命令] --help 查看命令的用法。",
				"Use \"%[1]s [command] --help\" for more information about a command.", c.CommandPath()))
	}
	_, _ = io.WriteString(a.out, b.String()) // nothing can be said to a terminal that is gone
}

// isGroup reports whether a command only holds others.
func isGroup(c *cobra.Command) bool { return !c.HasParent() || c.Annotations["holds"] != "" }

func (a *app) helpCommands(b *strings.Builder, c *cobra.Command) {
	var pairs [][2]string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			pairs = append(pairs, [2]string{sub.Name(), sub.Short})
		}
	}
	if len(pairs) > 0 {
		fmt.Fprintf(b, "\n%s\n", a.say("命令：", "Available Commands:"))
		alignPairs(b, pairs)
	}
}

func (a *app) helpFlags(b *strings.Builder, title string, flags *pflag.FlagSet) {
	var pairs [][2]string
	flags.VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			pairs = append(pairs, a.helpFlag(f))
		}
	})
	if len(pairs) > 0 {
		fmt.Fprintf(b, "\n%s\n", title)
		alignPairs(b, pairs)
	}
}

// helpFlag returns a flag with its value, and what it is for.
func (a *app) helpFlag(f *pflag.Flag) [2]string {
	name, usage := pflag.UnquoteUsage(f)
	if a.lang == "zh" {
		usage = a.withoutQuotes(f.Usage)
	}
	line := flagPrefix + f.Name
	if f.Shorthand != "" {
		line = "-" + f.Shorthand + ", " + line
	}
	if f.Value.Type() != "bool" && name != "" {
		line += " " + a.argument(name)
	}
	switch f.DefValue {
	case "", "0", "false", "[]":
	default:
		usage += a.say("（默认 %s）", " (default %s)", f.DefValue)
	}
	return [2]string{line, usage}
}

// showDefault shows the default of a flag in words, in Chinese.
func (a *app) showDefault(f *pflag.Flag, words text.Vocabulary[string]) {
	if a.lang == "zh" && words.Has(f.DefValue) {
		f.DefValue = words.Word(f.DefValue).Zh
	}
}

// linkWords are the characters after which the name of a value belongs to a Chinese sentence. After others it repeats
// the noun before.
const linkWords = "到自至按于过为含从在向由出成的今入用"

// withoutQuotes returns the Chinese description of a flag with the name of its value in Chinese, or without it where
// it only repeats the noun before it: “中心编号 `ID`” is “中心编号”, “写到 `FILE`” is “写到文件”.
func (a *app) withoutQuotes(usage string) string {
	before, rest, ok := strings.Cut(usage, "`")
	name, after, ended := strings.Cut(rest, "`")
	if !ok || !ended {
		return usage
	}
	name = a.argument(name)
	if before = strings.TrimRight(before, " "); before == "" {
		return name + after
	}
	last := []rune(before)[len([]rune(before))-1]
	switch {
	case name == "N" || name[0] < unicode.MaxASCII && strings.ContainsRune(linkWords, last):
		return before + " " + name + after
	case strings.ContainsRune(linkWords, last):
		return before + name + strings.TrimLeft(after, " ")
	}
	return before + strings.TrimLeft(after, " ")
}

// alignPairs writes lines of two columns.
func alignPairs(b *strings.Builder, pairs [][2]string) {
	width := 0
	for _, p := range pairs {
		width = max(width, runewidth.StringWidth(p[0]))
	}
	for _, p := range pairs {
		fmt.Fprintf(b, "  %s%s%s\n", p[0], strings.Repeat(" ", width-runewidth.StringWidth(p[0])+3), p[1])
	}
}

// ownCommands adds the verbs help and completion, and has help written by us.
func (a *app) ownCommands(root *cobra.Command) {
	root.SetHelpFunc(func(c *cobra.Command, _ []string) { a.help(c) })
	root.SetUsageFunc(func(c *cobra.Command) error { a.help(c); return nil })
	root.SetHelpCommand(&cobra.Command{
		Use: "help [COMMAND]...", Short: a.say("查看命令的用法", "show the help of a command"),
		RunE: func(_ *cobra.Command, args []string) error {
			c, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return noCommand(c, strings.Join(rest, " "))
			}
			a.help(c)
			return nil
		},
	})
	root.InitDefaultHelpCmd() // adds it
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(a.completionCommand())
	eachCommand(root, func(c *cobra.Command) {
		c.InitDefaultHelpFlag()
		c.Flags().Lookup("help").Usage = a.say("查看用法", "show this help")
	})
}

// noCommand returns the error that a command has no such command below it, with the commands that may have been meant.
func noCommand(c *cobra.Command, typed string) error {
	var names []string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	zh, en := meant(typed, names)
	return usage(c, "没有命令 %[1]q%[2]s", "there is no command %[1]q%[3]s", typed, zh, en)
}

// meant returns the end of a message about something typed that does not exist: what may have been meant, or "".
func meant(typed string, candidates []string) (zh, en string) {
	near := text.Nearest(typed, candidates)
	if len(near) == 0 {
		return "", ""
	}
	return "；是否指 " + strings.Join(near, "、") + "？", "; did you mean " + strings.Join(near, " or ") + "?"
}

// group returns a command that only holds others.
func (a *app) group(name, zh, en string, commands ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{
		Use: name, Short: a.say(zh, en), Annotations: map[string]string{"holds": "commands"},
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return noCommand(cmd, args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c.AddCommand(commands...)
	return c
}

func eachCommand(c *cobra.Command, do func(*cobra.Command)) {
	do(c)
	for _, sub := range c.Commands() {
		eachCommand(sub, do)
	}
}

// nameOf returns the path of a verb without the name of the program, such as "alerts explain"; "" of the program
// itself.
func nameOf(c *cobra.Command) string {
	return strings.TrimSpace(strings.TrimPrefix(c.CommandPath(), c.Root().Name()))
}

// flagNames returns the names of the flags of a verb as they are typed.
func flagNames(c *cobra.Command) (names []string) {
	c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, flagPrefix+f.Name) })
	slices.Sort(names)
	return names
}
