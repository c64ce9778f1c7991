package aggregates

import (
	"iter"
	"slices"
	"sort"

	"github.com/taizhang/taizhang/events"
)

// place is the place of an event in the order (on, position). Within one center revisions have the same order as
// positions.
type place struct {
	on  events.Date
	rev uint32
}

func (p place) before(o place) bool { return p.on < o.on || p.on == o.on && p.rev < o.rev }

// dated is one event or movement at its place.
type dated[T any] struct {
	place
	what T
}

// less orders by place.
func (d dated[T]) less(o dated[T]) bool { return d.place.before(o.place) }

func (dated[T]) sum([]dated[T]) unsummed { return unsummed{} }

// sequence is a series that may become long. Elements are added and removed anywhere in it.
type sequence[T any] struct{ tree[dated[T], unsummed] }

// between yields the elements from one date to another, both included, in parts, for reading.
func (t *sequence[T]) between(since, until events.Date) iter.Seq[[]dated[T]] {
	return t.after(place{on: since}, until)
}

// after yields the elements after a place and on or before a date in parts, for reading.
func (t *sequence[T]) after(at place, until events.Date) iter.Seq[[]dated[T]] {
	return func(yield func([]dated[T]) bool) {
		for part := range t.parts(dated[T]{place: place{at.on, at.rev + 1}}) {
			upTo := series[T](part).upTo(until)
			if len(upTo) > 0 && !yield(upTo) || len(upTo) < len(part) {
				return
			}
		}
	}
}

// series holds events of one sort in the order (on, position). Its elements never change, so a copy with clipped
// capacity may share them.
type series[T any] []dated[T]

// add inserts one more element at its place, which is nearly always the end.
func (s *series[T]) add(at place, what T) {
	list := *s
	if n := len(list); n == 0 || list[n-1].before(at) {
		*s = append(list, dated[T]{at, what})
		return
	}
	i := sort.Search(len(list), func(i int) bool { return at.before(list[i].place) })
	*s = slices.Insert(slices.Clip(list), i, dated[T]{at, what})
}

// upTo returns the elements on or before a date.
func (s series[T]) upTo(d events.Date) series[T] {
	n := len(s)
	if n == 0 || s[n-1].on <= d {
		return s
	}
	return s[:sort.Search(n, func(i int) bool { return s[i].on > d })]
}

// from returns the elements on or after a date.
func (s series[T]) from(d events.Date) series[T] {
	return s[sort.Search(len(s), func(i int) bool { return s[i].on >= d }):]
}

// last returns the latest element on or before a date, or nil.
func (s series[T]) last(d events.Date) *dated[T] {
	if s = s.upTo(d); len(s) > 0 {
		return &s[len(s)-1]
	}
	return nil
}

// first returns the first element for which ok returns true, or nil.
func (s series[T]) first(ok func(T) bool) *dated[T] {
	for i := range s {
		if ok(s[i].what) {
			return &s[i]
		}
	}
	return nil
}

// date returns the date of the element, or none for nil.
func (d *dated[T]) date() events.Date {
	if d == nil {
		return 0
	}
	return d.on
}

// at returns the place of the element, or none for nil.
func (d *dated[T]) at() place {
	if d == nil {
		return place{}
	}
	return d.place
}

// soonest returns the place with the earliest date. It ignores places without a date. On one date events come in the
// order of their revisions, and a place without an event, where only time passed, comes last.
func soonest(places ...place) (min place) {
	for _, p := range places {
		// revision 0 minus 1 wraps round to the largest number
		if p.on != 0 && (min.on == 0 || p.on < min.on || p.on == min.on && p.rev-1 < min.rev-1) {
			min = p
		}
	}
	return min
}

// earliest returns the earliest of the dates that are not none.
func earliest(dates ...events.Date) events.Date {
	var min events.Date
	for _, d := range dates {
		if d != 0 && (min == 0 || d < min) {
			min = d
		}
	}
	return min
}
