package seal

import (
	"context"
	"crypto/sha256"
	"fmt"
	"runtime"
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
		return sha256.Sum256(nil)
	}
	h := t.subtrees[last]
	for i := last - 1; i >= 0; i-- {
		h = tlog.NodeHash(t.subtrees[i], h)
	}
	return h
}

// Root returns the root hash of all events of a store up to a position; position 0 means no event. It reads all these
// events, a few at a time, and hashes them on all processors. It calls see, unless nil, with each event in order, on
// the caller's goroutine. A position at which no event lies is an error.
func Root(ctx context.Context, store events.Store, position uint64, see func(*events.Stored)) (tlog.Hash, error) {
	t, last, err := grow(ctx, store, position, see)
	if err == nil && last != position {
		err = fmt.Errorf("the last event before it lies at %d", last)
	}
	if err != nil {
		return tlog.Hash{}, fmt.Errorf("seal: hash the ledger up to position %d: %w", position, err)
	}
	return t.Root(), nil
}

// grow returns the tree of all events up to a position, and the position of the last of them.
func grow(ctx context.Context, store events.Store, position uint64, see func(*events.Stored)) (t Tree, last uint64,
	err error) {
	processors := runtime.GOMAXPROCS(0)
	full := make(chan *batch, 8*processors)
	var workers sync.WaitGroup
	for range processors {
		workers.Go(func() {
			for l := range full {
				var t Tree
				l.each(t.Add)
				*l.root = t.Root()
				batches.Put(l)
			}
		})
	}
	var roots []*tlog.Hash // of the full batches
	l := newBatch()
	var s events.Stored // one variable for all events, because its address escapes
	for s, err = range store.ReadAll(ctx, 0) {
		if err != nil || s.Position > position {
			break
		}
		last = s.Position
		if l.add(s.Bytes); len(l.ends) == batchLeaves {
			roots = append(roots, l.root)
			full <- l
			l = newBatch()
		}
		if see != nil {
			see(&s)
		}
	}
	close(full)
	workers.Wait()
	for _, root := range roots {
		t.add(*root, batchLeaves)
	}
	l.each(t.Add)
	return t, last, err
}

// batchLeaves is the number of leaves that are hashed together. It is a power of two, so that a full batch is a
// perfect subtree.
const batchLeaves = 64

// batch holds consecutive leaves.
type batch struct {
	bytes []byte
	ends  []int
	root  *tlog.Hash // of the tree of the leaves, once it is computed
}

// batches keeps hashed batches for reuse.
var batches = sync.Pool{New: func() any { return new(batch) }}

func newBatch() *batch {
	l := batches.Get().(*batch)
	l.bytes, l.ends, l.root = l.bytes[:0], l.ends[:0], new(tlog.Hash)
	return l
}

func (l *batch) add(leaf []byte) {
	l.bytes = append(l.bytes, leaf...)
	l.ends = append(l.ends, len(l.bytes))
}

func (l *batch) each(do func(leaf []byte)) {
	from := 0
	for _, end := range l.ends {
		do(l.bytes[from:end])
		from = end
	}
}
