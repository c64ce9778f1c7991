package natsserver

import (
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// The test sends many requests that the server refuses, for several seconds.
func TestAUserCannotFillTheLog(t *testing.T) {
	core, lines := observer.New(zap.WarnLevel)
	a := newReader(t, "a")
	s, err := Start(t.Context(),
		NATSConfig{Dir: t.TempDir(), Listen: "127.0.0.1:0", Users: usersOf(a), Log: zap.New(core)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	nc := a.connect(t, "nats://"+s.Addr(), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
	const sent = 2000
	began := time.Now().Truncate(time.Second)
	for range sent {
		err = errors.Join(err, nc.Publish(headSubject, nil))
	}
	if err = errors.Join(err, nc.Flush()); err != nil {
		t.Fatal(err)
	}
	seconds := int(time.Since(began)/time.Second) + 1
	if n := lines.Len(); n == 0 || n > seconds*(linesPerSecond+1) || n > sent/2 {
		t.Errorf("%d lines in %d seconds", n, seconds)
	}
}
