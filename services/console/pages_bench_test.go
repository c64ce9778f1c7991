package console_test

import (
	"compress/gzip"
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/console"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/ledger/ledgertest"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/logstore"
	"github.com/taizhang/taizhang/services/simulator/simulatortest"
)

var benchRecords = flag.Int("records", 20_000, "how many records the ledger of the benchmarks has")

// BenchmarkPages asks for pages of a simulated province as several roles, over a connection of the loopback. It
// reports the time until the page is there for the first time (after all waiting pages), the median and the 99th
// percentile of the next requests, their processor time, of server and client together, and the length of the page as
// it is compressed. Of a list it also reports how many times longer a page that is made anew takes than the answer of
// the desk. With writers, a thousand records a second are written meanwhile, and a fifth of a second passes between
// the requests, as between those of some users.
func BenchmarkPages(b *testing.B) {
	x, stops := largeProvince(b, *benchRecords)
	for _, writes := range []int{0, 1000} {
		for _, s := range stops {
			b.Run(fmt.Sprintf("%s as %s beside %d writes a second", s.Name, s.Role, writes), func(b *testing.B) {
				written := x.write(b, writes)
				began := time.Now()
				bytes, waits := x.fetch(b, &s), 0
				for bytes == 0 {
					waits++
					time.Sleep(100 * time.Millisecond) // a browser waits for a second
					bytes = x.fetch(b, &s)
				}
				first := time.Since(began)
				var took []time.Duration
				busy := processorTime()
				for range b.N {
					if writes > 0 {
						time.Sleep(200 * time.Millisecond)
					}
					began := time.Now()
					if x.fetch(b, &s) == 0 {
						waits++
					}
					took = append(took, time.Since(began))
				}
				busy = processorTime() - busy
				slices.Sort(took)
				ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
				b.ReportMetric(ms(first), "first-ms")
				b.ReportMetric(ms(took[len(took)/2]), "median-ms")
				b.ReportMetric(ms(took[len(took)*99/100]), "p99-ms")
				b.ReportMetric(float64(bytes)/1000, "kB")
				b.ReportMetric(float64(waits), "waiting-pages")
				b.ReportMetric(0, "ns/op")
				if writes > 0 {
					n, in := written()
					b.ReportMetric(float64(n)/in.Seconds(), "writes/s")
					return
				}
				b.ReportMetric(ms(busy)/float64(b.N), "cpu-ms")
				if q := questionOf(b, &s); q.List != "" {
					b.ReportMetric(x.timesTheVerb(b, &s, q), "of-the-verb")
				}
			})
		}
	}
}

// fetch returns the length of a page as it is compressed, or 0 for a page that says that it is being made.
func (x *office) fetch(b *testing.B, s *stop) int {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, x.URL+s.Address, nil)
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Cookie", "tz="+s.Session)
	r.Header.Set("Accept-Encoding", "gzip")
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	switch {
	case err != nil:
		b.Fatal(err)
	case answer.StatusCode == http.StatusAccepted:
		return 0
	case answer.StatusCode != http.StatusOK:
		if unpacked, err := gzip.NewReader(strings.NewReader(string(content))); err == nil {
			content, _ = io.ReadAll(unpacked)
		}
		b.Fatalf("%s is answered with %s: %.2000s", s.Address, answer.Status, content)
	}
	return len(content)
}

// questionOf returns the question of the page of a list, or none for a page of another kind.
func questionOf(b *testing.B, s *stop) (q lists.Question) {
	address, err := url.Parse(s.Address)
	if err != nil {
		b.Fatal(err)
	}
	l := lists.Find(strings.TrimPrefix(address.Path, "/"))
	if l == nil || address.Query().Has("knownAt") {
		return q
	}
	q = lists.Question{List: l.Name, Params: map[string]string{}}
	for i := range l.Params {
		if p := &l.Params[i]; address.Query().Has(p.QueryName()) {
			q.Params[p.Name] = address.Query().Get(p.QueryName())
		}
	}
	return q
}

// timesTheVerb returns how many times longer the page of a question takes than the desk, each the fastest of three
// times, as of days that were not asked for before.
func (x *office) timesTheVerb(b *testing.B, s *stop, q lists.Question) float64 {
	b.Helper()
	address, err := url.Parse(s.Address)
	if err != nil {
		b.Fatal(err)
	}
	page, byPage, byDesk := *s, time.Hour, time.Hour
	for range 3 {
		asked := address.Query()
		asked.Set("asOf", freshDay().String())
		page.Address = address.Path + "?" + asked.Encode()
		began := time.Now()
		for x.fetch(b, &page) == 0 {
			time.Sleep(10 * time.Millisecond)
		}
		byPage = min(byPage, time.Since(began))
		began = time.Now()
		if _, err := x.desk.List(b.Context(), desk.When{AsOf: freshDay().String()}, q); err != nil {
			b.Fatal(err)
		}
		byDesk = min(byDesk, time.Since(began))
	}
	return byPage.Seconds() / byDesk.Seconds()
}

// freshDay returns another day each time: each benchmark runs twice.
var freshDay = func() func() events.Date {
	day := events.DateOf(2026, 10, 1)
	return func() events.Date { day--; return day }
}()

