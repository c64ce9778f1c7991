package seal

import (
	"context"
	"fmt"
	"sync"

	"golang.org/x/mod/sumdb/tlog"
)

// Lots keeps the root hashes of lots of 256 leaves, and those of the tree above them: 250 KB for a million events.
// With them a root or a proof at any size takes the events of at most two lots, instead of all. The zero Lots is
// empty. Its methods may be called by several goroutines at a time, always with the same ledger. Its hashes are those
// of the events as they were read first.
type Lots struct {
	growing sync.Mutex // held by Grow, so that no event is read twice

	mu     sync.Mutex
	levels [][]tlog.Hash // of perfect subtrees: levels[0] of one lot each, levels[1] of two, …
	recent [4]leaves     // of lots that were read for an answer, the latest first
}

// leaves are the hashes of the first leaves of a lot.
type leaves struct {
	lot    uint64
	hashes []tlog.Hash
}

// Size returns the number of leaves under the roots that are kept.
func (l *Lots) Size() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.levels) == 0 {
		return 0
	}
	return uint64(len(l.levels[0])) * lotLeaves
}

// Grow reads the events of all full lots up to a size that are not kept yet. The other methods call it themselves; who
// calls it early, as at the start of a server, has quick answers later.
func (l *Lots) Grow(ctx context.Context, r Reader, size uint64) error {
	l.growing.Lock()
	defer l.growing.Unlock()
	upto := size - size%lotLeaves
	lots, last, err := hash(ctx, r, l.Size(), upto, nil, nil)
	if err == nil && last < upto {
		err = fmt.Errorf("the ledger ends at %d", last)
	}
	if err != nil {
		return fmt.Errorf("seal: hash the ledger up to position %d: %w", upto, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, lot := range lots {
		l.keep(lot.root)
	}
	return nil
}

// keep appends the root of a lot, and those of the perfect subtrees that end with it.
func (l *Lots) keep(root tlog.Hash) {
	for level := 0; ; level++ {
		if level == len(l.levels) {
			l.levels = append(l.levels, nil)
		}
		l.levels[level] = append(l.levels[level], root)
		n := len(l.levels[level])
		if n%2 == 1 {
			return
		}
		root = tlog.NodeHash(l.levels[level][n-2], root)
	}
}

// Root returns the root hash of the first events. Size 0 means no event.
func (l *Lots) Root(ctx context.Context, r Reader, size uint64) (tlog.Hash, error) {
	if err := l.ready(ctx, r, size); err != nil {
		return tlog.Hash{}, err
	}
	return tlog.TreeHash(int64(size), l.reader(ctx, r, size))
}

// Inclusion returns the proof that the leaf of an index (its position less one) lies in the tree of the first events.
func (l *Lots) Inclusion(ctx context.Context, r Reader, index, size uint64) ([]tlog.Hash, error) {
	if index >= size {
		return nil, fmt.Errorf("seal: prove index %d: it is not below the size %d", index, size)
	}
	if err := l.ready(ctx, r, size); err != nil {
		return nil, err
	}
	return tlog.ProveRecord(int64(size), int64(index), l.reader(ctx, r, size))
}

// Consistency returns the proof that the tree of the first size events begins with the tree of the first old events.
// CheckConsistency checks it. The proof is empty if old is 0 or equals size.
func (l *Lots) Consistency(ctx context.Context, r Reader, old, size uint64) ([]tlog.Hash, error) {
	if old > size {
		return nil, fmt.Errorf("seal: prove size %d: it is above the size %d", old, size)
	}
	if old == 0 {
		return nil, nil
	}
	if err := l.ready(ctx, r, size); err != nil {
		return nil, err
	}
	return tlog.ProveTree(int64(size), int64(old), l.reader(ctx, r, size))
}

// ready grows up to a size.
func (l *Lots) ready(ctx context.Context, r Reader, size uint64) error {
	if size > SizeMax {
		return fmt.Errorf("seal: hash the ledger up to position %d: it is above %d", size, uint64(SizeMax))
	}
	if size < l.Size()+lotLeaves {
		return nil
	}
	return l.Grow(ctx, r, size)
}

// reader returns the function by which package tlog reads hashes of perfect subtrees of the tree of a size.
func (l *Lots) reader(ctx context.Context, r Reader, size uint64) tlog.HashReaderFunc {
	return func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			level, n := tlog.SplitStoredHashIndex(index)
			var err error
			if hashes[i], err = l.subtree(ctx, r, size, level, uint64(n)); err != nil {
				return nil, err
			}
		}
		return hashes, nil
	}
}

// subtree returns the root of the n-th perfect subtree of a level, which has 2^level leaves, all below the size.
func (l *Lots) subtree(ctx context.Context, r Reader, size uint64, level int, n uint64) (tlog.Hash, error) {
	if level >= lotLevel {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.levels[level-lotLevel][n], nil
	}
	first := n << level
	all, err := l.leaves(ctx, r, first/lotLeaves, size)
	if err != nil {
		return tlog.Hash{}, err
	}
	var t Tree
	for _, h := range all[first%lotLeaves:][:1<<level] {
		t.add(h, 1)
	}
	return t.Root(), nil
}

// leaves returns the hashes of the leaves of a lot that are below a size, or of more.
func (l *Lots) leaves(ctx context.Context, r Reader, lot, size uint64) ([]tlog.Hash, error) {
	want := int(min(size-lot*lotLeaves, lotLeaves))
	l.mu.Lock()
	for _, recent := range l.recent {
		if recent.lot == lot && len(recent.hashes) >= want {
			l.mu.Unlock()
			return recent.hashes, nil
		}
	}
	l.mu.Unlock()
	hashes, last := make([]tlog.Hash, 0, want), lot*lotLeaves
	for s, err := range r.ReadAll(ctx, last) {
		if err == nil && s.Position != last+1 {
			err = fmt.Errorf("expected position %d, got %d", last+1, s.Position)
		}
		if err != nil {
			return nil, fmt.Errorf("seal: hash the events after position %d: %w", lot*lotLeaves, err)
		}
		last = s.Position
		if hashes = append(hashes, tlog.RecordHash(s.Bytes)); len(hashes) == want {
			break
		}
	}
	if len(hashes) < want {
		return nil, fmt.Errorf("seal: hash the events after position %d: the ledger ends at %d", lot*lotLeaves, last)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	copy(l.recent[1:], l.recent[:])
	l.recent[0] = leaves{lot, hashes}
	return hashes, nil
}
