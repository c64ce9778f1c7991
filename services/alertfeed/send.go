package alertfeed

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/taizhang/taizhang/events/text"
)

// publish sends messages about alerts. A message is stored only if no other publisher has written its subject
// meanwhile. If an outcome is unknown, the subject is read again and its center becomes doubtful.
func (s *session) publish(ctx context.Context, messages []*Message) error {
	if len(messages) == 0 {
		return nil
	}
	if err := s.mark(); err != nil {
		return err
	}
	var doubtful []*Message
	var refusal error
	var window []sent
	for len(messages) > 0 || len(window) > 0 {
		for len(messages) > 0 && len(window) < publishWindow {
			ack, err := s.send(messages[0], s.picture.words[messages[0].Subject].sequence)
			window, messages = append(window, sent{messages[0], ack, err}), messages[1:]
		}
		m := window[0]
		window = window[1:]
		sequence, err := s.acknowledged(ctx, m)
		if err != nil {
			s.cfg.Log.Debug("a message of the feed was not acknowledged", zap.String("subject", m.Subject),
				zap.Error(err))
			doubtful = append(doubtful, m.Message)
			refusal = cmp.Or(refusal, refused(err))
		} else {
			s.picture.set(m.Subject, word{sequence, m.At(), m.State()})
			s.counted(m.Message)
		}
		if err := cmp.Or(ctx.Err(), refusal); err != nil {
			return err
		}
		if err := s.answered(ctx, len(doubtful)); err != nil {
			return err
		}
	}
	for _, m := range doubtful {
		if err := s.readAgain(ctx, m.Subject); err != nil {
			return err
		}
		s.doubtful[m.Alert.Center] = true
	}
	return nil
}

// publishWindow is the number of messages that may be under way at once.
const publishWindow = 256

// sent is a message that was sent and not acknowledged.
type sent struct {
	*Message
	ack jetstream.PubAckFuture
	err error // why it was not sent
}

// send sends a message on the condition that expected is still the last sequence of its subject.
func (s *session) send(m *Message, expected uint64, opts ...jetstream.PublishOpt) (jetstream.PubAckFuture, error) {
	body, err := m.Encode(s.source, s.cfg.Now())
	if err != nil {
		return nil, err
	}
	out := nats.NewMsg(m.Subject)
	out.Header.Set("content-type", ContentType)
	out.Data = body
	return s.cfg.JetStream.PublishMsgAsync(out, append(opts, jetstream.WithExpectLastSequencePerSubject(expected))...)
}

// acknowledged waits until a message is acknowledged and returns its sequence. After any error the outcome is
// unknown.
func (s *session) acknowledged(ctx context.Context, m sent) (sequence uint64, err error) {
	if m.err != nil {
		return 0, m.err
	}
	select {
	case ack := <-m.ack.Ok():
		if ack.Duplicate {
			return 0, errors.New("alertfeed: taken for a repeat and not stored")
		}
		s.unanswered = 0
		s.mute(false)
		return ack.Sequence, nil
	case err := <-m.ack.Err():
		if errors.Is(err, jetstream.ErrAsyncPublishTimeout) {
			s.unanswered++
			s.mute(true)
		}
		return 0, err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// refused returns the reason if the server rejects all messages. It returns nil for other errors: another
// publisher may have been first, or the server did not answer.
func refused(err error) error {
	var api *jetstream.APIError
	if !errors.As(err, &api) || api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence ||
		api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant {
		return nil
	}
	return text.Errorf(text.Conflict, "NATS 服务器拒绝保存预警：%[1]s。请检查其存储限额",
		"the NATS server refuses to store alerts: %[1]s; look at its limits", api.Description)
}

// readAgain reads the last message of a subject after a publish with an unknown outcome.
func (s *session) readAgain(ctx context.Context, subject string) error {
	ctx, cancel := context.WithTimeout(ctx, askWait)
	defer cancel()
	before := s.picture.words[subject].sequence
	if subject == HeadSubject {
		before = s.picture.headSequence
	}
	m, err := s.stream.GetLastMsgForSubject(ctx, subject)
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound) && before == 0:
		return nil // it was not stored
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return s.lost("a subject is gone: " + subject)
	case err != nil:
		return err
	case m.Sequence < before:
		return s.lost("a subject has an older message than it had: " + subject)
	}
	s.picture.take(subject, m.Sequence, m.Data)
	return nil
}

// answered restarts the server in this process if it no longer answers publishes. After its disk was full it never
// answers again.
func (s *session) answered(ctx context.Context, doubtful int) error {
	if doubtful == 0 || s.unanswered < unansweredMax {
		return nil
	}
	if s.cfg.Restart == nil {
		return text.Errorf(text.Unavailable, "NATS 服务器不应答发布：请检查其磁盘并重新启动它",
			"the NATS server does not answer publishes: look at its disk and restart it")
	}
	s.cfg.Log.Warn("the NATS server in this process does not answer publishes and is restarted")
	if err := s.restart(ctx); err != nil {
		return err
	}
	return fmt.Errorf("%w: the server was restarted", errAgain)
}

// unansweredMax is the number of unanswered publishes in a row before the server in this process is restarted.
const unansweredMax = 2

// restart restarts the server in this process. After an error no server runs, and the next session retries.
func (p *Publisher) restart(ctx context.Context) error {
	p.halted = true
	if err := p.cfg.Restart(ctx); err != nil {
		return err
	}
	p.halted = false
	return nil
}
