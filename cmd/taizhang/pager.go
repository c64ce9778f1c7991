package main

import (
	"bytes"
	"cmp"
	"errors"
	"os"
	"os/exec"
	"os/signal"

	"golang.org/x/term"
)

// wideFlag is the name of the flag for whole tables.
const wideFlag = "wide"

// Exit codes of a shell that cannot run a command.
const (
	exitNotExecutable = 126
	exitNotFound      = 127
)

// screen returns the terminal to which a verb writes, or nil.
func (a *app) screen() *os.File {
	f, ok := a.stdout.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	return f
}

// screenWidth returns the columns of the terminal into which tables must fit, or 0 for any width.
func (a *app) screenWidth() int {
	f := a.screen()
	if f == nil || a.wide {
		return 0
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return columns
}

// pagerCommand returns the command of the pager: that of TAIZHANG_PAGER, of PAGER, or less if it is there. It returns
// "" for no pager, as for cat.
func (a *app) pagerCommand() string {
	if a.noPager || a.output != tableOutput || a.screen() == nil || a.getenv("TERM") == "dumb" {
		return ""
	}
	command := cmp.Or(a.getenv("TAIZHANG_PAGER"), a.getenv("PAGER"))
	if command == "" {
		if _, err := exec.LookPath("less"); err != nil {
			return ""
		}
		return "less"
	}
	if command == "cat" {
		return ""
	}
	return command
}

// paged keeps what a verb writes until the function that it returns is called, which shows it in the pager. So nobody
// who reads page after page holds the ledger open. Without a pager, writes are not kept.
func (a *app) paged() (show func()) {
	command := a.pagerCommand()
	if command == "" {
		return func() {}
	}
	var kept bytes.Buffer
	before := a.out
	a.out = &kept
	return func() {
		a.out = before
		if kept.Len() == 0 {
			return
		}
		if !a.runPager(command, kept.Bytes()) {
			_, _ = a.out.Write(kept.Bytes()) // like every line for people: a terminal that is gone is not told
		}
	}
}

// runPager shows a text in the pager and waits until the user quits it, which may be before the end. It reports
// whether there is such a program.
func (a *app) runPager(command string, content []byte) bool {
	pager := exec.Command("sh", "-c", command)
	pager.Stdin, pager.Stdout, pager.Stderr, pager.Env = bytes.NewReader(content), a.stdout, a.errOut, os.Environ()
	options := "FRX" // quit if it fits on the screen, show colors, leave the text on the screen; as git sets them
	if a.wide {
		options += "S" // scroll sideways instead of breaking lines
	}
	for name, value := range map[string]string{"LESS": options, "LESSCHARSET": "utf-8", "LV": "-c"} {
		if a.getenv(name) == "" {
			pager.Env = append(pager.Env, name+"="+value)
		}
	}
	interrupts := make(chan os.Signal, 1) // an interrupt is for the pager, which may use it to stop a search
	signal.Notify(interrupts, os.Interrupt)
	defer signal.Stop(interrupts)
	err := pager.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return true
	case errors.As(err, &exit):
		return exit.ExitCode() != exitNotFound && exit.ExitCode() != exitNotExecutable
	}
	return !errors.Is(err, exec.ErrNotFound) && !errors.Is(err, os.ErrPermission)
}
