package sealer

import (
	"context"
	"net/http"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/seal"
	"github.com/taizhang/taizhang/services/sealing"
)

// sealHour is the hour of the day in Shanghai at which the ledger is sealed.
const sealHour = 18

// These are the times of a sealer.
const (
	sealAgain   = 10 * time.Minute // after a sealing that failed
	askAgain    = time.Minute      // after a round in which a witness did not cosign; doubled each time
	askAgainMax = time.Hour
	askWait     = 30 * time.Second // for one round of all witnesses
	publishWait = 10 * time.Second
	stopSealing = 3 * time.Second // for the sealing at a stop
)

// pace holds the times that a test cannot wait for.
type pace struct {
	look       time.Duration // between two looks at the clock, so that a clock that jumps is seen
	stopAsking time.Duration // for the witnesses at a stop
}

var usualPace = pace{look: time.Second, stopAsking: 2 * time.Second}

// Config holds the parameters of Start.
type Config struct {
	Seals  *sealing.Keeper
	Ledger *ledger.Ledger
	Client *http.Client // for the witnesses
	// Publish publishes checkpoints that are not published yet, the last of which is the newest; nil for nowhere. It
	// may be called again with the same.
	Publish func(context.Context, []*seal.Signed) error
	Now     func() time.Time
	Log     *zap.Logger
}

// Status is the state of the sealing of a served ledger.
type Status struct {
	Size      uint64    // of the newest checkpoint; 0 if it does not lie here
	At        time.Time // when its record was written
	Witnesses int       // in the policy; 0 also if it cannot be read
	Cosigned  int       // by how many of them
	Met       bool      // the quorum of the policy is
	Sealed    uint64    // the number of sealings of this process
	Failed    uint64    // the number of sealings of this process that failed
	Trouble   string    // why the last one failed; "" if it did not
}

// Sealer seals a ledger in the background.
type Sealer struct {
	cfg  Config
	pace pace
	stop context.CancelFunc
	end  sync.WaitGroup

	// These are of the goroutine, and of Close after it.
	kept        time.Time // the last time to seal at which the ledger was sealed, or had nothing to seal
	seen        uint64    // the position of the record of the last sealing that is looked after
	retryAt     time.Time // of a sealing that failed; zero for none
	askAt       time.Time // zero if nobody is to be asked
	pause       time.Duration
	unpublished bool
	said        map[string]string // what was logged last about each witness, and under "" about the policy

	mu     sync.Mutex
	status Status // of the sealings of this process
}

// Start starts a sealer. The caller closes it before the ledger.
func Start(cfg Config) *Sealer { return start(cfg, usualPace) }

func start(cfg Config, p pace) *Sealer {
	running, stop := context.WithCancel(context.Background())
	s := &Sealer{cfg: cfg, pace: p, stop: stop, said: map[string]string{}}
	s.end.Go(func() {
		tick := time.NewTicker(s.pace.look)
		defer tick.Stop()
		for {
			s.step(running)
			select {
			case <-running.Done():
				return
			case <-tick.C:
			}
		}
	})
	return s
}

// Close ends the background work, and then seals once more and asks the witnesses within a few seconds. Whoever did
// not answer by then is asked after the next start.
func (s *Sealer) Close() {
	s.stop()
	s.end.Wait()
	if !s.mayNow() || !s.cfg.Ledger.Sealing().Unsealed {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopSealing)
	defer cancel()
	if !s.seal(ctx) {
		return
	}
	asking, cancel := context.WithTimeout(context.Background(), s.pace.stopAsking)
	defer cancel()
	s.publish(asking) // before the answers, which may never come
	s.ask(asking)
	s.publish(asking)
}

// mayNow reports whether this process seals the ledger.
func (s *Sealer) mayNow() bool { return s.cfg.Seals.Begun() && s.cfg.Seals.HasKey() }

// lastSealTime returns the last time at or before now at which a ledger is sealed.
func lastSealTime(now time.Time) time.Time {
	at := now.In(events.Shanghai)
	due := time.Date(at.Year(), at.Month(), at.Day(), sealHour, 0, 0, 0, events.Shanghai)
	if due.After(now) {
		due = due.AddDate(0, 0, -1)
	}
	return due
}

