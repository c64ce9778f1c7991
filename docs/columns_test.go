package docs

import (
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mattn/go-runewidth"
)

// columnsMax is how wide a line of Go may be. A tab counts as four columns, a Chinese character as two.
const columnsMax = 119

func TestLinesEndBeforeColumn120(t *testing.T) {
	checked := 0
	for _, room := range rooms {
		err := filepath.WalkDir(filepath.Join("..", room), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
				return err
			}
			source, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			checked++
			for _, line := range tooLong(source) {
				t.Errorf("%s:%d: the line is longer than %d columns: break it after a comma or an operator",
					strings.TrimPrefix(path, "../"), line, columnsMax)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if checked < 100 {
		t.Errorf("only %d files were found", checked)
	}
}

// tooLong returns the numbers of the lines that are too long and could be broken.
func tooLong(source []byte) (list []int) {
	var whole map[int]bool
	for i, line := range strings.Split(string(source), "\n") {
		if len(line) <= columnsMax/4 || columns(line) <= columnsMax {
			continue
		}
		if whole == nil {
			whole = wholeLines(source)
		}
		if !whole[i+1] {
			list = append(list, i+1)
		}
	}
	return list
}

func columns(line string) int {
	tabs := strings.Count(line, "\t")
	return runewidth.StringWidth(strings.ReplaceAll(line, "\t", "")) + 4*tabs
}

// wholeLines returns the lines that cannot be broken or would be harder to read: those with a text in backquotes, a
// text with escapes (of a file, of JSON) or without a blank, and a drawing or an example in a comment.
func wholeLines(source []byte) map[int]bool {
	lines := map[int]bool{}
	file := token.NewFileSet().AddFile("", -1, len(source))
	var s scanner.Scanner
	s.Init(file, source, nil, scanner.ScanComments)
	for {
		pos, tok, text := s.Scan()
		if tok == token.EOF {
			return lines
		}
		asIs := tok == token.STRING && (text[0] == '`' || strings.Contains(text, `\`) ||
			!strings.ContainsAny(text, " ，。；：")) ||
			tok == token.COMMENT && (strings.HasPrefix(text, "//\t") || strings.HasPrefix(text, "//go:"))
		for n := strings.Count(text, "\n"); asIs && n >= 0; n-- {
			lines[file.Line(pos)+n] = true
		}
	}
}

func TestALineThatIsTooLongIsFound(t *testing.T) {
	wide := strings.Repeat("x", 100)
	for _, c := range []struct {
		line string
		long bool
	}{
		{"\tf(" + wide + ", " + wide + ")", true},
		{"// " + wide + " " + wide, true},
		{"\tf(\"" + strings.Repeat("台账 ", 30) + "\")", true},
		{"\tf(" + wide + ")", false},
		{"\tf(`" + wide + " " + wide + "`)", false},
		{"//\t" + wide + " " + wide, false},
	} {
		if got := len(tooLong([]byte("package x\n\n"+c.line+"\n"))) > 0; got != c.long {
			t.Errorf("%q: expected %v, got %v", c.line, c.long, got)
		}
	}
}
