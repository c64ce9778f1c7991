package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/demo"
	"github.com/taizhang/taizhang/services/logstore"
)

var update = flag.Bool("update", false, "write the console blocks of the manual anew")

// manualTime is the time at which the commands of the manual are typed.
var manualTime = time.Date(2026, 11, 2, 17, 30, 0, 0, events.Shanghai)

// manualPages returns the names of the pages of the manual.
func manualPages(t *testing.T) []string {
	t.Helper()
	docs, err := filepath.Abs(filepath.Join("..", "..", "docs"))
	if err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob(filepath.Join(docs, "zh", "*.md"))
	pages = slices.DeleteFunc(pages, func(name string) bool {
		// TestTheCommandsOfThePagesOfOperations and of Audit run the commands of these pages.
		return filepath.Base(name) == "operations.md" || filepath.Base(name) == "audit.md"
	})
	if err != nil || len(pages) == 0 {
		t.Fatalf("no pages of the manual: %v", err)
	}
	return pages
}

// TestTheConsoleBlocksOfTheManualAreWhatIsPrinted types the commands of each block on the ledger of the demo, in the
// order of the pages, and compares what they print with the whole block. With -update it writes the blocks anew.
func TestTheConsoleBlocksOfTheManualAreWhatIsPrinted(t *testing.T) {
	leaveUnderRace(t)
	pages := manualPages(t)
	t.Chdir(t.TempDir())
	store, err := logstore.Open("prov", logstore.Options{})
	if err == nil {
		_, err = demo.Fill(t.Context(), store, manualTime)
	}
	if err == nil {
		err = store.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	commands := 0
	for _, name := range pages {
		page, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var typed bytes.Buffer
		inBlock := false
		for line := range strings.Lines(string(page)) {
			command, isCommand := strings.CutPrefix(line, "$ ")
			switch {
			case strings.HasPrefix(line, "```"):
				inBlock = line == "```console\n"
			case inBlock && isCommand:
				commands++
				typed.WriteString(line + answerOnTerminal(t, strings.TrimSuffix(command, "\n")))
				continue
			case inBlock:
				continue // the former answer
			}
			typed.WriteString(line)
		}
		if bytes.Equal(typed.Bytes(), page) {
			continue
		}
		if !*update {
			t.Errorf("the blocks of %s are not what is printed: run go generate ./docs and read the difference", name)
		} else if err := os.WriteFile(name, typed.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if commands == 0 {
		t.Error("the manual has no command")
	}
}

// answerOnTerminal returns what a command of the manual prints on a terminal in Chinese.
func answerOnTerminal(t *testing.T, command string) string {
	t.Helper()
	args := words(command)
	if len(args) == 0 || args[0] != "taizhang" {
		t.Fatalf("%q is no command of the program", command)
	}
	env := map[string]string{"LANG": "zh_CN.UTF-8", "TAIZHANG_DATA": "prov"}
	var out bytes.Buffer
	a := newApp(args[1:], &out, &out, func(name string) string { return env[name] })
	a.now = func() time.Time { return manualTime }
	root := a.root()
	root.SetArgs(args[1:])
	a.exitCode(t.Context(), root.ExecuteContext(t.Context()))
	return out.String()
}

// commandInText finds the commands that the text of a page names.
var commandInText = regexp.MustCompile("`(?:sudo -u taizhang )?taizhang ([^`]+)`")

func TestTheCommandsInTheTextOfTheManualAreCommandLines(t *testing.T) {
	leaveUnderRace(t)
	found := 0
	for _, name := range manualPages(t) {
		page, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range commandInText.FindAllStringSubmatch(string(page), -1) {
			found++
			if _, err := parseLine(line[1], "zh"); err != nil {
				t.Errorf("%s: taizhang %s: %v", filepath.Base(name), line[1], err)
			}
		}
	}
	if found == 0 {
		t.Error("the manual names no command")
	}
}
