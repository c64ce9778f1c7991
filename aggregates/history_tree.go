package aggregates

import (
	"iter"
	"slices"
)

// tree is a list of values in order. Putting and removing a value, finding one, and summing up all values before one
// take time that grows with the logarithm of the length. A copy of the struct is a copy of the list: the two share the
// nodes that neither changed.
//
//	 inner node   [ 20240105 | 20240301 | 20240412 ]    for each child a value that is not greater than those below it
//	                  |          |          |
//	leaves        [ values ] [ values ] [ values ]      1 to nodeLen values each
//
// Each node has the sum of the values below it.
type tree[T ordered[T, S], S summary[S]] struct {
	root *node[T, S] // nil when empty
}

// ordered is a value of a tree. Two values are the same if neither is less; a tree has only one of them. The method
// sum returns the sum of a list of values, whatever its receiver.
type ordered[T, S any] interface {
	less(T) bool
	sum([]T) S
}

// summary is the sum that a tree keeps. Its zero value is the sum of no values.
type summary[S any] interface {
	plus(later S) S
}

// unsummed is the summary of trees that sum up nothing.
type unsummed struct{}

func (unsummed) plus(unsummed) unsummed { return unsummed{} }

const nodeLen = 64

type node[T ordered[T, S], S summary[S]] struct {
	owner    *owner
	items    []T           // the values of a leaf; of an inner node the lower bounds of the children
	children []*node[T, S] // nil in a leaf
	all      S             // the sum of all values below
}

// put adds a value, in the place of the same value if there is one.
func (t *tree[T, S]) put(o *owner, v T) {
	if t.root == nil {
		t.root = &node[T, S]{owner: o, items: []T{v}}
		t.root.sumUp()
		return
	}
	t.root = t.root.owned(o)
	if right, _ := t.root.put(v, true); right != nil {
		left := t.root
		t.root = &node[T, S]{owner: o, items: []T{left.items[0], right.items[0]}, children: []*node[T, S]{left, right}}
		t.root.sumUp()
	}
}

// remove removes a value, which the tree must have.
func (t *tree[T, S]) remove(o *owner, v T) {
	t.root = t.root.owned(o)
	t.root.remove(v)
	switch n := t.root; {
	case len(n.items) == 0:
		t.root = nil
	case len(n.children) == 1:
		t.root = n.children[0]
	}
}

// find returns the least value that is not less than v, for reading, or nil.
func (t *tree[T, S]) find(v T) *T {
	for part := range t.parts(v) {
		return &part[0]
	}
	return nil
}

// before returns the greatest value less than v for reading, or nil.
func (t *tree[T, S]) before(v T) *T {
	if t.root == nil {
		return nil
	}
	return t.root.before(v)
}

// sum returns the sum of all values less than v.
func (t *tree[T, S]) sum(v T) (sum S) {
	n := t.root
	for n != nil && n.children != nil {
		i := n.child(v)
		for _, c := range n.children[:i] {
			sum = sum.plus(c.all)
		}
		n = n.children[i]
	}
	if n != nil {
		sum = sum.plus(v.sum(n.items[:n.first(v)]))
	}
	return sum
}

// parts yields the values that are not less than v in order, for reading, in the parts in which they lie.
func (t *tree[T, S]) parts(v T) iter.Seq[[]T] {
	return func(yield func([]T) bool) {
		if t.root != nil {
			t.root.parts(&v, yield)
		}
	}
}

// seek yields the values that are not less than v in order, for reading, each with the sum of all values before it. It
// leaves out the values of nodes for which skip returns true; skip gets the sum before a node and the sum of the node.
func (t *tree[T, S]) seek(v T, skip func(before, of S) bool, yield func(before S, x *T) bool) {
	if t.root != nil {
		var none S
		t.root.seek(&v, none, skip, yield)
	}
}

// owned returns the node if o owns it, or else a copy that o owns.
func (n *node[T, S]) owned(o *owner) *node[T, S] {
	if n.owner == o {
		return n
	}
	c := &node[T, S]{owner: o, all: n.all,
		items: append(make([]T, 0, min(nodeLen, len(n.items)+nodeLen/8)), n.items...)}
	if n.children != nil {
		c.children = append(make([]*node[T, S], 0, cap(c.items)), n.children...)
	}
	return c
}

// first returns the index of the first item that is not less than v.
func (n *node[T, S]) first(v T) int {
	from, to := 0, len(n.items)
	if n.items[to-1].less(v) { // nearly always, in a tree that grows
		return to
	}
	for from < to {
		if i := (from + to) / 2; n.items[i].less(v) {
			from = i + 1
		} else {
			to = i
		}
	}
	return from
}

// child returns the index of the child in which v is or would be put.
func (n *node[T, S]) child(v T) int {
	i := n.first(v)
	if i == len(n.items) || i > 0 && v.less(n.items[i]) {
		i--
	}
	return i
}

