package kurrenttest_test

import (
	"math"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"github.com/taizhang/taizhang/services/kurrentstore/kurrenttest"
)

// countAll returns the number of events of a stream that $all shows.
func countAll(t *testing.T, client *esdb.Client, stream string) (n int) {
	t.Helper()
	for _, e := range everything(t, client, esdb.ReadAllOptions{From: esdb.Start{}}, math.MaxInt64) {
		if e.StreamID == stream {
			n++
		}
	}
	return n
}

func TestMetadataHidesEventsInTheStreamAndNotInAll(t *testing.T) {
	for _, test := range []struct {
		name  string
		set   func(*esdb.StreamMetadata)
		holds string
	}{
		{"$maxCount", func(m *esdb.StreamMetadata) { m.SetMaxCount(2) }, "a/3 a/4"},
		{"$tb", func(m *esdb.StreamMetadata) { m.SetTruncateBefore(3) }, "a/3 a/4"},
		{"$tb after the end", func(m *esdb.StreamMetadata) { m.SetTruncateBefore(99) }, ""},
		{"$maxAge", func(m *esdb.StreamMetadata) { m.SetMaxAge(90 * time.Minute) }, "a/4"},
		{"nothing of the kind", func(m *esdb.StreamMetadata) { m.SetCacheControl(time.Minute) },
			"a/0 a/1 a/2 a/3 a/4"},
	} {
		t.Run(test.name, func(t *testing.T) {
			hour := 0
			start := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
			clock := func() time.Time { return start.Add(time.Duration(hour) * time.Hour) }
			client := dial(t, kurrenttest.Start(t, kurrenttest.ClusterConfig{Clock: clock}).ConnectionString())
			for i, e := range batch("a", 5) {
				hour = i
				must(t)(client.AppendToStream(soon(t), "s",
					esdb.AppendToStreamOptions{ExpectedRevision: esdb.Any{}}, e))
			}
			hour = 5
			var m esdb.StreamMetadata
			test.set(&m)
			if _, err := client.SetStreamMetadata(soon(t), "s",
				esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}}, m); err != nil {
				t.Fatal(err)
			}
			wantNotes(t, client, "s", test.holds)
			if shown, meta := countAll(t, client, "s"), countAll(t, client, "$$s"); shown != 5 || meta != 1 {
				t.Errorf("$all shows %d events and %d of metadata", shown, meta)
			}
			must(t)(client.AppendToStream(soon(t), "s", at(4), batch("b", 1)...)) // revisions go on
		})
	}
}

func TestMetadataThatMakesNoSenseHidesNothing(t *testing.T) {
	for _, text := range []string{`{"$tb":-1}`, `{"$maxCount":0}`, `{"$maxAge":-5}`, `{"$maxCount":"two"}`,
		`[]`, `{`} {
		client := dial(t, kurrenttest.Start(t, kurrenttest.ClusterConfig{}).ConnectionString())
		must(t)(client.AppendToStream(soon(t), "s", atStart(), batch("a", 2)...))
		meta := esdb.EventData{EventType: "$metadata", ContentType: esdb.ContentTypeJson, Data: []byte(text)}
		must(t)(client.AppendToStream(soon(t), "$$s", atStart(), meta))
		wantNotes(t, client, "s", "a/0 a/1")
	}
}

func TestOnlyTheLastMetadataCounts(t *testing.T) {
	client := dial(t, kurrenttest.Start(t, kurrenttest.ClusterConfig{}).ConnectionString())
	must(t)(client.AppendToStream(soon(t), "s", atStart(), batch("a", 3)...))
	for _, before := range []uint64{2, 1} {
		var m esdb.StreamMetadata
		m.SetTruncateBefore(before)
		if _, err := client.SetStreamMetadata(soon(t), "s", esdb.AppendToStreamOptions{ExpectedRevision: esdb.Any{}},
			m); err != nil {
			t.Fatal(err)
		}
	}
	wantNotes(t, client, "s", "a/1 a/2")
	m, err := client.GetStreamMetadata(soon(t), "s", esdb.ReadStreamOptions{})
	if err != nil || *m.TruncateBefore() != 1 {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestADeletedStreamIsNotFoundAndGoesOnWhereItWas(t *testing.T) {
	client := dial(t, kurrenttest.Start(t, kurrenttest.ClusterConfig{}).ConnectionString())
	must(t)(client.AppendToStream(soon(t), "s", atStart(), batch("a", 3)...))
	if _, err := client.DeleteStream(soon(t), "s",
		esdb.DeleteStreamOptions{ExpectedRevision: esdb.Revision(1)}); err == nil {
		t.Error("deleted at another revision")
	}
	deleted, err := client.DeleteStream(soon(t), "s", esdb.DeleteStreamOptions{ExpectedRevision: esdb.Revision(2)})
	if err != nil {
		t.Fatal(err)
	}
	r, err := client.ReadStream(soon(t), "s", esdb.ReadStreamOptions{From: esdb.Start{}}, 9)
	if got, err := drain(t, r, err); code(err) != esdb.ErrorCodeResourceNotFound {
		t.Errorf("%d events, %v", len(got), err)
	}
	_, err = client.AppendToStream(soon(t), "s", esdb.AppendToStreamOptions{ExpectedRevision: esdb.StreamExists{}},
		batch("b", 1)...)
	if code(err) != esdb.ErrorCodeStreamDeleted {
		t.Errorf("%v", err)
	}
	again := must(t)(client.AppendToStream(soon(t), "s", atStart(), batch("c", 2)...))
	if again.NextExpectedVersion != 4 || again.CommitPosition <= deleted.Position.Commit {
		t.Errorf("%+v after %+v", again, deleted)
	}
	wantNotes(t, client, "s", "c/0 c/1")
	if n := countAll(t, client, "s"); n != 5 {
		t.Errorf("$all shows %d events", n)
	}
}

func TestATombstoneClosesAStreamForEver(t *testing.T) {
	client := dial(t, kurrenttest.Start(t, kurrenttest.ClusterConfig{}).ConnectionString())
	must(t)(client.AppendToStream(soon(t), "s", atStart(), batch("a", 1)...))
	sub, err := client.SubscribeToStream(soon(t), "s", esdb.SubscribeToStreamOptions{From: esdb.End{}})
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	if _, err := client.TombstoneStream(soon(t), "s", esdb.TombstoneStreamOptions{
		ExpectedRevision: esdb.Revision(0)}); err != nil {
		t.Fatal(err)
	}
	for e := sub.Recv(); e.SubscriptionDropped == nil; e = sub.Recv() {
		if e.EventAppeared != nil {
			t.Fatalf("%+v", e.EventAppeared)
		}
	}
	for _, expected := range []esdb.ExpectedRevision{esdb.Any{}, esdb.NoStream{}, esdb.Revision(0)} {
		if _, err := client.AppendToStream(soon(t), "s", esdb.AppendToStreamOptions{ExpectedRevision: expected},
			batch("b", 1)...); code(err) != esdb.ErrorCodeStreamDeleted {
			t.Errorf("%v: %v", expected, err)
		}
	}
	last := everything(t, client, esdb.ReadAllOptions{From: esdb.End{}, Direction: esdb.Backwards}, 1)
	if len(last) != 1 || last[0].EventType != "$streamDeleted" || last[0].EventNumber != math.MaxInt64 {
		t.Errorf("%+v", last)
	}
}
