package consumer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/taizhang/taizhang/events/text"
)

// These are the limits of a delivery.
const (
	messagesMax = 256 // messages of one request
	fetchWait   = 5 * time.Second
	heartbeat   = 2 * time.Second // without two of them in a row, the server counts as gone
)

// dueWait is the longest time for a stored message to arrive.
var dueWait = 10 * time.Second

// delivery reads the messages of a durable consumer in the order of the stream, from the place it was set back to.
// None is left out and none comes twice: if the server's count of deliveries skips a number, the delivery ends
// with an error.
type delivery struct {
	link     *link
	consumer jetstream.Consumer
	next     uint64 // the count of the next delivery
	due      uint64 // the number of messages, of those stored at the beginning, that have not arrived
	since    uint64 // the number of reconnections at the beginning
	batch    jetstream.MessageBatch
	cancel   context.CancelFunc
}

// begin sets the durable consumer back to a sequence. It returns errGap if an earlier request received messages at
// once.
func (l *link) begin(ctx context.Context, c jetstream.Consumer, sequence uint64) (d *delivery, err error) {
	d = &delivery{link: l, consumer: c, next: 1, since: l.nc.Stats().Reconnects}
	info, err := l.reset(ctx, sequence)
	if err != nil {
		return d, err
	}
	if info.NumAckPending > 0 {
		return d, lost(errGap)
	}
	d.due = info.NumPending
	return d, nil
}

// end gives up the open request.
func (d *delivery) end() {
	if d.batch != nil {
		d.cancel()
		d.batch = nil
	}
}

// letter is a message as it was delivered.
type letter struct {
	jetstream.Msg
	sequence uint64 // its sequence in the stream
	stored   time.Time
}

// take waits for a message and returns it with further ones that have arrived.
func (d *delivery) take(ctx context.Context) (letters []letter, err error) {
	var late <-chan time.Time
	if d.due > 0 {
		timer := time.NewTimer(dueWait)
		defer timer.Stop()
		late = timer.C
	}
	for len(letters) == 0 {
		if d.batch == nil {
			if err := d.fetch(ctx); err != nil {
				return nil, err
			}
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-late:
			return nil, d.late(ctx)
		case <-d.link.changed: // the change may be older than this delivery
			if !d.link.nc.IsConnected() || d.link.nc.Stats().Reconnects != d.since {
				return nil, lost(errChanged)
			}
		case <-d.link.ended:
			return nil, lost(errChanged)
		case m, ok := <-d.batch.Messages():
			if !ok {
				err := d.batch.Error()
				d.end()
				if err != nil && !errors.Is(err, context.DeadlineExceeded) {
					return nil, lost(err)
				}
				continue
			}
			if letters, err = d.more(m); err != nil {
				return nil, err
			}
		}
	}
	d.due -= min(d.due, uint64(len(letters)))
	return letters, nil
}

// late returns why stored messages have not arrived: another request received them, or the server does not deliver
// them.
func (d *delivery) late(ctx context.Context) error {
	c, err := d.link.consumer(ctx)
	if err != nil {
		return err
	}
	info := c.CachedInfo()
	if info.Delivered.Consumer >= d.next || info.NumAckPending > 0 {
		return lost(errGap)
	}
	e := &withheldError{isPart: d.next > 1,
		what: text.Errorf(text.Unavailable, "服务器有 %d 条消息待送给用户 %s，却一条也不送出；请台账的运行人员"+lookZh,
			"the server has %d messages for the user %s and delivers none; whoever runs the ledger should "+lookEn,
			d.due, d.link.Durable)}
	if e.isPart {
		e.what = text.Errorf(text.Unavailable, "服务器应送给用户 %[2]s 的消息中有 %[1]d 条未送出；请台账的运行人员"+
			lookZh, "the server does not deliver %d of the messages for the user %s; whoever runs the ledger should "+
			lookEn, d.due, d.link.Durable)
	}
	return lost(e)
}

// These texts say what to do about messages that are not delivered.
const (
	lookZh = "查看 serve 的日志，处理办法见 docs/alerting.md（When the feed stops）"
	lookEn = "look at the log of serve, and at When the feed stops in docs/alerting.md"
)

// withheldError reports messages that the server has and does not deliver, for example because the files of the
// stream are damaged.
type withheldError struct {
	what   *text.Error
	isPart bool // other messages were delivered; also set if messages were replaced by later ones meanwhile
}

func (e *withheldError) Error() string { return e.what.Error() }
func (e *withheldError) Unwrap() error { return e.what }

func (d *delivery) fetch(ctx context.Context) (err error) {
	ctx, d.cancel = context.WithTimeout(ctx, fetchWait)
	most := messagesMax
	if d.next == 1 { // if the first message shows that reading must begin elsewhere, no request stays open
		most = 1
	}
	if d.batch, err = d.consumer.Fetch(most, jetstream.FetchContext(ctx),
		jetstream.FetchHeartbeat(heartbeat)); err != nil {
		d.cancel()
		d.batch = nil
		return lost(err)
	}
	return nil
}

// more returns a message and those after it that have arrived.
func (d *delivery) more(m jetstream.Msg) (letters []letter, err error) {
	for {
		md, err := m.Metadata()
		if err != nil {
			return nil, fmt.Errorf("consumer: %w", err)
		}
		if md.Sequence.Consumer != d.next {
			return nil, lost(errGap)
		}
		d.next++
		letters = append(letters, letter{m, md.Sequence.Stream, md.Timestamp})
		select {
		case next, ok := <-d.batch.Messages():
			if !ok {
				return letters, nil // the next call finds the reason
			}
			m = next
		default:
			return letters, nil
		}
	}
}

// errGap is returned if messages were delivered to another request: of another reader of the same durable
// consumer, or of one that was given up right after it was made. The server (2.15.2) may not notice that nobody
// waits for the answer to such a request, and sends messages to it as long as it lasts. Therefore no new request
// is made until it has ended, fetchWait later.
var errGap = errors.New("consumer: messages were delivered elsewhere")

// errChanged is returned if the connection was lost, even if it has been made again.
var errChanged = errors.New("consumer: the connection was lost")

// acknowledge acknowledges messages. Losing an acknowledgement does no harm: the state says what was read.
func acknowledge(letters []letter) error {
	for _, l := range letters {
		if err := l.Ack(); err != nil {
			return lost(err)
		}
	}
	return nil
}

// acknowledgeNow acknowledges messages and waits until the server confirms it.
func (l *link) acknowledgeNow(ctx context.Context, letters []letter) error {
	last := len(letters) - 1
	if err := acknowledge(letters[:last]); err != nil {
		return err
	}
	ctx, done := l.ask(ctx)
	defer done()
	if err := letters[last].DoubleAck(ctx); err != nil {
		return lost(err)
	}
	return nil
}
