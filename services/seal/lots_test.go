package seal_test

import (
	"context"
	"iter"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/memstore"
	"github.com/taizhang/taizhang/services/seal"
)

// nodes are the hashes that package tlog stores for a tree, by which it makes its own proofs.
type nodes []tlog.Hash

func (n nodes) ReadHashes(indexes []int64) (list []tlog.Hash, err error) {
	for _, i := range indexes {
		list = append(list, n[i])
	}
	return list, nil
}

func nodesOf(t testing.TB, leaves [][]byte) (n nodes) {
	t.Helper()
	for i, leaf := range leaves {
		hashes, err := tlog.StoredHashes(int64(i), leaf, n)
		if err != nil {
			t.Fatal(err)
		}
		n = append(n, hashes...)
	}
	return n
}

// counted is a ledger that counts the events that were read of it.
type counted struct {
	seal.Reader
	mu   sync.Mutex
	read int
}

func (c *counted) ReadAll(ctx context.Context, after uint64) iter.Seq2[events.Stored, error] {
	return func(yield func(events.Stored, error) bool) {
		for s, err := range c.Reader.ReadAll(ctx, after) {
			c.mu.Lock()
			c.read++
			c.mu.Unlock()
			if !yield(s, err) {
				return
			}
		}
	}
}

func TestRootsAndProofsOfAllSmallTreesAreAsDefined(t *testing.T) {
	store := memstore.New(time.Now)
	ledger(t, store, 70)
	leaves := leavesOf(t, store)
	var lots seal.Lots
	for n := range 71 {
		root, err := lots.Root(t.Context(), store, uint64(n))
		if err != nil || root != tlog.Hash(defined(leaves[:n])) {
			t.Fatalf("%d events: root %v, %v", n, root, err)
		}
		for m := range n {
			got, err := lots.Inclusion(t.Context(), store, uint64(m), uint64(n))
			if want := path(m, leaves[:n]); err != nil || !slices.Equal(got, want) {
				t.Fatalf("leaf %d of %d: %v, %v, by definition %v", m, n, got, err, want)
			}
			got, err = lots.Consistency(t.Context(), store, uint64(m+1), uint64(n))
			if want := consistent(m+1, leaves[:n]); err != nil || !slices.Equal(got, want) {
				t.Fatalf("tree %d in %d: %v, %v, by definition %v", m+1, n, got, err, want)
			}
		}
		if proof, err := lots.Consistency(t.Context(), store, 0, uint64(n)); err != nil || len(proof) > 0 {
			t.Errorf("the empty tree in %d: %v, %v", n, proof, err)
		}
	}
}

