package logstore

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// backupChild makes a backup. It prints each file operation on standard output before it makes it, and waits for a
// byte on standard input.
func backupChild(dir, to string) error {
	fs := &faultFS{}
	fs.before(func(op string) {
		fmt.Println(op)
		if _, err := os.Stdin.Read(make([]byte, 1)); err != nil {
			os.Exit(1) // nobody is there any more
		}
	})
	run := backup
	if strings.HasSuffix(to, ".tar") {
		run = backupFile
	}
	_, err := run(context.Background(), fs, dir, to)
	return err
}

// The test kills backup processes later and later, until one completes, while the log is written to. Each must leave
// a log, or the earlier backup, from which the next run continues.
func TestABackupProcessThatIsKilledUnderLoadIsFinishedByRunningItAgain(t *testing.T) {
	for _, name := range []string{"copy", "copy.tar"} {
		t.Run(name, func(t *testing.T) {
			dir, to := t.TempDir(), filepath.Join(t.TempDir(), name)
			s := mustOpen(t, dir, Options{FS: &faultFS{calm: true}, SegmentBytes: 16 << 10})
			answered := 0
			write := func() {
				mustAppend(t, s, "policy", uint64(answered), batch(fmt.Sprint(answered), 2))
				answered += 2
			}
			for s.writer.active.number < 40 {
				write()
			}
			var copies [][]string
			killed := 0
			for range 2 {
				for ops := 1; ; ops += ops {
					before := answered
					finished := backupKilledAt(t, dir, to, ops, write)
					got := held(t, to)
					if len(copies) > 0 && len(got) < len(copies[len(copies)-1]) || finished && len(got) < before ||
						len(got)%2 != 0 {
						t.Fatalf("killed after %d calls: %d events are in the backup of %d", ops, len(got), before)
					}
					copies = append(copies, got)
					if finished {
						break
					}
					killed++
				}
				for _, left := range []string{to + PartialName, filepath.Join(to, freshName)} {
					if _, err := os.Stat(left); err == nil {
						t.Errorf("it left %s", left)
					}
				}
			}
			want := lines(t, s)
			for _, got := range copies {
				if !slices.Equal(got, want[:len(got)]) {
					t.Fatal("a copy is not the beginning of the log")
				}
			}
			if killed < 6 {
				t.Errorf("only %d were killed", killed)
			}
		})
	}
}

// backupKilledAt kills a backup process after a number of lines. At each line it calls write. finished is true if the
// process had ended before.
func backupKilledAt(t *testing.T, dir, to string, ops int, write func()) (finished bool) {
	t.Helper()
	child := child(t, dir)
	child.Env = append(child.Env, backupToVariable+"="+to)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	killed, said := false, bufio.NewScanner(out)
	for n := 1; said.Scan(); n++ {
		if write(); n == ops {
			killed = child.Process.Kill() == nil
		} else if _, err := in.Write([]byte{'\n'}); err != nil {
			t.Fatal(err)
		}
	}
	if err := child.Wait(); err != nil && !killed {
		t.Fatal(err)
	}
	return child.ProcessState.Success()
}

// held returns the lines of a backup, or none if there is no backup.
func held(t *testing.T, from string) []string {
	t.Helper()
	if _, err := os.Stat(from); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if strings.HasSuffix(from, ".tar") {
		back := filepath.Join(t.TempDir(), "back")
		if _, err := restoreFile(t.Context(), &faultFS{calm: true}, from, back); err != nil {
			t.Fatal(err)
		}
		from = back
	}
	if r, err := Verify(from, nil); err != nil || r.Torn != nil || len(r.Damages) > 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	s := mustOpen(t, from, Options{ReadOnly: true})
	defer mustClose(t, s)
	return lines(t, s)
}
