//go:build e2e

package feedtest

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/docs/examples"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/alertfeed"
	"github.com/taizhang/taizhang/services/desk"
)

// The programs that read lines of a subject and an event, with a tab between them, and write what the rule of the page
// says.
const (
	jsRule = `
import { createInterface } from "node:readline";
import { read } from "./reading.mjs";
const kept = { head: { epoch: "", generation: 0 }, subjects: {} };
for await (const line of createInterface({ input: process.stdin })) {
  const [subject, event] = line.split("\t");
  console.log(read(kept, subject, JSON.parse(event)).map((a) => a.state + " " + (a.clearedOn ?? "") + " " + a.subject).join(", "));
}
`
	pyRule = `
import json, sys
from reading import read
kept = {"head": {"epoch": "", "generation": 0}, "subjects": {}}
for line in sys.stdin:
    subject, event = line.rstrip("\n").split("\t")
    print(", ".join(a["state"] + " " + (a["clearedOn"] or "") + " " + a["subject"] for a in read(kept, subject, json.loads(event))))
`
	goRule = `package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

func main() {
	kept := &Kept{Subjects: map[string]Last{}}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		subject, event, _ := strings.Cut(lines.Text(), "\t")
		var e Event
		if err := json.Unmarshal([]byte(event), &e); err != nil {
			panic(err)
		}
		var said []string
		for _, a := range kept.read(subject, &e) {
			said = append(said, a.State.State+" "+a.State.ClearedOn+" "+a.Subject)
		}
		fmt.Println(strings.Join(said, ", "))
	}
}
`
)

// files writes the files of the page into directories: those in Go within the module, so that they find the packages.
func files(t *testing.T) (dir, golang string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.MkdirAll("testdata", 0o755); err != nil {
		t.Fatal(err)
	}
	golang, err := os.MkdirTemp("testdata", "page")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(golang); err != nil {
			t.Error(err)
		}
	})
	page, err := examples.Read("../alerting.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range page {
		to := dir
		if x.Language == "go" {
			to = golang
		}
		if x.File != "" {
			write(t, filepath.Join(to, x.File), x.Code)
		}
	}
	return dir, golang
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// run runs a command in a directory and returns what it writes.
func run(t *testing.T, dir, input, name string, args ...string) string {
	t.Helper()
	c := exec.CommandContext(t.Context(), name, args...)
	var complaints bytes.Buffer
	c.Dir, c.Stdin, c.Stderr = dir, strings.NewReader(input), &complaints
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s%s", name, args, err, out, complaints.Bytes())
	}
	return string(out)
}

// build builds the program in Go in a directory within this one, and returns its path.
func build(t *testing.T, golang, to string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(to, "program"))
	if err != nil {
		t.Fatal(err)
	}
	run(t, ".", "", "go", "build", "-o", path, "./"+filepath.ToSlash(golang))
	return path
}

// history returns messages of a few subjects in any order: some of them know less than those before, some come twice
// and some not at all.
func history(r *rand.Rand) (list []*alertfeed.Message) {
	at := alertfeed.At{Epoch: "2026-10-01T08:00:00.000000Z", Generation: 1, Engine: 1, Position: 1, Date: day}
	kinds := []alertfeed.StateKind{alertfeed.Raised, alertfeed.Cleared, alertfeed.Withdrawn}
	known := []alertfeed.At{at}
	for range 60 {
		switch r.IntN(12) {
		case 0:
			at.Generation++
		case 1:
			at.Engine++
		case 2:
			at.Epoch = fmt.Sprintf("2026-10-%02dT08:00:00.000000Z", 1+r.IntN(28))
		case 3, 4:
			at.Date += events.Date(r.IntN(3)) - 1
		default:
			at.Position = max(1, at.Position+r.Uint64N(5)-1)
		}
		known = append(known, at)
		at := at
		if r.IntN(5) == 0 {
			at = known[r.IntN(len(known))]
		}
		m := &alertfeed.Message{
			Subject: alertfeed.HeadSubject,
			Head:    &alertfeed.Head{At: at, Phase: []alertfeed.Phase{alertfeed.Begin, alertfeed.End}[r.IntN(2)]}}
		if r.IntN(4) > 0 {
			a := raised()
			a.At, a.Key, a.State = at, string('A'+rune(r.IntN(4))), kinds[r.IntN(3)]
			if a.State == alertfeed.Cleared {
				a.ClearedOn = desk.Day{Date: day + events.Date(r.IntN(2))}
			}
			m = &alertfeed.Message{Subject: alertfeed.AlertName{Center: a.Center, Severity: aggregates.Red,
				Code: a.Code, Key: a.Key, RaisedOn: a.RaisedOn}.Subject(), Alert: a}
		}
		for range r.IntN(3) {
			list = append(list, m)
		}
	}
	return list
}

// TestTheRuleOfThePageIsThatOfTheProgram runs the rule in each language beside the one of this program.
func TestTheRuleOfThePageIsThatOfTheProgram(t *testing.T) {
	dir, golang := files(t)
	write(t, filepath.Join(dir, "rule.mjs"), jsRule)
	write(t, filepath.Join(dir, "rule.py"), pyRule)
	write(t, filepath.Join(golang, "main.go"), goRule)
	program := build(t, golang, dir)
	run(t, dir, "", "python3", "-m", "py_compile", "watch.py") // the client of Python is not there to run it
	seen := map[alertfeed.StateKind]int{}
	for seed := range uint64(20) {
		reading := alertfeed.NewReading(nil, alertfeed.At{})
		var lines, want strings.Builder
		for _, m := range history(rand.New(rand.NewPCG(seed, 0))) {
			fmt.Fprintf(&lines, "%s\t%s\n", m.Subject, encoded(t, m))
			var said []string
			for _, a := range reading.Take(m) {
				clearedOn := ""
				if a.State.Kind == alertfeed.Cleared {
					clearedOn = a.State.ClearedOn.String()
				}
				said = append(said, fmt.Sprintf("%s %s %s", a.State.Kind, clearedOn, a.Subject))
				seen[a.State.Kind]++
			}
			fmt.Fprintln(&want, strings.Join(said, ", "))
		}
		for language, command := range map[string][]string{
			"JavaScript": {"node", "rule.mjs"}, "Python": {"python3", "rule.py"}, "Go": {program}} {
			if got := run(t, dir, lines.String(), command[0], command[1:]...); got != want.String() {
				t.Errorf("seed %d: in %s the rule says\n%sexpected\n%s", seed, language, got, want.String())
			}
		}
	}
	if kinds := slices.Sorted(maps.Keys(seen)); len(kinds) != 3 {
		t.Errorf("the histories have only %v", kinds)
	}
}
