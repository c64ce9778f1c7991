package access

import (
	"context"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/ledger"
)

// These are the outcomes of log entries. For a token that was not good the outcome is the reason.
const (
	outcomeOK        = "ok"
	outcomeForbidden = "forbidden"
	outcomeMoreProof = "more proof"
	outcomeHidden    = "not seen" // a center outside the scope; the principal is told that it does not exist
)

// verbToken is the verb of an entry about a token that was not good.
const verbToken = "token"

// check returns an error for a wrong question, and writes its center in capitals.
func (q *LogQuestion) check() error {
	bad := func(param, zh, en string, args ...any) error {
		return text.Errorf(text.Invalid, zh, en, args...).Of(param)
	}
	q.Center = string(events.ParseCenter(q.Center))
	if kind, ok := LogKinds.Read(q.Kind); ok {
		q.Kind = kind
	}
	for _, day := range []struct {
		param string
		typed *string
	}{{"from", &q.From}, {"to", &q.To}} {
		if *day.typed == "" {
			continue
		}
		on, err := events.ReadDate(clean(*day.typed))
		if err != nil {
			return (&text.Error{Code: text.Invalid, What: text.Of(err)}).Of(day.param)
		}
		*day.typed = on.String()
	}
	switch {
	case q.From != "" && q.To != "" && q.To < q.From:
		return bad("to", "早于起始日期 %s", "is before %s, with which it begins", q.From)
	case q.Kind != "" && !LogKinds.Has(q.Kind):
		return LogKinds.Reject(clean(q.Kind)).Of("kind")
	case q.Center != "" && !events.ValidCenter(events.CenterID(q.Center)):
		return bad("center", "%q 不是中心编号", "%q is not the id of a center", clean(q.Center))
	case q.Limit < 0 || q.Limit > LogLimitMax:
		return bad("limit", "应为 1 至 %d", "must be 1 to %d", LogLimitMax)
	}
	return nil
}

// wants reports whether the question selects an entry.
func (q *LogQuestion) wants(e *dated) bool {
	day := events.DateAt(e.at).String() // the year has four digits, so dates compare as text
	return (q.Account == "" || e.Account == q.Account) && (q.Kind == "" || e.Kind == q.Kind) &&
		(q.Center == "" || string(e.Center) == q.Center) &&
		(q.From == "" || day >= q.From) && (q.To == "" || day <= q.To)
}

// dated is an entry with its time.
type dated struct {
	at time.Time
	LogEntry
}

