package kurrenttest_test

import (
	"math"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events/memstore"
	"github.com/taizhang/taizhang/services/kurrentstore/kurrenttest"
)

func TestTheLedgersStreamsAreKeptInTheStore(t *testing.T) {
	store := memstore.New(time.Now)
	client := dial(t, kurrenttest.Start(t, kurrenttest.ClusterConfig{Store: store}).ConnectionString())
	var foreign []uuid.UUID
	for i, stream := range []string{"policy", "center-ZJ-A", "center-ZJ-B"} {
		must(t)(client.AppendToStream(soon(t), stream, atStart(), batch(stream, 2)...))
		noise := batch("noise"+stream, 3)
		must(t)(client.AppendToStream(soon(t), "foreign-1",
			esdb.AppendToStreamOptions{ExpectedRevision: esdb.Any{}}, noise...))
		foreign = append(foreign, noise[0].EventID)
		if len(foreign) != i+1 {
			t.Fatal("lost one")
		}
	}
	must(t)(client.AppendToStream(soon(t), "center-ZJ-A", at(1), batch("more", 1)...))
	kept := 0
	for e, err := range store.ReadAll(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Stream == "foreign-1" {
			t.Errorf("the store holds %s", e.Stream)
		}
		kept++
	}
	if kept != 7 {
		t.Errorf("the store holds %d events, want 7", kept)
	}
	before := everything(t, client, esdb.ReadAllOptions{From: esdb.Start{}}, math.MaxInt64)
	again := dial(t, kurrenttest.Start(t, kurrenttest.ClusterConfig{Store: store}).ConnectionString())
	after := everything(t, again, esdb.ReadAllOptions{From: esdb.Start{}}, math.MaxInt64)
	places := map[uuid.UUID]esdb.Position{}
	last := esdb.Position{}
	for _, e := range before {
		if e.Position.Commit <= last.Commit {
			t.Fatalf("%v after %v", e.Position, last)
		}
		last, places[e.EventID] = e.Position, e.Position
	}
	ours := 0
	for _, e := range after {
		if e.StreamID == "policy" || e.StreamID[:1] == "c" {
			if ours++; e.Position != places[e.EventID] {
				t.Errorf("%s moved from %v to %v", e.EventID, places[e.EventID], e.Position)
			}
		}
	}
	if ours != 7 {
		t.Errorf("%d events came back, want 7", ours)
	}
	first := must(t)(again.AppendToStream(soon(t), "policy", atStart(), batch("policy", 2)...))
	if first.NextExpectedVersion != 1 {
		t.Errorf("a repeat after coming back: %+v", first)
	}
}

func TestWhatTheStoreRefusesIsRefused(t *testing.T) {
	client := dial(t, kurrenttest.Start(t,
		kurrenttest.ClusterConfig{Store: memstore.New(time.Now)}).ConnectionString())
	binary := esdb.EventData{EventID: uuid.New(), EventType: "funds.spent", ContentType: esdb.ContentTypeBinary,
		Data: []byte{1, 2}}
	if _, err := client.AppendToStream(soon(t), "center-ZJ-A", atStart(), binary); err == nil {
		t.Error("a body that is not JSON was appended to a center")
	}
	must(t)(client.AppendToStream(soon(t), "foreign-1", atStart(), binary))
	wantNotes(t, client, "center-ZJ-A", "")
}
