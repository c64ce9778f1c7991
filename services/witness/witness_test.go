package witness_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/seal"
	"github.com/taizhang/taizhang/services/witness"
)

// TestMain is also the process of a witness that a test kills. Otherwise it draws fewer cases for a property than
// rapid does by default, unless -rapid.checks sets a number, because each cosignature waits for the disk.
func TestMain(m *testing.M) {
	if dir := os.Getenv(processVariable); dir != "" {
		runProcess(dir)
		return
	}
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "rapid.checks" })
	if !given {
		if err := flag.Set("rapid.checks", "6"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// history is a ledger that can prove its prefixes.
type history struct {
	signer seal.Signer
	hashes []tlog.Hash
	size   uint64
}

func newHistory(t testing.TB) *history {
	t.Helper()
	signer, err := seal.NewSigner("taizhang.zhejiang/2024", seal.LogKey)
	if err != nil {
		t.Fatal(err)
	}
	return &history{signer: signer}
}

// ReadHashes implements tlog.HashReader.
func (h *history) ReadHashes(indexes []int64) (hashes []tlog.Hash, _ error) {
	for _, i := range indexes {
		hashes = append(hashes, h.hashes[i])
	}
	return hashes, nil
}

// grow appends records until there are size.
func (h *history) grow(size uint64, word string) *history {
	for ; h.size < size; h.size++ {
		stored, err := tlog.StoredHashes(int64(h.size), fmt.Appendf(nil, "%s %d", word, h.size), h)
		if err != nil {
			panic(err)
		}
		h.hashes = append(h.hashes, stored...)
	}
	return h
}

// branch returns a ledger of the same key with the same first records.
func (h *history) branch() *history {
	return &history{h.signer, append([]tlog.Hash(nil), h.hashes...), h.size}
}

// other returns another ledger of the same key.
func (h *history) other(size uint64) *history {
	return (&history{signer: h.signer}).grow(size, "other")
}

func (h *history) checkpoint(size uint64) *seal.Signed {
	root, err := tlog.TreeHash(int64(size), h)
	if err != nil {
		panic(err)
	}
	return seal.Sign(seal.Checkpoint{Origin: h.signer.Name, Size: size, Root: root}, h.signer)
}

// request returns the request for a checkpoint; between sizes that no proof leads from it has none.
func (h *history) request(old, size uint64) *seal.Request {
	r := &seal.Request{Old: old, Checkpoint: h.checkpoint(size)}
	if old > 0 && old < size {
		var err error
		if r.Proof, err = tlog.ProveTree(int64(size), int64(old), h); err != nil {
			panic(err)
		}
	}
	return r
}

// clock is a clock that stands still.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func newClock() *clock { return &clock{at: time.Date(2026, 11, 30, 10, 0, 0, 0, time.UTC)} }

// made makes a witness that trusts a ledger, in a new directory.
func made(t testing.TB, h *history, now func() time.Time) (*witness.Witness, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "w")
	if _, err := witness.Create(dir, "witness.example/w1"); err != nil {
		t.Fatal(err)
	}
	w := opened(t, dir, now)
	if err := w.Trust(h.signer.Key); err != nil {
		t.Fatal(err)
	}
	return w, dir
}

func opened(t testing.TB, dir string, now func() time.Time) *witness.Witness {
	t.Helper()
	w, err := witness.Open(dir, now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() }) // a test may have closed it
	return w
}

func cosign(t testing.TB, w *witness.Witness, r *seal.Request) seal.Line {
	t.Helper()
	line, err := w.Cosign(r)
	if err != nil {
		t.Fatal(err)
	}
	return line
}

func TestACheckpointThatContinuesTheLastIsCosigned(t *testing.T) {
	h, c := newHistory(t).grow(12, "record"), newClock()
	w, _ := made(t, h, c.now)
	for _, r := range []*seal.Request{h.request(0, 5), h.request(5, 5), h.request(5, 8), h.request(8, 12)} {
		line := cosign(t, w, r)
		signed := &seal.Signed{Checkpoint: r.Checkpoint.Checkpoint, Lines: []seal.Line{line}}
		if at, err := signed.CosignedBy(w.Key()); err != nil || !at.Equal(c.now()) {
			t.Errorf("%d to %d: cosigned at %v, %v", r.Old, r.Checkpoint.Size, at, err)
		}
		c.add(time.Hour)
	}
}

