//go:build e2e

package feedtest

import (
	"bufio"
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/docs/examples"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/alertfeed"
)

// settling is how long anything may take that comes by itself. It is less than the time after which the server
// delivers again what was not acknowledged.
const settling = 40 * time.Second

// until waits for a condition.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(settling); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after %v still not: %s", settling, what)
		}
	}
}

// office is a ledger that the program serves.
type office struct {
	t       *testing.T
	program string
	dir     string
	nats    string // nats://HOST:PORT
	serving *process
}

// newOffice makes a simulated ledger and serves it.
func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, dir: t.TempDir()}
	o.program = filepath.Join(o.dir, "taizhang")
	run(t, ".", "", "go", "build", "-o", o.program, "../../cmd/taizhang")
	write(t, filepath.Join(o.dir, "records.jsonl"),
		o.taizhang("simulate", "--seed", "7", "--centers", "6", "--from", "2024-01-01", "--to", "2026-10-31"))
	o.taizhang("import", "records.jsonl")
	o.serve("127.0.0.1:0")
	return o
}

// taizhang runs the program and returns what it writes.
func (o *office) taizhang(args ...string) string {
	o.t.Helper()
	return run(o.t, o.dir, "", o.program, append([]string{"--data", "ledger", "--lang", "en"}, args...)...)
}

var feedAddress = regexp.MustCompile(`nats://([0-9.]+:[0-9]+)`)

// serve serves the ledger, with the feed on an address.
func (o *office) serve(address string) {
	o.t.Helper()
	o.serving = start(o.t, o.dir, nil, o.program, "--data", "ledger", "--lang", "en", "serve", "--listen",
		"127.0.0.1:0", "--nats-listen", address)
	until(o.t, "the ledger is served", func() bool { return feedAddress.MatchString(o.serving.said()) })
	o.nats = feedAddress.FindString(o.serving.said())
}

// restart ends the server and starts it again on the same address.
func (o *office) restart() {
	o.t.Helper()
	o.serving.end(syscall.SIGTERM)
	o.serve(strings.TrimPrefix(o.nats, "nats://"))
}

// open returns the subjects of the alerts that the program lists.
func (o *office) open() (subjects []string) {
	o.t.Helper()
	var rows []struct {
		Center   events.CenterID     `json:"center"`
		Code     aggregates.Code     `json:"code"`
		Key      string              `json:"key"`
		Severity aggregates.Severity `json:"severity"`
		RaisedOn events.Date         `json:"raisedOn"`
	}
	if err := json.Unmarshal([]byte(o.taizhang("alerts", "--output", "json")), &rows); err != nil {
		o.t.Fatal(err)
	}
	for _, a := range rows {
		subjects = append(subjects, alertfeed.AlertName{Center: a.Center, Severity: a.Severity, Code: a.Code,
			Key: a.Key, RaisedOn: a.RaisedOn}.Subject())
	}
	slices.Sort(subjects)
	return subjects
}

// incident records one, which raises an alert, or closes it, which clears the alert.
func (o *office) incident(kind, name, data string) {
	o.t.Helper()
	o.taizhang("record", kind, "--center", "ZJ-0001", "--on", events.DateAt(time.Now()).String(), "--role",
		"st-office", "--actor", "kjt-01",
		"--data", fmt.Sprintf(`{"incident":%q%s}`, name, data))
}

// incidents records several at once.
func (o *office) incidents(names []string) {
	o.t.Helper()
	var lines strings.Builder
	for _, name := range names {
		fmt.Fprintf(&lines,
			`{"id":%q,"kind":"incident.recorded","center":"ZJ-0001","on":%q,"by":{"role":"st-office","actor":"kjt-01"},"data":{"incident":%q%s}}`+"\n",
			uuid.NewString(), events.DateAt(time.Now()), name, major)
	}
	write(o.t, filepath.Join(o.dir, "incidents.jsonl"), lines.String())
	o.taizhang("import", "incidents.jsonl")
}

const major = `,"kind":"safety","severity":"major"`

// process is a program that runs until it is ended.
type process struct {
	t   *testing.T
	cmd *exec.Cmd
	out lockedBuffer
}

func start(t *testing.T, dir string, env []string, name string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(name, args...)}
	p.cmd.Dir, p.cmd.Env = dir, append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &lockedBuffer{}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.end(syscall.SIGKILL)
		if t.Failed() {
			t.Logf("%s %q wrote\n%s%s", name, args, p.said(), p.cmd.Stderr)
		}
	})
	return p
}

// end ends the process and returns when it has.
func (p *process) end(signal syscall.Signal) {
	if p.cmd.ProcessState != nil {
		return
	}
	_ = p.cmd.Process.Signal(signal)
	_ = p.cmd.Wait()
}

// said returns what the process has written to its standard output.
func (p *process) said() string { return p.out.String() }

