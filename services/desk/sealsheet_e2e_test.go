//go:build e2e

package desk_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/seal"
)

// TestTheSheetPrintsOnOnePageAndItsCodeIsRead prints the sheet of a checkpoint with Chromium, and has zbar read the QR
// code from the print: once without witnesses, and once with more and longer lines than the page has room for.
func TestTheSheetPrintsOnOnePageAndItsCodeIsRead(t *testing.T) {
	for lang, witnesses := range map[string]int{"zh": 0, "en": 12} {
		origin := "taizhang.zj/2026"
		if witnesses > 0 {
			origin = "taizhang." + strings.Repeat("z", 80) + "/2026"
		}
		log, err := seal.NewSigner(origin, seal.LogKey)
		if err != nil {
			t.Fatal(err)
		}
		signed := seal.Sign(seal.Checkpoint{Origin: origin, Size: seal.SizeMax}, log)
		c := &desk.Checkpoint{Origin: origin, Key: log.Key.String(), Size: signed.Size, Root: signed.Root.String()}
		for i := range witnesses {
			name := fmt.Sprintf("%s%d.example/1", strings.Repeat("w", 60), i)
			by, err := seal.NewSigner(name, seal.WitnessKey)
			if err != nil {
				t.Fatal(err)
			}
			at := time.Date(2026, 11, 1, 10, i, 0, 0, time.UTC)
			signed.Add(signed.Cosign(by, at))
			c.Cosigners = append(c.Cosigners, desk.Cosigner{Witness: name, At: at.Format(time.RFC3339)})
		}
		c.Note = string(signed.Bytes())
		t.Run(lang, func(t *testing.T) {
			dir := t.TempDir()
			run := func(name string, args ...string) string {
				t.Helper()
				cmd := exec.CommandContext(t.Context(), name, args...)
				cmd.Dir = dir
				var said bytes.Buffer
				cmd.Stderr = &said
				out, err := cmd.Output()
				if err != nil {
					t.Fatalf("%s: %v\n%s", name, err, said.Bytes())
				}
				return string(out)
			}
			var page bytes.Buffer
			err := c.WriteSheet(&page, lang, time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC))
			if err == nil {
				err = os.WriteFile(filepath.Join(dir, "s.html"), page.Bytes(), 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
			run("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir="+dir,
				"--no-pdf-header-footer", "--print-to-pdf=s.pdf", "s.html")
			if info := run("pdfinfo", "s.pdf"); !strings.Contains(info, "\nPages:           1\n") ||
				!strings.Contains(info, "(A4)") {
				t.Errorf("the print is not one page of A4:\n%s", info)
			}
			run("pdftoppm", "-r", "150", "-png", "-singlefile", "s.pdf", "s")
			code := run("zbarimg", "--quiet", "--raw", "-Sbinary", "s.png")
			if !strings.HasPrefix(c.Note, code) || (code == c.Note) != (witnesses == 0) {
				t.Errorf("the code on paper is\n%q\nof the checkpoint\n%s", code, c.Note)
			}
			read, err := seal.ParseSigned([]byte(code))
			if err != nil {
				t.Fatal(err)
			}
			if err := read.SignedBy(log.Key); err != nil || read.Checkpoint != signed.Checkpoint {
				t.Errorf("the code on paper is of %+v: %v", read.Checkpoint, err)
			}
		})
	}
}
