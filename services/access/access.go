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
	Store  events.Store   // of the accounts alone; the caller closes it after the Access
	Ledger *ledger.Ledger // whose writes the access log shows, and which has the centers; nil for one that has not begun
	Now    func() time.Time
	Log    *zap.Logger // nil for none

	SessionIdle  time.Duration // after so long without a request a session ends: IdleMin to IdleMax; 0 for IdleDefault
	PasswordDays int           // after so many days a password expires; 0 for never
	Demo         bool          // of a demo: nobody is asked for a second factor, and no password need be changed
}

// Access keeps the accounts of a ledger. It may be used by several goroutines.
type Access struct {
	AccountsConfig
	acting  sync.Mutex // held from judging an act until it is applied: one act at a time
	stopped error      // why nothing more is appended; guarded by acting
	unsent  *batch     // what the last flush could not append; guarded by acting

	hasher    *hasher
	throttle  *throttle
	gathered  gatherer
	unwritten atomic.Pointer[failure] // of the last flush
	stop      context.CancelFunc      // ends the flusher
	flusher   sync.WaitGroup

	mu    sync.RWMutex // guards the fields below
	state *state
	acted chan struct{} // closed and replaced after each act
}

// errStopped says that an append ended with an unknown outcome.
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
		return nil, fmt.Errorf("access: open: an idle time of %v or %d days of a password are out of range", cfg.SessionIdle, cfg.PasswordDays)
	}
	a := &Access{AccountsConfig: cfg, state: newState(), acted: make(chan struct{}), hasher: newHasher(), throttle: newThrottle()}
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

// Close writes what is gathered and returns when nothing is written any more. The store stays open.
func (a *Access) Close() error {
	a.stop()
	a.flusher.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), flushTimeout)
	defer cancel()
	return a.flushAll(ctx)
}

// catchUp applies what the store has and the state has not.
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
	if e.Kind != accessNoted && e.Kind != sessionBegun && e.Kind != factorShown { // these end nobody
		close(a.acted)
		a.acted = make(chan struct{})
	}
	return a.state.apply(e)
}

// attemptsMax is how often an act is judged again because another process wrote in between.
const attemptsMax = 5

// actMax is how long the append of an act may take. Stores give up earlier by themselves.
const actMax = 5 * time.Minute

// act appends what judge returns on the state, and applies it. It is durable on return. judge must not keep the state. A ctx that ends
// before the append begins ends the act. After that the outcome is waited for: a browser that goes away would else leave an append of
// unknown outcome behind, and nobody could sign in any more.
func (a *Access) act(ctx context.Context, stream events.StreamID, judge func(*state) ([]fact, error)) error {
	return a.actThen(ctx, stream, judge, func(*state) {})
}

// actThen is act that changes more of the state than the facts do, before any other act: what is of this process alone.
func (a *Access) actThen(ctx context.Context, stream events.StreamID, judge func(*state) ([]fact, error), then func(*state)) error {
	a.acting.Lock()
	defer a.acting.Unlock()
	for range attemptsMax {
		if a.stopped != nil {
			return a.stopped
		}
		facts, err := judge(a.state) // only acts change it, and this is the one under way
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
	return text.Errorf(text.Unavailable, "另有程序正在写账号，请稍后再试", "another program is writing to the accounts; try again later")
}

// append appends a batch and applies it, unless it is a repeat of what is applied. acting is held.
func (a *Access) append(ctx context.Context, stream events.StreamID, expected uint64, batch []events.Proposed) error {
	places, err := a.Store.Append(ctx, stream, expected, batch)
	if err != nil {
		return fmt.Errorf("access: append to %s: %w", stream, err)
	}
	for i, p := range batch {
		if places[i].Position <= a.state.position {
			continue
		}
		if err := a.apply(&events.Stored{Place: places[i], Stream: stream, ID: p.ID, Kind: p.Kind, Body: []byte(p.Body.String())}); err != nil {
			a.stopped = errStopped
			return err
		}
	}
	return nil
}

// Restored is called when the log was restored from a backup. It begins an epoch: every token that was made before is void, no
// session goes on, no password works, second factors and known browsers are forgotten, and what was bound to the epoch before, such as a cursor, is not valid any more.
func (a *Access) Restored(ctx context.Context, p Principal) error {
	return a.begin(ctx, epochRestored, p)
}

func (a *Access) begin(ctx context.Context, why string, p Principal) error {
	return a.act(ctx, logStream, func(*state) ([]fact, error) {
		return []fact{{epochBegun, begun{why, whoActs{p.Account, p.Source}}}}, nil
	})
}

// Epoch returns the instant at which the newest epoch began, RFC 3339 with microseconds. It names the life of the log: a restored
// log has another one.
func (a *Access) Epoch() string {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.state.epoch.UTC().Format("2006-01-02T15:04:05.000000Z07:00")
}

// errUnauthenticated is the answer to every token that is not good, whatever is wrong with it: an answer that told them apart
// would tell a stranger which tokens exist.
var errUnauthenticated = text.Errorf(text.Unauthenticated, "没有有效的令牌", "no valid token was shown")

// Authenticate returns whom a token stands for. source is where it came from, asked what was asked with it. Any token that is not
// good is text.Unauthenticated with the same words; the log alone tells why.
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

// find returns whom a token stands for, or why for nobody. Of a token that is known but not good, it returns its account and id.
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

// stands reports whether a principal is still who he was when he was authenticated.
func (a *Access) stands(p *Principal) bool {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.state.standsFor(p, a.Now())
}

// recheckEvery is how often long work looks whether a token has expired. Acts are seen at once.
const recheckEvery = time.Minute

// whileValid does long work until it ends, or until the principal is not any more who he was: then ctx ends for it and the error
// is text.Unauthenticated.
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
