package alertfeed

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/taizhang/taizhang/events/text"
)

// keptPerSubject is the number of messages that the stream keeps of a subject. A consumer that is further behind
// sees only the last ones.
const keptPerSubject = 16

// streamConfig returns the settings that the stream must have. Its size and age are not limited: a limit would
// delete the last message of some subject.
func streamConfig(replicas int) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:              StreamName,
		Description:       "Alerts of Taizhang: the last message of a subject says how an alert stands",
		Subjects:          []string{AllSubjects},
		Retention:         jetstream.LimitsPolicy,
		Storage:           jetstream.FileStorage,
		Replicas:          replicas,
		MaxMsgsPerSubject: keptPerSubject,
		MaxMsgs:           -1,
		MaxBytes:          -1,
		MaxConsumers:      -1,
		MaxMsgSize:        -1,
		// matters for no limit that is set; of a subject the oldest message is deleted
		Discard:     jetstream.DiscardNew,
		DenyDelete:  true,
		DenyPurge:   true,
		AllowDirect: false,
	}
}

// serverMinor is the minor version of the oldest server, 2.14, that can reset a consumer to its beginning.
const serverMajor, serverMinor = 2, 14

// checkServer returns an error for a server that is too old.
func checkServer(version string) error {
	var major, minor int
	if _, err := fmt.Sscanf(version, "%d.%d", &major, &minor); err != nil || major < serverMajor ||
		major == serverMajor && minor < serverMinor {
		return text.Errorf(text.Invalid, "NATS 服务器的版本是 %s，须为 %d.%d 或更新",
			"the NATS server is of version %s; %d.%d or later is needed", text.Printable(version), serverMajor,
			serverMinor)
	}
	return nil
}

// openStream returns the stream, and makes it if it does not exist. If the settings of an existing stream differ,
// it returns an error that lists them: the stream may belong to somebody else.
func openStream(ctx context.Context, js jetstream.JetStream, want jetstream.StreamConfig) (s jetstream.Stream,
	made bool, err error) {
	s, err = js.Stream(ctx, want.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		s, err = js.CreateStream(ctx, want)
		return s, err == nil, err
	}
	if err != nil {
		return nil, false, err
	}
	if differs := differing(s.CachedInfo().Config, want); len(differs) > 0 {
		return nil, false, text.Errorf(text.Conflict, "NATS 流 %s 的设置不符：%s",
			"the NATS stream %s is not set up as it must be: %s", want.Name, strings.Join(differs, ", "))
	}
	return s, false, nil
}

// differing lists the settings of a stream that matter and differ.
func differing(have, want jetstream.StreamConfig) (list []string) {
	check := func(name string, have, want any) {
		if have != want {
			list = append(list, fmt.Sprintf("%s = %v (≠ %v)", name, have, want))
		}
	}
	check("subjects", strings.Join(have.Subjects, " "), strings.Join(want.Subjects, " "))
	check("storage", have.Storage, want.Storage)
	check("retention", have.Retention, want.Retention)
	check("max_msgs_per_subject", have.MaxMsgsPerSubject, want.MaxMsgsPerSubject)
	check("max_msgs", have.MaxMsgs, want.MaxMsgs)
	check("max_bytes", have.MaxBytes, want.MaxBytes)
	check("max_age", have.MaxAge, want.MaxAge)
	check("discard", have.Discard, want.Discard)
	check("discard_new_per_subject", have.DiscardNewPerSubject, want.DiscardNewPerSubject)
	check("no_ack", have.NoAck, want.NoAck)
	check("max_msg_size", have.MaxMsgSize, want.MaxMsgSize)
	check("deny_purge", have.DenyPurge, want.DenyPurge)
	check("deny_delete", have.DenyDelete, want.DenyDelete)
	check("allow_msg_ttl", have.AllowMsgTTL, want.AllowMsgTTL)
	check("allow_rollup_hdrs", have.AllowRollup, want.AllowRollup)
	check("allow_atomic", have.AllowAtomicPublish, want.AllowAtomicPublish)
	check("sealed", have.Sealed, want.Sealed)
	check("mirror", have.Mirror != nil, false)
	check("sources", len(have.Sources), 0)
	check("subject_transform", have.SubjectTransform != nil, false)
	check("republish", have.RePublish != nil, false)
	return list
}
