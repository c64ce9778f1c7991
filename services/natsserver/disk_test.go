package natsserver

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// The test fills a real file system, if it may mount one. After the restart, the stream must have all acknowledged
// messages.
func TestAfterAFullDiskARestartHelps(t *testing.T) {
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=8m"); err != nil {
		t.Skipf("no file system could be mounted: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(disk, 0) })
	ballast := filepath.Join(disk, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 5<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	a := newReader(t, "a", "taizhang.v1.alert.>")
	s := startIn(t, filepath.Join(disk, "nats"), a.User)
	admin, err := s.Connect()
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	w := newWorld(t, "nats://"+s.Addr(), admin, a)

	acknowledged := map[uint64]string{}
	publish := func(i int) error {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		subject := fmt.Sprintf("taizhang.v1.alert.ZJ-0007.red.EXE.02.%d.20251231", i)
		ack, err := w.js.Publish(ctx, subject, bytes.Repeat([]byte{byte('0' + i%10)}, 50<<10),
			jetstream.WithRetryAttempts(0))
		if err == nil {
			acknowledged[ack.Sequence] = subject
		}
		return err
	}
	n := 0
	for ; err == nil || len(acknowledged) < 20 && n < 100; n++ { // an answer may be late before the disk is full
		err = publish(n)
	}
	t.Logf("publish %d: %v", n, err)
	if len(acknowledged) < 20 || len(acknowledged) > 100 {
		t.Fatalf("%d messages were acknowledged before the disk was full", len(acknowledged))
	}
	check := func(when string) {
		t.Helper()
		var stream jetstream.Stream
		until(t, "the server answers", func() (ok bool) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			var err error
			stream, err = w.js.Stream(ctx, streamName)
			return err == nil
		})
		for seq, subject := range acknowledged {
			if m, err := stream.GetMsg(t.Context(), seq); err != nil || m.Subject != subject || len(m.Data) != 50<<10 {
				t.Errorf("%s, message %d of %s is %v, %v", when, seq, subject, m, err)
			}
		}
	}
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	check("with the disk still full")
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		until(t, "it publishes again", func() bool { n++; return publish(n) == nil })
		check("with room again")
	}
}
