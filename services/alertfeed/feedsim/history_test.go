package feedsim

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/memstore"
	"github.com/taizhang/taizhang/services/alertfeed"
	"github.com/taizhang/taizhang/services/ledger"
)

// firstDay is the date on which every world begins.
var firstDay = events.MustDate("2025-03-03")

// plaqueDay is when the centers got their plaques.
var plaqueDay = events.MustDate("2024-09-02")

// office writes the records of a world. Each is entered on the date of the world and may have happened earlier.
type office struct {
	rng     *rand.Rand
	store   *memstore.Store
	ledger  *ledger.Ledger
	today   func() events.Date
	centers []events.CenterID
	entries []entry
	made    int    // records, for their ids
	opened  uint64 // the position at which all centers have begun
	seed    uint64
}

// entry is a record of the ledger.
type entry struct {
	rec    *events.Record
	voided bool
}

// opening is the number of records that a center begins with.
const opening = 5

func newOffice(ctx context.Context, rng *rand.Rand, seed uint64, store *memstore.Store,
	today func() events.Date) (*office, error) {
	l, err := ledger.Open(ctx, store, ledger.Config{})
	if err != nil {
		return nil, err
	}
	o := &office{rng: rng, store: store, ledger: l, today: today, seed: seed}
	for i := range 2 + rng.IntN(3) {
		id := events.CenterID(fmt.Sprintf("ZJ-%04d", i+1))
		o.centers = append(o.centers, id)
		for _, f := range []fact{
			{plaqueDay - 200, &events.CenterRegistered{
				Facts: events.Facts{Name: "中心" + string(id), USCC: "91330106MAC1K2L32C", LeadUnit: "甲",
					Type: "pilot-base", Services: []string{"pilot"},
					LeadingIndustries: []string{"生物医药"}, IndustryCode: "C2710", Region: "330106",
					FoundedOn: events.MustDate("2015-01-01"), LegalEntity: true,
					UsableAreaM2: 9000, EquipmentFen: 9_000_000_000, PilotFunction: true, PilotDevicesSeparate: true,
					Fields: []string{"other"}, Documents: []string{}}}},
			{plaqueDay, &events.PlaqueAwarded{PlaqueNo: "P" + string(id)}},
			{plaqueDay + 10, &events.SubsidyGranted{Grant: "G1", Category: events.OtherCategory,
				Source: events.ProvinceOther, FiscalYear: 2024, AmountFen: 100_000}},
			{plaqueDay + 20, &events.SubsidyReceived{Grant: "G1", AmountFen: 100_000}},
			{plaqueDay + 30, &events.GovernanceRecorded{Item: "team"}},
		} {
			if err := o.record(ctx, o.compose(id, f)); err != nil {
				l.Close()
				return nil, err
			}
		}
	}
	o.opened = l.Register().Position()
	return o, nil
}

// fact is an event with its day.
type fact struct {
	on   events.Date
	data events.Payload
}

// kinds holds the kinds by the type of their payload.
var kinds = func() map[string]*events.CatalogEntry {
	m := map[string]*events.CatalogEntry{}
	for i := range events.Catalog {
		m[fmt.Sprintf("%T", events.Catalog[i].Blank())] = &events.Catalog[i]
	}
	return m
}()

// compose returns a fact as a record of a center, which may break rules.
func (o *office) compose(center events.CenterID, f fact) *events.Record {
	o.made++
	kind := kinds[fmt.Sprintf("%T", f.data)]
	return &events.Record{ID: uuid.NewSHA1(uuid.NameSpaceOID, fmt.Appendf(nil, "%d/%d", o.seed, o.made)),
		Kind: kind.Kind, Center: center, On: f.on,
		By: events.By{Role: kind.Roles[0], Actor: "a-1"}, Mode: events.Recording, Doc: "浙科办〔2025〕12号",
		Data: f.data}
}

