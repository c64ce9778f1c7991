package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/listen"
)

// secretBytesMax is the maximum size of a file with a secret, more than that of any accepted password.
const secretBytesMax = 4096

// stdinName is the value of --password-file for standard input.
const stdinName = "-"

func (a *app) accountPasswordCommand() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use: "password ACCOUNT", Args: a.noPassword,
		Short: a.say("设置账号的密码，账号首次登录时须更换",
			"set the password of an account, which must change it when it first signs in"),
		Long: a.say(`设置账号的密码，取代原有的；该账号的登录随即全部结束，首次登录时须更换密码。

在终端上输入两次，不显示。没有终端时从文件读取（--password-file，权限 0600，只有一行），- 为标准输入：
  pass show cai | taizhang account password cai --password-file -
密码不能写在命令行或环境变量里：那里他人可以看到，也会留在命令历史中。`,
			`Set the password of an account, in place of the one that it has. Its sessions end, and it must change the password when it
first signs in.

On a terminal the password is typed twice and not shown. Without one it is read from a file (--password-file, mode 0600, one
line), or from standard input for -:
  pass show cai | taizhang account password cai --password-file -
It is never an argument or a variable of the environment, where others see it and the history of the shell keeps it.`),
		RunE: func(cmd *cobra.Command, args []string) error {
			password, err := a.askPassword(cmd, args[0], file)
			if err != nil {
				return err
			}
			return a.office(cmd.Context(), func(o access.AccountDesk) error {
				x, err := o.SetPassword(cmd.Context(), args[0], access.NewPassword{Password: password})
				if err != nil {
					return err
				}
				return a.writeAccountAnd(x, func() {
					a.print("密码已设置；%s 首次登录时须更换密码。",
						"The password is set; %s must change it when it first signs in.", x.Account)
					if x.Role.IsAdministrator() && !x.Factor {
						a.print("管理员首次登录时还须启用动态验证码（手机上的六位数字）。",
							"An administrator also enrols a second factor there (codes from a phone).")
					}
				})
			})
		},
	}
	c.Flags().StringVar(&file, "password-file", "",
		a.say("密码所在的 `FILE`（权限 0600，一行）；- 为标准输入",
			"`FILE` with the password (mode 0600, one line); - for standard input"))
	return c
}

// noPassword checks the number of arguments. Its error shows no argument, because an extra one may be a password.
func (a *app) noPassword(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usage(cmd, "密码不能写在命令行里；若写的是密码，它已留在命令历史中，请改用别的密码",
			"a password is never an argument; if that was one, the history of the shell has it now, so choose another")
	}
	return exactly(1)(cmd, args)
}

// askPassword returns a new password for an account, from a file or typed on the terminal. No message shows any part
// of it.
func (a *app) askPassword(cmd *cobra.Command, account, file string) (string, error) {
	isTerminal := term.IsTerminal(int(a.in.Fd()))
	switch {
	case file != "" && file != stdinName:
		return untilDone(cmd.Context(), func() (string, error) { return secretIn(file) })
	case isTerminal: // where a password that is piped would be shown
		return a.typedPassword(cmd.Context(), account)
	case file == stdinName:
		return untilDone(cmd.Context(), func() (string, error) {
			content, err := readUpTo(a.in, a.say("标准输入", "standard input"), secretBytesMax)
			if err != nil {
				return "", err
			}
			return onlyLine(content, a.say("标准输入", "standard input"))
		})
	}
	return "",
		usage(cmd,
			"没有终端可供输入密码：请在终端上运行，或用 --password-file 指定文件（权限 0600，只有一行），- 为标准输入",
			"there is no terminal to type the password on: run it on one, or name a file with --password-file (mode "+
				"0600, one line), or - for standard input")
}

// untilDone returns the result of read, or the error of ctx if that ends first. A read that did not end runs on until
// the process ends.
func untilDone(ctx context.Context, read func() (string, error)) (string, error) {
	type result struct {
		content string
		err     error
	}
	done := make(chan result, 1)
	go func() {
		content, err := read()
		done <- result{content, err}
	}()
	select {
	case r := <-done:
		return r.content, r.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// secretIn returns the secret in a file that only its owner can read.
func secretIn(file string) (string, error) {
	if err := listen.Private(file); err != nil {
		return "", err
	}
	content, err := readFile(file, secretBytesMax)
	if err != nil {
		return "", err
	}
	return onlyLine(content, file)
}

// onlyLine returns the single line of a file with a secret.
func onlyLine(content []byte, file string) (string, error) {
	line := strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(string(content), "\ufeff"), "\n"), "\r")
	switch {
	case line == "":
		return "", text.Errorf(text.Invalid, "%s 是空的", "%s is empty", file)
	case strings.Contains(line, "\n"):
		return "", text.Errorf(text.Invalid, "%s 不止一行", "%s has more than one line", file)
	case !utf8.ValidString(line):
		return "", text.Errorf(text.Invalid, "%s 不是 UTF-8 文本", "%s is not text in UTF-8", file)
	}
	return line, nil
}

// typedPassword asks for a password twice.
func (a *app) typedPassword(ctx context.Context, account string) (string, error) {
	first, err := a.typeHidden(ctx, a.say("%s 的新密码（不显示）：", "new password of %s (not shown): ", account))
	if err != nil {
		return "", err
	}
	again, err := a.typeHidden(ctx, a.say("再输入一次：", "once more: "))
	switch {
	case err != nil:
		return "", err
	case first != again:
		return "", text.Errorf(text.Invalid, "两次输入的密码不同；没有设置密码，请再运行一次",
			"the two passwords differ; none was set, run it again")
	}
	return onlyLine([]byte(first), a.say("输入的密码", "the password typed"))
}

// typeHidden returns a line that is typed without echo. When ctx ends, it restores the terminal.
func (a *app) typeHidden(ctx context.Context, prompt string) (string, error) {
	terminal := int(a.in.Fd())
	before, err := term.GetState(terminal)
	if err != nil {
		return "", err
	}
	fmt.Fprint(a.errOut, text.Printable(prompt))
	line, err := untilDone(ctx, func() (string, error) {
		line, err := term.ReadPassword(terminal)
		return string(line), err
	})
	fmt.Fprintln(a.errOut)
	switch {
	case ctx.Err() != nil:
		return "", errors.Join(ctx.Err(), term.Restore(terminal, before))
	case errors.Is(err, io.EOF): // nothing and the end of the input
		return "", nil
	}
	return line, err
}