// lines returns the whole lines of it, sorted.
func (p *process) lines() []string {
	said := p.said()
	return slices.Sorted(strings.Lines(said[:strings.LastIndexByte(said, '\n')+1]))
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// client is a program of the page that reads the feed.
type client struct {
	o       *office
	user    string
	dir     string
	command []string
	running *process
}

// newClient adds a user and makes a directory for a program of the page, whose user is named "office" there.
func (o *office) newClient(user, from string, command ...string) *client {
	o.t.Helper()
	c := &client{o: o, user: user, dir: o.t.TempDir(), command: command}
	for _, pattern := range []string{"*.mjs", "*.py"} {
		found, err := filepath.Glob(filepath.Join(from, pattern))
		if err != nil {
			o.t.Fatal(err)
		}
		for _, path := range found {
			content, err := os.ReadFile(path)
			if err != nil {
				o.t.Fatal(err)
			}
			write(o.t, filepath.Join(c.dir, filepath.Base(path)), as(user, string(content)))
		}
	}
	o.taizhang("nats", "user", "add", user, "--nkey", filepath.Join(c.dir, user+".nk"))
	return c
}

// as returns an example for another user.
func as(user, code string) string { return strings.ReplaceAll(code, "office", user) }

func (c *client) start() {
	c.o.t.Helper()
	c.running = start(c.o.t, c.dir, []string{"NATS_URL=" + c.o.nats}, c.command[0], c.command[1:]...)
}

// kept returns the subjects that are open by what the client has kept.
func (c *client) kept() (subjects []string) {
	content, err := os.ReadFile(filepath.Join(c.dir, "kept.json"))
	if err != nil {
		return nil // there is none yet
	}
	var kept struct {
		Subjects map[string]struct {
			State any `json:"state"` // in Go an object that has it
		} `json:"subjects"`
	}
	if err := json.Unmarshal(content, &kept, json.MatchCaseInsensitiveNames(true)); err != nil {
		c.o.t.Fatal(err)
	}
	for subject, k := range kept.Subjects {
		if in, ok := k.State.(map[string]any); ok {
			k.State = in["State"]
		}
		if k.State == "raised" {
			subjects = append(subjects, subject)
		}
	}
	slices.Sort(subjects)
	return subjects
}

// thief takes messages from the consumer of a client and acknowledges none.
type thief struct {
	nc     *nats.Conn
	js     jetstream.JetStream
	client *client
}

func (c *client) thief() *thief {
	c.o.t.Helper()
	key, err := nats.NkeyOptionFromSeed(filepath.Join(c.dir, c.user+".nk"))
	if err != nil {
		c.o.t.Fatal(err)
	}
	x := &thief{client: c}
	if x.nc, err = nats.Connect(c.o.nats, key, nats.CustomInboxPrefix("_INBOX_"+c.user)); err != nil {
		c.o.t.Fatal(err)
	}
	c.o.t.Cleanup(x.nc.Close)
	if x.js, err = jetstream.NewWithAPIPrefix(x.nc, "tz"); err != nil {
		c.o.t.Fatal(err)
	}
	return x
}

// steal asks for a message, calls meanwhile, and reports whether one of an alert came.
func (x *thief) steal(meanwhile func()) (stolen bool) {
	t := x.client.o.t
	t.Helper()
	consumer, err := x.js.Consumer(t.Context(), alertfeed.StreamName, x.client.user)
	if err != nil {
		t.Fatal(err)
	}
	batch, err := consumer.Fetch(5, jetstream.FetchMaxWait(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	meanwhile()
	for m := range batch.Messages() {
		stolen = stolen || m.Subject() != alertfeed.HeadSubject
	}
	if err := batch.Error(); err != nil {
		t.Fatal(err)
	}
	return stolen
}

// TestForeignClientsEndWithTheAlertsOfTheLedger runs the programs of the page in JavaScript and in Go against the
// server, through a restart of the server, a new generation, messages that are lost on the way, and a kill of each
// program.
func TestForeignClientsEndWithTheAlertsOfTheLedger(t *testing.T) {
	o := newOffice(t)
	dir, golang := files(t)
	for _, name := range []string{"main.go", "reading.go"} {
		content, err := os.ReadFile(filepath.Join(golang, name))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(golang, name), as("golang", string(content)))
	}
	clients := []*client{o.newClient("javascript", dir, "node", "watch.mjs"),
		o.newClient("golang", t.TempDir(), build(t, golang, dir))}
	run(t, clients[0].dir, "", "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts",
		"@nats-io/transport-node@3.4.0", "@nats-io/jetstream@3.4.0")
	settle := func() {
		t.Helper()
		want := o.open()
		for _, c := range clients {
			until(t, strings.Join(c.command, " ")+" has the alerts of the ledger",
				func() bool { return slices.Equal(c.kept(), want) })
		}
	}
	for _, c := range clients {
		c.start()
	}
	settle()
	first := clients[0].running.lines()
	if len(first) != len(o.open()) || len(first) == 0 {
		t.Errorf("at the start a client acts on what is open, %d alerts, and not on %q", len(o.open()), first)
	}
	acts := func(want ...string) {
		t.Helper()
		want = slices.Sorted(slices.Values(slices.Concat(first, want)))
		for _, c := range clients {
			if got := c.running.lines(); !slices.Equal(got, want) {
				t.Errorf("%q acted on %q, expected %q", c.command, got, want)
			}
		}
	}

	before := o.open()
	o.incident("incident.recorded", "E-1", major)
	settle()
	var fresh []string
	for _, subject := range o.open() {
		if !slices.Contains(before, subject) {
			fresh = append(fresh, subject)
		}
	}
	if len(fresh) != 1 {
		t.Fatalf("the incident raised %q", fresh)
	}
	o.restart()
	o.incident("incident.closed", "E-1", "")
	settle()
	o.taizhang("feed", "restate")
	o.incident("incident.recorded", "E-2", major) // after which everything before has come
	settle()
	of := func(state, incident string) string {
		return state + " " + strings.Replace(fresh[0], ".E-1.", "."+incident+".", 1) + "\n"
	}
	said := []string{of("raised", "E-1"), of("cleared", "E-1"), of("raised", "E-2")}
	acts(said...)

	for _, c := range clients {
		x := c.thief()
		n := 0
		until(t, "a message is stolen from "+c.user, func() bool {
			var names []string
			for range 12 { // the server gives them to all who ask, in turn
				n++
				names = append(names, fmt.Sprintf("%s-%d", strings.ToUpper(c.user[:1]), n))
				said = append(said, of("raised", names[len(names)-1]))
			}
			return x.steal(func() { o.incidents(names) })
		})
		x.nc.Close()
	}
	o.incident("incident.closed", "E-2", "")
	settle()
	said = append(said, of("cleared", "E-2"))
	acts(said...)

	for _, c := range clients {
		c.running.end(syscall.SIGKILL)
	}
	o.incident("incident.recorded", "E-3", major)
	for _, c := range clients {
		c.start()
	}
	settle()
	first = nil
	acts(of("raised", "E-3"))
}

// TestTheCommandsOfThePageEndWithTheAlertsOfTheLedger runs the commands of the page with the command line of NATS, and
// compares each message with the documents.
func TestTheCommandsOfThePageEndWithTheAlertsOfTheLedger(t *testing.T) {
	o := newOffice(t)
	o.incident("incident.recorded", "E-1", major)
	o.incident("incident.closed", "E-1", "")
	o.taizhang("nats", "user", "add", "office", "--nkey", "office.nk")
	bin := t.TempDir()
	install := exec.CommandContext(t.Context(), "go", "install", "github.com/nats-io/natscli/nats@v0.5.0")
	install.Env = append(os.Environ(), "GOBIN="+bin, "GOFLAGS=")
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	page, err := examples.Read("../alerting.md")
	if err != nil {
		t.Fatal(err)
	}
	script := "set -euo pipefail\nexport NATS_URL=" + o.nats + " PATH=" + bin + ":$PATH\n"
	before := len(script)
	for _, x := range page {
		if x.Language == "sh" {
			script += x.Code
		}
	}
	if len(script) == before {
		t.Fatal("the page has no command")
	}
	until(t, "the feed has the alerts of the ledger",
		func() bool { return strings.Contains(o.taizhang("feed", "status"), "publishing") })
	got := map[string]alertfeed.AlertState{}
	until(t, "the command line has the alerts of the ledger", func() bool {
		reading := alertfeed.NewReading(nil, alertfeed.At{})
		lines := bufio.NewScanner(strings.NewReader(run(t, o.dir, "", "bash", "-c", script)))
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			if !strings.HasPrefix(lines.Text(), "{") {
				continue // what resetting says
			}
			var e struct {
				Type string              `json:"type"`
				Data alertfeed.AlertData `json:"data"`
			}
			if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
				t.Fatal(err)
			}
			subject := alertfeed.HeadSubject
			if a := e.Data; e.Type != alertfeed.HeadType {
				subject = alertfeed.AlertName{Center: a.Center, Severity: a.Severity, Code: a.Code, Key: a.Key,
					RaisedOn: a.RaisedOn}.Subject()
			}
			if err := Validate(subject, alertfeed.ContentType, lines.Bytes()); err != nil {
				t.Error(err)
			}
			m, err := alertfeed.Decode(subject, lines.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			reading.Take(m)
		}
		clear(got)
		for subject, k := range reading.Kept() {
			if k.State.Kind == alertfeed.Raised {
				got[subject] = k.State
			}
		}
		return slices.Equal(slices.Sorted(maps.Keys(got)), o.open())
	})
	if len(got) == 0 {
		t.Error("the ledger has no alert")
	}
}
