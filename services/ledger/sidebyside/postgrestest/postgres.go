//go:build e2e

// Package postgrestest starts private PostgreSQL servers, for benchmarks that compare the ledger with them.
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

// missing is the most likely reason why the server cannot be started.
const missing = "is PostgreSQL installed? (Debian: apt-get install postgresql)"

// programs returns the directory in which the packages of Debian and of the PostgreSQL project install the server, of
// the newest installed version.
func programs(t testing.TB) string {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	check(t, err)
	if len(found) == 0 {
		t.Fatal(missing)
	}
	return filepath.Dir(found[len(found)-1])
}

// settings are the settings that differ from the defaults. Those that make commits durable are the defaults, written
// out. All events of a run of some hundred thousand fit into the buffers. The other settings favor the table of
// execution: it is computed in memory; compiling a query costs more than it saves at this size; and nested loops are
// off, because the planner has no statistics about values inside JSON and would sometimes choose a loop that takes
// ten times as long.
var settings = []string{"fsync=on", "synchronous_commit=on", "listen_addresses=", "shared_buffers=512MB",
	"work_mem=64MB", "jit=off", "enable_nestloop=off"}

// Server is a private server with a cluster of its own, and a connection to it.
type Server struct {
	DSN  string
	Conn *pgx.Conn

	process int
}

// ExecutionSQL computes the same as the register's table of execution as of a date, except whether a year was low.
//
//go:embed execution.sql
var ExecutionSQL string

// SharedDir makes a directory that the server's account may enter. It may not enter a directory of package testing.
func SharedDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "taizhang-")
	check(t, err)
	t.Cleanup(func() { check(t, os.RemoveAll(dir)) })
	check(t, os.Chmod(dir, 0o755))
	return dir
}

// Start makes a cluster in the directory and starts a server on it that listens only on a Unix socket there. Commits
// are as durable as in the log: fsync and synchronous_commit are on. The server ends with the test, however the test
// ends. The server refuses to run as root; root runs it as the account of the package.
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
		cmd.Env = append(os.Environ(), "LC_ALL=C") // also sets the locale of the cluster
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

// serve starts the server, waits until it accepts connections, and stops it at the end of the test.
func serve(t testing.TB, cmd *exec.Cmd) {
	t.Helper()
	log := &serverLog{ready: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = log, log
	started, ended := make(chan error), make(chan error, 1)
	go func() {
		runtime.LockOSThread() // Pdeathsig is sent to the server when the thread that started it ends
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

// serverLog keeps the log of the server, and signals when the server is ready.
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

// String returns the whole log.
func (l *serverLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Connect opens another connection. It is closed at the end of the test.
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

// CreateEvents creates the table of events in a schema of its own. A body of type json is kept byte for byte, as the
// hashes of a ledger need it. A body of type jsonb is parsed when it is written, and is another text when it is read.
func (p *Server) CreateEvents(t testing.TB, schema, body string) {
	t.Helper()
	p.Exec(t, `create schema `+schema+`;
		create table `+schema+`.events (position bigserial primary key, stream text not null, version bigint not null, id uuid not null, kind text not null,
			recorded_at timestamptz not null default now(), body `+body+` not null, unique (stream, version))`)
}

// Analyze updates the statistics now, as autovacuum would do a minute later.
func (p *Server) Analyze(t testing.TB, schema string) {
	t.Helper()
	p.Exec(t, `vacuum analyze `+schema+`.events`)
}

// Version returns the version of the server.
func (p *Server) Version(t testing.TB) string {
	t.Helper()
	version, _, _ := strings.Cut(p.Conn.PgConn().ParameterStatus("server_version"), " ")
	return version
}

// ProcessorTime returns the processor time that all processes of the server together have used, in ticks of 10 ms.
func (p *Server) ProcessorTime(t testing.TB) time.Duration {
	t.Helper()
	ticks := 0
	for _, process := range append(children(t, p.process), p.process) {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", process))
		if errors.Is(err, fs.ErrNotExist) {
			continue // the process has ended, and its time counts in its parent
		}
		check(t, err)
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:])) // from the third field on
		used := fields[11:13]
		if process == p.process {
			used = fields[11:15] // user and system time, also of children that have ended
		}
		for _, field := range used {
			n, err := strconv.Atoi(field)
			check(t, err)
			ticks += n
		}
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// children lists the child processes of a process.
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
