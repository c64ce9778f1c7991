package lists_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/memstore"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/lists"
)

// plainRoot computes the root hash as the manual defines it.
func plainRoot(leaves [][]byte) []byte {
	hash := func(parts ...[]byte) []byte {
		h := sha256.Sum256(bytes.Join(parts, nil))
		return h[:]
	}
	if len(leaves) == 1 {
		return hash([]byte{0}, leaves[0])
	}
	k := 1
	for 2*k < len(leaves) {
		k *= 2
	}
	return hash([]byte{1}, plainRoot(leaves[:k]), plainRoot(leaves[k:]))
}

// plainVoucher is a voucher of the population, found without code of the product.
type plainVoucher struct {
	position uint64
	fen      int64
}

// plainLedger is a ledger as an auditor has it: its records, their positions, and the root hash.
type plainLedger struct {
	list      []plainRecord
	positions map[string]uint64 // by center and id
	root      []byte
}

func plainLedgerOf(t *testing.T, d *lists.Books, path string) *plainLedger {
	t.Helper()
	l := &plainLedger{list: plainRecords(t, path), positions: map[string]uint64{}}
	var leaves [][]byte
	for s, err := range d.Ledger.ReadAll(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		leaves = append(leaves, append([]byte(nil), s.Bytes...))
		center, _ := s.Stream.Center()
		l.positions[string(center)+" "+s.ID.String()] = s.Position
	}
	l.root = plainRoot(leaves)
	return l
}

// population returns the vouchers that may be drawn, in the order of positions.
func (l *plainLedger) population(center, year, on string) (list []plainVoucher, totalFen int64) {
	voided := plainVoided(l.list)
	for _, r := range l.list {
		if r.Kind == "funds.spent" && (center == "" || r.Center == center) && strings.HasPrefix(r.On, year) &&
			r.On <= on && !voided[r.Center+" "+r.ID] {
			v, _ := r.amount()
			list = append(list, plainVoucher{l.positions[r.Center+" "+r.ID], v})
			totalFen += v
		}
	}
	slices.SortFunc(list, func(a, b plainVoucher) int { return int(a.position) - int(b.position) })
	return list, totalFen
}

// draw draws a sample as the manual describes, and returns the positions with their numbers of hits.
func (l *plainLedger) draw(list []plainVoucher, totalFen int64, center, year, by string, n int) map[string]int {
	if center == "" {
		center = "all"
	}
	seed := sha256.Sum256(append(slices.Clip(l.root), "taizhang sample 1\ncenter "+center+"\nyear "+year+"\nby "+
		by+"\n"...))
	hits := map[string]int{}
	if by == "amount" {
		u := new(big.Int).Mod(new(big.Int).SetBytes(seed[:]), big.NewInt(totalFen))
		for k := range n {
			at, end := new(big.Int).Add(u, new(big.Int).Mul(big.NewInt(int64(k)), big.NewInt(totalFen))), new(big.Int)
			for _, v := range list {
				if end.Add(end, big.NewInt(v.fen*int64(n))); at.Cmp(end) < 0 {
					hits[fmt.Sprint(v.position)]++
					break
				}
			}
		}
		return hits
	}
	var lots []string
	for _, v := range list {
		h := sha256.Sum256([]byte(string(seed[:]) + fmt.Sprint(v.position)))
		lots = append(lots, hex.EncodeToString(h[:])+" "+fmt.Sprint(v.position))
	}
	slices.Sort(lots)
	for _, lot := range lots[:min(n, len(lots))] {
		_, position, _ := strings.Cut(lot, " ")
		hits[position]++
	}
	return hits
}

func TestASampleIsWhatTheManualTellsAReaderToDraw(t *testing.T) {
	t.Parallel()
	for path, center := range map[string]string{edgesPath: "FZ-0010", provincePath(t): "ZJ-0072"} {
		d := historyDesk(t, path)
		l := plainLedgerOf(t, d, path)
		for _, center := range []string{"", center} {
			for _, on := range []string{"2026-10-31", "2025-09-30"} {
				population, totalFen := l.population(center, "2025", on)
				for _, by := range []string{"record", "amount"} {
					for _, n := range []int{1, 60} {
						rows, table := answered(t, d, "sample",
							fmt.Sprintf("center=%s;year=2025;by=%s;n=%d;on=%s", center, by, n, on))
						got := map[string]int{}
						for _, r := range rows {
							got[r["position"]], _ = strconv.Atoi(r["hits"])
						}
						if want := l.draw(population, totalFen, center, "2025", by, n); !maps.Equal(got, want) ||
							len(want) == 0 {
							t.Errorf("%q by %s, %d as of %s: drew %v, by hand %v", center, by, n, on, got, want)
						}
						want := fmt.Sprintf("Population: %d vouchers, %s yuan;", len(population), yuan(totalFen))
						if said := table.Notes[0].En; !strings.HasPrefix(strings.ReplaceAll(said, ",", ""),
							strings.ReplaceAll(want, ",", "")) {
							t.Errorf("says %q, by hand %q", said, want)
						}
					}
				}
			}
		}
	}
}

func yuan(fen int64) string { return fmt.Sprintf("%d.%02d", fen/100, fen%100) }