// largeProvince serves a simulated province of some records, which were recorded on their days, and returns the pages
// to ask for.
func largeProvince(b *testing.B, records int) (*office, []stop) {
	b.Helper()
	history := simulatortest.Centers(records)
	year, month, day := history.From.Civil()
	recorded := &clock{at: time.Date(year, time.Month(month), day, 0, 0, 0, 0, events.Shanghai)}
	step := start.Sub(recorded.at) / time.Duration(records/600) // some of them are stored at a time
	store, err := logstore.Open(b.TempDir(), logstore.Options{Clock: func() time.Time {
		if recorded.now().Before(start.Add(-step)) {
			recorded.move(step)
		}
		return recorded.now()
	}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = store.Close() })
	x := openOver(b, store, &clock{at: start}, nil)
	x.pages.Patience = console.Patience
	file := filepath.Join(b.TempDir(), "history.jsonl")
	simulatortest.History(b, file, history, records)
	report, err := x.desk.Ledger.Import(b.Context(), ledger.ImportConfig{Files: ledgertest.Files(b, file),
		Account: ledger.Writer{Name: "importer", MayRecord: true}, Dir: b.TempDir()})
	if err != nil || report.Accepted != records {
		b.Fatalf("imported %+v, %v", report, err)
	}
	x.Start()
	register := x.desk.Ledger.Register()
	b.Logf("%d records of %d centers, the last recorded at %v", records, len(register.IDs()), recorded.now())
	ids := slices.DeleteFunc(register.IDs(), func(id events.CenterID) bool { // the examples need both
		on := events.DateAt(start)
		return len(register.Unspent(id, on, "")) == 0 || len(register.Evaluation(id, on).Alerts) == 0
	})
	return x, x.largeStops(ids[0])
}

// largeStops returns the pages of the benchmark as the roles that use them most, with examples of a center.
func (x *office) largeStops(center events.CenterID) (stops []stop) {
	x.Helper()
	of := map[string]string{}
	for _, binding := range []access.Binding{{Role: access.Finance}, {Role: access.STOffice}, {Role: access.Auditor},
		{Role: access.LocalGov, Region: "330100"}, {Role: access.IndustryDept, Departments: []string{"省经信厅"}},
		{Role: access.Center, Center: center}} {
		name := "a-" + string(binding.Role)
		x.add(name, binding, "")
		of[string(binding.Role)] = x.session(name)
	}
	values := exampleValues(x, x, center)
	for _, page := range []struct {
		role      access.Role
		addresses string
	}{
		{access.Finance, `/overview /inbox /centers /alerts /execution?scope=fiscal&year=2026
			/execution?by=city&scope=fiscal&year=2026
			/centers/{center} /centers/{center}/records/{record} /centers/{center}/alerts/{code}/{key}/{raisedOn}
			/centers/{center}/grants/{grant} /letter?center={center}&office=center /inbox?tab=done /inbox?tab=mine
			/delayed /deferrals /ageing /due /find?kind=grade.decided /find?payee=公司 /duplicates /sample?year=2026&n=20
			/changes?fromAsOf=2026-03-31&since=2026-04-10 /spending?center={center} /record/subsidy.received
			/execution?scope=fiscal&year=2026&knownAt=2026-03-31 /help`},
		{access.STOffice, "/overview /inbox /grading /recognition /record/grade.decided"},
		{access.Auditor, "/audit /centers"},
		{access.LocalGov, "/inbox /centers /alerts /grading /recognition"},
		{access.IndustryDept, "/inbox /centers /recognition"},
		{access.Center, "/centers/{center} /inbox /record /execution?scope=fiscal&year=2026 /alerts"},
	} {
		for address := range strings.FieldsSeq(page.addresses) {
			stops = append(stops, stop{Name: address, Role: string(page.role), Session: of[string(page.role)],
				Address: values.Replace(address)})
		}
	}
	return stops
}

// write writes perSecond records a second, each of another center, until stop is called. stop returns the number of
// records and the time.
func (x *office) write(b *testing.B, perSecond int) (stop func() (int64, time.Duration)) {
	if perSecond == 0 {
		return nil
	}
	var count atomic.Int64
	ctx, cancel := context.WithCancel(b.Context())
	var all sync.WaitGroup
	began := time.Now()
	const writers = 8
	for w := range writers {
		all.Go(func() {
			tick := time.NewTicker(time.Second * writers / time.Duration(perSecond))
			defer tick.Stop()
			for i := w; ; i += writers {
				select {
				case <-tick.C:
					x.writeTo(b, ctx, i)
					count.Add(1)
				case <-ctx.Done():
					return
				}
			}
		})
	}
	return func() (int64, time.Duration) {
		n, in := count.Load(), time.Since(began)
		cancel()
		all.Wait()
		return n, in
	}
}

// writeTo writes a record of the center that comes after some others.
func (x *office) writeTo(b *testing.B, ctx context.Context, after int) {
	ids := x.desk.Ledger.Register().IDs()
	_, err := x.desk.Record(ctx, desk.Draft{ID: desk.NewID(), Kind: string(events.KindGovernanceRecorded),
		Center: string(ids[after%len(ids)]), On: "2026-10-30",
		By: desk.DraftBy{Role: string(events.CenterRole), Actor: "c-1"}, Data: []byte(`{"item":"other"}`)})
	if err != nil && ctx.Err() == nil {
		b.Error(err)
	}
}

// processorTime returns the processor time of this process.
func processorTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
