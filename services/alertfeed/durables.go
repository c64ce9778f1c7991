package alertfeed

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/taizhang/taizhang/events/text"
)

// User is a program that reads the feed. It has a durable consumer under its name.
type User struct {
	Name   string // in the form that natsserver accepts
	Key    string // its public nkey
	Filter Filter
}

// These limits bound a consumer.
const (
	ackWait           = time.Minute
	maxAckPending     = 1000
	maxWaiting        = 16
	maxRequestBatch   = 1000
	maxRequestExpires = 5 * time.Minute
)

// durableConfig returns the durable consumer of a user. The number of deliveries is not limited: with a limit, the
// last message of a subject could be lost.
func durableConfig(u User) jetstream.ConsumerConfig {
	return jetstream.ConsumerConfig{
		Durable: u.Name,
		// a consumer that starts at the last message of each subject cannot be reset
		DeliverPolicy:     jetstream.DeliverAllPolicy,
		AckPolicy:         jetstream.AckExplicitPolicy,
		AckWait:           ackWait,
		MaxDeliver:        -1,
		MaxAckPending:     maxAckPending,
		MaxWaiting:        maxWaiting,
		MaxRequestBatch:   maxRequestBatch,
		MaxRequestExpires: maxRequestExpires,
		FilterSubjects:    u.Filter.Subjects(),
	}
}

// reconcile makes the durable consumers match the users. It makes missing ones. It replaces one that has another
// filter, which then starts again at the first message. If areAll is set, it deletes the consumers of other users;
// without it, some users may not be known here.
func reconcile(ctx context.Context, js jetstream.JetStream, users []User, areAll bool) error {
	have := map[string]*jetstream.ConsumerInfo{}
	stream, err := js.Stream(ctx, StreamName)
	if err != nil {
		return err
	}
	list := stream.ListConsumers(ctx)
	for c := range list.Info() {
		if c.Config.Durable != "" {
			have[c.Name] = c
		}
	}
	if err := list.Err(); err != nil {
		return err
	}
	for _, u := range users {
		want := durableConfig(u)
		if c := have[u.Name]; c != nil {
			delete(have, u.Name)
			if !areAll || slices.Equal(sorted(c.Config.FilterSubjects), sorted(want.FilterSubjects)) {
				continue
			}
			if err := deleteDurable(ctx, stream, u.Name); err != nil {
				return err
			}
		}
		if _, err := stream.CreateConsumer(ctx, want); err != nil {
			return fmt.Errorf("alertfeed: make the consumer %s: %w", u.Name, err)
		}
	}
	if !areAll {
		return nil
	}
	for name := range have {
		if err := deleteDurable(ctx, stream, name); err != nil {
			return err
		}
	}
	return nil
}

func deleteDurable(ctx context.Context, s jetstream.Stream, name string) error {
	err := s.DeleteConsumer(ctx, name)
	if err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
		return fmt.Errorf("alertfeed: delete the consumer %s: %w", name, err)
	}
	return nil
}

func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}

// admit makes the consumers match the users. areAll says whether this process knows all users: in a shared ledger
// another process may know more, unless they were changed here just now.
func (s *session) admit(ctx context.Context, areAll bool) error {
	if s.cfg.Users == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, askWait)
	defer cancel()
	if err := reconcile(ctx, s.cfg.JetStream, s.cfg.Users(), areAll); err != nil {
		return err
	}
	if err := s.seeConsumers(ctx); err != nil { // the consumers are made all the same; check looks at them again
		s.cfg.Log.Warn("how far the consumers are is not known", zap.Error(err))
	}
	return nil
}

// admitNow makes the consumers match the users that were changed here just now. It leaves the consumers of another
// ledger alone.
func (s *session) admitNow(ctx context.Context) error {
	if s.isForeign() {
		return &text.Error{Code: text.Conflict, What: s.foreignWords()}
	}
	s.hasAdmitted = true
	return s.admit(ctx, true)
}

// seeConsumers notes how far each durable consumer has read.
func (s *session) seeConsumers(ctx context.Context) error {
	consumers := []Consumer{}
	list := s.stream.ListConsumers(ctx)
	for c := range list.Info() {
		if c.Config.Durable != "" {
			consumers = append(consumers, Consumer{c.Name, c.NumPending, c.NumAckPending})
		}
	}
	if err := list.Err(); err != nil && !errors.Is(err, jetstream.ErrEndOfData) {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Consumers = consumers
	return nil
}
