package projections_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
)

// book applies events to a register as a ledger does, one position after the other.
type book struct {
	t         *testing.T
	register  *projections.Register
	position  uint64
	revisions map[events.StreamID]uint64
}

func newBook(t *testing.T) *book {
	b := &book{t: t, register: projections.NewRegister(), revisions: map[events.StreamID]uint64{}}
	p := policy.Builtin()
	b.write("policy.adopted", "", "2024-01-01", events.Admin, &events.PolicyAdopted{ID: p.ID, Version: p.Version,
		EffectiveFrom: p.EffectiveFrom, Source: p.Source, Digest: p.Digest(), Text: string(p.Text())})
	return b
}

var recordedAt = time.Date(2026, 10, 31, 20, 0, 0, 0, time.UTC) // already 1 November in Shanghai

func (b *book) event(kind events.Kind, center events.CenterID, on string, role events.Role,
	data events.Payload) *events.Recorded {
	b.position++
	rec := events.Record{ID: uuid.NewSHA1(uuid.Nil, fmt.Append(nil, b.position)), Kind: kind, Center: center,
		On: events.MustDate(on), By: events.By{Role: role, Actor: "x"}, Mode: events.Recording, Doc: "浙试〔2025〕1号",
		Data: data}
	b.revisions[rec.Stream()]++
	return &events.Recorded{Record: rec, Revision: b.revisions[rec.Stream()], Position: b.position,
		RecordedAt: recordedAt}
}

func (b *book) write(kind events.Kind, center events.CenterID, on string, role events.Role, data events.Payload) {
	b.t.Helper()
	if err := b.register.Apply(b.event(kind, center, on, role, data)); err != nil {
		b.t.Fatal(err)
	}
}

func (b *book) enroll(center events.CenterID, region, industry string) {
	b.t.Helper()
	b.write("center.registered", center, "2025-01-10", events.CenterRole, &events.CenterRegistered{Facts: events.Facts{
		Name: "中心" + string(center), USCC: "91330106MAC1K2L32C", Type: "other", LeadingIndustries: []string{
			industry}, IndustryCode: "C2710",
		Region: region, FoundedOn: events.MustDate("2015-01-01"), LegalEntity: true, UsableAreaM2: 9000,
		EquipmentFen: 9_000_000_000}})
}

// money adds a grant, a receipt and spending in 2025, in yuan.
func (b *book) money(center events.CenterID, grant string, granted, received, spent events.Fen) {
	b.t.Helper()
	b.write("subsidy.granted", center, "2025-02-01", events.Finance,
		&events.SubsidyGranted{Grant: grant, Category: events.OtherCategory,
			Source: events.ProvinceOther, FiscalYear: 2025, AmountFen: granted * 100})
	b.write("subsidy.received", center, "2025-03-01", events.Finance,
		&events.SubsidyReceived{Grant: grant, AmountFen: received * 100})
	b.write("funds.spent", center, "2025-06-01", events.CenterRole,
		&events.FundsSpent{Voucher: "V-" + grant, Payee: "p", Use: "pilot",
			Lines: []events.SpendingLine{{Grant: grant, AmountFen: spent * 100}}})
}

func threeCenters(t *testing.T) *book {
	b := newBook(t)
	b.enroll("ZJ-0001", "330106", "生物医药")
	b.enroll("ZJ-0002", "330106", "集成电路")
	b.enroll("ZJ-0003", "330203", "生物医药")
	b.money("ZJ-0001", "G1", 1000, 1000, 900)
	b.money("ZJ-0002", "G2", 500, 300, 100)
	b.money("ZJ-0003", "G3", 200, 200, 50)
	return b
}

var yearEnd = events.MustDate("2025-12-31")

func TestExecutionRollsUpAndAddsUpToTheWhole(t *testing.T) {
	r := threeCenters(t).register
	for _, c := range []struct {
		by   projections.Grouping
		want []string
	}{
		{projections.ByCenter, []string{"ZJ-0001 100000/90000 90.00", "ZJ-0002 30000/10000 33.33 low",
			"ZJ-0003 20000/5000 25.00 low"}},
		{projections.ByRegion, []string{"330106 130000/100000 76.92", "330203 20000/5000 25.00"}},
		{projections.ByIndustry, []string{"生物医药 120000/95000 79.17", "集成电路 30000/10000 33.33"}},
		{projections.ByTotal, []string{" 150000/105000 70.00"}},
	} {
		var got []string
		for l := range r.Executions(yearEnd, projections.ExecutionFilter{
			Year: 2025, Scope: aggregates.ProvinceScope, By: c.by}) {
			line := fmt.Sprintf("%s %d/%d %s", l.Group, l.AvailableFen(), l.ExecutedFen(), l.RatePercent())
			if l.Low {
				line += " low"
			}
			got = append(got, line)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("by %s: got %q, want %q", c.by, got, c.want)
		}
	}
}

