package kurrenttest_test

import (
	"errors"
	"io"
	"strconv"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	api "github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/taizhang/taizhang/services/kurrentstore/kurrenttest"
)

func text(id string) *shared.UUID { return &shared.UUID{Value: &shared.UUID_String_{String_: id}} }

// raw returns a client of the bare protocol, without the behavior of the Go client.
func raw(t *testing.T, srv *kurrenttest.Cluster) api.StreamsClient {
	t.Helper()
	conn, err := grpc.NewClient(srv.Node(0).Address(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return api.NewStreamsClient(conn)
}

// batches opens a BatchAppend call. The client for Go never makes such calls; others do.
func batches(t *testing.T, srv *kurrenttest.Cluster) api.Streams_BatchAppendClient {
	t.Helper()
	call, err := raw(t, srv).BatchAppend(soon(t))
	if err != nil {
		t.Fatal(err)
	}
	return call
}

// part returns a message of a batch. Only the first message has options.
func part(correlation, seed string, final bool, options *api.BatchAppendReq_Options) *api.BatchAppendReq {
	m := &api.BatchAppendReq{CorrelationId: text(correlation), IsFinal: final, Options: options}
	for _, e := range batch(seed, 2) {
		m.ProposedMessages = append(m.ProposedMessages, &api.BatchAppendReq_ProposedMessage{
			Id:       text(e.EventID.String()),
			Metadata: map[string]string{"type": e.EventType, "content-type": "application/json"}, Data: e.Data})
	}
	return m
}

func toNew(stream string) *api.BatchAppendReq_Options {
	return &api.BatchAppendReq_Options{
		StreamIdentifier:       &shared.StreamIdentifier{StreamName: []byte(stream)},
		ExpectedStreamPosition: &api.BatchAppendReq_Options_NoStream{NoStream: &emptypb.Empty{}},
	}
}

func TestBatchesInTurnsOnOneCallAreEachWholeAndAnsweredAlone(t *testing.T) {
	srv := kurrenttest.Start(t, kurrenttest.ClusterConfig{})
	call, client := batches(t, srv), dial(t, srv.ConnectionString())
	one, two, late := uuid.NewString(), uuid.NewString(), uuid.NewString()
	for _, m := range []*api.BatchAppendReq{
		part(one, "a", false, toNew("s")), part(two, "b", false, toNew("u")),
		part(one, "c", true, nil), part(two, "d", true, nil),
		part(late, "e", true, toNew("s")),
	} {
		if err := call.Send(m); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{one, two} {
		answer, err := call.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if answer.GetCorrelationId().GetString_() != want || answer.GetSuccess().GetCurrentRevision() != 3 {
			t.Errorf("%v", answer)
		}
	}
	answer, err := call.Recv()
	if err != nil {
		t.Fatal(err)
	}
	var conflict shared.WrongExpectedVersion
	if err := answer.GetError().GetDetails()[0].UnmarshalTo(&conflict); err != nil {
		t.Fatal(err)
	}
	if answer.GetCorrelationId().GetString_() != late || conflict.GetCurrentStreamRevision() != 3 ||
		conflict.GetExpectedNoStream() == nil {
		t.Errorf("%v", answer)
	}
	wantNotes(t, client, "s", "a/0 a/1 c/0 c/1")
	wantNotes(t, client, "u", "b/0 b/1 d/0 d/1")
}

func TestABatchInPiecesOverTheLimitLeavesNothingBehind(t *testing.T) {
	srv := kurrenttest.Start(t, kurrenttest.ClusterConfig{MaxAppendBytes: 90}) // three events have 75 bytes, four 100
	call, id := batches(t, srv), uuid.NewString()
	for _, m := range []*api.BatchAppendReq{part(id, "a", false, toNew("s")), part(id, "b", true, nil)} {
		if err := call.Send(m); err != nil {
			t.Fatal(err)
		}
	}
	answer, err := call.Recv()
	if err != nil {
		t.Fatal(err)
	}
	var large shared.MaximumAppendSizeExceeded
	if details := answer.GetError().GetDetails(); len(details) != 1 || details[0].UnmarshalTo(&large) != nil ||
		large.GetMaxAppendSize() != 90 {
		t.Errorf("%v", answer)
	}
	wantNotes(t, dial(t, srv.ConnectionString()), "s", "")
}

func TestABatchInPiecesThatIsNeverFinishedIsNotStored(t *testing.T) {
	srv := kurrenttest.Start(t, kurrenttest.ClusterConfig{})
	call := batches(t, srv)
	if err := call.Send(part(uuid.NewString(), "a", false, toNew("s"))); err != nil {
		t.Fatal(err)
	}
	if err := call.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if answer, err := call.Recv(); err == nil {
		t.Errorf("answered: %v", answer)
	}
	wantNotes(t, dial(t, srv.ConnectionString()), "s", "")
}

func TestWhatEndsAClientsProcessIsSentOnDemand(t *testing.T) {
	srv := kurrenttest.Start(t, kurrenttest.ClusterConfig{})
	must(t)(dial(t, srv.ConnectionString()).AppendToStream(soon(t), "s", atStart(), batch("a", 2)...))
	read := func(f kurrenttest.Fault) (answers []*api.ReadResp) {
		srv.Break(kurrenttest.Every(kurrenttest.Read, 1, f))
		call, err := raw(t, srv).Read(soon(t), &api.ReadReq{Options: &api.ReadReq_Options{
			StreamOption: &api.ReadReq_Options_Stream{Stream: &api.ReadReq_Options_StreamOptions{
				StreamIdentifier: &shared.StreamIdentifier{StreamName: []byte("s")}}},
			CountOption: &api.ReadReq_Options_Count{Count: 9},
		}})
		for err == nil {
			var m *api.ReadResp
			if m, err = call.Recv(); err == nil {
				answers = append(answers, m)
			}
		}
		if !errors.Is(err, io.EOF) {
			t.Error(err)
		}
		return answers
	}
	got := read(kurrenttest.Fault{Strike: kurrenttest.BadCreated, After: 1})
	if len(got) != 2 {
		t.Fatalf("%v", got)
	}
	for i, bad := range []bool{false, true} {
		created := got[i].GetEvent().GetEvent().GetMetadata()["created"]
		if _, err := strconv.ParseInt(created, 10, 64); (err != nil) != bad {
			t.Errorf("event %d was created %q", i, created)
		}
	}
	got = read(kurrenttest.Fault{Strike: kurrenttest.Strange, After: 1})
	if len(got) != 3 || got[1].GetEvent() != nil || got[2].GetEvent() == nil {
		t.Errorf("%v", got)
	}
}
