package kurrenttest_test

import (
	"errors"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"github.com/taizhang/taizhang/services/kurrentstore/kurrenttest"
)

func TestAClientAppendsReadsAndSubscribes(t *testing.T) {
	srv := kurrenttest.Start(t, kurrenttest.ClusterConfig{})
	client, ctx := dial(t, srv.ConnectionString()), soon(t)
	first, err := client.AppendToStream(ctx, "center-A", atStart(), batch("a", 3)...)
	if err != nil || first.NextExpectedVersion != 2 {
		t.Fatalf("%+v, %v", first, err)
	}
	if _, err := client.AppendToStream(ctx, "other", atStart(), batch("o", 1)...); err != nil {
		t.Fatal(err)
	}
	if _, err := client.AppendToStream(ctx, "center-A", at(2), batch("b", 1)...); err != nil {
		t.Fatal(err)
	}
	if _, err := client.AppendToStream(ctx, "center-A", at(2),
		batch("c", 1)...); code(err) != esdb.ErrorCodeWrongExpectedVersion {
		t.Fatalf("conflict: %v", err)
	}
	r, err := client.ReadStream(ctx, "center-A", esdb.ReadStreamOptions{From: esdb.Start{}}, 100)
	if got, err := drain(t, r, err); err != nil || len(got) != 4 || string(got[3].Data) != `{"note":"b/0"}` {
		t.Fatalf("%d, %v", len(got), err)
	}
	r, err = client.ReadAll(ctx, esdb.ReadAllOptions{From: esdb.Start{}}, 100)
	all, err := drain(t, r, err)
	if err != nil || len(all) < 5 {
		t.Fatalf("%d, %v", len(all), err)
	}
	sub, err := client.SubscribeToAll(ctx, esdb.SubscribeToAllOptions{
		From:   esdb.Position{Commit: first.CommitPosition, Prepare: first.PreparePosition},
		Filter: &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{"center-"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	if e := next(t, sub); e.StreamID != "center-A" || e.EventNumber != 3 {
		t.Fatalf("%+v", e)
	}
	if _, err := client.AppendToStream(ctx, "center-B", atStart(), batch("d", 1)...); err != nil {
		t.Fatal(err)
	}
	if e := next(t, sub); e.StreamID != "center-B" {
		t.Fatalf("%+v", e)
	}
}

// notes reads a stream and returns the contents of its events.
func notes(t *testing.T, client *esdb.Client, stream string) []string {
	t.Helper()
	r, err := client.ReadStream(soon(t), stream, esdb.ReadStreamOptions{From: esdb.Start{}}, math.MaxInt64)
	got, err := drain(t, r, err)
	if err != nil && code(err) != esdb.ErrorCodeResourceNotFound {
		t.Fatal(err)
	}
	out := make([]string, len(got))
	for i, e := range got {
		out[i] = strings.TrimSuffix(strings.TrimPrefix(string(e.Data), `{"note":"`), `"}`)
	}
	return out
}

func wantNotes(t *testing.T, client *esdb.Client, stream, want string) {
	t.Helper()
	if got := strings.Join(notes(t, client, stream), " "); got != want {
		t.Errorf("%s holds %q, want %q", stream, got, want)
	}
}

// must returns the result of an append that must succeed.
func must(t *testing.T) func(*esdb.WriteResult, error) esdb.WriteResult {
	return func(r *esdb.WriteResult, err error) esdb.WriteResult {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return *r
	}
}

func TestAnAppendIsJudgedByRevisionAndIDs(t *testing.T) {
	other := batch("a", 2) // the ids of batch a, with other contents
	other[0].Data, other[1].Data = []byte(`{"note":"x"}`), []byte(`{"note":"y"}`)
	for _, test := range []struct {
		name     string
		expected esdb.ExpectedRevision
		batch    []esdb.EventData
		want     esdb.ErrorCode // -1: none
		first    bool           // the result of the first append is answered
		holds    string
	}{
		{"at the head is appended", esdb.Revision(2), batch("c", 1), -1, false, "a/0 a/1 b/0 c/0"},
		{"at an older revision is a conflict", esdb.Revision(1), batch("c", 1), esdb.ErrorCodeWrongExpectedVersion,
			false, "a/0 a/1 b/0"},
		{"beyond the head is a conflict", esdb.Revision(3), batch("c", 1), esdb.ErrorCodeWrongExpectedVersion, false,
			"a/0 a/1 b/0"},
		{"to a stream that should not be is a conflict", esdb.NoStream{}, batch("c", 1),
			esdb.ErrorCodeWrongExpectedVersion, false, "a/0 a/1 b/0"},
		{"at any revision is appended", esdb.Any{}, batch("c", 1), -1, false, "a/0 a/1 b/0 c/0"},
		{"to a stream that should be is appended", esdb.StreamExists{}, batch("c", 1), -1, false, "a/0 a/1 b/0 c/0"},
		{"again at its place answers the first result", esdb.NoStream{}, batch("a", 2), -1, true, "a/0 a/1 b/0"},
		{"again at any revision answers the first result", esdb.Any{}, batch("a", 2), -1, true, "a/0 a/1 b/0"},
		{"with other contents under the same ids answers the first result", esdb.NoStream{}, other, -1, true,
			"a/0 a/1 b/0"},
		{"that goes on after what is there is a conflict", esdb.NoStream{}, append(batch("a", 2), batch("c", 1)...),
			esdb.ErrorCodeWrongExpectedVersion, false, "a/0 a/1 b/0"},
		{"of which a part is there is a conflict at any revision", esdb.Any{}, append(batch("b", 1), batch("c", 1)...),
			esdb.ErrorCodeWrongExpectedVersion, false, "a/0 a/1 b/0"},
		{"again at the head is appended again", esdb.Revision(2), batch("b", 1), -1, false, "a/0 a/1 b/0 b/0"},
		{"of nothing at the head changes nothing", esdb.Revision(2), nil, -1, false, "a/0 a/1 b/0"},
		{"of nothing at an older revision is a conflict", esdb.Revision(1), nil, esdb.ErrorCodeWrongExpectedVersion,
			false, "a/0 a/1 b/0"},
	} {
		t.Run("a batch "+test.name, func(t *testing.T) {
			client := dial(t, kurrenttest.Start(t, kurrenttest.ClusterConfig{}).ConnectionString())
			first := must(t)(client.AppendToStream(soon(t), "s", atStart(), batch("a", 2)...))
			must(t)(client.AppendToStream(soon(t), "s", at(1), batch("b", 1)...))
			result, err := client.AppendToStream(soon(t), "s",
				esdb.AppendToStreamOptions{ExpectedRevision: test.expected}, test.batch...)
			if code(err) != test.want {
				t.Errorf("%v, want code %d", err, test.want)
			}
			if test.first && (result == nil || *result != first) {
				t.Errorf("%+v, want %+v", result, first)
			}
			wantNotes(t, client, "s", test.holds)
		})
	}
}

func TestAnAppendToAStreamThatShouldBeAndIsNotIsAConflict(t *testing.T) {
	client := dial(t, kurrenttest.Start(t, kurrenttest.ClusterConfig{}).ConnectionString())
	for _, expected := range []esdb.ExpectedRevision{esdb.StreamExists{}, esdb.Revision(0)} {
		if _, err := client.AppendToStream(soon(t), "s", esdb.AppendToStreamOptions{ExpectedRevision: expected},
			batch("a", 1)...); code(err) != esdb.ErrorCodeWrongExpectedVersion {
			t.Errorf("%v: %v", expected, err)
		}
	}
}

func TestABatchOverTheLimitLeavesNothingBehind(t *testing.T) {
	client := dial(t, kurrenttest.Start(t, kurrenttest.ClusterConfig{MaxAppendBytes: 100}).ConnectionString())
	fits := batch("a", 2) // of 2 * (14 bytes + 11 characters as UTF-16)
	must(t)(client.AppendToStream(soon(t), "fits", atStart(), fits...))
	_, err := client.AppendToStream(soon(t), "s", atStart(), batch("a", 3)...)
	// Whether the status or the end of the stream reaches the client first is chance.
	if code(err) != esdb.ErrorCodeUnknown {
		t.Errorf("%v", err)
	}
	wantNotes(t, client, "s", "")
}

func TestOneOfManyAppendsAtTheSameRevisionWins(t *testing.T) {
	client := dial(t, kurrenttest.Start(t, kurrenttest.ClusterConfig{}).ConnectionString())
	var done sync.WaitGroup
	errs := make([]error, 16)
	for i := range errs {
		done.Go(func() {
			_, errs[i] = client.AppendToStream(soon(t), "s", atStart(), batch(string(rune('a'+i)), 3)...)
		})
	}
	done.Wait()
	won := 0
	for _, err := range errs {
		var e *esdb.Error
		switch {
		case err == nil:
			won++
		case !errors.As(err, &e) || e.Code() != esdb.ErrorCodeWrongExpectedVersion:
			t.Error(err)
		}
	}
	if got := len(notes(t, client, "s")); won != 1 || got != 3 {
		t.Errorf("%d appends won, %d events", won, got)
	}
}
