package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"
	"time"
)

// heapGrowth is the percentage by which the heap may grow before a collection, unless GOGC sets another. Nearly all
// of the heap is the ledger, which stays: the default of 100 would use twice its memory.
const heapGrowth = 40

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(heapGrowth)
	}
	os.Exit(run())
}

// signalsTogether is the time in which further signals count as the first one, because some supervisors send a signal
// to a process and also to its group.
const signalsTogether = 500 * time.Millisecond

// run does the work of main and returns the exit code. An interrupt ends the work between two writes; a second one
// ends the program.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, func() { time.AfterFunc(signalsTogether, stop) })
	a := newApp(os.Args[1:], os.Stdout, os.Stderr, os.Getenv)
	a.invoked = invocation(os.Args[0])
	root := a.root()
	root.SetArgs(os.Args[1:])
	return a.exitCode(ctx, root.ExecuteContext(ctx))
}

// invocation returns the command with which the user can run the program again. With go run there is no binary to
// name.
func invocation(argv0 string) string {
	if strings.Contains(filepath.ToSlash(argv0), "/go-build") {
		return "go run ./cmd/taizhang"
	}
	return argv0
}

// exitCode prints the message of an error and returns the exit code for it.
func (a *app) exitCode(ctx context.Context, err error) int {
	var usage *usageError
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errAnswered):
		return 1
	case errors.As(err, &usage):
		a.tellError(err, a.message(err))
		if a.output != jsonOutput {
			fmt.Fprintln(a.errOut, a.say("用法见：%s --help", "For usage: %s --help", usage.command))
		}
		return 2
	case errors.Is(err, errExitStopped):
		a.tellError(err, a.message(err))
		return exitStopped
	case ctx.Err() != nil && !a.writes:
		a.tellError(err, a.say("已中断", "interrupted"))
		return 1
	case ctx.Err() != nil:
		a.tellError(err, a.say("已中断；已写入的不会丢失，重新运行即可完成",
			"interrupted; what was written is safe, run it again to finish"))
		return 1
	}
	a.tellError(err, a.message(err))
	return 1
}
