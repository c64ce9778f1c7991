package alertfeed

import (
	"bytes"
	"context"
	"errors"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/seal"
)

// CheckpointSubject is the subject of the signed checkpoints of the ledger, in the same stream. The body of a message
// is the signed note with the cosignatures known when it was published. Programs that keep them can prove later which
// checkpoints the ledger has signed.
const CheckpointSubject = "taizhang.v1.checkpoint"

// CheckpointType is the content type of a checkpoint.
const CheckpointType = "text/plain; charset=utf-8"

// PublishCheckpoints publishes those checkpoints of a ledger, given in the order of their sizes, that are newer than
// the last one in the stream, and that last one again if it has more cosignatures now. So it may be called again with
// the same. It returns an error while the feed does not publish.
func (f *Feed) PublishCheckpoints(ctx context.Context, all []*seal.Signed) error {
	if err := f.ready(ctx); err != nil {
		return err
	}
	return f.publisher.PublishCheckpoints(ctx, all)
}

// PublishCheckpoints publishes checkpoints as Feed.PublishCheckpoints does. It returns an error, text.Unavailable,
// while the publisher is stopped or connecting.
func (p *Publisher) PublishCheckpoints(ctx context.Context, all []*seal.Signed) error {
	if state := p.Status().State; state == StateStopped || state == StateConnecting {
		return text.Errorf(text.Unavailable, "预警推送现在不发布", "the alert feed does not publish now")
	}
	stream, err := p.cfg.JetStream.Stream(ctx, StreamName)
	if err != nil {
		return err
	}
	last, err := stream.GetLastMsgForSubject(ctx, CheckpointSubject)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		last, err = &jetstream.RawStreamMsg{}, nil
	}
	if err != nil {
		return err
	}
	sequence := last.Sequence
	for _, s := range unpublished(all, last.Data) {
		m := nats.NewMsg(CheckpointSubject)
		m.Header.Set("content-type", CheckpointType)
		m.Data = s.Bytes()
		ack, err := p.cfg.JetStream.PublishMsg(ctx, m, jetstream.WithExpectLastSequencePerSubject(sequence))
		if err != nil {
			return err
		}
		sequence = ack.Sequence
	}
	return nil
}

// unpublished returns the checkpoints that are to be published after the last one in the stream. A last one of another
// origin, or that cannot be read, does not count. The stream keeps keptPerSubject messages of a subject, so that more
// would be of no use.
func unpublished(all []*seal.Signed, last []byte) (list []*seal.Signed) {
	was, err := seal.ParseSigned(last)
	for _, s := range all {
		if err != nil || was.Origin != s.Origin || s.Size > was.Size ||
			s.Size == was.Size && !bytes.Equal(s.Bytes(), last) {
			list = append(list, s)
		}
	}
	return list[max(0, len(list)-keptPerSubject):]
}
