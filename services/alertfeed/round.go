package alertfeed

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/difference"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
)

// draft is an alert to publish. What it knows is added when the position is known.
type draft struct {
	subject string
	alert   *Alert
}

// drafts are those of each center.
type drafts map[events.CenterID][]draft

// standing is the alerts of each center, in the order of aggregates.CompareAlerts.
type standing map[events.CenterID][]aggregates.Alert

// step makes a round, or a new generation, or nothing, as judge says. settled is false if there is more to do now.
func (s *session) step(ctx context.Context) (settled bool, err error) {
	v, err := s.judge(ctx, s.own(s.cfg.Desk.Position(), s.today()))
	if err != nil {
		return false, err
	}
	s.say(v.state, v.reason)
	defer s.show()
	if s.source == NoLedger {
		if err := s.readSource(ctx); err != nil {
			return false, err
		}
	}
	switch v.state {
	case StatePublishing:
		return s.round(ctx)
	case StateRestating:
		if err := s.restate(ctx); err != nil {
			return false, err
		}
		s.say(StatePublishing, text.Text{})
		return false, nil
	}
	s.looked = restMost
	return true, nil // the ledger, the stream or a check will wake it
}

// round publishes what differs between the stream and the ledger. settled is false if a subject has to be decided again.
func (s *session) round(ctx context.Context) (settled bool, err error) {
	isFirst := s.watch == nil
	if isFirst {
		s.watch = s.cfg.Desk.Ledger.Register().Watch()
	}
	if generation := s.picture.head.At.Generation; generation != s.saidOf {
		s.said, s.saidOf = standing{}, generation
	}
	for center := range s.doubtful {
		s.watch.Forget(center)
		delete(s.said, center)
	}
	found, seen := drafts{}, standing{}
	on, began := s.today(), time.Now()
	position, err := s.watch.Look(ctx, on, func(c *projections.Seen) {
		said, ok := s.said[c.Center]
		if ok {
			found[c.Center] = s.compareWith(c, said)
		} else {
			found[c.Center] = s.compare(c, s.saidOf)
		}
		seen[c.Center] = c.Alerts
	})
	if err != nil {
		return false, err
	}
	s.looked = time.Since(began)
	s.compareUnknown(found, seen, isFirst)
	s.doubtful = map[events.CenterID]bool{}
	at := s.own(position, on)
	all := s.messages(found, at)
	messages := slices.DeleteFunc(slices.Clone(all), func(m *Message) bool { return !at.Later(s.picture.words[m.Subject].at) })
	if len(messages) > 0 {
		s.due = nil // it would not be of all that is said now
	}
	if err := s.publish(ctx, messages); err != nil {
		return false, err
	}
	maps.Copy(s.said, seen) // except what is doubtful now, which the next round forgets
	isAgain := len(s.doubtful) > 0
	if len(messages) < len(all) { // who wrote it knew as much and said something else, which no publisher does
		for _, m := range all {
			s.doubtful[m.Alert.Center] = true // until the ledger moves
		}
	}
	switch {
	case isAgain:
		return false, nil
	case len(s.doubtful) > 0:
		s.cfg.Log.Error("the stream differs from the ledger, and was written at the same position", zap.Uint64("position", position))
		return true, nil
	}
	if s.picture.head.At != at {
		s.due = &at
	}
	return true, nil
}

// compareUnknown adds drafts for the subjects of centers that the ledger does not have: of all of them, or of the doubtful ones.
func (s *session) compareUnknown(found drafts, seen standing, all bool) {
	withdraw := func(center events.CenterID) {
		if _, ok := seen[center]; !ok {
			found[center] = s.withdrawals(center, map[string]bool{})
		}
	}
	if all {
		for token := range s.picture.byCenter {
			withdraw(centerOfToken(token))
		}
	}
	for center := range s.doubtful {
		withdraw(center)
	}
}

// compare returns what differs between the stream and the ledger for one center. An alert that is of an earlier generation differs
// too: no consumer heeds it.
func (s *session) compare(c *projections.Seen, generation uint64) (list []draft) {
	stands := make(map[string]bool, len(c.Alerts))
	var differ []aggregates.Alert
	for _, a := range c.Alerts {
		subject := nameOf(c.Center, a).Subject()
		stands[subject] = true
		if w := s.picture.words[subject]; w.state != stateOf(a) || w.at.Generation < generation {
			differ = append(differ, a)
		}
	}
	list = described(c, differ)
	for _, d := range s.withdrawals(c.Center, stands) {
		d.alert.LocalGov, d.alert.IndustryDept = c.Responsible()
		list = append(list, d)
	}
	return list
}

