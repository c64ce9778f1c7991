package seal_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/memstore"
	"github.com/taizhang/taizhang/services/seal"
)

// The leaves in the tests of Certificate Transparency, and the roots of the trees of the first 0, 1, … 8 of them.
var (
	knownLeaves = []string{"", "00", "10", "2021", "3031", "40414243", "5051525354555657",
		"606162636465666768696a6b6c6d6e6f"}
	knownRoots = []string{
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
		"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
		"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
		"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
		"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
		"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
		"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
	}
)

func TestTheKnownTreesHaveTheirKnownRoots(t *testing.T) {
	var tree seal.Tree
	for n, want := range knownRoots {
		if got := hex.EncodeToString(bytesOf(tree.Root())); got != want || tree.Leaves() != uint64(n) {
			t.Errorf("%d leaves (%d): root %s, known is %s", n, tree.Leaves(), got, want)
		}
		if n < len(knownLeaves) {
			leaf, err := hex.DecodeString(knownLeaves[n])
			if err != nil {
				t.Fatal(err)
			}
			tree.Add(leaf)
		}
	}
}

func bytesOf(h tlog.Hash) []byte { return h[:] }

// defined computes the root by the definition of RFC 6962, section 2.1.
func defined(leaves [][]byte) []byte {
	hash := func(parts ...[]byte) []byte {
		h := sha256.New()
		for _, p := range parts {
			h.Write(p)
		}
		return h.Sum(nil)
	}
	switch len(leaves) {
	case 0:
		return hash()
	case 1:
		return hash([]byte{0}, leaves[0])
	}
	k := 1
	for 2*k < len(leaves) {
		k *= 2
	}
	return hash([]byte{1}, defined(leaves[:k]), defined(leaves[k:]))
}

// ledger appends n events to a store.
func ledger(t testing.TB, store events.Store, n int) {
	t.Helper()
	var batch []events.Proposed
	for i := range n {
		batch = append(batch, events.Proposed{ID: uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, i)),
			Kind: "funds.spent",
			Body: events.MustObject(fmt.Sprintf(`{"voucher":"V-%d","summary":"%s"}`, i, strings.Repeat("支出", 50)))})
	}
	if _, err := store.Append(t.Context(), "center-ZJ-0001", 0, batch); err != nil {
		t.Fatal(err)
	}
}

func leavesOf(t testing.TB, store events.Store) (leaves [][]byte) {
	t.Helper()
	for s, err := range store.ReadAll(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		leaves = append(leaves, append([]byte(nil), s.Bytes...))
	}
	return leaves
}

func TestTheRootOfEveryPrefixIsAsDefined(t *testing.T) {
	store := memstore.New(time.Now)
	ledger(t, store, 200)
	leaves := leavesOf(t, store)
	for n := range uint64(201) {
		root, err := seal.Root(t.Context(), store, n, nil)
		if err != nil {
			t.Fatal(err)
		}
		if want := defined(leaves[:n]); hex.EncodeToString(bytesOf(root)) != hex.EncodeToString(want) {
			t.Errorf("%d events: root %x, by definition %x", n, root, want)
		}
	}
}

func TestTheRootChangesWithEveryBitBeforeIt(t *testing.T) {
	store := memstore.New(time.Now)
	ledger(t, store, 5)
	leaves := leavesOf(t, store)
	root := func() (t seal.Tree) {
		for _, l := range leaves {
			t.Add(l)
		}
		return t
	}
	whole := root()
	for i, l := range leaves {
		for bit := range 8 * len(l) {
			l[bit/8] ^= 1 << (bit % 8)
			if changed := root(); changed.Root() == whole.Root() {
				t.Errorf("bit %d of event %d changes nothing", bit, i+1)
			}
			l[bit/8] ^= 1 << (bit % 8)
		}
	}
	leaves[1], leaves[2] = leaves[2], leaves[1]
	if swapped := root(); swapped.Root() == whole.Root() {
		t.Error("the order of events changes nothing")
	}
}

func TestAPositionWithoutAnEventHasNoRoot(t *testing.T) {
	store := memstore.New(time.Now)
	ledger(t, store, 3)
	if root, err := seal.Root(t.Context(), store, 4, nil); err == nil {
		t.Errorf("the root of what is not there is %v", root)
	}
}
