package files_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/taizhang/taizhang/services/files"
)

func TestAFileIsNeverOverwrittenNorLeftHalfWritten(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "r.xlsx")
	failing := func(w io.Writer) error {
		_, _ = io.WriteString(w, "half")
		return errors.New("no more paper")
	}
	if err := files.Create(path, failing); err == nil {
		t.Error("a failing write succeeded")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("it left %v", left)
	}
	full := func(io.Writer) error {
		return &fs.PathError{Op: "write", Path: filepath.Join(dir, ".taizhang-1"), Err: syscall.ENOSPC}
	}
	var failed *fs.PathError
	if err := files.Create(path, full); !errors.As(err, &failed) || failed.Path != path ||
		!errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a full disk gives %v", err)
	}
	whole := func(w io.Writer) error { _, err := io.WriteString(w, "whole"); return err }
	if err := files.Create(path, whole); err != nil {
		t.Fatal(err)
	}
	if err := files.Create(path, whole); err == nil || !strings.Contains(err.Error(), "will not be overwritten") {
		t.Errorf("overwriting gives %v", err)
	}
	if err := files.Create(filepath.Join(dir, "nowhere", "r.csv"), whole); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a directory that is not there gives %v", err)
	}
	if err := files.Free(filepath.Join(path, "r.csv")); !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("a file as a directory gives %v", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o644 {
		t.Errorf("the mode is %v", info.Mode())
	}
}
