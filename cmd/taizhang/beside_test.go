package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/api/client"
	"github.com/taizhang/taizhang/services/desk"
)

// besideVariable selects how the scripts run the program: on files ("", as users do), or beside a server of the
// directory, which each verb finds by its socket (besideSocket) or by its URL (besideURL).
const (
	besideVariable = "TAIZHANG_TEST_BESIDE"
	besideSocket   = "socket"
	besideURL      = "url"
)

// scriptMain runs the program for the scripts.
func scriptMain() {
	how := os.Getenv(besideVariable)
	if how == "" {
		main()
		return
	}
	_ = os.Unsetenv(besideVariable) // the server is the program itself
	os.Exit(runBeside(how))
}

// typedDir returns the directory of the ledger that a command line names, and the command line without it.
func typedDir(args []string) (dir string, rest []string) {
	dir = "./taizhang-data"
	for i := 0; i < len(args); i++ {
		value, isData := strings.CutPrefix(args[i], "--data=")
		next := args[i] == "--data" && i+1 < len(args)
		if next {
			value = args[i+1]
		}
		isContent := strings.HasPrefix(strings.TrimSpace(value), "{") ||
			strings.HasPrefix(strings.TrimSpace(value), "@")
		if (isData || next) && !isContent && value != "" {
			dir = value
			if next {
				i++
			}
			continue
		}
		rest = append(rest, args[i])
	}
	return dir, rest
}

// verbOf returns the verb of a command line, and whether it writes to the ledger.
func verbOf(args []string) (verb string, writes bool) {
	root := newApp(nil, nil, nil, os.Getenv).root()
	cmd, _, err := root.Find(args)
	if err != nil || cmd == root {
		return "", false
	}
	verb = strings.TrimPrefix(cmd.CommandPath(), "taizhang ")
	return verb, slices.Contains([]string{"import", "record", "policy adopt"}, verb)
}

// runBeside starts a server of the directory that the command line names, runs the verb, and stops the server.
func runBeside(how string) int {
	dir, rest := typedDir(os.Args[1:])
	verb, writes := verbOf(rest)
	isThere, _ := holdsSegments(dir)
	switch {
	case slices.Contains([]string{"", "serve", "demo", "restore", "version", "help", "completion"}, verb),
		!isThere && !writes:
		return run()
	}
	_, err := os.Lstat(dir)
	wasThere := err == nil
	if !wasThere {
		if info, err := os.Stat(filepath.Dir(dir)); err != nil || info.Mode().Perm()&0o200 == 0 || !info.IsDir() {
			return run() // nothing can be made there
		}
	}
	server := exec.Command("taizhang", "serve", "--data", dir, "--listen", "127.0.0.1:0", "--nats-listen", "off",
		"--lang", "en")
	server.Env = append(os.Environ(), "GOGC=200") // not what the script sets for its verbs
	server.Env = slices.DeleteFunc(server.Env, func(v string) bool { return strings.HasPrefix(v, "TAIZHANG_") })
	var log bytes.Buffer
	server.Stderr = &log
	out, err := server.StdoutPipe()
	if err == nil {
		err = server.Start()
	}
	if err != nil {
		return failBeside(err)
	}
	said, err := bufio.NewReader(out).ReadString('\n')
	if err != nil { // the directory cannot be served: the verb says why
		_ = server.Wait()
		return run()
	}
	code := 0
	if how == besideURL {
		err = aimAtURL(dir, regexp.MustCompile(`http://[^ ,]+`).FindString(said), verb, rest)
	}
	if err == nil {
		code = run()
	}
	_ = server.Process.Signal(syscall.SIGTERM)
	if waited := server.Wait(); waited != nil && err == nil {
		err = fmt.Errorf("the server: %w\n%s", waited, &log)
	}
	_ = os.RemoveAll(filepath.Join(dir, spoolName))
	if !wasThere && isEmpty(dir) {
		_ = os.RemoveAll(dir) // the verb alone would have made none
	}
	if err != nil {
		return failBeside(err)
	}
	return code
}

// isEmpty reports whether the ledger of a directory holds no record.
func isEmpty(dir string) (empty bool) {
	a := newApp(nil, io.Discard, io.Discard, os.Getenv)
	a.dir = dir
	return a.open(context.Background(), true, func(d *desk.Local, _ events.Store) error {
		empty = d.Position() == 0
		return nil
	}) == nil && empty
}

func failBeside(err error) int {
	fmt.Fprintln(os.Stderr, "beside a server:", err)
	return 99
}

// aimAtURL makes the verb a client of a URL, with the token of an account that has the rights for the verb.
func aimAtURL(dir, url, verb string, args []string) error {
	root := newApp(nil, nil, nil, os.Getenv).root()
	if cmd, _, err := root.Find(args); err != nil || isOnFiles(cmd) {
		return err
	}
	c, err := client.New(client.ClientOptions{Directory: dir})
	if err != nil {
		return err
	}
	defer c.Close()
	binding, may := access.Binding{Role: access.STOffice, MayRecord: true},
		[]string{access.MayRecord, access.MayRevoke}
	name := "writer"
	if verb == "policy adopt" {
		name, binding, may = "adopter", access.Binding{Role: access.SecAdmin}, []string{access.MayPolicy}
	}
	ctx := context.Background()
	if _, err := c.AddAccount(ctx, access.NewAccount{Account: name, Binding: binding}); err != nil &&
		text.CodeOf(err) != text.Conflict {
		// it is there from the verb before
		return err
	}
	made, err := c.AddToken(ctx, access.NewToken{Account: name, Name: "script", May: may})
	if err != nil {
		return err
	}
	f, err := os.CreateTemp("", "token-")
	if err != nil {
		return err
	}
	if _, err := f.WriteString(made.Secret); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	os.Args = append([]string{os.Args[0]}, args...)
	_ = os.Setenv("TAIZHANG_SERVER", url)
	return os.Setenv("TAIZHANG_TOKEN_FILE", f.Name())
}
