// Package feedbench measures the alert feed: from a record to its alert at a consumer, the first fill, a restart, and
// what the feed takes from those who write.
//
//	go test ./services/alertfeed/feedbench -run '^$' -bench . -benchtime 1x
package feedbench

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
	"golang.org/x/sys/unix"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/alertfeed"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/ledger/ledgertest"
	"github.com/taizhang/taizhang/services/logstore"
	"github.com/taizhang/taizhang/services/natsserver"
	"github.com/taizhang/taizhang/services/natsserver/natstest"
	"github.com/taizhang/taizhang/services/simulator"
	"github.com/taizhang/taizhang/services/simulator/simulatortest"
)

var (
	records = flag.Int("records", 200_000, "how many records the province has before anything is measured")
	seconds = flag.Int("seconds", 5, "how long each measurement of a rate takes")
	alerts  = flag.Int("alerts", 100_000, "how many alerts the first fill publishes")
)

// The province: its centers have some thousands of records each.
const (
	centers = 80
	lastDay = "2026-10-31"
	today   = "2026-11-01"
)

func TestMain(m *testing.M) {
	debug.SetGCPercent(40) // as cmd/taizhang sets it
	os.Exit(m.Run())
}

var writer = ledger.Writer{Name: "writer", MayRecord: true}

func now() time.Time { return time.Date(2026, 11, 1, 12, 0, 0, 0, events.Shanghai) }

// world is a ledger on its log, with centers that take vouchers.
type world struct {
	b       *testing.B
	desk    *desk.Local
	centers []events.CenterID
	next    atomic.Int64 // the number of the next record
}

// province returns a simulated province.
func province(b *testing.B) *world {
	b.Helper()
	w := newWorld(b)
	file := filepath.Join(b.TempDir(), "history.jsonl")
	perYear := *records / centers / 3 // some register late
	simulatortest.History(b, file, simulator.Scenario{Seed: 7, Centers: centers, From: events.MustDate("2021-01-01"),
		To: events.MustDate(lastDay), VouchersPerYear: perYear}, *records)
	report, err := w.desk.Ledger.Import(b.Context(),
		ledger.ImportConfig{Files: ledgertest.Files(b, file), Account: writer, Dir: b.TempDir()})
	if err != nil || report.Refused > 0 {
		b.Fatalf("imported %+v: %v", report, err)
	}
	var active []events.CenterID
	for c := range w.desk.Ledger.Register().Centers(events.MustDate(today)) {
		if c.Status == aggregates.Active { // whatever a revoked one spends is an alert
			active = append(active, c.ID)
		}
	}
	w.fund(active)
	return w
}

