package replica_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/memstore"
	"github.com/taizhang/taizhang/events/storetest"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/replica"
)

// opened is a ledger with its copy of the origin.
type opened struct {
	*ledger.Ledger
	store *replica.Store
}

func openLedger(t *testing.T, record events.Store, dir string) opened {
	t.Helper()
	var o opened
	var err error
	o.Ledger, err = ledger.OpenFrom(t.Context(), func(replay func(events.Stored) error) (_ events.Store, err error) {
		o.store, err = replica.Open(t.Context(),
			replica.ReplicaConfig{Record: record, Dir: dir, Replay: replay, Late: 300 * time.Millisecond})
		return o.store, err
	}, ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		o.Close()
		_ = o.store.Close()
	})
	return o
}

func trial(name string) *events.Record {
	return &events.Record{ID: uuid.NewSHA1(uuid.NameSpaceOID, []byte(name)), Kind: events.KindTrialRecorded,
		Center: "ZJ-0001", On: events.MustDate("2026-10-31"),
		By: events.By{Role: events.CenterRole, Actor: "c"}, Mode: events.Enforce, Data: &events.TrialRecorded{
			Trial: name}}
}

const registration = `{"id":"0b5c7d0e-0000-4000-8000-000000000001","center":"ZJ-0001","kind":"center.registered","on":"2025-01-10","by":{"role":"center","actor":"c-1"},"data":{"name":"甲中心","uscc":"91330106MAC1K2L32C","leadUnit":"甲","type":"pilot-base","services":["pilot"],"leadingIndustries":["生物医药"],"industryCode":"C2710","region":"330106","foundedOn":"2015-01-01","legalEntity":true,"newUnit":false,"usableAreaM2":9000,"equipmentFen":9000000000,"relaxationRequested":false,"pilotFunction":true,"pilotDevicesSeparate":true,"fields":["other"],"ethicsSensitive":false,"ethicsCommittee":false,"documents":[]}}`

func TestLedgersThatBeginOneRecordTogetherAdoptOnce(t *testing.T) {
	registered, problems := events.DecodeRecord([]byte(registration))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	record := kept{memstore.New(storetest.UnsteadyClock())}
	var wg sync.WaitGroup
	for i := range 4 {
		l, rec := openLedger(t, record, t.TempDir()), *registered
		rec.Center = events.CenterID(fmt.Sprintf("ZJ-%04d", i%2+1))
		wg.Go(func() {
			if _, err := l.Record(t.Context(), &rec, ledger.Writer{Name: "x"}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	var streams []events.StreamID
	for s, err := range record.ReadAll(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		streams = append(streams, s.Stream)
	}
	if len(streams) != 3 || streams[0] != events.PolicyStream || streams[1] == streams[2] {
		t.Errorf("the record is of %v", streams)
	}
}

func TestLedgersOfOneRecordWriteInTurnAndAgree(t *testing.T) {
	record := kept{memstore.New(storetest.UnsteadyClock())}
	a, dir := openLedger(t, record, t.TempDir()), t.TempDir()
	b := openLedger(t, record, dir)
	registered, problems := events.DecodeRecord([]byte(registration))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if _, err := a.Record(t.Context(), registered, ledger.Writer{Name: "a"}); err != nil {
		t.Fatal(err)
	}
	for range b.store.Subscribe(t.Context(), 1) {
		break // the copy has the registration
	}
	for i := range 10 { // each finds that the other came first, and judges again
		for _, l := range []opened{b, a} {
			if _, err := l.Record(t.Context(), trial(fmt.Sprint(i, l.store == a.store)),
				ledger.Writer{Name: "x"}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if r, err := a.Record(t.Context(), trial("0 false"), ledger.Writer{Name: "x"}); err != nil || !r.Repeated ||
		r.Revision != 2 {
		t.Errorf("got %+v, %v", r, err)
	}
	var unregistered *aggregates.Refusal
	other := trial("other")
	other.Center = "ZJ-0002"
	if _, err := b.Record(t.Context(), other, ledger.Writer{Name: "x"}); !errors.As(err, &unregistered) {
		t.Errorf("got %v", err)
	}
}

func TestABreakOfTheRecordIsAnAlertAndEndsWriting(t *testing.T) {
	memory, dir := memstore.New(time.Now), t.TempDir()
	l := openLedger(t, kept{memory}, dir)
	registered, _ := events.DecodeRecord([]byte(registration))
	for _, rec := range []*events.Record{registered, trial("1"), trial("2")} {
		if _, err := l.Record(context.Background(), rec, ledger.Writer{Name: "a"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.store.Close(); err != nil {
		t.Fatal(err)
	}
	l = openLedger(t, tampered{kept{memory}, func(e *events.Stored) bool { return e.Revision != 3 }}, dir)
	today := events.DateAt(time.Now())
	alerts := slices.Collect(l.Register().Alerts(today, projections.AlertFilter{Code: aggregates.LedgerBroken}))
	if len(alerts) != 1 || alerts[0].Center != "ZJ-0001" {
		t.Fatalf("got %+v", alerts)
	}
	why := l.Register().Explain("ZJ-0001", today, aggregates.LedgerBroken, "", 0)
	if len(why) != 1 || !strings.Contains(why[0].Reason.Zh, "完整性有问题") ||
		!strings.Contains(why[0].Reason.En, "break in its integrity") {
		t.Errorf("explained by %+v", why)
	}
	var found []text.Text
	if _, err := l.Check(t.Context(),
		ledger.CheckConfig{On: today, Found: func(f ledger.Finding) { found = append(found, f.What) }}); err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 || found[0].Zh == found[0].En || !strings.Contains(found[0].Zh, "完整性有问题") ||
		strings.Contains(found[0].Zh, "break") {
		t.Errorf("check found %+v", found)
	}
	if _, err := l.Record(t.Context(), trial("3"), ledger.Writer{Name: "a"}); err == nil {
		t.Error("a record was taken")
	}
	if n := len(linesOf(t, l.store)); n != 4 {
		t.Errorf("the copy has %d events", n)
	}
}
