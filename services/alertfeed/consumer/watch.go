package consumer

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/alertfeed"
)

// Follower reads the alerts of a user and calls Do for each change.
type Follower struct {
	FeedConnection
	State     string            // the path of its state; a file of the same name and .lock beside it is locked
	FromStart bool              // forget the state, act on all open alerts, and continue
	Only      access.NATSFilter // the alerts to act on; others are only remembered; checked before

	// Do acts on an event. If it returns an error, the Follower ends, and its next start acts on the same alert
	// again. An act is repeated only if Do failed, or if this process ended between the beginning of Do and the
	// write of the state.
	Do func(ctx context.Context, e *Event) error
}

// These are the times between attempts to continue.
const (
	retryFirst = 100 * time.Millisecond
	retryMost  = 5 * time.Second
)

// reader is a running Follower.
type reader struct {
	*Follower
	link    *link
	state   *state
	reading *alertfeed.Reading
	noted   string // the last problem that Note was called with
	saved   bool   // the state was rewritten since the start
}

// Run acts on changes until ctx ends, and then returns nil. It waits whenever the server or the connection is
// lost. It returns an error if the server rejects the key, if Do fails, or if the state cannot be written.
func (w *Follower) Run(ctx context.Context) error {
	if _, err := w.options(); err != nil { // checked before a file is made
		return err
	}
	locked, err := lock(w.State)
	if err != nil {
		return err
	}
	defer locked.Close()
	s, cut, err := openState(w.State, w.Durable, w.FromStart)
	if err != nil {
		return err
	}
	defer s.close() // its error does not matter: sync decides what is durable
	if cut > 0 {
		w.Note(text.Say("状态文件 %s 末尾 %d 字节未写完，已截去；最后几条可能重复", "the last %[2]d bytes of the "+
			"state %[1]s were not finished and were cut off; the last acts may be repeated", w.State, cut))
	}
	err = w.run(ctx, s)
	var away *lostError
	if ctx.Err() != nil && (errors.Is(err, ctx.Err()) || errors.As(err, &away)) {
		return nil
	}
	return err
}