// Around the ends of lots, and at random, roots and proofs are those of package tlog.
func TestRootsAndProofsOverLotsAreThoseOfSumdb(t *testing.T) {
	const n = 1300
	store := memstore.New(time.Now)
	ledger(t, store, n)
	leaves := leavesOf(t, store)
	stored := nodesOf(t, leaves)
	sizes := []uint64{0, 1, 2, 128, 255, 256, 257, 511, 512, 513, 767, 768, 769, 1023, 1024, 1025, 1279, 1280, 1281, n}
	roots, last, err := seal.Roots(t.Context(), store, append([]uint64{700, 300}, sizes...), nil)
	if err != nil || last != n {
		t.Fatalf("the last is %d, %v", last, err)
	}
	var early, late seal.Lots // the one grows with each question, the other is asked for the largest size first
	if err := late.Grow(t.Context(), store, n); err != nil || late.Size() != 1280 {
		t.Fatalf("the lots cover %d, %v", late.Size(), err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for i, size := range append([]uint64{700, 300}, sizes...) {
		want, err := tlog.TreeHash(int64(size), stored)
		if err != nil || roots[i] != want {
			t.Errorf("%d events: root %v in one pass, by sumdb %v, %v", size, roots[i], want, err)
		}
		for _, lots := range []*seal.Lots{&early, &late} {
			if root, err := lots.Root(t.Context(), store, size); err != nil || root != want {
				t.Errorf("%d events: root %v, %v, by sumdb %v", size, root, err, want)
			}
			for range 20 {
				if size == 0 {
					break
				}
				m := random.Uint64N(size)
				got, err := lots.Inclusion(t.Context(), store, m, size)
				if err != nil || tlog.CheckRecord(got, int64(size), want, int64(m),
					tlog.RecordHash(leaves[m])) != nil {
					t.Errorf("leaf %d of %d is not proven: %v", m, size, err)
				}
				got, err = lots.Consistency(t.Context(), store, m+1, size)
				their, theirErr := tlog.ProveTree(int64(size), int64(m+1), stored)
				if err != nil || theirErr != nil || !slices.Equal(got, their) {
					t.Errorf("tree %d in %d: %v, %v, by sumdb %v, %v", m+1, size, got, err, their, theirErr)
				}
			}
		}
	}
}

func TestRootsSeesEachEventOnceUpToTheLargestSize(t *testing.T) {
	store := memstore.New(time.Now)
	ledger(t, store, 600)
	var seen []uint64
	roots, last, err := seal.Roots(t.Context(), store, []uint64{10, 10, 300, 0}, func(s *events.Stored) {
		seen = append(seen, s.Position)
	})
	if err != nil || last != 300 || len(seen) != 300 || seen[299] != 300 || roots[0] != roots[1] {
		t.Errorf("seen %d events up to %d, %v", len(seen), last, err)
	}
	// A shorter ledger is no error: the caller learns where it ends.
	roots, last, err = seal.Roots(t.Context(), store, []uint64{300, 700}, nil)
	if want, _ := seal.Root(t.Context(), store, 300, nil); err != nil || last != 600 || roots[0] != want {
		t.Errorf("the ledger ends at %d, %v", last, err)
	}
	if roots, last, err := seal.Roots(t.Context(), store, nil, nil); len(roots) > 0 || last != 0 || err != nil {
		t.Errorf("nothing asked: %v, %d, %v", roots, last, err)
	}
}

func TestAnswersReadAtMostTwoLots(t *testing.T) {
	store := memstore.New(time.Now)
	ledger(t, store, 1300)
	c := &counted{Reader: store}
	var lots seal.Lots
	if err := lots.Grow(t.Context(), c, 1300); err != nil || c.read != 1280 {
		t.Fatalf("read %d events, %v", c.read, err)
	}
	asked := func(what string, max int, ask func() error) {
		t.Helper()
		c.read = 0
		if err := ask(); err != nil || c.read > max {
			t.Errorf("%s reads %d events, %v", what, c.read, err)
		}
	}
	asked("the root", 20, func() error { _, err := lots.Root(t.Context(), c, 1300); return err })
	asked("a proof", 256, func() error { _, err := lots.Inclusion(t.Context(), c, 300, 1300); return err })
	asked("the proof beside it", 0, func() error { _, err := lots.Inclusion(t.Context(), c, 301, 1300); return err })
	asked("a proof in another lot", 256, func() error {
		_,
			err := lots.Inclusion(t.Context(), c, 900, 1300)
		return err
	})
	asked("a smaller tree", 256, func() error { _, err := lots.Consistency(t.Context(), c, 1000, 1300); return err })
	asked("the same size again", 0, func() error { return lots.Grow(t.Context(), c, 1300) })
}

func TestAShortOrBrokenLedgerIsAnError(t *testing.T) {
	store := memstore.New(time.Now)
	ledger(t, store, 300)
	for name, r := range map[string]seal.Reader{"short": store, "with a gap": gap{store}} {
		var lots seal.Lots
		size := map[string]uint64{"short": 301, "with a gap": 300}[name]
		if root, err := lots.Root(t.Context(), r, size); err == nil {
			t.Errorf("%s: the root is %v", name, root)
		}
		if err := lots.Grow(t.Context(), r, 512); err == nil {
			t.Errorf("%s: it grows", name)
		}
		if proof, err := lots.Inclusion(t.Context(), r, size-1, size); err == nil {
			t.Errorf("%s: the proof is %v", name, proof)
		}
	}
	if roots, last, err := seal.Roots(t.Context(), gap{store}, []uint64{300}, nil); err == nil || last != 299 {
		t.Errorf("with a gap: %v at %d", roots, last)
	}
	var lots seal.Lots
	for _, err := range []error{first(lots.Inclusion(t.Context(), store, 300, 300)),
		first(lots.Consistency(t.Context(), store, 301, 300)), first(lots.Inclusion(t.Context(), store, 1, 1<<63))} {
		if err == nil {
			t.Error("what cannot be is proven")
		}
	}
}

func first(_ []tlog.Hash, err error) error { return err }

// gap leaves out position 300 and moves those after it.
type gap struct{ seal.Reader }

func (g gap) ReadAll(ctx context.Context, after uint64) iter.Seq2[events.Stored, error] {
	return func(yield func(events.Stored, error) bool) {
		for s, err := range g.Reader.ReadAll(ctx, after) {
			if s.Position == 300 {
				s.Position = 301
			}
			if !yield(s, err) {
				return
			}
		}
	}
}

func TestLotsServeSeveralAtATime(t *testing.T) {
	store := memstore.New(time.Now)
	ledger(t, store, 1300)
	leaves := leavesOf(t, store)
	root := tlog.Hash(defined(leaves))
	var lots seal.Lots
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for m := uint64(i); m < 1300; m += 90 {
				proof, err := lots.Inclusion(t.Context(), store, m, 1300)
				if err != nil || tlog.CheckRecord(proof, 1300, root, int64(m), tlog.RecordHash(leaves[m])) != nil {
					t.Errorf("leaf %d is not proven: %v", m, err)
				}
			}
		})
	}
	all.Wait()
}
