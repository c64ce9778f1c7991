package ledger_test

import (
	"bytes"
	"context"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/ledger/ledgertest"
)

func checks(t *testing.T, l *ledger.Ledger) (ledger.CheckReport, []ledger.Finding) {
	t.Helper()
	var found []ledger.Finding
	report, err := l.Check(t.Context(), ledger.CheckConfig{On: events.MustDate("2026-10-31"), Found: func(f ledger.Finding) { found = append(found, f) }})
	if err != nil {
		t.Fatal(err)
	}
	return report, found
}

func TestASoundLedgerIsProved(t *testing.T) {
	l, store := newLedger(t)
	imports(t, l, ledger.ImportConfig{Files: ledgertest.Files(t, testdata(t, "edges"))})
	report, found := checks(t, l)
	for _, f := range found {
		t.Errorf("found %+v", f)
	}
	if report.Events != count(t, store) || report.Centers != 40 || report.Evaluations < 80 {
		t.Errorf("got %+v", report)
	}
}

// altered is a store that hands out other bytes than were stored.
type altered struct {
	events.Store
	on  bool
	say func(*events.Stored)
}

func (a *altered) ReadAll(ctx context.Context, after uint64) iter.Seq2[events.Stored, error] {
	return a.alter(a.Store.ReadAll(ctx, after))
}

func (a *altered) ReadStream(ctx context.Context, s events.StreamID, after uint64) iter.Seq2[events.Stored, error] {
	return a.alter(a.Store.ReadStream(ctx, s, after))
}

func (a *altered) alter(read iter.Seq2[events.Stored, error]) iter.Seq2[events.Stored, error] {
	return func(yield func(events.Stored, error) bool) {
		for s, err := range read {
			if a.on && err == nil {
				a.say(&s)
			}
			if !yield(s, err) {
				return
			}
		}
	}
}

func replace(kind events.Kind, from, to string) func(*events.Stored) {
	return func(s *events.Stored) {
		if s.Kind == kind {
			s.Body = bytes.Replace(s.Body, []byte(from), []byte(to), 1)
		}
	}
}

func TestEveryKindOfDamageIsFound(t *testing.T) {
	reversed := `"kind":"spending.reversed","on":"2025-07-01","by":{"role":"center","actor":"c-1"},"data":{"voucher":"V1","reversalVoucher":"R1","reason":"错"}`
	for _, c := range []struct {
		name string
		say  func(*events.Stored)
		want string
	}{
		{"a receipt of another amount", replace("subsidy.received", "100000", "90000"), "recomputed"},
		{"a receipt that the scopes do not have", replace("subsidy.received", "100000", "90000"), "of the grants and of the scopes differ"},
		{"a receipt that the whole does not have", replace("subsidy.received", "100000", "90000"), "the whole says"},
		{"a grant of another name", func(s *events.Stored) { s.Body = bytes.ReplaceAll(s.Body, []byte(`"G1"`), []byte(`"G2"`)) }, `"G1" has a balance`},
		{"a voucher of another use", replace("funds.spent", `"pilot"`, `"fine"`), "naive evaluation"},
		{"a reversal of no voucher", replace("spending.reversed", `"V1"`, `"V7"`), "cannot be right where it lies"},
		{"an event that cannot be decoded", replace("funds.spent", `"version":1`, `"version":9`), "cannot be decoded"},
		{"a grant of another year", replace("subsidy.granted", `"fiscalYear":2025`, `"fiscalYear":2026`), "naive evaluation"},
		{"an amount below zero", replace("subsidy.granted", `"amountFen":100000`, `"amountFen":-100000`), "cannot be decoded"},
		{"a record without the document that its mode asks for", replace("funds.spent", `"mode":"enforce"`, `"mode":"record"`), "could be accepted"},
		{"a stream that is not its kind's", func(s *events.Stored) {
			if s.Kind == "funds.spent" {
				s.Stream = "centre-ZJ-0001"
			}
		}, "does not belong in this stream"},
		{"a missing revision", func(s *events.Stored) {
			if s.Kind == "funds.spent" {
				s.Revision++
			}
		}, "revision 3 is followed by 5"},
		{"a position that is there twice", func(s *events.Stored) {
			if s.Kind == "funds.spent" {
				s.Position--
			}
		}, "position 4 is followed by 4"},
		{"a time that goes back", func(s *events.Stored) {
			if s.Kind == "funds.spent" {
				s.RecordedAt = s.RecordedAt.AddDate(-1, 0, 0)
			}
		}, "before its predecessor"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, store := newLedger(t)
			a := &altered{Store: store, say: c.say}
			l := open(t, a)
			for _, tail := range []string{registered, granted, received, spent, reversed} {
				write(t, l, tail, tail)
			}
			if _, found := checks(t, l); len(found) > 0 {
				t.Fatalf("sound, yet found %+v", found)
			}
			a.on = true
			_, found := checks(t, l)
			for _, f := range found {
				if strings.Contains(f.What.En, c.want) {
					return
				}
			}
			t.Errorf("found %+v", found)
		})
	}
}

