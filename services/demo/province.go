package demo

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/memstore"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/logstore"
	"github.com/taizhang/taizhang/services/simulator"
)

// Hangzhou is the code of the region whose figures were corrected.
const Hangzhou = "3301"

// The scenario of the province.
const (
	seed       = 7
	lateDays   = 20
	undeferred = 8
	ungraded   = 14
	months     = 30 // the first year is that of this many months before today
	reportDays = 30 // from the reported day to today, at least
)

// Centers is the number of centers of the province.
const Centers = 80

// copied is the number of events in one commit of the store.
const copied = 2000

// Province is what the demo's ledger holds and offers to do. Center is in Hangzhou and assigned to Department.
type Province struct {
	Today      events.Date
	Records    int
	Center     events.CenterID
	Department string

	ReportedOn events.Date // a 31 March; the rates of Hangzhou as of it changed since
	Voided     *events.Record
	BackDated  *events.Record

	balances map[string]events.Fen // of the grants of Center
}

// Fill writes the province to an empty store as of now. Nothing else may write to the store meanwhile.
func Fill(ctx context.Context, store *logstore.Store, now time.Time) (*Province, error) {
	w := &writing{Province: &Province{Today: events.DateAt(now)}, vouchers: map[string]*events.Record{},
		received: map[pot]events.Date{}, departments: map[events.CenterID]string{}}
	w.ReportedOn = lastMarch(w.Today - reportDays)
	written := memstore.New(func() time.Time { return w.clock })
	defer func() { _ = written.Close() }()
	var err error
	if w.ledger, err = ledger.Open(ctx, written, ledger.Config{}); err != nil {
		return nil, err
	}
	defer w.ledger.Close()
	if err := w.simulate(ctx); err != nil {
		return nil, err
	}
	if err := errors.Join(w.void(ctx), w.backDate(ctx)); err != nil {
		return nil, fmt.Errorf("demo: a province up to %v: %w", w.Today-1, err)
	}
	w.Department = w.departments[w.Center]
	w.balances = w.ledger.Register().Balances(w.Center)
	return w.Province, copyAll(ctx, store, written)
}

// lastMarch returns the latest 31 March that is not after a day.
func lastMarch(day events.Date) events.Date {
	if march := events.DateOf(day.Year(), 3, 31); march <= day {
		return march
	}
	return events.DateOf(day.Year()-1, 3, 31)
}

// copyAll copies all events. The events of a memstore never change, so they may be held.
func copyAll(ctx context.Context, to *logstore.Store, from *memstore.Store) error {
	var batch []events.Stored
	for e, err := range from.ReadAll(ctx, 0) {
		if err != nil {
			return err
		}
		if batch = append(batch, e); len(batch) == copied {
			if err := to.Copy(ctx, batch); err != nil {
				return err
			}
			batch = batch[:0]
		}
	}
	return to.Copy(ctx, batch)
}

// pot is a grant or match of a center.
type pot struct {
	center events.CenterID
	grant  string
}

// writing is a province that is being written.
type writing struct {
	*Province
	ledger *ledger.Ledger
	clock  time.Time

	// vouchers of Hangzhou that were known on ReportedOn and not touched since, by center and number
	vouchers    map[string]*events.Record
	received    map[pot]events.Date        // the first receipt of each grant
	departments map[events.CenterID]string // of the centers of Hangzhou
}

func (w *writing) simulate(ctx context.Context) error {
	from := max(events.DateOf(w.Today.AddMonths(-months).Year(), 1, 1), policy.Builtin().EffectiveFrom)
	for e, err := range simulator.Entries(simulator.Scenario{Seed: seed, Centers: Centers, From: from, To: w.Today - 1,
		LateDays: lateDays, Undeferred: undeferred, Ungraded: ungraded}) {
		if err != nil {
			return err
		}
		if err := w.record(ctx, e.Record, e.Day); err != nil {
			return fmt.Errorf("demo: %s of %s on %v: %w", e.Record.Kind, e.Record.Center, e.Record.On, err)
		}
		w.notice(e.Record, e.Day)
	}
	return nil
}

// The offices write from 9 o'clock, a record every pace.
const (
	opens = 9 * time.Hour
	pace  = 97 * time.Second
)

// record writes a record on a day, after the records before it.
func (w *writing) record(ctx context.Context, rec *events.Record, day events.Date) error {
	year, month, date := day.Civil()
	morning := time.Date(year, time.Month(month), date, 0, 0, 0, 0, events.Shanghai).Add(opens)
	if w.clock = w.clock.Add(pace); w.clock.Before(morning) {
		w.clock = morning
	}
	_, err := w.ledger.Record(ctx, rec, ledger.Writer{Name: rec.By.Actor, MayRecord: true})
	if err == nil {
		w.Records++
	}
	return err
}

