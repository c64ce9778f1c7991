package ledger_test

import (
	"bytes"
	"context"
	"errors"
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
	return checksWith(t, l, ledger.CheckConfig{On: events.MustDate("2026-10-31")})
}

func checksWith(t *testing.T, l *ledger.Ledger, cfg ledger.CheckConfig) (ledger.CheckReport, []ledger.Finding) {
	t.Helper()
	var found []ledger.Finding
	cfg.Found = func(f ledger.Finding) { found = append(found, f) }
	report, err := l.Check(t.Context(), cfg)
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
	if report.Events != count(t, store) || report.Centers != 40 || report.Evaluations < 80 ||
		report.Comparisons != report.Evaluations {
		t.Errorf("got %+v", report)
	}
}

func TestWhatIsTooMuchIsSampledAndThoroughTakesAll(t *testing.T) {
	l, _ := newLedger(t)
	imports(t, l, ledger.ImportConfig{Files: ledgertest.Files(t, testdata(t, "edges"))})
	whole, _ := checks(t, l)
	drawn := func(millions int64, largest float64, cfg ledger.CheckConfig) ledger.CheckReport {
		t.Helper()
		ledger.SetSample(t, millions, largest)
		cfg.On = events.MustDate("2026-10-31")
		report, found := checksWith(t, l, cfg)
		if len(found) > 0 || report.Comparisons != whole.Comparisons {
			t.Errorf("%d of %d comparisons, found %+v", report.Comparisons, whole.Comparisons, found)
		}
		return report
	}
	some := drawn(1, 1e9, ledger.CheckConfig{})
	if some.Evaluations == 0 || some.Evaluations >= whole.Evaluations || some.TooLarge > 0 {
		t.Errorf("sampled %+v of %d", some, whole.Evaluations)
	}
	if again := drawn(1, 1e9, ledger.CheckConfig{}); again != some {
		t.Errorf("sampled %+v, and then %+v", some, again)
	}
	if none := drawn(0, 1e9, ledger.CheckConfig{}); none.Evaluations != 0 {
		t.Errorf("sampled %+v of no budget", none)
	}
	if small := drawn(1000, 10_000, ledger.CheckConfig{}); small.TooLarge == 0 ||
		small.Evaluations+small.TooLarge != whole.Evaluations {
		t.Errorf("sampled %+v of %d with a bound", small, whole.Evaluations)
	}
	if all := drawn(0, 0, ledger.CheckConfig{Thorough: true}); all != whole {
		t.Errorf("thorough: %+v, expected %+v", all, whole)
	}
}

// The read models are built from the store; afterwards the store returns other bytes for one center.
func TestAReadModelThatIsWrongIsFoundWhateverIsSampled(t *testing.T) {
	for _, c := range []struct {
		thorough bool
		want     string
	}{{false, "computed again from the stored records"}, {true, "independent computation"}} {
		_, store := newLedger(t)
		a := &altered{Store: store, say: func(s *events.Stored) {
			if s.Stream == "center-ZJ-0001" {
				replace("funds.spent", `"pilot"`, `"fine"`)(s)
			}
		}}
		l := open(t, a)
		for _, tail := range []string{registered, granted, received, spent} {
			write(t, l, tail, tail)
		}
		imports(t, l, ledger.ImportConfig{
			Files: ledgertest.Files(t, file(t, strings.Replace(line("other", registered), "ZJ-0001", "ZJ-0002", 1)))})
		a.on = true
		ledger.SetSample(t, 0, 1e9)
		_, found := checksWith(t, l, ledger.CheckConfig{On: events.MustDate("2026-10-31"), Thorough: c.thorough})
		if len(found) == 0 || slices.ContainsFunc(found, func(f ledger.Finding) bool {
			return f.Stream != "center-ZJ-0001" || !strings.Contains(f.What.En, c.want)
		}) {
			t.Errorf("thorough %v: found %+v", c.thorough, found)
		}
	}
}

func TestEveryEventIsDecodedAlsoAfterOneThatIsNot(t *testing.T) {
	first, store := newLedger(t)
	for _, tail := range []string{registered, granted, received, spent} {
		write(t, first, tail, tail)
	}
	for _, late := range []bool{false, true} {
		a := &altered{Store: store, on: !late, say: func(s *events.Stored) {
			replace("subsidy.granted", `"version":1`, `"version":9`)(s)
			replace("funds.spent", `"version":1`, `"version":9`)(s)
		}}
		l := open(t, a)
		a.on = true
		_, found := checks(t, l)
		var at []uint64
		for _, f := range found {
			if strings.Contains(f.What.En, "cannot be decoded") {
				at = append(at, f.Position)
			}
		}
		if !slices.Equal(at, []uint64{3, 5}) {
			t.Errorf("after opening %v: found %+v", late, found)
		}
	}
}

