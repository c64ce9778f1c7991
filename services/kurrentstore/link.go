package kurrentstore

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// link is one client of the cluster, for as long as it is usable. When its connection breaks, the store gives the
// link up and makes another one: a client that searches for a node again never closes its old connection, and a
// client that stopped searching never answers again. A link is closed only when nobody uses it, or when all its calls
// hang: closing it during a call makes the call panic.
type link struct {
	client  *esdb.Client
	reads   context.Context // cancelled when the link is given up, which ends its reads
	endRead context.CancelFunc
	warm    chan struct{} // closed when the client has found a node, or failed to
	err     error         // why the search failed; set before warm is closed, like version
	version esdb.ServerVersion

	mu    sync.Mutex
	users int
	ended bool
	idle  chan struct{} // closed when the link is given up and nobody uses it
}

// current returns the link in use, or a new one.
func (s *Store) current() (*link, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.life.Err() != nil {
		return nil, events.ErrClosed
	}
	if s.link != nil {
		return s.link, nil
	}
	config := s.connection.config
	config.MaxDiscoverAttempts = max(config.MaxDiscoverAttempts, s.limits.discoverAttempts)
	l := &link{warm: make(chan struct{}), idle: make(chan struct{})}
	config.Logger = func(level esdb.LogLevel, format string, args ...any) {
		s.listen(level, format, args...)
		if slices.Contains(looksAgain, format) {
			s.giveUp(l)
		}
	}
	client, err := esdb.NewClient(&config)
	if err != nil {
		return nil, refuse("%v", "%v", err)
	}
	keepAlive()
	l.client = client
	l.reads, l.endRead = context.WithCancel(s.reads)
	wait := time.Until(s.nextLink)
	s.nextLink = time.Now().Add(max(wait, 0) + s.limits.rebuild)
	s.link = l
	s.links.Add(1)
	go s.warmUp(l, wait)
	return l, nil
}

// warmUp makes the client find a node, in one call. Other calls wait for this: calls during the search would hang,
// whatever their contexts say.
func (s *Store) warmUp(l *link, wait time.Duration) {
	defer close(l.warm)
	if l.err = sleep(s.life, wait); l.err != nil {
		return
	}
	l.err = guarded(func() error {
		v, err := l.client.GetServerVersion()
		if err == nil {
			l.version = *v
		}
		return err
	})
	// Before 22.6 reads of a stream do not return the positions of its events in $all.
	if v := l.version; l.err == nil && before(v, 22, 6) {
		l.err = &RefusedError{Why: text.Say("服务器版本 %d.%d 过旧，应为 22.6 或更新",
			"the server's version %d.%d is too old; it must be 22.6 or newer", v.Major, v.Minor)}
	}
	if l.err == nil {
		s.trouble.Store(nil)
		s.log.Info("connected", zap.Stringer("to", s.connection))
	}
}

// looksAgain holds the messages of a client that has lost its node and will look for one at the next call. That call
// and every other call would hang, and the old connection might stay open. So there must be no further call.
var looksAgain = []string{
	"starting a new discovery process",
	"exception when connecting to suggested node %s",
	"exception when fetching server features from suggested node %s: %v",
}

// listen receives the log messages of the client. Only they give the reason why it finds no node. A message about a
// timeout does not replace an earlier message, which is more useful.
func (s *Store) listen(level esdb.LogLevel, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if level == esdb.LogWarn && (s.trouble.Load() == nil || !strings.Contains(text, codes.DeadlineExceeded.String())) {
		s.trouble.Store(&text)
	}
	s.log.Debug("client: "+text, zap.String("level", level))
}

// use returns a link that has found a node. The caller must leave the link.
func (s *Store) use(ctx context.Context) (*link, error) {
	for {
		l, err := s.current()
		if err != nil {
			return nil, err
		}
		select {
		case <-l.warm:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if l.err != nil {
			s.giveUp(l)
			return nil, l.err
		}
		if l.enter() {
			return l, nil
		}
	}
}

func (l *link) enter() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return false
	}
	l.users++
	return true
}

// errGivenUp is the error that a link was given up before a call was sent.
var errGivenUp = errors.New("the connection was given up")

// usable returns an error if the client must not be called. It is called just before each call of the client: a call
// to a client that has lost its node makes it search for another one.
func (l *link) usable() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return errGivenUp
	}
	return nil
}

func (l *link) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.users--
	if l.ended && l.users == 0 {
		close(l.idle)
	}
}

// giveUp ends the use of the link and its reads, and closes its client when no call uses it. A call to a client that
// searches for a node hangs, for ever if it finds none. After limits.answer, the longest time of an append, the
// client is closed in spite of such calls, which makes them panic and so end.
func (s *Store) giveUp(l *link) {
	s.mu.Lock()
	if s.link == l {
		s.link = nil
	}
	s.mu.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return
	}
	l.ended = true
	l.endRead()
	if l.users == 0 {
		close(l.idle)
	}
	go func() {
		defer s.links.Done()
		<-l.warm
		timer := time.NewTimer(s.limits.answer)
		defer timer.Stop()
		select {
		case <-l.idle:
		case <-timer.C:
		}
		l.client.Close()
	}()
}

// call makes one call in its own goroutine. It waits at most until ctx ends or the limit on calls is reached, because
// the client sometimes ignores contexts. The number of goroutines that hang in the client is limited.
func call[T any](ctx context.Context, s *Store, f func(context.Context, *link) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, s.limits.call)
	defer cancel()
	var none T
	l, err := s.use(ctx)
	if err != nil {
		return none, err
	}
	select {
	case s.callSlots <- struct{}{}:
	case <-ctx.Done():
		l.leave()
		return none, ctx.Err()
	}
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		defer func() { <-s.callSlots; l.leave() }()
		var r result
		r.err = guarded(func() (err error) {
			if err = l.usable(); err == nil {
				r.value, err = f(ctx, l)
			}
			return err
		})
		done <- r
	}()
	select {
	case r := <-done:
		if r.err != nil && fateOf(r.err) == away {
			s.giveUp(l)
		}
		return r.value, r.err
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

// guarded turns a panic of the client into an error.
func guarded(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &strange{value: v}
		}
	}()
	return f()
}

// again is the state of a retry loop: pauses that double, with jitter, until the time is over.
type again struct {
	s     *Store
	until time.Time // when to stop; zero for never
	pause time.Duration
}

func (s *Store) patiently() *again { return &again{s: s, until: time.Now().Add(s.patience)} }

// wait pauses before the next attempt. It returns an error if there must be no further attempt: that of ctx, or an
// *UnreachableError.
func (a *again) wait(ctx context.Context, cause error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	a.pause = min(max(2*a.pause, a.s.limits.retryMin), a.s.limits.retryMax)
	pause := a.pause/2 + rand.N(a.pause/2+1)
	if !a.until.IsZero() && time.Now().Add(pause).After(a.until) {
		away := &UnreachableError{Err: cause}
		if text := a.s.trouble.Load(); text != nil {
			away.Why = *text
		}
		return away
	}
	a.s.log.Debug("trying again", zap.Duration("after", pause), zap.Error(cause))
	return sleep(ctx, pause)
}

// retry calls f until it gets a usable answer.
func (s *Store) retry(ctx context.Context, f func() error) error {
	for a := s.patiently(); ; {
		err := f()
		if err == nil {
			return nil
		}
		if errors.Is(err, events.ErrClosed) {
			return err
		}
		if fateOf(err) == impossible {
			return explain(err)
		}
		if err := a.wait(ctx, err); err != nil {
			return err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
