package projections

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// Register holds the state of all centers and of the adopted policies after the events applied so far. An answer about
// several centers is consistent only center by center: an event that is applied meanwhile may show in one center and
// not in another. Exactly makes all answers show one position. In a restricted register (see
// Within), no answer shows a center outside of the scope.
type Register struct {
	*resident
	sees func(events.CenterID) bool // nil for all centers
}

// resident holds the state in memory. A register and all registers that Within makes from it share one.
type resident struct {
	identity *identity
	still    sync.RWMutex // write-locked while an event is applied, read-locked by Exactly; locked before mu
	mu       sync.RWMutex // locked before the lock of a stream
	policies *aggregates.Policies
	streams  map[events.StreamID]*stream
	centers  map[events.CenterID]*center
	ids      []events.CenterID // the ids of the centers, in order
	common   []events.StreamID // the streams that belong to no center, in order
	position atomic.Uint64
	applied  *center // of the last event that Apply added to a center, or nil; guarded by still
	changes  uint64  // grows with each event applied to a center
	newest   *center // the center that changed last; older leads to those that changed before

	commonChanges uint64 // grows with each event applied to a stream that belongs to no center
}

// Aggregate is the history of one stream. It judges the next record of the stream. It is a *aggregates.Center, the
// *aggregates.Policies or the *aggregates.Seals.
type Aggregate interface {
	Revision() uint64
	Has(event uuid.UUID) uint64
	Judge(rec *events.Record, policies policy.Timeline) aggregates.Verdict
	Apply(rec *events.Recorded) error
}

// center is one center with its last evaluations. The lock of its stream protects all fields.
type center struct {
	*stream
	state *aggregates.Center // the aggregate of the stream
	kept  evaluations

	responsible responsible // the last answer of Responsible; the zero value has no date

	// The lock mu of the register protects these: the list of all centers in the order of their last change.
	older, newer *center
	changed      uint64 // the changes of the register after the last event of this center
}

// NewRegister returns an empty register.
func NewRegister() *Register {
	policies := aggregates.NewPolicies()
	return &Register{resident: &resident{
		identity: &identity{}, policies: policies, centers: map[events.CenterID]*center{},
		streams: map[events.StreamID]*stream{events.PolicyStream: {of: policies}},
		common:  []events.StreamID{events.PolicyStream}}}
}

// Apply adds the next event of a stream. An event that was applied before changes nothing. An event that cannot be
// right at its place, because of its revision, its id or its content, is kept as a Break; Apply then returns an error
// for the log of the program.
func (r *Register) Apply(rec *events.Recorded) error {
	r.still.Lock()
	defer r.still.Unlock()
	at := events.Place{Position: rec.Position, Revision: rec.Revision, RecordedAt: rec.RecordedAt}
	return r.apply(r.streamOf(rec), at, rec.ID, func(of Aggregate) error {
		if of.Has(rec.ID) != 0 {
			return text.Errorf(text.Internal, "编号为 %s 的记录此前已入账", "id %s is recorded already", rec.ID)
		}
		next := rec
		// after a break the aggregate has fewer events than the stream
		if revision := of.Revision() + 1; rec.Revision != revision {
			renumbered := *rec
			renumbered.Revision, next = revision, &renumbered
		}
		return of.Apply(next)
	})
}

// ApplyBroken records an event that could not be decoded as a Break. A second call for the same event changes nothing.
func (r *Register) ApplyBroken(s events.Stored, cause error) {
	r.still.Lock()
	defer r.still.Unlock()
	_ = r.apply(r.open(s.Stream), s.Place, s.ID, func(Aggregate) error { return cause })
}

// streamOf returns the stream of an event. It first tries the stream of the event before, because that is often the
// same. The caller has locked still.
func (r *resident) streamOf(rec *events.Recorded) *stream {
	if r.applied != nil && r.applied.state.ID() == rec.Center {
		return r.applied.stream
	}
	s := r.open(rec.Stream())
	r.applied = s.center
	return s
}

// apply passes the event at a place of a stream to the aggregate of the stream, unless it was applied before. The
// caller has locked still.
func (r *Register) apply(s *stream, at events.Place, id uuid.UUID, take func(Aggregate) error) error {
	defer r.Reached(at.Position)
	if s.knows(at) { // read without a lock, because only apply changes the place of a stream, one event at a time
		return nil
	}
	err := s.take(at, id, take)
	if _, isSeal := s.of.(*aggregates.Seals); err != nil || !isSeal { // a seal changes no answer
		r.touch(s) // after the event is applied, so that a Watch that finds the center also finds the effect
	}
	return err
}