func TestWhatAWitnessRefuses(t *testing.T) {
	h := newHistory(t).grow(20, "record")
	w, dir := made(t, h, newClock().now)
	cosign(t, w, h.request(0, 10))
	stranger := newHistory(t).grow(20, "record")
	foreign := stranger.request(10, 12)
	foreign.Checkpoint.Origin = "taizhang.hunan/2024"
	unproven := h.request(10, 12)
	unproven.Proof = unproven.Proof[1:]
	other := h.other(20)
	above := h.request(10, 12)
	above.Old = 13
	for name, c := range map[string]struct {
		r    *seal.Request
		code text.ErrorCode
		says string
	}{
		"another origin":          {foreign, text.NotFound, "does not know the ledger taizhang.hunan/2024"},
		"another key":             {stranger.request(10, 12), text.Forbidden, "no valid signature of the key trusted"},
		"above the checkpoint":    {above, text.Invalid, "starts at 13"},
		"from an older size":      {h.request(5, 12), text.Conflict, "10 records last, but the request starts at 5"},
		"from nothing":            {h.request(0, 12), text.Conflict, "starts at 0"},
		"a shorter ledger":        {h.request(0, 7), text.Conflict, "the ledger is an old copy"},
		"a wrong proof":           {unproven, text.Refused, "the request is damaged, or this is another history"},
		"another of the size":     {other.request(10, 10), text.Refused, "the ledger has two histories"},
		"another of the size, 0":  {other.request(0, 10), text.Refused, "the ledger has two histories"},
		"another longer":          {other.request(10, 15), text.Refused, "damaged, or this is another history"},
		"a checkpoint of nothing": {h.request(0, 0), text.Invalid, "has no records"},
	} {
		line, err := w.Cosign(c.r)
		if err == nil || text.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: expected %s with %q, got %v, %v", name, c.code, c.says, line, err)
		}
	}
	cosign(t, w, h.request(10, 20)) // none of them changed the state
	entries, err := os.ReadDir(filepath.Join(dir, "forks"))
	if err != nil || len(entries) != 6 { // of the wrong proof, of the other 10, and of the other 15
		t.Errorf("kept %v, %v", entries, err)
	}
}

func TestBothCheckpointsOfAForkAreKept(t *testing.T) {
	h := newHistory(t).grow(10, "record")
	w, _ := made(t, h, newClock().now)
	cosign(t, w, h.request(0, 10))
	forked := h.other(12)
	var fork *witness.ForkError
	if _, err := w.Cosign(forked.request(10, 12)); !errors.As(err, &fork) || fork.Path == "" {
		t.Fatalf("a fork gives %v", err)
	}
	for end, size := range map[string]uint64{".held": 10, ".offered": 12} {
		content, err := os.ReadFile(fork.Path + end)
		if err != nil {
			t.Fatal(err)
		}
		kept, err := seal.ParseSigned(content)
		if err != nil || kept.Size != size || kept.SignedBy(h.signer.Key) != nil {
			t.Errorf("%s holds %v, %v", end, kept, err)
		}
	}
}

