package consumer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/taizhang/taizhang/events/text"
)

// The bounds of a delivery.
const (
	messagesMax = 256 // that are asked for at a time
	fetchWait   = 5 * time.Second
	heartbeat   = 2 * time.Second // twice that without a word from the server means that it is gone
)

// dueWait is how long a message that is there may take to come.
var dueWait = 10 * time.Second

// delivery gives the messages of a durable consumer in the order of the stream, since the consumer was set back. None is left out
// and none comes twice: whenever the server's count of deliveries goes on with another number, the delivery ends with an error.
type delivery struct {
	link     *link
	consumer jetstream.Consumer
	next     uint64 // the count of the next delivery
	due      uint64 // how many of the messages that were there at the beginning have not come
	since    uint64 // the count of reconnections
	batch    jetstream.MessageBatch
	cancel   context.CancelFunc
}

// begin sets the durable consumer back to a sequence. It returns errGap if messages went at once to a request that somebody made
// before.
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

// end gives up what was asked for and has not come.
func (d *delivery) end() {
	if d.batch != nil {
		d.cancel()
		d.batch = nil
	}
}

// letter is a message as it was delivered.
type letter struct {
	jetstream.Msg
	sequence uint64 // in the stream
	stored   time.Time
}

// take waits for a message and returns it with those that have come too.
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
		case <-d.link.changed: // it may be of a change before this delivery
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

// late returns why messages that were there have not come: they went elsewhere, or the server does not deliver them to anybody.
func (d *delivery) late(ctx context.Context) error {
	c, err := d.link.consumer(ctx)
	if err != nil {
		return err
	}
	info := c.CachedInfo()
	if info.Delivered.Consumer >= d.next || info.NumAckPending > 0 {
		return lost(errGap)
	}
	e := &withheldError{isPart: d.next > 1, what: text.Errorf(text.Unavailable, "服务器有 %d 条消息待送给用户 %s，却一条也不送出；请台账的运行人员"+lookZh, "the server has %d messages for the user %s and delivers none; whoever runs the ledger should "+lookEn, d.due, d.link.Durable)}
	if e.isPart {
		e.what = text.Errorf(text.Unavailable, "服务器应送给用户 %[2]s 的消息中有 %[1]d 条未送出；请台账的运行人员"+lookZh, "the server does not deliver %d of the messages for the user %s; whoever runs the ledger should "+lookEn, d.due, d.link.Durable)
	}
	return lost(e)
}

// What to do about messages that are not delivered.
const (
	lookZh = "查看 serve 的日志，处理办法见 docs/alerting.md（When the feed stops）"
	lookEn = "look at the log of serve, and at When the feed stops in docs/alerting.md"
)

// withheldError says that the server has messages that it does not deliver, as when the files of the stream are damaged.
type withheldError struct {
	what   *text.Error
	isPart bool // others were delivered; so it is too if messages were replaced by later ones meanwhile
}

func (e *withheldError) Error() string { return e.what.Error() }
func (e *withheldError) Unwrap() error { return e.what }

func (d *delivery) fetch(ctx context.Context) (err error) {
	ctx, d.cancel = context.WithTimeout(ctx, fetchWait)
	most := messagesMax
	if d.next == 1 { // no request is left if the first message shows that another place is to be read from
		most = 1
	}
	if d.batch, err = d.consumer.Fetch(most, jetstream.FetchContext(ctx), jetstream.FetchHeartbeat(heartbeat)); err != nil {
		d.cancel()
		d.batch = nil
		return lost(err)
	}
	return nil
}

// more returns a message and those behind it that have come already.
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
				return letters, nil // why is seen when there is nothing left to return
			}
			m = next
		default:
			return letters, nil
		}
	}
}

// errGap is what another reader of the same durable consumer causes, and a request for messages that was given up when it had
// just been made: the server (2.15.2) may then not see that nobody waits for the answer, and sends messages there for as long as
// the request lasts. So nothing is asked for until such a request has ended, fetchWait later.
var errGap = errors.New("consumer: messages were delivered elsewhere")

// errChanged is a connection that was lost, also if it is there again.
var errChanged = errors.New("consumer: the connection was lost")

// acknowledge acknowledges messages. The state says what was read, so an acknowledgement that is lost loses nothing.
func acknowledge(letters []letter) error {
	for _, l := range letters {
		if err := l.Ack(); err != nil {
			return lost(err)
		}
	}
	return nil
}

// acknowledgeNow returns when the server has taken note of it, and so of nothing after the consumer was set back.
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
