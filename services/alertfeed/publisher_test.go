package alertfeed_test

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap/zaptest"

	"github.com/taizhang/taizhang/docs/feedtest"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/memstore"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/alertfeed"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/natsserver/natstest"
)

// These are records of a center: a fine is a forbidden use (AL-USE-01), and its reversal clears the alert.
const (
	registered = `"kind":"center.registered","on":"2025-01-10","by":{"role":"center","actor":"c-1"},"data":{"name":"甲中心","uscc":"91330106MAC1K2L32C","leadUnit":"甲","type":"pilot-base","services":["pilot"],"leadingIndustries":["生物医药"],"industryCode":"C2710","region":"330106","foundedOn":"2015-01-01","legalEntity":true,"newUnit":false,"usableAreaM2":9000,"equipmentFen":9000000000,"relaxationRequested":false,"pilotFunction":true,"pilotDevicesSeparate":true,"fields":["other"],"ethicsSensitive":false,"ethicsCommittee":false,"documents":[]}`
	granted    = `"kind":"subsidy.granted","on":"2025-02-01","by":{"role":"finance","actor":"f-1"},"mode":"record","doc":"浙财科教〔2025〕1号","data":{"grant":"G1","category":"other","source":"province-other","fiscalYear":2025,"amountFen":100000}`
	received   = `"kind":"subsidy.received","on":"2025-03-01","by":{"role":"finance","actor":"f-1"},"data":{"grant":"G1","amountFen":100000}`
	fined      = `"kind":"funds.spent","on":"2025-06-02","by":{"role":"center","actor":"c-1"},"data":{"voucher":"V2","payee":"乙","use":"fine","lines":[{"grant":"G1","amountFen":1000}],"summary":"罚款"}`
	reversed   = `"kind":"spending.reversed","on":"2025-07-01","by":{"role":"center","actor":"c-1"},"data":{"voucher":"V2","reversalVoucher":"R2","reason":"误付"}`
)

// kit is a ledger with a publisher and a stream.
type kit struct {
	t      *testing.T
	server *server.Server
	desk   *desk.Local
	js     jetstream.JetStream
	cfg    alertfeed.PublisherConfig
	pub    *alertfeed.Publisher
	stop   func()

	mu  sync.Mutex
	now time.Time
}

// kits counts the kits, for unique names.
var kits atomic.Int64

func newKit(t *testing.T) *kit {
	t.Helper()
	return newKitOn(t, server.Options{StoreDir: t.TempDir()})
}

// newKitOn returns a kit whose server has these options.
func newKitOn(t *testing.T, given server.Options) *kit {
	t.Helper()
	k := &kit{t: t, now: time.Date(2026, 11, 1, 12, 0, 0, 0, events.Shanghai)}
	given.Host, given.Port, given.JetStream = "127.0.0.1", -1, true
	k.server = natstest.Start(t, &given)
	nc, err := nats.Connect(k.server.ClientURL(), nats.MaxReconnects(-1), nats.ReconnectWait(10*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	if k.js, err = jetstream.New(nc, alertfeed.Patient()); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 10, 1, 0, 0, 0, 1000*int(kits.Add(1)), events.Shanghai) // no two ledgers begin at one time
	store := memstore.New(func() time.Time { at = at.Add(time.Second); return at })
	l, err := ledger.Open(t.Context(), store, ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	k.desk = &desk.Local{LocalConfig: desk.LocalConfig{
		Ledger: l, Account: ledger.Writer{Name: "clerk", MayRecord: true}, Now: k.Now, Spool: t.TempDir()}}
	k.cfg = alertfeed.PublisherConfig{Desk: k.desk, JetStream: k.js, Memory: filepath.Join(t.TempDir(), "feed.json"),
		Epoch: func() string { return "2026-01-01T00:00:00.000000Z" },
		Now:   k.Now, Log: zaptest.NewLogger(t), Restart: func(context.Context) error { return nil }, Purgeable: true,
		Patience: time.Second, CheckEvery: time.Second}
	return k
}

func (k *kit) Now() time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.now
}

func (k *kit) start() {
	k.pub = alertfeed.New(k.cfg)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { k.pub.Run(ctx) })
	k.stop = func() { cancel(); running.Wait() }
	k.t.Cleanup(k.stop)
}

func (k *kit) record(tails ...string) {
	k.t.Helper()
	for _, tail := range tails {
		var d desk.Draft
		line := fmt.Sprintf(`{"id":"%s","center":"ZJ-0001",%s}`, uuid.NewSHA1(uuid.NameSpaceOID, []byte(tail)), tail)
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			k.t.Fatal(err)
		}
		if _, err := k.desk.Record(k.t.Context(), d); err != nil {
			k.t.Fatalf("%s: %v", tail, err)
		}
	}
}

