package projections

import (
	"slices"
	"sync"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// Register is all centers and the policies adopted, as far as the events applied go. Answers over several centers
// are consistent center by center: an event applied between two of them shows in the later one. Exactly gives answers
// that are all of one position.
type Register struct {
	still    sync.RWMutex // held while an event is applied, and by who needs that none is; taken before mu
	mu       sync.RWMutex // taken before the lock of a stream
	policies *aggregates.Policies
	streams  map[events.StreamID]*stream
	centers  map[events.CenterID]*center
	ids      []events.CenterID // of the centers, in order
	position uint64
}

// Aggregate is the history of one stream, which judges what comes next: a *aggregates.Center or the
// *aggregates.Policies.
type Aggregate interface {
	Revision() uint64
	Has(event uuid.UUID) uint64
	Judge(rec *events.Record, policies policy.Timeline) aggregates.Verdict
	Apply(rec *events.Recorded) error
}

// center is one center with the last evaluation made of it. The lock of its stream covers all of it.
type center struct {
	*stream
	state  *aggregates.Center // the aggregate of the stream
	last   *aggregates.Evaluation
	lastOf basis
}

// basis is what an evaluation was made of; one made of an equal basis is still right.
type basis struct {
	on       events.Date
	changes  int
	policies int
}

// NewRegister returns an empty register.
func NewRegister() *Register {
	policies := aggregates.NewPolicies()
	return &Register{policies: policies, centers: map[events.CenterID]*center{},
		streams: map[events.StreamID]*stream{events.PolicyStream: {of: policies}}}
}

// Apply adds the next event of a stream; one that was applied already changes nothing. An event that cannot be right
// where it lies (its revision does not follow, its id or its content cannot be) is kept as a Break, and returned as
// an error for the program's own log.
func (r *Register) Apply(rec *events.Recorded) error {
	at := events.Place{Position: rec.Position, Revision: rec.Revision, RecordedAt: rec.RecordedAt}
	return r.apply(rec.Stream(), at, rec.ID, func(of Aggregate) error {
		if of.Has(rec.ID) != 0 {
			return text.Errorf(text.Internal, "id %s 此前已入账", "id %s is recorded already", rec.ID)
		}
		// After a break the aggregate has seen fewer events than the stream holds.
		next := *rec
		next.Revision = of.Revision() + 1
		return of.Apply(&next)
	})
}

// ApplyBroken takes note of an event that could not be decoded, once. See Apply.
func (r *Register) ApplyBroken(s events.Stored, cause error) {
	_ = r.apply(s.Stream, s.Place, s.ID, func(Aggregate) error { return cause })
}

// apply takes what lies at a place of a stream to its aggregate, unless it was taken before.
func (r *Register) apply(to events.StreamID, at events.Place, id uuid.UUID, take func(Aggregate) error) error {
	r.still.Lock()
	defer r.still.Unlock()
	defer r.Reached(at.Position)
	s := r.open(to)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.knows(at) {
		return nil
	}
	s.changes++
	err := s.advance(at, id)
	if cause := take(s.of); cause != nil {
		return s.broken(at, id, cause)
	}
	return err
}

// Exactly calls take while no event is applied, with the position of the last one: whatever take asks the register is of
// that position. Writers wait meanwhile, so take should be short, and it must not call Exactly.
func (r *Register) Exactly(take func(position uint64)) {
	r.still.RLock()
	defer r.still.RUnlock()
	take(r.Position())
}

// Reached takes note that everything up to a position is applied: of a register of one center, although not every position
// is an event of that center.
func (r *Register) Reached(position uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.position = max(r.position, position)
}

// open returns a stream, made if it is new.
func (r *Register) open(name events.StreamID) *stream {
	if s := r.stream(name); s != nil { // only apply adds streams, one at a time
		return s
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &stream{}
	if id, ok := name.Center(); ok {
		c := &center{stream: s, state: aggregates.NewCenter(id)}
		s.of = c.state
		r.centers[id] = c
		i, _ := slices.BinarySearch(r.ids, id)
		r.ids = slices.Insert(r.ids, i, id)
	}
	r.streams[name] = s
	return s
}

// stream returns a stream, or nil.
func (r *Register) stream(name events.StreamID) *stream {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.streams[name]
}

// find returns the center, or nil, and the policies.
func (r *Register) find(id events.CenterID) (*center, policy.Timeline) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.centers[id], r.timeline()
}

// each calls do with one center, or (for "") with all in order, holding its lock, and the policies of the start.
func (r *Register) each(of events.CenterID, do func(*center, policy.Timeline)) {
	centers, timeline := r.selected(of)
	for _, c := range centers {
		c.locked(timeline, do)
	}
}

// with calls do with a center, holding its lock, and the policies. It returns false, without the call, if nothing of the
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

// withStream calls do with a stream, holding its lock, and reports whether anything of it was applied.
func (r *Register) withStream(name events.StreamID, do func(*stream)) bool {
	s := r.stream(name)
	if s != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		do(s)
	}
	return s != nil
}

