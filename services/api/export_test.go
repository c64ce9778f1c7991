package api

import (
	"io"
	"net/http"
	"time"
)

// WaitForPositions sets how long requests wait for a position, and returns what it was.
func WaitForPositions(d time.Duration) (before time.Duration) {
	before, reachWait = reachWait, d
	return before
}

// KeyToken returns the key of an alert as it stands in an address.
var KeyToken = keyToken

// WaitForBodies sets how long a client may be silent while a body is sent or read, and returns what it was.
func WaitForBodies(d time.Duration) (before time.Duration) {
	before, readWait, writeWait = readWait, d, d
	return before
}

// KeepRoom sets how many bytes of the disk are kept for the ledger, and returns what it was.
func KeepRoom(bytes uint64) (before uint64) {
	before, roomKept = roomKept, bytes
	return before
}

// NeedRoom sets how many bytes of the disk a ready server needs, and returns what it was.
func NeedRoom(bytes uint64) (before uint64) {
	before, roomReady = roomReady, bytes
	return before
}

// KeepBad sets how many bytes of bad lines are kept of one import, and returns what it was.
func KeepBad(bytes int) (before int) {
	before, resultBytesMax = resultBytesMax, bytes
	return before
}

// PaceStreams sets how often a stream has a heartbeat and how far back one may be resumed, in records.
// restore sets both back.
func PaceStreams(heartbeat time.Duration, behind uint64) (restore func()) {
	beat, check, most := heartbeatEvery, checkEvery, streamBehindMax
	heartbeatEvery, checkEvery, streamBehindMax = heartbeat, heartbeat, behind
	return func() { heartbeatEvery, checkEvery, streamBehindMax = beat, check, most }
}

// Handle adds a route for a test, which takes no login, and whose handler writes to a stream.
func (s *Server) Handle(path string, write func(to io.Writer) error) {
	rt := route{method: http.MethodGet, path: path, open: true, gives: []answer{{http.StatusOK, linesType, nil, ""}},
		handle: func(q *request) error { return write(q.stream(linesType)) }}
	s.mux.Handle(rt.method+" "+rt.path, &handler{s, newPlan(rt)})
}

// OfAnotherEpoch returns a cursor as it would be in another epoch of the ledger.
func OfAnotherEpoch(typed string) string {
	c, _ := parseCursor(typed)
	c.epoch[0]++
	return c.String()
}

// HoldHeavy takes the turn of the heavy questions until release is called.
func (s *Server) HoldHeavy() (release func()) {
	s.heavy.heavy <- struct{}{}
	return func() { <-s.heavy.heavy }
}

// SpendShare makes the server one whose ledger has moved so much that answers may be a little old.
func (s *Server) SpendShare() {
	s.snapshots.mu.Lock()
	defer s.snapshots.mu.Unlock()
	s.snapshots.share.left = -time.Hour
}

// IsGathering reports whether the server looks whose alerts move.
func (s *Server) IsGathering() bool { return s.gather.known().ready }

// WaitForNATS sets how long the server of NATS may take to know of an act, and returns what it was.
func WaitForNATS(d time.Duration) (before time.Duration) {
	before, admitWait = admitWait, d
	return before
}
