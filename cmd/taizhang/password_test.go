package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// openTerminal opens a terminal. Bytes written to keyboard are read from terminal.
func openTerminal(t *testing.T) (keyboard, terminal *os.File) {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = keyboard.Close() })
	if err := unix.IoctlSetPointerInt(int(keyboard.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(keyboard.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = terminal.Close() })
	return keyboard, terminal
}

// echoes reports whether a terminal shows typed characters.
func echoes(t *testing.T, terminal *os.File) bool {
	t.Helper()
	state, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return state.Lflag&unix.ECHO != 0
}

// transcript is the output of a running program.
type transcript struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *transcript) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *transcript) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// interrupted, in place of a typed line, interrupts the verb.
const interrupted = "^C"

// onTerminal runs a verb on a terminal. It types each line when the terminal shows the prompt and does not echo.
func onTerminal(t *testing.T, lines []string, args ...string) (out, errOut string, code int) {
	t.Helper()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	keyboard, terminal := openTerminal(t)
	var o, e transcript
	a := newApp(args, &o, &e, func(string) string { return "" })
	a.in = terminal
	root := a.root()
	root.SetArgs(args)
	ended := make(chan int, 1)
	go func() { ended <- a.exitCode(ctx, root.ExecuteContext(ctx)) }()
	for i, line := range lines {
		eventually(t, "the prompt", func() bool { return strings.Count(e.String(), ": ") > i && !echoes(t, terminal) })
		if line == interrupted {
			interrupt()
		} else if _, err := keyboard.WriteString(line + "\n"); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case code = <-ended:
	case <-time.After(serveWait):
		t.Fatalf("the verb did not end: %s", e.String())
	}
	if !echoes(t, terminal) {
		t.Error("the terminal does not echo any more")
	}
	return o.String(), e.String(), code
}

func TestAPasswordIsTypedTwiceAndNotShown(t *testing.T) {
	dir := t.TempDir()
	mustRun(t, "--data", dir, "account", "add", "cai", "--role", "finance")
	const password = "vivid-copper-lantern"
	for _, c := range []struct {
		lines []string
		code  int
		says  string
	}{
		{[]string{password, password + "s"}, 1, "the two passwords differ; none was set"},
		{[]string{"", ""}, 1, "the password typed is empty"},
		{[]string{interrupted}, 1, "interrupted"},
		{[]string{password, interrupted}, 1, "interrupted"},
		{[]string{password, password}, 0, ""},
	} {
		out, errOut, code := onTerminal(t, c.lines, "--data", dir, "--lang", "en", "account", "password", "cai")
		if code != c.code || !strings.Contains(errOut, c.says) || strings.Contains(out+errOut, password) {
			t.Errorf("%q: exit %d: %s%s", c.lines, code, out, errOut)
		}
		if isSet := strings.Contains(mustRun(t, "--data", dir, "--lang", "en", "account", "show", "cai"),
			"password: set"); isSet != (code == 0) {
			t.Errorf("%q: exit %d, and a password is set: %v", c.lines, code, isSet)
		}
	}
}

func TestAnInterruptEndsTheWaitForAPasswordInAPipe(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	in, silent, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		silent.Close()
		in.Close()
		if f, err := os.OpenFile(fifo, os.O_WRONLY|unix.O_NONBLOCK, 0); err == nil { // lets the one who waits go
			f.Close()
		}
	})
	for _, file := range []string{fifo, stdinName} {
		ctx, interrupt := context.WithCancel(t.Context())
		interrupt()
		var o, e transcript
		args := []string{"--data", dir, "--lang", "en", "account", "password", "cai", "--password-file", file}
		a := newApp(args, &o, &e, func(string) string { return "" })
		a.in = in
		root := a.root()
		root.SetArgs(args)
		ended := make(chan int, 1)
		go func() { ended <- a.exitCode(ctx, root.ExecuteContext(ctx)) }()
		select {
		case code := <-ended:
			if code != 1 || !strings.Contains(e.String(), "interrupted") {
				t.Errorf("%s: exit %d: %s", file, code, e.String())
			}
		case <-time.After(serveWait):
			t.Fatalf("%s: the verb did not end", file)
		}
	}
}
