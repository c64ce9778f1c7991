package api

import (
	"context"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"go.uber.org/zap"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/desk"
)

// How the gatherer works, and how much of what it found it keeps for streams that are behind or resumed.
const (
	gatherEvery   = 250 * time.Millisecond
	gatherShare   = 4           // it rests this many times as long as it worked, so that under load it takes a fifth of a processor
	gatherIdle    = time.Minute // how long it goes on after the last stream, so that one that is resumed finds the moves
	movesMax      = 10_000
	movesBytesMax = 16 << 20
	dayEvery      = time.Second
)

// gatherer finds, for all streams, up to which position the ledger has come and whose alerts moved. It evaluates a center once,
// however many streams there are, and none while there are none.
type gatherer struct {
	watch  *desk.Watch
	local  desk.Local
	now    func() time.Time
	log    *zap.Logger
	cancel context.CancelFunc // ends gathering, and every stream with it
	done   chan struct{}      // closed when nothing is gathered any more

	joined chan struct{} // has an element when a stream has come

	mu       sync.Mutex
	users    int       // streams
	left     time.Time // when the last of them went
	last     gathered
	moves    []alertsMoved // in the order of positions
	bytes    int           // of the moves
	complete uint64        // moves after this position are all kept
}

// gathered is what the gatherer knew at one moment.
type gathered struct {
	ready    bool // it has looked once
	day      events.Date
	position uint64
	next     chan struct{} // closed when there is more to know
}

// alertsMoved is the alerts of one center that moved, as streams send it.
type alertsMoved struct {
	center   events.CenterID
	position uint64
	data     []byte
}

func newGatherer(local desk.Local, now func() time.Time, log *zap.Logger) *gatherer {
	ctx, cancel := context.WithCancel(context.Background())
	g := &gatherer{local: local, now: now, log: log, cancel: cancel, done: make(chan struct{}), joined: make(chan struct{}, 1), last: gathered{next: make(chan struct{})}}
	go g.run(ctx)
	return g
}

// join says that there is one more stream, and leave that it is gone.
func (g *gatherer) join() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.users++
	select {
	case g.joined <- struct{}{}:
	default:
	}
}

func (g *gatherer) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.users--
	g.left = time.Now()
}

// isWanted reports whether there is a stream, or was one a moment ago.
func (g *gatherer) isWanted() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.users > 0 || time.Since(g.left) < gatherIdle
}

// pause forgets everything and waits for a stream.
func (g *gatherer) pause(ctx context.Context) {
	g.mu.Lock()
	g.watch, g.moves, g.bytes, g.last = nil, nil, 0, gathered{next: g.last.next}
	g.mu.Unlock()
	select {
	case <-g.joined:
	case <-ctx.Done():
	}
}

func (g *gatherer) run(ctx context.Context) {
	defer close(g.done)
	for ctx.Err() == nil {
		if !g.isWanted() {
			g.pause(ctx)
			continue
		}
		if g.watch == nil {
			g.watch = g.local.Watch()
		}
		began := time.Now()
		if err := g.look(ctx); err != nil {
			if ctx.Err() == nil {
				g.log.Error("the streams cannot say whose alerts moved", zap.Error(err))
			}
		}
		g.rest(ctx, max(gatherEvery, gatherShare*time.Since(began)))
	}
}

// rest waits for a time, and after it until there is something new: another position, or another day.
func (g *gatherer) rest(ctx context.Context, least time.Duration) {
	timer := time.NewTimer(least)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	for ctx.Err() == nil && events.DateAt(g.now()) == g.last.day && g.isWanted() { // only this goroutine changes it
		soon, cancel := context.WithTimeout(ctx, dayEvery)
		err := g.local.Reaches(soon, g.last.position+1)
		ended := soon.Err() != nil
		cancel()
		switch {
		case err == nil:
			return
		case !ended: // the ledger is closed: it says so at once
			select {
			case <-ctx.Done():
			case <-time.After(dayEvery):
			}
		}
	}
}

// look finds what is new and tells the streams.
func (g *gatherer) look(ctx context.Context) error {
	day := events.DateAt(g.now())
	first := day != g.last.day
	found, position, err := g.watch.Look(ctx, day)
	if err != nil {
		return err
	}
	moves := make([]alertsMoved, len(found))
	for i := range found {
		data, err := json.Marshal(&found[i])
		if err != nil {
			return err
		}
		moves[i] = alertsMoved{found[i].Center, found[i].Position, data}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if first {
		g.moves, g.bytes, g.complete = nil, 0, position
	}
	g.keep(moves)
	next := g.last.next
	g.last = gathered{true, day, position, make(chan struct{})}
	close(next)
	return nil
}

// keep adds moves and forgets the oldest of those that are too many. mu is held.
func (g *gatherer) keep(moves []alertsMoved) {
	for _, m := range moves {
		g.moves, g.bytes = append(g.moves, m), g.bytes+len(m.data)
	}
	for len(g.moves) > movesMax || g.bytes > movesBytesMax {
		g.complete, g.bytes = max(g.complete, g.moves[0].position), g.bytes-len(g.moves[0].data)
		g.moves[0].data = nil
		g.moves = g.moves[1:]
	}
}

// known returns what the gatherer knows now.
func (g *gatherer) known() gathered {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.last
}

// after returns the moves after a position, up to another. ok is false if some of them are kept no more.
func (g *gatherer) after(position, upTo uint64) (moves []alertsMoved, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if position < g.complete {
		return nil, false
	}
	for _, m := range g.moves {
		if m.position > position && m.position <= upTo {
			moves = append(moves, m)
		}
	}
	return moves, true
}
