package consumer

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/taizhang/taizhang/events/text"
)

// Command runs a shell command for each act.
type Command struct {
	Line string    // for the shell
	Dead string    // the path of the file of failures
	Lang string    // the language of the title
	Out  io.Writer // receives the output of the command

	// Note is called with a message for people when the command failed.
	Note func(text.Text)

	Limit time.Duration // for one run; 0 for 60 s
	Delay time.Duration // before the second run, and doubled before each later one; 0 for 1 s
}

// These are the limits of a command.
const (
	runsMax      = 5
	runLimit     = time.Minute
	runDelay     = time.Second
	stopGrace    = 5 * time.Second // for a command to end after it was asked to, or when the program ends
	lastBytesMax = 2048            // of its output, in the file of failures
	keyCharMax   = 200             // of a key, in the environment
)

// DeadLetter is a line of the file of failures: an event for which the command failed.
type DeadLetter struct {
	Time  time.Time      `json:"time"`
	Error string         `json:"error"` // the error of the last run, with the end of its output
	Runs  int            `json:"runs"`
	Event jsontext.Value `json:"event"` // the CloudEvent that the command got
}

// Run runs the command until it succeeds, at most five times. After the last failure it writes the event durably
// to the file of failures and returns nil, so that later events do not wait for ever. It returns an error if that
// file cannot be written, or if ctx ends before the command has succeeded.
func (c *Command) Run(ctx context.Context, e *Event) error {
	delay := cmp.Or(c.Delay, runDelay)
	for n := 1; ; n++ {
		err := c.runOnce(ctx, e)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		what := err.Error()
		if n == runsMax {
			c.Note(text.Say("命令对 %s 连续 %d 次失败，已写入 %s：%s",
				"the command failed %[2]d times for %[1]s, which is in %[3]s now: %[4]s", e.Subject, n, c.Dead, what))
			return c.bury(&DeadLetter{time.Now().UTC(), what, n, e.Cloud})
		}
		c.Note(text.Say("命令对 %s 失败（第 %d 次），%v 后重试：%s",
			"the command failed for %s (run %d), again in %v: %s", e.Subject, n, delay, what))
		if err := sleep(ctx, delay); err != nil {
			return err
		}
		delay *= 2
	}
}

// runOnce runs the command in a process group of its own. When ctx ends, the command has a short time to end by
// itself.
func (c *Command) runOnce(ctx context.Context, e *Event) error {
	limit := cmp.Or(c.Limit, runLimit)
	run, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		_ = sleep(run, stopGrace)
		cancel()
	})()
	last := &tail{}
	cmd := exec.CommandContext(run, "/bin/sh", "-c", c.Line)
	cmd.Stdin = bytes.NewReader(append(bytes.Clone(e.Cloud), '\n'))
	cmd.Stdout = io.MultiWriter(c.Out, last)
	cmd.Stderr = cmd.Stdout
	cmd.Env = append(os.Environ(), c.environment(e)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that an interrupt from the terminal does not reach it
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = stopGrace
	err := cmd.Run()
	if run.Err() != nil && cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // ends the processes that it started
	}
	switch {
	// the command ended; a process that it left behind keeps its output open
	case err == nil, errors.Is(err, exec.ErrWaitDelay) && run.Err() == nil:
		return nil
	case errors.Is(run.Err(), context.DeadlineExceeded):
		err = fmt.Errorf("it took longer than %v", limit)
	}
	if words := text.Printable(strings.Join(strings.Fields(strings.ToValidUTF8(last.String(), "\uFFFD")),
		" ")); words != "" {
		err = fmt.Errorf("%w: %s", err, words)
	}
	return err
}

// environment returns the variables that describe the act to the command.
func (c *Command) environment(e *Event) []string {
	list := []string{
		"ACT=" + string(e.Act.Act), "AT=" + e.At, "CENTER=" + string(e.Center), "CODE=" + string(e.Code),
		"KEY=" + text.Clip(text.Printable(e.Key), keyCharMax),
		"SEVERITY=" + string(e.Severity), "RAISED_ON=" + e.RaisedOn.String(), "CLEARED_ON=",
		"TITLE=" + e.Title.In(c.Lang), "SUBJECT=" + e.Subject,
	}
	if !e.ClearedOn.IsNone() {
		list[7] += e.ClearedOn.String()
	}
	for i := range list {
		list[i] = "TAIZHANG_ALERT_" + list[i]
	}
	return list
}

// bury appends a line to the file of failures. It is durable on return.
func (c *Command) bury(d *DeadLetter) error {
	line, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("consumer: write %s: %w", c.Dead, err)
	}
	f, err := os.OpenFile(c.Dead, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	return errors.Join(cmp.Or(err, fdatasync(f)), f.Close())
}

// tail keeps the last bytes that are written to it.
type tail struct{ bytes.Buffer }

func (t *tail) Write(p []byte) (int, error) {
	n := len(p)
	t.Buffer.Write(p[max(0, n-lastBytesMax):])
	if over := t.Len() - lastBytesMax; over > 0 {
		t.Next(over)
	}
	return n, nil
}
