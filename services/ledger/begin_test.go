package ledger_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/ledger/ledgertest"
)

// begun returns the streams of all events in order. It fails unless the first event is the adoption of the built-in
// policy.
func begun(t *testing.T, store events.Store) (streams []events.StreamID) {
	t.Helper()
	for s, err := range store.ReadAll(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		rec, err := events.DecodeEvent(s)
		if first := s.Position == 1; err != nil || first != (s.ID == ledger.Adoption(policy.Builtin()).ID) ||
			first && rec.EnteredBy != "taizhang" {
			t.Errorf("position %d holds %s of %s, %v", s.Position, s.Kind, s.Stream, err)
		}
		streams = append(streams, s.Stream)
	}
	return streams
}

func TestTheFirstAcceptedRecordIsPrecededByTheBuiltInPolicy(t *testing.T) {
	var exported bytes.Buffer
	full, _ := newLedger(t)
	write(t, full, "a", registered)
	if _, err := full.Export(t.Context(), &exported, nil, nil); err != nil {
		t.Fatal(err)
	}
	second, err := events.EncodeRecord(ledger.Adoption(secondPolicy(t)))
	if err != nil {
		t.Fatal(err)
	}
	imported := func(want ledger.ImportReport, lines ...string) func(*testing.T, *ledger.Ledger) {
		return func(t *testing.T, l *ledger.Ledger) {
			if report, bad := imports(t, l,
				ledger.ImportConfig{Files: ledgertest.Files(t, file(t, lines...))}); report != want {
				t.Errorf("got %+v, %+v", report, bad)
			}
		}
	}
	recorded := func(recs ...*events.Record) func(*testing.T, *ledger.Ledger) {
		return func(t *testing.T, l *ledger.Ledger) {
			for _, rec := range recs {
				if _, err := l.Record(t.Context(), rec, importer); err != nil {
					t.Error(err)
				}
			}
		}
	}
	for name, c := range map[string]struct {
		when func(*testing.T, *ledger.Ledger)
		then string
	}{
		"nothing is asked of it": {func(*testing.T, *ledger.Ledger) {}, ""},
		"a record":               {recorded(record(t, "a", registered)), "policy center-ZJ-0001"},
		"two records": {recorded(record(t, "a", registered), record(t, "g", granted)),
			"policy center-ZJ-0001 center-ZJ-0001"},
		"another policy":             {recorded(ledger.Adoption(secondPolicy(t))), "policy policy"},
		"the built-in policy itself": {recorded(ledger.Adoption(policy.Builtin())), "policy"},
		"an import": {
			imported(ledger.ImportReport{Read: 2, Accepted: 2}, line("a", registered), line("g", granted)),
			"policy center-ZJ-0001 center-ZJ-0001"},
		"an import of an export": {
			imported(ledger.ImportReport{Read: 2, Accepted: 1, Repeated: 1}, strings.TrimSpace(exported.String())),
			"policy center-ZJ-0001"},
		"an import that adopts": {
			imported(ledger.ImportReport{Read: 2, Accepted: 2}, string(second), line("a", registered)),
			"policy policy center-ZJ-0001"},
		"an import of the first policy only": {
			imported(ledger.ImportReport{Read: 1, Repeated: 1}, strings.SplitN(exported.String(), "\n", 2)[0]), ""},
	} {
		t.Run(name, func(t *testing.T) {
			l, store := newLedger(t)
			if p := l.Register().Timeline().At(events.MustDate("2025-01-01")); p != policy.Builtin() {
				t.Error("the built-in policy does not judge")
			}
			c.when(t, l)
			if got := strings.Trim(fmt.Sprint(begun(t, store)), "[]"); got != c.then {
				t.Errorf("the log is of %q, want %q", got, c.then)
			}
			if again := open(t, store); answers(again.Register()) != answers(l.Register()) {
				t.Error("opened again it answers otherwise")
			}
		})
	}
}

func TestARefusedFirstRecordLeavesAnEmptyStore(t *testing.T) {
	l, store := newLedger(t)
	_, err := l.Record(t.Context(), record(t, "o", orphaned), importer)
	refusal(t, err)
	_, err = l.Record(t.Context(), record(t, "o", overspent), importer)
	refusal(t, err)
	altered := ledger.Adoption(policy.Builtin()) // with the id of the adoption that would precede it
	altered.Note = "another"
	for _, dry := range []bool{true, false} {
		_, err = l.Batch(t.Context(), []*events.Record{altered}, importer, ledger.Terms{DryRun: dry})
		if text.CodeOf(err) != text.Conflict || !strings.Contains(text.Of(err).Zh, "备注") {
			t.Errorf("with another note (dry run: %v): %v", dry, err)
		}
	}
	if tried, err := l.Try(t.Context(), altered, importer, altered.On); err != nil || len(tried.Against) == 0 {
		t.Errorf("with another note, tried: %+v, %v", tried, err)
	}
	other, err := events.EncodeRecord(altered)
	if err != nil {
		t.Fatal(err)
	}
	report, _ := imports(t, l, ledger.ImportConfig{
		Files: ledgertest.Files(t, file(t, line("a", registered), line("b", orphaned), string(other)))})
	if report.Refused != 2 || count(t, store) != 0 || l.Register().Position() != 0 {
		t.Errorf("got %+v; the store has %d events", report, count(t, store))
	}
}

// cut is a store that fails every append except those of policies.
type cut struct{ events.Store }

func (c cut) Append(ctx context.Context, s events.StreamID, expected uint64,
	batch []events.Proposed) ([]events.Place, error) {
	if s != events.PolicyStream {
		return nil, errors.New("cut")
	}
	return c.Store.Append(ctx, s, expected, batch)
}

func TestALedgerThatBrokeOffAfterItsFirstAdoptionGoesOn(t *testing.T) {
	_, store := newLedger(t)
	if _, err := open(t, cut{store}).Record(t.Context(), record(t, "a", registered), importer); err == nil {
		t.Fatal("the record was accepted")
	}
	if got := begun(t, store); len(got) != 1 {
		t.Fatalf("the log is of %v", got)
	}
	write(t, open(t, store), "a", registered)
	if got := begun(t, store); len(got) != 2 {
		t.Errorf("the log is of %v", got)
	}
}

func TestWritersThatBeginALedgerTogetherAdoptOnce(t *testing.T) {
	for range 20 {
		one, store := newLedger(t)
		two := open(t, store)
		var wg sync.WaitGroup
		for i := range 8 {
			l := []*ledger.Ledger{one, two}[i%2]
			center := fmt.Sprintf("ZJ-%04d", i/4+1)
			wg.Go(func() {
				if _, err := l.Record(t.Context(), ofCenter(t, center, center, registered), importer); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got := begun(t, store); len(got) != 3 || got[0] != events.PolicyStream {
			t.Fatalf("the log is of %v", got)
		}
	}
}

func TestAWriterJudgesAgainUnderThePolicyThatAnotherBeganWith(t *testing.T) {
	one, store := newLedger(t)
	rec := ledger.Adoption(secondPolicy(t))
	body, err := events.EncodeEvent(rec, events.Entry{EnteredBy: "another version"})
	if err != nil {
		t.Fatal(err)
	}
	// The other program has another built-in policy.
	if _, err := store.Append(t.Context(), events.PolicyStream, 0,
		[]events.Proposed{{ID: rec.ID, Kind: rec.Kind, Body: body}}); err != nil {
		t.Fatal(err)
	}
	if result := write(t, one, "a", registered); result.Position != 2 ||
		result.Policy.Version != secondPolicy(t).Version {
		t.Errorf("got %+v", result)
	}
}