func TestRegionsHaveNames(t *testing.T) {
	lines := slices.Collect(threeCenters(t).register.Executions(yearEnd, projections.ExecutionFilter{
		By: projections.ByRegion}))
	if len(lines) == 0 || lines[0].Name != "杭州市西湖区" || lines[0].Centers != 2 {
		t.Errorf("got %+v", lines)
	}
}

func TestAnswersFollowEveryEventAndEveryDate(t *testing.T) {
	b := threeCenters(t)
	available := func(on string) events.Fen {
		for _, e := range b.register.Evaluation("ZJ-0001", events.MustDate(on)).Executions {
			if e.Year == 2025 && e.Scope == aggregates.ProvinceScope {
				return e.AvailableFen()
			}
		}
		return 0
	}
	if got := available("2025-02-28"); got != 0 {
		t.Errorf("before the receipt %d fen are available", got)
	}
	if got := available("2025-12-31"); got != 100_000 {
		t.Errorf("got %d fen", got)
	}
	b.write("funds.recovered", "ZJ-0001", "2025-07-01", events.Finance,
		&events.FundsRecovered{Grant: "G1", AmountFen: 100, Reason: "r"})
	if got := available("2025-12-31"); got != 99_900 {
		t.Errorf("after a recovery %d fen are available", got)
	}
}

func TestAnEvaluationIsKeptUntilItsCenterOrThePoliciesChange(t *testing.T) {
	b := threeCenters(t)
	first := b.register.Evaluation("ZJ-0001", yearEnd)
	b.enroll("ZJ-0009", "330106", "x")
	if b.register.Evaluation("ZJ-0001", yearEnd) != first {
		t.Error("another center's event made it anew")
	}
	text := strings.Replace(string(policy.Builtin().Text()), `"version": "2"`, `"version": "3"`, 1)
	p, problems := policy.Parse([]byte(text))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	b.write("policy.adopted", "", "2024-01-01", events.Admin, &events.PolicyAdopted{ID: p.ID, Version: p.Version,
		EffectiveFrom: p.EffectiveFrom, Source: p.Source, Digest: p.Digest(), Text: text})
	if b.register.Evaluation("ZJ-0001", yearEnd) == first {
		t.Error("a policy adopted did not make it anew")
	}
}

func TestAlertsAreFilteredAndInOrder(t *testing.T) {
	r := threeCenters(t).register
	low := slices.Collect(r.Alerts(yearEnd, projections.AlertFilter{Code: "AL-EXE-02"}))
	if len(low) != 2 || low[0].Center != "ZJ-0002" || low[1].Center != "ZJ-0003" {
		t.Errorf("got %+v", low)
	}
	for a := range r.Alerts(yearEnd, projections.AlertFilter{Severity: aggregates.Red, Center: "ZJ-0003"}) {
		if a.Severity != aggregates.Red || a.Center != "ZJ-0003" || !a.Open() {
			t.Errorf("got %+v", a)
		}
	}
	all := slices.Collect(r.Alerts(yearEnd, projections.AlertFilter{All: true}))
	if open := slices.Collect(r.Alerts(yearEnd, projections.AlertFilter{})); len(all) <= len(open) {
		t.Errorf("%d alerts, %d open", len(all), len(open))
	}
	if !slices.IsSortedFunc(all, func(a, b projections.Alert) int {
		return strings.Compare(string(a.Center)+string(a.Code)+a.RaisedOn.String()+a.Key,
			string(b.Center)+string(b.Code)+b.RaisedOn.String()+b.Key)
	}) {
		t.Error("not in order")
	}
}

