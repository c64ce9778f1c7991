package sealing_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/memstore"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/logstore"
	"github.com/taizhang/taizhang/services/seal"
	"github.com/taizhang/taizhang/services/sealing"
)

func TestALedgerThatWasNeverSealedHasNoSeals(t *testing.T) {
	k := newKit(t, t.TempDir(), 3)
	if k.Begun() || k.HasKey() {
		t.Error("sealing has begun")
	}
	_, err := k.Seal(t.Context())
	refused(t, err, text.NotFound, "seal init")
	_, err = k.Newest()
	refused(t, err, text.NotFound, "seal init")
	_, err = k.All()
	refused(t, err, text.NotFound, "seal init")
	_, _, err = k.Receipt(t.Context(), 1)
	refused(t, err, text.NotFound, "seal init")
	_, err = k.Request(t.Context(), 0)
	refused(t, err, text.NotFound, "seal init")
	_, err = k.add("x.cosig", nil)
	refused(t, err, text.NotFound, "seal init")
	if count, found, err := checked(t, k.Keeper); count != 0 || found != nil || err != nil {
		t.Errorf("a check has %d, %v, %v", count, found, err)
	}
	for _, bad := range []string{"", "zj", "taizhang.zj", "taizhang.zj/26", "taizhang.ZJ/2026", "taizhang./2026",
		"taizhang.zj/2026/", "taizhang.zj+1/2026", "taizhang.zj/2101",
		"taizhang." + strings.Repeat("z", 100) + "/2026",
		"taizhang.浙江/2026", "taizhang.zj/2026\n"} {
		_, err = k.Begin(t.Context(), sealing.Beginning{Origin: bad})
		refused(t, err, text.Invalid, "is no origin")
	}
	if files := k.files(); len(files) != 0 {
		t.Errorf("there are files: %v", files)
	}
	empty := newKit(t, t.TempDir(), 0)
	_, err = empty.Begin(t.Context(), sealing.Beginning{Origin: origin})
	refused(t, err, text.NotFound, "no record")
}

// TestEachCheckpointExtendsTheOneBefore seals at several sizes and verifies everything with package seal alone.
func TestEachCheckpointExtendsTheOneBefore(t *testing.T) {
	k := newKit(t, t.TempDir(), 3)
	log := k.begin()
	if info, err := os.Stat(k.KeyPath()); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key has mode %v, %v", info.Mode(), err)
	}
	for range 4 {
		k.bring(100)
		made := k.seal()
		again, err := k.Seal(t.Context())
		if err != nil || again.New || string(again.Signed.Bytes()) != string(made.Bytes()) {
			t.Fatalf("sealing again makes %+v, %v", again, err)
		}
	}
	all, err := k.All()
	if err != nil || len(all) != 5 {
		t.Fatalf("there are %d checkpoints, %v", len(all), err)
	}
	newest := all[4]
	for i, s := range all {
		if err := s.SignedBy(log); err != nil {
			t.Error(err)
		}
		r, err := k.Request(t.Context(), s.Size)
		if err != nil {
			t.Fatal(err)
		}
		if err := seal.CheckConsistency(r.Proof, s.Checkpoint, newest.Checkpoint); err != nil {
			t.Error(err)
		}
		last := stored(t, k, s.Size)
		rec, err := events.DecodeEvent(last)
		if err != nil {
			t.Fatal(err)
		}
		sealed, ok := rec.Data.(*events.LedgerSealed)
		if !ok || last.Stream != events.LedgerStream || rec.By.Role != events.Program {
			t.Fatalf("the checkpoint %d ends with %s of %s", s.Size, rec.Kind, rec.By.Role)
		}
		before := seal.Checkpoint{}
		root := events.RootOfNothing
		if i > 0 {
			before = all[i-1].Checkpoint
			root = before.Root.String()
		}
		if sealed.Origin != origin || sealed.Key != log.String() || sealed.Size != before.Size ||
			sealed.Root != root || sealed.After != nil {
			t.Errorf("the record of the checkpoint %d is %+v", s.Size, sealed)
		}
	}
	for position := uint64(1); position <= newest.Size; position++ {
		proof, line, err := k.Receipt(t.Context(), position)
		if err != nil {
			t.Fatal(err)
		}
		read, err := seal.ParseProof(proof.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if err := read.Verify(line); err != nil {
			t.Error(err)
		}
		if s := stored(t, k, position); string(s.Bytes) != string(line) {
			t.Errorf("the line of %d is %s", position, line)
		}
	}
	if count, found, err := checked(t, k.Keeper); count != 5 || found != nil || err != nil {
		t.Errorf("a check has %d, %v, %v", count, found, err)
	}
}

