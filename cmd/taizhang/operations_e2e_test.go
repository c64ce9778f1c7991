//go:build e2e

package main

import (
	"bufio"
	"bytes"
	"context"
	"debug/elf"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/logstore"
)

// machine is a machine of its own for the commands of a page: namespaces with another root, made by
// testdata/operations/machine. It needs root.
type machine struct {
	t    *testing.T
	pid  string // of the process that holds the namespaces
	lang string
}

// newMachine makes a machine that has the program as /root/taizhang, and another build of it as /root/taizhang.new.
func newMachine(t *testing.T, lang string) *machine {
	t.Helper()
	dir := t.TempDir()
	program := filepath.Join(dir, "taizhang")
	// a build for development has an id of its own; one with a version of the repository would share it with the other
	build := exec.Command("go", "build", "-buildvcs=false", "-o", program, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	holder := exec.Command("unshare", "--mount", "--net", "--pid", "--uts", "--fork", "--kill-child", "bash",
		"testdata/operations/machine", t.TempDir(), filepath.Join(dir, "disk"), program)
	if _, err := holder.StdinPipe(); err != nil { // closed when the test ends, however it does
		t.Fatal(err)
	}
	out, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var errOut bytes.Buffer
	holder.Stderr = &errOut
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = holder.Process.Kill(); _ = holder.Wait() })
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		_ = holder.Wait()
		t.Fatalf("no machine was made (this test needs root): %v\n%s", err, &errOut)
	}
	own := strconv.Itoa(holder.Process.Pid)
	children, err := os.ReadFile(filepath.Join("/proc", own, "task", own, "children"))
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{t: t, pid: strings.TrimSpace(string(children)), lang: lang}
	other, err := os.ReadFile(m.path("/root/taizhang"))
	if err == nil {
		err = os.WriteFile(m.path("/root/taizhang.new"), anotherBuild(t, other), 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// anotherBuild returns an executable with another id of its build.
func anotherBuild(t *testing.T, executable []byte) []byte {
	t.Helper()
	f, err := elf.NewFile(bytes.NewReader(executable))
	if err != nil {
		t.Fatal(err)
	}
	note := f.Section(".note.go.buildid")
	if note == nil {
		t.Fatal("the program has no id of its build")
	}
	other := bytes.Clone(executable)
	other[note.Offset+note.FileSize-2] ^= 1
	return other
}

// path returns the path of a file of the machine for this process.
func (m *machine) path(name string) string { return filepath.Join("/proc", m.pid, "root", name) }

// prompt ends a question for a password.
var prompt = regexp.MustCompile(`: |：`)

// run runs a command on the machine. It types the answers when the command asks for them.
func (m *machine) run(command string, typed []string) (out string, err error) {
	m.t.Helper()
	locale := map[string]string{"en": "C.UTF-8", "zh": "zh_CN.UTF-8"}[m.lang]
	ctx, cancel := context.WithTimeout(m.t.Context(), serveWait)
	defer cancel()
	c := exec.CommandContext(ctx, "nsenter", "--target", m.pid, "--mount", "--net", "--pid", "--uts", "--root",
		"--wdns=/root", "env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "HOME=/root", "TERM=dumb",
		"LANG="+locale, "bash", "-c", command)
	var said transcript
	c.Stdout, c.Stderr = &said, &said
	if typed == nil {
		err = c.Run()
		return said.String(), err
	}
	keyboard, terminal := openTerminal(m.t)
	c.Stdin = terminal
	if err := c.Start(); err != nil {
		return "", err
	}
	for i, line := range typed {
		eventually(m.t, "the prompt", func() bool {
			return len(prompt.FindAllString(said.String(), -1)) > i &&
				!echoes(m.t, terminal)
		})
		if _, err := keyboard.WriteString(line + "\n"); err != nil {
			m.t.Fatal(err)
		}
	}
	err = c.Wait()
	return said.String(), err
}

// changes holds the patterns of the texts that differ from run to run: times, builds, keys and numbers. A number that
// is a line of its own, such as a status, is compared. A page is compared without the other texts.
var changes = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`v0\.0\.0-\d+-[0-9a-f]+(\+dirty)?( [0-9a-f]{12})?|\(devel\)( [0-9a-f]{12})?`), "BUILD"},
	{regexp.MustCompile(`\b([0-9a-f]{16,}|[A-Z2-7]{50,})\b`), "KEY"},
	{regexp.MustCompile(`\+[0-9a-f]{8}\+|[A-Za-z0-9+/]{42,}=*`), "KEY"},
	{regexp.MustCompile(`\d+(\.\d+)?(ns|µs|ms|s)\b|\d+h\d+m\d+s\b`), "N s"},
	{regexp.MustCompile(`(\d+(\.\d+)?)([KMG])\b`), "N"},
	{regexp.MustCompile(`\d+([.,:T-]+\d+)*`), "N"},
	{regexp.MustCompile(` +`), " "}, // the width of a column
}