func (o *office) record(ctx context.Context, rec *events.Record) error {
	if _, err := o.ledger.Record(ctx, rec, ledger.Writer{Name: "office", MayRecord: true}); err != nil {
		return err
	}
	if p, ok := rec.Data.(*events.EntryVoided); ok {
		for i := range o.entries {
			if o.entries[i].rec.ID.String() == p.Event {
				o.entries[i].voided = true
			}
		}
	}
	o.entries = append(o.entries, entry{rec: rec})
	return nil
}

// reopen continues with another store, which has the first records.
func (o *office) reopen(ctx context.Context, store *memstore.Store) error {
	o.ledger.Close()
	l, err := ledger.Open(ctx, store, ledger.Config{})
	if err != nil {
		return err
	}
	was := o.entries
	o.ledger, o.store, o.entries = l, store, nil
	stored := map[uuid.UUID]bool{}
	for s, err := range store.ReadAll(ctx, 0) {
		if err != nil {
			return err
		}
		stored[s.ID] = true
	}
	voided := map[string]bool{}
	for _, e := range was {
		if p, ok := e.rec.Data.(*events.EntryVoided); ok && stored[e.rec.ID] {
			voided[p.Event] = true
		}
	}
	for _, e := range was {
		if stored[e.rec.ID] {
			o.entries = append(o.entries, entry{e.rec, voided[e.rec.ID.String()]})
		}
	}
	return nil
}

// write writes one record: a new one, one that voids another, or a voided one again. If the ledger refuses it, it
// tries another.
func (o *office) write(ctx context.Context) (string, error) {
	for range 1000 {
		rec := o.propose()
		err := o.record(ctx, rec)
		if err == nil {
			return fmt.Sprintf("%s of %s on %v", rec.Kind, rec.Center, rec.On), nil
		}
		if refused := (*aggregates.Refusal)(nil); !errors.As(err, &refused) {
			return "", err
		}
	}
	return "", errors.New("feedsim: the ledger refuses everything")
}

func (o *office) propose() *events.Record {
	center := o.centers[o.rng.IntN(len(o.centers))]
	var standing, voided []*events.Record
	for _, e := range o.entries {
		_, isVoiding := e.rec.Data.(*events.EntryVoided)
		_, isRegistration := e.rec.Data.(*events.CenterRegistered)
		switch {
		case e.rec.Center != center || isVoiding || isRegistration:
		case e.voided:
			voided = append(voided, e.rec)
		default:
			standing = append(standing, e.rec)
		}
	}
	switch n := o.rng.IntN(10); {
	case n < 3 && len(standing) > opening: // mostly one of the last
		was := standing[len(standing)-1-min(int(o.rng.ExpFloat64()*2), len(standing)-1)]
		rec := o.compose(center, fact{o.today(), &events.EntryVoided{Event: was.ID.String(), Reason: "误录"}})
		rec.By.Role = was.By.Role
		return rec
	case n < 5 && len(voided) > 0:
		was := voided[o.rng.IntN(len(voided))]
		return o.compose(center, fact{was.On, was.Data})
	}
	return o.compose(center, o.fact())
}

