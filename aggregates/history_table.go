package aggregates

import (
	"hash/maphash"
)

// seed is the seed of the hashes, new in each run of the program, so that no writer can choose ids that collide. No
// answer depends on it.
var seed = maphash.MakeSeed()

// table finds numbers, counted from 1, by the hash of the key that each number stands for. It stores neither keys nor
// pointers, because a map from event ids would take most of the memory of a large ledger. A copy of the struct is a
// copy of the table, as for pages.
type table struct {
	slots pages[slot] // a quarter of them free
	size  int         // the number of slots, a power of two, or 0
	used  int
}

type slot struct {
	hash   uint32
	number uint32 // 0 when free
}

// find returns the number with this hash for which is returns true, or 0.
func (t *table) find(hash uint64, is func(number uint32) bool) uint32 {
	if t.size == 0 {
		return 0
	}
	return t.slots.at(t.at(uint32(hash), is)).number
}

// at returns the index of the slot in which a number is or would be put.
func (t *table) at(hash uint32, is func(number uint32) bool) int {
	mask := t.size - 1
	for i := int(hash) & mask; ; i = (i + 1) & mask {
		if s := t.slots.at(i); s.number == 0 || s.hash == hash && is(s.number) {
			return i
		}
	}
}

// put adds a number. It replaces the number for which is returns true, if there is one.
func (t *table) put(o *owner, hash uint64, number uint32, is func(number uint32) bool) {
	if 4*(t.used+1) > 3*t.size {
		t.grow(o)
	}
	s := t.slots.own(o, t.at(uint32(hash), is))
	if s.number == 0 {
		t.used++
	}
	*s = slot{uint32(hash), number}
}

func (t *table) grow(o *owner) {
	old := t.slots
	t.size = max(8, 2*t.size)
	t.slots = pages[slot]{owner: o, list: make([]page[slot], (t.size+pageLen-1)/pageLen)}
	for i := range t.slots.list {
		t.slots.list[i] = page[slot]{o, make([]slot, min(t.size, pageLen))}
	}
	for _, p := range old.list {
		for _, s := range p.items {
			if s.number != 0 {
				*t.slots.at(t.at(s.hash, func(uint32) bool { return false })) = s
			}
		}
	}
}
