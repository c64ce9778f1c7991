//go:build e2e

package logstore

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/taizhang/taizhang/events"
)

// These tests are on a real ext2, which cannot allocate, whatever driver mounts it. They need what the one of a full
// file system needs.

func TestAFullFileSystemThatCannotAllocateIsToldAndLosesNothing(t *testing.T) {
	alone(t, func() {
		dir := mounted(t, "ext2")
		cannotAllocate(t, dir)
		if report, err := Probe(dir); err != nil || report.Allocates || report.Median() <= 0 {
			t.Errorf("a probe says %+v, %v", report, err)
		}
		fillUp(t, dir)
		cannotAllocate(t, dir)
	})
}

func TestWhatWasAnsweredIsOnTheMediumOfAFileSystemThatCannotAllocate(t *testing.T) {
	alone(t, func() { isOnTheMedium(t, "ext2") })
}

// TestNothingAcknowledgedIsLostOnAFullFileSystemThatCannotAllocate kills a process again and again, at last where
// there is no room for another segment.
func TestNothingAcknowledgedIsLostOnAFullFileSystemThatCannotAllocate(t *testing.T) {
	alone(t, func() {
		dir := mounted(t, "ext2")
		cannotAllocate(t, dir)
		log, acknowledged := filepath.Join(dir, "log"), map[events.StreamID]uint64{}
		for round := range 15 {
			runAndKill(t, log, 1+round*11, acknowledged, nil)
			checkAcknowledged(t, log, acknowledged)
		}
		ballast(t, filepath.Join(dir, "ballast"), diskBytes)
		s := mustOpen(t, log, Options{SegmentBytes: 16 << 10})
		var failed error
		for n := uint64(0); failed == nil; n++ {
			_, failed = s.Append(t.Context(), "policy", n, batch("more", 1))
		}
		if !full(failed) || errors.Is(failed, events.ErrUnknown) {
			t.Errorf("an append to a full disk answers %v", failed)
		}
		mustClose(t, s)
		if err := os.Remove(filepath.Join(dir, "ballast")); err != nil {
			t.Fatal(err)
		}
		runAndKill(t, log, 50, acknowledged, nil)
		checkAcknowledged(t, log, acknowledged)
	})
}

// cannotAllocate checks that the file system of a directory is one to be tested here.
func cannotAllocate(t *testing.T, dir string) {
	t.Helper()
	path := filepath.Join(dir, "allocated")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Fallocate(int(f.Fd()), 0, 0, 4096); !errors.Is(err, unix.EOPNOTSUPP) {
		t.Fatalf("it can allocate: %v", err)
	}
	if err := (osFile{f}).Allocate(4096); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("it can allocate: %v", err)
	}
	if err := errors.Join(f.Close(), os.Remove(path)); err != nil {
		t.Fatal(err)
	}
}