// withdrawals returns drafts for the subjects of a center that the ledger does not raise.
func (s *session) withdrawals(center events.CenterID, stands map[string]bool) (list []draft) {
	for subject := range s.picture.of(center) {
		if stands[subject] || s.picture.words[subject].state.Kind == Withdrawn {
			continue
		}
		if name, ok := ParseSubject(subject); ok {
			list = append(list, draft{subject, withdrawn(name)})
		}
	}
	return list
}

// compareWith is compare for a center of which the stream says what said is.
func (s *session) compareWith(c *projections.Seen, said []aggregates.Alert) (list []draft) {
	var differ []aggregates.Alert
	gone := func(a aggregates.Alert) {
		n := nameOf(c.Center, a)
		d := draft{n.Subject(), withdrawn(n)}
		d.alert.LocalGov, d.alert.IndustryDept = c.Responsible()
		list = append(list, d)
	}
	for _, a := range c.Alerts {
		for len(said) > 0 && before(said[0], a) {
			gone(said[0])
			said = said[1:]
		}
		switch same := len(said) > 0 && !before(a, said[0]); {
		case !same:
			differ = append(differ, a)
			continue
		case said[0].Severity != a.Severity: // another subject
			gone(said[0])
			differ = append(differ, a)
		case stateOf(said[0]) != stateOf(a):
			differ = append(differ, a)
		}
		said = said[1:]
	}
	for _, a := range said {
		gone(a)
	}
	return append(list, described(c, differ)...)
}

// before reports whether an alert comes before another one of another identity.
func before(a, b aggregates.Alert) bool {
	a.ClearedOn, b.ClearedOn = 0, 0
	return aggregates.CompareAlerts(a, b) < 0
}

// described returns drafts for alerts of a center.
func described(c *projections.Seen, alerts []aggregates.Alert) []draft {
	if len(alerts) == 0 {
		return nil
	}
	list := make([]draft, len(alerts))
	var explained []*aggregates.Explanation
	if len(alerts) > explainedAlone {
		all := explanations(c)
		for _, a := range alerts {
			explained = append(explained, all[difference.IdentityOf(a)])
		}
	} else {
		explained = c.ExplainEach(alerts)
	}
	localGov, industryDept := c.Responsible()
	for i, a := range alerts {
		m := describe(c.Center, a, explained[i])
		m.LocalGov, m.IndustryDept = localGov, industryDept
		list[i] = draft{nameOf(c.Center, a).Subject(), m}
	}
	return list
}

// explainedAlone is how many alerts of a center are explained one by one. To explain more of them, all are explained at once.
const explainedAlone = 16

func nameOf(center events.CenterID, a aggregates.Alert) Name {
	return Name{center, a.Severity, a.Code, a.Key, a.RaisedOn}
}

func explanations(c *projections.Seen) map[difference.Identity]*aggregates.Explanation {
	byName := map[difference.Identity]*aggregates.Explanation{}
	list := c.Explain()
	for i := range list {
		byName[difference.IdentityOf(list[i].Alert)] = &list[i]
	}
	return byName
}

// messages returns the drafts as messages, in the order of centers and subjects.
func (s *session) messages(found drafts, at At) (list []*Message) {
	for _, center := range slices.Sorted(maps.Keys(found)) {
		for _, d := range found[center] {
			d.alert.At = at
			list = append(list, &Message{Subject: d.subject, Alert: d.alert})
		}
	}
	return list
}

// publishWindow is how many messages are under way at once.
const publishWindow = 256

// sent is a message under way.
type sent struct {
	*Message
	ack jetstream.PubAckFuture
	err error // it was not sent
}

// publish publishes messages about alerts, each if nobody else wrote its subject meanwhile. Every subject whose outcome is not
// known for certain is read again and its center is doubtful then.
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
			s.cfg.Log.Debug("a message of the feed was not acknowledged", zap.String("subject", m.Subject), zap.Error(err))
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

// send sends a message under the expectation that the last sequence of its subject is still the one that is known.
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

// acknowledged waits until a message is acknowledged and returns its sequence. Any error is an unknown outcome.
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

// unansweredMax is how many publishes in a row may be left without any answer before the server in this process is restarted.
const unansweredMax = 2

// answered restarts the server in this process if it does not answer publishes any more: after its disk was full it never does.
func (s *session) answered(ctx context.Context, doubtful int) error {
	if doubtful == 0 || s.unanswered < unansweredMax {
		return nil
	}
	if s.cfg.Restart == nil {
		return text.Errorf(text.Unavailable, "NATS 服务器不应答发布：请检查其磁盘并重新启动它", "the NATS server does not answer publishes: look at its disk and restart it")
	}
	s.cfg.Log.Warn("the NATS server in this process does not answer publishes and is restarted")
	if err := s.restart(ctx); err != nil {
		return err
	}
	return fmt.Errorf("%w: the server was restarted", errAgain)
}