// selected returns one center, if it is there, or (for "") all in order, and the policies.
func (r *Register) selected(of events.CenterID) ([]*center, policy.Timeline) {
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

// Position returns the position of the last event applied: it and all before it are in the answers.
func (r *Register) Position() uint64 {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.position
}

// Timeline returns the policies that judge: those adopted so far; see aggregates.Policies.
func (r *Register) Timeline() policy.Timeline {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.timeline()
}

// timeline is Timeline for one that holds mu.
func (r *Register) timeline() policy.Timeline {
	s := r.streams[events.PolicyStream]
	s.mu.Lock()
	defer s.mu.Unlock()
	return r.policies.Timeline()
}

// IDs lists the centers in order, those without a registration included.
func (r *Register) IDs() []events.CenterID {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.Clone(r.ids)
}

// Mark says what the answers about a center follow from: while it is the same, so are they.
type Mark struct {
	Center            events.CenterID
	changes, policies int
}

// Marks returns the marks of one center, if it is there, or (for "") of all in order.
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

// Counts returns how many events of each center count: with it Voided and Changes answer as of when it was taken.
func (r *Register) Counts() map[events.CenterID]uint64 {
	counts := map[events.CenterID]uint64{}
	r.each("", func(c *center, _ policy.Timeline) { counts[c.state.ID()] = c.state.Revision() })
	return counts
}

// Knows says whether anything of a center was ever recorded.
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
	for s := range r.streams {
		if _, ok := s.Center(); !ok {
			list = append(list, s)
		}
	}
	slices.Sort(list)
	return list
}

// Revision returns at which revision a stream is, as far as it was applied.
func (r *Register) Revision(name events.StreamID) (revision uint64) {
	r.withStream(name, func(s *stream) { revision = s.revision })
	return revision
}

// Has returns the revision at which a stream holds an event, or 0. In a stream with breaks the answer may be too low.
func (r *Register) Has(name events.StreamID, event uuid.UUID) (revision uint64) {
	r.withStream(name, func(s *stream) { revision = s.of.Has(event) })
	return revision
}

// Breaks lists what breaks the integrity of a stream. A stream that has any takes no more writing.
func (r *Register) Breaks(name events.StreamID) (breaks []Break) {
	r.withStream(name, func(s *stream) { breaks = slices.Clone(s.breaks) })
	return breaks
}

// Judge says what a record would break on what is applied so far.
func (r *Register) Judge(rec *events.Record) (verdict aggregates.Verdict) {
	timeline := r.Timeline()
	if !r.withStream(rec.Stream(), func(s *stream) { verdict = s.of.Judge(rec, timeline) }) {
		return aggregates.NewCenter(rec.Center).Judge(rec, timeline)
	}
	return verdict
}

// Clone returns an independent copy of a center, to try records on; a new one if it is not there.
func (r *Register) Clone(id events.CenterID) (copied *aggregates.Center) {
	if !r.with(id, func(c *center, _ policy.Timeline) { copied = c.state.Clone() }) {
		return aggregates.NewCenter(id)
	}
	return copied
}

// ClonePolicies returns an independent copy of the policies, to try adoptions on.
func (r *Register) ClonePolicies() (copied *aggregates.Policies) {
	r.withStream(events.PolicyStream, func(*stream) { copied = r.policies.Clone() })
	return copied
}

// Balances returns what is left of every grant and match of a center; see aggregates.Center.
func (r *Register) Balances(id events.CenterID) (fen map[string]events.Fen) {
	r.with(id, func(c *center, _ policy.Timeline) { fen = c.state.Balances() })
	return fen
}

// Facts returns the registered facts of a center as of a date.
func (r *Register) Facts(id events.CenterID, on events.Date) (facts events.Facts) {
	r.with(id, func(c *center, _ policy.Timeline) { facts = c.state.Facts(on) })
	return facts
}
