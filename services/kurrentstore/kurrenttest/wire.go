package kurrenttest

import (
	"encoding/binary"
	"strconv"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	api "github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const contentJSON = "application/json"

// The keys of the metadata that every event in the protocol has.
const (
	keyType        = "type"
	keyContentType = "content-type"
	keyCreated     = "created"
)

func readID(id *shared.UUID) (uuid.UUID, error) {
	if id == nil {
		return uuid.Nil, status.Error(codes.InvalidArgument, "event without id")
	}
	if s := id.GetStructured(); s != nil {
		var out uuid.UUID
		binary.BigEndian.PutUint64(out[:8], uint64(s.MostSignificantBits))
		binary.BigEndian.PutUint64(out[8:], uint64(s.LeastSignificantBits))
		return out, nil
	}
	out, err := uuid.Parse(id.GetString_())
	if err != nil {
		return uuid.Nil, status.Error(codes.InvalidArgument, "event id: "+err.Error())
	}
	return out, nil
}

func writeID(id uuid.UUID, asText bool) *shared.UUID {
	if asText {
		return &shared.UUID{Value: &shared.UUID_String_{String_: id.String()}}
	}
	return &shared.UUID{Value: &shared.UUID_Structured_{Structured: &shared.UUID_Structured{
		MostSignificantBits:  int64(binary.BigEndian.Uint64(id[:8])),
		LeastSignificantBits: int64(binary.BigEndian.Uint64(id[8:])),
	}}}
}

// message is a proposed event of Append or of BatchAppend.
type message interface {
	GetId() *shared.UUID
	GetMetadata() map[string]string
	GetCustomMetadata() []byte
	GetData() []byte
}

func readProposed(m message) (proposed, error) {
	id, err := readID(m.GetId())
	if err != nil {
		return proposed{}, err
	}
	for _, key := range []string{keyType, keyContentType} {
		if m.GetMetadata()[key] == "" {
			return proposed{}, failure(codes.InvalidArgument, "missing-required-metadata-property",
				"required metadata property "+key+" is missing")
		}
	}
	return proposed{id: id, kind: m.GetMetadata()[keyType], contentType: m.GetMetadata()[keyContentType],
		data: m.GetData(), metadata: m.GetCustomMetadata()}, nil
}

// size returns the bytes of an event that count towards the limit of an append. Names count as UTF-16.
func (p *proposed) size() int { return len(p.data) + len(p.metadata) + 2*len(p.kind) }

func writeEvent(r *record, textIDs bool) *api.ReadResp_ReadEvent_RecordedEvent {
	return &api.ReadResp_ReadEvent_RecordedEvent{
		Id:               writeID(r.id, textIDs),
		StreamIdentifier: streamName(r.stream),
		StreamRevision:   r.revision,
		PreparePosition:  r.position,
		CommitPosition:   r.position,
		Metadata: map[string]string{
			keyType:        r.kind,
			keyContentType: r.contentType,
			// Ticks of 100 ns since 1970.
			keyCreated: strconv.FormatInt(r.at.UnixNano()/100, 10),
		},
		CustomMetadata: r.metadata,
		Data:           r.data,
	}
}

func streamName(name string) *shared.StreamIdentifier {
	return &shared.StreamIdentifier{StreamName: []byte(name)}
}

// failed is a gRPC status with the trailers by which clients distinguish failures.
type failed struct {
	status   *status.Status
	trailers metadata.MD
}

func (f *failed) Error() string              { return f.status.Message() }
func (f *failed) GRPCStatus() *status.Status { return f.status }

// failure returns an error that reaches the client with the trailer "exception" and the given further pairs.
func failure(code codes.Code, exception, text string, pairs ...string) *failed {
	return &failed{status: status.New(code, text),
		trailers: metadata.Join(metadata.Pairs("exception", exception), metadata.Pairs(pairs...))}
}

func deleted(stream string) error {
	return failure(codes.FailedPrecondition, "stream-deleted", "Event stream '"+stream+"' is deleted.",
		"stream-name", stream)
}

func denied() error { return failure(codes.PermissionDenied, "access-denied", "Access Denied") }

func wrongVersion(stream string, expected, current int64) error {
	return failure(codes.FailedPrecondition, "wrong-expected-version",
		"Append failed due to WrongExpectedVersion. Stream: "+stream+".",
		"stream-name", stream, "expected-version", strconv.FormatInt(expected, 10), "actual-version",
		strconv.FormatInt(current, 10))
}
