package api

import (
	"bufio"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/lists"
)

// These are the limits of streams and their pace.
const (
	streamsMax        = 1000
	streamsAccountMax = 50
	missedCentersMax  = 500  // centers whose history is replayed for a resume
	streamPiece       = 1000 // records that are read at a time
	markEvery         = 1000 // positions: how far an id may be behind between two heartbeats
	streamBufferBytes = 32 << 10
	streamRetryMS     = 2000
)

// These are variables for tests.
var (
	heartbeatEvery         = 15 * time.Second
	checkEvery             = time.Second // how often the right of the account to the stream is checked
	streamBehindMax uint64 = 10_000      // records: a stream that resumes from further back is reset
)

func streamRoutes() []route {
	return []route{{method: http.MethodGet, path: "/v1/stream", name: "stream", right: access.ReadLedger,
		unattended: true, handle: (*request).follow,
		short: text.Say("新的记录和预警的变动，随时送达（SSE）",
			"new records, and whose alerts moved, as they come (SSE)"),
		params: []param{
			{name: "lastEventId", words: text.Say("从台账 `POSITION` 之后接续；也可用 Last-Event-ID",
				"resume after `POSITION` of the ledger, as Last-Event-ID does"), sort: lists.Count}},
		gives: []answer{{http.StatusOK, eventsType, nil, "events record, alerts, day, reset and bye"}}}}
}

// streams counts the open streams.
type streams struct {
	mu  sync.Mutex
	all int
	of  map[string]int // by account
}

func (s *streams) open(account string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.all == streamsMax:
		return text.Errorf(text.Unavailable, "已有 %d 个推送连接，请稍后再试",
			"%d streams are open already; try again later", streamsMax)
	case s.of[account] == streamsAccountMax:
		return fail(tooMany, "此账号已有 %d 个推送连接", "the account has %d streams already", streamsAccountMax)
	}
	if s.of == nil {
		s.of = map[string]int{}
	}
	s.all++
	s.of[account]++
	return nil
}

func (s *streams) close(account string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all--
	if s.of[account]--; s.of[account] == 0 {
		delete(s.of, account)
	}
}

// follow handles GET /v1/stream.
//
// The id of a message is a position: everything up to it was sent. It stands on the last message of the position, so
// whoever resumes after the last id that he has gets each record exactly once. The alerts that a record moved come
// before the record, so they come once, or again after a cut.
func (q *request) follow() error {
	after, resumed, err := q.resumeAfter()
	if err != nil {
		return err
	}
	if q.Method == http.MethodHead { // it has no body
		q.stream(eventsType)
		q.w.WriteHeader(http.StatusOK)
		return nil
	}
	g := q.s.gather
	if err := q.s.streams.open(q.who.Account); err != nil {
		return err
	}
	q.s.Metrics.streams.Inc()
	defer func() {
		q.s.streams.close(q.who.Account)
		q.s.Metrics.streams.Dec()
	}()
	g.join()
	defer g.leave()
	if err := q.awaitReady(g); err != nil {
		return err
	}
	q.w.Header().Set("Cache-Control", "no-store")
	q.w.Header().Set("X-Accel-Buffering", "no") // a proxy in front of the server must not buffer
	to := q.stream(eventsType)
	x := &stream{q: q, g: g, to: bufio.NewWriterSize(to, streamBufferBytes),
		sent: http.NewResponseController(q.w).Flush, scope: q.s.Access.Scope(q.who)}
	fmt.Fprintf(x.to, "retry: %d\n\n", streamRetryMS)
	if err := x.begin(after, resumed); err != nil {
		return err
	}
	return x.run()
}

// awaitReady waits until the gatherer has looked at all centers once.
func (q *request) awaitReady(g *gatherer) error {
	for {
		known := g.known()
		if known.ready {
			return nil
		}
		select {
		case <-known.next:
		case <-g.done:
			return errClosing
		case <-q.Context().Done():
			return q.Context().Err()
		}
	}
}

// stream is one stream under way.
type stream struct {
	q     *request
	g     *gatherer
	to    *bufio.Writer
	sent  func() error               // sends the buffered messages
	scope func(events.CenterID) bool // the scope of the account; nil for all centers

	at     uint64 // everything up to this position is written
	marked uint64 // the last id that is written
	day    events.Date
}

// errEnded is returned if the account may no longer have the stream.
var errEnded = errors.New("api: the account may not have the stream any more")

// flush sends the buffered messages. A client that accepts nothing for writeWait is dropped.
func (x *stream) flush() error {
	if err := x.to.Flush(); err != nil {
		return err
	}
	return x.sent()
}

// begin writes where the stream starts.
func (x *stream) begin(after uint64, resumed bool) error {
	known := x.g.known()
	x.at, x.day = x.q.desk.Position(), known.day
	if !resumed {
		return x.mark()
	}
	can, err := x.canResume(after, known)
	if err != nil {
		return err
	}
	if !can {
		return x.reset()
	}
	x.at, x.marked = after, after
	if _, kept := x.g.after(after, known.position); kept {
		return x.flush()
	}
	return x.catchUp(known)
}

// reset asks the client to read everything again, because the stream has lost changes.
func (x *stream) reset() error {
	x.at, x.day = x.q.desk.Position(), x.g.known().day
	return x.message("reset", x.at, fmt.Appendf(nil, `{"position":%d,"asOf":"%s"}`, x.at, x.day))
}