// lasting returns what a text says without what differs each time.
func lasting(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if _, err := strconv.Atoi(strings.TrimSpace(line)); err != nil {
			for _, c := range changes {
				line = c.pattern.ReplaceAllString(line, c.with)
			}
		}
		b.WriteString(line)
	}
	return b.String()
}

// agrees reports whether a page shows what a command printed. A line … stands for any lines.
func agrees(shown, printed string) bool {
	parts := strings.Split("\n"+lasting(shown), "\n…")
	rest := "\n" + lasting(printed)
	for i, part := range parts {
		at := strings.Index(rest, part)
		if at < 0 || i == 0 && at > 0 {
			return false
		}
		if rest = rest[at+len(part):]; i == len(parts)-1 && i > 0 && part != "\n" {
			return strings.HasSuffix("\n"+lasting(printed), part)
		}
	}
	return len(parts) > 1 || rest == ""
}

// ahead appends a record to a ledger, at a time a hundred days ahead, as a machine with a wrong clock did.
func (m *machine) ahead(dir string) error {
	ahead := func() time.Time { return time.Now().AddDate(0, 0, 100) }
	s, err := logstore.Open(m.path(dir), logstore.Options{Clock: ahead})
	if err != nil {
		return err
	}
	l, err := ledger.Open(m.t.Context(), s, ledger.Config{})
	if err == nil {
		_, err = l.Record(m.t.Context(), &events.Record{ID: uuid.New(), Kind: "trial.recorded", Center: "ZJ-0001",
			On: events.MustDate("2025-12-01"), By: events.By{Role: "center", Actor: "c-0001"},
			Data: &events.TrialRecorded{Trial: "T-ahead"}}, ledger.Writer{Name: "local:taizhang"})
		l.Close()
	}
	return errors.Join(err, s.Close())
}

// TestTheCommandsOfThePagesOfOperations types the commands of the pages, in their order, and compares what they print.
// With -update it writes the answers anew.
func TestTheCommandsOfThePagesOfOperations(t *testing.T) {
	for lang := range operationsPages {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			p := readSteps(t, operationsPages[lang])
			m := newMachine(t, lang)
			var page strings.Builder
			differs := false
			for i := range p.steps {
				s := &p.steps[i]
				page.WriteString(s.before)
				name, _ := s.program()
				switch {
				case s.file != "":
					if err := os.WriteFile(m.path(s.file), []byte(s.content), 0o640); err != nil {
						t.Fatal(err)
					}
					continue
				case p.notRun[name]:
					continue
				case name == "ahead":
					if err := m.ahead("/var/lib/taizhang"); err != nil {
						t.Error(err)
					}
					continue
				}
				begun := time.Now()
				answer, err := m.run(s.command, s.typed)
				t.Logf("%v: %s\n%s", time.Since(begun).Round(time.Millisecond), s.command, answer)
				if (err != nil) != s.fails {
					t.Errorf("%s: %v\n%s", s.command, err, answer)
				}
				if s.hidden {
					continue
				}
				if agrees(s.answer, answer) {
					answer = s.answer
				} else if differs = true; !*update {
					t.Errorf("%s\nthe page has:\n%s\nprinted was:\n%s", s.command, s.answer, answer)
				}
				page.WriteString(answer)
			}
			page.WriteString(p.rest)
			if differs && *update {
				if err := os.WriteFile(p.name, []byte(page.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
