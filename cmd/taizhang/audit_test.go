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

// auditPages are the pages for auditors who trust nobody, by language.
var auditPages = map[string]string{
	"en": filepath.Join("..", "..", "docs", "audit.md"),
	"zh": filepath.Join("..", "..", "docs", "zh", "audit.md"),
}

// onWindows finds the command line for Windows, which no test types.
var onWindows = regexp.MustCompile(`(?m)^\.\\taizhang-verify-windows-amd64\.exe (.*); "exit code \$LASTEXITCODE"$`)

func TestThePagesOfAuditRunTheSameCommands(t *testing.T) {
	steps := map[string][]string{}
	for lang, name := range auditPages {
		p := readSteps(t, name)
		for _, s := range p.steps {
			command := strings.Replace(s.command, "--lang "+lang, "--lang LANG", 1)
			steps[lang] = append(steps[lang], fmt.Sprintf("%s%s %s %v", s.file, s.content, command, s.fails))
			words := strings.Fields(s.command)
			if s.hidden || len(words) == 0 || words[0] != "taizhang" || strings.Contains(s.command, "$(") {
				continue
			}
			line, _, _ := strings.Cut(strings.TrimPrefix(s.command, "taizhang "), " | ")
			if _, err := parseLine(line, lang); err != nil {
				t.Errorf("%s: %s: %v", name, s.command, err)
			}
		}
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		line := onWindows.FindStringSubmatch(string(content))
		if line == nil || !slices.ContainsFunc(p.steps, func(s operationsStep) bool {
			return strings.HasPrefix(s.command+" ", "taizhang-verify "+line[1]+" ")
		}) {
			t.Errorf("%s: the command line for Windows, %q, has the arguments of no command that is typed", name, line)
		}
		if lines := strings.Count(string(content), "\n"); lines > 400 {
			t.Errorf("%s has %d lines", name, lines)
		}
		if strings.Contains(string(content), "complies with") {
			t.Errorf("%s says that something complies: say what it is designed to do", name)
		}
	}
	if len(steps["en"]) == 0 || strings.Join(steps["en"], "\n") != strings.Join(steps["zh"], "\n") {
		t.Errorf("the commands of the English page are not those of the Chinese one:\n%s\n\n%s",
			strings.Join(steps["en"], "\n"), strings.Join(steps["zh"], "\n"))
	}
}
