package aggregates

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/taizhang/taizhang/events"
)

// ledgerOf is a fund with a plain list of its moves for comparison.
type ledgerOf struct {
	owner *owner
	fund  fund
	plain []move // in order
}

func (l *ledgerOf) put(m move) {
	i, there := slices.BinarySearchFunc(l.plain, m, compareMoves)
	if there {
		l.plain[i] = m
	} else {
		l.plain = slices.Insert(l.plain, i, m)
	}
	l.fund.moves.put(l.owner, m)
}

func (l *ledgerOf) remove(m move) {
	l.plain = slices.DeleteFunc(l.plain, func(o move) bool { return compareMoves(o, m) == 0 })
	l.fund.moves.remove(l.owner, m)
}

func (l *ledgerOf) copied() *ledgerOf {
	c := &ledgerOf{new(owner), l.fund, slices.Clone(l.plain)}
	l.owner = new(owner)
	return c
}

func compareMoves(a, b move) int {
	switch {
	case a.less(b):
		return -1
	case b.less(a):
		return 1
	}
	return 0
}

// check compares every answer of the tree with that of the plain list.
func (l *ledgerOf) check(t *testing.T, r *rand.Rand) {
	t.Helper()
	at := move{place: place{events.Date(1000 + r.IntN(60)), uint32(r.IntN(3000))}, spender: uint32(r.IntN(2))}
	i, _ := slices.BinarySearchFunc(l.plain, at, compareMoves)
	var got []move
	for part := range l.fund.moves.parts(at) {
		got = append(got, part...)
	}
	if !slices.Equal(got, l.plain[i:]) {
		t.Fatalf("from %+v: got %+v, want %+v", at, got, l.plain[i:])
	}
	if got := l.fund.moves.find(at); (got == nil) != (i == len(l.plain)) || got != nil && *got != l.plain[i] {
		t.Fatalf("find %+v: got %+v", at, got)
	}
	if got := l.fund.moves.before(at); (got == nil) != (i == 0) || got != nil && *got != l.plain[i-1] {
		t.Fatalf("before %+v: got %+v", at, got)
	}
	if got := l.fund.moves.sum(at); got != at.sum(l.plain[:i]) {
		t.Fatalf("sum before %+v: got %+v, want %+v", at, got, at.sum(l.plain[:i]))
	}
	l.checkOverdrafts(t, place{at.on, 10_000}, events.Fen(r.IntN(2000)))
}

// checkOverdrafts compares the overdrafts with a walk over the plain list.
func (l *ledgerOf) checkOverdrafts(t *testing.T, at place, amountFen events.Fen) {
	t.Helper()
	type overdraft struct {
		who        uint32
		balanceFen events.Fen
	}
	this := move{place: at, spender: 1 << 31, deltaFen: -amountFen}
	var want, got []overdraft
	var opened, found overdraft
	var balanceFen events.Fen
	except := func(n uint32) bool { return n%5 == 0 }
	open := func(who uint32, leftFen events.Fen) {
		if opened.balanceFen == 0 && leftFen < 0 {
			opened = overdraft{who, leftFen}
		}
	}
	later := false
	for _, m := range l.plain {
		if !later && this.less(m) {
			later = true
			open(0, balanceFen-amountFen)
		}
		if balanceFen += m.deltaFen; m.spender == 0 {
			continue
		}
		if balanceFen < 0 && m.on <= at.on {
			want = append(want, overdraft{m.spender, balanceFen})
		}
		if later && balanceFen >= 0 && !except(m.spender) {
			open(m.spender, balanceFen-amountFen)
		}
	}
	if !later {
		open(0, balanceFen-amountFen)
	}
	l.fund.overdrawn(at.on, func(who uint32, leftFen events.Fen) { got = append(got, overdraft{who, leftFen}) })
	if !slices.Equal(got, want) {
		t.Fatalf("overdrawn by %v: got %+v, want %+v", at.on, got, want)
	}
	if found.who, found.balanceFen = l.fund.opensOverdraft(at, amountFen, except); found != opened {
		t.Fatalf("%d fen at %+v: got %+v, want %+v", amountFen, at, found, opened)
	}
}

