package access

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/ledger"
)

// AccountsConfig holds the parameters of Open.
type AccountsConfig struct {
	Store events.Store // where the accounts are kept, and nothing else; the caller closes it after the Access
	// its writes are shown in the access log, and it has the centers; nil for a ledger that has not begun
	Ledger *ledger.Ledger
	Now    func() time.Time
	Log    *zap.Logger // nil for none

	// a session ends after this time without a request: IdleMin to IdleMax; 0 for IdleDefault
	SessionIdle  time.Duration
	PasswordDays int  // a password expires after this many days; 0 for never
	Demo         bool // the ledger is a demo: no second factor is required, and no password need be changed
}

// Access keeps the accounts of a ledger. Its methods may be called from several goroutines.
type Access struct {
	AccountsConfig
	acting  sync.Mutex // held from judging an act until it is applied: one act at a time
	stopped error      // the error that ended all appends; nil while the log can be written; guarded by acting
	unsent  *batch     // the batch that the last flush could not append; guarded by acting

	hasher    *hasher
	throttle  *throttle
	gathered  gatherer
	unwritten atomic.Pointer[failure] // the error of the last flush; nil if it succeeded
	stop      context.CancelFunc      // ends the goroutine that flushes
	flusher   sync.WaitGroup

	mu    sync.RWMutex // guards the fields below
	state *state
	acted chan struct{} // closed and replaced after each act
}

// errStopped is returned after an append whose outcome is unknown.
var errStopped = text.Errorf(text.Stopped, "访问日志的一次写入结果不明，不再接受账号操作；请重新打开",
	"the outcome of a write to the access log is unknown, and no act on accounts is done until it is opened again")

// Open reads the whole log of accounts. If it is empty, Open begins its first epoch.
func Open(ctx context.Context, cfg AccountsConfig) (*Access, error) {
	if cfg.Log == nil {
		cfg.Log = zap.NewNop()
	}
	if cfg.SessionIdle == 0 {
		cfg.SessionIdle = IdleDefault
	}
	if cfg.SessionIdle < IdleMin || cfg.SessionIdle > IdleMax || cfg.PasswordDays < 0 {
		return nil, fmt.Errorf("access: open: an idle time of %v or %d days of a password are out of range",
			cfg.SessionIdle, cfg.PasswordDays)
	}
	a := &Access{AccountsConfig: cfg, state: newState(), acted: make(chan struct{}), hasher: newHasher(),
		throttle: newThrottle()}
	if err := a.catchUp(ctx); err != nil {
		return nil, err
	}
	if a.state.epoch.IsZero() {
		if err := a.begin(ctx, epochMade, Principal{Source: "local"}); err != nil {
			return nil, err
		}
	}
	running, stop := context.WithCancel(context.Background())
	a.stop = stop
	a.flusher.Go(func() { a.keepFlushing(running) })
	return a, nil
}

// Close writes the buffered notes and returns when no write is under way. The store stays open.
func (a *Access) Close() error {
	a.stop()
	a.flusher.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), flushTimeout)
	defer cancel()
	return a.flushAll(ctx)
}

// catchUp applies the events of the store that the state does not have yet.
func (a *Access) catchUp(ctx context.Context) error {
	for e, err := range a.Store.ReadAll(ctx, a.state.position) {
		if err != nil {
			return fmt.Errorf("access: read the log: %w", err)
		}
		if err := a.apply(&e); err != nil {
			return err
		}
	}
	return nil
}

func (a *Access) apply(e *events.Stored) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if e.Kind != accessNoted && e.Kind != sessionBegun && e.Kind != factorShown {
		// these kinds take no right from anybody
		close(a.acted)
		a.acted = make(chan struct{})
	}
	return a.state.apply(e)
}

// attemptsMax is how often an act is judged again because another process wrote meanwhile.
const attemptsMax = 5

// actMax is how long the append of an act may take. Stores give up earlier.
const actMax = 5 * time.Minute

// act calls judge with the state, appends the facts that judge returns, and applies them. They are durable on
// return. judge must not keep the state. If ctx ends before the append begins, nothing is appended. Once the
// append has begun, act waits for its outcome: otherwise a browser that goes away would leave an append with an
// unknown outcome, and nobody could sign in any more.
func (a *Access) act(ctx context.Context, stream events.StreamID, judge func(*state) ([]fact, error)) error {
	return a.actThen(ctx, stream, judge, func(*state) {})
}