func stored(t *testing.T, k *kit, position uint64) events.Stored {
	t.Helper()
	s, err := k.ledger.At(t.Context(), position)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestKeysAreCheckedBeforeAnythingIsSealed(t *testing.T) {
	k := newKit(t, t.TempDir(), 3)
	k.begin()
	k.bring(1)
	before := k.ledger.Register().Position()
	key, err := os.ReadFile(k.KeyPath())
	if err != nil {
		t.Fatal(err)
	}
	other, err := seal.NewSigner(origin, seal.LogKey)
	if err != nil {
		t.Fatal(err)
	}
	witness, err := seal.NewSigner(origin, seal.WitnessKey)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		content string
		mode    os.FileMode
		code    text.ErrorCode
		words   string
	}{
		{string(key), 0o640, text.Forbidden, "chmod 600"},
		{string(key), 0o604, text.Forbidden, "chmod 600"},
		{other.Private(), 0o600, text.Conflict, "the ledger records"},
		{witness.Private(), 0o600, text.Invalid, "it is the key of a witness"},
		{"", 0o600, text.Invalid, "no private key"},
	} {
		if err := errors.Join(os.WriteFile(k.KeyPath(), []byte(c.content), c.mode),
			os.Chmod(k.KeyPath(), c.mode)); err != nil {
			t.Fatal(err)
		}
		_, err = k.Seal(t.Context())
		refused(t, err, c.code, c.words)
	}
	if err := os.Remove(k.KeyPath()); err != nil {
		t.Fatal(err)
	}
	_, err = k.Seal(t.Context())
	refused(t, err, text.Unavailable, "seal key restore")
	if k.HasKey() || !k.Begun() {
		t.Error("the keeper knows another state")
	}
	if _, _, err := k.Receipt(t.Context(), 2); err != nil { // all else works
		t.Error(err)
	}
	refused(t, k.RestoreKey(t.Context(), "f", []byte(other.Private())), text.Conflict, "was not put back")
	refused(t, k.RestoreKey(t.Context(), "f", []byte("x")), text.Invalid, "f is no private key")
	if position := k.ledger.Register().Position(); position != before {
		t.Errorf("the ledger is at %d", position)
	}
	if err := k.RestoreKey(t.Context(), "f", key); err != nil {
		t.Fatal(err)
	}
	refused(t, k.RestoreKey(t.Context(), "f", key), text.Conflict, "exists already")
	k.seal()
}

