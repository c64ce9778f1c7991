package apibench

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// answer is the answer to a request, with its time.
type answer struct {
	body     []byte
	position string
}

// client is a connection with what is read from it.
type client struct {
	to   io.ReadWriteCloser
	from *bufio.Reader
}

func dial(x *server) (*client, error) {
	c, err := x.dial()
	if err != nil {
		return nil, err
	}
	return &client{c, bufio.NewReaderSize(c, 64<<10)}, nil
}

// do sends a request and reads its answer to the end; keep returns its body too.
func (c *client) do(raw []byte, keep bool) (a answer, err error) {
	if _, err := c.to.Write(raw); err != nil {
		return a, err
	}
	r, err := http.ReadResponse(c.from, nil)
	if err != nil {
		return a, err
	}
	a.position = r.Header.Get("Ledger-Position")
	switch {
	case r.StatusCode > 299:
		a.body, err = io.ReadAll(r.Body)
		return a, errors.Join(fmt.Errorf("status %d: %.500s", r.StatusCode, a.body), err)
	case keep:
		a.body, err = io.ReadAll(r.Body)
	default:
		_, err = io.Copy(io.Discard, r.Body)
	}
	return a, err
}

// ask sends one request on a connection of its own.
func ask(b testing.TB, x *server, raw []byte) answer {
	b.Helper()
	c, err := dial(x)
	if err != nil {
		b.Fatal(err)
	}
	defer c.to.Close()
	a, err := c.do(raw, true)
	if err != nil {
		b.Fatal(err)
	}
	return a
}

// result is the result of a load.
type result struct {
	took      []time.Duration // of each request, in order of length
	wall, cpu time.Duration
}

// load sends total requests over some connections, each its next one after the last answer. request makes the n-th
// one.
func load(b testing.TB, x *server, clients, total int, request func(client, n int) []byte) *result {
	b.Helper()
	open := make([]*client, clients)
	for i := range open {
		c, err := dial(x)
		if err != nil {
			b.Fatal(err)
		}
		defer c.to.Close()
		open[i] = c
	}
	var next atomic.Int64
	took := make([][]time.Duration, clients)
	busy, began := x.processorTime(b), time.Now()
	var all sync.WaitGroup
	for i, c := range open {
		all.Go(func() {
			for n := int(next.Add(1)) - 1; n < total; n = int(next.Add(1)) - 1 {
				raw, sent := request(i, n), time.Now()
				if _, err := c.do(raw, false); err != nil {
					b.Error(err)
					return
				}
				took[i] = append(took[i], time.Since(sent))
			}
		})
	}
	all.Wait()
	r := &result{wall: time.Since(began), cpu: x.processorTime(b) - busy, took: slices.Concat(took...)}
	slices.Sort(r.took)
	return r
}

// pace sends records at a fixed rate until end is closed. A late record is sent when a connection is free, so a
// server that cannot keep up gets a lower rate.
func (x *pair) pace(b *testing.B, end <-chan struct{}) *result {
	base := *x.serial
	due := make(chan int, beside) // a second's
	took := make([][]time.Duration, writers)
	var all sync.WaitGroup
	for i := range took {
		all.Go(func() {
			c, err := dial(x.serve)
			if err != nil {
				b.Error(err)
				return
			}
			defer c.to.Close()
			for n := range due {
				sent := time.Now()
				if _, err := c.do(x.post("/v1/records", record(i, base+n)), false); err != nil {
					b.Error(err)
					return
				}
				took[i] = append(took[i], time.Since(sent))
			}
		})
	}
	began, n := time.Now(), 0
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for open := true; open; {
		select {
		case <-end:
			open = false
		case <-tick.C:
			for full := false; !full && n < int(time.Since(began).Seconds()*beside); {
				select {
				case due <- n:
					n++
				default:
					full = true
				}
			}
		}
	}
	close(due)
	wall := time.Since(began)
	all.Wait()
	*x.serial += n
	r := &result{wall: max(wall, time.Since(began)), took: slices.Concat(took...)}
	slices.Sort(r.took)
	return r
}

func sum(list []time.Duration) (all time.Duration) {
	for _, d := range list {
		all += d
	}
	return all
}

func (r *result) percentile(p int) time.Duration {
	if len(r.took) == 0 {
		return 0
	}
	return r.took[len(r.took)*p/100]
}

func (r *result) perSecond() float64 { return float64(len(r.took)) / r.wall.Seconds() }

// cpuEach is the processor time of a request in microseconds.
func (r *result) cpuEach() float64 {
	return float64(r.cpu.Microseconds()) / float64(max(len(r.took), 1))
}

func (r *result) reportAlone(b *testing.B, batch int) {
	slices.Sort(r.took)
	if batch > 1 {
		b.ReportMetric(r.perSecond()*float64(batch), "records/s")
	}
	b.ReportMetric(r.perSecond(), "requests/s")
	b.ReportMetric(r.cpuEach(), "server-cpu-µs")
	b.ReportMetric(float64(r.percentile(50).Microseconds()), "p50-µs")
	b.ReportMetric(float64(r.percentile(99).Microseconds()), "p99-µs")
	b.ReportMetric(0, "ns/op")
}

// report reports a load beside that of the bare server: its processor time, and the ratios of the rates and of the
// processor times.
func (r *result) report(b *testing.B, bare *result, batch int) {
	r.reportAlone(b, batch)
	b.ReportMetric(bare.cpuEach(), "bare-cpu-µs")
	b.ReportMetric(r.perSecond()/bare.perSecond(), "rate-of-bare")
	if bare.cpu > 0 {
		b.ReportMetric(r.cpuEach()/bare.cpuEach(), "cpu-times-bare")
	}
}
