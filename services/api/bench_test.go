package api_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/ledger/ledgertest"
	"github.com/taizhang/taizhang/services/simulator/simulatortest"
)

var benchRecords = flag.Int("records", 100_000, "how many records the ledger of the benchmarks has")

// BenchmarkPages asks for pages of 50 rows of a simulated province on eight connections, with a token or in a
// session. It reports the time of a request and its processor time, of server and client together. With writers, a
// thousand records a second are written meanwhile.
func BenchmarkPages(b *testing.B) {
	x := province(b, *benchRecords)
	token := "Authorization: Bearer " + x.token(b, "bench", access.Binding{Role: access.Finance}) + "\r\n"
	session := "Cookie: tz=" + x.person(b, "signs-in", access.Binding{Role: access.Finance}).cookies["tz"] + "\r\n"
	for _, writers := range []int{0, 1000} {
		for _, c := range []struct{ name, path, head string }{
			{"centers", "/v1/centers", token},
			{"centers in a session", "/v1/centers", session},
			{"centers compressed", "/v1/centers", token + "Accept-Encoding: gzip\r\n"},
			{"alerts", "/v1/alerts", token},
			{"center", "/v1/centers/" + string(x.ledger.Register().IDs()[0]), token},
			{"execution", "/v1/execution", token},
			{"execution sorted", "/v1/execution?sort=rate", token},
			{"execution csv", "/v1/execution?format=csv&year=2025", token},
		} {
			b.Run(fmt.Sprintf("%s beside %d writes a second", c.name, writers), func(b *testing.B) {
				written := x.write(b, writers)
				raw := fmt.Sprintf("GET %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n", c.path, c.head)
				const clients = 8
				took := make([][]time.Duration, clients)
				var all sync.WaitGroup
				busy := processorTime()
				b.ResetTimer()
				for i := range clients {
					all.Go(func() { took[i] = askRaw(b, x.Listener.Addr().String(), raw, (b.N+clients-1)/clients) })
				}
				all.Wait()
				b.StopTimer()
				b.ReportMetric(float64(written())/b.Elapsed().Seconds(), "writes/s")
				n := float64(max(b.N, clients))
				b.ReportMetric(float64((processorTime()-busy).Microseconds())/n, "cpu-µs")
				times := slices.Concat(took...)
				slices.Sort(times)
				b.ReportMetric(float64(times[len(times)/2].Microseconds()), "median-µs")
				b.ReportMetric(float64(times[len(times)*99/100].Microseconds()), "p99-µs")
				b.ReportMetric(n/b.Elapsed().Seconds(), "requests/s")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// askRaw sends a request several times on one connection, and returns the time of each answer.
func askRaw(b *testing.B, address, raw string, times int) (took []time.Duration) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		b.Error(err)
		return nil
	}
	defer c.Close()
	from := bufio.NewReaderSize(c, 64<<10)
	for range times {
		began := time.Now()
		if _, err := io.WriteString(c, raw); err != nil {
			b.Error(err)
			return took
		}
		r, err := http.ReadResponse(from, nil)
		if err == nil && r.StatusCode != 200 {
			err = fmt.Errorf("status %d", r.StatusCode)
		}
		if err == nil {
			_, err = io.Copy(io.Discard, r.Body)
		}
		if err != nil {
			b.Error(err)
			return took
		}
		took = append(took, time.Since(began))
	}
	return took
}

// province serves a simulated province.
func province(b *testing.B, records int) *served {
	b.Helper()
	x := live(b)
	file := filepath.Join(b.TempDir(), "history.jsonl")
	simulatortest.History(b, file, simulatortest.Centers(records), records)
	report, err := x.ledger.Import(b.Context(), ledger.ImportConfig{
		Files: ledgertest.Files(b, file), Account: ledger.Writer{Name: "importer", MayRecord: true}, Dir: b.TempDir()})
	if err != nil || report.Accepted != records {
		b.Fatalf("imported %+v, %v", report, err)
	}
	return x
}

// write writes perSecond records a second, each of another center, until stop is called. stop returns the number
// of records.
func (x *served) write(b *testing.B, perSecond int) (stop func() int64) {
	if perSecond == 0 {
		return func() int64 { return 0 }
	}
	var count atomic.Int64
	ctx, cancel := context.WithCancel(b.Context())
	ids := x.ledger.Register().IDs()
	var all sync.WaitGroup
	const writers = 8
	for w := range writers {
		all.Go(func() {
			tick := time.NewTicker(time.Second * writers / time.Duration(perSecond))
			defer tick.Stop()
			for i := w; ; i += writers {
				select {
				case <-tick.C:
					x.record(b, string(ids[i%len(ids)]),
						fmt.Sprintf(
							`"kind":"governance.recorded","on":"2026-10-30","by":{"role":"center","actor":"c-1"},"note":"%d %d","data":{"item":"other"}`, time.Now().UnixNano(), i))
					count.Add(1)
				case <-ctx.Done():
					return
				}
			}
		})
	}
	return func() int64 {
		n := count.Load()
		cancel()
		all.Wait()
		return n
	}
}

// processorTime returns the processor time of this process.
func processorTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
