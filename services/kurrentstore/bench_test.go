package kurrentstore

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/kurrentstore/kurrenttest"
)

// sized returns n events with bodies as large as those of a province.
func sized(seed string, n int) []events.Proposed {
	list := proposals(seed, n)
	for i := range list {
		list[i].Body = events.MustObject(fmt.Sprintf(`{"note":%q,"rest":"%s"}`, seed,
			strings.Repeat("x", 400-len(seed))))
	}
	return list
}

func clientData(list []events.Proposed) []esdb.EventData {
	out := make([]esdb.EventData, len(list))
	for i := range list {
		out[i] = written(&list[i])
	}
	return out
}

// beside runs the client and the store in turn, and reports the time of each per event.
func beside(b *testing.B, eventsEach int, client, store func(i int)) {
	var spent [2]time.Duration
	for i := 0; b.Loop(); i++ {
		start := time.Now()
		client(i)
		middle := time.Now()
		store(i)
		spent[0] += middle.Sub(start)
		spent[1] += time.Since(middle)
	}
	per := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / float64(b.N*eventsEach) }
	b.ReportMetric(per(spent[0]), "client-ns/event")
	b.ReportMetric(per(spent[1]), "store-ns/event")
	b.ReportMetric(float64(spent[1])/float64(spent[0]), "store/client")
	b.ReportMetric(0, "ns/op")
}

// The store reads back what it appended, for places and times; the client alone does not.
func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{1, 100, 1000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			srv := kurrenttest.Start(b, kurrenttest.ClusterConfig{})
			client, s := bare(b, srv.ConnectionString()), openOn(b, srv.ConnectionString(), standardLimits())
			beside(b, size, func(i int) {
				options := noStream()
				if i > 0 {
					options = at(uint64(i*size - 1))
				}
				if _, err := client.AppendToStream(context.Background(), "center-client", options,
					clientData(sized(fmt.Sprint(i), size))...); err != nil {
					b.Fatal(err)
				}
			}, func(i int) {
				if _, err := s.Append(context.Background(), center, uint64(i*size),
					sized(fmt.Sprint(i), size)); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}

const catchUpEvents = 50_000

func filled(b *testing.B) (*kurrenttest.Cluster, *Store) {
	srv := kurrenttest.Start(b, roomy(kurrenttest.ClusterConfig{}))
	s := openOn(b, srv.ConnectionString(), standardLimits())
	for i := range catchUpEvents / 1000 {
		stream := events.StreamID(fmt.Sprintf("center-ZJ-%02d", i%10))
		if _, err := s.Append(context.Background(), stream, uint64(i/10*1000),
			sized(fmt.Sprint(i), 1000)); err != nil {
			b.Fatal(err)
		}
	}
	return srv, s
}

func BenchmarkReadAll(b *testing.B) {
	srv, s := filled(b)
	client := bare(b, srv.ConnectionString())
	beside(b, catchUpEvents, func(int) {
		r, err := client.ReadAll(context.Background(), esdb.ReadAllOptions{From: esdb.Start{}}, 1<<40)
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for {
			if _, err := r.Recv(); err != nil {
				break
			}
			n++
		}
		r.Close()
		if n < catchUpEvents {
			b.Fatalf("%d events", n)
		}
	}, func(int) {
		n := 0
		for _, err := range s.ReadAll(context.Background(), 0) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != catchUpEvents {
			b.Fatalf("%d events", n)
		}
	})
}

func BenchmarkSubscribe(b *testing.B) {
	srv, s := filled(b)
	client := bare(b, srv.ConnectionString())
	beside(b, catchUpEvents, func(int) {
		sub, err := client.SubscribeToAll(context.Background(),
			esdb.SubscribeToAllOptions{From: esdb.Start{}, Filter: s.filter(), MaxSearchWindow: windowEvents})
		if err != nil {
			b.Fatal(err)
		}
		for n := 0; n < catchUpEvents; {
			if sub.Recv().EventAppeared != nil {
				n++
			}
		}
		sub.Close()
	}, func(int) {
		n := 0
		for _, err := range s.Subscribe(context.Background(), 0) {
			if err != nil {
				b.Fatal(err)
			}
			if n++; n == catchUpEvents {
				break
			}
		}
	})
}

// The benchmark measures the memory of a subscription that has caught up and waits, and of one with a full buffer
// whose reader does not read.
func BenchmarkSubscriptionMemory(b *testing.B) {
	srv, s := filled(b)
	const subscriptions = 20
	for name, after := range map[string]int{"waiting": catchUpEvents, "unread": 1} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				before, goroutines := heap(), runtime.NumGoroutine()
				ctx, cancel := context.WithCancel(context.Background())
				reached, done := make(chan struct{}), make(chan struct{})
				for range subscriptions {
					go func() {
						defer func() { done <- struct{}{} }()
						n := 0
						for range s.Subscribe(ctx, 0) {
							if n++; n == after {
								reached <- struct{}{}
								if name == "unread" {
									<-ctx.Done()
								}
							}
						}
					}()
				}
				for range subscriptions {
					<-reached
				}
				b.ReportMetric(float64(heap()-before)/subscriptions/1024, "KiB/subscription")
				b.ReportMetric(float64(runtime.NumGoroutine()-goroutines)/subscriptions, "goroutines/subscription")
				cancel()
				for range subscriptions {
					<-done
				}
			}
			b.ReportMetric(0, "ns/op")
		})
	}
	runtime.KeepAlive(srv)
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

// The benchmark measures, after the server was stopped for a second, the time until an append is acknowledged and
// until a subscription yields the event.
func BenchmarkReconnect(b *testing.B) {
	srv := kurrenttest.Start(b, kurrenttest.ClusterConfig{})
	s := openOn(b, srv.ConnectionString(), standardLimits())
	writer := openOn(b, srv.ConnectionString(), standardLimits())
	seen := make(chan uint64, 1)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		for e, err := range s.Subscribe(ctx, 0) {
			if err == nil {
				seen <- e.Revision
			}
		}
	}()
	var revision uint64
	put := func() {
		if _, err := writer.Append(context.Background(), center, revision,
			sized(fmt.Sprint(revision), 1)); err != nil {
			b.Fatal(err)
		}
		revision++
	}
	put()
	<-seen
	var appended, delivered time.Duration
	for b.Loop() {
		srv.Node(0).Stop()
		time.Sleep(time.Second) // an outage, not a wait for something
		if err := srv.Node(0).Restart(); err != nil {
			b.Fatal(err)
		}
		start := time.Now()
		put()
		appended += time.Since(start)
		<-seen
		delivered += time.Since(start)
	}
	b.ReportMetric(float64(appended.Microseconds())/1000/float64(b.N), "ms-to-append")
	b.ReportMetric(float64(delivered.Microseconds())/1000/float64(b.N), "ms-to-deliver")
	b.ReportMetric(0, "ns/op")
}