func TestALedgerThatDoesNotExtendItsCheckpointGoesOnUnderANewOrigin(t *testing.T) {
	dir := t.TempDir()
	k := newKit(t, dir, 5)
	k.begin()
	k.bring(5)
	oldest, _ := k.Newest()
	old := k.seal()

	// another ledger with the same key beside it: what somebody makes who changed a record and computed all anew
	for _, c := range []struct {
		records int
		words   string
	}{{2, "has no record of a sealing"}, {30, "has no record of a sealing"}} {
		other := newKit(t, dir, c.records)
		_, err := other.Seal(t.Context())
		refused(t, err, text.NotFound, "seal init")
		_, err = other.Begin(t.Context(), sealing.Beginning{Origin: origin})
		refused(t, err, text.Conflict, "shorter")
	}
	forged := copied(t, k, dir, k.ledger.Register().Position(), 3)
	forged.bring(1)
	_, err := forged.Seal(t.Context())
	refused(t, err, text.Conflict, "are not those of the checkpoint")
	if _, found, err := checked(t, forged.Keeper); err != nil || len(found) != 1 ||
		!strings.Contains(found[0].What.En, "among positions 1 to 7") {
		t.Errorf("a check found %v, %v", found, err)
	}
	short := copied(t, k, dir, old.Size-2, 0)
	_, err = short.Seal(t.Context())
	refused(t, err, text.Conflict, "the ledger ends at position 11, and the checkpoint")
	if _, found, err := checked(t, short.Keeper); err != nil || len(found) != 1 || found[0].Position != old.Size ||
		!strings.Contains(found[0].What.En, "the last checkpoint that holds is 7") {
		t.Errorf("a check found %v, %v", found, err)
	}

	begin := func(origin string, after []byte) error {
		_, err := short.Begin(t.Context(), sealing.Beginning{Origin: origin, After: after})
		return err
	}
	refused(t, begin("taizhang.zj/2027", nil), text.Conflict, "an origin does not change by itself")
	noCheckpoint := begin("taizhang.zj/2027", []byte("x"))
	refused(t, noCheckpoint, text.Invalid, "after: this is no checkpoint")
	if zh := text.Of(noCheckpoint).Zh; strings.Count(zh, "不是检查点") != 1 {
		t.Errorf("the Chinese message is %s", zh)
	}
	refused(t, begin("taizhang.zj/2027", oldest.Bytes()), text.Conflict, "is not the last one")
	forgery, _ := seal.NewSigner(origin, seal.LogKey)
	asForged := begin("taizhang.zj/2027", seal.Sign(old.Checkpoint, forgery).Bytes())
	refused(t, asForged, text.Invalid, "is not signed by")
	if zh := text.Of(asForged).Zh; !strings.Contains(zh, "签名：检查点没有") {
		t.Errorf("the Chinese message is %s", zh)
	}
	if err := begin("taizhang.zj/2027", old.Bytes()); err != nil {
		t.Fatal(err)
	}
	made, err := short.Newest()
	if err != nil || made.Origin != "taizhang.zj/2027" || made.Size != old.Size-1 {
		t.Fatalf("the new checkpoint is %+v, %v", made, err)
	}
	rec, err := events.DecodeEvent(stored(t, short, made.Size))
	if err != nil {
		t.Fatal(err)
	}
	if after := rec.Data.(*events.LedgerSealed).After; after == nil || after.Origin != origin ||
		after.Size != old.Size || after.Root != old.Root.String() {
		t.Errorf("the record cites %+v", after)
	}
	for _, name := range []string{"log.key", "policy.txt", "checkpoints/7", "checkpoints/13"} {
		if _, err := os.Stat(short.path("earlier/1", name)); err != nil {
			t.Error(err)
		}
	}
	short.bring(1)
	newer := short.seal()
	refused(t, begin(origin, newer.Bytes()), text.Conflict, "was used before")
	if err := begin("taizhang.zj/2028", newer.Bytes()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(short.path("earlier/2/checkpoints")); err != nil {
		t.Error(err)
	}
	if count, found, err := checked(t, short.Keeper); count != 1 || found != nil || err != nil {
		t.Errorf("a check has %d, %v, %v", count, found, err)
	}
}

// copied returns a ledger of the first records of another, of which one, unless it is 0, has another note.
func copied(t *testing.T, k *kit, dir string, records, changed uint64) *kit {
	t.Helper()
	store := memstore.New(ticking())
	for s, err := range k.store.ReadAll(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		if s.Position > records {
			break
		}
		body := slices.Clone(s.Body)
		if s.Position == changed {
			body = []byte(strings.Replace(string(body), `"note":"`, `"note":"x`, 1))
			if string(body) == string(s.Body) {
				t.Fatalf("no note in %s", body)
			}
		}
		object, err := events.ParseObject(body)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := store.Append(t.Context(), s.Stream, s.Revision-1,
			[]events.Proposed{{ID: s.ID, Kind: s.Kind, Body: object}}); err != nil {
			t.Fatal(err)
		}
	}
	c := open(t, dir, store)
	c.brought = 1000
	return c
}

func TestWhatComesIsCheckedBeforeAnyOfItIsWritten(t *testing.T) {
	k := newKit(t, t.TempDir(), 3)
	k.begin()
	s, err := k.Newest()
	if err != nil {
		t.Fatal(err)
	}
	at := start.Add(time.Minute)
	stranger, _ := seal.NewSigner("witness.x/1", seal.WitnessKey)
	_, err = k.add("x.cosig", []byte(s.Cosign(stranger, at).String()+"\n"))
	refused(t, err, text.Invalid, "has no key of the witness witness.x/1")
	w := k.policy("a", "b", "c")
	lineAt := func(by seal.Signer, s *seal.Signed, at time.Time) sealing.File {
		return sealing.File{Name: by.Name + ".cosig", Content: []byte(s.Cosign(by, at).String() + "\n")}
	}
	line := func(by seal.Signer, s *seal.Signed) sealing.File { return lineAt(by, s, at) }
	k.bring(2)
	newest := k.seal()
	foreign := seal.Sign(seal.Checkpoint{Origin: origin, Size: newest.Size, Root: s.Root}, stranger)
	before := k.files()
	for _, c := range []struct {
		bad   sealing.File
		words string
	}{
		{line(w[1], foreign), "is of no checkpoint here"},
		{line(stranger, newest), "has no key of the witness"},
		{lineAt(w[1], newest, start.Add(-5*time.Minute)), "before the last record of the checkpoint of 8 records"},
		{lineAt(w[1], newest, time.Now().Add(6*time.Minute)), "is still to come"},
		{sealing.File{Name: "x.cosig", Content: []byte("— x\n")}, "the signature line"},
		{sealing.File{Name: "x.cosig"}, "the signature line"},
		{sealing.File{Name: "x.txt"}, "must be a cosignature"},
		{sealing.File{Name: "x.tsr", Content: []byte("x")}, "x.tsr: "},
	} {
		_, err := k.Add(t.Context(), []sealing.File{line(w[0], newest), c.bad})
		refused(t, err, text.Invalid, c.words)
	}
	if after := k.files(); !maps.Equal(before, after) {
		t.Error("a refused file changed the directory")
	}
	added, err := k.Add(t.Context(), []sealing.File{line(w[0], newest), line(w[1], s), line(w[0], newest)})
	if err != nil || len(added) != 3 || !added[0].New || !added[1].New || added[2].New || added[1].Size != s.Size ||
		added[0].By != "a" || !added[0].At.Equal(at) {
		t.Fatalf("added %+v, %v", added, err)
	}
	for i, want := range []uint64{newest.Size, s.Size, 0} {
		if known, err := k.Known(w[i].Key); err != nil || known != want {
			t.Errorf("the witness %d knows %d, expected %d, %v", i, known, want, err)
		}
	}
	// a receipt has the newest checkpoint until an older one alone meets the quorum of two
	covers := func(position uint64) uint64 {
		t.Helper()
		p, _, err := k.Receipt(t.Context(), position)
		if err != nil {
			t.Fatal(err)
		}
		return p.Checkpoint.Size
	}
	if size := covers(2); size != newest.Size {
		t.Errorf("a receipt is of %d", size)
	}
	if _, err := k.add("c.cosig", line(w[2], s).Content); err != nil {
		t.Fatal(err)
	}
	if size := covers(2); size != s.Size {
		t.Errorf("a receipt is of %d, which has no quorum", size)
	}
	if size := covers(newest.Size); size != newest.Size {
		t.Errorf("a receipt is of %d", size)
	}
	k.bring(1)
	if _, err := k.add("b.cosig", line(w[1], newest).Content); err != nil {
		t.Fatal(err)
	}
	last := k.seal()
	rec, err := events.DecodeEvent(stored(t, k, last.Size))
	if err != nil {
		t.Fatal(err)
	}
	want := []events.Cosigner{{Name: "a", At: "2025-11-01T00:01:00Z"}, {Name: "b", At: "2025-11-01T00:01:00Z"}}
	if got := rec.Data.(*events.LedgerSealed).Cosigners; !slices.Equal(got, want) {
		t.Errorf("the record has the cosigners %v", got)
	}
}

func TestAPolicyOfAnotherLogIsRefused(t *testing.T) {
	k := newKit(t, t.TempDir(), 3)
	k.begin()
	other, _ := seal.NewSigner(origin, seal.LogKey)
	line := "log " + other.Key.String() + " https://x.invalid/\n"
	if err := os.WriteFile(k.PolicyPath(), []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := k.Witnesses()
	refused(t, err, text.Conflict, "and the ledger records")
	k.bring(1)
	_, err = k.Seal(t.Context())
	refused(t, err, text.Conflict, "and the ledger records")
}

func TestAWrongPolicyIsReportedInOneLanguage(t *testing.T) {
	k := newKit(t, t.TempDir(), 3)
	log := k.begin()
	for _, line := range []string{"quorum none", "witness audit x file:///by-hand", "frob"} {
		content := "log " + log.String() + " https://x.invalid/\n" + line + "\nwitness a b c\n"
		if err := os.WriteFile(k.PolicyPath(), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := k.Witnesses()
		refused(t, err, text.Invalid, "the trust file is wrong")
		zh := text.Of(err).Zh
		if !strings.Contains(zh, "policy.txt：信任文件不对：第 2 行：") || strings.Contains(zh, "the ") {
			t.Errorf("%s: the Chinese message is %s", line, zh)
		}
	}
}

func TestAChangedCheckpointIsAFinding(t *testing.T) {
	k := newKit(t, t.TempDir(), 3)
	k.begin()
	path := k.path("checkpoints", "5")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range whole {
		wrong := slices.Clone(whole)
		wrong[i] ^= 1
		if err := os.WriteFile(path, wrong, 0o600); err != nil {
			t.Fatal(err)
		}
		if count, found, err := checked(t, k.Keeper); count != 0 || len(found) != 1 || err != nil ||
			!strings.Contains(found[0].What.En, "is damaged or was changed") {
			t.Fatalf("byte %d: %d, %v, %v", i, count, found, err)
		}
		if _, err := k.Newest(); err == nil {
			t.Fatalf("byte %d is not noticed", i)
		}
	}
}

// TestSealsOfSeveralProcessesFollowEachOther seals and adds at the same time, from several keepers of one directory.
func TestSealsOfSeveralProcessesFollowEachOther(t *testing.T) {
	k := newKit(t, t.TempDir(), 3)
	k.begin()
	w := k.policy("a", "b", "c", "d")
	s, err := k.Newest()
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for _, by := range w {
		beside := sealing.New(k.dir, k.ledger, k.store)
		all.Go(func() {
			line := sealing.File{Name: "x.cosig", Content: []byte(s.Cosign(by, start).String())}
			if _, err := beside.Add(t.Context(), []sealing.File{line}); err != nil {
				t.Error(err)
			}
		})
		all.Go(func() {
			if _, err := k.Seal(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if s, err = k.Newest(); err != nil || len(s.Lines) != 1+len(w) {
		t.Errorf("the checkpoint has %d lines, %v", len(s.Lines), err)
	}
}

// The variables that make this binary seal a directory instead of running the tests. It kills itself at a read after
// the record of the sealing.
const (
	killDir  = "TAIZHANG_SEAL_DIR"
	killInit = "TAIZHANG_SEAL_INIT"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(killDir); dir != "" {
		fmt.Fprintln(os.Stderr, sealAndDie(dir, os.Getenv(killInit)))
		os.Exit(1) // it should have been killed
	}
	os.Exit(m.Run())
}

// deadly kills the process when it is read after a position.
type deadly struct {
	events.Store
	after *uint64
}

func (d deadly) ReadAll(ctx context.Context, after uint64) iter.Seq2[events.Stored, error] {
	for s, err := range d.Store.ReadAll(ctx, *d.after) {
		if err == nil && s.Kind == events.KindLedgerSealed {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
	return d.Store.ReadAll(ctx, after)
}

func TestAddingEndsWithItsContextWhileAnotherProcessWrites(t *testing.T) {
	k := newKit(t, t.TempDir(), 3)
	k.begin()
	other, err := os.Open(k.path())
	if err == nil {
		defer other.Close()
		err = syscall.Flock(int(other.Fd()), syscall.LOCK_EX)
	}
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	var all sync.WaitGroup
	for range 2 { // one waits for the process, the other one for the first
		all.Go(func() {
			if _, err := k.Add(ctx, nil); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("added with %v", err)
			}
		})
	}
	all.Wait()
}

func sealAndDie(dir, origin string) error {
	store, err := logstore.Open(dir, logstore.Options{SegmentBytes: 1 << 20})
	if err != nil {
		return err
	}
	l, err := ledger.Open(context.Background(), store, ledger.Config{})
	if err != nil {
		return err
	}
	position := l.Register().Position()
	k := sealing.New(dir, l, deadly{store, &position})
	if origin != "" {
		_, err = k.Begin(context.Background(), sealing.Beginning{Origin: origin})
	} else {
		_, err = k.Seal(context.Background())
	}
	return err
}

// TestASealingKilledBetweenItsRecordAndItsCheckpointIsCompletedByTheNext kills a process, at the first sealing and at
// a later one.
func TestASealingKilledBetweenItsRecordAndItsCheckpointIsCompletedByTheNext(t *testing.T) {
	dir := t.TempDir()
	onDisk := func(do func(*kit)) {
		t.Helper()
		store, err := logstore.Open(dir, logstore.Options{SegmentBytes: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		k := open(t, dir, store)
		do(k)
		k.ledger.Close()
	}
	die := func(origin string) {
		t.Helper()
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), killDir+"="+dir, killInit+"="+origin)
		if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(err.Error(), "killed") {
			t.Fatalf("it was not killed: %v %s", err, out)
		}
	}
	onDisk(func(k *kit) { k.bring(3) })
	die(origin)
	onDisk(func(k *kit) {
		if all, err := k.All(); err != nil || len(all) != 0 || !k.Begun() {
			t.Fatalf("there are the checkpoints %v, %v", all, err)
		}
		if made, err := k.Begin(t.Context(), sealing.Beginning{Origin: origin}); err != nil || made.Signed.Size != 5 {
			t.Fatalf("it made %+v, %v", made, err)
		}
		k.brought = 10
		k.bring(1)
	})
	die("")
	onDisk(func(k *kit) {
		if s := k.seal(); s.Size != 7 {
			t.Errorf("the checkpoint is of %d", s.Size)
		}
		k.brought = 20
		k.bring(1)
	})
	die("")
	onDisk(func(k *kit) { // with records after it, it has a record of its own
		k.brought = 30
		k.bring(1)
		if s := k.seal(); s.Size != 11 {
			t.Errorf("the checkpoint is of %d", s.Size)
		}
		all, err := k.All()
		if err != nil || len(all) != 3 {
			t.Fatalf("there are %d checkpoints, %v", len(all), err)
		}
		rec, err := events.DecodeEvent(stored(t, k, 11))
		if err != nil || rec.Data.(*events.LedgerSealed).Size != 7 {
			t.Errorf("the record names %+v, %v", rec.Data, err)
		}
		if count, found, err := checked(t, k.Keeper); count != 3 || found != nil || err != nil {
			t.Errorf("a check has %d, %v, %v", count, found, err)
		}
	})
}

func TestALostCheckpointIsSignedAgain(t *testing.T) {
	for name, lose := range map[string]func(k *kit, second uint64) string{
		"all":     func(k *kit, _ uint64) string { return k.path("checkpoints") },
		"earlier": func(k *kit, second uint64) string { return k.path("checkpoints", fmt.Sprint(second)) },
	} {
		t.Run(name, func(t *testing.T) {
			k := newKit(t, t.TempDir(), 3)
			k.begin()
			k.bring(1)
			second := k.seal()
			k.bring(1)
			third := k.seal()
			if err := os.RemoveAll(lose(k, second.Size)); err != nil {
				t.Fatal(err)
			}
			if lost, err := k.Lost(t.Context()); err != nil || len(lost) != map[string]int{"earlier": 1}[name] {
				t.Errorf("lost are %v, %v", lost, err)
			}
			k.bring(1)
			k.seal()
			all, err := k.All()
			if err != nil || len(all) < 3 || string(all[1].Bytes()) != string(second.Bytes()) {
				t.Errorf("the checkpoints are %v, %v", all, err)
			}
			if name == "earlier" && string(all[2].Bytes()) != string(third.Bytes()) {
				t.Errorf("the third checkpoint is %v", all[2])
			}
			if lost, err := k.Lost(t.Context()); err != nil || len(lost) > 0 {
				t.Errorf("lost are %v, %v", lost, err)
			}
		})
	}
}