// settle waits until the head is at the end of the ledger.
func (k *kit) settle() {
	k.t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		s := k.pub.Status()
		if s.State == alertfeed.StatePublishing && s.At.Position == k.desk.Position() &&
			s.At.Date == events.DateAt(k.Now()) {
			return
		}
		if time.Now().After(deadline) {
			k.t.Fatalf("the feed stays at %+v", s)
		}
		time.Sleep(time.Millisecond)
	}
}

func (k *kit) all() (list []*alertfeed.Message) {
	k.t.Helper()
	stream, err := k.js.Stream(k.t.Context(), alertfeed.StreamName)
	if err != nil {
		k.t.Fatal(err)
	}
	info := stream.CachedInfo()
	for seq := info.State.FirstSeq; seq <= info.State.LastSeq; seq++ {
		raw, err := stream.GetMsg(k.t.Context(), seq)
		if err != nil {
			continue
		}
		if err := feedtest.Validate(raw.Subject, raw.Header.Get("content-type"), raw.Data); err != nil {
			k.t.Errorf("message %d is not as documented: %v", seq, err)
		}
		m, err := alertfeed.Decode(raw.Subject, raw.Data)
		if err != nil {
			k.t.Fatal(err)
		}
		list = append(list, m)
	}
	return list
}

// words returns the last state of every subject.
func (k *kit) words() map[string]alertfeed.AlertState {
	words := map[string]alertfeed.AlertState{}
	for _, m := range k.all() {
		if m.Alert != nil {
			words[m.Subject] = m.State()
		}
	}
	for subject, s := range words {
		if s.Kind == alertfeed.Withdrawn {
			delete(words, subject)
		}
	}
	return words
}

// truth returns the state of every alert of the ledger.
func (k *kit) truth() map[string]alertfeed.AlertState {
	words := map[string]alertfeed.AlertState{}
	for a := range k.desk.Ledger.Register().Alerts(events.DateAt(k.Now()), projections.AlertFilter{All: true}) {
		s := alertfeed.AlertState{Kind: alertfeed.Raised}
		if !a.Open() {
			s = alertfeed.AlertState{Kind: alertfeed.Cleared, ClearedOn: a.ClearedOn}
		}
		words[alertfeed.AlertName{Center: a.Center, Severity: a.Severity, Code: a.Code, Key: a.Key,
			RaisedOn: a.RaisedOn}.Subject()] = s
	}
	return words
}

func (k *kit) holds() {
	k.t.Helper()
	if got, want := k.words(), k.truth(); !maps.Equal(got, want) {
		k.t.Fatalf("got %v\nwant %v", got, want)
	}
}

// namesThePayee checks that every message about the use of a voucher has what its record alone says.
func (k *kit) namesThePayee() {
	k.t.Helper()
	found := 0
	for _, m := range k.all() {
		if m.Alert == nil || m.Alert.Code != "AL-USE-01" || m.Alert.State == alertfeed.Withdrawn {
			continue
		}
		found++
		var figures []string
		for _, f := range m.Alert.Figures {
			figures = append(figures, f.Name+"="+f.Value)
		}
		if !slices.Contains(figures, "payee=乙") || !slices.Contains(figures, "summary=罚款") {
			k.t.Errorf("a message about a voucher has the figures %v", figures)
		}
	}
	if found == 0 {
		k.t.Error("there is no message about a voucher")
	}
}

func TestAPublisherSaysWhatTheLedgerSays(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.record(registered, granted, received)
	k.start()
	k.settle()
	k.holds()
	for _, tail := range []string{fined, reversed} {
		before := k.truth()
		k.record(tail)
		if maps.Equal(before, k.truth()) {
			t.Fatal("the record moves no alert")
		}
		k.settle()
		k.holds()
	}
	n := len(k.all())
	k.stop()
	k.start()
	k.settle()
	if got := k.all()[n:]; len(got) > 0 {
		t.Errorf("a restart published %v", got)
	}
	if err := k.pub.Restate(t.Context()); err != nil {
		t.Fatal(err)
	}
	k.holds()
	k.namesThePayee()
	again := k.all()[n:]
	if len(again) != len(k.truth())+2 || again[0].Head == nil || again[0].Head.Phase != alertfeed.Begin ||
		again[len(again)-1].Head == nil {
		t.Errorf("a new generation is %v", again)
	}
}

// A publisher that is stopped between an alert and its head writes the head before it ends.
func TestAStopLeavesNothingToDoubt(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.record(registered, granted, received)
	k.start()
	k.settle()
	for _, tail := range []string{fined, reversed} {
		generation := k.pub.Status().At.Generation
		published := k.pub.Status().Published
		k.record(tail)
		for deadline := time.Now().Add(time.Minute); k.pub.Status().Published == published; {
			if time.Now().After(deadline) {
				t.Fatal("nothing is published")
			}
			time.Sleep(100 * time.Microsecond)
		}
		k.stop()
		k.start()
		k.settle()
		k.holds()
		if got := k.pub.Status(); got.At.Generation != generation || got.Published.Generations != 0 {
			t.Errorf("%s: after a stop everything was stated again: %+v", tail, got)
		}
	}
}
