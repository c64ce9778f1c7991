package api_test

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
)

// BenchmarkRecords sends records of 1 000 centers over 64 connections, alone and in batches, and then checks that
// the log has each. The processor time is that of the server and the clients.
func BenchmarkRecords(b *testing.B) {
	const clients, centers = 64, 1000
	x := live(b)
	for i := range centers {
		x.begun(b, fmt.Sprintf("ZJ-%04d", i))
	}
	x.owner.Client().Transport.(*http.Transport).MaxIdleConnsPerHost = clients
	var serial atomic.Int64
	for _, size := range []int{1, 100} {
		b.Run(fmt.Sprintf("%d a request", size), func(b *testing.B) {
			before := len(x.lines(b))
			var all sync.WaitGroup
			busy := processorTime()
			b.ResetTimer()
			for i := range clients {
				all.Go(func() {
					for range (b.N + clients - 1 - i) / clients {
						n := serial.Add(1)
						objects := make([]string, size)
						for k := range objects {
							objects[k] = lean(fmt.Sprintf("ZJ-%04d", n%centers), governed)
						}
						answer := x.post(b, list(objects...), "Idempotency-Key", fmt.Sprint("b", n))
						if answer.StatusCode != 201 {
							b.Errorf("got %d %.500s", answer.StatusCode, answer.body)
							return
						}
					}
				})
			}
			all.Wait()
			b.StopTimer()
			b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "records/s")
			b.ReportMetric(float64((processorTime()-busy).Microseconds())/float64(b.N*size), "cpu-µs/record")
			if got := len(x.lines(b)) - before; got != b.N*size {
				b.Errorf("%d records were acknowledged, %d are there", b.N*size, got)
			}
		})
	}
}

// governed is a record of which a center may have any number.
const governed = `"kind":"governance.recorded","on":"2026-10-30","by":{"role":"center","actor":"c-1"},"data":{"item":"other"}`