// alteredStream returns other bytes in reads of a stream than in reads of the whole ledger.
type alteredStream struct{ *altered }

func (a alteredStream) ReadAll(ctx context.Context, after uint64) iter.Seq2[events.Stored, error] {
	return a.Store.ReadAll(ctx, after)
}

func TestAStreamThatIsNotThatOfTheWholeIsFound(t *testing.T) {
	first, store := newLedger(t)
	for _, tail := range []string{registered, granted, received, spent} {
		write(t, first, tail, tail)
	}
	// no figure is another
	l := open(t, alteredStream{
		&altered{Store: store, on: true, say: replace("funds.spent", `"summary":"中试"`, `"summary":"设备"`)}})
	_, found := checks(t, l)
	if len(found) != 1 || found[0].Stream != "center-ZJ-0001" ||
		!strings.Contains(found[0].What.En, "reading the whole ledger") {
		t.Errorf("found %+v", found)
	}
}

func TestTheProgressOfACheckRisesToItsEnd(t *testing.T) {
	l, _ := newLedger(t)
	imports(t, l, ledger.ImportConfig{Files: ledgertest.Files(t, testdata(t, "edges"))})
	for _, thorough := range []bool{false, true} {
		ledger.SetSample(t, 1, 1e9)
		var seen [][2]int64
		checksWith(t, l, ledger.CheckConfig{On: events.MustDate("2026-10-31"), Thorough: thorough,
			Progress: func(done, total int64) {
				seen = append(seen, [2]int64{done, total})
			}})
		last := seen[len(seen)-1]
		for i, s := range seen {
			if s[1] != last[1] || i > 0 && s[0] < seen[i-1][0] || s[0] < 0 || s[0] > s[1] {
				t.Fatalf("the progress was %v", seen)
			}
		}
		if len(seen) < 2 || last[0] != last[1] || last[1] == 0 {
			t.Errorf("the progress was %v", seen)
		}
	}
}

func TestACheckEndsWithItsContext(t *testing.T) {
	l, _ := newLedger(t)
	write(t, l, "registered", registered)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := l.Check(ctx, ledger.CheckConfig{
		On: events.MustDate("2026-10-31"), Found: func(f ledger.Finding) { t.Errorf("found %+v", f) }})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// altered is a store that returns other bytes than were stored.
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
		{"a receipt that the scopes do not have", replace("subsidy.received", "100000", "90000"),
			"of the grants and of the scopes differ"},
		{"a receipt that the whole does not have", replace("subsidy.received", "100000", "90000"), "the whole says"},
		{"a grant of another name", func(s *events.Stored) {
			s.Body = bytes.ReplaceAll(s.Body, []byte(`"G1"`), []byte(`"G2"`))
		}, `"G1" has a balance`},
		{"a voucher of another use", replace("funds.spent", `"pilot"`, `"fine"`), "independent computation"},
		{"a reversal of no voucher", replace("spending.reversed", `"V1"`, `"V7"`), "cannot be right where it lies"},
		{"an event that cannot be decoded", replace("funds.spent", `"version":1`, `"version":9`), "cannot be decoded"},
		{"a grant of another year", replace("subsidy.granted", `"fiscalYear":2025`, `"fiscalYear":2026`),
			"independent computation"},
		{"an amount below zero", replace("subsidy.granted", `"amountFen":100000`, `"amountFen":-100000`),
			"cannot be decoded"},
		{"a record without the document that its mode asks for",
			replace("funds.spent", `"mode":"enforce"`, `"mode":"record"`), "could be accepted"},
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
	if report, bad := imports(t, l,
		ledger.ImportConfig{Files: ledgertest.Files(t, file(t, other))}); report.Accepted != 1 {
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
	for to, want := range map[string]string{
		`61`: "does not agree with the text", `-1`: "cannot be right where it lies"} {
		first, store := newLedger(t)
		write(t, first, "registered", registered)
		l := open(t, &altered{Store: store, on: true,
			say: replace("policy.adopted", `\"value\": 60`, `\"value\": `+to)})
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
