package ledger_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/memstore"
	"github.com/taizhang/taizhang/events/storetest"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/ledger/ledgertest"
	"github.com/taizhang/taizhang/services/logstore"
	"github.com/taizhang/taizhang/services/seal"
)

// sealUnder returns a seal under an origin, that names a checkpoint of a number of records.
func sealUnder(origin string, size uint64) *events.LedgerSealed {
	s := &events.LedgerSealed{Origin: origin, Key: origin + "+00000000+AQ==", Size: size, Root: events.RootOfNothing}
	if size > 0 {
		s.Root = strings.Repeat("A", 43) + "="
	}
	return s
}

const (
	firstOrigin  = "taizhang.test/2024"
	secondOrigin = "taizhang.test/2026"
)

// continued returns the first seal under secondOrigin, after a checkpoint of firstOrigin.
func continued(size uint64) *events.LedgerSealed {
	s, old := sealUnder(secondOrigin, 0), sealUnder(firstOrigin, size)
	s.After = &events.SealedAfter{Origin: old.Origin, Key: old.Key, Size: old.Size, Root: old.Root}
	return s
}

func sealed(t testing.TB, l *ledger.Ledger, s *events.LedgerSealed) events.Place {
	t.Helper()
	place, err := l.Seal(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return place
}

// checkSealing compares the state of a sealing with the places of the first and the last seal; the zero place stands
// for none.
func checkSealing(t *testing.T, l *ledger.Ledger, first, last events.Place, unsealed bool) {
	t.Helper()
	is := l.Sealing()
	placeOf := func(s *ledger.Seal) events.Place {
		if s == nil {
			return events.Place{}
		}
		return s.Place
	}
	if placeOf(is.First) != first || placeOf(is.Last) != last || is.Unsealed != unsealed {
		t.Errorf("first %+v, last %+v, unsealed %v; want %+v, %+v, %v", is.First, is.Last, is.Unsealed, first, last,
			unsealed)
	}
}

func TestALedgerIsSealedInEachStore(t *testing.T) {
	dir := t.TempDir()
	for name, openStore := range map[string]func() events.Store{
		"in memory": func() events.Store { return memstore.New(ticking()) },
		"in files": func() events.Store {
			store, err := logstore.Open(dir, logstore.Options{})
			if err != nil {
				t.Fatal(err)
			}
			return store
		},
	} {
		t.Run(name, func(t *testing.T) {
			store := openStore()
			l := open(t, store)
			if _, err := l.Seal(t.Context(), sealUnder(firstOrigin, 0)); text.CodeOf(err) != text.NotFound ||
				count(t, store) != 0 {
				t.Fatalf("an empty ledger: %v", err)
			}
			checkSealing(t, l, events.Place{}, events.Place{}, false)
			write(t, l, "registered", registered)
			checkSealing(t, l, events.Place{}, events.Place{}, true)
			first := sealed(t, l, sealUnder(firstOrigin, 0))
			if first.Position != 3 || first.Revision != 1 {
				t.Errorf("the first seal is at %+v", first)
			}
			checkSealing(t, l, first, first, false)
			write(t, l, "granted", granted)
			checkSealing(t, l, first, first, true)
			second := sealed(t, l, sealUnder(firstOrigin, 3))
			checkSealing(t, l, first, second, false)
			third := sealed(t, l, continued(5))
			checkSealing(t, l, third, third, false)

			again := open(t, store) // from what is stored
			checkSealing(t, again, third, third, false)
			if r := again.Register(); len(r.Breaks(events.LedgerStream)) != 0 || len(r.IDs()) != 1 ||
				r.Revision(events.LedgerStream) != 3 {
				t.Errorf("breaks %+v, centers %v", r.Breaks(events.LedgerStream), r.IDs())
			}
			for s, err := range store.ReadStream(t.Context(), events.LedgerStream, 0) {
				if err != nil {
					t.Fatal(err)
				}
				rec, err := events.DecodeEvent(s)
				if err != nil || rec.By != (events.By{Role: events.Program, Actor: "taizhang"}) || rec.Center != "" ||
					rec.EnteredBy != "taizhang" || rec.On != events.DateAt(time.Now()) &&
					rec.On != events.DateAt(time.Now().Add(-time.Minute)) || len(rec.Check()) != 0 {
					t.Errorf("stored %+v, %v, %v", rec, err, rec.Check())
				}
			}
			again.Close()
			l.Close()
			if err := store.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestASealThatDoesNotFollowIsNotWritten(t *testing.T) {
	l, store := newLedger(t)
	write(t, l, "registered", registered)
	other := open(t, store)
	sealed(t, l, sealUnder(firstOrigin, 0))
	write(t, l, "granted", granted)
	sealed(t, l, sealUnder(firstOrigin, 3))
	otherKey := sealUnder(firstOrigin, 3)
	otherKey.Key = firstOrigin + "+00000001+AQ=="
	again := continued(5)
	again.Origin, again.Key = firstOrigin, sealUnder(firstOrigin, 0).Key
	for name, s := range map[string]*events.LedgerSealed{
		"a smaller checkpoint":               sealUnder(firstOrigin, 2),
		"more than the ledger":               sealUnder(firstOrigin, 6),
		"another key":                        otherKey,
		"another origin with a size":         sealUnder(secondOrigin, 5),
		"another origin that continues none": sealUnder(secondOrigin, 0),
		"the same origin that continues one": again,
		"another origin that continues itself": func() *events.LedgerSealed {
			s := continued(5)
			s.After.Origin, s.After.Key = s.Origin, s.Key
			return s
		}(),
	} {
		if _, err := l.Seal(t.Context(), s); text.CodeOf(err) != text.Conflict {
			t.Errorf("%s: %v", name, err)
		}
	}
	malformed := sealUnder(firstOrigin, 3)
	malformed.Root = "AAAA"
	var problems events.Problems
	if _, err := l.Seal(t.Context(), malformed); !errors.As(err, &problems) {
		t.Errorf("a root of three bytes: %v", err)
	}
	if n := count(t, store); n != 5 {
		t.Errorf("%d events are stored", n)
	}
	if err := other.Reaches(t.Context(), 5); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Seal(t.Context(), sealUnder(firstOrigin, 5)); err != nil { // another ledger over the store
		t.Error(err)
	}
}

// behind is a store in which another writer always seals first.
type behind struct{ *memstore.Store }

func (s behind) Append(ctx context.Context, stream events.StreamID, expected uint64,
	batch []events.Proposed) ([]events.Place, error) {
	if stream == events.LedgerStream {
		other := batch[0]
		other.ID = idOf("the other's")
		if _, err := s.Store.Append(ctx, stream, expected, []events.Proposed{other}); err != nil {
			return nil, err
		}
	}
	return s.Store.Append(ctx, stream, expected, batch)
}

func TestOfTwoSealersOneComesFirst(t *testing.T) {
	store := behind{memstore.New(ticking())}
	l := open(t, store)
	write(t, l, "registered", registered)
	if _, err := l.Seal(t.Context(), sealUnder(firstOrigin, 0)); text.CodeOf(err) != text.Conflict || l.Stopped() {
		t.Errorf("the second sealer: %v", err)
	}
	if n := count(t, store); n != 3 {
		t.Errorf("%d events are stored", n)
	}
}

func TestWhoCannotWriteCannotSeal(t *testing.T) {
	l, store := newLedger(t)
	write(t, l, "registered", registered)
	readOnly, err := ledger.Open(t.Context(), store, ledger.Config{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := readOnly.Seal(t.Context(), sealUnder(firstOrigin, 0)); text.CodeOf(err) != text.Unavailable {
		t.Errorf("read-only: %v", err)
	}
	l.Close()
	if _, err := l.Seal(t.Context(), sealUnder(firstOrigin, 0)); text.CodeOf(err) != text.Unavailable {
		t.Errorf("closed: %v", err)
	}
	faulty := &storetest.Faulty{Store: memstore.New(ticking()), Plan: func(n int64) storetest.Fault {
		if n > 2 { // the policies and the center are there
			return storetest.FailedButStored
		}
		return storetest.Works
	}}
	unknown := open(t, faulty)
	write(t, unknown, "registered", registered)
	if _, err := unknown.Seal(t.Context(), sealUnder(firstOrigin, 0)); !errors.Is(err, ledger.ErrStopped) {
		t.Errorf("an append of unknown outcome: %v", err)
	}
	if _, err := unknown.Seal(t.Context(), sealUnder(firstOrigin, 0)); !errors.Is(err, ledger.ErrStopped) {
		t.Errorf("after that: %v", err)
	}
}

const sealTail = `"kind":"ledger.sealed","on":"2026-11-01","by":{"role":"program","actor":"taizhang"},"data":{"origin":"taizhang.test/2024","key":"taizhang.test/2024+00000000+AQ==","size":0,"root":"` + events.RootOfNothing + `","cosigners":[]}`

// sealLine is a record of the kind that somebody brings.
func sealLine(name string) string {
	return `{"id":"` + idOf(name).String() + `",` + sealTail + `}`
}

func TestASealIsTakenFromNobody(t *testing.T) {
	l, store := newLedger(t)
	write(t, l, "registered", registered)
	rec, problems := events.DecodeRecord([]byte(sealLine("seal")))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	_, err := l.Record(t.Context(), rec, importer)
	if why := refusal(t, err).Breaches; len(why) != 1 || why[0].Rule != "R04-2" || why[0].Field != "kind" ||
		!strings.Contains(why[0].Reason.Zh, "台账封存") {
		t.Errorf("refused for %+v", why)
	}
	if a, err := l.Try(t.Context(), rec, importer, rec.On); err != nil || len(a.Against) != 1 {
		t.Errorf("tried: %+v, %v", a, err)
	}
	if _, err := l.Batch(t.Context(), []*events.Record{rec}, importer, ledger.Terms{DryRun: true}); err == nil {
		t.Error("a batch of it is taken")
	}
	if n := count(t, store); n != 2 {
		t.Errorf("%d events are stored", n)
	}
	byCenter := record(t, "bad role", strings.Replace(granted, `"finance"`, `"admin"`, 1))
	byCenter.By.Role = events.Program
	if found := byCenter.Check(); len(found) != 1 || found[0].Field != "by.role" {
		t.Errorf("a grant by the program: %v", found)
	}
}

func TestAnImportPassesOverTheSealsOfAnExport(t *testing.T) {
	l, _ := newLedger(t)
	write(t, l, "registered", registered)
	sealed(t, l, sealUnder(firstOrigin, 0))
	write(t, l, "granted", granted)
	sealed(t, l, sealUnder(firstOrigin, 3))
	var out bytes.Buffer
	n, err := l.Export(t.Context(), &out, nil, nil)
	if err != nil || n != 5 || strings.Count(out.String(), `"ledger.sealed"`) != 2 {
		t.Fatalf("exported %d, %v:\n%s", n, err, &out)
	}
	path := file(t, strings.TrimSpace(out.String()))
	again, store := newLedger(t)
	passed := map[string]int{}
	report, bad := imports(t, again, ledger.ImportConfig{Files: ledgertest.Files(t, path),
		Passed: func(file string, n int) { passed[file] += n }})
	if want := (ledger.ImportReport{Read: 3, Accepted: 2, Repeated: 1, Passed: 2}); report != want || len(bad) > 0 {
		t.Errorf("got %+v, %+v", report, bad)
	}
	if len(passed) != 1 || count(t, store) != 3 || answers(l.Register()) != answers(again.Register()) {
		t.Errorf("passed over %v, stored %d", passed, count(t, store))
	}
	report, _ = imports(t, again, ledger.ImportConfig{Files: ledgertest.Files(t, path), DryRun: true})
	if want := (ledger.ImportReport{Read: 3, Repeated: 3, Passed: 2}); report != want {
		t.Errorf("in a dry run: %+v", report)
	}
}

// checkSeals checks a ledger as the program does, and returns what it finds.
func checkSeals(t *testing.T, l *ledger.Ledger) (report ledger.CheckReport, found []ledger.Finding) {
	t.Helper()
	report, err := l.Check(t.Context(), ledger.CheckConfig{On: events.MustDate("2026-11-01"),
		Found: func(f ledger.Finding) { found = append(found, f) },
		Roots: func(ctx context.Context, sizes []uint64, see func(*events.Stored)) (all [][sha256.Size]byte,
			err error) {
			roots, _, err := seal.Roots(ctx, l, sizes, see)
			for _, root := range roots {
				all = append(all, root)
			}
			return all, err
		}})
	if err != nil {
		t.Fatal(err)
	}
	return report, found
}

func TestACheckComparesEachSealWithTheRecordsBeforeIt(t *testing.T) {
	l, _ := newLedger(t)
	write(t, l, "registered", registered)
	sealed(t, l, sealUnder(firstOrigin, 0))
	write(t, l, "granted", granted)
	roots, _, err := seal.Roots(t.Context(), l, []uint64{3}, nil)
	if err != nil {
		t.Fatal(err)
	}
	good := sealUnder(firstOrigin, 3)
	good.Root = roots[0].String()
	sealed(t, l, good)
	write(t, l, "received", received)
	report, found := checkSeals(t, l)
	if len(found) > 0 || report.Events != 6 || report.Seals != 2 || report.Last.Position != 6 {
		t.Errorf("a good ledger: %+v, %+v", report, found)
	}
	wrong := sealed(t, l, sealUnder(firstOrigin, 5))
	good.Size = 5 // the root of three
	again := sealed(t, l, good)
	write(t, l, "spent", spent)
	report, found = checkSeals(t, l)
	if len(found) != 2 || found[0].Position != wrong.Position || found[1].Position != again.Position ||
		found[0].Stream != events.LedgerStream || !strings.Contains(found[0].What.En, "AL-LED-01") ||
		report.Events != 9 || report.Seals != 4 {
		t.Errorf("two wrong roots: %+v, %+v", report, found)
	}
}
