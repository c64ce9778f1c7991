package aggregates

import (
	"hash/maphash"
	"slices"
)

// owner identifies the copy of a center that may change a piece of memory in place. Copies of a center share their
// memory. Clone gives both of them a new owner, so that each copies a piece before it changes it for the first time.
type owner struct{ _ byte }

// pages is a list whose elements never move when it grows. A slice would be copied repeatedly and would end with
// unused capacity. A copy of the struct is a copy of the list: the two share the pages that neither has changed.
type pages[T any] struct {
	owner *owner // of list
	list  []page[T]
}

// page holds pageLen elements; the last page holds fewer, and a list with few elements has only a part of a page.
type page[T any] struct {
	owner *owner
	items []T
}

const pageLen = 64

func (p *pages[T]) len() int {
	if len(p.list) == 0 {
		return 0
	}
	return (len(p.list)-1)*pageLen + len(p.list[len(p.list)-1].items)
}

// at returns an element for reading.
func (p *pages[T]) at(i int) *T { return &p.list[uint(i)/pageLen].items[uint(i)%pageLen] }

// own returns an element for writing.
func (p *pages[T]) own(o *owner, i int) *T { return &p.page(o, i/pageLen).items[i%pageLen] }

// add appends an element.
func (p *pages[T]) add(o *owner, v T) {
	n := p.len()
	if n%pageLen == 0 {
		p.ownList(o)
		var items []T
		if n > 0 {
			items = make([]T, 0, pageLen)
		}
		p.list = append(p.list, page[T]{o, items})
	}
	last := p.page(o, len(p.list)-1)
	last.items = append(last.items, v)
}

// page returns a page that o may change.
func (p *pages[T]) page(o *owner, i int) *page[T] {
	p.ownList(o)
	pg := &p.list[i]
	if pg.owner != o {
		*pg = page[T]{o, append(make([]T, 0, cap(pg.items)), pg.items...)}
	}
	return pg
}

func (p *pages[T]) ownList(o *owner) {
	if p.owner != o {
		p.owner, p.list = o, slices.Clone(p.list)
	}
}

// numbering gives every distinct value a number, counted from 1, which is stored instead of the value.
type numbering[K comparable] struct {
	numbers table
	list    pages[K]
}

// shortList is the length up to which a list is searched faster than a table.
const shortList = 16

// find returns the number of a value, or 0.
func (w *numbering[K]) find(k K) uint32 {
	if n := w.list.len(); n <= shortList {
		for i := range n {
			if *w.list.at(i) == k {
				return uint32(i + 1)
			}
		}
		return 0
	}
	return w.numbers.find(maphash.Comparable(seed, k), w.is(k))
}

// number returns the number of a value. It assigns one if the value is new.
func (w *numbering[K]) number(o *owner, k K) uint32 {
	n := w.find(k)
	if n == 0 {
		w.list.add(o, k)
		n = uint32(w.list.len())
		w.numbers.put(o, maphash.Comparable(seed, k), n, w.is(k))
	}
	return n
}

func (w *numbering[K]) is(k K) func(number uint32) bool {
	return func(n uint32) bool { return w.value(n) == k }
}

// value returns the value with a number.
func (w *numbering[K]) value(number uint32) K { return *w.list.at(int(number - 1)) }

// lookup finds values by their keys. It keeps them in the order in which the keys were first put.
type lookup[K comparable, V any] struct {
	keys   numbering[K]
	values pages[V]
}

// find returns the value of a key for reading, or nil.
func (l *lookup[K, V]) find(k K) *V {
	if n := l.keys.find(k); n != 0 {
		return l.values.at(int(n - 1))
	}
	return nil
}

// put sets the value of a key.
func (l *lookup[K, V]) put(o *owner, k K, v V) {
	n := int(l.keys.number(o, k))
	if n > l.values.len() {
		l.values.add(o, v)
		return
	}
	*l.values.own(o, n-1) = v
}
