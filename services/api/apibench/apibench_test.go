// Package apibench measures `taizhang serve` over loopback: the program in its own process, with a log on disk,
// the access log and tokens. In the same run it measures a bare net/http server that answers, or syncs, the same
// number of bytes.
package apibench

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

var records = flag.Int("records", 20_000, "how many records the ledger of the benchmark has")

// otherServers holds the servers that this binary becomes if a variable of the environment is set.
var otherServers = map[string]func() error{bareServer: serveBare}

// TestMain makes this binary another server if it was started as one.
func TestMain(m *testing.M) {
	for name, serve := range otherServers {
		if os.Getenv(name) == "" {
			continue
		}
		if err := serve(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// These are connections of clients. Each sends its next request after the answer to the last one.
const (
	readers      = 8
	writers      = 64
	batchers     = 16
	batchRecords = 100
	ownCenters   = 512  // that the connections write to: many, so that none has more records than a center ever has
	beside       = 1000 // writes a second beside pages
)

// BenchmarkServe asks the server and the bare server in the same way. The processor time is that of the server
// alone, from /proc, in ticks of 10 ms; the clients run in this process, on the same processors.
func BenchmarkServe(b *testing.B) {
	program := build(b)
	dir, token := newLedger(b, program)
	serial := 0
	for _, secure := range []bool{false, true} {
		name := "TLS off"
		if secure {
			name = "TLS on"
		}
		b.Run(name, func(b *testing.B) {
			cert := certificate{}
			if secure {
				cert = newCertificate(b)
			}
			x := &pair{serve: startServe(b, program, dir, cert), bare: startBare(b, cert), token: token,
				serial: &serial}
			x.reads(b)
			x.writes(b)
			x.mixed(b)
		})
	}
}

// pair is the server with its bare counterpart.
type pair struct {
	serve, bare *server
	token       string
	serial      *int // of the next record of the ledger
}

func (x *pair) get(path string) []byte {
	return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n\r\n", path, x.token)
}

func (x *pair) post(path string, body []byte) []byte {
	return append(fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n"+
		"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n", path, x.token, len(body)), body...)
}

// reads measures pages of an unchanging ledger, and the whole table of execution after each record.
func (x *pair) reads(b *testing.B) {
	for _, list := range []string{"centers", "alerts"} {
		b.Run("page of "+list, func(b *testing.B) {
			path := "/v1/" + list + "?limit=50"
			first := ask(b, x.serve, x.get(path))
			same := func(raw []byte) func(int, int) []byte { return func(int, int) []byte { return raw } }
			ours := load(b, x.serve, readers, b.N, same(x.get(path)))
			bare := load(b, x.bare, readers, b.N, same(x.get(fmt.Sprintf("/?bytes=%d", len(first.body)))))
			ours.report(b, bare, 1)
			b.ReportMetric(float64(len(first.body)), "bytes")
		})
	}
	b.Run("execution csv made anew", func(b *testing.B) {
		took, size := make([]time.Duration, b.N), 0
		busy := x.serve.processorTime(b)
		for i := range b.N {
			written := ask(b, x.serve, x.post("/v1/records", x.record(0)))
			path := "/v1/execution?format=csv&atLeast=" + written.position
			began := time.Now()
			size = len(ask(b, x.serve, x.get(path)).body)
			took[i] = time.Since(began)
		}
		cpu := x.serve.processorTime(b) - busy
		(&result{took: took, wall: sum(took), cpu: cpu}).reportAlone(b, 1)
		b.ReportMetric(float64(size), "bytes")
	})
}

// writes measures durable records, alone and in batches, where each connection writes to its own centers in turn.
// It checks that the position of the ledger grew by the number of acknowledged records.
func (x *pair) writes(b *testing.B) {
	for _, c := range []struct {
		name           string
		clients, batch int
	}{{"record", writers, 1}, {"batch of 100", batchers, batchRecords}} {
		b.Run(c.name, func(b *testing.B) {
			before := x.position(b)
			base := *x.serial
			*x.serial += b.N * c.batch
			request := func(client, n int) []byte {
				center := client + n*c.clients%ownCenters
				if c.batch == 1 {
					return x.post("/v1/records", record(center, base+n))
				}
				list := make([]string, c.batch)
				for i := range list {
					list[i] = string(record(center, base+n*c.batch+i))
				}
				return x.post("/v1/records", []byte("["+strings.Join(list, ",")+"]"))
			}
			ours := load(b, x.serve, c.clients, b.N, request)
			if moved := x.position(b) - before; moved != uint64(b.N*c.batch) {
				b.Errorf("%d records were acknowledged, the ledger moved by %d", b.N*c.batch, moved)
			}
			// The bare server syncs what it is sent: each record as long as its line in the log.
			line := strings.Repeat("x", storedBytes)
			body := []byte(strings.Repeat(line, c.batch))
			bare := load(b, x.bare, c.clients, b.N, func(int, int) []byte { return x.post("/", body) })
			ours.report(b, bare, c.batch)
		})
	}
}

// storedBytes is the approximate length of a record of this benchmark in the log.
const storedBytes = 540

// mixed measures pages beside writes at a fixed rate, and how many of the writes are done in time, alone and
// beside pages.
func (x *pair) mixed(b *testing.B) {
	for _, list := range []string{"centers", "alerts"} {
		b.Run(fmt.Sprintf("page of %s beside %d writes a second", list, beside), func(b *testing.B) {
			raw := x.get("/v1/" + list + "?limit=50")
			end, written := make(chan struct{}), make(chan *result)
			go func() { written <- x.pace(b, end) }()
			ours := load(b, x.serve, readers, b.N, func(int, int) []byte { return raw })
			close(end)
			w := <-written
			ours.reportAlone(b, 1)
			// of pages and writes
			b.ReportMetric(float64(ours.cpu.Microseconds())/float64(ours.wall.Microseconds()), "server-cpus")
			alone := make(chan struct{})
			time.AfterFunc(max(ours.wall, time.Second), func() { close(alone) })
			a := x.pace(b, alone)
			b.ReportMetric(w.perSecond(), "writes/s")
			b.ReportMetric(w.perSecond()/a.perSecond(), "writes-of-alone")
			b.ReportMetric(w.percentile(99).Seconds()*1e3, "write-p99-ms")
		})
	}
}

func (x *pair) record(client int) []byte {
	*x.serial++
	return record(client, *x.serial-1)
}

func (x *pair) position(b *testing.B) (at uint64) {
	b.Helper()
	if _, err := fmt.Sscan(ask(b, x.serve, x.get("/v1/me")).position, &at); err != nil {
		b.Fatal(err)
	}
	return at
}