// notice notes what void and backDate choose from.
func (w *writing) notice(rec *events.Record, day events.Date) {
	key := func(voucher string) string { return string(rec.Center) + " " + voucher }
	switch data := rec.Data.(type) {
	case *events.CenterAssigned:
		if strings.HasPrefix(data.LocalGov, Hangzhou) {
			w.departments[rec.Center] = data.IndustryDept
		}
	case *events.SubsidyReceived:
		if at := (pot{rec.Center, data.Grant}); w.received[at] == 0 || rec.On < w.received[at] {
			w.received[at] = rec.On
		}
	case *events.FundsSpent:
		if w.departments[rec.Center] != "" && day <= w.ReportedOn && rec.On.Year() == w.ReportedOn.Year() &&
			data.OutTransfer == nil && data.Use == equipment && isFiscal(data) {
			w.vouchers[key(data.Voucher)] = rec
		}
	case *events.SpendingReversed:
		delete(w.vouchers, key(data.Voucher))
	case *events.UseRuled:
		delete(w.vouchers, key(data.Voucher))
	case *events.EntryVoided:
		maps.DeleteFunc(w.vouchers, func(_ string, v *events.Record) bool { return v.ID.String() == data.Event })
	}
}

// equipment is a use that no rule doubts.
const equipment = events.Use("equipment")

// isFiscal reports whether a voucher pays from grants alone and from no match.
func isFiscal(v *events.FundsSpent) bool {
	return !slices.ContainsFunc(v.Lines, func(l events.SpendingLine) bool { return !strings.HasPrefix(l.Grant, "G-") })
}

// void voids the largest voucher that was reported and may still be voided.
func (w *writing) void(ctx context.Context) error {
	list := slices.SortedFunc(maps.Values(w.vouchers), func(a, b *events.Record) int {
		return cmp.Or(cmp.Compare(events.FacetsOf(b.Data).AmountFen, events.FacetsOf(a.Data).AmountFen),
			bytes.Compare(a.ID[:], b.ID[:]))
	})
	for _, v := range list {
		rec := w.late(v.Center, events.KindEntryVoided, &events.EntryVoided{Event: v.ID.String(),
			Reason: "与同月另一凭证重复录入"}, w.Today-1)
		if written, err := w.accepts(ctx, rec); written || err != nil {
			w.Voided = v
			return err
		}
	}
	return errors.New("no voucher of Hangzhou can be voided")
}

// The back-dated voucher: its number in a series of its own, its day before ReportedOn and the most that it pays.
const (
	lateVoucher = 90001
	lateBefore  = 11
	lateFen     = 186_400_00
)

// backDate enters a voucher of before ReportedOn from the grant of Hangzhou with the most money left. Its center
// becomes that of the demo.
func (w *writing) backDate(ctx context.Context) error {
	on := w.ReportedOn - lateBefore
	type left struct {
		pot
		fen events.Fen
	}
	var list []left
	for at, since := range w.received {
		if w.departments[at.center] != "" && since <= on && w.isActive(at.center) {
			list = append(list, left{at, w.ledger.Register().Balances(at.center)[at.grant]})
		}
	}
	slices.SortFunc(list, func(a, b left) int {
		return cmp.Or(cmp.Compare(b.fen, a.fen), cmp.Compare(a.center, b.center), cmp.Compare(a.grant, b.grant))
	})
	for _, x := range list {
		amount := min(lateFen, x.fen/200*100)
		rec := w.late(x.center, events.KindFundsSpent, &events.FundsSpent{
			Voucher: fmt.Sprintf("%d-%d", on.Year(), lateVoucher), Payee: "杭州甲子仪器有限公司", Use: equipment,
			Lines:   []events.SpendingLine{{Grant: x.grant, AmountFen: amount}},
			Summary: "中试线反应釜设备款（发票迟到）"}, on)
		if amount <= 0 {
			break
		}
		if written, err := w.accepts(ctx, rec); written || err != nil {
			w.BackDated, w.Center = rec, x.center
			return err
		}
	}
	return errors.New("no grant of Hangzhou has money left for a back-dated voucher")
}

func (w *writing) isActive(id events.CenterID) bool {
	line, ok := w.ledger.Register().Center(id, w.Today-1)
	return ok && line.Status == aggregates.Active
}

// ids is the name space of the ids of the records that are not simulated.
var ids = uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://github.com/taizhang/taizhang/demo"))

// late returns a record of a center that is entered at the end.
func (w *writing) late(center events.CenterID, kind events.Kind, data events.Payload,
	on events.Date) *events.Record {
	actor := "c-" + strings.TrimPrefix(string(center), "ZJ-")
	return &events.Record{ID: uuid.NewSHA1(ids, []byte(string(center)+string(kind))), Kind: kind, Center: center,
		On: on, By: events.By{Role: events.CenterRole, Actor: actor}, Mode: events.Enforce, Data: data}
}

// accepts writes a record at the end, and reports false if it is refused.
func (w *writing) accepts(ctx context.Context, rec *events.Record) (written bool, err error) {
	err = w.record(ctx, rec, w.Today-1)
	var refusal *aggregates.Refusal
	if errors.As(err, &refusal) {
		return false, nil
	}
	return err == nil, err
}