// fact returns a random fact. It uses few names, so that facts concern the same things.
func (o *office) fact() fact {
	name := func(prefix string) string { return fmt.Sprint(prefix, 1+o.rng.IntN(3)) }
	pick := func(list ...string) string { return list[o.rng.IntN(len(list))] }
	on := o.today() - events.Date(o.rng.IntN(2)*o.rng.IntN(60))
	year := 2024 + o.rng.IntN(2)
	switch o.rng.IntN(20) {
	case 0, 1:
		f := &events.CreditListed{Listing: name("L"), List: pick("dishonesty", "blacklist")}
		if o.rng.IntN(2) == 0 {
			f.Until = on + events.Date(o.rng.IntN(60))
		}
		return fact{on, f}
	case 2, 3:
		return fact{on, &events.CreditDelisted{Listing: name("L")}}
	case 4:
		return fact{on, &events.TrialRecorded{Trial: name("T"), OnProductionLine: true}}
	case 5, 6, 7:
		return fact{on, &events.FundsSpent{
			Voucher: name("V"), Payee: "乙", Use: events.Use(pick("fine", "pilot", "other")), Summary: "支出",
			Lines: []events.SpendingLine{{Grant: "G1", AmountFen: events.Fen(10_000 * (1 + o.rng.IntN(8)))}}}}
	case 8, 9:
		return fact{on, &events.SpendingReversed{Voucher: name("V"), ReversalVoucher: fmt.Sprint("R", o.made),
			Reason: "误付"}}
	case 10, 11:
		return fact{on, &events.UseRuled{Voucher: name("V"), Use: events.Use(pick("fine", "pilot", "other"))}}
	case 12:
		return fact{on, &events.AlertClosed{Code: pick("AL-USE-01", "AL-FND-03"), Key: name("V"), Reason: "已整改"}}
	case 13:
		return fact{on, &events.AlertClosed{Code: "AL-SAF-01", Key: name("T"), Reason: "已整改"}}
	case 14:
		return fact{on, &events.GradeDecided{Year: year, Grade: pick("excellent", "qualified", "unqualified"),
			Participants: []string{"st-office", "finance"}}}
	case 15:
		return fact{on, &events.GradeRevised{Year: year, Grade: pick("excellent", "qualified", "unqualified"),
			Reason: "复核"}}
	case 16:
		return fact{on, &events.AuditFindingOpened{
			Finding: name("F"), Text: "疑点", DueOn: on + events.Date(o.rng.IntN(40))}}
	case 17:
		return fact{on, &events.AuditFindingClosed{Finding: name("F"), Text: "办结"}}
	case 18:
		return fact{on, &events.GovernanceRecorded{
			Item: pick("bylaws", "project-rules", "expert-committee", "party-organisation")}}
	}
	return fact{on, &events.AnnualReportFiled{Year: year}}
}

func TestAHistoryHasEveryTransitionOfAnAlert(t *testing.T) {
	type transition struct{ from, to alertfeed.StateKind }
	seen := map[transition]int{}
	codes := map[string]bool{}
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 1))
		day := firstDay
		store := memstore.New(func() time.Time { return noon(day) })
		o, err := newOffice(t.Context(), rng, seed, store, func() events.Date { return day })
		if err != nil {
			t.Fatal(err)
		}
		for range 40 {
			if _, err := o.write(t.Context()); err != nil {
				t.Fatal(err)
			}
			if rng.IntN(8) == 0 {
				day += events.Date(rng.IntN(40))
			}
		}
		o.ledger.Close()
		was, gone := truth{}, map[string]bool{}
		l := replayOf(t, store)
		for position := range uint64(len(l.records)) {
			l.advance(position + 1)
			now := l.truth(day)
			for subject, state := range now {
				codes[subject[:len("taizhang.v1.alert.ZJ-0001.")]] = true
				from := was[subject].Kind
				if gone[subject] {
					from = alertfeed.Withdrawn
				}
				if was[subject] != state {
					seen[transition{from, state.Kind}]++
				}
				delete(gone, subject)
			}
			for subject, state := range was {
				if _, ok := now[subject]; !ok {
					gone[subject] = true
					seen[transition{state.Kind, alertfeed.Withdrawn}]++
				}
			}
			was = now
		}
	}
	t.Log(seen, slices.Sorted(maps.Keys(codes)))
	for _, want := range []transition{
		{"", alertfeed.Raised}, {"", alertfeed.Cleared}, {alertfeed.Raised, alertfeed.Cleared},
		{alertfeed.Cleared, alertfeed.Raised}, {alertfeed.Cleared, alertfeed.Cleared},
		{alertfeed.Raised, alertfeed.Withdrawn}, {alertfeed.Cleared, alertfeed.Withdrawn},
		{alertfeed.Withdrawn, alertfeed.Raised}, {alertfeed.Withdrawn, alertfeed.Cleared},
	} {
		if seen[want] < 20 {
			t.Errorf("in 100 histories %q became %q %d times", want.from, want.to, seen[want])
		}
	}
}
