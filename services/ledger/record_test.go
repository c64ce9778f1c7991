package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/memstore"
	"github.com/taizhang/taizhang/events/storetest"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/ledger/ledgertest"
)

func TestAnAcceptedRecordIsStoredWithWhatTheLedgerAdds(t *testing.T) {
	l, store := newLedger(t)
	write(t, l, "registered", registered)
	result := write(t, l, "granted", granted)
	if result.Revision != 2 || result.Position != 3 || result.EnteredBy != "importer" ||
		result.Policy.ID != policy.Builtin().ID || result.Repeated {
		t.Errorf("got %+v", result)
	}
	for s, err := range store.ReadStream(t.Context(), "center-ZJ-0001", 1) {
		if err != nil {
			t.Fatal(err)
		}
		rec, err := events.DecodeEvent(s)
		if err != nil {
			t.Fatal(err)
		}
		if rec.ID != idOf("granted") || rec.EnteredBy != "importer" || !slices.Equal(rec.Breaks, result.Breaks) {
			t.Errorf("stored as %+v", rec)
		}
	}
}

func TestARecordGivenAgainIsAnsweredWithTheFirstResult(t *testing.T) {
	l, store := newLedger(t)
	first := write(t, l, "registered", registered)
	second := write(t, l, "registered", registered)
	if !second.Repeated || second.Place != first.Place || second.EnteredBy != first.EnteredBy {
		t.Errorf("first %+v, then %+v", first, second)
	}
	if n := count(t, store); n != 2 {
		t.Errorf("the store has %d events", n)
	}
}

func TestTheSameIdWithOtherContentIsRefused(t *testing.T) {
	l, _ := newLedger(t)
	write(t, l, "registered", registered)
	_, err := l.Record(t.Context(), record(t, "registered", strings.Replace(registered, "甲中心", "乙中心", 1)), clerk)
	if got := refusal(t, err); got.Breaches[0].Field != "id" {
		t.Errorf("got %+v", got)
	}
}

func TestADecisionThatBreaksARuleIsRefusedUnlessItIsRecorded(t *testing.T) {
	l, _ := newLedger(t)
	write(t, l, "registered", registered)
	write(t, l, "granted", granted)
	write(t, l, "received", received)
	enforced := record(t, "overspent", overspent)
	_, err := l.Record(t.Context(), enforced, importer)
	if got := refusal(t, err); got.Breaches[0].Rule != events.Overdrawn {
		t.Errorf("got %+v", got)
	}
	recorded := *enforced
	recorded.Mode, recorded.Doc = events.Recording, "浙试〔2025〕1号"
	if _, err := l.Record(t.Context(), &recorded, clerk); refusal(t, err).Breaches[0].Field != "mode" {
		t.Errorf("an account without the right: %v", err)
	}
	result, err := l.Record(t.Context(), &recorded, importer)
	if err != nil || !slices.Contains(result.Breaks, events.Overdrawn) {
		t.Errorf("got %+v, %v", result, err)
	}
}

func TestNonsenseIsRefusedInEitherMode(t *testing.T) {
	l, store := newLedger(t)
	_, err := l.Record(t.Context(), record(t, "granted", granted), importer)
	refusal(t, err)
	if n := count(t, store); n != 0 {
		t.Errorf("the store has %d events", n)
	}
}

