package kurrentstore

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime/pprof"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/kurrentstore/kurrenttest"
)

const center events.StreamID = "center-ZJ-0007"

// quick returns short limits, so that tests of faults end soon.
func quick() limits {
	l := standardLimits()
	l.call, l.silence, l.idle = 2*time.Second, 300*time.Millisecond, 300*time.Millisecond
	l.linger, l.rebuild, l.retryMin, l.retryMax = 100*time.Millisecond, 10*time.Millisecond, 2*time.Millisecond,
		50*time.Millisecond
	return l
}

// openOn opens a store on a connection string. It is closed at the end of the test.
func openOn(t testing.TB, connection string, l limits, change ...func(*Options)) *Store {
	t.Helper()
	c, err := ParseConnection(connection)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Connection: c, Patience: 2 * time.Minute, AppendBytesMax: 16 << 20}
	for _, f := range change {
		f(&o)
	}
	s, err := open(o, l)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// roomy returns the configuration of a server that accepts the longest record.
func roomy(c kurrenttest.ClusterConfig) kurrenttest.ClusterConfig {
	c.MaxAppendBytes = 16 << 20
	return c
}

// bare returns the client without the store, to show its defects.
func bare(t testing.TB, connection string) *esdb.Client {
	t.Helper()
	config, err := esdb.ParseConnectionString(connection)
	if err != nil {
		t.Fatal(err)
	}
	config.Logger = esdb.NoopLogging()
	client, err := esdb.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

func soon(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func proposals(seed string, n int) []events.Proposed {
	out := make([]events.Proposed, n)
	for i := range out {
		name := fmt.Sprintf("%s/%d", seed, i)
		out[i] = events.Proposed{ID: uuid.NewSHA1(uuid.NameSpaceOID, []byte(name)), Kind: "funds.spent",
			Body: events.MustObject(fmt.Sprintf(`{"note":%q}`, name))}
	}
	return out
}

// data returns the events of batch for the bare client.
func data(seed string, n int) []esdb.EventData {
	var out []esdb.EventData
	for _, p := range proposals(seed, n) {
		out = append(out, written(&p))
	}
	return out
}

func mustAppend(t testing.TB, s events.Store, stream events.StreamID, expected uint64,
	batch []events.Proposed) []events.Place {
	t.Helper()
	places, err := s.Append(soon(t), stream, expected, batch)
	if err != nil {
		t.Fatalf("append to %s at %d: %v", stream, expected, err)
	}
	return places
}

// bodies returns the bodies of the events that a read yields.
func bodies(seq iter.Seq2[events.Stored, error]) (list []string, err error) {
	for e, err := range seq {
		if err != nil {
			return list, err
		}
		list = append(list, string(e.Body))
	}
	return list, nil
}

func wantBodies(t testing.TB, seq iter.Seq2[events.Stored, error], want ...[]events.Proposed) {
	t.Helper()
	var all []string
	for _, batch := range want {
		for _, p := range batch {
			all = append(all, p.Body.String())
		}
	}
	got, err := bodies(seq)
	if err != nil {
		t.Fatalf("after %d events: %v", len(got), err)
	}
	if !slices.Equal(got, all) {
		t.Fatalf("read %q, want %q", got, all)
	}
}

func wantTampered(t testing.TB, err error, stream events.StreamID) {
	t.Helper()
	var e *TamperedError
	if !errors.As(err, &e) || e.Stream != stream || e.What.Zh == "" || e.What.En == "" {
		t.Fatalf("got %v, want %s tampered with", err, stream)
	}
}

// marked marks the goroutine and all goroutines that it starts, and returns a function that counts them. It does not
// count goroutines of other tests: a client that was closed while it searched for a node goes on searching.
func marked(t testing.TB) (count func() int) {
	t.Helper()
	mark := fmt.Sprintf("%q:%q", "of", t.Name())
	pprof.SetGoroutineLabels(pprof.WithLabels(t.Context(), pprof.Labels("of", t.Name())))
	return func() (n int) {
		var profile strings.Builder
		if err := pprof.Lookup("goroutine").WriteTo(&profile, 1); err != nil {
			t.Fatal(err)
		}
		_, stacks, _ := strings.Cut(profile.String(), "\n") // after the total
		for _, stack := range strings.Split(stacks, "\n\n") {
			if strings.Contains(stack, mark) {
				alike := 0
				fmt.Sscan(stack, &alike)
				n += alike
			}
		}
		return n
	}
}

// until waits until a condition holds.
func until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(2 * time.Minute); !holds(); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("never: %s", what)
		}
	}
}
