//go:build e2e

package logstore

import (
	"os"
	"path/filepath"
	"testing"
)

// These tests need the same programs and rights as full_e2e_test.go.

func TestWhatWasAnsweredIsOnTheMediumOfARealFileSystem(t *testing.T) {
	alone(t, func() { isOnTheMedium(t, "ext4") })
}

// isOnTheMedium checks, after each acknowledgement, the state that a power cut would leave: a copy of the image
// without the data that is only in memory.
func isOnTheMedium(t *testing.T, kind string) {
	image, dir := newImage(t, kind), t.TempDir()
	mount(t, kind, image, dir)
	defer command(t, "umount", dir)
	w := &writers{T: t}
	holds := func(name string) {
		t.Helper()
		afterPowerCut(t, kind, image, func(dir string) { w.holds(filepath.Join(dir, name)) })
	}
	s := mustOpen(t, filepath.Join(dir, "new", "deep", "log"), Options{SegmentBytes: 16 << 10})
	holds("new/deep/log")
	for range 4 {
		for i := range w.done {
			b := w.batch(i, w.done[i])
			mustAppend(t, s, w.stream(i), w.done[i], b)
			w.done[i] += uint64(len(b))
			holds("new/deep/log")
		}
	}
	log := filepath.Join(dir, "new", "deep", "log")
	file, copied, back := filepath.Join(dir, "new", "copies", "b.tar"), filepath.Join(dir, "some", "copy"),
		filepath.Join(dir, "some", "back")
	for range 2 { // the second in the place of the first
		w.works(BackupFile(t.Context(), log, file))
		afterPowerCut(t, kind, image, func(dir string) {
			from := filepath.Join(t.TempDir(), "back")
			w.works(RestoreFile(t.Context(), filepath.Join(dir, "new", "copies", "b.tar"), from))
			w.holds(from)
		})
		w.works(Backup(t.Context(), log, copied))
		holds("some/copy")
		b := w.batch(0, w.done[0])
		mustAppend(t, s, w.stream(0), w.done[0], b)
		w.done[0] += uint64(len(b))
	}
	w.works(Backup(t.Context(), log, copied))
	w.works(Restore(t.Context(), copied, back))
	holds("some/back")
	mustClose(t, s)
	holds("new/deep/log")
}

// afterPowerCut calls look with the content of the image of a mounted file system.
func afterPowerCut(t *testing.T, kind, image string, look func(dir string)) {
	t.Helper()
	dir := t.TempDir()
	copied := filepath.Join(t.TempDir(), "image")
	command(t, "cp", "--sparse=always", image, copied)
	mount(t, kind, copied, dir)
	look(dir)
	command(t, "umount", dir)
	if err := os.Remove(copied); err != nil {
		t.Fatal(err)
	}
}
