package filelock_test

import (
	"errors"
	"os"
	"os/exec"
	"testing"

	"github.com/taizhang/taizhang/services/files/filelock"
)

func open(t *testing.T, dir string) *os.File {
	t.Helper()
	f, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestOneHoldsALock(t *testing.T) {
	dir := t.TempDir()
	held, err := filelock.Try(open(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	second := open(t, dir)
	if _, err := filelock.Try(second); !errors.Is(err, filelock.ErrLocked) {
		t.Errorf("a second lock: %v", err)
	}
	if err := second.Close(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("the file that was not locked is still open: %v", err)
	}
	if err := held.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := filelock.Try(open(t, dir))
	if err != nil {
		t.Fatalf("after the first was closed: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

// cat stands for a program between fork and exec: it has a copy of the locked file.
func TestCloseUnlocksBesideAProgramThatHasACopyOfTheFile(t *testing.T) {
	dir := t.TempDir()
	f := open(t, dir)
	held, err := filelock.Try(f)
	if err != nil {
		t.Fatal(err)
	}
	cat := exec.Command("cat")
	cat.ExtraFiles = []*os.File{f}
	end, err := cat.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cat.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := errors.Join(end.Close(), cat.Wait()); err != nil {
			t.Error(err)
		}
	}()
	if err := held.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := filelock.Try(open(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}