func TestReversedVouchersAreSampledAndMarkedAndVoidedOnesAreNot(t *testing.T) {
	lines := append(funded("ZJ-0001"), spentLine("ZJ-0001", "V1", "2025-06-01", "乙", 100, ""),
		spentLine("ZJ-0001", "V2", "2025-06-02", "乙", 200, ""),
		spentLine("ZJ-0001", "V3", "2025-06-03", "乙", 300, ""),
		spentLine("ZJ-0001", "V4", "2025-06-04", "乙", 400, ""),
		spentLine("ZJ-0001", "V5", "2024-06-04", "乙", 500, ""))
	lines = append(lines[:len(lines)-1], reversedLine("ZJ-0001", "V1", "2025-06-10"),
		reversedLine("ZJ-0001", "V2", "2025-06-11"),
		voidedLine("ZJ-0001", "ZJ-0001R-V2"), voidedLine("ZJ-0001", "ZJ-0001V3"))
	d := historyDesk(t, historyFile(t, lines...))
	marks := func(params string) string {
		rows, _ := answered(t, d, "sample", params)
		var list []string
		for _, r := range rows {
			list = append(list, r["voucher"]+r["reversed"])
		}
		slices.Sort(list)
		return strings.Join(list, " ")
	}
	for params, want := range map[string]string{
		"year=2025":                           "V1yes V2 V4",
		"year=2025;on=2025-06-09":             "V1 V2 V4",
		"year=2025;by=amount;n=1000":          "V1yes V2 V4",
		"year=2025;position=9":                "V1yes V2 V3 V4", // before the voidings and the second reversal
		"year=2025;position=10":               "V1yes V2yes V3 V4",
		"year=2025;position=6":                "V1 V2",
		"year=2024":                           "",
		"year=2025;center=ZJ-0001;position=1": "",
	} {
		if got := marks(params); got != want {
			t.Errorf("sample %s: %q, want %q", params, got, want)
		}
	}
}

func TestASampleStaysAsItWasWhenMoreIsRecorded(t *testing.T) {
	t.Parallel()
	d := historyDesk(t, edgesPath)
	then := fmt.Sprint(d.Register.Position())
	for _, by := range []string{"record", "amount"} {
		before, _ := answered(t, d, "sample", "year=2025;n=10;by="+by)
		importInto(t, d, historyFile(t,
			append(funded("ZJ-"+strings.ToUpper(by)),
				spentLine("ZJ-"+strings.ToUpper(by), "V1", "2025-06-01", "乙", 100, ""))...))
		again, _ := answered(t, d, "sample", "year=2025;n=10;by="+by+";position="+then)
		now, _ := answered(t, d, "sample", "year=2025;n=10;by="+by)
		if !slices.EqualFunc(before, again, maps.Equal[map[string]string, map[string]string]) {
			t.Error("the sample at the position changed")
		}
		if now[0]["rootHash"] == again[0]["rootHash"] || now[0]["seed"] == again[0]["seed"] {
			t.Error("the end of the ledger has the same root hash or seed")
		}
		larger, _ := answered(t, d, "sample", "year=2025;n=15;by="+by+";position="+then)
		if by == "record" && !slices.Equal(columnOf(larger[:10], "position"), columnOf(again, "position")) {
			t.Error("a larger sample does not begin with the smaller one")
		}
		then = fmt.Sprint(d.Register.Position())
	}
}

// Every byte of the prefix enters the root hash, as the tests of seal show. Here a byte that changes no figure
// changes the draw.
func TestASampleChangesWithEveryRecordBeforeIt(t *testing.T) {
	list := func(note string) []string {
		lines := funded("ZJ-0001")
		lines[2] = strings.Replace(lines[2], `"data"`, `"note":"`+note+`","data"`, 1)
		for i := range 200 {
			lines = append(lines, spentLine("ZJ-0001", fmt.Sprintf("V%d", i), "2025-06-01", "乙", 100+i, ""))
		}
		d := historyDesk(t, historyFile(t, lines...))
		rows, _ := answered(t, d, "sample", "year=2025;n=20")
		return columnOf(rows, "voucher")
	}
	if slices.Equal(list("甲"), list("乙")) {
		t.Error("the same vouchers are drawn from another ledger")
	}
	if !slices.Equal(list("甲"), list("甲")) {
		t.Error("other vouchers are drawn from the same ledger")
	}
}

func TestSampleRefusesWhatCannotBe(t *testing.T) {
	d := historyDesk(t, historyFile(t, funded("ZJ-0001")...))
	for _, params := range []map[string]string{{}, {"year": "1999"}, {"year": "2025", "n": "0"},
		{"year": "2025", "by": "hand"}, {"year": "2025", "position": "99"}} {
		var bad *text.Error
		if _, err := d.Ask(t.Context(), lists.Question{List: "sample", On: historyEnd, Params: params}); !errors.As(
			err, &bad) || bad.Text().Zh == "" {
			t.Errorf("%v: %v", params, err)
		}
	}
}

func TestASampleOfALedgerThatCannotBeReadFails(t *testing.T) {
	store := memstore.New(time.Now)
	bad := events.Proposed{ID: uuid.MustParse(historyID("bad")), Kind: events.KindFundsSpent,
		Body: events.MustObject(`{"version":1,"on":"2025-03-04"}`)}
	if _, err := store.Append(t.Context(), "center-ZJ-0001", 0, []events.Proposed{bad}); err != nil {
		t.Fatal(err)
	}
	d := deskOver(t, store)
	for _, list := range []string{"sample", "duplicates"} {
		q := lists.Question{List: list, On: historyEnd, Params: map[string]string{}}
		if list == "sample" {
			q.Params["year"] = "2025"
		}
		if table, err := d.Ask(t.Context(), q); err == nil {
			t.Errorf("%s answers %v", list, table.Rows)
		}
	}
	d.Root = func(context.Context, uint64, func(*events.Stored)) ([sha256.Size]byte, error) {
		return [sha256.Size]byte{}, context.Canceled
	}
	if _, err := d.Ask(t.Context(),
		lists.Question{List: "sample", On: historyEnd, Params: map[string]string{"year": "2025"}}); err == nil {
		t.Error("a sample without a root hash")
	}
}
