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

// User is a program that reads the feed, with a durable consumer of its own that has its name.
type User struct {
	Name   string // as natsserver takes it
	Key    string // its public nkey
	Filter Filter
}

// The bounds of a consumer.
const (
	ackWait           = time.Minute
	maxAckPending     = 1000
	maxWaiting        = 16
	maxRequestBatch   = 1000
	maxRequestExpires = 5 * time.Minute
)

// durableConfig is the durable consumer of a user. It delivers without end: a bounded one never delivers the last word of a
// subject again.
func durableConfig(u User) jetstream.ConsumerConfig {
	return jetstream.ConsumerConfig{
		Durable:           u.Name,
		DeliverPolicy:     jetstream.DeliverAllPolicy, // a reset is refused on the last of each subject
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

// reconcile makes the durable consumers those of the users: it makes what is missing, makes anew what has another filter (the
// consumer begins again with the first message then), and deletes those of users that there are not any more. If the users are not
// all that there may be, it only makes what is missing.
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

// admit makes the consumers those of the users. Of a shared ledger another process may know more users, unless they were changed
// here just now: areAll says whether those that are known here are all.
func (s *session) admit(ctx context.Context, areAll bool) error {
	if s.cfg.Users == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, askWait)
	defer cancel()
	if err := reconcile(ctx, s.cfg.JetStream, s.cfg.Users(), areAll); err != nil {
		return err
	}
	if err := s.seeConsumers(ctx); err != nil { // they are made all the same, and check sees them again
		s.cfg.Log.Warn("how far the consumers are is not known", zap.Error(err))
	}
	return nil
}

// admitNow makes the consumers those of the users that were changed here just now. Those of another ledger are left alone.
func (s *session) admitNow(ctx context.Context) error {
	if s.isForeign() {
		return &text.Error{Code: text.Conflict, What: s.foreignWords()}
	}
	s.hasAdmitted = true
	return s.admit(ctx, true)
}

// seeConsumers notes how far the durable consumers have come.
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
