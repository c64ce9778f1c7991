package consumer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"syscall"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/alertfeed"
)

// Board holds the open alerts that a user may read, in the order of the list of alerts.
type Board struct {
	At     alertfeed.At // the At of the head as of which the alerts are right
	Alerts []projections.Alert
}

// ReadBoard reads the open alerts from the stream. It uses the durable consumer of a user, without a state of its
// own, and then sets the consumer back to its place. The code of the error is text.Conflict if a Follower reads as
// the same user: it has locked the state at this path, or it is waiting at the server.
func ReadBoard(ctx context.Context, where FeedConnection, state string) (b *Board, err error) {
	if _, err := where.options(); err != nil { // checked before a file is made
		return nil, err
	}
	locked, err := lock(state)
	switch {
	case err == nil:
		defer locked.Close()
	case text.CodeOf(err) == text.Conflict:
		return nil, where.taken()
	// where no lock can be made, no Follower has one
	case !errors.Is(err, fs.ErrPermission) && !errors.Is(err, syscall.EROFS):
		return nil, err
	}
	if b, err = where.readBoard(ctx); err != nil && ctx.Err() == nil && text.CodeOf(err) == text.Internal {
		var away *lostError
		if errors.As(err, &away) {
			about := why(err)
			return nil, &text.Error{Code: text.Unavailable, Cause: err, What: text.Text{
				Zh: fmt.Sprintf("从 NATS 服务器 %s 读取预警中断：%s；请稍后再试", where.URL, about.Zh),
				En: fmt.Sprintf("reading the alerts from the NATS server %s was interrupted: %s; try again later",
					where.URL, about.En)}}
		}
	}
	return b, err
}

func (c FeedConnection) readBoard(ctx context.Context) (b *Board, err error) {
	l, err := c.dial(ctx)
	if err != nil {
		return nil, err
	}
	defer l.close()
	if _, err := l.await(ctx); err != nil {
		return nil, err
	}
	durable, isFree, err := l.quiet(ctx)
	if err != nil {
		return nil, err
	}
	if !isFree {
		return nil, c.taken()
	}
	floor := durable.CachedInfo().AckFloor.Stream
	b, err = l.boardAgain(ctx, durable)
	if back := l.putBack(context.WithoutCancel(ctx), floor+1); err == nil {
		err = back
	}
	if errors.Is(err, errGap) {
		return nil, c.taken()
	}
	return b, err
}

// errNoSet is returned if the stream has no complete head yet.
var errNoSet = text.Errorf(text.Unavailable, "NATS 上还没有完整的一组预警；请确认台账服务在运行，稍后再试",
	"there is no whole set of alerts at NATS yet; check that the ledger is being served, and try again later")

// boardAgain reads the board, and reads it again if messages did not come. An earlier request that was given up
// may receive messages until it ends, fetchWait later. If messages are still missing then, another program reads
// as the same user. A consumer that was just set back may report no messages, so an empty answer is checked once
// more.
func (l *link) boardAgain(ctx context.Context, c jetstream.Consumer) (b *Board, err error) {
	for again, deadline := false, time.Now().Add(fetchWait+time.Second); ; again = true {
		b, err = l.board(ctx, c)
		var held *withheldError
		switch {
		case again && time.Now().After(deadline), again && errors.Is(err, errNoSet):
			return b, err
		case !errors.Is(err, errGap) && !errors.Is(err, errNoSet) && !(errors.As(err, &held) && held.isPart):
			return b, err
		}
		if err := sleep(ctx, retryEvery); err != nil {
			return nil, err
		}
		isFree := false
		if c, isFree, err = l.quiet(ctx); err != nil {
			return nil, err
		}
		if !isFree {
			return nil, lost(errGap)
		}
	}
}

// putBack sets the durable consumer back when no delivery is under way.
func (l *link) putBack(ctx context.Context, sequence uint64) error {
	if _, _, err := l.quiet(ctx); err != nil {
		return err
	}
	_, err := l.reset(ctx, sequence)
	return err
}

func (c FeedConnection) taken() error {
	return text.Errorf(text.Conflict,
		"另有程序正以用户 %s 读取，现在列出会打断它；请另加一个用户专供 taizhang alerts board 使用",
		"another program is reading as the user %s, and this would disturb it; add a user of its own for alerts board",
		c.Durable)
}

// board reads the stream up to the last complete head, which confirms that all subjects are right. If messages
// follow it, board waits a short time for the next head.
func (l *link) board(ctx context.Context, c jetstream.Consumer) (*Board, error) {
	d, err := l.begin(ctx, c, 1)
	if err != nil {
		return nil, err
	}
	defer d.end()
	reading := alertfeed.NewReading(nil, alertfeed.At{})
	var head *alertfeed.Head
	var later []*alertfeed.Message // messages after that head
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	var patience *time.Timer
	for d.due > 0 || len(later) > 0 {
		if d.due == 0 && patience == nil {
			patience = time.AfterFunc(l.Patience, cancel)
			defer patience.Stop()
		}
		letters, err := d.take(waiting)
		if waiting.Err() != nil && ctx.Err() == nil {
			break
		}
		if err != nil {
			return nil, err
		}
		for _, one := range letters {
			m, err := decode(one)
			if err != nil {
				return nil, err
			}
			if m == nil {
				continue
			}
			later = append(later, m)
			if m.Head != nil && m.Head.Phase == alertfeed.End {
				for _, m := range later {
					reading.Take(m)
				}
				head, later = m.Head, nil
			}
		}
		if err := l.acknowledgeNow(ctx, letters); err != nil {
			return nil, err
		}
	}
	if head == nil {
		return nil, errNoSet
	}
	return newBoard(head, reading), nil
}

func newBoard(head *alertfeed.Head, reading *alertfeed.Reading) *Board {
	b := &Board{At: head.At}
	for subject, k := range reading.Kept() {
		if n, ok := alertfeed.ParseSubject(subject); ok && k.State.Kind == alertfeed.Raised {
			b.Alerts = append(b.Alerts,
				projections.Alert{Center: n.Center,
					Alert: aggregates.Alert{Code: n.Code, Key: n.Key, Severity: n.Severity, RaisedOn: n.RaisedOn}})
		}
	}
	slices.SortFunc(b.Alerts, func(x, y projections.Alert) int {
		return cmp.Or(cmp.Compare(x.Center, y.Center), aggregates.CompareAlerts(x.Alert, y.Alert))
	})
	return b
}