// The test makes random changes to copies of a tree and to plain lists, in orders in which the tree grows at its end,
// at its beginning, near its end and anywhere.
func TestATreeIsAListInOrder(t *testing.T) {
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 1))
		copies := []*ledgerOf{{owner: new(owner)}}
		for rev := uint32(1); rev < 1000; rev++ {
			l := copies[r.IntN(len(copies))]
			m := move{place: place{events.Date(1000 + r.IntN(60)), rev}, spender: rev,
				deltaFen: -events.Fen(r.IntN(100))}
			switch seed % 4 {
			case 0:
				m.on = events.Date(1000 + rev/20)
			case 1:
				m.on = events.Date(1060 - rev/20)
			case 2:
				m.on = events.Date(1000 + max(0, int(rev/20)-r.IntN(5)))
			}
			if r.IntN(4) == 0 {
				m.spender, m.deltaFen = 0, events.Fen(r.IntN(400)-40)
			}
			switch n := r.IntN(100); {
			case n < 20 && len(l.plain) > 0:
				l.remove(l.plain[r.IntN(len(l.plain))])
			case n < 22 && len(l.plain) > 0:
				m = l.plain[r.IntN(len(l.plain))]
				m.deltaFen++
				l.put(m)
			case n < 24 && len(copies) < 4:
				copies = append(copies, l.copied())
			case n < 25 && len(copies) == 4:
				copies[r.IntN(4)] = l.copied()
			default:
				l.put(m)
			}
			if rev%10 == 0 {
				for _, l := range copies {
					l.check(t, r)
				}
			}
		}
		for _, l := range copies { // to the last
			for len(l.plain) > 0 {
				l.remove(l.plain[r.IntN(len(l.plain))])
				if len(l.plain)%50 == 0 {
					l.check(t, r)
				}
			}
		}
	}
}

// The test fails if an order of putting values leaves nodes nearly empty.
func TestALongTreeStaysFlat(t *testing.T) {
	const n = 20_000
	r := rand.New(rand.NewPCG(1, 1))
	for name, on := range map[string]func(i int) int{
		"forward":  func(i int) int { return i },
		"backward": func(i int) int { return n - i },
		"random":   func(int) int { return r.IntN(n) },
		"a prefix, then backward": func(i int) int {
			if i < nodeLen {
				return 0
			}
			return n - i
		},
	} {
		l := tree[move, reach]{}
		own := new(owner)
		for i := range n {
			l.put(own, move{place: place{events.Date(1 + on(i)), uint32(i)}})
		}
		leaves := 0
		for range l.parts(move{}) {
			leaves++
		}
		if leaves > n/(nodeLen/2)+2 {
			t.Errorf("%s: %d leaves of at most %d for %d values", name, leaves, nodeLen, n)
		}
	}
}

// The test fails if index has a list that a copy does not clip, or a map that a copy shares.
func TestACopySharesNoRoomToAppend(t *testing.T) {
	ix := newIndex(&declarations{}, &index{})
	v := reflect.ValueOf(ix).Elem()
	checked := 0
	c := reflect.ValueOf(ix.clone()).Elem()
	for i := range v.NumField() {
		switch f := v.Type().Field(i); f.Type.Kind() {
		case reflect.Map:
			if checked++; v.Field(i).UnsafePointer() == c.Field(i).UnsafePointer() {
				t.Errorf("a copy shares the map %s", f.Name)
			}
		case reflect.Slice: // the index has none yet: make one with room
			roomy := reflect.MakeSlice(f.Type, 1, 8)
			reflect.NewAt(f.Type, v.Field(i).Addr().UnsafePointer()).Elem().Set(roomy)
		}
	}
	c = reflect.ValueOf(ix.clone()).Elem()
	for i := range c.NumField() {
		if f := c.Type().Field(i); f.Type.Kind() == reflect.Slice {
			if checked++; c.Field(i).Cap() != 1 {
				t.Errorf("a copy shares the room of the list %s", f.Name)
			}
		}
	}
	if checked < 20 {
		t.Errorf("only %d fields were looked at", checked)
	}
}

// The test adds enough values to split inner nodes, removes them in runs, and compares the tree with a list.
func TestADeepTreeIsAListInOrder(t *testing.T) {
	const n = 8000
	r := rand.New(rand.NewPCG(2, 1))
	for _, on := range []func(i int) int{func(i int) int { return i }, func(i int) int { return n - i },
		func(int) int { return r.IntN(n) }} {
		l := &ledgerOf{owner: new(owner)}
		for i := range n {
			m := move{place: place{events.Date(1 + on(i)), uint32(i + 1)}, spender: uint32(i + 1),
				deltaFen: events.Fen(r.IntN(21) - 10)}
			l.fund.moves.put(l.owner, m)
			l.plain = append(l.plain, m)
		}
		slices.SortFunc(l.plain, compareMoves)
		if root := l.fund.moves.root; root.children[0].children == nil {
			t.Fatalf("%d values make a tree of two levels", n)
		}
		for len(l.plain) > 0 {
			before := l.copied()
			from := r.IntN(len(l.plain))
			to := min(len(l.plain), from+1+r.IntN(n/4))
			for _, m := range l.plain[from:to] {
				l.fund.moves.remove(l.owner, m)
			}
			l.plain = slices.Delete(l.plain, from, to)
			before.check(t, r)
			l.check(t, r)
			for range 50 { // into what is left between
				l.put(move{place: place{events.Date(1 + r.IntN(n)), uint32(n + r.IntN(n))}, spender: 1, deltaFen: 1})
			}
			l.check(t, r)
			if len(l.plain) <= 60 {
				break
			}
		}
	}
}