func TestABreakFreezesItsCenterAloneAndLosesNothing(t *testing.T) {
	b := threeCenters(t)
	nonsense := b.event("funds.spent", "ZJ-0001", "2025-06-02", events.CenterRole,
		&events.FundsSpent{Voucher: "V-G1", Payee: "p", Use: "pilot",
			Lines: []events.SpendingLine{{Grant: "G1", AmountFen: 1}}})
	if err := b.register.Apply(nonsense); err == nil {
		t.Fatal("a second voucher of one number was applied")
	}
	b.write("matching.committed", "ZJ-0001", "2025-06-03", events.LocalGov,
		&events.MatchingCommitted{Match: "M", FiscalYear: 2025, Level: "city", AmountFen: 100})
	on := events.MustDate("2026-11-01")
	found := slices.Collect(b.register.Alerts(on, projections.AlertFilter{Code: aggregates.LedgerBroken}))
	if len(found) != 1 || found[0].Center != "ZJ-0001" || found[0].Key != fmt.Sprint(nonsense.Position) ||
		found[0].RaisedOn != on || found[0].Severity != aggregates.Red {
		t.Errorf("got %+v", found)
	}
	if early := slices.Collect(b.register.Alerts(on-1, projections.AlertFilter{Code: aggregates.LedgerBroken})); len(
		early) != 0 {
		t.Errorf("raised before it was recorded: %+v", early)
	}
	if got := b.register.Explain("ZJ-0001", on, aggregates.LedgerBroken, "", 0); len(got) != 1 ||
		len(got[0].Because) != 1 || got[0].Because[0] != nonsense.ID {
		t.Errorf("explained as %+v", got)
	}
	if _, ok := b.register.Balances("ZJ-0001")["M"]; !ok {
		t.Error("what came after the break was lost")
	}
	if len(b.register.Breaks("center-ZJ-0001")) != 1 || len(b.register.Breaks("center-ZJ-0002")) != 0 {
		t.Error("the break is not the center's alone")
	}
}

func TestAnEventThatCannotBeDecodedIsABreak(t *testing.T) {
	b := threeCenters(t)
	b.position++
	b.revisions["center-ZJ-0002"]++
	b.register.ApplyBroken(events.Stored{
		Place:  events.Place{Position: b.position, Revision: b.revisions["center-ZJ-0002"], RecordedAt: recordedAt},
		Stream: "center-ZJ-0002", Kind: "no.kind"}, fmt.Errorf("unknown kind"))
	b.write("interview.held", "ZJ-0002", "2025-07-01", events.STOffice,
		&events.InterviewHeld{Year: 2024, Principal: true})
	breaks := b.register.Breaks("center-ZJ-0002")
	if len(breaks) != 1 || breaks[0].Cause.En != "unknown kind" {
		t.Errorf("got %+v", breaks)
	}
}

func TestAMissingRevisionIsABreak(t *testing.T) {
	b := threeCenters(t)
	b.revisions["center-ZJ-0003"]++
	rec := b.event("interview.held", "ZJ-0003", "2025-07-01", events.STOffice,
		&events.InterviewHeld{Year: 2024, Principal: true})
	if err := b.register.Apply(rec); err == nil || !strings.Contains(err.Error(), "revision") {
		t.Errorf("got %v", err)
	}
	breaks := b.register.Breaks("center-ZJ-0003")
	if len(breaks) != 1 {
		t.Fatalf("%d breaks", len(breaks))
	}
	want := text.Say("记录序号 %d 接在 %d 之后", "revision %d follows %d", rec.Revision, rec.Revision-2)
	if breaks[0].Cause != want {
		t.Errorf("its cause is %q, not %q", breaks[0].Cause, want)
	}
}

func TestTheCausesOfBreaksAreToldInBothLanguages(t *testing.T) {
	b := threeCenters(t)
	twice := b.event("interview.held", "ZJ-0003", "2025-07-01", events.STOffice,
		&events.InterviewHeld{Year: 2024, Principal: true})
	again := *twice
	again.Position, again.Revision = twice.Position+1, twice.Revision+1
	noPolicy := &events.Recorded{Record: events.Record{Kind: events.KindPolicyAdopted, Data: &events.EntryVoided{}},
		Position: again.Position + 1,
		Revision: b.register.Revision(events.PolicyStream) + 1}
	if err := b.register.Apply(twice); err != nil {
		t.Fatal(err)
	}
	for want, rec := range map[string]*events.Recorded{"此前已入账": &again, "内容不是这一种类的": noPolicy} {
		err := b.register.Apply(rec)
		if err == nil || !strings.Contains(text.Of(err).Zh, want) {
			t.Errorf("got %v, not %s", err, want)
		}
		if breaks := b.register.Breaks(rec.Stream()); len(breaks) != 1 || !strings.Contains(breaks[0].Cause.Zh, want) {
			t.Errorf("the breaks %+v do not say %s", breaks, want)
		}
	}
}