// Log implements AccountDesk.
func (c *counter) Log(ctx context.Context, q LogQuestion, each func(*LogEntry) error) error {
	right := ReadAccessLog
	if q.Kind == LogRead {
		right = ReadAccessLogReads
	}
	if err := c.mayDo(right, ""); err != nil {
		return err
	}
	if err := q.check(); err != nil {
		return err
	}
	// a reader who goes away meanwhile must not end an append: the log would count as one that cannot be written
	if err := c.a.flushAll(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	out := &tail{max: q.Limit, each: each}
	if err := c.a.merge(ctx, &q, out.add); err != nil {
		return err
	}
	return out.end()
}

// tail passes on all entries, or only the last max entries.
type tail struct {
	max  int // 0 for all
	each func(*LogEntry) error
	held []LogEntry
	next int // the index of the oldest entry in held
}

func (t *tail) add(e *dated) error {
	switch {
	case t.max == 0:
		return t.each(&e.LogEntry)
	case len(t.held) < t.max:
		t.held = append(t.held, e.LogEntry)
	default:
		t.held[t.next] = e.LogEntry
		t.next = (t.next + 1) % t.max
	}
	return nil
}

func (t *tail) end() error {
	for i := range t.held {
		if err := t.each(&t.held[(t.next+i)%len(t.held)]); err != nil {
			return err
		}
	}
	return nil
}

// merge calls each with the selected entries of the access log and of the ledger, in the order of time.
func (a *Access) merge(ctx context.Context, q *LogQuestion, each func(*dated) error) error {
	next, stop := iter.Pull2(a.entries(ctx))
	defer stop()
	e, err, ok := next()
	until := func(at time.Time, all bool) error { // passes on the entries of the access log before an instant
		for ; ok && err == nil && q.Kind != LogWrite && (all || e.at.Before(at)); e, err, ok = next() {
			if q.wants(&e) {
				if err := each(&e); err != nil {
					return err
				}
			}
		}
		return err
	}
	if a.Ledger != nil && (q.Kind == "" || q.Kind == LogWrite) {
		err := a.writes(ctx, q, func(w dated) error {
			if err := until(w.at, false); err != nil {
				return err
			}
			return each(&w)
		})
		if err != nil {
			return err
		}
	}
	return until(time.Time{}, true)
}

// writes calls each with the selected writes of the ledger.
func (a *Access) writes(ctx context.Context, q *LogQuestion, each func(dated) error) (err error) {
	span := ledger.Span{UpTo: a.Ledger.Register().Position()}
	if q.Center != "" {
		span.Stream = events.CenterID(q.Center).Stream()
	}
	endOf := func(d events.Date) (uint64, error) {
		p, err := ledger.ParsePoint(d.String())
		if err != nil {
			return 0, err
		}
		return a.Ledger.PositionAt(ctx, p, span.UpTo)
	}
	if q.From != "" {
		from, _ := events.ParseDate(q.From) // cannot fail: check has parsed it
		if span.After, err = endOf(from - 1); err != nil {
			return err
		}
	}
	if q.To != "" {
		to, _ := events.ParseDate(q.To) // cannot fail: check has parsed it
		if span.UpTo, err = endOf(to); err != nil {
			return err
		}
	}
	return ledger.Search(ctx, a.Ledger, span, func(s *events.Stored) (dated, bool) {
		w := dated{s.RecordedAt, LogEntry{At: events.FormatInstant(s.RecordedAt), Kind: LogWrite, Verb: string(s.Kind),
			Object: s.ID.String(), Outcome: outcomeOK, Count: 1, Position: s.Position}}
		w.Center, _ = s.Stream.Center()
		if body, err := events.CutBody(s); err == nil { // an event that cannot be read is listed without its details
			w.Account = body.EnteredBy()
		}
		return w, q.wants(&w)
	}, each)
}

// laterMax is how long after its minute the rest of a note may be written, as long as the log can be written.
const laterMax = 2 * time.Minute

// entries yields the entries of the access log in the order of time. A note that was written in several parts is
// one entry.
func (a *Access) entries(ctx context.Context) iter.Seq2[dated, error] {
	return func(yield func(dated, error) bool) {
		h := &heldBack{notes: map[minuteKey]int{}}
		for s, err := range a.Store.ReadAll(ctx, 0) {
			if err == nil {
				err = h.take(&s)
			}
			if err != nil {
				yield(dated{}, err)
				return
			}
			if !h.release(s.RecordedAt.Add(-laterMax), yield) {
				return
			}
		}
		h.release(time.Time{}, yield)
	}
}

type minuteKey struct {
	minute int64
	noteKey
}

// heldBack keeps entries back until all parts of their notes must have been written.
type heldBack struct {
	list     []dated
	notes    map[minuteKey]int // the index of each note in list
	released time.Time         // the instant of the last release
}

func (h *heldBack) take(s *events.Stored) error {
	if s.Kind != accessNoted {
		e, err := actEntry(s)
		h.list = append(h.list, e)
		return err
	}
	n, err := read[noted](s)
	if err != nil {
		return err
	}
	key := minuteKey{n.At.Unix() / 60, n.noteKey}
	if i, ok := h.notes[key]; ok {
		h.list[i].Count += n.Count
		return nil
	}
	h.notes[key] = len(h.list)
	h.list = append(h.list, dated{
		n.At, LogEntry{At: events.FormatInstant(n.At), Kind: n.Kind, Account: n.Account, Verb: n.Verb,
			Object: n.Object, Center: n.Center,
			Outcome: n.Outcome, Source: n.Source, Count: n.Count}})
	return nil
}

// release yields the entries before an instant, or all for the zero instant. It is called a few times a minute.
func (h *heldBack) release(before time.Time, yield func(dated, error) bool) bool {
	if !before.IsZero() && before.Sub(h.released) < laterMax {
		return true
	}
	h.released = before
	slices.SortStableFunc(h.list, func(a, b dated) int { return a.at.Compare(b.at) })
	n := len(h.list)
	if !before.IsZero() {
		n = slices.IndexFunc(h.list, func(e dated) bool { return !e.at.Before(before) })
		if n < 0 {
			n = len(h.list)
		}
	}
	for i := range n {
		if !yield(h.list[i], nil) {
			return false
		}
	}
	h.list = h.list[n:]
	return h.index()
}

// index computes notes again, from the list.
func (h *heldBack) index() bool {
	clear(h.notes)
	for i := range h.list {
		if e := &h.list[i]; e.Kind != LogAct {
			h.notes[minuteKey{e.at.Unix() / 60,
				noteKey{e.Kind, e.Account, e.Verb, e.Object, e.Center, e.Outcome, e.Source}}] = i
		}
	}
	return true
}

// actEntry returns the entry for an act.
func actEntry(s *events.Stored) (dated, error) {
	e := dated{s.RecordedAt, LogEntry{At: events.FormatInstant(s.RecordedAt), Kind: LogAct, Verb: string(s.Kind),
		Outcome: outcomeOK, Count: 1}}
	set := func(who whoActs, object string, err error) (dated, error) {
		e.Account, e.Source, e.Object = who.By, who.Source, object
		return e, err
	}
	switch s.Kind {
	case passwordSet:
		body, err := read[setPassword](s)
		return set(body.whoActs, body.Account, err)
	case sessionBegun:
		body, err := read[begunSession](s)
		e.Kind = LogLogin
		return set(body.whoActs, body.Account+" "+body.Session.String()+" "+
			strings.TrimSpace(body.How+" "+body.Factor), err)
	case sessionEnded:
		body, err := read[endedSession](s)
		e.Kind = LogLogin
		return set(body.whoActs, body.Account+" "+body.Session.String(), err)
	case factorShown:
		body, err := read[shownFactor](s)
		e.Kind = LogLogin
		return set(body.whoActs, body.Account+" "+body.Session.String()+" "+body.Factor, err)
	case factorEnrolled:
		body, err := read[enrolledFactor](s)
		return set(body.whoActs, body.Account, err)
	case accountLinked, accountUnlinked:
		body, err := read[linkedAccount](s)
		return set(body.whoActs, clean(body.Account+" "+body.Issuer+" "+body.Subject), err)
	case accountBound:
		body, err := read[boundTo](s)
		e.Center = body.Center
		return set(body.whoActs, body.Account, err)
	case tokenAdded:
		body, err := read[madeToken](s)
		return set(body.whoActs, body.Account+" "+s.ID.String(), err)
	case tokenRevoked:
		body, err := read[onToken](s)
		return set(body.whoActs, body.Account+" "+body.Token.String(), err)
	case natsUserAdded:
		body, err := read[addedNATSUser](s)
		return set(body.whoActs, body.User+" "+body.Key, err)
	case natsUserRevoked:
		body, err := read[onNATSUser](s)
		return set(body.whoActs, body.User, err)
	case restateAsked:
		body, err := read[askedRestate](s)
		return set(body.whoActs, "", err)
	case epochBegun:
		body, err := read[begun](s)
		return set(body.whoActs, body.Why, err)
	}
	body, err := read[onAccount](s)
	return set(body.whoActs, body.Account, err)
}
