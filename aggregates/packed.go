package aggregates

import (
	"maps"
	"slices"
)

// numbering gives every distinct value a number, counted from 1, which is stored instead of the value.
type numbering[K comparable] struct {
	numbers map[K]uint32
	list    []K
}

// number returns the number of a value. It assigns one if the value is new.
func (w *numbering[K]) number(k K) uint32 {
	n := w.numbers[k]
	if n == 0 {
		if w.numbers == nil {
			w.numbers = map[K]uint32{}
		}
		w.list = append(w.list, k)
		n = uint32(len(w.list))
		w.numbers[k] = n
	}
	return n
}

// value returns the value with a number.
func (w *numbering[K]) value(number uint32) K { return w.list[number-1] }

func (w *numbering[K]) clone() numbering[K] {
	return numbering[K]{maps.Clone(w.numbers), slices.Clip(w.list)}
}

// pages is a list whose elements never move when it grows. A slice would be copied again and again, and would have
// unused capacity in the end.
type pages[T any] struct {
	list [][]T // all pages but the last are full
}

const pageLen = 64

func (p *pages[T]) len() int {
	if len(p.list) == 0 {
		return 0
	}
	return (len(p.list)-1)*pageLen + len(p.list[len(p.list)-1])
}

func (p *pages[T]) at(i int) *T { return &p.list[i/pageLen][i%pageLen] }

func (p *pages[T]) add(v T) {
	switch n := p.len(); {
	case n == 0:
		p.list = [][]T{nil} // a center with few events has only a part of a page
	case n%pageLen == 0:
		p.list = append(p.list, make([]T, 0, pageLen))
	}
	last := len(p.list) - 1
	p.list[last] = append(p.list[last], v)
}

func (p *pages[T]) clone() pages[T] {
	list := make([][]T, len(p.list))
	for i := range list {
		list[i] = append(make([]T, 0, pageLen), p.list[i]...)
	}
	return pages[T]{list}
}