func (w *Follower) run(ctx context.Context, s *state) error {
	l, err := w.dial(ctx)
	if err != nil {
		return err
	}
	defer l.close()
	if _, err := l.await(ctx); err != nil {
		return err
	}
	r := &reader{Follower: w, link: l, state: s}
	for wait := retryFirst; ; wait = min(2*wait, retryMost) {
		began := time.Now()
		err := r.session(ctx)
		var away *lostError
		if ctx.Err() != nil || !errors.As(err, &away) {
			return err
		}
		if wrong := l.wrong(); wrong != nil {
			return wrong
		}
		if time.Since(began) > retryMost {
			wait = retryFirst
		}
		r.trouble(err)
		if errors.Is(err, errGap) {
			wait = fetchWait
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// trouble calls Note once with the reason why no messages come.
func (r *reader) trouble(err error) {
	about := why(err)
	what, key := text.Text{Zh: "推送中断，自动重连：" + about.Zh, En: "the feed is interrupted, trying again: " +
		about.En}, ""
	var held *withheldError
	switch {
	case errors.As(err, &held):
		key = "withheld" // the number of messages in the text changes
	case errors.Is(err, errChanged):
		what = text.Say("与 NATS 服务器的连接中断，自动重连",
			"the connection to the NATS server was lost, trying again")
	case errors.Is(err, errGap):
		what = text.Say("有消息未送到这里，重新读取；如反复出现，请查明是否另有程序以用户 %s 读取",
			"messages went elsewhere, reading them again; if this goes on, look for another program that reads as "+
				"the user %s", r.Durable)
	case errors.Is(err, jetstream.ErrConsumerNotFound), errors.Is(err, jetstream.ErrConsumerDeleted):
		what = text.Say("用户 %s 的消费者已不在，等待台账重新建立",
			"the consumer of the user %s is gone; waiting until the ledger makes it again", r.Durable)
	}
	if key = cmp.Or(key, what.En); key != r.noted {
		r.noted = key
		r.Note(what)
	}
}

// session reads messages until the connection or a message is lost.
func (r *reader) session(ctx context.Context) error {
	for !r.link.nc.IsConnected() { // a request sent meanwhile could be lost
		if err := r.link.wrong(); err != nil {
			return err
		}
		if err := sleep(ctx, retryFirst); err != nil {
			return err
		}
	}
	c, _, err := r.link.quiet(ctx)
	if err != nil {
		return err
	}
	filters := filtersOf(c.CachedInfo())
	d, err := r.resume(ctx, c, filters)
	if err == nil && d == nil {
		d, err = r.catchUp(ctx, c, filters)
	}
	if d != nil {
		defer d.end()
	}
	if err == nil && r.noted != "" {
		r.noted = ""
		r.Note(text.Say("推送已恢复", "the feed goes on"))
	}
	for err == nil {
		err = r.live(ctx, d)
	}
	return err
}

func filtersOf(info *jetstream.ConsumerInfo) []string {
	list := slices.Clone(info.Config.FilterSubjects)
	if one := info.Config.FilterSubject; one != "" {
		list = append(list, one)
	}
	slices.Sort(list)
	return list
}

// resume continues after the place of the state. It returns nil if the whole stream must be read: the state has no
// place, its filters are others, or the stream has no such message at the place.
func (r *reader) resume(ctx context.Context, c jetstream.Consumer, filters []string) (*delivery, error) {
	to := r.state.place
	if to == nil || !slices.Equal(filters, r.state.filters) {
		return nil, nil
	}
	d, err := r.link.begin(ctx, c, to.Sequence)
	if err != nil || d.due == 0 {
		return nil, err
	}
	letters, err := d.take(ctx)
	if err == nil && letters[0].sequence == to.Sequence && letters[0].stored.Equal(to.Time) {
		if r.reading = r.state.reading(); !r.saved {
			if err := r.state.rewrite(); err != nil {
				return d, err
			}
			r.saved = true
		}
		return d, r.read(ctx, letters)
	}
	d.end()
	return nil, err
}

// live reads the next messages.
func (r *reader) live(ctx context.Context, d *delivery) error {
	letters, err := d.take(ctx)
	if err != nil {
		return err
	}
	return r.read(ctx, letters)
}

// read acts on messages, makes the state durable and acknowledges them.
func (r *reader) read(ctx context.Context, letters []letter) error {
	for _, l := range letters {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := r.readOne(ctx, l); err != nil {
			return err
		}
	}
	if err := r.state.sync(); err != nil {
		return err
	}
	return acknowledge(letters)
}

func (r *reader) readOne(ctx context.Context, l letter) error {
	m, err := decode(l)
	if err != nil || m == nil {
		return err
	}
	if !m.At().Precedes(r.reading.Head()) { // a message that precedes it may be of a ledger that published here before
		if err := cmp.Or(r.state.accept(m.Source), r.state.from(m.Source)); err != nil {
			return err
		}
	}
	before, _ := r.reading.Last(m.Subject)
	acts := r.reading.Take(m)
	for _, a := range acts {
		e, err := newEvent(a, l.Data())
		if err != nil {
			return err
		}
		if err := r.act(ctx, e); err != nil {
			return err
		}
		if m.Head == nil {
			break // kept below, with its place
		}
		if err := r.keep(a.Subject, nil); err != nil {
			return err
		}
	}
	if m.Head != nil {
		return r.state.begun(r.reading.Head())
	}
	if now, _ := r.reading.Last(m.Subject); now != before {
		return r.keep(m.Subject, &place{l.sequence, l.stored})
	}
	return nil
}

// decode reads a message. It returns nil for a checkpoint, which a consumer of alerts passes over.
func decode(l letter) (*alertfeed.Message, error) {
	if l.Subject() == alertfeed.CheckpointSubject {
		return nil, nil
	}
	m, err := alertfeed.Decode(l.Subject(), l.Data())
	if err != nil {
		return nil, text.Errorf(text.Internal, "第 %d 条消息（%s）无法识别，可能来自更新的版本；请升级本程序",
			"message %d (%s) cannot be read; it may be of a later version: update this program", l.sequence,
			text.Printable(l.Subject()))
	}
	return m, nil
}

func (r *reader) act(ctx context.Context, e *Event) error {
	if !takes(&r.Only, &e.Act) {
		return nil
	}
	if err := r.state.acting(e.Subject); err != nil {
		return err
	}
	return r.Do(ctx, e)
}

// keep stores in the state what the reading has of a subject.
func (r *reader) keep(subject string, to *place) error {
	now, _ := r.reading.Last(subject)
	return r.state.keep(subject, now, to)
}
