//go:build e2e

package main

import (
	"context"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/taizhang/taizhang/services/alertfeed"
	"github.com/taizhang/taizhang/services/api"
)

func TestAfterEachKillTheFeedIsRightAndNothingIsActedOnTwice(t *testing.T) {
	const kills, records = 6, 150
	dir := t.TempDir()
	l := newLoad(t, dir)
	l.onLine = true
	p := newProgram(t, "gov")
	a, _ := servedApp(dir)
	x, err := a.openServed(t.Context(), api.NewMetrics("test"))
	if err != nil {
		t.Fatal(err)
	}
	p.add(x)
	if err := x.close(); err != nil {
		t.Fatal(err)
	}
	address, err := alertfeed.FreeAddress(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	writing, stop := context.WithCancel(t.Context())
	var writers sync.WaitGroup
	defer writers.Wait()
	defer stop()
	var s *process
	catchUp := func() {
		var health api.Health
		if status, body := s.owner("/readyz"); json.Unmarshal([]byte(body), &health) != nil {
			t.Fatalf("got %d %s", status, body)
		}
		p.read(func(h alertfeed.Head) bool { return h.At.Position >= health.Position })
	}
	for i := range kills {
		s = startServe(t, dir, "--nats-listen", address)
		l.url.Store(&s.url)
		if i == 0 {
			p.connect("nats://" + address)
			for w := range 4 {
				writers.Go(func() { l.write(writing, w, true) })
			}
		}
		catchUp()
		before := l.ackedCount()
		eventually(t, "records are acknowledged", func() bool { return l.ackedCount() >= before+records })
		if code := s.end(syscall.SIGKILL); code != -1 {
			t.Fatalf("exit %d: %s", code, s.log)
		}
	}
	s = startServe(t, dir, "--nats-listen", address)
	l.url.Store(&s.url)
	stop()
	writers.Wait()
	catchUp()
	p.mustKnow(dir)
	slices.Sort(p.acts)
	if twice := len(p.acts) - len(slices.Compact(slices.Clone(p.acts))); twice != 0 || len(p.acts) < kills*records {
		t.Errorf("of %d acts %d are there twice", len(p.acts), twice)
	}
	if i := slices.IndexFunc(p.acts, func(act string) bool { return strings.HasPrefix(act, "withdrawn") }); i >= 0 {
		t.Errorf("%s was false", p.acts[i])
	}
	t.Logf("%d acts of %d messages", len(p.acts), len(p.messages))
	begun := time.Now()
	if code := s.end(syscall.SIGTERM); code != 0 {
		t.Errorf("exit %d: %s", code, s.log)
	}
	t.Logf("stopped within %v", time.Since(begun))
	l.check(dir)
}
