package ledger_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/memstore"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/ledger/ledgertest"
)

// named returns records of ZJ-0001, each with its tail as its name.
func named(t testing.TB, tails ...string) (list []*events.Record) {
	t.Helper()
	for _, tail := range tails {
		list = append(list, record(t, tail, tail))
	}
	return list
}

// voucher returns a payment from G1.
func voucher(number string, fen int) string {
	return strings.NewReplacer("V1", number, "40000", fmt.Sprint(fen)).Replace(spent)
}

func batch(t testing.TB, l *ledger.Ledger, tails ...string) *ledger.BatchResult {
	t.Helper()
	answer, err := l.Batch(t.Context(), named(t, tails...), importer, ledger.Terms{})
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func TestABatchIsAppendedAtOnceAndAnsweredInOrder(t *testing.T) {
	inner := memstore.New(ticking())
	appends := 0
	store := &hooked{Store: inner, before: func(s events.StreamID, _ []events.Proposed) {
		if s != events.PolicyStream {
			appends++
		}
	}}
	l := open(t, store)
	tails := []string{registered, granted, received, spent, spent, fined}
	first := batch(t, l, tails...)
	if appends != 1 || first.Revision != 5 || first.Position != 6 || count(t, inner) != 6 {
		t.Errorf("%d appends, revision %d, position %d", appends, first.Revision, first.Position)
	}
	for i, want := range []uint64{2, 3, 4, 5, 5, 6} {
		if r := first.Results[i]; r.Position != want || r.Repeated != (i == 4) || r.EnteredBy != "importer" {
			t.Errorf("record %d: %+v", i, r)
		}
	}
	again := batch(t, l, tails...)
	for i := range again.Results {
		first.Results[i].Repeated = true
	}
	if appends != 1 || !reflect.DeepEqual(again, first) {
		t.Errorf("again: %+v", again)
	}
	partly := batch(t, l, spent, voucher("V7", 1))
	if r := partly.Results; !r[0].Repeated || r[0].Position != 5 || r[1].Repeated || r[1].Position != 7 ||
		partly.Position != 7 {
		t.Errorf("partly there: %+v", partly)
	}
}

func TestABatchListsEveryRefusedRecordAndWritesNothing(t *testing.T) {
	l, store := newLedger(t)
	write(t, l, registered, registered)
	before := count(t, store)
	_, err := l.Batch(t.Context(), named(t, granted, overspent, received, spent, voucher("V5", 999999), orphaned,
		voucher("V6", 1)), importer, ledger.Terms{})
	var no *ledger.BatchRefusal
	if !errors.As(err, &no) || text.CodeOf(err) != text.Refused {
		t.Fatalf("got %v", err)
	}
	var at []int
	for _, r := range no.Refused {
		at = append(at, r.Index)
	}
	if !slices.Equal(at, []int{1, 4, 5}) || count(t, store) != before || l.Announced() != 0 {
		t.Errorf("refused are %v; the store has %d events", at, count(t, store))
	}
	if told := no.Text(); !strings.Contains(told.En, "record 2 ") || !strings.Contains(told.Zh, "第 5 条") {
		t.Errorf("told %+v", told)
	}
}

func TestAnIdUsedAgainIsAConflictBeforeAnythingElse(t *testing.T) {
	l, store := newLedger(t)
	batch(t, l, registered, granted, received)
	other := record(t, granted, strings.Replace(granted, "100000", "100001", 1))
	twice := *record(t, voucher("V5", 1), voucher("V5", 1))
	twice.Note = "another"
	wrong := uint64(99)
	for name, c := range map[string]struct {
		records []*events.Record
		at      int
	}{
		"in the ledger":  {append(named(t, orphaned, overspent), other), 2},
		"in the batch":   {append(named(t, voucher("V5", 1), orphaned), &twice), 2},
		"in a lone one":  {[]*events.Record{other}, 0},
		"before a break": {append([]*events.Record{other}, named(t, received)...), 0},
	} {
		for _, dry := range []bool{false, true} {
			_, err := l.Batch(t.Context(), c.records, importer, ledger.Terms{IfRevision: &wrong, DryRun: dry})
			var no *ledger.BatchRefusal
			if !errors.As(err, &no) || text.CodeOf(err) != text.Conflict || len(no.Refused) != 1 ||
				no.Refused[0].Index != c.at {
				t.Errorf("%s: got %v", name, err)
			}
		}
	}
	if n := count(t, store); n != 4 {
		t.Errorf("the store has %d events", n)
	}
}

func TestABatchIsWrittenOnlyAtTheRevisionThatItRequires(t *testing.T) {
	l, store := newLedger(t)
	at := func(revision uint64) ledger.Terms { return ledger.Terms{IfRevision: &revision} }
	if _, err := l.Batch(t.Context(), named(t, registered, granted), importer, at(0)); err != nil {
		t.Fatal(err)
	}
	batch(t, l, received, spent)
	_, err := l.Batch(t.Context(), named(t, fined), importer, at(2))
	var moved *ledger.RevisionError
	if !errors.As(err, &moved) || text.CodeOf(err) != text.Conflict || moved.Actual != 4 || moved.Expected != 2 ||
		len(moved.Missed) != 2 ||
		moved.Missed[0].ID != idOf(received) || moved.Missed[1].Revision != 4 {
		t.Errorf("got %+v, %v", moved, err)
	}
	if _, err = l.Batch(t.Context(), named(t, fined), importer, at(9)); !errors.As(err, &moved) ||
		len(moved.Missed) != 0 {
		t.Errorf("a revision to come: %v", err)
	}
	if answer, err := l.Batch(t.Context(), named(t, received), importer, at(1)); err != nil ||
		!answer.Results[0].Repeated || answer.Revision != 4 {
		t.Errorf("a repeat: %+v, %v", answer, err)
	}
	if _, err := l.Batch(t.Context(), named(t, fined, orphaned), importer, at(2)); !errors.As(err, &moved) {
		t.Errorf("before judging: %v", err)
	}
	if _, err := l.Batch(t.Context(), named(t, fined), importer, at(4)); err != nil || count(t, store) != 6 {
		t.Errorf("at the revision: %v", err)
	}
	var many []*events.Record
	for i := range ledger.MissedMax + 5 {
		many = append(many, named(t, voucher(fmt.Sprint("X", i), 1))...)
	}
	if _, err := l.Batch(t.Context(), many, importer, ledger.Terms{}); err != nil {
		t.Fatal(err)
	}
	if _, err = l.Batch(t.Context(), named(t, voucher("Y", 1)), importer, at(1)); !errors.As(err, &moved) ||
		len(moved.Missed) != ledger.MissedMax || moved.Actual != 5+ledger.MissedMax+5 {
		t.Errorf("many missed: %v", err)
	}
}

// A ledger that has not read the events of another process neither accepts an old revision nor refuses the current
// one.
func TestTheRequiredRevisionIsThatOfTheStore(t *testing.T) {
	one, store := newLedger(t)
	two := open(t, store)
	batch(t, one, registered, granted)
	revision := uint64(2)
	if _, err := two.Batch(t.Context(), named(t, received), importer,
		ledger.Terms{IfRevision: &revision}); err != nil {
		t.Errorf("got %v", err)
	}
	_, err := one.Batch(t.Context(), named(t, spent), importer, ledger.Terms{IfRevision: &revision})
	var moved *ledger.RevisionError
	if !errors.As(err, &moved) || moved.Actual != 3 || len(moved.Missed) != 1 {
		t.Errorf("got %v", err)
	}
}

func TestABatchOfPoliciesBeginsALedger(t *testing.T) {
	none := uint64(0)
	for name, first := range map[string][]*events.Record{
		"with another":           {ledger.Adoption(secondPolicy(t))},
		"with the built-in":      {ledger.Adoption(policy.Builtin())},
		"with both":              {ledger.Adoption(policy.Builtin()), ledger.Adoption(secondPolicy(t))},
		"with the built-in last": {ledger.Adoption(secondPolicy(t)), ledger.Adoption(policy.Builtin())},
	} {
		l, store := newLedger(t)
		answer, err := l.Batch(t.Context(), first, importer, ledger.Terms{IfRevision: &none})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for i, rec := range first {
			if builtin := rec.ID == ledger.Adoption(policy.Builtin()).ID; answer.Results[i].Repeated != builtin ||
				builtin && answer.Results[i].Position != 1 {
				t.Errorf("%s: record %d is answered %+v", name, i, answer.Results[i])
			}
		}
		begun(t, store)
	}
}

func TestWhatIsNoBatchIsInvalid(t *testing.T) {
	l, store := newLedger(t)
	for name, records := range map[string][]*events.Record{
		"empty":             nil,
		"too long":          make([]*events.Record, ledger.BatchMax+1),
		"of two centers":    {ofCenter(t, "ZJ-0001", "a", registered), ofCenter(t, "ZJ-0002", "b", registered)},
		"with a policy too": {ofCenter(t, "ZJ-0001", "a", registered), ledger.Adoption(secondPolicy(t))},
	} {
		for _, dry := range []bool{false, true} {
			if _, err := l.Batch(t.Context(), records, importer, ledger.Terms{DryRun: dry}); text.CodeOf(
				err) != text.Invalid || text.Of(err).Zh == "" {
				t.Errorf("%s: got %v", name, err)
			}
		}
	}
	if n := count(t, store); n != 0 {
		t.Errorf("the store has %d events", n)
	}
}

func TestABatchOfMoreBytesThanAnAppendTakesIsInvalid(t *testing.T) {
	inner := memstore.New(ticking())
	l := open(t, &hooked{Store: inner, bytes: 2000})
	_, err := l.Batch(t.Context(), named(t, registered, granted, received, spent, fined), importer, ledger.Terms{})
	if told := text.Of(err); text.CodeOf(err) != text.Invalid || told.Zh == told.En || count(t, inner) != 0 {
		t.Errorf("got %v", err)
	}
	batch(t, l, registered, granted)
}

func TestADryRunWritesNothingAndAnswersWhatWouldMove(t *testing.T) {
	on := events.MustDate("2025-06-30")
	trial := func(l *ledger.Ledger, tails ...string) *ledger.BatchResult {
		t.Helper()
		answer, err := l.Batch(t.Context(), named(t, tails...), importer, ledger.Terms{DryRun: true, AsOf: on})
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	empty, nothing := newLedger(t)
	if answer := trial(empty, registered, granted, received); answer.Results[2].Position != 0 ||
		answer.Moved.Status != "registered" || len(answer.Moved.Money) == 0 || count(t, nothing) != 0 {
		t.Errorf("on an empty ledger: %+v", answer)
	}
	l, store := newLedger(t)
	batch(t, l, registered, granted, received)
	before := l.Register().Evaluation("ZJ-0001", on)
	answer := trial(l, spent, granted, fined)
	if answer.Position != 4 || answer.Revision != 3 || answer.AsOf != on || answer.Results[0].Repeated ||
		!answer.Results[1].Repeated || count(t, store) != 4 {
		t.Errorf("got %+v", answer)
	}
	var opened []string
	for _, a := range answer.Moved.Raised() {
		opened = append(opened, string(a.Code))
	}
	batch(t, l, spent, granted, fined)
	after := l.Register().Evaluation("ZJ-0001", on)
	if !slices.Contains(opened, "AL-USE-01") || answer.Moved.StatusBefore != before.Status ||
		answer.Moved.Status != after.Status {
		t.Errorf("opened %v, status %s to %s", opened, answer.Moved.StatusBefore, answer.Moved.Status)
	}
	refused := trial(l, overspent, voucher("V5", 1), orphaned)
	if len(refused.Refused) != 2 || refused.Refused[1].Index != 2 || refused.Results[1].EnteredBy != "importer" ||
		len(refused.Moved.Money) == 0 {
		t.Errorf("got %+v", refused)
	}
	late := strings.Replace(voucher("V6", 1), "2025-06-01", "2025-09-01", 1)
	if answer := trial(l, late); answer.AsOf != events.MustDate("2025-09-01") {
		t.Errorf("as of %v", answer.AsOf)
	}
	readOnly, err := ledger.Open(t.Context(), store, ledger.Config{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	if answer := trial(readOnly, voucher("V5", 1)); answer.Position != 6 {
		t.Errorf("reading only: %+v", answer)
	}
}

func TestALedgerForReadingOnlyRefusesToWriteInBothLanguages(t *testing.T) {
	_, store := newLedger(t)
	l, err := ledger.Open(t.Context(), store, ledger.Config{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	_, recorded := l.Record(t.Context(), record(t, "a", registered), importer)
	_, imported := l.Import(t.Context(),
		ledger.ImportConfig{Account: importer, Files: ledgertest.Files(t, file(t, line("a", registered)))})
	for _, err := range []error{recorded, imported} {
		if told := text.Of(err); text.CodeOf(err) != text.Unavailable || told.Zh == told.En {
			t.Errorf("got %v", err)
		}
	}
}

// Random histories in random batches with repeats must give the same answers and the same ledger as the records one
// by one.
func TestBatchesAnswerAsOneRecordAfterTheOther(t *testing.T) {
	for seed := range uint64(40) {
		random := rand.New(rand.NewPCG(seed, 7))
		one, oneStore := newLedger(t)
		all, allStore := newLedger(t)
		var done []string
		for n := 0; len(done) < 30 && n < 60; n++ {
			var tails []string
			for range 1 + random.IntN(6) {
				tails = append(tails, someTail(random, done))
			}
			if n == 0 {
				tails[0] = registered
			}
			records := named(t, tails...)
			dry, err := all.Batch(t.Context(), records, importer, ledger.Terms{DryRun: true})
			if err != nil {
				t.Fatal(err)
			}
			answer, err := all.Batch(t.Context(), records, importer, ledger.Terms{})
			var no *ledger.BatchRefusal
			if errors.As(err, &no) {
				// The good ones alone are accepted, one by one and together.
				if !reflect.DeepEqual(dry.Refused, no.Refused) {
					t.Fatalf("seed %d: tried %+v, then %+v", seed, dry.Refused, no.Refused)
				}
				for i := len(no.Refused) - 1; i >= 0; i-- {
					at := no.Refused[i].Index
					records, tails = slices.Delete(records, at, at+1), slices.Delete(tails, at, at+1)
				}
				if len(records) == 0 {
					continue
				}
				answer, err = all.Batch(t.Context(), records, importer, ledger.Terms{})
			}
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			for i, rec := range records {
				want, err := one.Record(t.Context(), rec, importer)
				if err != nil {
					t.Fatalf("seed %d: %s: %v", seed, tails[i], err)
				}
				got := answer.Results[i]
				want.RecordedAt = got.RecordedAt
				if !reflect.DeepEqual(got, want) {
					t.Fatalf("seed %d: %s is answered %+v, and alone %+v", seed, tails[i], got, want)
				}
			}
			done = append(done, tails...)
		}
		if answers(one.Register()) != answers(all.Register()) || bodies(t, oneStore) != bodies(t, allStore) {
			t.Fatalf("seed %d: the ledgers differ", seed)
		}
	}
}

// someTail returns a record that may be good, bad or recorded already.
func someTail(random *rand.Rand, done []string) string {
	if len(done) > 0 && random.IntN(4) == 0 {
		return done[random.IntN(len(done))]
	}
	number := fmt.Sprint("V", random.IntN(40))
	switch random.IntN(8) {
	case 0:
		return granted
	case 1:
		return received
	case 2:
		return fined
	case 3:
		return orphaned
	case 4:
		return strings.NewReplacer("V9", number, "R9", "R"+number).Replace(orphaned)
	}
	return voucher(number, 1+random.IntN(30000))
}

// bodies returns the bodies of all events of a store, in order.
func bodies(t *testing.T, store events.Store) string {
	t.Helper()
	var b strings.Builder
	for s, err := range store.ReadAll(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%d %s %d %s %s\n", s.Position, s.Stream, s.Revision, s.ID, s.Body)
	}
	return b.String()
}

// 64 writers write batches beside imports of the same centers. Each acknowledged batch must be stored once, whole and
// without gaps.
func TestBatchesBesideImports(t *testing.T) {
	l, store := newLedger(t)
	const writers, centers, rounds = 64, 8, 3
	for c := range centers {
		for _, tail := range []string{registered, strings.Replace(granted, "100000", "100000000", 1),
			strings.Replace(received, "100000", "100000000", 1)} {
			if _, err := l.Record(t.Context(), ofCenter(t, fmt.Sprintf("ZJ-%04d", c), fmt.Sprint(c, tail), tail),
				importer); err != nil {
				t.Fatal(err)
			}
		}
	}
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			center := fmt.Sprintf("ZJ-%04d", w%centers)
			for round := range rounds {
				var records []*events.Record
				for i := range 5 {
					name := fmt.Sprint("B", w, ".", round, ".", i)
					records = append(records, ofCenter(t, center, name, voucher(name, 1)))
				}
				answer, err := l.Batch(t.Context(), records, importer, ledger.Terms{})
				if err != nil {
					t.Errorf("%s: %v", center, err)
					return
				}
				for i, r := range answer.Results {
					if r.Revision != answer.Results[0].Revision+uint64(i) || l.Register().Position() < r.Position {
						t.Errorf("record %d of %s lies at %+v", i, center, r.Place)
					}
				}
			}
		})
	}
	imported := 0
	for n := range 4 {
		var lines []string
		for c := range centers {
			name := fmt.Sprint("I", n, ".", c)
			lines = append(lines, fmt.Sprintf(`{"id":"%s","center":"ZJ-%04d",%s}`, idOf(name), c, voucher(name, 1)))
		}
		report, err := l.Import(t.Context(),
			ledger.ImportConfig{Account: importer, Files: ledgertest.Files(t, file(t, lines...))})
		if err != nil || report.Accepted != centers { // what others wrote goes with it
			t.Errorf("got %+v, %v", report, err)
		}
		imported += report.Accepted
	}
	wg.Wait()
	if got, want := count(t, store), 1+centers*3+writers*rounds*5+imported; got != want {
		t.Errorf("the store has %d events, want %d", got, want)
	}
	if answers(open(t, store).Register()) != answers(l.Register()) {
		t.Error("opened again it answers otherwise")
	}
}