// restart restarts the server in this process. After an error none runs, and the next session tries again.
func (p *Publisher) restart(ctx context.Context) error {
	p.halted = true
	if err := p.cfg.Restart(ctx); err != nil {
		return err
	}
	p.halted = false
	return nil
}

// refused returns why the server refuses to store messages at all, or nil if an error may mean something else: that another
// publisher was first, or that there was no answer.
func refused(err error) error {
	var api *jetstream.APIError
	if !errors.As(err, &api) || api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence || api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant {
		return nil
	}
	return text.Errorf(text.Conflict, "NATS 服务器拒绝保存预警：%[1]s。请检查其存储限额", "the NATS server refuses to store alerts: %[1]s; look at its limits", api.Description)
}

// readAgain reads the last message of a subject, after a publish with an unknown outcome.
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

// mark remembers, before the first alert after a head is published, that there may be messages which no head follows.
func (s *session) mark() error {
	s.isComplete = false
	if s.memory.Open {
		return nil
	}
	s.memory.Open = true
	return s.remember()
}

// close remembers that a head follows all messages, once nothing was published for some time: a file that is written durably at
// each head would hold up the alerts after it, and those who write to the ledger on the same disk. Until then a start after a crash
// states everything again.
func (s *session) close(quiet time.Duration) error {
	if !s.isClosable() || time.Since(s.headed) < quiet {
		return nil
	}
	s.memory.Open = false
	return s.remember()
}

// isClosable reports whether no alert was published after the last head of this publisher, and this is not remembered yet.
func (s *session) isClosable() bool {
	return s.isComplete && !s.doubt && (s.memory.Open || s.memory.Head < s.ended)
}

// remember writes what is known of the stream.
func (s *session) remember() error {
	s.memory.Last, s.memory.Subjects, s.memory.Head = s.picture.last, s.picture.subjects(), s.picture.headSequence
	if s.picture.head != nil {
		s.memory.Generation = s.picture.head.At.Generation
	}
	s.memory.Open = s.memory.Open || s.doubt
	if err := s.memory.remember(s.cfg.Memory); err != nil {
		return err
	}
	s.known = true
	return nil
}

// writeHead writes the head that is due, after it has read everything up to its own last message: a message that was given up may
// have been stored later. again is true if something was read that another round has to compare.
func (s *session) writeHead(ctx context.Context) (again bool, err error) {
	if s.due == nil || time.Since(s.headed) < headEvery {
		return false, nil
	}
	if err := s.readUpTo(ctx, s.picture.last); err != nil {
		return false, err
	}
	if s.due == nil {
		return true, nil // something was learned
	}
	at, last := *s.due, s.picture.head
	s.due = nil
	if last == nil || !at.Later(last.At) || last.Phase == Begin {
		return false, nil // another publisher knows more, or is stating all alerts again
	}
	s.headed = time.Now()
	var nothingUnread []jetstream.PublishOpt // of several publishers one or the other always writes
	if !s.cfg.Shared {
		nothingUnread = append(nothingUnread, jetstream.WithExpectLastSequence(s.picture.last))
	}
	if err := s.sendHead(ctx, at, End, nothingUnread...); err != nil || s.picture.head == nil {
		return false, err
	}
	if s.picture.head.At != at {
		s.due = &at // if another publisher came first, it perhaps knows less
		return false, nil
	}
	s.isComplete, s.ended = true, s.picture.headSequence
	return false, nil
}

// sendHead publishes a head. Afterwards the picture has the last head that is in the stream, of whomever it is.
func (s *session) sendHead(ctx context.Context, at At, phase Phase, opts ...jetstream.PublishOpt) error {
	record, err := s.recordAt(ctx, at.Position)
	if err != nil {
		return err
	}
	if record == "" && at.Position != 0 {
		return errNoRecord
	}
	m := &Message{Subject: HeadSubject, Head: &Head{at, record, phase, s.picture.counts(), s.id}}
	ack, err := s.send(m, s.picture.headSequence, opts...)
	sequence, err := s.acknowledged(ctx, sent{m, ack, err})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		s.cfg.Log.Debug("a head of the feed was not acknowledged", zap.Error(err))
		if err := cmp.Or(refused(err), s.answered(ctx, 1)); err != nil {
			return err
		}
		defer s.show()
		return s.readAgain(ctx, HeadSubject)
	}
	s.picture.setHead(sequence, m.Head)
	s.seen = sequence
	s.counted(m)
	s.show()
	return nil
}

func (s *session) counted(m *Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Published.count(m)
}

// readSource reads how the ledger is named: by the id of its first record, which a restored ledger has too.
func (s *session) readSource(ctx context.Context) error {
	for e, err := range s.cfg.Desk.Ledger.ReadAll(ctx, 0) {
		if err == nil {
			s.source = "urn:uuid:" + e.ID.String()
		}
		return err
	}
	return nil
}
