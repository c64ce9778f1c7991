package replica_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/kurrentstore"
	"github.com/taizhang/taizhang/services/kurrentstore/kurrenttest"
	"github.com/taizhang/taizhang/services/replica"
)

// BenchmarkOpen opens a complete copy of a server in the same process.
func BenchmarkOpen(b *testing.B) {
	for _, streams := range []int{100, 1000} {
		b.Run(fmt.Sprint(streams, "-streams"), func(b *testing.B) {
			url, dir := kurrenttest.Start(b, kurrenttest.ClusterConfig{}).ConnectionString(), b.TempDir()
			again := func() *replica.Store {
				connection, err := kurrentstore.ParseConnection(url)
				if err != nil {
					b.Fatal(err)
				}
				record, err := kurrentstore.Open(kurrentstore.Options{Connection: connection})
				if err != nil {
					b.Fatal(err)
				}
				s, err := replica.Open(context.Background(),
					replica.ReplicaConfig{Record: record, Dir: dir, Replay: func(events.Stored) error { return nil }})
				if err != nil {
					b.Fatal(err)
				}
				return s
			}
			s := again()
			for i := range streams {
				if _, err := s.Append(context.Background(), events.StreamID(fmt.Sprintf("center-ZJ-%04d", i+1)), 0,
					proposed(fmt.Sprint(i))); err != nil {
					b.Fatal(err)
				}
			}
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				s := again()
				b.StopTimer()
				if err := s.Close(); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
		})
	}
}
