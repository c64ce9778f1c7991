package api

import (
	"io"
	"net/http"
	"time"
)

// WaitForPositions sets reachWait, and returns the value before.
func WaitForPositions(d time.Duration) (before time.Duration) {
	before, reachWait = reachWait, d
	return before
}

// WaitForBodies sets how long a client may be silent within a body, and returns the value before.
func WaitForBodies(d time.Duration) (before time.Duration) {
	before, readWait, writeWait = readWait, d, d
	return before
}

// NeedRoom sets roomReady, and returns the value before.
func NeedRoom(bytes uint64) (before uint64) {
	before, roomReady = roomReady, bytes
	return before
}

// PaceStreams sets the time between heartbeats of a stream, and how many records back a stream may resume. restore
// sets both back.
func PaceStreams(heartbeat time.Duration, behind uint64) (restore func()) {
	beat, check, most := heartbeatEvery, checkEvery, streamBehindMax
	heartbeatEvery, checkEvery, streamBehindMax = heartbeat, heartbeat, behind
	return func() { heartbeatEvery, checkEvery, streamBehindMax = beat, check, most }
}

// Handle adds a route without login, whose handler writes to a stream.
func (s *Server) Handle(path string, write func(to io.Writer) error) {
	rt := route{method: http.MethodGet, path: path, open: true, gives: []answer{{http.StatusOK, linesType, nil, ""}},
		handle: func(q *request) error { return write(q.stream(linesType)) }}
	s.mux.Handle(rt.method+" "+rt.path, &handler{s, newPlan(rt)})
}

// OfAnotherEpoch returns a cursor changed to another epoch of the ledger.
func OfAnotherEpoch(typed string) string {
	c, _ := parseCursor(typed)
	c.epoch[0]++
	return c.String()
}

// IsGathering reports whether the gatherer is running.
func (s *Server) IsGathering() bool { return s.gather.known().ready }

// WaitForNATS sets how long the NATS server may take to apply an act, and returns the value before.
func WaitForNATS(d time.Duration) (before time.Duration) {
	before, admitWait = admitWait, d
	return before
}
