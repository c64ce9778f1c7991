package kurrenttest

import (
	"context"
	"errors"
	"io"
	"strconv"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	api "github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// streams is the service that appends, reads and deletes.
type streams struct {
	api.UnimplementedStreamsServer
	node *Node
}

// expectation is the expected revision of an append or a deletion.
type expectation interface {
	GetAny() *shared.Empty
	GetNoStream() *shared.Empty
	GetStreamExists() *shared.Empty
	GetRevision() uint64
}

func readExpected(e expectation) int64 {
	switch {
	case e.GetAny() != nil:
		return anyRevision
	case e.GetNoStream() != nil:
		return noStream
	case e.GetStreamExists() != nil:
		return streamExists
	}
	return int64(min(e.GetRevision(), deletedRevision-1))
}

// Append implements streams.StreamsServer.
func (s *streams) Append(call api.Streams_AppendServer) error {
	ctx, n := call.Context(), s.node
	first, err := call.Recv()
	if err != nil {
		return err
	}
	options := first.GetOptions()
	if options == nil {
		return status.Error(codes.InvalidArgument, "options come first")
	}
	name, expected := string(options.GetStreamIdentifier().GetStreamName()), readExpected(options)
	fault := n.fault(Append, name, "")
	if err := n.strikeAt(ctx, fault, early); err != nil {
		return err
	}
	batch, err := s.receive(call)
	if err != nil {
		return err
	}
	if err := n.mayWrite(ctx, name); err != nil {
		return err
	}
	if fault != nil && fault.Late {
		n.server.holdBack(func() { n.server.journal.append(name, expected, batch) })
	}
	if err := n.strikeAt(ctx, fault, unstored); err != nil {
		return err
	}
	out, err := n.store(name, expected, batch)
	if err != nil {
		return err
	}
	if err := n.strikeAt(ctx, fault, afterwards); err != nil {
		return err
	}
	return call.SendAndClose(appendResponse(out, expected, len(batch)))
}

// mayWrite returns an error if the call may not append to the stream on this node.
func (n *Node) mayWrite(ctx context.Context, name string) error {
	if requiresLeader(ctx) && n.server.leading() != n {
		return n.notLeader()
	}
	if name == "" || name == "$all" {
		return status.Error(codes.InvalidArgument, "stream name "+strconv.Quote(name)+" cannot be appended to")
	}
	return n.allowed(ctx, toWrite, name)
}

func (s *streams) receive(call api.Streams_AppendServer) ([]proposed, error) {
	var batch []proposed
	size := 0
	for {
		m, err := call.Recv()
		if errors.Is(err, io.EOF) {
			return batch, nil
		}
		if err != nil {
			return nil, err
		}
		if m.GetProposedMessage() == nil {
			return nil, status.Error(codes.InvalidArgument, "options come once")
		}
		p, err := readProposed(m.GetProposedMessage())
		if err != nil {
			return nil, err
		}
		if size += p.size(); size > s.node.server.config.MaxAppendBytes {
			return nil, s.node.tooLarge()
		}
		batch = append(batch, p)
	}
}

func (n *Node) tooLarge() error {
	limit := strconv.Itoa(n.server.config.MaxAppendBytes)
	return failure(codes.InvalidArgument, "maximum-append-size-exceeded", "Maximum Append Size of "+limit+" Exceeded.",
		"maximum-append-size", limit)
}

// store appends a batch. It returns an error for results that the protocol does not have as an answer.
func (n *Node) store(name string, expected int64, batch []proposed) (outcome, error) {
	out, err := n.server.journal.append(name, expected, batch)
	if err != nil {
		return out, status.Error(codes.InvalidArgument, err.Error())
	}
	if out.verdict == streamDeleted {
		return out, deleted(name)
	}
	return out, nil
}

func appendResponse(out outcome, expected int64, count int) *api.AppendResp {
	if out.verdict == wrongRevision {
		return &api.AppendResp{Result: &api.AppendResp_WrongExpectedVersion_{
			WrongExpectedVersion: wrongExpected(expected, out.current)}}
	}
	success := &api.AppendResp_Success{PositionOption: &api.AppendResp_Success_NoPosition{NoPosition: &shared.Empty{}}}
	switch {
	case out.last != nil:
		success.CurrentRevisionOption = &api.AppendResp_Success_CurrentRevision{CurrentRevision: out.last.revision}
		success.PositionOption = &api.AppendResp_Success_Position{Position: &api.AppendResp_Position{
			CommitPosition: out.last.position, PreparePosition: out.last.position}}
	case out.current == noStream:
		success.CurrentRevisionOption = &api.AppendResp_Success_NoStream{NoStream: &shared.Empty{}}
	default:
		success.CurrentRevisionOption = &api.AppendResp_Success_CurrentRevision{CurrentRevision: uint64(out.current)}
	}
	return &api.AppendResp{Result: &api.AppendResp_Success_{Success: success}}
}

func wrongExpected(expected, current int64) *api.AppendResp_WrongExpectedVersion {
	w := &api.AppendResp_WrongExpectedVersion{}
	if current == noStream {
		w.CurrentRevisionOption = &api.AppendResp_WrongExpectedVersion_CurrentNoStream{
			CurrentNoStream: &shared.Empty{}}
	} else {
		w.CurrentRevisionOption = &api.AppendResp_WrongExpectedVersion_CurrentRevision{
			CurrentRevision: uint64(current)}
	}
	switch expected {
	case anyRevision:
		w.ExpectedRevisionOption = &api.AppendResp_WrongExpectedVersion_ExpectedAny{ExpectedAny: &shared.Empty{}}
	case streamExists:
		w.ExpectedRevisionOption = &api.AppendResp_WrongExpectedVersion_ExpectedStreamExists{
			ExpectedStreamExists: &shared.Empty{}}
	case noStream:
		w.ExpectedRevisionOption = &api.AppendResp_WrongExpectedVersion_ExpectedNoStream{
			ExpectedNoStream: &shared.Empty{}}
	default:
		w.ExpectedRevisionOption = &api.AppendResp_WrongExpectedVersion_ExpectedRevision{
			ExpectedRevision: uint64(expected)}
	}
	return w
}

// Delete implements streams.StreamsServer. It hides the events of the stream; later appends continue the stream.
func (s *streams) Delete(ctx context.Context, req *api.DeleteReq) (*api.DeleteResp, error) {
	options := req.GetOptions()
	last, err := s.remove(ctx, string(options.GetStreamIdentifier().GetStreamName()), readExpected(options), false)
	if err != nil {
		return nil, err
	}
	return &api.DeleteResp{PositionOption: &api.DeleteResp_Position_{Position: &api.DeleteResp_Position{
		CommitPosition: last.position, PreparePosition: last.position}}}, nil
}

// Tombstone implements streams.StreamsServer. It closes the stream for ever.
func (s *streams) Tombstone(ctx context.Context, req *api.TombstoneReq) (*api.TombstoneResp, error) {
	options := req.GetOptions()
	last, err := s.remove(ctx, string(options.GetStreamIdentifier().GetStreamName()), readExpected(options), true)
	if err != nil {
		return nil, err
	}
	return &api.TombstoneResp{PositionOption: &api.TombstoneResp_Position_{Position: &api.TombstoneResp_Position{
		CommitPosition: last.position, PreparePosition: last.position}}}, nil
}

func (s *streams) remove(ctx context.Context, name string, expected int64, tombstone bool) (*record, error) {
	if err := s.node.strike(ctx, s.node.fault(Delete, name, "")); err != nil {
		return nil, err
	}
	if err := s.node.allowed(ctx, toDelete, name); err != nil {
		return nil, err
	}
	out := s.node.server.journal.remove(name, expected, tombstone)
	switch out.verdict {
	case wrongRevision:
		return nil, wrongVersion(name, expected, out.current)
	case streamDeleted:
		return nil, deleted(name)
	}
	return out.last, nil
}
