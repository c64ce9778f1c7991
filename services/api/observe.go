package api

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"go.uber.org/zap"
)

// slow is the time after which an answer is logged.
const slow = 500 * time.Millisecond

// observe counts a finished request, and logs it if it was a write, failed or was slow. The log line has the
// route, never the path or the query: values such as a name that was searched must not be in the log of the
// program.
func (q *request) observe() {
	route, took := "none", time.Since(q.began)
	if q.plan != nil {
		route = q.plan.path
	}
	status := q.w.status
	m := q.s.Metrics
	m.requests.WithLabelValues(methodLabel(q.Method)+" "+route, strconv.Itoa(status)).Inc()
	m.requestTime.WithLabelValues(methodLabel(q.Method) + " " + route).Observe(took.Seconds())
	m.refused(q.failed)
	q.trace(route, took)
	writes := q.Method != http.MethodGet && q.Method != http.MethodHead
	if !writes && q.failed == nil && took < slow {
		return
	}
	source := q.who.Source
	if source == "" { // the request was not authenticated
		source = q.s.Gate.Source(q.Request)
	}
	fields := []zap.Field{zap.String("method", methodLabel(q.Method)), zap.String("route", route),
		zap.Int("status", status), zap.Duration("took", took),
		zap.String("account", q.who.Account), zap.String("source", source), zap.String("request", q.id)}
	if status >= http.StatusInternalServerError {
		q.s.Log.Error("request", append(fields, zap.Error(q.failed))...)
		return
	}
	q.s.Log.Info("request", fields...)
}

// methodLabel returns the method if a route has it, or "other": otherwise clients could create any number of
// labels.
func methodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodDelete:
		return method
	}
	return "other"
}

// lag measures how far answers are behind the ledger.
type lag struct {
	mu     sync.Mutex
	target uint64    // a position that answers had not reached
	begun  time.Time // when it was noted
}

// behind returns how long answers have not reached a position of the ledger.
func (g *lag) behind(ledger, applied uint64, now time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	if applied >= g.target {
		g.target, g.begun = ledger, now
	}
	if applied >= g.target {
		return 0
	}
	return now.Sub(g.begun)
}

// underway counts the requests under way, so that the ledger is not closed before they end.
type underway struct {
	mu       sync.Mutex
	count    int
	stopping chan struct{} // closed by Stop
	idle     chan struct{} // receives an element when no request is under way after Stop
}

func newUnderway() *underway {
	return &underway{stopping: make(chan struct{}), idle: make(chan struct{}, 1)}
}

func (u *underway) begin() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.count++
}

func (u *underway) end() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.count--
	u.tellIdle()
}

// stop closes stopping. It may be called several times.
func (u *underway) stop() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if !u.isStopping() {
		close(u.stopping)
		u.tellIdle()
	}
}

func (u *underway) isStopping() bool {
	select {
	case <-u.stopping:
		return true
	default:
		return false
	}
}

// tellIdle sends to idle. The caller holds mu.
func (u *underway) tellIdle() {
	if u.count > 0 || !u.isStopping() {
		return
	}
	select {
	case u.idle <- struct{}{}:
	default: // the element is there already
	}
}

// wait waits until no request is under way after stop, or ctx ends.
func (u *underway) wait(ctx context.Context) error {
	for {
		select {
		case <-u.idle:
		case <-ctx.Done():
			return fmt.Errorf("api: requests are still under way: %w", ctx.Err())
		}
		u.mu.Lock()
		count := u.count
		u.tellIdle() // for another call of wait
		u.mu.Unlock()
		if count == 0 {
			return nil
		}
	}
}

// Stop ends everything that may last, such as streams and waiting imports. Requests are still answered: the owner
// of the listeners shuts them down.
func (s *Server) Stop() {
	s.underway.stop()
	s.work.stop()
}

// Close waits until no request and no import is under way, or ctx ends. Call it after Stop and after the listeners
// have stopped accepting requests, while the ledger is still open.
func (s *Server) Close(ctx context.Context) error {
	if err := s.underway.wait(ctx); err != nil {
		return err
	}
	if err := s.work.wait(ctx); err != nil {
		return fmt.Errorf("api: an import is still under way: %w", err)
	}
	return nil
}
