package sealing_test

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/sealing"
)

func TestABackupOfSealsHasAllButTheKeyAndComesBackTheSame(t *testing.T) {
	k := newKit(t, t.TempDir(), 3)
	k.begin()
	k.bring(1)
	k.seal()
	want := k.files()
	for path := range want {
		if strings.HasSuffix(path, "log.key") {
			delete(want, path)
		}
	}
	if len(want) != 3 { // two checkpoints and the policy
		t.Fatalf("the seals are %v", want)
	}
	archive, n, err := sealing.Pack(k.dir)
	if err != nil || n != 2 || bytes.Contains(archive, []byte("PRIVATE")) {
		t.Fatalf("packed %d, %v", n, err)
	}
	if again, _, err := sealing.Pack(k.dir); err != nil || !bytes.Equal(archive, again) {
		t.Errorf("packed again: other bytes, %v", err)
	}
	back := filepath.Join(t.TempDir(), sealing.Name)
	if n, err := sealing.Unpack(archive, back); err != nil || n != 2 {
		t.Fatalf("unpacked %d, %v", n, err)
	}
	got := (&kit{t: t, dir: filepath.Dir(back)}).files()
	for path, content := range got {
		delete(got, path)
		got[strings.Replace(path, filepath.Dir(back), k.dir, 1)] = content
	}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestALedgerWithoutSealsHasNoBackupOfThem(t *testing.T) {
	if archive, n, err := sealing.Pack(t.TempDir()); archive != nil || n != 0 || err != nil {
		t.Errorf("got %d bytes, %d, %v", len(archive), n, err)
	}
}

func TestADamagedBackupOfSealsIsRefused(t *testing.T) {
	k := newKit(t, t.TempDir(), 3)
	k.begin()
	archive, _, err := sealing.Pack(k.dir)
	if err != nil {
		t.Fatal(err)
	}
	outside := t.TempDir()
	unpack := func(b []byte) error {
		inside, err := os.MkdirTemp(outside, "inside")
		if err != nil {
			t.Fatal(err)
		}
		_, err = sealing.Unpack(b, filepath.Join(inside, "seal"))
		return err
	}
	for _, end := range []int{0, 1, 511, 512, 1024, 1536, len(archive) - 1024, len(archive) - 1} {
		if err := unpack(archive[:end]); text.CodeOf(err) != text.Invalid {
			t.Errorf("cut at %d: %v", end, err)
		}
	}
	if err := unpack(append(bytes.Clone(archive), 0)); text.CodeOf(err) != text.Invalid {
		t.Errorf("one byte more: %v", err)
	}
	for _, name := range []string{"../../x/y/z", "/etc/passwd", "log.key      ", "checkpoints"} {
		other := bytes.Clone(archive)
		copy(other, name+strings.Repeat("\x00", 100-len(name)))
		if err := unpack(other); text.CodeOf(err) != text.Invalid {
			t.Errorf("a file %s: %v", name, err)
		}
	}
	if _, err := os.Stat(filepath.Join(outside, "x")); err == nil {
		t.Error("it left the directory")
	}
}
