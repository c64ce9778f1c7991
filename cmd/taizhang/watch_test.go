package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/alertfeed"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/logstore"
	"github.com/taizhang/taizhang/services/natsserver"
	"github.com/taizhang/taizhang/services/natsserver/natstest"
)

// published publishes the alerts of the ledger in a directory as of a date, and returns the flags of a user that may
// read them.
func published(t *testing.T, dir, asOf string, filter alertfeed.Filter) []string {
	t.Helper()
	key, file := natstest.NewUser(t), filepath.Join(t.TempDir(), "ops.nk")
	key.WriteSeed(t, file)
	server, err := natsserver.Start(t.Context(), natsserver.NATSConfig{Dir: t.TempDir(), Listen: "127.0.0.1:0",
		Users: []natsserver.User{{Name: "ops", Key: key.Public}}, Log: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	nc, err := server.Connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc, alertfeed.Patient())
	if err != nil {
		t.Fatal(err)
	}
	store, err := logstore.Open(dir, logstore.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	l, err := ledger.Open(t.Context(), store, ledger.Config{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	noon, err := time.ParseInLocation("2006-01-02 15", asOf+" 12", events.Shanghai)
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return noon }
	counter := &desk.Local{LocalConfig: desk.LocalConfig{Ledger: l, Now: now}}
	publisher := alertfeed.New(alertfeed.PublisherConfig{
		Desk: counter, JetStream: js, Memory: filepath.Join(t.TempDir(), "memory"),
		Epoch: func() string { return "2026-01-01T00:00:00.000000Z" },
		Users: func() []alertfeed.User { return []alertfeed.User{{Name: "ops", Key: key.Public, Filter: filter}} },
		Now:   now, Log: zap.NewNop()})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { publisher.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		s := publisher.Status()
		if s.State == alertfeed.StatePublishing && s.At.Position == counter.Position() {
			// while it states all alerts, the head has the position already
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the feed stays at %+v", s)
		}
	}
	return []string{"--nats", "nats://" + server.Addr(), "--nkey", file}
}

// watched runs alerts watch until it has written a number of lines. It returns the lines and the exit code.
func watched(t *testing.T, lines int, args ...string) (out, errOut string, code int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	o := &lineBuffer{want: lines, reached: cancel}
	var e bytes.Buffer
	a := newApp(args, o, &e, func(string) string { return "" })
	root := a.root()
	root.SetArgs(args)
	defer time.AfterFunc(time.Minute, cancel).Stop()
	code = a.exitCode(ctx, root.ExecuteContext(ctx))
	return o.String(), e.String(), code
}

// lineBuffer calls reached when it has a number of lines.
type lineBuffer struct {
	bytes.Buffer
	want    int
	reached func()
}

func (b *lineBuffer) Write(p []byte) (int, error) {
	n, err := b.Buffer.Write(p)
	if bytes.Count(b.Bytes(), []byte{'\n'}) >= b.want {
		b.reached()
	}
	return n, err
}

// province returns a ledger with alerts of many centers, and a date.
func province(t *testing.T) (dir, asOf string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "province")
	file := filepath.Join(t.TempDir(), "history.jsonl")
	mustRun(t, "simulate", "--seed", "7", "--centers", "24", "--to", "2026-10-31", "--out", file)
	mustRun(t, "--data", dir, "import", file)
	return dir, "2026-10-31"
}

func TestTheBoardIsTheListOfAlerts(t *testing.T) {
	t.Parallel()
	dir, asOf := province(t)
	for _, c := range []struct {
		name   string
		filter alertfeed.Filter
		flags  []string
	}{
		{"all", alertfeed.Filter{}, nil},
		{"red", alertfeed.Filter{Severities: []string{"red"}}, []string{"--severity", "red"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			feed := published(t, dir, asOf, c.filter)
			for _, lang := range []string{"zh", "en"} {
				for _, form := range []string{tableOutput, csvOutput, jsonOutput} {
					want := mustRun(t, append([]string{"--data", dir, "--as-of", asOf, "--lang", lang, "--output",
						form, "alerts"}, c.flags...)...)
					got := mustRun(t, append([]string{"--lang", lang, "--output", form, "alerts", "board"},
						feed...)...)
					if form == tableOutput { // the title has the position
						_, want, _ = strings.Cut(want, "\n")
						var title string
						title, got, _ = strings.Cut(got, "\n")
						if !strings.Contains(title, asOf) || !strings.Contains(title, "NATS") {
							t.Errorf("the title is %q", title)
						}
					}
					if !isListWithoutNames(form, got, want) || strings.Count(got, "\n") < 5 {
						t.Errorf("%s %s: the board is\n%s\nand not\n%s", lang, form, got, want)
					}
				}
			}
		})
	}
}

// isListWithoutNames reports whether the lines of a board are those of the list but for its last column, the name of
// the center.
func isListWithoutNames(form, board, list string) bool {
	got, want := strings.Split(board, "\n"), strings.Split(list, "\n")
	return slices.EqualFunc(got, want, func(got, want string) bool {
		got = strings.TrimSuffix(strings.TrimRight(got, " "), "}")
		return strings.HasPrefix(want, strings.TrimSuffix(got, "},")) &&
			(form == tableOutput || !strings.Contains(got, "浙江省"))
	})
}

func TestAWatchWritesOneLineForEachAct(t *testing.T) {
	t.Parallel()
	dir, asOf := province(t)
	feed := published(t, dir, asOf, alertfeed.Filter{})
	open := strings.Count(mustRun(t, "--data", dir, "--as-of", asOf, "--output", "csv", "alerts"), "\n") - 1
	for _, c := range []struct {
		form  string
		lines int
		first string
	}{
		{"table", open, "T12:00:00+08:00  发生  ZJ-"},
		{"csv", open + 1, "at,act,center,code,key,severity,raisedOn,clearedOn,title"},
		{"json", open, `{"at":"2026-10-31T12:00:00+08:00","act":"raised","center":"ZJ-`},
	} {
		out, errOut, code := watched(t, c.lines,
			append([]string{"--lang", "zh", "--output", c.form, "alerts", "watch", "--from-start"}, feed...)...)
		first, _, _ := strings.Cut(out, "\n")
		if code != 0 || strings.Count(out, "\n") != c.lines || !strings.Contains(first, c.first) {
			t.Errorf("%s: exit %d, %d lines and not %d, the first is %q\n%s", c.form, code, strings.Count(out, "\n"),
				c.lines, first, errOut)
		}
	}
	red := strings.Count(mustRun(t, "--data", dir, "--as-of", asOf, "--output", "csv", "alerts", "--severity", "red"),
		"\n") - 1
	out, errOut, code := watched(t, red,
		append([]string{"alerts", "watch", "--from-start", "--severity", "red", "--exec",
			"cat >/dev/null; echo $TAIZHANG_ALERT_SEVERITY >&2"}, feed...)...)
	if code != 0 || strings.Count(out, "\n") != red || strings.Count(errOut, "red\n") < red-1 {
		// the last one was interrupted
		t.Errorf("exit %d: %s%s", code, out, errOut)
	}
}

func TestAWatchThatCannotBeMeantIsRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ops.nk")
	if err := os.WriteFile(file, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(t.TempDir(), "screen.nk")
	natstest.NewUser(t).WriteSeed(t, key)
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"alerts watch", 2, "--nkey FILE is needed"},
		{"alerts board", 2, "--nkey FILE is needed"},
		{"alerts watch --nkey none.nk", 1, "there is no file none.nk"},
		{"alerts watch --nkey " + file, 1, file + " holds a secret and others may read it (mode 0644)"},
		{"alerts watch --nkey .", 1, ". is a directory, not a file"},
		{"alerts watch --nkey x --data y", 2, "takes no --data"},
		{"alerts board --nkey x --as-of 2026-01-01", 2, "takes no --as-of"},
		{"alerts watch --nats nats://u:hunter2@127.0.0.1:1 --nkey x", 2,
			"--nats: must have no user and no password in it"},
		{"alerts watch --nats http://127.0.0.1:1 --nkey " + key, 2, "--nats: expected nats://HOST:PORT"},
		{"alerts board --nats http://127.0.0.1:1 --nkey " + key, 2, "--nats: expected nats://HOST:PORT"},
		{"alerts watch --nkey x --severity green", 2, "--severity: "},
		{"alerts watch --nkey " + key + " --durable A.B", 2, "--durable: "},
		{"alerts nothing", 2, "unexpected argument"},
	} {
		_, errOut, code := taizhang(t, strings.Fields(c.args)...)
		if code != c.code || !strings.Contains(errOut, c.says) || strings.Contains(errOut, "hunter2") {
			t.Errorf("taizhang %s: exit %d: %s", c.args, code, errOut)
		}
	}
}
