//go:build e2e

// Package postgrestest starts private PostgreSQL servers, for tests that measure beside them.
package postgrestest

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// missing is what most likely is wrong when the server cannot be made.
const missing = "is PostgreSQL installed? (Debian: apt-get install postgresql)"

// programs is where Debian and the PostgreSQL project's own packages have put the server, of the newest version there is.
func programs(t testing.TB) string {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	check(t, err)
	if len(found) == 0 {
		t.Fatal(missing)
	}
	return filepath.Dir(found[len(found)-1])
}

// settings are what differs from the defaults. Those that make commits durable are only written out. All events of a run
// of some hundred thousand fit into the buffers. The rest is for the table of execution, and in its favor: it is computed
// in memory; at this size compiling a query costs more than it saves; and the planner, which knows nothing of what a query
// has parsed out of JSON, would now and then choose a nested loop that takes ten times as long.
var settings = []string{"fsync=on", "synchronous_commit=on", "listen_addresses=", "shared_buffers=512MB",
	"work_mem=64MB", "jit=off", "enable_nestloop=off"}

// Server is a private server with a cluster of its own, and a connection to it.
type Server struct {
	DSN  string
	Conn *pgx.Conn

	process int
}

// ExecutionSQL computes as of a date what the register's table of execution answers, except whether a year was low.
//
//go:embed execution.sql
var ExecutionSQL string

// SharedDir makes a directory that the server's account may enter, which it may not with a directory of testing.
func SharedDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "taizhang-")
	check(t, err)
	t.Cleanup(func() { check(t, os.RemoveAll(dir)) })
	check(t, os.Chmod(dir, 0o755))
	return dir
}

// Start makes a cluster in the directory and starts a server of it that listens on a Unix socket there alone.
// What is durable is as durable as in the log: fsync and synchronous_commit are on. The server ends with the test, however
// the test ends. It refuses to run as root, who runs it as the account of the package.
func Start(t testing.TB, dir string) *Server {
	t.Helper()
	check(t, os.Mkdir(dir, 0o700))
	attr := &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT}
	if os.Geteuid() == 0 {
		account, err := user.Lookup("postgres")
		if err != nil {
			t.Fatalf("%v: %s", err, missing)
		}
		uid, err := strconv.Atoi(account.Uid)
		check(t, err)
		gid, err := strconv.Atoi(account.Gid)
		check(t, err)
		check(t, os.Chown(dir, uid, gid))
		attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	data, programs := filepath.Join(dir, "data"), programs(t)
	run := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(filepath.Join(programs, name), args...)
		cmd.Dir, cmd.SysProcAttr = dir, attr
		cmd.Env = append(os.Environ(), "LC_ALL=C") // and so is the locale of the cluster
		return cmd
	}
	initdb := run("initdb", "-D", data, "-U", "taizhang", "-A", "trust", "-E", "UTF8")
	if out, err := initdb.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v: %s\n%s", err, missing, out)
	}
	args := []string{"-D", data, "-k", dir}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	server := run("postgres", args...)
	serve(t, server)
	pg := &Server{DSN: "host=" + dir + " user=taizhang dbname=postgres sslmode=disable", process: server.Process.Pid}
	pg.Conn = pg.Connect(t)
	return pg
}

// serve starts the server, waits until it takes connections, and has it end with the test.
func serve(t testing.TB, cmd *exec.Cmd) {
	t.Helper()
	log := &serverLog{ready: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = log, log
	started, ended := make(chan error), make(chan error, 1)
	go func() {
		runtime.LockOSThread() // the server is sent Pdeathsig when the thread ends that started it
		err := cmd.Start()
		started <- err
		if err == nil {
			ended <- cmd.Wait()
		}
	}()
	check(t, <-started)
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGINT) // fast shutdown
		if err := <-ended; err != nil {
			t.Errorf("postgres: %v\n%s", err, log.String())
		}
	})
	select {
	case <-log.ready:
	case err := <-ended:
		ended <- err
		t.Fatalf("postgres did not start: %v\n%s", err, log)
	}
}

// serverLog keeps what the server says, and tells when it is ready.
type serverLog struct {
	ready chan struct{}

	mu   sync.Mutex
	text bytes.Buffer
	said bool
}

// Write implements io.Writer.
func (l *serverLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(p)
	if !l.said && strings.Contains(l.text.String(), "database system is ready to accept connections") {
		l.said = true
		close(l.ready)
	}
	return len(p), nil
}

// String returns all that was said.
func (l *serverLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Connect makes another connection, which ends with the test.
func (p *Server) Connect(t testing.TB) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), p.DSN)
	check(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) }) // the test's own context has ended by then
	return conn
}

// Exec executes statements on the connection of the server.
func (p *Server) Exec(t testing.TB, sql string) {
	t.Helper()
	_, err := p.Conn.Exec(t.Context(), sql)
	check(t, err)
}

// CreateEvents makes the table of events in a schema of its own. A body of type json is kept byte for byte, as the hashes of a
// ledger need; one of type jsonb is parsed when it is written, and another text when it is read.
func (p *Server) CreateEvents(t testing.TB, schema, body string) {
	t.Helper()
	p.Exec(t, `create schema `+schema+`;
		create table `+schema+`.events (position bigserial primary key, stream text not null, version bigint not null, id uuid not null, kind text not null,
			recorded_at timestamptz not null default now(), body `+body+` not null, unique (stream, version))`)
}

// Analyze does what autovacuum would have done a minute later.
func (p *Server) Analyze(t testing.TB, schema string) {
	t.Helper()
	p.Exec(t, `vacuum analyze `+schema+`.events`)
}

// Version is that of the server.
func (p *Server) Version(t testing.TB) string {
	t.Helper()
	version, _, _ := strings.Cut(p.Conn.PgConn().ParameterStatus("server_version"), " ")
	return version
}

// ProcessorTime is what all processes of the server together have used of all processors, in ticks of 10 ms.
func (p *Server) ProcessorTime(t testing.TB) time.Duration {
	t.Helper()
	ticks := 0
	for _, process := range append(children(t, p.process), p.process) {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", process))
		if errors.Is(err, fs.ErrNotExist) {
			continue // it has ended, and counts with its parent
		}
		check(t, err)
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:])) // from the third field on
		used := fields[11:13]
		if process == p.process {
			used = fields[11:15] // and of the children that have ended
		}
		for _, field := range used {
			n, err := strconv.Atoi(field)
			check(t, err)
			ticks += n
		}
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// children lists the processes that a process has started.
func children(t testing.TB, parent int) (list []int) {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", parent, parent))
	check(t, err)
	for _, field := range strings.Fields(string(text)) {
		process, err := strconv.Atoi(field)
		check(t, err)
		list = append(list, process)
	}
	return list
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