// put adds a value to a node that may be changed. last is true if the node is at the end of the tree. If the node has
// no room, put returns its right half as a new node. Otherwise, if the value became the last one of the node, put
// returns the value as a list.
func (n *node[T, S]) put(v T, last bool) (right *node[T, S], end []T) {
	if n.children == nil {
		i := n.first(v)
		if i < len(n.items) && !v.less(n.items[i]) {
			n.items[i] = v
			n.sumUp()
			return nil, nil
		}
		if into := n; len(n.items) == nodeLen {
			right = n.split(i, last)
			if i >= len(n.items) {
				into, i = right, i-len(n.items)
			}
			into.items = insert(into.items, i, v)
			n.sumUp()
			right.sumUp()
			return right, nil
		}
		n.items = insert(n.items, i, v)
		if i < len(n.items)-1 {
			n.sumUp()
			return nil, nil
		}
		n.all = n.all.plus(v.sum(n.items[i:]))
		return nil, n.items[i:]
	}
	i := n.child(v)
	if v.less(n.items[i]) {
		n.items[i] = v
	}
	c := n.children[i].owned(n.owner)
	n.children[i] = c
	last = last && i == len(n.children)-1
	more, end := c.put(v, last)
	if more == nil {
		if end == nil || i < len(n.children)-1 {
			n.sumUp()
			return nil, nil
		}
		n.all = n.all.plus(v.sum(end))
		return nil, end
	}
	into := n
	if i++; len(n.children) == nodeLen {
		right = n.split(i, last)
		if i >= len(n.children) {
			into, i = right, i-len(n.children)
		}
	}
	into.items = slices.Insert(into.items, i, more.items[0])
	into.children = slices.Insert(into.children, i, more)
	n.sumUp()
	if right != nil {
		right.sumUp()
	}
	return right, nil
}

// split moves the right part of a full node to a new node, before a value is put at index i. At the end of the tree,
// where most values are put, it moves few values, so that the nodes before the end are nearly full. The sums of both
// nodes must be computed again.
func (n *node[T, S]) split(i int, last bool) *node[T, S] {
	at := nodeLen / 2
	if last {
		at = max(i, nodeLen*7/8)
	}
	right := &node[T, S]{owner: n.owner, items: slices.Clone(n.items[at:])}
	n.items = slices.Clone(n.items[:at])
	if n.children != nil {
		right.children = append([]*node[T, S]{}, n.children[at:]...)
		n.children = slices.Clone(n.children[:at])
	}
	return right
}

// insert inserts a value. It grows the list in small steps, because many nodes never become full.
func insert[T any](list []T, i int, v T) []T {
	if n := len(list); n == cap(list) && n >= nodeLen/4 {
		list = append(make([]T, 0, n+nodeLen/4), list...)
	}
	return slices.Insert(list, i, v)
}

func (n *node[T, S]) remove(v T) {
	if n.children == nil {
		i := n.first(v)
		n.items = slices.Delete(n.items, i, i+1)
	} else {
		i := n.child(v)
		c := n.children[i].owned(n.owner)
		n.children[i] = c
		if c.remove(v); len(c.items) == 0 {
			n.items, n.children = slices.Delete(n.items, i, i+1), slices.Delete(n.children, i, i+1)
		}
	}
	n.sumUp()
}

// sumUp computes the sum of the node from its values or children.
func (n *node[T, S]) sumUp() {
	var none S
	if n.all = none; any(none) == any(unsummed{}) {
		return
	}
	for _, c := range n.children {
		n.all = n.all.plus(c.all)
	}
	if n.children == nil {
		var v T
		n.all = v.sum(n.items)
	}
}

func (n *node[T, S]) before(v T) *T {
	if n.children == nil {
		if i := n.first(v); i > 0 {
			return &n.items[i-1]
		}
		return nil
	}
	for i := n.child(v); i >= 0; i-- {
		if x := n.children[i].before(v); x != nil {
			return x
		}
	}
	return nil
}

// parts yields the values from v on, or all for nil. It reports whether yield wants more.
func (n *node[T, S]) parts(v *T, yield func([]T) bool) bool {
	i := 0
	if n.children == nil {
		if v != nil {
			i = n.first(*v)
		}
		return i == len(n.items) || yield(n.items[i:])
	}
	if v != nil {
		i = n.child(*v)
	}
	for ; i < len(n.children); i++ {
		if !n.children[i].parts(v, yield) {
			return false
		}
		v = nil
	}
	return true
}

func (n *node[T, S]) seek(v *T, before S, skip func(before, of S) bool, yield func(S, *T) bool) bool {
	from := 0
	if n.children == nil {
		if v != nil {
			from = n.first(*v)
		}
		for i := range n.items {
			if i >= from && !yield(before, &n.items[i]) {
				return false
			}
			before = before.plus(n.items[i].sum(n.items[i : i+1]))
		}
		return true
	}
	if v != nil {
		from = n.child(*v)
	}
	for i, c := range n.children {
		if i >= from && !skip(before, c.all) {
			if !c.seek(v, before, skip, yield) {
				return false
			}
		}
		if i >= from {
			v = nil
		}
		before = before.plus(c.all)
	}
	return true
}