func TestABreakInTheLedgerIsAnAlertAndAFindingAndStopsItsCenter(t *testing.T) {
	first, store := newLedger(t)
	for _, tail := range []string{registered, granted, received, spent} {
		write(t, first, tail, tail)
	}
	l := open(t, &altered{Store: store, on: true, say: replace("funds.spent", `"grant":"G1"`, `"grant":"G8"`)})
	if breaks := l.Register().Breaks("center-ZJ-0001"); len(breaks) != 1 || breaks[0].Position != 5 {
		t.Errorf("got %+v", breaks)
	}
	_, found := checks(t, l)
	if len(found) != 1 || found[0].Position != 5 {
		t.Errorf("found %+v", found)
	}
	_, err := l.Record(t.Context(), record(t, "more", strings.Replace(received, "100000", "1", 1)), clerk)
	if got := refusal(t, err); !strings.Contains(got.Error(), "AL-LED-01") {
		t.Errorf("got %v", got)
	}
	other := strings.Replace(line("other", registered), "ZJ-0001", "ZJ-0002", 1)
	if report, bad := imports(t, l, ledger.ImportConfig{Files: ledgertest.Files(t, file(t, other))}); report.Accepted != 1 {
		t.Errorf("another center was stopped too: %+v", bad)
	}
}

func TestAnIdThatIsThereTwiceIsFoundOnce(t *testing.T) {
	first, store := newLedger(t)
	for _, tail := range []string{registered, granted, received, spent} {
		write(t, first, tail, tail)
	}
	twice := func(s *events.Stored) {
		if s.Kind == "funds.spent" {
			s.ID = idOf(received)
		}
	}
	_, found := checks(t, open(t, &altered{Store: store, on: true, say: twice}))
	if len(found) != 1 || found[0].Position != 5 || !strings.Contains(found[0].What.En, "recorded already") {
		t.Errorf("found %+v", found)
	}
	unknown := func(s *events.Stored) {
		if s.Kind == "funds.spent" {
			s.Kind = "funds.lost"
		}
	}
	_, found = checks(t, open(t, &altered{Store: store, on: true, say: unknown}))
	if len(found) != 1 || found[0].Position != 5 || !strings.Contains(found[0].What.En, "cannot be decoded") {
		t.Errorf("found %+v", found)
	}
}

func TestAPolicyThatIsNotTheOneAdoptedIsFound(t *testing.T) {
	for to, want := range map[string]string{`61`: "does not agree with the text", `-1`: "cannot be right where it lies"} {
		first, store := newLedger(t)
		write(t, first, "registered", registered)
		l := open(t, &altered{Store: store, on: true, say: replace("policy.adopted", `\"value\": 60`, `\"value\": `+to)})
		_, found := checks(t, l)
		if !slices.ContainsFunc(found, func(f ledger.Finding) bool {
			return f.Position == 1 && f.Stream == events.PolicyStream && strings.Contains(f.What.En, want)
		}) {
			t.Errorf("%s: found %+v", to, found)
		}
	}
}

func TestAPolicyThatCannotBeReadStopsAllWriting(t *testing.T) {
	first, store := newLedger(t)
	write(t, first, "registered", registered)
	l := open(t, &altered{Store: store, on: true, say: replace("policy.adopted", `"version":1`, `"version":9`)})
	_, err := l.Record(t.Context(), record(t, "registered", registered), clerk)
	if got := refusal(t, err); !strings.Contains(got.Error(), "policy has a break") {
		t.Errorf("got %v", got)
	}
}