func TestAfterAnUnknownOutcomeNothingMoreIsWrittenUntilReopened(t *testing.T) {
	for _, fault := range []storetest.Fault{storetest.FailedNotStored, storetest.FailedButStored} {
		store := memstore.New(ticking())
		faulty := &storetest.Faulty{Store: store, Plan: func(n int64) storetest.Fault {
			if n == 3 {
				return fault
			}
			return storetest.Works
		}}
		l := open(t, faulty)
		write(t, l, "registered", registered)
		if _, err := l.Record(t.Context(), record(t, "granted", granted), importer); !errors.Is(err,
			ledger.ErrStopped) {
			t.Errorf("fault %d: got %v", fault, err)
		}
		if _, err := l.Record(t.Context(), record(t, "granted", granted), importer); !errors.Is(err,
			ledger.ErrStopped) {
			t.Errorf("fault %d: a second write got %v", fault, err)
		}
		before := count(t, store)
		_, err := l.Import(t.Context(),
			ledger.ImportConfig{Files: ledgertest.Files(t, file(t, line("granted", granted))), Account: importer})
		var told interface{ Text() text.Text }
		if !errors.Is(err, ledger.ErrStopped) || !errors.As(err, &told) || told.Text().Zh == "" ||
			count(t, store) != before {
			t.Errorf("fault %d: an import got %v", fault, err)
		}
		if result := write(t, open(t, store), "granted",
			granted); result.Repeated != (fault == storetest.FailedButStored) {
			t.Errorf("fault %d: reopened, got %+v", fault, result)
		}
	}
}

func TestAWriterThatComesSecondJudgesAgain(t *testing.T) {
	one, store := newLedger(t)
	write(t, one, "registered", registered)
	write(t, one, "granted", granted)
	two := open(t, store)
	if result := write(t, two, "received", received); result.Revision != 3 {
		t.Errorf("got %+v", result)
	}
	_, err := one.Record(t.Context(), record(t, "received twice", received), importer)
	refusal(t, err) // one had not seen the receipt of two
	first := write(t, one, "spent", spent)
	if result := write(t, two, "spent", spent); result.Place != first.Place {
		t.Errorf("first %+v, then %+v", first, result)
	}
	write(t, two, "assigned",
		`"kind":"center.assigned","on":"2025-03-01","by":{"role":"st-office","actor":"s"},"data":{"industryDept":"经信","localGov":"330106"}`)
	if got, want := answers(two.Register()), answers(open(t, store).Register()); got != want {
		t.Error("live and rebuilt answers differ")
	}
}

func TestAWriterThatComesSecondJudgesByThePolicyOfTheFirst(t *testing.T) {
	one, store := newLedger(t)
	two := open(t, store)
	if _, err := one.Record(t.Context(), ledger.Adoption(secondPolicy(t)), importer); err != nil {
		t.Fatal(err)
	}
	write(t, one, "registered", registered)
	if result := write(t, two, "granted", granted); result.Policy.Version != "3" {
		t.Errorf("judged by %+v", result.Policy)
	}
}

func TestManyWritersOfOneCenterLeaveOneHistory(t *testing.T) {
	l, store := newLedger(t)
	write(t, l, "registered", registered)
	write(t, l, "granted", granted)
	write(t, l, "received", received)
	var wg sync.WaitGroup
	var mu sync.Mutex
	accepted := 0
	for i := range 20 {
		wg.Go(func() {
			tail := strings.Replace(strings.Replace(spent, `"V1"`, fmt.Sprintf(`"V%d"`, i), 1), "40000", "30000", 1)
			_, err := l.Record(context.Background(), record(t, fmt.Sprint("spent", i), tail), clerk)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				accepted++
			}
		})
	}
	wg.Wait()
	if accepted != 3 {
		t.Errorf("%d vouchers of 300 yuan were paid from 1,000", accepted)
	}
	if got, want := answers(l.Register()), answers(open(t, store).Register()); got != want {
		t.Error("live and rebuilt answers differ")
	}
}

func TestKnownAtAnswersAsTheLedgerStoodThen(t *testing.T) {
	l, _ := newLedger(t)
	write(t, l, "registered", registered)
	write(t, l, "granted", granted)
	at := write(t, l, "received", received).RecordedAt
	before := answers(l.Register())
	write(t, l, "spent", spent)
	then, err := l.KnownAt(t.Context(), ledger.Point{At: at})
	if err != nil || answers(then) != before {
		t.Errorf("%v: the answers differ", err)
	}
	then, err = l.KnownAt(t.Context(), ledger.Point{Position: then.Position()})
	if err != nil || answers(then) != before {
		t.Errorf("%v: the answers differ by position", err)
	}
	nothing, err := l.KnownAt(t.Context(), ledger.Point{At: at.Add(-time.Hour)})
	if err != nil || nothing.Position() != 0 || len(nothing.IDs()) != 0 {
		t.Errorf("%v: something was known before the first event", err)
	}
}

