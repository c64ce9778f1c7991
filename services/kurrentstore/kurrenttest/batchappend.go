package kurrenttest

import (
	"errors"
	"io"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	api "github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/emptypb"
)

// collected is a batch whose last message has not arrived yet.
type collected struct {
	options *api.BatchAppendReq_Options
	events  []proposed
	size    int
}

// BatchAppend implements streams.StreamsServer. One call has many batches, each in several messages with the same
// correlation id. Each batch gets its own answer: a refused batch does not end the call.
func (s *streams) BatchAppend(call api.Streams_BatchAppendServer) error {
	open := map[uuid.UUID]*collected{}
	for {
		m, err := call.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		id, err := readID(m.GetCorrelationId())
		if err != nil {
			return err
		}
		b := open[id]
		if b == nil {
			if b = (&collected{options: m.GetOptions()}); b.options == nil {
				return status.Error(codes.InvalidArgument, "options come first")
			}
			open[id] = b
		}
		for _, e := range m.GetProposedMessages() {
			p, err := readProposed(e)
			if err != nil {
				return err
			}
			b.size += p.size()
			b.events = append(b.events, p)
		}
		if !m.GetIsFinal() {
			continue
		}
		delete(open, id)
		answer, err := s.finish(call, b)
		if err != nil {
			return err
		}
		answer.CorrelationId, answer.StreamIdentifier = m.GetCorrelationId(), b.options.GetStreamIdentifier()
		if err := call.Send(answer); err != nil {
			return err
		}
	}
}

// finish appends a complete batch. An error ends the whole call.
func (s *streams) finish(call api.Streams_BatchAppendServer, b *collected) (*api.BatchAppendResp, error) {
	ctx, n := call.Context(), s.node
	name, expected := string(b.options.GetStreamIdentifier().GetStreamName()), readBatchExpected(b.options)
	fault := n.fault(Append, name, "")
	if err := n.strikeAt(ctx, fault, early); err != nil {
		return nil, err
	}
	if err := n.mayWrite(ctx, name); err != nil {
		if status.Code(err) == codes.PermissionDenied {
			return refusal("Access Denied", &shared.AccessDenied{})
		}
		return nil, err
	}
	if b.size > n.server.config.MaxAppendBytes {
		return refusal("Maximum Append Size Exceeded", &shared.MaximumAppendSizeExceeded{
			MaxAppendSize: uint32(n.server.config.MaxAppendBytes)})
	}
	if fault != nil && fault.Late {
		n.server.holdBack(func() { n.server.journal.append(name, expected, b.events) })
	}
	if err := n.strikeAt(ctx, fault, unstored); err != nil {
		return nil, err
	}
	out, err := n.server.journal.append(name, expected, b.events)
	if err != nil {
		return refusal(err.Error(), &shared.BadRequest{Message: err.Error()})
	}
	if err := n.strikeAt(ctx, fault, afterwards); err != nil {
		return nil, err
	}
	switch out.verdict {
	case streamDeleted:
		return refusal("Stream Deleted", &shared.StreamDeleted{StreamIdentifier: streamName(name)})
	case wrongRevision:
		return refusal("Wrong Expected Version", batchWrongExpected(expected, out.current))
	}
	return &api.BatchAppendResp{Result: &api.BatchAppendResp_Success_{Success: batchSuccess(out)}}, nil
}

func readBatchExpected(o *api.BatchAppendReq_Options) int64 {
	switch {
	case o.GetAny() != nil:
		return anyRevision
	case o.GetNoStream() != nil:
		return noStream
	case o.GetStreamExists() != nil:
		return streamExists
	}
	return int64(min(o.GetStreamPosition(), deletedRevision-1))
}

// refusal returns the answer to a refused batch. Clients read the details; the code only marks an error.
func refusal(text string, details protoadapt.MessageV1) (*api.BatchAppendResp, error) {
	full, err := status.New(codes.Unknown, text).WithDetails(details)
	if err != nil {
		return nil, err
	}
	return &api.BatchAppendResp{Result: &api.BatchAppendResp_Error{Error: full.Proto()}}, nil
}

func batchSuccess(out outcome) *api.BatchAppendResp_Success {
	s := &api.BatchAppendResp_Success{
		PositionOption: &api.BatchAppendResp_Success_NoPosition{NoPosition: &emptypb.Empty{}}}
	switch {
	case out.last != nil:
		s.CurrentRevisionOption = &api.BatchAppendResp_Success_CurrentRevision{CurrentRevision: out.last.revision}
		s.PositionOption = &api.BatchAppendResp_Success_Position{Position: &shared.AllStreamPosition{
			CommitPosition: out.last.position, PreparePosition: out.last.position}}
	case out.current == noStream:
		s.CurrentRevisionOption = &api.BatchAppendResp_Success_NoStream{NoStream: &emptypb.Empty{}}
	default:
		s.CurrentRevisionOption = &api.BatchAppendResp_Success_CurrentRevision{CurrentRevision: uint64(out.current)}
	}
	return s
}

func batchWrongExpected(expected, current int64) *shared.WrongExpectedVersion {
	w := &shared.WrongExpectedVersion{}
	if current == noStream {
		w.CurrentStreamRevisionOption = &shared.WrongExpectedVersion_CurrentNoStream{CurrentNoStream: &emptypb.Empty{}}
	} else {
		w.CurrentStreamRevisionOption = &shared.WrongExpectedVersion_CurrentStreamRevision{
			CurrentStreamRevision: uint64(current)}
	}
	switch expected {
	case anyRevision:
		w.ExpectedStreamPositionOption = &shared.WrongExpectedVersion_ExpectedAny{ExpectedAny: &emptypb.Empty{}}
	case streamExists:
		w.ExpectedStreamPositionOption = &shared.WrongExpectedVersion_ExpectedStreamExists{
			ExpectedStreamExists: &emptypb.Empty{}}
	case noStream:
		w.ExpectedStreamPositionOption = &shared.WrongExpectedVersion_ExpectedNoStream{
			ExpectedNoStream: &emptypb.Empty{}}
	default:
		w.ExpectedStreamPositionOption = &shared.WrongExpectedVersion_ExpectedStreamPosition{
			ExpectedStreamPosition: uint64(expected)}
	}
	return w
}
