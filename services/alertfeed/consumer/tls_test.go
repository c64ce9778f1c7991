package consumer_test

import (
	"context"
	"crypto/tls"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/taizhang/taizhang/services/alertfeed/consumer"
	"github.com/taizhang/taizhang/services/listen/listentest"
)

func TestAWatchOverTLSTrustsWhatItIsTold(t *testing.T) {
	t.Parallel()
	cert, dir := listentest.NewCertificate(t, "nats"), t.TempDir()
	ca := filepath.Join(dir, "ca.pem")
	cert.Write(t, ca, filepath.Join(dir, "key.pem"))
	f := newFeedWith(t, &tls.Config{Certificates: []tls.Certificate{cert.Certificate}})
	f.say("A", raised, at(1, 1))
	w := f.watch(func(w *consumer.Follower) { w.CA = ca })
	w.sees("raised A")
	f.read()
	w.finish("raised A")
	for _, trusts := range []string{"", f.nkey} {
		w := consumer.Follower{FeedConnection: f.connection(), State: f.nkey + ".state",
			Do: func(context.Context, *consumer.Event) error { return nil }}
		w.CA, w.Patience = trusts, 100*time.Millisecond
		if err := w.Run(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "tls-ca: ") {
			t.Errorf("trusting %q: %v", trusts, err)
		}
	}
}