func TestAPolicyMustAgreeWithItsText(t *testing.T) {
	l, _ := newLedger(t)
	second := strings.Replace(string(policy.Builtin().Text()), `"version": "2"`, `"version": "3"`, 1)
	parse := func(text string) *policy.Policy {
		p, problems := policy.Parse([]byte(text))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		return p
	}
	change := func(do func(*events.Record, *events.PolicyAdopted)) *events.Record {
		rec := ledger.Adoption(parse(second))
		rec.ID = uuid.New()
		do(rec, rec.Data.(*events.PolicyAdopted))
		return rec
	}
	for name, c := range map[string]struct {
		rec   *events.Record
		field string
	}{
		"another id": {change(func(_ *events.Record, p *events.PolicyAdopted) { p.ID = "x" }),
			"data.id"},
		"another version": {
			change(func(_ *events.Record, p *events.PolicyAdopted) { p.Version = "4" }), "data.version"},
		"another date": {
			change(func(_ *events.Record, p *events.PolicyAdopted) { p.EffectiveFrom++ }), "data.effectiveFrom"},
		"another source": {
			change(func(_ *events.Record, p *events.PolicyAdopted) { p.Source = "x" }), "data.source"},
		"another digest": {
			change(func(_ *events.Record, p *events.PolicyAdopted) { p.Digest = "x" }), "data.digest"},
		"no policy": {
			change(func(_ *events.Record, p *events.PolicyAdopted) { p.Text = "{}" }), "data.text"},
		"another role": {
			change(func(r *events.Record, _ *events.PolicyAdopted) { r.By.Role = events.Finance }), "by.role"},
		"the first version with another text": {
			ledger.Adoption(parse(strings.Replace(string(policy.Builtin().Text()), `"value": 60`, `"value": 61`, 1))),
			"data.version"},
	} {
		_, err := l.Record(t.Context(), c.rec, importer)
		if got := refusal(t, err); got.Breaches[0].Field != c.field {
			t.Errorf("%s: got %+v", name, got)
		}
	}
	if _, err := l.Record(t.Context(), ledger.Adoption(parse(second)), importer); err != nil {
		t.Error(err)
	}
	if got := l.Register().Timeline().At(events.MustDate("2025-01-01")); got.Version != "3" {
		t.Errorf("in force is version %s", got.Version)
	}
	if again, err := l.Record(t.Context(), ledger.Adoption(policy.Builtin()), importer); err == nil &&
		!again.Repeated {
		t.Error("the built-in policy was adopted twice")
	}
}

func TestTryingWritesNothingAndSaysWhichAlertsWouldChange(t *testing.T) {
	l, store := newLedger(t)
	write(t, l, "registered", registered)
	write(t, l, "granted", granted)
	write(t, l, "received", received)
	n := count(t, store)
	a, err := l.Try(t.Context(), record(t, "overspent", overspent), clerk, events.MustDate("2025-07-01"))
	if err != nil || len(a.Against) == 0 || a.Against[0].Rule != events.Overdrawn {
		t.Errorf("got %+v, %v", a, err)
	}
	if len(a.Moved.Raised()) != 1 || a.Moved.Raised()[0].Code != "AL-FND-03" || a.Moved.Raised()[0].Key != "V3" {
		t.Errorf("a refused decision, recorded all the same, would open %+v", a.Moved.Raised())
	}
	a, err = l.Try(t.Context(), record(t, "fined", fined), clerk, events.MustDate("2025-07-01"))
	if err != nil || len(a.Against) != 0 || len(a.Moved.Raised()) != 1 || a.Moved.Raised()[0].Code != "AL-USE-01" ||
		a.Moved.Raised()[0].Key != "V2" {
		t.Errorf("got %+v, %v", a, err)
	}
	a, err = l.Try(t.Context(), record(t, "spent", spent), clerk, events.MustDate("2025-12-31"))
	if err != nil || len(a.Against) != 0 || len(a.Moved.Raised()) != 0 {
		t.Errorf("got %+v, %v", a, err)
	}
	a, err = l.Try(t.Context(), record(t, "registered", registered), clerk, events.MustDate("2025-12-31"))
	if err != nil || !a.Repeated || len(a.Against) != 0 {
		t.Errorf("a record that is there: got %+v, %v", a, err)
	}
	if count(t, store) != n {
		t.Error("something was written")
	}
}