// TestOnlyTwoCheckpointsOfOneSizeAreCalledProof damages one hash of a request of an honest ledger: whoever carries the
// request can do that, so the two checkpoints accuse nobody.
func TestOnlyTwoCheckpointsOfOneSizeAreCalledProof(t *testing.T) {
	h := newHistory(t).grow(12, "record")
	w, _ := made(t, h, newClock().now)
	cosign(t, w, h.request(0, 10))
	damaged := h.request(10, 12)
	damaged.Proof[0][0] ^= 1
	_, err := w.Cosign(damaged)
	said := text.Of(err)
	if !strings.Contains(said.Zh, "要么请求已损坏，要么这是另一套记录") || strings.Contains(said.Zh, "证据") ||
		strings.Contains(said.En, "as proof") || !strings.Contains(said.Zh, "已存下备查：") {
		t.Errorf("a damaged request gives %+v", said)
	}
	_, err = w.Cosign(h.other(10).request(10, 10))
	if said := text.Of(err); !strings.Contains(said.Zh, "台账有两套记录；两个检查点都存为证据：") ||
		!strings.Contains(said.En, "the ledger has two histories; both checkpoints are kept as proof in ") {
		t.Errorf("a fork of one size gives %+v", said)
	}
}

func TestADamagedDirectoryIsReportedInOneLanguage(t *testing.T) {
	for file, c := range map[string]struct{ content, zh, en string }{
		"trusted":     {"x\n", "已损坏：公钥 \"x\" 不对", "is damaged: the public key \"x\" is wrong"},
		"witness.key": {"x\n", "已损坏：私钥不对", "is damaged: the private key is wrong"},
		"heads/*":     {"x\n", "已损坏：不是检查点", "is damaged: this is no checkpoint"},
	} {
		h := newHistory(t).grow(12, "record")
		w, dir := made(t, h, newClock().now)
		cosign(t, w, h.request(0, 10))
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		found, err := filepath.Glob(filepath.Join(dir, file))
		if err != nil || len(found) != 1 {
			t.Fatalf("%s: found %v, %v", file, found, err)
		}
		if err := os.WriteFile(found[0], []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		w, err = witness.Open(dir, newClock().now)
		if err == nil {
			_, err = w.Cosign(h.request(10, 12))
			err = errors.Join(err, w.Close())
		}
		said := text.Of(err)
		if !strings.Contains(said.Zh, c.zh) || !strings.Contains(said.En, c.en) || hasEnglish(said.Zh) {
			t.Errorf("%s: got %+v", file, said)
		}
	}
}

func TestACheckpointKeptForAWrongProofIsRemovedOnceItIsProven(t *testing.T) {
	h := newHistory(t).grow(12, "record")
	w, dir := made(t, h, newClock().now)
	cosign(t, w, h.request(0, 10))
	wrong := h.request(10, 12)
	wrong.Proof[0][0] ^= 1
	if _, err := w.Cosign(wrong); text.CodeOf(err) != text.Refused {
		t.Fatalf("a wrong proof gives %v", err)
	}
	cosign(t, w, h.request(10, 12))
	if entries, err := os.ReadDir(filepath.Join(dir, "forks")); err != nil || len(entries) > 0 {
		t.Errorf("left %v, %v", entries, err)
	}
}

func TestTheNumberOfKeptForksHasABound(t *testing.T) {
	h := newHistory(t).grow(1, "record")
	w, dir := made(t, h, newClock().now)
	cosign(t, w, h.request(0, 1))
	forked := h.other(80)
	for size := uint64(1); size <= 80; size++ {
		if _, err := w.Cosign(forked.request(1, size)); text.CodeOf(err) != text.Refused {
			t.Fatalf("size %d: %v", size, err)
		}
	}
	if entries, err := os.ReadDir(filepath.Join(dir, "forks")); err != nil || len(entries) != 2*64 {
		t.Errorf("kept %d, %v", len(entries), err)
	}
}

func TestAWitnessThatLostItsStateCosignsNothing(t *testing.T) {
	head := func(dir string) string {
		all, err := filepath.Glob(filepath.Join(dir, "heads", "*"))
		if err != nil || len(all) != 1 {
			t.Fatalf("heads are %v, %v", all, err)
		}
		return all[0]
	}
	for name, damage := range map[string]func(path string, first []byte) error{
		"missing":   func(path string, _ []byte) error { return os.Remove(path) },
		"empty":     func(path string, _ []byte) error { return os.WriteFile(path, nil, 0o600) },
		"cut short": func(path string, _ []byte) error { return os.Truncate(path, 40) },
		"flipped": func(path string, _ []byte) error {
			content, err := os.ReadFile(path)
			content[30] ^= 1
			return errors.Join(err, os.WriteFile(path, content, 0o600))
		},
		"of another size": func(path string, _ []byte) error {
			content, err := os.ReadFile(path)
			edited := strings.Replace(string(content), "\n10\n", "\n8\n", 1)
			return errors.Join(err, os.WriteFile(path, []byte(edited), 0o600))
		},
	} {
		h := newHistory(t).grow(12, "record")
		w, dir := made(t, h, newClock().now)
		first, err := os.ReadFile(head(dir))
		if err != nil {
			t.Fatal(err)
		}
		cosign(t, w, h.request(0, 10))
		if err := damage(head(dir), first); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		w = opened(t, dir, newClock().now)
		for _, old := range []uint64{0, 10} {
			if _, err := w.Cosign(h.request(old, 12)); text.CodeOf(err) != text.Internal ||
				!strings.Contains(err.Error(), "make a witness under a new name") {
				t.Errorf("%s, from %d: got %v", name, old, err)
			}
		}
		if err := w.Trust(h.signer.Key); err != nil { // a repeat, which does not make the state anew
			t.Errorf("%s: trusted again: %v", name, err)
		}
		if _, err := w.Cosign(h.request(0, 12)); text.CodeOf(err) != text.Internal {
			t.Errorf("%s: after trusting again: %v", name, err)
		}
	}
}

func TestAWitnessFindsByItsOwnCosignatureThatItsStateIsOld(t *testing.T) {
	h := newHistory(t).grow(20, "record")
	w, dir := made(t, h, newClock().now)
	cosign(t, w, h.request(0, 5))
	heads := filepath.Join(dir, "heads")
	old := map[string][]byte{}
	all, err := os.ReadDir(heads)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		if old[f.Name()], err = os.ReadFile(filepath.Join(heads, f.Name())); err != nil {
			t.Fatal(err)
		}
	}
	r := h.request(5, 10)
	line := cosign(t, w, r)
	for name, content := range old {
		if err := os.WriteFile(filepath.Join(heads, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r.Checkpoint.Add(line)
	for range 2 {
		if _, err := w.Cosign(r); text.CodeOf(err) != text.Internal ||
			!strings.Contains(err.Error(), "older than what it cosigned") {
			t.Errorf("expected that the state is old, got %v", err)
		}
	}
	if _, err := w.Cosign(h.request(5, 20)); text.CodeOf(err) != text.Internal { // for ever
		t.Errorf("later: got %v", err)
	}
}

func TestTheClockOfAWitnessDoesNotGoBack(t *testing.T) {
	h, c := newHistory(t).grow(20, "record"), newClock()
	w, _ := made(t, h, c.now)
	begun := c.now()
	cosign(t, w, h.request(0, 5))
	c.add(-30 * time.Second)
	r := h.request(5, 6)
	r.Checkpoint.Lines = append(r.Checkpoint.Lines, cosign(t, w, r))
	if at, err := r.Checkpoint.CosignedBy(w.Key()); err != nil || !at.Equal(begun) {
		t.Errorf("half a minute back: cosigned at %v, %v", at, err)
	}
	c.add(-time.Hour)
	if _, err := w.Cosign(h.request(6, 7)); err == nil || !strings.Contains(err.Error(), "set the clock first") {
		t.Errorf("an hour back: got %v", err)
	}
}

func TestADirectoryHasOneWitnessAndOneProcess(t *testing.T) {
	h := newHistory(t).grow(3, "record")
	w, dir := made(t, h, newClock().now)
	if _, err := witness.Open(dir, time.Now); text.CodeOf(err) != text.Conflict {
		t.Errorf("opened twice: %v", err)
	}
	if _, err := witness.Create(dir, "witness.example/w2"); text.CodeOf(err) != text.Conflict {
		t.Errorf("made twice: %v", err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "witness.key"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := witness.Open(dir, time.Now); text.CodeOf(err) != text.Forbidden {
		t.Errorf("a key that others can read: %v", err)
	}
	if _, err := witness.Open(t.TempDir(), time.Now); text.CodeOf(err) != text.NotFound {
		t.Errorf("an empty directory: %v", err)
	}
	if _, err := witness.Open(filepath.Join(t.TempDir(), "none"), time.Now); text.CodeOf(err) != text.NotFound {
		t.Errorf("no directory: %v", err)
	}
}

func TestTrust(t *testing.T) {
	h := newHistory(t).grow(9, "record")
	w, dir := made(t, h, newClock().now)
	cosign(t, w, h.request(0, 9))
	if err := w.Trust(newHistory(t).signer.Key); text.CodeOf(err) != text.Conflict {
		t.Errorf("a second key of the origin: %v", err)
	}
	if err := w.Trust(w.Key()); text.CodeOf(err) != text.Invalid {
		t.Errorf("the key of a witness: %v", err)
	}
	odd, err := seal.NewSigner("taizhang."+strings.Repeat("省/../", 30), seal.LogKey)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Trust(odd.Key); err != nil {
		t.Errorf("an origin that is no name of a file: %v", err)
	}
	// whoever takes the key away and gives it again does not make the witness forget
	if err := os.WriteFile(filepath.Join(dir, "trusted"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	w = opened(t, dir, newClock().now)
	if err := w.Trust(h.signer.Key); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Cosign(h.request(0, 9)); text.CodeOf(err) != text.Conflict {
		t.Errorf("it forgot: %v", err)
	}
}

// TestNoTwoCosignedCheckpointsContradict lets several askers with forked ledgers ask at the same time, in any order,
// while the witness is closed and opened: all that it cosigned lies on one history.
func TestNoTwoCosignedCheckpointsContradict(t *testing.T) {
	const most = 40
	trunk := newHistory(t).grow(10, "record")
	var ledgers []*history
	for _, word := range []string{"one", "two", "three"} {
		ledgers = append(ledgers, trunk.branch().grow(most, word))
	}
	rapid.Check(t, func(rt *rapid.T) {
		dir := filepath.Join(t.TempDir(), rapid.StringMatching(`[a-z]{12}`).Draw(rt, "dir"))
		if _, err := witness.Create(dir, "witness.example/w1"); err != nil {
			rt.Fatal(err)
		}
		defer os.RemoveAll(dir)
		type good struct {
			of   *history
			size uint64
		}
		var mu sync.Mutex
		var cosigned []good
		for range rapid.IntRange(1, 3).Draw(rt, "lives of the process") {
			w, err := witness.Open(dir, time.Now)
			if err != nil {
				rt.Fatal(err)
			}
			if err := w.Trust(trunk.signer.Key); err != nil {
				rt.Fatal(err)
			}
			var asking sync.WaitGroup
			for i, l := range ledgers {
				sizes := rapid.SliceOfN(rapid.Uint64Range(1, most), 1, 4).Draw(rt, fmt.Sprint("sizes of ", i))
				asking.Go(func() {
					old := uint64(0)
					for _, size := range sizes {
						for range 2 { // the second time from the size that the witness names
							if old > size {
								break
							}
							_, err := w.Cosign(l.request(old, size))
							var conflict *witness.ConflictError
							if errors.As(err, &conflict) {
								old = conflict.Known
								continue
							}
							if err == nil {
								mu.Lock()
								cosigned = append(cosigned, good{l, size})
								mu.Unlock()
								old = size
							}
							break
						}
					}
				})
			}
			asking.Wait()
			if err := w.Close(); err != nil {
				rt.Fatal(err)
			}
		}
		for i, a := range cosigned {
			for _, b := range cosigned[i+1:] {
				if size := min(a.size, b.size); a.of.checkpoint(size).Root != b.of.checkpoint(size).Root {
					rt.Errorf("cosigned two histories of %d and %d records", a.size, b.size)
				}
			}
		}
	})
}
