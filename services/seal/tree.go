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

// Tree grows leaf by leaf and knows its root hash. It keeps only the roots of the perfect subtrees that its leaves make up,
// one for each bit set in their number. The zero Tree is empty.
type Tree struct {
	leaves   uint64
	subtrees []tlog.Hash // from the largest, which is of the first leaves, to the smallest
}

// Leaves is the number of leaves.
func (t *Tree) Leaves() uint64 { return t.leaves }

// Add appends a leaf: the bytes of an event as stored.
func (t *Tree) Add(stored []byte) { t.add(tlog.RecordHash(stored), 1) }

// add appends a perfect subtree: its root and the number of its leaves, a power of two that divides those that are there.
func (t *Tree) add(root tlog.Hash, leaves uint64) {
	for n := t.leaves / leaves; n&1 == 1; n >>= 1 { // as a carry runs through a binary number
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

// Root returns the root hash of all events of a store up to a position, 0 for none of them. It reads them all, a few at a
// time, shows each to see, unless that is nil, on the caller's goroutine and in order, and hashes on all processors. A
// position at which no event lies is an error, for a hash shall not speak of what is not there.
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

// grow makes the tree of all events up to a position and says where the last of them lies.
func grow(ctx context.Context, store events.Store, position uint64, see func(*events.Stored)) (t Tree, last uint64, err error) {
	processors := runtime.GOMAXPROCS(0)
	full := make(chan *lot, 8*processors)
	var workers sync.WaitGroup
	for range processors {
		workers.Go(func() {
			for l := range full {
				var t Tree
				l.each(t.Add)
				*l.root = t.Root()
				lots.Put(l)
			}
		})
	}
	var roots []*tlog.Hash // of the full lots
	l := newLot()
	var s events.Stored // one for all, for its address goes elsewhere
	for s, err = range store.ReadAll(ctx, 0) {
		if err != nil || s.Position > position {
			break
		}
		last = s.Position
		if l.add(s.Bytes); len(l.ends) == lotLeaves {
			roots = append(roots, l.root)
			full <- l
			l = newLot()
		}
		if see != nil {
			see(&s)
		}
	}
	close(full)
	workers.Wait()
	for _, root := range roots {
		t.add(*root, lotLeaves)
	}
	l.each(t.Add)
	return t, last, err
}

// lotLeaves is how many leaves are hashed together: a power of two, so that a full lot is a perfect subtree.
const lotLeaves = 64

// lot is leaves that follow one another.
type lot struct {
	bytes []byte
	ends  []int
	root  *tlog.Hash // of their tree, once it is known
}

// lots keeps those that were hashed, to be filled again.
var lots = sync.Pool{New: func() any { return new(lot) }}

func newLot() *lot {
	l := lots.Get().(*lot)
	l.bytes, l.ends, l.root = l.bytes[:0], l.ends[:0], new(tlog.Hash)
	return l
}

func (l *lot) add(leaf []byte) {
	l.bytes = append(l.bytes, leaf...)
	l.ends = append(l.ends, len(l.bytes))
}

func (l *lot) each(do func(leaf []byte)) {
	from := 0
	for _, end := range l.ends {
		do(l.bytes[from:end])
		from = end
	}
}
