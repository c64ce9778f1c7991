//go:build e2e

package console_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
)

// debian names the packages that have the programs of these tests.
var debian = map[string]string{"node": "nodejs", "npm": "npm", "chromium": "chromium", "firefox-esr": "firefox-esr",
	"pdftotext": "poppler-utils", "pdftoppm": "poppler-utils"}

// program returns the path of a program. Without it the test fails and names what to install.
func program(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%v: apt-get install %s", err, debian[name])
	}
	return path
}

// workshop returns a directory with the scripts of e2e, what they import and the old browsers. The packages are
// installed once for each package-lock.json, in the user's cache, and stay there for the next run.
func workshop(t testing.TB) string {
	t.Helper()
	program(t, "node")
	lock, err := os.ReadFile("e2e/package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	sum := sha256.Sum256(lock)
	packages := filepath.Join(cache, "taizhang-e2e", hex.EncodeToString(sum[:8]))
	if _, err := os.Stat(packages); errors.Is(err, fs.ErrNotExist) {
		install(t, packages)
	} else if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	err = os.CopyFS(dir, os.DirFS("e2e"))
	for _, name := range []string{"node_modules", "chromium-86", "chromium-90", "chromium-108"} {
		err = errors.Join(err, os.Symlink(filepath.Join(packages, name), filepath.Join(dir, name)))
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// install makes the directory packages, whole or not at all.
func install(t testing.TB, packages string) {
	t.Helper()
	program(t, "npm")
	err := os.MkdirAll(filepath.Dir(packages), 0o755)
	if err != nil {
		t.Fatal(err)
	}
	unready, err := os.MkdirTemp(filepath.Dir(packages), "unready-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(unready)
	if err := os.CopyFS(unready, os.DirFS("e2e")); err != nil {
		t.Fatal(err)
	}
	for _, command := range [][]string{
		{"npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"}, {"node", "unpack.mjs"}} {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		cmd := exec.CommandContext(ctx, command[0], command[1:]...)
		cmd.Dir = unready
		out, err := cmd.CombinedOutput()
		cancel()
		if err != nil {
			t.Fatalf("%v: %v\n%s", command, err, out)
		}
	}
	// another test may have been faster
	if err := os.Rename(unready, packages); err != nil && !errors.Is(err, fs.ErrExist) {
		t.Fatal(err)
	}
}

// plan is the input of walk.mjs.
type plan struct {
	Base     string `json:"base"`               // the address of the server
	Program  string `json:"program"`            // the browser
	Script   bool   `json:"script"`             // pages may run JavaScript
	Axe      bool   `json:"axe"`                // check with axe-core, and the focus
	Widths   []int  `json:"widths"`             // of the window, in pixels
	Pictures string `json:"pictures,omitempty"` // the directory for NAME-LANG-WIDTH.webp of each page
	Exact    bool   `json:"exact,omitempty"`    // pictures are NAME-LANG.png, alike on every machine
	Prints   string `json:"prints,omitempty"`   // the directory for NAME-LANG.pdf of each page
	Stops    []stop `json:"stops"`
}

// sight is a line of the output of walk.mjs.
type sight struct {
	Stop     int      `json:"stop"` // the index in the plan
	Findings []string `json:"findings"`
	PaintMs  float64  `json:"paintMs"` // the first paint after the request; 0 if not read
	TookMs   float64  `json:"tookMs"`
	Printed  printed  `json:"printed"`
}

// printed holds what the print of a page is compared with, without spaces.
type printed struct {
	Bars     []string `json:"bars"`     // words that are not printed
	Headings []string `json:"headings"` // of the only table of the page
	LastRow  string   `json:"lastRow"`  // words of its last row that stand nowhere else
}

// walk opens the pages of a plan. Each finding fails the test with the name of the page.
func walk(t *testing.T, script string, p plan) []sight {
	t.Helper()
	for _, dir := range []*string{&p.Pictures, &p.Prints} { // the script runs in a directory of its own
		if *dir == "" {
			continue
		}
		var err error
		if *dir, err = filepath.Abs(*dir); err != nil {
			t.Fatal(err)
		}
	}
	var seen []sight
	trouble := runScript(t, script, p, func(line []byte) {
		var s sight
		if err := json.Unmarshal(line, &s); err != nil {
			t.Fatalf("%v: %q", err, line)
		}
		seen = append(seen, s)
		at := p.Stops[s.Stop]
		for _, finding := range s.Findings {
			t.Errorf("%s as %s in %s, %s: %s", at.Name, at.Role, at.Lang, at.Address, finding)
		}
	})
	if len(seen) != len(p.Stops) {
		t.Errorf("%d of %d pages were opened\n%s", len(seen), len(p.Stops), trouble)
	}
	report(t, seen)
	return seen
}

// runScript runs a script of e2e with a plan on its standard input, and calls each with the lines of its output. It
// returns what the script wrote to its standard error.
func runScript(t *testing.T, script string, plan any, each func(line []byte)) string {
	t.Helper()
	content, err := json.Marshal(plan)
	if err != nil {
		t.Fatal(err)
	}
	var trouble bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "node", script)
	cmd.Dir, cmd.Stdin, cmd.Stderr = workshop(t), bytes.NewReader(content), &trouble
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		each(lines.Bytes())
	}
	if err := errors.Join(lines.Err(), cmd.Wait()); err != nil {
		t.Fatalf("%s: %v\n%s", script, err, trouble.String())
	}
	return trouble.String()
}

// report logs how long the pages took.
func report(t *testing.T, seen []sight) {
	t.Helper()
	of := func(name string, read func(sight) float64) string {
		var list []float64
		for _, s := range seen {
			if ms := read(s); ms > 0 {
				list = append(list, ms)
			}
		}
		if len(list) == 0 {
			return ""
		}
		slices.Sort(list)
		return fmt.Sprintf("; %s: median %.0f ms, slowest %.0f ms", name, list[len(list)/2], list[len(list)-1])
	}
	t.Logf("%d pages%s%s", len(seen), of("a page with its checks", func(s sight) float64 { return s.TookMs }),
		of("first paint", func(s sight) float64 { return s.PaintMs }))
}
