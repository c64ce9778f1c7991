package apibench

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// badTokens is how many requests a second come with a token that is not good.
const badTokens = 5000

// BenchmarkBadTokens asks for pages with a good token, one after another, while strangers at 64 addresses show tokens
// that are not good, each time another one, and ask for another path each time. It reports how long a page takes, and
// how much the access log grows.
func BenchmarkBadTokens(b *testing.B) {
	program := build(b)
	dir, token := newLedger(b, program)
	x := &pair{serve: startServe(b, program, dir, certificate{}), token: token}
	for _, rate := range []int{0, badTokens} {
		b.Run(fmt.Sprintf("%d a second", rate), func(b *testing.B) {
			end := make(chan struct{})
			shown := make(chan int64, 1)
			before, began := used(b, dir), time.Now()
			go func() { shown <- x.strangers(b, rate, end) }()
			ours := load(b, x.serve, 1, b.N, func(int, int) []byte { return x.get("/v1/alerts?limit=50") })
			close(end)
			refused := <-shown
			ours.reportAlone(b, 1)
			b.ReportMetric(float64(ours.cpu.Microseconds())/float64(ours.wall.Microseconds()), "server-cpus")
			b.ReportMetric(float64(refused)/time.Since(began).Seconds(), "refused/s")
			b.ReportMetric(float64(used(b, dir)-before)/1e6/time.Since(began).Minutes(), "access-MB/min")
		})
	}
}

// strangers show tokens that are not good until end is closed, and return how many were refused.
func (x *pair) strangers(b *testing.B, rate int, end <-chan struct{}) int64 {
	if rate == 0 {
		<-end
		return 0
	}
	var refused atomic.Int64
	var all sync.WaitGroup
	for i := range writers {
		all.Go(func() {
			from := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(i+1))}}
			c, err := from.Dial("tcp", x.serve.address)
			if err != nil {
				b.Error(err)
				return
			}
			defer c.Close()
			answers, began := bufio.NewReader(c), time.Now()
			tick := time.NewTicker(10 * time.Millisecond)
			defer tick.Stop()
			for n := 0; ; {
				select {
				case <-end:
					return
				case <-tick.C:
				}
				for ; n < int(time.Since(began).Seconds()*float64(rate)/writers); n++ {
					_, err := fmt.Fprintf(c,
						"GET /v1/centers/ZJ-%d HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer tz_%049d\r\n\r\n",
						n, n)
					if err != nil {
						b.Error(err)
						return
					}
					r, err := http.ReadResponse(answers, nil)
					if err == nil {
						_, err = io.Copy(io.Discard, r.Body)
					}
					if err != nil || r.StatusCode != http.StatusUnauthorized {
						b.Errorf("expected 401, got %v, %v", r, err)
						return
					}
					refused.Add(1)
				}
			}
		})
	}
	all.Wait()
	return refused.Load()
}

// used returns how many bytes the access log of a ledger holds, without the room that is set aside.
func used(b *testing.B, dir string) (total int64) {
	b.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "access", "*.log"))
	if err != nil || len(names) == 0 {
		b.Fatal("no access log", err)
	}
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			b.Fatal(err)
		}
		written, _, _ := bytes.Cut(content, []byte{0})
		total += int64(len(written))
	}
	return total
}
