// Package examples reads the examples of a page. It is for tests that run them.
package examples

import (
	"os"
	"strings"
)

// Example is an example of a page, with what it prints.
type Example struct {
	Language string
	File     string // the name of the file that it is, if its first line is a comment with a name; else ""
	Code     string
	Output   string
	Line     int // of the page
}

// Read returns the examples of a page in their order. A block of the language output belongs to the example before it.
func Read(page string) (all []Example, err error) {
	content, err := os.ReadFile(page)
	if err != nil {
		return nil, err
	}
	var open *Example
	for i, line := range strings.Split(string(content), "\n") {
		switch {
		case open == nil && strings.HasPrefix(line, "```"):
			open = &Example{Language: strings.TrimPrefix(line, "```"), Line: i + 1}
		case open != nil && line == "```":
			if open.Language == "output" && len(all) > 0 {
				all[len(all)-1].Output = open.Code
			} else {
				all = append(all, *open)
			}
			open = nil
		case open != nil:
			if open.Code == "" {
				open.File = fileName(line)
			}
			open.Code += line + "\n"
		}
	}
	return all, nil
}

// fileName returns the name of a file that a comment is, or "".
func fileName(line string) string {
	_, name, found := strings.Cut(line, " ")
	if !found || !strings.HasPrefix(line, "// ") && !strings.HasPrefix(line, "# ") || strings.Contains(name, " ") ||
		!strings.Contains(name, ".") {
		return ""
	}
	return name
}