// Exactly calls take, with the position of the last event, while no event is applied. So all answers that take gets
// from the register are as of that position. Writers wait meanwhile, so take should be short. It must not call
// Exactly.
func (r *Register) Exactly(take func(position uint64)) {
	r.still.RLock()
	defer r.still.RUnlock()
	take(r.Position())
}

// Reached sets the position up to which everything is applied. A register of one center needs it, because most
// positions are no events of that center.
func (r *Register) Reached(position uint64) {
	for before := r.position.Load(); before < position && !r.position.CompareAndSwap(before, position); {
		before = r.position.Load()
	}
}

// open returns a stream. It makes the stream if it is new.
func (r *resident) open(name events.StreamID) *stream {
	if s := r.stream(name); s != nil { // only apply adds streams, one at a time
		return s
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &stream{}
	if id, ok := name.Center(); ok {
		c := &center{stream: s, state: aggregates.NewCenter(id)}
		s.of, s.center = c.state, c
		r.centers[id] = c
		i, _ := slices.BinarySearch(r.ids, id)
		r.ids = slices.Insert(r.ids, i, id)
	} else {
		if name == events.LedgerStream {
			s.of = aggregates.NewSeals()
		}
		i, _ := slices.BinarySearch(r.common, name)
		r.common = slices.Insert(r.common, i, name)
	}
	r.streams[name] = s
	return s
}

// stream returns a stream, or nil.
func (r *resident) stream(name events.StreamID) *stream {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.streams[name]
}

// find returns the center, or nil, and the policies.
func (r *Register) find(id events.CenterID) (*center, policy.Timeline) {
	seen := r.Sees(id) // called before mu is locked, because sees may call this register
	r.mu.RLock()
	defer r.mu.RUnlock()
	if !seen {
		return nil, r.timeline()
	}
	return r.centers[id], r.timeline()
}

// each calls do with one center, or with all centers in order for "", and with the policies at the time of the call.
// Each center is locked during its call.
func (r *Register) each(of events.CenterID, do func(*center, policy.Timeline)) {
	centers, timeline := r.selected(of)
	for _, c := range centers {
		c.locked(timeline, do)
	}
}

// with locks a center and calls do with it and the policies. It returns false, without the call, if no event of the
// center was ever recorded.
func (r *Register) with(id events.CenterID, do func(*center, policy.Timeline)) bool {
	c, timeline := r.find(id)
	if c != nil {
		c.locked(timeline, do)
	}
	return c != nil
}

func (c *center) locked(t policy.Timeline, do func(*center, policy.Timeline)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	do(c, t)
}

// withStream locks a stream and calls do with it. It returns false, without the call, if no event of the stream was
// applied.
func (r *Register) withStream(name events.StreamID, do func(*stream)) bool {
	if !r.SeesStream(name) {
		return false
	}
	s := r.stream(name)
	if s != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		do(s)
	}
	return s != nil
}

// selected returns one center, if it exists, or all centers in order for "", and the policies.
func (r *Register) selected(of events.CenterID) ([]*center, policy.Timeline) {
	centers, timeline := r.resident.selected(of)
	if r.sees != nil { // called after mu is unlocked, because sees may call this register
		centers = slices.DeleteFunc(centers, func(c *center) bool { return !r.sees(c.state.ID()) })
	}
	return centers, timeline
}

func (r *resident) selected(of events.CenterID) ([]*center, policy.Timeline) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var centers []*center
	switch c := r.centers[of]; {
	case of == "":
		centers = make([]*center, len(r.ids))
		for i, id := range r.ids {
			centers[i] = r.centers[id]
		}
	case c != nil:
		centers = []*center{c}
	}
	return centers, r.timeline()
}

// Position returns the position of the last event applied. The answers include this event and all events before it.
func (r *Register) Position() uint64 {
	return r.position.Load()
}

// Timeline returns the policies that judge records, which are the policies adopted so far; see aggregates.Policies.
func (r *Register) Timeline() policy.Timeline {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.timeline()
}

// timeline does the same as Timeline. The caller has locked mu.
func (r *resident) timeline() policy.Timeline {
	s := r.streams[events.PolicyStream]
	s.mu.Lock()
	defer s.mu.Unlock()
	return r.policies.Timeline()
}

// IDs lists the centers in order, including centers without a registration.
func (r *Register) IDs() []events.CenterID {
	r.mu.RLock()
	ids := slices.Clone(r.ids)
	r.mu.RUnlock()
	// without the lock, because sees may call this register
	return slices.DeleteFunc(ids, func(id events.CenterID) bool { return !r.Sees(id) })
}

