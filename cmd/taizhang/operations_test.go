package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// operationsPages are the pages about running a ledger for years, by language.
var operationsPages = map[string]string{
	"en": filepath.Join("..", "..", "docs", "operations.md"),
	"zh": filepath.Join("..", "..", "docs", "zh", "operations.md"),
}

// operationsStep is what one step of a page does: it runs a command, or it writes the file that the page shows.
type operationsStep struct {
	before  string // the text of the page before the answer, with the command itself
	command string
	typed   []string // what is typed when the command asks
	hidden  bool     // in a comment (<!-- $ … -->): it makes what a recipe is about
	fails   bool     // it is in a block that is marked as one whose commands fail
	answer  string   // what the page says that the command prints
	file    string   // the path of a file, and no command
	content string
}

// operationsPage is a page, cut into its steps.
type operationsPage struct {
	name   string
	steps  []operationsStep
	rest   string
	notRun map[string]bool // the programs that the page says are not run
}

var (
	hiddenCommand = regexp.MustCompile(`^<!-- \$ (.*) -->\n$`)
	typedAnswer   = regexp.MustCompile(`^<!-- type (.*) -->\n$`)
	fileBlock     = regexp.MustCompile("^```(?:ini|nginx|python) (\\S+)\n$")
	whichLedger   = regexp.MustCompile(`--(data|config|server) `)
	notRunRow     = regexp.MustCompile("^\\| `([a-z` ,、]+)` \\| (not run|未运行)")
)

// readSteps cuts a page into its steps.
func readSteps(t *testing.T, name string) *operationsPage {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	p := &operationsPage{name: name, notRun: map[string]bool{}}
	var before strings.Builder
	var typed []string
	add := func(s operationsStep) *operationsStep {
		s.before, s.typed, typed = before.String(), typed, nil
		before.Reset()
		p.steps = append(p.steps, s)
		return &p.steps[len(p.steps)-1]
	}
	fence := ""                 // the line that began the block
	var current *operationsStep // the step of this block to which lines belong
	for line := range strings.Lines(string(content)) {
		isFence := strings.HasPrefix(line, "```")
		command, isCommand := strings.CutPrefix(line, "$ ")
		if current != nil && !isFence && !(isCommand && current.file == "") {
			if current.file == "" {
				current.answer += line
				continue
			}
			current.content += line
		}
		before.WriteString(line)
		switch {
		case isFence && fence != "":
			fence, current = "", nil
		case isFence:
			fence = line
			if file := fileBlock.FindStringSubmatch(line); file != nil {
				current = add(operationsStep{file: file[1]})
			}
		case isCommand && strings.HasPrefix(fence, "```console"):
			current = add(operationsStep{command: strings.TrimSuffix(command, "\n"),
				fails: strings.TrimSpace(fence) == "```console fails"})
		case fence != "":
		default:
			if m := hiddenCommand.FindStringSubmatch(line); m != nil {
				add(operationsStep{command: m[1], hidden: true})
			} else if m := typedAnswer.FindStringSubmatch(line); m != nil {
				typed = append(typed, m[1])
			} else if m := notRunRow.FindStringSubmatch(line); m != nil {
				for name := range strings.FieldsFuncSeq(m[1], func(r rune) bool { return !('a' <= r && r <= 'z') }) {
					p.notRun[name] = true
				}
			}
		}
	}
	p.rest = before.String()
	return p
}

// program returns the program that a command runs, and the rest of its line. A sudo before it is passed over.
func (s *operationsStep) program() (name, rest string) {
	line := strings.TrimPrefix(strings.TrimPrefix(s.command, "(umask 077; "), "sudo -u taizhang ")
	name, rest, _ = strings.Cut(line, " ")
	return name, rest
}

func TestThePagesOfOperationsRunTheSameCommands(t *testing.T) {
	steps := map[string][]string{}
	for lang, name := range operationsPages {
		for _, s := range readSteps(t, name).steps {
			steps[lang] = append(steps[lang], fmt.Sprintf("%s%s %q %v", s.file, s.command, s.typed, s.fails))
		}
	}
	if len(steps["en"]) == 0 {
		t.Error("the pages have no command")
	}
	for i, en := range steps["en"] {
		if i >= len(steps["zh"]) || steps["zh"][i] != en {
			t.Fatalf("step %d of the English page is not that of the Chinese one: %s", i, en)
		}
	}
	if len(steps["zh"]) != len(steps["en"]) {
		t.Errorf("the Chinese page has %d steps, the English one %d", len(steps["zh"]), len(steps["en"]))
	}
}

// TestEveryCommandOfThePagesOfOperationsIsRunOrNamedAsNotRun checks the pages without running them: the commands of
// taizhang are command lines, and no page excuses them from being run.
func TestEveryCommandOfThePagesOfOperationsIsRunOrNamedAsNotRun(t *testing.T) {
	leaveUnderRace(t)
	mayBeExcused := []string{"docker", "kubectl", "scp"}
	for lang := range operationsPages {
		p := readSteps(t, operationsPages[lang])
		for name := range p.notRun {
			if !slices.Contains(mayBeExcused, name) {
				t.Errorf("%s says that %s is not run, which the tests can run", p.name, name)
			}
		}
		for _, s := range p.steps {
			name, rest := s.program()
			if s.answer != "" && p.notRun[name] {
				t.Errorf("%s shows what %q prints, which is not run", p.name, s.command)
			}
			if name != "taizhang" || s.hidden {
				continue
			}
			rest, _, _ = strings.Cut(strings.TrimSuffix(rest, ")"), " | ")
			rest, _, _ = strings.Cut(rest, " > ")
			if _, err := parseLine(rest, lang); err != nil {
				t.Errorf("%s: %s: %v", p.name, s.command, err)
			}
		}
		content, err := os.ReadFile(p.name)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range commandInText.FindAllStringSubmatch(string(content), -1) {
			if _, err := parseLine(line[1], lang); err != nil {
				t.Errorf("%s: taizhang %s: %v", p.name, line[1], err)
			}
			if !whichLedger.MatchString(line[1]) {
				t.Errorf("%s: taizhang %s names no ledger, and works on taizhang-data where it is typed", p.name,
					line[1])
			}
		}
		if lines := strings.Count(string(content), "\n"); lines > 400 {
			t.Errorf("%s has %d lines", p.name, lines)
		}
	}
}
