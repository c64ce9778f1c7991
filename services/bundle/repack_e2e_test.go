//go:build e2e

package bundle_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestABundlePackedAnewByOtherProgramsIsRead packs a bundle anew with the programs that people have.
func TestABundlePackedAnewByOtherProgramsIsRead(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.zip"), written(t, ofCenter()), 0o644); err != nil {
		t.Fatal(err)
	}
	shell := func(t *testing.T, script string) {
		cmd := exec.Command("bash", "-euo", "pipefail", "-c", script)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s\n%v\n%s", script, err, out)
		}
	}
	shell(t, "mkdir open && cd open && unzip -q ../a.zip && sha256sum --quiet -c manifest-sha256.txt && "+
		"cksum -a sm3 --quiet -c manifest-sm3.txt")
	for name, pack := range map[string]string{
		"zip":            "zip -q -r ../zip.zip .",
		"zip, streaming": "zip -q -r - . >../zip,\\ streaming.zip",
		"zipfile":        "python3 -m zipfile -c ../zipfile.zip $(ls)",
		"zip64": `python3 -c '
import os, zipfile
with zipfile.ZipFile("../zip64.zip", "w", zipfile.ZIP_DEFLATED) as z:
    for folder, _, names in os.walk("."):
        for name in names:
            path = os.path.join(folder, name)
            with z.open(os.path.relpath(path), "w", force_zip64=True) as out:
                out.write(open(path, "rb").read())'`,
	} {
		t.Run(name, func(t *testing.T) {
			shell(t, "cd open && "+pack)
			file, err := os.ReadFile(filepath.Join(dir, name+".zip"))
			if err != nil {
				t.Fatal(err)
			}
			if err := readAll(file); err != nil {
				t.Error(err)
			}
		})
	}
}