func TestAnAllocationDeferredWouldClearTheLowYear(t *testing.T) {
	l, _ := newLedger(t)
	write(t, l, "registered", registered)
	write(t, l, "granted", granted)
	write(t, l, "received", received)
	deferred := `"kind":"allocation.deferred","on":"2026-01-10","by":{"role":"finance","actor":"f"},"doc":"浙财科教〔2026〕1号","data":{"fiscalYear":2026}`
	a, err := l.Try(t.Context(), record(t, "deferred", deferred), clerk, events.MustDate("2026-01-20"))
	if err != nil || len(a.Against) != 0 ||
		!slices.ContainsFunc(a.Moved.Cleared(), func(x aggregates.Alert) bool { return x.Code == "AL-EXE-02" }) {
		t.Errorf("got %+v, %v", a, err)
	}
}

func TestALedgerOpenForReadingWritesNothing(t *testing.T) {
	store := memstore.New(ticking())
	l, err := ledger.Open(t.Context(), store, ledger.Config{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Record(t.Context(), record(t, "registered", registered), clerk); err == nil {
		t.Error("a record was written")
	}
	if _, err := l.Import(t.Context(),
		ledger.ImportConfig{Files: ledgertest.Files(t, file(t, line("a", registered)))}); err == nil {
		t.Error("a file was imported")
	}
	if n := count(t, store); n != 0 {
		t.Errorf("the store has %d events", n)
	}
}

func TestNothingIsRefusedForWhatAnotherWriterHasChanged(t *testing.T) {
	l, store := newLedger(t)
	other := open(t, store)
	write(t, other, "registered", registered)
	write(t, other, "granted", granted)
	if r := write(t, l, "received", received); r.Revision != 3 {
		t.Errorf("got %+v", r)
	}
	_, err := l.Record(t.Context(), record(t, "again", registered), clerk)
	refusal(t, err)
}

func TestWhoAdoptsAPolicyIsNoContentOfItsRecord(t *testing.T) {
	l, _ := newLedger(t)
	first, err := l.Record(t.Context(), ledger.Adoption(secondPolicy(t)), importer)
	if err != nil {
		t.Fatal(err)
	}
	again := ledger.Adoption(secondPolicy(t))
	again.By.Actor = "another administrator"
	if r, err := l.Record(t.Context(), again, importer); err != nil || !r.Repeated || r.Place != first.Place {
		t.Errorf("recorded again: %+v, %v", r, err)
	}
	line, err := events.EncodeRecord(again)
	if err != nil {
		t.Fatal(err)
	}
	if report, bad := imports(t, l, ledger.ImportConfig{
		Files: ledgertest.Files(t, file(t, string(line), string(line)))}); report.Repeated != 2 || len(bad) > 0 {
		t.Errorf("imported again: %+v, %v", report, bad)
	}
	again.Note = "another note"
	_, err = l.Record(t.Context(), again, importer)
	refusal(t, err)
}

// The first version of the built-in policy is in the exports of ledgers that began with it.
func TestTheFirstVersionOfTheBuiltInPolicyIsAdopted(t *testing.T) {
	l, _ := newLedger(t)
	text, err := os.ReadFile("../../aggregates/policy/testdata/zj-2024-draft-1.json")
	if err != nil {
		t.Fatal(err)
	}
	p, problems := policy.Parse(text)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if _, err := l.Record(t.Context(), ledger.Adoption(p), importer); err != nil {
		t.Fatal(err)
	}
	if got := l.Register().Timeline().At(p.EffectiveFrom); got.Version != "1" || got.Digest() != p.Digest() {
		t.Errorf("in force is %+v", got.Ref())
	}
}