func TestAnEventAppliedTwiceChangesNothing(t *testing.T) {
	b := threeCenters(t)
	rec := b.event("interview.held", "ZJ-0003", "2025-07-01", events.STOffice,
		&events.InterviewHeld{Year: 2024, Principal: true})
	for range 2 {
		if err := b.register.Apply(rec); err != nil {
			t.Fatal(err)
		}
	}
	if got := b.register.Revision("center-ZJ-0003"); got != rec.Revision {
		t.Errorf("at revision %d, want %d", got, rec.Revision)
	}
	for _, unread := range []events.Stored{
		{Place: events.Place{Position: rec.Position + 1, Revision: rec.Revision + 1}, Stream: "center-ZJ-0003"},
		{Place: events.Place{Position: rec.Position + 2, Revision: b.register.Revision(events.PolicyStream) + 1},
			Stream: events.PolicyStream},
	} {
		for range 2 {
			b.register.ApplyBroken(unread, errors.New("unreadable"))
		}
		if breaks := b.register.Breaks(unread.Stream); len(breaks) != 1 || breaks[0].Cause.En != "unreadable" {
			t.Errorf("%s: the breaks are %+v", unread.Stream, breaks)
		}
	}
}

func TestQueriesAndWritesMayRunTogether(t *testing.T) {
	b := threeCenters(t)
	var later []*events.Recorded
	for i := range 200 {
		later = append(later, b.event("matching.committed", "ZJ-0001", "2025-06-03", events.LocalGov,
			&events.MatchingCommitted{Match: fmt.Sprint("M", i), FiscalYear: 2025, Level: "city", AmountFen: 100}))
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for _, rec := range later {
			if err := b.register.Apply(rec); err != nil {
				t.Error(err)
			}
		}
	})
	for range 3 {
		wg.Go(func() {
			for range 20 {
				_ = slices.Collect(b.register.Alerts(yearEnd, projections.AlertFilter{All: true}))
				_ = slices.Collect(b.register.Executions(yearEnd, projections.ExecutionFilter{
					By: projections.ByTotal}))
				_ = slices.Collect(b.register.Centers(yearEnd))
			}
		})
	}
	wg.Wait()
	if got := len(b.register.Balances("ZJ-0001")); got != 201 {
		t.Errorf("%d grants and matches", got)
	}
}

func TestAStreamThatIsNotKnownHasBreaksOfItsOwn(t *testing.T) {
	b := threeCenters(t)
	policies := b.register.Revision(events.PolicyStream)
	strange := events.Stored{Stream: "neverseen", ID: uuid.NewSHA1(uuid.NameSpaceOID, []byte("strange")),
		Place: events.Place{Position: b.position + 1, Revision: 1, RecordedAt: recordedAt}}
	for range 2 {
		b.register.ApplyBroken(strange, errors.New("unknown kind"))
	}
	if n := len(b.register.Breaks("neverseen")); n != 1 || b.register.Revision("neverseen") != 1 ||
		len(b.register.Breaks(events.PolicyStream)) > 0 ||
		b.register.Revision(events.PolicyStream) != policies {
		t.Errorf("%d breaks; policies at %d", n, b.register.Revision(events.PolicyStream))
	}
	if got := b.register.Streams(""); !slices.Equal(got, []events.StreamID{"neverseen", events.PolicyStream}) {
		t.Errorf("streams %v", got)
	}
	on := events.DateAt(recordedAt)
	if alerts := slices.Collect(b.register.Alerts(on, projections.AlertFilter{Code: aggregates.LedgerBroken})); len(
		alerts) != 1 || alerts[0].Center != "" {
		t.Errorf("alerts %+v", alerts)
	}
	if why := b.register.Explain("", on, aggregates.LedgerBroken, "", 0); len(why) != 1 {
		t.Errorf("explained by %+v", why)
	}
}

func TestEveryStreamOfTheCatalogHasAnAggregate(t *testing.T) {
	r := projections.NewRegister()
	for _, kind := range events.Catalog {
		rec := &events.Record{Kind: kind.Kind, Center: "ZJ-0007", Data: kind.Blank()}
		r.Judge(rec)
		if r.Has(rec.Stream(), rec.ID) != 0 {
			t.Errorf("%s is recorded", kind.Kind)
		}
	}
}
