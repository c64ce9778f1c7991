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

// heapGrowth is by how many percent the heap may grow before it is collected, unless GOGC says otherwise. Nearly all of
// it is the ledger, which stays: the default of 100 would take twice its memory.
const heapGrowth = 40

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(heapGrowth)
	}
	os.Exit(run())
}

// signalsTogether is how long signals after the first count as the same one: some supervisors send it to a process and once more to
// its group.
const signalsTogether = 500 * time.Millisecond

// run is main with an exit code instead of an exit. An interrupt ends the work between two writes; a second one ends
// the program.
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

// invocation is what to type to run the program again as it was run: go run leaves no binary behind.
func invocation(argv0 string) string {
	if strings.Contains(filepath.ToSlash(argv0), "/go-build") {
		return "go run ./cmd/taizhang"
	}
	return argv0
}

// exitCode prints what there is to say of an error and returns the exit code for it.
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
		a.tellError(err, a.say("已中断；已写入的不会丢失，重新运行即可完成", "interrupted; what was written is safe, run it again to finish"))
		return 1
	}
	a.tellError(err, a.message(err))
	return 1
}
