package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// onScreen runs a verb whose standard output is a terminal of a width, and returns what the terminal shows.
func onScreen(t *testing.T, columns uint16, environment map[string]string, args ...string) (shown, errOut string,
	code int) {
	t.Helper()
	keyboard, terminal := openTerminal(t)
	if err := unix.IoctlSetWinsize(int(terminal.Fd()), unix.TIOCSWINSZ,
		&unix.Winsize{Row: 24, Col: columns}); err != nil {
		t.Fatal(err)
	}
	var e bytes.Buffer
	a := newApp(args, terminal, &e, func(name string) string { return environment[name] })
	root := a.root()
	root.SetArgs(args)
	read := make(chan string, 1)
	go func() {
		content, _ := io.ReadAll(keyboard) // ends with an error when nobody has the terminal open any more
		read <- string(content)
	}()
	code = a.exitCode(t.Context(), root.ExecuteContext(t.Context()))
	if err := terminal.Close(); err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(<-read, "\r\n", "\n"), e.String(), code
}

func TestListsFitTheTerminalAndGoThroughThePager(t *testing.T) {
	dir := t.TempDir()
	mustRun(t, "--data", dir, "import", filepath.Join("..", "..", "aggregates", "testdata", "edges", "history.jsonl"))
	list := []string{"--data", dir, "--lang", "en", "--as-of", "2025-12-31", "execution", "--year", "2025"}
	with := func(more ...string) []string { return append(more, list...) }
	piped := mustRun(t, list...)
	paged := filepath.Join(dir, "paged")
	pager := map[string]string{"TAIZHANG_PAGER": "tee " + paged, "PAGER": "false"}
	read := func() string {
		content, err := os.ReadFile(paged)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		_ = os.Remove(paged)
		return string(content)
	}
	for name, c := range map[string]struct {
		columns     uint16
		environment map[string]string
		args        []string
		isWhole     bool
		isPaged     bool
	}{
		"narrow":           {80, pager, list, false, true},
		"with all columns": {80, pager, with("--wide"), true, true},
		"wide":             {300, pager, list, true, true},
		"of unknown width": {0, pager, list, true, true},
		"without a pager":  {300, pager, with("--no-pager"), true, false},
		"with cat": {300, map[string]string{"TAIZHANG_PAGER": "cat", "PAGER": "tee " + paged},
			list, true, false},
		"with the pager of all": {300, map[string]string{"PAGER": "tee " + paged}, list, true, true},
		"with a pager that is missing": {300, map[string]string{"TAIZHANG_PAGER": "no-such-pager-xyz"}, list,
			true, false},
		"on a dumb terminal": {300, map[string]string{"TAIZHANG_PAGER": "tee " + paged, "TERM": "dumb"},
			list, true, false},
	} {
		shown, errOut, code := onScreen(t, c.columns, c.environment, c.args...)
		if code != 0 {
			t.Errorf("%s: exit %d: %s", name, code, errOut)
		}
		if isWhole := shown == piped; isWhole != c.isWhole {
			t.Errorf("%s: shown as piped: %v\n%s", name, isWhole, shown)
		}
		if isHinted := strings.Contains(shown, "add --wide"); isHinted == c.isWhole {
			t.Errorf("%s: the flag is named: %v", name, isHinted)
		}
		if through := read(); (through != "") != c.isPaged || c.isPaged && through != shown {
			t.Errorf("%s: through the pager:\n%s", name, through)
		}
	}
	for _, form := range []string{csvOutput, jsonOutput} {
		shown, _, code := onScreen(t, 80, pager, with("--output", form)...)
		if code != 0 || shown != mustRun(t, with("--output", form)...) || read() != "" {
			t.Errorf("%s: exit %d, or a pager", form, code)
		}
	}
	if _, errOut, code := onScreen(t, 80, map[string]string{"PAGER": "true"}, list...); code != 0 || errOut != "" {
		// quits at once
		t.Errorf("a pager that is quit: exit %d: %s", code, errOut)
	}
	shown, errOut, code := onScreen(t, 80, pager, "--data", dir, "--lang", "en", "replay", "FZ-9999")
	if code != 1 || shown != "" || !strings.Contains(errOut, "FZ-9999") || read() != "" {
		t.Errorf("an error: exit %d: %s%s", code, shown, errOut)
	}
}
