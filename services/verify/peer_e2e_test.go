//go:build e2e

package verify_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/services/bundle"
	"github.com/taizhang/taizhang/services/seal"
	"github.com/taizhang/taizhang/services/verify"
)

// TestTheOtherVerifierJudgesAlike gives the same bundles to verify.py, which was written from the specifications
// alone, and compares the exit codes. The bundles are what somebody with the key of the log can make. A test of
// package bundle compares both with bytes and lines edited at random.
func TestTheOtherVerifierJudgesAlike(t *testing.T) {
	program := filepath.Join(t.TempDir(), "verify.py")
	if err := os.WriteFile(program, bundle.VerifyPy, 0o644); err != nil {
		t.Fatal(err)
	}
	voucher := func(w *world) uint64 { return w.find(t, `"voucher":"V-1"`) }
	for name, make := range map[string]func(w *world) (file []byte, known *seal.Signed){
		"whole": func(w *world) ([]byte, *seal.Signed) { return w.bundle(t), nil },
		"one center": func(w *world) ([]byte, *seal.Signed) {
			c := w.ofCenter(t, "ZJ-0001")
			c.Figures = nil
			return pack(t, c), nil
		},
		"known": func(w *world) ([]byte, *seal.Signed) { return w.bundle(t), w.heads[1] },
		"edited": func(w *world) ([]byte, *seal.Signed) {
			w.edit(t, voucher(w), "乙公司", "丙公司")
			return w.bundle(t), nil
		},
		"signed anew": func(w *world) ([]byte, *seal.Signed) {
			w.edit(t, voucher(w), "乙公司", "丙公司")
			w.resign(t, false)
			return w.bundle(t), nil
		},
		"old cosignatures": func(w *world) ([]byte, *seal.Signed) {
			w.edit(t, voucher(w), "乙公司", "丙公司")
			w.resign(t, true)
			return w.bundle(t), nil
		},
		"without cosignatures": func(w *world) ([]byte, *seal.Signed) {
			w.forgetCosigners()
			w.resign(t, false)
			for i, h := range w.heads {
				w.heads[i] = seal.Sign(h.Checkpoint, w.log)
			}
			return w.bundle(t), nil
		},
		"one witness": func(w *world) ([]byte, *seal.Signed) {
			w.heads[2].Lines = w.heads[2].Lines[:2]
			return w.bundle(t), nil
		},
		"tail dropped": func(w *world) ([]byte, *seal.Signed) {
			w.lines, w.heads = w.lines[:9], w.heads[:2]
			return w.bundle(t), nil
		},
		"tail dropped, known": func(w *world) ([]byte, *seal.Signed) {
			newest := w.heads[2]
			w.lines, w.heads = w.lines[:9], w.heads[:2]
			return w.bundle(t), newest
		},
		"removed": func(w *world) ([]byte, *seal.Signed) {
			w.lines = append(w.lines[:6:6], w.lines[7:]...)
			w.renumber(t)
			return w.bundle(t), nil
		},
		"checkpoint left out": func(w *world) ([]byte, *seal.Signed) {
			w.heads = append(w.heads[:1:1], w.heads[2])
			return w.bundle(t), nil
		},
		"a new origin": func(w *world) ([]byte, *seal.Signed) {
			*w = *restored(t, w, 11).world
			return w.bundle(t), nil
		},
		"a new origin after a backup of before the first sealing": func(w *world) ([]byte, *seal.Signed) {
			*w = *restored(t, w, 4).world
			return w.bundle(t), nil
		},
		"a new origin, known by the old one": func(w *world) ([]byte, *seal.Signed) {
			old := w.heads
			*w = *restored(t, w, 11).world
			return w.bundle(t), old[1]
		},
		"manifest": func(w *world) ([]byte, *seal.Signed) {
			files := filesOf(t, w.bundle(t))
			files[bundle.ReadmeName] = []byte("x")
			return zipped(t, files, false), nil
		},
	} {
		for _, trust := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				w := newWorld(t)
				w.figures = nil
				file, known := make(w)
				if known == nil {
					w.judgeByBoth(t, program, file, trust, nil)
					return
				}
				kept := string(known.Bytes())
				typed, _, _ := strings.Cut(kept, "\n\n")
				for _, content := range []string{kept, "\uFEFF" + strings.ReplaceAll(kept, "\n", "\r\n"), typed} {
					w.judgeByBoth(t, program, file, trust, []byte(content))
				}
			})
		}
	}
}

// judgeByBoth compares the exit code of verify.py with the result of this package.
func (w *world) judgeByBoth(t *testing.T, program string, file []byte, trust bool, known []byte) {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	args, configure := []string{program, write("a.zip", file)}, []func(*verify.Config){}
	if trust {
		args = append(args, "--trust", write("trust", w.trust))
	} else {
		configure = append(configure, untrusting)
	}
	if known != nil {
		args = append(args, "--known", write("known", known))
		configure = append(configure, func(cfg *verify.Config) { cfg.Known = known })
	}
	v := w.judge(t, file, configure...)
	var out bytes.Buffer
	c := exec.CommandContext(t.Context(), "python3", args...)
	c.Stdout, c.Stderr = &out, &out
	var ended *exec.ExitError
	if err := c.Run(); err != nil && !errors.As(err, &ended) {
		t.Fatal(err)
	}
	if got := c.ProcessState.ExitCode(); got != int(v.Result) {
		t.Errorf("with trust %v, known %q: verify.py %d, taizhang-verify %d\n%s\n%s", trust, known, got, v.Result,
			out.String(), page(t, v))
	}
}
