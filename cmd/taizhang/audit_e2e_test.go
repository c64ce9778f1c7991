//go:build e2e

package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestTheCommandsOfThePagesOfAudit types the commands of the pages, in their order, in an empty directory with the
// programs of a release, and compares what they print. With -update it writes every answer anew, because the keys,
// roots and times of a page must be those of one run.
func TestTheCommandsOfThePagesOfAudit(t *testing.T) {
	bin := t.TempDir()
	for _, name := range []string{"taizhang", "taizhang-verify"} {
		build := exec.Command("go", "build", "-buildvcs=false", "-o", filepath.Join(bin, name), "../"+name)
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	verifier, err := os.ReadFile(filepath.Join("..", "..", "services", "bundle", "verify.py"))
	if err != nil {
		t.Fatal(err)
	}
	for lang, name := range auditPages {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			p, dir := readSteps(t, name), t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "verify.py"), verifier, 0o644); err != nil {
				t.Fatal(err)
			}
			var page strings.Builder
			for i := range p.steps {
				s := &p.steps[i]
				page.WriteString(s.before)
				if s.file != "" {
					if err := os.WriteFile(filepath.Join(dir, s.file), []byte(s.content), 0o644); err != nil {
						t.Fatal(err)
					}
					continue
				}
				ctx, cancel := context.WithTimeout(t.Context(), serveWait)
				c := exec.CommandContext(ctx, "bash", "-c", s.command)
				c.Dir = dir
				c.Env = []string{"PATH=" + bin + ":/usr/sbin:/usr/bin:/sbin:/bin", "HOME=" + dir, "TERM=dumb",
					"LANG=" + map[string]string{"en": "C.UTF-8", "zh": "zh_CN.UTF-8"}[lang], "PYTHONUTF8=1", "TZ=Asia/Shanghai"}
				var printed bytes.Buffer
				c.Stdout, c.Stderr = &printed, &printed
				begun := time.Now()
				err := c.Run()
				cancel()
				answer := printed.String()
				t.Logf("%v: %s\n%s", time.Since(begun).Round(time.Millisecond), s.command, answer)
				if (err != nil) != s.fails {
					t.Errorf("%s: %v\n%s", s.command, err, answer)
				}
				if s.hidden {
					continue
				}
				if !*update && !agrees(s.answer, answer) {
					t.Errorf("%s\nthe page has:\n%s\nprinted was:\n%s", s.command, s.answer, answer)
				}
				page.WriteString(answer)
			}
			page.WriteString(p.rest)
			if *update && !t.Failed() {
				if err := os.WriteFile(p.name, []byte(page.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
