package consumer

import (
	"context"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

func TestWhatIsLostIsSaidInBothLanguages(t *testing.T) {
	for _, err := range []error{errChanged, context.Canceled, context.DeadlineExceeded, nats.ErrTimeout,
		nats.ErrNoResponders, jetstream.ErrNoHeartbeat, jetstream.ErrConsumerNotFound} {
		if got := why(lost(err)); strings.ContainsAny(got.Zh, "abcdefghijklmnopqrstuvwxyz") || got.En == "" ||
			strings.Contains(got.En, err.Error()) {
			t.Errorf("%v: %+v", err, got)
		}
	}
}
