//go:build e2e

package console_test

import (
	"encoding/xml"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// sheet is a printed page.
type sheet struct {
	Width  float64 `xml:"width,attr"` // in points
	Height float64 `xml:"height,attr"`
	Words  []struct {
		Left  float64 `xml:"xMin,attr"`
		Right float64 `xml:"xMax,attr"`
		Text  string  `xml:",chardata"`
	} `xml:"word"`
}

// words returns the words of a sheet in the order of reading.
func (s *sheet) words() (all []string) {
	for _, w := range s.Words {
		all = append(all, w.Text)
	}
	return all
}

// has reports whether a sheet has some text, which is without spaces.
func (s *sheet) has(words string) bool { return strings.Contains(strings.Join(s.words(), ""), words) }

// readSheets returns the pages of a PDF.
func readSheets(t *testing.T, file string) []sheet {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program(t, "pdftotext"), "-bbox", file, "-").Output()
	if err != nil {
		t.Fatalf("pdftotext %s: %v", file, err)
	}
	var read struct {
		Sheets []sheet `xml:"body>doc>page"`
	}
	if err := xml.Unmarshal(out, &read); err != nil {
		t.Fatalf("pdftotext %s: %v", file, err)
	}
	return read.Sheets
}

// faults returns what is wrong with a print. The headings of a table are on each sheet that has rows of it.
func faults(sheets []sheet, p printed) (found []string) {
	complain := func(k int, format string, args ...any) {
		found = append(found, fmt.Sprintf("sheet %d ", k+1)+fmt.Sprintf(format, args...))
	}
	if len(sheets) == 0 {
		return []string{"nothing is printed"}
	}
	on := func(s *sheet) (n int) {
		for _, heading := range p.Headings {
			if s.has(heading) {
				n++
			}
		}
		return n
	}
	last := 0 // the last sheet with rows
	for k := range sheets {
		if p.LastRow != "" && sheets[k].has(p.LastRow) {
			last = k
		}
	}
	for k := range sheets {
		s := &sheets[k]
		for _, word := range s.Words {
			if word.Left < 0 || word.Right > s.Width {
				complain(k, "cuts %q", word.Text)
			}
		}
		for _, words := range p.Bars {
			if slices.Contains(s.words(), words) { // not the end of one cell and the beginning of the next
				complain(k, "has %q of the bars", words)
			}
		}
		if first := on(&sheets[0]); k <= last && len(p.Headings) > 0 && (on(s) == 0 || on(s) < first) {
			complain(k, "has %d headings of %d, the first has %d", on(s), len(p.Headings), first)
		}
	}
	return found
}

// printAll prints pages and checks the prints. With -prints, they and pictures of them are kept.
func printAll(t *testing.T, p plan) {
	t.Helper()
	p.Prints = *printsDir
	if p.Prints == "" {
		p.Prints = t.TempDir()
	}
	for _, s := range walk(t, "walk.mjs", p) {
		at := p.Stops[s.Stop]
		file := filepath.Join(p.Prints, at.Name+"-"+at.Lang+".pdf")
		if _, err := os.Stat(file); err != nil {
			continue // the walk has told why
		}
		sheets := readSheets(t, file)
		for _, fault := range faults(sheets, s.Printed) {
			t.Errorf("the print of %s in %s: %s", at.Name, at.Lang, fault)
		}
		if *printsDir != "" {
			picture := exec.CommandContext(t.Context(), program(t, "pdftoppm"), "-r", "80", "-png", "-l", "3", file,
				strings.TrimSuffix(file, ".pdf"))
			if out, err := picture.CombinedOutput(); err != nil {
				t.Errorf("%v: %v\n%s", picture, err, out)
			}
		}
	}
}
