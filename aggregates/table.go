package aggregates

import (
	"hash/maphash"
	"slices"
)

// seed is the seed of the hashes, new in each run of the program, so that no writer can choose ids that collide. No
// answer depends on it.
var seed = maphash.MakeSeed()

// table finds numbers, counted from 1, by the hash of the key that each number stands for. It stores neither keys nor
// pointers: a map from event ids would be most of the memory of a large ledger.
type table struct {
	slots []slot // a power of two, a quarter of them free
	used  int
}

type slot struct {
	hash   uint32
	number uint32 // 0 when free
}

// find returns the number with this hash for which is returns true, or 0.
func (t *table) find(hash uint64, is func(number uint32) bool) uint32 {
	if len(t.slots) == 0 {
		return 0
	}
	return t.slots[t.at(uint32(hash), is)].number
}

// at returns the index of the slot in which a number is or would be put.
func (t *table) at(hash uint32, is func(number uint32) bool) uint32 {
	mask := uint32(len(t.slots) - 1)
	i := hash & mask
	for t.slots[i].number != 0 && (t.slots[i].hash != hash || !is(t.slots[i].number)) {
		i = (i + 1) & mask
	}
	return i
}

// put adds a number. It replaces the number for which is returns true, if there is one.
func (t *table) put(hash uint64, number uint32, is func(number uint32) bool) {
	if 4*(t.used+1) > 3*len(t.slots) {
		t.grow()
	}
	s := &t.slots[t.at(uint32(hash), is)]
	if s.number == 0 {
		t.used++
	}
	*s = slot{uint32(hash), number}
}

func (t *table) grow() {
	old := t.slots
	t.slots = make([]slot, max(8, 2*len(old)))
	for _, s := range old {
		if s.number != 0 {
			t.slots[t.at(s.hash, func(uint32) bool { return false })] = s
		}
	}
}

func (t *table) clone() table { return table{slices.Clone(t.slots), t.used} }
