//go:build e2e

package sidebyside

import (
	"bytes"
	"context"
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

// postgres is a private server with a cluster of its own, and a connection to it.
type postgres struct {
	dsn  string
	conn *pgx.Conn
}

// startPostgres makes a cluster in the directory and starts a server of it that listens on a Unix socket there alone.
// What is durable is as durable as in the log: fsync and synchronous_commit are on. The server ends with the test, however
// the test ends. It refuses to run as root, who runs it as the account of the package.
func startPostgres(t testing.TB, dir string) *postgres {
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
		cmd.Env = append(os.Environ(), "LC_ALL=C")
		return cmd
	}
	initdb := run("initdb", "--pgdata="+data, "--username=taizhang", "--auth=trust", "--encoding=UTF8", "--locale=C")
	if out, err := initdb.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v: %s\n%s", err, missing, out)
	}
	args := []string{"-D", data, "-k", dir}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	serve(t, run("postgres", args...))
	pg := &postgres{dsn: "host=" + dir + " user=taizhang dbname=postgres sslmode=disable"}
	pg.conn = pg.connect(t)
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

func (p *postgres) connect(t testing.TB) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), p.dsn)
	check(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) }) // the test's own context has ended by then
	return conn
}

func (p *postgres) exec(t testing.TB, sql string) {
	t.Helper()
	_, err := p.conn.Exec(t.Context(), sql)
	check(t, err)
}

func (p *postgres) version(t testing.TB) string {
	t.Helper()
	version, _, _ := strings.Cut(p.conn.PgConn().ParameterStatus("server_version"), " ")
	return version
}
