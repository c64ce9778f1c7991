package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestBuildsForDevelopmentAreToldApart(t *testing.T) {
	if programVersion() == develVersion && programBuild() == develVersion {
		t.Error("a build for development is named like every other")
	}
	if strings.ContainsFunc(programBuild(), func(r rune) bool { return r < ' ' || r > '~' }) {
		t.Errorf("%q does not fit into a header", programBuild())
	}
	tool, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	paths := []string{tool, self}
	for _, content := range []string{"one", "two"} { // no files of a linker that writes its id
		path := filepath.Join(t.TempDir(), "program")
		if err := os.WriteFile(path, []byte(content), 0o700); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	of := map[string]string{}
	for _, path := range paths {
		id, err := executableID(path)
		if err != nil || len(id) != 12 {
			t.Fatalf("%s: got %q, %v", path, id, err)
		}
		if again, _ := executableID(path); again != id {
			t.Errorf("%s: %s, and then %s", path, id, again)
		}
		if other, ok := of[id]; ok {
			t.Errorf("%s and %s have the same id", path, other)
		}
		of[id] = path
	}
	if _, err := executableID(filepath.Join(t.TempDir(), "nowhere")); err == nil {
		t.Error("no error for a file that is not there")
	}
}
