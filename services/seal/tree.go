package seal

import (
	"context"
	"crypto/sha256"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/taizhang/taizhang/events"
)

// Tree is a Merkle tree that grows leaf by leaf. It keeps only the roots of its perfect subtrees, one for each bit
// that is set in the number of leaves. The zero Tree is empty.
type Tree struct {
	leaves   uint64
	subtrees []tlog.Hash // from the largest, over the first leaves, to the smallest
}

// EmptyRoot returns the root hash of a tree without leaves.
func EmptyRoot() tlog.Hash { return sha256.Sum256(nil) }

// Leaves returns the number of leaves.
func (t *Tree) Leaves() uint64 { return t.leaves }

// Add appends a leaf: the bytes of an event as stored.
func (t *Tree) Add(stored []byte) { t.add(tlog.RecordHash(stored), 1) }

// add appends a perfect subtree with its root. Its number of leaves is a power of two that divides the number of
// leaves before it.
func (t *Tree) add(root tlog.Hash, leaves uint64) {
	for n := t.leaves / leaves; n&1 == 1; n >>= 1 { // like a carry in a binary addition
		last := len(t.subtrees) - 1
		root = tlog.NodeHash(t.subtrees[last], root)
		t.subtrees = t.subtrees[:last]
	}
	t.subtrees = append(t.subtrees, root)
	t.leaves += leaves
}

// Root returns the root hash.
func (t *Tree) Root() tlog.Hash {
	last := len(t.subtrees) - 1
	if last < 0 {
		return EmptyRoot()
	}
	h := t.subtrees[last]
	for i := last - 1; i >= 0; i-- {
		h = tlog.NodeHash(t.subtrees[i], h)
	}
	return h
}

// with returns a tree whose leaves are those of t followed by those of other. The caller ensures that the number of
// leaves of t is a multiple of lotLeaves and that other has at most lotLeaves leaves.
func (t *Tree) with(other Tree) Tree {
	whole := Tree{t.leaves, slices.Clone(t.subtrees)}
	for bit := uint64(lotLeaves); bit > 0; bit >>= 1 {
		if other.leaves&bit != 0 {
			whole.add(other.subtrees[0], bit)
			other.subtrees = other.subtrees[1:]
		}
	}
	return whole
}

// Reader reads the events of a ledger in the order of their positions, which count from 1 without a gap. An
// events.Store whose positions do is one.
type Reader interface {
	// ReadAll yields the events after a position, as events.Store does.
	ReadAll(ctx context.Context, after uint64) iter.Seq2[events.Stored, error]
}

// Root returns the root hash of all events up to a position; position 0 means no event. It calls see as Roots does. A
// position at which no event lies is an error.
func Root(ctx context.Context, store Reader, position uint64, see func(*events.Stored)) (tlog.Hash, error) {
	roots, last, err := Roots(ctx, store, []uint64{position}, see)
	if err == nil && last < position {
		err = fmt.Errorf("seal: hash the ledger up to position %d: it ends at %d", position, last)
	}
	if err != nil {
		return tlog.Hash{}, err
	}
	return roots[0], nil
}

// Roots returns the root hashes of the first events of a ledger, one for each of the sizes, in any order. It reads the
// events once, up to the largest size, a few at a time, and hashes them on all processors. It calls see, unless nil,
// with each event in order, on the caller's goroutine. It returns the position of the last event too: if that is below
// a size, the ledger is shorter, and the root for that size means nothing.
func Roots(ctx context.Context, store Reader, sizes []uint64, see func(*events.Stored)) (roots []tlog.Hash,
	last uint64, err error) {
	order := slices.Sorted(slices.Values(sizes))
	upto := uint64(0)
	if len(order) > 0 {
		upto = order[len(order)-1]
	}
	lots, last, err := hash(ctx, store, 0, upto, order, see)
	if err != nil {
		return nil, last, fmt.Errorf("seal: hash the ledger up to position %d: %w", upto, err)
	}
	at := map[uint64]tlog.Hash{0: EmptyRoot()}
	var t Tree
	for _, l := range lots {
		for _, cut := range l.cuts {
			whole := t.with(cut)
			at[whole.leaves] = whole.Root()
		}
		if t.leaves+lotLeaves <= last {
			t.add(l.root, lotLeaves)
		}
	}
	roots = make([]tlog.Hash, len(sizes))
	for i, size := range sizes {
		roots[i] = at[size]
	}
	return roots, last, nil
}

// hash reads and hashes the events after a position, which is the end of a lot, up to another. Each lot keeps its
// trees at the cuts, sorted positions. The last lot may have fewer leaves than the others; its root is that of its
// leaves.
func hash(ctx context.Context, store Reader, after, upto uint64, cuts []uint64, see func(*events.Stored)) (
	lots []*hashed, last uint64, err error) {
	last = after
	if last >= upto {
		return nil, last, nil
	}
	processors := runtime.GOMAXPROCS(0)
	full := make(chan *lot, 4*processors)
	var workers sync.WaitGroup
	for range processors {
		workers.Go(func() {
			for l := range full {
				l.hash()
			}
		})
	}
	l := newLot()
	send := func() {
		for len(cuts) > 0 && cuts[0] <= last {
			if leaves := int(cuts[0] - (last - uint64(len(l.ends)))); leaves > 0 {
				l.cuts = append(l.cuts, leaves)
			}
			cuts = cuts[1:]
		}
		lots = append(lots, l.hashed)
		full <- l
		l = newLot()
	}
	var s events.Stored // one variable for all events, because its address escapes
	for s, err = range store.ReadAll(ctx, after) {
		if err == nil && s.Position != last+1 {
			err = fmt.Errorf("expected position %d, got %d", last+1, s.Position)
		}
		if err != nil {
			break
		}
		last = s.Position
		if l.add(s.Bytes); len(l.ends) == lotLeaves {
			send()
		}
		if see != nil {
			see(&s)
		}
		if last == upto {
			break
		}
	}
	if len(l.ends) > 0 {
		send()
	}
	close(full)
	workers.Wait()
	return lots, last, err
}

// lotLeaves is the number of leaves that are hashed together. It is a power of two, so that a full lot is a perfect
// subtree.
const (
	lotLeaves = 1 << lotLevel
	lotLevel  = 8
)

// lot holds consecutive leaves, each after the byte 0 with which it is hashed.
type lot struct {
	bytes []byte
	ends  []int
	cuts  []int // numbers of leaves at which hash keeps the tree, ascending
	*hashed
}

// hashed is what remains of a lot once it is hashed.
type hashed struct {
	root tlog.Hash
	cuts []Tree
}

// lots keeps hashed lots for reuse.
var lots = sync.Pool{New: func() any { return new(lot) }}

func newLot() *lot {
	l := lots.Get().(*lot)
	l.bytes, l.ends, l.cuts, l.hashed = l.bytes[:0], l.ends[:0], l.cuts[:0], new(hashed)
	return l
}

func (l *lot) add(leaf []byte) {
	l.bytes = append(append(l.bytes, 0), leaf...)
	l.ends = append(l.ends, len(l.bytes))
}

// hash computes the root and the trees at the cuts, and gives the lot back for reuse.
func (l *lot) hash() {
	var t Tree
	from, cuts := 0, l.cuts
	for i, end := range l.ends {
		t.add(sha256.Sum256(l.bytes[from:end]), 1)
		from = end
		for len(cuts) > 0 && cuts[0] == i+1 {
			l.hashed.cuts = append(l.hashed.cuts, Tree{t.leaves, slices.Clone(t.subtrees)})
			cuts = cuts[1:]
		}
	}
	l.root = t.Root()
	lots.Put(l)
}