// mark writes the position of the stream, without a message.
func (x *stream) mark() error {
	x.marked = x.at
	fmt.Fprintf(x.to, ": position %d\nid: %d\n\n", x.at, x.at)
	return x.flush()
}

// message writes a message and sends it.
func (x *stream) message(event string, id uint64, data []byte) error {
	x.write(event, &id, data)
	return x.flush()
}

// write writes a message. It has an id if it is the last one of its position. The next flush returns an error of
// the connection.
func (x *stream) write(event string, id *uint64, data []byte) {
	x.to.WriteString("event: " + event + "\n")
	if id != nil {
		x.marked = *id
		x.to.WriteString("id: " + strconv.FormatUint(*id, 10) + "\n")
	}
	x.to.WriteString("data: ")
	x.to.Write(data)
	x.to.WriteString("\n\n")
}

// run writes new messages until the client goes, may no longer have the stream, or the server stops.
func (x *stream) run() error {
	check := time.NewTicker(checkEvery)
	defer check.Stop()
	beat := time.Now()
	for {
		known := x.g.known()
		if err := x.deliver(known); err != nil {
			return x.ended(err)
		}
		select {
		case <-known.next:
		case <-check.C:
			if time.Since(beat) < heartbeatEvery {
				continue // deliver checks the day and writes nothing
			}
			if beat = time.Now(); x.allowed() == nil {
				if err := x.mark(); err != nil {
					return err
				}
			}
		case <-x.g.done:
			return x.ended(errClosing)
		case <-x.q.Context().Done():
			return x.q.Context().Err()
		}
	}
}

// ended writes the reason for the end, if the client is still connected.
func (x *stream) ended(err error) error {
	switch code := text.CodeOf(err); {
	case errors.Is(err, errEnded), err == errClosing, code == text.Unauthenticated, code == text.Forbidden:
	default:
		return err
	}
	x.write("bye", nil, []byte("{}"))
	return x.flush()
}

// allowed returns an error unless the token or session is still good, and the rights and the scope of the account
// are unchanged. It does not count as a use of the session.
func (x *stream) allowed() error {
	if !x.q.s.Access.Stands(x.q.who) {
		return errEnded
	}
	return nil
}

// deliver writes everything new, up to the position of the gatherer.
func (x *stream) deliver(known gathered) error {
	if err := x.allowed(); err != nil {
		return err
	}
	if known.position > x.at {
		if err := x.advance(known.position); err != nil {
			return err
		}
	}
	if known.day != x.day {
		x.day = known.day
		return x.message("day", x.at, fmt.Appendf(nil, `{"asOf":"%s","position":%d}`, x.day, x.at))
	}
	return nil
}

// advance writes the records and moves from the position of the stream up to another one.
func (x *stream) advance(upTo uint64) error {
	moves, kept := x.g.after(x.at, upTo)
	if !kept { // the client is too slow, or a new day has begun
		if x.g.known().day == x.day {
			return x.reset()
		}
		moves = nil
	}
	return x.send(moves, upTo)
}

// send writes the records from the position of the stream up to another one, with the moves among them.
func (x *stream) send(moves []alertsMoved, upTo uint64) error {
	for more := true; more; {
		var err error
		if moves, more, err = x.piece(upTo, moves); err != nil {
			return err
		}
	}
	x.at = upTo
	x.alerts(moves, upTo)
	if x.at-x.marked >= markEvery {
		return x.mark()
	}
	return x.flush()
}

// piece writes some records, each after the moves up to it, and reports whether there are more.
func (x *stream) piece(upTo uint64, moves []alertsMoved) (rest []alertsMoved, more bool, err error) {
	count := 0
	err = x.q.desk.Events(x.q.Context(), x.at, streamPiece, "", func(s *events.Stored) error {
		if s.Position > upTo {
			return errFull
		}
		if err := x.allowed(); err != nil {
			return err
		}
		n := 0
		for n < len(moves) && moves[n].position <= s.Position {
			n++
		}
		x.records(moves[:n], s)
		moves = moves[n:]
		x.at = s.Position
		count++
		return nil
	})
	if errors.Is(err, errFull) {
		return moves, false, nil
	}
	if err == nil && count > 0 {
		err = x.flush()
	}
	return moves, count == streamPiece, err
}

// records writes a record after the moves up to it.
func (x *stream) records(moves []alertsMoved, s *events.Stored) {
	for _, m := range moves {
		if x.sees(m.center) {
			x.write("alerts", nil, m.data)
		}
	}
	x.write("record", &s.Position, s.Bytes)
}

// alerts writes the moves after the last record that the account sees. The last message has the id.
func (x *stream) alerts(moves []alertsMoved, position uint64) {
	var seen []alertsMoved
	for _, m := range moves {
		if x.sees(m.center) {
			seen = append(seen, m)
		}
	}
	for i, m := range seen {
		var id *uint64
		if i == len(seen)-1 {
			id = &position
		}
		x.write("alerts", id, m.data)
	}
}

// sees reports whether the account sees a center now.
func (x *stream) sees(center events.CenterID) bool { return x.scope == nil || x.scope(center) }
