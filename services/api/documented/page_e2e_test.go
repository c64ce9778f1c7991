//go:build e2e

package documented

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/taizhang/taizhang/docs/examples"
	"github.com/taizhang/taizhang/services/access"
)

// example is an example of a page, with what it prints.
type example struct{ examples.Example }

// goProgram is around the examples in Go, which are the body of run.
const goProgram = `package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/api/client"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
BODY	return nil
}
`

// TestEveryExampleOfThePageRuns runs the examples of docs/api.md in their order, those of each language against a
// server of their own, and compares what they print.
func TestEveryExampleOfThePageRuns(t *testing.T) {
	var golang, golangPrints string
	first := map[string]string{} // of each language: what the later examples build on
	servers, places := map[string]*world{}, map[string]string{}
	place := func(language string) (*world, string) {
		if servers[language] == nil {
			w, dir := newWorld(t), t.TempDir()
			for name, content := range map[string]string{"token": w.tokens[access.Finance] + "\n",
				"auth":          "Authorization: Bearer " + w.tokens[access.Finance] + "\n",
				"records.jsonl": receipt + "\n"} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			servers[language], places[language] = w, dir
			if language != "sh" { // the page wrote this record before it imports it
				w.send("POST", "/v1/records", w.tokens[access.Finance],
					map[string]string{"Content-Type": "application/json"}, strings.NewReader(receipt))
			}
		}
		return servers[language], places[language]
	}
	page, err := examples.Read("../../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, each := range page {
		x := example{each}
		switch x.Language {
		case "go":
			golang += x.Code
			golangPrints += x.Output
		case "sh":
			w, dir := place("sh")
			if first["sh"] == "" {
				function, _, _ := strings.Cut(x.Code, "\n")
				first["sh"] = "set -euo pipefail\n" + function + "\n"
			}
			x.prints(t, w, dir, "bash", "-c", first["sh"]+x.Code)
		case "js":
			w, dir := place("js")
			script := first["js"] + x.Code
			if first["js"] == "" {
				first["js"] = x.Code
			}
			x.prints(t, w, dir, "node", "--input-type=module", "-e", script)
		default:
			t.Errorf("line %d: nobody runs an example in %q", x.Line, x.Language)
		}
	}
	w, dir := place("go")
	if err := os.MkdirAll("testdata", 0o755); err != nil {
		t.Fatal(err)
	}
	at, err := os.MkdirTemp("testdata", "page") // within the module
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(at)
	if err := os.WriteFile(filepath.Join(at, "main.go"), []byte(strings.Replace(goProgram, "BODY", golang, 1)),
		0o644); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "page")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program,
		"./"+at).CombinedOutput(); err != nil {
		t.Fatalf("the examples in Go: %v\n%s", err, out)
	}
	(&example{examples.Example{Language: "go", Output: golangPrints}}).prints(t, w, dir, program)
}

// receipt is the record that the page writes and imports.
const receipt = `{"id": "5b0c1f5e-0d0e-4a5f-9f57-0d8f6c0c3a11", "kind": "subsidy.received", "center": "ZJ-0001", "on": "2026-06-01", "by": {"role": "finance", "actor": "in-finance"}, "data": {"grant": "G1", "amountFen": 1234}}`

// prints runs a command in a directory and compares what it prints with the example.
func (x *example) prints(t *testing.T, w *world, dir, name string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, name, args...)
	c.WaitDelay = time.Second // for what it started itself
	c.Dir, c.Env = dir, append(os.Environ(), "URL="+w.url)
	var out, complaints bytes.Buffer
	c.Stdout, c.Stderr = &out, &complaints
	if err := c.Run(); err != nil {
		t.Errorf("line %d (%s): %v\n%s%s", x.Line, x.Language, err, out.Bytes(), complaints.Bytes())
		return
	}
	if x.Output != "" && out.String() != x.Output {
		t.Errorf("line %d (%s): expected\n%sgot\n%s", x.Line, x.Language, x.Output, out.Bytes())
	}
}
