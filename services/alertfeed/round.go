package alertfeed

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/desk"
)

// step makes a round or a new generation, as judge decides. settled is false if there is more to do now.
func (s *session) step(ctx context.Context) (settled bool, err error) {
	if s.source == NoLedger {
		if err := s.readSource(ctx); err != nil {
			return false, err
		}
	}
	v, err := s.judge(ctx, s.own(s.cfg.Desk.Position(), s.today()))
	if err != nil {
		return false, err
	}
	s.isOther = v.isOther
	s.say(v.state, v.reason)
	defer s.show()
	if !s.hasAdmitted && !s.isForeign() {
		s.hasAdmitted = true
		if err := s.admit(ctx, !s.cfg.Shared); err != nil {
			// nobody waits for it; check retries
			s.cfg.Log.Error("a consumer of the alerts could not be made", zap.Error(err))
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
	return true, nil // a change of the ledger or stream, or the next check, starts the next step
}

// round publishes the differences between the stream and the ledger. settled is false if a subject must be
// compared again.
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
	if err := s.addVouchers(ctx, found); err != nil {
		return false, err
	}
	s.doubtful = map[events.CenterID]bool{}
	at := s.own(position, on)
	all := s.messages(found, at)
	messages := slices.DeleteFunc(slices.Clone(all),
		func(m *Message) bool { return !at.Later(s.picture.words[m.Subject].at) })
	if len(messages) > 0 {
		s.due = nil // the head would not include these messages
	}
	if err := s.publish(ctx, messages); err != nil {
		return false, err
	}
	maps.Copy(s.said, seen) // the next round corrects the doubtful ones
	isAgain := len(s.doubtful) > 0
	if len(messages) < len(all) { // another publisher wrote another state with the same At, which cannot happen
		for _, m := range all {
			s.doubtful[m.Alert.Center] = true // until the ledger changes
		}
	}
	switch {
	case isAgain:
		return false, nil
	case len(s.doubtful) > 0:
		s.cfg.Log.Error("the stream differs from the ledger, and was written at the same position",
			zap.Uint64("position", position))
		return true, nil
	}
	if s.picture.head.At != at {
		s.due = &at
	}
	return true, nil
}

// addVouchers adds to drafts about vouchers the figures that only the records of the vouchers have.
func (s *session) addVouchers(ctx context.Context, found drafts) error {
	for center, list := range found {
		for _, d := range list {
			if d.voucher == 0 {
				continue
			}
			for stored, err := range s.cfg.Desk.Ledger.ReadStream(ctx, center.Stream(), d.voucher-1) {
				if err != nil {
					return err
				}
				d.alert.Figures = append(d.alert.Figures, desk.VoucherFigures(&stored)...)
				break
			}
		}
	}
	return nil
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

// readSource reads the name of the ledger, which is made of the id of its first record and the time when it was
// recorded; a restored ledger has the same name. The id alone is not enough: nearly every ledger begins with the
// adoption of the same policy.
func (s *session) readSource(ctx context.Context) error {
	for e, err := range s.cfg.Desk.Ledger.ReadAll(ctx, 0) {
		if err == nil {
			s.source = "urn:uuid:" + uuid.NewSHA1(e.ID, []byte(e.RecordedAt.UTC().Format(epochLayout))).String()
		}
		return err
	}
	return nil
}
