package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// inChinese translates into Chinese the parts of the help that the library writes itself.
func inChinese(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		switch c.Name() {
		case "help":
			c.Short = "查看命令的用法"
		case "completion":
			c.Short = "生成命令行补全脚本"
		}
	}
	root.SetUsageTemplate(strings.NewReplacer(
		"Usage:", "用法：", "Aliases:", "别名：", "Examples:", "示例：", "Available Commands:", "命令：", "Global Flags:", "全局选项：",
		"Flags:", "选项：", "Additional help topics:", "其他主题：", "[command]", "[命令]",
		`Use "{{.CommandPath}} [command] --help" for more information about a command.`, `用 "{{.CommandPath}} [命令] --help" 查看命令的用法。`,
	).Replace(root.UsageTemplate()))
	eachCommand(root, func(c *cobra.Command) {
		c.InitDefaultHelpFlag()
		if f := c.Flags().Lookup("help"); f != nil {
			f.Usage = "查看用法"
		}
	})
}

func eachCommand(c *cobra.Command, do func(*cobra.Command)) {
	do(c)
	for _, sub := range c.Commands() {
		eachCommand(sub, do)
	}
}