// actThen does the same as act. Before any other act it calls then, which changes what only this process keeps in
// memory.
func (a *Access) actThen(ctx context.Context, stream events.StreamID, judge func(*state) ([]fact, error),
	then func(*state)) error {
	a.acting.Lock()
	defer a.acting.Unlock()
	for range attemptsMax {
		if a.stopped != nil {
			return a.stopped
		}
		facts, err := judge(a.state) // the state changes only in acts, and no other act is under way
		if err != nil || len(facts) == 0 {
			return err
		}
		batch, err := proposed(facts)
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		appending, cancel := context.WithTimeout(context.WithoutCancel(ctx), actMax)
		err = a.append(appending, stream, a.state.revisions[stream], batch)
		cancel()
		if errors.Is(err, events.ErrUnknown) {
			a.stopped = errStopped
		}
		if err == nil {
			a.mu.Lock()
			defer a.mu.Unlock()
			then(a.state)
			return nil
		}
		var moved *events.ConflictError
		if !errors.As(err, &moved) {
			return err
		}
		if err := a.catchUp(ctx); err != nil {
			return err
		}
	}
	return text.Errorf(text.Unavailable, "另有程序正在写账号，请稍后再试",
		"another program is writing to the accounts; try again later")
}

// append appends a batch and applies it. A batch that is applied already is not applied again. Nor is a batch of notes
// that was stored before a later act, although its append had failed: of it only the revision of the stream is taken.
// The caller holds acting.
func (a *Access) append(ctx context.Context, stream events.StreamID, expected uint64, batch []events.Proposed) error {
	places, err := a.Store.Append(ctx, stream, expected, batch)
	if err != nil {
		return fmt.Errorf("access: append to %s: %w", stream, err)
	}
	for i, p := range batch {
		if places[i].Position <= a.state.position {
			a.state.revisions[stream] = max(a.state.revisions[stream], places[i].Revision)
			continue
		}
		if err := a.apply(&events.Stored{Place: places[i], Stream: stream, ID: p.ID, Kind: p.Kind,
			Body: []byte(p.Body.String())}); err != nil {
			a.stopped = errStopped
			return err
		}
	}
	return nil
}

// Restored begins an epoch after the log was restored from a backup. Every token made before becomes void,
// sessions end, no password works, and second factors and known browsers are forgotten. Whatever names the epoch
// before, such as a cursor, is no longer valid.
func (a *Access) Restored(ctx context.Context, p Principal) error {
	return a.begin(ctx, epochRestored, p)
}

func (a *Access) begin(ctx context.Context, why string, p Principal) error {
	return a.act(ctx, logStream, func(*state) ([]fact, error) {
		return []fact{{epochBegun, begun{why, whoActs{p.Account, p.Source}}}}, nil
	})
}

// Epoch returns the instant at which the newest epoch began, RFC 3339 with microseconds. It identifies this log: a
// log that was restored has another epoch.
func (a *Access) Epoch() string {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.state.epoch.UTC().Format("2006-01-02T15:04:05.000000Z07:00")
}

// errUnauthenticated is returned for every token that is not good. It is the same for all reasons, so that a
// stranger cannot find out which tokens exist.
var errUnauthenticated = text.Errorf(text.Unauthenticated, "没有有效的令牌", "no valid token was shown")

// Authenticate returns the principal of a token. source is the address of the request, asked the operation. For a
// token that is not good it returns text.Unauthenticated, always with the same words; the reason is in the access
// log alone.
func (a *Access) Authenticate(shown, source, asked string) (Principal, error) {
	p, why := a.find(shown, source)
	if why == "" {
		return p, nil
	}
	if p.TokenID != "" {
		asked = p.TokenID + " " + asked
	}
	a.noteAsked(LogDenied, &p, verbToken, asked, "", why)
	return Principal{}, errUnauthenticated
}

// find returns the principal of a token, or the reason why there is none. For a token that is known but not good,
// p has its account and id.
func (a *Access) find(shown, source string) (p Principal, why string) {
	p.Source = clean(source)
	if shown == "" {
		return p, "no token"
	}
	hash, ok := hashToken(shown)
	if !ok {
		return p, "malformed"
	}
	a.mu.RLock()
	defer a.mu.RUnlock()
	t := a.state.byHash[hash]
	switch {
	case t == nil:
		return p, "unknown"
	case t.isGood(a.Now()):
		return t.principal(p.Source), ""
	case t.account.isDisabled:
		why = "disabled"
	default:
		why = t.stateOf(a.Now())
	}
	p.Account, p.TokenID = t.account.name, t.id.String()
	return p, why
}

// stands reports whether what the principal was authenticated by is still good, and his account unchanged.
func (a *Access) stands(p *Principal) bool {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.state.standsFor(p, a.Now())
}

// recheckEvery is how often long work checks whether a token has expired. An act on the account ends the work at
// once.
const recheckEvery = time.Minute

// whileValid runs do. If the principal loses what he was authenticated by, ctx ends for do and the error is
// text.Unauthenticated.
func (a *Access) whileValid(ctx context.Context, p *Principal, do func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var watch sync.WaitGroup
	watch.Go(func() {
		tick := time.NewTicker(recheckEvery)
		defer tick.Stop()
		for {
			a.mu.RLock()
			acted := a.acted
			a.mu.RUnlock()
			if !a.stands(p) {
				cancel(errUnauthenticated)
				return
			}
			select {
			case <-acted:
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	})
	err := do(ctx)
	ended := context.Cause(ctx)
	cancel(nil)
	watch.Wait()
	if err != nil && ended == errUnauthenticated {
		return ended
	}
	return err
}
