package spool_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/spool"
)

func TestASpoolIsEmptiedOfItsOwnFilesAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	s := spool.New(dir, zap.NewNop())
	if _, err := s.Dir(); err != nil {
		t.Fatal(err)
	}
	own := filepath.Join(dir, "own.txt")
	if err := os.WriteFile(own, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	spool.New(dir, zap.NewNop())
	if list, err := os.ReadDir(dir); err != nil || len(list) != 1 || list[0].Name() != "own.txt" {
		t.Errorf("got %v, %v", list, err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("got %v, %v", info, err)
	}
}

func TestAFileOfASpoolHasNoName(t *testing.T) {
	dir := t.TempDir()
	f, err := spool.New(dir, zap.NewNop()).File()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if list, err := os.ReadDir(dir); err != nil || len(list) != 0 {
		t.Errorf("got %v, %v", list, err)
	}
}

func TestAFullDiskIsLeftToTheLedger(t *testing.T) {
	s := spool.New(t.TempDir(), zap.NewNop())
	var to strings.Builder
	if _, err := s.Writer(&to).Write([]byte("x")); err != nil || to.String() != "x" {
		t.Errorf("got %q, %v", to.String(), err)
	}
	s.Keep = 1 << 62
	if _, err := s.Writer(&to).Write([]byte("y")); text.CodeOf(err) != text.Unavailable || to.String() != "x" {
		t.Errorf("got %q, %v", to.String(), err)
	}
}