// step does what is due.
func (s *Sealer) step(ctx context.Context) {
	sealed := s.cfg.Ledger.Sealing()
	if sealed.Last == nil {
		return
	}
	now := s.cfg.Now()
	if due := lastSealTime(now); s.kept.Before(due) && !now.Before(s.retryAt) && s.cfg.Seals.HasKey() {
		if !sealed.Unsealed || !sealed.Last.RecordedAt.Before(due) || s.seal(ctx) {
			s.kept = due
		} else {
			s.retryAt = now.Add(sealAgain)
		}
		sealed = s.cfg.Ledger.Sealing()
	}
	if s.seen != sealed.Last.Position { // by this sealer, by a request to the server, or before the start
		s.seen = sealed.Last.Position
		s.askAt, s.pause, s.unpublished = now, askAgain, true
	}
	if s.askAt.IsZero() || now.Before(s.askAt) || !s.cfg.Seals.HasKey() {
		return
	}
	s.askAt = time.Time{}
	publishing, cancel := context.WithTimeout(ctx, publishWait)
	defer cancel()
	s.publish(publishing)
	asking, cancel := context.WithTimeout(ctx, askWait)
	defer cancel()
	all := s.ask(asking)
	again, cancel := context.WithTimeout(ctx, publishWait)
	defer cancel()
	s.publish(again)
	if !all || s.unpublished {
		s.askAt = s.cfg.Now().Add(s.pause)
		s.pause = min(2*s.pause, askAgainMax)
	}
}

// seal seals the ledger and reports whether it did.
func (s *Sealer) seal(ctx context.Context) bool {
	made, err := s.cfg.Seals.Seal(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.status.Failed++
		s.status.Trouble = err.Error()
		s.cfg.Log.Error("the ledger was not sealed", zap.Error(err))
		return false
	}
	s.status.Trouble = ""
	if made.New {
		s.status.Sealed++
		s.cfg.Log.Info("the ledger was sealed", zap.Uint64("size", made.Signed.Size))
	}
	s.unpublished = true
	return true
}

// ask asks the witnesses, and reports whether all have cosigned the newest checkpoint. It logs what a witness answers
// when that is new.
func (s *Sealer) ask(ctx context.Context) (all bool) {
	asked, err := AskAll(ctx, s.cfg.Seals, s.cfg.Client)
	if err != nil {
		asked = []Asked{{Err: err}}
	}
	all = true
	for _, a := range asked {
		what := ""
		if a.Err == nil {
			s.unpublished = true
			s.cfg.Log.Info("a witness cosigned", zap.String("witness", a.Witness))
		} else if what = a.Err.Error(); ctx.Err() == nil && what != s.said[a.Witness] {
			s.cfg.Log.Warn("a witness did not cosign and is asked again", zap.String("witness", a.Witness),
				zap.Error(a.Err))
		}
		s.said[a.Witness] = what
		all = all && a.Err == nil
	}
	return all
}

// publish publishes the checkpoints that are not published yet.
func (s *Sealer) publish(ctx context.Context) {
	if s.cfg.Publish == nil || !s.unpublished {
		s.unpublished = false
		return
	}
	all, err := s.cfg.Seals.All()
	if err == nil {
		err = s.cfg.Publish(ctx, all)
	}
	if s.unpublished = err != nil; err != nil {
		s.cfg.Log.Warn("the checkpoint was not published and is tried again", zap.Error(err))
	}
}

// Status returns the state of the sealing, with what anybody has added to the newest checkpoint. ok is false if the
// ledger was never sealed.
func (s *Sealer) Status() (status Status, ok bool) {
	if !s.cfg.Seals.Begun() {
		return Status{}, false
	}
	s.mu.Lock()
	status = s.status
	s.mu.Unlock()
	newest, err := s.cfg.Seals.Newest()
	if err != nil {
		return status, true // a copy of a ledger that another process seals has no checkpoints
	}
	status.Size, status.At = newest.Size, s.cfg.Ledger.Sealing().Last.RecordedAt
	if policy, err := s.cfg.Seals.Witnesses(); err == nil && policy != nil {
		met, cosigned := policy.Quorum(newest)
		status.Witnesses, status.Cosigned, status.Met = len(policy.Witnesses), len(cosigned), met
	}
	return status, true
}