func newWorld(b *testing.B) *world {
	b.Helper()
	store, err := logstore.Open(filepath.Join(b.TempDir(), "ledger"), logstore.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { store.Close() })
	l, err := ledger.Open(b.Context(), store, ledger.Config{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(l.Close)
	return &world{b: b, desk: &desk.Local{
		LocalConfig: desk.LocalConfig{Ledger: l, Account: writer, Now: now, Spool: b.TempDir()}}}
}

// The records that are written.
const (
	registered = `"kind":"center.registered","on":"2025-01-10","by":{"role":"center","actor":"c-1"},"data":{"name":"甲中心","uscc":"91330106MAC1K2L32C","leadUnit":"甲","type":"pilot-base","services":["pilot"],"leadingIndustries":["生物医药"],"industryCode":"C2710","region":"330106","foundedOn":"2015-01-01","legalEntity":true,"newUnit":false,"usableAreaM2":9000,"equipmentFen":9000000000,"relaxationRequested":false,"pilotFunction":true,"pilotDevicesSeparate":true,"fields":["other"],"ethicsSensitive":false,"ethicsCommittee":false,"documents":[]}`
	granted    = `"kind":"subsidy.granted","on":"2026-10-31","by":{"role":"finance","actor":"f-1"},"mode":"record","doc":"浙财科教〔2026〕9号","data":{"grant":"BENCH","category":"other","source":"province-other","fiscalYear":2026,"amountFen":1000000000}`
	received   = `"kind":"subsidy.received","on":"2026-10-31","by":{"role":"finance","actor":"f-1"},"data":{"grant":"BENCH","amountFen":1000000000}`
	spent      = `"kind":"funds.spent","on":"2026-11-01","by":{"role":"center","actor":"c-1"},"data":{"voucher":"V%d","payee":"乙","use":"pilot","lines":[{"grant":"BENCH","amountFen":100}],"summary":"中试"}`
	fined      = `"kind":"funds.spent","on":"2026-11-01","by":{"role":"center","actor":"c-1"},"data":{"voucher":"F%d","payee":"乙","use":"fine","lines":[{"grant":"BENCH","amountFen":100}],"summary":"罚款"}`
	reversed   = `"kind":"spending.reversed","on":"2026-11-01","by":{"role":"center","actor":"c-1"},"data":{"voucher":"F%d","reversalVoucher":"R%d","reason":"误付"}`
)

// fund gives centers money to spend. It leaves out centers whose records are refused.
func (w *world) fund(ids []events.CenterID) {
	w.b.Helper()
	for _, id := range ids {
		if w.write(id, granted) == nil && w.write(id, received) == nil {
			w.centers = append(w.centers, id)
		}
	}
	if len(w.centers) == 0 {
		w.b.Fatal("no center takes vouchers")
	}
}

// write records one line as a front would: from JSON to a durable record that answers show.
func (w *world) write(center events.CenterID, tail string) error {
	rec, problems := events.DecodeRecord(fmt.Appendf(nil, `{"id":"%s","center":"%s",%s}`, uuid.New(), center, tail))
	if len(problems) > 0 {
		return problems
	}
	_, err := w.desk.Ledger.Record(w.b.Context(), rec, writer)
	return err
}

// apart is the number of fines written before the first is reversed: more than are under way at a time.
const apart = 2 * writers

// record writes the record with a number. Every so often it changes an alert: it is a fine, which raises one, or
// the reversal of a fine, which clears it.
func (w *world) record(n, every int) error {
	turn := n / every
	center := w.centers[turn%apart%len(w.centers)]
	switch {
	case n%every != 0:
		return w.write(w.centers[n%len(w.centers)], fmt.Sprintf(spent, n))
	case turn/apart%2 == 0:
		return w.write(center, fmt.Sprintf(fined, n))
	}
	return w.write(center, fmt.Sprintf(reversed, n-apart*every, n))
}

// numbers reserves the numbers of some records, which begin with fines.
func (w *world) numbers(n, every int) (first int) {
	const turn = 2 * apart
	first = (int(w.next.Load()) + turn*every - 1) / (turn * every) * turn * every
	w.next.Store(int64(first + n))
	return first
}

// feed is a NATS server with a publisher and one consumer that reads over the network.
type feed struct {
	w      *world
	dir    string
	server *natsserver.Server
	js     jetstream.JetStream
	key    natstest.Key
	user   alertfeed.User

	publisher *alertfeed.Publisher
	cancel    context.CancelFunc
	running   sync.WaitGroup
}

func (w *world) feed() *feed {
	w.b.Helper()
	key := natstest.NewUser(w.b)
	f := &feed{w: w, dir: w.b.TempDir(), key: key, user: alertfeed.User{Name: "reader", Key: key.Public}}
	f.open()
	w.b.Cleanup(f.close)
	return f
}

func (f *feed) open() {
	f.w.b.Helper()
	var err error
	f.server, err = natsserver.Start(f.w.b.Context(),
		natsserver.NATSConfig{Dir: filepath.Join(f.dir, "nats"), Listen: "127.0.0.1:0", Log: zap.NewNop(),
			Users: []natsserver.User{{Name: f.user.Name, Key: f.user.Key}}})
	if err != nil {
		f.w.b.Fatal(err)
	}
	nc, err := f.server.Connect()
	if err != nil {
		f.w.b.Fatal(err)
	}
	if f.js, err = jetstream.New(nc, alertfeed.Patient()); err != nil {
		f.w.b.Fatal(err)
	}
}

func (f *feed) close() {
	f.stop()
	f.js.Conn().Close()
	if err := f.server.Close(); err != nil {
		f.w.b.Error(err)
	}
}

// start publishes until stop.
func (f *feed) start() {
	f.publisher = alertfeed.New(alertfeed.PublisherConfig{
		Desk: f.w.desk, JetStream: f.js, Memory: filepath.Join(f.dir, "published.json"), Now: now, Log: zap.NewNop(),
		Epoch: func() string { return "2026-01-01T00:00:00.000000Z" }, Users: func() []alertfeed.User {
			return []alertfeed.User{f.user}
		}, Restart: f.server.Restart})
	ctx, cancel := context.WithCancel(context.Background())
	f.cancel = cancel
	f.running.Go(func() { f.publisher.Run(ctx) })
}

func (f *feed) stop() {
	if f.cancel != nil {
		f.cancel()
	}
	f.running.Wait()
}

// settle waits until the head is at the end of the ledger.
func (f *feed) settle() {
	f.w.b.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(time.Millisecond) {
		s := f.publisher.Status()
		if s.State == alertfeed.StatePublishing && s.At.Position == f.w.desk.Position() {
			return
		}
		if time.Now().After(deadline) {
			f.w.b.Fatalf("the feed stays at %+v", s)
		}
	}
}

// last returns the last sequence of the stream.
func (f *feed) last() uint64 {
	f.w.b.Helper()
	stream, err := f.js.Stream(f.w.b.Context(), alertfeed.StreamName)
	if err != nil {
		f.w.b.Fatal(err)
	}
	return stream.CachedInfo().State.LastSeq
}

// consume calls take with each message and acknowledges it, until stop.
func (f *feed) consume(take func(subject string, body []byte)) (stop func()) {
	f.w.b.Helper()
	nc, err := nats.Connect("nats://"+f.server.Addr(), nats.Nkey(f.key.Public, f.key.Sign),
		nats.CustomInboxPrefix("_INBOX_"+f.user.Name))
	if err != nil {
		f.w.b.Fatal(err)
	}
	js, err := jetstream.NewWithAPIPrefix(nc, "tz")
	if err != nil {
		f.w.b.Fatal(err)
	}
	c, err := js.Consumer(f.w.b.Context(), alertfeed.StreamName, f.user.Name)
	if err != nil {
		f.w.b.Fatal(err)
	}
	reading, err := c.Consume(func(m jetstream.Msg) {
		take(m.Subject(), m.Data())
		if err := m.Ack(); err != nil {
			f.w.b.Error(err)
		}
	})
	if err != nil {
		f.w.b.Fatal(err)
	}
	return func() { reading.Stop(); nc.Close() }
}

// conditions reports what the results depend on: the number of processors, and the time to sync 4 KiB.
func conditions(b *testing.B) {
	b.Helper()
	f, err := os.Create(filepath.Join(b.TempDir(), "sync"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	if err := unix.Fallocate(int(f.Fd()), 0, 0, 1<<20); err != nil {
		b.Fatal(err)
	}
	took, page := make([]time.Duration, 201), []byte(strings.Repeat("0123456789abcdef", 256))
	for i := range took {
		began := time.Now()
		if _, err := f.WriteAt(page, int64(i)*4096); err != nil {
			b.Fatal(err)
		}
		if err := unix.Fdatasync(int(f.Fd())); err != nil {
			b.Fatal(err)
		}
		took[i] = time.Since(began)
	}
	slices.Sort(took)
	b.ReportMetric(float64(runtime.GOMAXPROCS(0)), "processors")
	b.ReportMetric(ms(took[len(took)/2]), "fdatasync-ms")
	b.ReportMetric(0, "ns/op")
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// usage is the processor time of this process, and the time that its threads waited for a processor used by other
// programs.
type usage struct{ busy, waited time.Duration }

func used(b *testing.B) usage {
	b.Helper()
	var r unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	u := usage{busy: time.Duration(r.Utime.Nano() + r.Stime.Nano())}
	threads, err := filepath.Glob("/proc/self/task/*/schedstat")
	if err != nil {
		b.Fatal(err)
	}
	for _, name := range threads {
		line, err := os.ReadFile(name)
		if err != nil {
			continue // the thread has ended
		}
		var ran, waited int64
		if _, err := fmt.Sscan(string(line), &ran, &waited); err != nil {
			b.Fatal(err)
		}
		u.waited += time.Duration(waited)
	}
	return u
}

// since returns the average usage per second from an instant on.
func (u usage) since(b *testing.B, at time.Time) (busy, waited float64) {
	b.Helper()
	now, took := used(b), time.Since(at).Seconds()
	return (now.busy - u.busy).Seconds() / took, (now.waited - u.waited).Seconds() / took
}
