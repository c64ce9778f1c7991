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
	mu       sync.RWMutex
	timeline policy.Timeline
	policies stream
	adopted  map[uuid.UUID]uint64 // revision of each adoption
	centers  map[events.CenterID]*center
	ids      []events.CenterID // of the centers, in order
	position uint64
}

// center is one center with the last evaluation made of it. Its lock covers the aggregate too.
type center struct {
	mu sync.Mutex
	stream
	state   *aggregates.Center
	changes int
	last    *aggregates.Evaluation
	lastOf  basis
}

// basis is what an evaluation was made of; one made of an equal basis is still right.
type basis struct {
	on       events.Date
	changes  int
	policies int
}

// NewRegister returns an empty register.
func NewRegister() *Register {
	return &Register{centers: map[events.CenterID]*center{}, adopted: map[uuid.UUID]uint64{}}
}

// Apply adds the next event of a stream; one that was applied already changes nothing. An event that cannot be right
// where it lies (its revision does not follow, its id or its content cannot be) is kept as a Break, and returned as
// an error for the program's own log.
func (r *Register) Apply(rec *events.Recorded) error {
	r.still.Lock()
	defer r.still.Unlock()
	at := placeOf(rec)
	defer r.reached(at.Position)
	if rec.Kind == events.KindPolicyAdopted {
		return r.adopt(rec, at)
	}
	c := r.open(rec.Center)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.knows(at) {
		return nil
	}
	c.changes++
	err := c.advance(at, rec.ID)
	if c.state.Has(rec.ID) != 0 {
		return c.broken(at, rec.ID, text.Errorf(text.Internal, "id %s 此前已入账", "id %s is recorded already", rec.ID))
	}
	// After a break the aggregate has seen fewer events than the stream holds.
	next := *rec
	next.Revision = c.state.Revision() + 1
	if cause := c.state.Apply(&next); cause != nil {
		return c.broken(at, rec.ID, cause)
	}
	return err
}

// ApplyBroken takes note of an event that could not be decoded, once. See Apply.
func (r *Register) ApplyBroken(s events.Stored, cause error) {
	r.still.Lock()
	defer r.still.Unlock()
	defer r.reached(s.Position)
	id, ok := s.Stream.Center()
	if !ok {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.policies.knows(s.Place) {
			return
		}
		_ = r.policies.advance(s.Place, s.ID)
		_ = r.policies.broken(s.Place, s.ID, cause)
		return
	}
	c := r.open(id)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.knows(s.Place) {
		return
	}
	c.changes++
	_ = c.advance(s.Place, s.ID)
	_ = c.broken(s.Place, s.ID, cause)
}

// adopt puts a policy on the timeline.
func (r *Register) adopt(rec *events.Recorded, at events.Place) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.policies.knows(at) {
		return nil
	}
	err := r.policies.advance(at, rec.ID)
	data, ok := rec.Data.(*events.PolicyAdopted)
	if !ok {
		return r.policies.broken(at, rec.ID, text.Errorf(text.Internal, "种类为 %s，内容却是 %T", "its kind is %s and its content is %T", rec.Kind, rec.Data))
	}
	p, problems := policy.Parse([]byte(data.Text))
	if len(problems) > 0 {
		return r.policies.broken(at, rec.ID, problems)
	}
	r.timeline = r.timeline.With(p)
	r.adopted[rec.ID] = at.Revision
	return err
}

// Exactly calls take while no event is applied, with the position of the last one: whatever take asks the register is of
// that position. Writers wait meanwhile, so take should be short, and it must not call Exactly.
func (r *Register) Exactly(take func(position uint64)) {
	r.still.RLock()
	defer r.still.RUnlock()
	take(r.Position())
}

// reached takes note that everything up to a position is applied.
func (r *Register) reached(position uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.position = max(r.position, position)
}

// open returns the center, made if it is new.
func (r *Register) open(id events.CenterID) *center {
	r.mu.RLock()
	c := r.centers[id]
	r.mu.RUnlock()
	if c != nil { // only Apply and ApplyBroken add centers, one at a time
		return c
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	c = &center{state: aggregates.NewCenter(id)}
	r.centers[id] = c
	i, _ := slices.BinarySearch(r.ids, id)
	r.ids = slices.Insert(r.ids, i, id)
	return c
}

// find returns the center, or nil, and the policies.
func (r *Register) find(id events.CenterID) (*center, policy.Timeline) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.centers[id], r.timeline
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

// withStream calls do with how far a stream was applied, holding its lock, if anything of it was.
func (r *Register) withStream(s events.StreamID, do func(*stream)) {
	if id, ok := s.Center(); ok {
		r.with(id, func(c *center, _ policy.Timeline) { do(&c.stream) })
		return
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	do(&r.policies)
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
	return centers, r.timeline
}

// Position returns the position of the last event applied: it and all before it are in the answers.
func (r *Register) Position() uint64 {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.position
}

// Timeline returns the policies adopted so far.
func (r *Register) Timeline() policy.Timeline {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.timeline
}

// IDs lists the centers in order, those without a registration included.
func (r *Register) IDs() []events.CenterID {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.Clone(r.ids)
}

// Knows says whether anything of a center was ever recorded.
func (r *Register) Knows(id events.CenterID) bool {
	c, _ := r.find(id)
	return c != nil
}

// Revision returns at which revision a stream is, as far as it was applied.
func (r *Register) Revision(s events.StreamID) (revision uint64) {
	r.withStream(s, func(of *stream) { revision = of.revision })
	return revision
}

// Has returns the revision at which a stream holds an event, or 0. In a stream with breaks the answer may be too low.
func (r *Register) Has(s events.StreamID, event uuid.UUID) (revision uint64) {
	if id, ok := s.Center(); ok {
		r.with(id, func(c *center, _ policy.Timeline) { revision = c.state.Has(event) })
		return revision
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.adopted[event]
}

// Breaks lists what breaks the integrity of a stream. A stream that has any takes no more writing.
func (r *Register) Breaks(s events.StreamID) (breaks []Break) {
	r.withStream(s, func(of *stream) { breaks = slices.Clone(of.breaks) })
	return breaks
}

// Judge says what a record of a center would break on what is applied so far.
func (r *Register) Judge(rec *events.Record) (verdict aggregates.Verdict) {
	if !r.with(rec.Center, func(c *center, t policy.Timeline) { verdict = c.state.Judge(rec, t) }) {
		return aggregates.NewCenter(rec.Center).Judge(rec, r.Timeline())
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
