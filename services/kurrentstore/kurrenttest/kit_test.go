package kurrenttest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"
)

// dial returns a client of the server. It is closed at the end of the test.
func dial(t *testing.T, connection string) *esdb.Client {
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

// soon returns a context with a deadline for the calls of a test.
func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// batch returns n events whose ids follow from the seed.
func batch(seed string, n int) []esdb.EventData {
	out := make([]esdb.EventData, n)
	for i := range out {
		out[i] = esdb.EventData{
			EventID:     uuid.NewSHA1(uuid.NameSpaceOID, fmt.Appendf(nil, "%s/%d", seed, i)),
			EventType:   "funds.spent",
			ContentType: esdb.ContentTypeJson,
			Data:        fmt.Appendf(nil, `{"note":"%s/%d"}`, seed, i),
		}
	}
	return out
}

func at(revision uint64) esdb.AppendToStreamOptions {
	return esdb.AppendToStreamOptions{ExpectedRevision: esdb.Revision(revision)}
}

func atStart() esdb.AppendToStreamOptions {
	return esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}}
}

func code(err error) esdb.ErrorCode {
	var e *esdb.Error
	if errors.As(err, &e) {
		return e.Code()
	}
	return -1
}

// drain reads to the end and returns the events.
func drain(t *testing.T, r *esdb.ReadStream, err error) ([]*esdb.RecordedEvent, error) {
	t.Helper()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var out []*esdb.RecordedEvent
	for {
		e, err := r.Recv()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		out = append(out, e.OriginalEvent())
	}
}

// next waits for the next event of a subscription, past checkpoints.
func next(t *testing.T, s *esdb.Subscription) *esdb.RecordedEvent {
	t.Helper()
	for {
		e := s.Recv()
		switch {
		case e.EventAppeared != nil:
			return e.EventAppeared.OriginalEvent()
		case e.SubscriptionDropped != nil:
			t.Fatalf("dropped: %v", e.SubscriptionDropped.Error)
		}
	}
}