// Mark identifies the state of a center and of the policies. While the mark of a center stays the same, the
// answers about the center stay the same.
type Mark struct {
	Center            events.CenterID
	changes, policies int
}

// Marks returns the mark of one center, if it exists, or the marks of all centers in order for "".
func (r *Register) Marks(of events.CenterID) []Mark {
	centers, timeline := r.selected(of)
	marks, policies := make([]Mark, len(centers)), len(timeline.Adopted())
	for i, c := range centers {
		c.mu.Lock()
		marks[i] = Mark{c.state.ID(), c.changes, policies}
		c.mu.Unlock()
	}
	return marks
}

// Counts returns the number of events of each center. Voided and Changes use it to answer as of the time of this call.
func (r *Register) Counts() map[events.CenterID]uint64 {
	counts := map[events.CenterID]uint64{}
	r.each("", func(c *center, _ policy.Timeline) { counts[c.state.ID()] = c.state.Revision() })
	return counts
}

// EventsByYear returns the number of events of a center in each year, by their dates. Voided events count too.
func (r *Register) EventsByYear(id events.CenterID) (counts map[int]int) {
	r.with(id, func(c *center, _ policy.Timeline) { counts = c.state.EventsByYear() })
	return counts
}

// Knows reports whether any event of a center was ever recorded.
func (r *Register) Knows(id events.CenterID) bool {
	c, _ := r.find(id)
	return c != nil
}

// Streams lists the stream of a center or, for "", the streams that belong to no center, in order.
func (r *Register) Streams(of events.CenterID) (list []events.StreamID) {
	if of != "" {
		return []events.StreamID{of.Stream()}
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, s := range r.common {
		if r.SeesStream(s) {
			list = append(list, s)
		}
	}
	return list
}

// Revision returns the revision of the last event applied to a stream.
func (r *Register) Revision(name events.StreamID) (revision uint64) {
	r.withStream(name, func(s *stream) { revision = s.revision })
	return revision
}

// Has returns the revision of an event in a stream, or 0 if the stream does not have it. In a stream with breaks the
// result may be too low.
func (r *Register) Has(name events.StreamID, event uuid.UUID) (revision uint64) {
	r.withStream(name, func(s *stream) { revision = s.of.Has(event) })
	return revision
}

// Breaks lists the events that break the integrity of a stream. A stream with breaks accepts no more records.
func (r *Register) Breaks(name events.StreamID) (breaks []Break) {
	r.withStream(name, func(s *stream) { breaks = slices.Clone(s.breaks) })
	return breaks
}

// Judge returns the rules that a record would break, judged on the events applied so far.
func (r *Register) Judge(rec *events.Record) (verdict aggregates.Verdict) {
	timeline := r.Timeline()
	if !r.withStream(rec.Stream(), func(s *stream) { verdict = s.of.Judge(rec, timeline) }) {
		return aggregates.NewCenter(rec.Center).Judge(rec, timeline)
	}
	return verdict
}

// Clone returns an independent copy of a center, to try records on. It returns a new center if the ledger does not
// have it.
func (r *Register) Clone(id events.CenterID) (copied *aggregates.Center) {
	if !r.with(id, func(c *center, _ policy.Timeline) { copied = c.state.Clone() }) {
		return aggregates.NewCenter(id)
	}
	return copied
}

// Sealing returns the first seal under the present origin and the last seal, or nil, and the position of the last
// event, all as of one moment. It ignores the scope.
func (r *Register) Sealing() (first, last *aggregates.Seal, position uint64) {
	r.Exactly(func(now uint64) {
		position = now
		if s := r.stream(events.LedgerStream); s != nil {
			s.mu.Lock()
			defer s.mu.Unlock()
			seals := s.of.(*aggregates.Seals)
			first, last = seals.First(), seals.Last()
		}
	})
	return first, last, position
}

// ClonePolicies returns an independent copy of the policies, to try adoptions on.
func (r *Register) ClonePolicies() (copied *aggregates.Policies) {
	r.withStream(events.PolicyStream, func(*stream) { copied = r.policies.Clone() })
	return copied
}

// Balances returns the money left of every grant and match of a center; see aggregates.Center.
func (r *Register) Balances(id events.CenterID) (fen map[string]events.Fen) {
	r.with(id, func(c *center, _ policy.Timeline) { fen = c.state.Balances() })
	return fen
}

// Facts returns the registered facts of a center as of a date.
func (r *Register) Facts(id events.CenterID, on events.Date) (facts events.Facts) {
	r.with(id, func(c *center, _ policy.Timeline) { facts = c.state.Facts(on) })
	return facts
}
