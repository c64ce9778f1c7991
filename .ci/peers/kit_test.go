// Package peers has programs that this project did not write read what package seal writes. Each of them must accept
// what is good and refuse it once a bit is changed.
package peers

import (
	"bytes"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/memstore"
	"github.com/taizhang/taizhang/services/seal"
)

const origin = "taizhang.zj/2026"

// log is a ledger of small records, with the key that seals it.
type log struct {
	store  events.Store
	leaves [][]byte
	lots   seal.Lots
	by     seal.Signer
}

// newLog returns a ledger of n records. The record at the position changed is another one, unless that is 0.
func newLog(t *testing.T, by seal.Signer, n, changed int) *log {
	t.Helper()
	noon := func() time.Time { return time.Date(2026, 3, 31, 4, 0, 0, 0, time.UTC) }
	l := &log{store: memstore.New(noon), by: by}
	var batch []events.Proposed
	for i := range n {
		body := fmt.Sprintf(`{"voucher":"V-%d","summary":"支出"}`, i+1)
		if i+1 == changed {
			body = strings.ReplaceAll(body, "V-", "W-")
		}
		batch = append(batch, events.Proposed{ID: uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, i)),
			Kind: "funds.spent", Body: events.MustObject(body)})
	}
	if _, err := l.store.Append(t.Context(), "center-ZJ-0001", 0, batch); err != nil {
		t.Fatal(err)
	}
	for s, err := range l.store.ReadAll(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		l.leaves = append(l.leaves, bytes.Clone(s.Bytes))
	}
	return l
}

// sealed returns the checkpoint of the first records.
func (l *log) sealed(t *testing.T, size uint64) *seal.Signed {
	t.Helper()
	root, err := l.lots.Root(t.Context(), l.store, size)
	if err != nil {
		t.Fatal(err)
	}
	return seal.Sign(seal.Checkpoint{Origin: l.by.Name, Size: size, Root: root}, l.by)
}

// receipt returns the proof that the record of an index lies under a checkpoint.
func (l *log) receipt(t *testing.T, index uint64, s *seal.Signed) *seal.Proof {
	t.Helper()
	hashes, err := l.lots.Inclusion(t.Context(), l.store, index, s.Size)
	if err != nil {
		t.Fatal(err)
	}
	return &seal.Proof{Index: index, Hashes: hashes, Checkpoint: s}
}

// request returns the request to a witness that knows the tree of the first old records.
func (l *log) request(t *testing.T, old, size uint64) *seal.Request {
	t.Helper()
	proof, err := l.lots.Consistency(t.Context(), l.store, old, size)
	if err != nil {
		t.Fatal(err)
	}
	return &seal.Request{Old: old, Proof: proof, Checkpoint: l.sealed(t, size)}
}

func newSigner(t *testing.T, name string, of seal.KeyType) seal.Signer {
	t.Helper()
	s, err := seal.NewSigner(name, of)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// offices are three witnesses and what a policy says of them.
type offices []seal.Signer

func newOffices(t *testing.T) (o offices) {
	for _, name := range []string{"审计厅", "finance.example/w1", "archive.example/w1"} {
		o = append(o, newSigner(t, name, seal.WitnessKey))
	}
	return o
}

// policy returns a trust file whose last lines are given. Its witnesses are w0, w1 and w2.
func (o offices) policy(log seal.Signer, last string) []byte {
	b := fmt.Appendf(nil, "# Whom the auditor trusts.\nlog %s https://ledger.example\n\n", log.Key)
	for i, w := range o {
		b = fmt.Appendf(b, "witness w%d %s https://w%d.example/witness\n", i, w.Key, i)
	}
	return append(b, last...)
}

// cosigned adds the lines of the witnesses whose bits are set.
func (o offices) cosigned(s *seal.Signed, set int) *seal.Signed {
	for i, w := range o {
		if set>>i&1 == 1 {
			s.Add(s.Cosign(w, time.Date(2026, 3, 31, 18, i, 0, 0, time.UTC)))
		}
	}
	return s
}

// edited yields a file with one bit changed, for each byte of it. It leaves out the last character of base64 before
// its padding. Some bits there carry no meaning: package seal refuses them unless they are zero, others accept any.
func edited(file []byte) iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		for i := range file {
			if i+1 < len(file) && file[i+1] == '=' {
				continue
			}
			b := slices.Clone(file)
			b[i] ^= 1 << (i % 8)
			if !yield(i, b) {
				return
			}
		}
	}
}

// few yields about eight of the files of edited, because a peer that is a process takes long for each.
func few(file []byte) iter.Seq2[int, []byte] {
	every := max(1, len(file)/8)
	return func(yield func(int, []byte) bool) {
		n := 0
		for i, b := range edited(file) {
			if n++; n%every == 0 && !yield(i, b) {
				return
			}
		}
	}
}

// write writes a file into a directory and returns its path.
func write(t *testing.T, dir, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// run runs a program in a directory and returns what it writes. It must end well.
func run(t *testing.T, dir, name string, args ...string) []byte {
	t.Helper()
	out, err := tryRun(t, dir, name, args...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return out
}

func tryRun(t *testing.T, dir, name string, args ...string) ([]byte, error) {
	t.Helper()
	c := exec.CommandContext(t.Context(), name, args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "LC_ALL=C")
	return c.CombinedOutput()
}
