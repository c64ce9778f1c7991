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

// These say how the gatherer paces itself, and how many changes it keeps for streams that are behind or resumed.
const (
	gatherEvery = 250 * time.Millisecond
	// it pauses this many times as long as it worked, so that under load it takes a fifth of a processor
	gatherShare = 4
	// how long it continues after the last stream, so that a resumed stream finds the changes
	gatherIdle    = time.Minute
	movesMax      = 10_000
	movesBytesMax = 16 << 20
	dayEvery      = time.Second
)

// gatherer finds, for all streams, the position of the ledger and the alerts that changed. It evaluates a center
// once, however many streams there are, and nothing while there are none.
type gatherer struct {
	watch  *desk.Watch
	local  desk.Local
	now    func() time.Time
	log    *zap.Logger
	cancel context.CancelFunc // ends gathering and all streams
	done   chan struct{}      // closed when the gatherer has ended

	joined chan struct{} // has an element when a stream has joined

	mu       sync.Mutex
	users    int       // the number of streams
	left     time.Time // when the last stream left
	last     gathered
	moves    []alertsMoved // in the order of positions
	bytes    int           // the size of moves
	complete uint64        // all moves after this position are in moves
}

// gathered is the state of the gatherer at one moment.
type gathered struct {
	ready    bool // it has looked at all centers once
	day      events.Date
	position uint64
	next     chan struct{} // closed when there is a newer state
}

// alertsMoved holds the alerts of one center that changed, in the form of a stream.
type alertsMoved struct {
	center   events.CenterID
	position uint64
	data     []byte
}

func newGatherer(local desk.Local, now func() time.Time, log *zap.Logger) *gatherer {
	ctx, cancel := context.WithCancel(context.Background())
	g := &gatherer{local: local, now: now, log: log, cancel: cancel, done: make(chan struct{}),
		joined: make(chan struct{}, 1), last: gathered{next: make(chan struct{})}}
	go g.run(ctx)
	return g
}

// join adds a stream, and leave removes one.
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

// isWanted reports whether there is a stream, or was one within gatherIdle.
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

// rest waits for a time, and then until there is a new position or a new day.
func (g *gatherer) rest(ctx context.Context, least time.Duration) {
	timer := time.NewTimer(least)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	for ctx.Err() == nil && events.DateAt(g.now()) == g.last.day && g.isWanted() { // only this goroutine changes last
		soon, cancel := context.WithTimeout(ctx, dayEvery)
		err := g.local.Reaches(soon, g.last.position+1)
		ended := soon.Err() != nil
		cancel()
		switch {
		case err == nil:
			return
		case !ended: // if the ledger is closed, the next call fails at once
			select {
			case <-ctx.Done():
			case <-time.After(dayEvery):
			}
		}
	}
}

// look finds what has changed and wakes the streams.
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

// keep adds moves and removes the oldest ones beyond the limits. The caller holds mu.
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

// known returns the present state of the gatherer.
func (g *gatherer) known() gathered {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.last
}

// after returns the moves after a position, up to another one. ok is false if some of them were removed.
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
