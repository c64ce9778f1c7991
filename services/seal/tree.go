package seal

import (
	"context"
	"crypto/sha256"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/taizhang/taizhang/events"
)

// Tree grows by one leaf at a time and knows its root hash. It keeps only the roots of the perfect subtrees that its
// leaves make up, one for each bit set in their number. The zero Tree is empty.
type Tree struct {
	leaves   uint64
	subtrees []tlog.Hash // from the largest, which is of the first leaves, to the smallest
}

// Leaves is the number of leaves.
func (t *Tree) Leaves() uint64 { return t.leaves }

// Add appends a leaf: the bytes of an event as stored.
func (t *Tree) Add(stored []byte) {
	h := tlog.RecordHash(stored)
	for n := t.leaves; n&1 == 1; n >>= 1 { // as a carry runs through a binary number
		last := len(t.subtrees) - 1
		h = tlog.NodeHash(t.subtrees[last], h)
		t.subtrees = t.subtrees[:last]
	}
	t.subtrees = append(t.subtrees, h)
	t.leaves++
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

// Root returns the root hash of all events of a store up to a position, 0 for none of them. It reads them all, in the
// memory of one. A position at which no event lies is an error, for a hash shall not speak of what is not there.
func Root(ctx context.Context, store events.Store, position uint64) (tlog.Hash, error) {
	var t Tree
	at := uint64(0)
	for s, err := range store.ReadAll(ctx, 0) {
		if err != nil {
			return tlog.Hash{}, fmt.Errorf("seal: hash the ledger up to position %d: %w", position, err)
		}
		if s.Position > position {
			break
		}
		t.Add(s.Bytes)
		at = s.Position
	}
	if at != position {
		return tlog.Hash{}, fmt.Errorf("seal: hash the ledger up to position %d: the last event before it lies at %d", position, at)
	}
	return t.Root(), nil
}
